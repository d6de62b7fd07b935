"""How fast is the maths of bplib?  The same training step in every library, side by side.

    make bench                                   all of it, about ten minutes
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
from growth import grow
from peers import CASES, PEERS

ROOT = Path(__file__).parents[1]
ROUNDS, SECONDS = 7, 0.05
MODULES = {"PyTorch": "torch", "JAX jit": "jax", "scikit-learn": "sklearn"}
MODULES |= {name: name for name in ("autograd", "micrograd")}
VERSIONS = ["numpy", "torch", "jax", "scikit-learn", "autograd", "micrograd"]
SAME = {"float64": 1e-4, "float32": 1e-3}  # scikit-learn's Adam has its eps elsewhere
UNSET = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"]
THREADS = dict.fromkeys(["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"], "1")
BOTH, TINY = ("float64", "float32"), ["XOR", "moons"]

# (other library, words of a case, dtypes, how many times as many steps in a second)
GOALS = [
    ("PyTorch", "XOR", BOTH, 10),
    ("PyTorch", "moons", BOTH, 10),
    ("PyTorch", "batch 32, S", BOTH, 4),
    ("PyTorch", "1797", BOTH, 1.4),
    ("PyTorch", "784", BOTH, 1.4),
    ("PyTorch", "LSTM", ["float64"], 2),
    ("PyTorch", "LSTM", ["float32"], 1),
    ("PyTorch", "RBM", BOTH, 2),
]


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

    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
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


def draw(results, growth, where):
    """Above: time of a step beside the others.  Below: time of a step as the work grows."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    matplotlib.rcParams["svg.hashsalt"] = "bplib"
    figure, axes = plt.subplot_mosaic([["peers"] * len(growth), list(growth)], figsize=(11, 8.5))
    rows = [row for row in results if row["dtype"] == "float64"]
    marks = dict(zip(PEERS, "|osDv^<x", strict=True))
    for name, mark in marks.items():
        points = [
            (row["peers"][name]["us"], y) for y, row in enumerate(rows) if name in row["peers"]
        ]
        if points:
            size = 9 if name == "bplib" else 6
            axes["peers"].plot(*zip(*points, strict=True), mark, label=name, markersize=size)
    axes["peers"].set(xscale="log", xlabel="microseconds of CPU time for one step, float64")
    axes["peers"].set_yticks(range(len(rows)), [row["case"] for row in rows])
    axes["peers"].invert_yaxis()
    axes["peers"].grid(axis="x", alpha=0.3)
    axes["peers"].legend(fontsize="small", loc="upper right")
    for name, series in growth.items():
        axes[name].loglog(series["at"], series["us"], "o-", color="C1")
        axes[name].set(xlabel=series["of"], title=name)
        axes[name].grid(alpha=0.3)
    axes[next(iter(growth))].set_ylabel("microseconds for one step")
    figure.tight_layout()
    figure.savefig(where, metadata={"Date": None})


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
    where, growth = machine(), grow()
    found = {"machine": where, "left_out": missing, "results": results, "growth": growth}
    (ROOT / "benchmarks" / "speed.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    draw(results, growth, ROOT / "docs" / "images" / "speed.svg")
    page = [*INTRO.format(**where).splitlines(), "", *table(results)]
    (ROOT / "docs" / "speed.md").write_text("\n".join(page) + "\n", "utf-8")


INTRO = "x"

if __name__ == "__main__":
    main(sys.argv[1:])
