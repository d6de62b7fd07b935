"""What a learner is told, as plain text and as HTML that follows the light or dark theme."""

import html
from typing import NamedTuple

CORRECT, NOT_YET = "correct", "not yet"
NOT_ATTEMPTED, RAISED = "not attempted", "your code raised"

# A sign and a word say the same as the colour.
LOOK = {
    CORRECT: ("✓", "#009E73"),
    NOT_YET: ("✗", "#D55E00"),
    NOT_ATTEMPTED: ("○", "#888888"),
    RAISED: ("!", "#D55E00"),
}


class Feedback(NamedTuple):
    """The result of a check.

    misconception : an id such as "FF-02", or None
    code : the numbers that show the mistake, ready to be pasted into a cell
    """

    outcome: str
    text: str
    misconception: str | None = None
    title: str = ""
    code: str = ""

    def __str__(self):
        sign, _ = LOOK[self.outcome]
        heading = f"{sign} {self._heading}"
        return "\n".join(part for part in (heading, self.text, self.code) if part)

    __repr__ = __str__

    @property
    def _heading(self):
        colon = "" if self.title.endswith("?") else ":"  # a title may be a question
        return f"{self.title}{colon} {self.outcome}" if self.title else self.outcome

    def _repr_html_(self):
        sign, colour = LOOK[self.outcome]
        return card(f"{sign} {self._heading}", self.text, colour, self.code)


class Note(NamedTuple):
    """A text with a heading: a hint, a solution, the progress so far."""

    heading: str
    text: str
    code: str = ""

    def __str__(self):
        return "\n".join(part for part in (self.heading, self.text, self.code) if part)

    __repr__ = __str__

    def _repr_html_(self):
        return card(self.heading, self.text, "#0072B2", self.code)


def card(heading, text, colour, code=""):
    """A box with a coloured edge.  Every piece of text is escaped; a new line is a paragraph."""
    paragraphs = "".join(
        f'<p style="margin:.3em 0">{inline(line)}</p>' for line in text.splitlines() if line
    )
    if code:
        wraps = "margin:.3em 0;white-space:pre-wrap;word-break:normal"
        code = f'<pre style="{wraps}">{html.escape(code)}</pre>'
    return (
        f'<div role="status" style="border-left:.4em solid {colour};padding:.2em .8em;'
        f'max-width:52em"><strong>{html.escape(heading)}</strong>{paragraphs}{code}</div>'
    )


def inline(line):
    """Escape a line and show what stands between backticks as code."""
    parts = html.escape(line).split("`")
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(parts))
