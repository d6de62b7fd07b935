"""The rules of the house: what may import what, what that costs, and that the papers are true."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from bplib.cli import app

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
FLOORS, MATHS, COOKING = PYPROJECT["tool"]["importlinter"]["contracts"]
PAPERS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]


def python(code):
    """Run code in a new Python; what it printed, read as JSON."""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def test_the_maths_and_the_probe_load_numpy_and_nothing_else():
    loaded = python(
        "import json, sys; before = set(sys.modules)\n"
        f"import {', '.join(MATHS['source_modules'])}\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(json.dumps(sorted(new - set(sys.stdlib_module_names))))"
    )
    ours = [name for name in loaded if not name.startswith("_sysconfigdata")]  # Python's own
    assert ours == ["bplib", "numpy"]


@pytest.mark.parametrize("module", ["bplib", "bplib.exercises", "bplib.cli", "bplib.grading"])
def test_who_draws_nothing_waits_for_no_library_that_draws_or_reads_notebooks(module):
    slow = ["IPython", "ipywidgets", "jupytext", "matplotlib", "nbformat", "nbval", "pytest"]
    loaded = python(f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))")
    assert [name for name in slow if name in loaded] == []


def test_bplib_itself_imports_nothing():
    new = python(
        "import json, sys; before = set(sys.modules); import bplib\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    assert new == ["bplib"]


# file, line added to it, the contract that must break
BREAKINS = {
    "nothing": ("losses.py", "", None),
    "the maths draws": ("activations.py", "import matplotlib", MATHS),
    "the maths uses a floor above": ("losses.py", "from bplib import svg", FLOORS),
    "authoring uses grading": ("course/__init__.py", "from bplib import grading", FLOORS),
    "a module without a floor": ("cooking.py", "", FLOORS),
    "grading knows maths": ("grading/__init__.py", "from bplib import network", COOKING),
}


@pytest.mark.parametrize("change", BREAKINS)
def test_the_import_contracts_break_when_the_house_does(change, tmp_path):
    name, line, contract = BREAKINS[change]
    shutil.copytree(ROOT / "bplib", tmp_path / "bplib")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "bplib" / name).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    lint = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"
    run = subprocess.run(
        [sys.executable, "-c", lint], cwd=tmp_path, capture_output=True, encoding="utf-8"
    )
    broken = re.findall(r"^(.*) BROKEN$", run.stdout, re.MULTILINE)
    assert broken == ([contract["name"]] if contract else []), run.stdout + run.stderr
    assert run.returncode == (1 if contract else 0)


def test_conda_gets_what_pyproject_asks_for():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    *packages, pip, from_pip = environment["dependencies"]
    python, *packages = [name.replace("matplotlib-base", "matplotlib") for name in packages]
    assert python == "python" + PYPROJECT["project"]["requires-python"]
    assert sorted(packages) == sorted(PYPROJECT["project"]["dependencies"])
    assert [pip, from_pip] == ["pip", {"pip": ["-e ."]}]


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_command_and_every_link_in_the_papers_exists(paper):
    text = paper.read_text("utf-8")
    commands = {c.name or c.callback.__name__ for c in app.registered_commands}
    assert set(re.findall(r"bin/bplib ([a-z-]+)", text)) <= commands
    assert set(re.findall(r"start\.py ([a-z]+)", text)) <= {"lab", "test"}
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert [link for link in links if not (paper.parent / link).exists()] == []
