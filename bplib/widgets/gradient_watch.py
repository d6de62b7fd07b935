"""Interactives of lesson 5: what training does to each layer, and the way back through time."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bplib import datasets, svg
from bplib.activations import RELU, SIGMOID, TANH
from bplib.losses import SOFTMAX_CROSS_ENTROPY
from bplib.network import dense
from bplib.optimisers import SGD
from bplib.recurrent import RNN
from bplib.svg import number, rough
from bplib.training import train
from bplib.widgets.explore import Explore, Picture, choice, slider, whole
from bplib.widgets.vanishing_gradient import BACK, INITS, LIMIT, _decades, _log10, _over, _rms

PHIS = {"sigmoid": SIGMOID, "tanh": TANH, "ReLU": RELU}
STARTS = [name for name in INITS if not name.startswith("old")]
EPOCHS, ROWS, LR = 10, 200, 0.05
CHANCE = float(np.log(10))


class Moment(NamedTuple):
    """A deep network after some epochs: one array per hidden layer, for the same rows of digits.

    update : how far W moved in this epoch, as a part of its size; NaN in epoch 0
    """

    loss: float
    accuracy: float
    a: list[np.ndarray]
    delta: list[np.ndarray]
    slope: list[np.ndarray]
    update: list[float]


@lru_cache(maxsize=24)
def _watch(phi, init, depth):
    """A Moment for epochs 0 to 10, or until the loss is no number.

    Every seed is 0: the pictures compare settings, not luck.
    """
    rng = np.random.default_rng(0)
    x, y, x_rest, y_rest = datasets.split(*datasets.digits(), 797, rng)
    net = dense([64, *[32] * depth, 10], PHIS[phi], SOFTMAX_CROSS_ENTROPY, rng, INITS[init])
    moments, before = [], None
    for epoch in train(net, x, y, SGD(LR), EPOCHS, 32, rng):
        trace = net.forward(x[:ROWS])
        with np.errstate(all="ignore"):
            gradients = net.backward(trace, y[:ROWS])
        if not np.isfinite(epoch.loss) or not all(np.isfinite(d).all() for d in gradients.delta):
            break
        now = [layer.W.copy() for layer in net.layers[:depth]]
        update = [
            _over(_rms(W - old), _rms(old)) for W, old in zip(now, before or now, strict=True)
        ]
        slope = [PHIS[phi].prime(z) for z in trace.z[:depth]]
        update = update if before else [np.nan] * depth
        a, delta = trace.a[1 : depth + 1], gradients.delta[:depth]
        moments.append(Moment(epoch.loss, epoch.accuracy, a, delta, slope, update))
        before = now
    return moments


def _moment(moments, step):
    """The Moment of an epoch, its number, and a sentence when training did not get that far."""
    n = min(step, len(moments) - 1)
    gone = f" Training stopped after epoch {n}: a number became infinite." if n < step else ""
    return moments[n], n, gone


def _state(moment):
    """Loss and accuracy in words, compared with guessing."""
    guess = " That is the loss of guessing." if abs(moment.loss - CHANCE) < 0.02 else ""
    return (
        f"loss {number(moment.loss)} (guessing: ln 10 = {number(CHANCE)}), "
        f"accuracy {number(moment.accuracy)}.{guess}"
    )


# ---- the histogram wall --------------------------------------------------------------------------

WALL, ROW, TOP = 6, 62, 54
LEFT_X, RIGHT_X, WIDE = 74, 350, 190
LOW_DELTA = -20


def histogram_wall():
    """Activations and error signals of six layers while a network learns the digits."""
    return Explore(
        draw_wall,
        "Which setting gives every row the same width? Choose tanh with large weights: "
        "where do its neurons sit? Then press Play.",
        phi=choice("activation", list(PHIS), "tanh"),
        init=choice("first weights", STARTS, "Xavier"),
        step=whole("epochs", 0, 0, EPOCHS),
    )


def _flat(phi, moment, l):
    """Share of neurons in layer l whose slope is below a hundredth, over all rows."""
    return float(np.mean(moment.slope[l] < 0.01))


def _columns(axes, counts, **style):
    """Standing bars from left to right, the largest as high as the axes."""
    wide = axes.width / len(counts)
    top = max(counts.max(), 1)
    return "".join(
        svg.box(
            axes.left + k * wide,
            axes.top + axes.height * (1 - n / top),
            wide,
            axes.height * n / top,
            **style,
        )
        for k, n in enumerate(counts)
        if n
    )


def draw_wall(phi, init, step):
    """One row per hidden layer: activations left, log10 of the sizes of delta right."""
    moment, n, gone = _moment(_watch(phi, init, WALL), step)
    low, high = (-1, 1) if phi == "tanh" else (0, 1)
    if phi == "ReLU":
        high = float(f"{max(max(a.max() for a in moment.a), 1e-3):.2g}") or 1.0
    parts = [
        svg.bold(LEFT_X + WIDE / 2, 24, "activations"),
        svg.bold(RIGHT_X + WIDE / 2, 24, "error signals, by power of ten"),
    ]
    rows = [["layer", "RMS of a", "slope below 0.01", "RMS of delta", "delta exactly 0"]]
    for l in range(WALL):
        top = TOP + l * ROW
        left = svg.Axes(LEFT_X, top, WIDE, ROW - 22, x=(low, high), y=(0, 1))
        right = svg.Axes(RIGHT_X, top, WIDE, ROW - 22, x=(LOW_DELTA, 2), y=(0, 1))
        a, delta = moment.a[l].ravel(), np.abs(moment.delta[l].ravel())
        seen = np.histogram(np.clip(a, low, high), bins=30, range=(low, high))[0]
        logs = np.clip(_log10(delta[delta > 0]), LOW_DELTA, 2)
        sizes = np.histogram(logs, bins=44, range=(LOW_DELTA, 2))[0]
        parts.append(svg.text(LEFT_X - 8, top + 26, f"layer {l + 1}", "end"))
        parts.append(_columns(left, seen, fill=svg.FORWARD, stroke="none"))
        parts.append(
            _columns(right, sizes, fill="none", stroke=svg.BACKWARD, stroke_dasharray="3 1")
        )
        for axes in (left, right):
            foot = axes.top + axes.height
            parts.append(svg.line((axes.left, foot), (axes.left + WIDE, foot)))
        flat = _flat(phi, moment, l)
        parts.append(svg.text(RIGHT_X + WIDE + 8, top + 18, f"{number(100 * flat, 0)} %", "start"))
        parts.append(svg.text(RIGHT_X + WIDE + 8, top + 33, "flat", "start", font_size=11))
        zero = float(np.mean(delta == 0))
        rows.append([l + 1, number(_rms(a)), number(flat), rough(_rms(delta)), number(zero)])
    foot = TOP + WALL * ROW - 4
    for value in (low, (low + high) / 2, high):
        x = LEFT_X + WIDE * (value - low) / (high - low)
        parts.append(svg.text(x, foot, svg.short(float(f"{value:.2g}"))))
    for power in (-20, -10, 0):
        x = RIGHT_X + WIDE * (power - LOW_DELTA) / (2 - LOW_DELTA)
        parts.append(svg.text(x, foot, rough(10.0**power)))
    parts.append(
        svg.text(320, foot + 24, "flat: share of neurons and rows with a slope below 0.01")
    )
    first, last = _rms(moment.delta[0]), _rms(moment.delta[-1])
    worked = [
        f"epoch {n}: {_state(moment)}{gone}",
        f"RMS of delta, layer 1 / layer {WALL} = {rough(first)} / {rough(last)} = "
        f"{rough(_over(first, last))}",
    ]
    flats = ", ".join(f"{number(100 * _flat(phi, moment, l), 0)} %" for l in range(WALL))
    alt = f"{phi}, {init}, {worked[0]} {worked[1]}. Flat, layer 1 to {WALL}: {flats}."
    return Picture(svg.document(foot + 36, alt, *parts), alt, worked, rows)


# ---- which layer learns --------------------------------------------------------------------------


def which_layer_learns():
    """How far the weights of each layer move in an epoch."""
    return Explore(
        draw_learning,
        "Which layers learn, and which stand still? Compare sigmoid with Xavier and ReLU with He.",
        phi=choice("activation", list(PHIS)),
        init=choice("first weights", STARTS, "Xavier"),
        depth=whole("hidden layers", 10, 3, 10),
        step=whole("epochs", 5, 0, EPOCHS),
    )


def draw_learning(phi, init, depth, step):
    """The relative update of every hidden layer against the epochs, on a log scale."""
    moments = _watch(phi, init, depth)
    moment, n, gone = _moment(moments, step)
    updates = np.array([m.update for m in moments[1 : n + 1]]).reshape(-1, depth)
    logs = _log10(updates)
    ticks = _decades(np.where(np.isnan(logs), 0.0, logs).ravel(), -4, 0)
    axes = svg.Axes(80, 30, 430, 300, x=(0, EPOCHS), y=(ticks[0], ticks[-1]))
    parts = [axes.frame("epoch", "movement of W, as a part of its size", range(0, 11, 2), [])]
    parts.append(svg.decades(axes, y=ticks))
    names = []
    for l in range(depth):
        share = l / max(depth - 1, 1)
        style = {
            "stroke": svg.WEIGHT,
            "stroke_width": 1 + 2 * share,
            "opacity": 0.45 + 0.55 * share,
        }
        if not n:
            continue
        y = np.clip(logs[:, l], *axes.y)
        parts.append(axes.curve(np.arange(1, n + 1), y, **style))
        x, down = axes.at(n, y[-1])
        parts.append(svg.circle((x, down), 3, fill=svg.WEIGHT, stroke="none"))
        names.append((down, f"{l + 1}"))
    x, _ = axes.at(n, 0)
    groups = []
    for down, name in sorted(names):
        if groups and down - groups[-1][0] < 14:
            groups[-1][1].append(name)
        else:
            groups.append((down, [name]))
    for down, group in groups:
        order = sorted(group, key=int)
        words = order[0] if len(order) == 1 else ", ".join(order)
        parts.append(svg.text(x + 8, down + 4, words, "start", font_size=11))
    parts.append(svg.text(530, 330, "numbers:", "start", font_size=11))
    parts.append(svg.text(530, 344, "hidden layers", "start", font_size=11))
    rows = [["layer", "movement in this epoch", "RMS of delta now"]]
    for l in range(depth):
        rows.append([l + 1, rough(moment.update[l]), rough(_rms(moment.delta[l]))])
    worked = [f"epoch {n}: {_state(moment)}{gone}"]
    if n:
        first, last = moment.update[0], moment.update[-1]
        worked.append(
            f"in this epoch W1 moved by {rough(100 * first)} % of its size, "
            f"W{depth} by {rough(100 * last)} %"
        )
    else:
        worked.append("nothing has moved yet: press Step")
    if abs(moment.loss - CHANCE) < 0.02 and n:
        worked.append("a small gradient and a high loss: not converged, but vanished")
    alt = f"{phi}, {init}, {depth} hidden layers. " + ". ".join(worked)
    return Picture(svg.document(380, alt, *parts), alt, worked, rows)


# ---- through time --------------------------------------------------------------------------------

NEURONS, BATCH = 32, 8
INPUTS = {"small inputs (0.01)": 0.01, "large inputs (1)": 1.0}


@lru_cache(maxsize=8)
def _recurrent(seed):
    """A recurrent matrix with spectral radius 1, input weights, inputs and the last error."""
    rng = np.random.default_rng(seed)
    W_h = rng.normal(size=(NEURONS, NEURONS))
    W_h /= np.abs(np.linalg.eigvals(W_h)).max()
    W_x, x = rng.normal(size=(NEURONS, 1)), rng.normal(size=(60, BATCH, 1))
    return W_h, W_x, x, rng.normal(size=(BATCH, NEURONS))


def gradient_through_time():
    """The error signal of a plain RNN on its way back to the first step."""
    return Explore(
        draw_time,
        "For which spectral radius does the first step still hear of the error? "
        "Then take large inputs: what changes?",
        radius=slider("spectral radius", 0.9, 0.5, 1.5, 0.05),
        T=whole("steps T", 50, 5, 60),
        inputs=choice("inputs", list(INPUTS)),
        weights_seed=whole("seed", 0, 0, 99),
    )


def draw_time(radius, T, inputs, weights_seed):
    """RMS of delta at each step, from the last back to the first, on a log scale."""
    W_h, W_x, x, error = _recurrent(weights_seed)
    rnn = RNN(W_x, radius * W_h, np.zeros(NEURONS))
    trace = rnn.forward(INPUTS[inputs] * x[:T])
    dh = np.zeros((T, BATCH, NEURONS))
    dh[-1] = error
    delta = rnn.backward(trace, dh).delta
    sizes = np.array([_rms(step) for step in delta])
    sizes, steps = sizes / sizes[-1], np.arange(1, T + 1)
    logs, line = _log10(sizes), (T - steps) * np.log10(radius)
    ticks = _decades(np.concatenate([logs, line]), -2, 1)
    axes = svg.Axes(80, 30, 460, 280, x=(1, T), y=(ticks[0], ticks[-1]))
    slope = float(np.mean(1 - trace.h[1:] ** 2))
    every = max(1, T // 6)
    parts = [
        axes.frame("step t", "RMS of delta, last step = 1", range(every, T + 1, every), []),
        svg.decades(axes, y=ticks),
        axes.curve(steps, np.clip(line, *axes.y), **LIMIT),
        axes.curve(steps, np.clip(logs, *axes.y), **BACK),
        svg.text(556, 60, "dashed:", "start", font_size=12),
        svg.text(556, 76, "measured", "start", font_size=12),
        svg.text(556, 100, "dotted:", "start", font_size=12),
        svg.text(556, 116, "radius ^", "start", font_size=12),
        svg.text(556, 132, "(T − t)", "start", font_size=12),
    ]
    ratio = float(sizes[0])
    factor = ratio ** (1 / (T - 1))
    verdict = "is about constant"
    if not 0.1 <= ratio <= 10:
        verdict = "vanishes" if ratio < 0.1 else "explodes"
    worked = [
        f"first step / last step = {rough(ratio)}: the error signal {verdict}",
        f"factor per step = {rough(ratio)}^(1/{T - 1}) = {number(factor)}, "
        f"spectral radius {number(radius, 2)}",
        f"mean slope of tanh: {number(slope)}"
        + (" (many neurons are saturated)" if slope < 0.7 else ""),
    ]
    rows = [["step", "RMS of delta, last = 1", "radius^(T − t)"]]
    rows += [[t, rough(s), rough(10.0**v)] for t, s, v in zip(steps, sizes, line, strict=True)]
    alt = f"RNN of {T} steps, {inputs}. " + ". ".join(worked) + "."
    return Picture(svg.document(356, alt, *parts), alt, worked, rows)
