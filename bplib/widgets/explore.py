"""The one mechanism of the interactives: controls -> a pure function -> a picture."""

import asyncio
from html import escape
from typing import NamedTuple

import ipywidgets

from bplib import svg

FRAME = 1 / 30  # seconds
GROUP, AHEAD = 3, 5  # frames from tick to tick, and the most that one tick allows


class Picture(NamedTuple):
    """What one state of the controls looks like.

    svg : the drawing,  alt : sentences that state its numbers
    worked : lines of the formula with the numbers put in,  numbers : table rows, first the heading
    """

    svg: str
    alt: str
    worked: list[str]
    numbers: list[list]


LABEL = {"style": {"description_width": "11em"}, "layout": {"width": "26em"}}


def slider(label, value, low, high, step=0.1):
    """A slider for a number."""
    return ipywidgets.FloatSlider(
        value, min=low, max=high, step=step, description=label, tooltip=label, **LABEL
    )


def whole(label, value, low, high):
    """A slider for a whole number."""
    return ipywidgets.IntSlider(value, min=low, max=high, description=label, tooltip=label, **LABEL)


def choice(label, options, value=None):
    """A menu; the first option is chosen unless value names another."""
    value = options[0] if value is None else value
    return ipywidgets.Dropdown(
        value=value, options=options, description=label, tooltip=label, **LABEL
    )


def tick(label):
    """A box to tick."""
    return ipywidgets.Checkbox(False, description=label, tooltip=label, indent=False, **LABEL)


def learning_rate(value, low, high):
    """A slider for the learning rate, ten steps for a factor of ten.   low, high : powers of 10"""
    tens = [1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8]
    rates = [float(f"{rate}e{power}") for power in range(low, high) for rate in tens]
    words = {"description": "learning rate η", "tooltip": "learning rate η"}
    return ipywidgets.SelectionSlider(options=[*rates, 10.0**high], value=value, **words, **LABEL)


class Explore(ipywidgets.VBox):
    """Controls around the picture that draw(name=value, ...) -> Picture makes of their values.

    A control with the name `step` gets the buttons Back, Step and Play.  clock : what Play ticks;
    link : a tick moves the step;  stride() : steps for a frame of Play.
    """

    def __init__(self, draw, instruction, **controls):
        self.draw, self.controls, self.waits = draw, controls, False
        self.first = {name: control.value for name, control in controls.items()}
        self.frame, self.table = ipywidgets.HTML(), ipywidgets.HTML()
        self.reset = _button("Reset", "Put every control back to where it was at first.")
        self.reset.on_click(self._reset)
        self.show_table = tick("Show the numbers as a table")
        buttons = [self.reset, self.show_table]
        if "step" in controls:
            stepping, self.clock, self.link = _stepping(controls["step"], self.reset)
            self.stride = lambda: self.clock.step
            buttons = stepping + buttons
        for control in (*controls.values(), self.show_table):
            control.observe(self._show, "value")
        self._show()
        wrap = ipywidgets.Layout(flex_flow="row wrap")
        super().__init__(
            [
                ipywidgets.HTML(f"<p>{escape(instruction)}</p>"),
                ipywidgets.Box(list(controls.values()), layout=wrap),
                ipywidgets.Box(buttons, layout=wrap),
                self.frame,
                self.table,
            ]
        )

    def put(self, **values):
        """Several controls at once, and only then a new frame; also where one puts others."""
        before, self.waits = self.waits, True
        try:
            for name, value in values.items():
                self.controls[name].value = value
        finally:
            self.waits = before
            self._show()

    def _show(self, _change=None):
        if self.waits:
            return
        values = {name: control.value for name, control in self.controls.items()}
        try:
            self.picture = self.draw(**values)
        except Exception as error:  # a learner never sees the kernel's log: say it in the picture
            self.picture = _sentence(f"This cannot be drawn ({type(error).__name__}): {error}")
        worked = "<br>".join(escape(line) for line in self.picture.worked)
        font = "font-family:var(--jp-code-font-family,monospace);line-height:1.6"
        self.frame.value = f'{self.picture.svg}<div style="{font}">{worked}</div>'
        self.table.value = _table(self.picture.numbers) if self.show_table.value else ""

    def _reset(self, _button):
        self.put(**self.first)

    def close(self):
        """Close every part: ipywidgets keeps a part that is not closed until the kernel ends."""
        for part in _parts(self):
            ipywidgets.Widget.close(part)

    def _repr_mimebundle_(self, **kwargs):
        """Where no kernel runs, the first frame is an image, and its words where there is none."""
        words = {
            "text/html": svg.as_image(self.picture.svg, self.picture.alt),
            "text/plain": self.picture.alt,
        }
        return super()._repr_mimebundle_(**kwargs) | words


def quick(explore, stride=1):
    """Let Play go `stride` steps at once, every 400 ms."""
    explore.clock.interval, explore.clock.step = 400, stride
    return explore


def smooth(explore, stride=1):
    """Let Play show 30 frames a second, each `stride` steps on, or stride() where it may change.

    The clock in the browser only counts, ten times a second, and a tick allows a few frames more.
    It ticks again when the kernel has answered, and the answer stands in line behind the pictures:
    so where the browser or the kernel is slow there are fewer frames, and never a queue of them.
    """
    step, clock = explore.controls["step"], explore.clock
    allowed, due, waiting = 0, 0.0, None
    explore.stride = stride if callable(stride) else lambda: stride
    explore.link.unlink()
    clock.interval, clock.max = round(1000 * GROUP * FRAME), 10**9

    def begin(change):
        if change.new and step.value == step.max:
            step.value = step.min

    def tick(_change):
        nonlocal allowed
        allowed = AHEAD
        if waiting is None:
            frame()

    def frame():
        nonlocal allowed, due, waiting
        waiting = None
        if clock.playing and allowed:
            allowed -= 1
            if loop := _event_loop():
                now = loop.time()
                due = (due if now - due < FRAME else now) + FRAME  # late once, not late for ever
                waiting = loop.call_at(due, frame)
            step.value = min(step.value + explore.stride(), step.max)
            if step.value == step.max:
                clock.playing = False

    clock.observe(begin, "playing")
    clock.observe(tick, "value")
    return explore


def _event_loop():
    """What runs the kernel, or None where no kernel runs."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _parts(widget):
    for child in getattr(widget, "children", ()):
        yield from _parts(child)
    yield from filter(None, (getattr(widget, "style", None), widget.layout, widget))


def _button(name, tooltip):
    return ipywidgets.Button(description=name, tooltip=tooltip, layout={"width": "6em"})


def _stepping(control, reset):
    """Back, Step and Play; the clock that Play ticks; and the link by which a tick moves the step.

    The clock is ipywidgets.Play: it waits for a kernel that is busy.
    It stays hidden, because its own buttons are pictures without a name.
    """
    back, step = _button("Back", "One step back."), _button("Step", "One step on.")
    play = ipywidgets.ToggleButton(
        description="Play", tooltip="Play all steps, or pause.", layout={"width": "6em"}
    )
    clock = ipywidgets.Play(
        value=control.value,
        min=control.min,
        max=control.max,
        interval=1000,
        layout={"display": "none"},
    )
    reset.on_click(lambda _: play.set_trait("value", False))
    back.on_click(lambda _: control.set_trait("value", max(control.value - 1, control.min)))
    step.on_click(lambda _: control.set_trait("value", min(control.value + 1, control.max)))
    link = ipywidgets.link((clock, "value"), (control, "value"))
    ipywidgets.link((clock, "playing"), (play, "value"))
    return [back, step, play, clock], clock, link


def _sentence(words):
    """A picture that is only one sentence."""
    words = words.splitlines()[0]
    drawing = svg.document(40, words, svg.text(0, 24, "There is no picture.", "start"))
    return Picture(drawing, words, [words], [[words]])


def _table(numbers):
    heading, *rows = numbers
    cells = "".join(f'<th scope="col">{escape(str(cell))}</th>' for cell in heading)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows
    )
    style = "border-collapse:separate;border-spacing:1em 0;text-align:left"
    return f'<table style="{style}"><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>'
