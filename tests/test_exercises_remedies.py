"""Exercises 6.1 to 6.6 agree with the library and with finite differences; no two mistakes mix."""

import numpy as np
import pytest
from mistakes import judge, misjudged_pairs, values

from bplib import probe, toys
from bplib.activations import RELU, SIGMOID, dead, leaky_relu, sigmoid
from bplib.exercises import remedies as lesson
from bplib.exercises.core import Exercise
from bplib.exercises.diagnosis import diagnose
from bplib.exercises.feedback import CORRECT, NOT_YET
from bplib.gradcheck import numerical_gradient
from bplib.losses import MSE
from bplib.network import Layer, Network
from bplib.recurrent import LSTM

MINE = [f"6.{n}" for n in range(1, 7)]
EXERCISES = [e for e in vars(lesson).values() if isinstance(e, Exercise) and e.id in MINE]
SEEDS = range(5)


# ---- the catalogue -------------------------------------------------------------------------------


def test_the_catalogued_mistakes_of_units_and_of_the_lstm_are_named():
    named = {m.id for e in EXERCISES for m in e.misconceptions}
    assert {f"RL-{n:02}" for n in (1, 2, 3, 5, 6, 9, 10, 11)} <= named
    assert {f"LS-{n:02}" for n in range(1, 24)} <= named


def test_the_first_six_exercises_stand_in_order_with_thirteen_points():
    assert [e.id for e in EXERCISES] == MINE
    assert sum(e.points for e in EXERCISES) == 13


# ---- the right answers are right -----------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_error_of_a_unit_is_the_slope_of_its_loss(seed):
    for z, da, slope in lesson.leaky.draw(seed)[:-1]:
        a, delta = lesson.leaky.f(z, da, slope)
        np.testing.assert_array_equal(a, leaky_relu(slope)(z))
        found = numerical_gradient(lambda: np.sum(da * leaky_relu(slope)(z)), z)  # noqa: B023
        np.testing.assert_allclose(delta, found, atol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_dead_are_counted_as_the_library_finds_them_and_every_layer_has_some(seed):
    for (zs,) in lesson.count_dead.draw(seed):
        counts = lesson.count_dead.f(zs)
        assert counts.tolist() == [dead(z).sum() for z in zs]
        assert np.all(counts > 0) and all(k < z.shape[1] for k, z in zip(counts, zs, strict=True))


def profiles(normals, x, y):
    """log10 of RMS(delta) in each layer, of the sigmoid network and of the ReLU network."""
    result = []
    for phi in (SIGMOID, RELU):
        layers = []
        for l, N in enumerate(normals, 1):
            inner = phi is RELU and l < len(normals)
            std = np.sqrt(2 / (N.shape[1] if inner else sum(N.shape)))
            layers.append(Layer(std * N, np.zeros(len(N)), phi if inner else SIGMOID))
        net = Network(layers, MSE)
        deltas = net.backward(net.forward(x), y).delta
        result.append([0.5 * np.log10(np.mean(delta**2)) for delta in deltas])
    return result


@pytest.mark.parametrize("seed", SEEDS)
def test_the_two_networks_are_those_of_the_library(seed):
    for x, y, normals in lesson.two_networks.draw(seed):
        found = lesson.two_networks.f(x, y, normals)
        np.testing.assert_allclose(found, profiles(normals, x, y), atol=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_over_twelve_layers_sigmoid_loses_the_signal_and_relu_keeps_it(seed):
    rng = np.random.default_rng(seed)
    normals = [rng.normal(size=(16, 16)) for _ in range(12)]
    x, y = rng.normal(size=(20, 16)), rng.uniform(size=(20, 16))
    lost = [p[-1] - p[0] for p in map(np.array, lesson.two_networks.f(x, y, normals))]
    assert lost[0] > 5 and abs(lost[1]) < 1.5


def lstm_case(seed, T=4, m=3, n_in=2, n=3):
    rng = np.random.default_rng(seed)
    shapes = ((4 * n, n_in), (4 * n, n), (4 * n,), (T, m, n_in), (m, n), (m, n), (T, m, n))
    *weights, x, h0, c0, dh = (rng.normal(size=shape) for shape in shapes)
    return LSTM(*weights), x, h0, c0, dh


@pytest.mark.parametrize("seed", SEEDS)
def test_one_step_forward_again_and_again_is_the_librarys_lstm(seed):
    cell, x, h, c, _ = lstm_case(seed)
    trace = cell.forward(x, h, c)
    for t, x_t in enumerate(x):
        h, c = lesson.lstm_step.f(x_t, h, c, *cell.params)
        np.testing.assert_allclose(h, trace.h[t + 1], atol=1e-12)
        np.testing.assert_allclose(c, trace.c[t + 1], atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_step_backward_finds_the_measured_slopes(seed):
    cell, x, h, c, dhs = lstm_case(seed, T=2)
    x, dh, dc = x[0], *dhs
    shift = np.zeros((3, 12))

    def loss():
        z = x @ cell.W_x.T + h @ cell.W_h.T + cell.b + shift
        i, f, o = (sigmoid(z[:, k : k + 3]) for k in (0, 3, 6))
        after = f * c + i * np.tanh(z[:, 9:])
        return np.sum(dh * o * np.tanh(after)) + np.sum(dc * after)

    _, _, after, gates, _ = cell.forward(x[None], h, c)
    found = lesson.lstm_back.f(dh, dc, gates[0], c, after[1], cell.W_h)
    for array, result in zip((shift, h, c), found, strict=True):
        np.testing.assert_allclose(result, numerical_gradient(loss, array), atol=1e-8)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gradients_through_time_are_the_measured_ones(seed):
    cell, x, h0, c0, dh = lstm_case(seed)
    _, h, c, gates, _ = cell.forward(x, h0, c0)
    found = lesson.lstm_through_time.f(x, h, c, gates, dh, cell.W_h, toys.step_back)
    for w, dw in zip(cell.params, found, strict=True):
        measured = numerical_gradient(lambda: np.sum(dh * cell.forward(x, h0, c0).h[1:]), w)
        np.testing.assert_allclose(dw, measured, atol=1e-7)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_case_through_time_has_four_steps_and_a_state_before_them(seed):
    for x, h, c, _, dh, *_ in lesson.lstm_through_time.draw(seed):
        assert len(x) >= 4 and np.all(h[0] != 0) and np.all(c[0] != 0) and np.all(dh != 0)


# ---- slopes that were measured -------------------------------------------------------------------


def nudged_unit(h):
    def answer(z, da, slope):
        phi = leaky_relu(slope)
        return phi(z), da * (phi(z + h) - phi(z - h)) / (2 * h)

    return answer


def nudged_networks(h):
    """Every delta measured: nudge one z, run forward from there, look at the loss."""

    def answer(x, y, normals):
        result = []
        for phi in (SIGMOID, RELU):
            shifts = [np.zeros((len(x), len(N))) for N in normals]

            def loss():
                a = x
                for N, shift in zip(normals, shifts, strict=True):  # noqa: B023
                    inner = phi is RELU and N is not normals[-1]  # noqa: B023
                    std = np.sqrt(2 / (N.shape[1] if inner else sum(N.shape)))
                    a = (RELU if inner else SIGMOID)(a @ (std * N).T + shift)
                return 0.5 * np.sum((a - y) ** 2) / len(x)

            found = [numerical_gradient(loss, shift, h) for shift in shifts]
            result.append([0.5 * np.log10(np.mean(delta**2)) for delta in found])
        return result

    return answer


def nudged_step(h):
    def answer(dh, dc, gates, c_prev, c, W_h):
        z = np.concatenate([np.log(gates[:3] / (1 - gates[:3])), np.arctanh(gates[3:])])

        def loss():
            i, f, o, g = *sigmoid(z[:3]), np.tanh(z[3])
            after = f * c_prev + i * g
            return np.sum(dh * o * np.tanh(after)) + np.sum(dc * after)

        delta = np.hstack(list(numerical_gradient(loss, z, h)))
        return delta, delta @ W_h, numerical_gradient(loss, c_prev, h)

    return answer


NUDGED = [
    (lesson.leaky, nudged_unit),
    (lesson.two_networks, nudged_networks),
    (lesson.lstm_back, nudged_step),
]


@pytest.mark.parametrize(("exercise", "nudged"), NUDGED, ids=lambda x: getattr(x, "id", ""))
@pytest.mark.parametrize("h", [1e-4, 1e-5, 1e-6])
def test_a_measured_slope_is_called_by_its_name_and_prints_another_text(exercise, nudged, h):
    for seed in SEEDS:
        cases = exercise.draw(seed)
        found = exercise.run(nudged(h), cases)
        text = list(map(probe.encode, found))
        for outcomes, rounded in ((found, False), (probe.decode("\n".join(text)), True)):
            feedback = diagnose(exercise, cases, outcomes, rounded)
            assert (feedback.outcome, feedback.misconception) == (NOT_YET, "FD")
        assert text != values(exercise, exercise.f, cases)


# ---- right answers in other styles, and two mistakes at once -------------------------------------


def columns(x, y, normals):
    """Samples as columns; all that the way back needs is kept in one list."""
    return [_columns(x.T, y.T, normals, phi) for phi in ("sigmoid", "relu")]


def _columns(a, y, normals, phi):
    steps = []
    for N in normals[:-1]:
        n_out, n_in = N.shape
        W = N * (np.sqrt(2.0) / np.sqrt(n_in) if phi == "relu" else ((n_in + n_out) / 2) ** -0.5)
        z = W.dot(a)
        a = z.clip(min=0) if phi == "relu" else 1 / (1 + np.exp(-z))
        steps.append((W, np.heaviside(z, 1) if phi == "relu" else a * (1 - a)))
    W = normals[-1] * np.sqrt(1 / np.mean(normals[-1].shape))
    a = 1 / (1 + np.exp(-(W @ a)))
    delta = (a - y) / y.shape[-1] * a * (1 - a)
    out = [np.log10(np.sqrt((delta * delta).mean()))]
    for before, slope in steps[::-1]:
        delta, W = W.T @ delta * slope, before
        out = [np.log10(np.sqrt((delta * delta).mean())), *out]
    return np.array(out)


def gate_by_gate(x, h, c, W_x, W_h, b):
    n = len(c[0])
    i, f, o = (
        1 / (1 + np.exp(-(x @ W_x[k : k + n].T + h @ W_h[k : k + n].T + b[k : k + n])))
        for k in range(0, 3 * n, n)
    )
    c = np.multiply(f, c) + i * np.tanh(x @ W_x[3 * n :].T + h @ W_h[-n:].T + b[-n:])
    return np.tanh(c) * o, c


def with_ones(x, h, c, W_x, W_h, b):
    """The bias is one more column."""
    z = np.c_[x, h, np.ones(len(x))] @ np.c_[W_x, W_h, b].T
    z_i, z_f, z_o, z_g = np.hsplit(z, 4)
    new = c / (1 + np.exp(-z_f)) + np.tanh(z_g) / (1 + np.exp(-z_i))
    return np.array([np.tanh(new) / (1 + np.exp(-z_o)), new])


def all_columns(x, h, c, W_x, W_h, b):
    z = W_x @ x.T + W_h @ h.T + b.reshape(-1, 1)
    i, f, o, g = z.reshape(4, -1, len(x))
    c = sigmoid(f) * c.T + sigmoid(i) * (2 * sigmoid(2 * g) - 1)
    return (sigmoid(o) * np.tanh(c)).T, c.T


def stacked(dh, dc, gates, c_prev, c, W_h):
    i, f, o, g = gates
    h = o * np.tanh(c)
    belt = dc + dh * (o - h * np.tanh(c))
    delta = np.column_stack(
        (
            belt * g * (i - i * i),
            belt * c_prev * (f - f * f),
            dh * h * (1 - o),
            belt * i * (1 - g * g),
        )
    )
    return [delta, np.dot(delta, W_h), belt * f]


def by_gates_first(dh, dc, gates, c_prev, c, W_h):
    """dL/di, dL/df, dL/do, dL/dg first, their slopes after."""
    i, f, o, g = gates
    do, dc = dh * np.tanh(c), dc + dh * o * (1 - np.tanh(c) ** 2)
    di, df, dg = dc * g, dc * c_prev, dc * i
    n = dh.shape[1]
    delta = np.zeros((len(dh), 4 * n))
    for k, (d, v) in enumerate([(di, i), (df, f), (do, o)]):
        delta[:, k * n : (k + 1) * n] = d * v * (1 - v)
    delta[:, -n:] = dg * (1 - g) * (1 + g)
    W_i, W_f, W_o, W_g = W_h.reshape(4, n, n)
    d_i, d_f, d_o, d_g = np.split(delta, 4, axis=1)
    return delta, d_i @ W_i + d_f @ W_f + d_o @ W_o + d_g @ W_g, f * dc


def new_belt_again(dh, dc, gates, c_prev, c, W_h):
    """The belt is made again from the gates."""
    i, f, o, g = gates
    t = np.tanh(f * c_prev + i * g)
    dc = dc + (1 - t**2) * o * dh
    delta = np.concatenate(
        [
            dc * g * i * (1 - i),
            dc * c_prev * f * (1 - f),
            dh * t * o * (1 - o),
            dc * i * (1 - g**2),
        ],
        1,
    )
    return delta, (W_h.T @ delta.T).T, dc * f


def counting_down(x, h, c, gates, dh, W_h, step):
    t, back = len(x) - 1, (0, 0)
    dW_x, dW_h = np.zeros((len(W_h), x.shape[-1])), np.zeros_like(W_h)
    db = np.zeros(len(W_h))
    while t >= 0:
        delta, *back = step(dh[t] + back[0], back[1], gates[t], c[t], c[t + 1], W_h)
        for s in range(len(delta)):
            dW_x += np.outer(delta[s], x[t, s])
            dW_h += np.outer(delta[s], h[t, s])
            db += delta[s]
        t -= 1
    return dW_x, dW_h, db


def list_of_parts(x, h, c, gates, dh, W_h, step):
    parts, to_h, to_c = [], np.zeros(dh[0].shape), np.zeros(dh[0].shape)
    for x_t, h_t, i_to_g, d, before, after in list(
        zip(x, h, gates, dh, c[:-1], c[1:], strict=False)
    )[::-1]:
        delta, to_h, to_c = step(d + to_h, to_c, i_to_g, before, after, W_h)
        parts.append((np.einsum("mk,mi->ki", delta, x_t), delta.T @ h_t, delta.sum(0)))
    return [sum(p) for p in zip(*parts, strict=True)]


def own_step(x, h, c, gates, dh, W_h, step):
    """Another step than the one handed in, and every delta kept."""
    T, m, n = dh.shape
    delta, dh_t, dc_t = np.empty((T, m, 4 * n)), dh[-1], np.zeros((m, n))
    for t in range(T)[::-1]:
        delta[t], dh_t, dc_t = by_gates_first(dh_t, dc_t, gates[t], c[t], c[t + 1], W_h)
        dh_t = dh_t + dh[t - 1] if t else dh_t
    rows = delta.reshape(T * m, 4 * n)
    return rows.T @ x.reshape(T * m, -1), rows.T @ h[:-1].reshape(T * m, n), rows.sum(axis=0)


STYLES = [
    (lesson.leaky, lambda z, da, s: (z * (z > 0) + s * z * (z < 0), np.where(z < 0, s * da, da))),
    (lesson.leaky, lambda z, da, s: (np.maximum(z, s * z), da * ((1 - s) * (z > 0) + s))),
    (lesson.leaky, lambda z, da, s: (np.fmax(z, s * z), np.choose(z > 0, [s * da, da]))),
    (lesson.leaky, lambda z, da, s: np.array([np.where(z > 0, v, s * v) for v in (z, da)])),
    (lesson.leaky, lambda z, da, s: (z * np.heaviside(z, 1) - s * (-z).clip(0), da * s ** (z < 0))),
    (
        lesson.leaky,
        lambda z, da, s: ((z + abs(z) + s * (z - abs(z))) / 2, da * [s, 1][0] ** (z <= 0)),
    ),
    (
        lesson.leaky,
        lambda z, da, s: [((v.T * np.where(z > 0, 1, s).T).T).tolist() for v in (z, da)],
    ),
    (lesson.count_dead, lambda zs: [(z.max(axis=0) <= 0).sum() for z in zs]),
    (lesson.count_dead, lambda zs: [len(z.T) - np.sum(np.any(z > 0, axis=0)) for z in zs]),
    (lesson.count_dead, lambda zs: [int(np.sum(~(z > 0).any(0))) for z in zs]),
    (lesson.count_dead, lambda zs: [np.sum(np.sum(np.maximum(z, 0), axis=0) == 0) for z in zs]),
    (lesson.count_dead, lambda zs: [sum(all(v <= 0 for v in u) for u in z.T.tolist()) for z in zs]),
    (
        lesson.count_dead,
        lambda zs: np.array([np.all(z < 0, axis=0).sum() for z in zs])[:, None].T[0],
    ),
    (lesson.count_dead, lambda zs: [np.sum((z <= 0).sum(0) == z.shape[0]) for z in zs]),
    (lesson.count_dead, lambda zs: [np.sum(np.prod(z <= 0, axis=0)) for z in zs]),
    (lesson.two_networks, columns),
    (lesson.two_networks, lambda x, y, normals: np.array(columns(x, y, normals))),
    (lesson.two_networks, lambda x, y, N: tuple(p.tolist() for p in columns(x, y, N))),
    (lesson.lstm_step, gate_by_gate),
    (lesson.lstm_step, with_ones),
    (lesson.lstm_step, all_columns),
    (lesson.lstm_step, lambda *args: [v.tolist() for v in with_ones(*args)]),
    (lesson.lstm_back, stacked),
    (lesson.lstm_back, by_gates_first),
    (lesson.lstm_back, new_belt_again),
    (lesson.lstm_back, lambda *args: tuple(map(np.ndarray.tolist, stacked(*args)))),
    (lesson.lstm_through_time, counting_down),
    (lesson.lstm_through_time, list_of_parts),
    (lesson.lstm_through_time, own_step),
    (lesson.lstm_through_time, lambda *args: [v.tolist() for v in list_of_parts(*args)]),
]


@pytest.mark.parametrize(("exercise", "answer"), STYLES, ids=lambda x: getattr(x, "id", ""))
@pytest.mark.parametrize("printed", [False, True])
def test_a_right_answer_in_another_style_is_accepted(exercise, answer, printed):
    for seed in SEEDS:
        assert judge(exercise, answer, seed, printed).outcome == CORRECT


@pytest.mark.parametrize(
    ("exercise", "least"),
    [
        (lesson.leaky, 40),
        (lesson.two_networks, 300),
        (lesson.lstm_step, 200),
        (lesson.lstm_back, 300),
        (lesson.lstm_through_time, 150),
    ],
    ids=lambda x: getattr(x, "id", ""),
)
def test_two_mistakes_at_once_are_never_called_by_the_name_of_one(exercise, least):
    pairs, misjudged = misjudged_pairs(exercise, seed=2)
    assert pairs > least and not misjudged
