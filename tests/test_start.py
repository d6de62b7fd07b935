"""start.py as a stranger meets it: it starts, or it says in one sentence what to do."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOWHERE = "http://127.0.0.1:9/simple"  # nobody listens there: as good as no network
OFFLINE = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_INDEX_URL": NOWHERE,
    "PIP_RETRIES": "0",
    "UV_DEFAULT_INDEX": NOWHERE,
    "UV_HTTP_RETRIES": "0",
    "UV_NO_CACHE": "1",
    "UV_NO_CONFIG": "1",
}
KEPT = ("HOME", "SYSTEMROOT", "TEMP", "TMP")

# Stands where uv would be: makes a real but empty environment, writes down what it should install
# there, and puts programs in it that say how they were called.
FAKE_UV = """#!{python}
import pathlib, subprocess, sys

here = pathlib.Path(__file__).parent
with open(here / "uv.log", "a") as log:
    print(*sys.argv[1:], file=log)
if sys.argv[1] == "venv":
    venv = pathlib.Path(sys.argv[-1])
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    for name in ("ruff", "lint-imports", "pytest"):
        program = venv / "bin" / name
        program.write_text('#!/bin/sh\\necho ran ' + name + ' "$@" threads=$OMP_NUM_THREADS '
            'bytecode=${{PYTHONDONTWRITEBYTECODE-kept}}\\n'
            '[ "$BROKEN" != ' + name + ' ]\\n')
        program.chmod(0o755)
"""


@pytest.fixture
def clone(tmp_path):
    """A fresh clone, as far as start.py can see it; jupyterlab.py says how it was called."""
    folder = tmp_path / "clone"
    (folder / "bplib").mkdir(parents=True)
    for name in ("start.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    (folder / "jupyterlab.py").write_text(
        "import os, sys; print('ran', *sys.argv[1:], 'threads=' + os.environ['OMP_NUM_THREADS'])"
    )
    return folder


@pytest.fixture
def uv(tmp_path):
    """A folder for PATH with a stand-in for uv, and the log of what it was asked."""
    if os.name == "nt":
        pytest.skip("the stand-in for uv is a Unix script")
    program = tmp_path / "path" / "uv"
    program.parent.mkdir()
    program.write_text(FAKE_UV.format(python=sys.executable))
    program.chmod(0o755)
    return program


def start(clone, *words, path="", **variables):
    """Run the clone's start.py with only `path` on PATH and no package index within reach."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return subprocess.run(
        [sys.executable, clone / "start.py", *words],
        env={**kept, **OFFLINE, "PATH": str(path), **variables},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def sentence(run):
    """What a start.py that stops says: exactly one sentence, without a traceback."""
    assert run.returncode == 1, run.stdout + run.stderr
    said = run.stderr.strip()
    assert said.endswith(".") and "\n" not in said
    return said


def installed(uv):
    """What the stand-in was asked to install, call by call."""
    return [line.split()[-1] for line in (uv.parent / "uv.log").read_text().splitlines()[1:]]


def test_an_old_python_can_read_it_and_is_told_what_to_do(clone):
    ast.parse((clone / "start.py").read_text("utf-8"), feature_version=(3, 6))
    as_old = (
        "import runpy, sys; sys.version_info = (3, 6, 15); runpy.run_path({!r}, None, '__main__')"
    )
    command = [sys.executable, "-c", as_old.format(str(clone / "start.py")), "lab"]
    said = sentence(subprocess.run(command, capture_output=True, encoding="utf-8"))
    assert "Python 3.6" in said and "Python 3.11 or newer" in said and "python.org" in said


def test_a_python_that_cannot_make_environments_is_told_what_to_install(clone, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['ensurepip'] = None")
    said = sentence(start(clone, "lab", PYTHONPATH=str(tmp_path)))
    assert f"apt install python3.{sys.version_info[1]}-venv" in said


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_without_a_network_it_says_so_and_leaves_nothing_that_looks_ready(clone, tool):
    path = shutil.which(tool) if tool == "uv" else ""
    if path is None:
        pytest.skip("uv is not installed here")
    run = start(clone, "lab", path=path and Path(path).parent)
    assert "connect to the internet" in sentence(run)
    assert not (clone / ".venv" / "ready.txt").exists()


def test_an_installer_that_fails_is_quoted(clone, uv):
    uv.write_text("#!/bin/sh\necho error: the disk is full\nexit 2\n")
    assert "(error: the disk is full)" in sentence(start(clone, "lab", path=uv.parent))


def test_the_first_run_installs_and_the_second_only_starts(clone, uv):
    first, second = (start(clone, "lab", "--port", "9999", path=uv.parent) for _ in range(2))
    assert installed(uv) == ["."]
    assert "Installing" in first.stdout and "Installing" not in second.stdout
    for run in (first, second):
        assert run.returncode == 0, run.stderr
        assert "/lab/tree/notebooks/01_feed_forward.ipynb --port 9999" in run.stdout
        assert "threads=1" in run.stdout


def test_no_python_of_the_environment_reads_a_grammar_that_no_notebook_needs(clone, uv):
    start(clone, "lab", path=uv.parent)
    names = ["rfc3987_syntax", "rfc3986_validator", "isoduration"]
    code = f"import sys; print([sys.modules.get(name, 'would be read') for name in {names}])"
    said = subprocess.check_output([clone / ".venv/bin/python", "-c", code], encoding="utf-8")
    assert said == "[None, None, None]\n"


def test_a_new_pyproject_is_installed_into_the_environment_that_is_there(clone, uv):
    start(clone, "lab", path=uv.parent)
    mine = clone / ".venv" / "mine.txt"
    mine.touch()
    with (clone / "pyproject.toml").open("a") as file:
        file.write("# one more line\n")
    assert start(clone, "lab", path=uv.parent).returncode == 0
    assert installed(uv) == [".", "."]
    assert mine.exists()


def test_a_half_made_environment_is_made_again(clone, uv):
    start(clone, "lab", path=uv.parent)
    (clone / ".venv" / "ready.txt").unlink()
    rubbish = clone / ".venv" / "rubbish.txt"
    rubbish.touch()
    assert start(clone, "lab", path=uv.parent).returncode == 0
    assert not rubbish.exists()


def test_a_folder_that_moved_gets_a_new_environment(clone, uv):
    start(clone, "lab", path=uv.parent)
    moved = clone.rename(clone.parent / "moved")
    assert "Installing" in start(moved, "lab", path=uv.parent).stdout


def test_what_test_installed_serves_lab_but_not_the_other_way_round(clone, uv):
    for command in ("lab", "test", "lab", "test"):
        assert start(clone, command, path=uv.parent).returncode == 0
    assert installed(uv) == [".", ".[test]"]


def test_test_runs_the_linters_then_pytest_with_the_words_that_follow(clone, uv):
    run = start(clone, "test", "-k", "network", path=uv.parent, PYTHONDONTWRITEBYTECODE="1")
    assert run.returncode == 0, run.stderr
    assert [line for line in run.stdout.splitlines() if line.startswith("ran")] == [
        "ran ruff check threads=1 bytecode=kept",
        "ran ruff format --check threads=1 bytecode=kept",
        "ran lint-imports --no-logo threads=1 bytecode=kept",
        "ran pytest -n 0 --dist=loadfile --no-loadscope-reorder -k network threads=1 bytecode=kept",
    ]


def test_a_whole_test_uses_every_processor_and_keeps_each_file_with_one_worker(clone, uv):
    run = start(clone, "test", path=uv.parent)
    assert f"ran pytest -n {os.cpu_count() + 2} --dist=loadfile" in run.stdout


@pytest.mark.parametrize("broken", ["ruff", "lint-imports", "pytest"])
def test_one_that_fails_fails_the_command_and_pytest_runs_anyway(clone, uv, broken):
    run = start(clone, "test", path=uv.parent, BROKEN=broken)
    assert run.returncode == 1
    assert "ran pytest" in run.stdout


def test_every_server_extension_of_nbgrader_is_switched_off(clone, uv):
    start(clone, "lab", path=uv.parent)
    config = "etc/jupyter/jupyter_server_config{}"
    ours = json.loads((clone / ".venv" / config.format(".json")).read_text())
    theirs = json.loads(Path(sys.prefix, config.format(".d"), "nbgrader.json").read_text())
    names = theirs["ServerApp"]["jpserver_extensions"]
    assert ours["ServerApp"]["jpserver_extensions"] == dict.fromkeys(names, False)


@pytest.mark.parametrize("words", [(), ("help",)])
def test_without_a_command_it_names_both(clone, words):
    run = start(clone, *words)
    assert run.returncode == 1
    assert "start.py lab" in run.stderr and "start.py test" in run.stderr
