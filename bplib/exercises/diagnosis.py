"""From the values of an answer to the name of the mistake.

The ladder, first rung that fits: nothing written, all values right, exactly a known misconception
on every case, exception, nothing returned, not numbers, wrong shape, changed arguments, NaN or
infinity, a measured slope, too few digits, a constant factor, the first wrong tensor.
"""

import numpy as np

from bplib.exercises.feedback import CORRECT, NOT_ATTEMPTED, NOT_YET, RAISED, Feedback

FACTORS = {-1.0: "minus", 2.0: "twice", 0.5: "half"}


def diagnose(exercise, cases, found, rounded=False):
    """Name what an answer did.   found : one Outcome per case  ->  Feedback

    rounded : the values were printed by a probe, so compare to six digits only
    """
    title = f"{exercise.id} {exercise.title}"
    if all(o.status == "stub" for o in found):
        return Feedback(NOT_ATTEMPTED, _first_step(exercise), title=title)
    expected = exercise.expected(cases)
    close = _close_rounded if rounded else _close
    if all(_equal(o, e, close) for o, e in zip(found, expected, strict=True)):
        return Feedback(CORRECT, _praise(found), title=title)
    if "options" in (exercise.puzzle or {}):
        return _chosen(exercise, found[0], expected[0])._replace(title=title)
    known = _known(exercise, cases, found, close)
    rungs = [
        lambda: known and _name(exercise, cases, known, found, expected, close),
        lambda: _raised(exercise, cases, found),
        lambda: _no_numbers(exercise, found),
        lambda: _structure(exercise, cases, found, expected),
        lambda: _mutated(exercise, found),
        lambda: _not_finite(exercise, cases, found, expected),
        lambda: _finite_difference(exercise, found, expected),
        lambda: _precision(found, expected),
        lambda: _factor(exercise, cases, found, expected, close),
        lambda: _first_wrong(exercise, cases, found, expected, close),
    ]
    return next(f for rung in rungs if (f := rung()))._replace(title=title)


# ---- is it the same? -----------------------------------------------------------------------------


def _close(p, q):
    """Equal to six digits, and to nine digits of the largest value where values are small."""
    return np.allclose(p, q, rtol=1e-6, atol=1e-9 * _size(q), equal_nan=True)


def _close_rounded(p, q):
    return np.allclose(p, q, rtol=0, atol=1e-5 * _size(q), equal_nan=True)


def _size(q):
    return max(np.max(np.abs(q[np.isfinite(q)].astype(float)), initial=0.0), 1e-6)


def _equal(found, expected, close):
    """Same status, same results, same shapes, same values, and no argument changed."""
    return (
        found.status == expected.status == "ok"
        and found.mutated == expected.mutated
        and found.tensors.keys() == expected.tensors.keys()
        and all(
            p.shape == q.shape and close(p, q)
            for p, q in zip(found.tensors.values(), expected.tensors.values(), strict=True)
        )
    )


def _known(exercise, cases, found, close):
    """The first misconception that does on every case just what the answer did, or None.

    Where both raise, that agrees; but somewhere they must agree in values, or in every message.
    """
    for misconception in exercise.misconceptions:
        mutant = exercise.run(misconception.f, cases)
        pairs = list(zip(found, mutant, strict=True))
        same = [_equal(o, m, close) for o, m in pairs]
        fails = [o.status == m.status and o.status != "ok" for o, m in pairs]
        messages = all(o.message == m.message for o, m in pairs)
        if all(s or f for s, f in zip(same, fails, strict=True)) and (any(same) or messages):
            return misconception
    return None


def _chosen(exercise, outcome, right):
    """The first of several questions whose letter is wrong."""
    if outcome.status != "ok":
        return Feedback(NOT_YET, f"{outcome.message[:1].upper()}{outcome.message[1:]}.")
    letters, solved = (np.rint(o.tensors[""]).astype(int) for o in (outcome, right))
    good, first = int(np.sum(letters == solved)), int(np.argmax(letters != solved))
    evidence = f"Evidence: {good} of {len(solved)} are right; number {first + 1} is not."
    item, letter = exercise.items[first], chr(letters[first])
    if letter not in item.wrong:
        return Feedback(NOT_YET, f"{evidence}\nWhat speaks against {letter}?")
    id, text, ask = item.wrong[letter]
    return Feedback(NOT_YET, f"{text}\n{evidence}\n{ask}", id)


# ---- the rungs -----------------------------------------------------------------------------------


def _first_step(exercise):
    return (
        f"Nothing is written here yet. Write your answer, run its cell, then run this one again. "
        f'Not sure how to begin? Try `hint("{exercise.id}")`.'
    )


def _praise(found):
    warned = next((o.warned for o in found if o.warned), "")
    return f"All values agree. NumPy did warn, though: {warned}." if warned else "All values agree."


def _name(exercise, cases, misconception, found, expected, close):
    evidence, args = _evidence(exercise, cases, found, expected, close)
    see = f" Play with `widgets.{misconception.see}()`." if misconception.see else ""
    text = "\n".join(filter(None, (misconception.text, evidence, misconception.ask + see)))
    outcome = RAISED if all(o.status == "raised" for o in found) else NOT_YET
    return Feedback(outcome, text, misconception.id, code=_try(exercise, args))


def _raised(exercise, cases, found):
    for args, outcome in zip(cases, found, strict=True):
        if outcome.status == "raised":
            where = f" in your line `{outcome.line}`" if outcome.line else ""
            kind, _, words = outcome.message.partition(": ")
            return Feedback(
                RAISED,
                f"Python stopped{where}: {kind}, {_plain_words(kind, words)}\n"
                f"The arguments were: {_shapes(exercise, args)}. "
                "Which of them, or which of your own values, is not what the line needs?",
                code=_try(exercise, args),
            )
    return None


def _plain_words(kind, words):
    """What the most frequent messages mean, in short words; else the message itself."""
    if "matmul" in words or "not aligned" in words:
        return "the inner sizes of a matrix product differ."
    if "broadcast" in words:
        return "two shapes do not fit together element by element."
    if kind in ("NameError", "UnboundLocalError"):
        return f"a name is used before it has a value ({words})."
    if "positional argument" in words:
        return f"the arguments differ from those in the first line of the exercise ({words})."
    return f"{words}."


def _no_numbers(exercise, found):
    for outcome in found:
        if outcome.status == "none":
            return Feedback(
                NOT_YET,
                f"Your function ran, but it returned None.\n"
                f"Does every way through `{exercise.name}` end with a line that starts `return`?",
            )
        if outcome.status == "odd":
            return Feedback(
                NOT_YET,
                f"What came back cannot be compared: {outcome.message}.\n"
                "What should the result be, by the text of the exercise?",
            )
        if outcome.status == "stub":
            return Feedback(NOT_YET, "For some inputs the code still says NotImplementedError.")
    return None


def _structure(exercise, cases, found, expected):
    """The right number of results, each of the right shape."""
    for args, outcome, right in zip(cases, found, expected, strict=True):
        if outcome.tensors.keys() != right.tensors.keys():
            return Feedback(
                NOT_YET,
                f"You returned {_count(outcome)}; the exercise asks for {_count(right)}"
                f"{_listed(exercise)}.\nWhich one is missing, or too many?",
            )
        for path, q in right.tensors.items():
            p = outcome.tensors[path]
            if p.shape != q.shape:
                twist = ""
                if p.ndim == 2 and p.shape == q.shape[::-1]:
                    twist = " You returned the shape of the transpose."
                return Feedback(
                    NOT_YET,
                    f"{_begin(_label(exercise, path))} has shape {p.shape}, but {q.shape} "
                    f"is needed when {_shapes(exercise, args)}.{twist}\n"
                    "What does each axis count: samples, inputs or neurons?",
                    code=_try(exercise, args),
                )
    return None


def _mutated(exercise, found):
    for outcome in found:
        if outcome.mutated:
            name = exercise.arguments[outcome.mutated[0]]
            return Feedback(
                NOT_YET,
                f"Your code changed its argument `{name}`: the caller's own array is different "
                f"afterwards.\nWhich of your lines writes into `{name}` instead of making "
                "a new array?",
            )
    return None


def _not_finite(exercise, cases, found, expected):
    for args, outcome, right in zip(cases, found, expected, strict=True):
        for path, q in right.tensors.items():
            p = outcome.tensors[path]
            if not np.all(np.isfinite(p)) and np.all(np.isfinite(q)):
                kind = "NaN (not a number)" if np.isnan(p).any() else "infinity"
                return Feedback(
                    NOT_YET,
                    f"{_begin(_label(exercise, path))} holds {kind} "
                    f"when {_shapes(exercise, args)}.\n"
                    "Which step gets too large for a float, or divides by zero?",
                    code=_try(exercise, args),
                )
    return None


def _precision(found, expected):
    """Right to three digits or more, but not to six.  Right as far as float32 goes is right."""
    error = _error(found, expected)
    if not error < 1e-3:
        return None
    digits = int(-np.log10(error))
    if all(p.dtype == np.float32 for o in found for p in o.tensors.values()) and error < 1e-4:
        text = f"All values agree to {digits} digits, as many as float32 can give."
        return Feedback(CORRECT, f"{text}\nMarks compare six: hand in float64, NumPy's own.")
    return Feedback(
        NOT_YET,
        f"Your values are right to {digits} digits; six are needed.\n"
        "Was something rounded on the way, or a constant typed in with few digits?",
    )


def _finite_difference(exercise, found, expected):
    """Right wherever a slope can be measured, wrong only where measuring it fails."""
    near = len(found) - exercise.far_count
    if near == len(found) or not _error(found[:near], expected[:near]) < 1e-3:
        return None
    if not _error(found[near:], expected[near:]) > 1e-5:
        return None
    return Feedback(
        NOT_YET,
        "On ordinary numbers you are right, and on very large ones you are not. So looks a slope "
        "that is measured: nudge, and see how much the loss changes.\n"
        "That is the best way to check a gradient, and it costs two forward passes per weight. "
        "Which formula gives all slopes in one backward pass?",
        "FD",
    )


def _error(found, expected):
    """The largest difference, as a part of the largest value of its own result."""
    return max(
        np.max(np.abs(p - q), initial=0.0) / _size(q)
        for o, e in zip(found, expected, strict=True)
        for p, q in zip(o.tensors.values(), e.tensors.values(), strict=True)
    )


def _factor(exercise, cases, found, expected, close):
    """One factor between all values: of every result, or of the first that is wrong."""
    for whole in (True, False):
        ratios = []
        for args, outcome, right in zip(cases, found, expected, strict=True):
            wrong = [k for k, q in right.tensors.items() if not close(outcome.tensors[k], q)]
            paths = list(right.tensors) if whole else wrong[:1]
            if not paths:
                continue
            p = np.concatenate([outcome.tensors[k].ravel() for k in paths]).astype(float)
            q = np.concatenate([right.tensors[k].ravel() for k in paths]).astype(float)
            ratio = float(p @ q / (q @ q)) if q @ q else 0.0
            if q.size < 2 or not ratio or not close(p, ratio * q):
                ratios = None
                break
            ratios.append((ratio, _rows(args), paths[0]))
        if ratios and (factor := _factor_words(ratios)):
            result = "Your result" if whole else _begin(_label(exercise, ratios[0][2]))
            return Feedback(
                NOT_YET,
                f"{result} is exactly {factor} the right one, everywhere.\n"
                "Where could such a factor come in, or get lost?",
            )
    return None


def _factor_words(ratios):
    """One constant, or the number of rows m: what the ratios have in common, in words."""
    values = np.array([r for r, _, _ in ratios])
    rows = np.array([float(m) if m else np.nan for _, m, _ in ratios])
    if np.allclose(values, values[0], rtol=1e-5):
        for factor, word in FACTORS.items():
            if np.isclose(values[0], factor, rtol=1e-5):
                return word
        return f"{values[0]:.6g} times" if len(values) > 1 else ""
    if np.allclose(values, rows, rtol=1e-5):
        return "m times (m is the number of rows)"
    if np.allclose(values, 1 / rows, rtol=1e-5):
        return "1/m of (m is the number of rows)"
    return ""


def _first_wrong(exercise, cases, found, expected, close):
    evidence, args = _evidence(exercise, cases, found, expected, close)
    right = sum(_equal(o, e, close) for o, e in zip(found, expected, strict=True))
    if right:
        evidence += f" ({right} of the {len(cases)} test inputs come out right.)"
    ask = "Work this one value out by hand: at which step do you part?"
    return Feedback(NOT_YET, f"{evidence}\n{ask}", code=_try(exercise, args))


# ---- evidence from the learner's own numbers -----------------------------------------------------


def _evidence(exercise, cases, found, expected, close):
    """What is worst in the first wrong result, in the smallest wrong case.   ->  sentence, args"""
    wrong = [
        (_count_numbers(args), i)
        for i, args in enumerate(cases)
        if not _equal(found[i], expected[i], close) and found[i].status == "ok"
    ]
    for _, i in sorted(wrong):
        outcome, right = found[i], expected[i]
        if outcome.tensors.keys() != right.tensors.keys():
            needed = f"{_count(outcome)} where {_count(right)} are needed"
            return f"Evidence: you returned {needed}.", cases[i]
        for path, q in right.tensors.items():
            p = outcome.tensors[path]
            label = _label(exercise, path)
            if p.shape != q.shape:
                needed = f"{label} has shape {p.shape} where {q.shape} is needed"
                return f"Evidence: {needed}.", cases[i]
            if not close(p, q):
                gap = np.where(np.isfinite(p), np.abs(p - q), np.inf)
                worst = np.unravel_index(np.argmax(gap), q.shape)
                at = f"[{', '.join(map(str, worst))}]" if worst else ""
                label = _label(exercise, path, at)
                values = f"{label} is {_number(p[worst])}; it should be {_number(q[worst])}"
                return f"Evidence: {values}.", cases[i]
    for args, outcome in zip(cases, found, strict=True):
        if outcome.status == "raised":
            return f"Evidence: your code stops with {outcome.message}.", args
    return "", cases[0]


def _try(exercise, args):
    """The arguments of a case as lines to paste, where they are not too many to be read."""
    if _count_numbers(args) > 24:
        return ""
    lines = [
        f"{name} = {_literal(arg)}" for name, arg in zip(exercise.arguments, args, strict=True)
    ]
    call = [] if exercise.puzzle else [f"{exercise.name}({', '.join(exercise.arguments)})"]
    return "\n".join(["# The numbers to try it with:", *lines, *call])


def _literal(arg):
    if isinstance(arg, (list, tuple)):
        return f"[{', '.join(map(_literal, arg))}]"
    if callable(arg):
        return arg.__name__
    return f"np.array({arg.tolist()})" if isinstance(arg, np.ndarray) else f"{arg}"


def _label(exercise, path, at=""):
    """ "[1][0]" -> your `a[0]`, where the second result is called a."""
    parts = path.replace("]", "").split("[")[1:]
    names = exercise.outputs
    if not parts:
        return f"your `{names[0]}{at}`" if len(names) == 1 else f"your result{at}"
    if int(parts[0]) < len(names):
        return f"your `{names[int(parts[0])]}{''.join(f'[{p}]' for p in parts[1:])}{at}`"
    return f"your result {path}{at}"


def _begin(words):
    return words[0].upper() + words[1:]


def _number(v):
    return f"{float(v):.6g}"


def _shapes(exercise, args):
    """x is (5, 3), W is (2, 3)"""
    pairs = zip(exercise.arguments, args, strict=True)
    return ", ".join(f"`{name}` is {_shape(arg)}" for name, arg in pairs)


def _shape(arg):
    if isinstance(arg, (list, tuple)):
        return "[" + ", ".join(map(_shape, arg)) + "]"
    if callable(arg):
        return f"the function {arg.__name__}"
    return str(np.shape(arg)) if np.ndim(arg) else _number(arg)


def _count_numbers(arg):
    return sum(map(_count_numbers, arg)) if isinstance(arg, (list, tuple)) else np.size(arg)


def _rows(args):
    """m, the rows of the first matrix among the arguments, or None."""
    return next((len(a) for a in args if isinstance(a, np.ndarray) and a.ndim == 2), None)


def _count(outcome):
    n = len(outcome.tensors)
    return "one result" if n == 1 else f"{n} results in all"


def _listed(exercise):
    return f" ({', '.join(exercise.outputs)})" if exercise.outputs else ""
