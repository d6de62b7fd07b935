"""Losses: the mean over the rows of a batch, and the gradient of that mean.

A loss takes two (m, n) arrays; ValueError when their shapes differ or there is no row.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from bplib.activations import IDENTITY, SIGMOID, sigmoid


class Loss(NamedTuple):
    """L(a, y) and dL/da.  The 1/m of the mean lives here and nowhere else.

    into : for fast.py, the calls that turn the output, one sample a column, into that of which
        (. - y) / m is the gradient
    """

    name: str
    value: Callable[[np.ndarray, np.ndarray], float]
    grad: Callable[[np.ndarray, np.ndarray], np.ndarray]
    into: Callable[[np.ndarray], list[Callable]] | None = None


def _pair(a, y):
    """Both as arrays of one shape (m, n): (m,) against (m, 1) would broadcast to (m, m)."""
    a, y = _floats(a), _floats(y)
    if a.shape != y.shape or a.ndim != 2:
        raise ValueError(
            f"the output and the target must both be (m, n), "
            f"but the output is {a.shape} and the target is {y.shape}."
        )
    if not a.size:
        raise ValueError(f"a mean needs at least one row, but the output is {a.shape}.")
    return a, y


def _floats(rows):
    rows = np.asarray(rows)
    return rows if rows.dtype.kind == "f" else rows.astype(float)


def half_mse(a, y):
    """(1/m) sum over rows of 1/2 sum_j (a_j - y_j)**2.   a, y : (m, n)  ->  float

    Source: Nielsen 2015, ch. 1, eq. (6).
    """
    a, y = _pair(a, y)
    return float(0.5 * np.sum((a - y) ** 2) / len(a))


def half_mse_grad(a, y):
    """(a - y) / m: predicted minus actual.   a, y : (m, n)  ->  (m, n)"""
    a, y = _pair(a, y)
    return (a - y) / len(a)


def binary_cross_entropy(z, y):
    """-(1/m) sum of y log(sigmoid(z)) + (1 - y) log(1 - sigmoid(z)), from z and not from a.

    Written as log(1 + exp(z)) - y z, so that it stays finite.   z, y : (m, n)  ->  float
    Source: Goodfellow, Bengio & Courville 2016, sec. 6.2.2.2.
    """
    z, y = _pair(z, y)
    return float(np.sum(np.logaddexp(0.0, z) - y * z) / len(z))


def binary_cross_entropy_grad(z, y):
    """(sigmoid(z) - y) / m.   z, y : (m, n)  ->  (m, n)"""
    z, y = _pair(z, y)
    return (sigmoid(z) - y) / len(z)


def softmax(z):
    """exp(z_j) / sum_k exp(z_k) along each row, shifted so that exp cannot overflow.

    z : (..., n)  ->  (..., n), rows sum to 1
    Source: Goodfellow, Bengio & Courville 2016, sec. 6.2.2.3.
    """
    z = np.asarray(z)
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_cross_entropy(z, y):
    """-(1/m) sum of y log(softmax(z)), with the logarithm taken before exp can underflow.

    z : (m, n),  y : (m, n), each row a one-hot (or a distribution)  ->  float
    Source: Goodfellow, Bengio & Courville 2016, sec. 6.2.2.3.
    """
    z, y = _pair(z, y)
    z = z - z.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return float(-np.sum(y * log_p) / len(z))


def softmax_cross_entropy_grad(z, y):
    """(softmax(z) - y) / m, when every row of y sums to 1.   z, y : (m, n)  ->  (m, n)"""
    z, y = _pair(z, y)
    return (softmax(z) - y) / len(z)


def _softmax_into(z):
    of_column = np.empty_like(z[0])  # its largest z, and then its sum
    return [
        partial(np.maximum.reduce, z, 0, None, of_column),
        partial(np.subtract, z, of_column, z),
        partial(np.exp, z, z),
        partial(np.add.reduce, z, 0, None, of_column),
        partial(np.divide, z, of_column, z),
    ]


# The two cross-entropies take the last z, not a: give the last layer the activation IDENTITY.
MSE = Loss("half mean squared error", half_mse, half_mse_grad, IDENTITY.into)
BINARY_CROSS_ENTROPY = Loss(
    "binary cross-entropy", binary_cross_entropy, binary_cross_entropy_grad, SIGMOID.into
)
SOFTMAX_CROSS_ENTROPY = Loss(
    "softmax cross-entropy", softmax_cross_entropy, softmax_cross_entropy_grad, _softmax_into
)
