"""How big the first weights are.  Each takes (n_out, n_in, rng) and returns W : (n_out, n_in)."""

import numpy as np


def zeros(n_out, n_in, rng=None):
    """All 0: every hidden neuron stays the twin of its neighbour.  Here to be seen failing."""
    return np.zeros((n_out, n_in))


def normal(n_out, n_in, rng, std=0.01):
    """W ~ N(0, std**2)."""
    return rng.normal(0.0, std, (n_out, n_in))


def xavier(n_out, n_in, rng):
    """W ~ N(0, 2 / (n_in + n_out)), made for tanh and often used for sigmoid.

    Source: Glorot & Bengio 2010, sec. 4.2.1 (they draw from a uniform of the same variance).
    """
    return rng.normal(0.0, np.sqrt(2.0 / (n_in + n_out)), (n_out, n_in))


def he(n_out, n_in, rng):
    """W ~ N(0, 2 / n_in), made for ReLU, and near enough for Leaky ReLU with a small slope.

    Source: He, Zhang, Ren & Sun 2015, "Delving deep into rectifiers", sec. 2.2.
    """
    return rng.normal(0.0, np.sqrt(2.0 / n_in), (n_out, n_in))
