"""From gradients to new weights.  step() changes the arrays in params in place.

params and grads are lists of arrays in the same order: W1, b1, W2, b2, ...
ValueError when their lengths or shapes differ; then nothing has been changed.
update() is the formula, for one array; it makes as few new arrays as it can.
"""

import math
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np


class Optimiser:
    """What all have in common.   memory : the names of what is remembered for each parameter"""

    memory: ClassVar[tuple[str, ...]] = ()

    def step(self, params, grads):
        shapes, given = [w.shape for w in params], [np.shape(dw) for dw in grads]
        if shapes != given:
            raise ValueError(f"params have the shapes {shapes}, but grads have {given}.")
        self.count()
        for w, dw, *kept in zip(params, grads, *self.remembered(params), strict=True):
            self.update(w, dw, *kept)

    def remembered(self, params):
        """The lists named in memory: an array of zeros per parameter, made at the first step."""
        lists = [getattr(self, name) for name in self.memory]
        for kept in lists:
            if not kept:
                kept.extend(np.zeros_like(w) for w in params)
        return lists

    def count(self):
        """A step begins."""


@dataclass
class SGD(Optimiser):
    """w <- w - lr dw: a step down the slope of one batch.

    Source: Goodfellow, Bengio & Courville 2016, sec. 8.3.1.
    """

    lr: float = 0.1

    def update(self, w, dw):
        w -= self.lr * dw


@dataclass
class Momentum(Optimiser):
    """v <- momentum v + dw,  w <- w - lr v: the steps remember where they were going.

    Source: Sutskever, Martens, Dahl & Hinton 2013, sec. 2 (there lr stands inside v).
    """

    lr: float = 0.1
    momentum: float = 0.9
    v: list = field(default_factory=list, repr=False)
    memory = ("v",)

    def update(self, w, dw, v):
        v *= self.momentum
        v += dw
        w -= self.lr * v


@dataclass
class Nesterov(Optimiser):
    """v <- momentum v + dw,  w <- w - lr (dw + momentum v): looks one step of v ahead.

    Source: Sutskever, Martens, Dahl & Hinton 2013, sec. 2; written at the point looked at,
    as PyTorch does.
    """

    lr: float = 0.1
    momentum: float = 0.9
    v: list = field(default_factory=list, repr=False)
    memory = ("v",)

    def update(self, w, dw, v):
        v *= self.momentum
        v += dw
        w -= self.lr * (dw + self.momentum * v)


@dataclass
class RMSProp(Optimiser):
    """s <- rho s + (1 - rho) dw**2,  w <- w - lr dw / (sqrt(s) + eps): each weight its own step.

    Source: Goodfellow, Bengio & Courville 2016, sec. 8.5.2 (there eps stands inside the root).
    """

    lr: float = 0.01
    rho: float = 0.99
    eps: float = 1e-8
    s: list = field(default_factory=list, repr=False)
    memory = ("s",)

    def update(self, w, dw, s):
        s *= self.rho
        s += (1 - self.rho) * dw**2
        w -= self.lr * dw / (np.sqrt(s) + self.eps)


@dataclass
class Adam(Optimiser):
    """Momentum for dw and for dw**2, each divided by 1 - beta**t because both start at 0.

    m <- beta1 m + (1 - beta1) dw,  s <- beta2 s + (1 - beta2) dw**2
    w <- w - lr (m / (1 - beta1**t)) / (sqrt(s / (1 - beta2**t)) + eps)
    decay : decoupled weight decay, w <- w - lr decay w before each step (AdamW)
    In the code m and s are kept without their factors 1 - beta, which are part of the last one.
    Source: Kingma & Ba 2015, Algorithm 1; decay: Loshchilov & Hutter 2019, Algorithm 2.
    """

    lr: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    decay: float = 0.0
    t: int = 0
    m: list = field(default_factory=list, repr=False)
    s: list = field(default_factory=list, repr=False)
    memory = ("m", "s")

    def count(self):
        self.t += 1

    def update(self, w, dw, m, s):
        first = (1 - self.beta1) / (1 - self.beta1**self.t)
        root = math.sqrt((1 - self.beta2) / (1 - self.beta2**self.t))
        if self.decay:
            w *= 1 - self.lr * self.decay
        m *= self.beta1
        m += dw
        change = dw * dw  # the one new array
        s *= self.beta2
        s += change
        np.sqrt(s, out=change)
        change += self.eps / root
        np.divide(m, change, out=change)
        change *= self.lr * first / root
        w -= change
