"""Lesson 2's checks: no measured slope earns a point, and two mistakes are never taken for one."""

import inspect
from itertools import combinations

import numpy as np
import pytest

from bplib import bugs, probe, toys
from bplib.activations import sigmoid
from bplib.exercises import error_backprop as lesson
from bplib.exercises.core import Exercise
from bplib.exercises.diagnosis import diagnose
from bplib.exercises.feedback import CORRECT, NOT_YET, RAISED
from bplib.gradcheck import numerical_gradient

EXERCISES = [e for e in vars(lesson).values() if isinstance(e, Exercise)]


def judge(exercise, answer, seed=1, printed=False):
    """The diagnosis of an answer, from its values or from what a grader reads back."""
    cases = exercise.draw(seed)
    outcomes = exercise.run(answer, cases)
    if printed:
        outcomes = probe.decode("\n".join(map(probe.encode, outcomes)))
    return diagnose(exercise, cases, outcomes, rounded=printed)


# ---- slopes that were measured -------------------------------------------------------------------


def measure(f, w, h, sides):
    """df/dw by nudging, central or one-sided."""
    if sides == 2:
        return numerical_gradient(f, w, h)
    grad, here = np.zeros(w.shape), f()
    for i in np.ndindex(w.shape):
        keep, w[i] = w[i], w[i] + h
        grad[i] = (f() - here) / h
        w[i] = keep
    return grad


def nudged_output_delta(h, sides):
    def answer(a, y):
        z = np.log(a / (1 - a))
        return measure(lambda: 0.5 * np.sum((sigmoid(z) - y) ** 2), z, h, sides)

    return answer


def nudged_output_gradients(h, sides):
    def answer(delta, a_prev, W, b, z_prev):
        W, b = W.copy(), b.copy()

        def effect():
            return delta @ (W @ a_prev + b)

        return measure(effect, W, h, sides), measure(effect, b, h, sides)

    return answer


def nudged_hidden_gradients(h, sides):
    def answer(delta_next, W_next, a, a_prev):
        z = np.log(a / (1 - a))
        delta = measure(lambda: delta_next @ W_next @ sigmoid(z), z, h, sides)
        return delta, np.outer(delta, a_prev), delta

    return answer


def nudged_chain(h, sides):
    def answer(x, y, w, b):
        w, b = w.copy(), b.copy()

        def E():
            f0 = b[0] + w[0] * x
            f1 = b[1] + w[1] * np.sin(f0)
            f2 = b[2] + w[2] * np.exp(f1)
            return (b[3] + w[3] * np.cos(f2) - y) ** 2

        db = measure(E, b, h, sides)
        return *db[::-1], measure(E, w, h, sides), db

    return answer


def nudged_backward(h, sides):
    def answer(x, y, W1, b1, W2, b2):
        W1, b1, W2, b2 = (w.copy() for w in (W1, b1, W2, b2))
        shift1, shift2 = np.zeros((len(x), len(b1))), np.zeros(y.shape)

        def loss():
            a1 = sigmoid(x @ W1.T + b1 + shift1)
            a2 = sigmoid(a1 @ W2.T + b2 + shift2)
            return 0.5 * np.sum((a2 - y) ** 2) / len(x)

        return tuple(measure(loss, w, h, sides) for w in (shift2, W2, b2, shift1, W1, b1))

    return answer


def nudged_softmax_delta(h, sides):
    def answer(z, y):
        z = z.copy()

        def loss():
            return np.sum(np.logaddexp.reduce(z, axis=1) - np.sum(y * z, axis=1)) / len(z)

        return measure(loss, z, h, sides)

    return answer


def nudged_value(h, sides):
    class Nudged:
        """A number that knows how to compute itself anew from the numbers it began with."""

        def __init__(self, data, compute=None, leaves=None):
            self.grad, self.leaves = 0.0, leaves or [self]
            self.w = np.array([data]) if compute is None else None
            self.compute = compute or (lambda: self.w[0])
            self.data = data

        def combine(self, f, *others):
            leaves = list(dict.fromkeys(sum((v.leaves for v in (self, *others)), [])))
            values = (self, *others)
            return Nudged(
                f(*[v.data for v in values]), lambda: f(*[v.compute() for v in values]), leaves
            )

        def __add__(self, other):
            return self.combine(lambda p, q: p + q, other)

        def __mul__(self, other):
            return self.combine(lambda p, q: p * q, other)

        def exp(self):
            return self.combine(np.exp)

        def backward(self):
            for leaf in self.leaves:
                leaf.grad = measure(self.compute, leaf.w, h, sides)[0]

    return Nudged


NUDGED = [
    (lesson.output_delta, nudged_output_delta),
    (lesson.output_gradients, nudged_output_gradients),
    (lesson.hidden_gradients, nudged_hidden_gradients),
    (lesson.chain, nudged_chain),
    (lesson.backward, nudged_backward),
    (lesson.softmax_delta, nudged_softmax_delta),
    (lesson.Value, nudged_value),
]


@pytest.mark.parametrize(("exercise", "nudged"), NUDGED, ids=lambda x: getattr(x, "id", ""))
@pytest.mark.parametrize("h", [1e-4, 1e-5, 1e-6, 1e-7])
@pytest.mark.parametrize("sides", [1, 2])
def test_a_measured_slope_earns_nothing_and_is_called_by_its_name(exercise, nudged, h, sides):
    for seed in range(3):
        for printed in (False, True):
            feedback = judge(exercise, nudged(h, sides), seed, printed)
            assert feedback.outcome == NOT_YET
            if sides == 2 or h < 1e-4:  # else it is too rough to be taken for a slope
                assert feedback.misconception == "FD"


@pytest.mark.parametrize(("exercise", "nudged"), NUDGED, ids=lambda x: getattr(x, "id", ""))
def test_on_ordinary_numbers_alone_a_measured_slope_would_have_passed(exercise, nudged):
    cases = exercise.draw(1)[: -exercise.far_count]
    found = exercise.run(nudged(1e-5, 2), cases)
    for outcome, right in zip(found, exercise.expected(cases), strict=True):
        for path, q in right.tensors.items():
            assert np.allclose(outcome.tensors[path], q, rtol=0, atol=1e-5 * np.max(np.abs(q)))


# ---- mistakes ------------------------------------------------------------------------------------


def test_nearly_every_catalogued_mistake_is_named_from_its_values_alone():
    catalogue = {f"BP-{n:02}" for n in range(1, 45)}
    named = {m.id for e in EXERCISES if e is not lesson.bug_hunt for m in e.misconceptions}
    assert len(catalogue & named) >= 38


def lines(f):
    return inspect.getsource(f).split("b2):\n")[1].splitlines()


def two_at_once():
    """Every pair of bugs that change different lines of the right pass, as one function."""
    right = inspect.getsource(bugs.backward).split('"""\n')[1].splitlines()
    short = {b.id: lines(b.f) for b in bugs.BUGS if len(lines(b.f)) == len(right)}
    changed = {
        id: {k for k, line in enumerate(text) if line != right[k]} for id, text in short.items()
    }
    for p, q in combinations(short, 2):
        if not changed[p] & changed[q]:
            text = [short[p if k in changed[p] else q][k] for k in range(len(right))]
            scope = {"np": np, "sigmoid": sigmoid}
            exec("def f(x, y, W1, b1, W2, b2):\n" + "\n".join(text), scope)
            yield f"{p} {q}", scope["f"]


def arrays(f):
    """What a pass gives on both fixtures, to be compared; an error is its words."""
    results = []
    for data in (bugs.fixture(), bugs.square()):
        try:
            results += [np.round(array, 9).tolist() for array in f(*data)]
        except ValueError as error:
            results.append(str(error))
    return results


def test_two_mistakes_at_once_are_never_called_by_the_name_of_one():
    single = [arrays(known.f) for known in lesson.backward.misconceptions]
    pairs = {pair: f for pair, f in two_at_once() if arrays(f) not in single}
    assert len(pairs) > 300
    for pair, f in list(pairs.items())[::9]:
        feedback = judge(lesson.backward, f)
        assert feedback.outcome in (NOT_YET, RAISED), pair
        assert feedback.misconception is None, pair


def test_the_first_wrong_tensor_is_where_somebody_went_astray():
    def answer(x, y, W1, b1, W2, b2):
        delta2, dW2, db2, delta1, dW1, db1 = bugs.backward(x, y, W1, b1, W2, b2)
        delta1 = delta1 * 1.5 + 0.1
        return delta2, dW2, db2, delta1, delta1.T @ x, db1

    feedback = judge(lesson.backward, answer)
    assert feedback.misconception is None and "your `delta1[" in feedback.text.lower()


def test_the_books_numbers_come_out():
    case = lesson.output_delta.draw(1)[0]
    assert np.round(lesson.output_delta.f(*case), 9).tolist() == [0.138498562, -0.038098237]
    df3, df2, df1, df0, dw, db = lesson.chain.f(*lesson.chain.draw(1)[0])
    assert np.round([df3, df2, df1, df0], 3).tolist() == [0.745, -1.683, -17.060, 2.281]
    assert np.round(dw, 3).tolist() == [5.246, -16.079, -8.530, 0.489]


def test_half_of_two_mistakes_is_told_so():
    right = lesson.bug_hunt.letters(lesson.bug_hunt.f)
    half = right[:-1] + "A"
    feedback = diagnose(lesson.bug_hunt, [()], probe.outcomes(half, [()], lesson.bug_hunt.puzzle))
    assert feedback.misconception == "BP-41" and "explains dW2 and db2" in feedback.text
    found = probe.outcomes(right, [()], lesson.bug_hunt.puzzle)
    assert diagnose(lesson.bug_hunt, [()], found).outcome == CORRECT


@pytest.mark.parametrize("f", [toys.line, toys.fork, toys.diamond])
def test_a_value_that_remembers_its_way_finds_the_measured_slopes(f):
    numbers = np.array([0.7, -1.2, 0.4])
    data, grads = toys.slopes(lesson.Value.f, f, numbers)
    plain = nudged_value(1e-5, 2)
    again, measured = toys.slopes(plain, f, numbers)
    assert np.isclose(data, again) and np.allclose(grads, measured, rtol=1e-7)
