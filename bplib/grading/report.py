"""Marks on paper: JSON lines, a CSV, one page per student and one for the class.

Nothing a student wrote is trusted here: text is stripped of control characters and escaped.
"""

import csv
import json
import platform
import re
import sys
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from bplib.exercises.feedback import CORRECT, LOOK, NOT_ATTEMPTED, inline
from bplib.grading import GradingError

NOT_RUN = "not run"
SIGNS = {outcome: sign for outcome, (sign, _) in LOOK.items()} | {NOT_RUN: "–"}
TIER = "none (trusted)"  # which sandbox the students' code ran in


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
    """One student.  status : "marked", "not gradable" or "unreadable" (which is not a 0)"""

    student: str
    file: str
    status: str
    flags: list[str]
    marks: list[Mark]

    @property
    def points(self):
        return sum(mark.points for mark in self.marks) if self.marks else None


@dataclass
class Report:
    """A batch.  It prints itself as a table under Rich."""

    lesson: str
    exercises: list
    alone: bool
    seed: int
    commitment: str
    notes: list[str]
    results: list[Result] = field(default_factory=list)

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


# ---- on disk -------------------------------------------------------------------------------------


class Writer:
    """Writes into a folder.  Every result is on disk as soon as it is known."""

    def __init__(self, out, report):
        self.out, self.pages, self.report = Path(out), {}, report
        try:
            (self.out / "students").mkdir(parents=True, exist_ok=True)
            (self.out / "results.jsonl").write_text("", encoding="utf-8")
        except OSError as error:
            reason = error.strerror or error
            raise GradingError(f"Reports cannot be written to {self.out}: {reason}.") from None
        self._line(
            {
                "lesson": report.lesson,
                "sandbox": TIER,
                "seed_sha256": report.commitment,
                "points": {exercise.id: exercise.points for exercise in report.exercises},
                "versions": _versions(),
                "notes": report.notes,
            }
        )

    def add(self, result):
        """One line, and one page, for a student."""
        marks = [mark._asdict() for mark in result.marks]
        self._line(result._asdict() | {"marks": marks, "points": result.points})
        page = _page_name(result.student, self.pages.values())
        self.pages[result.student] = page
        html = _template("student.html.j2").render(result=result, report=self.report, signs=SIGNS)
        (self.out / "students" / page).write_text(html, encoding="utf-8")

    def finish(self, report):
        """The seed, now that it cannot help anybody, the CSV and the class page."""
        self._line({"finished": len(report.results), "seed": str(report.seed)})
        with open(self.out / "grades.csv", "w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["id", "status", *(e.id for e in report.exercises), "total"])
            for result in report.results:
                points = {mark.id: f"{mark.points:g}" for mark in result.marks}
                own = [points.get(exercise.id, "") for exercise in report.exercises]
                total = "" if result.points is None else f"{result.points:g}"
                rows.writerow([_no_formula(result.student), result.status, *own, total])
        html = _template("class.html.j2").render(
            report=report, signs=SIGNS, pages=self.pages, mistakes=_mistakes(report)
        )
        (self.out / "class.html").write_text(html, encoding="utf-8")

    def _line(self, record):
        with open(self.out / "results.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def _versions():
    names = ("bplib", "numpy", "nbval", "pytest", "ipykernel")
    versions = {name: version(name) for name in names}
    return versions | {"python": platform.python_version(), "system": sys.platform}


def _page_name(student, taken):
    """A file name that is safe on every system, and not taken in any case of letters."""
    safe = re.sub(r"[^\w-]+", "_", student).strip("_")[:60] or "student"
    taken, name, number = {page.casefold() for page in taken}, f"{safe}.html", 1
    while name.casefold() in taken:
        number += 1
        name = f"{safe}-{number}.html"
    return name


def _no_formula(text):
    """A spreadsheet runs a cell that begins like a formula; with a quote it stays text."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text.replace("\n", " ")


def _mistakes(report):
    """[(misconception id, exercise, what it is, how many students)], most frequent first"""
    marks = [mark for result in report.results for mark in result.marks if mark.misconception]
    counts = Counter((mark.misconception, mark.id, mark.text.split("\n")[0]) for mark in marks)
    titles = {exercise.id: exercise for exercise in report.exercises}
    return [(name, titles[id], text, count) for (name, id, text), count in counts.most_common()]


@cache
def _template(name):
    from jinja2 import Environment, PackageLoader
    from markupsafe import Markup

    env = Environment(
        loader=PackageLoader("bplib.grading"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    env.filters["inline"] = lambda line: Markup(inline(line))
    return env.get_template(name)
