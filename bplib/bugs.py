"""A zoo of wrong backward passes, and the right one to hold against them.

All are for two layers of sigmoid neurons and half the squared error, mean over the m rows:

x : (m, n_0),  y : (m, n_2),  W1 : (n_1, n_0),  b1 : (n_1,),  W2 : (n_2, n_1),  b2 : (n_2,)
->  delta2, dW2, db2, delta1, dW1, db1, in the order in which backprop computes them

Each wrong pass differs from backward() in one thought, so it repeats the right lines in full:
it can be read, shown and tried alone.
"""

import inspect
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from bplib.activations import sigmoid
from bplib.datasets import xor


class Bug(NamedTuple):
    """A wrong backward pass.   id : "BP-01",  text : what it does,  f : the pass itself"""

    id: str
    text: str
    f: Callable


BUGS = []


def _bug(id, text):
    """Decorator that puts a wrong backward pass into the zoo."""

    def add(f):
        BUGS.append(Bug(id, text, f))
        return f

    return add


def backward(x, y, W1, b1, W2, b2):
    """delta = dL/dz,  dW = delta^T a,  db = sum of delta over the rows; last layer first.

    Source: Nielsen 2015, ch. 2, the four equations BP1-BP4.
    """
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


def fixture():
    """A 3-4-2 network and 5 rows on which every wrong pass looks different.

    All sizes differ, errors have both signs and nothing is 0.   ->  x, y, W1, b1, W2, b2
    """
    x = np.array(
        [[1.9, -0.4, 1.2], [-0.2, -0.4, 2.0], [0.7, -0.5, -0.1], [1.0, 0.2, 1.8], [0.6, -1.7, 0.4]]
    )
    y = np.array([[0.9, 0.33], [0.92, 0.07], [0.12, 0.28], [0.51, 0.06], [0.92, 0.1]])
    W1 = np.array(
        [[0.01, -0.01, -0.27], [-0.06, -0.7, 0.11], [0.27, 0.49, -0.1], [0.22, 0.99, 0.63]]
    )
    b1 = np.array([-0.44, -0.26, 0.06, -0.46])
    W2 = np.array([[-0.46, 0.71, -0.51, -0.6], [-0.38, 0.13, 0.5, 0.58]])
    b2 = np.array([0.38, 0.02])
    return x, y, W1, b1, W2, b2


def square():
    """A 3-3-3 network and 3 rows: here a forgotten transpose raises no error, it is just wrong.

    ->  x, y, W1, b1, W2, b2
    """
    x = np.array([[0.8, -1.3, 0.5], [-0.6, 0.9, 1.7], [1.4, 0.3, -1.1]])
    y = np.array([[0.9, 0.2, 0.4], [0.1, 0.7, 0.85], [0.35, 0.95, 0.15]])
    W1 = np.array([[0.5, -0.9, 0.7], [-0.4, 1.2, 0.3], [0.8, 0.6, -1.1]])
    b1 = np.array([0.2, -0.5, 0.4])
    W2 = np.array([[0.9, -0.3, 0.6], [-0.7, 1.1, 0.45], [0.25, 0.65, -0.8]])
    b2 = np.array([-0.35, 0.15, 0.55])
    return x, y, W1, b1, W2, b2


def wrong_lines(bug):
    """The lines of a wrong pass that the right one does not have."""
    right = inspect.getsource(backward).splitlines()
    _, body = inspect.getsource(bug.f).split("b2):\n")
    return [line.strip() for line in body.splitlines() if line not in right]


def solves_xor(f, seed, epochs=1000, lr=10.0):
    """Whether a 2-4-1 network trained with this backward pass learns XOR.

    Full batch, plain gradient descent, weights from a normal distribution, biases 0.  Solved means
    every output within 0.4 of its target.  ValueError when a gradient does not fit its weights.
    """
    rng = np.random.default_rng(seed)
    x, y = xor()
    W1, b1, W2, b2 = rng.normal(size=(4, 2)), np.zeros(4), rng.normal(size=(1, 4)), np.zeros(1)
    with np.errstate(over="ignore", invalid="ignore"):  # some bugs run away
        for _ in range(epochs):
            _, dW2, db2, _, dW1, db1 = f(x, y, W1, b1, W2, b2)
            W1 -= lr * dW1
            b1 -= lr * db1
            W2 -= lr * dW2
            b2 -= lr * db2
        a2 = sigmoid(sigmoid(x @ W1.T + b1) @ W2.T + b2)
    return bool(np.all(np.abs(a2 - y) < 0.4))


def survival(bugs=BUGS, seeds=range(5)):
    """How many seeds each bug solves XOR with.   ->  {id: count, or None where it cannot run}"""
    table = {}
    for bug in bugs:
        try:
            table[bug.id] = sum(solves_xor(bug.f, seed) for seed in seeds)
        except ValueError:
            table[bug.id] = None
    return table


# ---- the zoo -------------------------------------------------------------------------------------


@_bug(
    "BP-01",
    "The error is actual minus predicted, so the sign of every gradient is turned.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (y - a2) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-02",
    "Every gradient has a factor 2, as if the loss had no ½.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = 2 * (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-03",
    "The slope of the sigmoid is missing in the output layer.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-04",
    "The slope of the sigmoid is missing in the hidden layer.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = delta2 @ W2
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-05",
    "The slope is taken at a instead of z: the sigmoid is in it twice.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * sigmoid(a2) * (1 - sigmoid(a2)) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * sigmoid(a1) * (1 - sigmoid(a1))
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-06",
    "The slope is z(1 − z): right formula, wrong letter.",
)
def _(x, y, W1, b1, W2, b2):
    z1 = x @ W1.T + b1
    a1 = sigmoid(z1)
    z2 = a1 @ W2.T + b2
    a2 = sigmoid(z2)
    delta2 = (a2 - y) * z2 * (1 - z2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * z1 * (1 - z1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-07",
    "The slope of the sigmoid is taken to be a itself.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * a1
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-08",
    "The slope is 1 − a²: that is the slope of tanh.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * (1 - a2**2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * (1 - a1**2)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-09",
    "On the way back W2 is transposed, as if the signal ran forward.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2.T) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-10",
    "Both dW are transposed: rows and columns have changed places.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = a1.T @ delta2
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = x.T @ delta1
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-11",
    "The slope of the hidden layer is multiplied as a matrix, not entry by entry.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) @ (a1 * (1 - a1)).T
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-12",
    "delta2 and W2 are multiplied entry by entry, not as matrices.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 * W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-13",
    "The error goes back through dW2 instead of W2.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ dW2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-14",
    "The mean is missing: no gradient is divided by the number of rows.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-15",
    "The mean is taken twice: in delta, and again in every dW and db.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1 / len(x)
    db2 = delta2.mean(axis=0)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x / len(x)
    db1 = delta1.mean(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-16",
    "The error is divided by the number of rows once per layer.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * a1 * (1 - a1) / len(x)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-17",
    "The mean runs over all entries of the output, not over the rows only.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / a2.size
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-18",
    "The bias gradients are not summed: there is one row per sample.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-19",
    "The bias gradients are summed over the neurons instead of the samples.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=1)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=1)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-20",
    "The bias gradient of a layer is one single number.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum()
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum()
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-21",
    "The bias gradients are 0, as if a bias could not learn.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = np.zeros_like(b2)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = np.zeros_like(b1)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-22",
    "W2 has already taken its step (of 0.5) when the error goes back through it.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    W2 = W2 - 0.5 * dW2
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-23",
    "Each sample writes over the gradients of the one before: only the last one counts.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = np.outer(delta2[-1], a1[-1])
    db2 = delta2[-1]
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = np.outer(delta1[-1], x[-1])
    db1 = delta1[-1]
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-25",
    "Only the first output sends its error back to the hidden layer.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2[:, :1] @ W2[:1]) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-26",
    "The paths from the outputs to a hidden neuron are averaged, not added.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) / len(b2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-27",
    "The error goes back through |W2|: no weight may turn its sign.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ np.abs(W2)) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-28",
    "dW is delta times the weight instead of delta times the input.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.sum(axis=0)[:, None] * W2
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.sum(axis=0)[:, None] * W1
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-30",
    "The activations a2 go back to the hidden layer instead of the deltas.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (a2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-31",
    "The factors of the chain rule are added in the hidden layer, not multiplied.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) + a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-32",
    "dW2 is delta times z1, the sum, instead of delta times a1.",
)
def _(x, y, W1, b1, W2, b2):
    z1 = x @ W1.T + b1
    a1 = sigmoid(z1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ z1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-36",
    "What comes back is the step, −0.5 times the gradient, not the gradient.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, -0.5 * dW2, -0.5 * db2, delta1, -0.5 * dW1, -0.5 * db1


@_bug(
    "BP-37",
    "The error stops at the output layer: the hidden layer gets gradients of 0.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = np.zeros_like(a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-44",
    "The hidden activations are overwritten by their slope before dW2 needs them.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    a1 *= 1 - a1
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * a1
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-45",
    "The slope of the sigmoid is taken to be 1 − a.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-46",
    "The size of the error goes back, without its sign.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = np.abs(a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-47",
    "The squared error goes back, instead of the error.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) ** 2 * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-48",
    "The hidden layer gets the plain error a2 − y instead of delta2.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = ((a2 - y) / len(x) @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-49",
    "The error goes back through weights of 1: every hidden neuron gets the same blame.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ np.ones_like(W2)) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-50",
    "The bias gradients are multiplied by the bias, as if it had itself as input.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0) * b2
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0) * b1
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-51",
    "The bias gradients are means over the rows, though delta holds 1/m already.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.mean(axis=0)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.mean(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@_bug(
    "BP-52",
    "What comes back is the weights after a step of 0.5, not the gradients.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, W2 - 0.5 * dW2, b2 - 0.5 * db2, delta1, W1 - 0.5 * dW1, b1 - 0.5 * db1


@_bug(
    "BP-53",
    "What comes back is the gradient times a learning rate of 0.5.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, 0.5 * dW2, 0.5 * db2, delta1, 0.5 * dW1, 0.5 * db1


@_bug(
    "BP-54",
    "The blame is split by share: each weight is divided by the sum of its row.",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ (W2 / W2.sum(axis=1, keepdims=True))) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1
