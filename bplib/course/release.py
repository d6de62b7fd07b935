"""The course for students, as one zip: no solution, no reference, no wrong answer is in it.

Lessons and exercises are all there, and so is the check: it compares salted digests (see
bplib.exercises.sealed), so it still names a mistake.
"""

import json
import re
import secrets
import zipfile
from pathlib import Path

import bplib
from bplib.course import authoring
from bplib.course.authoring import CourseError
from bplib.exercises import sealed

TOP = "bplib-course"  # the folder in the zip
ROOT = Path(bplib.__file__).parents[1]
WITHHELD = {"grading", "course", "cli.py", "__pycache__"}  # of bplib: the teacher's part
SECTIONS = (
    "build-system",
    "project",
    "tool.setuptools.packages.find",
    "tool.setuptools.package-data",
)
README = """# Backpropagation, by doing it

You need Python 3.11 or newer. Open a terminal in this folder and write

```
python3 start.py lab
```

(`python start.py lab` on Windows). The first time, this installs everything; that takes a minute or
several. Then JupyterLab opens lesson 1. Read a lesson in `notebooks/`, then solve {exercises}.

The exercises check themselves: run the cell below your answer. Stuck? `hint("1.1")` helps.
Hand in the notebook from `exercises/`, saved, as your teacher says.

The code is under the BSD 3-Clause licence (LICENSE), the texts are under CC BY 4.0, both by the
bplib authors.
"""


def release(out, course, lesson=None):
    """Write the zip into the folder out.   ->  its path, and the number of exercises

    course : authoring.Course of all lessons;  lesson : "01", or None for every exercise notebook
    CourseError, in one sentence, when the course is not built or out cannot be written.
    """
    if lesson is not None and lesson not in course.exercises:
        known = ", ".join(course.exercises)
        raise CourseError(f"There is no lesson {lesson}; there are {known}.")
    files, salt = _files(course, lesson), secrets.token_hex(8)
    for number, exercises in course.exercises.items():
        files[f"bplib/exercises/{_module(exercises)}.py"] = _sealed(number, exercises, salt)
    path = Path(out) / (f"bplib-lesson-{lesson}.zip" if lesson else "bplib-course.zip")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as pack:
            for name, data in sorted(files.items()):
                pack.writestr(zipfile.ZipInfo(f"{TOP}/{name}"), data, zipfile.ZIP_DEFLATED)
    except OSError as error:
        raise CourseError(f"{path} cannot be written: {error.strerror or error}.") from None
    return path, sum(len(e) for n, e in course.exercises.items() if lesson in (None, n))


def _files(course, lesson):
    """{name in the zip: bytes} of everything but the exercises' modules."""
    files = {}
    try:
        for path in sorted((ROOT / "bplib").rglob("*")):
            name = path.relative_to(ROOT / "bplib")
            if path.is_file() and not WITHHELD & set(name.parts):
                files[f"bplib/{name.as_posix()}"] = path.read_bytes()
        for exercises in course.exercises.values():
            del files[f"bplib/exercises/{_module(exercises)}.py"]
        for path in sorted((course.root / "notebooks").glob("*.ipynb")):
            files[f"notebooks/{path.name}"] = path.read_bytes()
        for path in sorted((course.root / "solutions").glob("*.ipynb")):
            if lesson in (None, path.name[:2]):
                text = _unsolved(path, course.exercises[path.name[:2]])
                files[f"exercises/{path.name}"] = text.encode()
        for name in ("start.py", "LICENSE"):
            files[name] = (ROOT / name).read_bytes()
        files["pyproject.toml"] = _pyproject((ROOT / "pyproject.toml").read_text("utf-8")).encode()
    except OSError as error:
        raise CourseError(f"A release is made in a clone of the course: {error}.") from None
    names = [name for name in files if name.startswith("exercises/")]
    if not names or not any(name.startswith("notebooks/") for name in files):
        raise CourseError(f"There are no built notebooks in {course.root}: run `bplib build`.")
    where = f"`{names[0]}`" if len(names) == 1 else "the notebook of the same name in `exercises/`"
    files["README.md"] = README.format(exercises=where).encode()
    return files


def _module(exercises):
    """The name of the module that these exercises live in."""
    return next(iter(exercises.values())).f.__module__.rpartition(".")[2]


def _sealed(number, exercises, salt):
    """The source of a module of exercises without answers."""
    records = [sealed.seal(exercise, salt) for exercise in exercises.values()]
    lines = [
        f'"""The exercises of lesson {int(number)}, without their answers."""',
        "",
        "from bplib.exercises.sealed import unseal",
        "",
        f"vars().update(unseal({json.dumps(records)!r}))",
        "",
    ]
    return "\n".join(lines).encode()


def _unsolved(path, exercises):
    """The exercise notebook, from the solved one: the one in exercises/ may be somebody's own."""
    notebook = json.loads(path.read_text("utf-8"))
    cells = {cell.get("id"): cell for cell in notebook["cells"]}
    for id, exercise in exercises.items():
        key = f"answer-{id.replace('.', '-')}"
        if key not in cells:
            raise CourseError(f"solutions/{path.name} has no cell {key}: run `bplib build`.")
        cells[key]["source"] = exercise.stub.splitlines(keepends=True)
    return authoring._dump(notebook["cells"])


def _pyproject(text):
    """Of pyproject.toml only what installs the course; the command belongs to the teacher."""
    parts = re.split(r"^(?=\[)", text, flags=re.MULTILINE)
    return "".join(part for part in parts if part.split("]")[0].strip("[") in SECTIONS)
