"""What grading costs, and so how many computers 10 000 submissions need.

    python benchmarks/sizing.py [few] [many]

It needs the packages of the tests and takes some minutes.  It marks a small and a large folder of
submissions to lesson 1 (a third of them right, a third half right, a third empty) in the sandbox
that holds here, and takes the difference: what one submission costs, and what a chunk costs before
its first.  CPU seconds hardly depend on what else the computer does; seconds on the clock do.
The last table multiplies CPU seconds: it is extrapolated, not measured, and it holds only where
enough --jobs keep every core busy.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import contextlib
import json
import platform
import resource
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import submissions

from bplib.grading import grade
from bplib.grading.batch import CHUNK

ALL, CORES = 10_000, (2, 8, 32)


def folder(count, where):
    """So many hand-ins of three kinds."""
    kinds = submissions.answered(submissions.SOLVED), submissions.partial(), submissions.untouched()
    texts = [json.dumps(kind) for kind in kinds]
    where.mkdir()
    for i in range(count):
        (where / f"s{i:05}.ipynb").write_text(texts[i % 3], encoding="utf-8")


class Meter(threading.Thread):
    """CPU seconds of this process and everything below it, seen twenty times a second.

    Kernels are killed, not waited for, so the system's own account of children lacks them.
    """

    def run(self):
        self.seen, self.ended, self.own = {}, threading.Event(), time.process_time()
        me = psutil.Process()
        while not self.ended.wait(0.05):
            for process in me.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    used = process.cpu_times()
                    self.seen[process] = used.user + used.system
        self.own = time.process_time() - self.own - time.thread_time()

    def total(self):
        self.ended.set()
        self.join()
        return self.own + sum(self.seen.values())


def measure(count, home):
    """Mark so many.   ->  seconds on the clock, CPU seconds, bytes of reports, tier"""
    folder(count, home / f"in{count}")
    meter, clock, out = Meter(), time.perf_counter(), home / f"out{count}"
    meter.start()
    report = grade(home / f"in{count}", out, timeout=60.0, jobs=2)
    clock, work = time.perf_counter() - clock, meter.total()
    assert len({result.points for result in report.results}) == 3, "not marked as they should be"
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    return clock, work, size, report.tier


def main(few=40, many=160):
    """Print the tables."""
    with tempfile.TemporaryDirectory() as home:
        less, more = (measure(count, Path(home)) for count in (few, many))
    step = many - few
    each, start = (more[1] - less[1]) / step, less[1] - few * (more[1] - less[1]) / step
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} cores (load {load:.0f} at the end), ", end="")
    print(f"Python {platform.python_version()}, sandbox {less[3]}, --jobs 2, lesson 01\n")
    print("| submissions | seconds | CPU seconds | reports |\n|---|---|---|---|")
    for count, (clock, work, size, _) in ((few, less), (many, more)):
        print(f"| {count} | {clock:.0f} | {work:.0f} | {size / 1e6:.1f} MB |")
    print(
        f"\nOne more submission: {each:.2f} CPU seconds, {more[2] / many / 1e3:.0f} KB of reports."
    )
    print(
        f"A batch before its first: {start:.1f} CPU seconds. The grader itself: {memory:.0f} MB.\n"
    )
    print(f"| cores | {ALL} submissions (extrapolated) |\n|---|---|")
    total = ALL * each + -(-ALL // CHUNK) * max(start, 0.0)
    for cores in CORES:
        print(f"| {cores} | {total / cores / 60:.1f} minutes |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
