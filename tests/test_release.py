"""The zip for students: nothing in it is an answer, and its check still names every mistake."""

import ast
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bplib.cli import app
from bplib.course import authoring, release
from bplib.exercises import core, sealed
from bplib.exercises.core import _parts

REPO = Path(__file__).parents[1]
ALL = {n: core.exercises(n) for n in core.LESSONS}
COURSE = authoring.Course(REPO, ALL)
EVERY = [exercise for exercises in ALL.values() for exercise in exercises.values()]
JUDGE = """
import json, sys
from pathlib import Path
import bplib, bplib.exercises as learner
from bplib.exercises import check, hint, solution, progress
said = {"from": bplib.__file__, "verdicts": []}
for id, name, imports, source in json.load(sys.stdin):
    names = {}
    exec(imports, names)
    exec(source, names)
    found = check(id, names[name])
    said["verdicts"].append([id, found.outcome, found.misconception])
said["hint"] = str(hint("1.1", 3))
said["solution"] = str(solution("1.1"))
said["progress"] = str(progress())
json.dump(said, sys.stdout)
"""


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """The zip as a student unpacks it."""
    folder = tmp_path_factory.mktemp("release")
    path, count = release.release(folder, COURSE)
    assert count == len(EVERY)
    with zipfile.ZipFile(path) as pack:
        pack.extractall(folder)
    return folder / release.TOP


@pytest.fixture(scope="module")
def records(released):
    """What the zip holds of the exercises, one text per lesson."""
    modules = [ast.parse(path.read_text("utf-8")) for path in released.glob("bplib/exercises/*.py")]
    strings = [
        node.value
        for module in modules
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return [text for text in strings if text.startswith('[{"id":')]


@pytest.fixture(scope="module")
def unsealed(records):
    """Every exercise as a student has it, beside ours."""
    students = {s.id: s for text in records for s in sealed.unseal(text).values()}
    return [(students[exercise.id], exercise) for exercise in EVERY]


def verdict(student, exercise, f):
    cases = student.draw(1)
    return sealed.diagnose(student, cases, exercise.run(f, cases))


def test_no_answer_right_or_wrong_is_in_the_zip(released, records):
    files = [path for path in released.rglob("*") if path.is_file()]
    names = {path.relative_to(released).as_posix() for path in files}
    assert {name.split("/")[0] for name in names if "/" in name} == {
        "bplib",
        "exercises",
        "notebooks",
    }
    assert not any(name.startswith(("bplib/grading", "bplib/course")) for name in names)
    assert len(records) == len(ALL)
    cells = [
        "".join(cell["source"])
        for path in released.glob("exercises/*.ipynb")
        for cell in json.loads(path.read_text("utf-8"))["cells"]
    ]
    texts = [*cells, *(text.replace(r"\n", "\n").replace(r"\"", '"') for text in records)]
    for exercise in EVERY:
        wrong = [m.body or _parts(m.f)[2] for m in exercise.misconceptions]
        wrong = [body for body in wrong if len(body) > 40]  # "return a" may stand anywhere
        for body in filter(None, [exercise.body, *wrong]):
            assert not any(body in text for text in texts), f"{exercise.id}: {body}"
    assert not any("SOLUTION" in cell for cell in cells)


def test_the_exercise_notebooks_are_those_that_the_build_makes(released):
    built = authoring.notebooks(COURSE)
    for lesson, name in core.LESSONS.items():
        path = f"exercises/{lesson}_{name}.ipynb"
        assert (released / path).read_text("utf-8") == built[path]


def test_a_student_with_nothing_but_the_zip_hears_the_name_of_each_mistake(released, tmp_path):
    """A new Python in that folder; answers go in as text, as they would be typed."""
    asked, expected = [], []
    for lesson, exercises in ALL.items():
        path = released / "exercises" / f"{lesson}_{core.LESSONS[lesson]}.ipynb"
        cells = json.loads(path.read_text("utf-8"))["cells"]
        plain = [c for c in cells if c["cell_type"] == "code" and "nbgrader" not in c["metadata"]]
        imports = "\n".join("".join(cell["source"]) for cell in plain)
        for e in exercises.values():
            first = e.misconceptions[0]
            answers = [e.stub, e.wrong(first), e.answer]
            asked += [(e.id, e.name, imports, source) for source in answers]
            expected += [[e.id, "not attempted", None], first.id, [e.id, "correct", None]]
    run = subprocess.run(
        [sys.executable, "-c", JUDGE],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        cwd=released,
        env={k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}
        | {"PYTHONPATH": str(released), "BPLIB_HOME": str(tmp_path)},
    )
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout.splitlines()[-1])
    assert Path(said["from"]).is_relative_to(released)
    for found, right in zip(said["verdicts"], expected, strict=True):
        assert (found[2] if isinstance(right, str) else found) == right
    assert ALL["01"]["1.1"].hints[2] in said["hint"]
    assert "Your teacher has the solutions" in said["solution"]
    total = sum(exercise.points for exercise in EVERY)
    assert said["progress"].startswith(f"{total} of {total} points")


def test_every_known_mistake_is_named_from_its_digest_and_every_right_answer_accepted(unsealed):
    for student, exercise in unsealed:
        for f in (exercise.f, *exercise.equivalents):
            assert verdict(student, exercise, f).outcome == "correct", exercise.id
        for wrong in exercise.misconceptions:
            found = verdict(student, exercise, wrong.f)
            assert (found.misconception, found.outcome == "correct") == (wrong.id, False)
            assert wrong.text in found.text and wrong.ask in found.text


OTHERS = {
    "twice": (lambda w, x, b: 2 * (w @ x + b), "everywhere exactly twice the right one"),
    "float32": (
        lambda w, x, b: np.float32((w @ x + b) * (1 + 3e-6)),
        "as many as can be compared in float32",
    ),
    "three digits": (lambda w, x, b: (w @ x + b) * 1.00001, "right to three digits"),
    "none": (lambda w, x, b: None, "returned None"),
    "a list": (lambda w, x, b: [w @ x, b], "Your"),
    "raises": (lambda w, x, b: w @ x[:-1], "inner sizes of a matrix product differ"),
    "not finite": (lambda w, x, b: np.inf, "infinity"),
    "a new mistake": (lambda w, x, b: w @ x + b * b, "Evidence: your `z` is not right when"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_mistake_nobody_knows_gets_evidence_without_the_value(unsealed, name):
    f, words = OTHERS[name]
    student, exercise = unsealed[0]
    found = verdict(student, exercise, f)
    assert words in found.text
    assert (found.outcome == "correct") == (name == "float32")
    assert "should be" not in found.text


def test_a_measured_slope_is_still_told_from_a_formula(unsealed):
    far = [(s, e) for s, e in unsealed if e.far_count]
    assert far
    for student, exercise in far:
        cases = student.draw(1)
        found = exercise.expected(cases)
        near = len(cases) - exercise.far_count
        spoiled = [
            o._replace(tensors={k: q + (i >= near) * (1 + np.abs(q)) for k, q in o.tensors.items()})
            for i, o in enumerate(found)
        ]
        assert sealed.diagnose(student, cases, spoiled).misconception == "FD", exercise.id


def test_two_releases_share_no_digest(tmp_path):
    exercise = EVERY[0]
    one, other = (sealed.seal(exercise, salt) for salt in ("a", "b"))
    assert one["right"] != other["right"]
    assert one["cases"] == other["cases"]


def test_a_release_of_one_lesson_holds_its_exercises_and_all_lessons_to_read(tmp_path):
    path, count = release.release(tmp_path, COURSE, "02")
    with zipfile.ZipFile(path) as pack:
        names = pack.namelist()
        readme = pack.read(f"{release.TOP}/README.md").decode()
    assert count == len(ALL["02"])
    assert [n for n in names if "/exercises/" in n and n.endswith("ipynb")] == [
        f"{release.TOP}/exercises/02_error_backprop.ipynb"
    ]
    assert sum("/notebooks/" in n for n in names) == len(ALL)
    assert "exercises/02_error_backprop.ipynb" in readme


def test_what_installs_the_course_is_kept_and_the_teachers_commands_are_not(released):
    text = (released / "pyproject.toml").read_text("utf-8")
    ours = tomllib.loads((REPO / "pyproject.toml").read_text("utf-8"))
    project = tomllib.loads(text)["project"]
    assert project["dependencies"] == ours["project"]["dependencies"]
    assert not {"scripts", "entry-points", "optional-dependencies"} & project.keys()
    assert tomllib.loads(text)["build-system"] == ours["build-system"]


def test_what_cannot_be_released_is_said_in_one_sentence(tmp_path):
    (tmp_path / "taken").write_text("")
    short = authoring.Course(REPO, {"01": ALL["01"]})
    for out, course, lesson, words in (
        (tmp_path, COURSE, "99", "no lesson 99"),
        (tmp_path / "taken", short, "01", "cannot be written"),
        (tmp_path, authoring.Course(tmp_path, ALL), None, "run `bplib build`"),
    ):
        with pytest.raises(authoring.CourseError, match=words) as caught:
            release.release(out, course, lesson)
        assert "\n" not in str(caught.value)


def test_the_command_writes_a_zip_and_says_where(tmp_path, monkeypatch):
    monkeypatch.chdir(REPO)
    monkeypatch.setattr(core, "LESSONS", {"01": core.LESSONS["01"]})  # or it takes its time
    run = CliRunner().invoke(app, ["release", "--out", str(tmp_path), "01"])
    assert run.exit_code == 0, run.output
    assert (tmp_path / "bplib-lesson-01.zip").exists()
    assert "bplib-lesson-01.zip: 8 exercises" in run.stdout.replace("\n", "")
    missing = CliRunner().invoke(app, ["release", "--out", str(tmp_path), "99"])
    assert (missing.exit_code, missing.stderr.count("\n")) == (1, 1)
