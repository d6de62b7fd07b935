"""The fast form takes the steps of the readable one, and leaves the network as that would."""

import tracemalloc
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bplib.activations import IDENTITY, RELU, SIGMOID, TANH, Activation, leaky_relu
from bplib.dbn import cd, rbm
from bplib.fast import Packed, Shelf, fits
from bplib.losses import BINARY_CROSS_ENTROPY, MSE, SOFTMAX_CROSS_ENTROPY
from bplib.network import Layer, Network, dense
from bplib.optimisers import SGD, Adam, Momentum, Nesterov, RMSProp
from bplib.recurrent import lstm
from bplib.training import train

LEAKY = leaky_relu(0.1)
KINDS = [SGD, Momentum, Nesterov, RMSProp, Adam, partial(Adam, decay=0.1)]
OPTIMISERS = [partial(kind, 1e-3) for kind in KINDS]


def made(sizes, phis, loss, dtype=float, seed=0):
    rng = np.random.default_rng(seed)
    layers = [
        Layer(rng.normal(size=(n, n_in)).astype(dtype), rng.normal(size=n).astype(dtype), phi)
        for (n_in, n), phi in zip(pairwise(sizes), phis, strict=False)
    ]
    return Network(layers, loss)


def batches(sizes, rows, seed=0):
    rng = np.random.default_rng(seed)
    return [(rng.normal(size=(m, sizes[0])), rng.dirichlet(np.ones(sizes[-1]), m)) for m in rows]


def readable(net, optimiser, pairs):
    """The steps as a lesson writes them; the gradients of the last one."""
    for x, y in pairs:
        found = net.backward(net.forward(x), y)
        optimiser.step(net.params, found.params)
    return found


def fast(net, optimiser, pairs):
    packed = Packed(net, optimiser)
    with packed as step:
        for x, y in pairs:
            step(packed.columns(x), y.T)
    return packed.gradients(len(pairs[-1][0]))


def assert_close(arrays, others, rtol=1e-9):
    for array, other in zip(arrays, others, strict=True):
        assert array.shape == other.shape
        np.testing.assert_allclose(array, other, rtol=rtol, atol=1e-4 * rtol)


@settings(max_examples=100, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 5), min_size=2, max_size=5),
    phis=st.lists(st.sampled_from([SIGMOID, TANH, RELU, LEAKY, IDENTITY]), min_size=4, max_size=4),
    loss=st.sampled_from([MSE, BINARY_CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY]),
    optimiser=st.sampled_from(OPTIMISERS),
    rows=st.lists(st.integers(1, 6), min_size=1, max_size=5),
    seed=st.integers(0, 999),
)
def test_every_step_is_the_readable_step(sizes, phis, loss, optimiser, rows, seed):
    nets, kinds = [made(sizes, phis, loss, seed=seed) for _ in range(2)], [optimiser(), optimiser()]
    pairs = batches(sizes, rows, seed)
    slow, quick = readable(nets[0], kinds[0], pairs), fast(nets[1], kinds[1], pairs)
    assert_close(nets[1].params, nets[0].params)
    for ours, theirs in zip(quick, slow, strict=True):  # dW, db, delta
        assert_close(ours, theirs)
    for name in kinds[0].memory:
        assert_close(getattr(kinds[1], name), getattr(kinds[0], name))


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_fast_and_readable_steps_may_take_turns_with_one_optimiser(optimiser):
    nets = [made([3, 4, 2], [TANH, IDENTITY], SOFTMAX_CROSS_ENTROPY) for _ in range(2)]
    kinds, pairs = [optimiser(), optimiser()], batches([3, 4, 2], [5, 5, 2])
    for turn in (readable, fast, readable, fast, fast):
        readable(nets[0], kinds[0], pairs)
        turn(nets[1], kinds[1], pairs)
    assert_close(nets[1].params, nets[0].params)


def test_the_arrays_stay_the_same_arrays_and_the_batch_stays_as_it_is():
    net, pairs = made([3, 4, 2], [RELU, SIGMOID], MSE), batches([3, 4, 2], [5])
    arrays, (x, y) = net.params, pairs[0]
    packed = Packed(net, SGD(0.1))
    columns, targets = packed.columns(x), y.T.copy()
    kept = columns.copy(), targets.copy()
    with packed as step:
        step(columns, targets)
    assert all(w is array for w, array in zip(net.params, arrays, strict=True))
    np.testing.assert_array_equal(columns, kept[0])
    np.testing.assert_array_equal(targets, kept[1])


def test_what_is_changed_by_hand_between_two_epochs_is_seen():
    nets = [dense([2, 3, 1], TANH, BINARY_CROSS_ENTROPY, np.random.default_rng(0)) for _ in "ab"]
    (x, y), kinds = batches([2, 1], [6])[0], [SGD(0.3), SGD(0.3)]
    packed = Packed(nets[1], kinds[1])
    for change in ("W", "array", "layer", "loss", "lr"):
        for net, kind in zip(nets, kinds, strict=True):
            if change == "W":
                net.layers[0].W[0] = 1.0
            elif change == "array":
                net.layers[1].b = np.array([3.0])
            elif change == "layer":
                net.layers[:1] = [Layer(np.full((5, 2), 0.2), np.arange(5.0), RELU)]
                net.layers[1].W = np.ones((1, 5))
            elif change == "loss":
                net.loss = MSE
            else:
                kind.lr = 0.01
        readable(nets[0], kinds[0], [(x, y)])
        with packed as step:
            step(packed.columns(x), y.T)
        assert_close(nets[1].params, nets[0].params)


def test_an_error_in_the_middle_keeps_the_steps_that_were_made():
    nets = [made([3, 4, 2], [RELU, SIGMOID], MSE) for _ in range(2)]
    (x, y), packed = batches([3, 2], [5])[0], Packed(nets[1], Adam())
    with pytest.raises(ValueError), packed as step:
        step(packed.columns(x), y.T)
        step(packed.columns(x), y)
    readable(nets[0], Adam(), [(x, y)])
    assert_close(nets[1].params, nets[0].params)


class Halved(SGD):
    def update(self, w, dw):
        w -= 0.5 * self.lr * dw


def stranger(net):
    net.layers[0].phi = Activation("mine", np.sin, np.cos)


def tied(net):
    net.layers[1].W = net.layers[0].W.T


@pytest.mark.parametrize("change", [stranger, tied])
def test_what_cannot_be_packed_is_trained_in_the_readable_form(change):
    nets = [made([3, 4, 3], [TANH, IDENTITY], SOFTMAX_CROSS_ENTROPY) for _ in range(2)]
    pairs = batches([3, 3], [8])
    for net in nets:
        change(net)
        assert not fits(net, SGD())
    with pytest.raises(ValueError, match="bplib's own kinds"):
        Packed(nets[0], SGD())
    readable(nets[0], SGD(0.1), pairs)
    list(train(nets[1], *pairs[0], SGD(0.1), 1))
    assert_close(nets[1].params, nets[0].params)


def test_an_optimiser_of_ones_own_is_asked_itself():
    nets = [made([3, 4, 2], [TANH, IDENTITY], MSE) for _ in range(2)]
    pairs = batches([3, 2], [8])
    assert not fits(nets[0], Halved(0.1))
    readable(nets[0], SGD(0.05), pairs)
    list(train(nets[1], *pairs[0], Halved(0.1), 1))
    assert_close(nets[1].params, nets[0].params)


@pytest.mark.parametrize("phi", [SIGMOID, TANH, RELU, LEAKY, IDENTITY], ids=lambda phi: phi.name)
@pytest.mark.parametrize("loss", [MSE, BINARY_CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY])
def test_float32_stays_float32_and_agrees_with_float64(phi, loss):
    pairs = batches([3, 4, 2], [5, 5, 3])
    nets = [made([3, 4, 2], [phi, IDENTITY], loss, dtype) for dtype in (np.float32, float)]
    trace = nets[0].forward(pairs[0][0])
    found = nets[0].backward(trace, pairs[0][1])
    assert {v.dtype for v in (*trace.a, *trace.z, *found.params, *found.delta)} == {np.dtype("f4")}
    for run in (readable, fast):
        for net in nets:
            run(net, Adam(0.01), pairs)
        assert {w.dtype for w in nets[0].params} == {np.dtype("f4")}
        assert_close(nets[0].params, nets[1].params, rtol=1e-3)


def test_an_lstm_of_float32_stays_float32():
    rng = np.random.default_rng(0)
    cell, x = lstm(2, 5, rng), rng.normal(size=(7, 3, 2))
    small = type(cell)(*[w.astype(np.float32) for w in cell.params])
    ours, theirs = ((c, c.forward(x)) for c in (small, cell))
    dh = rng.normal(size=(7, 3, 5))
    ours, theirs = ((*trace, *c.backward(trace, dh)) for c, trace in (ours, theirs))
    assert {array.dtype for array in ours} == {np.dtype("f4")}
    assert_close(ours, theirs, rtol=1e-3)


def test_contrastive_divergence_in_float32_stays_float32():
    rng = np.random.default_rng(0)
    machine, v, u = rbm(6, 4, rng), rng.random((5, 6)), rng.random((2, 5, 4))
    small = type(machine)(*[w.astype(np.float32) for w in machine.params])
    ours, theirs = cd(small, v, k=2, uniforms=u), cd(machine, v, k=2, uniforms=u)
    assert {array.dtype for array in (*ours, *cd(small, v, rng))} == {np.dtype("f4")}
    assert_close(ours, theirs, rtol=1e-3)


def test_a_thousand_steps_need_the_memory_of_ten():
    net, (x, y) = made([3, 40, 2], [RELU, IDENTITY], MSE), batches([3, 2], [64])[0]
    packed, peaks = Packed(net, Adam(1e-5)), []
    columns = packed.columns(x)
    with packed as step:
        step(columns, y.T)
        for steps in (10, 1000):
            tracemalloc.start()
            for _ in range(steps):
                step(columns, y.T)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] <= peaks[0] + 1000


def test_a_shelf_gives_out_an_array_again_only_when_nobody_can_see_it():
    shelf = Shelf()
    first = shelf.take((3, 4), np.dtype(float))
    second = shelf.take((3, 4), np.dtype(float))
    assert not np.shares_memory(first, second)
    view, at = first[1:].T, first.ctypes.data
    del first
    assert shelf.take((3, 4), np.dtype(float)).ctypes.data != at
    assert shelf.take((3, 4), np.dtype("f4")).dtype == np.dtype("f4")
    del view
    assert shelf.take((3, 4), np.dtype(float)).ctypes.data == at


def test_traces_and_gradients_that_somebody_holds_are_never_written_over():
    rng = np.random.default_rng(0)
    cell, dh = lstm(2, 5, rng), rng.normal(size=(7, 3, 5))
    held, kept = [], []
    for _ in range(6):
        trace = cell.forward(rng.normal(size=(7, 3, 2)))
        found = cell.backward(trace, dh)
        held.append(trace.gates[2:, 1] if len(held) % 2 else (trace, found))
        kept.append(trace.gates[2:, 1].copy() if len(kept) % 2 else deep(trace, found))
    for now, then in zip(held, kept, strict=True):
        for array, copy in zip(now, then, strict=True) if isinstance(now, tuple) else [(now, then)]:
            for one, other in zip(array, copy, strict=True):
                np.testing.assert_array_equal(one, other)


def deep(*groups):
    return tuple([array.copy() for array in group] for group in groups)
