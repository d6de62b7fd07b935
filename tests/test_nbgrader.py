"""Our notebooks in the hands of nbgrader itself: a school that uses it can use them as they are."""

import csv
import json
import logging
import os
import socket
import subprocess
import sys
import time
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest
import submissions
from traitlets.config import Config

from bplib.course import authoring
from bplib.exercises import core
from bplib.grading import GradingError, grade, gradebook

pytestmark = pytest.mark.skipif(
    find_spec("nbgrader") is None, reason="nbgrader is not installed: pip install -e '.[test]'"
)

REPO = Path(__file__).parents[1]
POINTS = {e.id: e.points for e in core.exercises("01").values()}


@pytest.fixture(scope="module")
def built():
    course = authoring.Course(REPO, {n: core.exercises(n) for n in core.LESSONS})
    return authoring.notebooks(course)


@pytest.fixture(scope="module")
def released(built, tmp_path_factory):
    """The student version that nbgrader makes of our solution notebook."""
    from nbgrader.apps import NbGraderAPI  # two seconds that no other worker need spend

    root = tmp_path_factory.mktemp("nbgrader")
    source = root / "source/feed_forward/01_feed_forward.ipynb"
    source.parent.mkdir(parents=True)
    source.write_text(built["solutions/01_feed_forward.ipynb"], encoding="utf-8", newline="\n")
    config = Config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.course_id = "bplib"
    config.CourseDirectory.db_url = f"sqlite:///{(root / 'gradebook.db').as_posix()}"
    config.Exchange.root = str(root / "exchange")
    api = NbGraderAPI(config=config)
    with pytest.MonkeyPatch.context() as patch:  # nbgrader looks for alembic's script on PATH
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        result = api.generate_assignment("feed_forward")
        assert result["success"], result.get("log") or result.get("error")
        with api.gradebook as gradebook:
            notebook = gradebook.find_notebook("01_feed_forward", "feed_forward")
            points = {cell.name: cell.max_score for cell in notebook.grade_cells}
    path = root / "release/feed_forward/01_feed_forward.ipynb"
    return nbformat.read(path, as_version=4), points, root


def validate(text, folder):
    """What `nbgrader validate` finds.   ->  sources of the check cells that fail"""
    from nbgrader.validator import Validator

    path = folder / "01_feed_forward.ipynb"
    path.write_text(text, encoding="utf-8", newline="\n")
    validator = Validator()
    validator.log.setLevel(logging.ERROR)
    result = validator.validate(str(path))
    assert set(result) <= {"failed"}, result
    return [cell["source"] for cell in result.get("failed", [])]


@pytest.mark.parametrize("folder", ["exercises", "solutions"])
def test_the_metadata_is_what_nbgraders_schema_asks_for(built, folder):
    from nbgrader.nbgraderformat import MetadataValidator

    notebook = nbformat.reads(built[f"{folder}/01_feed_forward.ipynb"], as_version=4)
    MetadataValidator().validate_nb(notebook)


def test_generate_assignment_blanks_every_answer_and_keeps_our_ids(released, built):
    notebook, _, _ = released
    solved = nbformat.reads(built["solutions/01_feed_forward.ipynb"], as_version=4)
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in solved.cells]
    for before, after in zip(solved.cells, notebook.cells, strict=True):
        if before.id.startswith("answer-"):
            assert "SOLUTION" in before.source and "SOLUTION" not in after.source
            assert "raise NotImplementedError" in after.source
        else:
            assert after.source == before.source


def test_generate_assignment_puts_our_points_into_its_gradebook(released):
    _, points, _ = released
    assert points == {f"check-{id.replace('.', '-')}": n for id, n in POINTS.items()}


def test_validate_fails_every_check_of_an_untouched_notebook(released, built, tmp_path):
    checks = [f'check("{e.id}", {e.name})' for e in core.exercises("01").values()]
    assert validate(built["exercises/01_feed_forward.ipynb"], tmp_path) == checks
    assert validate(nbformat.writes(released[0]), tmp_path) == checks


def test_validate_passes_a_solved_notebook(built, tmp_path):
    assert validate(built["solutions/01_feed_forward.ipynb"], tmp_path) == []


# ---- our marks in its gradebook ------------------------------------------------------------------

NAME = "01_feed_forward"
FULL = sum(POINTS.values())
SCORES = {"anna": FULL, "ben": 2, "chloe": 0}  # dana's file cannot be read


@pytest.fixture(scope="module")
def marks(tmp_path_factory):
    """A batch of four, marked by us."""
    here = tmp_path_factory.mktemp("class")
    (here / "in").mkdir()
    evil = submissions.answered(submissions.SOLVED)
    first = submissions.find(evil, "answer", "1.1")
    first["source"] = "# <script>alert(1)</script>\n" + first["source"]
    for name, notebook in (
        ("anna", evil),
        ("ben", submissions.partial()),
        ("chloe", submissions.untouched()),
    ):
        (here / "in" / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    (here / "in" / "dana.ipynb").write_text("{", encoding="utf-8")
    grade(here / "in", here / "marks", trust=True, jobs=1, seed=submissions.SEED)
    return here / "marks"


@pytest.fixture(scope="module")
def course(marks, tmp_path_factory):
    """An empty nbgrader course that got our marks, twice."""
    course = tmp_path_factory.mktemp("course")
    for _ in range(2):
        assert gradebook.push(marks, course) == (NAME, 3)
    return course


def nbgrader(course, *words):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=course,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr


def test_nbgraders_exporter_writes_our_points_and_no_zero_for_the_unreadable(course):
    nbgrader(course, "export", "--to=exported.csv")
    rows = list(csv.DictReader((course / "exported.csv").open()))
    assert {row["student_id"]: float(row["score"]) for row in rows} == SCORES
    assert {float(row["max_score"]) for row in rows} == {FULL}


def test_a_score_somebody_gave_by_hand_stays(course, marks):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        given = book.find_grade("check-1-3", NAME, NAME, "ben")
        given.manual_score = 1.5
        book.db.commit()
        gradebook.push(marks, course)
        book.db.expire_all()
        assert book.find_submission(NAME, "ben").score == SCORES["ben"] + 1.5
        given.manual_score = None
        book.db.commit()


def test_nbgraders_feedback_shows_what_we_said_and_runs_nothing(course):
    nbgrader(course, "generate_feedback", NAME)
    page = (course / "feedback" / "ben" / NAME / f"{NAME}.html").read_text(encoding="utf-8")
    assert submissions.MISTAKE.text in page
    anna = (course / "feedback" / "anna" / NAME / f"{NAME}.html").read_text(encoding="utf-8")
    assert "<script>alert" not in anna


def test_its_formgrader_lists_the_submissions_and_opens_one(course):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--IdentityProvider.token=x", f"--ServerApp.root_dir={course}"]
    on = {"nbgrader.server_extensions.formgrader": True}
    command += [f"--ServerApp.jpserver_extensions={on}"]
    environment = os.environ | {"JUPYTER_CONFIG_DIR": str(course / "config")}
    with open(course / "server.log", "w") as log:
        server = subprocess.Popen(command, cwd=course, env=environment, stdout=log, stderr=log)

    def get(path):
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/formgrader/{path}", headers={"Authorization": "token x"}
        )
        return urllib.request.urlopen(request, timeout=30).read().decode()

    try:
        for _ in range(120):
            try:
                listed = json.loads(get(f"api/submissions/{NAME}"))
                break
            except OSError:
                assert server.poll() is None, (course / "server.log").read_text()
                time.sleep(0.5)
        scores = {s["student"]: s["score"] for s in listed}
        assert scores == SCORES
        assert all(s["autograded"] and not s["needs_manual_grade"] for s in listed)
        notebooks = json.loads(get(f"api/submitted_notebooks/{NAME}/{NAME}"))
        ben = next(n for n in notebooks if n["student"] == "ben")
        page = get(f"submissions/{ben['id']}/")
        assert submissions.MISTAKE.text in page
        anna = next(n for n in notebooks if n["student"] == "anna")
        assert "<script>alert" not in get(f"submissions/{anna['id']}/")
    finally:
        server.terminate()
        server.wait(30)


def test_marks_go_into_an_assignment_that_nbgrader_made_itself(released, marks, tmp_path_factory):
    from nbgrader.api import Gradebook

    _, _, root = released
    gradebook.push(marks, root, "feed_forward")
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        assert {
            s.student.id: s.score for s in book.assignment_submissions("feed_forward")
        } == SCORES


def test_why_marks_cannot_be_pushed_is_one_sentence(marks, tmp_path, monkeypatch):
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "gradebook.db").write_text("no database")
    for out, course, words in (
        (tmp_path, tmp_path, "no results.jsonl"),
        (marks, tmp_path / "nowhere", "no nbgrader course"),
        (marks, tmp_path / "course", "does not open"),
    ):
        with pytest.raises(GradingError, match=words) as caught:
            gradebook.push(out, course)
        assert "\n" not in str(caught.value)
    monkeypatch.setitem(sys.modules, "nbgrader.api", None)  # what Python does for a missing package
    with pytest.raises(GradingError, match="not installed"):
        gradebook.push(marks, tmp_path)
