"""The builder, tried on a course about cooking (it must know no maths) and on our own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

from bplib.course import authoring, kill
from bplib.exercises import core

REPO = Path(__file__).parents[1]


class Recipe(NamedTuple):
    """An exercise that is no mathematics."""

    id: str
    points: int
    name: str
    stub: str
    solved: str


COOKING = {
    "01": {
        "1.1": Recipe(
            "1.1",
            2,
            "tea",
            "def tea(water, leaves):\n    raise NotImplementedError",
            "def tea(water, leaves):\n    ### BEGIN SOLUTION\n    return f'{water} on {leaves}'\n"
            "    ### END SOLUTION",
        ),
        "1.2": Recipe(
            "1.2",
            1,
            "order",
            "order = ''",
            "### BEGIN SOLUTION\norder = 'CAB'\n### END SOLUTION",
        ),
    }
}

LESSON = """\
# %% [markdown]
# # 차 한 잔 — a cup of tea
#
# Water first?

# %% tags=["play"]
print("é")

# %%
print("é")

# %% [markdown]
# 물
"""

EXERCISES = """\
# %% [markdown]
# # Your turn

# %%
from kitchen import check

# %% [markdown]
# Answer 1.1

# %% exercise="1.1"

# %% [markdown]
# Now the order.

# %% exercise="1.2"
"""


@pytest.fixture
def cooking(tmp_path):
    for kind, text in [("lessons", LESSON), ("exercises", EXERCISES)]:
        folder = tmp_path / "source" / kind
        folder.mkdir(parents=True)
        (folder / "01_tea.py").write_text(text, encoding="utf-8")
    return authoring.Course(tmp_path, COOKING)


@pytest.fixture(scope="module")
def ours():
    return authoring.Course(REPO, {n: core.exercises(n) for n in core.LESSONS})


@pytest.fixture(scope="module")
def our_notebooks(ours):
    return {name: json.loads(text) for name, text in authoring.notebooks(ours).items()}


def text_of(cell):
    return "".join(cell["source"])


def rewrite(course, kind, old, new):
    path = course.root / "source" / kind / "01_tea.py"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


# ---- a course about cooking ----------------------------------------------------------------------


def test_the_builder_loads_no_mathematics():
    program = "import sys, bplib.course.authoring; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_a_course_on_cooking_builds_into_three_folders(cooking):
    built = authoring.build(cooking)
    assert built == [f"{folder}/01_tea.ipynb" for folder in authoring.BUILT]
    student = json.loads((cooking.root / "exercises/01_tea.ipynb").read_text(encoding="utf-8"))
    assert [cell["id"] for cell in student["cells"]] == [
        "your-turn",
        "from-kitchen-import-check",
        "answer-1-1-2",  # prose never takes the id of an answer
        "answer-1-1",
        "check-1-1",
        "now-the-order",
        "answer-1-2",
        "check-1-2",
    ]
    assert text_of(student["cells"][3]) == COOKING["01"]["1.1"].stub
    assert text_of(student["cells"][4]) == 'check("1.1", tea)'
    solved = json.loads((cooking.root / "solutions/01_tea.ipynb").read_text(encoding="utf-8"))
    assert text_of(solved["cells"][3]) == COOKING["01"]["1.1"].solved


def test_answers_and_checks_carry_the_metadata_of_nbgrader(cooking):
    cells = json.loads(authoring.notebooks(cooking)["exercises/01_tea.ipynb"])["cells"]
    answer, check = cells[3]["metadata"], cells[4]["metadata"]
    same = {"cell_type": "code", "schema_version": 3, "task": False}
    assert answer["nbgrader"] == same | {
        "grade": False, "solution": True, "locked": False, "grade_id": "answer-1-1",
    }  # fmt: skip
    assert check["nbgrader"] == same | {
        "grade": True, "solution": False, "locked": True, "grade_id": "check-1-1", "points": 2,
    }  # fmt: skip
    assert (check["deletable"], check["editable"]) == (False, False)
    assert "editable" not in answer


def test_a_lesson_keeps_its_letters_its_tags_and_one_id_per_cell(cooking):
    text = authoring.notebooks(cooking)["notebooks/01_tea.ipynb"]
    assert "차 한 잔 — a cup" in text and text.endswith("}\n") and not text.endswith("\n\n")
    cells = json.loads(text)["cells"]
    assert [cell["id"] for cell in cells] == ["a-cup-of-tea", "print", "print-2", "markdown"]
    assert cells[1]["metadata"] == {"tags": ["play"]}


def test_a_second_build_has_nothing_to_do_and_a_fresh_one_gives_the_same_bytes(cooking):
    names = authoring.build(cooking)
    first = {name: (cooking.root / name).read_bytes() for name in names}
    assert authoring.build(cooking) == []
    for name in names:
        (cooking.root / name).unlink()
    authoring.build(cooking)
    assert {name: (cooking.root / name).read_bytes() for name in names} == first
    assert not any(b"\r" in content for content in first.values())


def test_windows_line_endings_in_a_source_change_nothing(cooking):
    before = authoring.notebooks(cooking)
    path = cooking.root / "source/lessons/01_tea.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert authoring.notebooks(cooking) == before


def test_stale_names_what_is_missing_changed_or_left_over_and_writes_nothing(cooking):
    authoring.build(cooking)
    root = cooking.root
    (root / "notebooks/01_tea.ipynb").unlink()
    (root / "exercises/07_soup.ipynb").write_text("{}")
    (root / "exercises/my own copy.ipynb").write_text("{}")
    rewrite(cooking, "exercises", "Your turn", "You cook")
    files = {path: path.read_bytes() for path in root.rglob("*.*") if path.is_file()}
    assert authoring.stale(cooking) == [
        "notebooks/01_tea.ipynb is missing.",
        "exercises/01_tea.ipynb is stale: it is not what its source builds.",
        "solutions/01_tea.ipynb is stale: it is not what its source builds.",
        "exercises/07_soup.ipynb is left over: it has no source.",
    ]
    assert {path: path.read_bytes() for path in root.rglob("*.*") if path.is_file()} == files


def test_an_exercise_notebook_somebody_works_in_is_not_overwritten(cooking):
    authoring.build(cooking)
    path = cooking.root / "exercises/01_tea.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"][3] |= {"source": ["def tea(w, l): return w"], "execution_count": 1}
    path.write_text(json.dumps(notebook), encoding="utf-8")
    rewrite(cooking, "lessons", "Water first", "Leaves first")
    lesson = (cooking.root / "notebooks/01_tea.ipynb").read_bytes()
    with pytest.raises(authoring.CourseError, match="01_tea.ipynb has been run and may hold"):
        authoring.build(cooking)
    assert json.loads(path.read_text(encoding="utf-8")) == notebook
    assert (cooking.root / "notebooks/01_tea.ipynb").read_bytes() == lesson  # all or nothing


@pytest.mark.parametrize(
    ("kind", "old", "new", "sentence"),
    [
        (
            "exercises",
            'exercise="1.2"',
            'exercise="1.9"',
            "no exercise '1.9' here; known: 1.1, 1.2",
        ),
        ("exercises", 'exercise="1.2"', "exercise=1.2", "there is no exercise 1.2 here"),
        ("exercises", 'exercise="1.2"', 'exercise="1\t2"', r"there is no exercise '1\\t2' here"),
        ("exercises", 'exercise="1.2"', 'exercise="1.1"', "exercise 1.1 is used twice"),
        ("exercises", '# %% exercise="1.2"', "", "no cell uses exercise 1.2"),
        ("exercises", 'exercise="1.2"', 'exercise="1.2"\norder = 1', "1.2 must be an empty code"),
        ("exercises", 'exercise="1.2"', 'excercise="1.2"', '"# %%" line says excercise; it may'),
        ("exercises", 'exercise="1.2"', "1.2", '"# %%" line says title; it may only'),
        ("lessons", 'tags=["play"]', 'exercise="1.1"', "1.1 belongs in source/exercises"),
    ],
)
def test_a_mistake_in_a_source_is_one_sentence_that_names_the_file(
    cooking, kind, old, new, sentence
):
    rewrite(cooking, kind, old, new)
    with pytest.raises(authoring.CourseError, match=sentence) as error:
        authoring.notebooks(cooking)
    message = str(error.value)
    assert message.startswith(f"source/{kind}/01_tea.py") and message.endswith(".")
    assert "\n" not in message


def test_a_lesson_whose_exercises_have_no_script_is_named(cooking):
    course = cooking._replace(exercises=COOKING | {"02": COOKING["01"]})
    with pytest.raises(authoring.CourseError, match="no script for lesson 02"):
        authoring.notebooks(course)


def test_a_source_with_a_strange_name_or_in_latin_1_is_named(cooking):
    folder = cooking.root / "source/lessons"
    (folder / "02_soup.py").write_bytes("# %%\nx = 'é'\n".encode("latin-1"))
    with pytest.raises(authoring.CourseError, match="02_soup.py is not UTF-8"):
        authoring.notebooks(cooking)
    (folder / "02_soup.py").rename(folder / "soup.py")
    with pytest.raises(authoring.CourseError, match="soup.py must be called NN_name.py"):
        authoring.notebooks(cooking)


def test_a_folder_without_sources_is_named(tmp_path):
    with pytest.raises(
        authoring.CourseError, match="There is no source/lessons in .* that holds source/"
    ):
        authoring.build(authoring.Course(tmp_path, COOKING))


# ---- our course ----------------------------------------------------------------------------------


def test_no_notebook_of_this_repository_is_stale(ours):
    assert authoring.stale(ours) == [], "run: bplib build"


def test_every_notebook_is_valid_nbformat_with_unique_ids_and_no_outputs(our_notebooks):
    for name, notebook in our_notebooks.items():
        nbformat.validate(notebook)
        assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
        ids = [cell["id"] for cell in notebook["cells"]]
        assert len(set(ids)) == len(ids), name
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        assert all(c["outputs"] == [] and c["execution_count"] is None for c in code), name


@pytest.mark.parametrize("lesson", core.LESSONS)
def test_student_and_solution_differ_in_the_answer_cells_only(our_notebooks, lesson):
    stem = f"{lesson}_{core.LESSONS[lesson]}.ipynb"
    student = our_notebooks[f"exercises/{stem}"]["cells"]
    solved = our_notebooks[f"solutions/{stem}"]["cells"]
    assert len(student) == len(solved)
    different = [a["id"] for a, b in zip(student, solved, strict=True) if a != b]
    assert different == [f"answer-{id.replace('.', '-')}" for id in core.exercises(lesson)]


@pytest.mark.parametrize("lesson", core.LESSONS)
def test_a_student_notebook_shows_no_line_of_a_solution(our_notebooks, lesson):
    stem = f"{lesson}_{core.LESSONS[lesson]}.ipynb"
    cells = our_notebooks[f"exercises/{stem}"]["cells"]
    shown = {line.strip() for cell in cells for line in text_of(cell).splitlines()}
    for exercise in core.exercises(lesson).values():
        _, _, rest = exercise.solved.partition("### BEGIN SOLUTION\n")
        body, end, _ = rest.partition("### END SOLUTION")
        assert end and body.strip()
        given = {line.strip() for line in exercise.stub.splitlines()}  # of a class, its outline
        hidden = {line.strip() for line in body.splitlines() if "=" in line or "return" in line}
        assert len(hidden - given) > len(hidden & given)
        hidden -= given
        assert not hidden & shown, exercise.id


# ---- the kill table ------------------------------------------------------------------------------


def test_the_kill_table_shows_a_wrong_answer_that_slips_through_and_a_right_one_refused():
    @core.exercise("9.1", points=1, title="twice", hints=("", "", ""))
    def twice(x):
        return 2 * x

    @twice.cases
    def cases(rng):
        return [(rng.normal(size=3),), (rng.normal(size=4),)]

    @twice.misconception("X-1", "squares", ask="?")
    def square(x):
        return x**2

    @twice.misconception("X-2", "is in fact right", ask="?")
    def add(x):
        return x + x

    @twice.misconception("X-3", "is X-1 once more", ask="?")
    def times(x):
        return x * x

    @twice.equivalent
    def thrice(x):
        return 3 * x

    trials = {t.answer: t for t in kill.trials(twice, seeds=range(2))}
    assert [what for what, t in trials.items() if t.passed] == ["solution", "squares"]
    assert trials["is in fact right"].refused == 0
    again = trials["is X-1 once more"]
    assert (again.refused, again.named, again.confused) == (4, 0, 4)
    assert trials["equivalent 1"].refused == 4
