"""From the values of an answer to the name of the mistake.

The ladder, first rung that fits: nothing written, a call of the closed library, all values right,
exactly a known misconception on every case, exception, nothing returned, not numbers, wrong shape,
changed arguments, NaN or infinity, a measured slope, rounding, too few digits, a constant factor,
the first wrong tensor.
"""

import re
from functools import partial
from itertools import combinations, product

import numpy as np

from bplib.exercises.core import Letters, Ranking
from bplib.exercises.feedback import CORRECT, NOT_ATTEMPTED, NOT_YET, RAISED, Feedback

FACTORS = {-1.0: "-1 times", 2.0: "twice", 0.5: "half"}
FEW = (
    "Was something rounded, cut off or added on the way, or a constant typed in with too few "
    "digits?"
)
MEASURED = Feedback(
    NOT_YET,
    "On ordinary numbers you are right, and on very large ones you are not. So looks a slope "
    "that is measured: nudge, and see how much the loss changes.\n"
    "That is the best way to check a gradient, and it costs two forward passes per weight. "
    "Which formula gives all slopes in one backward pass?",
    "FD",
)
# What frequent messages of Python and NumPy mean, and the question that helps.
INSIDE = (  # what is meant only where a line of the answer stopped, not the call of the answer
    (
        "positional argument",
        "a function is called with other arguments than it takes ({})",
        "Which arguments does this function take, and which do you give it?",
    ),
)
MEANINGS = (
    ("matmul", "the inner sizes of a matrix product differ", ""),
    ("not aligned", "the inner sizes of a matrix product differ", ""),
    ("broadcast", "two shapes do not fit together element by element", ""),
    (
        "positional argument",
        "the arguments differ from those in the first line of the exercise ({})",
        "Is the first line of your function still the one that the exercise gives?",
    ),
    (
        "is not defined",
        "a name is used before it has a value ({})",
        "Which line gives this name its value, and does it run before?",
    ),
    (
        "local variable",
        "a name is used before it has a value ({})",
        "Which line gives this name its value, and does it run before?",
    ),
    (
        "recursion",
        "the function calls itself, again and again",
        "When should it stop calling itself?",
    ),
    (
        "truth value",
        "a whole array stands where one True or False is needed ({})",
        "What should happen to each number of the array?",
    ),
    (
        "converted to Python scalars",
        "a whole array stands where one number is needed ({})",
        "Is one number meant here, or a function of NumPy that takes whole arrays?",
    ),
    ("an array element with a sequence", "several numbers do not fit into one place", ""),
    ("math range error", "a number is too large for this function", ""),
    ("bounds for array", "there is no such axis ({})", "Which axes has a table, counted from 0?"),
    ("out of", "an index is too large ({})", "Indices begin at 0. What is the last one?"),
    (
        "'NoneType'",
        "something is None here ({})",
        "Does what you call return a value? `append`, for one, does not.",
    ),
    (
        "not callable",
        "a bracket follows something that is no function ({})",
        "Is a `*` missing, or did a variable take the name of a function?",
    ),
    ("bitwise_xor", "`^` is no power in Python", "Which sign is?"),
)


@np.errstate(all="ignore")
def diagnose(exercise, cases, found, rounded=False):
    """Name what an answer did.   found : one Outcome per case  ->  Feedback

    rounded : the values were printed by a probe, so compare to six digits only
    """
    title = f"{exercise.id} {exercise.title}"
    if all(o.status == "stub" for o in found):
        return _not_attempted(exercise, found[0].message)._replace(title=title)
    if withheld := _withheld(exercise, found):
        return withheld._replace(title=title)
    expected = exercise.expected(cases)
    close = _close_rounded if rounded else _close
    if all(_equal(o, e, close) for o, e in zip(found, expected, strict=True)):
        return Feedback(CORRECT, _praise(found, expected, rounded), title=title)
    if "options" in exercise.puzzle:
        judge = _ranked if isinstance(exercise, Ranking) else _chosen
        return judge(exercise, found[0], expected[0])._replace(title=title)
    known = _known(exercise, cases, found, close)
    rungs = [
        lambda: known and _name(exercise, cases, known, found, expected, close),
        lambda: _raised(exercise, cases, found),
        lambda: _no_numbers(exercise, found),
        lambda: _shuffled(exercise, found, expected, close),
        lambda: _structure(exercise, cases, found, expected),
        lambda: _mutated(exercise, found),
        lambda: _not_finite(exercise, cases, found, expected),
        lambda: _finite_difference(exercise, found, expected),
        lambda: _rounded(found, expected, close),
        lambda: _precision(found, expected),
        lambda: _factor(exercise, cases, found, expected, close),
        lambda: _first_wrong(exercise, cases, found, expected, close),
    ]
    return next(f for rung in rungs if (f := rung()))._replace(title=title)


# ---- is it the same? -----------------------------------------------------------------------------


def _close(p, q, share=1e-6):
    """Equal to six digits of the largest value, as in a mark.  Infinities and NaN equal themselves.

    np.allclose says the same and takes twice as long, and a check asks a thousand times.
    """
    p, q = p.astype(float, copy=False), q.astype(float, copy=False)
    near = np.abs(p - q) <= share * _size(q)
    return bool(near.all() or np.all(near | (p == q) | (np.isnan(p) & np.isnan(q))))


def _close_rounded(p, q):
    return _close(p, q, 1e-5)


def _size(q):
    q = np.abs(q.astype(float, copy=False))
    top = q.max(initial=0.0)
    if not np.isfinite(top):
        top = q.max(where=np.isfinite(q), initial=0.0)
    return max(top, 1e-6)


def _equal(found, expected, close):
    """Same status, same results, same shapes, same values, and no argument changed."""
    return (
        found.status == expected.status == "ok"
        and found.mutated == expected.mutated
        and found.tensors.keys() == expected.tensors.keys()
        and all(
            _same(p, q, close)
            for p, q in zip(found.tensors.values(), expected.tensors.values(), strict=True)
        )
    )


def _same(p, q, close):
    return p.shape == q.shape and close(p, q)


def _known(exercise, cases, found, close):
    """The first misconception that does on every case just what the answer did, or None."""
    return next(
        (m for m in exercise.misconceptions if _explains(exercise, m, cases, found, close)), None
    )


def _explains(exercise, misconception, cases, found, close):
    """Where both raise, that agrees; but somewhere they must agree in values, or in every message.

    Most differ on the first case, so the others are not run.
    """
    values = messages = 0
    for args, mine in zip(cases, found, strict=True):
        (mutant,) = exercise.known(misconception.f, [args])
        if _equal(mine, mutant, close):
            values += 1
        elif mine.status == mutant.status != "ok":
            messages += mine.message == mutant.message
        else:
            return False
    return values > 0 or messages == len(cases)


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


def _ranked(exercise, outcome, right):
    """What the whole order was made by, and how many pairs stand as they should."""
    if outcome.status != "ok":
        return Feedback(NOT_YET, f"{outcome.message[:1].upper()}{outcome.message[1:]}.")
    codes = (np.rint(o.tensors[""]).astype(int) for o in (outcome, right))
    letters, solved = ("".join(map(chr, numbers)) for numbers in codes)
    if missing := sorted(set(solved) - set(letters)):
        text = f"A letter stands twice, and there is no {missing[0]} in your order."
        return Feedback(NOT_YET, f"{text}\nWhere does {missing[0]} belong?")
    pairs = [letters.index(p) < letters.index(q) for p, q in combinations(solved, 2)]
    evidence = f"Evidence: {sum(pairs)} of the {len(pairs)} pairs stand in the right order."
    belief = next((b for b in exercise.beliefs if b.fits(letters)), None)
    if belief is None:
        return Feedback(NOT_YET, f"{evidence}\nWhich two neighbours are you least sure of?")
    see = f" Play with `widgets.{exercise.see}()`." if exercise.see else ""
    return Feedback(NOT_YET, f"{belief.text}\n{evidence}\n{belief.ask}{see}", belief.id)


# ---- the rungs -----------------------------------------------------------------------------------


def _not_attempted(exercise, message):
    if message and not message.startswith(exercise.id):
        text = f"Your code calls something that is not written yet: {message}"
        return Feedback(RAISED, f"{text}\nWhich of your functions still stops at that line?")
    stands = "" if isinstance(exercise, Letters) else ", or the line with `raise` still stands"
    return Feedback(
        NOT_ATTEMPTED,
        f"Nothing is written here yet{stands}. Write your answer, run its cell, then run this one "
        f'again. Not sure how to begin? Try `hint("{exercise.id}")`.',
    )


def _withheld(exercise, found):
    """The answer calls a function of the library that it should be made of."""
    said = next((o.message for o in found if o.status == "withheld"), "")
    if not said:
        return None
    function, _, module = said.partition(" of ")
    names = [f"`{name.partition(':')[2]}`" for name in exercise.puzzle["open"]]
    also = f" and {' and '.join(names)}" if names else ""
    return Feedback(
        NOT_YET,
        f"Your code calls `{function}` of `{module}`. While an answer runs, the library is closed: "
        f"an answer is made of NumPy{also}.\n"
        f"Which formula is behind `{function}`, and how do you write it yourself?",
        "LIB",
    )


def _praise(found, expected, rounded):
    error = 0.0 if rounded else _error(found, expected)
    warned = next((o.warned for o in found if o.warned), "")
    if error > 1e-9:
        digits = int(-np.log10(error))
        if _float32(found):
            return (
                f"All values agree to {digits} digits, as many as float32 can give.\n"
                "Marks compare six: hand in float64, NumPy's own."
            )
        return (
            f"All values agree to {digits} digits.\nMarks compare six, after rounding, so that is "
            "only just enough. Is there a constant with few digits, or a small number that you add?"
        )
    return (
        f"All values agree. There was a warning, though: {warned.rstrip('.')}."
        if warned
        else "All values agree."
    )


def _float32(found):
    return all(p.dtype == np.float32 for o in found for p in o.tensors.values())


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
            means, ask = _meaning(words, INSIDE + MEANINGS if outcome.line else MEANINGS)
            ask = ask or (
                f"The arguments were: {_shapes(exercise, args)}. "
                "Which of them, or which of your own values, is not what the line needs?"
            )
            text = f"Python stopped{where}: {kind}, {means}.\n{ask}"
            code = "" if isinstance(exercise, Letters) else _try(exercise, args)
            return Feedback(RAISED, text, code=code)
    return None


def _meaning(words, meanings):
    """A message of Python in short words, and a question."""
    for part, means, ask in meanings:
        if part in words:
            name = re.search(r"variable '\w+'", words)
            return means.format(name.group() if name else words.rstrip(".")), ask
    return words.rstrip(".") or "without a message", ""


def _no_numbers(exercise, found):
    letters = isinstance(exercise, Letters)
    for outcome in found:
        if outcome.status == "none" and letters:
            text = "Your lines ran, but nothing was returned."
            return Feedback(NOT_YET, f"{text}\nWhich line hands the results over?")
        if outcome.status == "none":
            return Feedback(
                NOT_YET,
                f"Your function ran, but it returned None.\n"
                f"Does every way through `{exercise.name}` end with a line that starts `return`?",
            )
        if outcome.status == "odd":
            ask = (
                "Which letters stand before the lines that you need?"
                if letters
                else "What should the result be, by the text of the exercise?"
            )
            return Feedback(NOT_YET, f"{_begin(outcome.message)}.\n{ask}")
        if outcome.status == "stub":
            return Feedback(NOT_YET, "For some inputs the code still says NotImplementedError.")
    return None


def _shuffled(exercise, found, expected, close):
    """All results are right, but they stand in another order."""
    paths = [f"[{i}]" for i in range(len(exercise.outputs))]
    if any(o.tensors.keys() != set(paths) for o in (*found, *expected)):
        return None
    pairs = list(zip(found, expected, strict=True))
    stands = {  # (where a result of the answer stands, where it belongs)
        (mine, right)
        for mine, right in product(paths, paths)
        if all(_same(o.tensors[mine], e.tensors[right], close) for o, e in pairs)
    }
    if any({place[side] for place in stands} != set(paths) for side in (0, 1)):
        return None
    names = ", ".join(exercise.outputs)
    return Feedback(
        NOT_YET,
        f"Your results are right, but they do not stand in the order {names}.\n"
        "Which of yours must come first?",
    )


def _structure(exercise, cases, found, expected):
    """The right number of results, each of the right shape."""
    for args, outcome, right in zip(cases, found, expected, strict=True):
        if outcome.tensors.keys() != right.tensors.keys():
            return Feedback(
                NOT_YET,
                f"{_begin(_difference(exercise, outcome, right))}.\n"
                "What does the docstring say about the results?",
                code=_try(exercise, args),
            )
        for path, q in right.tensors.items():
            p = outcome.tensors[path]
            if p.shape != q.shape:
                twist, ask = "", "What does each axis count: samples, inputs or neurons?"
                if p.ndim == 2 and p.shape == q.shape[::-1]:
                    twist = " You returned the shape of the transpose."
                if not q.shape and p.size == 1:
                    ask = "Which brackets, or which keepdims, put the number into an array?"
                elif not q.shape:
                    ask = "What must happen to the numbers in it, so that one is left?"
                return Feedback(
                    NOT_YET,
                    f"{_begin(_label(exercise, path))} {_has_shape(p)}, but {_needed(q)} "
                    f"when {_shapes(exercise, args)}.{twist}\n{ask}",
                    code=_try(exercise, args),
                )
    return None


def _has_shape(p):
    return f"has shape {p.shape}" if p.shape else "is one number"


def _needed(q):
    return f"shape {q.shape} is needed" if q.shape else "one number is needed"


def _mutated(exercise, found):
    for outcome in found:
        if outcome.mutated:
            name = exercise.arguments[outcome.mutated[0]]
            return Feedback(
                NOT_YET,
                f"Your code changed its argument `{name}`: what the caller handed in is different "
                f"afterwards.\nWhich of your lines writes into `{name}` instead of making "
                "something new?",
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
                    "Which step gets too large for a float, divides by zero, or takes the "
                    "logarithm of zero?",
                    code=_try(exercise, args),
                )
    return None


def _rounded(found, expected, close):
    """The right values, but rounded or cut to whole numbers."""
    pairs = [
        (o.tensors[path], q)
        for o, e in zip(found, expected, strict=True)
        for path, q in e.tensors.items()
    ]
    ways = {"without their decimals": np.trunc, "rounded to whole numbers": np.round}
    for n in range(1, 6):
        ways[f"rounded at digit {n} after the point"] = partial(np.round, decimals=n)
    for words, way in ways.items():
        if any(np.any(p) for p, _ in pairs) and all(close(p, way(q)) for p, q in pairs):
            text = f"Your values are the right ones, {words}."
            return Feedback(NOT_YET, f"{text}\nWhich step loses the rest?")
    return None


def _precision(found, expected):
    """Right to three digits or more, but not to six.  Right as far as float32 goes is right."""
    error = _error(found, expected)
    if not error < 1e-3:
        return None
    if _float32(found) and error < 1e-4:
        return Feedback(CORRECT, _praise(found, expected, rounded=False))
    return Feedback(
        NOT_YET, f"Your values are right to {int(-np.log10(error))} digits; six are needed.\n{FEW}"
    )


def _finite_difference(exercise, found, expected):
    """Right wherever a slope can be measured, wrong only where measuring it fails."""
    near = len(found) - exercise.far_count
    if near == len(found) or not _error(found[:near], expected[:near]) < 1e-3:
        return None
    if not _error(found[near:], expected[near:]) > 1e-5:
        return None
    return MEASURED


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
        ratios, sizes = [], []
        for args, outcome, right in zip(cases, found, expected, strict=True):
            wrong = [k for k, q in right.tensors.items() if not close(outcome.tensors[k], q)]
            paths = list(right.tensors) if whole else wrong[:1]
            if not paths:
                continue
            p = np.concatenate([outcome.tensors[k].ravel() for k in paths]).astype(float)
            q = np.concatenate([right.tensors[k].ravel() for k in paths]).astype(float)
            ratio = float(p @ q / (q @ q)) if q @ q else 0.0
            if not ratio or not close(p, ratio * q):
                ratios = []
                break
            ratios.append((ratio, args, paths[0]))
            sizes.append(q.size)
        if not ratios or (min(sizes) < 2 and len(ratios) < 3):
            continue  # one number is always a multiple of another
        if factor := _factor_words(exercise, ratios):
            result = "Your result" if whole else _begin(_label(exercise, ratios[0][2]))
            return Feedback(
                NOT_YET,
                f"{result} is everywhere exactly {factor}.\n"
                "Where could such a factor come in, or get lost?",
            )
    return None


def _factor_words(exercise, ratios):
    """What the ratios have in common: a constant, or rows m and columns n.   "" if nothing"""
    values = np.array([r for r, _, _ in ratios])
    if len(values) > 1 and np.allclose(values, values[0], rtol=2e-5):
        word = next((w for f, w in FACTORS.items() if np.isclose(values[0], f, rtol=2e-5)), "")
        return f"{word or f'{values[0]:.5g} times'} the right one"
    name, shapes = _matrix(exercise, [args for _, args, _ in ratios])
    if not name:
        return ""
    m, n = np.array(shapes, float).T
    rows, columns = f"`{name}` has m rows", f"`{name}` has n columns"
    for word, size, has in (
        ("m", m, rows),
        ("1/m", 1 / m, rows),
        ("n", n, columns),
        ("1/n", 1 / n, columns),
        ("m/n", m / n, f"{rows} and n columns"),
    ):
        if np.allclose(values, size, rtol=2e-5):
            return f"{word} times the right one, where {has}"
    return ""


def _first_wrong(exercise, cases, found, expected, close):
    evidence, args = _evidence(exercise, cases, found, expected, close)
    right = sum(_equal(o, e, close) for o, e in zip(found, expected, strict=True))
    if right:
        evidence += f" (Right for {right} of the {len(cases)} test inputs.)"
    ask = "Work this one value out by hand. At which step does your code do something else?"
    return Feedback(NOT_YET, f"{evidence}\n{ask}", code=_try(exercise, args))


# ---- evidence from the learner's own numbers -----------------------------------------------------


def _evidence(exercise, cases, found, expected, close):
    """What is worst in the first wrong result, in the smallest wrong case.   ->  sentence, args"""
    near = len(cases) - exercise.far_count
    wrong = [
        (i >= near, _count_numbers(args), i)
        for i, args in enumerate(cases)
        if not _equal(found[i], expected[i], close) and found[i].status == "ok"
    ]
    for *_, i in sorted(wrong):
        outcome, right = found[i], expected[i]
        if outcome.tensors.keys() != right.tensors.keys():
            return f"Evidence: {_difference(exercise, outcome, right)}.", cases[i]
        for path, q in right.tensors.items():
            p = outcome.tensors[path]
            label = _label(exercise, path)
            if p.shape != q.shape:
                return f"Evidence: {label} {_has_shape(p)}, but {_needed(q)}.", cases[i]
            if not close(p, q):
                gap = np.where(np.isfinite(p), np.abs(p - q), np.inf)
                worst = np.unravel_index(np.argmax(gap), q.shape)
                at = f"[{', '.join(map(str, worst))}]" if worst else ""
                label = _label(exercise, path, at)
                zero = 1e-9 * _size(q)
                mine, needed = (0.0 if abs(v) < zero else v for v in (p[worst], q[worst]))
                verdict = f"; it should be {_number(needed)}"
                if close is _close_rounded:  # a mark: its inputs are secret, and so are its answers
                    size = {mine < needed: "small", mine > needed: "large"}.get(True)
                    verdict = f", too {size}" if size else ", not the value"
                return f"Evidence: {label} is {_number(mine)}{verdict}.", cases[i]
        if outcome.mutated != right.mutated:
            names = ", ".join(f"`{exercise.arguments[k]}`" for k in outcome.mutated)
            return f"Evidence: not the same after the call: {names}.", cases[i]
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
    called = isinstance(exercise, Letters) or "via" in exercise.puzzle
    call = [] if called else [f"{exercise.name}({', '.join(exercise.arguments)})"]
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


def _matrix(exercise, cases):
    """Name and shapes of the first argument that is a matrix in these cases."""
    for name, *arrays in zip(exercise.arguments, *cases, strict=True):
        if all(isinstance(a, np.ndarray) and a.ndim == 2 for a in arrays):
            return name, [a.shape for a in arrays]
    return "", []


def _difference(exercise, outcome, right):
    """In words, how two collections of results differ in number."""
    mine, needed = _layout(outcome), _layout(right)
    if mine.keys() != needed.keys():
        if mine.keys() == {"[0]"} and len(needed) == 1:
            return "you returned a tuple or list with one result in it: look for a stray comma"
        count = "one result" if len(mine) == 1 else f"{len(mine)} results"
        wanted = "one" if len(needed) == 1 else f"{len(needed)}"
        names = f" ({', '.join(exercise.outputs)})" if exercise.outputs else ""
        return f"you returned {count}; the exercise asks for {wanted}{names}"
    head = next(h for h in needed if mine[h] != needed[h])
    return f"{_label(exercise, head)} is {_many(mine[head])}, but {_many(needed[head])} is needed"


def _layout(outcome):
    """ "[0][0]", "[0][1]", "[1]"  ->  {"[0]": ["[0]", "[1]"], "[1]": [""]}"""
    layout = {}
    for path in outcome.tensors:
        end = path.find("]") + 1
        layout.setdefault(path[:end], []).append(path[end:])
    return layout


def _many(paths):
    if paths == [""]:
        return "a single array"
    nested = any(path.count("[") > 1 for path in paths)
    return "a list of lists" if nested else f"a list of {len(paths)}"
