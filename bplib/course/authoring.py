"""Percent scripts in source/ -> notebooks for learners, the same bytes on every run.

    source/lessons/01_x.py     ->  notebooks/01_x.ipynb
    source/exercises/01_x.py   ->  exercises/01_x.ipynb (stubs), solutions/01_x.ipynb (solved)

An exercise is anything with id, points, name, stub and solved; in its script it is one empty
cell,  # %% exercise="1.3".  The notebooks are valid nbgrader assignments (metadata schema 3).
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

BUILT = ("notebooks", "exercises", "solutions")
ALLOWED = {"exercise", "tags"}  # what a "# %%" line may say
JUPYTEXT = {"cell_marker", "lines_to_next_cell", "lines_to_end_of_cell_marker"}  # its own notes
PERCENT = {"extension": ".py", "format_name": "percent", "comment_magics": False}
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


class CourseError(Exception):
    """A mistake in the sources, said in one sentence."""


class Course(NamedTuple):
    """root : the folder that holds source/,  exercises : {"01": {"1.1": exercise, ...}, ...}"""

    root: Path
    exercises: Mapping[str, Mapping[str, Any]]


def notebooks(course):
    """The text of every notebook of the course.   ->  {"notebooks/01_x.ipynb": text, ...}

    CourseError when a source cannot be built.
    """
    texts = {}
    for path in _scripts(course, "lessons"):
        texts[f"notebooks/{path.stem}.ipynb"] = _dump(_plain_cells(path))
    seen = set()
    for path in _scripts(course, "exercises"):
        lesson = path.stem[:2]
        seen.add(lesson)
        cells = _read(path)
        exercises = _used(path, cells, course.exercises.get(lesson, {}))
        for folder in ("exercises", "solutions"):
            built = _with_exercises(cells, exercises, solved=folder == "solutions")
            texts[f"{folder}/{path.stem}.ipynb"] = _dump(built)
    for lesson, exercises in course.exercises.items():
        if lesson not in seen and exercises:
            raise CourseError(f"source/exercises has no script for lesson {lesson}.")
    return texts


def build(course):
    """Write what is not up to date.   ->  names of the files written

    CourseError when a notebook in exercises/ has been run: it may hold somebody's answers.
    """
    texts = notebooks(course)
    changed = [name for name, text in texts.items() if _text(course.root / name) != text]
    for name in changed:
        if name.startswith("exercises/") and _has_been_run(course.root / name):
            raise CourseError(f"{name} has been run and may hold answers: move it away first.")
    for name in changed:
        path = course.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(texts[name], encoding="utf-8", newline="\n")
    return changed


def stale(course):
    """One sentence for every built notebook that is missing, out of date or left over."""
    texts = notebooks(course)
    found = []
    for name, text in texts.items():
        now = _text(course.root / name)
        if now is None:
            found.append(f"{name} is missing.")
        elif now != text:
            found.append(f"{name} is stale: it is not what its source builds.")
    return found + leftovers(course, texts)


def leftovers(course, texts):
    """One sentence for every notebook NN_*.ipynb that no source builds."""
    paths = [p for folder in BUILT for p in sorted((course.root / folder).glob("*.ipynb"))]
    names = [f"{p.parent.name}/{p.name}" for p in paths if re.match(r"\d\d_", p.name)]
    return [f"{name} is left over: it has no source." for name in names if name not in texts]


def _scripts(course, kind):
    folder = course.root / "source" / kind
    if not folder.is_dir():
        raise CourseError(
            f"There is no source/{kind} in {course.root}: build in the folder that holds source/."
        )
    paths = sorted(folder.glob("*.py"))
    for path in paths:
        if not re.fullmatch(r"\d\d_\w+", path.stem):
            raise CourseError(f"{_name(path)} must be called NN_name.py.")
    return paths


def _read(path):
    """The cells of a percent script as jupytext finds them."""
    try:
        import jupytext
    except ImportError as error:
        raise CourseError(
            "Building notebooks needs jupytext: pip install -e '.[test]' brings it."
        ) from error
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CourseError(f"{_name(path)} is not UTF-8 text.") from error
    cells = jupytext.reads(text, PERCENT).cells
    for cell in cells:
        cell.metadata = {k: v for k, v in cell.metadata.items() if k not in JUPYTEXT}
        unknown = ", ".join(sorted(set(cell.metadata) - ALLOWED))
        if unknown:
            raise CourseError(
                f'{_name(path)}: a "# %%" line says {unknown}; it may only say exercise or tags.'
            )
    return cells


def _plain_cells(path):
    cells = _read(path)
    for cell in cells:
        if "exercise" in cell.metadata:
            id = cell.metadata["exercise"]
            raise CourseError(f"{_name(path)}: exercise {id} belongs in source/exercises.")
    return _identified([_cell(c.cell_type, c.source, c.metadata) for c in cells])


def _used(path, cells, known):
    """The exercises of this lesson by id, once it is sure that each has exactly one empty cell."""
    used = []
    for cell in cells:
        id = cell.metadata.get("exercise")
        if id is None:
            continue
        if id not in known:
            ids = ", ".join(known) or "none"
            raise CourseError(f"{_name(path)}: there is no exercise {id!r} here; known: {ids}.")
        if id in used:
            raise CourseError(f"{_name(path)}: exercise {id} is used twice.")
        if cell.cell_type != "code" or cell.source.strip():
            raise CourseError(
                f"{_name(path)}: the cell of exercise {id} must be an empty code cell."
            )
        used.append(id)
    unused = [id for id in known if id not in used]
    if unused:
        raise CourseError(f"{_name(path)}: no cell uses exercise {', '.join(unused)}.")
    return known


def _with_exercises(cells, exercises, solved):
    """Every exercise cell becomes an answer cell and the check cell that judges it."""
    built = []
    for cell in cells:
        if "exercise" in cell.metadata:
            exercise = exercises[cell.metadata["exercise"]]
            built.append(_answer(exercise, solved))
            built.append(_check(exercise))
        else:
            built.append(_cell(cell.cell_type, cell.source, cell.metadata))
    return _identified(built)


def _answer(exercise, solved):
    """nbgrader's "autograded answer": the learner may change it, not delete it."""
    source = exercise.solved if solved else exercise.stub
    cell = _cell("code", source, {"deletable": False})
    return _nbgrader(cell, f"answer-{_dashed(exercise.id)}", solution=True)


def _check(exercise):
    """nbgrader's "autograder tests": worth the points, and locked."""
    source = f'check("{exercise.id}", {exercise.name})'
    cell = _cell("code", source, {"deletable": False, "editable": False})
    id = f"check-{_dashed(exercise.id)}"
    return _nbgrader(cell, id, grade=True, locked=True, points=exercise.points)


def _nbgrader(cell, id, **flags):
    cell["id"] = id
    cell["metadata"]["nbgrader"] = {
        "cell_type": "code",
        "grade": False,
        "grade_id": id,
        "locked": False,
        "schema_version": 3,
        "solution": False,
        "task": False,
        **flags,
    }
    return cell


def _cell(cell_type, source, metadata):
    lines = source.strip("\n").rstrip().splitlines(keepends=True)
    cell = {"cell_type": cell_type, "metadata": dict(metadata), "source": lines}
    return cell | ({"execution_count": None, "outputs": []} if cell_type == "code" else {})


def _identified(cells):
    """Cells with ids from their first words: a rebuild, or a change elsewhere, keeps them."""
    taken = {cell["id"] for cell in cells if "id" in cell}
    for cell in cells:
        if "id" not in cell:
            words = (
                _dashed("".join(cell["source"][:1]).lower())[:40].strip("-") or cell["cell_type"]
            )
            copies = (f"{words}-{n}" for n in range(2, len(cells) + 2))
            cell["id"] = words if words not in taken else next(c for c in copies if c not in taken)
            taken.add(cell["id"])
    return cells


def _dashed(text):
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")


def _dump(cells):
    """nbformat 4.5 as Jupyter writes it: sorted keys, one space, real letters, a last newline."""
    notebook = {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _text(path):
    """A file's text with "\\n" for every line ending (git may have changed them), or None."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _has_been_run(path):
    try:
        cells = json.loads(_text(path) or "{}").get("cells", [])
        return any(cell.get("execution_count") or cell.get("outputs") for cell in cells)
    except (ValueError, AttributeError):
        return False


def _name(path):
    return "/".join(path.parts[-3:])
