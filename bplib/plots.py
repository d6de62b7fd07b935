"""Figures.  Every function draws on the axes it is given, which come first, and returns nothing.

show(draw, ...) makes the axes, and a figure that follows the theme and says its numbers in words.
"""

import io
import re
from hashlib import sha256
from html import escape
from itertools import cycle

import numpy as np

# What a line means decides how it looks, in every figure: colour and dash together.
FORWARD = {"color": "#0072B2", "linestyle": "-"}
BACKWARD = {"color": "#D55E00", "linestyle": "--"}
WEIGHT = {"color": "#009E73", "linestyle": "-."}
INK = "#010203"  # stands for currentColor until the figure is text
IDS = "bplib-"  # every id in a figure begins like this, then says which figure


def losses(ax, history):
    """Loss of the training rows after each epoch, and of the validation rows where there are any.

    history : list of Epoch
    """
    _both(ax, history, "loss")


def accuracies(ax, history):
    """Share of rows classified rightly after each epoch.   history : list of Epoch"""
    _both(ax, history, "accuracy")
    ax.set(ylim=(0, 1.02))


def _both(ax, history, name):
    """A field of Epoch for the training rows, and its twin for the validation rows."""
    epochs = [epoch.number for epoch in history]
    for field, label, style in (
        (name, "training", FORWARD),
        (f"validation_{name}", "validation", BACKWARD),
    ):
        values = [getattr(epoch, field) for epoch in history]
        if values[0] is not None:
            ax.plot(epochs, values, label=label, **style)
    ax.set(xlabel="epoch", ylabel=name)


def compare(ax, histories):
    """Training loss of several runs, on a log scale: one that explodes leaves room for the others.

    histories : {name: list of Epoch}
    """
    for name, history in histories.items():
        ax.semilogy([e.number for e in history], [e.loss for e in history], label=name)
    ax.set(xlabel="epoch", ylabel="loss")


def delta_norms(ax, nets):
    """Size of the error signal in each layer, on a log scale: what vanishes looks like a slope.

    nets : {name: Gradients}
    """
    for (name, gradients), marker in zip(nets.items(), cycle("osD^v*"), strict=False):
        norms = [np.sqrt(np.mean(delta**2)) for delta in gradients.delta]
        ax.semilogy(range(1, len(norms) + 1), norms, marker=marker, label=name)
    ax.set(xlabel="layer (1 = next to the input)", ylabel="RMS of delta")


class Shown:
    """A drawn figure: SVG that follows the theme, with its words and its numbers."""

    def __init__(self, svg, alt, table):
        self.svg, self.alt, self.table = svg, alt, table

    def _repr_mimebundle_(self, **_):
        rows = ["".join(f"<td>{cell}</td>" for cell in row) for row in self.table[1:]]
        heading = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in self.table[0])
        table = f"<table><tr>{heading}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"
        fold = f"<details><summary>The numbers as a table</summary>{table}</details>"
        return {"text/html": self.svg + fold, "text/plain": self.alt}


def show(draw, *data, title=""):
    """Axes with what draw(ax, *data) draws, its words taken from its lines.   ->  Shown"""
    import matplotlib.style
    from matplotlib.figure import Figure

    inks = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
    ink = dict.fromkeys((*inks, "grid.color"), INK)
    same = {"svg.hashsalt": IDS}  # or every run would give the shapes new ids
    with matplotlib.style.context("bplib.house"), matplotlib.rc_context(ink | same):
        figure = Figure()
        ax = figure.subplots()
        ax.xaxis.get_major_locator().set_params(integer=True)  # half an epoch is no place
        draw(ax, *data)
        ax.set_title(title)
        if len(ax.lines) > 1:
            ax.legend(frameon=False)
        words, table = _words(ax, title), _table(ax)
        with io.StringIO() as file:
            figure.savefig(file, format="svg", transparent=True)
            svg = file.getvalue()
    return Shown(_inline(svg, words), words, table)


def _inline(svg, alt):
    """Only the <svg> element, in the colours of the theme, without a style for the whole page.

    Two figures in one page must not share an id, or the second uses the clip path of the first.
    """
    svg = re.sub(r"<(style|metadata).*?</\1>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    own = sha256(svg.encode()).hexdigest()[:8]
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{IDS}{own}-", svg).replace(INK, "currentColor")
    style = f'<svg role="img" aria-label="{escape(alt)}" style="max-width:100%;height:auto"'
    return svg.replace("<svg", style, 1)


def _number(value):
    if not np.isfinite(value):
        return {"nan": "NaN", "inf": "infinity", "-inf": "−infinity"}[str(float(value))]
    whole = float(value).is_integer() and abs(value) < 1e6
    return (f"{value:.0f}" if whole else f"{value:.4g}").replace("-", "−")


def _name(line, ax):
    label = line.get_label()
    return ax.get_ylabel() if label.startswith("_") else label


def _words(ax, title):
    """One sentence for the axes, and one per line: where it starts, ends, and is lowest."""
    log = ", on a log scale" if ax.get_yscale() == "log" else ""
    sentences = [title] if title else []
    sentences.append(f"{ax.get_ylabel()}{log}, against {ax.get_xlabel()}")
    for line in ax.lines:
        x, y = (np.asarray(values, float) for values in line.get_data())
        low = ""
        if np.isfinite(y).any() and np.nanargmin(y) not in (0, len(y) - 1):
            k = np.nanargmin(y)
            low = f", smallest {_number(y[k])} at {_number(x[k])}"
        ends = f"from {_number(y[0])} at {_number(x[0])} to {_number(y[-1])} at {_number(x[-1])}"
        sentences.append(f"{_name(line, ax)}: {ends}{low}")
    return ". ".join(sentences) + "."


def _table(ax):
    """The lines as columns, at no more than twelve places, from the first x to the last."""
    x = np.unique(np.concatenate([np.asarray(line.get_xdata(), float) for line in ax.lines]))
    places = x[np.unique(np.linspace(0, len(x) - 1, 12).astype(int))]
    rows = [[ax.get_xlabel(), *(_name(line, ax) for line in ax.lines)]]
    for place in places:
        cells = []
        for line in ax.lines:
            at = np.flatnonzero(np.asarray(line.get_xdata(), float) == place)
            cells.append(_number(float(line.get_ydata()[at[0]])) if at.size else "")
        rows.append([_number(place), *cells])
    return rows
