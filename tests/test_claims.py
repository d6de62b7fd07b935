"""What the lessons and the teacher's guides say about training and no cell of a lesson computes.

What a cell computes is held where the lessons are run: tests/test_lessons.py.
Each claim states a direction and a rough size, with room for another computer's rounding.
"""

from functools import cache

import numpy as np
import pytest

from bplib import datasets
from bplib.activations import IDENTITY, RELU, SIGMOID, TANH
from bplib.dbn import pretrain, stack, unroll
from bplib.initialisers import he, xavier, zeros
from bplib.losses import BINARY_CROSS_ENTROPY, MSE, SOFTMAX_CROSS_ENTROPY
from bplib.network import dense
from bplib.optimisers import SGD, Adam
from bplib.recurrent import LastStep, lstm
from bplib.training import accuracy, train

SEEDS = range(5)
# rows in a batch -> updates in an epoch, the range of epochs until the loss is 0.1
BATCHES = {1: (200, 3, 60), 32: (7, 30, 200), 200: (1, 200, 1500)}

TEN = [64] + [32] * 10  # pixels, then ten hidden layers, as in lessons 5 and 6

X, Y = datasets.digits()


def four_xavier(n_out, n_in, rng):
    return 4 * xavier(n_out, n_in, rng)


def same(n_out, n_in, rng):
    return np.full((n_out, n_in), 0.5)


@pytest.mark.parametrize("batch", BATCHES)
def test_smaller_batches_need_fewer_epochs_at_the_same_rate(batch):
    updates, low, high = BATCHES[batch]
    epochs = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        x, y = datasets.moons(200, rng)
        net = dense([2, 8, 1], TANH, BINARY_CROSS_ENTROPY, rng)
        *_, last = train(net, x, y, SGD(0.5), 2000, batch, rng, target_loss=0.1)
        assert last.loss <= 0.1
        epochs.append(last.number)
    assert -(-200 // batch) == updates
    assert low <= min(epochs) and max(epochs) <= high, epochs


@pytest.mark.parametrize("phi", [TANH, SIGMOID], ids=lambda phi: phi.name)
@pytest.mark.parametrize("rows", ["XOR", "moons"])
def test_hidden_neurons_that_begin_the_same_stay_twins(rows, phi):
    x, y = datasets.xor() if rows == "XOR" else datasets.moons(200, np.random.default_rng(1))
    for seed in SEEDS:
        rank = {}
        for init in (same, xavier):
            net = dense([2, 4, 1], phi, BINARY_CROSS_ENTROPY, np.random.default_rng(seed), init)
            list(train(net, x, y, SGD(0.5), 100, 20, np.random.default_rng(seed)))
            rank[init] = np.linalg.matrix_rank(net.layers[0].W)
        assert rank == {same: 1, xavier: 2}


def test_with_zero_weights_and_tanh_only_the_last_bias_moves():
    x, y = datasets.moons(201, np.random.default_rng(1))  # an odd number: the classes differ
    net = dense([2, 4, 1], TANH, BINARY_CROSS_ENTROPY, None, zeros)
    list(train(net, x, y, SGD(0.5), 100, 20, np.random.default_rng(0)))
    *others, b = net.params
    assert b[0] != 0
    for w in others:
        np.testing.assert_array_equal(w, 0.0)


def test_a_learning_rate_can_be_too_small_right_and_too_large():
    x, y = datasets.moons(200, np.random.default_rng(1))
    make = lambda seed: dense([2, 8, 1], TANH, BINARY_CROSS_ENTROPY, np.random.default_rng(seed))
    for seed in SEEDS:
        small, right, huge = (
            [epoch.loss for epoch in train(make(seed), x, y, SGD(lr), 40, 20)]
            for lr in (0.005, 0.5, 50.0)
        )
        assert np.all(np.diff(small) < 0)
        assert right[-1] < 0.8 * small[-1]
        assert min(huge[1:]) > right[-1]
        assert np.sum(np.diff(huge) > 0) > 5


@cache
def pretrained(seed):
    """Digits to train on, and the ten RBMs that learn from them, each with 32 hidden units."""
    rng = np.random.default_rng(seed)
    x, y, *_ = datasets.split(X, Y, 360, rng)
    return x[:200], y[:200], stack(pretrain(TEN, x, rng))


def first_step(net, x, y):
    return np.linalg.norm(net.backward(net.forward(x), y).dW[0])


@pytest.mark.parametrize("seed", SEEDS)
def test_not_the_size_of_the_gradient_makes_the_pretrained_network_learn(seed):
    (x, y, rbms), rng = pretrained(seed), np.random.default_rng(seed + 100)
    of = {"DBN": first_step(unroll(rbms, 10, rng), x, y)}
    for name, phi, init in (
        ("Xavier", SIGMOID, xavier),
        ("4 x Xavier", SIGMOID, four_xavier),
        ("He", RELU, he),
    ):
        net = dense(TEN + [10], phi, SOFTMAX_CROSS_ENTROPY, rng, init)
        of[name] = first_step(net, x, y)
    assert 300 * of["Xavier"] < of["DBN"] < 0.05 * of["He"]
    assert of["4 x Xavier"] > 2 * of["DBN"]


@pytest.mark.parametrize("seed", SEEDS)
def test_weights_of_four_times_xavier_teach_ten_sigmoid_layers_less_than_pretraining(seed):
    rng = np.random.default_rng(seed)
    x, y, x_test, y_test = datasets.split(X, Y, 360, rng)
    net = dense(TEN + [10], SIGMOID, SOFTMAX_CROSS_ENTROPY, rng, four_xavier)
    list(train(net, x, y, SGD(0.1), 15, 32, rng))
    assert accuracy(net, x_test, y_test) < 0.8


@pytest.mark.parametrize("seed", SEEDS)
def test_with_three_layers_the_gradient_of_the_pretrained_network_is_smaller_than_that_of_xavier(
    seed,
):
    (x, y, rbms), rng = pretrained(seed), np.random.default_rng(seed + 100)
    other = dense(TEN[:4] + [10], SIGMOID, SOFTMAX_CROSS_ENTROPY, rng)
    assert first_step(unroll(rbms[:3], 10, rng), x, y) < 0.5 * first_step(other, x, y)


def test_most_lstms_add_over_a_hundred_steps_without_forget_bias_and_clipping():
    assert sum(learns_to_add(seed) for seed in SEEDS) >= 4


def learns_to_add(seed):
    """Whether 1500 batches of 16 bring the error under 0.05; who always says 1 has 1/6."""
    rng, optimiser = np.random.default_rng(seed), Adam(0.02)
    model = LastStep(lstm(2, 16, rng, forget_bias=0.0), dense([16, 1], IDENTITY, MSE, rng))
    x_new, y_new = datasets.adding(100, 100, rng)
    for step in range(1500):
        if step % 50 == 0 and np.mean((model.forward(x_new)[1].a[-1] - y_new) ** 2) < 0.05:
            return True
        x, y = datasets.adding(16, 100, rng)
        of_cell, of_readout = model.backward(model.forward(x), y)
        optimiser.step(model.params, [*of_cell.params, *of_readout.params])
    return False
