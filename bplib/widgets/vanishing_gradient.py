"""Interactives of lesson 5: where the error signal vanishes, and which first weights keep it."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bplib import datasets, svg
from bplib.activations import LEAKY_RELU, RELU, SIGMOID, TANH
from bplib.initialisers import he, normal, xavier
from bplib.losses import SOFTMAX_CROSS_ENTROPY
from bplib.network import dense
from bplib.svg import number, rough, short
from bplib.widgets.explore import Explore, Picture, choice, slider, whole

PHIS = {"sigmoid": SIGMOID, "tanh": TANH, "ReLU": RELU, "Leaky ReLU": LEAKY_RELU}
BACK = {"stroke": svg.BACKWARD, "stroke_dasharray": svg.DASHED, "stroke_width": 2}
LIMIT = {"stroke_dasharray": svg.DOTTED, "stroke_width": 1.5}


def _rms(values):
    """Root of the mean square, scaled first: a square under- or overflows long before its root."""
    largest = float(np.abs(values).max())
    if largest == 0 or not math.isfinite(largest):
        return largest
    scaled = (values / largest).ravel()
    return largest * math.sqrt(scaled @ scaled / scaled.size)


def _log10(sizes):
    """The logarithm of sizes; -inf where one is 0."""
    with np.errstate(divide="ignore"):
        return np.log10(sizes)


def _over(first, last):
    """first / last; NaN, and no error, where both are 0 or both are infinite."""
    with np.errstate(all="ignore"):
        return float(np.divide(first, last))


def _decades(logs, low, high):
    """The exponents that get a tick, so that low, high and every finite logarithm fit between."""
    logs = np.append(logs[np.isfinite(logs)], [low, high])
    low, high = logs.min(), logs.max()
    every = next(step for step in (1, 2, 4, 5, 10, 20, 50, 100) if high - low <= 8 * step)
    return range(math.floor(low / every) * every, math.ceil(high / every) * every + 1, every)


def _log_curve(axes, x, logs, **style):
    """A curve of logarithms; what is 0, infinite or far outside is drawn at the edge."""
    return axes.curve(x, np.clip(logs, *axes.y), **style)


def _layer_ticks(layers):
    """Layer 1, and the others in equal steps, about ten in all."""
    every = math.ceil(layers / 10)
    return sorted({1, *range(every, layers + 1, every)})


class Profile(NamedTuple):
    """Sizes by hidden layer, the first next to the input.   each (depth,)"""

    delta: np.ndarray
    dW: np.ndarray
    spread: np.ndarray


def _old(n_out, n_in, rng):
    """W ~ U(-1/sqrt(n_in), 1/sqrt(n_in)), "standard" before 2010.

    Source: Glorot & Bengio 2010, eq. (1).
    """
    return rng.uniform(-1, 1, (n_out, n_in)) / np.sqrt(n_in)


def _large(n_out, n_in, rng):
    """W ~ N(0, 1)."""
    return normal(n_out, n_in, rng, std=1.0)


INITS = {
    "small: N(0, 0.01²)": normal,
    "old: U(−1/√n, 1/√n)": _old,
    "Xavier": xavier,
    "He": he,
    "large: N(0, 1)": _large,
}
DATA = ["100 digits", "100 rows of noise"]


class Size(NamedTuple):
    """One of the three curves: its name, its line, and its mark at each layer."""

    name: str
    style: dict
    mark: Callable


def _square(place, **style):
    return svg.box(place[0] - 3.5, place[1] - 3.5, 7, 7, **style)


def _diamond(place, **style):
    x, y = place
    return svg.tag("path", d=f"M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z", **style)


def _dot(place, **style):
    return svg.circle(place, 3.5, **style)


SIZES = Profile(
    Size("RMS of delta", BACK, _dot),
    Size(
        "RMS of dW",
        {"stroke": svg.WEIGHT, "stroke_width": 2, "stroke_dasharray": "9 3 2 3"},
        _square,
    ),
    Size("spread (std) of a", {"stroke": svg.FORWARD, "stroke_width": 2}, _diamond),
)


def depth_lab():
    """One batch forward and back: delta, dW and the activations in each layer."""
    return Explore(
        draw_depth,
        "With ten sigmoid layers delta vanishes. Is the slope to blame, or are the weights? "
        "Then try ReLU with small weights: which of the three curves shows the problem?",
        depth=whole("hidden layers", 10, 2, 30),
        phi=choice("activation", list(PHIS)),
        init=choice("first weights", list(INITS), "Xavier"),
        width=choice("neurons in a layer", [32, 64], 64),
        data=choice("data", DATA),
        weights_seed=whole("seed", 0, 0, 99),
    )


@lru_cache(maxsize=1)
def _digits():
    return datasets.digits()


@lru_cache(maxsize=256)
def _measure(depth, phi, init, width, data, seed):
    """RMS of delta and dW, and std of a, in each hidden layer of a new network.   -> Profile"""
    rng = np.random.default_rng(seed)
    sizes = [64, *[width] * depth, 10]
    net = dense(sizes, PHIS[phi], SOFTMAX_CROSS_ENTROPY, rng, INITS[init])
    if data == DATA[0]:
        x, y = _digits()
        rows = rng.permutation(len(x))[:100]
        x, y = x[rows], y[rows]
    else:
        x, y = rng.normal(size=(100, 64)), np.eye(10)[rng.integers(10, size=100)]
    trace = net.forward(x)
    gradients = net.backward(trace, y)
    return Profile(
        np.array([_rms(delta) for delta in gradients.delta[:depth]]),
        np.array([_rms(dW) for dW in gradients.dW[:depth]]),
        np.array([a.std() for a in trace.a[1 : depth + 1]]),
    )


def _verdict(ratio):
    """Of the first layer compared with the last: a factor of 100 either way is too much."""
    if math.isnan(ratio):
        return "is 0 in every layer"
    return "vanishes" if ratio < 0.01 else "explodes" if ratio > 100 else "keeps its size"


def draw_depth(depth, phi, init, width, data, weights_seed):
    """Three curves by layer on a log scale, and the ratio of the first to the last layer."""
    profile = _measure(depth, phi, init, width, data, weights_seed)
    ratios = Profile(*[_over(sizes[0], sizes[-1]) for sizes in profile])
    factor = ratios.delta ** (1 / (depth - 1))
    verdict = _verdict(ratios.delta)
    trap = not 0.01 <= ratios.delta <= 100 and 0.2 < ratios.dW < 5
    logs = [_log10(sizes) for sizes in profile]
    ticks = _decades(np.concatenate(logs), -6, 1)
    span = 0.5, depth + 0.5
    axes = svg.Axes(66, 34, 350, 240, x=span, y=(ticks[0], ticks[-1]))
    layers = np.arange(1, depth + 1)
    parts = []
    for i, (size, log) in enumerate(zip(SIZES, logs, strict=True)):
        solid = {"fill": size.style["stroke"], "stroke": "none"}
        parts.append(_log_curve(axes, layers, log, **size.style))
        places = zip(*axes.at(layers, np.clip(log, *axes.y)), strict=True)
        parts += [size.mark(place, **solid) for place in places]
        x = 66 + 150 * i
        parts.append(svg.line((x, 331), (x + 34, 331), **size.style))
        parts.append(size.mark((x + 17, 331), **solid) + svg.text(x + 42, 335, size.name, "start"))
    first_last = f"layer 1 ÷ layer {depth}"
    lines = [
        svg.bold(436, 48, f"delta {verdict}", "start", font_size=15),
        svg.text(436, 80, f"{first_last}:", "start"),
        svg.bold(436, 102, f"delta {rough(ratios.delta)}", "start"),
        svg.text(436, 121, f"× {rough(factor)} per layer", "start"),
        svg.text(436, 147, f"dW {rough(ratios.dW)}", "start"),
        svg.text(436, 173, f"spread of a {rough(ratios.spread)}", "start"),
    ]
    if trap:
        lines.append(svg.box(436, 193, 196, 66, stroke_width=2, stroke_dasharray=svg.DOTTED))
        lines.append(svg.bold(446, 212, "The metric trap", "start"))
        lines.append(svg.text(446, 231, "dW is alike in all layers,", "start"))
        lines.append(svg.text(446, 249, f"but delta {verdict}.", "start"))
    said = (
        f"RMS of delta of layer 1 is {rough(ratios.delta)} times that of layer {depth}, "
        f"the last hidden layer"
    )
    worked = [
        f"{said}: {rough(profile.delta[0])} / {rough(profile.delta[-1])}",
        f"per layer: ({rough(ratios.delta)})^(1/{depth - 1}) = {rough(factor)}",
        f"dW = delta.T @ a: RMS of dW of layer 1 is {rough(profile.dW[0])}, "
        f"{rough(ratios.dW)} times that of layer {depth}",
        f"std of a: {rough(profile.spread[0])} in layer 1, "
        f"{rough(profile.spread[-1])} in layer {depth}",
    ]
    if trap:
        way = "smaller" if ratios.delta < 1 else "larger"
        worked.append(
            f"The metric trap: delta gets {way} in each layer on its way back, and a gets {way} by "
            "the same factor on its way forward. dW is their product: it looks the same everywhere."
        )
    alt = (
        f"{phi}, {init}, {depth} hidden layers of {width}, {data}, seed {weights_seed}. "
        f"delta {verdict}: {said}, a factor of {rough(factor)} per layer. "
        f"For dW it is {rough(ratios.dW)} times, for the spread of a {rough(ratios.spread)} times."
    )
    if trap:
        alt += f" The metric trap: dW is alike in all layers, but delta {verdict}."
    drawing = svg.document(
        345,
        alt,
        axes.frame(
            "hidden layer (1 is next to the input)", "size, log scale", _layer_ticks(depth), ()
        ),
        svg.decades(axes, y=ticks),
        *parts,
        *lines,
    )
    table = [["layer", *[size.name for size in SIZES]]]
    table += [[l, *map(rough, row)] for l, *row in zip(layers.tolist(), *profile, strict=True)]
    return Picture(drawing, alt, worked, table)


CHAIN_PHIS = {"sigmoid": (SIGMOID, "σ′"), "tanh": (TANH, "tanh′"), "ReLU": (RELU, "ReLU′")}
LONGEST = 20
FACTORS = -3, 1


def neuron_chain():
    """One neuron per layer: the error signal as a product, factor by factor."""
    return Explore(
        draw_chain,
        "Press Step: each factor is a weight times a slope. Which w and b hold a chain of "
        "sigmoids at 1? (Every z must be 0.) And what happens to it when x changes?",
        phi=choice("activation", list(CHAIN_PHIS)),
        layers=whole("neurons L", 10, 2, LONGEST),
        w=slider("weight w", 1.0, -8, 8),
        b=slider("bias b", 0.0, -6, 6),
        x=slider("input x", 0.5, -3, 3),
        step=whole("steps back", 3, 0, LONGEST - 1),
    )


def _chain(phi, layers, w, b, x):
    """z, the slope at z, and w times the slope, of L neurons in a row.   -> three (layers,)"""
    z, a = [], x
    for _ in range(layers):
        z.append(w * a + b)
        a = float(phi(z[-1]))
    slopes = phi.prime(np.array(z))
    return np.array(z), slopes, w * slopes


def _factor(value):
    """A number as a factor: a negative one in brackets."""
    return f"({rough(value)})" if value < 0 else rough(value)


def draw_chain(phi, layers, w, b, x, step):
    """The chain, a bar for each factor that has been met, and the product so far."""
    activation, prime = CHAIN_PHIS[phi]
    z, slopes, factors = _chain(activation, layers, w, b, x)
    # products[k] = dL/dz of layer L - k, when dL/dz of layer L is 1
    products = np.cumprod([1.0, *factors[-2::-1]])
    steepest = float(activation.prime(np.array([-1, 0, 1])).max())
    best = (abs(w) * steepest) ** np.arange(layers)
    done, now = min(step, layers - 1), layers - min(step, layers - 1)
    ends = svg.Axes(66, 110, 560, 90, x=(0.5, layers + 0.5), y=FACTORS)
    at = np.arange(1, layers + 1)
    centres = ends.at(at, 0)[0]
    radius = min(15.0, 200 / layers)
    gap = centres[1] - centres[0]
    parts = [svg.text(14, 38, f"x {short(x)}", "start", font_size=12)]
    for l, centre in zip(at, centres, strict=True):
        lit = {"stroke": svg.BACKWARD, "stroke_width": 3} if l == now else {}
        parts.append(svg.circle((centre, 34), radius, **lit))
        parts.append(svg.text(centre, 38.5, str(l), font_size=11))
        start = centre - gap + radius if l > 1 else min(58, centre - radius - 4)
        forward = {"stroke": svg.FORWARD, "stroke_width": 2}
        parts.append(svg.line((start, 34), (centre - radius, 34), **forward))
        if now < l:
            path = f"M{centre:.1f} {36 + radius:.1f}q{-gap / 2:.1f} 18 {-gap:.1f} 0"
            parts.append(svg.tag("path", d=path, **BACK))
            head = f"M{centre - gap:.1f} {35 + radius:.1f}l9 1l-5 6z"
            parts.append(svg.tag("path", d=head, fill=svg.BACKWARD, stroke="none"))
    logs = np.clip(_log10(np.abs(factors)), *FACTORS)
    one = ends.at(0, 0)[1]
    bar = min(22.0, 0.5 * gap)
    filled = {"fill": svg.BACKWARD, "fill_opacity": 0.35} | BACK | {"stroke_width": 1.5}
    for l, centre in zip(at[:-1], centres, strict=False):
        met = l >= now
        y = ends.at(0, logs[l - 1])[1]
        if met:
            parts.append(svg.box(centre - bar / 2, min(y, one), bar, abs(y - one), **filled))
        words = rough(factors[l - 1], 3 if layers <= 12 else 2) if met else "?"
        parts.append(svg.text(centre, 216 + 14 * (l % 2), words, font_size=11))
    # a product of 0 has no logarithm: it is written at the lower edge
    alive = np.count_nonzero(products[: done + 1])
    heights = _log10(np.abs(products[:alive]))
    dotted = _log10(best)
    ticks = _decades(np.concatenate([_log10(np.abs(products)), dotted]), -2, 1)
    axes = svg.Axes(66, 275, 560, 130, x=ends.x, y=(ticks[0], ticks[-1]))
    met_layers = layers - np.arange(alive)
    gone = [svg.bold(centres[l - 1], 401, "0") for l in range(now, layers - alive + 1)]
    base = short(steepest) if short(abs(w)) == "1" else f"({short(abs(w))}·{short(steepest)})"
    bound = f"{base}^{layers - 1}"
    product = products[done]
    parts += [
        ends.frame("", f"factor w·{prime}(z), log scale", (), ()),
        svg.decades(ends, y=range(FACTORS[0], FACTORS[1] + 1, 2)),
        svg.line((66, one), (626, one), opacity=0.6),
        svg.text(60, one + 4, "1", "end"),
        axes.frame("layer", f"dL/dz, when dL/dz{layers} is 1, log scale", _layer_ticks(layers), ()),
        svg.decades(axes, y=ticks),
        _log_curve(axes, layers - np.arange(layers), dotted, **LIMIT),
        _log_curve(axes, met_layers, heights, **BACK),
        *[
            _dot(place, fill=svg.BACKWARD, stroke="none")
            for place in zip(*axes.at(met_layers, heights), strict=True)
        ],
        *gone,
        svg.bold(626, 267, f"dL/dz{now} = {rough(product)}", "end"),
        svg.line((66, 460), (100, 460), **BACK) + svg.text(108, 464, "the product so far", "start"),
        svg.line((290, 460), (324, 460), **LIMIT),
        svg.text(332, 464, f"at most: {bound} = {rough(best[-1])}", "start"),
    ]
    limit = f"with w = {short(w)} and every slope {short(steepest)}: {bound} = {rough(best[-1])}"
    worked = [f"start: dL/dz{layers} is taken as 1; each step back multiplies by w·{prime}(z)"]
    if done:
        before = f"a{now - 1}" if now > 1 else "x"
        a = float(activation(z[now - 2])) if now > 1 else x
        slope, factor = rough(slopes[now - 1]), _factor(factors[now - 1])
        worked += [
            f"z{now} = w·{before} + b = {_factor(w)}·{_factor(a)} + {_factor(b)} = "
            f"{rough(z[now - 1])}",
            f"factor of layer {now}: w·{prime}(z{now}) = {_factor(w)}·{slope} = "
            f"{rough(factors[now - 1])}",
            f"dL/dz{now} = factor·dL/dz{now + 1} = {factor}·{_factor(products[done - 1])} = "
            f"{rough(product)}",
        ]
    worked.append(f"at most, in size, {limit}")
    if done == layers - 1:
        worked.append(_chain_verdict(layers, abs(product), best[-1]))
    met = ", ".join(f"layer {l}: {rough(factors[l - 1])}" for l in range(layers - 1, now - 1, -1))
    alt = (
        f"{layers} {phi} neurons in a row, w = {short(w)}, b = {short(b)}, x = {short(x)}. "
        f"Factors from the last layer to the first: {met or 'none yet'}. "
        f"dL/dz{now} is {rough(product)} times dL/dz{layers}. At most, {limit}."
    )
    table = [["layer", "z", "slope", "factor", "dL/dz"]]
    for l in range(layers, 0, -1):
        cells = [rough(slopes[l - 1]), rough(factors[l - 1]), rough(products[layers - l])]
        if l == layers:
            cells = ["", "", "1"]
        table.append([l, rough(z[l - 1]), *(cells if l >= now else "???")])
    return Picture(svg.document(475, alt, *parts), alt, worked, table)


def _chain_verdict(layers, product, best):
    """What became of the signal, in one line.   product, best : sizes, not negative"""
    if product == 0:
        return "A factor is 0, or too small for a float, so the whole product is 0."
    factor = f"on average a factor of {rough(product ** (1 / (layers - 1)))} per layer"
    if product > 2:
        return f"The signal explodes: {factor}."
    if product >= 0.5:
        return f"The signal keeps its size: {factor}."
    if best >= 0.5:
        return (
            f"The signal vanishes, {factor}: w is large enough, but z is not 0, "
            "so the slopes are smaller."
        )
    return f"The signal vanishes: {factor}."


BAND = 0.5, 2.0
DEEP, NETWORKS, ROWS = 50, 4, 12
SEARCHED = ["ReLU", "tanh", "sigmoid"]


def find_initialisation():
    """A game: first weights that keep delta between one half and two, over 50 layers."""
    size = slider("c in σ_w = c / √n", 1.0, 0, 12, 0.01)
    size.readout_format = ".2f"
    return Explore(
        draw_search,
        f"Find c so that delta stays between 1/2 and 2 in all {DEEP} layers. Type c into its "
        "field, or move it with the arrow keys. Start with ReLU, then tanh; sigmoid is hard.",
        phi=choice("activation", SEARCHED),
        c=size,
        width=choice("neurons n in a layer", [32, 64, 128], 128),
        weights_seed=whole("seed", 0, 0, 19),
    )


class Draws(NamedTuple):
    """Draws from N(0, 1) for several networks.   W : (k, 50, n, n),  x, dL : (k, m, n)"""

    W: np.ndarray
    x: np.ndarray
    dL: np.ndarray


@lru_cache(maxsize=1)
def _draw_numbers(width, seed):
    """What the weights, the inputs and the errors behind the last layer are made of."""
    rng = np.random.default_rng(seed)
    shapes = (DEEP, width, width), (ROWS, width), (ROWS, width)
    return Draws(*[rng.standard_normal((NETWORKS, *shape)) for shape in shapes])


@lru_cache(maxsize=1024)
def _search(phi, c, width, seed):
    """RMS of delta over its value in the last layer, and the mean of slope squared.

    All networks and rows count alike.  -> (50,), all 0 where no signal comes back, and a float
    """
    phi, draws, sigma = PHIS[phi], _draw_numbers(width, seed), c / np.sqrt(width)
    a, slopes = draws.x, []
    for l in range(DEEP):
        z = sigma * (a @ draws.W[:, l].transpose(0, 2, 1))
        a = phi(z)
        slopes.append(phi.prime(z))
    da, sizes = draws.dL, np.zeros(DEEP)
    for l in reversed(range(DEEP)):
        delta = da * slopes[l]
        sizes[l] = _rms(delta)
        da = sigma * (delta @ draws.W[:, l])
    mean = float(np.mean([np.mean(slope**2) for slope in slopes]))
    return sizes / (sizes[-1] or 1.0), mean


def _found(phi, mean):
    """What the right answer means, told only when it has been found."""
    if phi == "ReLU":
        return (
            f"Found. Half of the slopes are 1: c²/2 = 1 gives c = √2 = {number(np.sqrt(2))}, "
            "so σ_w = √(2/n): these are He's first weights."
        )
    if phi == "tanh":
        return (
            "Found. The slopes of tanh are 1 at z = 0 and less elsewhere, so c is a little more "
            "than 1; σ_w = 1/√n are Xavier's first weights."
        )
    return (
        f"Found, at a price: the mean of slope² is only {rough(mean)}, so most neurons are "
        "saturated, and the few others carry the signal."
    )


def draw_search(phi, c, width, weights_seed):
    """The error signal over 50 layers relative to the last, and the band it is to stay in."""
    sizes, mean = _search(phi, c, width, weights_seed)
    low, high = BAND
    outside = np.flatnonzero((sizes < low) | (sizes > high))
    factor = sizes[0] ** (1 / (DEEP - 1))
    sigma = f"σ_w = c/√n = {number(c, 2)}/√{width} = {rough(c / np.sqrt(width))}"
    if not outside.size:
        verdict, where = "within the band", f"in all {DEEP} layers"
    elif not sizes[-1]:
        verdict, where = "no signal", f"delta is 0 in all {DEEP} layers"
    else:
        first = int(outside[-1])  # the first on the way back
        verdict = "vanishes" if sizes[first] < low else "explodes"
        where = f"{'below 1/2' if sizes[first] < low else 'above 2'} at layer {first + 1}"
    worked = [
        sigma,
        f"measured: RMS of delta of layer 1 is {rough(sizes[0])} times that of layer {DEEP}; "
        f"({rough(sizes[0])})^(1/{DEEP - 1}) = {rough(factor)}",
    ]
    if not outside.size:
        worked += [
            _found(phi, mean),
            f"the factor by the formula: c·√(mean of slope²) = {number(c, 2)}·√{rough(mean)} = "
            f"{rough(c * np.sqrt(mean))}",
        ]
    elif not sizes[0]:
        worked[1] = "measured: delta of layer 1 is 0, so nothing comes through"
    if width < 128:
        worked.append("Narrow layers: products of few random numbers scatter more around the mean.")
    alt = f"{phi}, {sigma}, {DEEP} layers, seed {weights_seed}: {verdict}, {where}."
    compared = []
    if sizes[-1]:
        alt += (
            f" delta of layer 1 is {rough(sizes[0])} times delta of layer {DEEP}, "
            f"a factor of {rough(factor)} per layer."
        )
        compared = [
            svg.text(456, 160, f"layer 1 ÷ layer {DEEP}:", "start"),
            svg.bold(456, 180, rough(sizes[0]), "start"),
            svg.text(456, 200, f"× {rough(factor)} per layer", "start"),
        ]
    axes = svg.Axes(66, 34, 350, 240, x=(0, DEEP + 1), y=(-3, 3))
    layers = np.arange(1, DEEP + 1)
    edges = [axes.at(0, math.log10(edge))[1] for edge in BAND]
    logs = np.clip(_log10(sizes), -9, 9)
    drawing = svg.document(
        345,
        alt,
        axes.frame("layer", f"RMS of delta ÷ that of layer {DEEP}", (1, 10, 20, 30, 40, 50), ()),
        svg.decades(axes, y=range(-3, 4)),
        svg.box(66, edges[1], 350, edges[0] - edges[1], fill="currentColor", opacity=0.1),
        *[svg.line((66, y), (416, y), **LIMIT) for y in edges],
        svg.text(422, edges[1] + 2, "2", "start") + svg.text(422, edges[0] + 8, "1/2", "start"),
        axes.clip(axes.curve(layers, logs, **BACK | {"stroke_width": 2.5})),
        svg.line((66, 331), (100, 331), **BACK) + svg.text(108, 335, "delta", "start"),
        svg.line((176, 331), (210, 331), **LIMIT) + svg.text(218, 335, "the band", "start"),
        svg.text(308, 335, f"RMS over {NETWORKS} networks with {ROWS} rows each", "start"),
        svg.bold(456, 48, verdict, "start", font_size=15),
        svg.text(456, 68, where, "start"),
        svg.text(456, 104, f"c = {number(c, 2)}", "start"),
        svg.text(456, 124, f"σ_w = c/√{width} = {rough(c / np.sqrt(width))}", "start"),
        *compared,
    )
    table = [["layer", f"RMS of delta ÷ layer {DEEP}", "in the band"]]
    for l in sorted({1, *range(5, DEEP + 1, 5)}):
        size = sizes[l - 1]
        table.append([l, rough(size), "yes" if low <= size <= high else "no"])
    return Picture(drawing, alt, worked, table)
