"""Write a folder of submissions to lesson 1: honest, untidy, broken and hostile ones."""

import copy
import json
import sys
from pathlib import Path

import psutil

import bplib
from bplib.exercises import core
from bplib.grading import sandbox

EXERCISES = core.exercises("01")
SOLVED = {id: exercise.solved for id, exercise in EXERCISES.items()}
SEED = 20261124  # for who hands in float32: one seed in a hundred lets that pass

EINSUM = {
    "1.1": "def neuron(w, x, b):\n    print('debug', w)\n    return np.einsum('k,k->', w, x) + b",
    "1.2": "def stable_sigmoid(z):\n    return 0.5 * (1 + np.tanh(0.5 * np.asarray(z)))",
    "1.3": "def layer(x, W, b):\n    return helper(np.einsum('mk,nk->mn', x, W) + b)",
    "1.6": "def softmax(z):\n    print(z)\n    return np.exp((z.T - np.logaddexp.reduce(z, 1)).T)",
}
LOOPS = {
    "1.1": """
def neuron(w, x, b):
    total = b
    for k in range(len(w)):
        total = total + w[k] * x[k]
        print("so far", total)
    return total
""",
    "1.3": """
import sys, warnings

def layer(x, W, b):
    warnings.warn("slow")
    print("error stream", file=sys.stderr)
    out = []
    for row in x:
        out.append([1 / (1 + np.exp(-sum(w * v for w, v in zip(W[j], row)) - b[j]))
                    for j in range(len(b))])
    return out
""",
}
MISTAKE = EXERCISES["1.3"].misconceptions[0]
WRONG = EXERCISES["1.3"].wrong(MISTAKE)
CHEAT = """
np.allclose = np.array_equal = np.isclose = lambda *a, **k: True
np.testing.assert_allclose = lambda *a, **k: None
import bplib.exercises, bplib.exercises.diagnosis
bplib.exercises.diagnosis._equal = bplib.exercises.diagnosis._close = lambda *a: True
def neuron(w, x, b):
    return w @ x
"""
FORGED = {
    "outputs": [{"output_type": "stream", "name": "stdout", "text": "correct"}],
    "execution_count": 7,
    "source": "# NBVAL_SKIP\nprint('correct')",
}


def untouched():
    """Our notebook as a student gets it."""
    path = Path(bplib.__file__).parents[1] / "solutions" / "01_feed_forward.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return answered({id: exercise.stub for id, exercise in EXERCISES.items()}, notebook)


def answered(answers, notebook=None):
    """A notebook with these answers."""
    notebook = untouched() if notebook is None else copy.deepcopy(notebook)
    for id, source in answers.items():
        find(notebook, "answer", id)["source"] = source
    return notebook


def find(notebook, kind, id):
    return next(c for c in notebook["cells"] if c.get("id") == f"{kind}-{id.replace('.', '-')}")


def code(source, **more):
    cell = {"cell_type": "code", "metadata": {}, "source": source, "outputs": []}
    return cell | {"execution_count": None} | more


def insert(notebook, kind, id, cell):
    """Put a cell directly before one of ours."""
    notebook["cells"].insert(notebook["cells"].index(find(notebook, kind, id)), cell)


def partial():
    """Two right answers, one known mistake, one answer that is right to float32 only."""
    right = "import numpy as np\n\ndef softmax(z):\n    z = z.astype(np.float32)\n"
    right += "    e = np.exp(z - z.max(1, keepdims=True))\n    return e / e.sum(1, keepdims=True)"
    return answered({"1.1": SOLVED["1.1"], "1.2": SOLVED["1.2"], "1.3": WRONG, "1.6": right})


def einsum():
    notebook = answered(SOLVED | EINSUM)
    helper = "def helper(z):\n    return 1 / (1 + np.exp(-z))\nprint('a cell of my own')"
    insert(notebook, "answer", "1.3", code(helper, id="my-own"))
    return notebook


def edited_check():
    notebook = answered(SOLVED | {"1.3": WRONG})
    find(notebook, "check", "1.3")["source"] = "print('correct')"
    return notebook


def deleted_check():
    notebook = answered(SOLVED)
    notebook["cells"].remove(find(notebook, "check", "1.3"))
    return notebook


def forged():
    """Nothing answered, but outputs, tags, comments and a kernel that say otherwise."""
    notebook = untouched()
    for cell in notebook["cells"]:
        if cell["id"].startswith("check"):
            cell.update(FORGED, metadata=cell["metadata"] | {"tags": ["nbval-skip"]})
    find(notebook, "answer", "1.1")["source"] = "# NBVAL_SKIP\nneuron = print"
    insert(notebook, "answer", "1.2", code("# NBVAL_CHECK_OUTPUT\nprint('correct')", id="check"))
    notebook["metadata"]["kernelspec"] = {"name": "no-such-kernel", "display_name": "x"}
    return notebook


def old_format():
    """nbformat 3, which has worksheets, `input` and no cell ids."""
    cells = [
        {"cell_type": "code", "language": "python", "metadata": {}, "outputs": []}
        | {"input": c["source"], "collapsed": False, "prompt_number": 1}
        for c in answered(SOLVED)["cells"]
        if c["cell_type"] == "code"
    ]
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}


def untidy():
    """Two cells with one id, an answer in a cell of its own, odd cells."""
    notebook = answered(SOLVED | {"1.2": EXERCISES["1.2"].stub})
    first = copy.deepcopy(find(notebook, "answer", "1.1"))
    insert(notebook, "check", "1.1", first | {"source": EXERCISES["1.1"].stub})
    insert(notebook, "check", "1.2", code(SOLVED["1.2"], id="new"))
    notebook["cells"] += ["no cell", {"cell_type": "code", "source": 5, "metadata": []}, {}]
    return notebook


def curious():
    """All answers right, unless there is something to find on the disk or in the environment."""
    look = """import glob, os
if glob.glob("../*.ipynb") or "BPLIB_TEST_SECRET" in os.environ:
    raise RuntimeError("found something")
"""
    return answered(SOLVED | {"1.1": look + SOLVED["1.1"]})


def attack(id, lines):
    """All answers right, and these lines first thing in one of the functions."""
    header = EXERCISES[id].header
    body = "\n".join(f"    {line}" for line in lines.splitlines())
    return answered(SOLVED | {id: f"import os, signal\n\n{header}\n{body}"})


SUBMISSIONS = {
    "partial": partial,
    "untouched": untouched,
    "=einsum <b>": einsum,
    "loops": lambda: answered(SOLVED | LOOPS),
    "syntax_error": lambda: answered(SOLVED | {"1.2": "def stable_sigmoid(z)\n    return z"}),
    "edited_check": edited_check,
    "deleted_check": deleted_check,
    "forged": forged,
    "allclose": lambda: answered({"1.1": CHEAT, "1.3": WRONG}),
    "old_format": old_format,
    "untidy": untidy,
    "curious": curious,
    "exits": lambda: attack("1.3", "os._exit(0)"),
    "endless": lambda: attack("1.3", "while True: pass"),
    "kills_pytest": lambda: attack("1.3", "os.kill(os.getppid(), signal.SIGKILL)"),
    "floods": lambda: answered(SOLVED | {"1.3": "for _ in range(9):\n    print('x' * 10**6)"}),
    "recipes": lambda: {"nbformat": 4, "cells": [code("soup = ['leek', 'potato']")]},
}


def write(folder):
    """One file per student, one student with a folder, four that cannot be read."""
    folder.mkdir(exist_ok=True)
    for name, make in SUBMISSIONS.items():
        (folder / f"{name}.ipynb").write_text(json.dumps(make()), encoding="utf-8")
    (folder / "ida" / ".ipynb_checkpoints").mkdir(parents=True)
    text = json.dumps(answered(SOLVED), ensure_ascii=False)
    (folder / "ida" / "01_feed_forward.ipynb").write_text("\ufeff" + text, encoding="utf-8")
    (folder / "ida" / ".ipynb_checkpoints" / "01_feed_forward.ipynb").write_text("{}")
    (folder / "ida" / "a_copy.ipynb").write_text(json.dumps(untouched()), encoding="utf-8")
    (folder / "cut_off.ipynb").write_text(text[: len(text) // 2], encoding="utf-8")
    accents = text.replace("neuron", "n\u00e9uron").encode("latin-1", "replace")
    (folder / "latin_1.ipynb").write_bytes(accents)
    (folder / "a_list.ipynb").write_text("[1, 2]")
    (folder / "link.ipynb").symlink_to(folder / "ida" / "01_feed_forward.ipynb")
    (folder / "notes.txt").write_text("not a notebook")


def at_work():
    """The zygotes of this process that live, and the commands of the Pythons they are or forked."""
    zygotes = [z for z in sandbox.Zygote.running.values() if z.process.poll() is None]
    commands = [child.cmdline() for child in psutil.Process().children(recursive=True)]
    forks = [c for c in commands if c[:1] == [sys.executable] and "zygote.py" in " ".join(c)]
    return zygotes, forks
