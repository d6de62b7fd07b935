"""The heart of lesson 4: a small network learns while you watch."""

from bisect import bisect_right
from functools import lru_cache
from math import ceil

import ipywidgets
import numpy as np

from bplib import datasets, svg
from bplib.activations import LEAKY_RELU, RELU, SIGMOID, TANH, sigmoid
from bplib.initialisers import he, xavier
from bplib.losses import BINARY_CROSS_ENTROPY
from bplib.network import dense
from bplib.optimisers import SGD
from bplib.svg import number, plural, rough, short, term
from bplib.training import minibatches
from bplib.widgets.explore import Explore, Picture, choice, learning_rate, smooth, tick, whole

SIDE = 40, 34, 300, 300
PLANES = {
    "moons": svg.Axes(*SIDE, x=(-1.6, 2.6), y=(-1.85, 2.35)),
    "circles": svg.Axes(*SIDE, x=(-1.5, 1.5), y=(-1.5, 1.5)),
    "spirals": svg.Axes(*SIDE, x=(-1.3, 1.3), y=(-1.3, 1.3)),
    "XOR": svg.Axes(*SIDE, x=(-0.5, 1.5), y=(-0.5, 1.5)),
}
MAKE = {"moons": datasets.moons, "circles": datasets.circles, "spirals": datasets.spirals}
KINDS = {
    "tanh": (TANH, xavier),
    "sigmoid": (SIGMOID, xavier),
    "ReLU": (RELU, he),
    "Leaky ReLU": (LEAKY_RELU, he),
}
UPDATES, SNAPSHOT, CELLS, POINTS = 5000, 100, 40, 160
CORNERS = np.mgrid[: CELLS - 1, : CELLS - 1]  # row and column of each square of four cells
TOO_LARGE = 1e100  # the products of two such weights are still numbers
NEGATIVE = "4 3"
INK = {"stroke": "black", "stroke_width": 1}
SQUARE, DISC = INK | {"fill": "#fee838"}, INK | {"fill": "white"}


class Run:
    """A training that can be put at any number of updates, forwards and backwards.

    It keeps the weights and the state of rng about every 100 updates, at the start of an epoch,
    and makes the updates after that again: the same numbers in the same order.
    few : the rows of the next update;  diverged : the next update gives no usable weights
    """

    def __init__(self, data, rows, batch, lr, hidden, seed, activation):
        self.rng = np.random.default_rng(seed)
        x, y = MAKE[data](rows, self.rng) if data in MAKE else datasets.xor()
        phi, init = KINDS[activation]
        self.x, self.y = x, y
        self.net = dense([2, hidden, 1], phi, BINARY_CROSS_ENTROPY, self.rng, init)
        self.params, self.optimiser = self.net.params, SGD(lr)
        self.rows, self.batch = np.arange(len(x)), min(batch, len(x))
        self.per_epoch = ceil(len(x) / self.batch)
        self.step, self.losses, self.kept, self.diverged = 0, [], [], False
        self.marks = _marks(PLANES[data], x, y[:, 0], _size(len(x)))
        self._begin_epoch()

    @property
    def stride(self):
        """Updates for a frame of Play: whole epochs, about 5 updates or more, but at most 25."""
        return self.per_epoch * ceil(5 / self.per_epoch) if self.per_epoch <= 25 else 25

    def to(self, step):
        """Go to the state after so many updates, or to the last one before it diverges."""
        if step < self.step:
            at = bisect_right(self.kept, step, key=lambda kept: kept[0]) - 1
            self.step, weights, self.rng.bit_generator.state = self.kept[at]
            for w, kept in zip(self.params, weights, strict=True):
                w[...] = kept
            self.diverged = False
            self._begin_epoch()
        with np.errstate(over="ignore", invalid="ignore"):
            while self.step < step and not self.diverged:
                self._update()

    def _update(self):
        gradients = self.gradients(self.net.forward(self.x[self.few]))
        before = [w.copy() for w in self.params]
        self.optimiser.step(self.params, gradients.params)
        if not all(np.abs(w).max() < TOO_LARGE for w in self.params):  # true for NaN as well
            for w, kept in zip(self.params, before, strict=True):
                w[...] = kept
            self.diverged = True
            return
        self.step += 1
        if self.step % self.per_epoch:
            self.few, _ = next(self.batches)
        else:
            self._begin_epoch()

    def gradients(self, trace):
        """What backward() finds with the rows of the next update.   trace : their forward()"""
        return self.net.backward(trace, self.y[self.few])

    def _begin_epoch(self):
        if not self.kept or self.step >= self.kept[-1][0] + SNAPSHOT:
            weights = [w.copy() for w in self.params]
            self.kept.append((self.step, weights, self.rng.bit_generator.state))
        if self.step // self.per_epoch == len(self.losses):
            self.losses.append(self.measure()[0])
        self.batches = minibatches(self.rows, self.rows, self.batch, self.rng)
        self.few, _ = next(self.batches)

    def measure(self):
        """The loss of all rows now, and how many of them are right."""
        z = self.net.forward(self.x).a[-1]
        return self.net.loss.value(z, self.y), int(np.sum((z > 0) == (self.y > 0.5)))


_run = lru_cache(maxsize=8)(Run)


def _settle(data, N, B, lr, H, seed, activation):
    """The run of these settings; XOR has four rows, whatever N is."""
    N = N if data in MAKE else 4
    return _run(data, N, min(B, N), lr, H, seed, activation)


def train_live(seed=0):
    """Watch a 2-H-1 network learn.   seed : of the data, the first weights and the shuffles"""
    batch = {"description": "batch size B", "tooltip": "batch size B"}
    explore = Explore(
        draw_live,
        "Press Play. Then change one thing, and say before what it will do. "
        "Epoch goes on to the end of the epoch, Step makes one update.",
        data=choice("data", list(PLANES)),
        N=whole("rows N", 200, 10, 256),
        B=whole(batch["description"], 32, 1, 256),
        lr=learning_rate(0.5, -3, 2),
        H=whole("hidden neurons H", 8, 1, 16),
        seed=whole("seed", seed, 0, 99),
        activation=choice("activation", list(KINDS)),
        neuron=whole("hidden neuron", 1, 1, 16),
        show_maths=tick("Show the maths"),
        step=whole("updates made", 0, 0, UPDATES),
    )
    buttons, step = explore.children[2], explore.controls["step"]

    def run():
        names = ("data", "N", "B", "lr", "H", "seed", "activation")
        return _settle(*[explore.controls[name].value for name in names])

    def finish_epoch(_button):
        per_epoch = run().per_epoch
        step.value = min((step.value // per_epoch + 1) * per_epoch, UPDATES)

    def stop(_change):
        if run().diverged:
            explore.clock.playing = False

    epoch = ipywidgets.Button(
        description="Epoch", tooltip="On to the end of the epoch.", layout={"width": "6em"}
    )
    epoch.on_click(finish_epoch)
    buttons.children = (*buttons.children[:2], epoch, *buttons.children[2:])
    for control in explore.controls.values():
        control.observe(stop, "value")
    return smooth(explore, lambda: run().stride)


@np.errstate(over="ignore", invalid="ignore")
def draw_live(data, N, B, lr, H, seed, activation, neuron, show_maths, step):
    """The boundary, the network and the loss after `step` updates."""
    run, j = _settle(data, N, B, lr, H, seed, activation), min(neuron, H) - 1
    run.to(step)
    (loss, right), m, k = run.measure(), len(run.x), run.step % run.per_epoch
    epochs = run.step // run.per_epoch
    done = f"{plural(epochs, 'epoch')}, {plural(run.step, 'update')}"
    score, stopped = f"{right} of {m} rows right", run.diverged and step > run.step
    place = f" and {k} of {run.per_epoch} updates" if k else ""
    used = f"{len(run.few)} rows in the next batch, ringed"
    alt = (
        f"{data}, 2-{H}-1 network, {activation}, η = {rough(lr)}, seed {seed}, "
        f"{_said_rows(data, N, B, m)}. After {plural(run.step, 'update')}, that is "
        f"{plural(epochs, 'epoch')}{place}: loss {rough(loss)}, accuracy {number(right / m)}, "
        f"{score}."
    )
    worked = [f"{_said_rows(data, N, B, m)}: {plural(run.per_epoch, 'update')} in an epoch"]
    if stopped:
        sentence = (
            f"The training diverges: update {run.step + 1} makes a weight too large, infinite or "
            f"NaN. The picture shows the last weights before it. Make η smaller."
        )
        alt, worked = f"{alt} {sentence}", [sentence, *worked]
    if run.step and loss > np.log(2):
        worked.append(
            f"loss {rough(loss)} is worse than {rough(np.log(2))}, the loss of p = 0.5 everywhere"
        )
    if neuron > H:
        worked.append(f"There is no hidden neuron {neuron}: you see neuron {H}.")
    if show_maths:
        worked += _maths(run, j, lr, activation)
    plane = PLANES[data]
    z = _logits(run.net, plane)
    status = "diverged: make η smaller" if stopped else f"loss {rough(loss)}, {score}"
    drawing = svg.document(
        400,
        alt,
        plane.surface(sigmoid(z), opacity=0.75),
        plane.clip(run.marks, _rings(plane, run.x[run.few], _size(m)), _boundary(plane, z)),
        plane.frame(
            "x1", "x2", *[range(ceil(low), ceil(high)) for low, high in (plane.x, plane.y)]
        ),
        _LEGEND,
        svg.bold(385, 22, done, "start"),
        svg.text(385, 41, status, "start"),
        _network(run.net, j),
        _curve(run, loss),
    )
    return Picture(drawing, alt, worked, _numbers(run.net, used, loss, right / m))


def _said_rows(data, N, B, m):
    rows = f"N = {N}" if data in MAKE else f"XOR has {m} rows (N = {N} is not used)"
    return f"{rows}, B = {B}" + (" (all rows)" if m <= B else "")


def _maths(run, j, lr, activation):
    """Hidden neuron j in the next update, with the numbers of the first row of the batch."""
    first, (hidden, out) = run.few[0], run.net.layers
    trace = run.net.forward(run.x[run.few])
    gradients = run.gradients(trace)
    x, z, a = run.x[first], trace.z[0][0, j], trace.a[1][0, j]
    p, y, m = sigmoid(trace.z[1][0, 0]), run.y[first, 0], len(run.few)
    delta2, delta1 = gradients.delta[1][0, 0], gradients.delta[0][0, j]
    slope, dW, db = hidden.phi.prime(z), gradients.dW[0][j], gradients.db[0][j]
    products = [f"{_signed(w)}·{_signed(v)}" for w, v in zip(hidden.W[j], x, strict=True)]
    lines = [
        f"next update, neuron h{j + 1}, first row of the batch (row {first}, m = {m})",
        f"forward: z = W1[{j},:]·x + b1[{j}] = {' + '.join([*products, _signed(hidden.b[j])])} "
        f"= {rough(z, 4)}, a = {activation}(z) = {rough(a, 4)}",
        f"output: p = {rough(p, 4)}, target y = {short(y)}, "
        f"delta2 = (p − y)/m = ({rough(p, 4)} − {short(y)})/{m} = {rough(delta2, 4)}",
        f"backward: delta1 = W2[0,{j}]·delta2·φ'(z) = "
        f"{_signed(out.W[0, j])}·{_signed(delta2)}·{_signed(slope)} = {rough(delta1, 4)}",
        f"sum of delta1·x over the rows of the batch: dW1[{j},:] = "
        f"[{rough(dW[0], 4)}, {rough(dW[1], 4)}], sum of delta1: db1[{j}] = {rough(db, 4)}",
    ]
    names = [f"W1[{j},0]", f"W1[{j},1]", f"b1[{j}]"]
    for name, w, dw in zip(names, [*hidden.W[j], hidden.b[j]], [*dW, db], strict=True):
        lines.append(
            f"update: {name} ← {rough(w, 4)} − {rough(lr)}·{_signed(dw)} = {rough(w - lr * dw, 4)}"
        )
    return lines


def _signed(value):
    return term(rough(value, 4))


def _numbers(net, used, loss, share):
    """The table: every weight, and what was measured."""
    hidden, out = net.layers
    rows = [["neuron", "from x1", "from x2", "bias", "to the output"]]
    for j, (w, b, v) in enumerate(zip(hidden.W, hidden.b, out.W[0], strict=True), 1):
        rows.append([f"h{j}", *[rough(value, 4) for value in (*w, b, v)]])
    rows.append(["output", "", "", rough(out.b[0], 4), ""])
    return [*rows, ["all rows", f"loss {rough(loss)}", f"accuracy {number(share)}", used, ""]]


def _size(m):
    """Half the width of the mark of a row: the four rows of XOR are drawn large."""
    return 3 if m > 4 else 6


def _marks(plane, x, y, size):
    """All rows in two paths: squares for target 1, discs for target 0."""
    left, top = plane.at(*x[y > 0.5].T)
    places = np.column_stack([left - size, top - size]).ravel().tolist()
    squares = f"M%.1f %.1fh{2 * size}v{2 * size}h{-2 * size}z" * len(left) % tuple(places)
    discs = _circles(*plane.at(*x[y < 0.5].T), size + 0.4)
    return svg.tag("path", d=squares, **SQUARE) + svg.tag("path", d=discs, **DISC)


def _circles(left, top, radius):
    """Circles as one path: much faster in a browser than one element for each."""
    places = np.column_stack([left - radius, top]).ravel().tolist()
    arc = f"a{radius} {radius} 0 1 "
    one = f"M%.1f %.1f{arc}0 {2 * radius:g} 0{arc}0 {-2 * radius:g} 0"
    return one * (len(places) // 2) % tuple(places)


def _rings(plane, x, size):
    """A ring around each of these rows."""
    return _ink_on_white(_circles(*plane.at(*x.T), size + 2.5))


def _ink_on_white(d):
    """A black path with a white edge, seen on every colour of the map."""
    return svg.tag("path", d=d, stroke="white", stroke_width=3.5, stroke_linecap="round") + svg.tag(
        "path", d=d, stroke="black", stroke_width=1.5
    )


def _logits(net, plane):
    """z of the output in the middle of every cell.   ->  (CELLS, CELLS), row 0 at the top"""
    return net.forward(_cells(plane)).a[-1].reshape(CELLS, CELLS)


@lru_cache
def _cells(plane):
    return np.column_stack([side.ravel() for side in plane.grid(CELLS, CELLS)])


def _boundary(plane, z):
    """The line z = 0, so p = 0.5: in each square of four cells from one crossed side to another.

    Source: marching squares; a square with four crossed sides gets one line of its two.
    """
    up, side, (rows, columns) = z > 0, plane.width / CELLS, CORNERS
    with np.errstate(divide="ignore"):
        across = z[:, :-1] / (z[:, :-1] - z[:, 1:])  # where on a lying side z is 0
        down = z[:-1] / (z[:-1] - z[1:])  # where on a standing side
    lying, standing = up[:, :-1] != up[:, 1:], up[:-1] != up[1:]
    crossed = np.stack([lying[:-1], lying[1:], standing[:, :-1], standing[:, 1:]])
    x = np.stack([columns + across[:-1], columns + across[1:], columns, columns + 1])
    y = np.stack([rows, rows + 1, rows + down[:, :-1], rows + down[:, 1:]])
    here = crossed.any(axis=0)
    crossed, x, y = crossed[:, here], x[:, here], y[:, here]
    at, ends = (
        np.arange(crossed.shape[1]),
        (crossed.argmax(axis=0), 3 - crossed[::-1].argmax(axis=0)),
    )
    points = [v for end in ends for v in (x[end, at], y[end, at])]
    pixels = (np.column_stack(points) + 0.5) * side + [plane.left, plane.top] * 2
    d = "M%.1f %.1fL%.1f %.1f" * len(pixels) % tuple(pixels.ravel().tolist())
    return _ink_on_white(d)


def _network(net, lit):
    """The weights as lines: thick is large, solid is positive, dashed is negative."""
    (W1, W2), (left, top, right, height) = (layer.W for layer in net.layers), (405, 66, 600, 128)
    H, middle = len(W1), (left + right) / 2
    hidden = top + height * (np.arange(H) + 0.5) / H
    inputs, output, radius = (top + height / 4, top + 3 * height / 4), top + height / 2, 4
    lines = {True: [], False: []}
    for W, ends in (
        (W1, [[(left, y), (middle, h)] for h in hidden for y in inputs]),
        (W2, [[(middle, h), (right, output)] for h in hidden]),
    ):
        sizes = np.abs(W).ravel() / (np.abs(W).max() or 1.0)
        for w, size, (start, end) in zip(W.ravel(), sizes.tolist(), ends, strict=True):
            style = {"stroke_width": 0.5 + 3.5 * size, "opacity": max(size, 0.02) ** 0.5}
            lines[w > 0].append(svg.line(start, end, **style))
    places = [(left, y) for y in inputs] + [(middle, h) for h in hidden] + [(right, output)]
    across, down = np.array(places).T
    label = {"font_size": 12}
    return (
        svg.tag("g", *lines[True], stroke=svg.WEIGHT)
        + svg.tag("g", *lines[False], stroke=svg.WEIGHT, stroke_dasharray=NEGATIVE)
        + svg.tag("path", d=_circles(across, down, radius), fill="white", stroke="black")
        + svg.circle((middle, hidden[lit]), radius + 2, stroke_width=3)
        + svg.text(left - 10, inputs[0] + 4, "x1", "end", **label)
        + svg.text(left - 10, inputs[1] + 4, "x2", "end", **label)
        + svg.text(right + 10, output + 4, "p", "start", **label)
        + svg.bold(middle, top - 6, f"h{lit + 1}", **label)
    )


def _curve(run, loss):
    """The loss of all rows after every epoch, on a log scale, and now."""
    now = run.step / run.per_epoch
    high = _round_up(max(now, 4))
    axes = svg.Axes(430, 250, 190, 105, x=(0, high), y=(-3, 1))
    stride = ceil((run.step // run.per_epoch + 1) / POINTS)
    x = np.arange(0, run.step // run.per_epoch + 1, stride)
    heights = np.append(np.array(run.losses)[x], loss)
    with np.errstate(divide="ignore"):
        heights = np.clip(np.log10(heights), *axes.y)
    dot = axes.at(now, heights[-1])
    return (
        axes.frame("epoch", "loss of all rows", (0, high / 2, high), ())
        + svg.decades(axes, y=range(-3, 2))
        + axes.curve(np.append(x, now), heights, stroke=svg.FORWARD, stroke_width=2)
        + svg.circle(dot, 4, fill=svg.FORWARD)
    )


def _round_up(value):
    """The next of 4, 10, 20, 40, 100, 200, 400 ..."""
    power = 10 ** int(np.log10(value))
    return next(k * power for k in (1, 2, 4, 10) if k * power >= value)


_LEGEND = (
    _marks(
        svg.Axes(0, 0, 1, 1, x=(0, 1), y=(1, 0)),
        np.array([[46, 391], [120, 391]]),
        np.array([1, 0]),
        3,
    )
    + svg.text(56, 395, "target 1", "start", font_size=12)
    + svg.text(130, 395, "target 0", "start", font_size=12)
    + _ink_on_white(_circles(np.array([200]), np.array([391]), 5.5))
    + svg.text(212, 395, "next batch", "start", font_size=12)
    + _ink_on_white("M285 391h18")
    + svg.text(309, 395, "p = 0.5", "start", font_size=12)
    + svg.text(385, 216, "weights: solid +, dashed −, thick: large", "start", font_size=12)
)
