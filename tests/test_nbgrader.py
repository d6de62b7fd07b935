"""Our notebooks in the hands of nbgrader itself: a school that uses it can use them as they are."""

import logging
import os
import sys
from pathlib import Path

import nbformat
import pytest

from bplib.course import authoring
from bplib.exercises import core

pytest.importorskip("nbgrader", reason="nbgrader is not installed: pip install -e '.[test]'")

from nbgrader.apps import NbGraderAPI
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.validator import Validator
from traitlets.config import Config

REPO = Path(__file__).parents[1]
POINTS = {e.id: e.points for e in core.exercises("01").values()}


@pytest.fixture(scope="module")
def built():
    course = authoring.Course(REPO, {n: core.exercises(n) for n in core.LESSONS})
    return authoring.notebooks(course)


@pytest.fixture(scope="module")
def released(built, tmp_path_factory):
    """The student version that nbgrader makes of our solution notebook."""
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
    return nbformat.read(path, as_version=4), points


def validate(text, folder):
    """What `nbgrader validate` finds.   ->  sources of the check cells that fail"""
    path = folder / "01_feed_forward.ipynb"
    path.write_text(text, encoding="utf-8", newline="\n")
    validator = Validator()
    validator.log.setLevel(logging.ERROR)
    result = validator.validate(str(path))
    assert set(result) <= {"failed"}, result
    return [cell["source"] for cell in result.get("failed", [])]


@pytest.mark.parametrize("folder", ["exercises", "solutions"])
def test_the_metadata_is_what_nbgraders_schema_asks_for(built, folder):
    notebook = nbformat.reads(built[f"{folder}/01_feed_forward.ipynb"], as_version=4)
    MetadataValidator().validate_nb(notebook)


def test_generate_assignment_blanks_every_answer_and_keeps_our_ids(released, built):
    notebook, _ = released
    solved = nbformat.reads(built["solutions/01_feed_forward.ipynb"], as_version=4)
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in solved.cells]
    for before, after in zip(solved.cells, notebook.cells, strict=True):
        if before.id.startswith("answer-"):
            assert "SOLUTION" in before.source and "SOLUTION" not in after.source
            assert "raise NotImplementedError" in after.source
        else:
            assert after.source == before.source


def test_generate_assignment_puts_our_points_into_its_gradebook(released):
    _, points = released
    assert points == {f"check-{id.replace('.', '-')}": n for id, n in POINTS.items()}


def test_validate_fails_every_check_of_an_untouched_notebook(released, built, tmp_path):
    checks = [f'check("{e.id}", {e.name})' for e in core.exercises("01").values()]
    assert validate(built["exercises/01_feed_forward.ipynb"], tmp_path) == checks
    assert validate(nbformat.writes(released[0]), tmp_path) == checks


def test_validate_passes_a_solved_notebook(built, tmp_path):
    assert validate(built["solutions/01_feed_forward.ipynb"], tmp_path) == []
