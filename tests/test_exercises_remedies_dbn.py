"""Exercises 6.7 to 6.10: contrastive divergence, the stack, the forget bias, and the six logs."""

import math
import re
from functools import cache

import numpy as np
import pytest
from mistakes import judge, misjudged_pairs

from bplib import datasets, dbn
from bplib.activations import IDENTITY, LEAKY_RELU, RELU, SIGMOID, dead, leaky_relu, sigmoid
from bplib.exercises import remedies as lesson
from bplib.exercises.feedback import CORRECT, NOT_YET
from bplib.gradcheck import numerical_gradient
from bplib.initialisers import he, normal, xavier
from bplib.losses import MSE, SOFTMAX_CROSS_ENTROPY
from bplib.network import Layer, Network, dense
from bplib.optimisers import SGD, Adam
from bplib.recurrent import LSTM, LastStep, clip, lstm, rnn
from bplib.training import accuracy, train

EXERCISES = [lesson.contrast, lesson.fine_tune, lesson.belt, lesson.six_logs]
SEEDS = range(5)
DEEP, FIVE, TWO = [64, *[32] * 10, 10], [64, *[64] * 5, 10], [64, 64, 64, 10]


def rms(values):
    return np.sqrt(np.mean(values**2))


def of(exercise, id):
    """Every misconception with this id."""
    return [m for m in exercise.misconceptions if m.id == id]


def test_all_twenty_two_catalogued_mistakes_about_belief_networks_are_named():
    catalogue = {f"DB-{n:02}" for n in range(1, 23)}
    assert catalogue <= {m.id for e in EXERCISES for m in e.misconceptions}


# ---- 6.7 -----------------------------------------------------------------------------------------


def error_of(v0, v1):
    """The reconstruction error that belongs to probabilities: cross-entropy, a mean over rows."""
    return -np.sum(v0 * np.log(v1) + (1 - v0) * np.log(1 - v1)) / len(v0)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_slopes_of_the_reconstruction_error_are_what_two_wrong_answers_say_they_are(seed):
    W, b, c, v0, u = lesson.contrast.draw(seed)[1]
    s = dbn.sample(dbn.RBM(W, b, c).hidden(v0), u)

    def thrown():
        return error_of(v0, sigmoid(s @ W + c))

    def copied():
        return error_of(v0, sigmoid(sigmoid(v0 @ W.T + b) @ W + c))

    for id, loss in (("DB-17", thrown), ("DB-18", copied)):
        (wrong,) = of(lesson.contrast, id)
        measured = [numerical_gradient(loss, w, 1e-6) for w in (W, b, c)]
        for p, q in zip(wrong.f(W, b, c, v0, u), measured, strict=True):
            np.testing.assert_allclose(p, q, atol=1e-7)


# ---- 6.8 -----------------------------------------------------------------------------------------


def measured(h):
    """Inputs by the formula, gradients by nudging."""

    def answer(x, rbms, V, rows, y):
        Ws = [W.copy() for W, *_ in rbms] + [V.copy()]

        def up(a):
            arrays = [a]
            for W, (_, b, _) in zip(Ws, rbms, strict=False):
                arrays.append(sigmoid(arrays[-1] @ W.T + b))
            return arrays

        def loss():
            return SOFTMAX_CROSS_ENTROPY.value(up(x[rows])[-1] @ Ws[-1].T, y)

        return up(x)[:-1], [numerical_gradient(loss, W, h) for W in Ws]

    return answer


@pytest.mark.parametrize("seed", SEEDS)
def test_the_first_gradients_of_fine_tuning_are_the_measured_slopes(seed):
    for case in lesson.fine_tune.draw(seed)[:4]:
        _, dWs = lesson.fine_tune.f(*case)
        for p, q in zip(dWs, measured(1e-5)(*case)[1], strict=True):
            np.testing.assert_allclose(p, q, atol=1e-8)


@pytest.mark.parametrize("h", [1e-4, 1e-5, 1e-6])
def test_a_measured_gradient_is_called_by_its_name(h):
    for seed in SEEDS:
        for printed in (False, True):
            feedback = judge(lesson.fine_tune, measured(h), seed, printed, closed=False)
            assert (feedback.outcome, feedback.misconception) == (NOT_YET, "FD")


def test_the_stack_is_fed_as_our_own_pretraining_feeds_it():
    x = datasets.digits()[0][:50]
    rbms = dbn.stack(list(dbn.pretrain([64, 8, 6, 4], x, np.random.default_rng(0), epochs=2)))
    told = [(machine.W, machine.b, machine.c) for machine in rbms]
    inputs, _ = lesson.fine_tune.f(x, told, np.zeros((2, 4)), np.arange(2), np.eye(2))
    rng = np.random.default_rng(0)
    (first,) = dbn.stack(list(dbn.pretrain([64, 8], x, rng, epochs=2)))
    again = dbn.stack(list(dbn.pretrain([8, 6, 4], inputs[1], rng, epochs=2)))
    for p, q in zip(rbms, [first, *again], strict=True):
        np.testing.assert_array_equal(p.W, q.W)


# ---- 6.9 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_belt_keeps_what_our_own_cell_keeps_of_its_memory(seed):
    for b_f, T, p in lesson.belt.draw(seed)[:3]:  # at T = 700 the memory itself is too small
        logs, smallest = lesson.belt.f(b_f, T, p)
        n = len(b_f) + 1
        b = np.zeros(4 * n)
        b[n : 2 * n] = np.append(b_f, smallest)
        cell = LSTM(np.zeros((4 * n, 1)), np.zeros((4 * n, n)), b)
        c = cell.forward(np.zeros((T, 1, 1)), c0=np.ones((1, n))).c[-1, 0]
        np.testing.assert_allclose(np.log10(c), np.append(logs, np.log10(p)), rtol=1e-9)


def test_a_forget_bias_of_one_keeps_ten_to_the_sixteen_times_what_a_bias_of_zero_keeps():
    logs, half = lesson.belt.f(np.array([0.0, 1.0]), 100, 0.5)
    assert 16 < logs[1] - logs[0] < 17
    assert 4.9 < half < 5.0  # and even 1 is not enough for a hundred steps


# ---- 6.10: the six logs --------------------------------------------------------------------------


def digits_log(net, m, optimiser, epochs):
    """epoch -> [loss, accuracy, RMS of delta in the first, middle and last hidden layer, dead]

    dead : the share of dead units in the same layers, as a ReLU would have it
    """
    x, y = (rows[:m] for rows in datasets.digits())
    hidden = len(net.layers) - 1
    shown, lines = sorted({0, hidden // 2, hidden - 1}), {}
    for epoch in train(net, x, y, optimiser, max(epochs), 32, np.random.default_rng(1)):
        if epoch.number in epochs:
            trace = net.forward(x)
            delta = net.backward(trace, y).delta
            sizes = [rms(delta[l]) for l in shown]
            still = [np.mean(dead(trace.z[l])) for l in shown]
            lines[epoch.number] = [epoch.loss, epoch.accuracy, *sizes, *still]
    return lines


def fresh(sizes, phi, init, bias=0.0):
    net = dense(sizes, phi, SOFTMAX_CROSS_ENTROPY, np.random.default_rng(0), init)
    for layer in net.layers[:-1]:
        layer.b += bias
    return net


def adding_log(make, T, optimiser, updates, largest=None, scale=1.0):
    """update -> [mean square error, RMS of the error at the first, middle and last step]

    The error of an LSTM is the one on its belt, dL/dc.
    """
    rng = np.random.default_rng(0)
    cell = make(2, 32, rng)
    cell.W_h *= scale
    last = Layer(rng.normal(0, 1 / np.sqrt(32), (1, 32)), np.zeros(1), IDENTITY)
    net = LastStep(cell, Network([last], MSE))
    x_test, y_test = datasets.adding(256, T, rng)
    lines = {}
    for update in range(max(updates) + 1):
        if update in updates:
            traces = net.forward(x_test)
            found, _ = net.backward(traces, y_test)
            errors = found.delta if found.dc is None else found.dc[1:]
            sizes = [rms(errors[t]) for t in (0, T // 2 - 1, T - 1)]
            lines[update] = [np.mean((traces[1].a[-1] - y_test) ** 2), *sizes]
        x, y = datasets.adding(32, T, rng)
        found, read = net.backward(net.forward(x), y)
        grads = [*found.params, *read.params]
        optimiser.step(net.params, grads if largest is None else clip(grads, largest))
    return lines


def tiny(n_out, n_in, rng):
    return normal(n_out, n_in, rng, std=0.01)


RUNS = (
    lambda: adding_log(rnn, 100, Adam(0.001), (0, 100, 200), largest=1.0),
    lambda: digits_log(fresh(DEEP, SIGMOID, xavier), 400, SGD(0.1), (0, 10, 30)),
    lambda: digits_log(fresh(FIVE, SIGMOID, xavier), 100, SGD(0.1), (0, 50, 200)),
    lambda: digits_log(fresh(TWO, RELU, he, bias=-2.0), 1000, Adam(0.001), (0, 10, 20)),
    lambda: adding_log(lstm, 30, SGD(0.5), (0, 2, 4), scale=6.0),  # later the last bits decide
    lambda: digits_log(fresh(DEEP, LEAKY_RELU, tiny), 400, SGD(0.05), (0, 10, 30)),
)


@cache
def logged(k):
    """The run behind one of the six logs."""
    return RUNS[k]()


def numbers(line):
    """The measured numbers of a line of a log."""
    return [float(v) for v in re.findall(r"\d+\.\d+(?:e[+-]\d+)?", line)]


@pytest.mark.parametrize("k", range(6))
def test_every_number_of_a_log_comes_out_of_a_run_again(k):
    lines, told = logged(k), lesson.LOGS[k].splitlines()
    assert len(told) == len(lines)
    for (number, again), line in zip(lines.items(), told, strict=True):
        begin, _, rest = line.partition(":")
        assert int(begin.split()[1]) == number
        values = numbers(rest)
        assert len(values) == len(again) if "dead" in line else len(values) in (4, 5)
        np.testing.assert_allclose(values, again[: len(values)], rtol=0.06)


def test_the_belt_is_the_remedy_for_the_first_log():
    before = logged(0)
    after = adding_log(lstm, 100, Adam(0.01), (500,), largest=1.0)
    assert before[200][0] > 0.15 and after[500][0] < 0.01
    assert after[500][1] > 0.05 * after[500][3]  # what the first step hears, of the last one's
    assert before[200][1] < 1e-10 * before[200][3]


def test_clipping_leaves_a_short_gradient_as_it_is():
    short = [np.full(3, 1e-18)]
    np.testing.assert_array_equal(clip(short, 1e-3)[0], short[0])


def test_relu_with_the_weights_of_he_is_the_remedy_for_the_second_log_and_leaky_alone_is_not():
    cured = digits_log(fresh(DEEP, RELU, he), 400, SGD(0.05), (0, 30))
    assert cured[30][1] > 0.9 and cured[0][2] > 0.1 * cured[0][4]
    assert logged(1)[30][1] < 0.15
    assert digits_log(fresh(DEEP, LEAKY_RELU, tiny), 400, SGD(0.05), (30,))[30][1] < 0.15


@pytest.mark.parametrize("seed", SEEDS)
def test_pretraining_is_the_remedy_for_the_third_log_though_delta_hardly_changes(seed):
    rng = np.random.default_rng(seed)
    x, y = datasets.digits()
    rbms = dbn.stack(list(dbn.pretrain(FIVE[:-1], x[:1000], rng)))
    net = dbn.unroll(rbms, 10, rng)
    begin, end = digits_log(net, 100, SGD(0.1), (0, 200)).values()
    plain = logged(2)
    rectified = digits_log(fresh(FIVE, RELU, he), 100, SGD(0.05), (0,))[0]
    assert 2 < begin[2] / plain[0][2] < 4 < 1000 < rectified[2] / plain[0][2]
    assert plain[200][1] < 0.2 and end[1] > 0.9
    assert accuracy(net, x[1000:], y[1000:]) > 0.7


def test_a_slope_below_zero_is_the_remedy_for_the_fourth_log_and_a_smaller_rate_is_not():
    leaky = digits_log(fresh(TWO, LEAKY_RELU, he, bias=-2.0), 1000, Adam(0.001), (20,))
    assert leaky[20][1] > 0.9
    for lr in (0.01, 0.0001):
        run = digits_log(fresh(TWO, RELU, he, bias=-2.0), 1000, Adam(lr), (20,))
        assert run[20][1] < 0.15 and run[20][2] == 0.0


def test_clipping_is_the_remedy_for_the_fifth_log_and_a_larger_forget_bias_is_not():
    wild = logged(4)
    clipped = adding_log(lstm, 30, SGD(0.5), (200,), largest=1.0, scale=6.0)
    assert wild[0][1] > 100 * wild[0][3] and wild[4][0] > 30 * wild[0][0]
    assert clipped[200][0] < wild[0][0]  # of twelve roundings the worst ended at 0.4, from 1.2

    def open_wide(n_in, n, rng):
        return lstm(n_in, n, rng, forget_bias=5.0)

    assert adding_log(open_wide, 30, SGD(0.5), (20,), scale=6.0)[20][0] > 100


def test_first_weights_by_he_are_the_remedy_for_the_sixth_log_and_another_slope_is_not():
    assert digits_log(fresh(DEEP, LEAKY_RELU, he), 400, SGD(0.05), (30,))[30][1] > 0.9
    for slope in (0.1, 0.5):
        run = digits_log(fresh(DEEP, leaky_relu(slope), tiny), 400, SGD(0.05), (30,))
        assert run[30][1] < 0.15 and run[30][2] < 1e-10


def test_a_remedy_is_answered_with_the_thought_behind_it():
    right = lesson.six_logs.letters(lesson.six_logs.f).replace(" ", "")
    assert judge(lesson.six_logs, right).outcome == CORRECT
    for k, item in enumerate(lesson.six_logs.items):
        assert item.wrong.keys() == item.options.keys() - {item.right}
        for letter, (id, text, _) in item.wrong.items():
            feedback = judge(lesson.six_logs, right[:k] + letter + right[k + 1 :])
            assert feedback.misconception == id and feedback.text.startswith(text)
            assert "5 of 6 are right" in feedback.text


# ---- right answers in other styles, and two mistakes at once -------------------------------------


def logistic(z):
    return 1 / (1 + np.exp(-z))


def cd_columns(W, b, c, v0, u):
    v0, u, b, c, m = v0.T, u.T, b[:, None], c[:, None], len(v0)
    h0 = logistic(W @ v0 + b)
    v1 = logistic(W.T @ (h0 > u) + c)
    h1 = logistic(W @ v1 + b)
    return (h1 @ v1.T - h0 @ v0.T) / m, (h1 - h0).mean(1), (v1 - v0).sum(1) / m


def cd_stacked(W, b, c, v0, u):
    """Both pairs in one product: the data with a minus."""
    h0 = sigmoid(v0 @ W.T + b)
    v1 = sigmoid((u < h0) @ W + c)
    h1 = sigmoid(v1 @ W.T + b)
    h, v = np.vstack([h1, -h0]), np.vstack([v1, v0])
    return h.T @ v / len(v0), h.sum(0) / len(v0), np.average(v1 - v0, axis=0)


def cd_energy(W, b, c, v0, u):
    """Slopes of the free energy, at the data and at what the machine made."""
    machine = dbn.RBM(W.copy(), b.copy(), c.copy())
    v1 = machine.visible(dbn.sample(machine.hidden(v0), u))

    def slopes(v):
        h = machine.hidden(v)
        return h.T @ v / len(v), h.mean(axis=0), v.mean(axis=0)

    return [q - p for p, q in zip(slopes(v0), slopes(v1), strict=True)]


def cd_loops(W, b, c, v0, u):
    n_h, n_v, m = len(b), len(c), len(v0)
    dW, db, dc = np.zeros((n_h, n_v)), np.zeros(n_h), np.zeros(n_v)
    for i in range(m):
        h0 = [logistic(b[j] + sum(W[j, k] * v0[i, k] for k in range(n_v))) for j in range(n_h)]
        s = [1.0 if u[i, j] < h0[j] else 0.0 for j in range(n_h)]
        v1 = [logistic(c[k] + sum(W[j, k] * s[j] for j in range(n_h))) for k in range(n_v)]
        h1 = [logistic(b[j] + sum(W[j, k] * v1[k] for k in range(n_v))) for j in range(n_h)]
        for j in range(n_h):
            db[j] += (h1[j] - h0[j]) / m
            for k in range(n_v):
                dW[j, k] += (h1[j] * v1[k] - h0[j] * v0[i, k]) / m
        for k in range(n_v):
            dc[k] += (v1[k] - v0[i, k]) / m
    return dW.tolist(), db.tolist(), dc.tolist()


def cd_einsum(W, b, c, v0, u):
    h0 = sigmoid(np.einsum("jk,mk->mj", W, v0) + b)
    v1 = sigmoid(np.einsum("jk,mj->mk", W, np.heaviside(h0 - u, 0)) + c)
    h1 = sigmoid(np.tensordot(v1, W, axes=(1, 1)) + b)
    dW = np.mean(h1[:, :, None] * v1[:, None] - h0[:, :, None] * v0[:, None], axis=0)
    return dW, np.mean(h1, 0) - np.mean(h0, 0), np.mean(v1, 0) - np.mean(v0, 0)


def cd_logit(W, b, c, v0, u):
    """A unit is on where its z lies above the logit of u."""
    z = v0 @ W.T + b
    s = z > np.log(u / (1 - u))
    v1 = np.exp(-np.logaddexp(0, -(s @ W + c)))
    h0, h1 = (np.exp(-np.logaddexp(0, -(v @ W.T + b))) for v in (v0, v1))
    dW = -(h0.T @ v0) / len(v0) + (h1.T @ v1) / len(v0)
    return np.array(dW), np.array((h1 - h0).mean(0)), np.array((v1 - v0).mean(0))


def cd_step(W, b, c, v0, u):
    """A gradient is what one step with a rate of 1 takes off."""
    params = [W.copy(), b.copy(), c.copy()]
    SGD(1.0).step(params, dbn.cd(dbn.RBM(*params), v0, uniforms=[u]).params)
    return [p - q for p, q in zip((W, b, c), params, strict=True)]


def cd_matrix(W, b, c, v0, u):
    h0 = (1 + np.tanh((v0 @ W.transpose() + b) / 2)) / 2
    v1 = (1 + np.tanh(((u < h0).astype(int) @ W + c) / 2)) / 2
    h1 = (1 + np.tanh((v1 @ W.transpose() + b) / 2)) / 2
    one = np.full(len(v0), 1 / len(v0))
    return (h1.T * one) @ v1 - (h0.T * one) @ v0, one @ h1 - one @ h0, one @ (v1 - v0)


def stack_autograd(x, rbms, V, rows, y):
    """Keeps z, and takes the slope from the library."""
    a, z, up = [x[rows]], [], [x]
    for W, b, _ in rbms:
        z.append(a[-1] @ W.T + b)
        a.append(SIGMOID(z[-1]))
        up = [*up, SIGMOID(up[-1] @ W.T + b)]
    da, dWs = SOFTMAX_CROSS_ENTROPY.grad(a[-1] @ V.T, y), []
    dWs.append(da.T @ a[-1])
    da = da @ V
    for l in range(len(rbms) - 1, -1, -1):
        delta = da * SIGMOID.prime(z[l])
        dWs.append(np.einsum("mj,mk->jk", delta, a[l]))
        da = np.einsum("mj,jk->mk", delta, rbms[l][0])
    dWs.reverse()
    return up[: len(rbms)], dWs


def stack_all_rows(x, rbms, V, rows, y):
    """All rows go through, and those without a label get a delta of 0."""
    a = [x]
    for W, b, _ in rbms:
        a.append(logistic(a[-1] @ W.T + b))
    z = a[-1] @ V.T
    p = np.exp(z - np.max(z, axis=1)[:, None])
    p /= p.sum(1)[:, None]
    delta = np.zeros_like(p)
    delta[rows] = (p[rows] - y) / len(y)
    grads, layers = [], [*(W for W, *_ in rbms), V]
    while layers:
        W = layers.pop()
        grads.append(delta.T @ a[len(layers)])
        delta = (delta @ W) * a[len(layers)] * (1 - a[len(layers)])
    return a[:-1], grads[::-1]


def stack_network(x, rbms, V, rows, y):
    layers = [Layer(W, b, SIGMOID) for W, b, _ in rbms]
    net = Network([*layers, Layer(V, np.zeros(len(V)), IDENTITY)], SOFTMAX_CROSS_ENTROPY)
    few = net.forward(x[rows])
    return net.forward(x).a[:-2], net.backward(few, y).dW


def stack_machines(x, rbms, V, rows, y):
    """The machines speak for themselves."""
    machines, data = [dbn.RBM(*rbm) for rbm in rbms], [x]
    for machine in machines:
        data.append(machine.hidden(data[-1]))
    top = data.pop()
    scores = top[rows] @ V.T
    delta = (np.exp(scores - np.logaddexp.reduce(scores, 1, keepdims=True)) - y) / rows.size
    dWs, W = [delta.T @ top[rows]], V
    for machine, below, above in zip(machines[::-1], data[::-1], [top, *data[:0:-1]], strict=True):
        delta = delta @ W * above[rows] * (1 - above[rows])
        dWs, W = [delta.T @ below[rows], *dWs], machine.W
    return data, dWs


def stack_rows_first(x, rbms, V, rows, y):
    """The mean comes last, by a division of each gradient."""
    up = [np.copy(x)]
    for k in range(len(rbms) - 1):
        up += [sigmoid(np.add(np.dot(up[k], rbms[k][0].T), rbms[k][1]))]
    a = [v.take(rows, axis=0) for v in up]
    a.append(sigmoid(a[-1] @ rbms[-1][0].T + rbms[-1][1]))
    z = a[-1] @ V.T
    e = np.exp(z - z.max(axis=1, keepdims=True))
    delta = [e / e.sum(axis=1, keepdims=True) - y]
    for l in range(len(rbms), 0, -1):
        W = V if l == len(rbms) else rbms[l][0]
        delta.insert(0, (delta[0] @ W) * (a[l] - a[l] ** 2))
    return up, [d.T @ v / len(rows) for d, v in zip(delta, a, strict=True)]


def logit(q):
    return np.log(q / (1 - q))


def newton(q):
    """The bias by Newton's method on log sigmoid(b) = log q."""
    b = 0.0
    for _ in range(60):
        b -= (np.log(sigmoid(b)) - np.log(q)) / (1 - sigmoid(b))
    return b


SHARES_AND_BIASES = [
    (lambda b, T: np.log10(sigmoid(b)) * T, lambda q: -np.log(1 / q - 1)),
    (lambda b, T: -T * np.logaddexp(0, -b) / np.log(10), logit),
    (lambda b, T: T * np.log(logistic(b)) / np.log(10), lambda q: np.log(q) - np.log(1 - q)),
    (lambda b, T: [T * math.log10(logistic(v)) for v in b], lambda q: math.log(q / (1 - q))),
    (lambda b, T: T * (b - np.logaddexp(0, b)) / np.log(10), lambda q: np.log(q) - np.log1p(-q)),
    (lambda b, T: np.sum([np.log10(sigmoid(b))] * T, axis=0), lambda q: -logit(1 - q)),
    (lambda b, T: -T * np.log10(1 + np.exp(-b)), lambda q: 2 * np.arctanh(2 * q - 1)),
    (
        lambda b, T: T * np.log2(sigmoid(b)) * np.log10(2),
        lambda q: np.log2(q / (1 - q)) * np.log(2),
    ),
    (
        lambda b, T: np.cumsum([np.log10(logistic(b))] * T, axis=0)[-1],
        lambda q: -math.log(q**-1 - 1),
    ),
    (lambda b, T: T * np.log10(0.5 + 0.5 * np.tanh(b / 2)), newton),
    (lambda b, T: np.log1p(np.exp(-b)) * T / -np.log(10), lambda q: np.float64(logit(q))),
    (lambda b, T: T * np.log10(np.exp(b) / (np.exp(b) + 1)), lambda q: np.array(logit(q))),
]


def on_the_belt(share, bias):
    """An answer to 6.9, from the share and from the bias that opens a gate as far as q."""
    return lambda b, T, p: (share(b, T), bias(math.exp(math.log(p) / T)))


STYLES = [
    (lesson.contrast, cd_columns),
    (lesson.contrast, cd_stacked),
    (lesson.contrast, cd_loops),
    (lesson.contrast, cd_einsum),
    (lesson.contrast, cd_logit),
    (lesson.contrast, cd_matrix),
    (lesson.fine_tune, stack_all_rows),
    (lesson.fine_tune, stack_rows_first),
    (lesson.six_logs, "c a c d c a"),
    (lesson.six_logs, list("CACDCA")),
    (lesson.six_logs, "C-A-C-D-C-A"),
    (lesson.six_logs, "C, A, C, D, C, A."),
    (lesson.six_logs, np.array(list("CACDCA"))),
    *((lesson.belt, on_the_belt(*ways)) for ways in SHARES_AND_BIASES),
]


BY_LIBRARY = [
    (lesson.contrast, cd_energy),
    (lesson.contrast, cd_step),
    (lesson.fine_tune, stack_autograd),
    (lesson.fine_tune, stack_network),
    (lesson.fine_tune, stack_machines),
]


@pytest.mark.parametrize(("exercise", "answer"), BY_LIBRARY, ids=lambda x: getattr(x, "id", ""))
def test_what_is_made_with_the_library_agrees_and_is_no_answer(exercise, answer):
    for seed in SEEDS:
        assert judge(exercise, answer, seed, closed=False).outcome == CORRECT
    assert judge(exercise, answer).misconception == "LIB"


@pytest.mark.parametrize(("exercise", "answer"), STYLES, ids=lambda x: getattr(x, "id", ""))
def test_a_right_answer_in_another_style_is_accepted(exercise, answer):
    for seed in SEEDS:
        for printed in (False, True):
            assert judge(exercise, answer, seed, printed).outcome == CORRECT


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("exercise", EXERCISES[:3], ids=lambda e: e.id)
def test_two_mistakes_in_one_answer_are_never_called_by_the_name_of_one(exercise, seed):
    count, misjudged = misjudged_pairs(exercise, seed)
    assert count > 80
    assert misjudged == []
