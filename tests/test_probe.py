"""Only values leave a probe, the same text for every right program, and nothing can break it."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from bplib import probe

CASES = [(np.array([1.0, -2.0]), 3.0), (np.array([0.5]), [np.eye(2), 2])]


def one(answer):
    return probe.outcomes(answer, [(np.array([1.0, 2.0]),)])[0]


def test_prints_and_warnings_of_the_answer_stay_inside(capsys):
    def chatty(x):
        print("debug", x)
        return np.log(x * 0)

    outcome = one(chatty)
    assert capsys.readouterr().out == ""
    assert outcome.status == "ok" and "divide by zero" in outcome.warned


def test_an_answer_that_changes_its_argument_is_seen_and_the_caller_keeps_his():
    x = np.array([1.0, 2.0])

    def shift(x):
        x -= 1
        return x

    assert probe.outcomes(shift, [(x,)])[0].mutated == (0,)
    np.testing.assert_array_equal(x, [1.0, 2.0])


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (lambda x: x, "ok"),
        (lambda x: [1, 2.5], "ok"),
        (lambda x: None, "none"),
        (lambda x: "text", "odd"),
        (lambda x: {"z": x}, "odd"),
        (lambda x: (), "odd"),
        (lambda x: x + 1j, "odd"),
        (lambda x: [x, [1, "two"]], "odd"),
        (lambda x: 1 / 0, "raised"),
        (lambda: 1, "raised"),
        (lambda x: sys.exit(), "raised"),
        (..., "stub"),
        (None, "stub"),
        (7, "odd"),
    ],
)
def test_every_kind_of_answer_has_a_status_and_survives_the_journey(answer, status):
    outcome = one(answer)
    assert outcome.status == status
    assert probe.decode(probe.encode(outcome))[0].status == status


def test_a_list_of_numbers_is_an_array_and_a_list_of_arrays_is_several_results():
    assert list(one(lambda x: [1, 2, 3]).tensors) == [""]
    assert list(one(lambda x: [[1, 2], [3, 4]]).tensors) == [""]
    assert list(one(lambda x: ([x, x], 1.0)).tensors) == ["[0][0]", "[0][1]", "[1]"]


def test_the_line_that_raised_is_the_learners_own():
    def answer(x):
        y = x[:, None]
        return np.linalg.inv(y)

    assert one(answer).line == "return np.linalg.inv(y)"


@given(arrays(float, array_shapes(max_dims=3, max_side=4), elements=st.floats(-1e6, 1e6)))
def test_values_come_back_to_six_digits_of_their_tensors_size(array):
    back = probe.decode(probe.encode(probe.Outcome("ok", {"": array})))[0].tensors[""]
    assert back.shape == array.shape
    np.testing.assert_allclose(back, array, atol=0.51e-6 * max(10 * np.abs(array).max(), 1e-6))


def test_minus_zero_nan_and_infinity_print_as_every_program_prints_them():
    encode = lambda *v: probe.encode(probe.Outcome("ok", {"": np.array(v)}))
    assert encode(-0.0, 1.0) == encode(0.0, 1.0)
    assert encode(1.0, 1e-17) == encode(1.0, 0.0) == encode(1.0 + 2e-16, 0.0)
    back = probe.decode(encode(np.nan, np.inf, -np.inf))[0].tensors[""]
    np.testing.assert_array_equal(back, [np.nan, np.inf, -np.inf])


def test_a_value_on_a_rounding_edge_is_not_safe():
    safe = lambda v: probe.safe([probe.Outcome("ok", {"": np.array([v, 0.9])})])
    assert safe(0.123456) and not safe(0.1234565) and not safe(0.12345650001)


@pytest.mark.parametrize("text", ["hello", "[]", "{}", '{"status": 1}', '{"tensors": {"": [1]}}'])
def test_decode_refuses_what_no_probe_prints(text):
    with pytest.raises(ValueError, match="not what a probe prints"):
        probe.decode(text)


def test_the_cell_carries_its_inputs_and_prints_what_we_compute_outside():
    cell = "def answer(x, y):\n    return x * (y[1] if isinstance(y, list) else y)\n"
    script = cell + probe.source("answer", CASES)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    here = probe.outcomes(lambda x, y: x * (y[1] if isinstance(y, list) else y), CASES)
    assert run.stdout.splitlines() == [probe.encode(outcome) for outcome in here]


def test_a_puzzle_runs_its_lines_in_the_order_of_the_letters():
    lines = {"A": "return b", "B": "b = 2 * a", "C": "a = x + 1"}
    puzzle = {"imports": "", "header": "def f(x):", "lines": lines, "count": 3}
    run = lambda order: probe.outcomes(order, [(3.0,)], puzzle)[0]
    assert run("C B A").tensors[""] == 8.0
    assert run("c, b, a").tensors[""] == run(["C", "B", "A"]).tensors[""] == 8.0
    assert run("B C A").status == "raised" and "'a'" in run("B C A").message
    assert run("C Q A").message == "there is no line Q; the lines are A B C"
    assert run("C B B A").status == "odd"
    assert run("").status == run(...).status == "stub"
    assert run(7).status == "odd"
