"""An exercise without its answer: what a student gets where solutions are withheld.

Of the right answer, and of each mistake we know, only salted digests of what it prints are left.
So the check still names a mistake; what it cannot do any more is say which number was needed.
"""

import hashlib
import itertools
import json

import numpy as np

from bplib import probe
from bplib.exercises import core
from bplib.exercises import diagnosis as ladder
from bplib.exercises.feedback import CORRECT, NOT_YET, RAISED, Feedback

ROUGH = 1e3  # a rough digest is of three digits: float32 keeps them for sure


class Sealed(core.Exercise):
    """Made of a record instead of a solution."""

    def __init__(self, record):
        self.record = record
        for name in ("id", "name", "title", "points", "hints", "outputs", "arguments", "far_count"):
            setattr(self, name, record[name])
        self._inputs = [
            tuple(probe._unpack(arg) for arg in args) for args in json.loads(record["cases"])
        ]
        self.misconceptions, self.equivalents = [], []

    stub = property(lambda self: self.record["stub"])
    puzzle = property(lambda self: self.record["puzzle"])

    def draw(self, seed):
        """The one set of inputs whose digests are known."""
        return self._inputs

    def digest(self, outcomes, steps=None):
        """Of what these outcomes print; how Python stopped counts only where nothing else is."""
        return _digest(self.record["salt"], self.id, outcomes, steps)


class SealedLetters(Sealed, core.Letters):
    """The same, for an answer in letters."""


# ---- on the teacher's side -----------------------------------------------------------------------


def seal(exercise, salt):
    """The record of an exercise, without its answer.   ->  dict for JSON"""
    cases = _cases(exercise)
    expected = exercise.expected(cases)
    near = len(cases) - exercise.far_count

    def digest(outcomes, steps=None):
        return _digest(salt, exercise.id, outcomes, steps)

    record = {
        "id": exercise.id,
        "name": exercise.name,
        "title": exercise.title,
        "points": exercise.points,
        "hints": list(exercise.hints),
        "outputs": list(exercise.outputs),
        "arguments": exercise.arguments,
        "far_count": exercise.far_count,
        "stub": exercise.stub,
        "puzzle": exercise.puzzle,
        "letters": isinstance(exercise, core.Letters),
        "cases": json.dumps([[probe._pack(arg) for arg in args] for args in cases]),
        "salt": salt,
        "right": digest(expected),
        "rough": digest(expected, ROUGH),
        "near": digest(expected[:near], ROUGH),
        "tensors": [
            {path: [list(q.shape), digest([_only(o, path)])] for path, q in o.tensors.items()}
            for o in expected
        ],
        "mistakes": [
            [digest(exercise.known(m.f, cases)), m.id, m.text, m.ask, m.see]
            for m in exercise.misconceptions
        ],
    }
    if isinstance(exercise, core.Ranking):
        orders = list(itertools.permutations(exercise.things))
        record["beliefs"] = [
            [b.id, b.text, b.ask, [_letter(salt, "", "".join(o)) for o in orders if b.fits(o)]]
            for b in exercise.beliefs
        ]
        record["see"] = exercise.see
    elif isinstance(exercise, core.Choice):
        record["items"] = [
            {
                "right": _letter(salt, number, item.right),
                "wrong": {_letter(salt, number, c): list(w) for c, w in item.wrong.items()},
            }
            for number, item in enumerate(exercise.items)
        ]
    return record


def _cases(exercise):
    """Of 80 draws the first on which no known answer, right or wrong, stands on a rounding edge,
    or the one on which the fewest do: a wrong answer that adds its inputs often must."""
    chosen, mistakes = None, list(exercise.misconceptions)
    fewest = len(mistakes) + 2  # more than there can be
    for seed in range(1, 81):
        cases = exercise.draw(seed)
        edges = _edges(exercise, cases, mistakes, fewest)
        if edges < fewest:
            fewest, chosen = edges, cases
        if not edges:
            break
    return chosen


def _edges(exercise, cases, mistakes, enough):
    """How many wrong answers stand on a rounding edge: all, where the right one is not steady.

    mistakes : those that do come to the front, for they often do so again
    enough : so many are too many, and the others are not looked at
    """
    if not _steady(exercise.expected(cases)):
        return 1 + len(mistakes)
    on_edge = (m for m in mistakes if not _safe(exercise.known(m.f, cases)))
    found = list(itertools.islice(on_edge, enough))
    mistakes.sort(key=lambda mistake: mistake not in found)
    return len(found)


def _safe(outcomes):
    return probe.safe([o for o in outcomes if o.status == "ok"], band=1e-5)


def _steady(outcomes):
    """No value of these is near an edge of three digits."""
    steps = [np.abs(_steps(q, ROUGH)) for o in outcomes for q in o.tensors.values()]
    return all(np.all(np.abs(x - np.floor(x) - 0.5) > 1e-3) for x in steps)


def _steps(array, steps):
    return array.astype(float) / probe._scale(array) * steps


# ---- on the student's side -----------------------------------------------------------------------


def unseal(text):
    """The exercises of a lesson.   text : JSON of a list of records  ->  {name: exercise}"""
    made = [(SealedLetters if r["letters"] else Sealed)(r) for r in json.loads(text)]
    return {exercise.name: exercise for exercise in made}


@np.errstate(all="ignore")
def diagnose(exercise, cases, found):
    """The rungs of diagnosis.diagnose that need no right value.   ->  Feedback"""
    title = f"{exercise.id} {exercise.title}"
    if all(o.status == "stub" for o in found):
        return ladder._not_attempted(exercise, found[0].message)._replace(title=title)
    if withheld := ladder._withheld(exercise, found):
        return withheld._replace(title=title)
    record = exercise.record
    if exercise.digest(found) == record["right"]:
        return Feedback(CORRECT, ladder._praise(found, None, rounded=True), title=title)
    if "options" in exercise.puzzle:
        judge = _ranked if "beliefs" in record else _chosen
        return judge(exercise, found[0])._replace(title=title)
    shapes = [
        probe.Outcome("ok", {path: np.zeros(shape) for path, (shape, _) in tensors.items()})
        for tensors in record["tensors"]
    ]
    rungs = [
        lambda: _known(exercise, cases, found),
        lambda: ladder._raised(exercise, cases, found),
        lambda: ladder._no_numbers(exercise, found),
        lambda: ladder._structure(exercise, cases, found, shapes),
        lambda: ladder._mutated(exercise, found),
        lambda: ladder._not_finite(exercise, cases, found, shapes),
        lambda: _precision(exercise, found),
        lambda: _finite_difference(exercise, cases, found),
        lambda: _factor(exercise, cases, found),
        lambda: _first_wrong(exercise, cases, found),
    ]
    return next(f for rung in rungs if (f := rung()))._replace(title=title)


def _known(exercise, cases, found):
    mine = exercise.digest(found)
    for digest, id, text, ask, see in exercise.record["mistakes"]:
        if mine == digest:
            evidence, args = _evidence(exercise, cases, found)
            ask += f" Play with `widgets.{see}()`." if see else ""
            outcome = RAISED if all(o.status == "raised" for o in found) else NOT_YET
            text = "\n".join(filter(None, (text, evidence, ask)))
            return Feedback(outcome, text, id, code=ladder._try(exercise, args))
    return None


def _chosen(exercise, outcome):
    """The first of several questions whose letter is wrong."""
    if outcome.status != "ok":
        return Feedback(NOT_YET, f"{ladder._begin(outcome.message)}.")
    salt, items = exercise.record["salt"], exercise.record["items"]
    letters = _letters(outcome)
    digests = [_letter(salt, number, letter) for number, letter in enumerate(letters)]
    wrong = [i for i, item in enumerate(items) if digests[i] != item["right"]]
    good = len(items) - len(wrong)
    evidence = f"Evidence: {good} of {len(items)} are right; number {wrong[0] + 1} is not."
    known = items[wrong[0]]["wrong"].get(digests[wrong[0]])
    if known is None:
        return Feedback(NOT_YET, f"{evidence}\nWhat speaks against {letters[wrong[0]]}?")
    id, text, ask = known
    return Feedback(NOT_YET, f"{text}\n{evidence}\n{ask}", id)


def _ranked(exercise, outcome):
    """What the whole order was made by."""
    if outcome.status != "ok":
        return Feedback(NOT_YET, f"{ladder._begin(outcome.message)}.")
    letters = "".join(_letters(outcome))
    if missing := sorted(set(exercise.puzzle["options"][0]) - set(letters)):
        text = f"A letter stands twice, and there is no {missing[0]} in your order."
        return Feedback(NOT_YET, f"{text}\nWhere does {missing[0]} belong?")
    mine = _letter(exercise.record["salt"], "", letters)
    for id, text, ask, orders in exercise.record["beliefs"]:
        if mine in orders:
            see = exercise.record["see"]
            ask += f" Play with `widgets.{see}()`." if see else ""
            return Feedback(NOT_YET, f"{text}\n{ask}", id)
    return Feedback(
        NOT_YET, "This is not the order yet.\nWhich two neighbours are you least sure of?"
    )


def _letters(outcome):
    return [chr(code) for code in np.rint(outcome.tensors[""]).astype(int)]


def _precision(exercise, found):
    if exercise.digest(found, ROUGH) != exercise.record["rough"]:
        return None
    if ladder._float32(found):
        text = "All values agree to three digits, as many as can be compared in float32."
        return Feedback(CORRECT, f"{text}\nMarks compare six: hand in float64, NumPy's own.")
    return Feedback(
        NOT_YET, f"Your values are right to three digits; six are needed.\n{ladder.FEW}"
    )


def _finite_difference(exercise, cases, found):
    near = len(cases) - exercise.far_count
    if near == len(cases) or exercise.digest(found[:near], ROUGH) != exercise.record["near"]:
        return None
    return ladder.MEASURED


def _factor(exercise, cases, found):
    """One factor between all values: of every result, or of the first that is wrong."""
    name, shapes = ladder._matrix(exercise, cases)
    m, n = np.array(shapes, float).T if name else (np.ones(len(cases)),) * 2
    ways = {word: np.full(len(cases), factor) for factor, word in ladder.FACTORS.items()}
    if name:
        where = f"`{name}` has m rows and n columns"
        sizes = {"m": m, "1/m": 1 / m, "n": n, "1/n": 1 / n, "m/n": m / n}
        ways |= {f"{word} times the right one, where {where}": size for word, size in sizes.items()}
    path = next((path for _, path in _wrong(exercise, cases, found)), None)
    for words, ratios in ways.items():
        words += "" if "right one" in words else " the right one"
        scaled = [
            o._replace(tensors={k: p / ratio for k, p in o.tensors.items()})
            for o, ratio in zip(found, ratios, strict=True)
        ]
        if exercise.digest(scaled) == exercise.record["right"]:
            result = "Your result"
        elif path and all(_right(exercise, i, o, path) for i, o in enumerate(scaled)):
            result = ladder._begin(ladder._label(exercise, path))
        else:
            continue
        ask = "Where could such a factor come in, or get lost?"
        return Feedback(NOT_YET, f"{result} is everywhere exactly {words}.\n{ask}")
    return None


def _first_wrong(exercise, cases, found):
    evidence, args = _evidence(exercise, cases, found)
    wrong = {i for i, _ in _wrong(exercise, cases, found)}
    if len(wrong) < len(cases):
        evidence += f" (Right for {len(cases) - len(wrong)} of the {len(cases)} test inputs.)"
    ask = "Work one value out by hand. At which step does your code do something else?"
    return Feedback(NOT_YET, f"{evidence}\n{ask}", code=ladder._try(exercise, args))


def _evidence(exercise, cases, found):
    """Which result is wrong, in the smallest wrong case.   ->  sentence, its arguments"""
    wrong = _wrong(exercise, cases, found)
    if not wrong:
        return "", cases[0]
    i, path = wrong[0]
    if found[i].status == "raised":
        return f"Evidence: your code stops with {found[i].message}.", cases[i]
    label = ladder._label(exercise, path or "")
    return f"Evidence: {label} is not right when {ladder._shapes(exercise, cases[i])}.", cases[i]


def _wrong(exercise, cases, found):
    """(case, path of its first wrong result), ordinary and small cases first"""
    near, wrong = len(cases) - exercise.far_count, []
    for i, tensors in enumerate(exercise.record["tensors"]):
        path = next((p for p in tensors if not _right(exercise, i, found[i], p)), None)
        if path is not None or found[i].status != "ok":
            wrong.append((i >= near, ladder._count_numbers(cases[i]), i, path))
    return [(i, path) for *_, i, path in sorted(wrong, key=lambda each: each[:3])]


def _right(exercise, i, outcome, path):
    """Whether this result of case i is the right one."""
    _, digest = exercise.record["tensors"][i][path]
    return path in outcome.tensors and exercise.digest([_only(outcome, path)]) == digest


def _only(outcome, path):
    return probe.Outcome("ok", {"": outcome.tensors[path]})


def _letter(salt, number, letter):
    return hashlib.sha256(f"{salt} {number} {letter}".encode()).hexdigest()[:24]


def _digest(salt, id, outcomes, steps):
    """Of the lines that a probe prints; coarse : 1000 drops three of the six digits"""
    silent = any(o.status == "ok" for o in outcomes)
    lines = []
    for o in outcomes:
        tensors = {k: np.rint(_steps(p, steps)) if steps else p for k, p in o.tensors.items()}
        message = "" if silent else o.message
        lines.append(probe.encode(o._replace(tensors=tensors, message=message, line="")))
    text = "\n".join([salt, id, *lines])
    return hashlib.sha256(text.encode()).hexdigest()[:24]
