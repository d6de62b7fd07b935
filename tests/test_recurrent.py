"""An RNN is one layer used at every step, and backward is its gradient through all of them."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bplib.gradcheck import numerical_gradient
from bplib.optimisers import SGD
from bplib.recurrent import RNN

every_shape = given(
    T=st.integers(1, 6),
    m=st.integers(1, 4),
    n_in=st.integers(1, 4),
    n=st.integers(1, 4),
    only_last=st.booleans(),
    seed=st.integers(0, 999),
)


def random_rnn(T, m, n_in, n, only_last=False, seed=0):
    """An RNN, its input and first state, and dL/dh of a loss at every step or at the last one."""
    rng = np.random.default_rng(seed)
    rnn = RNN(rng.normal(size=(n, n_in)), rng.normal(size=(n, n)), rng.normal(size=n))
    x, h0, dh = (rng.normal(size=shape) for shape in ((T, m, n_in), (m, n), (T, m, n)))
    if only_last:
        dh[:-1] = 0.0
    return rnn, x, h0, dh


def test_forward_of_one_neuron_is_the_formula_worked_by_hand():
    rnn = RNN(np.array([[0.5]]), np.array([[2.0]]), np.array([-0.1]))
    trace = rnn.forward([[[1.0]], [[-3.0]], [[0.2]]], h0=[[0.3]])
    h1 = np.tanh(0.5 * 1.0 + 2.0 * 0.3 - 0.1)
    h2 = np.tanh(0.5 * -3.0 + 2.0 * h1 - 0.1)
    h3 = np.tanh(0.5 * 0.2 + 2.0 * h2 - 0.1)
    np.testing.assert_allclose(trace.h[:, 0, 0], [0.3, h1, h2, h3], rtol=1e-15)
    np.testing.assert_allclose(h1, 0.7615941559557649)  # tanh(1)


def test_backward_of_one_neuron_is_the_formula_worked_by_hand():
    rnn = RNN(np.array([[0.5]]), np.array([[2.0]]), np.array([-0.1]))
    trace = rnn.forward([[[1.0]], [[-3.0]]], h0=[[0.3]])
    found = rnn.backward(trace, np.array([[[0.7]], [[1.0]]]))
    _, h1, h2 = trace.h[:, 0, 0]
    delta2 = 1.0 * (1 - h2**2)
    delta1 = (0.7 + 2.0 * delta2) * (1 - h1**2)
    np.testing.assert_allclose(found.delta[:, 0, 0], [delta1, delta2])
    np.testing.assert_allclose(found.dW_x, [[delta1 * 1.0 + delta2 * -3.0]])
    np.testing.assert_allclose(found.dW_h, [[delta1 * 0.3 + delta2 * h1]])
    np.testing.assert_allclose(found.db, [delta1 + delta2])
    np.testing.assert_allclose(found.dx[:, 0, 0], [0.5 * delta1, 0.5 * delta2])
    np.testing.assert_allclose(found.dh0, [[2.0 * delta1]])


def test_each_sample_of_a_batch_is_the_textbook_formula():
    rnn, x, h0, _ = random_rnn(5, 3, 2, 4)
    h = rnn.forward(x, h0).h
    assert h.shape == (6, 3, 4)
    np.testing.assert_array_equal(h[0], h0)
    for t in range(5):
        for row in range(3):
            z = rnn.W_x @ x[t, row] + rnn.W_h @ h[t, row] + rnn.b
            np.testing.assert_allclose(h[t + 1, row], np.tanh(z))


def test_without_a_first_state_it_is_zero():
    rnn, x, _, _ = random_rnn(3, 2, 2, 4)
    np.testing.assert_array_equal(rnn.forward(x).h, rnn.forward(x, np.zeros((2, 4))).h)
    np.testing.assert_array_equal(rnn.forward(x).h[0], 0.0)


@every_shape
def test_every_gradient_agrees_with_finite_differences(**sizes):
    rnn, x, h0, dh = random_rnn(**sizes)
    found = rnn.backward(rnn.forward(x, h0), dh)
    loss = lambda: float(np.sum(rnn.forward(x, h0).h[1:] * dh))
    for w, dw in zip((*rnn.params, x, h0), (*found.params, found.dx, found.dh0), strict=True):
        np.testing.assert_allclose(dw, numerical_gradient(loss, w), rtol=1e-6, atol=1e-8)


@every_shape
def test_every_gradient_agrees_with_autograd(**sizes):
    rnn, x, h0, dh = random_rnn(**sizes)

    def loss(W_x, W_h, b, x, h, pushes):
        total = 0.0
        for x_t, dh_t, push in zip(x, dh, pushes, strict=True):
            h = anp.tanh(x_t @ W_x.T + h @ W_h.T + b + push)
            total = total + anp.sum(h * dh_t)
        return total

    found = rnn.backward(rnn.forward(x, h0), dh)
    theirs = autograd.grad(loss, tuple(range(6)))(*rnn.params, x, h0, np.zeros_like(dh))
    ours = (*found.params, found.dx, found.dh0, found.delta)  # delta is dL/dz: what a push does
    for dw, other in zip(ours, theirs, strict=True):
        assert dw.shape == other.shape
        np.testing.assert_allclose(dw, other, rtol=1e-9, atol=1e-12)


def test_an_error_at_step_t_reaches_no_later_step():
    rnn, x, h0, dh = random_rnn(6, 2, 3, 4)
    dh[[0, 1, 3, 4, 5]] = 0.0
    found = rnn.backward(rnn.forward(x, h0), dh)
    assert np.all(found.delta[:3] != 0)
    np.testing.assert_array_equal(found.delta[3:], 0.0)
    np.testing.assert_array_equal(found.dx[3:], 0.0)


def test_backward_changes_neither_its_input_nor_the_trace():
    rnn, x, h0, dh = random_rnn(4, 2, 3, 4)
    trace = rnn.forward(x, h0)
    kept = [array.copy() for array in (*trace, dh, *rnn.params)]
    rnn.backward(trace, dh)
    for array, copy in zip((*trace, dh, *rnn.params), kept, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_an_optimiser_trains_an_rnn_in_place():
    rnn, x, h0, _ = random_rnn(8, 16, 1, 6)
    y = np.roll(x, 1, axis=0)  # say what came one step before
    losses = []
    for _ in range(200):
        trace = rnn.forward(0.3 * x, np.zeros_like(h0))
        error = trace.h[1:, :, :1] - 0.3 * y
        error[0] = 0.0
        losses.append(np.mean(error**2))
        dh = np.zeros_like(trace.h[1:])
        dh[:, :, :1] = error / 16
        SGD(0.1).step(rnn.params, rnn.backward(trace, dh).params)
    assert losses[-1] < 0.2 * losses[0]


@pytest.mark.parametrize(
    "shapes",
    [
        ((3, 2), (3, 2), (3,)),
        ((2, 2), (3, 3), (3,)),
        ((3, 2), (3, 3), (3, 1)),
        ((3,), (3, 3), (3,)),
    ],
    ids=str,
)
def test_weights_that_do_not_fit_are_refused_in_one_sentence(shapes):
    with pytest.raises(ValueError) as error:
        RNN(*map(np.ones, shapes))
    assert str(error.value) == (
        "an RNN needs W_x (n, n_in), W_h (n, n) and b (n,), "
        "but W_x is {}, W_h is {} and b is {}.".format(*shapes)
    )


@pytest.mark.parametrize("shape", [(5, 2), (5, 2, 4), (2,), (5, 2, 3, 1)], ids=str)
def test_inputs_that_do_not_fit_are_refused_in_one_sentence(shape):
    rnn, *_ = random_rnn(5, 2, 3, 4)
    with pytest.raises(ValueError) as error:
        rnn.forward(np.zeros(shape))
    said = "W_x is (4, 3), so x must be (T, m, 3), time first, but x is {}."
    assert str(error.value) == said.format(shape)


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3)], ids=str)
def test_a_first_state_that_does_not_fit_is_refused_in_one_sentence(shape):
    rnn, x, *_ = random_rnn(5, 2, 3, 4)
    with pytest.raises(ValueError) as error:
        rnn.forward(x, np.zeros(shape))
    assert str(error.value) == f"h0 must be (2, 4), (m, n), but it is {shape}."


@pytest.mark.parametrize("shape", [(6, 2, 4), (2, 4), (5, 1, 4)], ids=str)
def test_errors_that_do_not_fit_are_refused_in_one_sentence(shape):
    rnn, x, h0, _ = random_rnn(5, 2, 3, 4)
    with pytest.raises(ValueError) as error:
        rnn.backward(rnn.forward(x, h0), np.zeros(shape))
    assert str(error.value) == f"dh must be (5, 2, 4), (T, m, n), but it is {shape}."
