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
import math
import numbers
import sysconfig
import traceback
import warnings
from collections import deque
from collections.abc import Sized
from decimal import Decimal
from itertools import repeat
from pathlib import Path
from types import FunctionType
from typing import NamedTuple

import numpy as np

from bplib import closed

DIGITS = 1e6  # a printed value has six digits of its tensor's power of ten
MOST = 10_000  # numbers in one result; a printed result must stay small
PACKAGES = (Path(np.__file__).parent, Path(__file__).parent, sysconfig.get_path("stdlib"))
LIBRARIES = tuple(map(str, PACKAGES))


class Outcome(NamedTuple):
    """What one call of an answer did.

    status : "ok", "stub" (nothing written yet), "none" (returned None), "odd" (not numbers),
             "raised", or "withheld" (it called a function of the library that is closed to it)
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
    puzzle : may also hold "parts" (see parts); without them, what looks like several results is
             and "open": all of the library is closed but these functions, and those in the cases
    """
    puzzle = puzzle or {}
    answer = assemble(answer, puzzle)
    if isinstance(answer, Outcome):
        return [answer] * len(cases)
    functions, codes = [], []
    if "open" in puzzle:
        handed = [closed.name(f) for f in _handed(cases)] + [puzzle.get("via")]
        functions, codes = closed.doors({*puzzle["open"], *handed})
    # Each deque() is one call into C, which Ctrl-C cannot stop half-way.
    own = map(setattr, functions, repeat("__code__"), [f.__code__ for f in functions])
    try:
        deque(map(setattr, functions, repeat("__code__"), codes), 0)
        return [_call(answer, args, puzzle.get("parts")) for args in cases]
    finally:
        deque(own, 0)


def _handed(arg):
    """The functions among the arguments."""
    if isinstance(arg, FunctionType):
        yield arg
    elif isinstance(arg, (list, tuple)):
        for each in arg:
            yield from _handed(each)


def assemble(answer, puzzle):
    """A function made of the answer, or an Outcome that says why not.

    puzzle : {}: the answer is the function
             {"via": "module:function"}: it is called with the answer before the arguments
             {"options": ["ABC", "AB"]}: the answer is one letter per item, as numbers
             {"imports": ..., "header": "def f(x):", "lines": {"A": "a = 2 * x", ...}, "count": 2}:
             the answer is the letters of that many lines in order
    """
    if answer is Ellipsis or answer is None:
        return Outcome("stub")
    if "via" in puzzle:
        return functools.partial(_named(puzzle["via"]), answer)
    if not {"options", "lines"} & puzzle.keys():
        return answer
    if isinstance(answer, (list, tuple, np.ndarray)) and all(isinstance(c, str) for c in answer):
        answer = "".join(answer)
    if not isinstance(answer, str):
        return Outcome(
            "odd", message=f"the answer is a text of letters, not a value of type {_type(answer)}"
        )
    letters = [c for c in answer.upper() if c.isalnum()]
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
    if len(letters) > (count := puzzle["count"]):
        return Outcome("odd", message=f"{count} lines are enough, and you have {len(letters)}")
    body = "".join(f"    {puzzle['lines'][c]}\n" for c in letters)
    namespace = {}
    exec(f"{puzzle['imports']}\n{puzzle['header']}\n{body}", namespace)
    return namespace[puzzle["header"].split("(")[0].split()[-1]]


def _named(name):
    """The function "bplib.module:function"."""
    module, function = name.split(":")
    return getattr(importlib.import_module(module), function)


def _call(answer, args, parts):
    """One call, with prints swallowed, warnings noted and every exception turned into words."""
    if not callable(answer):
        return Outcome(
            "odd", message=f"a function was expected, not a value of type {_type(answer)}"
        )
    given = copy.deepcopy(args)
    silent = Silent()
    with (
        contextlib.redirect_stdout(silent),
        contextlib.redirect_stderr(silent),
        warnings.catch_warnings(record=True) as caught,
        np.errstate(all="warn", under="ignore"),  # exp(-1000) is 0, as it should be
    ):
        warnings.simplefilter("always")
        try:
            result = answer(*given)
        except NotImplementedError as error:
            return Outcome("stub", message=_words(error))
        except closed.Withheld as error:
            return Outcome("withheld", message=_words(error))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # sys.exit too, and whatever a learner may invent
            message = f"{type(error).__name__}: {_words(error)}"
            return Outcome("raised", message=message, line=_line(error))
        if result is None:
            return Outcome("none")
        try:
            tensors = _read(result, parts)
            pairs = zip(args, given, strict=True)
            mutated = tuple(i for i, (a, b) in enumerate(pairs) if not _same(a, b))
        except (TypeError, ValueError) as error:
            return Outcome("odd", message=_words(error))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # an object can do anything when it is looked at
            message = f"the result cannot be read as numbers ({type(error).__name__})"
            return Outcome("odd", message=message)
    return Outcome("ok", tensors, "", "", mutated, _words(caught[0].message) if caught else "")


def _words(error):
    """What an exception says, as text that can be shown."""
    try:
        return str(error)[:500].encode("utf-8", "replace").decode("utf-8")
    except Exception:
        return ""


def _line(error):
    """The last line of the learner's own code that was running."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(LIBRARIES)
    ]
    return frames[-1].line or "" if frames else ""


def _type(value):
    return type(value).__name__


# ---- a result as arrays ------------------------------------------------------------------------


def parts(results):
    """The paths at which results are taken apart: "" and "[0]" for a result with path "[0][1]"."""
    paths = {path for outcome in results for path in outcome.tensors}
    ends = [(path, i) for path in paths for i, c in enumerate(path) if c == "["]
    return sorted({path[:i] for path, i in ends})


def _read(result, parts):
    """path -> array.   TypeError or ValueError, in one sentence, when it is not numbers"""
    _count(result)
    return {
        path: _numbers(value, f"result{path}" if path else "it").copy()
        for path, value in _leaves(result, parts)
    }


def _count(value):
    """How many numbers there are.   TypeError as soon as there are too many to look at"""
    if isinstance(value, np.ndarray):
        size = value.size
    elif isinstance(value, (list, tuple)):
        size = 0
        for item in value:
            size += _count(item)
            if size > MOST:
                break
    else:
        size = len(value) if isinstance(value, Sized) else 1
    if size > MOST:
        raise TypeError(f"the result holds more than {MOST} numbers, far more than needed")
    return max(size, 1)


def _leaves(value, parts, path=""):
    """(path, value) for every single result.   parts : where to take apart, None: where it looks so

    A list of rows is one array, unless the exercise asks for a list there.
    """
    if not _several(value, parts, path):
        yield path, value
        return
    if len(value) == 0:
        raise TypeError("the result is empty")
    for i, item in enumerate(value):
        yield from _leaves(item, parts, f"{path}[{i}]")


def _several(value, parts, path):
    """Whether this is several results in one."""
    if parts is not None and path in parts:
        return isinstance(value, (list, tuple)) or (
            isinstance(value, np.ndarray) and value.ndim > 0
        )
    if isinstance(value, tuple):
        return not value or not all(isinstance(v, (list, tuple)) and _plain(v) for v in value)
    if isinstance(value, list):
        return not _plain(value) if parts is None else not _rectangular(value)
    return False


def _plain(value):
    """A list of numbers, or of lists of numbers: an array in all but name."""
    return len(value) > 0 and all(
        _plain(v) if isinstance(v, (list, tuple)) else np.isscalar(v) for v in value
    )


def _rectangular(value):
    """Arrays of one shape in a list, or lists of one length: an array, when stacked."""
    try:
        np.asarray(value)
    except ValueError:
        return False
    return True


def _numbers(value, name):
    """As an array.   TypeError when there is something else in it"""
    array = None if isinstance(value, (str, bytes)) else np.asarray(value)
    if array is not None and array.dtype.kind in "biuf":
        return array
    inside = [value] if array is None else array.ravel().tolist()
    odd = [v for v in inside if not isinstance(v, (numbers.Real, Decimal))]
    if not odd:
        return array.astype(float)
    verb = "is" if odd[0] is value else "holds"
    what = "None" if odd[0] is None else f"a value of type {_type(odd[0])}"
    raise TypeError(f"the result must be numbers, but {name} {verb} {what}")


def _same(a, b):
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b) or np.array_equal(a, b, equal_nan=True)  # the first is fast
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
        steps = np.rint(array.astype(float).ravel() / scale * DIGITS).tolist()
        values = [int(v) if math.isfinite(v) else str(v) for v in steps]
        tensors[path] = [list(array.shape), scale, values]
    record = {"status": outcome.status, "tensors": tensors, "mutated": list(outcome.mutated)}
    if outcome.status in ("raised", "withheld", "odd", "stub"):
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


def safe(results, band=1e-4):
    """No value so near a rounding edge that a rounding error could change the printed text.

    band : half the width of the edge, as a part of the last digit
    """
    for outcome in results:
        for array in outcome.tensors.values():
            array = array[np.isfinite(array)].astype(float)
            if not array.size:
                continue
            x = np.abs(array) / _scale(array) * DIGITS
            if np.any(np.abs(x - np.floor(x) - 0.5) < band):
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
        return {"function": closed.name(arg)}
    return arg.item() if isinstance(arg, np.generic) else arg


def _unpack(arg):
    if isinstance(arg, dict) and "function" in arg:
        return _named(arg["function"])
    if isinstance(arg, dict):
        return np.array(arg["array"], dtype=arg["dtype"]).reshape(arg["shape"])
    return [_unpack(item) for item in arg] if isinstance(arg, list) else arg
