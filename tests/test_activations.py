"""Every activation has the values and the slope that its formula promises."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import elementwise_grad
from hypothesis import given, settings
from hypothesis import strategies as st

from bplib.activations import IDENTITY, LEAKY_RELU, RELU, SIGMOID, TANH, dead, leaky_relu

FORMULAS = {
    SIGMOID: lambda z: 1 / (1 + anp.exp(-z)),
    TANH: lambda z: (anp.exp(z) - anp.exp(-z)) / (anp.exp(z) + anp.exp(-z)),
    RELU: lambda z: anp.where(z > 0, z, 0 * z),
    LEAKY_RELU: lambda z: anp.where(z > 0, z, 0.01 * z),
    leaky_relu(0.3): lambda z: anp.where(z > 0, z, 0.3 * z),
    IDENTITY: lambda z: 1 * z,
}
every_activation = pytest.mark.parametrize("phi", FORMULAS, ids=lambda phi: phi.name)
off_the_kink = st.floats(1e-3, 20.0) | st.floats(-20.0, -1e-3)


@every_activation
@settings(deadline=None)
@given(z=off_the_kink)
def test_the_derivative_agrees_with_a_finite_difference(phi, z):
    h = 1e-5
    slope = (phi(z + h) - phi(z - h)) / (2 * h)
    np.testing.assert_allclose(phi.prime(z), slope, rtol=0, atol=1e-8)


@every_activation
@settings(deadline=None)
@given(z=off_the_kink)
def test_value_and_derivative_agree_with_autograd_on_the_plain_formula(phi, z):
    formula = FORMULAS[phi]
    np.testing.assert_allclose(phi(z), formula(z), rtol=0, atol=1e-14)
    np.testing.assert_allclose(phi.prime(z), elementwise_grad(formula)(z), rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("phi", "z", "a", "slope"),
    [
        (SIGMOID, 0.0, 0.5, 0.25),
        (SIGMOID, np.log(3.0), 0.75, 0.1875),
        (SIGMOID, -np.log(3.0), 0.25, 0.1875),
        (TANH, 0.0, 0.0, 1.0),
        (TANH, np.log(2.0), 0.6, 0.64),
        (RELU, 3.0, 3.0, 1.0),
        (RELU, -3.0, 0.0, 0.0),
        (LEAKY_RELU, 3.0, 3.0, 1.0),
        (LEAKY_RELU, -3.0, -0.03, 0.01),
        (IDENTITY, -3.0, -3.0, 1.0),
    ],
)
def test_values_and_slopes_worked_out_by_hand(phi, z, a, slope):
    np.testing.assert_allclose([phi(z), phi.prime(z)], [a, slope], atol=1e-15)


@every_activation
def test_nothing_overflows_or_warns_for_very_large_z(phi):
    with np.errstate(all="raise"):
        a, slope = phi(np.array([-1000.0, 1000.0])), phi.prime(np.array([-1000.0, 1000.0]))
    assert np.all(np.isfinite(a))
    assert np.all(np.isfinite(slope))


def test_a_saturated_sigmoid_is_0_or_1_and_flat():
    z = np.array([-1000.0, 1000.0])
    np.testing.assert_array_equal(SIGMOID(z), [0.0, 1.0])
    np.testing.assert_array_equal(SIGMOID.prime(z), [0.0, 0.0])


def test_the_slope_of_sigmoid_is_never_more_than_a_quarter():
    z = np.linspace(-10.0, 10.0, 2001)
    assert SIGMOID.prime(z).max() == 0.25
    assert z[SIGMOID.prime(z).argmax()] == pytest.approx(0.0, abs=1e-12)


def test_at_the_kink_the_slope_is_that_of_the_left_side():
    assert RELU.prime(0.0) == 0.0
    assert LEAKY_RELU.prime(0.0) == 0.01


@every_activation
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4)])
def test_the_shape_is_kept(phi, shape):
    z = np.full(shape, -1.0)
    assert np.shape(phi(z)) == shape
    assert np.shape(phi.prime(z)) == shape


@every_activation
def test_whole_numbers_and_lists_give_floats_and_z_is_not_changed(phi):
    z = np.array([[-2, 0, 3]])
    for given_z in (z, z.tolist()):
        np.testing.assert_array_equal(phi(given_z), phi(z.astype(float)))
        np.testing.assert_array_equal(phi.prime(given_z), phi.prime(z.astype(float)))
        assert phi(given_z).dtype == phi.prime(given_z).dtype == float
    np.testing.assert_array_equal(z, [[-2, 0, 3]])


def test_the_name_of_a_leaky_relu_tells_its_slope():
    assert leaky_relu(0.3).name == "leaky_relu(0.3)"


@pytest.mark.parametrize("slope", [-0.1, 1.0, 2.0, np.nan])
def test_a_leak_that_is_no_leak_is_refused(slope):
    with pytest.raises(ValueError, match=f"needs 0 <= slope < 1, but slope is {slope}"):
        leaky_relu(slope)


def test_a_unit_is_dead_when_no_row_wakes_it():
    z = np.array([[-1.0, 0.0, 2.0, -3.0], [-0.5, 0.0, -1.0, 1e-9], [-9.0, 0.0, -1.0, -1.0]])
    np.testing.assert_array_equal(dead(z), [True, True, False, False])
    np.testing.assert_array_equal(dead(z[:1].astype(int).tolist()), [True, True, False, True])
    assert dead(np.zeros((3, 0))).shape == (0,)


@given(m=st.integers(1, 5), n=st.integers(1, 5), seed=st.integers(0, 999))
def test_a_unit_is_dead_exactly_when_the_slope_of_relu_lets_nothing_through(m, n, seed):
    z = np.random.default_rng(seed).normal(-1.0, 1.0, (m, n))
    z[0, 0] = np.nan
    np.testing.assert_array_equal(dead(z), RELU.prime(z).sum(axis=0) == 0)


@pytest.mark.parametrize("shape", [(), (3,), (0, 3), (2, 3, 4)], ids=str)
def test_units_without_a_row_are_neither_dead_nor_alive(shape):
    with pytest.raises(ValueError) as error:
        dead(np.zeros(shape))
    assert str(error.value) == f"dead needs z of shape (m, n) with a row, but it is {shape}."
