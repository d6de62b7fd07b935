"""A class of cheats, thieves, breakers and honest people, marked once as every class is marked.

The best sandbox of this computer holds them; where there is none, nothing of this is run.
"""

import csv
import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import honest
import hostile
import numpy as np
import psutil
import pytest
import submissions
from submissions import EXERCISES, SOLVED

import bplib
from bplib import probe
from bplib.activations import sigmoid
from bplib.exercises import core
from bplib.grading import GradingError, batch, doctor, grade, report

linux = pytest.mark.skipif(sys.platform != "linux", reason="the sandboxes are Linux's")
named = pytest.mark.parametrize
REPO = Path(bplib.__file__).parents[1]
FULL = sum(exercise.points for exercise in EXERCISES.values())
TOKEN = "a-word-that-no-student-may-see"
SEEDS = range(100, 112)


class Marked:
    """What came of the class, and what was seen of the computer before, during and after."""

    def __init__(self, here):
        self.here, self.out = here, here / "out"
        self.listener = socket.create_server(("127.0.0.1", 0))
        told = {
            **{"folder": str(here / "in"), "out": str(self.out), "library": str(REPO / "bplib")},
            **{"solutions": str(REPO / "solutions"), "tests": str(REPO / "tests")},
            **{"solution": str(REPO / "solutions" / "01_feed_forward.ipynb"), "pid": os.getpid()},
            **{"neighbour": str(here / "in" / "untouched.ipynb"), "token": TOKEN},
            **{"port": self.listener.getsockname()[1], "temporary": tempfile.gettempdir()},
        }
        self.points = hostile.write(here / "in", told)
        self.status = hostile.files(here / "in")
        for name, notebook in honest.notebooks().items():
            (here / "in" / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
        self.peaks = []
        before = self.seen()
        self.report = grade(here / "in", self.out, timeout=3.0, progress=self.watch)
        self.results = {result.student: result for result in self.report.results}
        self.changed = {path for path, what in self.seen().items() if before.get(path) != what}
        self.changed |= before.keys() - self.seen().keys()

    def seen(self):
        """What a student could have changed: submissions, the course, places where all may write"""
        paths = [*(self.here / "in").rglob("*"), *self.here.glob("*")]
        for folder in ("bplib", "solutions", "tests", "docs"):
            paths += [p for p in (REPO / folder).rglob("*") if "__pycache__" not in p.parts]
        for folder in (tempfile.gettempdir(), "/dev/shm", "/var/tmp", "/etc", sys.prefix):
            paths += Path(folder).glob("new-of-a-student*")
        return {str(p): _state(p) for p in paths if p != self.out}

    def watch(self, done, total, student):
        """The most memory that a process of the grader has taken, as Linux remembers it."""
        for child in psutil.Process().children():
            try:
                if "bplib.grading.nbval_plugin" in child.cmdline():
                    lines = Path(f"/proc/{child.pid}/status").read_text().splitlines()
                    self.peaks += [int(x.split()[1]) >> 10 for x in lines if x.startswith("VmHWM")]
            except (psutil.Error, OSError):
                continue


def _state(path):
    facts = path.lstat()
    content = path.read_bytes() if path.is_file() and facts.st_size < 2**22 else b""
    return facts.st_mode, facts.st_size, facts.st_uid, hashlib.sha256(content).digest()


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    try:
        doctor.choose()
    except GradingError as error:
        pytest.skip(f"NO SANDBOX HERE, so no attack is tried: {error}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BPLIB_TEST_SECRET", TOKEN)
        return Marked(tmp_path_factory.mktemp("hostile"))


# ---- the class -----------------------------------------------------------------------------------

RUN = [*hostile.CHEATS, *hostile.THEFTS, *hostile.BREAKS, *hostile.CELLS, *hostile.ENDS]
RUN += ["stored_outputs", "comments", "checks_edited", "checks_deleted", "magics", "swapped_ids"]
RUN += ["a_probe_of_his_own", "imports", "lingers", "markup", "untouched"]
RUN += ["odd_metadata", "all_the_same_id", "no_ids", "old_format"]


def told(result):
    return [f"{m.id} {m.outcome}: {m.text}" for m in result.marks if m.points < m.of]


@linux
@named("student", RUN)
def test_who_cheats_steals_or_breaks_gets_what_he_earned_and_no_more(marked, student):
    result, earned = marked.results[student], marked.points[student]
    assert result.status == "marked"
    assert result.points in ((earned,) if isinstance(earned, int) else earned), told(result)


@linux
@named("student", [*honest.STYLES, *honest.NOTEBOOKS])
def test_who_is_right_gets_every_point_in_whatever_style(marked, student):
    result = marked.results[student]
    assert (result.status, result.points) == ("marked", FULL), told(result)


@linux
def test_files_that_are_no_notebooks_get_a_reason_and_not_a_zero(marked):
    wanted = {report.clean(name): status for name, status in marked.status.items()}
    for name in ("ben (2)", "ben (3)"):
        wanted[name] = "unreadable"
    assert {name: marked.results[name].status for name in wanted} == wanted
    assert all(len(marked.results[name].flags) == 1 for name in wanted)
    assert marked.results.keys() == wanted.keys() | {*RUN, *honest.STYLES, *honest.NOTEBOOKS}
    for name in ("zip_bomb", "zip_outside"):
        assert "unpacked" in marked.results[name].flags[0]
    assert marked.report.notes == []


@linux
def test_a_name_that_looks_like_another_takes_neither_the_name_nor_the_mark(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("\x01ben", "ben", "be\u200bn"):
        (tmp_path / "in" / f"{name}.ipynb").write_text(name)
    found, _ = batch.hand_ins(tmp_path / "in", False, tmp_path / "out")
    assert {name: paths[0].stem for name, paths in found.items()} == {
        **{"ben": "ben", "ben (2)": "\x01ben", "ben (3)": "be\u200bn"},
    }


def test_of_a_student_with_a_hundred_notebooks_twenty_are_looked_at(tmp_path):
    (tmp_path / "in" / "eve").mkdir(parents=True)
    for number in range(100):
        (tmp_path / "in" / "eve" / f"{number}.ipynb").write_text("{}")
    found, ignored = batch.hand_ins(tmp_path / "in", False, tmp_path / "out")
    assert len(found["eve"]) == 20 and ignored == ["eve: all but 20 notebooks"]


# ---- the computer --------------------------------------------------------------------------------


@linux
def test_nothing_of_the_computer_was_changed_reached_or_left(marked):
    assert marked.changed == set()
    marked.listener.settimeout(0)
    with pytest.raises(BlockingIOError):
        marked.listener.accept()
    running = [p.info["cmdline"] or [] for p in psutil.process_iter(["cmdline"])]
    assert [line for line in running if TOKEN in line] == []
    left = [" ".join(child.cmdline()) for child in psutil.Process().children(recursive=True)]
    assert [line for line in left if "nbval_plugin" in line] == []
    zygotes, forks = submissions.at_work()
    assert len(forks) == len(zygotes)  # the zygotes themselves, and no kernel


@linux
def test_the_grader_stays_small_whatever_it_is_sent(marked):
    assert marked.peaks
    assert max(marked.peaks) < 600


@linux
def test_no_report_holds_a_secret_markup_or_what_a_terminal_would_obey(marked):
    for path in (path for path in marked.out.rglob("*") if path.is_file()):
        text = path.read_text(encoding="utf-8")
        assert TOKEN not in text
        assert not [c for c in text if c in "\x1b\x07\x01\u202e\u200b"]
        if path.suffix == ".html":
            assert "<script" not in text and "default-src 'none'" in text
    rows = list(csv.reader((marked.out / "grades.csv").read_text(encoding="utf-8").splitlines()))
    assert not [cell for row in rows for cell in row if cell[:1] in tuple("=+-@\t\r") and cell]


@linux
def test_a_thief_finds_everything_where_no_wall_stands(tmp_path):
    """Or the thieves would prove nothing."""
    (tmp_path / "untouched.ipynb").write_text("x")
    library = REPO / "bplib"
    for name in ("the_solutions", "the_exercises", "environment", "other_submissions"):
        told = {
            **{"folder": str(tmp_path), "out": str(tmp_path), "solutions": "", "tests": ""},
            **{"solution": str(REPO / "solutions" / "01_feed_forward.ipynb"), "token": TOKEN},
            **{"neighbour": str(tmp_path / "untouched.ipynb"), "library": str(library)},
            **{"temporary": tempfile.gettempdir()},
        }
        lines = hostile.SEARCH.format(told=told) + hostile.THEFTS[name]
        ran = subprocess.run(
            [sys.executable, "-c", f"import numpy as np\n{lines}"],
            env=os.environ | {"BPLIB_TEST_SECRET": TOKEN},
            cwd=tmp_path,
        )
        assert ran.returncode == 1, name


# ---- honest answers on many seeds ----------------------------------------------------------------


@named("style", honest.STYLES)
def test_a_style_prints_the_very_text_of_the_solution_for_every_seed(style, capsys):
    scope = {"np": np, "sigmoid": sigmoid}
    for id, source in (SOLVED | honest.STYLES[style]).items():
        exec(source, scope)
        exercise = EXERCISES[id]
        for seed in SEEDS:
            cases = exercise.draw(seed)
            found = probe.outcomes(scope[exercise.name], cases, exercise.puzzle)
            expected = exercise.expected(cases)
            assert list(map(probe.encode, found)) == list(map(probe.encode, expected)), seed


@linux
@named("seed", [2**127])
def test_through_kernels_a_class_of_honest_people_is_right_for_other_seeds_too(seed, tmp_path):
    (tmp_path / "in").mkdir()
    for name, notebook in honest.notebooks().items():
        if name in ("views", "in_place", "helpers", "added_cells"):
            (tmp_path / "in" / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    try:
        marked = grade(tmp_path / "in", tmp_path / "out", seed=seed)
    except GradingError as error:
        pytest.skip(f"NO SANDBOX HERE: {error}")
    assert [result.points for result in marked.results] == [FULL] * 4


# ---- no silent pass ------------------------------------------------------------------------------


def test_inputs_on_which_a_misconception_happens_to_be_right_are_not_drawn():
    exercise = core.find("6.9")
    raw = [exercise._make(np.random.default_rng([seed, 0])) for seed in range(3000, 3040)]
    lucky = [exercise._lucky(cases) for cases in raw]
    drawn = [exercise.draw(seed) for seed in range(3000, 3040)]
    assert any(lucky)
    assert not any(exercise._lucky(cases) for cases in drawn)
