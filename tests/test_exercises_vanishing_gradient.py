"""Lesson 5's checks: its orders, logs and formulas are measured again, and no two mistakes mix."""

import math
import re
from functools import cache
from itertools import combinations, permutations

import numpy as np
import pytest
from mistakes import judge

from bplib import datasets, probe
from bplib.activations import RELU, SIGMOID, TANH, leaky_relu, sigmoid, sigmoid_prime
from bplib.exercises import vanishing_gradient as lesson
from bplib.exercises.core import Exercise
from bplib.exercises.feedback import CORRECT, NOT_ATTEMPTED, NOT_YET
from bplib.gradcheck import numerical_gradient
from bplib.initialisers import he, normal, xavier
from bplib.losses import MSE, SOFTMAX_CROSS_ENTROPY
from bplib.network import Layer, Network, dense
from bplib.optimisers import SGD
from bplib.recurrent import RNN, Trace
from bplib.training import train

EXERCISES = [e for e in vars(lesson).values() if isinstance(e, Exercise)]
SEEDS = range(5)
LAYERS = (0, 3, 6, 9)  # hidden layers 1, 4, 7, 10: those in the logs


def normal_with(std):
    return lambda n_out, n_in, rng: normal(n_out, n_in, rng, std)


PHIS = {"sigmoid": SIGMOID, "tanh": TANH, "ReLU": RELU}
INITS = {"Xavier": xavier, "He": he, "N(0, 1)": normal_with(1.0)}
# activation, first weights, learning rate, epochs that are shown
RUNS = (
    (SIGMOID, xavier, 0.1, (0, 10, 100)),
    (RELU, normal_with(0.5), 0.01, (0, 1, 2, 3)),
    (TANH, xavier, 0.2, (0, 100, 300)),
    (TANH, normal, 0.1, (0, 100)),
)


def rms(values):
    return np.sqrt(np.mean(values**2))


# ---- the catalogue -------------------------------------------------------------------------------


def test_all_fifteen_catalogued_mistakes_are_named():
    catalogue = {f"VG-{n:02}" for n in range(1, 16)}
    assert catalogue <= {m.id for e in EXERCISES for m in e.misconceptions}


def test_there_are_eight_exercises_with_fifteen_points():
    assert [e.id for e in EXERCISES] == [f"5.{n}" for n in range(1, 9)]
    assert sum(e.points for e in EXERCISES) == 15


# ---- 5.1 and 5.2 ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_no_place_of_a_neuron_is_steeper_than_the_one_that_is_named(seed):
    w, b = lesson.steepest.draw(seed)[1]
    slope, x = lesson.steepest.f(w, b)
    around = x + np.linspace(-3, 3, 601)[:, None]
    slopes = np.abs(w * sigmoid_prime(w * around + b))
    np.testing.assert_allclose(slopes.max(axis=0), slope, rtol=1e-12)
    assert np.all(slopes.argmax(axis=0) == 300)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_chain_is_a_network_with_one_neuron_per_layer(seed):
    w, z = lesson.chain_ratio.draw(seed)[3]
    bias = z - w * np.r_[1.0, sigmoid(z[:-1])]
    net = Network([Layer(v[None, None], c[None], SIGMOID) for v, c in zip(w, bias)], MSE)  # noqa: B905
    deltas = net.backward(net.forward(np.ones((1, 1))), np.full((1, 1), 3.0)).delta
    np.testing.assert_allclose(deltas[0] / deltas[-1], lesson.chain_ratio.f(w, z), rtol=1e-10)


# ---- 5.3 -----------------------------------------------------------------------------------------


def nudged_profile(h):
    """Every delta measured: nudge one z, run forward from there, look at the loss."""

    def answer(x, y, Ws, bs, phi, prime):
        shifts = [np.zeros((len(x), len(b))) for b in bs]

        def loss():
            a = x
            for W, b, shift in zip(Ws, bs, shifts, strict=True):
                a = phi(a @ W.T + b + shift)
            return 0.5 * np.sum((a - y) ** 2) / len(x)

        return [np.log10(rms(numerical_gradient(loss, shift, h))) for shift in shifts]

    return answer


@pytest.mark.parametrize("h", [1e-4, 1e-5, 1e-6])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_measured_profile_is_called_by_its_name(h, seed):
    for printed in (False, True):
        feedback = judge(lesson.profile, nudged_profile(h), seed, printed, closed=False)
        assert (feedback.outcome, feedback.misconception) == (NOT_YET, "FD")


@pytest.mark.parametrize("h", [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7])
def test_a_measured_profile_passes_no_check_and_prints_another_text(h):
    for seed in SEEDS:
        assert judge(lesson.profile, nudged_profile(h), seed).outcome == NOT_YET
        cases = lesson.profile.draw(seed)
        found = lesson.profile.run(nudged_profile(h), cases)
        expected = lesson.profile.expected(cases)
        assert list(map(probe.encode, found)) != list(map(probe.encode, expected))


# ---- 5.4 -----------------------------------------------------------------------------------------


def ratios(phi, init, seed):
    """First hidden layer over the tenth, of delta and of dW, before any training."""
    rng = np.random.default_rng(seed)
    x, y = datasets.digits()
    net = dense([64, *[64] * 10, 10], PHIS[phi], SOFTMAX_CROSS_ENTROPY, rng, INITS[init])
    rows = rng.permutation(len(x))[:100]
    grads = net.backward(net.forward(x[rows]), y[rows])
    return [rms(g[0]) / rms(g[9]) for g in (grads.delta, grads.dW)]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_the_six_settings_is_the_measured_one_on_every_seed(seed):
    by_delta = {
        letter: ratios(phi, init, seed)[0] for letter, (phi, init, *_) in lesson.SETTINGS.items()
    }
    assert "".join(sorted(by_delta, key=by_delta.get)) == lesson.BY_DELTA
    neighbours = [by_delta[letter] for letter in lesson.BY_DELTA]
    assert np.min(np.diff(np.log(neighbours))) > np.log(1.5)  # no close race


@pytest.mark.parametrize("seed", SEEDS)
def test_the_wrong_orders_go_by_what_they_say_they_go_by(seed):
    by_dW = {
        letter: ratios(phi, init, seed)[1] for letter, (phi, init, *_) in lesson.SETTINGS.items()
    }
    z = np.linspace(-2, 2, 401)
    for letter, (phi, init, slope, std, place) in lesson.SETTINGS.items():
        assert np.max(PHIS[phi].prime(z)) == pytest.approx(slope)
        W = INITS[init](64, 64, np.random.default_rng(seed))
        assert np.std(W) == pytest.approx(std, rel=0.05)
        for other, (*_, later) in lesson.SETTINGS.items():
            assert later <= place or by_dW[letter] < by_dW[other]
            assert later != place or 0.5 < by_dW[letter] / by_dW[other] < 2


def test_an_order_is_named_by_what_it_was_made_by_and_other_orders_are_not():
    named = {"".join(p): judge(lesson.by_ratio, "".join(p)) for p in permutations("ABCDEF")}
    assert [p for p, f in named.items() if f.outcome == CORRECT] == [lesson.BY_DELTA]
    ids = {p: f.misconception for p, f in named.items() if f.misconception}
    slope_first = {p for p in named if set(p[:2]) == {"C", "E"}}
    assert {p for p, id in ids.items() if id in ("VG-02", "VG-03")} == slope_first
    assert [p for p, id in ids.items() if id == "VG-03"] == ["ECFBDA", "ECFDBA"]
    assert {p for p, id in ids.items() if id == "VG-05"} == {
        f"{first}D{''.join(rest)}" for first in ("BE", "EB") for rest in permutations("ACF")
    }
    assert [p for p, id in ids.items() if id == "VG-06"] == ["EDCBAF"]
    assert [p for p, id in ids.items() if id == "VG-11"] == [lesson.BY_DELTA[::-1]]
    assert all("of the 15 pairs" in f.text for f in named.values() if f.outcome == NOT_YET)
    assert "14 of the 15" in named["BECDAF"].text and named["BECDAF"].misconception is None


@pytest.mark.parametrize(
    ("answer", "outcome", "words"),
    [
        ("", NOT_ATTEMPTED, "Nothing is written"),
        ("e > b > c > d > a > f", CORRECT, "agree"),
        (list("EBCDAF"), CORRECT, "agree"),
        ("EBCD", NOT_YET, "6 letters are needed, not 4"),
        ("EBCDAG", NOT_YET, "G is none of A B C D E F"),
        ("EBCDAA", NOT_YET, "there is no F in your order"),
    ],
)
def test_a_ranking_can_be_written_in_any_way_and_says_what_is_missing(answer, outcome, words):
    feedback = judge(lesson.by_ratio, answer)
    assert feedback.outcome == outcome and words in feedback.text


# ---- 5.5 and 5.6 ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(300, 500), (500, 300)])
def test_the_two_deviations_are_those_of_our_own_first_weights(shape):
    rng = np.random.default_rng(0)
    for std, init in zip(lesson.first_weights.f(shape), (xavier, he), strict=True):
        assert np.std(init(*shape, rng)) == pytest.approx(std, rel=0.01)


def sizes_through(widths, stds, slope, seed):
    """log10 of RMS(delta) in the first layer over the last, with random signals at both ends."""
    rng = np.random.default_rng(seed)
    phi = leaky_relu(slope)
    sizes = [int(widths[0]), *map(int, widths)]
    stds = [np.sqrt(2 / sizes[0]), *stds]
    layers = [
        Layer(rng.normal(0, std, (n_out, n_in)), np.zeros(n_out), phi)
        for n_in, n_out, std in zip(sizes[:-1], sizes[1:], stds, strict=True)
    ]
    net = Network(layers, MSE)
    trace = net.forward(rng.normal(size=(20, sizes[0])))
    far = trace.a[-1] + rng.normal(size=trace.a[-1].shape)  # an error of size 1, whatever comes out
    deltas = net.backward(trace, far).delta
    return np.log10(rms(deltas[0]) / rms(deltas[-1]))


@pytest.mark.parametrize("slope", [0.0, 0.5])
def test_fifty_layers_keep_delta_with_these_weights_and_with_no_others(slope):
    widths = np.linspace(400, 100, 50).astype(int)
    stds = lesson.keep_alive.f(widths, slope)

    def median(stds):
        return np.median([sizes_through(widths, stds, slope, seed) for seed in SEEDS])

    assert abs(median(stds)) < 0.25
    forward, plain = np.sqrt(2 / widths[:-1] / (1 + slope**2)), np.sqrt(1 / widths[1:])
    assert median(forward) < median(stds) - 0.2  # the last width over the first, at a root
    assert median(plain) < -1


# ---- 5.7 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_jacobians_in_time_are_those_of_our_own_recurrent_network(seed):
    W_h, h = lesson.through_time.draw(seed)[2]
    sizes, radius = lesson.through_time.f(W_h, h)
    n, T = len(W_h), len(h) - 1
    states = np.repeat(h[:, None], n, axis=1)  # n copies of the sample, one nudge for each
    dh = np.zeros((T, n, n))
    dh[-1] = np.eye(n)
    rnn = RNN(np.zeros((n, 1)), W_h, np.zeros(n))
    grads = rnn.backward(Trace(np.zeros((T, n, 1)), states), dh)
    assert np.log10(np.linalg.norm(grads.dh0, 2)) == pytest.approx(sizes[0], abs=1e-10)
    assert np.log10(np.linalg.norm(grads.delta[1] @ W_h, 2)) == pytest.approx(sizes[1], abs=1e-10)
    many_steps = np.linalg.norm(np.linalg.matrix_power(W_h / radius, 400), 2)
    assert many_steps ** (1 / 400) == pytest.approx(1, rel=0.02)


# ---- 5.8 -----------------------------------------------------------------------------------------


@cache
def log(phi, init, lr, shown):
    """What a log of ours holds: loss, accuracy and RMS of delta; and of dW at the beginning."""
    rng = np.random.default_rng(0)
    net = dense([64, *[32] * 10, 10], phi, SOFTMAX_CROSS_ENTROPY, rng, init)
    x, y = (rows[:200] for rows in datasets.digits())
    lines = {}
    with np.errstate(all="ignore"):
        for epoch in train(net, x, y, SGD(lr), epochs=shown[-1]):
            if epoch.number in shown:
                grads = net.backward(net.forward(x), y)
                sizes = [rms(grads.delta[l]) for l in LAYERS]
                lines[epoch.number] = [epoch.loss, epoch.accuracy, *sizes]
                if epoch.number == 0:
                    lines["dW"] = [rms(grads.dW[l]) for l in LAYERS]
    return lines, net, x, y


def numbers(line):
    return [float(v) for v in re.findall(r"nan|\d+\.\d+(?:e[+-]\d+)?", line)]


@pytest.mark.parametrize("k", range(4))
def test_every_number_of_a_log_comes_out_of_training_again(k):
    lines, *_ = log(*RUNS[k])
    for line in lesson.LOGS[k].splitlines():
        number = int(re.match(r"epoch +(\d+):", line)[1])
        again = lines["dW"] if ": dW" in line else lines[number]
        told = numbers(line.partition(":")[2])
        if math.isnan(told[0]):
            assert math.isnan(again[0])
            continue
        np.testing.assert_allclose(told, again, rtol=0.06)


def test_the_four_logs_are_what_the_right_letters_say():
    for k, verdict in enumerate(lesson.logs.letters(lesson.logs.f).split()):
        words = lesson.logs.items[k].options[verdict]
        lines, *_ = log(*RUNS[k])
        last = max(n for n in lines if n != "dW" and np.isfinite(lines[n][0]))
        loss, _, first, *_, tenth = lines[last]
        assert ("vanishes" in words) == (loss > 2.2 and first < 1e-3 * tenth)
        assert ("explodes" in words) == (loss > 100 and first > 100 * tenth)
        assert ("converged" in words) == (loss < 0.02 and first / 5 < tenth < 5 * first)


def test_the_tiny_gradients_of_the_first_log_are_no_bug():
    lines, net, x, y = log(*RUNS[0])
    found = net.backward(net.forward(x), y).dW[0]
    worst = np.unravel_index(np.argmax(np.abs(found)), found.shape)
    W, loss, h = net.layers[0].W, [], 0.1
    keep = W[worst]
    for side in (h, -h):
        W[worst] = keep + side
        loss.append(SOFTMAX_CROSS_ENTROPY.value(net.forward(x).a[-1], y))
    W[worst] = keep
    assert (loss[0] - loss[1]) / (2 * h) == pytest.approx(found[worst], rel=0.02)
    assert abs(found[worst]) < 1e-6


def test_a_verdict_is_answered_with_the_thought_behind_it():
    feedback = judge(lesson.logs, "CBAA")
    assert feedback.misconception == "VG-15" and "3 of 4 are right" in feedback.text


# ---- right answers in other styles, and two mistakes at once -------------------------------------


def columns(x, y, Ws, bs, phi, prime):
    """Samples as columns, as many books have them."""
    a, z = [x.T], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(W @ a[-1] + b[:, None])
        a.append(phi(z[-1]))
    delta, out = (a[-1] - y.T) * prime(z[-1]) / len(x), []
    for l in reversed(range(len(Ws))):
        out.append(np.log10((delta**2).sum() / delta.size) / 2)
        delta = (Ws[l].T @ delta) * (prime(z[l - 1]) if l else 1)
    return out[::-1]


def rescaled(W_h, h):
    """The product is brought back to norm 1 after each step, and the logarithms are added."""
    J, sizes, total = np.eye(len(W_h)), [], 0.0
    for h_t in h[:0:-1]:
        J = (J * (1 - h_t**2)) @ W_h
        total += np.log10(np.linalg.norm(J, 2))
        J /= np.linalg.norm(J, 2)
        sizes.insert(0, total)
    return sizes, np.linalg.norm(np.linalg.eigvals(W_h), np.inf)


STYLES = [
    (lesson.steepest, lambda w, b: (np.where(w > 0, w, -w) * sigmoid_prime(0.0), b / -w)),
    (lesson.steepest, lambda w, b: ((np.abs(w) / 4).tolist(), (0 - b / w).tolist())),
    (lesson.steepest, lambda w, b: np.array([np.abs(w) / 4, -b / w])),
    (lesson.chain_ratio, lambda w, z: np.cumprod(w[1:] * sigmoid_prime(z)[:-1])[-1]),
    (lesson.chain_ratio, lambda w, z: math.prod(w[1:] / (2 + 2 * np.cosh(z[:-1])))),
    (lesson.profile, columns),
    (lesson.first_weights, lambda shape: np.sqrt([2 / np.sum(shape), 2 / shape[-1]])),
    (lesson.first_weights, lambda s: [math.sqrt(2 / (s[0] + s[1])), math.sqrt(1 / (s[1] / 2))]),
    (lesson.keep_alive, lambda n, s: 1 / np.sqrt(np.delete(n, 0) * np.mean([1, s**2]))),
    (lesson.keep_alive, lambda n, s: [math.sqrt(2 / ((1 + s * s) * k)) for k in n[1:]]),
    (lesson.through_time, rescaled),
]


@pytest.mark.parametrize(("exercise", "answer"), STYLES, ids=lambda x: getattr(x, "id", ""))
@pytest.mark.parametrize("printed", [False, True])
def test_a_right_answer_in_another_style_is_accepted(exercise, answer, printed):
    for seed in SEEDS:
        assert judge(exercise, answer, seed, printed).outcome == CORRECT


def profile_with(*mistakes):
    def answer(x, y, Ws, bs, phi, prime):
        a, z = [x], []
        for W, b in zip(Ws, bs, strict=True):
            z.append(a[-1] @ W.T + b)
            a.append(phi(z[-1]))
        delta = (a[-1] - y) / (1 if "sum" in mistakes else len(x))
        delta = delta * (1 if "error" in mistakes else prime(z[-1]))
        out = []
        for l in reversed(range(len(Ws))):
            size = np.linalg.norm(delta) if "length" in mistakes else rms(delta)
            out.append(np.log(size) if "natural" in mistakes else np.log10(size))
            delta = delta @ Ws[l] * (prime(z[l - 1]) if l else 1)
        return out if "turned" in mistakes else out[::-1]

    return answer


def time_with(*mistakes):
    def answer(W_h, h):
        J, out = np.eye(len(W_h)), []
        for h_t in h[-2::-1] if "early" in mistakes else h[:0:-1]:
            slope = 1 - h_t**2
            J = J @ (W_h * slope if "columns" in mistakes else slope[:, None] * W_h)
            size = np.linalg.norm(J) if "frobenius" in mistakes else np.linalg.norm(J, 2)
            out.append(np.log(size) if "natural" in mistakes else np.log10(size))
        values = np.linalg.svd(W_h)[1] if "singular" in mistakes else np.linalg.eigvals(W_h)
        return out if "turned" in mistakes else out[::-1], np.max(np.abs(values))

    return answer


MISTAKES = [
    (lesson.profile, profile_with, ("sum", "error", "length", "natural", "turned")),
    (
        lesson.through_time,
        time_with,
        ("early", "columns", "frobenius", "natural", "singular", "turned"),
    ),
]


@pytest.mark.parametrize(("exercise", "make", "mistakes"), MISTAKES, ids=["5.3", "5.7"])
def test_one_mistake_has_a_name_and_two_at_once_have_none(exercise, make, mistakes):
    assert judge(exercise, make()).outcome == CORRECT
    for mistake in mistakes:
        assert judge(exercise, make(mistake)).misconception, mistake
    for pair in combinations(mistakes, 2):
        for printed in (False, True):
            feedback = judge(exercise, make(*pair), printed=printed)
            assert (feedback.outcome, feedback.misconception) == (NOT_YET, None), pair


TWO_AT_ONCE = [
    (lesson.steepest, lambda w, b: (w / 2, b / w)),
    (lesson.steepest, lambda w, b: (np.full(len(w), 0.25), np.zeros(len(w)))),
    (lesson.chain_ratio, lambda w, z: np.prod(w[:-1]) * np.prod(sigmoid(z[:-1]))),
    (lesson.chain_ratio, lambda w, z: abs(np.prod(w * sigmoid_prime(z)))),
    (lesson.first_weights, lambda s: (2 / (s[0] + s[1]), 2 / s[0])),
    (lesson.first_weights, lambda s: (np.sqrt(1 / s[0]), np.sqrt(2 / s[0]))),
    (lesson.keep_alive, lambda n, s: 2 / (n[:-1] * (1 + s**2))),
    (lesson.keep_alive, lambda n, s: np.sqrt(2 / n[:-1])),
]


@pytest.mark.parametrize(("exercise", "answer"), TWO_AT_ONCE, ids=lambda x: getattr(x, "id", ""))
def test_two_mistakes_in_one_line_are_never_called_by_the_name_of_one(exercise, answer):
    for seed in SEEDS:
        feedback = judge(exercise, answer, seed)
        assert (feedback.outcome, feedback.misconception) == (NOT_YET, None)
