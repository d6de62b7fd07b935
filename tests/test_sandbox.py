"""A class of honest and hostile students, marked in every sandbox of this computer."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest
import submissions
from submissions import EXERCISES, SOLVED, WRONG, answered

import bplib
from bplib.grading import GradingError, doctor, grade, judge, sandbox, transplant

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandboxes are Linux's")
FULL = sum(exercise.points for exercise in EXERCISES.values())


def hunt(lines):
    """Everything is right, unless these lines find what they look for, and raise."""
    return answered(SOLVED | {"1.3": f"{lines}\n\n{SOLVED['1.3']}"})


IMPORTS = """
import importlib, pkgutil, bplib
for name in ("exercises.core", "exercises.feed_forward", "exercises.diagnosis", "grading.batch"):
    try:
        raise SystemExit(importlib.import_module("bplib." + name).__file__)
    except ImportError:
        pass
"""
DISK = f"""
import os
for path in ({str(Path(bplib.__file__).parents[1])!r}, "..", "../..", "/sandbox", "/"):
    for here, folders, files in os.walk(path):
        for file in files:
            if file == "core.py" and here.endswith("exercises") or file.endswith(".ipynb"):
                try:
                    raise SystemExit(open(os.path.join(here, file)).read()[:40])
                except OSError:
                    pass
"""
MEMORY = """
import gc, sys
for thing in gc.get_objects():
    if type(thing).__name__ in ("Exercise", "Misconception", "Key", "Zygote"):
        raise SystemExit("found " + type(thing).__name__)
if any(name.startswith(("bplib.exercises.", "bplib.grading")) for name in sys.modules):
    raise SystemExit("found a module")
"""
STOLEN = """
import os
if os.environ.keys() & {"BPLIB_TEST_SECRET", "SSH_AUTH_SOCK"}:
    raise SystemExit("found a secret")
for path in ("/etc/shadow", "/etc/passwd", "/proc/1/environ", os.path.expanduser("~root/.ssh")):
    try:
        raise SystemExit(open(path).read() or os.listdir(path))
    except OSError:
        pass
"""
SPINNERS = """
import os
for _ in range(200):
    try:
        if os.fork() == 0:
            while True:
                pass
    except OSError:
        break
"""
UNSEEN = """
import os
os.mkdir("unlisted", 0o300)
for n in range(10):
    with open(f"unlisted/{n}", "wb") as file:
        file.write(bytes(60 << 20))
"""
STUBBORN = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    pass"
CLASS = {
    "einsum": (submissions.einsum, FULL),
    "loops": (lambda: answered(SOLVED | submissions.LOOPS), FULL),
    "ida": (lambda: answered(SOLVED), FULL),
    "untouched": (submissions.untouched, 0),
    "allclose": (lambda: answered({"1.1": submissions.CHEAT, "1.3": WRONG}), 0),
    "imports": (lambda: hunt(IMPORTS), FULL),
    "disk": (lambda: hunt(DISK), FULL),
    "memory": (lambda: hunt(MEMORY), FULL),
    "stolen": (lambda: hunt(STOLEN), FULL),
    "exits": (lambda: submissions.attack("1.3", "os._exit(0)"), 2),
    "spinners": (lambda: hunt(SPINNERS), None),  # they take their own kernel's time
    "stubborn": (lambda: hunt(STUBBORN), 2),
    "floods": (submissions.SUBMISSIONS["floods"], 2),
    "unseen": (lambda: hunt(UNSEEN), None),
}


@pytest.fixture(scope="module", params=sandbox.TIERS)
def tier(request):
    """Each tier in turn as the only one there is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "TIERS", (request.param,))
        doctor.choose.cache_clear()
        try:
            yield doctor.choose()
        except GradingError as error:
            pytest.skip(f"NO SANDBOX HERE: {error}")
    doctor.choose.cache_clear()


@pytest.fixture(scope="module")
def marked(tier, tmp_path_factory):
    """The class, marked once in a tier.   ->  {student: Result}"""
    here = tmp_path_factory.mktemp("class")
    (here / "in").mkdir()
    for name, (make, _) in CLASS.items():
        (here / "in" / f"{name}.ipynb").write_text(json.dumps(make()), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BPLIB_TEST_SECRET", "no student may see this")
        report = grade(here / "in", out=here / "out", timeout=5.0)
    assert report.tier == tier
    return {result.student: result for result in report.results}


@pytest.mark.parametrize("student", CLASS)
def test_in_a_sandbox_a_submission_gets_the_points_it_deserves(marked, student):
    result = marked[student]
    said = [f"{mark.id} {mark.outcome}: {mark.text}" for mark in result.marks]
    deserved = CLASS[student][1]
    assert result.status == "marked"
    assert deserved is None or result.points == deserved, said


def test_a_kernel_that_ends_is_noticed_within_three_seconds(marked):
    ended = next(mark for mark in marked["exits"].marks if mark.id == "1.3")
    assert ended.outcome == "not run"
    assert ended.ms < 3000


def test_files_in_a_folder_that_nobody_may_list_are_no_way_round_the_limit(marked):
    assert 2 <= marked["unseen"].points < FULL
    assert {mark.outcome for mark in marked["unseen"].marks} & {"not run", "your code raised"}


def test_nothing_of_a_class_is_left_but_the_zygote_for_the_next(marked):
    zygotes, forks = submissions.at_work()
    assert len(forks) == len(zygotes)
    assert [list((z.folder / "kernels").iterdir()) for z in zygotes] == [[]] * len(zygotes)


SHARED = """
import sys
from bplib.grading import sandbox
first = sandbox.Zygote.shared(sys.argv[1])
first.wait()
first.wait()
assert sandbox.Zygote.shared(sys.argv[1]) is first
first.process.kill()
first.process.wait()
second = sandbox.Zygote.shared(sys.argv[1])
second.wait()
print(first.folder, second.folder, second.process.pid)
"""


def test_there_is_one_zygote_a_dead_one_is_replaced_and_none_outlives_the_grader(tier):
    command = [sys.executable, "-c", SHARED, tier]
    first, second, pid = subprocess.check_output(command, text=True).split()
    assert first != second and not Path(first).exists() and not Path(second).exists()
    assert not psutil.pid_exists(int(pid))


KILLED = """
import os, sys
from bplib.grading import sandbox
room = sandbox.room()
folder = room.__enter__()
(folder / "deep").mkdir()
(folder / "deep" / "file").write_text("x")
print(folder, flush=True)
sys.stdin.read()
"""


def test_what_a_killed_grader_left_is_removed_and_what_a_living_one_has_is_not(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "bplib-of-somebody").mkdir()  # without a lock it is none of ours
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "lock").touch()
    (tmp_path / "bplib-link").symlink_to(tmp_path / "elsewhere")
    pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", KILLED], env=environment, **pipes) as process:
        left = Path(process.stdout.readline().strip())
        with sandbox.room() as ours:
            assert (left / "deep" / "file").exists()
            process.kill()
            process.wait()
            assert (left / "deep" / "file").exists()
            with sandbox.room() as second:
                assert not left.exists()
                assert ours.exists() and second.exists()
    kept = {"bplib-of-somebody", "bplib-link", "elsewhere"}
    assert {path.name for path in tmp_path.iterdir()} == kept
    assert (tmp_path / "elsewhere" / "lock").exists()


# ---- what a kernel has ---------------------------------------------------------------------------

LOOK = "print(np.random.rand(), random.random(), os.listdir('.'), hasattr(np, 'left'))"
LEAVE = "import numpy as np, os, random\nnp.left = 1\nopen('left', 'w').write('x')\n"
PUBLIC = [path.stem for path in Path(bplib.__file__).parent.glob("*.py")]
MODULES = ["widgets", *(name for name in PUBLIC if name not in ("__init__", "cli", "server"))]
LIBRARY = f"""
import bplib, importlib, os, subprocess, matplotlib.pyplot as plt
from bplib.exercises import check
for name in {MODULES}:
    importlib.import_module("bplib." + name)
plt.plot([1, 2])
plt.show()
subprocess.run(["true"], check=True)
print("all", check("1.1", 1), os.listdir(os.path.dirname(bplib.__file__)))
"""


@pytest.fixture(scope="module")
def run(tier):
    """Notebooks of one cell, one after the other, in forks of one zygote.

    ->  {name: what it printed},  [(open files, MB) of pytest after each]
    """
    sources = {"first": LEAVE + LOOK, "second": "import numpy as np, os, random\n" + LOOK}
    sources |= {"library": LIBRARY} | {f"more-{i}": "1 + 1" for i in range(25)}
    notebooks = {n: transplant.wrapped([transplant.cell("c", s)]) for n, s in sources.items()}
    printed, sizes = {}, []
    for name, cells in judge.run(notebooks, 10.0, 1, tier):
        printed[name] = cells["c"].printed
        for child in psutil.Process().children():
            if "bplib.grading.nbval_plugin" in child.cmdline():
                sizes.append((child.num_fds(), child.memory_info().rss / 2**20))
    return printed, sizes


def test_two_kernels_share_neither_chance_nor_files_nor_what_was_done_to_a_module(run):
    first, second = (run[0][name].split() for name in ("first", "second"))
    assert not set(first[:2]) & set(second[:2])
    assert "'left'" in " ".join(first) and first[-1] == "True"
    assert "'left'" not in " ".join(second) and second[-1] == "False"


def test_in_a_sandbox_the_library_is_whole_but_for_the_key(run):
    said = run[0]["library"]
    assert said.startswith("all None") and "'network.py'" in said
    assert not {"'grading'", "'course'", "'cli.py'", "'exercises'", "'server.py'"} & set(
        re.findall("'.*?'", said)
    )


def test_open_files_and_memory_do_not_grow_with_the_notebooks(run):
    files, megabytes = zip(*run[1], strict=True)
    assert len(files) >= 20
    assert min(files[-8:]) < min(files[:8]) + 8  # a leak of one per notebook would show
    assert megabytes[-1] < megabytes[3] + 20


def test_nbval_alone_uses_the_sandbox_by_the_name_of_a_kernel(tier, tmp_path):
    spec = tmp_path / "kernels" / sandbox.NAME
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(json.dumps(sandbox.kernelspec(tier)))
    cell = transplant.cell("home", "import os\nprint(os.environ['USER'])", "student\n")
    (tmp_path / "n.ipynb").write_text(json.dumps(transplant.wrapped([cell])))
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(tmp_path)]
    command += ["--nbval-lax", "--nbval-kernel-name", sandbox.NAME, str(tmp_path / "n.ipynb")]
    environment = os.environ | {"JUPYTER_PATH": str(tmp_path)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert "1 passed" in run.stdout, run.stdout


def test_what_a_kernel_may_import_holds_no_exercise(tmp_path):
    sandbox._furnish(tmp_path / "inside")
    course = tmp_path / "inside" / "course"
    files = {path.relative_to(course) for path in course.rglob("*") if path.is_file()}
    assert Path("bplib/network.py") in files
    assert not {part for file in files for part in file.parts} & sandbox.WITHHELD
    text = "".join(p.read_text("utf-8") for p in (tmp_path / "inside").rglob("*.py"))
    assert "@exercise(" not in text
    assert all(m.ask not in text for e in EXERCISES.values() for m in e.misconceptions)


LINKS = """
import os, sys, wall
os.chdir(sys.argv[1])
wall._prctl(38, 1)
wall.landlock([os.path.abspath("seen")], [], [], [os.path.abspath("seen/in/denied")])
for path in sys.argv[2:]:
    try:
        print(open(path).read())
    except PermissionError:
        print("denied")
"""


def test_landlock_follows_links_but_none_to_what_is_denied_and_not_for_ever(tmp_path):
    (tmp_path / "seen" / "in" / "denied").mkdir(parents=True)
    for name in ("seen/in/a", "seen/in/denied/a", "b", "c"):
        (tmp_path / name).write_text(name)
    for name, target in {"out": "b", "key": "seen/in/denied/a", "loop": "seen"}.items():
        (tmp_path / "seen" / name).symlink_to(tmp_path / target)
    allowed, denied = ["seen/in/a", "seen/out", "seen/loop/in/a"], ["seen/key", "c"]
    command = [sys.executable, "-c", LINKS, tmp_path, *allowed, *denied, "seen/in/denied/a"]
    inside = os.environ | {"PYTHONPATH": str(sandbox.INSIDE)}
    run = subprocess.run(command, env=inside, capture_output=True, text=True)
    if "Function not implemented" in run.stderr or "Operation not supported" in run.stderr:
        pytest.skip("NO LANDLOCK HERE: " + run.stderr.splitlines()[-1])
    assert run.stdout.split() == ["seen/in/a", "b", "seen/in/a", "denied", "denied", "denied"]
