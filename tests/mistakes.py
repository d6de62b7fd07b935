"""What the tests of exercises share: an answer judged, and two mistakes in one answer."""

from itertools import combinations

import numpy as np

from bplib import probe
from bplib.activations import sigmoid
from bplib.exercises.diagnosis import diagnose
from bplib.exercises.feedback import CORRECT


def judge(exercise, answer, seed=1, printed=False, closed=True):
    """The diagnosis of an answer, from its values or from what a grader reads back.

    closed : to the answer the library is closed, as it is to a learner's
    """
    cases = exercise.draw(seed)
    puzzle = {key: value for key, value in exercise.puzzle.items() if closed or key != "open"}
    outcomes = probe.outcomes(answer, cases, puzzle)
    if printed:
        outcomes = probe.decode("\n".join(map(probe.encode, outcomes)))
    return diagnose(exercise, cases, outcomes, rounded=printed)


def two_at_once(exercise):
    """Every pair of mistakes that change different lines of the right answer, as one function."""
    right = exercise.body.splitlines()
    texts = [exercise.wrong(m).splitlines()[1:] for m in exercise.misconceptions]
    texts = [t for t in texts if len(t) == len(right)]
    for p, q in combinations(texts, 2):
        changed = [{k for k, line in enumerate(t) if line != right[k]} for t in (p, q)]
        if not changed[0] & changed[1]:
            lines = [(p if k in changed[0] else q)[k] for k in range(len(right))]
            scope = {"np": np, "sigmoid": sigmoid}
            exec(f"{exercise.header}\n" + "\n".join(lines), scope)
            yield "\n".join(lines), scope[exercise.name]


def misjudged_pairs(exercise, seed):
    """Every third of two_at_once, unless on other inputs too it comes to one known mistake.

    ->  how many pairs there are,  those that were accepted, or named, with their judgement
    """
    cases = exercise.draw(seed + 1)
    single = [values(exercise, m.f, cases) for m in exercise.misconceptions]
    pairs = [(t, f) for t, f in two_at_once(exercise) if values(exercise, f, cases) not in single]
    judged = [(judge(exercise, f, seed), text) for text, f in pairs[::3]]
    return len(pairs), [(v, t) for v, t in judged if v.outcome == CORRECT or v.misconception]


def values(exercise, f, cases):
    """What a grader reads of a known answer."""
    return [probe.encode(outcome) for outcome in exercise.run(f, cases)]
