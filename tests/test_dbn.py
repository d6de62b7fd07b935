"""An RBM is what its energy says, CD its gradient cut short, and a stack of RBMs is a network."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bplib import datasets
from bplib.activations import SIGMOID
from bplib.dbn import RBM, cd, pretrain, rbm, sample, stack, unroll
from bplib.gradcheck import numerical_gradient, relative_error
from bplib.losses import SOFTMAX_CROSS_ENTROPY
from bplib.network import Layer, Network
from bplib.optimisers import SGD
from bplib.training import train

every_size = given(n_v=st.integers(1, 4), n_h=st.integers(1, 4), seed=st.integers(0, 999))


def random_rbm(n_v, n_h, seed=0, scale=1.0):
    rng = np.random.default_rng(seed)
    return RBM(*(rng.normal(0.0, scale, shape) for shape in ((n_h, n_v), n_h, n_v)))


def every_state(n):
    """All rows of n zeros and ones.   ->  (2**n, n)"""
    return np.array(list(product([0.0, 1.0], repeat=n)))


def joint(machine):
    """p(v, h) by counting all states.   ->  (2**n_v, 2**n_h)"""
    n_h, n_v = machine.W.shape
    v, h = every_state(n_v), every_state(n_h)
    p = np.exp(v @ machine.W.T @ h.T + h @ machine.b + (v @ machine.c)[:, None])
    return p / p.sum()


def surprise(machine, v0):
    """Mean of -log p(v) over the rows of v0, by counting all states."""
    p = joint(machine).sum(axis=1)
    rows = (v0 @ 2 ** np.arange(v0.shape[1])[::-1]).astype(int)
    return float(-np.log(p[rows]).mean())


def exact_gradient(machine, v0):
    """Of surprise: what the machine does when it is free, minus what it does at the data."""
    n_h, n_v = machine.W.shape
    p, v, h = joint(machine), every_state(n_v), every_state(n_h)
    h0, m = machine.hidden(v0), len(v0)
    return [
        h.T @ p.T @ v - h0.T @ v0 / m,
        p.sum(axis=0) @ h - h0.mean(axis=0),
        p.sum(axis=1) @ v - v0.mean(axis=0),
    ]


def some_rows(m, n_v, seed=1):
    return (np.random.default_rng(seed).random((m, n_v)) < 0.4).astype(float)


def test_cd_1_of_two_by_two_units_is_the_formula_worked_by_hand():
    machine = RBM(np.array([[1.0, -2.0], [0.5, 1.5]]), np.array([0.2, -0.3]), np.array([0.1, -1.0]))
    on = lambda z: 1 / (1 + np.exp(-z))
    found = cd(machine, np.array([[1.0, 0.0]]), uniforms=np.array([[[0.9, 0.1]]]))
    h0 = [on(1.0 + 0.2), on(0.5 - 0.3)]  # .77, .55; above .9: no; above .1: yes
    v1 = [on(0.5 + 0.1), on(1.5 - 1.0)]  # from h = 0, 1
    h1 = [on(v1[0] - 2.0 * v1[1] + 0.2), on(0.5 * v1[0] + 1.5 * v1[1] - 0.3)]
    np.testing.assert_allclose(found.h0, [h0])
    np.testing.assert_allclose(found.v1, [v1])
    np.testing.assert_allclose(found.h1, [h1])
    dW = [
        [h1[0] * v1[0] - h0[0], h1[0] * v1[1]],
        [h1[1] * v1[0] - h0[1], h1[1] * v1[1]],
    ]
    np.testing.assert_allclose(found.dW, dW)
    np.testing.assert_allclose(found.db, np.subtract(h1, h0))
    np.testing.assert_allclose(found.dc, [v1[0] - 1.0, v1[1]])


def test_cd_is_the_mean_of_its_rows():
    machine, v0 = random_rbm(3, 4), some_rows(5, 3)
    u = np.random.default_rng(2).random((2, 5, 4))
    whole = cd(machine, v0, k=2, uniforms=u)
    rows = [cd(machine, v0[r : r + 1], k=2, uniforms=u[:, r : r + 1]) for r in range(5)]
    for number, dw in enumerate(whole.params):
        np.testing.assert_allclose(dw, np.mean([row.params[number] for row in rows], axis=0))


def test_every_further_step_begins_where_the_last_one_ended():
    machine, v0 = random_rbm(3, 4), some_rows(5, 3)
    u = np.random.default_rng(2).random((2, 5, 4))
    first, both = cd(machine, v0, uniforms=u[:1]), cd(machine, v0, k=2, uniforms=u)
    np.testing.assert_array_equal(both.v1, machine.visible(sample(first.h1, u[1])))
    np.testing.assert_array_equal(both.h1, machine.hidden(both.v1))
    np.testing.assert_array_equal(both.h0, first.h0)


@pytest.mark.parametrize("k", [1, 3])
def test_uniforms_given_are_as_good_as_uniforms_drawn(k):
    machine, v0 = random_rbm(3, 4), some_rows(5, 3)
    u = np.random.default_rng(7).random((k, 5, 4))
    drawn, given_ones = (
        cd(machine, v0, np.random.default_rng(7), k),
        cd(machine, v0, k=k, uniforms=u),
    )
    for array, other in zip(drawn, given_ones, strict=True):
        np.testing.assert_array_equal(array, other)


def test_cd_changes_neither_the_machine_nor_the_data():
    machine, v0 = random_rbm(3, 4), some_rows(5, 3)
    kept = [array.copy() for array in (*machine.params, v0)]
    cd(machine, v0, np.random.default_rng(0), 3)
    for array, copy in zip((*machine.params, v0), kept, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_a_sample_is_1_as_often_as_its_probability_says():
    u = np.random.default_rng(0).random((100_000, 3))
    drawn = sample(np.array([0.0, 0.3, 1.0]), u)
    assert set(np.unique(drawn)) == {0.0, 1.0}
    np.testing.assert_allclose(drawn.mean(axis=0), [0.0, 0.3, 1.0], atol=0.006)


@settings(deadline=None)
@every_size
def test_both_conditional_probabilities_are_those_of_the_joint_one(n_v, n_h, seed):
    machine = random_rbm(n_v, n_h, seed)
    p, v, h = joint(machine), every_state(n_v), every_state(n_h)
    np.testing.assert_allclose(machine.hidden(v), p @ h / p.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(machine.visible(h), p.T @ v / p.sum(axis=0)[:, None])


@settings(deadline=None)
@every_size
def test_free_energy_sums_over_all_hidden_states(n_v, n_h, seed):
    machine = random_rbm(n_v, n_h, seed)
    p = np.exp(-machine.free_energy(every_state(n_v)))
    np.testing.assert_allclose(p / p.sum(), joint(machine).sum(axis=1))
    v = every_state(n_v)[-1:]  # all on, and not only up to Z
    energies = -every_state(n_h) @ (machine.W @ v[0] + machine.b) - machine.c @ v[0]
    np.testing.assert_allclose(machine.free_energy(v), -np.log(np.exp(-energies).sum()))


def test_free_energy_of_a_very_large_weight_does_not_overflow():
    machine = RBM(np.array([[2000.0]]), np.zeros(1), np.zeros(1))
    with np.errstate(over="raise", invalid="raise"):
        np.testing.assert_allclose(machine.free_energy(np.array([[1.0]])), [-2000.0])


@settings(deadline=None)
@every_size
def test_the_exact_gradient_agrees_with_finite_differences_of_the_likelihood(n_v, n_h, seed):
    machine, v0 = random_rbm(n_v, n_h, seed), some_rows(6, n_v, seed)
    loss = lambda: surprise(machine, v0)
    for w, dw in zip(machine.params, exact_gradient(machine, v0), strict=True):
        np.testing.assert_allclose(dw, numerical_gradient(loss, w), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_a_long_gibbs_chain_finds_the_exact_gradient_within_its_sampling_error(seed):
    machine, v0, rng = random_rbm(4, 3, seed), some_rows(6, 4, seed), np.random.default_rng(seed)
    v = some_rows(40_000, 4, seed)
    for _ in range(60):
        h = sample(machine.hidden(v), rng.random((len(v), 3)))
        v = sample(machine.visible(h), rng.random((len(v), 4)))
    h, h0 = machine.hidden(v), machine.hidden(v0)
    exact = exact_gradient(machine, v0)
    found = (h.T @ v / len(v) - h0.T @ v0 / 6, h.mean(axis=0) - h0.mean(axis=0))
    for dw, right in zip((*found, v.mean(axis=0) - v0.mean(axis=0)), exact, strict=True):
        assert np.abs(dw - right).max() < 5 * 0.5 / np.sqrt(len(v))  # no standard error is larger


@pytest.mark.parametrize("k", [1, 20])
@pytest.mark.parametrize("seed", range(5))
def test_cd_points_almost_where_the_exact_gradient_points(seed, k):
    machine, v0 = random_rbm(4, 3, seed, scale=0.3), some_rows(6, 4, seed)
    found = cd(machine, np.repeat(v0, 20_000, axis=0), np.random.default_rng(seed), k)
    ours, right = (
        np.concatenate([dw.ravel() for dw in grads])
        for grads in (found.params, exact_gradient(machine, v0))
    )
    assert ours @ right > 0.97 * np.linalg.norm(ours) * np.linalg.norm(right)
    assert relative_error(ours, right) < 0.2  # not 0: v is never sampled, so no k is exact


def test_steps_of_cd_make_the_data_more_likely():
    for seed in range(5):
        rng = np.random.default_rng(seed)
        v0 = np.repeat([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]], 20, axis=0)
        machine = rbm(4, 3, rng, v0)
        before = surprise(machine, v0)
        for _ in range(300):
            SGD(0.5).step(machine.params, cd(machine, v0, rng).params)
        assert before > 2.7  # near 4 log 2: all sixteen states alike
        assert surprise(machine, v0) < 0.5 * before


def test_the_weights_of_an_rbm_are_those_of_a_layer_without_a_transpose():
    machine, v = random_rbm(5, 3), some_rows(4, 5)
    layer = Network([Layer(machine.W, machine.b, SIGMOID)], SOFTMAX_CROSS_ENTROPY)
    np.testing.assert_array_equal(layer.forward(v).a[-1], machine.hidden(v))


def test_a_first_rbm_knows_how_often_each_visible_unit_is_on_and_nothing_else():
    v = np.array([[0.0, 1.0, 0.2], [0.0, 1.0, 0.6]])
    machine = rbm(3, 500, np.random.default_rng(0), v)
    np.testing.assert_allclose(1 / (1 + np.exp(-machine.c)), [0.01, 0.99, 0.4])
    np.testing.assert_array_equal(machine.b, 0.0)
    assert machine.W.shape == (500, 3)
    assert machine.W.std() == pytest.approx(0.01, rel=0.1)
    np.testing.assert_array_equal(rbm(3, 2, np.random.default_rng(0)).c, 0.0)


def small_pretraining(seed=0, sizes=(6, 5, 4), epochs=7):
    x = np.random.default_rng(3).random((20, sizes[0]))
    return x, list(pretrain(sizes, x, np.random.default_rng(seed), epochs, batch=8))


def test_pretraining_goes_layer_by_layer_and_tells_every_sweep():
    _, sweeps = small_pretraining(epochs=3)
    assert [(s.layer, s.epoch) for s in sweeps] == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
    assert [machine.W.shape for machine in stack(sweeps)] == [(5, 6), (4, 5)]
    assert stack(sweeps)[0] is sweeps[2].rbm
    assert stack(sweeps)[1] is sweeps[5].rbm
    assert all(0 < s.error < 1 for s in sweeps)


def test_pretraining_never_changes_its_data():
    x, _ = small_pretraining()
    np.testing.assert_array_equal(x, np.random.default_rng(3).random((20, 6)))


def test_pretraining_repeats_with_its_seed_and_differs_with_another():
    weights = [stack(small_pretraining(seed)[1])[1].W for seed in (0, 0, 1)]
    np.testing.assert_array_equal(weights[0], weights[1])
    assert not np.any(weights[0] == weights[2])


def test_the_second_rbm_is_fed_by_the_hidden_units_of_the_first():
    x, sweeps = small_pretraining()
    rng = np.random.default_rng(0)
    first = stack(pretrain([6, 5], x, rng, 7, batch=8))
    above = stack(pretrain([5, 4], first[0].hidden(x), rng, 7, batch=8))
    for machine, same in zip(stack(sweeps), [*first, *above], strict=True):
        for w, other in zip(machine.params, same.params, strict=True):
            np.testing.assert_array_equal(w, other)


def test_pretraining_is_cd_1_with_momentum_and_weight_decay():
    x = some_rows(4, 3)
    rng, drawn = np.random.default_rng(5), np.random.default_rng(5)
    *_, last = pretrain([3, 2], x, rng, epochs=7, lr=0.2, batch=4, decay=0.01)
    machine = rbm(3, 2, drawn, x)
    v = [np.zeros_like(w) for w in machine.params]
    for epoch in range(1, 8):
        found = cd(machine, x[drawn.permutation(4)], drawn)
        steps = [found.dW + 0.01 * machine.W, found.db, found.dc]
        for number, (w, dw) in enumerate(zip(machine.params, steps, strict=True)):
            v[number] = (0.5 if epoch < 6 else 0.9) * v[number] + dw
            w -= 0.2 * v[number]
    for w, other in zip(last.rbm.params, machine.params, strict=True):
        np.testing.assert_allclose(w, other, rtol=1e-12)


def test_pretraining_on_digits_lowers_the_error_of_the_reconstruction():
    x, _ = datasets.digits()
    sweeps = list(pretrain([64, 50], x[:500], np.random.default_rng(0), 10))
    assert sweeps[-1].error < 0.7 * sweeps[0].error


def test_the_network_of_a_stack_says_what_its_rbms_say():
    x, sweeps = small_pretraining()
    rbms = stack(sweeps)
    net = unroll(rbms, 3, np.random.default_rng(0))
    a = net.forward(x).a
    np.testing.assert_array_equal(a[1], rbms[0].hidden(x))
    np.testing.assert_array_equal(a[2], rbms[1].hidden(rbms[0].hidden(x)))
    assert [layer.W.shape for layer in net.layers] == [(5, 6), (4, 5), (3, 4)]
    assert net.layers[-1].W.std() < 0.03
    assert net.loss is SOFTMAX_CROSS_ENTROPY


def test_fine_tuning_leaves_the_rbms_as_they_were():
    x, sweeps = small_pretraining()
    rbms = stack(sweeps)
    kept = [w.copy() for machine in rbms for w in machine.params]
    net = unroll(rbms, 3, np.random.default_rng(0))
    list(train(net, x, np.eye(3)[np.arange(20) % 3], SGD(1.0), 5))
    assert not np.any(net.layers[0].W == rbms[0].W)
    for w, copy in zip([w for machine in rbms for w in machine.params], kept, strict=True):
        np.testing.assert_array_equal(w, copy)


def test_whole_numbers_and_lists_are_as_good_as_floats():
    machine = random_rbm(3, 4)
    rows = [[0, 1, 1], [1, 0, 0]]
    u = np.random.default_rng(0).random((1, 2, 4))
    for found, right in zip(
        cd(machine, rows, uniforms=u.tolist()),
        cd(machine, np.array(rows, float), uniforms=u),
        strict=True,
    ):
        np.testing.assert_array_equal(found, right)
    whole, floats = (
        stack(pretrain([3, 2], x, np.random.default_rng(0), 2))[0]
        for x in (rows, np.array(rows, float))
    )
    np.testing.assert_array_equal(whole.W, floats.W)


@pytest.mark.parametrize(
    "shapes", [((3, 2), (2,), (3,)), ((3, 2), (3,), (3,)), ((6,), (3,), (2,)), ((3, 2), (3, 2), ())]
)
def test_an_rbm_whose_shapes_do_not_fit_is_refused_in_one_sentence(shapes):
    with pytest.raises(ValueError) as error:
        RBM(*map(np.ones, shapes))
    assert str(error.value) == (
        "an RBM needs W (n_h, n_v), b (n_h,) and c (n_v,), "
        "but W is {}, b is {} and c is {}.".format(*shapes)
    )


@pytest.mark.parametrize("k", [0, -1])
def test_cd_without_a_step_is_refused_in_one_sentence(k):
    with pytest.raises(ValueError) as error:
        cd(random_rbm(3, 4), some_rows(2, 3), np.random.default_rng(0), k)
    assert str(error.value) == f"cd needs k of 1 or more, but k is {k}."


@pytest.mark.parametrize("shape", [(3,), (2, 4), (0, 3), (1, 2, 3)], ids=str)
def test_rows_that_do_not_fit_an_rbm_are_refused_in_one_sentence(shape):
    with pytest.raises(ValueError) as error:
        cd(random_rbm(3, 4), np.zeros(shape), np.random.default_rng(0))
    assert str(error.value) == f"cd needs v0 (m, 3) with at least one row, but v0 is {shape}."


@pytest.mark.parametrize("shape", [(2, 4), (2, 2, 4), (1, 2, 3), (1, 1, 4)], ids=str)
def test_uniforms_that_do_not_fit_are_refused_in_one_sentence(shape):
    with pytest.raises(ValueError) as error:
        cd(random_rbm(3, 4), some_rows(2, 3), uniforms=np.zeros(shape))
    assert str(error.value) == (f"uniforms must be (1, 2, 4), (k, m, n_h), but they are {shape}.")


def test_cd_without_any_chance_is_refused_in_one_sentence():
    with pytest.raises(ValueError) as error:
        cd(random_rbm(3, 4), some_rows(2, 3))
    assert str(error.value) == "cd needs rng or uniforms: the hidden units are sampled."


@pytest.mark.parametrize(
    ("sizes", "x", "epochs"),
    [
        ([3, 2], np.zeros((4, 5)), 1),
        ([3, 2], np.zeros((0, 3)), 1),
        ([3, 2], np.zeros(3), 1),
        ([3], np.zeros((4, 3)), 1),
        ([], np.zeros((4, 3)), 1),
        ([3, 2], np.zeros((4, 3)), 0),
    ],
)
def test_pretraining_that_cannot_begin_is_refused_in_one_sentence(sizes, x, epochs):
    with pytest.raises(ValueError) as error:
        list(pretrain(sizes, x, np.random.default_rng(0), epochs))
    assert str(error.value) == (
        "pretrain needs sizes [n_0, n_1, ...], x (m, n_0) with at least one row and epochs of 1 "
        f"or more, but sizes is {sizes}, x is {x.shape} and epochs is {epochs}."
    )


@pytest.mark.parametrize("value", [-0.1, 16.0, np.nan, np.inf])
def test_pretraining_on_values_that_are_no_probabilities_is_refused_in_one_sentence(value):
    x = np.array([[0.5, 1.0, 0.0], [0.2, value, 0.3]])
    with pytest.raises(ValueError) as error:
        list(pretrain([3, 2], x, np.random.default_rng(0), 1))
    assert (
        str(error.value) == "pretrain needs every value of x from 0 to 1: divide, or clip, first."
    )


def test_a_stack_of_nothing_is_refused_in_one_sentence():
    with pytest.raises(ValueError) as error:
        unroll([], 3, np.random.default_rng(0))
    assert str(error.value) == "unroll needs at least one RBM: has the pretraining been run?"


@pytest.mark.parametrize("W", [[[1.0, 2.0]], np.array([[1, 2]])])
def test_an_rbm_of_whole_numbers_or_of_lists_is_refused_in_one_sentence(W):
    with pytest.raises(TypeError, match="^an RBM: W must be a NumPy array of floats"):
        RBM(W, np.ones(1), np.ones(2))
