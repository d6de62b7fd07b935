"""Every loss is a mean over rows, and its gradient is the gradient of that mean."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bplib.gradcheck import numerical_gradient
from bplib.losses import BINARY_CROSS_ENTROPY, MSE, SOFTMAX_CROSS_ENTROPY, softmax


def plain_binary_cross_entropy(z, y):
    a = 1 / (1 + anp.exp(-z))
    return -anp.sum(y * anp.log(a) + (1 - y) * anp.log(1 - a)) / len(z)


def plain_softmax_cross_entropy(z, y):
    p = anp.exp(z) / anp.sum(anp.exp(z), axis=1, keepdims=True)
    return -anp.sum(y * anp.log(p)) / len(z)


FORMULAS = {
    MSE: lambda a, y: anp.sum((a - y) ** 2) / 2 / len(a),
    BINARY_CROSS_ENTROPY: plain_binary_cross_entropy,
    SOFTMAX_CROSS_ENTROPY: plain_softmax_cross_entropy,
}
every_loss = pytest.mark.parametrize("loss", FORMULAS, ids=lambda loss: loss.name)


def a_few_draws(test):
    draws = given(m=st.integers(1, 5), n=st.integers(1, 4), seed=st.integers(0, 999))
    return settings(max_examples=40, deadline=None)(draws(test))


def draw(m, n, seed):
    """Outputs, and targets that are a distribution in each row."""
    rng = np.random.default_rng(seed)
    return rng.normal(0.0, 3.0, (m, n)), rng.dirichlet(np.ones(n), m)


@every_loss
@a_few_draws
def test_the_gradient_agrees_with_finite_differences(loss, m, n, seed):
    a, y = draw(m, n, seed)
    expected = numerical_gradient(lambda: loss.value(a, y), a)
    np.testing.assert_allclose(loss.grad(a, y), expected, rtol=1e-6, atol=1e-8)


@every_loss
@a_few_draws
def test_value_and_gradient_agree_with_autograd_on_the_plain_formula(loss, m, n, seed):
    a, y = draw(m, n, seed)
    value, grad = autograd.value_and_grad(FORMULAS[loss])(a, y)
    np.testing.assert_allclose(loss.value(a, y), value, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(loss.grad(a, y), grad, rtol=1e-9, atol=1e-12)


def test_half_mse_by_hand():
    a, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0, 0.0], [3.0, 2.0]])
    assert MSE.value(a, y) == (1 + 4 + 0 + 4) / 2 / 2
    np.testing.assert_array_equal(MSE.grad(a, y), [[0.5, 1.0], [0.0, 1.0]])


def test_binary_cross_entropy_by_hand():
    z, y = np.array([[np.log(3.0)], [np.log(3.0)]]), np.array([[1.0], [0.0]])  # sigmoid(z) = 3/4
    assert BINARY_CROSS_ENTROPY.value(z, y) == pytest.approx((np.log(4 / 3) + np.log(4)) / 2)
    np.testing.assert_allclose(BINARY_CROSS_ENTROPY.grad(z, y), [[-0.125], [0.375]])


def test_softmax_cross_entropy_by_hand():
    z, y = np.log([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]), np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    np.testing.assert_allclose(softmax(z), [[1 / 6, 1 / 3, 1 / 2]] * 2)
    assert SOFTMAX_CROSS_ENTROPY.value(z, y) == pytest.approx((np.log(2) + np.log(6)) / 2)
    expected = [[1 / 12, 1 / 6, -1 / 4], [-5 / 12, 1 / 6, 1 / 4]]
    np.testing.assert_allclose(SOFTMAX_CROSS_ENTROPY.grad(z, y), expected)


@every_loss
def test_twice_the_same_rows_have_the_same_mean_and_half_the_gradient_each(loss):
    a, y = draw(3, 2, seed=0)
    a2, y2 = np.vstack([a, a]), np.vstack([y, y])
    assert loss.value(a2, y2) == pytest.approx(loss.value(a, y))
    half = loss.grad(a, y) / 2
    np.testing.assert_allclose(loss.grad(a2, y2), np.vstack([half, half]))


@every_loss
def test_logits_of_ten_thousand_stay_finite_and_do_not_warn(loss):
    z = np.array([[1e4, -1e4], [-1e4, 1e4], [1e4, 1e4], [-1e4, -1e4]])
    y = np.array([[1.0, 0.0]] * 4)
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        value, grad = loss.value(z, y), loss.grad(z, y)
    assert np.isfinite(value)
    assert np.all(np.isfinite(grad))


@pytest.mark.parametrize("loss", [BINARY_CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY])
def test_being_very_sure_costs_nothing_when_right_and_the_whole_logit_when_wrong(loss):
    z, right, wrong = np.array([[1e4, -1e4]]), np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    assert loss.value(z, right) == 0.0
    assert loss.value(z, wrong) == 2e4


@a_few_draws
def test_rows_of_softmax_sum_to_1_and_do_not_mind_a_shift(m, n, seed):
    z, _ = draw(m, n, seed)
    p = softmax(z)
    assert np.all(p > 0)
    np.testing.assert_allclose(p.sum(axis=1), 1.0)
    np.testing.assert_allclose(softmax(z + np.arange(m)[:, None]), p)


def test_softmax_takes_one_row_alone_and_a_stack_of_batches():
    z = np.random.default_rng(0).normal(size=(2, 3, 4))
    np.testing.assert_allclose(softmax(z)[1, 2], softmax(z[1, 2]))


@every_loss
@pytest.mark.parametrize(
    ("a_shape", "y_shape"), [((4,), (4, 1)), ((4, 1), (4,)), ((4,), (4,)), ((4, 2), (2, 4))]
)
def test_shapes_that_would_broadcast_or_do_not_fit_are_refused(loss, a_shape, y_shape):
    for function in (loss.value, loss.grad):
        with pytest.raises(ValueError) as error:
            function(np.zeros(a_shape), np.zeros(y_shape))
        assert str(error.value) == (
            "the output and the target must both be (m, n), "
            f"but the output is {a_shape} and the target is {y_shape}."
        )


@every_loss
def test_the_mean_of_no_rows_is_refused_instead_of_nan(loss):
    for function in (loss.value, loss.grad):
        with pytest.raises(ValueError, match=r"^a mean needs at least one row, .* is \(0, 3\)\.$"):
            function(np.zeros((0, 3)), np.zeros((0, 3)))


def test_the_difference_of_bytes_does_not_wrap_around():
    a, y = np.array([[0]], dtype=np.uint8), np.array([[1]], dtype=np.uint8)
    assert MSE.value(a, y) == 0.5
    np.testing.assert_array_equal(MSE.grad(a, y), [[-1.0]])
