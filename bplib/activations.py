"""Activation functions and their derivatives, element by element."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Activation(NamedTuple):
    """phi and phi' as a pair, because backprop always needs both at the same z."""

    name: str
    f: Callable[[np.ndarray], np.ndarray]
    prime: Callable[[np.ndarray], np.ndarray]

    def __call__(self, z):
        return self.f(z)


def sigmoid(z):
    """1 / (1 + exp(-z)), written with tanh so that nothing overflows at z = -1000.

    z : (..., n)  ->  (..., n), values from 0 to 1
    Source: Goodfellow, Bengio & Courville 2016, sec. 3.10.
    """
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(z)))


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
    return (np.asarray(z) > 0).astype(float)


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
        lambda z: np.where(np.asarray(z) > 0, z, slope * np.asarray(z)),
        lambda z: np.where(np.asarray(z) > 0, 1.0, slope),
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
    return np.asarray(z, dtype=float)


def identity_prime(z):
    """1 everywhere.   z : (..., n)  ->  (..., n)"""
    return np.ones_like(z, dtype=float)


SIGMOID = Activation("sigmoid", sigmoid, sigmoid_prime)
TANH = Activation("tanh", tanh, tanh_prime)
RELU = Activation("relu", relu, relu_prime)
LEAKY_RELU = leaky_relu()
IDENTITY = Activation("identity", identity, identity_prime)
