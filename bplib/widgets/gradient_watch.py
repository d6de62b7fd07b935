"""Interactives of lesson 5: what training does to each layer, and the way back through time."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bplib import datasets, svg
from bplib.activations import RELU, SIGMOID, TANH
from bplib.losses import SOFTMAX_CROSS_ENTROPY
from bplib.network import Layer, Network, dense
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
    """The network after some epochs, and how good it is on all training rows."""

    loss: float
    accuracy: float
    network: Network


@np.errstate(over="ignore", invalid="ignore")
def _there_and_back(network, x, y):
    """The trace and the gradients; numbers may become infinite."""
    trace = network.forward(x)
    return trace, network.backward(trace, y)


@lru_cache(maxsize=32)
def _watch(phi, init, depth):
    """200 rows of digits and their targets, and a Moment for each epoch from 0 to 10.

    There are fewer where a number became infinite.  The seed is always 0: the pictures compare
    settings, not luck.
    """
    rng = np.random.default_rng(0)
    x, y, _, _ = datasets.split(*datasets.digits(), 797, rng)
    net = dense([64, *[32] * depth, 10], PHIS[phi], SOFTMAX_CROSS_ENTROPY, rng, INITS[init])
    moments = []
    for epoch in train(net, x, y, SGD(LR), EPOCHS, 32, rng):
        layers = [Layer(layer.W.copy(), layer.b.copy(), layer.phi) for layer in net.layers]
        now = Network(layers, net.loss)
        deltas = _there_and_back(now, x[:ROWS], y[:ROWS])[1].delta
        if not np.isfinite([epoch.loss, *map(_rms, deltas)]).all():
            break
        moments.append(Moment(epoch.loss, epoch.accuracy, now))
    return x[:ROWS], y[:ROWS], moments


def _reached(moments, step):
    """The last epoch there is up to this step, and a sentence when training did not get there."""
    n = min(step, len(moments) - 1)
    return n, f" Training stopped after epoch {n}: a number became infinite." if n < step else ""


def _guesses(moment):
    """Is the loss that of somebody who gives every digit one tenth?"""
    return abs(moment.loss - CHANCE) < 0.05


def _loss(moment):
    """The loss in digits."""
    return number(moment.loss) if moment.loss < 1000 else rough(moment.loss)


def _state(n, moment, gone):
    """Loss and accuracy in words, compared with guessing."""
    words = f"epoch {n}: loss {_loss(moment)} (guessing: ln 10 = {number(CHANCE)}), "
    words += f"accuracy {number(moment.accuracy)}."
    if _guesses(moment):
        words += " That is the loss of guessing."
    elif moment.loss > CHANCE:
        words += " That is worse than guessing."
    return words + gone


# ---- the histogram wall --------------------------------------------------------------------------

WALL, ROW, TOP, HIGH = 6, 56, 50, 38
LEFT_X, RIGHT_X, WIDE = 66, 346, 178
SIZES = -18, 2
FLAT = {
    "sigmoid": ("slope < 0.01", lambda a: a * (1 - a) < 0.01),
    "tanh": ("|a| > 0.97", lambda a: np.abs(a) > 0.97),
    "ReLU": ("a = 0", lambda a: a == 0),
}


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


@lru_cache(maxsize=1024)
def _outline(axes, counts, **style):
    """A histogram as one shape, its highest bar as high as the axes; nothing where all are 0."""
    counts = np.array(counts)
    filled = np.flatnonzero(counts)
    if not len(filled):
        return ""
    first, end = filled[0], filled[-1] + 1
    x = np.repeat(np.linspace(*axes.x, len(counts) + 1)[first : end + 1], 2)
    y = np.concatenate([[0], np.repeat(counts[first:end] / counts.max(), 2), [0]])
    return axes.curve(x, y, **style)


def _foot(axes, ticks):
    """The base line of a histogram, with a small mark at each tick."""
    bottom = axes.top + axes.height
    marks = [svg.line((axes.at(v, 0)[0], bottom), (axes.at(v, 0)[0], bottom + 4)) for v in ticks]
    return svg.line((axes.left, bottom), (axes.left + axes.width, bottom)) + "".join(marks)


class Row(NamedTuple):
    """A hidden layer as a row of the wall.

    a, delta : RMS;  activations, sizes : the counts of the histograms;  flat, zero : shares
    """

    a: float
    activations: tuple[int, ...]
    flat: float
    slope: float
    delta: float
    sizes: tuple[int, ...]
    zero: float


@lru_cache(maxsize=128)
def _rows(phi, init, n):
    """The lowest and the highest a that are drawn after n epochs, and a Row for each layer."""
    x, y, moments = _watch(phi, init, WALL)
    trace, gradients = _there_and_back(moments[n].network, x, y)
    low, high = -1.0 if phi == "tanh" else 0.0, 1.0
    if phi == "ReLU":
        high = float(f"{max(max(a.max() for a in trace.a[1:-1]), 1e-6):.2g}")
    _, is_flat = FLAT[phi]
    rows = []
    for z, a, delta in zip(trace.z[:-1], trace.a[1:-1], gradients.delta[:-1], strict=True):
        drawn = a[a > 0] if phi == "ReLU" else a  # a ReLU's zeros are said, and not drawn
        counts = np.histogram(np.clip(drawn, low, high), bins=30, range=(low, high))[0]
        logs = np.clip(_log10(np.abs(delta[delta != 0])), *SIZES)
        sizes = np.histogram(logs, bins=40, range=SIZES)[0]
        flat, slope = float(is_flat(a).mean()), float(PHIS[phi].prime(z).mean())
        zero = float(np.mean(delta == 0))
        counts, sizes = tuple(counts.tolist()), tuple(sizes.tolist())
        rows.append(Row(_rms(a), counts, flat, slope, _rms(delta), sizes, zero))
    return low, high, rows


def draw_wall(phi, init, step):
    """One row per hidden layer: activations left, log10 of the sizes of delta right."""
    _, _, moments = _watch(phi, init, WALL)
    n, gone = _reached(moments, step)
    low, high, rows = _rows(phi, init, n)
    rule, _ = FLAT[phi]
    slopes, flats = [row.slope for row in rows], [row.flat for row in rows]
    values, powers = (low, (low + high) / 2, high), range(-16, 1, 4)
    blue = {"fill": svg.FORWARD, "fill_opacity": 0.5, "stroke": svg.FORWARD}
    red = {"fill": svg.BACKWARD, "fill_opacity": 0.3} | BACK | {"stroke_width": 1.5}
    parts = [
        svg.bold(LEFT_X + WIDE / 2, 20, "activations a"),
        svg.bold(RIGHT_X + WIDE / 2, 20, "size of delta, log scale"),
        svg.text(LEFT_X + WIDE + 8, 20, "flat", "start"),
        svg.text(RIGHT_X + WIDE + 8, 20, "RMS of delta", "start"),
    ]
    heading = ["layer", "RMS of a", "flat", "mean slope", "RMS of delta", "delta exactly 0"]
    table = [heading]
    for l, row in enumerate(rows):
        top = TOP + l * ROW
        left = svg.Axes(LEFT_X, top, WIDE, HIGH, x=(low, high), y=(0, 1))
        right = svg.Axes(RIGHT_X, top, WIDE, HIGH, x=SIZES, y=(0, 1))
        parts += [_outline(left, row.activations, **blue), _outline(right, row.sizes, **red)]
        parts += [_foot(left, values), _foot(right, powers)]
        rms, down = row.delta, top + HIGH - 8
        if rms > 0:
            across = right.at(min(max(math.log10(rms), SIZES[0]), SIZES[1]), 0)[0]
            parts.append(svg.line((across, top - 4), (across, top + HIGH), stroke_width=1.5))
        parts.append(svg.text(LEFT_X - 8, down, f"layer {l + 1}", "end"))
        parts.append(svg.bold(LEFT_X + WIDE + 8, down, f"{number(100 * row.flat, 0)} %", "start"))
        parts.append(svg.bold(RIGHT_X + WIDE + 8, down, rough(rms), "start"))
        cells = number(row.flat), number(row.slope), rough(rms), number(row.zero)
        table.append([l + 1, rough(row.a), *cells])
    foot = TOP + (WALL - 1) * ROW + HIGH + 18
    parts += [svg.text(left.at(v, 0)[0], foot, rough(v), font_size=12) for v in values]
    parts += [svg.text(right.at(p, 0)[0], foot, rough(10.0**p), font_size=12) for p in powers[::2]]
    zeros = " (zeros are not drawn)" if phi == "ReLU" else ""
    parts.append(svg.text(LEFT_X, foot + 24, f"flat: {rule}{zeros}", "start"))
    parts.append(svg.text(RIGHT_X, foot + 24, "upright line: RMS of delta", "start"))
    first, last = rows[0].delta, rows[-1].delta
    factor = _over(first, last) ** (1 / (WALL - 1))
    worked = [
        _state(n, moments[n], gone),
        f"mean slope of {phi}, layer 1 to {WALL}: {', '.join(map(number, slopes))}",
    ]
    if first > 0:
        worked.insert(
            1,
            f"RMS of delta, layer 1 / layer {WALL} = {rough(first)} / {rough(last)} = "
            f"{rough(_over(first, last))}: × {rough(factor)} per layer back",
        )
    else:
        worked.insert(1, "RMS of delta is 0 in layer 1: no error signal comes so far back")
    if phi == "tanh" and min(slopes) < 0.5:
        worked.append(
            f"tanh′(0) = 1, but few neurons are near 0: of layer {np.argmax(flats) + 1}, "
            f"{number(100 * max(flats), 0)} % are flat"
        )
    if min(slopes) > 0.9 and factor < 0.5:
        worked.append("every slope is near 1, and delta still vanishes: the weights are too small")
    shares = ", ".join(f"{number(100 * share, 0)} %" for share in flats)
    signals = ", ".join(row[4] for row in table[1:])
    alt = (
        f"{phi}, {init}, {worked[0]} Layer 1 to {WALL}: flat ({rule}) {shares}; "
        f"RMS of delta {signals}."
    )
    return Picture(svg.document(foot + 34, alt, *parts), alt, worked, table)


# ---- which layer learns --------------------------------------------------------------------------

STILL = 1e-4
MOVES = -12, 0
LANE = 26


def which_layer_learns():
    """A race: how far the weights of each layer move in an epoch."""
    return Explore(
        draw_learning,
        "Which layers learn, and which stand still? Compare sigmoid with Xavier and ReLU with He. "
        "Then tanh with large weights.",
        phi=choice("activation", list(PHIS)),
        init=choice("first weights", STARTS, "Xavier"),
        depth=whole("hidden layers", 10, 3, 10),
        step=whole("epochs", 5, 0, EPOCHS),
    )


@lru_cache(maxsize=32)
def _moves(phi, init, depth):
    """‖W after − W before‖ / ‖W before‖ of each epoch and layer.   ->  (epochs, layers)"""
    _, _, moments = _watch(phi, init, depth)
    sizes = [
        [
            _over(_rms(new.W - old.W), _rms(old.W))
            for old, new in zip(before.network.layers, after.network.layers, strict=True)
        ]
        for before, after in zip(moments, moments[1:], strict=False)
    ]
    return np.array(sizes).reshape(-1, depth + 1)


@lru_cache(maxsize=512)
def _signals(phi, init, depth, n):
    """RMS of dW and of delta in each layer, the output too, after n epochs."""
    x, y, moments = _watch(phi, init, depth)
    _, gradients = _there_and_back(moments[n].network, x, y)
    return [_rms(dW) for dW in gradients.dW], [_rms(delta) for delta in gradients.delta]


def _spans(numbers):
    """Whole numbers as people write them: [1, 2, 3, 6] is 1–3, 6."""
    spans = []
    for n in numbers:
        if spans and n == spans[-1][1] + 1:
            spans[-1][1] = n
        else:
            spans.append([n, n])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in spans)


def draw_learning(phi, init, depth, step):
    """One bar per layer on a log scale: its movement in this epoch; and the loss beside it."""
    _, _, moments = _watch(phi, init, depth)
    n, gone = _reached(moments, step)
    moment, moves = moments[n], _moves(phi, init, depth)[:n]
    now = moves[-1].tolist() if n else [math.nan] * (depth + 1)
    dW, delta = _signals(phi, init, depth, n)
    lanes = svg.Axes(66, 34, 250, LANE * (depth + 1) + 8, x=MOVES, y=(0, 1))
    still_x, bottom = lanes.at(np.log10(STILL), 0)
    parts = [
        svg.text(66, 20, "movement of W ÷ size of W, in this epoch", "start"),
        svg.line((still_x, 34), (still_x, bottom), **LIMIT),
        svg.text(still_x, bottom + 38, "← hardly moves", "end", font_size=12),
        svg.text(still_x + 16, bottom + 38, "thin lines: earlier epochs", "start", font_size=12),
        svg.line((66, bottom), (316, bottom)) + svg.decades(lanes, x=range(-12, 1, 4)),
        svg.line((66, 34), (66, bottom)),
    ]
    table = [["layer", "movement in this epoch", "RMS of dW", "RMS of delta", "verdict"]]
    ends, still = lanes.at(np.clip(_log10(moves), *MOVES), 0)[0].tolist(), []
    for l, move in enumerate(now):
        top, name = 40 + LANE * l, f"layer {l + 1}" if l < depth else "output"
        parts.append(svg.text(58, top + 14, name, "end"))
        for past in ends[:-1]:
            parts.append(svg.line((past[l], top - 2), (past[l], top + 20), opacity=0.5))
        verdict = "has not moved yet"
        if n:
            parts.append(svg.box(66, top, ends[-1][l] - 66, 18, fill=svg.WEIGHT, stroke="none"))
            parts.append(svg.bold(326, top + 14, rough(move), "start"))
            verdict = "hardly moves" if move < STILL else "moves"
        if verdict == "hardly moves" and l < depth:
            still.append(l + 1)
        table.append([name, rough(move), rough(dW[l]), rough(delta[l]), verdict])
    losses = np.clip([m.loss for m in moments[: n + 1]], 0, 4)
    curve = svg.Axes(432, 66, 190, 130, x=(0, EPOCHS), y=(0, 4))
    chance = curve.at(0, CHANCE)[1]
    parts += [
        svg.bold(432, 20, f"loss {_loss(moment)}", "start"),
        svg.bold(622, 20, f"accuracy {number(moment.accuracy, 2)}", "end"),
        curve.frame("epoch", f"loss (dotted: ln 10 = {number(CHANCE)})", range(0, 11, 2), range(5)),
        svg.line((432, chance), (622, chance), **LIMIT),
        curve.curve(np.arange(n + 1), losses, stroke=svg.FORWARD, stroke_width=2.5),
        svg.circle(curve.at(n, losses[-1]), 4.5, fill=svg.FORWARD, stroke="none"),
    ]
    worked, said = [_state(n, moment, gone)], ["nothing has moved yet"]
    if n:
        said = ["every layer moves"]
        worked.append(
            f"in this epoch W1 moved by {rough(now[0])} of its size, W{depth} by "
            f"{rough(now[depth - 1])}"
        )
    if still:
        one = len(still) == 1
        said = [
            f"{'layer' if one else 'layers'} {_spans(still)}",
            "hardly moves" if one else "hardly move",
        ]
    worked.append(" ".join(said) + (f" (less than {rough(STILL)})" if still else ""))
    if still and _guesses(moment):
        cause = "vanished" if dW[0] else "dead"
        worked.append(
            f"RMS of dW1 = {rough(dW[0])}, and the loss is that of guessing: not converged, "
            f"but {cause}"
        )
        said += ["not converged,", f"but {cause}"]
    elif n and _guesses(moment):
        worked.append("the loss is that of guessing: nothing useful is learnt yet")
    parts += [svg.bold(432, 262 + 20 * i, words, "start") for i, words in enumerate(said)]
    sentences = ". ".join(words.rstrip(".") for words in worked)
    alt = f"{phi}, {init}, {depth} hidden layers. {sentences}."
    return Picture(svg.document(max(bottom + 48, 335), alt, *parts), alt, worked, table)


# ---- through time --------------------------------------------------------------------------------

NEURONS, BATCH, LONGEST = 32, 8, 60
INPUTS = {"tiny inputs (1e−12)": 1e-12, "small inputs (0.01)": 0.01, "large inputs (1)": 1.0}
KEEPS = 5


@lru_cache(maxsize=100)
def _recurrent(seed):
    """A recurrent matrix with spectral radius 1, input weights, the last error, and inputs."""
    rng = np.random.default_rng(seed)
    W_h = rng.normal(size=(NEURONS, NEURONS))
    W_h /= np.abs(np.linalg.eigvals(W_h)).max()
    W_x, error = rng.normal(size=(NEURONS, 1)), rng.normal(size=(BATCH, NEURONS))
    return W_h, W_x, error, rng.normal(size=(LONGEST, BATCH, 1))


def _way_back(rnn, x, error):
    """The slope of tanh and delta at each step, when only the last step meets an error.

    x : (T, m, n_in),  error : (m, n), dL/dh of the last step  ->  slope, delta : (T, m, n)
    """
    trace = rnn.forward(x)
    dh = np.zeros_like(trace.h[1:])
    dh[-1] = error
    return 1 - trace.h[1:] ** 2, rnn.backward(trace, dh).delta


@lru_cache(maxsize=512)
def _back_in_time(radius, T, inputs, seed):
    """The mean slope of tanh at each step, and the RMS of delta, last step = 1.   -> two (T,)"""
    W_h, W_x, error, x = _recurrent(seed)
    rnn = RNN(W_x, radius * W_h, np.zeros(NEURONS))
    slope, delta = _way_back(rnn, INPUTS[inputs] * x[:T], error)
    sizes = np.array([_rms(step) for step in delta])
    return slope.mean(axis=(1, 2)), sizes / sizes[-1]


def gradient_through_time():
    """The error signal of a plain RNN on its way back to the first step."""
    return Explore(
        draw_time,
        "For which spectral radius does the first step still hear of the error? "
        "Then take large inputs: what changes?",
        radius=slider("spectral radius", 0.9, 0.5, 1.5, 0.05),
        T=whole("steps T", 50, 5, LONGEST),
        inputs=choice("inputs", list(INPUTS), "small inputs (0.01)"),
        weights_seed=whole("seed", 0, 0, 99),
    )


def draw_time(radius, T, inputs, weights_seed):
    """RMS of delta at each step on a log scale, and the mean slope of tanh under it."""
    slopes, sizes = _back_in_time(radius, T, inputs, weights_seed)
    steps = np.arange(1, T + 1)
    logs, line = _log10(sizes), (T - steps) * np.log10(radius)
    ratio, mean = float(sizes[0]), float(slopes.mean())
    factor = ratio ** (1 / (T - 1))
    verdict, shown = "is about constant", "about constant"
    if not 1 / KEEPS <= ratio <= KEEPS:
        verdict = "vanishes" if ratio < 1 else "explodes"
        shown = f"delta {verdict}"
    ticks = _decades(np.concatenate([logs, line]), -2, 1)
    axes = svg.Axes(66, 30, 390, 210, x=(1, T), y=(ticks[0], ticks[-1]))
    under = svg.Axes(66, 276, 390, 56, x=(1, T), y=(0, 1.05))
    every = next(e for e in (1, 2, 5, 10) if T <= 7 * e)
    across = sorted({1, *range(every, T + 1, every)})
    parts = [
        axes.frame("", "RMS of delta, last step = 1", (), ()),
        svg.decades(axes, y=ticks),
        axes.curve(steps, line, **LIMIT),
        axes.curve(steps, logs, **BACK | {"stroke_width": 2.5}),
        under.frame("step t (the way back goes to the left)", "mean slope of tanh", across, (0, 1)),
        under.curve(steps, slopes, stroke=svg.FORWARD, stroke_width=2),
        svg.bold(472, 48, shown, "start", font_size=15),
        svg.text(472, 78, f"step 1 ÷ step {T}:", "start"),
        svg.bold(472, 97, rough(ratio), "start"),
        svg.text(472, 124, "factor per step:", "start"),
        svg.bold(472, 143, number(factor), "start"),
        svg.text(472, 170, "spectral radius ρ:", "start"),
        svg.bold(472, 189, number(radius, 2), "start"),
        svg.line((472, 216), (506, 216), **BACK) + svg.text(514, 220, "delta", "start"),
        svg.line((472, 236), (506, 236), **LIMIT) + svg.text(514, 240, "ρ^(T − t)", "start"),
        svg.text(472, 296, "mean of all steps:", "start"),
        svg.bold(472, 315, number(mean), "start"),
    ]
    worked = [
        f"RMS of delta, step 1 / step {T} = {rough(ratio)}: the error signal {verdict}",
        f"factor per step = ({rough(ratio)})^(1/{T - 1}) = {number(factor)}; "
        f"ρ alone would give {number(radius, 2)}",
    ]
    if mean > 0.97:
        worked.append(f"mean slope of tanh: {number(mean)}, so each step is almost only W_h")
    else:
        worked.append(
            f"mean slope of tanh: {number(mean)}, so each step passes less than W_h alone"
        )
    if radius > 1 and verdict == "vanishes":
        worked.append("ρ is above 1, and still the error signal vanishes: the slopes count too")
    table = [["step", "RMS of delta, last = 1", "ρ^(T − t)", "mean slope of tanh"]]
    table += [
        [t, rough(size), rough(10.0**power), number(flat)]
        for t, size, power, flat in zip(
            *(v.tolist() for v in (steps, sizes, line, slopes)), strict=True
        )
    ]
    alt = f"RNN of {T} steps, {inputs}, seed {weights_seed}. " + ". ".join(worked) + "."
    return Picture(svg.document(378, alt, *parts), alt, worked, table)
