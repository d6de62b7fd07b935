"""How fast is the maths of bplib?  The same training step in every library, side by side.

    make bench                                   all of it, a few minutes
    python benchmarks/speed.py [word ...]        only the cases with such a word: XOR digits LSTM

Needs pip install -e .[bench]; a library that is not installed is named and left out.
One process per library, all on one core, with one thread.  All take the same 24 steps from
the same weights, and must then agree.  Then they take turns, in a new order each round, and the
median of their CPU time counts: other work on the machine meets all of them alike.
OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE are unset for them, so that NumPy chooses what fits.
Writes docs/speed.md, docs/images/speed.svg and benchmarks/speed.json.
"""

import json
import os
import platform
import random
import statistics
import subprocess
import sys
from datetime import date
from importlib import metadata, util
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from peers import CASES, PEERS

ROOT = Path(__file__).parents[1]
ROUNDS, SECONDS = 5, 0.05
MODULES = {"PyTorch": "torch", "JAX jit": "jax", "scikit-learn": "sklearn"}
MODULES |= {name: name for name in ("autograd", "micrograd")}
VERSIONS = ["numpy", "torch", "jax", "scikit-learn", "autograd", "micrograd"]
SAME = {"float64": 1e-4, "float32": 1e-3}  # scikit-learn's Adam has its eps elsewhere
UNSET = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"]
THREADS = dict.fromkeys(["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"], "1")
BOTH = ("float64", "float32")

DIGITS, FULL, LARGE = "digits 64-64-32-10, batch 32", "batch 1797", "784-256-128-10"

# (other library, a word of the case, numbers, at least so many times its steps in a second)
GOALS = [
    ("PyTorch", "XOR", BOTH, 10),
    ("PyTorch", "moons", BOTH, 10),
    ("PyTorch", DIGITS, BOTH, 4),
    ("PyTorch", FULL, BOTH, 1.4),
    ("PyTorch", LARGE, BOTH, 1.4),
    ("PyTorch", "LSTM", BOTH[:1], 2),
    ("PyTorch", "LSTM", BOTH[1:], 1),
    ("PyTorch", "RBM", BOTH, 2),
    ("JAX jit", "XOR", BOTH, 2),
    ("JAX jit", "moons", BOTH, 2.5),
    ("JAX jit", DIGITS, BOTH, 1.2),
    ("JAX jit", FULL, BOTH, 0.8),
    ("JAX jit", LARGE, BOTH, 0.8),
    ("JAX jit", "LSTM", BOTH, 1),
    ("JAX jit", "RBM", BOTH, 1.2),
    ("scikit-learn", "XOR", BOTH, 50),
    ("scikit-learn", "moons", BOTH, 50),
    ("scikit-learn", DIGITS, BOTH, 15),
    ("scikit-learn", FULL, BOTH, 2.5),
    ("scikit-learn", LARGE, BOTH, 1.5),
    ("scikit-learn", "RBM", BOTH, 2.5),
    ("autograd", "XOR", BOTH, 8),
    ("autograd", "moons", BOTH, 8),
    ("autograd", DIGITS, BOTH, 8),
    ("autograd", LARGE, BOTH, 1.3),
    ("micrograd", "XOR", BOTH, 40),
]

# Why a goal can be out of reach, by the word of its case
WHY = {
    "XOR": "every call of NumPy costs some tenths of a microsecond, however small its arrays; "
    "a step here has fewer than twenty of them, and JAX makes one program of all.",
    "moons": "the same; and in float64 tanh, one number at a time where there is no AVX-512.",
    DIGITS: "every ReLU and every operation of Adam is a call and a pass over its arrays; "
    "JAX makes one pass of many.",
    FULL: "the same, over larger arrays.",
    LARGE: "most of a step is products, and the rest mostly Adam: ten passes over all weights, "
    "where PyTorch and JAX make one. To go through the weights in blocks made it slower.",
    "LSTM": "a step in time has fifteen calls beside its two products. Where there is no AVX-512, "
    "NumPy computes exp and tanh in float64 one number at a time.",
    "RBM": "three layers of exp, in float64 as said of the LSTM, and a random number for each "
    "hidden unit; JAX makes one pass of them.",
}


def environment():
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    return kept | THREADS


class Peer:
    """A process that builds a case and takes steps when it is told to."""

    def __init__(self, name):
        command = [sys.executable, str(ROOT / "benchmarks" / "peers.py"), name]
        pipe, env = subprocess.PIPE, environment()
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=env)
        self.name, self.peak = name, 0.0

    def ask(self, question):
        print(json.dumps(question), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} has stopped: its message stands above.")
        return json.loads(line)

    def turn(self):
        """Seconds of one step."""
        seconds, self.peak = self.ask(SECONDS)
        return seconds


def measure(case, dtype, peers):
    """{library: microseconds of a step, and how far from bplib after 24 steps} of one case."""
    after = {peer: peer.ask([case, dtype]) for peer in peers}
    peers = [peer for peer in peers if after[peer] is not None]  # some have no such network
    ours = next(after[peer] for peer in peers if peer.name == "bplib")
    seconds = {peer: [] for peer in peers}
    for _ in range(ROUNDS + 1):
        for peer in random.sample(peers, len(peers)):
            seconds[peer].append(peer.turn())
    found = {}
    for peer in peers:
        far = None
        if after[peer] and not case.startswith("RBM"):  # an RBM draws its own numbers
            far = sum(abs(p - q) for p, q in zip(after[peer], ours, strict=True)) / sum(ours)
            if far > SAME[dtype]:
                raise RuntimeError(f"{peer.name}, {case}, {dtype}: weights differ by {far:.0e}.")
        # the first turn finds how many steps fit into it
        found[peer.name] = {"us": 1e6 * statistics.median(seconds[peer][1:]), "difference": far}
    return found


def machine():
    """Where and with what: no time means anything without it."""
    import numpy as np

    config = np.show_config(mode="dicts")
    blas = config["Build Dependencies"]["blas"]
    cpu = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((l.split(":")[1].strip() for l in lines if l.startswith("model name")), cpu)
    installed = {}
    for name in VERSIONS:
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            installed[name] = None
    return {
        "date": date.today().isoformat(),
        "cpu": cpu,
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": installed,
        "blas": f"{blas['name']} {blas['version']}",
        "simd": config["SIMD Extensions"]["found"],
        "threads": 1,
        "unset": [name for name in UNSET if name in os.environ],
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def table(results):
    """Steps per second of bplib, and how many times as fast it is as each other."""
    others = [name for name in PEERS if name != "bplib"]
    lines = [
        "| case | numbers | bplib, steps/s | " + " | ".join(f"/ {name}" for name in others) + " |",
        "|---|---|---|" + "---|" * len(others),
    ]
    for row in results:
        us = {name: of["us"] for name, of in row["peers"].items()}
        ratios = [f"{us[name] / us['bplib']:.2f}" if name in us else "" for name in others]
        cells = [row["case"], row["dtype"], f"{1e6 / us['bplib']:,.0f}", *ratios]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def goals(results):
    """What was aimed at, what was reached, and why not: the least and the most over the cases."""
    titles = "| against | case | numbers | goal | reached | | products only |"
    lines, missed = [titles, "|---|---|---|---|---|---|---|"], set()
    for other, word, numbers, goal in GOALS:
        rows = [row for row in results if word in row["case"] and row["dtype"] in numbers]
        rows = [row["peers"] for row in rows if other in row["peers"]]
        if rows:
            ratios, best = (
                [peers[other]["us"] / peers[ours]["us"] for peers in rows]
                for ours in ("bplib", "products only")
            )
            met = "yes" if min(ratios) >= goal else "in part" if max(ratios) >= goal else "no"
            if met != "yes":
                missed.add(word)
            cells = [other, word, " and ".join(numbers), goal, span(ratios), met, span(best)]
            lines.append(f"| {' | '.join(map(str, cells))} |")
    reasons = [f"- {word}: {WHY[word]}" for word in WHY if word in missed]
    if reasons:
        reasons = ["", "What stands in the way of those that were missed:", "", *reasons]
    return lines + reasons


def span(ratios):
    """1.20 to 1.40"""
    return " to ".join(dict.fromkeys(f"{r:.2f}" for r in (min(ratios), max(ratios))))


def draw(found, where):
    """Above: time of a step beside the others.  Below: time of a step as the work grows."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    matplotlib.rcParams["svg.hashsalt"] = "bplib"
    growth = found["growth"]
    figure, axes = plt.subplot_mosaic([["peers"] * len(growth), list(growth)], figsize=(12, 8))
    rows = [row for row in found["results"] if row["dtype"] == "float64"]
    for name, mark in zip(PEERS, "|osDv^<x", strict=True):
        points = [
            (row["peers"][name]["us"], y) for y, row in enumerate(rows) if name in row["peers"]
        ]
        if points:
            size = 9 if name == "bplib" else 6
            axes["peers"].plot(*zip(*points, strict=True), mark, label=name, markersize=size)
    machine = found["machine"]
    axes["peers"].set(xscale="log", xlabel="microseconds of CPU time for one step, float64")
    axes["peers"].set_title(f"{machine['cpu']}, one core, {machine['date']}", fontsize="medium")
    axes["peers"].set_yticks(range(len(rows)), [row["case"] for row in rows])
    axes["peers"].invert_yaxis()
    axes["peers"].grid(axis="x", alpha=0.3)
    axes["peers"].legend(fontsize="small")
    for name, series in growth.items():
        unit = "kB" if "kB" in series else "us"
        axes[name].loglog(series["at"], series[unit], "o-", color="C1")
        axes[name].set(xlabel=series["of"], title=name, ylabel=unit)
        axes[name].grid(alpha=0.3)
    axes["memory"].set_ylim(1, 1e4)
    figure.tight_layout()
    figure.savefig(where, metadata={"Date": None})
    plt.close(figure)


def write(found, docs):
    """speed.md and its picture."""
    draw(found, docs / "images" / "speed.svg")
    machine, peak = found["machine"], found["peak_MB"]
    versions = ", ".join(f"{name} {v}" for name, v in machine["versions"].items() if v)
    left_out = ", ".join(found["left_out"]) or "none"
    page = [
        "# How fast is it?",
        "",
        "![Time of one training step in each library, and how it grows](images/speed.svg)",
        "",
        "`make bench` measures all of this and writes this page.",
        "It needs `.venv/bin/pip install -e .[bench]`.",
        "What is not installed is named and left out.",
        "",
        f"Measured {machine['date']} on {machine['cpu']}, {machine['cores']} cores, "
        f"{machine['system']}, Python {machine['python']}.",
        f"{versions}. BLAS of NumPy: {machine['blas']}. One thread, one core.",
        f"Found by NumPy: {', '.join(machine['simd'])}; X86_V4 is AVX-512, X86_V3 is AVX2 without.",
        f"Unset for the run: {', '.join(machine['unset']) or 'nothing'}. Left out: {left_out}.",
        f"Load of the machine at the end: {machine['load']:.1f}.",
        "",
        "All libraries take the same steps from the same weights: forward, backward, update.",
        "After 24 steps their weights agree; an RBM draws its own numbers,",
        "and micrograd has its own loss.",
        "They take turns, one process each, and the median of their CPU time counts.",
        "A ratio of 2 means: bplib makes two steps in the time of one.",
        "",
        *table(found["results"]),
        "",
        "`products only` is what no NumPy can beat: the matrix products of a step and no more.",
        "`bplib` is the form that `train` uses (`bplib/fast.py`);",
        "`bplib, readable` is the loop of the lessons.",
        "",
        "## Goals",
        "",
        "They were set on an AMD EPYC of family 26 (Zen 5), where NumPy multiplied large matrices",
        "almost twice as fast as PyTorch.",
        "`products only` is what NumPy would reach if all else in a step cost nothing.",
        "",
        *goals(found["results"]),
        "",
        "## Memory",
        "",
        "Peak of each process over all cases, in MB: "
        + ", ".join(f"{name} {MB:.0f}" for name, MB in peak.items())
        + ".",
        "",
    ]
    (docs / "speed.md").write_text("\n".join(page), "utf-8")


def main(words):
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # children stay on this core
    missing = [name for name, module in MODULES.items() if util.find_spec(module) is None]
    for name in missing:
        print(f"{name} is not installed and is left out: pip install -e .[bench]", flush=True)
    peers, results = [Peer(name) for name in PEERS if name not in missing], []
    for case, dtype in product(CASES, BOTH):
        if not words or any(word in case for word in words):
            results.append({"case": case, "dtype": dtype, "peers": measure(case, dtype, peers)})
            print("\n".join(table(results)[-1 if results[1:] else 0 :]), flush=True)
    peaks = {peer.name: peer.peak for peer in peers}
    for peer in peers:
        peer.process.communicate()
    if words:
        return
    command = [sys.executable, str(ROOT / "benchmarks" / "growth.py")]
    grown = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, check=True)
    found = {"machine": machine(), "left_out": missing, "results": results, "peak_MB": peaks}
    found["growth"] = json.loads(grown.stdout)
    (ROOT / "benchmarks" / "speed.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    write(found, ROOT / "docs")


if __name__ == "__main__":
    main(sys.argv[1:])
