"""A fully connected network whose forward pass keeps what the backward pass needs."""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from bplib.activations import IDENTITY, Activation
from bplib.initialisers import xavier
from bplib.losses import BINARY_CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY, Loss


class Trace(NamedTuple):
    """What forward() saw: a[0] is the input, and layer l turned a[l] into z[l], a[l + 1]."""

    a: list[np.ndarray]
    z: list[np.ndarray]


class Gradients(NamedTuple):
    """What backward() found, one entry per layer.  delta is kept for the plots."""

    dW: list[np.ndarray]
    db: list[np.ndarray]
    delta: list[np.ndarray]

    @property
    def params(self):
        """[dW1, db1, dW2, db2, ...], in the order of Network.params."""
        return [dw for layer in zip(self.dW, self.db, strict=True) for dw in layer]


@dataclass
class Layer:
    """a_out = phi(W a + b).   W : (n_out, n_in),  b : (n_out,)"""

    W: np.ndarray
    b: np.ndarray
    phi: Activation


@dataclass
class Network:
    """Layers in order, and the loss that compares the last a with the target.

    ValueError or TypeError, in one sentence, when shapes or number types do not fit.
    """

    layers: list[Layer]
    loss: Loss

    def __post_init__(self):
        if not self.layers:
            raise ValueError("a network needs at least one layer.")
        n_in = None
        for number, layer in enumerate(self.layers, 1):
            n_in = _check_layer(number, layer, n_in)

    @property
    def params(self):
        """[W1, b1, W2, b2, ...]: the arrays themselves, as an optimiser takes them."""
        return [w for layer in self.layers for w in (layer.W, layer.b)]

    def forward(self, x):
        """z = W a + b and a = phi(z), layer by layer.

        x : (m, n_0), one sample per row  ->  Trace
        Source: Nielsen 2015, ch. 2, eq. (25).
        """
        x = check_rows("x", x, self.layers[0].W.shape[1], 1, self.layers[0])
        a, z = [x], []
        for layer in self.layers:
            z.append(a[-1] @ layer.W.T + layer.b)  # each row: W a + b
            a.append(layer.phi(z[-1]))
        return Trace(a, z)

    def backward(self, trace, y):
        """delta = dL/da * phi'(z), then dL/da = W^T delta, from the last layer to the first.

        y : (m, n_L)  ->  Gradients of the loss
        Source: Nielsen 2015, ch. 2, the four equations BP1-BP4.
        """
        n = len(self.layers)
        y = check_rows("y", y, self.layers[-1].W.shape[0], n, self.layers[-1], len(trace.a[0]))
        dW, db, deltas = [None] * n, [None] * n, [None] * n
        da = self.loss.grad(trace.a[-1], y)
        for l in reversed(range(n)):
            delta = da * self.layers[l].phi.prime(trace.z[l])  # BP1, BP2
            dW[l] = delta.T @ trace.a[l]  # BP4: sum over rows of delta a^T
            db[l] = delta.sum(axis=0)  # BP3
            deltas[l] = delta
            da = delta @ self.layers[l].W  # each row: W^T delta
        return Gradients(dW, db, deltas)


def dense(sizes, phi, loss, rng, init=xavier):
    """A network of fully connected layers with weights from init and biases of 0.

    sizes : [n_0, n_1, ..., n_L].  The last layer has phi too, unless the loss takes z itself.
    """
    takes_z = loss in (BINARY_CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY)
    phis = [phi] * (len(sizes) - 2) + [IDENTITY if takes_z else phi]
    layers = [
        Layer(init(n_out, n_in, rng), np.zeros(n_out), phi)
        for (n_in, n_out), phi in zip(pairwise(sizes), phis, strict=False)
    ]
    return Network(layers, loss)


def check_floats(owner, **weights):
    """Refuse weights that an optimiser could not change in place.   TypeError, in one sentence"""
    for name, w in weights.items():
        if not isinstance(w, np.ndarray) or not np.issubdtype(w.dtype, np.floating):
            kind = w.dtype if isinstance(w, np.ndarray) else type(w).__name__
            raise TypeError(f"{owner}: {name} must be a NumPy array of floats, but it is {kind}.")


def _check_layer(number, layer, n_before):
    """Refuse a layer that cannot work, in one sentence; return how many neurons it has."""
    check_floats(f"layer {number}", W=layer.W, b=layer.b)
    if layer.W.ndim != 2:
        raise ValueError(f"layer {number}: W must be (n_out, n_in), but it is {layer.W.shape}.")
    n_out, n_in = layer.W.shape
    if layer.b.shape != (n_out,):
        raise ValueError(
            f"layer {number}: W is {layer.W.shape}, so b must be ({n_out},), "
            f"but it is {layer.b.shape}."
        )
    if n_before not in (None, n_in):
        raise ValueError(
            f"layer {number}: W is {layer.W.shape} and takes {n_in} inputs, "
            f"but layer {number - 1} has {n_before} neurons."
        )
    return n_out


def check_rows(name, rows, n, number, layer, m=None):
    """rows as a float array of shape (m, n), or one sentence that says why it cannot be."""
    rows = np.asarray(rows)
    if rows.dtype.kind not in "biuf":
        raise TypeError(
            f"layer {number}: {name} must hold real numbers, but its dtype is {rows.dtype}."
        )
    if rows.ndim != 2 or rows.shape[1] != n or m not in (None, len(rows)):
        needed = f"({'m' if m is None else m}, {n})"
        raise ValueError(
            f"layer {number}: its W is {layer.W.shape}, so {name} must be {needed}, "
            f"one sample per row, but {name} is {rows.shape}."
        )
    return rows.astype(layer.W.dtype, copy=False)
