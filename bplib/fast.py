"""Forward, backward and update in memory that is used again: what train() does in its loop.

Network.forward and backward are the form to read; here is the same with four changes.
    One vector holds all parameters, so that an optimiser makes one step, whatever the depth.
    The bias is one more column of W: z = [W b] [a; 1], and one product gives both dW and db.
    Samples are columns: a row of ones then needs no copy, and each sum runs over whole rows.
    Every product goes into an array that was there before, and nobody computes the loss.
"""

import copy
from itertools import combinations
from typing import NamedTuple

import numpy as np

from bplib.network import Gradients
from bplib.optimisers import SGD, Adam, Momentum, Nesterov, RMSProp

MEMORY = {SGD: (), Momentum: ("v",), Nesterov: ("v",), RMSProp: ("s",), Adam: ("m", "s")}


class Room(NamedTuple):
    """Arrays for a batch of m rows.   x : (n_0, m)

    a, delta : (n, m) of each layer;  there, back : what the two passes do, layer by layer
    """

    x: np.ndarray
    a: list[np.ndarray]
    delta: list[np.ndarray]
    there: list[tuple]
    back: list[tuple]


class Packed:
    """A network and its optimiser, ready for many updates.   with Packed(...) as step: step(x, y)

    After the with, both hold what the updates have made of them.
    ValueError from can_pack() in the way of anything that fits() would refuse.
    """

    def __init__(self, network, optimiser):
        if not fits(network, optimiser):
            raise ValueError("Packed needs a network and an optimiser of bplib's own kinds.")
        self.network, self.optimiser, self.rooms = network, optimiser, {}
        self.sizes = [layer.W.shape for layer in network.layers]
        self.w, self.dw, *self.memory = (
            np.zeros(sum(n * (n_in + 1) for n, n_in in self.sizes), np.result_type(*network.params))
            for _ in range(2 + len(MEMORY[type(optimiser)]))
        )
        self.Wb, self.dWb = self._layers(self.w), self._layers(self.dw)

    def _layers(self, vector):
        """[W b] of each layer, as views into the vector."""
        starts = np.cumsum([n * (n_in + 1) for n, n_in in self.sizes])[:-1]
        pieces = np.split(vector, starts)
        return [v.reshape(n, n_in + 1) for v, (n, n_in) in zip(pieces, self.sizes, strict=True)]

    def _params(self, vector):
        """W1, b1, W2, b2, ... as views into the vector."""
        return [w for Wb in self._layers(vector) for w in (Wb[:, :-1], Wb[:, -1])]

    def __enter__(self):
        self.inner = copy.copy(self.optimiser)
        _copy(self.network.params, self._params(self.w))
        for name, vector in zip(MEMORY[type(self.inner)], self.memory, strict=True):
            _copy(getattr(self.optimiser, name), self._params(vector))
            setattr(self.inner, name, [vector])
        return self.step

    def __exit__(self, *_):
        _copy(self._params(self.w), self.network.params)
        for name, vector in zip(MEMORY[type(self.inner)], self.memory, strict=True):
            kept = getattr(self.optimiser, name)
            if not kept:
                kept.extend(np.empty_like(w) for w in self.network.params)
            _copy(self._params(vector), kept)
        if isinstance(self.inner, Adam):
            self.optimiser.t = self.inner.t

    def step(self, x, y):
        """One update with these rows.   x : (m, n_0),  y : (m, n_L)"""
        room = self.rooms.get(len(x)) or self._room(len(x))
        room.x[...] = x.T
        for Wb, seen, a, into in room.there:
            np.dot(Wb, seen, out=a)  # z
            into(a)
        self._start(room, y)
        for back, delta, a, seen, dWb, W, da in room.back:
            back(delta, a)
            np.dot(delta, seen, out=dWb)
            if W is not None:
                np.dot(W, delta, out=da)
        self.inner.step([self.w], [self.dw])

    def _start(self, room, y):
        """dL/da of the last layer."""
        a, delta = room.a[-1], room.delta[-1]
        delta[...] = a
        self.network.loss.into(delta)
        delta -= y.T
        delta /= len(y)

    def _room(self, m):
        layers, dtype = self.network.layers, self.w.dtype
        seen = [np.ones((n_in + 1, m), dtype) for _, n_in in self.sizes]
        a = [rows[:-1] for rows in seen[1:]] + [np.empty((len(layers[-1].b), m), dtype)]
        delta = [np.empty_like(a_l) for a_l in a]
        there = list(zip(self.Wb, seen, a, [layer.phi.into for layer in layers], strict=True))
        back = [
            (
                layers[l].phi.back,
                delta[l],
                a[l],
                seen[l].T,
                self.dWb[l],
                self.Wb[l][:, :-1].T if l else None,
                delta[l - 1] if l else None,
            )
            for l in reversed(range(len(layers)))
        ]
        self.rooms[m] = Room(seen[0][:-1], a, delta, there, back)
        return self.rooms[m]

    def gradients(self, m):
        """Those of the last step, which had m rows, as copies.   ->  Gradients"""
        dw = [w.copy() for w in self._params(self.dw)]
        return Gradients(dw[::2], dw[1::2], [d.T.copy() for d in self.rooms[m].delta])


def fits(network, optimiser):
    """Can these be packed?  Not with a phi, a loss or an optimiser from elsewhere, or shared arrays."""
    return (
        type(optimiser) in MEMORY
        and network.loss.into is not None
        and all(layer.phi.into and layer.phi.back for layer in network.layers)
        and not any(np.may_share_memory(v, w) for v, w in combinations(network.params, 2))
    )


def _copy(arrays, others):
    for array, other in zip(arrays, others, strict=bool(arrays)):
        other[...] = array
