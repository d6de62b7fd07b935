"""Small data sets: x has one sample per row, y one target per row.  No downloads."""

from importlib.resources import files
from typing import NamedTuple

import numpy as np


class Mazur(NamedTuple):
    """A worked example: one sample, two inputs, two hidden and two output neurons."""

    x: np.ndarray
    y: np.ndarray
    W1: np.ndarray
    b1: np.ndarray
    W2: np.ndarray
    b2: np.ndarray


def mazur():
    """The 2-2-2 network whose every number can be worked out by hand.

    Source: Mazur 2015, "A step by step backpropagation example".
    """
    return Mazur(
        x=np.array([[0.05, 0.10]]),
        y=np.array([[0.01, 0.99]]),
        W1=np.array([[0.15, 0.20], [0.25, 0.30]]),
        b1=np.array([0.35, 0.35]),
        W2=np.array([[0.40, 0.45], [0.50, 0.55]]),
        b2=np.array([0.60, 0.60]),
    )


def xor():
    """The four rows of "one or the other, not both".   ->  x : (4, 2), y : (4, 1)"""
    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    return x, np.array([[0.0], [1.0], [1.0], [0.0]])


def moons(m, rng, noise=0.1):
    """Two half circles, each reaching into the other.   ->  x : (m, 2), y : (m, 1)"""
    upper = np.arange(m) % 2 == 0
    t = rng.uniform(0.0, np.pi, m)
    x = np.where(
        upper[:, None],
        np.column_stack([np.cos(t), np.sin(t)]),
        np.column_stack([1.0 - np.cos(t), 0.5 - np.sin(t)]),
    )
    return x + rng.normal(0.0, noise, x.shape), (~upper).astype(float)[:, None]


def circles(m, rng, noise=0.1):
    """A disc of radius 1/2 inside a ring of radius 1.   ->  x : (m, 2), y : (m, 1), 1 inside"""
    inside = np.arange(m) % 2
    angle = rng.uniform(0.0, 2.0 * np.pi, m)
    radius = np.where(inside, 0.5 * np.sqrt(rng.uniform(0.0, 1.0, m)), 1.0)
    x = np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None]
    return x + rng.normal(0.0, noise, x.shape), inside.astype(float)[:, None]


def spirals(m, rng, noise=0.05):
    """Two spirals, each one and a half turns.   ->  x : (m, 2), y : (m, 1)"""
    second = np.arange(m) % 2
    t = np.sqrt(rng.uniform(0.0, 1.0, m)) * 3.0 * np.pi
    angle = t + second * np.pi
    x = np.column_stack([np.cos(angle), np.sin(angle)]) * (t / (3.0 * np.pi))[:, None]
    return x + rng.normal(0.0, noise, x.shape), second.astype(float)[:, None]


def adding(m, T, rng):
    """Add the two marked numbers: one in the first half of T steps, one in the second.

    ->  x : (T, m, 2), a number from 0 to 1 and its mark, 1 or 0;  y : (m, 1), their sum
    ValueError unless T is 2 or more.
    Source: Hochreiter & Schmidhuber 1997, sec. 5.4, with numbers from 0 to 1 and a fixed T.
    """
    if T < 2:
        raise ValueError(f"adding needs two steps to mark, but T is {T}.")
    x = np.zeros((T, m, 2))
    x[:, :, 0] = rng.random((T, m))
    rows, half = np.arange(m), T // 2
    first, second = rng.integers(0, half, m), rng.integers(half, T, m)
    x[first, rows, 1] = x[second, rows, 1] = 1.0
    return x, (x[:, :, :1] * x[:, :, 1:]).sum(axis=0)


def digits():
    """1797 handwritten digits of 8 x 8 grey levels.   ->  x : (1797, 64) in [0, 1], y : (1797, 10)

    Source: Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits,
    UCI Machine Learning Repository, CC BY 4.0 (see data/README.md).
    """
    with files("bplib").joinpath("data/digits8x8.npz").open("rb") as file:
        data = np.load(file)
        return data["x"] / 16.0, np.eye(10)[data["y"]]


def split(x, y, m_test, rng):
    """Shuffle the rows once and keep m_test of them apart.   ->  x, y, x_test, y_test

    ValueError unless x and y have as many rows, and 0 < m_test < m.
    """
    if len(x) != len(y) or not 0 < m_test < len(x):
        raise ValueError(
            f"split needs as many rows in x as in y and 0 < m_test < m, "
            f"but x has {len(x)}, y has {len(y)} and m_test is {m_test}."
        )
    rows = rng.permutation(len(x))
    test, train = rows[:m_test], rows[m_test:]
    return x[train], y[train], x[test], y[test]
