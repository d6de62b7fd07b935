"""Recurrent cells and backpropagation through time.  Time is the first axis: x[t] is a batch."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bplib.activations import scalar
from bplib.fast import Shelf
from bplib.network import Network, check_floats


class Trace(NamedTuple):
    """What forward() saw.   x : (T, m, n_in),  h : (T + 1, m, n), h[0] is the state before x[0].

    Of an LSTM also   c : (T + 1, m, n),  gates : (T, 4, m, n);  i, f, o, g = gates[t];
    tanh_c : (T, m, n), of c[1:]
    """

    x: np.ndarray
    h: np.ndarray
    c: np.ndarray | None = None
    gates: np.ndarray | None = None
    tanh_c: np.ndarray | None = None


class Gradients(NamedTuple):
    """Sums over all steps, and the error signal of every step.

    delta : (T, m, n) or (T, m, 4n), dL/dz of step t;  dx : (T, m, n_in);  dh0 : (m, n)
    Of an LSTM also   dc : (T + 1, m, n), dL/dc[t]; dc[0] belongs to the state before x[0]
    """

    dW_x: np.ndarray
    dW_h: np.ndarray
    db: np.ndarray
    delta: np.ndarray
    dx: np.ndarray
    dh0: np.ndarray
    dc: np.ndarray | None = None

    @property
    def params(self):
        """[dW_x, dW_h, db], in the order of the cell's params."""
        return [self.dW_x, self.dW_h, self.db]

    @property
    def sizes(self):
        """RMS of the error signal at every step: of dc in an LSTM, of delta in an RNN.   (T,)"""
        error = self.delta if self.dc is None else self.dc[1:]
        return np.sqrt(np.mean(error**2, axis=(1, 2)))


@dataclass
class RNN:
    """h_t = tanh(W_x x_t + W_h h_(t-1) + b): one layer, used again at every step.

    W_x : (n, n_in),  W_h : (n, n),  b : (n,)
    ValueError, in one sentence, when shapes do not fit; TypeError when weights are no floats.
    Source: Elman 1990; Goodfellow, Bengio & Courville 2016, eqs. (10.8) and (10.9).
    """

    W_x: np.ndarray
    W_h: np.ndarray
    b: np.ndarray

    def __post_init__(self):
        _check_weights(self, gates=1)
        self.shelf = Shelf()

    @property
    def params(self):
        """[W_x, W_h, b]: the arrays themselves, as an optimiser takes them."""
        return [self.W_x, self.W_h, self.b]

    def forward(self, x, h0=None):
        """x : (T, m, n_in),  h0 : (m, n), 0 if None  ->  Trace"""
        x = _check_steps(self, x)
        first = _first(self, x, "h0", h0)
        h = self.shelf.take((len(x) + 1, *first.shape), x.dtype)
        h[0] = first
        np.matmul(x, self.W_x.T, out=h[1:])  # what needs no h, for all steps at once
        h[1:] += self.b
        from_before = np.empty_like(h[0])
        for z, h_before in zip(h[1:], h, strict=False):
            np.dot(h_before, self.W_h.T, from_before)
            z += from_before
            np.tanh(z, out=z)  # z becomes h
        return Trace(x, h)

    def backward(self, trace, dh):
        """The error signal goes back through every step, and all steps share the weights.

        dh : (T, m, n), dL/dh[t + 1] as it comes from outside, 0 where nobody looks  ->  Gradients
        delta_t = (dh_t + delta_(t+1) W_h) * (1 - h_t**2)
        Source: Werbos 1990; Goodfellow, Bengio & Courville 2016, sec. 10.2.2.
        """
        x, h = trace.x, trace.h
        dh = _check_error(h, dh)
        delta = 1.0 - h[1:] ** 2  # all the slopes at once
        dh_next = np.zeros_like(h[0])
        for dh_t, delta_t in zip(dh[::-1], delta[::-1], strict=True):
            delta_t *= dh_t + dh_next
            np.dot(delta_t, self.W_h, dh_next)  # each row: W_h^T delta
        return Gradients(*_sums(x, h, delta), delta, delta @ self.W_x, dh_next)


@dataclass
class LSTM:
    """A cell with a memory c, and three gates that say what it keeps, takes in and shows.

    z = W_x x_t + W_h h_(t-1) + b, four blocks of n rows in the order i, f, o, g
    i, f, o = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o),  g = tanh(z_g)
    c_t = f * c_(t-1) + i * g,  h_t = o * tanh(c_t)
    W_x : (4n, n_in),  W_h : (4n, n),  b : (4n,)
    ValueError, in one sentence, when shapes do not fit; TypeError when weights are no floats.
    Source: Hochreiter & Schmidhuber 1997; with the forget gate of Gers, Schmidhuber & Cummins 2000.
    """

    W_x: np.ndarray
    W_h: np.ndarray
    b: np.ndarray

    def __post_init__(self):
        _check_weights(self, gates=4)
        self.shelf = Shelf()

    @property
    def params(self):
        """[W_x, W_h, b]: the arrays themselves, as an optimiser takes them."""
        return [self.W_x, self.W_h, self.b]

    @np.errstate(over="ignore", under="ignore")  # 1 / (1 + exp(1000)) is 0, as it should be
    def forward(self, x, h0=None, c0=None):
        """x : (T, m, n_in),  h0, c0 : (m, n), 0 if None  ->  Trace

        Inside, samples are columns: z is one product, W [x; h; 1], and each gate one piece of it.
        The last argument of each np.something is the array that the result goes into.
        """
        x = _check_steps(self, x)
        T, m, n_in = x.shape
        n, take = self.W_h.shape[1], self.shelf.take
        seen, inner = take((T + 1, n_in + n + 1, m), x.dtype), take((T + 1, 6, n, m), x.dtype)
        seen[:-1, :n_in], seen[:, -1] = x.transpose(0, 2, 1), 1.0  # the ones meet the bias
        h, gates, c, tanh_c = seen[:, n_in:-1], inner[:-1, :4], inner[:, 4], inner[:-1, 5]
        h[0], c[0] = _first(self, x, "h0", h0).T, _first(self, x, "c0", c0).T
        W = np.column_stack([self.W_x, self.W_h, self.b])
        W[: 3 * n] *= -1.0  # sigmoid(z) = 1 / (1 + exp(-z)): the three gates come as -z
        one, taken = scalar(1.0, x), np.empty((2, n, m), x.dtype)
        z = inner.reshape(T + 1, 6 * n, m)[:, : 4 * n]
        blocks = inner[:, :3], inner[:, :2], inner[:, 3:5], inner[:, 2], inner[:, 3]
        steps = zip(seen, z, *blocks, c[1:], tanh_c, h[1:], strict=False)
        for seen_t, z_t, i_f_o, i_f, g_c, o, g, c_t, tanh_c_t, h_t in steps:
            np.dot(W, seen_t, z_t)
            np.exp(i_f_o, i_f_o)
            np.add(i_f_o, one, i_f_o)
            np.divide(one, i_f_o, i_f_o)
            np.tanh(g, g)
            np.multiply(i_f, g_c, taken)  # i * g, and f * c_(t-1): c lies behind g
            np.add(taken[0], taken[1], c_t)
            np.tanh(c_t, tanh_c_t)
            np.multiply(o, tanh_c_t, h_t)
        h, c, tanh_c = (a.transpose(0, 2, 1) for a in (h, c, tanh_c))
        return Trace(x, h, c, gates.transpose(0, 1, 3, 2), tanh_c)

    def backward(self, trace, dh):
        """The error signal goes back along h through the weights, and along c through f alone.

        dh : (T, m, n), dL/dh[t + 1] as it comes from outside, 0 where nobody looks  ->  Gradients
        dc_t = dc_(t+1) * f_(t+1) + dh_t * o_t * (1 - tanh(c_t)**2)
        Source: Graves 2012, "Supervised sequence labelling", sec. 4.6, without peepholes.
        """
        x, h = trace.x, trace.h
        dh = _check_error(h, dh)
        T, m, n = dh.shape
        c, gates = trace.c.transpose(0, 2, 1), trace.gates.transpose(0, 1, 3, 2)  # as in forward
        (i, f, o, g), tanh_c = gates.swapaxes(0, 1), trace.tanh_c.transpose(0, 2, 1)
        dc, delta, dh_dc = (self.shelf.take(like.shape, h.dtype) for like in (c, gates, o))
        # First what needs no error signal, for all steps at once: dc/dz, but dh/dz for the gate o
        np.subtract(1.0, gates, delta)
        delta[:, :3] *= gates[:, :3]  # sigmoid: (1 - s) s
        delta[:, 3] *= np.add(1.0, g, dh_dc)  # tanh: (1 - g) (1 + g)
        for k, factor in enumerate((g, c[:-1], tanh_c, i)):
            delta[:, k] *= factor
        np.multiply(tanh_c, tanh_c, dh_dc)
        np.subtract(1.0, dh_dc, dh_dc)
        np.multiply(dh_dc, o, dh_dc)
        dc[-1] = 0.0
        W_h, back, dh = self.W_h.T.copy(), np.zeros((n, m), h.dtype), dh.transpose(0, 2, 1).copy()
        columns = delta.reshape(T, 4 * n, m)
        blocks = dh, dh_dc, dc[1:], dc[:-1], f, delta[:, :2], delta[:, 2], delta[:, 3], columns
        steps = zip(*(block[::-1] for block in blocks), strict=True)
        for dh_t, more, dc_t, dc_before, f_t, d_i_f, d_o, d_g, delta_t in steps:
            np.add(dh_t, back, dh_t)  # back: what comes from step t + 1
            np.multiply(dh_t, more, more)
            np.add(dc_t, more, dc_t)
            np.multiply(d_i_f, dc_t, d_i_f)
            np.multiply(d_o, dh_t, d_o)
            np.multiply(d_g, dc_t, d_g)
            np.multiply(dc_t, f_t, dc_before)
            np.dot(W_h, delta_t, back)
        dx = np.matmul(self.W_x.T, columns).transpose(0, 2, 1)
        delta, dc = columns.transpose(0, 2, 1), dc.transpose(0, 2, 1)
        return Gradients(*_sums(x, h, delta), delta, dx, back.T, dc)


@dataclass
class LastStep:
    """Many steps in, one answer out: a network reads the last state of a recurrent cell."""

    cell: RNN | LSTM
    readout: Network

    @property
    def params(self):
        """Those of the cell, then those of the readout."""
        return self.cell.params + self.readout.params

    def forward(self, x):
        """x : (T, m, n_in)  ->  traces of the cell and of the readout; the answer is [1].a[-1]"""
        trace = self.cell.forward(x)
        return trace, self.readout.forward(trace.h[-1])

    def backward(self, traces, y):
        """y : (m, n_out)  ->  gradients of the cell, gradients of the readout"""
        trace, read = traces
        found = self.readout.backward(read, y)
        dh = np.zeros_like(trace.h[1:])
        dh[-1] = found.delta[0] @ self.readout.layers[0].W
        return self.cell.backward(trace, dh), found


def rnn(n_in, n, rng):
    """A first RNN: W_x ~ N(0, 1 / n_in), W_h ~ N(0, 1 / n), b = 0."""
    return RNN(*_first_weights(n_in, n, n, rng), np.zeros(n))


def lstm(n_in, n, rng, forget_bias=1.0):
    """A first LSTM, drawn like rnn(); the forget gates begin at sigmoid(forget_bias), open.

    Source: Gers, Schmidhuber & Cummins 2000; Jozefowicz, Zaremba & Sutskever 2015 (the bias of 1).
    """
    b = np.zeros(4 * n)
    b[n : 2 * n] = forget_bias
    return LSTM(*_first_weights(n_in, n, 4 * n, rng), b)


def clip(grads, largest):
    """All arrays by one factor, so that their common length is at most largest.   ->  list

    sqrt(sum of all squares) is the length; shorter gradients are left as they are.
    ValueError unless largest > 0.
    Source: Pascanu, Mikolov & Bengio 2013, Algorithm 1.
    """
    if not largest > 0:
        raise ValueError(f"clip needs a length above 0, but largest is {largest}.")
    length = np.sqrt(sum(np.sum(dw**2) for dw in grads))
    return [dw * (largest / length) for dw in grads] if length > largest else list(grads)


def _first_weights(n_in, n, rows, rng):
    return (
        rng.normal(0.0, 1.0 / np.sqrt(n_in), (rows, n_in)),
        rng.normal(0.0, 1.0 / np.sqrt(n), (rows, n)),
    )


def _sums(x, h, delta):
    """dW_x, dW_h, db: every step of every sample is one more column of one product."""
    delta, h = (a.transpose(2, 0, 1).reshape(a.shape[2], -1) for a in (delta, h[:-1]))
    ones = np.ones(delta.shape[1], delta.dtype)  # a product with ones is faster than a sum
    return delta @ x.reshape(-1, x.shape[2]), delta @ h.T, delta @ ones


def _check_weights(cell, gates):
    check_floats(f"an {type(cell).__name__}", W_x=cell.W_x, W_h=cell.W_h, b=cell.b)
    n = cell.W_h.shape[-1] if cell.W_h.ndim else 0
    rows = gates * n
    if (cell.W_h.shape, cell.b.shape, cell.W_x.shape[:-1]) != ((rows, n), (rows,), (rows,)):
        kind, size = type(cell).__name__, "n" if gates == 1 else f"{gates}n"
        raise ValueError(
            f"an {kind} needs W_x ({size}, n_in), W_h ({size}, n) and b ({size},), "
            f"but W_x is {cell.W_x.shape}, W_h is {cell.W_h.shape} and b is {cell.b.shape}."
        )


def _check_steps(cell, x):
    x = np.asarray(x, np.result_type(cell.W_h, np.float16))  # as the weights, but never whole
    if x.ndim != 3 or x.shape[2] != cell.W_x.shape[1] or not len(x):
        raise ValueError(
            f"W_x is {cell.W_x.shape}, so x must be (T, m, {cell.W_x.shape[1]}), "
            f"time first and T not 0, but x is {x.shape}."
        )
    return x


def _first(cell, x, name, first):
    """The state before x[0]: (m, n), zeros if None."""
    shape = x.shape[1], cell.W_h.shape[1]
    if first is None:
        return np.zeros(shape, x.dtype)
    if np.shape(first) != shape:
        raise ValueError(f"{name} must be {shape}, (m, n), but it is {np.shape(first)}.")
    return np.asarray(first)


def _check_error(h, dh):
    dh = np.asarray(dh, h.dtype)
    if dh.shape != h[1:].shape:
        raise ValueError(f"dh must be {h[1:].shape}, (T, m, n), but it is {dh.shape}.")
    return dh
