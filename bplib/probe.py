"""What a graded cell does: run an answer on given inputs and let nothing but its values out.

The learner's check and the grader run answers through the same function, outcomes().
The grader puts the inputs into the cell as text (source), reads back what the cell printed
(decode), and judges outside: the student's kernel never holds an expected value.
"""

import contextlib
import copy
import functools
import importlib
import io
import json
import traceback
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

DIGITS = 1e6  # a printed value has six digits of its tensor's power of ten
LIBRARIES = (str(Path(np.__file__).parent), str(Path(__file__).parent))


class Outcome(NamedTuple):
    """What one call of an answer did.

    status : "ok", "stub" (nothing written yet), "none" (returned None), "odd" (not numbers)
             or "raised"
    tensors : path -> array; the path is "" for a single result, "[0]", "[1][2]" in a tuple
    """

    status: str
    tensors: dict[str, np.ndarray] = {}
    message: str = ""
    line: str = ""
    mutated: tuple[int, ...] = ()
    warned: str = ""


class Silent(io.TextIOBase):
    """Takes any amount of printing and keeps nothing."""

    def write(self, text):
        return len(text)


def outcomes(answer, cases, puzzle=None):
    """Call the answer once per case, each time on fresh copies.   ->  one Outcome per case

    answer : a function, or what the puzzle makes one of (see assemble)
    """
    if puzzle is not None:
        answer = assemble(answer, puzzle)
    if isinstance(answer, Outcome):
        return [answer] * len(cases)
    return [_call(answer, args) for args in cases]


def assemble(answer, puzzle):
    """A function made of the answer, or an Outcome that says why not.

    puzzle : {"via": "module:function"}: it is called with the answer before the arguments
             {"options": ["ABC", "AB"]}: the answer is one letter per item, as numbers
             {"imports": ..., "header": "def f(x):", "lines": {"A": "a = 2 * x", ...}}:
             the answer is the letters of the lines in order
    """
    if answer is Ellipsis or answer is None:
        return Outcome("stub")
    if "via" in puzzle:
        return functools.partial(_named(puzzle["via"]), answer)
    if not isinstance(answer, (str, list, tuple)):
        return Outcome("odd", message=f"the answer is a text of letters, not {_kind(answer)}")
    letters = [c for c in "".join(map(str, answer)).upper() if c not in " ,;->\n\t"]
    if not letters:
        return Outcome("stub")
    if "options" in puzzle:
        return _chosen(letters, puzzle["options"])
    return _ordered(letters, puzzle)


def _chosen(letters, options):
    if len(letters) != len(options):
        return Outcome("odd", message=f"{len(options)} letters are needed, not {len(letters)}")
    for number, (letter, known) in enumerate(zip(letters, options, strict=True), 1):
        if letter not in known:
            return Outcome("odd", message=f"{letter} is none of {' '.join(known)} at item {number}")
    return lambda: np.array([ord(letter) for letter in letters])


def _ordered(letters, puzzle):
    unknown = [c for c in letters if c not in puzzle["lines"]]
    if unknown:
        known = " ".join(puzzle["lines"])
        return Outcome("odd", message=f"there is no line {unknown[0]}; the lines are {known}")
    body = "".join(f"    {puzzle['lines'][c]}\n" for c in letters)
    namespace = {}
    exec(f"{puzzle['imports']}\n{puzzle['header']}\n{body}", namespace)
    return namespace[puzzle["header"].split("(")[0].split()[-1]]


def _named(name):
    """The function "bplib.module:function"."""
    module, function = name.split(":")
    return getattr(importlib.import_module(module), function)


def name(function):
    """ "bplib.module:function", by which a case can hand a function of ours to an answer."""
    return f"{function.__module__}:{function.__qualname__}"


def _call(answer, args):
    """One call, with prints swallowed, warnings noted and every exception turned into words."""
    if answer is Ellipsis or answer is None:
        return Outcome("stub")
    if not callable(answer):
        return Outcome("odd", message=f"a function was expected, not {_kind(answer)}")
    given = copy.deepcopy(args)
    silent = Silent()
    with (
        contextlib.redirect_stdout(silent),
        contextlib.redirect_stderr(silent),
        warnings.catch_warnings(record=True) as caught,
        np.errstate(all="warn"),
    ):
        warnings.simplefilter("always")
        try:
            result = answer(*given)
        except NotImplementedError:
            return Outcome("stub")
        except (Exception, SystemExit) as error:
            return Outcome("raised", message=f"{type(error).__name__}: {error}", line=_line(error))
    if result is None:
        return Outcome("none")
    try:
        tensors = dict(_tensors(result))
    except (TypeError, ValueError) as error:
        return Outcome("odd", message=str(error))
    mutated = tuple(i for i, (a, b) in enumerate(zip(args, given, strict=True)) if not _same(a, b))
    return Outcome("ok", tensors, "", "", mutated, str(caught[0].message) if caught else "")


def _line(error):
    """The last line of the learner's own code that was running."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(LIBRARIES)
    ]
    return frames[-1].line or "" if frames else ""


def _kind(value):
    return f"{type(value).__name__}"


def _tensors(value, path=""):
    """(path, array) for every result, through tuples and through lists that hold arrays."""
    if isinstance(value, tuple) or (isinstance(value, list) and not _plain(value)):
        if not value:
            raise TypeError("the result is empty")
        for i, item in enumerate(value):
            yield from _tensors(item, f"{path}[{i}]")
        return
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"the result must be numbers, but {path or 'it'} is {_kind(value)}")
    yield path, array.copy()


def _plain(value):
    """A list of numbers, or of lists of numbers: an array in all but name."""
    return all(_plain(v) if isinstance(v, list) else np.isscalar(v) for v in value) and value != []


def _same(a, b):
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, np.ndarray):
        return a.shape == np.shape(b) and np.array_equal(a, b, equal_nan=True)
    return a is b or a == b


# ---- values as text ----------------------------------------------------------------------------


def source(answer, cases, puzzle=None):
    """The cell that takes the place of a check: it calls the answer on inputs it carries itself.

    answer : the name under which the learner's answer is known
    """
    packed = json.dumps([[_pack(arg) for arg in args] for args in cases])
    puzzle = "" if puzzle is None else f", puzzle={puzzle!r}"
    return f"from bplib.probe import probe\n\nprobe({answer}, '{packed}'{puzzle})"


def probe(answer, packed, puzzle=None):
    """Print one line per case: the values of the answer, or what went wrong."""
    cases = [tuple(_unpack(arg) for arg in args) for args in json.loads(packed)]
    for outcome in outcomes(answer, cases, puzzle):
        print(encode(outcome))


def encode(outcome):
    """One line of JSON.  A value is a whole number of millionths of its tensor's power of ten,
    so that two right programs print the same text (there is no -0.0 among whole numbers)."""
    tensors = {}
    for path, array in outcome.tensors.items():
        scale = _scale(array)
        values = [
            int(np.rint(v / scale * DIGITS)) if np.isfinite(v) else str(v)
            for v in array.astype(float).ravel()
        ]
        tensors[path] = [list(array.shape), scale, values]
    record = {"status": outcome.status, "tensors": tensors, "mutated": list(outcome.mutated)}
    if outcome.status in ("raised", "odd"):
        record |= {"message": outcome.message[:500], "line": outcome.line[:200]}
    return json.dumps(record)


def decode(text):
    """What probe() printed, back as outcomes.   ValueError when it is anything else"""
    return [_decode(line) for line in text.splitlines() if line.strip()]


def _decode(line):
    try:
        record = json.loads(line)
        tensors = {
            str(path): np.array(
                [float(v) if isinstance(v, str) else v for v in values], float
            ).reshape(shape)
            * (scale / DIGITS)
            for path, (shape, scale, values) in record["tensors"].items()
        }
        message, line = str(record.get("message", "")), str(record.get("line", ""))
        mutated = tuple(int(i) for i in record["mutated"])
        return Outcome(str(record["status"]), tensors, message, line, mutated)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise ValueError("this is not what a probe prints") from error


def safe(results):
    """No value so near a rounding edge that a rounding error could change the printed text."""
    for outcome in results:
        for array in outcome.tensors.values():
            array = array[np.isfinite(array)].astype(float)
            if not array.size:
                continue
            x = np.abs(array) / _scale(array) * DIGITS
            if np.any(np.abs(x - np.floor(x) - 0.5) < 1e-4):
                return False
            top = np.log10(np.max(np.abs(array), initial=0.0) + 1e-300) % 1.0
            if 1e-12 < top < 1e-8:
                return False
    return True


def _scale(array):
    """The power of ten that holds the largest value, but not below 1e-6: smaller is zero."""
    finite = np.abs(array[np.isfinite(array)].astype(float))
    top = np.max(finite, initial=0.0)
    return float(10.0 ** max(-6, int(np.ceil(np.log10(top) - 1e-9)))) if top > 1e-6 else 1e-6


def _pack(arg):
    if isinstance(arg, np.ndarray):
        return {"array": arg.tolist(), "dtype": str(arg.dtype), "shape": list(arg.shape)}
    if isinstance(arg, (list, tuple)):
        return [_pack(item) for item in arg]
    if callable(arg):
        return {"function": name(arg)}
    return arg.item() if isinstance(arg, np.generic) else arg


def _unpack(arg):
    if isinstance(arg, dict) and "function" in arg:
        return _named(arg["function"])
    if isinstance(arg, dict):
        return np.array(arg["array"], dtype=arg["dtype"]).reshape(arg["shape"])
    return [_unpack(item) for item in arg] if isinstance(arg, list) else arg
