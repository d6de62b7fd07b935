"""The zoo: each wrong backward pass is wrong, differs from the others, and many learn XOR."""

from itertools import combinations

import numpy as np
import pytest

from bplib import bugs
from bplib.activations import SIGMOID
from bplib.gradcheck import numerical_gradient, relative_error
from bplib.losses import MSE
from bplib.network import Layer, Network

FIXTURES = [bugs.fixture, bugs.square]
SAME_HERE = {"BP-12", "BP-17", "BP-25", "BP-26"}  # with one output these are no mistake at all
each_bug = pytest.mark.parametrize("bug", bugs.BUGS, ids=lambda bug: bug.id)


def found(f, data):
    """The six arrays, or the words of the error."""
    try:
        return [np.asarray(array) for array in f(*data)]
    except ValueError as error:
        return str(error)


def same(p, q):
    """The same arrays as far as six digits show, or the same error."""
    if isinstance(p, str) or isinstance(q, str):
        return isinstance(p, str) and isinstance(q, str) and p == q
    return all(
        a.shape == b.shape
        and np.allclose(a, b, rtol=0, atol=1e-5 * np.max(np.abs(b), initial=1e-6))
        for a, b in zip(p, q, strict=True)
    )


@pytest.fixture(scope="module")
def survival():
    return bugs.survival(seeds=range(5))


@pytest.mark.parametrize("data", FIXTURES)
def test_the_right_pass_agrees_with_the_network_and_with_measured_slopes(data):
    x, y, W1, b1, W2, b2 = data()
    net = Network([Layer(W1, b1, SIGMOID), Layer(W2, b2, SIGMOID)], MSE)
    delta2, dW2, db2, delta1, dW1, db1 = bugs.backward(x, y, W1, b1, W2, b2)
    theirs = net.backward(net.forward(x), y)
    for p, q in zip((dW1, db1, dW2, db2), theirs.params, strict=True):
        assert np.allclose(p, q, rtol=1e-12)
    assert np.allclose(delta1, theirs.delta[0]) and np.allclose(delta2, theirs.delta[1])
    for w, dw in zip(net.params, (dW1, db1, dW2, db2), strict=True):
        measured = numerical_gradient(lambda: MSE.value(net.forward(x).a[-1], y), w)
        assert relative_error(dw, measured) < 1e-8


@pytest.mark.parametrize("data", FIXTURES)
@each_bug
def test_a_bug_is_wrong_on_both_fixtures(bug, data):
    assert not same(found(bug.f, data()), found(bugs.backward, data()))


@each_bug
def test_a_bug_leaves_its_arguments_as_they_are(bug):
    data, kept = bugs.square(), bugs.square()
    bug.f(*data)
    assert all(map(np.array_equal, data, kept))


def test_no_two_bugs_look_the_same():
    arrays = {bug.id: found(bug.f, bugs.fixture()) for bug in bugs.BUGS}
    assert [(p, q) for p, q in combinations(arrays, 2) if same(arrays[p], arrays[q])] == []


def test_a_forgotten_transpose_is_silent_in_a_square_network_and_loud_in_another():
    forgotten = next(bug for bug in bugs.BUGS if bug.id == "BP-09")
    assert isinstance(found(forgotten.f, bugs.fixture()), str)
    assert isinstance(found(forgotten.f, bugs.square()), list)


def test_the_fixtures_hide_nothing():
    for data in FIXTURES:
        x, y, W1, b1, W2, b2 = data()
        assert all(np.all(array != 0) for array in data())
        delta2 = bugs.backward(x, y, W1, b1, W2, b2)[0]
        assert (delta2 > 0).any() and (delta2 < 0).any()
    x, y, W1, b1, W2, b2 = bugs.fixture()
    assert len({len(x), x.shape[1], len(b1), len(b2)}) == 4


def test_the_zoo_is_large_and_every_animal_has_a_name_and_a_sentence():
    assert len(bugs.BUGS) >= 30
    assert (
        len({bug.id for bug in bugs.BUGS}) == len({bug.text for bug in bugs.BUGS}) == len(bugs.BUGS)
    )
    assert all(bug.text.endswith(".") for bug in bugs.BUGS)


@each_bug
def test_the_wrong_lines_are_few_and_not_in_the_right_pass(bug):
    lines = bugs.wrong_lines(bug)
    assert 1 <= len(lines) <= 6 and not any(line.startswith("def ") for line in lines)


def test_the_right_pass_solves_xor_from_every_seed():
    assert all(bugs.solves_xor(bugs.backward, seed) for seed in range(10))


def test_about_half_of_the_wrong_passes_solve_xor_too(survival):
    print("\nbug    seeds of 5 that solve XOR (- : shapes do not fit)")
    for bug in bugs.BUGS:
        print(bug.id, "-" if survival[bug.id] is None else survival[bug.id], bug.text)
    wrong_here = {id: n for id, n in survival.items() if n is not None and id not in SAME_HERE}
    survivors = [id for id, n in wrong_here.items() if n >= 3]
    print(f"{len(survivors)} of {len(wrong_here)} solve XOR in most seeds")
    assert 0.35 < len(survivors) / len(wrong_here) < 0.65


def test_the_turned_sign_never_solves_xor_and_the_missing_mean_always_does(survival):
    assert survival["BP-01"] == survival["BP-37"] == 0
    assert survival["BP-14"] == survival["BP-03"] == survival["BP-22"] == 5


def test_with_one_output_some_mistakes_are_none(survival):
    x, y = bugs.xor()
    rng = np.random.default_rng(0)
    data = x, y, rng.normal(size=(4, 2)), rng.normal(size=4), rng.normal(size=(1, 4)), np.ones(1)
    right = found(bugs.backward, data)
    assert {bug.id for bug in bugs.BUGS if same(found(bug.f, data), right)} == SAME_HERE
    assert all(survival[id] == 5 for id in SAME_HERE)


def test_a_gradient_that_does_not_fit_its_weights_is_counted_as_none(survival):
    assert survival["BP-10"] is None and survival["BP-18"] is None
