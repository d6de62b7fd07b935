"""One batch of honest, untidy, broken and hostile submissions, and what must not happen."""

import csv
import hashlib
import io
import json
import math
import os
import re
import unicodedata
from pathlib import Path

import psutil
import pytest
import submissions
from jsonschema import Draft202012Validator
from nbval.kernel import CURRENT_ENV_KERNEL_NAME
from rich.console import Console
from submissions import EXERCISES, MISTAKE, SOLVED

import bplib
from bplib.exercises import core
from bplib.grading import (
    GradingError,
    batch,
    grade,
    intake,
    judge,
    nbval_plugin,
    pages,
    report,
    transplant,
)

pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="the hostile submissions use links, pipes and signals of POSIX"
)
REPO = Path(bplib.__file__).parents[1]
FULL = sum(exercise.points for exercise in EXERCISES.values())
POINTS = {
    "=einsum <b>": FULL,
    "loops": FULL,
    "ida": FULL,
    "deleted_check": FULL,
    "old_format": FULL,
    "untidy": FULL,
    "curious": FULL,
    "partial": 2,
    "untouched": 0,
    "syntax_error": FULL - EXERCISES["1.2"].points,
    "edited_check": FULL - EXERCISES["1.3"].points,
    "endless": FULL - EXERCISES["1.3"].points,
    "forged": 0,
    "allclose": 0,
    "exits": 2,
    "floods": 2,
    "kills_pytest": 2,
}
NO_MARKS = {
    "a_list": "unreadable",
    "cut_off": "unreadable",
    "latin_1": "unreadable",
    "link": "unreadable",
    "recipes": "not gradable",
}


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """The whole folder, marked once.   ->  (Report, folder of reports, calls of progress)"""
    here = tmp_path_factory.mktemp("class")
    submissions.write(here / "hand-ins")
    calls = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BPLIB_TEST_SECRET", "no student may see this")
        done = grade(
            here / "hand-ins",
            out=here / "reports",
            trust=True,
            timeout=5.0,
            seed=submissions.SEED,
            progress=lambda *call: calls.append(call),
        )
    return done, here / "reports", calls


@pytest.fixture(scope="module")
def results(marked):
    return {result.student: result for result in marked[0].results}


def of(result):
    return {mark.id: mark for mark in result.marks}


# ---- marks ---------------------------------------------------------------------------------------


def test_every_submission_has_a_result_and_every_result_a_submission(results):
    assert results.keys() == POINTS.keys() | NO_MARKS.keys()


@pytest.mark.parametrize("student", POINTS)
def test_a_submission_gets_the_points_it_deserves(results, student):
    assert (results[student].status, results[student].points) == ("marked", POINTS[student])


@pytest.mark.parametrize("student", NO_MARKS)
def test_a_file_without_answers_gets_a_reason_and_not_a_zero(results, student):
    result = results[student]
    assert result.status == NO_MARKS[student]
    assert result.marks == []
    assert len(result.flags) == 1


def test_a_known_mistake_is_named_with_evidence_and_a_question(results):
    mark = of(results["partial"])["1.3"]
    assert (mark.outcome, mark.misconception) == ("not yet", MISTAKE.id)
    assert MISTAKE.text in mark.text
    assert MISTAKE.ask in mark.text


def test_what_is_right_in_float32_only_is_told_so(results):
    mark = of(results["partial"])["1.6"]
    assert (mark.points, mark.outcome) == (0, "not yet")
    assert re.search(r"(agree|right) to [3456] digits", mark.text)


def test_an_untouched_notebook_is_not_attempted_rather_than_wrong(results):
    assert {mark.outcome for mark in results["untouched"].marks} == {"not attempted"}


def test_a_syntax_error_costs_its_own_exercise_and_is_quoted(results):
    marks = of(results["syntax_error"])
    assert marks["1.2"].outcome == "your code raised"
    assert "SyntaxError" in marks["1.2"].text
    assert ".py" not in marks["1.2"].text
    assert all(mark.outcome == "correct" for id, mark in marks.items() if id != "1.2")


def test_an_endless_loop_costs_its_own_exercise(results):
    marks = of(results["endless"])
    assert marks["1.3"].outcome == "not run"
    assert "loop" in marks["1.3"].text
    assert all(mark.outcome == "correct" for id, mark in marks.items() if id != "1.3")


@pytest.mark.parametrize(
    ("student", "word"),
    [("exits", "exit"), ("kills_pytest", "exit"), ("floods", "printed too much")],
)
def test_what_ends_the_kernel_leaves_the_exercises_before_it(results, student, word):
    marks = of(results[student])
    assert [mark.outcome for mark in marks.values()] == ["correct"] * 2 + ["not run"] * 6
    assert all(word in mark.text for mark in marks.values() if mark.outcome == "not run")


def test_a_dead_kernel_is_noticed_within_three_seconds(results):
    assert of(results["exits"])["1.3"].ms < 3000


@pytest.mark.parametrize(
    ("student", "flag"),
    [
        ("edited_check", "check cell changed, ours is used: 1.3"),
        ("deleted_check", "check cell missing, ours is used: 1.3"),
        ("=einsum <b>", "extra: the student's own cells before an answer or check are run too"),
        ("old_format", "old notebook format (nbformat 3)"),
        ("untidy", "two cells have the same id"),
        ("untidy", "several answer cells, the last one written counts: 1.1"),
        ("untidy", "answer found in another cell: 1.2"),
        ("ida", "2 notebooks; the one with most answers counts: 01_feed_forward.ipynb"),
    ],
)
def test_everything_odd_is_noted(results, student, flag):
    assert flag in results[student].flags


def test_a_result_and_its_page_say_which_bytes_were_marked(marked, results):
    handed_in = marked[1].parent / "hand-ins"
    for path in (handed_in / "loops.ipynb", handed_in / "ida" / "01_feed_forward.ipynb"):
        name = path.stem if path.parent == handed_in else path.parent.name
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        assert results[name].sha256 == sha256
        assert any(sha256 in page.read_text() for page in marked[1].glob("students/*.html"))
    cut_off = hashlib.sha256((handed_in / "cut_off.ipynb").read_bytes()).hexdigest()
    assert results["cut_off"].sha256 == cut_off
    assert results["link"].sha256 == ""


def test_an_ordinary_submission_has_no_notes(results):
    assert results["loops"].flags == []


# ---- reports -------------------------------------------------------------------------------------


def test_the_seed_is_promised_before_and_told_after(marked):
    done, out, _ = marked
    first, *_, last = map(json.loads, (out / "results.jsonl").read_text().splitlines())
    assert first["seed_sha256"] == hashlib.sha256(last["seed"].encode()).hexdigest()
    assert last == {"finished": len(done.results), "seed": str(done.seed)}
    assert first["tier"] == done.tier == "none (trusted)"
    assert not (out / ".seed").exists()
    assert first["versions"]["nbval"] == "0.11.0"


def test_every_student_has_a_line_with_points_outcomes_and_times(marked):
    done, out, _ = marked
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()[1:-1]]
    points = {line["student"]: line["points"] for line in lines}
    assert points == POINTS | dict.fromkeys(NO_MARKS)
    marks = next(line["marks"] for line in lines if line["student"] == "partial")
    assert [mark["id"] for mark in marks] == list(EXERCISES)
    assert {"points", "of", "outcome", "misconception", "text", "ms"} <= marks[0].keys()


def test_every_line_is_what_the_published_schema_says(marked):
    _, out, _ = marked
    schema = json.loads((REPO / "docs" / "results.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    assert [error.message for line in lines for error in validator.iter_errors(line)] == []
    for line, name in ((lines[0], "run"), (lines[1], "result"), (lines[-1], "end")):
        for missing in line:
            rest = {key: value for key, value in line.items() if key != missing}
            assert not validator.is_valid(rest), f"{name} without {missing}"
    assert not validator.is_valid(lines[1] | {"points": 0})  # unreadable is not a zero


def test_the_table_of_grades_has_no_formulas_and_no_zero_for_the_unreadable(marked):
    _, out, _ = marked
    rows = list(csv.reader((out / "grades.csv").read_text(encoding="utf-8").splitlines()))
    assert rows[0] == ["id", "status", *EXERCISES, "total"]
    table = {row[0]: row[1:] for row in rows[1:]}
    assert table["'=einsum <b>"][-1] == str(FULL)
    assert table["latin_1"] == ["unreadable"] + [""] * (len(EXERCISES) + 1)
    assert len(table) == len(POINTS) + len(NO_MARKS)


def test_every_student_has_a_page_that_the_class_page_links_to(marked):
    _, out, _ = marked
    links = re.findall(r'href="([^"]+)"', (out / "class.html").read_text(encoding="utf-8"))
    assert len(set(links)) == len(POINTS) + len(NO_MARKS)
    assert all((out / link).is_file() for link in links)


def test_no_page_holds_markup_of_a_student_or_may_load_anything(marked):
    _, out, _ = marked
    written = [out / "class.html", *(out / "students").iterdir()]
    for page in written:
        text = page.read_text(encoding="utf-8")
        assert "<b>" not in text
        assert "<script" not in text
        assert "default-src 'none'" in text
        assert '<html lang="en">' in text
    assert "=einsum &lt;b&gt;" in written[0].read_text(encoding="utf-8")


def test_the_class_page_says_in_words_what_its_colours_say(marked):
    _, out, _ = marked
    text = (out / "class.html").read_text(encoding="utf-8")
    for words in ("✓ correct", "✗ not yet", "○ not attempted", "! your code raised", "– not run"):
        assert words in text
    assert text.count('scope="row"') >= len(POINTS)
    row = re.search(r'<td class="number">(\d+)</td>.*' + MISTAKE.id, text)
    assert int(row[1]) == sum(  # students who share the most frequent mistake
        mark.misconception == MISTAKE.id and mark.id == "1.3"
        for result in marked[0].results
        for mark in result.marks
    )


def test_progress_counts_every_student_once(marked):
    done, _, calls = marked
    n = len(done.results)
    assert [call[:2] for call in calls] == [(i, n) for i in range(1, n + 1)]
    assert {call[2] for call in calls} == POINTS.keys() | NO_MARKS.keys()


def test_two_students_never_share_a_page():
    names = ["a/b", "a b", "A?b", "..", "", "a" * 300, "a" * 301]
    taken = []
    for name in names:
        taken.append(pages._page_name(name, taken))
    assert len({page.casefold() for page in taken}) == len(names)
    assert all(re.fullmatch(r"[\w-]{1,70}\.html", page) for page in taken)


def test_control_characters_and_turned_writing_are_removed():
    assert report.clean("a\x1b[31m\x00b\u202ec\nd\udcff") == "a[31mbc\nd?"


# ---- one's own notebook --------------------------------------------------------------------------


def test_ones_own_notebook_gets_the_same_marks_again_from_the_seed_and_writes_nothing(
    marked, results, tmp_path
):
    path = tmp_path / "mine.ipynb"
    path.write_text(json.dumps(submissions.partial()), encoding="utf-8")
    own = grade(path, seed=marked[0].seed, jobs=1)
    again = [mark._replace(ms=0) for mark in own.results[0].marks]
    assert again == [mark._replace(ms=0) for mark in results["partial"].marks]
    assert list(tmp_path.iterdir()) == [path]
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(own)
    shown = console.export_text()
    assert f"2 of {FULL} points" in shown
    assert f"✗ not yet ({MISTAKE.id})" in shown


@pytest.mark.parametrize("lesson", core.LESSONS)
def test_the_solutions_of_every_lesson_get_every_point(lesson):
    solved = (
        Path(bplib.__file__).parents[1] / "solutions" / f"{lesson}_{core.LESSONS[lesson]}.ipynb"
    )
    result = grade(solved, jobs=1).results[0]
    assert result.points == sum(e.points for e in core.exercises(lesson).values())


@pytest.mark.parametrize("lesson", core.LESSONS)
def test_no_graded_cell_prints_what_somebody_could_know_beforehand(lesson):
    """For another seed a reference is another, but for the one case that a lesson may publish.

    A choice has no inputs: what it prints is the answer itself, one of very many.
    """
    one, other = batch._key(lesson, 1), batch._key(lesson, 2)
    for id, exercise in one.exercises.items():
        lines = zip(one.expected[id].splitlines(), other.expected[id].splitlines(), strict=True)
        if isinstance(exercise, core.Choice):
            assert math.prod(map(len, exercise.puzzle["options"])) > 200, id
        else:
            assert sum(a == b for a, b in lines) <= 1 < len(one.cases[id]), id


# ---- when nothing is marked ----------------------------------------------------------------------


def refused(*args, **options):
    with pytest.raises(GradingError) as caught:
        grade(*args, jobs=1, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_every_reason_to_refuse_is_one_sentence(tmp_path):
    (tmp_path / "in").mkdir()
    assert "--out" in refused(tmp_path / "in", trust=True)
    assert "no notebook" in refused(tmp_path / "in", out=tmp_path / "out", trust=True)
    assert "of their own" in refused(tmp_path / "in", out=tmp_path / "in", trust=True)
    assert "at nowhere" in refused("nowhere")
    assert "lesson 99" in refused(tmp_path, out=tmp_path / "out", trust=True, lesson="99")
    own = tmp_path / "in" / "own.ipynb"
    own.write_text("{", encoding="utf-8")
    assert "cut off" in refused(own)
    own.write_text(json.dumps(submissions.SUBMISSIONS["recipes"]()), encoding="utf-8")
    assert "lesson 01" in refused(own)
    own.write_text(json.dumps(submissions.untouched()), encoding="utf-8")
    assert "whole number" in refused(own, seed="abc")
    (tmp_path / "taken").write_text("")
    assert "cannot be written" in refused(own, out=tmp_path / "taken")


@pytest.mark.parametrize(
    "sabotage", [{"execution_count": None, "outputs": []}, {"metadata": {"tags": ["check"]}}]
)
def test_a_judge_that_passes_silently_marks_nobody(tmp_path, monkeypatch, sabotage):
    """nbval compares nothing where a reference has no execution count or no tag."""
    honest = transplant.cell
    monkeypatch.setattr(
        transplant,
        "cell",
        lambda id, source, expected=None: (
            honest(id, source, expected) | (sabotage if expected is not None else {})
        ),
    )
    own = tmp_path / "own.ipynb"
    own.write_text(json.dumps(submissions.untouched()), encoding="utf-8")
    assert "cannot be believed" in refused(own, out=tmp_path / "out")
    assert len((tmp_path / "out" / "results.jsonl").read_text().splitlines()) == 1


def test_a_pytest_that_does_not_start_is_said_and_is_not_a_zero(tmp_path, monkeypatch):
    monkeypatch.setattr(judge, "_command", lambda *_: [judge.sys.executable, "-m", "pytest", "--?"])
    own = tmp_path / "own.ipynb"
    own.write_text(json.dumps(submissions.untouched()), encoding="utf-8")
    assert "pytest with nbval does not work here (exit code 4)" in refused(own)


def test_what_is_marked_when_somebody_presses_ctrl_c_is_kept(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        text = json.dumps(submissions.answered(SOLVED))
        (tmp_path / "in" / f"{name}.ipynb").write_text(text, encoding="utf-8")

    def stop(done, total, student):
        raise KeyboardInterrupt

    message = refused(tmp_path / "in", out=tmp_path / "out", trust=True, progress=stop)
    assert message.startswith("Stopped: 1 of 2 submissions are marked.")
    lines = (tmp_path / "out" / "results.jsonl").read_text().splitlines()
    assert len(lines) == 2
    assert json.loads(lines[1])["points"] == FULL


def test_a_notebook_out_of_time_loses_its_kernel_and_all_that_it_started(tmp_path, monkeypatch):
    monkeypatch.setattr(nbval_plugin.GuardedKernel, "budget", 4.0)
    kernel = nbval_plugin.GuardedKernel(CURRENT_ENV_KERNEL_NAME, cwd=str(tmp_path))
    lines = [
        "import pathlib, subprocess, time",
        "child = subprocess.Popen(['sleep', '99'])",
        "pathlib.Path('../child').write_text(str(child.pid))",
        "time.sleep(99)",
    ]
    cell = kernel.execute_cell_input("\n".join(lines), allow_stdin=False)
    with pytest.raises(nbval_plugin.Stopped, match="time"):
        kernel.await_reply(cell, timeout=99)
    child = int((tmp_path / "child").read_text())
    if psutil.pid_exists(child):  # gone, or dead and not yet collected by its new parent
        assert psutil.Process(child).status() == psutil.STATUS_ZOMBIE
    assert not kernel.is_alive()
    assert [path.name for path in tmp_path.iterdir()] == ["child"]


# ---- who handed in what --------------------------------------------------------------------------

NAMES = {
    "anna": "anna",
    "anna_b": "anna_b",
    "Anna Berg_123456_assignsubmission_file_": "Anna Berg_123456",
    "Anna Berg_123457_assignsubmission_file": "Anna Berg_123457",
    "Anna Berg_123456_assignsubmission_onlinetext_": "Anna Berg_123456",
    "김 민지_88_assignsubmission_file_01_feed_forward": "김 민지_88",
    "bergann_12345_67890_01_feed_forward": "bergann_12345",
    "bergann_LATE_12345_67891_01_feed_forward-1": "bergann_12345",
    "week_3_2_notes": "week_3_2_notes",
    "anna_2026": "anna_2026",
    "2026_12_24_anna": "2026_12_24_anna",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_download_of_moodle_or_canvas_names_its_student(name, tmp_path):
    (tmp_path / f"{name}.ipynb").write_text("{}")
    found, _ = intake.students(tmp_path, tmp_path / "out")
    assert list(found) == [NAMES[name]]


def test_a_folder_of_moodle_is_one_student_and_two_of_a_name_stay_two(tmp_path):
    folders = [name for name in NAMES if "assignsubmission" in name]
    for name in folders[:3]:
        (tmp_path / name).mkdir()
    for name in folders[:2]:
        (tmp_path / name / "01_feed_forward.ipynb").write_text("{}")
    (tmp_path / folders[2] / "onlinetext.html").write_text("<p>")
    found, ignored = intake.students(tmp_path, tmp_path / "out")
    assert {name: len(paths) for name, paths in found.items()} == {
        **{"Anna Berg_123456": 1, "Anna Berg_123457": 1},
    }
    assert ignored == []


def test_what_is_hidden_is_said_to_be_ignored_unless_programs_leave_it_everywhere(tmp_path):
    (tmp_path / "ida").mkdir()
    for place in (tmp_path, tmp_path / "ida"):
        (place / "01.ipynb").write_text("{}")
        for litter in (".DS_Store", "._01.ipynb", ".hidden.ipynb"):
            (place / litter).write_text("{}")
        for folder in (".ipynb_checkpoints", "__MACOSX", ".git"):
            (place / folder).mkdir()
            (place / folder / "01.ipynb").write_text("{}")
    found, ignored = intake.students(tmp_path, tmp_path / "out")
    assert {name: [p.name for p in paths] for name, paths in found.items()} == {
        **{"01": ["01.ipynb"], "ida": ["01.ipynb"]},
    }
    hidden = {".hidden.ipynb", ".git", "ida/.hidden.ipynb", "ida/.git"}
    assert {name.replace(os.sep, "/") for name in ignored} == hidden


def test_a_name_in_parts_and_the_same_name_in_one_are_one_student(tmp_path):
    whole = "박é"
    (tmp_path / unicodedata.normalize("NFD", whole)).mkdir()
    (tmp_path / unicodedata.normalize("NFD", whole) / "a.ipynb").write_text("{}")
    (tmp_path / f"{whole}.ipynb").write_text("{}")
    found, _ = intake.students(tmp_path, tmp_path / "out")
    assert {name: len(paths) for name, paths in found.items()} == {whole: 2}


INSTEAD = {
    "anna.zip": "anna.zip is packed",
    "ben/x/hw.ZIP": "hw.ZIP is packed",
    "cho.json": "cho.json is no notebook",
    "dan/readme.txt": "readme.txt is no notebook",
    "Eva Li_123_assignsubmission_file_notes.odt": "is no notebook",
    "fay.ipynb": "The file is empty.",
}


def test_who_handed_in_something_else_is_in_the_table_with_the_reason(tmp_path):
    for name in INSTEAD:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "gus.ipynb.txt").write_text(json.dumps(submissions.untouched()))
    found, ignored = intake.students(tmp_path, tmp_path / "out")
    assert set(found) == {"anna", "ben", "cho", "dan", "Eva Li_123", "fay", "gus"}
    assert ignored == ["Thumbs.db"]
    for student, why in zip(
        sorted(set(found) - {"gus"}, key=str.casefold), INSTEAD.values(), strict=True
    ):
        assert why in unreadable(found[student][0])
    assert intake.read(intake.load(found["gus"][0]))[0]


def test_a_notebook_of_another_lesson_is_told_which_one():
    key = batch._key("01", 1)
    cells, _ = intake.read((REPO / "solutions" / "02_error_backprop.ipynb").read_bytes())
    result, answers = batch._pick("max", [batch.File(Path("x.ipynb"), "", cells, [], "")], key)
    assert answers is None and result.flags == [
        "Nothing in this notebook belongs to lesson 01; it is one of lesson 02."
    ]


def test_a_page_without_marks_does_not_say_that_something_was_marked(tmp_path):
    packed = report.Result("eva", "hw.zip", "unreadable", ["hw.zip is packed"], [], "")
    summary = report.Report("01", list(EXERCISES.values()), False, 1, "bubblewrap", [], [packed])
    pages.write(tmp_path, summary)
    page = (tmp_path / "students" / "eva.html").read_text(encoding="utf-8")
    assert "Marked" not in page and "File: hw.zip." in page and "This is not a zero" in page


# ---- reading files of others ---------------------------------------------------------------------


def unreadable(path):
    with pytest.raises(intake.Unreadable) as caught:
        intake.read(intake.load(path))
    return str(caught.value)


def test_files_that_would_hurt_are_not_read(tmp_path):
    path = tmp_path / "x.ipynb"
    with open(path, "wb") as file:
        file.truncate(intake.LIMIT + 1)
    assert "20 MB" in unreadable(path)
    path.write_text("[" * 100_000)
    assert "not JSON" in unreadable(path)
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": ""}] * 2001}))
    assert "2000 cells" in unreadable(path)
    os.mkfifo(tmp_path / "pipe.ipynb")
    assert "regular file" in unreadable(tmp_path / "pipe.ipynb")
    assert "No such file" in unreadable(tmp_path / "none.ipynb")


def test_sources_may_be_lists_and_hold_half_a_character(tmp_path):
    path = tmp_path / "x.ipynb"
    cells = [{"cell_type": "code", "source": ["x = 1\n", "y = '\ud800'"]}]
    path.write_text(json.dumps({"cells": cells}))
    assert intake.read(intake.load(path)) == ([intake.Cell((), "x = 1\ny = '?'")], [])


def test_a_change_in_one_of_our_cells_is_run_after_ours():
    key = batch._key("01", 1)
    cells = list(key.cells)
    first = cells[0]
    cells[0] = first._replace(source=first.source + "\nimport math")
    answers = transplant.collect(cells, key.cells, key.exercises)
    assert answers.sources == {}
    assert "one of our cells was changed, the change is run too" in answers.flags
    built = transplant.notebook(key.pristine, answers, key.cases, key.expected, key.exercises)
    sources = [cell["source"] for cell in built["cells"]]
    assert sources.index(first.source) < sources.index(cells[0].source)


def test_only_a_cell_that_says_it_only_shows_something_is_left_out():
    key = batch._key("04", 1)
    built = transplant.notebook(
        key.pristine, transplant.Answers(), key.cases, key.expected, key.exercises
    )
    ours = [cell for cell in key.pristine["cells"] if cell["cell_type"] == "code"]
    shows = {cell["id"] for cell in ours if "only-shows" in cell["metadata"].get("tags", [])}
    assert len(shows) == 1
    left_out = {cell["id"] for cell in ours} - {cell["id"] for cell in built["cells"]}
    assert left_out == shows
