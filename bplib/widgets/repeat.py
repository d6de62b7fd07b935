"""The interactives of lesson 4: epochs, batches, sick curves, first weights, seeds, stopping."""

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from bplib import datasets, svg
from bplib.activations import RELU, SIGMOID, TANH, sigmoid
from bplib.initialisers import he, normal, xavier, zeros
from bplib.losses import BINARY_CROSS_ENTROPY, MSE, SOFTMAX_CROSS_ENTROPY
from bplib.network import dense
from bplib.optimisers import SGD, Adam
from bplib.svg import number, plural, rough, short
from bplib.training import accuracy, minibatches, train
from bplib.widgets.explore import Explore, Picture, choice, quick, smooth, tick, whole

LOSS = {"stroke": svg.FORWARD, "stroke_width": 2}
VALIDATION = {"stroke": svg.BACKWARD, "stroke_width": 2, "stroke_dasharray": svg.DASHED}


def _ticks(high):
    """0 and about four round numbers up to high, in steps of 1, 2 or 5 tens."""
    power = 10.0 ** np.floor(np.log10(high / 4))
    step = power * next(k for k in (1, 2, 5, 10) if k * power >= high / 5)
    return [float(f"{v:.3g}") for v in np.arange(0, high * 1.0001, step)]


def _lines(x, y, sentences, step=19):
    """Left-aligned lines of text, the first with its foot at y."""
    return "".join(svg.text(x, y + step * i, words, "start") for i, words in enumerate(sentences))


TINTS = ["#77AADD", "#EEDD88", "#FFAABB", "#99DDFF", "#EE8866", "#BBCC33"]
LEFT, CELL, ACROSS = 70, 28, 20


def batch_calculator():
    """How many updates do N rows, batches of B and some epochs make?"""
    shuffle = tick("Shuffle the rows in every epoch")
    return Explore(
        draw_batches,
        "How many updates, and how many rows in the last batch? Say it before you look. "
        "Then try 1000 rows, batches of 32, 5 epochs.",
        rows=whole("rows N", 10, 1, 2000),
        batch=whole("batch size B", 4, 1, 512),
        epochs=whole("epochs", 3, 1, 100),
        shuffle=shuffle,
        shuffle_seed=whole("seed of the shuffle", 0, 0, 99),
    )


@lru_cache(maxsize=64)
def _deal(rows, batch, shuffle, seed):
    """The update (1, 2, ...) of each row in epochs 1 and 2, (2, rows), and the batch sizes."""
    rng = np.random.default_rng(seed) if shuffle else None
    names, update, count = np.arange(rows), np.zeros((2, rows), int), 0
    for epoch in range(2):
        sizes = []
        for few, _ in minibatches(names, names, batch, rng):
            count += 1
            update[epoch, few] = count
            sizes.append(len(few))
    return update, np.array(sizes)


def _cell(left, top, update, partial):
    edge = {"stroke_width": 2.5, "stroke_dasharray": "4 2"} if partial else {"stroke_width": 1}
    tint = TINTS[(update - 1) % len(TINTS)]
    return svg.box(left + 1.5, top, CELL - 3, 24, fill=tint, **edge) + svg.text(
        left + CELL / 2, top + 16, str(update), fill="black", font_size=11 if update < 1000 else 9
    )


def draw_batches(rows, batch, epochs, shuffle, shuffle_seed):
    """Each row as a cell with the number of its update, and what the last batch does."""
    update, sizes = _deal(rows, batch, shuffle, shuffle_seed)
    n, last = len(sizes), int(sizes[-1])
    partial, total = last < sizes[0], n * epochs
    fits = rows <= 2 * ACROSS
    shown = [range(min(rows, ACROSS)), range(ACROSS, rows)]
    if not fits:
        shown = [range(ACROSS), range(rows - ACROSS, rows)]
    parts = []
    for epoch in range(min(epochs, 2)):
        top = 62 + 86 * epoch
        parts.append(svg.bold(LEFT, top - 6, f"epoch {epoch + 1}", "start"))
        for k, line in enumerate(shown):
            for column, row in enumerate(line):
                u = int(update[epoch, row])
                place = LEFT + CELL * column, top + 28 * k
                parts.append(_cell(*place, u, partial and u == n * (epoch + 1)))
            if line:
                words = f"row {line[0]}"
                parts.append(svg.text(LEFT - 6, top + 28 * k + 16, words, "end", font_size=11))
    if epochs > 2:
        parts.append(svg.text(LEFT + 72, 142, "later epochs are not drawn", "start"))
    if epochs == 1:
        parts.append(svg.text(LEFT, 165, "There is only one epoch.", "start"))
    few = list(range(n)) if n <= 12 else [*range(10), None, n - 1]
    for place, i in enumerate(few):
        x = LEFT + 46 * place
        if i is None:
            parts.append(svg.text(x + 21, 264, "…"))
            continue
        width = 42 * sizes[i] / sizes[0]
        edge = {"stroke_width": 2.5, "stroke_dasharray": "4 2"} if partial and i == n - 1 else {}
        parts.append(svg.box(x, 250, width, 20, fill=TINTS[i % len(TINTS)], **edge))
        parts.append(svg.text(x + width / 2, 286, str(sizes[i]), font_size=11))
    parts.append(svg.text(LEFT - 6, 264, "batches", "end", font_size=11))
    parts.append(svg.text(LEFT - 6, 286, "rows", "end", font_size=11))
    parts.append(svg.bold(LEFT, 242, f"{plural(n, 'update')} in one epoch", "start"))
    losses = np.random.default_rng(0).exponential(size=rows)
    means = np.bincount(update[0], losses)[1:] / sizes
    mean, of_means = losses.mean(), means.mean()
    formula = f"ceil(N / B) = ceil({rows} / {batch})"
    times = f"{plural(epochs, 'epoch')}: {epochs}·{n} = {plural(total, 'update')}"
    worked = [
        f"updates in one epoch: {formula} = {n}",
        times + ("" if n == 1 else f": an epoch is not one update, but {n}"),
        f"rows in the last batch: {rows} − {n - 1}·{batch} = {last}",
    ]
    if partial:
        dropped = (
            f"if the last batch is dropped: {plural(n - 1, 'update')}, "
            f"and {plural(last, 'row')} not seen in this epoch"
        )
        worked += [
            dropped,
            f"weight of one row in the mean over all rows: 1/{rows} = {rough(1 / rows)}",
            f"in the mean of the batch means: 1/({n}·{batch}) = {rough(1 / (n * batch))} in a "
            f"full batch, 1/({n}·{last}) = {rough(1 / (n * last))} in the last",
            f"with an example loss for each row: mean over all rows {number(mean, 4)}, "
            f"mean of the batch means {number(of_means, 4)}",
        ]
        told = f"last batch: {last} of {batch} rows, drawn dashed"
    else:
        worked.append(
            f"every batch has {plural(last, 'row')}, so the mean of the batch means is the mean "
            f"over all rows: {number(of_means, 4)} = {number(mean, 4)} for an example loss"
        )
        told = f"last batch: {plural(last, 'row')}, as large as the others"
        told = told if n > 1 else f"one batch holds all rows: {last}"
    worked.append(
        f"shuffled with seed {shuffle_seed}: a new order in every epoch, x and y together"
        if shuffle
        else f"not shuffled, so every epoch has the same order; the seed {shuffle_seed} is not used"
    )
    said = "The number in a cell is the update that uses this row."
    if not fits:
        said += f" Rows {ACROSS} to {rows - ACROSS - 1} are not drawn."
    alt = (
        f"{plural(rows, 'row')}, batch size {batch}, {plural(epochs, 'epoch')}, "
        f"{'shuffled' if shuffle else 'not shuffled'}: {plural(n, 'update')} in one epoch, "
        f"{plural(total, 'update')} in all; {told}."
    )
    drawing = svg.document(
        310,
        alt,
        svg.text(LEFT, 30, said, "start"),
        *parts,
        svg.bold(330, 242, times, "start"),
        svg.text(LEFT, 305, told, "start"),
    )
    table = [["update of epoch 1", "rows", "weight of a row, mean of means", "mean loss"]]
    weight = {size: rough(1 / (n * size)) for size in (int(sizes[0]), last)}
    for i, (size, loss) in enumerate(zip(sizes.tolist(), means.tolist(), strict=True), 1):
        table.append([i, size, weight[size], number(loss, 4)])
    return Picture(drawing, alt, worked, table)


class Run(NamedTuple):
    """What was measured on all rows after 0, 1, ... epochs.  Each (epochs + 1,)"""

    loss: np.ndarray
    validation: np.ndarray
    right: np.ndarray
    validation_right: np.ndarray
    guessing: float


CLINIC_EPOCHS = 40
HUGE, TINY, SATURATED = 10.0, 0.0003, 5.0
WIDE = [2, 32, 32, 1]


def _measure(networks, rows, validation):
    """The loss and the accuracy of each network that comes, on both sets of rows.  -> Run"""
    seen = []
    for net in networks:
        for x, y in (rows, validation):
            seen += [net.loss.value(net.forward(x).a[-1], y), accuracy(net, x, y)]
    loss, right, validation_loss, validation_right = np.reshape(seen, (-1, 4)).T
    guessing = 0.125 if net.loss is MSE else np.log(2)
    return Run(loss, validation_loss, right, validation_right, guessing)


def _small(rng, phi=TANH, loss=BINARY_CROSS_ENTROPY):
    return dense([2, 8, 1], phi, loss, rng)


def _epochs(net, x, y, optimiser, rng, change=lambda x, y: (x, y)):
    """Train in the right way, but in each epoch with the rows that change() makes of x and y."""
    yield net
    for _ in range(CLINIC_EPOCHS):
        for x_few, y_few in minibatches(*change(x, y), 10, rng):
            optimiser.step(net.params, net.backward(net.forward(x_few), y_few).params)
        yield net


def _too_large(x, y, rng):
    return _epochs(_small(rng), x, y, SGD(HUGE), rng)


def _too_small(x, y, rng):
    return _epochs(_small(rng), x, y, SGD(TINY), rng)


def _overfitting(x, y, rng):
    net = dense(WIDE, TANH, BINARY_CROSS_ENTROPY, rng)
    return _epochs(net, x, y, Adam(0.05), rng)


def _x_alone(x, y, rng):
    return _epochs(_small(rng), x, y, SGD(0.05), rng, lambda x, y: (rng.permutation(x), y))


def _anew(x, y, rng):
    yield _small(rng)
    for _ in range(CLINIC_EPOCHS):
        net = _small(rng)  # the mistake: this line belongs before the loop
        for x_few, y_few in minibatches(x, y, 10, rng):
            SGD(0.02).step(net.params, net.backward(net.forward(x_few), y_few).params)
        yield net


def _saturated(x, y, rng):
    net = _small(rng, SIGMOID, MSE)
    net.layers[-1].b[:] = SATURATED
    return _epochs(net, x, y, SGD(1.0), rng)


def _never_reset(x, y, rng):
    net = _small(rng)
    total = [np.zeros_like(w) for w in net.params]
    yield net
    for _ in range(CLINIC_EPOCHS):
        for x_few, y_few in minibatches(x, y, 10, rng):
            gradients = net.backward(net.forward(x_few), y_few).params
            for dw, new in zip(total, gradients, strict=True):
                dw += new  # the mistake: the gradients of all batches so far
            SGD(0.5).step(net.params, total)
        yield net


def _last_row(x, y, rng):
    def repeated(x, y):
        return np.repeat(x[-1:], len(x), axis=0), np.repeat(y[-1:], len(y), axis=0)

    return _epochs(_small(rng), x, y, SGD(0.01), rng, repeated)


class Patient(NamedTuple):
    """A curve: what is wrong, how it was made, and its rows.   train(x, y, rng) yields networks"""

    illness: str
    train: Callable
    seed: int
    rows: int = 100
    noise: float = 0.2


class Diagnosis(NamedTuple):
    """What the curve would look like, what was measured, whether that is so, and the cure."""

    looks: str
    measured: Callable
    shows: Callable
    cure: str


THIRD = CLINIC_EPOCHS // 3
UNCHOSEN = "choose a diagnosis"
PATIENTS = {
    "patient 1": Patient("overfitting", _overfitting, 1, 40, 0.35),
    "patient 2": Patient("first weights drawn anew in each epoch", _anew, 2),
    "patient 3": Patient("learning rate too small", _too_small, 4),
    "patient 4": Patient("gradients never set back to 0", _never_reset, 1),
    "patient 5": Patient("x shuffled without y", _x_alone, 4),
    "patient 6": Patient("learning rate too large", _too_large, 2),
    "patient 7": Patient("trained on the last row only", _last_row, 3),
    "patient 8": Patient("output neuron saturated at the start", _saturated, 1),
}
DIAGNOSES = {
    "learning rate too large": Diagnosis(
        "The loss jumps from the first epochs on, far above its first value.",
        lambda r: (
            f"it begins at {rough(r.loss[0])}, has {rough(r.loss[1:6].max())} within 5 epochs, "
            f"and rises in {_rises(r)} of {CLINIC_EPOCHS} epochs"
        ),
        lambda r: r.loss[1:6].max() > 2 * r.loss[0],
        f"Here η was {short(HUGE)}. Divide η by 10 until the jumps are gone.",
    ),
    "learning rate too small": Diagnosis(
        "The loss falls in every epoch, smoothly, but hardly at all.",
        lambda r: (
            f"it falls in {CLINIC_EPOCHS - _rises(r)} of {CLINIC_EPOCHS} epochs, "
            f"from {rough(r.loss[0])} to {rough(r.loss[-1])}"
        ),
        lambda r: _rises(r) == 0 and r.loss[-1] > 0.7 * r.loss[0],
        f"Here η was {short(TINY)}. Multiply η by 10 until the loss falls fast.",
    ),
    "overfitting": Diagnosis(
        "The training loss falls to the end, the validation loss turns and rises.",
        lambda r: (
            f"training ends at {rough(r.loss[-1])}; validation is lowest at epoch "
            f"{r.validation.argmin()} with {rough(r.validation.min())} and ends at "
            f"{rough(r.validation[-1])}"
        ),
        lambda r: r.loss[-1] < 0.3 * r.loss[0] and r.validation[-1] > 1.5 * r.validation.min(),
        f"Here {PATIENTS['patient 1'].rows} noisy rows met "
        f"{sum((n_in + 1) * n_out for n_in, n_out in pairwise(WIDE))} parameters. "
        "Stop early, take more rows, or a smaller network.",
    ),
    "x shuffled without y": Diagnosis(
        "The loss settles at the loss of guessing and goes no lower.",
        lambda r: (
            f"in the last 20 epochs it is between {rough(r.loss[-20:].min())} and "
            f"{rough(r.loss[-20:].max())}; guessing has {rough(r.guessing)}"
        ),
        lambda r: np.abs(r.loss[-20:] / r.guessing - 1).max() < 0.15,
        "Draw one order of the rows and use it for x and for y.",
    ),
    "first weights drawn anew in each epoch": Diagnosis(
        "The loss goes up and down around one level from the start: no trend.",
        lambda r: (
            f"its mean is {rough(r.loss[1 : THIRD + 1].mean())} in the first {THIRD} epochs and "
            f"{rough(r.loss[-THIRD:].mean())} in the last {THIRD}; it rises in {_rises(r)} of "
            f"{CLINIC_EPOCHS} epochs, between {rough(r.loss.min())} and {rough(r.loss.max())}"
        ),
        lambda r: (
            abs(r.loss[1 : THIRD + 1].mean() / r.loss[-THIRD:].mean() - 1) < 0.15
            and r.loss[-20:].std() > 0.08
            and r.loss.max() < 2 * r.loss[0]
        ),
        "Make the network once, before the loop.",
    ),
    "output neuron saturated at the start": Diagnosis(
        "The loss is worse than guessing and nearly flat for some epochs, then it falls.",
        lambda r: (
            f"it begins at {rough(r.loss[0])}, guessing has {rough(r.guessing)}; the first 5 "
            f"epochs take away {100 * (1 - r.loss[5] / r.loss[0]):.0f} %, "
            f"all {CLINIC_EPOCHS} take away {100 * (1 - r.loss[-1] / r.loss[0]):.0f} %"
        ),
        lambda r: (
            r.loss[0] > 1.3 * r.guessing
            and abs(r.loss[5] / r.loss[0] - 1) < 0.05
            and r.loss[-1] < 0.5 * r.loss[0]
        ),
        f"Here the last bias began at {short(SATURATED)}, with sigmoid and the quadratic loss. "
        "Begin biases at 0, or use cross-entropy.",
    ),
    "gradients never set back to 0": Diagnosis(
        "The loss falls well at first; then it swings, wider and wider.",
        lambda r: (
            f"it begins at {rough(r.loss[0])}; the lowest of the first {THIRD} epochs is "
            f"{rough(r.loss[:THIRD].min())}, the highest of the last {THIRD} is "
            f"{rough(r.loss[-THIRD:].max())}"
        ),
        lambda r: (
            r.loss[:6].max() < 1.5 * r.loss[0]
            and r.loss[:THIRD].min() < 0.5 * r.loss[0]
            and r.loss[-THIRD:].max() > 3 * r.loss[0]
        ),
        "Compute new gradients for each batch; do not add them to the old ones.",
    ),
    "trained on the last row only": Diagnosis(
        "The loss over all rows rises steadily, and one class is always wrong.",
        lambda r: (
            f"it rises in {_rises(r)} of {CLINIC_EPOCHS} epochs, from {rough(r.loss[0])} to "
            f"{rough(r.loss[-1])}; {100 * r.right[-1]:.0f} % of the rows are right at the end"
        ),
        lambda r: _rises(r) > 0.9 * CLINIC_EPOCHS and r.loss[-1] > 1.5 * r.guessing,
        "Use the rows of this batch in the loop, not what is left of the row before.",
    ),
    "nothing, it is healthy": Diagnosis(
        "The loss falls fast at first, ends far below guessing, and validation stays near.",
        lambda r: (
            f"it is {rough(r.loss[0])} at first, {rough(r.loss[5])} after 5 epochs and "
            f"{rough(r.loss[-1])} at the end; guessing has {rough(r.guessing)}; validation ends at "
            f"{rough(r.validation[-1])}"
        ),
        lambda r: (
            r.loss[5] < 0.7 * r.loss[0]
            and r.loss[-1] < 0.5 * r.guessing
            and r.loss.max() < 1.1 * r.loss[0]
            and r.validation[-1] < 1.5 * r.validation.min()
        ),
        "It needs none.",
    ),
}


def _rises(run):
    return int(np.sum(np.diff(run.loss) > 0))


@lru_cache
def _clinic(patient):
    """The curves of a patient.  -> Run"""
    case = PATIENTS[patient]
    rng = np.random.default_rng(case.seed)
    rows, validation = (datasets.moons(m, rng, case.noise) for m in (case.rows, 300))
    return _measure(case.train(*rows, rng), rows, validation)


def curve_clinic():
    """Eight sick curves, each trained with a real mistake: which one is it?"""
    return Explore(
        draw_clinic,
        "What is wrong with this training? Say it, then choose a diagnosis and read what speaks "
        "for and against it.",
        patient=choice("patient", list(PATIENTS)),
        diagnosis=choice("diagnosis", [UNCHOSEN, *DIAGNOSES]),
    )


def draw_clinic(patient, diagnosis):
    """Loss and accuracy of both sets of rows, and what is to be said about the diagnosis."""
    run, epochs = _clinic(patient), np.arange(CLINIC_EPOCHS + 1)
    high = 1.05 * max(run.loss.max(), run.validation.max())
    left = svg.Axes(50, 60, 340, 190, x=(0, CLINIC_EPOCHS), y=(0, high))
    right = svg.Axes(455, 60, 170, 190, x=(0, CLINIC_EPOCHS), y=(0, 1.02))
    guess = {"stroke_dasharray": svg.DOTTED, "stroke_width": 1.5}
    curves = [
        axes.clip(
            axes.curve(epochs, 0 * epochs + level, **guess),
            axes.curve(epochs, validation, **VALIDATION),
            axes.curve(epochs, training, **LOSS),
        )
        for axes, training, validation, level in (
            (left, run.loss, run.validation, run.guessing),
            (right, run.right, run.validation_right, 0.5),
        )
    ]
    legend = [
        svg.line((x, 18), (x + 36, 18), **style) + svg.text(x + 43, 23, name, "start")
        for x, name, style in (
            (50, "training rows", LOSS),
            (210, "validation rows", VALIDATION),
            (380, "guessing", guess),
        )
    ]
    end = (
        f"After {CLINIC_EPOCHS} epochs: training loss {rough(run.loss[-1])}, validation loss "
        f"{rough(run.validation[-1])}, {100 * run.right[-1]:.0f} % of the training rows right"
    )
    alt = (
        f"{patient.capitalize()}. At the start: training loss {rough(run.loss[0])}, "
        f"validation loss {rough(run.validation[0])}, guessing {rough(run.guessing)}. {end}. "
    )
    if diagnosis == UNCHOSEN:
        verdict, worked = "No diagnosis yet.", [end]
    else:
        case = DIAGNOSES[diagnosis]
        fits = PATIENTS[patient].illness == diagnosis
        verdict = f"{'✓' if fits else '✗'} {diagnosis}: {'fits' if fits else 'does not fit'}"
        worked = [
            f"what it would look like: {case.looks}",
            f"measured, speaks {'for' if fits else 'against'} it: {case.measured(run)}",
        ]
        if fits:
            worked.append(f"the cure: {case.cure}")
            worked.append("A curve is a trace and not a proof: look into the code as well.")
        else:
            worked.append("Look at the curve again, and choose another diagnosis.")
    alt += verdict if verdict.endswith(".") else verdict + "."
    table = [["epoch", "training loss", "validation loss", "training right", "validation right"]]
    for epoch in epochs:
        table.append([int(epoch), *(rough(curve[epoch]) for curve in run[:4])])
    ticks = range(0, CLINIC_EPOCHS + 1, 10)
    drawing = svg.document(
        325,
        alt,
        *legend,
        *curves,
        left.frame("epoch", "loss", ticks, _ticks(high)),
        right.frame("epoch", "share of rows right", ticks[::2], (0, 0.25, 0.5, 0.75, 1)),
        svg.bold(50, 315, verdict, "start", font_size=15),
    )
    return Picture(drawing, alt, worked, table)


def _constant(n_out, n_in, rng):
    return np.full((n_out, n_in), 0.5)


INITS = {
    "zero": zeros,
    "constant 0.5": _constant,
    "small, N(0, 0.01²)": normal,
    "Xavier": xavier,
    "large, N(0, 5²)": lambda n_out, n_in, rng: normal(n_out, n_in, rng, 5.0),
}
PHIS = {"tanh": TANH, "sigmoid": SIGMOID, "ReLU": RELU}
LAB_EPOCHS, LAB_RATE = 300, 0.5
NAMES = ["dW1", "db1", "dW2", "db2"]


class Lab(NamedTuple):
    """A 2-4-1 network after 0, 1, ... epochs.

    W1 : (epochs + 1, 4, 2),  b1, W2 : (epochs + 1, 4)
    loss : (epochs + 1,),  right : rows right,  largest : of dW1, db1, dW2, db2, (epochs + 1, 4)
    """

    W1: np.ndarray
    b1: np.ndarray
    W2: np.ndarray
    loss: np.ndarray
    right: np.ndarray
    largest: np.ndarray
    rows: int


def initialisation_lab(seed=0):
    """How the hidden neurons move from five kinds of first weights.   seed : of the weights"""
    explore = Explore(
        draw_lab,
        "Four hidden neurons. In which starts will they stay together for ever? "
        "Guess, then press Play.",
        init=choice("first weights", list(INITS), "constant 0.5"),
        activation=choice("activation", list(PHIS)),
        data=choice("data", ["moons", "XOR"]),
        step=whole("epoch", 20, 0, LAB_EPOCHS),
        seed=whole("seed", seed, 0, 99),
    )
    return smooth(explore)


def _lab_rows(data, rng):
    """XOR, or 60 moons of class 0 and 40 of class 1: with equal numbers db2 begins at 0."""
    if data == "XOR":
        return datasets.xor()
    x, y = datasets.moons(120, rng)
    rows = np.concatenate([np.flatnonzero(y[:, 0] == 0), np.flatnonzero(y[:, 0] == 1)[:40]])
    return x[rows], y[rows]


@lru_cache(maxsize=64)
def _learn(init, activation, data, seed):
    """Train with all rows in one batch.  -> Lab"""
    rng = np.random.default_rng(seed)
    x, y = _lab_rows(data, rng)
    net = dense([2, 4, 1], PHIS[activation], BINARY_CROSS_ENTROPY, rng, INITS[init])
    optimiser, seen = SGD(LAB_RATE), []
    for _ in range(LAB_EPOCHS + 1):
        trace = net.forward(x)
        gradients = net.backward(trace, y).params
        W1, b1, W2, _ = (w.copy() for w in net.params)
        right = int(np.sum((trace.a[-1] > 0) == (y > 0.5)))
        largest = [float(np.abs(dw).max()) for dw in gradients]
        seen.append((W1, b1, W2[0], net.loss.value(trace.a[-1], y), right, largest))
        optimiser.step(net.params, gradients)
    return Lab(*(np.array(part) for part in zip(*seen, strict=True)), len(x))


def _together(places, near):
    """Lists of neurons whose places are at most `near` apart.   places : (4, n)"""
    groups = []
    for j, place in enumerate(places):
        for group in groups:
            if np.abs(places[group[0]] - place).max() <= near:
                group.append(j)
                break
        else:
            groups.append([j])
    return groups


def _rank(W):
    """The singular values of W, and how many are not 0.   -> (2,), int"""
    values = np.linalg.svd(W, compute_uv=False)
    return values, int(np.sum(values > 1e-9 * max(values[0], 1e-9)))


RANKS = [
    "rank 0: every row of W1 is 0",
    "rank 1: all rows lie on one line",
    "rank 2: the rows do not lie on one line",
]


def _moving(largest):
    """Which gradients are exactly 0, in words."""
    still = [name for name, size in zip(NAMES, largest, strict=True) if size == 0]
    if len(still) == 4:
        return "all gradients are 0: nothing moves"
    if still == NAMES[:3]:
        return "all gradients but db2 are 0: only the last bias moves"
    return f"exactly 0: {', '.join(still)}" if still else ""


def draw_lab(init, activation, data, step, seed):
    """The hidden neurons as arrows in the plane of their two weights, the loss, and the rank."""
    lab = _learn(init, activation, data, seed)
    W1, largest = lab.W1[step], lab.largest[step]
    reach = 1.15 * np.abs(lab.W1).max() or 1.0
    plane = svg.Axes(45, 40, 275, 275, x=(-reach, reach), y=(-reach, reach))
    loss_high = 1.1 * lab.loss.max()
    chart = svg.Axes(400, 40, 225, 110, x=(0, LAB_EPOCHS), y=(0, loss_high))
    centre = plane.at(0, 0)
    parts = [
        svg.line((45, centre[1]), (320, centre[1]), opacity=0.25),
        svg.line((centre[0], 40), (centre[0], 315), opacity=0.25),
    ]
    for j in range(4):
        parts.append(
            plane.curve(*lab.W1[: step + 1, j].T, stroke=svg.WEIGHT, opacity=0.5)
            + svg.line(centre, plane.at(*W1[j]), stroke=svg.WEIGHT, stroke_width=2.5)
            + svg.circle(plane.at(*W1[j]), 5, fill=svg.WEIGHT, stroke="none")
        )
    whole_neurons = np.column_stack([W1, lab.b1[step], lab.W2[step]])
    twins = _together(whole_neurons, 1e-9)
    said, labels = [], []
    for group in _together(np.column_stack(plane.at(*W1.T)), 16):
        x, y = plane.at(*W1[group[0]])
        same = len(_together(whole_neurons[group], 1e-9)) == 1
        if len(group) == 1:
            words = f"neuron {group[0]}"
        elif same:
            words = f"{len(group)} neurons here"
        else:
            words = f"{len(group)} unequal here"
        if len(group) > 1:
            parts.append(svg.circle((x, y), 10, stroke_width=2))
            said.append(words)
        labels.append((x, y, words))
    lowest = -np.inf
    for x, y, words in sorted(labels, key=lambda label: label[1]):
        lowest = min(max(lowest + 15, y + 4, 54), 309)
        outward, room = (1 if x >= centre[0] else -1), 20 + 7.5 * len(words)
        if not 45 < x + outward * room < 320:
            outward = -outward
        parts.append(svg.bold(x + 14 * outward, lowest, words, "start" if outward > 0 else "end"))
    values, rank = _rank(W1)
    n = len(twins)
    alike = "all 4 neurons are the same" if n == 1 else f"{n} of 4 neurons differ"
    if n == 4:
        alike = "all 4 neurons differ"
    moving = _moving(largest)
    sizes = ", ".join(f"{name} {rough(size)}" for name, size in zip(NAMES, largest, strict=True))
    singular = f"{rough(values[0])} and {rough(values[1])}"
    if rank < 2 and values[1] < 1e-9 * max(values[0], 1e-9):
        singular = f"{rough(values[0])} and 0"
    score = f"{lab.right[step]} of {lab.rows} rows right"
    worked = [
        f"largest gradient: {sizes}" + (f"; {moving}" if moving else ""),
        f"W1 is (4, 2); its singular values are {singular}; {RANKS[rank]}",
        "neurons with the same w, b and output weight get the same delta and take the same step"
        if n < 4
        else "the neurons differ, so each gets a delta of its own",
        f"one update per epoch with all {lab.rows} rows, η = {short(LAB_RATE)}",
    ]
    alt = (
        f"{init}, {activation}, {data}, after {step} epochs: {alike}; {RANKS[rank]}. "
        f"Loss {rough(lab.loss[step])}, {score}."
    )
    alt += "".join(f" {words.capitalize()}." for words in said)
    alt += f" {moving[0].upper()}{moving[1:]}." if moving else ""
    now = chart.at(step, lab.loss[step])
    ticks = [v for v in _ticks(reach) if v]
    drawing = svg.document(
        355,
        alt,
        plane.clip(*parts),
        plane.frame("w1", "w2", [-ticks[-1], 0, ticks[-1]], [-ticks[-1], 0, ticks[-1]]),
        chart.curve(np.arange(step + 1), lab.loss[: step + 1], **LOSS),
        svg.circle(now, 4.5, fill="currentColor"),
        chart.frame("epoch", "training loss", (0, 100, 200, 300), _ticks(loss_high)),
        svg.bold(350, 215, alike, "start", font_size=15),
        _lines(
            350,
            238,
            [
                RANKS[rank],
                f"singular values {singular}",
                f"loss {rough(lab.loss[step])}, {score}",
            ],
        ),
        _lines(350, 302, moving.split(": ") if moving else []),
    )
    table = [["neuron", "w1", "w2", "b", "output weight"]]
    for j, row in enumerate(whole_neurons):
        table.append([j, *map(rough, row)])
    return Picture(drawing, alt, worked, table)


SEEDS, HIDDEN = 50, range(1, 9)
ROULETTE_EPOCHS, ROULETTE_RATE = 3000, 0.5
WHEELS = {f"{first} to {first + SEEDS - 1}": first for first in range(0, 200, SEEDS)}


def seed_roulette():
    """XOR from fifty seeds: how many networks learn it, with 1 to 8 hidden neurons?"""
    return Explore(
        draw_roulette,
        "XOR from fifty seeds. With how many hidden neurons do nine of ten learn it? Guess first. "
        "Then try other fifty.",
        hidden=whole("hidden neurons", 2, HIDDEN[0], HIDDEN[-1]),
        activation=choice("activation", list(PHIS)),
        seeds=choice("seeds", list(WHEELS)),
    )


def _train_together(networks, epochs, lr):
    """Train 2-n-1 networks on XOR, all rows in one batch.   ->  z : (4, networks)

    The hidden neurons of all networks stand in one row, network after network, so that a step of
    all of them is a few array operations: the same numbers as Network and SGD, sooner.
    """
    x, y = datasets.xor()
    first = [net.layers[0] for net in networks]
    phi, sizes = first[0].phi, [len(layer.b) for layer in first]
    starts = np.cumsum([0, *sizes[:-1]])
    W1, b1 = np.concatenate([layer.W for layer in first]), np.concatenate([f.b for f in first])
    W2 = np.concatenate([net.layers[1].W[0] for net in networks])
    b2 = np.concatenate([net.layers[1].b for net in networks])

    def forward():
        a1 = phi(x @ W1.T + b1)
        return a1, np.add.reduceat(a1 * W2, starts, axis=1) + b2

    for _ in range(epochs):
        a1, z2 = forward()
        delta2 = (sigmoid(z2) - y) / len(x)
        back = np.repeat(delta2, sizes, axis=1)
        dW2, delta1 = np.sum(back * a1, axis=0), back * W2
        for call in phi.back(delta1, a1):
            call()
        W2 -= lr * dW2
        b2 -= lr * delta2.sum(axis=0)
        W1 -= lr * delta1.T @ x
        b1 -= lr * delta1.sum(axis=0)
    return forward()[1]


@lru_cache
def _spin(activation, first):
    """How many of the four rows are right, for 1 to 8 hidden neurons and 50 seeds.  -> (8, 50)"""
    networks = [
        dense([2, n, 1], PHIS[activation], BINARY_CROSS_ENTROPY, np.random.default_rng(seed), he)
        for n in HIDDEN
        for seed in range(first, first + SEEDS)
    ]
    z = _train_together(networks, ROULETTE_EPOCHS, ROULETTE_RATE)
    right = (z > 0) == (datasets.xor()[1] > 0.5)
    return right.sum(axis=0).reshape(len(HIDDEN), SEEDS)


def draw_roulette(hidden, activation, seeds):
    """A cell per seed, solved or not, and the share of solved seeds against hidden neurons."""
    first = WHEELS[seeds]
    right = _spin(activation, first)
    now, solved, stuck = right[hidden - 1], np.sum(right == 4, axis=1), np.sum(right == 3, axis=1)
    parts = []
    for i, k in enumerate(now.tolist()):
        x, y = 62 + 27 * (i % 10), 66 + 30 * (i // 10)
        if k == 4:
            parts.append(svg.box(x, y, 25, 26, fill="#77AADD"))
            parts.append(svg.bold(x + 12.5, y + 18, "✓", fill="black"))
        else:
            parts.append(svg.box(x, y, 25, 26, stroke_dasharray="3 2"))
            parts.append(svg.text(x + 12.5, y + 17, f"{k}/4", font_size=11))
    for row in range(5):
        words = f"{first + 10 * row} …"
        parts.append(svg.text(54, 84 + 30 * row, words, "end", font_size=11))
    axes = svg.Axes(405, 66, 220, 150, x=(0.4, 8.6), y=(0, 1.14))
    for n, count in zip(HIDDEN, solved.tolist(), strict=True):
        x, top = axes.at(n - 0.36, count / SEEDS)
        width, foot = axes.at(n + 0.36, 0)[0] - x, axes.at(n, 0)[1]
        edge = {"stroke_width": 3} if n == hidden else {"stroke_width": 0.8}
        parts.append(svg.box(x, top, width, foot - top, fill="#77AADD", **edge))
        style = svg.bold if n == hidden else svg.text
        parts.append(style(x + width / 2, top - 5, str(count), font_size=11))
    done, three = int(solved[hidden - 1]), int(stuck[hidden - 1])
    rate = f"{done} of {SEEDS} seeds solved = {100 * done / SEEDS:.0f} %"
    at_three = f"{plural(three, 'seed')} at exactly 75 %, three of four rows"
    setting = (
        f"2-{hidden}-1, {activation}, He weights, cross-entropy, η = {short(ROULETTE_RATE)}, "
        f"{ROULETTE_EPOCHS} epochs"
    )
    worked = [
        f"solved means: all 4 rows on their right side; {rate}",
        f"{at_three}: that is not almost done; these networks had {ROULETTE_EPOCHS} epochs"
        if three
        else f"{at_three}; another fifty seeds may have some",
        "one hidden neuron draws one straight line, and no line solves XOR"
        if hidden == 1
        else "one seed proves little: count many, and say how many",
    ]
    alt = f"{setting}. Seeds {seeds}: {rate}; {at_three}."
    drawing = svg.document(
        285,
        alt,
        svg.text(62, 24, f"{setting}: each cell is a seed", "start"),
        svg.bold(62, 50, rate, "start"),
        *parts,
        axes.frame("hidden neurons", "", HIDDEN, ()),
        svg.text(405, 50, f"solved of {SEEDS}", "start"),
        svg.box(62, 236, 16, 16, fill="#77AADD"),
        svg.text(84, 249, "✓ solved", "start"),
        svg.box(160, 236, 16, 16, stroke_dasharray="3 2"),
        svg.text(182, 249, "rows right of 4: not solved", "start"),
        svg.text(62, 274, at_three, "start"),
    )
    table = [["hidden neurons", "solved", "exactly 75 %", "seeds", "share solved"]]
    for n, a, b in zip(HIDDEN, solved.tolist(), stuck.tolist(), strict=True):
        table.append([n, a, b, SEEDS, number(a / SEEDS, 2)])
    return Picture(drawing, alt, worked, table)


STOP_EPOCHS = 150
LARGE = {"moons": WIDE, "digits": [64, 64, 32, 10]}


class History(NamedTuple):
    """Loss after 0, 1, ... epochs on three sets of rows, and the share of test rows right."""

    training: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    test_right: np.ndarray
    rows: tuple[int, int, int]


def when_to_stop(seed=3):
    """Training and validation loss of a network that is too large.   seed : of data and weights"""
    explore = Explore(
        draw_stop,
        "When should this training have stopped? Guess an epoch. Then try patience 1, 5 and 20, "
        "and other seeds.",
        data=choice("data", list(LARGE)),
        step=whole("epoch", 30, 0, STOP_EPOCHS),
        patience=whole("patience", 10, 1, 50),
        seed=whole("seed", seed, 0, 99),
    )
    return quick(explore, stride=5)


@lru_cache(maxsize=64)
def _overtrain(data, seed):
    """Train a large network on few rows, without stopping.  -> History"""
    rng = np.random.default_rng(seed)
    if data == "moons":
        few, validation, test = (datasets.moons(m, rng, 0.35) for m in (40, 100, 1000))
        loss = BINARY_CROSS_ENTROPY
    else:
        x, y, *test = datasets.split(*datasets.digits(), 1000, rng)
        few, validation, loss = (x[:60], y[:60]), (x[60:260], y[60:260]), SOFTMAX_CROSS_ENTROPY
    net, seen = dense(LARGE[data], TANH, loss, rng), []
    for epoch in train(net, *few, Adam(0.01), STOP_EPOCHS, 10, rng, validation):
        test_loss = loss.value(net.forward(test[0]).a[-1], test[1])
        seen.append((epoch.loss, epoch.validation_loss, test_loss, accuracy(net, *test)))
    return History(*np.array(seen).T, (len(few[0]), len(validation[0]), len(test[0])))


def _stop(validation, patience):
    """The epoch where training stops and the best one until then.   -> int, int"""
    best = 0
    for epoch, loss in enumerate(validation):
        if loss < validation[best]:
            best = epoch
        if epoch - best >= patience:
            break
    return epoch, best


def draw_stop(data, step, patience, seed):
    """Both losses, where early stopping stops, and what the test rows say about it."""
    history = _overtrain(data, seed)
    validation, epochs = history.validation, np.arange(STOP_EPOCHS + 1)
    stop, best = _stop(validation, patience)
    lowest = int(validation.argmin())
    patient = stop - best >= patience
    high = 1.05 * max(validation.max(), history.training.max())
    axes = svg.Axes(50, 74, 350, 210, x=(0, STOP_EPOCHS), y=(0, high))
    parts = []
    for curve, style in ((history.training, LOSS), (validation, VALIDATION)):
        parts.append(axes.curve(epochs, curve, opacity=0.3, **style))
        parts.append(axes.curve(epochs[: step + 1], curve[: step + 1], **style))
        parts.append(svg.circle(axes.at(step, curve[step]), 4, fill="currentColor"))
    for epoch, letter, y in ((best, "B", 66), (stop, "S", 50)):
        x = axes.at(epoch, 0)[0]
        dash = {"stroke_dasharray": "3 3"} if letter == "S" else {}
        parts.append(svg.line((x, y + 3), (x, 284), **dash) + svg.bold(x, y, letter))
    legend = [
        svg.line((x, 18), (x + 36, 18), **style) + svg.text(x + 43, 23, name, "start")
        for x, name, style in ((50, "training loss", LOSS), (200, "validation loss", VALIDATION))
    ]
    last = int(validation[: step + 1].argmin())
    waited = step - last
    at = [f"{100 * history.test_right[e]:.1f} % right" for e in (best, STOP_EPOCHS)]
    test = [rough(history.test[e]) for e in (best, STOP_EPOCHS)]
    ends = f"S: stops after epoch {stop}" if patient else f"S: no stop before epoch {STOP_EPOCHS}"
    worked = [
        f"epoch {step}: training {rough(history.training[step])}, validation "
        f"{rough(validation[step])}; lowest so far {rough(validation[last])} at epoch {last}, "
        f"{plural(waited, 'epoch')} ago",
        f"patience {patience}: "
        + (
            f"{stop} − {best} = {plural(patience, 'epoch')} without a new minimum, so it stops"
            if patient
            else f"it never waits {patience} epochs, so it does not stop"
        ),
    ]
    if patience == 1:
        worked.append("patience 1 stops at the first epoch that is not better than the one before")
    if best != lowest:
        worked.append(
            f"stopped too early: the validation loss is {rough(validation[best], 4)} at epoch "
            f"{best}, but {rough(validation[lowest], 4)} at epoch {lowest}"
        )
    else:
        worked.append(f"epoch {best} has the lowest validation loss of all {STOP_EPOCHS} epochs")
    lower = history.training[-1] < history.training[best]
    worse = (
        history.test[-1] > history.test[best] and history.test_right[-1] <= history.test_right[best]
    )
    worked.append(
        f"from B to the end the training loss goes from {rough(history.training[best])} to "
        f"{rough(history.training[-1])}, the test loss from {test[0]} to {test[1]}"
        + (": a lower training loss is not a better network" if lower and worse else "")
    )
    sizes = "-".join(map(str, LARGE[data]))
    rows = "{} training, {} validation, {} test rows".format(*history.rows)
    alt = (
        f"{data}, {rows}, network {sizes}, seed {seed}. Epoch {step}: training loss "
        f"{rough(history.training[step])}, validation loss {rough(validation[step])}. "
        f"Patience {patience}: {ends[3:]}, best epoch {best}. "
        f"Test: loss {test[0]}, {at[0]} at the best epoch; {test[1]}, {at[1]} at the end."
    )
    drawing = svg.document(
        345,
        alt,
        *legend,
        *parts,
        axes.frame("epoch", "", range(0, STOP_EPOCHS + 1, 50), _ticks(high)),
        svg.bold(425, 60, f"patience {patience}", "start", font_size=15),
        _lines(425, 84, [f"B: best is epoch {best}", ends]),
        svg.bold(425, 140, "test rows, weights of B", "start"),
        _lines(425, 160, [f"loss {test[0]}, {at[0]}"]),
        svg.bold(425, 192, f"test rows, epoch {STOP_EPOCHS}", "start"),
        _lines(425, 212, [f"loss {test[1]}, {at[1]}"]),
        svg.bold(425, 244, f"epoch {step}", "start"),
        _lines(
            425,
            264,
            [f"lowest validation: epoch {last}", f"since then {plural(waited, 'epoch')}"],
        ),
        svg.text(50, 338, f"{rows}; network {sizes}", "start"),
    )
    table = [["epoch", "training loss", "validation loss", "test loss", "test right"]]
    for epoch in sorted({*range(0, STOP_EPOCHS + 1, 10), step, best, stop, lowest}):
        table.append([epoch, *(rough(part[epoch]) for part in history[:4])])
    return Picture(drawing, alt, worked, table)
