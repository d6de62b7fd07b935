"""The data sets have the shapes, the classes and the difficulty that the lessons rely on."""

import numpy as np
import pytest

from bplib.datasets import adding, circles, digits, mazur, moons, spirals, split, xor

CLOUDS = [moons, circles, spirals]


def best_line(x, y):
    """The largest share of rows that one straight line can put on their right side."""
    label, m = y[:, 0], len(y)
    best = 0.0
    for angle in np.linspace(0.0, np.pi, 360, endpoint=False):
        along = x @ [np.cos(angle), np.sin(angle)]
        zeros_before = np.append(0, np.cumsum(1 - label[np.argsort(along)]))
        ones_after = label.sum() - (np.arange(m + 1) - zeros_before)
        right = (zeros_before + ones_after) / m
        best = max(best, right.max(), 1 - right.min())
    return best


def nearest_neighbour(x, y):
    """The share of rows whose nearest other row has the same class."""
    square = np.sum(x**2, axis=1)
    distance = square[:, None] - 2 * x @ x.T + square
    np.fill_diagonal(distance, np.inf)
    return np.mean(y[distance.argmin(axis=1)] == y)


def test_mazur_is_one_sample_and_two_layers_of_two():
    data = mazur()
    assert [value.shape for value in data] == [(1, 2), (1, 2), (2, 2), (2,), (2, 2), (2,)]
    data.W1[0, 0] = 9.0
    assert mazur().W1[0, 0] == 0.15  # each call gives fresh arrays


def test_xor_is_one_or_the_other_and_not_both():
    x, y = xor()
    assert x.shape == (4, 2)
    assert y.shape == (4, 1)
    assert len(np.unique(x, axis=0)) == 4
    np.testing.assert_array_equal(y[:, 0], (x[:, 0] != x[:, 1]))
    assert best_line(x, y) == 0.75


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("m", [1, 20, 21])
def test_clouds_have_m_rows_and_balanced_classes(cloud, m):
    x, y = cloud(m, np.random.default_rng(0))
    assert x.shape == (m, 2)
    assert y.shape == (m, 1)
    assert y.sum() == m // 2
    assert set(np.unique(y)) <= {0.0, 1.0}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_clouds_come_from_the_rng_alone(cloud):
    first, again, other = (cloud(30, np.random.default_rng(seed))[0] for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert not np.any(first == other)


@pytest.mark.parametrize(("cloud", "best"), [(moons, 0.95), (circles, 0.8), (spirals, 0.75)])
def test_no_straight_line_separates_a_cloud(cloud, best):
    assert best_line(*cloud(400, np.random.default_rng(0), noise=0.0)) < best


@pytest.mark.parametrize(("cloud", "at_least"), [(moons, 1.0), (circles, 1.0), (spirals, 0.99)])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_without_noise_the_nearest_neighbour_knows_the_class(cloud, at_least, seed):
    assert nearest_neighbour(*cloud(400, np.random.default_rng(seed), noise=0.0)) >= at_least


def test_moons_without_noise_are_two_half_circles():
    x, y = moons(200, np.random.default_rng(0), noise=0.0)
    upper, lower = x[y[:, 0] == 0], x[y[:, 0] == 1]
    np.testing.assert_allclose(np.linalg.norm(upper, axis=1), 1.0)
    np.testing.assert_allclose(np.linalg.norm(lower - [1.0, 0.5], axis=1), 1.0)
    assert upper[:, 1].min() >= 0.0
    assert lower[:, 1].max() <= 0.5


def test_circles_without_noise_are_a_disc_inside_a_ring():
    x, y = circles(2000, np.random.default_rng(0), noise=0.0)
    radius = np.linalg.norm(x, axis=1)
    inside = y[:, 0] == 1
    np.testing.assert_allclose(radius[~inside], 1.0)
    assert radius[inside].max() <= 0.5
    assert np.mean(radius[inside] < 0.25) == pytest.approx(0.25, abs=0.03)  # as its area
    for part in (x[inside], x[~inside]):
        np.testing.assert_allclose(part.mean(axis=0), 0.0, atol=0.06)


def test_spirals_without_noise_turn_one_and_a_half_times_while_they_grow():
    x, y = spirals(200, np.random.default_rng(0), noise=0.0)
    radius = np.linalg.norm(x, axis=1)
    angle = 3 * np.pi * radius + np.pi * y[:, 0]  # the second starts half a turn later
    assert radius.max() <= 1.0
    np.testing.assert_allclose(
        x, radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]), atol=1e-12
    )


@pytest.mark.parametrize("cloud", CLOUDS)
def test_noise_moves_the_points_by_as_much_as_it_says(cloud):
    clean, _ = cloud(2000, np.random.default_rng(0), noise=0.0)
    noisy, _ = cloud(2000, np.random.default_rng(0), noise=0.2)
    assert (noisy - clean).std() == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize("T", [2, 3, 9, 100])
def test_adding_marks_one_number_in_each_half_and_asks_for_their_sum(T):
    x, y = adding(300, T, np.random.default_rng(0))
    assert x.shape == (T, 300, 2)
    assert y.shape == (300, 1)
    value, mark = x[:, :, 0], x[:, :, 1]
    assert np.all((value >= 0) & (value < 1))
    assert set(np.unique(mark)) <= {0.0, 1.0}
    np.testing.assert_array_equal(mark[: T // 2].sum(axis=0), 1.0)
    np.testing.assert_array_equal(mark[T // 2 :].sum(axis=0), 1.0)
    for row in range(300):
        first, second = np.flatnonzero(mark[:, row])
        assert y[row, 0] == pytest.approx(value[first, row] + value[second, row])


def test_every_step_of_adding_is_marked_now_and_then():
    x, y = adding(3000, 10, np.random.default_rng(0))
    np.testing.assert_allclose(x[:, :, 1].mean(axis=1), 0.2, atol=0.03)
    assert y.mean() == pytest.approx(1.0, abs=0.03)
    assert y.var() == pytest.approx(1 / 6, rel=0.1)  # the error of who always says 1


def test_adding_comes_from_the_rng_alone_and_may_have_no_row():
    first, again, other = (adding(5, 8, np.random.default_rng(seed))[0] for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert not np.any(first[:, :, 0] == other[:, :, 0])
    x, y = adding(0, 8, np.random.default_rng(0))
    assert (x.shape, y.shape) == ((8, 0, 2), (0, 1))


@pytest.mark.parametrize("T", [1, 0, -3])
def test_adding_without_two_steps_is_refused_in_one_sentence(T):
    with pytest.raises(ValueError) as error:
        adding(4, T, np.random.default_rng(0))
    assert str(error.value) == f"adding needs two steps to mark, but T is {T}."


def test_digits_are_1797_pictures_with_one_hot_rows():
    x, y = digits()
    assert x.shape == (1797, 64)
    assert y.shape == (1797, 10)
    assert x.dtype == y.dtype == float
    assert (x.min(), x.max()) == (0.0, 1.0)
    np.testing.assert_array_equal(x * 16, np.round(x * 16))
    np.testing.assert_array_equal(np.sort(y, axis=1), [[0.0] * 9 + [1.0]] * 1797)


def test_digits_have_the_class_counts_that_uci_states_for_the_test_part():
    _, y = digits()
    counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    np.testing.assert_array_equal(y.sum(axis=0), counts)


def test_pictures_and_labels_of_digits_belong_together():
    x, y = digits()
    assert nearest_neighbour(x, y.argmax(axis=1)[:, None]) > 0.98


def test_split_is_a_partition_that_keeps_x_and_y_together():
    x = np.arange(20.0).reshape(10, 2)
    y = x[:, :1] * 100
    x_train, y_train, x_test, y_test = split(x, y, 3, np.random.default_rng(0))
    assert x_train.shape == (7, 2)
    assert x_test.shape == (3, 2)
    everything = np.vstack([x_train, x_test])
    np.testing.assert_array_equal(everything[everything[:, 0].argsort()], x)
    np.testing.assert_array_equal(y_train, x_train[:, :1] * 100)
    np.testing.assert_array_equal(y_test, x_test[:, :1] * 100)


def test_split_shuffles_and_its_seed_repeats():
    x, y = np.arange(40.0).reshape(20, 2), np.arange(20.0)[:, None]
    first, again, other = (split(x, y, 5, np.random.default_rng(seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first[2], again[2])
    assert not np.array_equal(first[2], other[2])
    assert not np.array_equal(first[0], np.sort(first[0], axis=0))


@pytest.mark.parametrize(("m_x", "m_y", "m_test"), [(4, 3, 1), (4, 4, 0), (4, 4, 4), (4, 4, -1)])
def test_split_refuses_what_it_cannot_split(m_x, m_y, m_test):
    with pytest.raises(ValueError) as error:
        split(np.zeros((m_x, 2)), np.zeros((m_y, 1)), m_test, np.random.default_rng(0))
    assert str(error.value) == (
        "split needs as many rows in x as in y and 0 < m_test < m, "
        f"but x has {m_x}, y has {m_y} and m_test is {m_test}."
    )
