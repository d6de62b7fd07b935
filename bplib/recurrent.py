"""Recurrent layers and backpropagation through time.  Time is the first axis: x[t] is a batch."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class RNNTrace(NamedTuple):
    """What forward() saw.   x : (T, m, n_in),  h : (T + 1, m, n), h[0] is the state before x[0]."""

    x: np.ndarray
    h: np.ndarray


class RNNGradients(NamedTuple):
    """Sums over all steps, and the error signal of every step.

    delta : (T, m, n), dL/dz of step t;  dx : (T, m, n_in);  dh0 : (m, n)
    """

    dW_x: np.ndarray
    dW_h: np.ndarray
    db: np.ndarray
    delta: np.ndarray
    dx: np.ndarray
    dh0: np.ndarray

    @property
    def params(self):
        """[dW_x, dW_h, db], in the order of RNN.params."""
        return [self.dW_x, self.dW_h, self.db]


@dataclass
class RNN:
    """h_t = tanh(W_x x_t + W_h h_(t-1) + b): one layer, used again at every step.

    W_x : (n, n_in),  W_h : (n, n),  b : (n,)
    ValueError, in one sentence, when shapes do not fit.
    Source: Elman 1990; Goodfellow, Bengio & Courville 2016, eqs. (10.8) and (10.9).
    """

    W_x: np.ndarray
    W_h: np.ndarray
    b: np.ndarray

    def __post_init__(self):
        n = len(self.W_h)
        if (self.W_h.shape, self.b.shape, self.W_x.shape[:-1]) != ((n, n), (n,), (n,)):
            raise ValueError(
                f"an RNN needs W_x (n, n_in), W_h (n, n) and b (n,), but W_x is {self.W_x.shape}, "
                f"W_h is {self.W_h.shape} and b is {self.b.shape}."
            )

    @property
    def params(self):
        """[W_x, W_h, b]: the arrays themselves, as an optimiser takes them."""
        return [self.W_x, self.W_h, self.b]

    def forward(self, x, h0=None):
        """x : (T, m, n_in),  h0 : (m, n), 0 if None  ->  RNNTrace"""
        x = np.asarray(x, float)
        if x.ndim != 3 or x.shape[2] != self.W_x.shape[1]:
            raise ValueError(
                f"W_x is {self.W_x.shape}, so x must be (T, m, {self.W_x.shape[1]}), "
                f"time first, but x is {x.shape}."
            )
        T, m, _ = x.shape
        h = np.zeros((T + 1, m, len(self.b)))
        if h0 is not None:
            if np.shape(h0) != h[0].shape:
                raise ValueError(f"h0 must be {h[0].shape}, (m, n), but it is {np.shape(h0)}.")
            h[0] = h0
        for t in range(T):
            h[t + 1] = np.tanh(x[t] @ self.W_x.T + h[t] @ self.W_h.T + self.b)
        return RNNTrace(x, h)

    def backward(self, trace, dh):
        """The error signal goes back through every step, and all steps share the weights.

        dh : (T, m, n), dL/dh[t + 1] as it comes from outside, 0 where nobody looks
            ->  RNNGradients
        delta_t = (dh_t + delta_(t+1) W_h) * (1 - h_t**2)
        Source: Werbos 1990; Goodfellow, Bengio & Courville 2016, sec. 10.2.2.
        """
        x, h = trace
        if np.shape(dh) != h[1:].shape:
            raise ValueError(f"dh must be {h[1:].shape}, (T, m, n), but it is {np.shape(dh)}.")
        dW_x, dW_h, db = (np.zeros(w.shape) for w in self.params)
        delta = np.zeros_like(h[1:])
        dh_next = np.zeros_like(h[0])
        for t in reversed(range(len(x))):
            delta[t] = (dh[t] + dh_next) * (1.0 - h[t + 1] ** 2)
            dW_x += delta[t].T @ x[t]
            dW_h += delta[t].T @ h[t]
            db += delta[t].sum(axis=0)
            dh_next = delta[t] @ self.W_h  # each row: W_h^T delta
        return RNNGradients(dW_x, dW_h, db, delta, delta @ self.W_x, dh_next)
