"""The interactives of lesson 3: how gradients change the weights."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import ipywidgets
import numpy as np

from bplib import datasets, svg
from bplib.activations import TANH, sigmoid
from bplib.losses import BINARY_CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY, half_mse
from bplib.network import dense
from bplib.optimisers import SGD, Adam, Momentum, Nesterov, RMSProp
from bplib.svg import number, rough, short
from bplib.widgets.explore import (
    LABEL,
    Explore,
    Picture,
    choice,
    learning_rate,
    quick,
    slider,
    smooth,
    tick,
    whole,
)


class Surface(NamedTuple):
    """A loss of two weights.

    loss(w) : (..., 2) -> (...);  grad(w) : (2,) -> (2,);  level(E, t) -> w1, w2
    """

    formula: str
    loss: Callable
    grad: Callable
    level: Callable
    start: tuple[float, float]
    axes: svg.Axes


CURVATURES, BEND = np.array([1.0, 10.0]), 5.0
TURN = np.linspace(0, 2 * np.pi, 121)
LEVELS = [0.05, 0.3, 1, 2.5, 5, 9, 15]
STEPS, GONE = 100, 1e6

BOWL = Surface(
    "½·(w1² + 10·w2²)",
    lambda w: 0.5 * np.sum(CURVATURES * w**2, axis=-1),
    lambda w: CURVATURES * w,
    lambda E, t: (np.sqrt(2 * E) * np.cos(t), np.sqrt(2 * E / 10) * np.sin(t)),
    (-2.0, 1.0),
    svg.Axes(45, 30, 350, 270, x=(-2.6, 2.6), y=(-1.6, 1.6)),
)
VALLEY = Surface(
    "½·(1 − w1)² + 5/2·(w2 − w1²)²",
    lambda w: 0.5 * (1 - w[..., 0]) ** 2 + BEND / 2 * (w[..., 1] - w[..., 0] ** 2) ** 2,
    lambda w: np.array(
        [w[0] - 1 - 2 * BEND * w[0] * (w[1] - w[0] ** 2), BEND * (w[1] - w[0] ** 2)]
    ),
    lambda E, t: (
        1 + np.sqrt(2 * E) * np.cos(t),
        (1 + np.sqrt(2 * E) * np.cos(t)) ** 2 + np.sqrt(2 * E / BEND) * np.sin(t),
    ),
    (-1.5, 1.0),
    svg.Axes(45, 30, 350, 270, x=(-2.2, 2.2), y=(-0.7, 3)),
)


@lru_cache(maxsize=512)
def _descend(surface, make, *settings):
    """The weights after 0, 1, ... 100 steps, or until they are beyond a million.  -> (n, 2)"""
    w, optimiser = np.array(surface.start), make(*settings)
    path = [w.copy()]
    while len(path) <= STEPS and np.abs(w).max() < GONE:
        optimiser.step([w], [surface.grad(w)])
        path.append(w.copy())
    return np.array(path)


@lru_cache
def _ground(surface):
    """Lines of equal loss, the start, and the axes around them."""
    axes = surface.axes
    lines = [axes.curve(*surface.level(E, TURN), opacity=0.4) for E in LEVELS]
    ticks = [range(int(np.ceil(low)), int(high) + 1) for low, high in (axes.x, axes.y)]
    start = svg.circle(axes.at(*surface.start), 7, stroke_width=2)
    return axes.clip(*lines, start) + axes.frame("w1", "w2", *ticks)


def _trail(axes, path, **style):
    """The path as a line, cut off at the edge; what is far away is drawn just outside."""
    return axes.clip(axes.curve(*np.clip(path, -50, 50).T, **style))


def ball_on_a_bowl():
    """SGD with momentum in a long bowl, and the largest learning rate that it stands."""
    rate = slider("learning rate η", 0.15, 0.005, 0.4, 0.005)
    rate.readout_format = ".3f"
    explore = Explore(
        draw_ball,
        "Where will η be too large? Find it, then give the ball some momentum.",
        lr=rate,
        momentum=slider("momentum μ", 0.0, 0, 0.95, 0.05),
        step=whole("steps", 20, 0, STEPS),
    )
    return quick(explore, stride=2)


def draw_ball(lr, momentum, step):
    """The path on the contour lines, and η against the bound 2·(1 + μ)/λ_max."""
    path = _descend(BOWL, Momentum, lr, momentum)
    n = min(step, len(path) - 1)
    w, E = path[n], BOWL.loss(path[n])
    bound = 2 * (1 + momentum) / CURVATURES.max()
    if np.isclose(lr, bound):
        sign, verdict = "=", "never decays"
    elif lr < bound:
        sign, verdict = "<", "converges"
    else:
        sign, verdict = ">", "diverges"
    rule = "2·(1 + μ)/λ_max" if momentum else "2/λ_max"
    compared = f"η = {number(lr)} {sign} {number(bound)}"
    # v and w of one direction: each step multiplies by a root of r² − (1 + μ − η·λ)·r + μ = 0
    roots = [np.roots([1, -(1 + momentum - lr * c), momentum]) for c in CURVATURES]
    factors = [number(np.abs(r).max()) for r in roots]
    worked = [
        f"E = {BOWL.formula}, so dE/dw1 = w1, dE/dw2 = 10·w2; the curvatures λ are 1 and 10",
        f"the bound: {rule} = {rule.replace('μ', short(momentum)).replace('λ_max', '10')} = "
        f"{number(bound)}; {compared}: {verdict}",
        "r² − (1 + μ − η·λ)·r + μ = 0: in the long run each step makes w1 "
        f"{factors[0]} and w2 {factors[1]} times as large",
    ]
    if momentum == 0:  # a plain step has a sign: below 0 the ball jumps across
        factors = [number(1 - lr * c) for c in CURVATURES]
        worked[2] = "each step multiplies w1 by 1 − η·1 = {}, w2 by 1 − η·10 = {}".format(*factors)
    end = "" if n == step else f"Stopped after {n} steps, beyond a million. "
    place = f"w1 = {rough(w[0], 4)}, w2 = {rough(w[1], 4)}, E = {rough(E, 4)}"
    alt = f"{compared} = {rule}: {verdict}. Momentum μ = {short(momentum)}. {end}"
    alt += f"After {n} steps: {place}."
    axes, scale = BOWL.axes, svg.Axes(425, 60, 195, 40, x=(0, 0.4), y=(0, 1))
    x_bound, x_rate = scale.at(bound, 0)[0], scale.at(lr, 0)[0]
    near = path[: n + 1][np.abs(path[: n + 1]).max(axis=1) < 3]
    dots = [
        svg.circle(place, 2.5, fill=svg.WEIGHT, stroke="none")
        for place in zip(*np.array(axes.at(*near.T)).tolist(), strict=True)
    ]
    drawing = svg.document(
        345,
        alt,
        _ground(BOWL),
        _trail(axes, path[: n + 1], stroke=svg.WEIGHT, stroke_width=2),
        axes.clip(*dots, svg.circle(axes.at(*np.clip(w, -50, 50)), 7, fill=svg.WEIGHT)),
        svg.text(425, 36, "learning rate η", "start"),
        svg.line((425, 100), (620, 100)),
        svg.line((x_bound, 52), (x_bound, 108), stroke_width=2.5, stroke_dasharray=svg.DOTTED),
        svg.tag("path", d=f"M{x_rate:.1f} 97l-7 -14h14z", fill=svg.WEIGHT, stroke="none"),
        *[svg.text(scale.at(v, 0)[0], 122, short(v)) for v in (0, 0.2, 0.4)],
        svg.bold(425, 156, verdict, "start", font_size=16),
        svg.text(425, 177, compared, "start"),
        svg.text(425, 196, f"dotted: {rule}", "start"),
        svg.text(425, 227, f"w1: × {factors[0]} each step", "start"),
        svg.text(425, 246, f"w2: × {factors[1]} each step", "start"),
        svg.text(425, 277, f"E at the start: {rough(BOWL.loss(path[0]), 4)}", "start"),
        svg.bold(425, 296, f"E after {n} steps: {rough(E, 4)}", "start"),
    )
    table = [["step", "w1", "w2", "E"]]
    rows = np.column_stack([path, BOWL.loss(path)])[: n + 1].tolist()
    table += [[i, *[rough(v, 4) for v in row]] for i, row in enumerate(rows)]
    return Picture(drawing, alt, worked, table)


ORDERS = ["right: all at once", "wrong: W2 first"]


def mazur_step():
    """One update of Mazur's network: with or without biases, in the right or the wrong order."""
    return Explore(
        draw_mazur_step,
        "All weights from the old values at once, or W2 first, so that the error comes back "
        "through the new W2? Compare the last digits of E. Then update the biases too.",
        order=choice("order of update", ORDERS),
        biases=tick("Update the biases too"),
        lr=slider("learning rate η", 0.5, 0, 10),
    )


def _mazur_update(order, biases, lr):
    """E before, E after, gradients [dW1, db1, dW2, db2], and the parameters before and after."""
    x, y, *before = datasets.mazur()
    W1, b1, W2, b2 = before
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    dW2 = delta2.T @ a1
    carrier = W2 if order == ORDERS[0] else W2 - lr * dW2
    delta1 = delta2 @ carrier * a1 * (1 - a1)
    gradients = [delta1.T @ x, delta1[0] * biases, dW2, delta2[0] * biases]
    after = [w - lr * dw for w, dw in zip(before, gradients, strict=True)]
    V1, c1, V2, c2 = after
    E = half_mse(sigmoid(sigmoid(x @ V1.T + c1) @ V2.T + c2), y)
    return half_mse(a2, y), E, gradients, before, after


def draw_mazur_step(order, biases, lr):
    """Every weight before and after, and E as two bars."""
    first, E, gradients, before, after = _mazur_update(order, biases, lr)
    E_right = _mazur_update(ORDERS[0], biases, lr)[1]
    table = [["weight", "before", "gradient used", "after"]]
    for l, dw in enumerate(gradients):
        letter = "Wb"[l % 2] + "12"[l // 2]
        for at in np.ndindex(dw.shape):
            name = f"{letter}[{','.join(map(str, at))}]"
            used = number(dw[at], 9) if "W" in letter or biases else "not updated"
            table.append([name, short(before[l][at]), used, number(after[l][at], 9)])
    first_words, E_words, right_words = (number(v, 9) for v in (first, E, E_right))
    right = order == ORDERS[0]
    note = "the order is right" if right else f"right order: {right_words}"
    gap = "" if right else f"difference: {rough(E - E_right)}"
    W2, W1 = table[7], table[1]
    worked = [
        f"output: W2[0,0] ← {W2[1]} − {short(lr)}·{W2[2]} = {W2[3]}",
        f"hidden: delta1 = (W2.T @ delta2)·a1·(1 − a1), with the {'old' if right else 'new'} W2",
        f"hidden: W1[0,0] ← {W1[1]} − {short(lr)}·{W1[2]} = {W1[3]}",
        f"E: {first_words} → {E_words}",
    ]
    if not right:
        worked.append(f"{note}; {gap}")
    alt = (
        f"One step with η = {short(lr)}, biases {'updated' if biases else 'not updated'}, "
        f"order {order}. E before {first_words}, E after {E_words}; {note}."
    )
    cells = [
        (svg.bold if row == 0 else svg.text)(x, 26 + 22 * row, cell, anchor)
        for row, line in enumerate(table)
        for x, anchor, cell in zip(
            [20, 145, 270, 390], ["start", "end", "end", "end"], line, strict=True
        )
    ]
    table.append(["E", first_words, "", E_words])
    bar = {"stroke": "none", "fill": svg.FORWARD}
    drawing = svg.document(
        305,
        alt,
        *cells,
        svg.line((20, 33), (390, 33)),
        svg.bold(431, 50, "E before", "start") + svg.text(620, 50, first_words, "end"),
        svg.box(425, 58, 200 * first, 24, **bar),
        svg.bold(431, 120, "E after", "start") + svg.bold(620, 120, E_words, "end"),
        svg.box(425, 128, 200 * E, 24, **bar),
        svg.line((425, 54), (425, 156)) + svg.line((625, 54), (625, 156), opacity=0.3),
        svg.text(425, 172, "0") + svg.text(625, 172, "1"),
        svg.text(425, 215, note, "start") + svg.bold(425, 237, gap, "start"),
    )
    return Picture(drawing, alt, worked, table)


STARTS = {"w = 0.6, b = 0.9": (0.6, 0.9), "w = 2, b = 2": (2.0, 2.0)}
EPOCHS = 300
KINDS = {"quadratic": {}, "cross-entropy": {"stroke_dasharray": svg.DASHED}}


def saturated_neuron():
    """One neuron that is to answer 0: does it learn fast when it is very wrong?"""
    explore = Explore(
        draw_saturated,
        "Input 1, target 0. Which start learns faster with the quadratic loss: "
        "the one that is less wrong, or the one that is more wrong?",
        start=choice("start", list(STARTS), "w = 2, b = 2"),
        lr=slider("learning rate η", 0.15, 0.05, 1, 0.05),
        step=whole("epoch", 50, 0, EPOCHS),
    )
    return smooth(explore)


@lru_cache(maxsize=128)
def _train_neuron(start, lr):
    """Error a, slope dL/dw and loss L per epoch.  -> three (301, 2): quadratic, cross-entropy"""
    w, b = (np.full(2, v) for v in STARTS[start])
    z, slopes = [], []
    for _ in range(EPOCHS + 1):
        z.append(w + b)
        a = sigmoid(z[-1])
        slopes.append(a * [a[0] * (1 - a[0]), 1])
        w, b = w - lr * slopes[-1], b - lr * slopes[-1]
    a = sigmoid(np.array(z))
    losses = np.column_stack([a[:, 0] ** 2 / 2, np.logaddexp(0, np.array(z)[:, 1])])
    return a, np.array(slopes), losses


def draw_saturated(start, lr, step):
    """The error, the slope and the loss over the epochs, for both losses."""
    a, slopes, losses = _train_neuron(start, lr)
    shown = {"error a − y": a, "slope dL/dw": slopes, "loss ÷ first loss": losses / losses[0]}
    parts = []
    for left, (name, values) in zip([45, 255, 465], shown.items(), strict=True):
        axes = svg.Axes(left, 62, 150, 170, x=(0, EPOCHS), y=(0, 1.05))
        parts.append(axes.frame("epoch", name, (0, 100, 200, 300), (0, 0.5, 1)))
        now = axes.at(step, 0)[0]
        parts.append(svg.line((now, 62), (now, 232), opacity=0.5))
        for k, style in enumerate(KINDS.values()):
            parts.append(axes.curve(np.arange(EPOCHS + 1), values[:, k], stroke_width=2.5, **style))
            parts.append(svg.circle(axes.at(step, values[step, k]), 4.5, fill="currentColor"))
    legend = [
        svg.line((x, 18), (x + 36, 18), stroke_width=2.5, **style)
        + svg.text(x + 44, 23, f"{name}: a = {number(a[step, k])}", "start")
        for k, (x, (name, style)) in enumerate(zip([45, 340], KINDS.items(), strict=True))
    ]
    (a_q, a_c), (s_q, s_c) = a[step], slopes[step]
    worked = [
        f"quadratic: dL/dw = (a − y)·a·(1 − a) = {number(a_q)}·{number(a_q)}·{number(1 - a_q)} "
        f"= {number(s_q, 4)}",
        f"cross-entropy: dL/dw = a − y = {number(s_c, 4)}",
        f"at epoch {step} the step −η·dL/dw is {number(-lr * s_q, 5)} (quadratic) and "
        f"{number(-lr * s_c, 5)} (cross-entropy): the slope decides, not the error",
    ]
    alt = (
        f"Start {start}, η = {short(lr)}, epoch {step}, target 0. "
        f"Quadratic loss: a = {number(a_q)}, slope {number(s_q, 4)}. "
        f"Cross-entropy: a = {number(a_c)}, slope {number(s_c, 4)}."
    )
    table = [["epoch", "loss function", "a", "slope dL/dw", "loss L"]]
    for epoch in sorted({0, 50, 100, 200, EPOCHS, step}):
        for k, name in enumerate(KINDS):
            row = a[epoch, k], slopes[epoch, k], losses[epoch, k]
            table.append([epoch, name, *[number(v, 4) for v in row]])
    return Picture(svg.document(275, alt, *legend, *parts), alt, worked, table)


XOR_STEPS = 200
LOSS_RANGE = -4, 3


def best_lr(seed=0):
    """Find the best learning rate for XOR, alone or with a class.   seed : of the first weights"""
    points = ipywidgets.Text(
        description="points of the class",
        tooltip="points of the class",
        placeholder="η:loss η:loss …",
        continuous_update=False,
        style=LABEL["style"],
        layout={"width": "40em"},
    )
    lr = learning_rate(0.1, -2, 2)
    explore = Explore(
        lambda lr, points: draw_best_lr(lr, points, seed),
        f"Each η trains a 2-4-1 network on XOR for {XOR_STEPS} steps. Register the good and the "
        "bad ones. To share, copy the text of the points; to collect, paste many such texts.",
        lr=lr,
        points=points,
    )

    def keep(_button):
        point = f"{lr.value:.3g}:{_train_xor(lr.value, seed)[-1]:.3g}"
        if point not in points.value.split():
            points.value = f"{points.value} {point}".strip()

    register = ipywidgets.Button(
        description="Register", tooltip="Keep this η and its final loss.", layout={"width": "6em"}
    )
    register.on_click(keep)
    buttons = explore.children[2]
    buttons.children = (register, *buttons.children)
    return explore


@lru_cache(maxsize=256)
def _train_xor(lr, seed):
    """The loss before and after each step of SGD with all four rows.   ->  (XOR_STEPS + 1,)"""
    x, y = datasets.xor()
    net = dense([2, 4, 1], TANH, BINARY_CROSS_ENTROPY, np.random.default_rng(seed))
    optimiser, losses = SGD(lr), []
    for _ in range(XOR_STEPS):
        trace = net.forward(x)
        losses.append(net.loss.value(trace.a[-1], y))
        optimiser.step(net.params, net.backward(trace, y).params)
    return np.array([*losses, net.loss.value(net.forward(x).a[-1], y)])


def _read_points(words):
    """[(η, loss), ...] sorted by η, and the pieces of the text that are no points."""
    points, unread = [], []
    for piece in re.split(r"[\s,;]+", words.strip()) if words.strip() else []:
        try:
            lr, loss = map(float, piece.split(":"))
        except ValueError:
            lr = loss = 0
        if 0 < lr < np.inf and 0 <= loss < np.inf:
            points.append((lr, loss))
        else:
            unread.append(piece)
    return sorted(points), unread


def _log(axes, lr, loss):
    """A point on log axes, moved to the edge when it lies outside."""
    with np.errstate(divide="ignore"):
        return axes.at(np.clip(np.log10(lr), *axes.x), np.clip(np.log10(loss), *axes.y))


def draw_best_lr(lr, points, seed=0):
    """The loss curve of this η, and the final losses of all the points."""
    losses = _train_xor(lr, seed)
    known, unread = _read_points(points)
    left = svg.Axes(62, 34, 240, 200, x=(0, XOR_STEPS), y=LOSS_RANGE)
    right = svg.Axes(385, 34, 240, 200, x=(-2, 2), y=LOSS_RANGE)
    with np.errstate(divide="ignore"):
        heights = np.clip(np.log10(losses), *LOSS_RANGE)
    here = _log(right, lr, losses[-1])
    ends = [_log(right, *point) for point in known]
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in ends)
    best = min(known, key=lambda point: point[1], default=None)
    said = f"{len(known)} {'point' if len(known) == 1 else 'points'} registered"
    if best:
        said += f", best: η = {rough(best[0])}, loss {rough(best[1])}"
    worked = [
        f"η = {rough(lr)}: loss {number(losses[0])} before training, "
        f"{rough(losses[-1])} after {XOR_STEPS} steps",
        said,
    ]
    if unread:
        worked.append(f"Not read, because a point is η:loss: {' '.join(unread[:5])[:80]}")
    alt = f"{worked[0]}. {said}."
    ring = {"stroke": "#AA4499", "stroke_width": 2.5}
    drawing = svg.document(
        300,
        alt,
        left.curve(np.arange(XOR_STEPS + 1), heights, stroke_width=2),
        left.frame("step", f"loss with η = {rough(lr)}", (0, 50, 100, 150, 200), ()),
        svg.decades(left, y=range(-4, 4)),
        right.frame("learning rate η", f"loss after {XOR_STEPS} steps", (), ()),
        svg.decades(right, x=range(-2, 3), y=range(-4, 4)),
        svg.tag("polyline", points=joined, opacity=0.6),
        *[svg.circle(end, 4, fill="currentColor") for end in ends],
        svg.circle(here, 8, **ring),
        svg.circle((410, 288), 8, **ring) + svg.text(425, 293, "this η", "start"),
        svg.circle((505, 288), 4, fill="currentColor") + svg.text(516, 293, "registered", "start"),
    )
    table = [["η", "final loss", "where from"], [rough(lr), rough(losses[-1]), "this η"]]
    table += [[rough(point[0]), rough(point[1]), "registered"] for point in known]
    return Picture(drawing, alt, worked, table)


SURFACES = {"bowl": BOWL, "curved valley": VALLEY}
RACERS = {
    "SGD": (SGD, {"stroke": "currentColor"}),
    "momentum": (Momentum, {"stroke": "#AA4499", "stroke_dasharray": "9 4"}),
    "Nesterov": (Nesterov, {"stroke": "#997700", "stroke_dasharray": "9 3 2 3"}),
    "RMSProp": (RMSProp, {"stroke": "#33888F", "stroke_dasharray": "5 3"}),
    "Adam": (Adam, {"stroke": "#CC6677", "stroke_dasharray": "2 3"}),
}


def optimiser_race():
    """Five optimisers from the same place with the same learning rate."""
    explore = Explore(
        draw_race,
        "Who will be lowest after 100 steps? Guess, then press Play. Then change η.",
        surface=choice("surface", list(SURFACES), "curved valley"),
        lr=learning_rate(0.02, -3, 0),
        step=whole("steps", 20, 0, STEPS),
    )
    return quick(explore, stride=2)


def draw_race(surface, lr, step):
    """Five paths on the contour lines, and the loss of each."""
    ground = SURFACES[surface]
    axes = ground.axes
    trails, results = [], []
    for name, (make, style) in RACERS.items():
        path = _descend(ground, make, lr)
        n = min(step, len(path) - 1)
        trails.append(_trail(axes, path[: n + 1], stroke_width=2.5, **style))
        w, loss = path[n], ground.loss(path[n])
        note = f"gone at {n}" if np.abs(w).max() >= GONE else rough(loss)
        place = axes.at(np.clip(w[0], *axes.x), np.clip(w[1], *axes.y))
        results.append((name, w, loss, note, style, place))
    ranked, labels, rows, lowest = sorted(results, key=lambda r: r[2]), [], [], axes.top
    for name, *_, style, (x, y) in sorted(results, key=lambda r: r[5][1]):
        lowest = max(lowest + 13, y + 4)  # the letters of near ends stand below each other
        aside = 12 if x < axes.left + axes.width - 20 else -12
        labels.append(svg.circle((x, y), 4, fill=style["stroke"], stroke="none"))
        labels.append(svg.bold(x + aside, lowest, name[0].upper()))
    for y, (name, _, _, note, style, _) in zip(range(90, 203, 28), ranked, strict=True):
        rows.append(svg.line((410, y - 4), (442, y - 4), stroke_width=2.5, **style))
        rows.append(svg.bold(455, y, name[0].upper()) + svg.text(466, y, name, "start"))
        rows.append(svg.text(635, y, note, "end"))
    losses = ", ".join(f"{name} {note}" for name, _, _, note, *_ in ranked)
    alt = f"{surface}, η = {rough(lr)}, after {step} steps. Loss, lowest first: {losses}."
    drawing = svg.document(
        345,
        alt,
        _ground(ground),
        *trails,
        *labels,
        svg.bold(410, 44, f"loss after {step} steps", "start"),
        svg.text(410, 62, f"with η = {rough(lr)}, lowest first", "start"),
        *rows,
    )
    worked = [f"E = {ground.formula}", f"momentum and Nesterov: μ = {Momentum().momentum}"]
    worked.append(f"RMSProp: ρ = {RMSProp().rho}; Adam: β = {Adam().beta1} and {Adam().beta2}")
    table = [["optimiser", "w1", "w2", "loss"]]
    table += [[name, *map(rough, (*w, loss))] for name, w, loss, *_ in ranked]
    return Picture(drawing, alt, worked, table)


GAUGE_STEPS = 30
NETWORKS = {"digits": [64, 32, 16, 10], "moons": [2, 16, 8, 1]}
GAUGE = svg.Axes(60, 40, 400, 150, x=(-6, 1), y=(0, 3))


def update_gauge(seed=0):
    """How large is a step compared with the weights?   seed : of the data and the first weights"""
    explore = Explore(
        draw_gauge,
        "Change η until every layer is near 0.001. Then make η ten times as large, and once "
        "more: what does the loss say?",
        data=choice("data", list(NETWORKS)),
        lr=learning_rate(0.1, -4, 1),
        step=whole("training steps done", 10, 0, GAUGE_STEPS),
        seed=whole("seed", seed, 0, 99),
    )
    return quick(explore)


@lru_cache(maxsize=128)
def _train_and_measure(data, lr, seed):
    """‖dW‖ and ‖W‖ of each layer, and the loss, after 0 ... 30 steps.  -> (31, 3) twice, (31,)"""
    rng = np.random.default_rng(seed)
    x, y = datasets.moons(100, rng) if data == "moons" else datasets.digits()
    rows = rng.permutation(len(x))[:100]
    x, y = x[rows], y[rows]
    loss = BINARY_CROSS_ENTROPY if data == "moons" else SOFTMAX_CROSS_ENTROPY
    net, optimiser = dense(NETWORKS[data], TANH, loss, rng), SGD(lr)
    slopes, sizes, losses = [], [], []
    for _ in range(GAUGE_STEPS + 1):
        trace = net.forward(x)
        gradients = net.backward(trace, y)
        slopes.append([np.linalg.norm(dW) for dW in gradients.dW])
        sizes.append([np.linalg.norm(layer.W) for layer in net.layers])
        losses.append(loss.value(trace.a[-1], y))
        optimiser.step(net.params, gradients.params)
    return np.array(slopes), np.array(sizes), np.array(losses)


def _judge(ratio):
    """The rule of thumb in words: about 1e-3, within a factor of the square root of 10."""
    return "small" if ratio < 10**-3.5 else "healthy" if ratio < 10**-2.5 else "large"


def draw_gauge(data, lr, step, seed):
    """‖η·dW‖ / ‖W‖ of each layer on a log scale, before training and now."""
    slopes, sizes, losses = _train_and_measure(data, lr, seed)
    ratios = lr * slopes / sizes
    low, high = (GAUGE.at(v, 0)[0] for v in (-3.5, -2.5))
    parts = [svg.box(low, 40, high - low, 150, fill=svg.WEIGHT, fill_opacity=0.25, stroke="none")]
    table = [["layer", "‖dW‖", "‖W‖", "ratio now", "ratio before training", "verdict"]]
    worked = []
    for l, ratio in enumerate(ratios[step]):
        y, sentence = 65 + 50 * l, f"{rough(ratio)} {_judge(ratio)}"
        before, now = (_log(GAUGE, r[l], 1)[0] for r in (ratios[0], ratios[step]))
        parts.append(svg.text(52, y + 5, f"W{l + 1}", "end"))
        parts.append(svg.line((before, y), (now, y)) + svg.circle((before, y), 8))
        parts.append(svg.circle((now, y), 5, fill=svg.WEIGHT, stroke="none"))
        parts.append(svg.bold(475, y + 5, sentence, "start"))
        dW, W = rough(slopes[step, l]), rough(sizes[step, l])
        table.append([f"W{l + 1}", dW, W, rough(ratio), rough(ratios[0, l]), _judge(ratio)])
        worked.append(f"W{l + 1}: ‖η·dW‖ / ‖W‖ = {rough(lr)}·{dW} / {W} = {sentence}")
    worked.append(
        "About 0.001 is a rule of thumb for long trainings in small batches. "
        "These few steps with all rows stand more: watch the loss."
    )
    words = ", ".join(f"{row[0]} {row[3]} {row[5]}" for row in table[1:])
    alt = (
        f"{data}, η = {rough(lr)}, after {step} steps: loss {rough(losses[step])}. "
        f"Update divided by weight: {words}."
    )
    sizes_words = "-".join(map(str, NETWORKS[data]))
    drawing = svg.document(
        265,
        alt,
        *parts,
        GAUGE.frame("size of the update ÷ size of the weights", "", (), ()),
        svg.decades(GAUGE, x=range(-6, 2)),
        svg.text((low + high) / 2, 30, "healthy"),
        svg.circle((68, 250), 7) + svg.text(83, 254, "before training", "start"),
        svg.circle((210, 250), 5, fill=svg.WEIGHT, stroke="none"),
        svg.text(223, 254, f"after {step} steps", "start"),
        svg.text(345, 254, f"network {sizes_words}", "start"),
        svg.bold(475, 30, f"loss {rough(losses[0])} → {rough(losses[step])}", "start"),
    )
    return Picture(drawing, alt, worked, table)
