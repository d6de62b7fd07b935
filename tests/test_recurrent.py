"""A cell is one layer used at every step, and backward is its gradient through all of them."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bplib.activations import TANH
from bplib.gradcheck import numerical_gradient
from bplib.losses import MSE
from bplib.network import dense
from bplib.optimisers import SGD
from bplib.recurrent import LSTM, RNN, LastStep, clip, lstm, rnn

BLOCKS = {RNN: 1, LSTM: 4}  # how many blocks of n rows the weights have
both_cells = pytest.mark.parametrize("kind", BLOCKS)
every_shape = given(
    T=st.integers(1, 6),
    m=st.integers(1, 4),
    n_in=st.integers(1, 4),
    n=st.integers(1, 4),
    only_last=st.booleans(),
    seed=st.integers(0, 999),
)


def random_cell(kind, T, m, n_in, n, only_last=False, seed=0):
    """A cell, its input and first states, and dL/dh of a loss at every step or at the last one."""
    rng = np.random.default_rng(seed)
    rows = BLOCKS[kind] * n
    cell = kind(rng.normal(size=(rows, n_in)), rng.normal(size=(rows, n)), rng.normal(size=rows))
    first = [rng.normal(size=(m, n)) for _ in ("h0", "c0")[: 1 if kind is RNN else 2]]
    x, dh = rng.normal(size=(T, m, n_in)), rng.normal(size=(T, m, n))
    if only_last:
        dh[:-1] = 0.0
    return cell, x, first, dh


def first_gradients(found):
    """dL/d of the first states: of h alone, or of h and c."""
    return [found.dh0] if found.dc is None else [found.dh0, found.dc[0]]


def sigmoid(z):
    return 1 / (1 + anp.exp(-z))


def lstm_states(W_x, W_h, b, x, h, c, push_z, push_c):
    """Graves' formulas, one sample and one gate at a time.   ->  yields h and c after each step

    push_z : (T, m, 4n),  push_c : (T, m, n), added to z and to c
    """
    n = h.shape[1]
    for t in range(len(x)):
        z = anp.dot(x[t], W_x.T) + anp.dot(h, W_h.T) + b + push_z[t]
        i, f, o = (sigmoid(z[:, k * n : (k + 1) * n]) for k in range(3))
        c = f * c + i * anp.tanh(z[:, 3 * n :]) + push_c[t]
        h = o * anp.tanh(c)
        yield h, c


def test_forward_of_one_neuron_is_the_formula_worked_by_hand():
    rnn = RNN(np.array([[0.5]]), np.array([[2.0]]), np.array([-0.1]))
    trace = rnn.forward([[[1.0]], [[-3.0]], [[0.2]]], h0=[[0.3]])
    h1 = np.tanh(0.5 * 1.0 + 2.0 * 0.3 - 0.1)
    h2 = np.tanh(0.5 * -3.0 + 2.0 * h1 - 0.1)
    h3 = np.tanh(0.5 * 0.2 + 2.0 * h2 - 0.1)
    np.testing.assert_allclose(trace.h[:, 0, 0], [0.3, h1, h2, h3], rtol=1e-14)
    np.testing.assert_allclose(h1, 0.7615941559557649)  # tanh(1)


def test_forward_of_one_lstm_cell_is_the_formula_worked_by_hand():
    W_x, W_h = np.array([[0.5], [-1.0], [0.3], [2.0]]), np.array([[1.0], [0.2], [-0.4], [0.6]])
    cell = LSTM(W_x, W_h, np.array([0.1, 1.0, -0.2, 0.0]))
    trace = cell.forward([[[2.0]]], h0=[[0.5]], c0=[[-0.8]])
    i = 1 / (1 + np.exp(-(0.5 * 2.0 + 1.0 * 0.5 + 0.1)))
    f = 1 / (1 + np.exp(-(-1.0 * 2.0 + 0.2 * 0.5 + 1.0)))
    o = 1 / (1 + np.exp(-(0.3 * 2.0 - 0.4 * 0.5 - 0.2)))
    g = np.tanh(2.0 * 2.0 + 0.6 * 0.5 + 0.0)
    c = f * -0.8 + i * g
    np.testing.assert_allclose(trace.gates[0, :, 0, 0], [i, f, o, g])
    np.testing.assert_allclose(trace.c[:, 0, 0], [-0.8, c])
    np.testing.assert_allclose(trace.h[:, 0, 0], [0.5, o * np.tanh(c)])


def test_backward_of_one_lstm_cell_is_the_formula_worked_by_hand():
    W_x, W_h = np.array([[0.5], [-1.0], [0.3], [2.0]]), np.array([[1.0], [0.2], [-0.4], [0.6]])
    cell = LSTM(W_x, W_h, np.array([0.1, 1.0, -0.2, 0.0]))
    trace = cell.forward([[[2.0]]], h0=[[0.5]], c0=[[-0.8]])
    (i, f, o, g), c = trace.gates[0, :, 0, 0], trace.c[1, 0, 0]
    found = cell.backward(trace, np.array([[[0.7]]]))
    dc = 0.7 * o * (1 - np.tanh(c) ** 2)
    delta = np.array(
        [
            dc * g * i * (1 - i),
            dc * -0.8 * f * (1 - f),
            0.7 * np.tanh(c) * o * (1 - o),
            dc * i * (1 - g**2),
        ]
    )
    np.testing.assert_allclose(found.dc[:, 0, 0], [dc * f, dc])
    np.testing.assert_allclose(found.delta[0, 0], delta)
    np.testing.assert_allclose(found.dW_x[:, 0], 2.0 * delta)
    np.testing.assert_allclose(found.dW_h[:, 0], 0.5 * delta)
    np.testing.assert_allclose(found.db, delta)
    np.testing.assert_allclose(found.dx[0, 0], W_x.T @ delta)
    np.testing.assert_allclose(found.dh0[0], W_h.T @ delta)


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
    rnn, x, [h0], _ = random_cell(RNN, 5, 3, 2, 4)
    h = rnn.forward(x, h0).h
    assert h.shape == (6, 3, 4)
    np.testing.assert_array_equal(h[0], h0)
    for t in range(5):
        for row in range(3):
            z = rnn.W_x @ x[t, row] + rnn.W_h @ h[t, row] + rnn.b
            np.testing.assert_allclose(h[t + 1, row], np.tanh(z))


def test_each_sample_of_a_batch_is_the_textbook_formula_of_an_lstm():
    cell, x, first, _ = random_cell(LSTM, 5, 3, 2, 4)
    trace = cell.forward(x, *first)
    assert (trace.h.shape, trace.c.shape, trace.gates.shape) == ((6, 3, 4), (6, 3, 4), (5, 4, 3, 4))
    for row in range(3):
        one = (array[row : row + 1] for array in first)
        states = lstm_states(*cell.params, x[:, row : row + 1], *one, np.zeros(5), np.zeros(5))
        for t, (h, c) in enumerate(states, 1):
            np.testing.assert_allclose(trace.h[t, row], h[0])
            np.testing.assert_allclose(trace.c[t, row], c[0])


@both_cells
def test_without_first_states_they_are_zero(kind):
    cell, x, first, _ = random_cell(kind, 3, 2, 2, 4)
    zero = cell.forward(x, *[np.zeros((2, 4)) for _ in first])
    np.testing.assert_array_equal(cell.forward(x).h, zero.h)
    np.testing.assert_array_equal(zero.h[0], 0.0)
    assert not np.any(cell.forward(x, *first).h == zero.h)


@both_cells
def test_whole_numbers_and_lists_are_as_good_as_floats(kind):
    cell, *_ = random_cell(kind, 3, 2, 2, 4)
    x, dh = np.arange(12).reshape(3, 2, 2), np.arange(24).reshape(3, 2, 4)
    found = cell.backward(cell.forward(x.tolist()), dh.tolist())
    other = cell.backward(cell.forward(x.astype(float)), dh.astype(float))
    for dw, right in zip(found.params, other.params, strict=True):
        np.testing.assert_array_equal(dw, right)


@both_cells
def test_a_saturated_cell_neither_overflows_nor_warns(kind):
    cell, x, first, dh = random_cell(kind, 3, 2, 2, 4)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        found = cell.backward(cell.forward(1e6 * x, *first), dh)
    assert all(np.all(np.isfinite(dw)) for dw in (*found.params, found.dx, found.dh0))


@both_cells
@settings(deadline=None)
@every_shape
def test_every_gradient_agrees_with_finite_differences(kind, **sizes):
    cell, x, first, dh = random_cell(kind, **sizes)
    found = cell.backward(cell.forward(x, *first), dh)
    loss = lambda: float(np.sum(cell.forward(x, *first).h[1:] * dh))
    ours = (*found.params, found.dx, *first_gradients(found))
    for w, dw in zip((*cell.params, x, *first), ours, strict=True):
        np.testing.assert_allclose(dw, numerical_gradient(loss, w), rtol=1e-6, atol=1e-7)


@settings(deadline=None)
@every_shape
def test_every_gradient_agrees_with_autograd(**sizes):
    rnn, x, [h0], dh = random_cell(RNN, **sizes)

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


@settings(deadline=None)
@every_shape
def test_every_gradient_of_an_lstm_agrees_with_autograd(**sizes):
    cell, x, first, dh = random_cell(LSTM, **sizes)

    def loss(*arrays):
        hs = (h for h, _ in lstm_states(*arrays))
        return sum(anp.sum(h * dh_t) for h, dh_t in zip(hs, dh, strict=True))

    found = cell.backward(cell.forward(x, *first), dh)
    pushes = np.zeros_like(found.delta), np.zeros_like(dh)
    theirs = autograd.grad(loss, tuple(range(8)))(*cell.params, x, *first, *pushes)
    ours = (*found.params, found.dx, found.dh0, found.dc[0], found.delta, found.dc[1:])
    for dw, other in zip(ours, theirs, strict=True):
        assert dw.shape == other.shape
        np.testing.assert_allclose(dw, other, rtol=1e-9, atol=1e-12)


@both_cells
def test_an_error_at_step_t_reaches_no_later_step(kind):
    cell, x, first, dh = random_cell(kind, 6, 2, 3, 4)
    dh[[0, 1, 3, 4, 5]] = 0.0
    found = cell.backward(cell.forward(x, *first), dh)
    assert np.all(found.delta[:3] != 0)
    np.testing.assert_array_equal(found.delta[3:], 0.0)
    np.testing.assert_array_equal(found.dx[3:], 0.0)


@both_cells
def test_backward_changes_neither_its_input_nor_the_trace(kind):
    cell, x, first, dh = random_cell(kind, 4, 2, 3, 4)
    trace = cell.forward(x, *first)
    arrays = [array for array in (*trace, dh, *cell.params, *first) if array is not None]
    kept = [array.copy() for array in arrays]
    cell.backward(trace, dh)
    for array, copy in zip(arrays, kept, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_with_an_open_forget_gate_and_a_shut_input_gate_the_belt_carries_everything():
    cell, x, [h0, c0], dh = random_cell(LSTM, 50, 2, 3, 4, only_last=True)
    cell.W_x[...], cell.W_h[...] = 0.0, 0.0
    cell.b[...] = np.repeat([-40.0, 40.0, 0.3, 1.0], 4)  # i = 0, f = 1
    trace = cell.forward(x, h0, c0)
    np.testing.assert_allclose(trace.c[-1], c0, rtol=1e-12)
    found = cell.backward(trace, dh)
    np.testing.assert_allclose(found.dc[0], found.dc[-1], rtol=1e-12)
    cell.b[4:8] = 0.0  # f = 1/2: half of the rest is lost at every step
    found = cell.backward(cell.forward(x, h0, c0), dh)
    np.testing.assert_allclose(found.dc[0], found.dc[-1] / 2**50, rtol=1e-12)


def test_an_optimiser_trains_an_rnn_in_place():
    rnn, x, [h0], _ = random_cell(RNN, 8, 16, 1, 6)
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


@pytest.mark.parametrize("first", [rnn, lstm])
@settings(deadline=None)
@given(T=st.integers(1, 5), m=st.integers(1, 4), n=st.integers(1, 4), seed=st.integers(0, 999))
def test_the_gradient_of_the_last_step_agrees_with_finite_differences(first, T, m, n, seed):
    rng = np.random.default_rng(seed)
    model = LastStep(first(2, n, rng), dense([n, 3, 2], TANH, MSE, rng))
    x, y = rng.normal(size=(T, m, 2)), rng.normal(size=(m, 2))
    of_cell, of_readout = model.backward(model.forward(x), y)
    loss = lambda: MSE.value(model.forward(x)[1].a[-1], y)
    for w, dw in zip(model.params, [*of_cell.params, *of_readout.params], strict=True):
        np.testing.assert_allclose(dw, numerical_gradient(loss, w), rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(of_cell.dx, numerical_gradient(loss, x), rtol=1e-5, atol=1e-8)


def test_the_answer_of_the_last_step_is_the_readout_of_the_last_state():
    rng = np.random.default_rng(0)
    model = LastStep(lstm(2, 3, rng), dense([3, 1], TANH, MSE, rng))
    x = rng.normal(size=(4, 5, 2))
    trace, read = model.forward(x)
    answer = model.readout.forward(model.cell.forward(x).h[-1]).a[-1]
    np.testing.assert_array_equal(read.a[-1], answer)
    assert [w.shape for w in model.params] == [(12, 2), (12, 3), (12,), (1, 3), (1,)]
    assert model.params[0] is model.cell.W_x
    assert model.params[-1] is model.readout.layers[-1].b


@pytest.mark.parametrize(("first", "rows"), [(rnn, 400), (lstm, 1600)])
def test_first_weights_have_the_size_that_their_inputs_ask_for(first, rows):
    cell = first(9, 400, np.random.default_rng(0))
    assert cell.W_x.shape == (rows, 9)
    assert cell.W_x.std() == pytest.approx(1 / 3, rel=0.05)
    assert cell.W_h.std() == pytest.approx(1 / 20, rel=0.05)
    again = first(9, 400, np.random.default_rng(0))
    for w, other in zip(cell.params, again.params, strict=True):
        np.testing.assert_array_equal(w, other)


def test_only_the_forget_gates_begin_open():
    np.testing.assert_array_equal(rnn(2, 3, np.random.default_rng(0)).b, np.zeros(3))
    for bias in (1.0, 0.0, -2.0):
        b = lstm(2, 3, np.random.default_rng(0), forget_bias=bias).b
        np.testing.assert_array_equal(b, [0, 0, 0, bias, bias, bias, 0, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(lstm(2, 1, np.random.default_rng(0)).b, [0, 1, 0, 0])


def test_clip_makes_long_gradients_as_long_as_allowed_in_their_own_direction():
    grads = [np.array([[3.0, 0.0], [0.0, 4.0]]), np.array([12.0])]  # length 13
    for dw, clipped in zip(grads, clip(grads, 6.5), strict=True):
        np.testing.assert_allclose(clipped, dw / 2)
    np.testing.assert_array_equal(grads[1], [12.0])  # the gradients themselves stay


@pytest.mark.parametrize("largest", [13.0, 14.0, np.inf])
def test_clip_leaves_short_gradients_alone(largest):
    grads = [np.array([[3.0, 0.0], [0.0, 4.0]]), np.array([12.0])]
    for dw, clipped in zip(grads, clip(grads, largest), strict=True):
        assert clipped is dw


@pytest.mark.parametrize("largest", [0, -1.0, np.nan])
def test_clip_to_no_length_at_all_is_refused_in_one_sentence(largest):
    with pytest.raises(ValueError) as error:
        clip([np.ones(3)], largest)
    assert str(error.value) == f"clip needs a length above 0, but largest is {largest}."


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


@pytest.mark.parametrize(
    "shapes",
    [
        ((3, 2), (3, 3), (3,)),
        ((12, 2), (12, 4), (12,)),
        ((8, 2), (12, 3), (12,)),
        ((12, 2), (12, 3), (3,)),
        ((2, 12), (3, 12), (12,)),
    ],
    ids=str,
)
def test_weights_that_fit_no_lstm_are_refused_in_one_sentence(shapes):
    with pytest.raises(ValueError) as error:
        LSTM(*map(np.ones, shapes))
    assert str(error.value) == (
        "an LSTM needs W_x (4n, n_in), W_h (4n, n) and b (4n,), "
        "but W_x is {}, W_h is {} and b is {}.".format(*shapes)
    )


@both_cells
@pytest.mark.parametrize("shape", [(5, 2), (5, 2, 4), (2,), (5, 2, 3, 1), (0, 2, 3)], ids=str)
def test_inputs_that_do_not_fit_are_refused_in_one_sentence(kind, shape):
    cell, *_ = random_cell(kind, 5, 2, 3, 4)
    with pytest.raises(ValueError) as error:
        cell.forward(np.zeros(shape))
    said = "W_x is ({}, 3), so x must be (T, m, 3), time first and T not 0, but x is {}."
    assert str(error.value) == said.format(4 * BLOCKS[kind], shape)


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3)], ids=str)
@pytest.mark.parametrize(("kind", "name"), [(RNN, "h0"), (LSTM, "h0"), (LSTM, "c0")])
def test_a_first_state_that_does_not_fit_is_refused_in_one_sentence(kind, name, shape):
    cell, x, *_ = random_cell(kind, 5, 2, 3, 4)
    with pytest.raises(ValueError) as error:
        cell.forward(x, **{name: np.zeros(shape)})
    assert str(error.value) == f"{name} must be (2, 4), (m, n), but it is {shape}."


@both_cells
@pytest.mark.parametrize("shape", [(6, 2, 4), (2, 4), (5, 1, 4)], ids=str)
def test_errors_that_do_not_fit_are_refused_in_one_sentence(kind, shape):
    cell, x, first, _ = random_cell(kind, 5, 2, 3, 4)
    with pytest.raises(ValueError) as error:
        cell.backward(cell.forward(x, *first), np.zeros(shape))
    assert str(error.value) == f"dh must be (5, 2, 4), (T, m, n), but it is {shape}."


@pytest.mark.parametrize("cell, rows", [(RNN, 2), (LSTM, 8)])
@pytest.mark.parametrize("wrong", [lambda w: w.astype(int), lambda w: w.tolist()])
def test_weights_that_are_no_array_of_floats_are_refused_in_one_sentence(cell, rows, wrong):
    weights = [np.ones((rows, 3)), np.ones((rows, 2)), np.ones(rows)]
    for k, name in enumerate(("W_x", "W_h", "b")):
        given = [wrong(w) if i == k else w for i, w in enumerate(weights)]
        with pytest.raises(TypeError, match=f"^an {cell.__name__}: {name} must be .* of floats"):
            cell(*given)


def test_a_recurrent_weight_that_is_one_number_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match=r"needs W_x .* W_h is \(\)"):
        RNN(np.ones((2, 3)), np.array(1.0), np.ones(2))
