"""The interactives of lesson 2: how the error runs back through a network."""

import math
from functools import lru_cache
from itertools import product

import ipywidgets
import numpy as np

from bplib import bugs, datasets, svg
from bplib.activations import SIGMOID, sigmoid
from bplib.gradcheck import relative_error
from bplib.losses import MSE
from bplib.network import Layer, Network
from bplib.svg import number, rough, short
from bplib.widgets.explore import LABEL, Explore, Picture, choice, tick, whole

BACK = {"stroke": svg.BACKWARD, "stroke_dasharray": svg.DASHED}


def _field(label):
    """A field for a typed number; 0 stands for nothing typed yet."""
    return ipywidgets.BoundedFloatText(
        0.0, min=-100, max=100, description=label, tooltip=label, **LABEL
    )


def _scale(label, options, value):
    """A slider that moves from one number of a list to the next."""
    return ipywidgets.SelectionSlider(
        value=value, options=options, description=label, tooltip=label, **LABEL
    )


def _forget(control, *causes):
    """Put a control back to its first value as soon as one of the others changes.

    To be called before Explore is made: who listens first is told first, so that no picture is
    drawn of a state that is over.
    """
    first = control.value
    for cause in causes:
        cause.observe(lambda _: control.set_trait("value", first), "value")


def _signed(value):
    """A number as a factor: a negative one in brackets."""
    return f"({short(value)})" if value < 0 else short(value)


def _factor(value):
    """A number with 9 digits, as a factor."""
    return f"({number(value, 9)})" if value < 0 else number(value, 9)


def _key(x, y, words, **style):
    """What a kind of line stands for."""
    return svg.line((x, y), (x + 35, y), **style) + svg.text(x + 43, y + 4, words, "start")


def _columns(left, top, width, height, sizes):
    """The places of neurons in columns, one column per layer."""
    return [
        [(left + width * l / (len(sizes) - 1), top + height * (j + 0.5) / n) for j in range(n)]
        for l, n in enumerate(sizes)
    ]


def _wire(start, end, radius, **style):
    """A line from the edge of one circle to the edge of another."""
    length = math.dist(start, end)
    x, y = (radius * (b - a) / length for a, b in zip(start, end, strict=True))
    return svg.line((start[0] + x, start[1] + y), (end[0] - x, end[1] - y), **style)


def _neuron(place, radius, name, *lines, **ring):
    """A circle with its name above and lines of numbers inside."""
    x, first = place[0], place[1] + 4 - 7.5 * (len(lines) - 1)
    inside = [svg.text(x, first + 15 * k, words, font_size=12) for k, words in enumerate(lines)]
    return (
        svg.circle(place, radius, **ring)
        + svg.bold(x, place[1] - radius - 6, name)
        + "".join(inside)
    )


GRAPHS = ["f = (x + y)·z", "f = (x + y)·x"]
PLACES = {"x": (75, 60), "y": (75, 170), "q": (290, 110), "z": (75, 275), "f": (520, 165)}
FORK = PLACES | {"y": (75, 250), "q": (290, 230)}


def computational_graph():
    """The chain rule on a graph, one edge at a time, with local derivatives to type."""
    graph, step = choice("graph", GRAPHS), whole("edges done", 0, 0, 4)
    typed = _field("your local derivative")
    _forget(step, graph)
    _forget(typed, graph, step)
    return Explore(
        draw_graph,
        "Each Step takes one edge, from f back to the inputs: local derivative × gradient so far. "
        "Type the next local derivative before you press Step. In the second graph, x has two "
        "ways to f.",
        graph=graph,
        step=step,
        typed=typed,
    )


def draw_graph(graph, step, typed):
    """q = x + y, f = q·z (or q·x): the values, and the gradients that are known by now."""
    fork, other = graph == GRAPHS[1], graph[-1]
    values = {"x": 3, "y": -5} if fork else {"x": -2, "y": 5, "z": -4}
    places = FORK if fork else PLACES
    values["q"] = values["x"] + values["y"]
    values["f"] = values["q"] * values[other]
    rules = {"f": f"q·{other}", "q": "x + y"}
    edges = [("f", "q", values[other]), ("f", other, values["q"]), ("q", "x", 1), ("q", "y", 1)]
    right = step < len(edges) and typed == edges[step][2]
    done = step + right
    gradient, ways, worked = {"f": 1}, {}, ["∂f/∂f = 1: here the way back begins."]
    for child, parent, local in edges[:done]:
        gradient[parent] = gradient.get(parent, 0) + gradient[child] * local
        product = f"{_signed(gradient[child])}·{_signed(local)}"
        if parent in ways:
            worked = [
                f"∂f/∂{parent} = {ways[parent]} + {product} = {short(gradient[parent])}: "
                f"{parent} has two ways to f, so the two products are added."
            ]
        else:
            words = f"∂f/∂{child}·∂{child}/∂{parent} = {product}"
            worked = [f"∂f/∂{parent} = {words} = {short(gradient[parent])}"]
        ways[parent] = product
    if right:
        child, parent, local = edges[step]
        worked.insert(0, f"Yes, ∂{child}/∂{parent} = {short(local)}. Press Step to go on.")
    elif step == len(edges):
        worked.append("Every input has its gradient.")
    else:
        child, parent, _ = edges[step]
        ask = f"Change {parent} by 1 and nothing else: by how much does {child} = {rules[child]}"
        worked.append(f"Next: ∂{child}/∂{parent}. {ask} change?")
        if typed:
            worked.insert(0, f"{short(typed)} is not it yet, so the graph waits. Try again.")
    parts = []
    for i, (child, parent, local) in enumerate(edges):
        ends = places[parent], places[child], 30
        if i > done:
            parts.append(_wire(*ends, opacity=0.6))
        elif i == done:
            parts.append(svg.edge(*ends, "× ?", stroke_width=2))
        else:
            parts.append(svg.edge(*ends, f"× {_signed(local)}", stroke_width=3, **BACK))
    table = [["node", "value", "gradient of f"]]
    for name in [n for n in PLACES if n in values]:
        x, y = places[name]
        slope = short(gradient[name]) if name in gradient else "?"
        if fork and name == "x" and done == 2:
            slope += " + ?"
        table.append([name, short(values[name]), slope])
        rule = f" = {rules[name]}" if name in rules else ""
        ring = {"stroke": svg.FORWARD, "stroke_width": 2.5}
        parts.append(svg.circle((x, y), 30, **ring) + svg.bold(x, y - 38, name + rule))
        parts.append(svg.text(x, y + 5, short(values[name]), font_size=16))
        parts.append(svg.bold(x, y + 46, f"∂f/∂{name} = {slope}"))
    known = ", ".join(f"∂f/∂{name} = {slope}" for name, _, slope in table[1:])
    alt = f"{graph}: {', '.join(f'{n} = {v}' for n, v, _ in table[1:])}. {known}. "
    alt += " ".join(worked)
    parts.append(_key(410, 290, "inside: the value", stroke=svg.FORWARD, stroke_width=2.5))
    parts.append(_key(410, 314, "the way back", stroke_width=3, **BACK))
    return Picture(svg.document(335, alt, *parts), alt, worked, table)


MAZUR = datasets.mazur()
WEIGHTS = ["w1", "w2", "w3", "w4", "b of h1", "b of h2", "w5", "w6", "w7", "w8"]
WEIGHTS += ["b of o1", "b of o2"]
START = np.concatenate([w.ravel() for w in MAZUR[2:]])


def _unpack(p):
    """W1, b1, W2, b2 out of p, in the order of WEIGHTS.   p : (..., 12)"""
    square = (*p.shape[:-1], 2, 2)
    return p[..., :4].reshape(square), p[..., 4:6], p[..., 6:10].reshape(square), p[..., 10:]


def _error(p):
    """The error of Mazur's network with the weights p, in the precision of p.   (..., 12) -> (...)

    Many networks at once: forward() would take them one by one.
    """
    W1, b1, W2, b2 = _unpack(p)
    a1 = sigmoid(W1 @ MAZUR.x[0].astype(p.dtype) + b1)
    a2 = sigmoid((W2 @ a1[..., None])[..., 0] + b2)
    return 0.5 * np.sum((a2 - MAZUR.y[0].astype(p.dtype)) ** 2, axis=-1)


def _gradient(p):
    """dE/dp by backprop.   (12,) -> (12,)"""
    W1, b1, W2, b2 = _unpack(p)
    net = Network([Layer(W1, b1, SIGMOID), Layer(W2, b2, SIGMOID)], MSE)
    gradients = net.backward(net.forward(MAZUR.x), MAZUR.y)
    return np.concatenate([dw.ravel() for dw in gradients.params])


NUDGES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0]


def nudge():
    """Change one weight of Mazur's network a little: does E change by gradient · ε?"""
    return Explore(
        draw_nudge,
        "Say first: will E go up or down? Then make ε smaller and watch the curve and the "
        "straight line. At last, start from 0: does a weight of 0 have a slope?",
        weight=choice("weight or bias", WEIGHTS, "w5"),
        epsilon=_scale("nudge ε", NUDGES, 0.3),
        down=tick("Nudge down, not up"),
        zero=tick("Put this weight to 0 first"),
    )


def draw_nudge(weight, epsilon, down, zero):
    """E against one weight in a window 4ε wide, with the tangent, and ΔE against gradient·ε."""
    i, p = WEIGHTS.index(weight), START.copy()
    p[i] *= not zero
    w, slope, step = p[i], _gradient(p)[i], -epsilon if down else epsilon
    xs = w + epsilon * np.linspace(-2, 2, 41)
    curve = _error(np.where(np.arange(12) == i, xs[:, None], p))
    before, after = curve[20], curve[10 if down else 30]
    change, forecast = after - before, slope * step
    line = before + slope * (xs - w)
    low, high = min(curve.min(), line.min()), max(curve.max(), line.max())
    room = 0.1 * (high - low)
    axes = svg.Axes(80, 30, 300, 230, x=(xs[0], xs[-1]), y=(low - room, high + room))
    share = abs(change - forecast) / abs(change)
    lines = [
        ("ΔE, really", rough(change, 6)),
        ("gradient · ε", rough(forecast, 6)),
        ("difference", f"{rough(100 * share, 2)} % of ΔE"),
    ]
    alt = (
        f"{weight} = {short(w)}, E = {number(before, 9)}, gradient = {number(slope, 9)}. "
        f"After a nudge of {short(step)}: ΔE = {lines[0][1]}, gradient·ε = {lines[1][1]}, "
        f"difference {lines[2][1]}."
    )
    panel = [
        svg.text(400, 120 + 44 * k, name, "start") + svg.bold(400, 138 + 44 * k, words, "start")
        for k, (name, words) in enumerate(lines)
    ]
    drawing = svg.document(
        310,
        alt,
        axes.clip(
            axes.curve(xs, curve, stroke=svg.FORWARD, stroke_width=3),
            axes.curve(xs, line, stroke_width=2.5, **BACK),
            svg.circle(axes.at(w, before), 5, fill="currentColor"),
            svg.circle(axes.at(w + step, after), 6, stroke_width=2.5),
        ),
        axes.frame(weight, "loss E", [w - epsilon, w, w + epsilon], []),
        svg.text(73, axes.at(w, before)[1] + 4, number(before, 6), "end"),
        _key(400, 45, "E, really", stroke=svg.FORWARD, stroke_width=3),
        _key(400, 69, "straight on with the gradient", stroke_width=2.5, **BACK),
        *panel,
        svg.text(400, 254, f"window: {short(4 * epsilon)} wide", "start"),
    )
    worked = [
        f"ΔE = E({short(w + step)}) − E({short(w)}) = "
        f"{number(after, 9)} − {number(before, 9)} = {lines[0][1]}",
        f"gradient · ε = {_factor(slope)}·{_signed(step)} = {lines[1][1]}",
    ]
    if zero:
        worked.append(
            f"{weight} is 0, and still its gradient is {number(slope, 9)}: the slope says how E "
            "changes when the weight changes, not how large the weight is."
        )
    table = [["quantity", "value"], [weight, short(w)], ["ε", short(step)]]
    table += [["E before", number(before, 9)], ["E after", number(after, 9)]]
    table += [["gradient", number(slope, 9)], *map(list, lines)]
    return Picture(drawing, alt, worked, table)


FACTORS = [
    "nothing",
    "a − y",
    "σ′ of the outputs",
    "σ′ of the hidden neurons",
    "the path through o1",
    "the path through o2",
    "the weight on each path",
    "the input of each weight",
]
NAMES = [["x1", "x2"], ["h1", "h2"], ["o1", "o2"]]
RECEIPT = 12


def mazur_backward():
    """Mazur's network backward, factor by factor, and what goes wrong when one is left out."""
    return Explore(
        draw_receipt,
        "Each Step works out one part of the way back. Then leave one factor out: "
        "which gradients go wrong, and which stay right? Say it before you look.",
        without=choice("leave out", FACTORS),
        step=whole("step", 0, 0, RECEIPT),
    )


def _receipt(out):
    """The backward pass without one factor, in 12 steps: (neuron, weights used, results, lines).

    A factor that is left out counts as 1, a path that is left out as 0, in square brackets.
    """
    x, y, W1, b1, W2, b2 = MAZUR.x[0], MAZUR.y[0], *MAZUR[2:]
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    a, steps, delta = [x, a1, a2], [], {}

    def factor(k, value, words=None):
        """A value and its words, unless factor k is left out."""
        return (1.0, "[1]") if FACTORS[k] == out else (value, words or _factor(value))

    def error(j):
        return factor(1, a2[j] - y[j])

    def slope(l, j, words=None):
        return factor(4 - l, a[l][j] * (1 - a[l][j]), words)

    def wire(j, i):
        return factor(6, W2[j, i], short(W2[j, i]))

    def entry(l, i):
        return factor(7, a[l][i], short(x[i]) if l == 0 else None)

    def back(l, j, da):
        """The step from dE/da of a neuron to its delta."""
        name, words = f"δ of {NAMES[l][j]}", number(a[l][j], 9)
        value, words = slope(l, j, f"{words}·(1 − {words})")
        delta[l, j] = da * value
        line = f"{name} = ∂E/∂a · σ′(z) = {_factor(da)}·{words} = {number(delta[l, j], 9)}"
        steps.append(((l, j), [], {name: delta[l, j]}, [line]))

    def weights(l, j):
        """The step from the delta of a neuron to its weights and its bias."""
        results, lines, name = {}, [], f"δ of {NAMES[l][j]}"
        for i in (0, 1):
            w, (value, words) = WEIGHTS[6 * (l - 1) + 2 * j + i], entry(l - 1, i)
            results[w] = delta[l, j] * value
            words = f"{_factor(delta[l, j])}·{words} = {number(results[w], 9)}"
            lines.append(f"∂E/∂{w} = {name} · {NAMES[l - 1][i]} = {words}")
        results[f"b of {NAMES[l][j]}"] = delta[l, j]
        steps.append(((l, j), [(l, j, 0), (l, j, 1)], results, lines))

    for j in (0, 1):
        name, (e, words) = f"∂E/∂a of {NAMES[2][j]}", error(j)
        words = f"{number(a2[j], 9)} − {short(y[j])} = " * (words != "[1]") + words
        steps.append(((2, j), [], {name: e}, [f"{name} = a − y = {words}"]))
        back(2, j, e)
    weights(2, 0)
    weights(2, 1)
    ways = [j for j in (0, 1) if FACTORS[4 + j] != out]
    for i in (0, 1):
        name, total = f"∂E/∂a of {NAMES[1][i]}", sum(delta[2, j] * wire(j, i)[0] for j in ways)
        letters = " + ".join(f"δ of {NAMES[2][j]} · {WEIGHTS[6 + 2 * j + i]}" for j in (0, 1))
        words = [f"{_factor(delta[2, j])}·{wire(j, i)[1]}" if j in ways else "[0]" for j in (0, 1)]
        line = f"{name} = {letters} = {' + '.join(words)} = {number(total, 9)}"
        steps.append(((1, i), [(2, j, i) for j in ways], {name: total}, [line]))
        back(1, i, total)
    for i in (0, 1):
        weights(1, i)
        for j in ways:  # all the way from E to the first weight of this neuron
            parts = [error(j), slope(2, j), wire(j, i), slope(1, i), entry(0, 0)]
            letters = f"(a − y)·σ′·{WEIGHTS[6 + 2 * j + i]}·σ′·x1"
            words = "·".join(words for _, words in parts)
            value = number(math.prod(value for value, _ in parts), 9)
            line = f"{WEIGHTS[2 * i]} through {NAMES[2][j]}: {letters} = {words} = {value}"
            steps[-1][3].append(line)
    return steps


def draw_receipt(without, step):
    """The network after so many steps back, and all gradients, right or wrong by now."""
    right = {k: v for _, _, results, _ in _receipt(FACTORS[0]) for k, v in results.items()}
    steps = _receipt(without)
    known = {k: v for _, _, results, _ in steps[:step] for k, v in results.items()}
    lit, used, _, worked = steps[step - 1] if step else ((), [], {}, [])
    start = ["The error is known. Now every factor from E back to the weights, one at a time."]
    worked = (worked or start) + [f"Left out: {without}."] * (without != FACTORS[0])
    table = [["quantity", "right", "here", "verdict"]]
    for name, value in right.items():
        row = [number(value, 9), "?", "?"]
        if name in known:
            same = math.isclose(known[name], value, rel_tol=1e-9)
            row[1:] = number(known[name], 9), "✓ right" if same else "✗ wrong"
        table.append([name, *row])
    verdicts = {row[0]: row[1:] for row in table}
    wrong = [name for name in WEIGHTS if verdicts[name][2] == "✗ wrong"]
    count = f"{sum(name in known for name in WEIGHTS)} of {len(WEIGHTS)} gradients known"
    count += f"; wrong: {', '.join(wrong)}" if wrong else "; none of them wrong"
    places = _columns(45, 20, 320, 290, [2, 2, 2])
    parts = []
    for l, j, i in product((1, 2), (0, 1), (0, 1)):
        style = {"stroke": svg.WEIGHT, "stroke_width": 1.5}
        if (l, j, i) in used:
            style = BACK | {"stroke_width": 3.5}
        parts.append(_wire(places[l - 1][i], places[l][j], 42, **style))
    for l, row in enumerate(NAMES):
        for j, name in enumerate(row):
            ring = {"stroke": svg.BACKWARD, "stroke_width": 4} if (l, j) == lit else {}
            lines = [short(MAZUR.x[0][j])]
            if l:
                lines = []
                for letter in ("∂E/∂a", "δ"):
                    value = known.get(f"{letter} of {name}")
                    lines += [letter, "?" if value is None else number(value, 6)]
            parts.append(_neuron(places[l][j], 42, name, *lines, **ring))
    for k, name in enumerate(WEIGHTS):
        y, (_, here, verdict) = 48 + 22 * k, verdicts[name]
        ink = svg.bold if step and name in steps[step - 1][2] else svg.text
        parts.append(ink(430, y, name, "start", font_size=12))
        parts.append(ink(572, y, here, "end", font_size=12))
        parts.append(svg.text(580, y, verdict.replace("?", ""), "start", font_size=12))
    parts.append(svg.bold(430, 22, "gradient of E", "start"))
    alt = f"Step {step} of {RECEIPT}. {' '.join(worked)} {count}."
    return Picture(svg.document(330, alt, *parts), alt, [*worked, count], table)


STEPS = [float(f"1e-{k}") for k in range(12, 0, -1)]
FINE = 10.0 ** np.linspace(-12, -1, 45)


def gradient_check():
    """The error of a numerical gradient against its step h: the U-curve."""
    return Explore(
        draw_check,
        "A smaller h should be better. Is it? Move h to the left until the check is at its best, "
        "then further. Compare both formulas, and both kinds of numbers.",
        h=_scale("step h", STEPS, 0.01),
        precision=choice("numbers", ["float64", "float32"]),
    )


@lru_cache
def _bench(precision):
    """E(w5 + h), E(w5), E(w5 − h) per h of STEPS, and the relative errors of both formulas.

    The gradients of all 12 weights are compared, for the h of STEPS and of FINE.
    """
    h = np.array([*STEPS, *FINE], precision)[:, None]
    p, nudges = START.astype(precision), h[..., None] * np.eye(12, dtype=precision)
    above, here, below = _error(p + nudges), _error(p), _error(p - nudges)
    slopes = {"central": (above - below) / (2 * h), "one-sided": (above - here) / h}
    truth, n, w5 = _gradient(START), len(STEPS), WEIGHTS.index("w5")
    errors = {k: [relative_error(row, truth) for row in rows] for k, rows in slopes.items()}
    watched = {k: rows[:n, w5] for k, rows in slopes.items()}
    E = [(above[k, w5], here, below[k, w5]) for k in range(n)]
    return E, watched, {k: v[:n] for k, v in errors.items()}, {k: v[n:] for k, v in errors.items()}


def draw_check(h, precision):
    """Relative error of central (solid) and one-sided (dashed) differences on Mazur's network."""
    E, slopes, errors, curves = _bench(precision)
    axes = svg.Axes(60, 30, 370, 250, x=(-12.5, -0.5), y=(-12.5, 0.8))
    n, across = STEPS.index(h), np.log10(h)
    styles = {
        "central": {"stroke": svg.FORWARD, "stroke_width": 3},
        "one-sided": {"stroke_width": 2.5, "stroke_dasharray": svg.DASHED},
    }
    bar = axes.at(across, -13), axes.at(across, 1)
    inside, panel, now = [svg.line(*bar, stroke_dasharray=svg.DOTTED)], [], {}
    for k, (name, style) in enumerate(styles.items()):
        best = int(np.argmin(errors[name]))
        now[name], least = rough(errors[name][n], 2), rough(errors[name][best], 2)
        inside.append(axes.curve(np.log10(FINE), _log(curves[name]), **style))
        inside.append(svg.circle(axes.at(across, _log(errors[name][n])), 6, stroke_width=2.5))
        panel.append(_key(450, 55 + 90 * k, name, **style))
        panel.append(svg.text(450, 82 + 90 * k, f"now: {now[name]}", "start"))
        words = f"best: {least} at h = {rough(STEPS[best])}"
        panel.append(svg.text(450, 102 + 90 * k, words, "start"))
    (above, here, below), w5 = E[n], WEIGHTS.index("w5")
    central, one_sided = (number(slopes[name][n], 9) for name in styles)
    truth = number(_gradient(START)[w5], 9)
    alt = (
        f"{precision}, h = {rough(h)}: relative error {now['central']} with central, "
        f"{now['one-sided']} with one-sided differences. "
        f"For w5: {central} and {one_sided}; backprop says {truth}."
    )
    drawing = svg.document(
        330,
        alt,
        axes.clip(*inside),
        axes.frame("step h", "relative error", [], []),
        svg.decades(axes, range(-12, 0, 2), range(-12, 1, 2)),
        *panel,
    )
    E_above, E_here, E_below = (number(v, 12) for v in E[n])
    up, down = (
        f"E(w5 + h) − E(w5 − h) = {E_above} − {E_below}",
        f"E(w5 + h) − E(w5) = {E_above} − {E_here}",
    )
    worked = [
        f"central: {up}; divided by 2h: {central}",
        f"one-sided: {down}; divided by h: {one_sided}",
        f"backprop: ∂E/∂w5 = {truth}",
    ]
    if above == here == below:
        worked.append(f"In {precision}, h is lost: all three errors are the same number.")
    table = [["h", "central, relative error", "one-sided, relative error"]]
    table += [[rough(v), *(rough(errors[k][i], 2) for k in styles)] for i, v in enumerate(STEPS)]
    return Picture(drawing, alt, worked, table)


def _log(errors):
    """log10, with 1e-16 for an error of 0."""
    return np.log10(np.maximum(errors, 1e-16))


FIXTURES = {"3-4-2, 5 rows": bugs.fixture, "3-3-3, 3 rows": bugs.square}
ZOO = {f"{bug.id}: {bug.text}": bug for bug in bugs.BUGS}
TENSORS = {"dW1": 4, "db1": 5, "dW2": 1, "db2": 2}


def bug_zoo():
    """Wrong backward passes: what they make of dW1 and dW2, and whether they still learn XOR."""
    bug, train = choice("wrong pass", list(ZOO)), tick("Train it on XOR")
    bug.layout.width = "100%"
    _forget(train, bug)
    return Explore(
        draw_zoo,
        "Choose a wrong backward pass. Which gradient goes wrong, and by how much? "
        "Would you see it in training? Say so, then tick the box: it trains five networks.",
        bug=bug,
        network=choice("network", list(FIXTURES)),
        train=train,
    )


@lru_cache
def _survival(bug):
    """With how many of 5 seeds the bug solves XOR; None where it cannot run."""
    return bugs.survival([bug])[bug.id]


_lines = lru_cache(bugs.wrong_lines)  # reading source code takes longer than the drawing


def draw_zoo(bug, network, train):
    """dW1 and dW2, right and wrong, as maps with one scale each, and how far they are apart."""
    bug, arrays = ZOO[bug], FIXTURES[network]()
    right, parts, words = bugs.backward(*arrays), [], []
    table = [["gradient", "shape", "shape here", "ratio", "cosine", "relative error"]]
    try:
        wrong = bug.f(*arrays)
    except ValueError:
        wrong, words = None, ["NumPy raises a ValueError: the shapes do not fit"]
        parts.append(svg.text(470, 48, "NumPy raises an error", "start"))
    for name, k in TENSORS.items():
        here = None if wrong is None else np.asarray(wrong[k])
        shape, *facts = _compare(right[k], here)
        table.append([name, str(right[k].shape), shape, *facts])
        if name[1] == "b":
            continue
        largest = np.abs(right[k]).max()
        left, y = (40, 48) if name == "dW1" else (250, 150)
        parts.append(svg.bold(left, 22, f"{name}, right", "start"))
        parts.append(svg.signed_map(left, 30, right[k], largest))
        parts.append(svg.bold(left, 168, f"{name}, this pass", "start"))
        if here is None:
            parts.append(svg.text(left, 192, "no result", "start"))
            continue
        parts.append(svg.signed_map(left, 176, here, largest))
        lines = [f"ratio {facts[0]}", f"cosine {facts[1]}", f"rel. error {facts[2]}"]
        if shape != str(right[k].shape):
            lines = [f"shape {shape}, not {right[k].shape}"]
        words.append(f"{name}: {', '.join(lines)}")
        parts.append(svg.bold(470, y, name, "start"))
        parts += [svg.text(470, y + 20 * i, v, "start") for i, v in enumerate(lines, 1)]
    verdict = "XOR: not trained yet"
    if train:
        count = _survival(bug)
        verdict = f"still solves XOR in {count} of 5 seeds"
        if count is None:
            verdict = "cannot even run on XOR"
    parts.append(svg.bold(40, 325, verdict, "start"))
    alt = f"{bug.id}: {bug.text} {network}. {'; '.join(words)}. {verdict}."
    code = [f"its line: {line}" for line in _lines(bug)]
    drawing = svg.document(340, alt, *parts)
    return Picture(drawing, alt, [bug.text, *code, *words, verdict], table)


def _compare(right, here):
    """Shape, ratio, cosine and relative error of one gradient, in words."""
    if here is None:
        return ["no result"] + ["none"] * 3
    if here.shape != right.shape:
        return [str(here.shape)] + ["none"] * 3
    ratio, size = here / right, np.linalg.norm(here) * np.linalg.norm(right)
    low, high = rough(ratio.min()), rough(ratio.max())
    cosine = number(np.sum(here * right) / size, 4) if size else "none"
    words = low if low == high else f"{low} to {high}"
    return [str(here.shape), words, cosine, rough(relative_error(here, right), 2)]


FLOWS = ["gradient: δ · a", "error signal: δ · weight"]


def credit_flow(seed=1):
    """What each example wants of each weight, and what is left when all are added."""
    data, example = choice("data", ["XOR", "3-4-2, 5 rows"]), whole("example", 1, 1, 4)
    data.observe(lambda _: example.set_trait("max", 4 if data.value == "XOR" else 5), "value")
    return Explore(
        draw_credit,
        "Go through the examples: which lines are thick, and do they agree? Then add them all. "
        "How much is left, and why?",
        data=data,
        flow=choice("thickness", FLOWS),
        example=example,
        every=tick("Add all examples"),
        weights=whole("seed of weights", seed, 0, 99),
    )


def draw_credit(data, flow, example, every, weights):
    """One line per weight, as thick as δ·a or δ·weight, of one example or of their sum."""
    if data == "XOR":
        rng = np.random.default_rng(weights)
        W1, b1, W2, b2 = (rng.normal(size=shape) for shape in [(3, 2), 3, (1, 3), 1])
        arrays = *datasets.xor(), W1, b1, W2, b2
    else:
        arrays = bugs.fixture()
    x, y, W1, b1, W2, b2 = arrays
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2, _, _, delta1, _, _ = bugs.backward(*arrays)
    shares = []  # per layer: (m, n_out, n_in)
    for delta, a, W in ((delta1, x, W1), (delta2, a1, W2)):
        shares.append(delta[:, :, None] * (a[:, None, :] if flow == FLOWS[0] else W))
    m, row = len(x), example - 1
    shown = [share.sum(axis=0) if every else share[row] for share in shares]
    largest = max(np.abs([*share, share.sum(axis=0)]).max() for share in shares)
    sizes = [x.shape[1], len(W1), len(W2)]
    height, radius, parts = 100 * max(sizes), 36, []
    places = _columns(45, 10, 380, height, sizes)
    table = [["line", *(f"example {r + 1}" for r in range(m)), "sum"]]
    letters = [
        [f"{'xho'[l]}{j + 1}" for j in range(len(column))] for l, column in enumerate(places)
    ]
    for l in (1, 0):
        for (j, i), value in np.ndenumerate(shown[l]):
            size = abs(value) / largest
            style = BACK | {"stroke_width": 1 + 9 * size, "opacity": math.cbrt(size)}
            parts.append(_wire(places[l][i], places[l + 1][j], radius, **style))
            share = shares[l][:, j, i]
            name = f"{letters[l + 1][j]} → {letters[l][i]}"
            table.append([name, *(number(v, 6) for v in (*share, share.sum()))])
    for l, (a, delta) in enumerate(((x, None), (a1, delta1), (a2, delta2))):
        for j, name in enumerate(letters[l]):
            lines = [] if every else [f"a {number(a[row, j], 2)}" if l else short(a[row, j])]
            if delta is not None:
                lines.append(f"δ {number(delta[:, j].sum() if every else delta[row, j], 4)}")
            parts.append(_neuron(places[l][j], radius, name, *lines))
    values = [float(v) for layer in (1, 0) for v in shown[layer].ravel()]
    thick = int(np.argmax(np.abs(values)))
    asked = sum(np.abs(share).sum() for share in shares)
    left = sum(np.abs(share.sum(axis=0)).sum() for share in shares)
    who = f"all {m} examples added" if every else f"example {example} of {m}"
    best = f"{table[1 + thick][0]}: {number(values[thick], 4)}"
    sums = [f"added up: {rough(asked)}", f"size of the sum: {rough(left)}"]
    total = f"Sizes of all examples {'; '.join(sums)}, {rough(100 * left / asked, 2)} %."
    alt = f"{data}, {flow}, {who}. Thickest line {best}. {total}"
    target = "" if every else f"target {', '.join(map(short, y[row]))}"
    side = [f"← {flow}", who, target, "", "thickest line:", best, "", "sizes of all examples"]
    side += sums
    parts += [svg.text(478, 60 + 22 * k, words, "start") for k, words in enumerate(side)]
    drawing = svg.document(height + 20, alt, *parts)
    return Picture(drawing, alt, [f"{who}: thickest line {best}", total], table)
