"""What lessons 4, 5 and 6 claim about training holds again, on every seed that they name.

Each claim states a direction and a rough size, with room for another computer's rounding.
"""

from functools import cache

import numpy as np
import pytest

from bplib import datasets
from bplib.activations import IDENTITY, LEAKY_RELU, RELU, SIGMOID, TANH, dead, leaky_relu
from bplib.dbn import pretrain, stack, unroll
from bplib.initialisers import he, normal, xavier, zeros
from bplib.losses import BINARY_CROSS_ENTROPY, MSE, SOFTMAX_CROSS_ENTROPY
from bplib.network import dense
from bplib.optimisers import SGD, Adam
from bplib.recurrent import RNN, LastStep, clip, lstm, rnn
from bplib.training import accuracy, train

SEEDS = range(5)
CHANCE = (0.0, 0.25)  # ten classes: one in ten; of sixty seeds the highest had 0.19


def old(n_out, n_in, rng):
    return rng.uniform(-1, 1, (n_out, n_in)) / np.sqrt(n_in)


def large(n_out, n_in, rng):
    return normal(n_out, n_in, rng, std=1.0)


def four_xavier(n_out, n_in, rng):
    return 4 * xavier(n_out, n_in, rng)


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
# phi -> the range of the test accuracy of every seed whose hidden biases begin at -2
SUNK = {RELU: CHANCE, LEAKY_RELU: (0.9, 1.0), leaky_relu(0.1): (0.9, 1.0)}
# phi -> of twenty narrow networks: constant at the start, constant in the end, |x| learnt
BORN_DEAD = {RELU: ((3, 10), (7, 16), (3, 11)), leaky_relu(0.1): ((0, 0), (0, 0), (18, 20))}
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
        assert min(found) > 0.3  # of sixty seeds the lowest had 0.48


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


@cache
def pretrained(sizes, seed):
    """The rows that digits_run() splits off for the seed, and what RBMs learn from them."""
    rng = np.random.default_rng(seed)
    x, y, x_test, y_test = datasets.split(X, Y, 360, rng)
    return (x, y, x_test, y_test), stack(pretrain([64, *sizes], x, rng))


def first_step(net, rows):
    x, y, _, _ = rows
    return np.linalg.norm(net.backward(net.forward(x[:200]), y[:200]).dW[0])


def unrolled(sizes, seed, order="learnt", depth=None):
    """The network of a pretraining; "shuffled": the weights of each layer at other places.

    depth : so many of its layers, as if the pretraining had ended there
    """
    rows, rbms = pretrained(sizes, seed)
    rng = np.random.default_rng(seed + 100)
    net = unroll(rbms[:depth], 10, rng)
    if order == "shuffled":
        for layer in net.layers[:-1]:
            layer.W[...] = rng.permutation(layer.W.ravel()).reshape(layer.W.shape)
    return net, rows, rng


def fine_tuned(sizes, seed, order="learnt"):
    net, (x, y, x_test, y_test), rng = unrolled(sizes, seed, order)
    list(train(net, x, y, SGD(0.1), 15, 32, rng))
    return accuracy(net, x_test, y_test)


def test_ten_sigmoid_layers_learn_from_pretrained_weights_and_not_from_the_same_ones_shuffled():
    sizes = (32,) * 10
    assert_within([fine_tuned(sizes, seed) for seed in SEEDS], 0.85, 1.0)
    assert_within([fine_tuned(sizes, seed, "shuffled") for seed in SEEDS], *CHANCE)


def test_not_the_size_of_the_gradient_makes_the_pretrained_network_learn():
    sizes, widths = (32,) * 10, [64, *[32] * 10, 10]
    for seed in SEEDS:
        net, rows, rng = unrolled(sizes, seed)
        of = {"DBN": first_step(net, rows)}
        for name, phi, init in (
            ("Xavier", SIGMOID, xavier),
            ("4 x Xavier", SIGMOID, four_xavier),
            ("He", RELU, he),
        ):
            net = dense(widths, phi, SOFTMAX_CROSS_ENTROPY, rng, init)
            of[name] = first_step(net, rows)
        assert 300 * of["Xavier"] < of["DBN"] < 0.05 * of["He"]
        assert of["4 x Xavier"] > 2 * of["DBN"]
    accuracies = [digits_run(sizes, SIGMOID, four_xavier, SGD(0.1), 15, s) for s in SEEDS]
    assert_within(accuracies, 0.0, 0.8)


def test_with_three_layers_the_gradient_of_the_pretrained_network_is_smaller_than_that_of_xavier():
    for seed in SEEDS:
        net, rows, rng = unrolled((64,) * 5, seed, depth=3)
        other = dense([64, 64, 64, 64, 10], SIGMOID, SOFTMAX_CROSS_ENTROPY, rng)
        assert first_step(net, rows) < 0.5 * first_step(other, rows)


def test_a_small_sigmoid_network_learns_from_random_weights_too():
    assert_within([fine_tuned((100, 50), seed) for seed in SEEDS], 0.9, 1.0)
    found = [digits_run((100, 50), SIGMOID, xavier, SGD(0.1), 30, seed) for seed in SEEDS]
    assert_within(found, 0.7, 0.95)


def test_with_a_hundred_labels_pretraining_is_ahead_of_the_other_three_in_the_middle():
    found = {"DBN": [], "sigmoid": [], "tanh": [], "ReLU": []}
    for seed in range(10):
        net, (x, y, x_test, y_test), rng = unrolled((64,) * 5, seed)
        nets = {"DBN": (net, 0.1)}
        for name, init, lr in (("sigmoid", xavier, 0.1), ("tanh", xavier, 0.1), ("ReLU", he, 0.05)):
            other = dense([64, *[64] * 5, 10], PHIS[name], SOFTMAX_CROSS_ENTROPY, rng, init)
            nets[name] = (other, lr)
        for name, (net, lr) in nets.items():
            list(train(net, x[:100], y[:100], SGD(lr), 50, 10, rng))
            found[name].append(accuracy(net, x_test, y_test))
    middle = {name: np.median(values) for name, values in found.items()}
    assert_within(found["DBN"], 0.85, 1.0)
    assert_within(found["sigmoid"], *CHANCE)
    assert 0.8 < middle["ReLU"] < middle["DBN"] - 0.015
    assert 0.8 < middle["tanh"] < middle["DBN"] - 0.01


@pytest.mark.parametrize("phi", SUNK, ids=lambda phi: phi.name)
def test_relu_never_comes_back_from_biases_of_minus_two_and_leaky_relu_does(phi):
    found = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        x, y, x_test, y_test = datasets.split(X, Y, 360, rng)
        net = dense([64, 64, 64, 10], phi, SOFTMAX_CROSS_ENTROPY, rng, he)
        for layer in net.layers[:-1]:
            layer.b[...] = -2.0
        before = dead_share(net, x)
        list(train(net, x, y, Adam(0.001), 20, 32, rng))
        found.append(accuracy(net, x_test, y_test))
        assert before > 0.9
        assert dead_share(net, x) == before if phi is RELU else dead_share(net, x) < 0.6
    assert_within(found, *SUNK[phi])


@pytest.mark.parametrize("phi", BORN_DEAD, ids=lambda phi: phi.name)
def test_many_deep_and_narrow_relu_networks_are_born_dead_and_no_leaky_one(phi):
    x, counts = np.linspace(-1, 1, 200)[:, None], np.zeros(3)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        net = dense([1, *[4] * 10, 1], phi, MSE, rng, he)
        net.layers[-1].phi = IDENTITY
        start = np.ptp(net.forward(x).a[-1])
        *_, last = train(net, x, np.abs(x), Adam(0.01), 100, 32, rng)
        counts += start < 1e-12, np.ptp(net.forward(x).a[-1]) < 1e-12, last.loss < 0.005
    for count, (low, high) in zip(counts, BORN_DEAD[phi], strict=True):
        assert_within(count, low, high)


def dead_share(net, x):
    return np.mean(np.concatenate([dead(z) for z in net.forward(x).z[:-1]]))


def kept(model, signal):
    """The error signal 99 steps back, beside that of the last step of a hundred."""
    x, y = datasets.adding(100, 100, np.random.default_rng(0))
    found, _ = model.backward(model.forward(x), y)
    steps = getattr(found, signal)[-100:]
    return rms(steps[0]) / rms(steps[-1])


def reader(cell, rng):
    return LastStep(cell, dense([cell.W_h.shape[1], 1], IDENTITY, MSE, rng))


def adding_run(cell, lr, steps, rng, signal, longest=1.0):
    """Batches of 16 until the error is .005.  ->  error, signal kept before and after"""
    model, optimiser = reader(cell, rng), Adam(lr)
    x_new, y_new = datasets.adding(100, 100, rng)
    before = kept(model, signal)
    for step in range(1, steps + 1):
        x, y = datasets.adding(16, 100, rng)
        of_cell, of_readout = model.backward(model.forward(x), y)
        optimiser.step(model.params, clip([*of_cell.params, *of_readout.params], longest))
        if step % 50 == 0:
            error = np.mean((model.forward(x_new)[1].a[-1] - y_new) ** 2)
            if error < 0.005:
                break
    return error, before, kept(model, signal)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_lstm_adds_over_a_hundred_steps_because_it_learns_to_carry_the_error(seed):
    rng = np.random.default_rng(seed)
    error, before, after = adding_run(lstm(2, 16, rng), 0.02, 1500, rng, "dc")
    assert error < 0.005  # who always says 1 has 1/6
    assert before < 0.05  # of most seeds about 1e-5
    assert 0.1 < after < 10


@pytest.mark.parametrize("bias, longest", [(0.0, 1.0), (1.0, np.inf)], ids=["bias 0", "no clip"])
def test_most_lstms_add_over_a_hundred_steps_without_the_forget_bias_or_without_clipping(
    bias, longest
):
    errors = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        errors.append(adding_run(lstm(2, 16, rng, bias), 0.02, 1500, rng, "dc", longest)[0])
    assert np.sum(np.array(errors) < 0.05) >= 4  # without the bias one of twenty seeds guessed


def test_an_rnn_does_not_add_over_a_hundred_steps_and_its_error_vanishes_more_and_more():
    found = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        error, *sizes = adding_run(rnn(2, 16, rng), 0.001, 1000, rng, "delta")
        assert error > 0.1
        found.append(sizes)
    before, after = np.median(found, axis=0)
    assert 1e-12 < before < 1e-6
    assert after < 1e-4 * before


def test_an_open_forget_gate_carries_the_error_further_before_any_training():
    for seed in SEEDS:
        far = {}
        for bias in (0.0, 1.0):
            rng = np.random.default_rng(seed)
            far[bias] = kept(reader(lstm(2, 16, rng, bias), rng), "dc")
        assert far[0.0] < 1e-3 * far[1.0]


def small_network(seed):
    return dense([2, 8, 1], TANH, BINARY_CROSS_ENTROPY, np.random.default_rng(seed))
