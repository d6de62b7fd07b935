"""Forward, backward and update in memory that is used again: what train() does in its loop.

Network.forward and backward are the form to read; here is the same with five changes.
    One vector holds all parameters, so that an optimiser makes one step, whatever the depth.
    The bias is one more column of W: z = [W b] [a; 1], and one product gives both dW and db.
    Samples are columns, so that the row of ones is there from the start, and sums run over rows.
    Every product goes into an array that was there before, and nobody computes the loss.
    The calls of a step, and their arrays, are written in a list once, and made again and again.
"""

from collections.abc import Callable
from functools import partial
from itertools import combinations
from sys import getrefcount
from typing import NamedTuple

import numpy as np

from bplib.activations import IDENTITY, scalar
from bplib.network import Gradients, check_rows
from bplib.optimisers import SGD, Adam, Momentum, Nesterov, RMSProp

OPTIMISERS = (SGD, Momentum, Nesterov, RMSProp, Adam)


class Room(NamedTuple):
    """Arrays for a batch of m rows, and the calls that work on them.   delta : (n, m) of each layer

    there : from z of the first layer to that of which (. - y) / m is dL/da of the last one
    back : from there to the delta of the first layer, and every dWb but the first
    a : of the last layer, as the first `half` calls of `there` leave it
    """

    z: np.ndarray
    there: list[Callable]
    back: list[Callable]
    delta: list[np.ndarray]
    a: np.ndarray
    half: int


class Packed:
    """A network and its optimiser, ready for many updates.

    with packed as step: step(packed.columns(x), y.T)

    After the with, both hold what the updates have made of them.
    ValueError for what fits() refuses.
    """

    def __init__(self, network, optimiser):
        if not fits(network, optimiser):
            raise ValueError("Packed needs a network and an optimiser of bplib's own kinds.")
        self.network, self.optimiser, self.rooms = network, optimiser, {}
        self.form = self._form()
        self.sizes = [layer.W.shape for layer in network.layers]
        self.w, self.dw, *self.memory = (
            np.zeros(sum(n * (n_in + 1) for n, n_in in self.sizes), np.result_type(*network.params))
            for _ in range(2 + len(optimiser.memory))
        )
        self.Wb, self.dWb = self._layers(self.w), self._layers(self.dw)
        vectors = self.w, self.dw, *self.memory
        self.params, self.grads, *self.kept = (self._params(vector) for vector in vectors)

    def _layers(self, vector):
        """[W b] of each layer, as views into the vector."""
        starts = np.cumsum([n * (n_in + 1) for n, n_in in self.sizes])[:-1]
        pieces = np.split(vector, starts)
        return [v.reshape(n, n_in + 1) for v, (n, n_in) in zip(pieces, self.sizes, strict=True)]

    def _params(self, vector):
        """W1, b1, W2, b2, ... as views into the vector."""
        return [w for Wb in self._layers(vector) for w in (Wb[:, :-1], Wb[:, -1])]

    def _form(self):
        net = self.network
        return [net.loss, *((layer.W.shape, layer.phi) for layer in net.layers)]

    def _fetch(self):
        """The weights as the network has them now."""
        if self.form != self._form():  # somebody has put in other layers, or another loss
            self.__init__(self.network, self.optimiser)
        _copy(self.network.params, self.params)

    def __enter__(self):
        self._fetch()
        for kept, ours in self._memory():
            _copy(kept, ours)
        return self.step

    def __exit__(self, *_):
        _copy(self.params, self.network.params)
        for kept, ours in self._memory():
            _copy(ours, kept)

    def _memory(self):
        """What the optimiser remembers, list by list, beside our views of the same."""
        return zip(self.optimiser.remembered(self.network.params), self.kept, strict=True)

    def step(self, x, y):
        """One update.   x : (n_0 + 1, m), from self.columns(),  y : (n_L, m)"""
        z, there, back, delta, _, _ = self.rooms.get(x.shape[1]) or self._room(x.shape[1])
        self.Wb[0].dot(x, z)
        for call in there:
            call()
        np.subtract(delta[-1], y, delta[-1])
        for call in back:
            call()
        delta[0].dot(x.T, self.dWb[0])
        self.optimiser.count()
        self.optimiser.update(self.w, self.dw, *self.memory)

    def output(self, x):
        """What the network says now.   x : (n_0 + 1, m), from self.columns()  ->  (m, n_L)"""
        self._fetch()
        room = self.rooms.get(x.shape[1]) or self._room(x.shape[1])
        self.Wb[0].dot(x, room.z)
        for call in room.there[: room.half]:
            call()
        return room.a.T.copy()

    def _room(self, m):
        layers, loss, dtype = self.network.layers, self.network.loss, self.w.dtype
        seen = [np.ones((len(layer.b) + 1, m), dtype) for layer in layers]
        a = [with_ones[:-1] for with_ones in seen]  # z at first
        delta = [np.empty((len(layer.b), m), dtype) for layer in layers]
        there = layers[0].phi.into(a[0])
        for Wb, before, now, layer in zip(self.Wb[1:], seen, a[1:], layers[1:], strict=False):
            there += [partial(Wb.dot, before, now), *layer.phi.into(now)]
        half = len(there)
        if layers[-1].phi is IDENTITY:
            delta[-1] = a[-1]  # no derivative will ask for a
        else:
            there.append(partial(np.copyto, delta[-1], a[-1]))
        there += loss.into(delta[-1])
        back = [partial(np.multiply, delta[-1], scalar(1 / m, self.w), delta[-1])]
        for l in reversed(range(len(layers))):
            back += layers[l].phi.back(delta[l], a[l])
            if l > 0:
                back.append(partial(delta[l].dot, seen[l - 1].T, self.dWb[l]))
                back.append(partial(self.Wb[l][:, :-1].T.dot, delta[l], delta[l - 1]))
        self.rooms[m] = Room(a[0], there, back, delta, a[-1], half)
        return self.rooms[m]

    def columns(self, x):
        """Samples as columns, over a row of ones.   x : (m, n_0)  ->  (n_0 + 1, m)

        ValueError or TypeError, in one sentence, as Network.forward says it.
        """
        first = self.network.layers[0]
        x = check_rows("x", x, first.W.shape[1], 1, first)
        seen = np.ones((x.shape[1] + 1, len(x)), self.w.dtype)
        seen[:-1] = x.T
        return seen

    def gradients(self, m):
        """Those of the last step, which had m rows, as copies.   ->  Gradients"""
        dw = [w.copy() for w in self.grads]
        return Gradients(dw[::2], dw[1::2], [d.T.copy() for d in self.rooms[m].delta])


class Shelf:
    """Large arrays that are used again once nobody holds them, nor a view of them.

    The system takes a large array back when it is let go, and to get it anew can cost more than
    to fill it.  An array that somebody still knows is never given out a second time.
    """

    def __init__(self):
        self.arrays = []

    def take(self, shape, dtype):
        """An array with any numbers in it."""
        for array in self.arrays:
            # known to the list, to the loop and to getrefcount, and to nobody else
            if getrefcount(array) == 3 and array.shape == shape and array.dtype == dtype:
                return array
        array = np.empty(shape, dtype)
        self.arrays = [*self.arrays[-7:], array]
        return array


def fits(network, optimiser):
    """Not with a phi, a loss or an optimiser from elsewhere, and not with arrays that overlap."""
    return (
        type(optimiser) in OPTIMISERS
        and network.loss.into is not None
        and all(layer.phi.into and layer.phi.back for layer in network.layers)
        and not any(np.may_share_memory(v, w) for v, w in combinations(network.params, 2))
    )


def _copy(arrays, others):
    for array, other in zip(arrays, others, strict=True):
        other[...] = array
