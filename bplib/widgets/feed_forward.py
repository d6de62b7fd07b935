"""The interactives of lesson 1: what a neuron, a layer and a network compute."""

import numpy as np

from bplib import activations, datasets, svg
from bplib.losses import half_mse, softmax
from bplib.svg import number, short, term
from bplib.widgets.explore import Explore, Picture, choice, slider, tick, whole


def _weighted_sum(w, a, b, digits):
    """w1·a1 + w2·a2 + ... + b in numbers, each a with so many digits."""
    terms = [f"{term(short(w_i))}·{term(number(v, digits))}" for w_i, v in zip(w, a, strict=True)]
    return " + ".join([*terms, term(short(b))])


PLANE = svg.Axes(45, 30, 360, 270, x=(-1.6, 2.6), y=(-1.25, 1.9))


def neuron_lab(seed=0):
    """Move the line of one neuron over XOR or two moons.   seed : of the moons"""
    return Explore(
        draw_neuron,
        "Move the two weights and the bias. Where does the neuron answer 1? "
        "How many points can one straight line get right?",
        data=choice("data", ["XOR", "moons"]),
        w1=slider("weight w1", 1.0, -5, 5),
        w2=slider("weight w2", 0.0, -5, 5),
        b=slider("bias b", -0.5, -5, 5),
        p1=slider("probe: input x1", 1.0, -1.5, 2.5),
        p2=slider("probe: input x2", 1.0, -1.2, 1.8),
        seed=whole("seed of the moons", seed, 0, 99),
    )


def draw_neuron(data, w1, w2, b, p1, p2, seed):
    """The line w1 x1 + w2 x2 + b = 0, the output as shading, the points and the probe."""
    x, y = datasets.xor() if data == "XOR" else datasets.moons(40, np.random.default_rng(seed))
    w, probe = np.array([w1, w2]), np.array([p1, p2])
    z, z_probe = x @ w + b, probe @ w + b
    a, a_probe = activations.sigmoid(z), activations.sigmoid(z_probe)
    right = (a > 0.5) == y[:, 0]
    score = f"{right.sum()} of {len(x)} points right"
    best = "no line does better" if right.sum() == 3 else "can a line do better?"
    note = best if data == "XOR" else "the moons ask for a curve"
    if not w.any():
        note = "no line: both weights are 0"
    x1, x2 = PLANE.grid(28, 21)
    shade = activations.sigmoid(w1 * x1 + w2 * x2 + b)
    places = zip(*np.array(PLANE.at(*x.T)).tolist(), strict=True)
    marks = [_mark(*mark) for mark in zip(places, y[:, 0], right, strict=True)]
    alt = (
        f"{data}: {score}; {note}. w1 = {short(w1)}, w2 = {short(w2)}, b = {short(b)}. "
        f"Probe at x1 = {short(p1)}, x2 = {short(p2)}: "
        f"z = {number(z_probe)}, a = {number(a_probe)}, answer {int(a_probe > 0.5)}."
    )
    drawing = svg.document(
        345,
        alt,
        PLANE.surface(shade, opacity=0.6),
        PLANE.clip(_boundary(w, b), *marks, _probe(PLANE.at(p1, p2))),
        PLANE.frame("x1", "x2", range(-1, 3), range(-1, 2)),
        svg.bold(425, 60, score, "start") + svg.text(425, 80, note, "start"),
        _mark((437, 108), 1, True) + svg.text(458, 112, "target 1", "start"),
        _mark((437, 132), 0, True) + svg.text(458, 136, "target 0", "start"),
        _mark((437, 158), 0, False) + svg.text(458, 162, "wrong answer", "start"),
        svg.line((425, 184), (449, 184), stroke_width=2.5),
        svg.text(458, 188, "z = 0, so a = 0.5", "start"),
        _probe((437, 216)) + svg.bold(458, 213, f"probe: a = {number(a_probe)}", "start"),
        svg.text(458, 230, f"answer {int(a_probe > 0.5)}", "start"),
        svg.heat_map(425, 262, 190, 14, np.linspace(0, 1, 32)[None], opacity=0.6),
        svg.text(425, 294, "0", "start") + svg.text(615, 294, "1", "end"),
        svg.text(520, 294, "output a"),
    )
    worked = [
        f"z = w1·x1 + w2·x2 + b = {_weighted_sum(w, probe, b, 1)} = {number(z_probe)}",
        f"a = sigmoid(z) = 1 / (1 + exp({number(-z_probe)})) = {number(a_probe)}",
        f"{score}; {note}",
    ]
    table = [["x1", "x2", "target", "z", "a", "verdict"]]
    for i, row in enumerate(x):
        verdict = "right" if right[i] else "wrong"
        table.append([*map(number, row), short(y[i, 0]), number(z[i]), number(a[i]), verdict])
    table.append(["all", "", "", "", "", score])
    return Picture(drawing, alt, worked, table)


def _mark(place, target, right):
    """A square for target 1, a circle for target 0, crossed out when the answer is wrong."""
    x, y = place
    ink = {"stroke": "black", "stroke_width": 1.5, "fill": "#fee838" if target else "white"}
    mark = svg.box(x - 6, y - 6, 12, 12, **ink) if target else svg.circle(place, 6.5, **ink)
    cross = f"M{x - 11:.1f} {y - 11:.1f}l22 22m0 -22l-22 22"
    return mark if right else svg.tag("path", d=cross, stroke_width=2.5) + mark


def _boundary(w, b):
    """Where z = 0, drawn far beyond the axes on both sides; nothing when both weights are 0."""
    if not w.any():
        return ""
    nearest, along = -b * w / (w @ w), np.array([-w[1], w[0]]) / np.hypot(*w)
    ends = PLANE.at(*(nearest - 9 * along)), PLANE.at(*(nearest + 9 * along))
    return svg.line(*ends, stroke_width=2.5)


def _probe(place):
    return svg.circle(place, 12, stroke_width=2.5, stroke_dasharray="4 2")


MAZUR_STEPS = [((l, j), kind) for l in (1, 2) for j in (0, 1) for kind in "za"]
MAZUR_NAMES = [["x1", "x2"], ["h1", "h2"], ["o1", "o2"]]


def mazur_forward():
    """Mazur's 2-2-2 network, worked out one number at a time."""
    return Explore(
        draw_mazur,
        "Each Step works out one number. Say what it will be before you press.",
        step=whole("step", 0, 0, len(MAZUR_STEPS) + 1),
    )


def draw_mazur(step):
    """The network after `step` numbers: z and a of h1, h2, o1, o2, and then the error E."""
    m = datasets.mazur()
    Ws, bs = [m.W1, m.W2], [m.b1, m.b2]
    z, a = [None], [m.x[0]]
    for W, b in zip(Ws, bs, strict=True):
        z.append(W @ a[-1] + b)
        a.append(activations.sigmoid(z[-1]))
    E = number(half_mse(a[2][None], m.y), 9)
    lit, kind = MAZUR_STEPS[step - 1] if 0 < step <= len(MAZUR_STEPS) else (None, "E")
    if lit:
        l, j = lit
        name, value = MAZUR_NAMES[l][j], number((z if kind == "z" else a)[l][j], 9)
        letters = [f"W{l}[{j},{i}]·{before}" for i, before in enumerate(MAZUR_NAMES[l - 1])]
        sums = _weighted_sum(Ws[l - 1][j], a[l - 1], bs[l - 1][j], 2 if l == 1 else 9)
        worked = f"z of {name} = {' + '.join(letters)} + b{l}[{j}] = {sums} = {value}"
        if kind == "a":
            worked = f"a of {name} = sigmoid(z) = 1 / (1 + exp({number(-z[l][j], 9)})) = {value}"
    elif step:
        errors = [f"½·({number(o, 9)} − {short(t)})²" for o, t in zip(a[2], m.y[0], strict=True)]
        worked = f"E = ½·(o1 − y1)² + ½·(o2 − y2)² = {' + '.join(errors)} = {E}"
    else:
        worked = "Only the inputs are known. Every neuron: first z = w·a + b, then a = sigmoid(z)."

    table = [["quantity", "value"]]
    inside = [[[n, short(v)] for n, v in zip(MAZUR_NAMES[0], a[0], strict=True)], [], []]
    for i, ((l, j), letter) in enumerate(MAZUR_STEPS):
        value, name = (z if letter == "z" else a)[l][j], MAZUR_NAMES[l][j]
        table.append([f"{letter} of {name}", number(value, 9) if i < step else "?"])
        if letter == "z":
            inside[l].append([name])
        inside[l][j].append(f"{letter} {number(value, 6)}" if i < step else f"{letter} ?")
    table.append(["E", E if step > len(MAZUR_STEPS) else "?"])
    alt = f"Step {step} of {len(MAZUR_STEPS) + 1}. {worked}"
    targets = [
        svg.box(575, y - 16, 60, 32, stroke_dasharray=svg.DOTTED, stroke_width=2)
        + svg.text(605, y + 5, short(target))
        + svg.bold(605, y - 24, name)
        for name, target, y in zip(["y1", "y2"], m.y[0], [85, 235], strict=True)
    ]
    drawing = svg.document(
        345,
        alt,
        svg.network(45, 10, 440, 300, Ws, bs, inside, lit, radius=42),
        *targets,
        svg.text(45, 325, "input") + svg.text(265, 325, "hidden") + svg.text(485, 325, "output"),
        svg.text(605, 325, "target") + svg.bold(578, 165, f"E = {table[-1][1]}"),
    )
    return Picture(drawing, alt, [worked], table)


def activation_gallery():
    """Sigmoid, tanh, ReLU and Leaky ReLU: the curve, its derivative, and the tangent at z."""
    return Explore(
        draw_activation,
        "Choose a function and move z. Where is the tangent steep? Where is it flat?",
        name=choice("activation function", ["sigmoid", "tanh", "ReLU", "Leaky ReLU"]),
        z=slider("weighted sum z", 1.0, -5, 5),
        slope=slider("slope of Leaky ReLU", 0.1, 0, 0.5, step=0.01),
    )


def draw_activation(name, z, slope):
    """phi blue and solid, phi' vermillion and dashed, and the tangent whose slope phi' is."""
    phi = {
        "sigmoid": activations.SIGMOID,
        "tanh": activations.TANH,
        "ReLU": activations.RELU,
        "Leaky ReLU": activations.leaky_relu(slope),
    }[name]
    a, gradient = float(phi(z)), float(phi.prime(z))
    a_words, z_words, leak = number(a, 6), number(z, 2), short(slope)
    side = f"{z_words} {'>' if z > 0 else '≤'} 0"
    formula, derivative = {
        "sigmoid": (
            f"1 / (1 + exp({number(-z, 2)}))",
            f"a·(1 − a) = {a_words}·{number(1 - a, 6)}",
        ),
        "tanh": (f"tanh({z_words})", f"1 − a² = 1 − {term(a_words)}²"),
        "ReLU": (f"max(0, {z_words})", f"(1 where z > 0, else 0; {side})"),
        "Leaky ReLU": (
            f"{z_words}" if z > 0 else f"{leak}·{term(z_words)}",
            f"(1 where z > 0, else {leak}; {side})",
        ),
    }[name]
    worked = [f"a = {formula} = {a_words}", f"slope = {derivative} = {number(gradient, 6)}"]
    alt = f"{name} at z = {z_words}: a = {a_words}, slope = {number(gradient, 6)}."
    low, high = (-1, 1) if name in ("sigmoid", "tanh") else (-2, 5)
    axes = svg.Axes(45, 30, 400, 260, x=(-5.4, 5.4), y=(low - 0.7, high + 0.5))
    xs = np.concatenate([np.linspace(-5, 0, 51), np.linspace(1e-9, 5, 51)])  # a jump at the kink
    ends = np.array([z - 1.5, z + 1.5])
    forward = {"stroke": svg.FORWARD, "stroke_width": 3}
    backward = {"stroke": svg.BACKWARD, "stroke_width": 2.5, "stroke_dasharray": svg.DASHED}
    drawing = svg.document(
        335,
        alt,
        axes.clip(
            svg.line(axes.at(-9, 0), axes.at(9, 0), opacity=0.4),
            svg.line(axes.at(0, -9), axes.at(0, 9), opacity=0.4),
            axes.curve(xs, phi(xs), **forward),
            axes.curve(xs, phi.prime(xs), **backward),
            axes.curve(ends, a + gradient * (ends - z), stroke_width=1.5),
            svg.circle(axes.at(z, a), 5, fill="currentColor"),
            svg.circle(axes.at(z, gradient), 5, fill=svg.BACKWARD, stroke=svg.BACKWARD),
        ),
        axes.frame("z", "", range(-4, 5, 2), range(low, high + 1)),
        svg.line((465, 60), (500, 60), **forward),
        svg.bold(508, 65, name, "start") + svg.text(508, 83, f"a = {number(a)}", "start"),
        svg.line((465, 120), (500, 120), **backward),
        svg.bold(508, 125, "its derivative", "start"),
        svg.text(508, 143, f"slope = {number(gradient)}", "start"),
        svg.line((465, 180), (500, 180), stroke_width=1.5),
        svg.bold(508, 185, "tangent at z", "start") + svg.text(508, 203, f"z = {z_words}", "start"),
    )
    table = [["z", "a", "slope"]]
    for v in sorted({-5.0, -2.0, 0.0, z, 2.0, 5.0}):
        table.append([number(v, 2), number(phi(v), 6), number(phi.prime(v), 6)])
    return Picture(drawing, alt, worked, table)


TASKS = ["left @ right", "a − y, y of shape (m, 1)", "a − y, y of shape (m,)"]
FACTORS = {"x": svg.FORWARD, "W": svg.WEIGHT, "W.T": svg.WEIGHT}


def shape_puzzle():
    """Which shapes fit?  Products of x, W and W.T, and the trap of (m, 1) against (m,)."""
    return Explore(
        draw_shapes,
        "x has one sample per row, W one neuron per row. Choose two factors that give the "
        "weighted sums: a row per sample, a column per neuron. Then compute a − y both ways.",
        task=choice("what to compute", TASKS),
        left=choice("left factor", list(FACTORS)),
        right=choice("right factor", list(FACTORS), "W"),
        m=whole("samples m", 4, 1, 6),
        n_in=whole("inputs n_in", 3, 1, 6),
        n_out=whole("neurons n_out", 2, 1, 6),
    )


def draw_shapes(task, left, right, m, n_in, n_out):
    """Two boxes, what NumPy makes of them, and whether that is what we want."""
    if task == TASKS[0]:
        return _draw_product(left, right, np.ones((m, n_in)), np.ones((n_out, n_in)))
    a, y = np.linspace(0.1, 0.9, m)[:, None], (np.arange(m) % 2.0)[:, None]
    return _draw_difference(a, y, y if task == TASKS[1] else y[:, 0])


def _draw_product(left, right, x, W):
    p, q = ({"x": x, "W": W, "W.T": W.T}[name] for name in (left, right))
    code, wanted = f"{left} @ {right}", (x @ W.T).shape
    try:
        result, answer = p @ q, f"shape {(p @ q).shape}"
    except ValueError as error:
        result, answer = None, f"ValueError: {error}"
    if result is None:
        verdict = f"No product: the inner sizes {p.shape[1]} and {q.shape[0]} differ."
    elif code == "x @ W.T":
        verdict = "Right: row i, column j is the weighted sum of neuron j for sample i."
    elif result.shape == wanted:
        verdict = "A trap: the shape is right, the numbers are wrong. Change one size to see it."
    else:
        verdict = f"NumPy computes it, but a layer needs the shape {wanted}."
    note = f"inner sizes: {p.shape[1]} {'≠' if result is None else '='} {q.shape[0]}"
    table = [["array", "shape"], [left, p.shape], [right, q.shape], [code, answer]]
    return _draw_boxes(
        code, [(left, p, FACTORS[left]), (right, q, FACTORS[right])], result, note, verdict, table
    )


def _draw_difference(a, y, given):
    result, loss = a - given, half_mse(a, y)
    silent = 0.5 * np.sum(result**2) / len(a)
    if given.ndim == 2:
        note, verdict = "equal shapes", "Right: one error per sample."
    elif result.shape == a.shape:
        note, verdict = "with one sample the trap does not show", "Right, but only because m is 1."
    else:
        note = f"NumPy reads {given.shape} as one row and repeats both"
        verdict = "A trap: every a minus every y, and no error message."
    verdict += f" 0.5·sum((a − y)²)/m gives {number(silent)}; the loss is {number(loss)}."
    table = [["array", "shape or value"], ["a", a.shape], ["y", given.shape]]
    table += [["a − y", f"shape {result.shape}"], ["0.5·sum((a − y)²)/m", number(silent)]]
    table.append(["loss", number(loss)])
    boxes = [("a", a, svg.FORWARD), ("y", given, "currentColor")]
    return _draw_boxes("a − y", boxes, result, note, verdict, table)


def _draw_boxes(code, boxes, result, note, verdict, table):
    """left sign right = result, all standing on one middle line; lit when NumPy has an answer."""
    middle, x, parts, answer = 105, 30, [], table[3][1]
    light = 0.0 if result is None else 0.4
    if result is not None:
        boxes = [*boxes, ("result", result, svg.FORWARD)]
    for sign, (name, array, colour) in zip(["", code.split()[1], "="], boxes, strict=False):
        if sign:
            parts.append(svg.text(x + 30, middle + 8, sign, font_size=24))
            x += 60
        rows, columns = array.shape if array.ndim == 2 else (1, *array.shape)
        width = max(22 * columns, 48)
        left, top = x + (width - 22 * columns) / 2, middle - 11 * rows
        style = {"stroke": colour, "fill": colour, "fill_opacity": light}
        parts.append(svg.matrix(left, top, rows, columns, name, **style))
        parts.append(svg.text(x + width / 2, middle + 11 * rows + 20, f"{array.shape}"))
        x += width
    if result is None:
        parts.append(svg.bold(x + 30, middle + 6, "→ ValueError", "start"))
    parts.append(svg.bold(30, 225, note, "start"))
    shapes = ", ".join(f"{name} is {array.shape}" for name, array, _ in boxes[:2])
    alt = f"{code}: {shapes}; {note}. NumPy answers {answer}. {verdict}"
    worked = [f"{code}  →  {answer}", verdict]
    return Picture(svg.document(240, alt, *parts), alt, worked, table)


ROWS = ["0, 0", "0, 1", "1, 0", "1, 1"]
WIRES = {
    "w11": ("W1[0,0]: x1 to h1", 1.0),
    "w12": ("W1[0,1]: x2 to h1", 1.0),
    "b1": ("b1[0]: bias of h1", 0.0),
    "w21": ("W1[1,0]: x1 to h2", 1.0),
    "w22": ("W1[1,1]: x2 to h2", 1.0),
    "b2": ("b1[1]: bias of h2", 0.0),
    "v1": ("W2[0,0]: h1 to output", 1.0),
    "v2": ("W2[0,1]: h2 to output", 1.0),
    "c": ("b2[0]: bias of output", 0.0),
}
HINT = (
    "Hint: let h1 be OR (1 when at least one input is 1), h2 be NAND (0 only when both inputs "
    "are 1), and the output AND (1 only when h1 and h2 are 1)."
)


def wire_xor():
    """Nine numbers to set by hand until a 2-2-1 network answers XOR."""
    return Explore(
        draw_wiring,
        "Set the nine numbers until all four rows are right.",
        phi=choice("activation function", ["step", "sigmoid"]),
        row=choice("row shown", ROWS),
        **{name: slider(label, first, -20, 20, 0.5) for name, (label, first) in WIRES.items()},
        hint=tick("Show a hint"),
    )


def draw_wiring(phi, row, w11, w12, b1, w21, w22, b2, v1, v2, c, hint):
    """The 2-2-1 network with the numbers of one row, and the truth table of all four."""
    x, y = datasets.xor()
    Ws = [np.array([[w11, w12], [w21, w22]]), np.array([[v1, v2]])]
    bs = [np.array([b1, b2]), np.array([c])]
    f = activations.sigmoid if phi == "sigmoid" else lambda z: (z > 0).astype(float)
    z, a = [None], [x]
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(f(z[-1]))
    right = ((a[2] > 0.5) == y)[:, 0]
    shown = ROWS.index(row)
    verdict = f"{right.sum()} of 4 rows right" + (": this is XOR." if right.all() else ".")
    inside, worked = [[(f"x{i + 1}", short(v)) for i, v in enumerate(x[shown])]], []
    for l, names in ((1, ["h1", "h2"]), (2, ["output"])):
        inside.append([])
        for j, name in enumerate(names):
            z_words, a_words = number(z[l][shown, j], 2), number(a[l][shown, j])
            inside[l].append((name, f"z {z_words}", f"a {a_words}"))
            sums = _weighted_sum(Ws[l - 1][j], a[l - 1][shown], bs[l - 1][j], 3 if l == 2 else 0)
            worked.append(f"{name} = {phi}({sums}) = {phi}({z_words}) = {a_words}")
    table = [["x1", "x2", "h1", "h2", "output", "target", "verdict"]]
    for i in range(4):
        outputs = [number(v, 2) for v in (*a[1][i], a[2][i, 0])]
        words = "✓ right" if right[i] else "✗ wrong"
        table.append([*map(short, x[i]), *outputs, short(y[i, 0]), words])
    rows = "; ".join(f"{r[0]}, {r[1]} gives {r[4]}, {r[6][2:]}" for r in table[1:])
    cells = [
        (svg.bold if i in (0, shown + 1) else svg.text)(left, 70 + 28 * i, cell, font_size=12)
        for i, line in enumerate(table)
        for left, cell in zip([370, 392, 424, 463, 508, 556, 609], line, strict=True)
    ]
    alt = f"{phi}: {verdict} {rows}."
    drawing = svg.document(
        300,
        alt,
        svg.network(34, 10, 280, 280, Ws, bs, inside, radius=33),
        svg.line((362, 79), (638, 79)),
        *cells,
        svg.bold(362, 225, verdict, "start"),
    )
    return Picture(drawing, alt, worked + [HINT] * hint, table)


def softmax_lab():
    """Three logits, a temperature and a scale: when exp overflows, and how a shift saves it."""
    return Explore(
        draw_softmax,
        "Move z1, z2, z3. Then multiply them by 1000: what does exp do? "
        "Subtracting the largest number first changes no probability.",
        z1=slider("logit z1", 2.0, -5, 5),
        z2=slider("logit z2", 1.0, -5, 5),
        z3=slider("logit z3", -1.0, -5, 5),
        temperature=slider("temperature T", 1.0, 0.1, 10),
        scale=choice("multiply all z by", [1, 10, 100, 1000]),
    )


def draw_softmax(z1, z2, z3, temperature, scale):
    """The probabilities with and without subtracting the largest number before exp."""
    s = np.array([z1, z2, z3]) * scale / temperature
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.exp(s)
        plain = e / e.sum()
    safe, shifted = softmax(s), s - s.max()
    if np.isfinite(plain).all():
        trouble = "both ways agree"
    elif np.isinf(e).any():
        trouble = "exp gives infinity, and infinity / infinity is NaN: not a number"
    else:
        trouble = "every exp gives 0, and 0 / 0 is NaN: not a number"
    ways = {"with the shift": (shifted, safe), "without the shift": (s, plain)}
    names, alt, worked = ["p1", "p2", "p3"], "", []
    for way, (inside, p) in ways.items():
        values = ", ".join(f"{n} = {number(p_j)}" for n, p_j in zip(names, p, strict=True))
        alt += f"{way}: {values}. "
        below = " + ".join(f"exp({number(v, 2)})" for v in inside)
        worked.append(f"{way}: p1 = exp({number(inside[0], 2)}) / ({below}) = {number(p[0], 6)}")
    alt += f"The largest z·scale/T is {number(s.max(), 2)}; {trouble}."
    drawing = svg.document(
        210,
        alt,
        svg.bold(40, 30, "with the shift: exp(s − max s)", "start"),
        svg.bars(40, 52, 200, safe, names),
        svg.bold(360, 30, "without the shift: exp(s)", "start"),
        svg.bars(360, 52, 200, plain, names),
        svg.text(40, 190, trouble, "start"),
    )
    s_words = ", ".join(number(v, 2) for v in s)
    worked.insert(0, f"s = z·scale/T = {s_words}; max s = {number(s.max(), 2)}")
    table = [["j", "s", "exp(s − max s)", "p with the shift", "exp(s)", "p without the shift"]]
    for j in range(3):
        power = f"{e[j]:.4g}" if np.isfinite(e[j]) else number(e[j])
        row = [number(s[j], 2), number(np.exp(shifted[j]), 6), number(safe[j], 6), power]
        table.append([j + 1, *row, number(plain[j], 6)])
    return Picture(drawing, alt, worked, table)
