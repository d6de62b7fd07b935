"""Results to read and to hand on: HTML pages, grades.csv, forms for Moodle and Canvas, junit.xml.

Nothing a student wrote is trusted here: text is stripped of control characters and escaped.
Who has no marks has no row in a form: an empty grade would wipe out the one that is there.
"""

import csv
import re
from collections import Counter
from functools import cache
from xml.etree import ElementTree

from bplib.exercises import core
from bplib.exercises.feedback import CORRECT, NOT_ATTEMPTED, RAISED, inline
from bplib.grading import GradingError
from bplib.grading.report import NOT_RUN, SIGNS

EASY, HARD, FEW = 0.95, 0.3, 8  # shares of right answers; below FEW students nobody can tell


def write(out, report):
    """Every page and form of a batch into the folder out, from its results alone.

    GradingError, in one sentence, when they cannot be written; results.jsonl has all marks.
    """
    try:
        (out / "students").mkdir(exist_ok=True)
        names = {}
        for result in report.results:
            names[result.student] = _page_name(result.student, names.values())
            html = _render("student.html.j2", report, result=result)
            _text(out / "students" / names[result.student], html)
        _text(
            out / "class.html",
            _render(
                "class.html.j2",
                report,
                pages=names,
                items=_items(report),
                mistakes=_mistakes(report),
                statuses=Counter(result.status for result in report.results).most_common(),
            ),
        )
        _csv(out / "grades.csv", _grades(report))
        _csv(out / "moodle.csv", _moodle(report))
        _csv(out / "canvas.csv", _canvas(report))
        ElementTree.ElementTree(_junit(report)).write(
            out / "junit.xml", encoding="utf-8", xml_declaration=True
        )
    except OSError as error:
        raise GradingError(
            f"All marks are in {out / 'results.jsonl'}, but the pages cannot be written "
            f"({error.strerror or error}): make room, then run it again with --resume."
        ) from None


def _text(path, text):
    path.write_text(text, encoding="utf-8")


# ---- tables --------------------------------------------------------------------------------------


def _csv(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([_plain(cell) for cell in row] for row in rows)


def _plain(cell):
    """A spreadsheet runs a cell that begins like a formula; with a quote it stays text."""
    if not isinstance(cell, str):
        return f"{cell:g}"
    cell = " ".join(cell.split())
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell


def _grades(report):
    yield ["id", "status", *(exercise.id for exercise in report.exercises), "total"]
    for result in report.results:
        points = {mark.id: mark.points for mark in result.marks}
        own = [points.get(exercise.id, "") for exercise in report.exercises]
        yield [result.student, result.status, *own, "" if result.points is None else result.points]


def _name(report):
    return f"bplib {report.lesson} {core.LESSONS[report.lesson].replace('_', ' ')}"


def _moodle(report):
    """Moodle asks which column is what; a grade without its feedback would delete the feedback."""
    yield ["ID number", _name(report), "Feedback"]
    for result in report.results:
        if result.marks:
            lost = [mark for mark in result.marks if mark.points < mark.of]
            words = [f"{mark.id} {mark.outcome}{_named(mark)}" for mark in lost]
            yield [result.student, result.points, "; ".join(words) or "all correct"]


def _named(mark):
    return f" ({mark.misconception})" if mark.misconception else ""


def _canvas(report):
    """Canvas finds a student by SIS id, login id or name, and an assignment by its name."""
    yield ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", _name(report)]
    yield ["Points Possible", "", "", "", "", report.total]
    for result in report.results:
        if result.marks:
            yield [result.student, "", result.student, result.student, "", result.points]


def _junit(report):
    """One suite per student, one case per exercise; without marks the one case is skipped."""
    root = ElementTree.Element("testsuites", name=_name(report))
    for result in report.results:
        suite = ElementTree.SubElement(root, "testsuite", name=_xml(result.student))
        failed = [mark for mark in result.marks if mark.points < mark.of]
        counts = len(result.marks) or 1, len(failed), int(not result.marks)
        suite.attrib |= dict(zip(("tests", "failures", "skipped"), map(str, counts), strict=True))
        for mark in result.marks:
            case = _case(suite, result, f"{mark.id} {mark.title}")
            case.set("time", f"{mark.ms / 1000:.3f}")
            if mark in failed:
                said = f"{mark.outcome}{_named(mark)}"
                failure = ElementTree.SubElement(case, "failure", message=_xml(said))
                failure.text = _xml(mark.text)
        if not result.marks:
            why = f"{result.status}: {' '.join(result.flags)}"
            ElementTree.SubElement(_case(suite, result, "hand-in"), "skipped", message=_xml(why))
    return root


def _case(suite, result, name):
    attributes = {"classname": _xml(result.student), "name": _xml(name)}
    return ElementTree.SubElement(suite, "testcase", attributes)


def _xml(text):
    """XML 1.0 has no two last characters of a plane of Unicode, not even escaped."""
    return re.sub("[\ufffe\uffff]", "", text)


# ---- pages ---------------------------------------------------------------------------------------


def _page_name(student, taken):
    """A file name that is safe on every system, and not taken in any case of letters."""
    safe = re.sub(r"[^\w-]+", "_", student).strip("_")[:60] or "student"
    taken, name, number = {page.casefold() for page in taken}, f"{safe}.html", 1
    while name.casefold() in taken:
        number += 1
        name = f"{safe}-{number}.html"
    return name


def _items(report):
    """{exercise id: (share of right answers, of those not written, what to think of it)}"""
    items, marked = {}, [result.marks for result in report.results if result.marks]
    for marks in zip(*marked, strict=True):
        right = sum(mark.points == mark.of for mark in marks) / len(marks)
        open_ = sum(mark.outcome in (NOT_ATTEMPTED, NOT_RUN) for mark in marks) / len(marks)
        if len(marks) < FEW:
            word = ""
        else:
            word = "too easy?" if right >= EASY else "too hard?" if right <= HARD else ""
        items[marks[0].id] = (right, open_, word)
    return items


def _mistakes(report):
    """[(misconception id, exercise, what it is, how many students)], most frequent first"""
    marks = [mark for result in report.results for mark in result.marks if mark.misconception]
    counts = Counter((mark.misconception, mark.id, mark.text.split("\n")[0]) for mark in marks)
    titles = {exercise.id: exercise for exercise in report.exercises}
    return [(name, titles[id], text, count) for (name, id, text), count in counts.most_common()]


def _render(template, report, **more):
    return (
        _environment()
        .get_template(template)
        .render(report=report, signs=SIGNS, wrong=(RAISED, "not yet"), right=CORRECT, **more)
    )


@cache
def _environment():
    from jinja2 import Environment, PackageLoader
    from markupsafe import Markup

    env = Environment(
        loader=PackageLoader("bplib.grading"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    env.filters["inline"] = lambda line: Markup(inline(line))
    return env
