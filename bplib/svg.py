"""The drawing vocabulary of the interactives: numbers in, strings of SVG out.

Text and lines are `currentColor`, so that they follow a light or a dark theme.
Nothing here has an id: the ids of two pictures in one notebook would collide.
"""

import base64
import math
import struct
import zlib
from functools import lru_cache
from html import escape
from typing import NamedTuple

import numpy as np

WIDTH = 640
FORWARD, BACKWARD, WEIGHT = "#0072B2", "#D55E00", "#009E73"
DASHED, DOTTED = "7 4", "2 3"
CIVIDIS = "00224e 1a386f 434e6c 61656f 7d7c78 9b9476 bcae6c dec958 fee838"
PUOR = "7f3b08 b35806 e08214 fdb863 fee0b6 f7f7f7 d8daeb b2abd2 8073ac 542788 2d004b"
NOT_FINITE = "there is nothing to draw, because a number is NaN or infinite."
_kept = lru_cache(maxsize=8192)  # most parts of a picture are in the next one too


def number(value, digits=3):
    """A number as people read it: a true minus sign, no -0, and words for NaN and infinity."""
    if not math.isfinite(value):
        return {"nan": "NaN", "inf": "infinity", "-inf": "−infinity"}[str(float(value))]
    return f"{value:z.{digits}f}".replace("-", "−")


def short(value):
    """A number with no more digits than it needs: 0.15, −3, 20."""
    return f"{value:zg}".replace("-", "−")


def term(words):
    """A number in words as a part of a product: a negative one in brackets."""
    return f"({words})" if words.startswith("−") else words


def plural(n, thing):
    """1 row, 2 rows."""
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


def tag(name, *inside, **attributes):
    """One element: stroke_width=2 becomes stroke-width="2".  ValueError for NaN and infinity."""
    values = tuple(attributes.values())
    start = _start(name, tuple(attributes), tuple(map(type, values))) % values
    if "nan" in start or "inf" in start:  # in a number, or in a word such as "information"
        if not all(isinstance(value, str) or math.isfinite(value) for value in values):
            raise ValueError(NOT_FINITE)
    return f"{start}{''.join(inside)}</{name}>"


@lru_cache(maxsize=1024)
def _start(name, keys, kinds):
    """How such an element begins, with a place for each value: `%` fills all at once."""
    words = [
        f' {key.replace("_", "-")}="{"%s" if issubclass(kind, str) else "%.5g"}"'
        for key, kind in zip(keys, kinds, strict=True)
    ]
    return f"<{name}{''.join(words)}>"


def document(height, alt, *parts):
    """A whole picture, 640 wide or narrower.  alt is what a screen reader says instead."""
    return tag(
        "svg",
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {height}",
        width=WIDTH,
        height=height,
        style="max-width:100%;height:auto",
        role="img",
        aria_label=escape(alt),
        fill="none",
        stroke="currentColor",
        font_family="system-ui, sans-serif",
        font_size=13,
    )


def as_image(picture, alt):
    """The picture as an HTML image on white: for where no kernel runs and no theme is known."""
    alone = picture.replace('style="', 'style="background:white;color:#1b1b1b;', 1)
    data = base64.b64encode(alone.encode()).decode()
    return f'<img alt="{escape(alt)}" src="data:image/svg+xml;base64,{data}">'


@_kept
def text(x, y, words, anchor="middle", **style):
    """Words whose middle (or start, or end) is at x, and whose foot is at y."""
    style = {"fill": "currentColor", "stroke": "none"} | style
    return tag("text", escape(words), x=x, y=y, text_anchor=anchor, **style)


def bold(x, y, words, anchor="middle", **style):
    """The words that are to be read first."""
    return text(x, y, words, anchor, font_weight="bold", **style)


@_kept
def line(start, end, **style):
    """A straight line between two points, each a tuple."""
    return tag("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], **style)


@_kept
def circle(place, radius, **style):
    """A circle around a point, which is a tuple."""
    return tag("circle", cx=place[0], cy=place[1], r=radius, **style)


@_kept
def box(left, top, width, height, **style):
    """A rectangle."""
    return tag("rect", x=left, y=top, width=width, height=height, **style)


def heat_map(left, top, width, height, values, low=0.0, high=1.0, palette=CIVIDIS, **style):
    """One coloured cell per value, row 0 at the top.   values : (rows, columns), low to high

    palette : CIVIDIS, or PUOR for signed values with low = -high
    """
    if not np.isfinite(values).all():
        raise ValueError(NOT_FINITE)
    places, colours = _colours(palette)
    place = (values - low) / (high - low) * places[-1]
    channels = [np.interp(place, places, channel) for channel in colours]
    data = base64.b64encode(_png(np.stack(channels, axis=-1).astype(np.uint8))).decode()
    where = {"x": left, "y": top, "width": width, "height": height}
    href = f"data:image/png;base64,{data}"
    return tag("image", preserveAspectRatio="none", href=href, **where, **style)


@lru_cache
def _colours(palette):
    """Where the colours of a palette stand, 0, 1, 2 ..., and their red, green and blue."""
    colours = np.array([list(bytes.fromhex(colour)) for colour in palette.split()], float)
    return np.arange(len(colours), dtype=float), colours.T.copy()


def _png(pixels):
    """A PNG file.   pixels : (rows, columns, 3) of uint8  ->  bytes.   Source: RFC 2083."""

    def chunk(name, data):
        check = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)

    rows, columns, _ = pixels.shape
    lines = b"".join(b"\0" + row.tobytes() for row in pixels)  # 0: this row is not filtered
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(lines, 1))
        + chunk(b"IEND", b"")
    )


class Axes(NamedTuple):
    """A rectangle of the picture, in pixels, and the ranges of x and y that it shows."""

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x, y):
        """Where x and y are in the picture: numbers or arrays  ->  (pixels, pixels)."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        down = (self.y[1] - y) / (self.y[1] - self.y[0])
        return self.left + across * self.width, self.top + down * self.height

    def grid(self, columns, rows):
        """x and y in the middle of every cell of a heat map, each (rows, columns)."""
        x = self.x[0] + (np.arange(columns) + 0.5) / columns * (self.x[1] - self.x[0])
        y = self.y[1] - (np.arange(rows) + 0.5) / rows * (self.y[1] - self.y[0])
        return np.meshgrid(x, y)

    def surface(self, values, **style):
        """A heat map that fills these axes."""
        return heat_map(self.left, self.top, self.width, self.height, values, **style)

    def curve(self, x, y, **style):
        """A line through the points (x, y).   x, y : (n,)"""
        points = np.column_stack(self.at(x, y)).ravel()
        if not np.isfinite(points).all():
            raise ValueError(NOT_FINITE)
        return tag("polyline", points="%.1f,%.1f " * len(x) % tuple(points.tolist()), **style)

    def clip(self, *parts):
        """Parts in pixels of the whole picture, cut off at the edge of these axes."""
        where = {"x": self.left, "y": self.top, "width": self.width, "height": self.height}
        view = f"{self.left} {self.top} {self.width} {self.height}"
        return tag("svg", *parts, viewBox=view, overflow="hidden", **where)

    def frame(self, x_label, y_label, x_ticks, y_ticks):
        """The edge, the ticks with their numbers, and the names of both axes."""
        left, bottom = self.at(self.x[0], self.y[0])
        parts = [
            box(self.left, self.top, self.width, self.height),
            text(left + self.width / 2, bottom + 34, x_label),
            text(left, self.top - 8, y_label, "start"),
        ]
        for value in x_ticks:
            x, _ = self.at(value, 0)
            parts.append(line((x, bottom), (x, bottom + 4)) + text(x, bottom + 17, short(value)))
        for value in y_ticks:
            _, y = self.at(0, value)
            parts.append(
                line((left - 4, y), (left, y)) + text(left - 7, y + 4, short(value), "end")
            )
        return "".join(parts)


def bars(left, top, width, values, names):
    """Lying bars, `width` long at 1, the name before and the number behind; none for NaN."""
    parts = []
    for row, (value, name) in enumerate(zip(values, names, strict=True)):
        y = top + 38 * row
        length = value * width if math.isfinite(value) else 0
        parts.append(line((left, y - 6), (left, y + 32)) + text(left - 8, y + 18, name, "end"))
        parts.append(box(left, y, length, 26, fill=FORWARD, stroke="none"))
        parts.append(text(left + length + 8, y + 18, number(value), "start"))
    return "".join(parts)


def matrix(left, top, rows, columns, name, cell=22, **style):
    """A box of rows x columns cells with its name above."""
    width, height = columns * cell, rows * cell
    lines = [
        line((left + i * cell, top), (left + i * cell, top + height), **style)
        for i in range(1, columns)
    ] + [
        line((left, top + i * cell), (left + width, top + i * cell), **style)
        for i in range(1, rows)
    ]
    return (
        box(left, top, width, height, stroke_width=2.5, **style)
        + "".join(lines)
        + bold(left + width / 2, top - 10, name)
    )


def network(left, top, width, height, Ws, bs, inside, lit=None, radius=34):
    """Neurons in columns, weights as lines with their number; a weight of 0 fades away.

    Ws, bs : as in a forward pass;  inside : per layer, per neuron: (name, line of text, ...)
    lit : the neuron (layer, j) that is worked out now: it and its weights are drawn in blue
    """
    places = [
        [(left + width * l / len(Ws), top + height * (j + 0.5) / len(row)) for j in range(len(row))]
        for l, row in enumerate(inside)
    ]
    largest = max(np.abs(W).max() for W in Ws) or 1.0
    parts = []
    for l, W in enumerate(Ws):
        for (j, i), w in np.ndenumerate(W):
            size = abs(w) / largest
            style = {"stroke_width": 1 + 3 * size, "opacity": math.sqrt(size)}
            style["stroke"] = FORWARD if (l + 1, j) == lit else WEIGHT
            parts.append(edge(places[l][i], places[l + 1][j], radius, short(w), **style))
    for l, row in enumerate(inside):
        for j, (name, *lines) in enumerate(row):
            x, y = places[l][j]
            lines = [f"b {short(bs[l - 1][j])}", *lines] if l else lines
            ring = {"stroke": FORWARD, "stroke_width": 4} if (l, j) == lit else {}
            parts.append(circle((x, y), radius, **ring) + bold(x, y - radius - 8, name))
            first = y + 4 - 7.5 * (len(lines) - 1)
            parts += [text(x, first + 15 * i, words, font_size=12) for i, words in enumerate(lines)]
    return "".join(parts)


def edge(start, end, radius, words, **style):
    """A line from circle to circle with a gap for its number, nearer to where it starts."""
    length = math.dist(start, end)
    slope = (end[0] - start[0]) / length, (end[1] - start[1]) / length

    def at(distance):
        return start[0] + distance * slope[0], start[1] + distance * slope[1]

    middle = radius + 0.3 * (length - 2 * radius)
    gap = min((4 + 4 * len(words)) / slope[0], 11 / max(abs(slope[1]), 0.01))
    x, y = at(middle)
    return (
        line(at(radius), at(middle - gap), **style)
        + line(at(middle + gap), at(length - radius), **style)
        + text(x, y + 4, words)
    )


def rough(value, digits=3):
    """A number that may be of any size, with a few digits: 0.0123, 4.5e−6, 1.38e4."""
    if not math.isfinite(value):
        return number(value)
    digits, _, exponent = f"{value:z.{digits}g}".partition("e")
    return (digits + (f"e{int(exponent)}" if exponent else "")).replace("-", "−")


def decades(axes, x=(), y=()):
    """Ticks for axes that show log10: the exponent −2 is labelled 0.01.   x, y : exponents"""
    parts, (left, bottom) = [], axes.at(axes.x[0], axes.y[0])
    for exponent in x:
        across, _ = axes.at(exponent, 0)
        words = text(across, bottom + 17, rough(10.0**exponent))
        parts.append(line((across, bottom), (across, bottom + 4)) + words)
    for exponent in y:
        _, down = axes.at(0, exponent)
        words = text(left - 7, down + 4, rough(10.0**exponent), "end")
        parts.append(line((left - 4, down), (left, down)) + words)
    return "".join(parts)


def signed_map(left, top, values, largest, cell=(50, 24), digits=4):
    """A cell per value with its number: orange below 0, pale at 0, purple above; ± largest is full.

    values : (rows, columns), row 0 at the top.  Ink is black or white, so no theme hides it.
    """
    if not np.isfinite(values).all():
        raise ValueError(NOT_FINITE)
    colours, parts = PUOR.split(), []
    for (row, column), value in np.ndenumerate(values):
        strength = min(max(value / (largest or 1.0), -1.0), 1.0)
        shade = round(5 + 5 * strength)
        x, y = left + column * cell[0], top + row * cell[1]
        ink = "white" if shade in (0, 1, 8, 9, 10) else "black"
        parts.append(box(x, y, *cell, fill="#" + colours[shade], stroke="gray"))
        middle = x + cell[0] / 2, y + cell[1] / 2 + 4
        parts.append(text(*middle, number(value, digits), fill=ink, font_size=11))
    return "".join(parts)
