"""Every sandbox of this computer is attacked in earnest; without a sandbox the attacks succeed."""

import importlib.metadata
import os
import shutil
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from bplib import cli
from bplib.grading import GradingError, attacks, doctor, grade, judge, sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandboxes are Linux's")
NOBODY = 65534


@pytest.fixture
def asked_anew():
    """choose() remembers what it found; here it must look again, and forget afterwards."""
    doctor.choose.cache_clear()
    yield
    doctor.choose.cache_clear()


@pytest.mark.parametrize("tier", sandbox.TIERS)
def test_every_attack_on_a_sandbox_fails(tier):
    try:
        found = doctor.examine(tier)
    except GradingError as error:
        pytest.skip(f"NO SANDBOX {tier} HERE: {error}")
    assert found == {attack.name: doctor.HELD for attack in doctor.ALL}


def test_every_quick_attack_succeeds_where_there_is_no_sandbox():
    found = doctor.examine(sandbox.TRUSTED, doctor.QUICK)
    found.pop("ask a name server")  # perhaps there is none
    assert set(found.values()) == {doctor.BROKEN}


@pytest.mark.parametrize(
    ("ends", "why", "printed", "verdict"),
    [
        (None, "", "held\n", doctor.HELD),
        (None, "", "through\n", doctor.BROKEN),
        (None, "", "", doctor.BROKEN),
        (None, "time", "", doctor.UNDECIDED),
        (None, "dead", "through\n", doctor.BROKEN),
        (("output", "time"), "output", "xxx", doctor.HELD),
        (("output", "time"), "time", "", doctor.HELD),
        (("output", "time"), "dead", "", doctor.UNDECIDED),
        (("output", "time"), "", "xxxthrough\n", doctor.BROKEN),
        (("disk",), "time", "", doctor.UNDECIDED),
    ],
)
def test_held_is_what_ended_as_it_should_and_what_did_not_end_is_no_hole(
    ends, why, printed, verdict
):
    attack = doctor.Attack(test_every_attack_on_a_sandbox_fails, ends=ends)
    ran = judge.Ran(matched=False, ms=1, printed=printed, raised="", why=why)
    assert doctor._verdict(attack, ran, scene=None) == verdict
    seen = doctor.Attack(test_every_attack_on_a_sandbox_fails, lambda scene: True, ends)
    assert doctor._verdict(seen, ran, scene=None) == doctor.BROKEN
    assert doctor._verdict(attack, None, scene=None) == doctor.UNDECIDED


def test_an_attack_that_is_stopped_for_another_reason_is_neither_held_nor_a_hole():
    attack = doctor.Attack(attacks.print_much, ends=("disk",))
    assert doctor.examine(sandbox.TRUSTED, (attack,)) == {attack.name: doctor.UNDECIDED}


def test_nobody_marks_in_a_sandbox_with_a_hole(tmp_path, monkeypatch, asked_anew):
    monkeypatch.setattr(judge, "_kernel", lambda folder, tier: ["--nbval-current-env"])
    shutil.copy("solutions/01_feed_forward.ipynb", tmp_path)
    with pytest.raises(GradingError) as caught:
        grade(tmp_path, out=tmp_path / "out")
    for word in (*sandbox.TIERS, "read a file of the teacher", "--trust-submissions"):
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_without_any_sandbox_the_doctor_says_so_and_fails(monkeypatch):
    monkeypatch.setattr(sandbox, "TIERS", ())
    run = CliRunner().invoke(cli.app, ["doctor"])
    assert run.exit_code == 1
    assert "nothing is marked" in run.output


def test_the_doctor_shows_every_attack_and_the_tier_that_is_used(monkeypatch):
    monkeypatch.setattr(doctor, "ALL", doctor.QUICK)
    run = CliRunner().invoke(cli.app, ["doctor"])
    if run.exit_code:
        pytest.skip(f"NO SANDBOX HERE: {run.output}")
    assert all(attack.name in run.output for attack in doctor.QUICK)
    assert any(f"Marking uses {tier}." in run.output for tier in sandbox.TIERS)
    assert doctor.BROKEN not in run.output


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can be another user")
def test_an_ordinary_user_has_a_sandbox_too(tmp_path):
    tmp_path.chmod(0o777)
    for folder in tmp_path.parents:
        if folder.name.startswith("pytest-"):
            folder.chmod(0o755)
    options = dict(user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, text=True)
    options |= dict(cwd=tmp_path, env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]})
    program = "from bplib.grading import doctor; print(doctor.choose())"
    try:
        run = subprocess.run([sys.executable, "-c", program], **options)
    except PermissionError:
        pytest.skip(f"NO TEST AS AN ORDINARY USER: root alone may run {sys.executable}")
    assert run.stdout.strip() in sandbox.TIERS, run.stderr


def test_jupyter_finds_the_sandbox_by_its_entry_point():
    group = importlib.metadata.entry_points(group="jupyter_client.kernel_provisioners")
    assert group[sandbox.NAME].load() is sandbox.Provisioner
