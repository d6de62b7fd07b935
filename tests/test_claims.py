"""What lessons 4 and 5 claim about training holds again, on every seed that they name.

Each claim states a direction and a rough size, with room for another computer's rounding.
"""

import numpy as np
import pytest

from bplib import datasets
from bplib.activations import LEAKY_RELU, RELU, SIGMOID, TANH
from bplib.initialisers import he, normal, xavier, zeros
from bplib.losses import BINARY_CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY
from bplib.network import dense
from bplib.optimisers import SGD, Adam
from bplib.recurrent import RNN
from bplib.training import accuracy, train

SEEDS = range(5)
CHANCE = (0.0, 0.15)  # ten classes: one in ten, and what 360 test rows may add


def old(n_out, n_in, rng):
    return rng.uniform(-1, 1, (n_out, n_in)) / np.sqrt(n_in)


def large(n_out, n_in, rng):
    return normal(n_out, n_in, rng, std=1.0)


def same(n_out, n_in, rng):
    return np.full((n_out, n_in), 0.5)


# phi, init, lr, then the lowest and highest median of the test accuracy
TEN_LAYERS = {
    "sigmoid, Xavier": (SIGMOID, xavier, 0.1, CHANCE),
    "ReLU, old": (RELU, old, 0.1, CHANCE),
    "ReLU, He": (RELU, he, 0.05, (0.9, 1.0)),
    "Leaky ReLU, He": (LEAKY_RELU, he, 0.05, (0.9, 1.0)),
    "tanh, Xavier": (TANH, xavier, 0.1, (0.9, 1.0)),
}
# sizes of the hidden layers -> the range of the test accuracy of every seed after 60 epochs
SIGMOID_DEPTHS = {(64, 64, 64): (0.7, 0.95), (32, 32, 32, 32, 32): CHANCE}
# phi, init -> the range of RMS of delta, first layer to tenth
DELTA_RATIOS = {
    ("sigmoid", "small"): (1e-18, 1e-15),
    ("sigmoid", "Xavier"): (1e-6, 1e-5),
    ("sigmoid", "He"): (1e-5, 1e-4),
    ("sigmoid", "large"): (1e-3, 0.5),
    ("tanh", "small"): (1e-13, 1e-10),
    ("tanh", "Xavier"): (0.1, 1.0),
    ("tanh", "He"): (0.5, 5.0),
    ("tanh", "large"): (30.0, 3e3),
    ("ReLU", "small"): (1e-14, 1e-11),
    ("ReLU", "Xavier"): (1e-3, 0.3),
    ("ReLU", "He"): (0.1, 10.0),
    ("ReLU", "large"): (1e4, 1e7),
}
PHIS = {"sigmoid": SIGMOID, "tanh": TANH, "ReLU": RELU}
INITS = {"small": normal, "Xavier": xavier, "He": he, "large": large}
# spectral radius, size of the inputs -> the range of RMS of delta, first of 50 steps to last
THROUGH_TIME = {
    (0.9, 0.01): (1e-5, 1e-2),
    (1.0, 0.01): (0.03, 1.0),
    (1.1, 0.01): (2.0, 300.0),
    (1.1, 1.0): (0.0, 1e-3),
}
# phi, init, lr, hidden neurons -> how many of twenty seeds solve XOR
XOR = {
    (TANH, xavier, 0.5, 2): (4, 17),
    (TANH, xavier, 0.5, 4): (18, 20),
    (SIGMOID, xavier, 2.0, 2): (10, 19),
    (SIGMOID, xavier, 2.0, 4): (18, 20),
    (RELU, he, 0.5, 2): (0, 6),
    (RELU, he, 0.5, 8): (17, 20),
}
# rows in a batch -> updates in an epoch, the range of epochs until the loss is 0.1
BATCHES = {1: (200, 3, 60), 32: (7, 30, 200), 200: (1, 200, 1500)}
# how the rows are fed -> the range of the test accuracy of every seed
ORDERS = {"pairs shuffled": (0.9, 1.0), "sorted": (0.3, 0.75), "x alone shuffled": (0.0, 0.2)}

X, Y = datasets.digits()


def rms(values):
    return np.sqrt(np.mean(np.square(values)))


def one_pass_back(phi, init, seed, depth=10):
    rng = np.random.default_rng(seed)
    net = dense([64, *[32] * depth, 10], phi, SOFTMAX_CROSS_ENTROPY, rng, init)
    rows = rng.permutation(len(X))[:100]
    return net.backward(net.forward(X[rows]), Y[rows])


def digits_run(sizes, phi, init, optimiser, epochs, seed):
    """Test accuracy after training on the other 1437 digits in batches of 32."""
    rng = np.random.default_rng(seed)
    x, y, x_test, y_test = datasets.split(X, Y, 360, rng)
    net = dense([64, *sizes, 10], phi, SOFTMAX_CROSS_ENTROPY, rng, init)
    list(train(net, x, y, optimiser, epochs, 32, rng))
    return accuracy(net, x_test, y_test)


def assert_within(values, low, high):
    assert low <= np.min(values), values
    assert np.max(values) <= high, values


@pytest.mark.parametrize("setting", TEN_LAYERS)
def test_ten_hidden_layers_learn_the_digits_or_stay_at_chance(setting):
    phi, init, lr, (low, high) = TEN_LAYERS[setting]
    found = [digits_run([32] * 10, phi, init, SGD(lr), 15, seed) for seed in SEEDS]
    if high == CHANCE[1]:
        assert_within(found, low, high)
    else:
        assert_within(np.median(found), low, high)
        assert min(found) > 0.6


@pytest.mark.parametrize("sizes", SIGMOID_DEPTHS, ids=lambda sizes: f"{len(sizes)} layers")
def test_sixty_epochs_are_enough_for_three_sigmoid_layers_and_not_for_five(sizes):
    found = [digits_run(sizes, SIGMOID, xavier, SGD(0.1), 60, seed) for seed in SEEDS]
    assert_within(found, *SIGMOID_DEPTHS[sizes])


@pytest.mark.parametrize("depth", [5, 10, 20])
def test_each_sigmoid_layer_shrinks_the_error_signal_to_less_than_a_quarter(depth):
    deltas = [one_pass_back(SIGMOID, xavier, seed, depth).delta for seed in SEEDS]
    ratios = np.array([rms(delta[0]) / rms(delta[depth - 1]) for delta in deltas])
    assert_within(ratios ** (1 / (depth - 1)), 0.22, 0.25)


@pytest.mark.parametrize(("phi", "init"), DELTA_RATIOS)
def test_first_weights_decide_whether_the_error_signal_vanishes_or_explodes(phi, init):
    deltas = [one_pass_back(PHIS[phi], INITS[init], seed).delta for seed in SEEDS]
    assert_within([rms(d[0]) / rms(d[9]) for d in deltas], *DELTA_RATIOS[phi, init])


def test_with_relu_and_small_weights_the_ratio_of_dW_looks_healthy_while_delta_vanishes():
    for seed in SEEDS:
        found = one_pass_back(RELU, normal, seed)
        assert rms(found.delta[0]) / rms(found.delta[9]) < 1e-11
        assert 0.3 < rms(found.dW[0]) / rms(found.dW[9]) < 3
        assert rms(found.dW[0]) < 1e-14


@pytest.mark.parametrize(("radius", "size"), THROUGH_TIME)
def test_fifty_steps_back_vanish_or_explode_with_the_spectral_radius(radius, size):
    ratios = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        W_h = rng.normal(size=(32, 32))
        W_h *= radius / np.abs(np.linalg.eigvals(W_h)).max()
        rnn, dh = RNN(rng.normal(size=(32, 1)), W_h, np.zeros(32)), np.zeros((50, 8, 32))
        dh[-1] = rng.normal(size=(8, 32))
        delta = rnn.backward(rnn.forward(size * rng.normal(size=(50, 8, 1))), dh).delta
        ratios.append(rms(delta[0]) / rms(delta[-1]))
    assert_within(ratios, *THROUGH_TIME[radius, size])


@pytest.mark.parametrize(("phi", "init", "lr", "n"), XOR, ids=lambda v: getattr(v, "name", None))
def test_more_hidden_neurons_solve_xor_from_more_seeds(phi, init, lr, n):
    solved = 0
    for seed in range(20):
        net = dense([2, n, 1], phi, BINARY_CROSS_ENTROPY, np.random.default_rng(seed), init)
        *_, last = train(net, *datasets.xor(), SGD(lr), 1000, target_loss=0.05)
        solved += last.loss <= 0.05
    assert_within(solved, *XOR[phi, init, lr, n])


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
    assert_within(epochs, low, high)


@pytest.mark.parametrize("order", ORDERS)
def test_rows_in_pairs_and_shuffled_are_learnt_and_others_are_not(order):
    found = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        x, y, x_test, y_test = datasets.split(X, Y, 360, rng)
        if order == "sorted":
            rows = y.argmax(axis=1).argsort()
            x, y = x[rows], y[rows]
        elif order == "x alone shuffled":
            x = rng.permutation(x)
        net = dense([64, 32, 10], RELU, SOFTMAX_CROSS_ENTROPY, rng, he)
        list(train(net, x, y, SGD(0.1), 10, 32, None if order == "sorted" else rng))
        found.append(accuracy(net, x_test, y_test))
    assert_within(found, *ORDERS[order])


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


def test_the_validation_loss_turns_while_forty_noisy_moons_are_learnt_by_heart():
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        few, many = (datasets.moons(m, rng, noise=0.35) for m in (40, 500))
        net = dense([2, 32, 32, 1], TANH, BINARY_CROSS_ENTROPY, rng)
        history = list(train(net, *few, Adam(0.02), 300, validation=many))
        best = min(history, key=lambda epoch: epoch.validation_loss)
        assert 0 < best.number < 150
        assert history[-1].validation_loss > 2 * best.validation_loss
        assert history[-1].accuracy == 1.0
        assert history[-1].loss < 0.02 < best.loss


def test_digits_reach_95_percent_in_twenty_epochs():
    found = [digits_run([64, 32], RELU, he, Adam(0.002), 20, seed) for seed in SEEDS]
    assert_within(found, 0.95, 1.0)


def test_a_learning_rate_can_be_too_small_right_and_too_large():
    x, y = datasets.moons(200, np.random.default_rng(1))
    for seed in SEEDS:
        small, right, huge = (
            [epoch.loss for epoch in train(small_network(seed), x, y, SGD(lr), 40, 20)]
            for lr in (0.005, 0.5, 50.0)
        )
        assert np.all(np.diff(small) < 0)
        assert right[-1] < 0.8 * small[-1]
        assert min(huge[1:]) > right[-1]
        assert np.sum(np.diff(huge) > 0) > 5


def test_the_two_hundred_moons_of_lesson_4_reach_99_percent_before_their_hundred_epochs_end():
    rng = np.random.default_rng(1)
    x, y = datasets.moons(200, rng)
    *_, last = train(small_network(rng), x, y, SGD(0.5), 100, 20, rng, target_accuracy=0.99)
    assert last.accuracy >= 0.99
    assert 40 < last.number < 100


def small_network(seed):
    return dense([2, 8, 1], TANH, BINARY_CROSS_ENTROPY, np.random.default_rng(seed))
