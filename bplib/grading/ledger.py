"""results.jsonl: each mark is on disk the moment it is given, and can be read back.

Line 1 is the run: lesson, sandbox, the promise of a seed. Then one line for each student.
The last line holds the seed; until then it lies in .seed, which only its owner may read.
docs/results.schema.json describes every line.
"""

import hashlib
import json
import os
import platform
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from bplib.grading import GradingError, Stopped
from bplib.grading.report import Result


class Ledger:
    """The results of one batch in the folder out.   head : its first line,  results : the rest"""

    def __init__(self, out):
        self.out, self.head, self.results, self.seed = Path(out), {}, [], None
        self.path, self.secret = self.out / "results.jsonl", self.out / ".seed"

    @property
    def finished(self):
        return self.seed is not None and not self.secret.exists()

    def begin(self, report, folder):
        """A new batch.   GradingError when there are marks already, or nothing can be written"""
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            if self.path.exists() and self.path.read_bytes().count(b"\n") > 1:
                raise GradingError(
                    f"{self.out} holds the marks of an earlier batch: take another folder, or go "
                    "on with --resume."
                )
            self.secret.unlink(missing_ok=True)
            handle = os.open(self.secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(str(report.seed))
            self.path.write_bytes(b"")
        except OSError as error:
            reason = error.strerror or error
            raise GradingError(f"Reports cannot be written to {self.out}: {reason}.") from None
        self.seed = report.seed
        self.head = {
            "lesson": report.lesson,
            "tier": report.tier,
            "seed_sha256": report.commitment,
            "points": {exercise.id: exercise.points for exercise in report.exercises},
            "versions": _versions(),
            "folder": str(Path(folder).resolve()),
            "notes": report.notes,
        }
        self._line(self.head)

    def open(self):
        """What an earlier run left; a last line that was cut off is removed.   ->  self

        GradingError, in one sentence, when this is not a batch or its seed is not the promised one
        """
        try:
            *whole, rest = self.path.read_bytes().split(b"\n")
            if rest:
                os.truncate(self.path, self.path.stat().st_size - len(rest))
            self.head, *lines = [json.loads(line) for line in whole]
            if lines and "finished" in lines[-1]:
                self.seed = int(lines.pop()["seed"])
            else:
                self.seed = int(self.secret.read_text())
            self.results = [Result.of(line) for line in lines]
            kept = hashlib.sha256(str(self.seed).encode()).hexdigest() == self.head["seed_sha256"]
        except FileNotFoundError as error:
            name = Path(error.filename).name
            raise GradingError(f"{self.out} is not the folder of a batch: no {name}.") from None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise GradingError(f"{self.path} cannot be read: {error}.") from None
        if not kept:
            raise GradingError(f"The seed in {self.out} is not the one that was promised.")
        return self

    def add(self, result):
        """Stopped, in one sentence, when the line cannot be written; all before it are safe."""
        self._line(result.record())
        self.results.append(result)

    def finish(self):
        """The seed, now that it cannot help anybody."""
        self._line({"finished": len(self.results), "seed": str(self.seed)})
        self.secret.unlink(missing_ok=True)

    def replace(self, results):
        """All lines anew, in one step; the old ones stay in results-before.jsonl."""
        before, new = self.out / "results-before.jsonl", self.out / "results.jsonl.new"
        lines = [self.head, *(result.record() for result in results)]
        lines.append({"finished": len(results), "seed": str(self.seed)})
        try:
            new.write_text("".join(map(_json, lines)), encoding="utf-8")
            before.write_bytes(self.path.read_bytes())
            os.replace(new, self.path)
        except OSError as error:
            new.unlink(missing_ok=True)
            reason = error.strerror or error
            raise GradingError(f"Nothing was changed: {self.out}: {reason}.") from None
        self.results = results

    def _line(self, record):
        data = _json(record).encode()
        size = None
        try:
            with open(self.path, "ab", buffering=0) as file:
                size = file.tell()
                if file.write(data) != len(data):
                    raise OSError(0, "the disk is full")
                os.fsync(file.fileno())
        except OSError as error:
            if size is not None:
                with suppress(OSError):
                    os.truncate(self.path, size)
            raise Stopped(
                f"Stopped, because {self.path} cannot be written ({error.strerror or error}): "
                f"{len(self.results)} submissions are marked and kept in it; make room, then go on "
                "with --resume."
            ) from None


def _json(record):
    return json.dumps(record, ensure_ascii=False) + "\n"


def _versions():
    names = ("bplib", "numpy", "nbval", "pytest", "ipykernel")
    versions = {name: version(name) for name in names}
    return versions | {"python": platform.python_version(), "system": sys.platform}
