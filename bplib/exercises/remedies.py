"""Exercises 6.1 to 6.10: four remedies, forward and backward, and which illness each one treats."""

import numpy as np

from bplib.activations import leaky_relu
from bplib.exercises.core import draw, exercise

# ---- 6.1 -----------------------------------------------------------------------------------------


@exercise(
    "6.1",
    points=1,
    title="ReLU and Leaky ReLU, forward and backward",
    hints=(
        "On which side of 0 does the unit let everything through, and what does it do on the "
        "other side?",
        "Forward, z is multiplied by 1 or by the slope. Backward, da is multiplied by the very "
        "same number. What decides which of the two it is: z, a or da?",
        "$a = z$ and $\\delta = \\frac{\\partial L}{\\partial a}$ where $z > 0$; elsewhere "
        "$a = \\alpha z$ and $\\delta = \\alpha \\, \\frac{\\partial L}{\\partial a}$",
    ),
    outputs=("a", "delta"),
)
def leaky(z, da, slope):
    """Leaky ReLU forward, and the error signal back through it; with slope = 0 it is ReLU.

    z : (m, n),  da : (m, n) dL/da, as it comes from the layer after
    slope : one number, 0 <= slope < 1: the slope of the unit below 0
    ->  a : (m, n),  delta : (m, n) dL/dz
    """
    factor = np.where(z > 0, 1, slope)
    return factor * z, factor * da


@leaky.cases
def _(rng):
    sizes = ((2, 2, 0.0), (2, 3, 0.1), (3, 2, 0.3), (4, 3, 0.0), (3, 5, 0.01), (5, 4, 0.6))
    return [(draw(rng, m, n), draw(rng, m, n), slope) for m, n, slope in sizes]


@leaky.equivalent
def _(z, da, slope):
    """The kink gets the slope 1, and the mask comes from a."""
    a = np.maximum(z, 0) + slope * np.minimum(z, 0)
    return a, da * (a >= 0) + slope * da * (a < 0)


@leaky.equivalent
def _(z, da, slope):
    a, delta = np.zeros(z.shape), np.zeros(z.shape)
    for i in range(len(z)):
        for j in range(len(z[0])):
            if z[i, j] > 0:
                a[i, j], delta[i, j] = z[i, j], da[i, j]
            else:
                a[i, j], delta[i, j] = slope * z[i, j], slope * da[i, j]
    return a, delta


@leaky.equivalent
def _(z, da, slope):
    off = z <= 0
    a, delta = z.copy(), da.copy()
    a[off] *= slope
    delta[off] *= slope
    return a, delta


@leaky.equivalent
def _(z, da, slope):
    phi = leaky_relu(slope)
    return phi(z), phi.prime(z) * da


@leaky.equivalent
def _(z, da, slope):
    return np.maximum(slope * z, z), np.divide(np.maximum(slope * z, z), z) * da


# ---- 6.7 -----------------------------------------------------------------------------------------
