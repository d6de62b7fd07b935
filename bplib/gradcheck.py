"""Numerical gradients, to check the analytical ones."""

import numpy as np


def numerical_gradient(f, w, h=1e-5):
    """df/dw by central differences, one entry of w at a time: (f(w + h) - f(w - h)) / 2h.

    f : () -> float, reads w;   w : float64 array of any shape, changed and restored in place
    TypeError when w is not an array of float64 (a shorter type would lose h).
    Source: Stanford CS231n notes, "Neural networks 3", gradient checks.
    """
    if not isinstance(w, np.ndarray) or w.dtype != np.float64:
        raise TypeError("numerical_gradient needs w as a NumPy array of float64.")
    grad = np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        keep = w[i]
        try:
            w[i] = keep + h
            above = f()
            w[i] = keep - h
            below = f()
        finally:
            w[i] = keep
        grad[i] = (above - below) / (2 * h)
    return grad


def relative_error(p, q):
    """max|p - q| / (max|p| + max|q|);  0 when both are all zero.

    p, q : arrays of one shape  ->  float;  ValueError when the shapes differ
    """
    p, q = np.asarray(p), np.asarray(q)
    if p.shape != q.shape:
        raise ValueError(f"relative_error compares arrays of one shape, not {p.shape}, {q.shape}.")
    size = np.max(np.abs(p), initial=0.0) + np.max(np.abs(q), initial=0.0)
    return float(np.max(np.abs(p - q), initial=0.0) / size) if size else 0.0
