"""The interactives of lesson 6 about help: dead units, four activations, the remedy matrix."""

import textwrap
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bplib import datasets, dbn, svg
from bplib.activations import IDENTITY, LEAKY_RELU, RELU, SIGMOID, TANH, dead, leaky_relu, sigmoid
from bplib.initialisers import he, xavier
from bplib.losses import BINARY_CROSS_ENTROPY, MSE, SOFTMAX_CROSS_ENTROPY
from bplib.network import dense
from bplib.optimisers import SGD, Adam
from bplib.recurrent import LastStep, clip, lstm, rnn
from bplib.svg import number, plural, rough, short
from bplib.training import accuracy, train
from bplib.widgets.explore import (
    Explore,
    Picture,
    choice,
    learning_rate,
    quick,
    slider,
    smooth,
    whole,
)
from bplib.widgets.gradient_watch import CHANCE, _loss, _reached
from bplib.widgets.vanishing_gradient import LIMIT

# ---- the dead-unit detector ----------------------------------------------------------------------

UNITS, ROWS, EPOCHS = 32, 1000, 20
ACROSS, CELL = 16, 25
LAYERS_TOP = 36, 138


class Moment(NamedTuple):
    """The network after some epochs.

    loss : on the training rows,  accuracy : on rows it never saw
    on : for each unit of both hidden layers the share of training rows with z > 0, (2, 32)
    off : which units have z <= 0 on all of them, (2, 32) of bool
    """

    loss: float
    accuracy: float
    on: np.ndarray
    off: np.ndarray


def dead_units():
    """Which hidden units are dead, before and while a ReLU network learns the digits?"""
    return quick(
        Explore(
            draw_dead,
            "Most units are dead before the first update. Press Play: does training wake them? "
            "Then set the slope α to 0.01 and play once more.",
            lr=learning_rate(0.001, -4, 0),
            bias=slider("first bias b", -2.0, -3, 1, 0.25),
            alpha=slider("slope α (0: ReLU)", 0.0, 0, 0.3, 0.01),
            step=whole("epochs", 0, 0, EPOCHS),
            weights_seed=whole("seed", 0, 0, 99),
        )
    )


@lru_cache(maxsize=64)
def _learn(lr, bias, slope, seed, epochs=EPOCHS):
    """A Moment for each epoch of a 64-32-32-10 network with Adam; fewer if one is not finite."""
    rng = np.random.default_rng(seed)
    x, y, *unseen = datasets.split(*datasets.digits(), 797, rng)
    sizes = [64, UNITS, UNITS, 10]
    net = dense(sizes, leaky_relu(slope), SOFTMAX_CROSS_ENTROPY, rng, he)
    for layer in net.layers[:2]:
        layer.b[:] = bias
    moments = []
    for epoch in train(net, x, y, Adam(lr), epochs, 32, rng, unseen):
        if not np.isfinite(epoch.loss):
            break
        z = net.forward(x).z[:2]
        on, off = np.array([(v > 0).mean(axis=0) for v in z]), np.array([dead(v) for v in z])
        moments.append(Moment(epoch.loss, epoch.validation_accuracy, on, off))
    return moments


def _unit(x, y, on, off, slope):
    """A box, blue up to the share of rows with z > 0; dashed, with ✕ or α, if there is no row."""
    if off:
        edge = svg.box(x, y, CELL - 4, 30, stroke_dasharray="3 2")
        return edge + svg.bold(x + CELL / 2 - 2, y + 20, "α" if slope else "✕")
    high = max(30 * on, 2)  # one row in a thousand is to be seen too
    fill = {"fill": svg.FORWARD, "fill_opacity": 0.7, "stroke": "none"}
    return svg.box(x, y + 30 - high, CELL - 4, high, **fill) + svg.box(x, y, CELL - 4, 30)


def draw_dead(lr, bias, alpha, step, weights_seed):
    """Every hidden unit as a box; how many are dead, and the accuracy, after each epoch."""
    moments = _learn(lr, bias, alpha, weights_seed)
    n, gone = _reached(moments, step)
    now, first = moments[n], moments[0]
    word = "asleep" if alpha else "dead"
    counts = now.off.sum(axis=1).tolist()
    total, epochs = sum(counts), np.arange(n + 1)
    parts = []
    for l, top in enumerate(LAYERS_TOP):
        words = f"hidden layer {l + 1}: {counts[l]} of {UNITS} {word}"
        parts.append(svg.bold(16, top - 12, words, "start"))
        for j, (on, off) in enumerate(zip(now.on[l], now.off[l], strict=True)):
            x, y = 16 + CELL * (j % ACROSS), top + 36 * (j // ACROSS)
            parts.append(_unit(x, y, on, off, alpha))
    passes = "no error gets through" if not alpha else f"a part α = {short(alpha)} gets through"
    upper = svg.Axes(478, 36, 145, 66, x=(0, EPOCHS), y=(0, 2 * UNITS))
    lower = svg.Axes(478, 174, 145, 66, x=(0, EPOCHS), y=(0, 1))
    line = {"stroke": svg.FORWARD, "stroke_width": 2.5}
    dot = {"fill": svg.FORWARD, "stroke": "none"}
    dead_now = [int(moment.off.sum()) for moment in moments[: n + 1]]
    right = [moment.accuracy for moment in moments[: n + 1]]
    parts += [
        _unit(16, 222, 0.5, False, alpha),
        svg.text(46, 241, "alive: blue is the share of rows with z > 0", "start"),
        _unit(16, 262, 0, True, alpha),
        svg.text(46, 275, f"{word}: z ≤ 0 on all {ROWS} training rows;", "start"),
        svg.text(46, 292, passes, "start"),
        upper.frame("", f"units {word}: {total} of {2 * UNITS}", (0, 10, 20), (0, 32, 64)),
        upper.curve(epochs, np.array(dead_now), **line),
        svg.circle(upper.at(n, dead_now[-1]), 4.5, **dot),
        lower.frame("epoch", f"test accuracy: {number(right[-1])}", (0, 10, 20), (0, 0.5, 1)),
        lower.curve(epochs, np.array(right), **line),
        svg.circle(lower.at(n, right[-1]), 4.5, **dot),
    ]
    woken = int((first.off & ~now.off).sum())
    fallen = int((~first.off & now.off).sum())
    worked = [
        f"epoch {n}: loss {_loss(now)} (guessing: ln 10 = {number(CHANCE)}), test accuracy "
        f"{number(now.accuracy)}.{gone}",
        f"z ≤ 0 on all {ROWS} rows: {counts[0]} of {UNITS} units in layer 1, {counts[1]} of "
        f"{UNITS} in layer 2: {word}",
        f"{word} before training: {first.off.sum()}; of these awake now: {woken}; "
        f"{'fell asleep' if alpha else 'died'} since: {fallen}",
    ]
    whole_layers = [l + 1 for l in range(2) if counts[l] == UNITS]
    if whole_layers and not alpha:
        last = max(whole_layers)
        worked.append(
            f"every unit of layer {last} is dead: no error gets through, so dW and db are exactly "
            f"0 in {'layer 1' if last == 1 else 'layers 1 and 2'}"
        )
    elif total and not alpha:
        worked.append(
            "dW = 0 and db = 0 for a dead unit: no error moves its weights; in layer 2 it can "
            "wake up all the same, when layer 1 changes"
        )
    elif total:
        worked.append(
            f"asleep, not dead: the slope is α = {short(alpha)} and not 0, so dW is not 0 and the "
            "unit can wake up"
        )
    kind = f"Leaky ReLU, α = {short(alpha)}" if alpha else "ReLU"
    alt = f"{kind}, first bias {short(bias)}, Adam, η = {rough(lr)}, seed {weights_seed}. "
    alt += ". ".join(words.rstrip(".") for words in worked) + "."
    table = [["layer", "unit", "share of rows with z > 0", "state"]]
    for (l, j), on in np.ndenumerate(now.on):
        table.append([l + 1, j + 1, number(on), word if now.off[l, j] else "alive"])
    return Picture(svg.document(306, alt, *parts), alt, worked, table)


# ---- four activations ----------------------------------------------------------------------------

SEEDS, RACE_EPOCHS, LEAK = 20, 1000, 0.1
RACERS = {
    "sigmoid": (SIGMOID, {"stroke": "#AA4499", "stroke_dasharray": "2 3"}),
    "tanh": (TANH, {"stroke": "#997700", "stroke_dasharray": "9 3 2 3"}),
    "ReLU": (RELU, {"stroke": "#33888F"}),
    "Leaky ReLU": (leaky_relu(LEAK), {"stroke": "#CC6677", "stroke_dasharray": "9 4"}),
}
PHIS = [phi for phi, _ in RACERS.values()]


class Race(NamedTuple):
    """Four activations and twenty seeds after 0, 1, ... epochs.

    right : rows of XOR right, −1 once a number is infinite, (epochs + 1, 4, seeds)
    dead : units that are dead, in all ReLU networks together, (epochs + 1,)
    """

    right: np.ndarray
    dead: np.ndarray


def four_activations():
    """The same first weights with four activations: who learns XOR, from twenty seeds?"""
    return smooth(
        Explore(
            draw_four,
            "Guess who is first and who gets most seeds, then press Play. "
            "Then take 4 hidden layers of 8 neurons and η = 0.1: who is last now?",
            hidden=whole("neurons H per layer", 4, 1, 8),
            depth=whole("hidden layers", 1, 1, 4),
            lr=learning_rate(0.5, -2, 1),
            step=whole("epochs", 0, 0, RACE_EPOCHS),
            first_seed=whole("first seed", 0, 0, 99),
        ),
        stride=2,
    )


def _phis(way, *arrays):
    """into(z) or back(da, a) of four activations, each for a quarter of the networks, in place.

    arrays : (4 seeds, m, n)
    """
    quarters = (np.split(array, len(PHIS)) for array in arrays)
    for phi, *quarter in zip(PHIS, *quarters, strict=True):
        for call in getattr(phi, way)(*quarter):
            call()


@lru_cache(maxsize=64)
@np.errstate(over="ignore", invalid="ignore")
def _race(hidden, depth, lr, first):
    """Train all networks at once, each with all four rows in one batch.   ->  Race

    The networks are the first axis of every array: the numbers of Network and SGD, sooner.
    """
    x, y = datasets.xor()
    sizes = [2, *[hidden] * depth, 1]
    networks = [
        dense(sizes, RELU, BINARY_CROSS_ENTROPY, np.random.default_rng(seed), he)
        for seed in range(first, first + SEEDS)
    ]
    starts = zip(*([layer.W for layer in net.layers] for net in networks), strict=True)
    Ws = [np.tile(Ws, (len(PHIS), 1, 1)) for Ws in starts]
    bs = [np.zeros((len(W), 1, W.shape[1])) for W in Ws]
    relu = slice(2 * SEEDS, 3 * SEEDS)  # where RACERS has ReLU
    right, gone = [], []
    for _ in range(RACE_EPOCHS + 1):
        a = [np.broadcast_to(x, (len(Ws[0]), *x.shape))]
        for l in range(depth + 1):
            a.append(a[l] @ Ws[l].transpose(0, 2, 1) + bs[l])
            if l < depth:
                _phis("into", a[-1])
        rows = np.where(np.isfinite(a[-1]), (a[-1] > 0) == (y > 0.5), np.nan).sum(axis=(1, 2))
        right.append(np.nan_to_num(rows, nan=-1).reshape(len(PHIS), SEEDS))
        gone.append(sum(dead(v[relu].swapaxes(0, 1).reshape(4, -1)).sum() for v in a[1:-1]))
        delta = (sigmoid(a[-1]) - y) / len(x)
        for l in reversed(range(depth + 1)):
            dW, db = delta.transpose(0, 2, 1) @ a[l], delta.sum(axis=1, keepdims=True)
            if l:
                delta = delta @ Ws[l]
                _phis("back", delta, a[l])
            Ws[l] -= lr * dW
            bs[l] -= lr * db
    return Race(np.array(right, np.int8), np.array(gone))


def draw_four(hidden, depth, lr, step, first_seed):
    """Seeds solved against epochs, one line per activation, and a cell for each seed."""
    race = _race(hidden, depth, lr, first_seed)
    solved = np.sum(race.right == 4, axis=2)
    axes = svg.Axes(48, 40, 280, 236, x=(0, RACE_EPOCHS), y=(0, SEEDS + 0.6))
    shown = np.unique(np.append(np.arange(0, step + 1, 5), step))
    parts = [axes.frame("epoch", "seeds solved, of 20", range(0, 1001, 250), range(0, 21, 5))]
    table = [["activation", "solved", "ten solved at epoch", "best row count of the others"]]
    halves = []
    for i, (name, (_, style)) in enumerate(RACERS.items()):
        counts, now, top = solved[: step + 1, i], race.right[step, i].tolist(), 40 + 68 * i
        style = style | {"stroke_width": 2.5}
        parts += [
            axes.curve(shown, counts[shown], **style),
            svg.circle(axes.at(step, counts[-1]), 4.5, fill=style["stroke"], stroke="none"),
            svg.line((366, top - 5), (404, top - 5), **style),
            svg.bold(412, top, f"{name}: {counts[-1]} of {SEEDS}", "start"),
        ]
        for k, rows in enumerate(now):
            x, middle = 366 + 13 * k, 372 + 13 * k
            if rows == 4:
                cell = svg.box(x, top + 8, 12, 20, fill="#77AADD")
                parts.append(cell + svg.bold(middle, top + 22, "✓", fill="black", font_size=11))
            else:
                words = "∞" if rows < 0 else str(rows)
                cell = svg.box(x, top + 8, 12, 20, stroke_dasharray="3 2", stroke_width=0.8)
                parts.append(cell + svg.text(middle, top + 22, words, font_size=11))
        enough = np.flatnonzero(counts >= SEEDS / 2)
        halves.append(str(enough[0]) if len(enough) else "not yet")
        others = [rows for rows in now if 0 <= rows < 4]
        table.append([name, int(counts[-1]), halves[-1], f"{max(others)} of 4" if others else "–"])
    last = 40 + 68 * 3
    parts += [
        svg.text(366, last + 44, f"seed {first_seed}", "start", font_size=11),
        svg.text(625, last + 44, f"seed {first_seed + SEEDS - 1}", "end", font_size=11),
        svg.text(
            366, last + 66, "✓ solved; or how many of 4 rows are right", "start", font_size=12
        ),
    ]
    each = ", ".join(f"{name} {solved[step, i]}" for i, name in enumerate(RACERS))
    half = ", ".join(f"{name} {at}" for name, at in zip(RACERS, halves, strict=True))
    units = SEEDS * hidden * depth
    shape = "-".join(str(size) for size in [2, *[hidden] * depth, 1])
    worked = [
        f"after {plural(step, 'epoch')} solved, of {SEEDS} seeds: {each}",
        f"first epoch with {SEEDS // 2} seeds solved: {half}",
        f"ReLU: {race.dead[step]} of {units} hidden units are dead, z ≤ 0 on all four rows",
        f"{shape}, seed for seed the same first weights (He, b = 0), SGD with all four rows, "
        f"η = {rough(lr)}; Leaky ReLU with α = {short(LEAK)}",
    ]
    if (race.right[step] < 0).any():
        worked.append("∞: a number became infinite in this network")
    alt = f"XOR, seeds {first_seed} to {first_seed + SEEDS - 1}. " + ". ".join(worked) + "."
    return Picture(svg.document(324, alt, *parts), alt, worked, table)


# ---- the remedy matrix ---------------------------------------------------------------------------

NOTHING, FEW = "nothing", 5
DOTS_LEFT, DOTS_WIDE, LANE = 150, 300, 34
NAMES_WIDE, LETTERS = 190, 24
OWN = (
    " A small measurement. RNN: the adding problem with T = 15, share of answers within 0.1. "
    "sigmoid: digits, five hidden layers, 500 rows, 8 epochs, test accuracy. "
    "ReLU: digits, two hidden layers with a first bias of −2, 1000 rows, 5 epochs, test accuracy."
)
FORM = "measured must be {symptom: {remedy: [one value per seed]}}"


def remedy_matrix(measured=None):
    """Which remedy helps against which symptom?

    measured : {symptom: {remedy: [one value per seed, from 0 to 1]}}, each with a remedy "nothing"
        None : a quick measurement of our own, with five seeds
    """
    own = measured is None
    measured = _measure() if own else measured
    usable = isinstance(measured, dict) and measured
    words = (
        "Pick a symptom. Which remedy do you expect to help? Then read the dots: one is one seed."
    )
    return Explore(
        lambda symptom: draw_matrix(measured, symptom),
        words + (OWN if own else ""),
        symptom=choice("symptom", [str(name) for name in measured] if usable else ["none"]),
    )


def _sigmoid_layers(remedy, seed):
    """Test accuracy of five hidden layers, trained on 500 digits for 8 epochs."""
    rng = np.random.default_rng(seed)
    x, y, *unseen = datasets.split(*datasets.digits(), 1297, rng)
    sizes, lr = [64, *[32] * 5, 10], 0.5
    if remedy == "DBN":
        sweeps = dbn.pretrain(sizes[:-1], x, rng, epochs=6, batch=20)
        net = dbn.unroll(dbn.stack(list(sweeps)), 10, rng)
    elif remedy == NOTHING:
        net = dense(sizes, SIGMOID, SOFTMAX_CROSS_ENTROPY, rng, xavier)
    else:
        phi, lr = RELU if remedy == "ReLU" else LEAKY_RELU, 0.1
        net = dense(sizes, phi, SOFTMAX_CROSS_ENTROPY, rng, he)
    for _ in train(net, x, y, SGD(lr), 8, 20, rng):
        pass
    return accuracy(net, *unseen)


def _born_dead(remedy, seed):
    """Test accuracy after 5 epochs with a first bias of -2; the illness is a ReLU's."""
    slope = 0.0 if remedy == NOTHING else 0.01
    return _learn(0.004, -2.0, slope, seed, 5)[-1].accuracy


def _far_back(remedy, seed):
    """Share of 1000 new rows of the adding problem, T = 15, that are answered within 0.1."""
    rng = np.random.default_rng(seed)
    cell = (lstm if remedy == "LSTM" else rnn)(2, 8, rng)
    model, optimiser = LastStep(cell, dense([8, 1], IDENTITY, MSE, rng)), Adam(0.03)
    for _ in range(200):
        x, y = datasets.adding(20, 15, rng)
        found, read = model.backward(model.forward(x), y)
        optimiser.step(model.params, clip(found.params + read.params, 1.0))
    x, y = datasets.adding(1000, 15, rng)
    return float(np.mean(np.abs(model.forward(x)[1].a[-1] - y) < 0.1))


TRIALS = {
    "RNN: forgets the start": (_far_back, [NOTHING, "LSTM"]),
    "sigmoid: learns nothing": (_sigmoid_layers, [NOTHING, "DBN", "ReLU", "Leaky ReLU"]),
    "ReLU: units born dead": (_born_dead, [NOTHING, "Leaky ReLU"]),
}


@lru_cache
def _measure():
    """The quick measurement: two or three seconds, and then never again."""
    return {
        symptom: {remedy: [measure(remedy, seed) for seed in range(FEW)] for remedy in remedies}
        for symptom, (measure, remedies) in TRIALS.items()
    }


def _checked(measured):
    """{symptom: {remedy: values (seeds,)}}.   ValueError, in one sentence, for anything else"""
    if not isinstance(measured, dict) or not measured:
        kind = "empty" if isinstance(measured, dict) else f"of type {type(measured).__name__}"
        raise ValueError(f"{FORM}, but it is {kind}.")
    checked = {}
    for symptom, remedies in measured.items():
        if not isinstance(remedies, dict) or NOTHING not in remedies:
            raise ValueError(f'{FORM}, but "{symptom}" has no remedy "{NOTHING}" to compare with.')
        checked[str(symptom)] = {}
        for remedy, values in remedies.items():
            where = f'the values of "{remedy}" for "{symptom}"'
            try:
                values = np.asarray(values, float)
            except (TypeError, ValueError):
                raise ValueError(f"{where} must be numbers, but they are {values!r}.") from None
            if values.ndim != 1 or not values.size:
                raise ValueError(f"{where} must be a list with one number per seed.")
            if not ((values >= 0) & (values <= 1)).all():  # NaN is not
                worst = values[~((values >= 0) & (values <= 1))][0]
                raise ValueError(f"{where} must be from 0 to 1, but one is {number(worst)}.")
            checked[str(symptom)][str(remedy)] = values
    return checked


class Help(NamedTuple):
    """What a remedy did.   better : seeds that are better than every seed of nothing"""

    median: float
    better: int
    seeds: int


def _help(values, nothing):
    return Help(float(np.median(values)), int(np.sum(values > nothing.max())), len(values))


def _wrapped(x, y, words, width, anchor, style=svg.text):
    """Words of at most `width` letters a line, small, their middle at y; no word is cut."""
    lines = textwrap.wrap(words, width, break_long_words=False)
    first = y + 4 - 7 * (len(lines) - 1)
    return "".join(
        style(x, first + 14 * i, line, anchor, font_size=12) for i, line in enumerate(lines)
    )


def _lanes(names, values, top):
    """A lane per remedy: a bar up to the median, a dot per seed, and the numbers behind.

    values : {remedy: (seeds,)}, without those that were not tried
    """
    axes = svg.Axes(DOTS_LEFT, top, DOTS_WIDE, LANE * len(names), x=(0, 1), y=(0, 1))
    limit, foot = axes.at(values[NOTHING].max(), 0)
    parts = [
        svg.line((limit, top), (limit, foot), **LIMIT),
        axes.frame("value of each seed (dot) and median (bar)", "", (0, 0.25, 0.5, 0.75, 1), ()),
    ]
    for i, name in enumerate(names):
        middle = top + LANE * (i + 0.5)
        parts.append(_wrapped(DOTS_LEFT - 10, middle, name, 20, "end"))
        if name not in values:
            parts.append(svg.text(DOTS_LEFT + DOTS_WIDE + 12, middle + 4, "not tried", "start"))
            continue
        median, better, seeds = _help(values[name], values[NOTHING])
        bar = {"fill": svg.FORWARD, "fill_opacity": 0.4, "stroke": "none"}
        parts.append(svg.box(DOTS_LEFT, middle - 11, median * DOTS_WIDE, 22, **bar))
        for k, value in enumerate(values[name].tolist()):
            place = axes.at(value, 0)[0], middle + 16 * ((k + 0.5) / seeds - 0.5)
            parts.append(svg.circle(place, 3, fill="currentColor", stroke="none"))
        words = plural(seeds, "seed") if name == NOTHING else f"{better} of {seeds} better"
        parts.append(svg.bold(DOTS_LEFT + DOTS_WIDE + 12, middle + 4, number(median), "start"))
        parts.append(svg.text(DOTS_LEFT + DOTS_WIDE + 58, middle + 4, words, "start"))
    return "".join(parts)


def _overview(names, measured, chosen, top):
    """A row per symptom and a column per remedy, each with its median.   ->  parts, height"""
    wide = (624 - NAMES_WIDE) / len(names)
    parts, y = [], top + 34
    for i, name in enumerate(names):
        x = NAMES_WIDE + wide * (i + 0.5)
        parts.append(_wrapped(x, top + 12, name, int(wide / 8), "middle", svg.bold))
    for symptom, values in measured.items():
        high = 12 + 14 * max(2, len(textwrap.wrap(symptom, LETTERS)))
        middle = y + high / 2
        parts.append(_wrapped(NAMES_WIDE - 10, middle, symptom, LETTERS, "end"))
        for i, name in enumerate(names):
            x = NAMES_WIDE + wide * i
            fill = {}
            if name not in values:
                words = svg.text(x + wide / 2, middle + 4, "not tried", font_size=11)
            else:
                median, better, seeds = _help(values[name], values[NOTHING])
                fill = {"fill": svg.FORWARD, "fill_opacity": 0.4 * median}
                below = plural(seeds, "seed") if name == NOTHING else f"{better} of {seeds}"
                words = svg.bold(x + wide / 2, middle - 3, number(median, 2))
                words += svg.text(x + wide / 2, middle + 11, below, font_size=11)
            parts.append(svg.box(x, y, wide, high, stroke_width=0.6, **fill) + words)
        if symptom == chosen:
            parts.append(svg.box(6, y, 618, high, stroke_width=3))
        y += high
    return "".join(parts), y - top


def draw_matrix(measured, symptom):
    """Each seed of each remedy for one symptom, and the medians for all of them."""
    measured = _checked(measured)
    values = measured[symptom]
    names = list(dict.fromkeys([NOTHING, *(name for row in measured.values() for name in row)]))
    title = textwrap.wrap(symptom, 70)
    top = 32 + 18 * len(title)
    foot = top + LANE * len(names) + 74
    cells, high = _overview(names, measured, symptom, foot)
    start = number(float(np.median(values[NOTHING])))
    worked, missing = [], [name for name in names if name not in values]
    for name in names[1:]:
        if name in values:
            median, better, seeds = _help(values[name], values[NOTHING])
            worked.append(
                f"{name}: median {number(median)} against {start} with nothing; {better} of "
                f"{plural(seeds, 'seed')} better than every seed of nothing"
            )
    worked = worked or [f"with nothing: median {start}; no remedy was tried"]
    if missing:
        worked.append(f"not tried against this symptom: {', '.join(missing)}")
    fewest = min(len(seeds) for seeds in values.values())
    if fewest < 5:
        worked.append(f"only {plural(fewest, 'seed')}: a hint, and not yet a result")
    alt = f"{symptom}. " + ". ".join(worked) + "."
    table = [
        ["symptom", "remedy", "median", "seeds better than every seed of nothing", "each seed"]
    ]
    for row, remedies in measured.items():
        for name in names:
            if name in remedies:
                median, better, _ = _help(remedies[name], remedies[NOTHING])
                each = ", ".join(number(value) for value in remedies[name])
                table.append([row, name, number(median), "–" if name == NOTHING else better, each])
            else:
                table.append([row, name, "not tried", "–", "–"])
    drawing = svg.document(
        foot + high + 10,
        alt,
        *(svg.bold(16, 22 + 18 * i, line, "start") for i, line in enumerate(title)),
        svg.text(DOTS_LEFT + DOTS_WIDE + 12, top - 6, "median", "start", font_size=12),
        _lanes(names, values, top),
        svg.text(
            16,
            foot - 16,
            "dotted line: the best seed of nothing;  5 of 5 (better): so many seeds are above it",
            "start",
            font_size=12,
        ),
        cells,
    )
    return Picture(drawing, alt, worked, table)
