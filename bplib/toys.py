"""Small functions on which exercises try an answer: something to measure, something to derive."""

import numpy as np


def hills(w):
    """sum of sin(w), plus half the square of the sum: every entry meets every other.

    w : array of any shape  ->  float
    """
    return float(np.sum(np.sin(w)) + 0.5 * np.sum(w) ** 2)


def cubes(w):
    """sum of w**3, plus the products of neighbours.   w : array of any shape  ->  float"""
    v = np.ravel(w)
    return float(np.sum(v**3) + np.sum(v[1:] * v[:-1]))


def line(a, b, c):
    """No number is used twice."""
    return a * b + c


def fork(a, b, c):
    """a and d are used twice."""
    d = a * b
    return d * d + a * c


def diamond(a, b, c):
    """From d two ways lead to the end, one of them through exp."""
    d = a + b
    return d.exp() * c + d * b


def slopes(Value, f, numbers):
    """f of Values, run forward and then backward.

    Value : a class with data, grad, +, *, exp() and backward(),  f : a function of Values
    numbers : (n,)  ->  f as a number, its slopes (n,)
    """
    values = [Value(float(number)) for number in numbers]
    result = f(*values)
    result.backward()
    return result.data, np.array([value.grad for value in values])


def step_back(dh, dc, gates, c_prev, c, W_h):
    """One step of an LSTM backward: what a loop through time is handed.

    dh, dc : (m, n), of the states after the step,  gates : (4, m, n), c_prev, c : (m, n)
    W_h : (4n, n)  ->  delta : (m, 4n),  dh_prev : (m, n),  dc_prev : (m, n)
    """
    i, f, o, g = gates
    dc = dc + dh * o * (1 - np.tanh(c) ** 2)
    slopes_of_gates = i * (1 - i), f * (1 - f), o * (1 - o), 1 - g**2
    heard = dc * g, dc * c_prev, dh * np.tanh(c), dc * i
    delta = np.hstack([e * slope for e, slope in zip(heard, slopes_of_gates, strict=True)])
    return delta, delta @ W_h, dc * f
