"""An answer may not be a call of the library: that would earn points for an import."""

import functools
import importlib
import inspect
import json
import re
import signal
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest

from bplib import activations, bugs, closed, gradcheck, losses, optimisers, probe, toys
from bplib.activations import IDENTITY, SIGMOID, sigmoid
from bplib.dbn import RBM
from bplib.exercises import core, sealed
from bplib.exercises.diagnosis import diagnose
from bplib.exercises.feedback import CORRECT, NOT_YET
from bplib.initialisers import he, xavier
from bplib.losses import Loss
from bplib.network import Layer, Network, Trace
from bplib.training import minibatches, train

ROOT = Path(__file__).parents[1]
ALL = {e.id: e for lesson in core.LESSONS for e in core.exercises(lesson).values()}
WRITTEN = [e for e in ALL.values() if not isinstance(e, core.Letters)]


def judge(exercise, answer, puzzle=None):
    cases = exercise.draw(1)
    puzzle = exercise.puzzle if puzzle is None else puzzle
    return diagnose(exercise, cases, probe.outcomes(answer, cases, puzzle))


# ---- calls of the library that would do an exercise ----------------------------------------------


class Spy:
    """In place of a random generator: hands back the standard deviation that it is asked for."""

    def normal(self, mean, std, shape):
        return std


def row(w, x, b):
    return Network([Layer(w[None], np.array([b]), IDENTITY)], losses.MSE).forward(x[None]).a[-1][0]


def two_layers(x, y, W1, b1, W2, b2):
    net = Network([Layer(W1, b1, SIGMOID), Layer(W2, b2, SIGMOID)], losses.MSE)
    a = net.forward(x[None]).a
    return a[1][0], a[2][0], losses.half_mse(a[2], y[None])


def traced(x, Ws, bs):
    layers = [Layer(W, b, SIGMOID) for W, b in zip(Ws, bs, strict=True)]
    trace = Network(layers, losses.MSE).forward(x)
    return trace.z, trace.a


def back_from(delta, a_prev, W, b, z_prev):
    given = Loss("delta", None, lambda a, y: delta[None])
    net = Network([Layer(W, b, IDENTITY)], given)
    found = net.backward(Trace([a_prev[None], delta[None]], [delta[None]]), delta[None])
    return found.dW[0], found.db[0]


def measured(f, w, h, grad):
    w = w.copy()
    numeric = gradcheck.numerical_gradient(lambda: f(w), w, h)
    return numeric, gradcheck.relative_error(numeric, grad)


def counted(N, B, epochs):
    sizes = [len(x) for x, _ in minibatches(np.arange(N), np.arange(N), B)]
    return epochs * len(sizes), sizes[-1]


def scaled_by_back(a, y):
    da = a - y
    for call in SIGMOID.back(da, a.copy()):
        call()
    return da


CALLS = {
    "1.1": lambda w, x, b: row(w, x, b)[0],
    "1.2": sigmoid,
    "1.3": lambda x, W, b: RBM(W, b, np.zeros(W.shape[1])).hidden(x),
    "1.4": two_layers,
    "1.5": lambda a, y: (losses.half_mse(a, y), losses.softmax_cross_entropy(np.log(a), y)),
    "1.6": losses.softmax,
    "1.7": traced,
    "2.1": lambda a: activations.sigmoid_prime(np.log(a / (1 - a))),
    "2.2": scaled_by_back,
    "2.3": back_from,
    "2.6": bugs.backward,
    "2.7": losses.softmax_cross_entropy_grad,
    "2.8": measured,
    "4.1": counted,
    "5.5": lambda shape: (xavier(*shape, Spy()), he(*shape, Spy())),
    "6.2": lambda zs: np.array([activations.dead(z).sum() for z in zs]),
    "6.5": toys.step_back,
}
CALLED = [*((ALL[id], f) for id, f in CALLS.items())]
CALLED += [(e, f) for e in ALL.values() for f in e.by_library]


@pytest.mark.parametrize(("exercise", "answer"), CALLED, ids=lambda x: getattr(x, "id", ""))
def test_what_the_library_says_is_right_and_is_no_answer(exercise, answer):
    through = {key: value for key, value in exercise.puzzle.items() if key != "open"}
    assert judge(exercise, answer, through).outcome == CORRECT
    feedback = judge(exercise, answer)
    assert (feedback.outcome, feedback.misconception) == (NOT_YET, "LIB")
    assert "the library is closed" in feedback.text and feedback.text.endswith("?")
    assert judge(exercise, answer, through).outcome == CORRECT  # and open again


@pytest.mark.parametrize("exercise", WRITTEN, ids=lambda e: e.id)
def test_no_function_that_is_open_to_an_exercise_is_its_answer(exercise):
    for name in exercise.open:
        f = probe._named(name)
        for k in range(len(exercise.arguments)):
            answer = lambda *given, f=f, k=k: f(given[k])
            assert judge(exercise, answer).outcome != CORRECT, name


# ---- all of it is closed -------------------------------------------------------------------------


def public(module):
    """Everything that a student can call in a module, with its name."""
    for name, value in vars(module).items():
        if name.startswith("_"):
            continue
        if inspect.isfunction(value) and value.__module__ == module.__name__:
            yield name, value
        elif inspect.isclass(value) and value.__module__ == module.__name__:
            for key, method in inspect.getmembers(value, inspect.isfunction):
                if method.__module__ == module.__name__ and not key.startswith("_"):
                    yield f"{name}.{key}", method
        elif isinstance(value, tuple) and hasattr(value, "_fields"):
            yield from ((f"{name}.{k}", f) for k, f in value._asdict().items() if callable(f))
    yield from ((bug.id, bug.f) for bug in getattr(module, "BUGS", ()))


PUBLIC = [
    (f"{module}.{name}", f)
    for module in closed.MATHS
    for name, f in public(importlib.import_module(f"bplib.{module}"))
]


def test_every_function_of_the_library_is_closed_while_an_answer_runs():
    assert len(PUBLIC) > 150
    for name, f in PUBLIC:
        (outcome,) = probe.outcomes(lambda f=f: f(*[np.ones(2)] * 9), [()], {"open": []})
        made_of = getattr(f, "func", f)  # leaky_relu(slope) is made of partials
        ours = not isinstance(f, np.ufunc) and made_of.__module__.startswith("bplib.")
        assert (outcome.status == "withheld") == ours, name


def test_the_modules_that_are_closed_are_the_maths_of_the_house():
    house = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = house["tool"]["importlinter"]["contracts"][0]["layers"]
    assert layers[-1].split(" : ") == list(closed.MATHS)


FRESH = """
import importlib, sys
from bplib import probe
assert not [name for name in sys.modules if name in ("bplib.losses", "bplib.toys")]
def status(call):
    return probe.outcomes(call, [()], {"open": []})[0].status
def late():
    from bplib.losses import softmax
    return softmax([1.0])
said = [status(late)]
from bplib import losses
importlib.reload(losses)
said += [status(lambda: losses.softmax([1.0])), status(late)]
"""


def test_a_module_that_is_imported_late_or_loaded_anew_is_closed_too():
    program = FRESH + "assert said == ['withheld'] * 3, said"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("exercise", ALL.values(), ids=lambda e: e.id)
def test_what_a_notebook_has_imported_for_its_reader_is_open(exercise):
    """And only what one of the notebooks up to here has imported."""
    offered = set()
    for path in sorted((ROOT / "source" / "exercises").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        before, here, _ = text.partition(f'exercise="{exercise.id}"')
        imports = re.findall(r"^from bplib\.activations import (.+)$", before, re.MULTILINE)
        here_too = {f"bplib.activations:{name}" for line in imports for name in line.split(", ")}
        offered |= here_too
        if here:
            assert here_too <= set(exercise.open) <= offered
            return
    raise AssertionError("no notebook has this exercise")


def test_the_functions_of_a_case_and_of_a_puzzle_are_open():
    for id in ("2.8", "2.10", "5.3", "6.6"):
        assert judge(ALL[id], ALL[id].f).outcome == CORRECT


def test_an_alias_a_method_a_partial_and_a_running_loop_are_closed_too():
    kept, adam = {"f": losses.softmax}, optimisers.Adam().step
    net = Network([Layer(np.eye(2), np.zeros(2), IDENTITY)], losses.MSE)
    loop = train(net, np.ones((3, 2)), np.ones((3, 2)), optimisers.SGD(), 5)
    next(loop)
    for call in (
        lambda: kept["f"](np.ones((2, 2))),
        lambda: adam([np.ones(2)], [np.ones(2)]),
        lambda: functools.partial(losses.half_mse, np.ones((2, 2)))(np.ones((2, 2))),
        lambda: list(map(activations.relu, [1.0])),
        lambda: activations.LEAKY_RELU(np.ones(2)),
        lambda: activations.leaky_relu(0.5).f(np.ones(2)),
        lambda: next(loop),
        lambda: Layer(np.ones((1, 1)), np.ones(1), IDENTITY),
    ):
        assert probe.outcomes(call, [()], {"open": []})[0].status == "withheld"


def test_a_probe_inside_a_probe_opens_nothing():
    def answer(z):
        probe.outcomes(lambda: 1, [()], {"open": []})
        probe.outcomes(lambda: 1, [()])
        return losses.softmax(z)

    assert judge(ALL["1.6"], answer).misconception == "LIB"


def test_without_an_exercise_nothing_is_closed():
    assert probe.outcomes(sigmoid, [(np.zeros(2),)])[0].status == "ok"


# ---- and open again ------------------------------------------------------------------------------


def codes():
    return [f.__code__ for _, f in PUBLIC if inspect.isfunction(f)]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError, RecursionError])
def test_however_an_answer_ends_the_library_is_open_afterwards(error):
    def answer(*_):
        raise error

    before = codes()
    try:
        assert judge(ALL["1.6"], answer).misconception is None
    except KeyboardInterrupt:
        assert error is KeyboardInterrupt
    assert codes() == before


@pytest.mark.skipif(
    not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread(),
    reason="a timer that interrupts",
)
def test_ctrl_c_at_any_moment_leaves_the_library_open():
    def stop(*_):
        raise KeyboardInterrupt

    before, stopped = codes(), 0
    old = signal.signal(signal.SIGALRM, stop)
    try:
        for turn in range(400):
            try:
                signal.setitimer(signal.ITIMER_REAL, 1e-5 + turn * 2e-6)
                probe.outcomes(lambda: time.sleep(1e-5), [()], {"open": []})
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                stopped += 1
            assert codes() == before
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert stopped


# ---- what is said --------------------------------------------------------------------------------


def test_a_learner_is_told_what_was_called_and_what_is_open():
    text = judge(ALL["2.7"], losses.softmax_cross_entropy_grad).text
    assert "`softmax_cross_entropy_grad` of `bplib.losses`" in text
    assert "NumPy and `sigmoid` and `sigmoid_prime`" in text
    text = judge(ALL["3.8"], lambda *a: optimisers.Adam()).text
    assert "`Adam` of `bplib.optimisers`" in text


def test_where_answers_are_sealed_the_library_is_closed_too():
    exercise = ALL["1.6"]
    (student,) = sealed.unseal(json.dumps([sealed.seal(exercise, "salt")])).values()
    cases = student.draw(1)
    found = probe.outcomes(losses.softmax, cases, student.puzzle)
    assert sealed.diagnose(student, cases, found).misconception == "LIB"
