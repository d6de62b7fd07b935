"""A deep belief network: restricted Boltzmann machines, trained one by one, then one network.

An RBM joins n_v visible units v with n_h hidden units h, all 0 or 1, by weights in both directions.
Its W and b are those of a Layer, without a transpose.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bplib.activations import IDENTITY, SIGMOID, sigmoid
from bplib.losses import SOFTMAX_CROSS_ENTROPY
from bplib.network import Layer, Network, check_floats
from bplib.optimisers import Momentum
from bplib.training import minibatches


@dataclass
class RBM:
    """E(v, h) = -h W v - b h - c v,  p(v, h) = exp(-E) / Z.

    W : (n_h, n_v),  b : (n_h,) of the hidden units,  c : (n_v,) of the visible units
    ValueError, in one sentence, when shapes do not fit; TypeError when weights are no floats.
    Source: Hinton 2012, "A practical guide to training restricted Boltzmann machines", sec. 2.
    """

    W: np.ndarray
    b: np.ndarray
    c: np.ndarray

    def __post_init__(self):
        check_floats("an RBM", W=self.W, b=self.b, c=self.c)
        if self.W.ndim != 2 or [self.b.shape, self.c.shape] != [(n,) for n in self.W.shape]:
            raise ValueError(
                f"an RBM needs W (n_h, n_v), b (n_h,) and c (n_v,), but W is {self.W.shape}, "
                f"b is {self.b.shape} and c is {self.c.shape}."
            )

    @property
    def params(self):
        """[W, b, c]: the arrays themselves, as an optimiser takes them."""
        return [self.W, self.b, self.c]

    def hidden(self, v):
        """p(h = 1 | v) = sigmoid(W v + b).   v : (m, n_v)  ->  (m, n_h)"""
        return _on(v, self.W.T, self.b)

    def visible(self, h):
        """p(v = 1 | h) = sigmoid(W^T h + c).   h : (m, n_h)  ->  (m, n_v)"""
        return _on(h, self.W, self.c)

    def free_energy(self, v):
        """F(v) = -c v - sum_j log(1 + exp(W v + b)_j):  p(v) = exp(-F(v)) / Z.

        v : (m, n_v)  ->  (m,)
        Source: Hinton 2012, sec. 16.1.
        """
        return -(v @ self.c) - np.logaddexp(0.0, v @ self.W.T + self.b).sum(axis=1)


class Contrast(NamedTuple):
    """What cd() saw and found.  dW, db, dc are downhill for -log p(v): an optimiser takes them off.

    v0, h0 : the data and p(h = 1 | v0);  v1, h1 : the same after k steps of the machine's own
    """

    dW: np.ndarray
    db: np.ndarray
    dc: np.ndarray
    v0: np.ndarray
    h0: np.ndarray
    v1: np.ndarray
    h1: np.ndarray

    @property
    def params(self):
        """[dW, db, dc], in the order of RBM.params."""
        return [self.dW, self.db, self.dc]


def sample(p, u):
    """1 where u < p, else 0.   p : probabilities,  u : uniforms from 0 to 1, as p  ->  as p"""
    p = np.asarray(p)
    return (u < p).astype(p.dtype if p.dtype.kind == "f" else float)


def cd(rbm, v0, rng=None, k=1, uniforms=None):
    """Contrastive divergence: the gradient of -log p(v), with k steps in place of endlessly many.

    dW = (h1^T v1 - h0^T v0) / m,  db = mean(h1 - h0),  dc = mean(v1 - v0)
    Hidden units are sampled on the way to v; the probabilities of v and the last h are not,
    which costs a little exactness and saves much noise.
    v0 : (m, n_v), 0 to 1;  uniforms : (k, m, n_h), in place of rng.random   ->  Contrast
    ValueError, in one sentence, when k is less than 1 or shapes do not fit.
    Source: Hinton 2002, "Training products of experts"; choices of Hinton 2012, secs. 3.1 to 3.3.
    """
    if k < 1:
        raise ValueError(f"cd needs k of 1 or more, but k is {k}.")
    v0, (n_h, n_v) = np.asarray(v0, np.result_type(rbm.W, np.float16)), rbm.W.shape  # as W
    m = len(v0) if v0.ndim else 0
    if v0.shape != (m, n_v) or not m:
        raise ValueError(f"cd needs v0 (m, {n_v}) with at least one row, but v0 is {v0.shape}.")
    if uniforms is None:
        if rng is None:
            raise ValueError("cd needs rng or uniforms: the hidden units are sampled.")
        single = v0.dtype == np.float32
        uniforms = rng.random((k, m, n_h), np.float32 if single else float)
    if np.shape(uniforms) != (k, m, n_h):
        raise ValueError(
            f"uniforms must be {(k, m, n_h)}, (k, m, n_h), but they are {np.shape(uniforms)}."
        )
    up = rbm.W.T.copy()  # by a W^T of its own NumPy multiplies faster than by a view of W
    h0 = h1 = _on(v0, up, rbm.b)
    for u in uniforms:
        v1 = _on(sample(h1, u), rbm.W, rbm.c)
        h1 = _on(v1, up, rbm.b)
    dW = h1.T @ v1
    dW -= h0.T @ v0
    dW *= 1.0 / m
    mean = np.full(m, 1.0 / m, v0.dtype)  # mean @ h is the mean of the rows of h
    db, dc = mean @ h1, mean @ v1
    db -= mean @ h0
    dc -= mean @ v0
    return Contrast(dW, db, dc, v0, h0, v1, h1)


def _on(units, W, b):
    """sigmoid(W units + b), row by row."""
    z = units @ W
    z += b
    return sigmoid(z)


def rbm(n_v, n_h, rng, v=None):
    """A first RBM: W ~ N(0, 0.01**2), b = 0, and c from how often each visible unit is on in v.

    Source: Hinton 2012, sec. 8.
    """
    on = np.full(n_v, 0.5) if v is None else np.clip(np.mean(v, axis=0), 0.01, 0.99)
    return RBM(rng.normal(0.0, 0.01, (n_h, n_v)), np.zeros(n_h), np.log(on / (1.0 - on)))


class Sweep(NamedTuple):
    """One RBM after this many epochs.   error : mean square of v0 - v1, a sign of life, no loss"""

    layer: int
    epoch: int
    error: float
    rbm: RBM


def pretrain(sizes, x, rng, epochs=20, lr=0.1, batch=32, decay=2e-4):
    """Layer by layer, without labels: each RBM learns what the one below it says.

    sizes : [n_0, n_1, ...], n_0 inputs and then hidden units;  x : (m, n_0), 0 to 1
        ->  yields Sweep; the last one of each layer holds an RBM that is done
    Momentum 0.5, and 0.9 from the sixth epoch on; decay : weight decay of W.
    ValueError, in one sentence and when the loop begins, for what no RBM can learn.
    Source: Hinton, Osindero & Teh 2006, sec. 5; settings of Hinton 2012, secs. 4, 9 and 10.
    """
    x = np.asarray(x, float)
    if len(sizes) < 2 or x.shape != (len(x) if x.ndim else 0, sizes[0]) or not x.size or epochs < 1:
        raise ValueError(
            "pretrain needs sizes [n_0, n_1, ...], x (m, n_0) with at least one row and epochs of "
            f"1 or more, but sizes is {sizes}, x is {x.shape} and epochs is {epochs}."
        )
    if not np.all((x >= 0) & (x <= 1)):
        raise ValueError("pretrain needs every value of x from 0 to 1: divide, or clip, first.")
    for layer, n_h in enumerate(sizes[1:], 1):
        machine = rbm(x.shape[1], n_h, rng, x)
        optimiser = Momentum(lr, 0.5)
        for epoch in range(1, epochs + 1):
            optimiser.momentum = 0.5 if epoch <= 5 else 0.9
            errors = []
            for v0, _ in minibatches(x, x, batch, rng):
                found = cd(machine, v0, rng)
                errors.append(np.mean((v0 - found.v1) ** 2))
                found.dW[...] += decay * machine.W
                optimiser.step(machine.params, found.params)
            yield Sweep(layer, epoch, float(np.mean(errors)), machine)
        x = machine.hidden(x)


def stack(sweeps):
    """The finished RBMs of a pretraining, first layer first.   sweeps : list of Sweep"""
    return list({sweep.layer: sweep.rbm for sweep in sweeps}.values())


def unroll(rbms, n_out, rng):
    """A network that begins with the weights of these RBMs and ends with a new softmax layer.

    rbms : list of RBM  ->  Network, ready for fine-tuning by backprop; its arrays are copies
    ValueError unless there is an RBM.
    """
    if not rbms:
        raise ValueError("unroll needs at least one RBM: has the pretraining been run?")
    layers = [Layer(rbm.W.copy(), rbm.b.copy(), SIGMOID) for rbm in rbms]
    last = Layer(rng.normal(0.0, 0.01, (n_out, len(rbms[-1].b))), np.zeros(n_out), IDENTITY)
    return Network([*layers, last], SOFTMAX_CROSS_ENTROPY)
