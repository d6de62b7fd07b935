"""A batch that is stopped, killed, or out of disk: what is marked stays marked, and it goes on."""

import functools
import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time

import pytest
import submissions
from submissions import SEED, SOLVED

from bplib.exercises import core
from bplib.grading import GradingError, Stopped, grade, sandbox
from bplib.grading.batch import tier_of
from bplib.grading.ledger import Ledger
from bplib.grading.regrade import regrade

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and limits of POSIX")
NAMES = ("anna", "ben", "chloe", "dana")


@functools.cache
def quick():
    """One process for so few students, and a sandbox where there is one: kernels start sooner."""
    tier = tier_of(trust=False, alone=True)  # alone: no sandbox is no error
    return {"jobs": 1, "trust": tier == sandbox.OWN}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four students: all right, one mistake, nothing, and a file that is no notebook."""
    folder = tmp_path_factory.mktemp("hand-ins")
    notebooks = submissions.answered(SOLVED), submissions.partial(), submissions.untouched()
    for name, notebook in zip(NAMES, notebooks, strict=False):
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    (folder / "dana.ipynb").write_text("{", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def whole(folder, tmp_path_factory):
    """The same folder, marked without a stop."""
    out = tmp_path_factory.mktemp("whole") / "out"
    grade(folder, out, **quick() | {"jobs": 2}, seed=SEED)
    return out


def lines(out):
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


def marks(out):
    """What does not depend on the day or the clock."""
    return {
        line["student"]: [mark | {"ms": 0} for mark in line["marks"]]
        for line in lines(out)
        if "student" in line
    }


def stop_after(number):
    def progress(done, total, student):
        if done == number:
            raise KeyboardInterrupt

    return progress


def stopped(*args, **options):
    with pytest.raises(Stopped) as caught:
        grade(*args, **quick(), **options)
    message = str(caught.value)
    assert "\n" not in message and "--resume" in message
    return message


def test_a_batch_that_was_stopped_goes_on_and_ends_with_the_same_marks(folder, whole, tmp_path):
    out = tmp_path / "out"
    stopped(folder, out, seed=SEED, progress=stop_after(2))
    before = (out / "results.jsonl").read_text().splitlines()
    assert len(before) == 3
    calls = []
    report = grade(
        folder, out, **quick(), resume=True, progress=lambda *call: calls.append(call[:2])
    )
    assert calls == [(3, 4), (4, 4)]
    assert (out / "results.jsonl").read_text().splitlines()[:3] == before
    assert marks(out) == marks(whole)
    assert [result.student for result in report.results] == list(NAMES)
    assert lines(out)[-1] == {"finished": 4, "seed": str(SEED)}
    assert (out / "grades.csv").read_text() == (whole / "grades.csv").read_text()


def test_the_pages_show_what_is_marked_when_it_stops_and_keep_the_seed(folder, tmp_path):
    stopped(folder, tmp_path / "out", seed=SEED, progress=stop_after(2))
    page = (tmp_path / "out" / "class.html").read_text()
    assert "Marking is not finished" in page and str(SEED) not in page
    assert len(list((tmp_path / "out" / "students").iterdir())) == 2
    assert str(SEED) not in (tmp_path / "out" / "results.jsonl").read_text()


def test_only_the_owner_may_read_the_seed_while_it_is_secret(folder, whole, tmp_path):
    stopped(folder, tmp_path / "out", seed=SEED, progress=stop_after(1))
    secret = tmp_path / "out" / ".seed"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert secret.read_text() == str(SEED)
    assert not (whole / ".seed").exists()


def test_ctrl_c_at_the_keyboard_keeps_the_marks_and_the_command_says_how_to_go_on(
    folder, whole, tmp_path
):
    slow = {"1.1": "import time\ntime.sleep(5)\n" + SOLVED["1.1"]}  # time to press the keys
    shutil.copytree(folder, mine := tmp_path / "hand-ins")
    (mine / "erik.ipynb").write_text(json.dumps(submissions.answered(slow)), encoding="utf-8")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "bplib.cli", "grade", mine, "--out", out]
    command += ["--trust-submissions", "--jobs", "1", "--seed", str(SEED)]
    listen = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # deaf in a shell's background
    pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    run = subprocess.Popen(list(map(str, command)), **pipes, preexec_fn=listen)
    results = out / "results.jsonl"
    until = time.monotonic() + 90
    while not results.exists() or results.read_bytes().count(b"\n") < 2:
        assert time.monotonic() < until and run.poll() is None
        time.sleep(0.01)
    run.send_signal(signal.SIGINT)
    said, complained = run.communicate(timeout=30)
    assert run.returncode == 3
    assert said.startswith("SHA-256 of the secret seed: ")
    assert complained.startswith("Stopped: ") and "Traceback" not in complained
    again = subprocess.run([*map(str, command[:-2]), "--resume"], capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    found = marks(out)
    assert found.pop("erik")[0]["points"] > 0
    assert found == marks(whole)


def test_a_killed_grader_leaves_half_a_line_and_the_next_run_does_not_mind(folder, whole, tmp_path):
    out = tmp_path / "out"
    stopped(folder, out, seed=SEED, progress=stop_after(2))
    with open(out / "results.jsonl", "a") as file:
        file.write('{"student": "chl')
    grade(folder, out, **quick(), resume=True)
    assert marks(out) == marks(whole)


def test_a_full_disk_loses_nothing_that_is_marked(folder, whole, tmp_path):
    """The limit on the size of a file stands for the disk: the kernel cuts the write short."""
    out = tmp_path / "out"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(done, total, student):
        if done == 2:
            size = (out / "results.jsonl").stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, hard))

    try:
        message = stopped(folder, out, seed=SEED, progress=fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "2 submissions are marked and kept" in message and "cannot be written" in message
    assert len(lines(out)) == 3
    grade(folder, out, **quick(), resume=True)
    assert marks(out) == marks(whole)


def test_pages_that_cannot_be_written_cost_no_mark(folder, whole, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "students").write_text("in the way")
    with pytest.raises(GradingError, match=r"All marks are in .*results.jsonl.*--resume") as caught:
        grade(folder, out, **quick(), seed=SEED)
    assert "\n" not in str(caught.value)
    assert marks(out) == marks(whole)
    (out / "students").unlink()
    report = grade(folder, out, **quick(), resume=True)
    assert len(report.results) == 4
    assert (out / "class.html").read_text() == (whole / "class.html").read_text()


def test_marks_are_never_written_over(folder, whole):
    before = (whole / "results.jsonl").read_bytes()
    with pytest.raises(GradingError, match="marks of an earlier batch"):
        grade(folder, whole, **quick())
    assert (whole / "results.jsonl").read_bytes() == before


def test_a_seed_that_was_changed_is_noticed(folder, tmp_path):
    out = tmp_path / "out"
    stopped(folder, out, seed=SEED, progress=stop_after(1))
    (out / ".seed").write_text("7")
    with pytest.raises(GradingError, match="not the one that was promised"):
        grade(folder, out, **quick(), resume=True)


def test_what_is_no_batch_cannot_go_on(folder, tmp_path):
    for prepare, words in (
        (lambda: None, "no results.jsonl"),
        (lambda: (tmp_path / "results.jsonl").write_text("{}\n"), "no .seed"),
        (lambda: (tmp_path / ".seed").write_text("7"), "cannot be read"),
        (lambda: (tmp_path / "results.jsonl").write_text("no\n"), "cannot be read"),
    ):
        prepare()
        with pytest.raises(GradingError, match=words) as caught:
            Ledger(tmp_path).open()
        assert "\n" not in str(caught.value)
    with pytest.raises(GradingError, match="--resume needs --out"):
        grade(folder / "anna.ipynb", resume=True)
    with pytest.raises(GradingError, match="seed of the batch"):
        grade(folder, tmp_path, **quick(), resume=True, seed=1)


def test_a_kernel_that_ended_once_costs_an_honest_student_nothing(tmp_path):
    """As on a computer that ran out of memory; who ends Python every time gets what is deserved."""
    (tmp_path / "in").mkdir()
    source = f"""import os
if not os.path.exists("{tmp_path}/ended"):
    open("{tmp_path}/ended", "w").close()
    os._exit(1)
"""
    for name, ends in (("unlucky", source), ("cheat", "import os\nos._exit(1)\n")):
        notebook = submissions.answered(SOLVED | {"1.1": ends + SOLVED["1.1"]})
        (tmp_path / "in" / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    cheat, unlucky = grade(tmp_path / "in", tmp_path / "out", trust=True, timeout=60.0).results
    assert unlucky.points == sum(mark.of for mark in unlucky.marks)
    assert cheat.points == 0
    assert {mark.outcome for mark in cheat.marks} == {"not run"}


# ---- once more -----------------------------------------------------------------------------------


@pytest.fixture
def batch(folder, whole, tmp_path):
    """A finished batch and its submissions, to be changed."""
    shutil.copytree(folder, tmp_path / "in")
    shutil.copytree(whole, tmp_path / "out")
    return tmp_path / "in", tmp_path / "out"


def test_one_student_is_marked_again_with_the_same_seed_and_the_others_stay(batch, whole):
    hand_ins, out = batch
    text = json.dumps(submissions.answered(SOLVED))
    (hand_ins / "dana.ipynb").write_text(text, encoding="utf-8")
    report, changes = regrade(out, ["dana"], hand_ins, **quick())
    (change,) = changes
    assert (change.student, change.before, change.after) == ("dana", "unreadable", "14")
    old, new = marks(whole), marks(out)
    assert {name: new[name] for name in NAMES[:3]} == {name: old[name] for name in NAMES[:3]}
    assert [mark["outcome"] for mark in new["dana"]] == ["correct"] * 8
    assert lines(out)[-1] == {"finished": 4, "seed": str(SEED)}
    assert (out / "results-before.jsonl").read_bytes() == (whole / "results.jsonl").read_bytes()
    assert "dana,marked" in (out / "grades.csv").read_text()


def test_a_mended_exercise_changes_only_the_marks_it_touches(batch, monkeypatch):
    hand_ins, out = batch
    monkeypatch.setattr(core.find("1.1"), "points", 5)
    _, changes = regrade(out, folder=hand_ins, **quick())
    assert [(c.student, c.after[:2].strip()) for c in changes] == [("anna", "18"), ("ben", "6")]
    assert lines(out)[0]["points"]["1.1"] == 5
    assert Ledger(out).open().finished


def test_a_regrade_that_cannot_be_done_changes_nothing(batch, folder, whole, tmp_path):
    hand_ins, out = batch
    for options, words in (
        (dict(students=["zoe"], folder=hand_ins), "no submission of zoe"),
        (dict(folder=tmp_path / "gone"), "not at .*gone any more: say where with --from"),
        (dict(folder=hand_ins, progress=stop_after(1)), "Stopped: nothing was changed"),
    ):
        with pytest.raises(GradingError, match=words) as caught:
            regrade(out, **quick(), **options)
        assert "\n" not in str(caught.value)
    assert (out / "results.jsonl").read_bytes() == (whole / "results.jsonl").read_bytes()
    stopped(folder, tmp_path / "half", seed=SEED, progress=stop_after(1))
    with pytest.raises(GradingError, match="not finished"):
        regrade(tmp_path / "half", **quick())
