"""Pages and forms from results alone: escaped, readable, and what Moodle and Canvas import."""

import csv
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bplib.exercises import core
from bplib.grading import GradingError, Stopped, batch, nbval_plugin, pages, sandbox
from bplib.grading.report import Mark, Report, Result

EXERCISES = core.exercises("01")
EVIL = '</p><script>alert(1)</script><img src=x onerror="alert(2)">\ufffe & $x$'
FORMULAS = ("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1")


def marked(student, right=(), wrong=(), text="Not this.\nWhy?", code=""):
    marks = []
    for id, e in EXERCISES.items():
        outcome = "correct" if id in right else "not yet" if id in wrong else "not attempted"
        name = e.misconceptions[0].id if id in wrong else None
        points = e.points if id in right else 0
        marks.append(Mark(id, e.title, points, e.points, outcome, name, text, code, 12))
    return Result(student, f"{student}.ipynb", "marked", [], marks, "0" * 64)


def written(out, results, **more):
    report = Report("01", list(EXERCISES.values()), False, 7, "none (trusted)", [], results, **more)
    pages.write(out, report)
    return report


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    results = [
        marked(EVIL, wrong=["1.3"], text=EVIL, code=EVIL),
        marked("anna", right=EXERCISES),
        *(marked(name) for name in FORMULAS),
        Result("torn", "torn.ipynb", "unreadable", ["The file is cut off."], [], "1" * 64),
    ]
    written(out, results, finished=True)
    return out


def rows(path):
    return list(csv.reader(path.read_text(encoding="utf-8").splitlines()))


def test_what_a_student_wrote_is_text_on_every_page(folder):
    for page in (folder / "class.html", *(folder / "students").iterdir()):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"<(script|img)", text)
        assert "default-src 'none'" in text
        assert text.count("<article>") == text.count("</article>")
    assert "&lt;script&gt;" in (folder / "class.html").read_text(encoding="utf-8")


def test_no_table_begins_a_cell_as_a_formula_does(folder):
    for name in ("grades.csv", "moodle.csv", "canvas.csv"):
        cells = [cell for row in rows(folder / name) for cell in row]
        assert [cell for cell in cells if cell[:1] in tuple("=+-@\t\r")] == []
    assert {"'=1", "'+1", "'-1", "'@SUM(A1)"} <= {row[0] for row in rows(folder / "grades.csv")}


def test_canvas_gets_the_columns_that_its_importer_asks_for(folder):
    """gradebook_importer.rb: Student, ID, then both SIS columns, then Section; then assignments."""
    header, possible, *students = rows(folder / "canvas.csv")
    assert header[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert header[5:] == ["bplib 01 feed forward"]
    total = f"{sum(e.points for e in EXERCISES.values())}"
    assert (possible[0], possible[5]) == ("Points Possible", total)
    anna = next(row for row in students if row[0] == "anna")
    assert anna == ["anna", "", "anna", "anna", "", total]


def test_moodle_gets_a_grade_and_feedback_for_each_id(folder):
    header, *students = rows(folder / "moodle.csv")
    assert header == ["ID number", "bplib 01 feed forward", "Feedback"]
    table = {row[0]: row[1:] for row in students}
    assert table["anna"] == [f"{sum(e.points for e in EXERCISES.values())}", "all correct"]
    name = EXERCISES["1.3"].misconceptions[0].id
    assert any(f"1.3 not yet ({name})" in feedback for _, feedback in table.values())


def test_who_has_no_marks_has_no_row_in_a_form_and_an_empty_total(folder):
    assert all("torn" not in row for row in rows(folder / "moodle.csv"))
    assert all("torn" not in row for row in rows(folder / "canvas.csv"))
    torn = next(row for row in rows(folder / "grades.csv") if row[0] == "torn")
    assert torn == ["torn", "unreadable"] + [""] * (len(EXERCISES) + 1)
    page = (folder / "students" / "torn.html").read_text(encoding="utf-8")
    assert "No marks yet: unreadable" in page and "not a zero" in page
    assert "0 of" not in page


def test_junit_counts_every_exercise_and_skips_who_has_no_marks(folder):
    suites = {s.get("name"): s for s in ElementTree.parse(folder / "junit.xml").getroot()}
    anna, torn = suites["anna"], suites["torn"]
    assert (anna.get("tests"), anna.get("failures")) == (str(len(EXERCISES)), "0")
    assert (torn.get("failures"), torn.get("skipped")) == ("0", "1")
    assert torn.find("testcase/skipped").get("message") == "unreadable: The file is cut off."
    evil = next(s for name, s in suites.items() if "<script>" in name)
    failure = evil.findall("testcase/failure")[2]
    assert EXERCISES["1.3"].misconceptions[0].id in failure.get("message")
    assert "<script>" in failure.text


def test_the_sandbox_stands_on_every_page(folder):
    for page in (folder / "class.html", *(folder / "students").iterdir()):
        assert "Sandbox: none (trusted)." in page.read_text(encoding="utf-8")


def test_the_class_page_says_which_exercises_are_too_easy_or_too_hard(tmp_path):
    easy, hard, fair = "1.1", "1.8", "1.4"
    results = [
        marked(f"s{i}", right=[easy, fair] if i % 2 else [easy], wrong=[hard]) for i in range(10)
    ]
    written(tmp_path, results)
    text = (tmp_path / "class.html").read_text(encoding="utf-8")
    rows = dict(re.findall(r'<tr><th scope="row">(\d\.\d) .*?</th>(.*?)</tr>', text))
    assert "100 %" in rows[easy] and "too easy?" in rows[easy]
    assert "too hard?" in rows[hard]
    assert "50 %" in rows[fair] and "too" not in rows[fair]
    assert "Marking is not finished" in text and ", 7," not in text


def test_in_a_small_group_no_exercise_is_called_too_hard(tmp_path):
    written(tmp_path, [marked("anna"), marked("ben")])
    assert "too hard?</td>" not in (tmp_path / "class.html").read_text(encoding="utf-8")


def test_the_teachers_page_says_the_numbers_that_the_code_uses():
    text = (Path(__file__).parents[1] / "docs" / "grading.md").read_text(encoding="utf-8")
    for words in (
        f"An exercise that {100 * pages.EASY:.0f} % or more got right may be too easy",
        f"one that {100 * pages.HARD:.0f} % or fewer got right may be too hard",
        f"With fewer than {pages.FEW} marked students",
        f"| {Stopped.code} | stopped half-way",
        f"| {GradingError.code} | not done",
        f"at most {batch.CHUNK} submissions",
        *(f"| `{tier}` |" for tier in sandbox.TIERS),
        ", ".join(f"`{package}`" for package in sandbox.KNOWING),
        f"every\n{nbval_plugin.LOOK} seconds",
        f"more than {nbval_plugin.DISK_LIMIT >> 20} MB or {nbval_plugin.FILES_LIMIT} files",
        *(f"`{name}.csv`" for name in ("grades", "moodle", "canvas")),
    ):
        assert words in text, words


def test_a_class_without_any_marks_has_its_pages_too(tmp_path):
    torn = Result("torn", "torn.ipynb", "unreadable", ["The file is cut off."], [], "1" * 64)
    written(tmp_path, [torn])
    assert "Nobody has marks" in (tmp_path / "class.html").read_text(encoding="utf-8")
