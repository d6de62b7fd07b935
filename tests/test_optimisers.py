"""Each optimiser does its formula, on every parameter at once, and keeps its own memory."""

import numpy as np
import pytest

from bplib.activations import SIGMOID
from bplib.datasets import mazur
from bplib.losses import MSE
from bplib.network import Layer, Network
from bplib.optimisers import SGD, Adam, Momentum, Nesterov, RMSProp

ALL = [SGD(), Momentum(), Nesterov(), RMSProp(), Adam(), Adam(decay=0.1)]
fresh = pytest.mark.parametrize("make", [type(o) for o in ALL[:5]])


def bowl(params):
    """The gradient of 1/2 (w1**2 + 10 w2**2), of a matrix and a vector."""
    return [w * np.array([1.0, 10.0]) for w in params]


def start():
    return [np.array([[1.0, -2.0], [0.5, 3.0]]), np.array([2.0, -1.0])]


@fresh
def test_the_arrays_themselves_change_and_the_gradients_do_not(make):
    params = start()
    grads = bowl(params)
    keep = [g.copy() for g in grads]
    names = [id(w) for w in params]
    make().step(params, grads)
    assert [id(w) for w in params] == names
    assert all(np.any(w != w0) for w, w0 in zip(params, start(), strict=True))
    assert all(np.array_equal(g, k) for g, k in zip(grads, keep, strict=True))


@fresh
def test_the_first_step_goes_downhill_in_every_weight(make):
    params = start()
    make().step(params, bowl(params))
    for w, w0 in zip(params, start(), strict=True):
        assert np.all(np.abs(w) < np.abs(w0))


@fresh
def test_wrong_shapes_are_refused_before_anything_changes(make):
    params, optimiser = start(), make()
    optimiser.step(params, bowl(params))
    before = [w.copy() for w in params]
    for wrong in (bowl(params)[:1], bowl(params)[::-1], []):
        with pytest.raises(ValueError, match=r"params have the shapes \[\(2, 2\), \(2,\)\]"):
            optimiser.step(params, wrong)
    assert all(np.array_equal(w, b) for w, b in zip(params, before, strict=True))


@fresh
def test_two_optimisers_share_no_memory(make):
    one, two = make(), make()
    first, second = start(), start()
    one.step(first, bowl(first))
    one.step(first, bowl(first))
    two.step(second, bowl(second))
    again = start()
    make().step(again, bowl(again))
    assert all(np.array_equal(a, b) for a, b in zip(second, again, strict=True))


def test_sgd_is_one_line():
    params = start()
    SGD(lr=0.05).step(params, bowl(params))
    for w, w0 in zip(params, start(), strict=True):
        np.testing.assert_allclose(w, w0 - 0.05 * w0 * np.array([1.0, 10.0]))


def test_above_two_over_the_largest_curvature_sgd_diverges_and_below_it_converges():
    ends = {}
    for lr in (0.19, 0.21):
        params, sgd = start(), SGD(lr)
        for _ in range(100):
            sgd.step(params, bowl(params))
        ends[lr] = np.abs(params[0]).max()
    assert ends[0.19] < 1e-3 < 1e3 < ends[0.21]


def test_momentum_after_two_steps_by_hand():
    w, momentum = [np.array([1.0])], Momentum(lr=0.1, momentum=0.5)
    momentum.step(w, [np.array([2.0])])  # v = 2
    momentum.step(w, [np.array([4.0])])  # v = 1 + 4
    np.testing.assert_allclose(w[0], 1.0 - 0.1 * 2.0 - 0.1 * 5.0)


def test_the_first_step_of_adam_is_as_long_as_lr_whatever_the_slope():
    for slope in (1e-3, 1.0, 1e6):
        w = [np.array([0.0])]
        Adam(lr=0.01).step(w, [np.array([slope])])
        np.testing.assert_allclose(w[0], -0.01, rtol=1e-4)


def test_decay_pulls_a_weight_without_a_slope_to_zero_and_is_not_divided_by_the_slopes():
    w = [np.array([1.0])]
    Adam(lr=0.1, decay=0.5).step(w, [np.array([0.0])])
    np.testing.assert_allclose(w[0], 0.95)


def test_one_step_on_mazurs_network_with_biases_gives_the_known_error():
    d = mazur()
    net = Network([Layer(d.W1, d.b1, SIGMOID), Layer(d.W2, d.b2, SIGMOID)], MSE)
    SGD(lr=0.5).step(net.params, net.backward(net.forward(d.x), d.y).params)
    assert round(MSE.value(net.forward(d.x).a[-1], d.y), 9) == 0.280471447
