"""Activation functions and their derivatives, element by element."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np


class Activation(NamedTuple):
    """phi and phi' as a pair, because backprop always needs both at the same z.

    The same once more for fast.py, as lists of calls: they need no new arrays, and are made again
    and again.  into(z) turns z into a;  back(da, a) turns da into da * phi'(z), and may use a up.
    """

    name: str
    f: Callable[[np.ndarray], np.ndarray]
    prime: Callable[[np.ndarray], np.ndarray]
    into: Callable[[np.ndarray], list[Callable]] | None = None
    back: Callable[[np.ndarray, np.ndarray], list[Callable]] | None = None

    def __call__(self, z):
        return self.f(z)


def sigmoid(z):
    """1 / (1 + exp(-z)).  At z = -1000 exp is infinity, and 1 / (1 + infinity) is 0: no warning.

    z : (..., n)  ->  (..., n), values from 0 to 1
    Source: Goodfellow, Bengio & Courville 2016, sec. 3.10.
    """
    with np.errstate(over="ignore", under="ignore"):
        return 1.0 / (1.0 + np.exp(-np.asarray(z)))


def sigmoid_prime(z):
    """sigmoid(z) * (1 - sigmoid(z));  never more than 1/4.

    z : (..., n)  ->  (..., n)
    """
    a = sigmoid(z)
    return a * (1.0 - a)


def tanh(z):
    """(exp(z) - exp(-z)) / (exp(z) + exp(-z)).   z : (..., n)  ->  (..., n), from -1 to 1"""
    return np.tanh(z)


def tanh_prime(z):
    """1 - tanh(z)**2;  1 at z = 0.   z : (..., n)  ->  (..., n)"""
    return 1.0 - np.tanh(z) ** 2


def relu(z):
    """max(0, z).   z : (..., n)  ->  (..., n)

    Source: Glorot, Bordes & Bengio 2011, "Deep sparse rectifier neural networks".
    """
    return np.maximum(0.0, z)


def relu_prime(z):
    """1 where z > 0, else 0 (at the kink we choose 0, as PyTorch does)."""
    z = np.asarray(z)
    return (z > 0).astype(z.dtype if z.dtype.kind == "f" else float)


def leaky_relu(slope=0.01):
    """The activation z where z > 0, else slope * z: a ReLU that is never quite flat.

    slope : 0 <= slope < 1  ->  Activation;  ValueError outside that range
    Source: Maas, Hannun & Ng 2013, "Rectifier nonlinearities improve neural network
    acoustic models", sec. 2.
    """
    if not 0 <= slope < 1:
        raise ValueError(f"leaky_relu needs 0 <= slope < 1, but slope is {slope}.")
    return Activation(
        f"leaky_relu({slope})",
        lambda z: np.maximum(z, slope * np.asarray(z)),
        lambda z: np.maximum(relu_prime(z), slope),
        partial(_leaky_into, slope),
        partial(_leaky_back, slope),
    )


def dead(z):
    """Which units a ReLU leaves dead: z is above 0 on no row, so no error ever comes through.

    z : (m, n)  ->  (n,) of bool;  ValueError unless z is (m, n) with a row
    Source: Lu, Shin, Su & Karniadakis 2019, "Dying ReLU and initialization", sec. 1.
    """
    z = np.asarray(z)
    if z.ndim != 2 or not len(z):
        raise ValueError(f"dead needs z of shape (m, n) with a row, but it is {z.shape}.")
    return ~np.any(z > 0, axis=0)


def identity(z):
    """z itself: for a last layer whose loss takes z.   z : (..., n)  ->  (..., n)"""
    z = np.asarray(z)
    return z if z.dtype.kind == "f" else z.astype(float)


def identity_prime(z):
    """1 everywhere.   z : (..., n)  ->  (..., n)"""
    return np.ones_like(identity(z))


def scalar(value, like):
    """A number as an array of no dimension: NumPy is slower with a number of Python's."""
    return np.array(value, like.dtype)


def _sigmoid_into(z):
    one = scalar(1.0, z)
    return [
        partial(np.negative, z, z),
        partial(np.exp, z, z),
        partial(np.add, z, one, z),
        partial(np.divide, one, z, z),
    ]


def _sigmoid_back(da, a):
    return [
        partial(np.multiply, da, a, da),
        partial(np.subtract, scalar(1.0, a), a, a),
        partial(np.multiply, da, a, da),
    ]


def _tanh_into(z):
    return [partial(np.tanh, z, z)]


def _tanh_back(da, a):
    return [
        partial(np.multiply, a, a, a),
        partial(np.subtract, scalar(1.0, a), a, a),
        partial(np.multiply, da, a, da),
    ]


def _relu_into(z):
    return [partial(np.maximum, z, np.zeros_like(z), out=z)]  # twice as fast as with one zero


def _relu_back(da, a):
    return [
        partial(np.greater, a, scalar(0.0, a), a),  # 1 or 0, and of the same kind as da
        partial(np.multiply, da, a, da),
    ]


def _leaky_into(slope, z):
    small = np.empty_like(z)
    return [partial(np.multiply, z, scalar(slope, z), small), partial(np.maximum, z, small, out=z)]


def _leaky_back(slope, da, a):
    to_slope = partial(np.maximum, a, np.full_like(a, slope), out=a)
    is_above, times = _relu_back(da, a)
    return [is_above, to_slope, times]


def _nothing(*_):
    """What identity does to z, and its derivative to da."""
    return []


SIGMOID = Activation("sigmoid", sigmoid, sigmoid_prime, _sigmoid_into, _sigmoid_back)
TANH = Activation("tanh", tanh, tanh_prime, _tanh_into, _tanh_back)
RELU = Activation("relu", relu, relu_prime, _relu_into, _relu_back)
LEAKY_RELU = leaky_relu()
IDENTITY = Activation("identity", identity, identity_prime, _nothing, _nothing)
