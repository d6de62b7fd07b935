"""First weights have the shape, the spread and the repeatability that they promise."""

import numpy as np
import pytest

from bplib.activations import relu
from bplib.initialisers import he, normal, xavier, zeros

SHAPES = [(300, 200), (600, 50), (50, 600)]
VARIANCES = {
    normal: lambda n_out, n_in: 0.01**2,
    xavier: lambda n_out, n_in: 2 / (n_in + n_out),
    he: lambda n_out, n_in: 2 / n_in,
}


@pytest.mark.parametrize("init", VARIANCES)
@pytest.mark.parametrize(("n_out", "n_in"), SHAPES)
def test_weights_are_normal_around_0_with_the_promised_variance(init, n_out, n_in):
    W = init(n_out, n_in, np.random.default_rng(0))
    std = np.sqrt(VARIANCES[init](n_out, n_in))
    assert W.shape == (n_out, n_in)
    assert abs(W.mean()) < 0.02 * std
    assert W.var() == pytest.approx(std**2, rel=0.03)
    assert np.mean(np.abs(W) < std) == pytest.approx(0.6827, abs=0.01)


def test_xavier_does_not_mind_which_side_is_wide_but_he_does():
    def ratio(init):
        wide, tall = (init(*shape, np.random.default_rng(0)) for shape in [(50, 600), (600, 50)])
        return tall.var() / wide.var()

    assert ratio(xavier) == pytest.approx(1, rel=0.03)
    assert ratio(he) == pytest.approx(12, rel=0.03)


def test_normal_takes_another_spread():
    W = normal(300, 200, np.random.default_rng(0), std=2.0)
    assert W.std() == pytest.approx(2.0, rel=0.02)


def test_zeros_are_zeros_with_and_without_an_rng():
    np.testing.assert_array_equal(zeros(2, 3), np.zeros((2, 3)))
    np.testing.assert_array_equal(zeros(2, 3, np.random.default_rng(0)), np.zeros((2, 3)))


@pytest.mark.parametrize("init", VARIANCES)
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(init):
    first, again, other = (init(4, 3, np.random.default_rng(seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert not np.any(first == other)


def test_he_keeps_the_size_of_the_signal_through_twenty_relu_layers():
    rng = np.random.default_rng(0)
    a = x = rng.normal(size=(50, 300))
    for _ in range(20):
        z = a @ he(300, 300, rng).T
        a = relu(z)
    assert 0.5 < np.mean(z**2) / (2 * np.mean(x**2)) < 2
