"""Interactives of lesson 6, learning side: the memory of an LSTM, and the two layers of an RBM."""

from functools import lru_cache
from itertools import pairwise
from math import ceil
from typing import NamedTuple

import numpy as np

from bplib import datasets, svg
from bplib.activations import IDENTITY, sigmoid
from bplib.dbn import RBM, cd, pretrain, rbm, sample
from bplib.losses import MSE
from bplib.network import dense
from bplib.optimisers import Adam
from bplib.recurrent import LastStep, clip, lstm, rnn
from bplib.svg import number, plural, rough, term
from bplib.widgets.explore import Explore, Picture, choice, slider, smooth, whole
from bplib.widgets.live import POINTS, _round_up
from bplib.widgets.vanishing_gradient import BACK, LIMIT, _decades, _log10, _log_curve

AHEAD = {"stroke": svg.FORWARD, "stroke_width": 3}
LOWEST = -20  # as a power of ten: what is smaller is drawn at the edge


def _arrow(start, end, **style):
    """A line with a head at its end; it lies or stands."""
    (x, y), across, down = end, np.sign(end[0] - start[0]), np.sign(end[1] - start[1])
    wings = [
        (x - 8 * across + 5 * side * down, y - 8 * down + 5 * side * across) for side in (1, -1)
    ]
    (a, b), (c, d) = wings
    head = svg.tag(
        "path", d=f"M{a:g} {b:g}L{x:g} {y:g}L{c:g} {d:g}", **style | {"stroke_dasharray": "none"}
    )
    return svg.line(start, end, **style) + head


def _node(x, y, sign):
    """A circle in which two signals meet."""
    return svg.circle((x, y), 13, stroke_width=1.5) + svg.bold(x, y + 5, sign, font_size=16)


# ---- one LSTM cell -------------------------------------------------------------------------------

LONGEST = 100
GATES = {  # name: (place, the usual name, what it does)
    "f": (110, "forget gate", "keep f"),
    "i": (245, "input gate", "take in i"),
    "g": (375, "new content", "g"),
    "o": (520, "output gate", "show o"),
}


def lstm_cell():
    """One unit of an LSTM: the belt of c, four gates, and what comes back over T steps."""
    return Explore(
        draw_cell,
        "f says how much of c to KEEP. Set f to 1, to 0.9, then to 0.5: what comes back over "
        "T steps? Then find the RNN factor that keeps as much.",
        f=slider("f: keep", 0.99, 0, 1, 0.01),
        i=slider("i: take in", 0.5, 0, 1, 0.05),
        g=slider("g: new content", 0.6, -1, 1, 0.05),
        o=slider("o: show", 0.8, 0, 1, 0.05),
        c=slider("c before", 1.0, -2, 2, 0.1),
        T=whole("steps T", 50, 1, LONGEST),
        factor=slider("RNN: w·slope", 0.8, 0, 1.5, 0.05),
    )


def _verdict(kept):
    """What has become of an error signal of 1, in words."""
    words = {"explodes": 10, "is carried": 0.5, "fades": 0.01, "is almost lost": 1e-6}
    return next((said for said, least in words.items() if kept >= least), "is lost")


def draw_cell(f, i, g, o, c, T, factor):
    """The cell with its numbers, and f^k beside the factor of an RNN to the power k."""
    kept, new, h = f * c, i * g, o * np.tanh(f * c + i * g)
    after, back, other = kept + new, f**T, factor**T
    worked = [
        f"c_t = f·c_(t−1) + i·g = {number(f, 2)}·{term(number(c, 2))} + "
        f"{number(i, 2)}·{term(number(g, 2))} = {number(after)}",
        f"h_t = o·tanh(c_t) = {number(o, 2)}·{term(number(np.tanh(after)))} = {number(h)}",
        f"f = {number(f, 2)} KEEPS {number(100 * f, 0)} % of c and drops "
        f"{number(100 - 100 * f, 0)} %: the forget gate says how much to keep",
        f"along the belt, dc_t/dc_(t−1) = f: over {plural(T, 'step')} "
        f"f^T = {number(f, 2)}^{T} = {rough(back)}: the error signal {_verdict(back)}",
        f"RNN: (w·slope)^T = {number(factor, 2)}^{T} = {rough(other)}: "
        f"the error signal {_verdict(other)}",
    ]
    if 0 < f <= 0.5:
        worked.append(
            "Over many steps f ≤ 0.5 loses the error signal as a deep sigmoid network does. "
            f"A gate begins near sigmoid(0) = 0.5 with a bias of 0, near sigmoid(1) = "
            f"{number(sigmoid(1.0))} with a bias of 1."
        )
    worked.append(
        "f is at most 1, so the belt alone never explodes. The LSTM still can: "
        "the error signal also goes back through h and the weights W_h, so gradients are clipped."
    )
    alt = (
        f"LSTM cell with f = {number(f, 2)} (keep), i = {number(i, 2)}, g = {number(g, 2)}, "
        f"o = {number(o, 2)}, c before = {number(c, 2)}: c = {number(after)}, h = {number(h)}. "
        f"After {plural(T, 'step')} back: belt f^T = {rough(back)}, {_verdict(back)}; "
        f"RNN {rough(other)}, {_verdict(other)}."
    )
    steps = np.arange(T + 1)
    belt, rnn_line = (steps * _log10(v) if v else np.append(0, [-np.inf] * T) for v in (f, factor))
    table = [["steps back", "LSTM belt f^k", "RNN (w·slope)^k"]]
    table += [[k, rough(f**k), rough(factor**k)] for k in steps.tolist()]
    drawing = svg.document(
        552,
        alt,
        _belt(f, c, kept, new, after),
        _gates(f=f, i=i, g=g, o=o),
        _out(o, h),
        _kept(T, belt, rnn_line, back, other),
    )
    return Picture(drawing, alt, worked, table)


def _belt(f, c, kept, new, after):
    """c from left to right, and over it the way back; what f keeps is the strength of the line."""
    wide, faint = AHEAD | {"stroke_width": 7}, {"opacity": max(f, 0.02)}
    return (
        svg.text(320, 20, f"the way back: dc_(t−1) = f·dc_t = {number(f, 2)}·dc_t")
        + svg.line((610, 34), (110, 34), **BACK)
        + _arrow((110, 34), (30, 34), **BACK | faint)
        + svg.line((30, 80), (97, 80), **wide)
        + svg.line((123, 80), (297, 80), **wide | faint)
        + _arrow((323, 80), (610, 80), **wide)
        + svg.bold(30, 60, f"c before {number(c, 2)}", "start")
        + svg.text(210, 60, f"f·c = {number(kept)}")
        + svg.bold(610, 60, f"c_t = {number(after)}", "end")
        + _node(110, 80, "×")
        + _node(310, 80, "+")
        + svg.text(320, 122, f"i·g = {number(new)}", "start")
    )


def _gates(**values):
    """Four boxes, each with a bar for its value, and the lines to where they are used."""
    line, parts = AHEAD | {"stroke_width": 2}, []
    for name, (x, called, does) in GATES.items():
        value = values[name]
        zero = x if name == "g" else x - 50
        length = value * (50 if name == "g" else 100)
        left = min(zero, zero + length)
        parts += [
            svg.box(x - 62, 200, 124, 66, rx=6, stroke_width=1.5),
            svg.text(x, 217, called, font_size=12),
            svg.bold(x, 235, f"{does} = {number(value, 2)}"),
            svg.box(left, 245, abs(length), 11, fill=svg.FORWARD, stroke="none"),
            svg.box(x - 50, 245, 100, 11),
            svg.line((zero, 242), (zero, 259)),
            _arrow((x, 286), (x, 268)),
        ]
    return "".join(
        [
            *parts,
            _arrow((110, 200), (110, 95), **line),
            svg.line((245, 200), (245, 150), **line) + _arrow((245, 150), (295, 150), **line),
            svg.line((375, 200), (375, 150), **line) + _arrow((375, 150), (325, 150), **line),
            _node(310, 150, "×"),
            _arrow((310, 137), (310, 95), **line),
            svg.line((30, 286), (520, 286)),
            svg.text(530, 290, "x_t, h_(t−1)", "start"),
        ]
    )


def _out(o, h):
    """From the belt down through tanh and the output gate to h."""
    line, faint = AHEAD | {"stroke_width": 2}, {"opacity": max(o, 0.02)}
    return (
        svg.line((520, 80), (520, 100), **line)
        + svg.box(494, 100, 52, 24, rx=12, stroke_width=1.5)
        + svg.text(520, 117, "tanh")
        + _arrow((520, 124), (520, 146), **line)
        + _node(520, 160, "×")
        + _arrow((520, 200), (520, 175), **line)
        + _arrow((533, 160), (610, 160), **line | faint)
        + svg.bold(620, 142, f"h_t = {number(h)}", "end")
    )


def _kept(T, belt, other_line, back, other):
    """The factors of an error signal on a log scale, from 0 steps back to T."""
    ticks = _decades(np.clip([belt[-1], other_line[-1]], LOWEST, -LOWEST), -2, 1)
    axes = svg.Axes(66, 332, 380, 172, x=(0, T), y=(ticks[0], ticks[-1]))
    strong, weak = BACK | {"stroke_width": 4}, BACK | {"stroke_width": 1.5}
    (end, low), (_, high) = (axes.at(T, np.clip(v[-1], *axes.y)) for v in (belt, other_line))
    across = range(0, T + 1, next(e for e in (1, 2, 5, 10, 20) if T <= 6 * e))
    return (
        axes.frame("steps back", "error signal that is left, log scale", across, ())
        + svg.decades(axes, y=ticks)
        + _log_curve(axes, np.arange(T + 1), other_line, **weak)
        + _log_curve(axes, np.arange(T + 1), belt, **strong)
        + svg.box(end - 4, high - 4, 8, 8, stroke=svg.BACKWARD, stroke_width=1.5)
        + svg.circle((end, low), 5, fill=svg.BACKWARD, stroke="none")
        + svg.bold(466, 348, f"after {plural(T, 'step')} back", "start")
        + svg.line((466, 374), (496, 374), **strong)
        + svg.circle((496, 374), 5, fill=svg.BACKWARD, stroke="none")
        + svg.text(510, 378, "belt of the LSTM", "start")
        + svg.bold(510, 398, rough(back), "start")
        + svg.text(510, 416, _verdict(back), "start")
        + svg.line((466, 444), (496, 444), **weak)
        + svg.box(492, 440, 8, 8, stroke=svg.BACKWARD, stroke_width=1.5)
        + svg.text(510, 448, "RNN", "start")
        + svg.bold(510, 468, rough(other), "start")
        + svg.text(510, 486, _verdict(other), "start")
    )


# ---- the adding problem --------------------------------------------------------------------------

NEURONS = BATCH = 32
LARGEST = 1.0  # the length of a gradient that is not clipped
UPDATES, AVERAGED = 800, 20
STRIDE = {10: 10, 20: 8, 40: 4, 100: 2}  # updates for a frame of Play
RACERS = {"RNN": (rnn, 0.003), "LSTM": (lstm, 0.01)}  # its cell, and the better rate for it
WIDTHS = {"RNN": 1.5, "LSTM": 3.5}
MEAN = 1 / 6  # the variance of the sum of two numbers that are uniform from 0 to 1


class Race:
    """An RNN and an LSTM on the same new batches.

    It keeps what the picture shows of every update, so a step back trains nothing again.
    losses : per racer, mean square of a - y of each batch;  sizes : the RMS of its error signal
        at each time step, delta of the RNN and dc of the LSTM, each (T,)
    """

    def __init__(self, T, seed):
        self.T, self.rng = T, np.random.default_rng(seed)
        self.nets, self.optimisers = {}, {}
        for name, (cell, lr) in RACERS.items():
            readout = dense([NEURONS, 1], IDENTITY, MSE, self.rng)
            self.nets[name] = LastStep(cell(2, NEURONS, self.rng), readout)
            self.optimisers[name] = Adam(lr)
        self.losses, self.sizes = ({name: [] for name in RACERS} for _ in range(2))

    def to(self, step):
        """Train until the state after so many updates has been measured."""
        while len(self.losses["LSTM"]) <= step:
            x, y = datasets.adding(BATCH, self.T, self.rng)
            for name, net in self.nets.items():
                traces = net.forward(x)
                found, read = net.backward(traces, y)
                signal = found.delta if found.dc is None else found.dc[1:]
                self.losses[name].append(float(np.mean((traces[1].a[-1] - y) ** 2)))
                self.sizes[name].append(np.sqrt(np.mean(signal**2, axis=(1, 2))))
                few = clip(found.params + read.params, LARGEST)
                self.optimisers[name].step(net.params, few)


_race = lru_cache(maxsize=8)(Race)


def adding_race(seed=0):
    """RNN against LSTM on the adding problem.   seed : of the first weights and the batches"""
    explore = Explore(
        draw_adding,
        "Each row has T numbers, two of them marked: add these two. Press Play with T = 20, "
        "then 40, then 100. Watch the loss, and how much of the error signal reaches step 1.",
        T=choice("steps T", list(STRIDE), 40),
        weights_seed=whole("seed", seed, 0, 99),
        step=whole("updates made", 0, 0, UPDATES),
    )

    def begin(_change):
        explore.put(step=0)  # another race: nobody waits for it unasked

    for name in ("T", "weights_seed"):
        explore.controls[name].unobserve(explore._show, "value")
        explore.controls[name].observe(begin, "value")
    return smooth(explore, lambda: STRIDE[explore.controls["T"].value])


def _smooth(losses):
    """The mean of the last 20 batches, or of all as long as there are fewer.   ->  as losses"""
    sums = np.cumsum(losses)
    sums[AVERAGED:] -= sums[:-AVERAGED]
    return sums / np.minimum(np.arange(1, len(sums) + 1), AVERAGED)


def draw_adding(T, weights_seed, step):
    """The losses over updates, and the error signals over time steps, after `step` updates."""
    race = _race(T, weights_seed)
    race.to(step)
    losses = {name: _smooth(race.losses[name][: step + 1]) for name in RACERS}
    now = {name: float(loss[-1]) for name, loss in losses.items()}
    sizes = {name: race.sizes[name][step] / race.sizes[name][step][-1] for name in RACERS}
    first = {name: float(size[0]) for name, size in sizes.items()}
    start = {name: race.sizes[name][0][0] / race.sizes[name][0][-1] for name in RACERS}
    verdicts = {
        name: "solved" if loss < 0.01 else "learns" if loss < 0.75 * MEAN else "still guesses"
        for name, loss in now.items()
    }
    each = [
        f"{name}: loss {rough(now[name])}, {verdicts[name]}; error signal, step 1 ÷ step {T} = "
        f"{rough(first[name])} (before training {rough(start[name])})"
        for name in RACERS
    ]
    if first["LSTM"] > 0.1 and first["LSTM"] > 5 * start["LSTM"]:
        each.append("The LSTM was not born with this memory: it has learnt to carry")
    worked = [
        f"{NEURONS} units each, the same batches of {BATCH} new rows; Adam, "
        "each with its better rate: "
        + ", ".join(f"η = {lr} for the {name}" for name, (_, lr) in RACERS.items())
        + f"; gradients clipped at {number(LARGEST, 0)}",
        *each,
        f"loss: mean square of a − y, mean of the last {AVERAGED} batches; always saying the mean, "
        f"1, gives 1/6 = {number(MEAN)}",
        f"error signal: RMS of delta of the RNN, of dc of the LSTM, over the {BATCH} rows of "
        "this batch",
    ]
    alt = (
        f"Adding problem, T = {T}, seed {weights_seed}, after {plural(step, 'update')}. "
        + ". ".join(each)
        + f". The mean predictor has loss {number(MEAN)}."
    )
    table = [["time step", *[f"error signal of {name}, last = 1" for name in RACERS]]]
    table += [
        [t, *map(rough, row)] for t, *row in zip(range(1, T + 1), *sizes.values(), strict=True)
    ]
    drawing = svg.document(
        452,
        alt,
        svg.bold(634, 22, f"T = {T}, {plural(step, 'update')}", "end"),
        _losses(step, losses, now, verdicts),
        _signals(T, sizes, first),
    )
    return Picture(drawing, alt, worked, table)


def _mark(name, place, colour):
    """The end of a curve: a disc for the LSTM, an empty square for the RNN."""
    if name == "LSTM":
        return svg.circle(place, 5, fill=colour, stroke="none")
    x, y = place
    return svg.box(x - 4.5, y - 4.5, 9, 9, stroke=colour, stroke_width=2)


def _key(top, name, style, *lines):
    """A row of the legend: how this racer is drawn, its name, and what is said of it."""
    words = [svg.text(518, top + 4 + 18 * k, line, "start") for k, line in enumerate(lines, 1)]
    return (
        svg.line((472, top), (504, top), **style)
        + _mark(name, (504, top), style["stroke"])
        + svg.bold(518, top + 4, name, "start")
        + "".join(words)
    )


def _losses(step, losses, now, verdicts):
    high = _round_up(max(step, 20))
    axes = svg.Axes(66, 30, 390, 150, x=(0, high), y=(-4, 1))
    _, mean = axes.at(0, np.log10(MEAN))
    shown = np.unique(np.append(np.arange(0, step + 1, ceil((step + 1) / POINTS)), step))
    parts = [
        axes.frame("updates", "loss, log scale", (0, high / 2, high), ()),
        svg.decades(axes, y=range(-4, 2)),
        svg.line((66, mean), (456, mean), **LIMIT),
        svg.line((472, 174), (504, 174), **LIMIT) + svg.text(518, 178, "1/6: the mean", "start"),
    ]
    for row, (name, width) in enumerate(WIDTHS.items()):
        style = {"stroke": svg.FORWARD, "stroke_width": width}
        logs = np.clip(np.log10(losses[name]), *axes.y)
        parts.append(axes.curve(shown, logs[shown], **style))
        parts.append(_mark(name, axes.at(step, logs[-1]), svg.FORWARD))
        words = f"loss {rough(now[name])}", verdicts[name]
        parts.append(_key(50 + 62 * row, name, style, *words))
    return "".join(parts)


def _signals(T, sizes, first):
    logs = {name: np.clip(_log10(size), LOWEST, -LOWEST) for name, size in sizes.items()}
    ticks = _decades(np.concatenate(list(logs.values())), -4, 1)
    axes = svg.Axes(66, 246, 390, 160, x=(1, T), y=(ticks[0], ticks[-1]))
    across = (1, *range(T // 5, T + 1, T // 5))
    parts = [
        axes.frame(
            "time step (the way back goes to the left)",
            "error signal, last step = 1, log scale",
            across,
            (),
        ),
        svg.decades(axes, y=ticks),
        svg.text(472, 262, f"step 1 ÷ step {T}:", "start"),
    ]
    for row, (name, width) in enumerate(WIDTHS.items()):
        style = BACK | {"stroke_width": width}
        parts.append(axes.curve(np.arange(1, T + 1), logs[name], **style))
        parts.append(_mark(name, axes.at(1, logs[name][0]), svg.BACKWARD))
        signal = "dc" if name == "LSTM" else "delta"
        parts.append(_key(292 + 50 * row, name, style, f"{signal}: {rough(first[name])}"))
    return "".join(parts)


# ---- a restricted Boltzmann machine --------------------------------------------------------------

ROWS, HIDDEN, EPOCHS, STEPS = 1000, 25, 10, 5
SIDE, CELL = 8, 21
TOP, PLACES = 46, (8, 138, 268, 398, 528)
FIELDS_TOP, SMALL = 202, 38


class Moment(NamedTuple):
    """An RBM after some epochs, its reconstruction error on the training rows, and W as maps."""

    machine: RBM
    error: float
    fields: str


@lru_cache(maxsize=1)
def _pretrained():
    """25 hidden units on 1000 digits, after 0 to 10 epochs of CD-1.   ->  list of Moment"""
    x = datasets.digits()[0][:ROWS]
    first = rbm(x.shape[1], HIDDEN, np.random.default_rng(0), x)
    sweeps = pretrain([x.shape[1], HIDDEN], x, np.random.default_rng(0), EPOCHS, batch=10)
    machines = [first]
    machines += [RBM(*[w.copy() for w in sweep.rbm.params]) for sweep in sweeps]
    u = np.random.default_rng(1).random((1, ROWS, HIDDEN))
    errors = [float(np.mean((x - cd(m, x, uniforms=u).v1) ** 2)) for m in machines]
    full = _full(machines[-1])
    return [
        Moment(
            m, error, "".join(_signed(*_field(k), SMALL, row, full) for k, row in enumerate(m.W))
        )
        for m, error in zip(machines, errors, strict=True)
    ]


def _full(machine):
    """The weight that has the full colour: few are larger."""
    return float(np.quantile(np.abs(machine.W), 0.98))


def _field(unit):
    """Where the small map of a unit stands."""
    return 8 + 41 * (unit % 5), FIELDS_TOP + 41 * (unit // 5)


@lru_cache(maxsize=10)
def _digit(digit):
    """The first row with this label after the training rows.   ->  (1, 64)"""
    x, y = datasets.digits()
    at = ROWS + int(y[ROWS:, digit].argmax())
    return x[at : at + 1]


def rbm_stepper():
    """A digit goes up to the hidden units of an RBM, down again, and up again."""
    return Explore(
        draw_rbm,
        "Press Step: from the digit v to h, down to v′, up to h′. Then let the machine learn "
        "from epoch 0 to 10, and see what its hidden units look for.",
        digit=choice("digit", list(range(10)), 3),
        epoch=whole("epochs of CD-1", EPOCHS, 0, EPOCHS),
        unit=whole("hidden unit", 1, 1, HIDDEN),
        uniforms_seed=whole("seed of u", 0, 0, 99),
        step=whole("step", 0, 0, STEPS),
    )


def draw_rbm(digit, epoch, unit, uniforms_seed, step):
    """The five stations of CD-1 up to `step`, the weights of all units, and of one in full size."""
    moment, j, v = _pretrained()[epoch], unit - 1, _digit(digit)
    machine, error = moment.machine, moment.error
    u = np.random.default_rng(uniforms_seed).random((1, 1, HIDDEN))
    found = cd(machine, v, uniforms=u)
    p, u, z = found.h0[0], u[0, 0], (v @ machine.W.T + machine.b)[0]
    h, v1, h1 = sample(p, u), found.v1[0], found.h1[0]
    here, moves = float(np.mean((v - v1) ** 2)), -found.dW[j]
    compare, on = ("<", 1) if h[j] else ("≥", 0)
    lines = [
        f"v: the digit {digit}, 64 grey levels from 0 to 1; the machine has not seen this row",
        f"up: p(h = 1 | v) = sigmoid(W v + b); unit {unit}: "
        f"sigmoid({number(z[j])}) = {number(p[j])}",
        f"sample: h = 1 where u < p; unit {unit}: u = {number(u[j])} {compare} {number(p[j])}, "
        f"so h = {on}; {int(h.sum())} of {HIDDEN} units are on",
        f"down: v′ = p(v = 1 | h) = sigmoid(Wᵀ h + c); reconstruction error, mean (v − v′)² = "
        f"{rough(here)}",
        f"up again: h′ = sigmoid(W v′ + b); unit {unit}: {number(h1[j])}; "
        "v′ and h′ stay probabilities: that is less noise",
        f"CD-1: W of unit {unit} moves along p·v − h′·v′ = {number(p[j])}·v − {number(h1[j])}·v′, "
        f"from {rough(moves.min())} to {rough(moves.max())}: "
        "towards the data, away from its own picture",
    ]
    honest = (
        "CD-1 does not go down the reconstruction error: it follows, roughly, the slope of "
        "−log p(v). That the error falls is a good sign; it is no loss."
    )
    worked = [*lines[: step + 1], honest]
    parts = [*_stations(v[0], p, h, v1, h1, step, j), *_fields(moment, j, moves, step)]
    this = rough(here) if step > 2 else "not yet"
    parts += [
        svg.bold(244, 392, "mean (v − v′)²", "start"),
        svg.text(370, 392, f"of this digit: {this}", "start"),
        svg.text(370, 410, f"of all {ROWS} training rows: {rough(error)}", "start"),
    ]
    alt = (
        f"RBM, {HIDDEN} hidden units, epoch {epoch}, digit {digit}, seed {uniforms_seed}, "
        f"step {step} of {STEPS}. {lines[step]}. All {ROWS} training rows: "
        f"reconstruction error {rough(error)}."
    )
    columns = {"W v + b": (1, z), "p(h | v)": (1, p), "u": (2, u), "h": (2, h), "h′": (4, h1)}
    table = [["unit", *columns]]
    for k in range(HIDDEN):
        row = [
            "" if step < since else number(values[k], 0 if name == "h" else 3)
            for name, (since, values) in columns.items()
        ]
        table.append([k + 1, *row])
    return Picture(svg.document(422, alt, *parts), alt, worked, table)


def _stations(v, p, h, v1, h1, step, lit):
    """v, p(h | v), h, v′ and h′ side by side; an empty frame stands for what is still to come."""
    names = "v: digit", "p(h | v)", "h: sample", "v′", "h′"
    draw = _grey, _levels, _samples, _grey, _levels
    parts = []
    for k, (left, name, values) in enumerate(zip(PLACES, names, (v, p, h, v1, h1), strict=True)):
        edge = {"stroke_width": 3 if k == step else 1}
        edge |= {} if k <= step else {"stroke_dasharray": svg.DOTTED}
        parts.append(draw[k](left, values, lit) if k <= step else "")
        parts.append(svg.box(left, TOP, 105, 105, **edge) + svg.bold(left + 52, TOP - 12, name))
    ways = "W, b", "u < p", "Wᵀ, c", "W, b"
    for k, ((left, right), words) in enumerate(zip(pairwise(PLACES), ways, strict=True)):
        style = AHEAD | {"stroke_width": 2, "opacity": 1 if k < step else 0.5}
        parts.append(_arrow((left + 108, TOP + 52), (right - 3, TOP + 52), **style))
        parts.append(svg.text((left + 105 + right) / 2, TOP + 122, words, font_size=12))
    return parts


def _grey(left, values, _lit):
    cells = values.reshape(SIDE, SIDE)
    return svg.heat_map(left, TOP, 105, 105, cells, image_rendering="pixelated")


def _places(left):
    return [(left + CELL * (k % 5), TOP + CELL * (k // 5)) for k in range(HIDDEN)]


def _levels(left, values, lit):
    """A probability is how high its cell is filled."""
    cells = [
        svg.box(
            x,
            y + CELL * (1 - p),
            CELL,
            CELL * p,
            fill=svg.FORWARD,
            fill_opacity=0.85,
            stroke="none",
        )
        + svg.box(x, y, CELL, CELL, opacity=0.5)
        for (x, y), p in zip(_places(left), values, strict=True)
    ]
    return "".join(cells) + _lit(*_places(left)[lit], CELL)


def _samples(left, values, lit):
    """A sampled unit is 1 on blue, or 0."""
    cells = [
        svg.box(x, y, CELL, CELL, stroke_opacity=0.5, fill=svg.FORWARD if on else "none")
        + svg.text(
            x + CELL / 2, y + 15, f"{on:.0f}", fill="white" if on else "currentColor", font_size=12
        )
        for (x, y), on in zip(_places(left), values, strict=True)
    ]
    return "".join(cells) + _lit(*_places(left)[lit], CELL)


def _lit(x, y, side, **style):
    """The frame of the chosen unit."""
    return svg.box(x, y, side, side, stroke_width=3, **style)


def _fields(moment, lit, moves, step):
    """W of every unit as a small map, of the chosen one as a large map, and how it moves."""
    full, top, (x, y) = _full(_pretrained()[-1].machine), FIELDS_TOP, _field(lit)
    parts = [
        svg.bold(8, top - 10, f"W of the {HIDDEN} units", "start"),
        moment.fields,  # then black inside, ink outside: seen on pale maps in a dark theme too
        _lit(x, y, SMALL, stroke="black") + svg.box(x - 2, y - 2, 42, 42),
        svg.bold(244, top - 10, f"W of unit {lit + 1}", "start"),
        _signed(244, top, 136, moment.machine.W[lit], full) + svg.box(244, top, 136, 136),
    ]
    largest = float(np.abs(moves).max())
    parts.append(svg.bold(440, top - 10, f"unit {lit + 1}: p·v − h′·v′", "start"))
    if step == STEPS:
        parts.append(
            _signed(440, top, 136, moves, largest) + svg.box(440, top, 136, 136, stroke_width=3)
        )
    else:
        parts.append(svg.box(440, top, 136, 136, stroke_dasharray=svg.DOTTED))
    parts.append(_scale(244, f"≤ {rough(-full, 2)}", f"≥ {rough(full, 2)}"))
    if step == STEPS:
        parts.append(_scale(440, rough(-largest, 2), rough(largest, 2)))
    else:
        parts.append(svg.text(440, 358, "at the last step", "start", font_size=12))
    return parts


def _signed(left, top, side, values, largest):
    cells = np.clip(values, -largest, largest).reshape(SIDE, SIDE)
    signs = {"low": -largest or -1.0, "high": largest or 1.0, "palette": svg.PUOR}
    return svg.heat_map(left, top, side, side, cells, image_rendering="pixelated", **signs)


def _scale(left, low, high):
    """The colours from low over 0 to high, which are words."""
    strip = svg.heat_map(left, 346, 136, 10, np.linspace(0, 1, 34)[None], palette=svg.PUOR)
    ends = (0, "start", low), (68, "middle", "0"), (136, "end", high)
    words = [svg.text(left + x, 371, said, anchor, font_size=12) for x, anchor, said in ends]
    return strip + "".join(words)
