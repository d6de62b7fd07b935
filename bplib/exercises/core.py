"""One object per exercise: its stub, its solution, its check, its hints, its wrong answers."""

import ast
import functools
import importlib
import inspect
import textwrap
import zlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from bplib import closed, probe

LESSONS = {
    "01": "feed_forward",
    "02": "error_backprop",
    "03": "weight_update",
    "04": "repeat",
    "05": "vanishing_gradient",
    "06": "remedies",
}
OFFERED = {  # what an answer may call of the library, and from which exercise on
    "bplib.activations:sigmoid": "1.3",
    "bplib.activations:sigmoid_prime": "2.2",
    "bplib.activations:tanh": "5.1",
    "bplib.activations:tanh_prime": "5.1",
}
LETTERS = "ABCDFGHJKLMNPQRSTUVW"  # names of the lines of a puzzle; no E, I, O: they name numbers


class Misconception(NamedTuple):
    """A wrong answer that somebody believes in, as code.

    id : "FF-01",  text : what was done,  ask : the question that makes one think again,
    see : the interactive that refutes it (a function of bplib.widgets) or ""
    body : its source, where f has no file to read it from
    """

    id: str
    text: str
    ask: str
    see: str
    f: Callable
    body: str = ""


class Exercise:
    """A function to write.  Used as a decorator on the solution:  @exercise("1.1", ...)

    via : a function of a maths module; the answer, say a class, is tried as via(answer, *args)
    stub : what stands in the learner's cell below the docstring, if not one line that raises
    """

    def __init__(self, f, id, points, title, hints, outputs, via=None, stub=None):
        self.f, self.id, self.points, self.title = f, id, points, title
        self.hints, self.outputs = hints, outputs
        self.name = f.__name__
        self._through = {"via": closed.name(via)} if via else {}
        self._spelling = {}
        arguments = list(inspect.signature(via or f).parameters)
        self.arguments = arguments[1:] if via else arguments
        self.header, self.docstring, self.body = _parts(f)
        task = f'raise NotImplementedError("{id}: replace this line by your answer.")'
        self._task = textwrap.indent(stub or task, "    ")
        self.misconceptions, self.equivalents, self.by_library = [], [], []
        self._cases, self._far, self.far_count = None, lambda rng: [], 0
        self._drawn, self._known = {}, {}

    def cases(self, f):
        """Decorator: f(rng) gives a list of argument tuples."""
        self._cases = f
        return f

    def far(self, f):
        """Decorator: more cases, so large or so near a kink that only the formula gets them right.

        Who is wrong only there has typed a finite difference in place of a derivative.
        """
        self._far, self.far_count = f, len(f(np.random.default_rng(0)))
        return f

    def misconception(self, id, text, ask, see=""):
        """Decorator: a wrong answer the check must refuse and name."""

        def add(f):
            self.misconceptions.append(Misconception(id, text, ask, see, f))
            return f

        return add

    def slip(self, id, text, ask, swap, see=""):
        """A misconception that is the solution but for a few words.   swap : {right: wrong, ...}"""
        body = self.body
        for right, wrong in swap.items():
            if right not in body:
                raise ValueError(f"exercise {self.id}: {right!r} is not in the solution.")
            body = body.replace(right, wrong)
        scope = {}
        arguments = ", ".join(inspect.signature(self.f).parameters)
        exec(f"def f({arguments}):\n{body}", self.f.__globals__, scope)
        self.misconceptions.append(Misconception(id, text, ask, see, scope["f"], body))

    def equivalent(self, f):
        """Decorator: another right answer the check must accept."""
        self.equivalents.append(f)
        return f

    def library(self, f):
        """Decorator: what the library says, which must be the same, and is no answer."""
        self.by_library.append(f)
        return f

    @property
    def open(self):
        """Names of the functions of the library that an answer may call."""
        return [name for name, since in OFFERED.items() if _number(since) <= _number(self.id)]

    @property
    def puzzle(self):
        """What a probe must know: how the answer becomes a function, how to read a result, and
        what of the library is open to it."""
        return self._through | self._reading | self._spelling | {"open": self.open}

    @functools.cached_property
    def _sample(self):
        """What the solution does on some cases."""
        return probe.outcomes(self.f, self._make(np.random.default_rng(0)), self._through)

    @functools.cached_property
    def _reading(self):
        return {"parts": probe.parts(self._sample)}

    def draw(self, seed):
        """Cases from a seed, far ones last; every value of the solution is safe to print, and no
        misconception prints the same.

        The band around a rounding edge is as wide as the numbers allow, so that an answer that
        adds 1e-8 in a logarithm, which is right, prints the same text too. A misconception that is
        right on all inputs cannot be avoided: the kill table shows it.
        """
        if seed in self._drawn:
            return self._drawn[seed]
        safe = None
        numbers = sum(q.size for o in self._sample for q in o.tensors.values())
        for attempt in range(1000):
            band = max(1e-4, 0.2 * 0.9**attempt)
            chance = (1 - 2 * band) ** numbers  # that all are safe, if they are not round numbers
            if attempt and chance < 0.01 and band > 1e-4:
                continue
            cases = self._make(np.random.default_rng([seed, attempt]))
            if all(probe.safe(self.expected([args]), band) for args in cases):
                safe = safe or cases
                if not self._lucky(cases):
                    self._drawn[seed] = cases
                    return cases
        if safe:
            self._drawn[seed] = safe
            return safe
        raise RuntimeError(f"exercise {self.id}: no cases without a value on a rounding edge")

    def _lucky(self, cases):
        """Whether some misconception is right on all of these cases; most differ on the first."""
        texts = list(map(probe.encode, self.expected(cases)))
        return any(
            all(
                probe.encode(self.known(wrong.f, [args])[0]) == text
                for args, text in zip(cases, texts, strict=True)
            )
            for wrong in self.misconceptions
        )

    def _make(self, rng):
        return self._cases(rng) + self._far(rng)

    def run(self, f, cases):
        """What a known answer, a function or a class of ours, does on these cases."""
        return probe.outcomes(f, cases, self._through | self._reading)

    def known(self, f, cases):
        """The same, remembered: every answer is compared with what the known ones do."""
        for args in cases:
            if (f, id(args)) not in self._known:
                # the case is kept beside its outcome, or another could get its id
                self._known[f, id(args)] = args, self.run(f, [args])[0]
        return [self._known[f, id(args)][1] for args in cases]

    def expected(self, cases):
        """What the solution does on these cases."""
        return self.known(self.f, cases)

    @property
    def stub(self):
        """Source of the answer cell as the learner gets it."""
        return f"{self.header}\n{self.docstring}\n{self._task}"

    @property
    def answer(self):
        """Source of the answer cell with the solution."""
        return f"{self.header}\n{self.docstring}\n{self.body}"

    @property
    def solved(self):
        """The same, with the solution between nbgrader's marks."""
        body = f"    ### BEGIN SOLUTION\n{self.body}\n    ### END SOLUTION"
        return f"{self.header}\n{self.docstring}\n{body}"

    def wrong(self, misconception):
        """Source of an answer cell that holds this wrong answer."""
        body = misconception.body or _parts(misconception.f)[2]
        return f"{self.header}\n{body}"


class Letters(Exercise):
    """An exercise whose answer is a text of letters.  A subclass says what they stand for."""

    @property
    def stub(self):
        return f'{self._listing()}\n\n{self.name} = ""  # your letters'

    @property
    def answer(self):
        return f"{self._listing()}\n\n{self._line(self.f)}"

    @property
    def solved(self):
        marked = f"### BEGIN SOLUTION\n{self._line(self.f)}\n### END SOLUTION"
        return f"{self._listing()}\n\n{marked}"

    def wrong(self, misconception):
        return self._line(misconception.f)

    def _line(self, f):
        return f'{self.name} = "{self.letters(f)}"'


class Order(Letters):
    """Lines to put in order (a Parsons problem).

    The answer is judged by running the lines in that order, so every order that works is right.
    """

    def __init__(self, f, distractors, imports, **rest):
        super().__init__(f, **rest)
        self.name = "order"
        count = len(self.body.splitlines())
        lines = textwrap.dedent(self.body).splitlines() + list(distractors)
        shuffled = np.random.default_rng(zlib.crc32(self.id.encode())).permutation(len(lines))
        lines = dict(zip(LETTERS, (lines[k] for k in shuffled), strict=False))
        self._spelling = {"imports": imports, "header": self.header, "lines": lines, "count": count}

    def letters(self, f):
        """The letters that spell the body of f."""
        of = {line: letter for letter, line in self.puzzle["lines"].items()}
        return " ".join(of[line] for line in textwrap.dedent(_parts(f)[2]).splitlines())

    def _listing(self):
        lines = [f"# {letter}:     {line}" for letter, line in self.puzzle["lines"].items()]
        return "\n".join([f"# {self.header}", *lines])


class Item(NamedTuple):
    """One question of a choice.

    prompt : its text,  options : {"A": text, ...},  right : the letter
    wrong : {letter: (misconception id, what was thought, question)} for letters that tell something
    """

    prompt: str
    options: dict[str, str]
    right: str
    wrong: dict[str, tuple[str, str, str]]


class Choice(Letters):
    """Several questions, one letter for each.  There is nothing to draw: all is in the letters."""

    def __init__(self, items, name, see="", **rest):
        super().__init__(lambda: _codes(item.right for item in items), **rest)
        self.items, self.name = items, name
        self._spelling = {"options": ["".join(item.options) for item in items]}
        self.cases(lambda rng: [()])
        for i, item in enumerate(items):
            for letter, (id, text, ask) in item.wrong.items():
                chosen = [x.right for x in items[:i]] + [letter] + [x.right for x in items[i + 1 :]]
                self.misconception(id, text, ask, see)(lambda chosen=chosen: _codes(chosen))

    def letters(self, f):
        """The letters that stand for the numbers f returns."""
        return " ".join(map(chr, f()))

    def _listing(self):
        lines = []
        for number, item in enumerate(self.items, 1):
            lines += [f"# {number}. {item.prompt}".replace("\n", "\n#    ")]
            lines += [f"#    {letter}: {text}" for letter, text in item.options.items()]
        return "\n".join(lines)


class Belief(NamedTuple):
    """What somebody orders by who does not order by the right thing.

    score : {letter: number}; letters of equal score may stand in any order
    """

    id: str
    text: str
    ask: str
    score: dict[str, float]

    def fits(self, letters):
        """Whether the scores never fall along these letters."""
        scores = [self.score[letter] for letter in letters]
        return scores == sorted(scores)


class Ranking(Choice):
    """Things to put in order: one letter for each place, every letter once.

    things : {"A": text, ...},  right : the letters in order
    beliefs : wrong ways to order them; the first that fits an answer is named
    """

    def __init__(self, things, right, beliefs, name, see="", **rest):
        super().__init__([Item("", things, letter, {}) for letter in right], name, see, **rest)
        self.things, self.beliefs, self.see = things, beliefs, see
        for belief in beliefs:
            order = sorted(right, key=belief.score.get, reverse=True)[::-1]  # ties turn round
            self.misconception(belief.id, belief.text, belief.ask, see)(
                lambda order=order: _codes(order)
            )

    def _listing(self):
        return "\n".join(f"# {letter}: {text}" for letter, text in self.things.items())


def _number(id):
    """ "2.10"  ->  (2, 10)"""
    return tuple(map(int, id.split(".")))


def _codes(letters):
    return np.array([ord(letter) for letter in letters])


def exercise(id, points, title, hints, outputs=(), via=None, stub=None):
    """Decorator that turns a solution into an Exercise.

    hints : three texts (a question, where to look, the formula);  outputs : names of the results
    """
    return lambda f: Exercise(f, id, points, title, hints, outputs, via, stub)


def order(id, points, title, hints, distractors, imports, outputs=()):
    """Decorator that turns the lines of a solution, and some wrong lines, into a puzzle."""
    rest = dict(id=id, points=points, title=title, hints=hints, outputs=outputs)
    return lambda f: Order(f, distractors, imports, **rest)


def choice(id, points, title, hints, name, items, see=""):
    """Questions with options, answered by one letter each, in a variable called name."""
    return Choice(items, name, see, id=id, points=points, title=title, hints=hints, outputs=())


def ranking(id, points, title, hints, name, things, right, beliefs, see=""):
    """Things to put in order by their letters, in a variable called name."""
    rest = dict(id=id, points=points, title=title, hints=hints, outputs=())
    return Ranking(things, right, beliefs, name, see, **rest)


def draw(rng, *shape, largest=1.5):
    """Numbers of mixed sign, at least 0.2 in size, with two decimals to be read by people."""
    size = rng.integers(20, round(100 * largest) + 1, shape)
    return size * (2 * rng.integers(0, 2, shape) - 1) / 100


def draw_network(rng, sizes):
    """One sample and two layers.   sizes : (n_0, n_1, n_2)  ->  x, y, W1, b1, W2, b2"""
    n_0, n_1, n_2 = sizes
    x, y = draw(rng, n_0), rng.integers(10, 91, n_2) / 100
    return (x, y, draw(rng, n_1, n_0), draw(rng, n_1), draw(rng, n_2, n_1), draw(rng, n_2))


def exercises(lesson):
    """The exercises of a lesson in order.   lesson : "01"  ->  {"1.1": Exercise, ...}"""
    module = importlib.import_module(f"bplib.exercises.{LESSONS[lesson]}")
    return {e.id: e for e in vars(module).values() if isinstance(e, Exercise)}


def find(id):
    """The exercise with this id.   KeyError, in one sentence, when there is none."""
    if not isinstance(id, str):
        raise KeyError(f'Write the number of the exercise in quotes: "1.1", not {id!r}.')
    id = id.strip()
    lesson = f"{id.split('.')[0]:0>2}"
    known = exercises(lesson) if lesson in LESSONS else {}
    if id not in known:
        known = known or {i: e for lesson in LESSONS for i, e in exercises(lesson).items()}
        raise KeyError(f"There is no exercise {id!r}. There are {', '.join(known)}.")
    return known[id]


def _parts(f):
    """Source of a function or class as (first line, docstring, body), without final newlines."""
    if f.__name__ == "<lambda>":
        return "", "", ""
    text = textwrap.dedent(inspect.getsource(f))
    node = next(n for n in ast.parse(text).body if isinstance(n, (ast.FunctionDef, ast.ClassDef)))
    lines = text.rstrip().splitlines()
    start = node.body[0].lineno - 1
    has_docstring = ast.get_docstring(node) is not None
    end = node.body[0].end_lineno if has_docstring else start
    return tuple(
        "\n".join(p) for p in (lines[node.lineno - 1 : start], lines[start:end], lines[end:])
    )
