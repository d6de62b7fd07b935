"""One object per exercise: its stub, its solution, its check, its hints, its wrong answers."""

import ast
import importlib
import inspect
import textwrap
import zlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from bplib import probe

LESSONS = {"01": "feed_forward"}
LETTERS = "ABCDFGHJKLMNPQRSTUVW"  # names of the lines of a puzzle; no E, I, O: they name numbers


class Misconception(NamedTuple):
    """A wrong answer that somebody believes in, as code.

    id : "FF-01",  text : what was done,  ask : the question that makes one think again,
    see : the interactive that refutes it (a function of bplib.widgets) or ""
    """

    id: str
    text: str
    ask: str
    see: str
    f: Callable


class Exercise:
    """A function to write.  Used as a decorator on the solution:  @exercise("1.1", ...)"""

    puzzle = None

    def __init__(self, f, id, points, title, hints, outputs):
        self.f, self.id, self.points, self.title = f, id, points, title
        self.hints, self.outputs = hints, outputs
        self.name = f.__name__
        self.header, self.docstring, self.body = _parts(f)
        self.misconceptions, self.equivalents = [], []
        self._cases = None

    def cases(self, f):
        """Decorator: f(rng) gives a list of argument tuples."""
        self._cases = f
        return f

    def misconception(self, id, text, ask, see=""):
        """Decorator: a wrong answer the check must refuse and name."""

        def add(f):
            self.misconceptions.append(Misconception(id, text, ask, see, f))
            return f

        return add

    def equivalent(self, f):
        """Decorator: another right answer the check must accept."""
        self.equivalents.append(f)
        return f

    def draw(self, seed):
        """Cases from a seed, such that every value of the solution is safe to print rounded."""
        for attempt in range(1000):
            cases = self._cases(np.random.default_rng([seed, attempt]))
            if probe.safe(self.expected(cases)):
                return cases
        raise RuntimeError(f"exercise {self.id}: no cases without a value on a rounding edge")

    def expected(self, cases):
        """What the solution does on these cases."""
        return probe.outcomes(self.f, cases)

    @property
    def stub(self):
        """Source of the answer cell as the learner gets it."""
        task = f'raise NotImplementedError("{self.id}: replace this line by your answer.")'
        return f"{self.header}\n{self.docstring}\n    {task}"

    @property
    def solved(self):
        """Source of the answer cell with the solution, between nbgrader's marks."""
        body = f"    ### BEGIN SOLUTION\n{self.body}\n    ### END SOLUTION"
        return f"{self.header}\n{self.docstring}\n{body}"

    def wrong(self, misconception):
        """Source of an answer cell that holds this wrong answer."""
        _, _, body = _parts(misconception.f)
        return f"{self.header}\n{body}"

    @property
    def arguments(self):
        """Names of the arguments, for messages."""
        return list(inspect.signature(self.f).parameters)


class Order(Exercise):
    """Lines to put in order (a Parsons problem).  The learner writes their letters.

    The answer is judged by running the lines in that order, so every order that works is right.
    """

    def __init__(self, f, distractors, imports, **rest):
        super().__init__(f, **rest)
        self.name = "order"
        lines = textwrap.dedent(self.body).splitlines() + list(distractors)
        shuffled = np.random.default_rng(zlib.crc32(self.id.encode())).permutation(len(lines))
        lines = dict(zip(LETTERS, (lines[k] for k in shuffled), strict=False))
        self.puzzle = {"imports": imports, "header": self.header, "lines": lines}

    def letters(self, f):
        """The letters that spell the body of f."""
        of = {line: letter for letter, line in self.puzzle["lines"].items()}
        return " ".join(of[line] for line in textwrap.dedent(_parts(f)[2]).splitlines())

    @property
    def stub(self):
        return f'{self._listing()}\n\norder = ""  # your letters, first line first'

    @property
    def solved(self):
        answer = f'order = "{self.letters(self.f)}"'
        return f"{self._listing()}\n\n### BEGIN SOLUTION\n{answer}\n### END SOLUTION"

    def wrong(self, misconception):
        return f'order = "{self.letters(misconception.f)}"'

    def _listing(self):
        lines = [f"# {letter}:     {line}" for letter, line in self.puzzle["lines"].items()]
        return "\n".join([f"# {self.header}", *lines])


def exercise(id, points, title, hints, outputs=()):
    """Decorator that turns a solution into an Exercise.

    hints : three texts (a question, where to look, the formula);  outputs : names of the results
    """
    return lambda f: Exercise(f, id, points, title, hints, outputs)


def order(id, points, title, hints, distractors, imports, outputs=()):
    """Decorator that turns the lines of a solution, and some wrong lines, into a puzzle."""
    rest = dict(id=id, points=points, title=title, hints=hints, outputs=outputs)
    return lambda f: Order(f, distractors, imports, **rest)


def exercises(lesson):
    """The exercises of a lesson in order.   lesson : "01"  ->  {"1.1": Exercise, ...}"""
    module = importlib.import_module(f"bplib.exercises.{LESSONS[lesson]}")
    return {e.id: e for e in vars(module).values() if isinstance(e, Exercise)}


def find(id):
    """The exercise with this id.   KeyError, in one sentence, when there is none."""
    lesson = f"{str(id).split('.')[0]:0>2}"
    known = exercises(lesson) if lesson in LESSONS else {}
    if id not in known:
        known = known or {i: e for lesson in LESSONS for i, e in exercises(lesson).items()}
        raise KeyError(f"There is no exercise {id!r}. There are {', '.join(known)}.")
    return known[id]


def _parts(f):
    """Source of a function as (def line, docstring, body), each without a final newline."""
    text = textwrap.dedent(inspect.getsource(f))
    node = next(n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef))
    lines = text.rstrip().splitlines()
    start = node.body[0].lineno - 1
    has_docstring = ast.get_docstring(node) is not None
    end = node.body[0].end_lineno if has_docstring else start
    return tuple(
        "\n".join(p) for p in (lines[node.lineno - 1 : start], lines[start:end], lines[end:])
    )
