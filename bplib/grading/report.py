"""What a batch comes to: a mark, a student's result, the whole; and as tables in the terminal."""

import hashlib
import unicodedata
from dataclasses import dataclass, field
from typing import NamedTuple

from bplib.exercises.feedback import CORRECT, LOOK, NOT_ATTEMPTED

NOT_RUN = "not run"
SIGNS = {outcome: sign for outcome, (sign, _) in LOOK.items()} | {NOT_RUN: "–"}
MARKED, NOT_GRADABLE, UNREADABLE = "marked", "not gradable", "unreadable"


class Mark(NamedTuple):
    """One exercise of one student.  of : the points it is worth,  code : numbers to try it with"""

    id: str
    title: str
    points: float
    of: float
    outcome: str
    misconception: str | None
    text: str
    code: str
    ms: int


class Result(NamedTuple):
    """One student.  status : MARKED, NOT_GRADABLE or UNREADABLE (the last two are not a 0)

    sha256 : of the file that counts, or "" where none could be read
    """

    student: str
    file: str
    status: str
    flags: list[str]
    marks: list[Mark]
    sha256: str

    @property
    def points(self):
        return sum(mark.points for mark in self.marks) if self.marks else None

    def record(self):
        """As a line of results.jsonl."""
        marks = [mark._asdict() for mark in self.marks]
        return self._asdict() | {"marks": marks, "points": self.points}

    @classmethod
    def of(cls, record):
        """From a line of results.jsonl."""
        marks = [Mark(**mark) for mark in record["marks"]]
        return cls(**{name: record[name] for name in cls._fields} | {"marks": marks})


@dataclass
class Report:
    """A batch.  It prints itself as a table under Rich.

    tier : the sandbox in which the students' code ran
    finished : every submission has its result, so the seed may be shown
    """

    lesson: str
    exercises: list
    alone: bool
    seed: int
    tier: str
    notes: list[str]
    results: list[Result] = field(default_factory=list)
    finished: bool = False

    @property
    def commitment(self):
        """Published before marking, so that the seed published afterwards can be believed."""
        return hashlib.sha256(str(self.seed).encode()).hexdigest()

    @property
    def total(self):
        return sum(exercise.points for exercise in self.exercises)

    def __rich__(self):
        return _one(self, self.results[0]) if self.alone else _class(self)


def clean(text):
    """Without control characters, without marks that turn the direction of writing."""
    text = text.encode("utf-8", "replace").decode()
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf"))


# ---- in the terminal -----------------------------------------------------------------------------


def _table(title, *columns):
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold")
    for name, justify in columns:
        table.add_column(name, justify=justify, vertical="top")
    return table


def _one(report, result):
    from rich.text import Text

    title = f"{result.points:g} of {report.total:g} points"
    table = _table(title, ("exercise", "left"), ("points", "right"), ("what we saw", "left"))
    for mark in result.marks:
        name = f" ({mark.misconception})" if mark.misconception else ""
        text = "" if mark.outcome in (CORRECT, NOT_ATTEMPTED) else f"\n{mark.text}"
        table.add_row(
            Text(f"{mark.id} {mark.title}"),
            Text(f"{mark.points:g}/{mark.of:g}"),
            Text(f"{SIGNS[mark.outcome]} {mark.outcome}{name}{text}"),
        )
    if result.flags:
        table.caption = Text("; ".join(result.flags))
    return table


def _class(report):
    from rich.text import Text

    title = f"Lesson {report.lesson}: {len(report.results)} submissions"
    table = _table(title, ("student", "left"), ("points", "right"), ("notes", "left"))
    for result in report.results:
        points = f"{result.points:g}/{report.total:g}" if result.marks else result.status
        table.add_row(Text(result.student), Text(points), Text("; ".join(result.flags)))
    if report.notes:
        table.caption = Text("; ".join(report.notes))
    return table
