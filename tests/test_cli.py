"""The `bplib` command: what it prints and its exit code."""

import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bplib import exercises
from bplib.cli import app
from bplib.course import authoring
from bplib.exercises import core

REPO = Path(__file__).parents[1]
LESSONS = [f"{number}_{name}.ipynb" for number, name in core.LESSONS.items()]
VERBS = ("build", "check", "progress", "release", "grade", "doctor", "regrade", "push-nbgrader")
QUICK = ("--trust-submissions", "--jobs", 1)  # for one notebook
BUILT = sorted(f"{folder}/{name}" for folder in authoring.BUILT for name in LESSONS)


def bplib(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """The sources alone, in a folder of their own that is the working directory."""
    shutil.copytree(REPO / "source", tmp_path / "source")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_help_names_every_command():
    said = bplib("--help").output
    assert all(command in said for command in VERBS)


@pytest.mark.parametrize("verb", ["release", "grade", "doctor", "regrade", "push-nbgrader"])
def test_the_help_of_each_of_a_teachers_verbs_has_an_example(verb):
    run = bplib(verb, "--help")
    assert run.exit_code == 0
    assert f"Example: bplib {verb}" in " ".join(run.output.split())


def test_a_command_that_is_not_understood_ends_with_2():
    assert bplib("grade").exit_code == 2
    assert bplib("grade", "x", "--jobs", "0").exit_code == 2
    assert bplib("marks").exit_code == 2


def test_build_writes_the_notebooks_and_then_has_nothing_to_do(clone):
    first = bplib("build")
    assert first.exit_code == 0
    assert sorted(first.output.splitlines()) == [f"built {name}" for name in BUILT]
    second = bplib("build")
    assert (second.exit_code, second.output) == (0, "Every notebook was up to date.\n")


def test_build_check_names_what_is_stale_and_exits_1_and_writes_nothing(clone):
    missing = bplib("build", "--check")
    assert missing.exit_code == 1
    assert sorted(missing.output.splitlines()) == [f"{name} is missing." for name in BUILT]
    assert not (clone / "notebooks").exists()
    bplib("build")
    assert bplib("build", "--check").output == "Every notebook is up to date.\n"
    (clone / "solutions/01_feed_forward.ipynb").write_text("{}")
    stale = bplib("build", "--check")
    assert stale.exit_code == 1
    assert "solutions/01_feed_forward.ipynb is stale" in stale.output
    assert "exercises/" not in stale.output


def test_build_tells_of_a_leftover_and_leaves_it_alone(clone):
    bplib("build")
    (clone / "notebooks/09_old.ipynb").write_text("{}")
    run = bplib("build")
    assert run.exit_code == 0 and "notebooks/09_old.ipynb is left over" in run.output
    assert (clone / "notebooks/09_old.ipynb").exists()


def test_a_mistake_in_a_source_is_one_sentence_on_stderr(clone):
    source = clone / "source/exercises/01_feed_forward.py"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace('exercise="1.3"', 'exercise="1.33"'), encoding="utf-8")
    run = bplib("build")
    assert run.exit_code == 1 and run.stdout == ""
    assert run.stderr.startswith("source/exercises/01_feed_forward.py: there is no exercise '1.33'")
    assert run.stderr.count("\n") == 1


def test_without_jupytext_build_says_what_brings_it(clone, monkeypatch):
    monkeypatch.setitem(sys.modules, "jupytext", None)  # what Python does for a missing package
    run = bplib("build")
    assert run.exit_code == 1 and "needs jupytext: pip install" in run.stderr


def test_check_prints_a_kill_table_without_a_gap(monkeypatch):
    """Of two lessons: test_exercises.py tries all answers, one exercise at a time."""
    _keep_lessons(monkeypatch, "01", "03")
    run = bplib("check")
    assert run.exit_code == 0, run.output
    assert "100 % refused, 100 % named, 0 confused." in run.output
    shown = [*core.exercises("01").values(), *core.exercises("03").values()]
    assert all(e.id in run.output for e in shown)


def _keep_lessons(monkeypatch, *numbers):
    monkeypatch.setattr(core, "LESSONS", {n: core.LESSONS[n] for n in numbers})


def test_check_exits_1_when_a_wrong_answer_slips_through(monkeypatch):
    _keep_lessons(monkeypatch, "01")
    exercise = core.find("1.1")
    mistake = exercise.misconceptions[0]._replace(id="NEW", f=exercise.f)
    monkeypatch.setattr(exercise, "misconceptions", [*exercise.misconceptions, mistake])
    run = bplib("check")
    assert run.exit_code == 1
    assert "NEW" in run.output and "100 % refused" not in run.output


def test_progress_tells_what_is_done(tmp_path, monkeypatch):
    monkeypatch.setenv("BPLIB_HOME", str(tmp_path))
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # here a learner is at work, not a grader
    exercises.check("1.1", core.find("1.1").f)
    said = bplib("progress").output
    assert said.startswith(f"{core.find('1.1').points} of ")
    assert "✓ 1.1" in said and "· 1.2" in said


def test_grade_refuses_a_folder_in_one_sentence(tmp_path):
    run = bplib("grade", tmp_path)
    assert run.exit_code == 1 and "--out" in run.stderr
    assert run.stderr.count("\n") == 1


def test_grade_marks_a_folder_and_says_where_the_reports_are(clone, tmp_path):
    bplib("build")
    folder, out = tmp_path / "handed in", tmp_path / "marks"
    folder.mkdir()
    shutil.copy(clone / "solutions/01_feed_forward.ipynb", folder / "anna.ipynb")
    run = bplib("grade", folder, "--out", out, *QUICK, "--seed", 7)
    assert run.exit_code == 0, run.output
    total = sum(e.points for e in core.exercises("01").values())
    assert "anna" in run.stdout and f"{total}/{total}" in run.stdout
    assert (out / "class.html").exists()
    assert '"seed": "7"' in (out / "results.jsonl").read_text(encoding="utf-8")


def test_a_batch_is_regraded_and_pushed_to_nbgrader_and_each_command_says_what_it_did(
    clone, tmp_path
):
    pytest.importorskip("nbgrader", reason="nbgrader is not installed: pip install -e '.[test]'")
    bplib("build")
    folder, out = tmp_path / "handed in", tmp_path / "marks"
    folder.mkdir()
    shutil.copy(clone / "exercises/01_feed_forward.ipynb", folder / "anna.ipynb")
    assert bplib("grade", folder, "--out", out, *QUICK).exit_code == 0
    twice = bplib("grade", folder, "--out", out, *QUICK)
    assert twice.exit_code == 1 and "marks of an earlier batch" in twice.stderr
    shutil.copy(clone / "solutions/01_feed_forward.ipynb", folder / "anna.ipynb")
    again = bplib("regrade", out, "--student", "anna", *QUICK)
    assert again.exit_code == 0, again.output
    assert "anna: 0 (1.1 not attempted" in again.stdout and "-> 14" in again.stdout
    assert "Changed: 1, as before: 0." in again.stdout
    (tmp_path / "course").mkdir()
    pushed = bplib("push-nbgrader", out, tmp_path / "course", "--assignment", "hw1")
    assert pushed.exit_code == 0, pushed.output
    assert "1 submissions are in the gradebook, as assignment hw1." in pushed.stdout
    for wrong in (("regrade", tmp_path), ("push-nbgrader", tmp_path, tmp_path)):
        run = bplib(*wrong)
        assert (run.exit_code, run.stderr.count("\n")) == (1, 1)
        assert "no results.jsonl" in run.stderr
