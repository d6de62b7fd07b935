"""The library is closed while an answer runs, but for what the exercises offer by name.

A function is closed by other code that is put into it and raises. So it does not matter under
which name, in which list, or as whose method an answer holds it.
"""

import importlib
import sys
from types import FunctionType

MATHS = (
    *("activations", "losses", "initialisers", "network", "optimisers", "fast", "training"),
    *("recurrent", "dbn", "gradcheck", "datasets", "bugs", "toys"),
)
OPEN = ("probe", "closed", "exercises", "grading", "course", "cli")  # what runs an answer


class Withheld(Exception):
    """An answer has called a function of the library.  The message is "softmax of bplib.losses"."""


def _raise(*_, **__):
    from bplib.closed import Withheld

    raise Withheld("NAME")


def doors(offered):
    """The functions that an answer may not call, and the code that closes each.

    offered : names of the others, as in "bplib.activations:sigmoid"   ->  functions, codes
    """
    for module in MATHS:
        importlib.import_module(f"bplib.{module}")  # or an answer could be the first to import it
    modules = [m for m in sys.modules if m.startswith("bplib.") and m.split(".")[1] not in OPEN]
    homes = [vars(sys.modules[module]) for module in modules]
    held = tuple(id(value) for home in homes for value in home.values())
    if held not in _known:  # new modules, or one that was loaded anew
        _known.clear()
        _known[held] = _doors(homes)
    shut = [(f, code) for name, f, code in _known[held] if name not in offered]
    return [f for f, _ in shut], [code for _, code in shut]


_known = {}


def _doors(homes):
    """[(name, function, code that raises)] of every function made in these modules."""
    found = {}
    for home in homes:
        for key, value in list(home.items()):
            if not key.startswith("__"):
                found |= {id(f): f for f in _functions(value, home)}
    return [(name(f), f, _code(f)) for f in found.values()]


def _functions(value, home):
    """The functions in something that a module holds, if they were made there."""
    if isinstance(value, FunctionType):
        if value.__globals__ is home:
            yield value
        inside = [getattr(value, "__wrapped__", None)]
    elif isinstance(value, type):
        inside = vars(value).values() if value.__module__ == home["__name__"] else ()
    elif isinstance(value, (list, tuple)):  # the pair of an Activation, a zoo of bugs
        inside = value
    else:
        inside = [getattr(value, part, None) for part in ("__func__", "fget", "func")]
    for each in inside:
        if each is not None:
            yield from _functions(each, home)


def name(function):
    """ "bplib.module:function", by which a case can hand a function of ours to an answer."""
    return f"{function.__module__}:{function.__qualname__}"


def _code(function):
    """Code that fits into this function, and raises Withheld with its name."""
    said = function.__qualname__.partition(".<locals>")[0]
    said = ".".join(part for part in said.split(".") if not part.startswith("__"))
    said = f"{said or 'a function'} of {function.__module__}"
    code = _raise.__code__
    return code.replace(
        co_consts=tuple(said if c == "NAME" else c for c in code.co_consts),
        co_freevars=function.__code__.co_freevars,
    )
