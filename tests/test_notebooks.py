"""Exercise notebooks under plain nbval, as a teacher without our grader would run them.

Solutions are run by nbval itself in the main test command, lessons by test_lessons.py.
"""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bplib import probe
from bplib.course import authoring
from bplib.exercises import core
from bplib.exercises.diagnosis import diagnose

REPO = Path(__file__).parents[1]
EXERCISES = core.exercises("01")


@pytest.fixture(scope="module")
def built():
    course = authoring.Course(REPO, {n: core.exercises(n) for n in core.LESSONS})
    return authoring.notebooks(course)


@pytest.fixture(scope="module")
def untouched(built):
    return built["exercises/01_feed_forward.ipynb"]


def answered(text, answers):
    """The notebook after somebody typed these answers.   answers : {"1.1": source, ...}"""
    notebook = json.loads(text)
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    for id, source in answers.items():
        cells[f"answer-{id.replace('.', '-')}"]["source"] = source
    return json.dumps(notebook)


def patient(command, folder):
    """Once more if nbval hangs: it waits for ever for a kernel that ended while it started."""
    run = partial(subprocess.run, command, cwd=folder, capture_output=True, text=True, timeout=180)
    try:
        return run()
    except subprocess.TimeoutExpired:
        return run()


def nbval(texts, folder):
    """pytest --nbval-lax on these notebooks.

    texts : {"01_feed_forward.ipynb": text, ...}
    ->  {"01_feed_forward.ipynb": {cell id: None or what was said}, ...}
    """
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    options = ["--nbval-lax", "--nbval-cell-timeout=60", "-p", "no:cacheprovider"]
    command = [*options, "--junitxml=report.xml", *texts]
    run = patient([sys.executable, "-m", "pytest", *command], folder)
    assert run.returncode in (0, 1), run.stdout + run.stderr
    said = [
        None if case.find("failure") is None else case.find("failure").text
        for case in ElementTree.parse(folder / "report.xml").iter("testcase")
    ]
    code = [
        (name, cell["id"])
        for name, text in texts.items()
        for cell in json.loads(text)["cells"]
        if cell["cell_type"] == "code"
    ]
    verdicts = {name: {} for name in texts}
    for (name, id), words in zip(code, said, strict=True):
        verdicts[name][id] = words
    return verdicts


def failed(verdicts):
    return {id for id, words in verdicts.items() if words}


@pytest.fixture(scope="module")
def refused(built, tmp_path_factory):
    """What nbval says of every untouched notebook, from one run."""
    names = [f"{number}_{name}.ipynb" for number, name in core.LESSONS.items()]
    return nbval(
        {name: built[f"exercises/{name}"] for name in names}, tmp_path_factory.mktemp("untouched")
    )


@pytest.mark.parametrize("lesson", core.LESSONS)
def test_of_an_untouched_notebook_exactly_the_check_cells_fail(refused, lesson):
    verdicts = refused[f"{lesson}_{core.LESSONS[lesson]}.ipynb"]
    assert failed(verdicts) == {f"check-{id.replace('.', '-')}" for id in core.exercises(lesson)}
    assert all("not attempted" in verdicts[id] for id in failed(verdicts))


def test_a_right_answer_passes_and_a_wrong_one_fails_with_its_name(untouched, tmp_path):
    right, wrong = EXERCISES["1.1"], EXERCISES["1.3"]
    mistake = wrong.misconceptions[0]
    answers = {"1.1": right.solved, "1.3": wrong.wrong(mistake)}
    text = answered(untouched, answers)
    (verdicts,) = nbval({"01_feed_forward.ipynb": text}, tmp_path).values()
    assert failed(verdicts) == {f"check-1-{n}" for n in range(2, len(EXERCISES) + 1)}
    assert "not yet" in verdicts["check-1-3"] and mistake.text in verdicts["check-1-3"]


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_every_wrong_answer_typed_into_the_notebook_is_refused_by_name(untouched, exercise):
    """As source, with no more names than the notebook itself imports."""
    cells = json.loads(untouched)["cells"]
    plain = [c for c in cells if c["cell_type"] == "code" and "nbgrader" not in c["metadata"]]
    imports = "\n".join("".join(cell["source"]) for cell in plain)
    cases = exercise.draw(0)

    def verdict(source):
        names = {}
        exec(imports, names)
        exec(source, names)
        found = probe.outcomes(names[exercise.name], cases, exercise.puzzle)
        return diagnose(exercise, cases, found)

    assert verdict(exercise.solved).outcome == "correct"
    assert verdict(exercise.stub).outcome == "not attempted"
    for misconception in exercise.misconceptions:
        found = verdict(exercise.wrong(misconception))
        assert (found.outcome == "correct", found.misconception) == (False, misconception.id)
