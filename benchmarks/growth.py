"""How one step of bplib costs more as the work grows, and how its memory does not.

    python benchmarks/growth.py       prints JSON; speed.py draws it

One thing grows and all others stay: a 64-64-32-10-like network of ReLU, batch 32, Adam, float64;
for T an LSTM of 32 units.  The sizes take turns, and the median of their CPU time counts.
"""

import json
import random
import statistics
import time
import tracemalloc

import numpy as np

from bplib.activations import RELU
from bplib.fast import Packed
from bplib.losses import MSE, SOFTMAX_CROSS_ENTROPY
from bplib.network import dense
from bplib.optimisers import Adam
from bplib.recurrent import LastStep, lstm

ROUNDS, SECONDS = 5, 0.05
BATCH, HIDDEN = 32, 64


def net_step(depth=2, width=HIDDEN, batch=BATCH):
    """A function that makes one update of 64-width-...-width-10."""
    rng = np.random.default_rng(0)
    net = dense([64, *[width] * depth, 10], RELU, SOFTMAX_CROSS_ENTROPY, rng)
    packed = Packed(net, Adam(1e-5))
    x, y = packed.columns(rng.normal(size=(batch, 64))), rng.dirichlet(np.ones(10), batch).T.copy()
    step = packed.__enter__()
    return lambda: step(x, y)


def lstm_step(T):
    rng = np.random.default_rng(0)
    model, optimiser = LastStep(lstm(2, 32, rng), dense([32, 1], RELU, MSE, rng)), Adam(1e-5)
    x, y = rng.normal(size=(T, BATCH, 2)), rng.normal(size=(BATCH, 1))

    def step():
        cell, read = model.backward(model.forward(x), y)
        optimiser.step(model.params, cell.params + read.params)

    return step


SERIES = {
    "depth": ("hidden layers of 64", [1, 2, 4, 8, 16, 32], lambda n: net_step(depth=n)),
    "width": ("neurons in each of 2 layers", [8, 32, 128, 512, 2048], lambda n: net_step(width=n)),
    "batch": ("rows", [1, 8, 64, 512, 4096], lambda n: net_step(batch=n)),
    "time": ("steps T of an LSTM of 32", [10, 20, 50, 100, 200, 400], lstm_step),
}


def microseconds(makers):
    """The median CPU time of one step of each, in turns."""
    steps, seconds = [make() for make in makers], [[] for _ in makers]
    for _ in range(ROUNDS + 1):
        for k in random.sample(range(len(steps)), len(steps)):
            began, n = time.process_time(), 0
            while (spent := time.process_time() - began) < SECONDS or n < 3:
                steps[k]()
                n += 1
            seconds[k].append(1e6 * spent / n)
    return [statistics.median(turns[1:]) for turns in seconds]  # the first turn warms up


def kilobytes(counts):
    """The most memory that Python and NumPy held, beyond what was there, in so many steps."""
    step, found = net_step(), []
    step()
    for count in counts:
        tracemalloc.start()
        for _ in range(count):
            step()
        found.append(tracemalloc.get_traced_memory()[1] / 1000)
        tracemalloc.stop()
    return found


def grow():
    growth = {}
    for name, (of, at, make) in SERIES.items():
        us = microseconds([lambda n=n, make=make: make(n) for n in at])
        growth[name] = {"of": of, "at": at, "us": us}
    steps = [10, 100, 1000, 10_000]
    growth["memory"] = {"of": "updates made", "at": steps, "kB": kilobytes(steps)}
    return growth


if __name__ == "__main__":
    print(json.dumps(grow()))
