"""The numerical gradient is right, leaves no trace, and can tell a wrong gradient."""

import numpy as np
import pytest

from bplib.gradcheck import numerical_gradient, relative_error


@pytest.mark.parametrize("shape", [(), (4,), (2, 3), (2, 3, 2), (0, 3)])
def test_the_gradient_of_a_sum_of_cubes(shape):
    w = np.random.default_rng(0).normal(size=shape)
    found = numerical_gradient(lambda: np.sum(w**3), w)
    assert found.shape == shape
    np.testing.assert_allclose(found, 3 * w**2, atol=1e-8)


def test_entries_that_work_together_are_told_apart():
    A, w = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([1.0, -2.0])
    found = numerical_gradient(lambda: 0.5 * w @ A @ w, w)
    np.testing.assert_allclose(found, A @ w, atol=1e-9)


def test_w_is_the_same_to_the_last_bit_afterwards():
    w = np.array([0.1, 1e-9, 12345.678])
    before = w.copy()
    numerical_gradient(lambda: np.sum(w**2), w)
    np.testing.assert_array_equal(w, before)


@pytest.mark.parametrize("call", [1, 2, 3, 4])
def test_w_is_restored_even_when_f_raises(call):
    w, calls = np.array([0.1, 0.2]), []

    def f():
        calls.append(w.copy())
        if len(calls) == call:
            raise ZeroDivisionError
        return 0.0

    with pytest.raises(ZeroDivisionError):
        numerical_gradient(f, w)
    assert not np.array_equal(calls[-1], [0.1, 0.2])
    np.testing.assert_array_equal(w, [0.1, 0.2])


def test_a_central_difference_is_closer_than_a_one_sided_one():
    w, h = np.array(1.0), 1e-4
    one_sided = (np.exp(w + h) - np.exp(w)) / h
    central = numerical_gradient(lambda: np.exp(w), w, h)
    assert abs(central - np.e) < 1e-3 * abs(one_sided - np.e)


def test_a_ten_times_smaller_step_leaves_a_hundredth_of_the_error():
    w = np.array(1.0)
    coarse, fine = (abs(numerical_gradient(lambda: np.exp(w), w, h) - np.e) for h in (1e-2, 1e-3))
    assert coarse / fine == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize(
    "w", [np.array([1, 2]), np.array([1.0], np.float32), [1.0, 2.0], 1.0], ids=repr
)
def test_a_w_that_would_lose_the_step_is_refused(w):
    with pytest.raises(TypeError, match="needs w as a NumPy array of float64"):
        numerical_gradient(lambda: 0.0, w)


def test_relative_error_by_hand():
    assert relative_error([1.0, 2.0], [1.0, 2.0]) == 0.0
    assert relative_error([0.0, 3.0], [0.0, 1.0]) == 0.5
    assert relative_error([1.0, -3.0], [1.0, 3.0]) == 1.0
    assert relative_error([0.0, 0.0], [0.0, 0.0]) == 0.0
    assert relative_error(np.zeros((0, 2)), np.zeros((0, 2))) == 0.0


def test_relative_error_does_not_mind_order_or_scale():
    p, q = np.array([1.0, 2.0]), np.array([1.5, -2.0])
    assert relative_error(p, q) == relative_error(q, p) == relative_error(1e-9 * p, 1e-9 * q)


def test_a_gradient_with_nan_never_passes():
    assert not relative_error([np.nan, 1.0], [1.0, 1.0]) < 1.0


def test_arrays_of_two_shapes_are_refused_instead_of_broadcast():
    with pytest.raises(ValueError, match=r"arrays of one shape, not \(3,\), \(3, 1\)\."):
        relative_error(np.zeros(3), np.zeros((3, 1)))
