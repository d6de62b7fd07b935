"""Forward is the textbook's formula for every row; backward is its gradient, in every network."""

from itertools import pairwise

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bplib.activations import IDENTITY, RELU, SIGMOID, TANH, leaky_relu
from bplib.datasets import mazur
from bplib.gradcheck import numerical_gradient
from bplib.initialisers import he
from bplib.losses import BINARY_CROSS_ENTROPY, MSE, SOFTMAX_CROSS_ENTROPY
from bplib.network import Layer, Network, Trace, dense

LEAKY = leaky_relu(0.1)
LOSSES = [MSE, BINARY_CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY]
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
every_depth = given(
    sizes=st.lists(st.integers(1, 4), min_size=2, max_size=5),
    phis=st.lists(st.sampled_from([SIGMOID, TANH, RELU, LEAKY, IDENTITY]), min_size=4, max_size=4),
    m=st.integers(1, 5),
    seed=st.integers(0, 999),
)


def random_network(sizes, phis, loss, m, seed):
    """A network, a batch for it, and targets that are a distribution in each row."""
    rng = np.random.default_rng(seed)
    layers = [
        Layer(rng.normal(size=(n_out, n_in)) / np.sqrt(n_in), rng.normal(size=n_out), phi)
        for (n_in, n_out), phi in zip(pairwise(sizes), phis, strict=False)
    ]
    if loss is not MSE:
        layers[-1].phi = IDENTITY
    x, y = rng.normal(size=(m, sizes[0])), rng.dirichlet(np.ones(sizes[-1]), m)
    return Network(layers, loss), x, y


def mazur_network():
    data = mazur()
    layers = [Layer(data.W1, data.b1, SIGMOID), Layer(data.W2, data.b2, SIGMOID)]
    return Network(layers, MSE), data.x, data.y


def assert_nine_decimals(found, by_hand):
    np.testing.assert_allclose(found, by_hand, rtol=0, atol=1e-9)


def test_forward_agrees_with_mazur_by_hand_to_nine_decimals():
    net, x, y = mazur_network()
    trace = net.forward(x)
    assert_nine_decimals(trace.z[0], [[0.3775, 0.3925]])
    assert_nine_decimals(trace.a[1], [[0.593269992, 0.596884378]])
    assert_nine_decimals(trace.a[2], [[0.75136507, 0.772928465]])
    assert_nine_decimals(MSE.value(trace.a[2], y), 0.298371109)


def test_backward_agrees_with_mazur_by_hand_to_nine_decimals():
    net, x, y = mazur_network()
    found = net.backward(net.forward(x), y)
    assert_nine_decimals(found.delta[1], [[0.138498562, -0.038098237]])
    assert_nine_decimals(found.dW[1], [[0.082167041, 0.082667628], [-0.022602540, -0.022740242]])
    assert_nine_decimals(found.delta[0], [[0.008771355, 0.009954255]])
    assert_nine_decimals(found.dW[0], [[0.000438568, 0.000877135], [0.000497713, 0.000995425]])
    for db, delta in zip(found.db, found.delta, strict=True):
        np.testing.assert_array_equal(db, delta[0])


def test_one_sample_by_hand_is_one_row_of_the_batch():
    net, x, _ = random_network([3, 4, 2], [SIGMOID, TANH], MSE, m=5, seed=0)
    trace = net.forward(x)
    a = x[1]
    for l, layer in enumerate(net.layers):
        z = layer.W @ a + layer.b
        a = layer.phi(z)
        np.testing.assert_allclose(trace.z[l][1], z)
        np.testing.assert_allclose(trace.a[l + 1][1], a)


def test_the_gradient_of_a_batch_is_the_mean_over_its_samples_by_hand():
    net, x, y = random_network([3, 4, 2], [SIGMOID, TANH], MSE, m=5, seed=0)
    (W1, b1), (W2, b2) = ((layer.W, layer.b) for layer in net.layers)
    dW1, dW2 = [], []
    for i in range(5):
        z1 = W1 @ x[i] + b1
        z2 = W2 @ SIGMOID(z1) + b2
        delta2 = (np.tanh(z2) - y[i]) * TANH.prime(z2)
        delta1 = W2.T @ delta2 * SIGMOID.prime(z1)
        dW2.append(np.outer(delta2, SIGMOID(z1)))
        dW1.append(np.outer(delta1, x[i]))
    found = net.backward(net.forward(x), y)
    np.testing.assert_allclose(found.dW[0], np.mean(dW1, axis=0))
    np.testing.assert_allclose(found.dW[1], np.mean(dW2, axis=0))


@every_loss
@settings(max_examples=50, deadline=None)
@every_depth
def test_backward_agrees_with_finite_differences(loss, sizes, phis, m, seed):
    net, x, y = random_network(sizes, phis, loss, m, seed)
    trace = net.forward(x)
    assume(min(np.abs(z).min() for z in trace.z) > 1e-3)  # a step must not cross a kink
    found = net.backward(trace, y)
    for layer, dW, db in zip(net.layers, found.dW, found.db, strict=True):
        for w, dw in ((layer.W, dW), (layer.b, db)):
            expected = numerical_gradient(lambda: loss.value(net.forward(x).a[-1], y), w)
            np.testing.assert_allclose(dw, expected, rtol=1e-5, atol=1e-7)


PLAIN_PHIS = {
    SIGMOID: lambda z: 1 / (1 + anp.exp(-z)),
    TANH: anp.tanh,
    RELU: lambda z: anp.where(z > 0, z, 0 * z),
    LEAKY: lambda z: anp.where(z > 0, z, 0.1 * z),
    IDENTITY: lambda z: z,
}


def plain_loss(loss, a, y):
    if loss is MSE:
        return anp.sum((a - y) ** 2) / 2 / len(y)
    if loss is BINARY_CROSS_ENTROPY:
        p = 1 / (1 + anp.exp(-a))
        return -anp.sum(y * anp.log(p) + (1 - y) * anp.log(1 - p)) / len(y)
    p = anp.exp(a) / anp.sum(anp.exp(a), axis=1, keepdims=True)
    return -anp.sum(y * anp.log(p)) / len(y)


@every_loss
@settings(max_examples=30, deadline=None)
@every_depth
def test_backward_agrees_with_autograd_in_weights_biases_and_error_signals(
    loss, sizes, phis, m, seed
):
    net, x, y = random_network(sizes, phis, loss, m, seed)

    def plain(parameters):
        """The loss, with a shift added to each z: its gradient at 0 is delta."""
        a = x
        for (W, b, shift), layer in zip(parameters, net.layers, strict=True):
            a = PLAIN_PHIS[layer.phi](anp.dot(a, W.T) + b + shift)
        return plain_loss(loss, a, y)

    parameters = [(layer.W, layer.b, np.zeros((m, len(layer.b)))) for layer in net.layers]
    trace = net.forward(x)
    assume(np.abs(trace.z[-1]).max() < 10)  # the plain formulas lose digits far out
    found = net.backward(trace, y)
    expected = autograd.grad(plain)(parameters)
    for l, (dW, db, delta) in enumerate(expected):
        np.testing.assert_allclose(found.dW[l], dW, rtol=1e-7, atol=1e-10)
        np.testing.assert_allclose(found.db[l], db, rtol=1e-7, atol=1e-10)
        np.testing.assert_allclose(found.delta[l], delta, rtol=1e-7, atol=1e-10)


@every_loss
def test_twice_the_same_rows_leave_loss_and_gradients_as_they_are(loss):
    net, x, y = random_network([3, 4, 2], [TANH, TANH], loss, m=5, seed=0)
    x2, y2 = np.vstack([x, x]), np.vstack([y, y])
    once, twice = net.backward(net.forward(x), y), net.backward(net.forward(x2), y2)
    value, value2 = (loss.value(net.forward(xs).a[-1], ys) for xs, ys in ((x, y), (x2, y2)))
    assert value2 == pytest.approx(value)
    for l in range(2):
        np.testing.assert_allclose(twice.dW[l], once.dW[l])
        np.testing.assert_allclose(twice.db[l], once.db[l])


def test_the_trace_and_the_gradients_have_the_shapes_of_the_textbook():
    net, x, y = random_network([3, 4, 2], [TANH, TANH], MSE, m=5, seed=0)
    trace = net.forward(x)
    found = net.backward(trace, y)
    assert [a.shape for a in trace.a] == [(5, 3), (5, 4), (5, 2)]
    assert [z.shape for z in trace.z] == [(5, 4), (5, 2)]
    assert [dW.shape for dW in found.dW] == [(4, 3), (2, 4)]
    assert [db.shape for db in found.db] == [(4,), (2,)]
    assert [delta.shape for delta in found.delta] == [(5, 4), (5, 2)]


def test_nothing_is_hidden_and_nothing_is_changed():
    net, x, y = random_network([3, 4, 2], [RELU, SIGMOID], MSE, m=5, seed=0)
    x_before, W_before = x.copy(), net.layers[0].W.copy()
    trace = net.forward(x)
    copy = Trace([a.copy() for a in trace.a], [z.copy() for z in trace.z])
    net.forward(x + 1)  # a later forward pass must not disturb an earlier trace
    first, again = net.backward(trace, y), net.backward(copy, y)
    np.testing.assert_array_equal(first.dW[0], again.dW[0])
    np.testing.assert_array_equal(trace.z[0], copy.z[0])
    np.testing.assert_array_equal(x, x_before)
    np.testing.assert_array_equal(net.layers[0].W, W_before)


@pytest.mark.parametrize("kind", [int, bool, np.uint8, np.float32, list])
def test_a_truth_table_may_be_given_in_any_real_numbers(kind):
    net, _, _ = random_network([2, 3, 1], [SIGMOID, SIGMOID], MSE, m=4, seed=0)
    x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0], [1], [1], [0]])
    xs, ys = (x.tolist(), y.tolist()) if kind is list else (x.astype(kind), y.astype(kind))
    expected = net.backward(net.forward(x.astype(float)), y.astype(float))
    trace = net.forward(xs)
    assert trace.a[0].dtype == float
    np.testing.assert_array_equal(net.backward(trace, ys).dW[0], expected.dW[0])


def test_an_empty_batch_goes_forward_but_has_no_mean_and_no_gradient():
    net, _, _ = random_network([2, 3, 1], [SIGMOID, SIGMOID], MSE, m=4, seed=0)
    trace = net.forward(np.zeros((0, 2)))
    assert trace.a[-1].shape == (0, 1)
    with pytest.raises(ValueError, match=r"^a mean needs at least one row"):
        net.backward(trace, np.zeros((0, 1)))


def forward(x):
    random_network([2, 3, 1], [SIGMOID, SIGMOID], MSE, m=4, seed=0)[0].forward(x)


def backward(y):
    net, x, _ = random_network([2, 3, 1], [SIGMOID, SIGMOID], MSE, m=4, seed=0)
    net.backward(net.forward(x), y)


@pytest.mark.parametrize("shape", [(4, 5), (4, 1), (2,), (), (2, 4, 2)])
def test_an_x_that_does_not_fit_the_first_layer_gets_one_sentence(shape):
    with pytest.raises(ValueError) as error:
        forward(np.zeros(shape))
    assert str(error.value) == (
        f"layer 1: its W is (3, 2), so x must be (m, 2), one sample per row, but x is {shape}."
    )


@pytest.mark.parametrize("shape", [(4,), (4, 2), (3, 1), (1, 4), (1, 1)])
def test_a_y_that_does_not_fit_the_last_layer_and_the_batch_gets_one_sentence(shape):
    with pytest.raises(ValueError) as error:
        backward(np.zeros(shape))
    assert str(error.value) == (
        f"layer 2: its W is (1, 3), so y must be (4, 1), one sample per row, but y is {shape}."
    )


@pytest.mark.parametrize("kind", [object, complex, "<U3"])
def test_rows_that_are_not_real_numbers_get_one_sentence(kind):
    end = f" must hold real numbers, but its dtype is {np.dtype(kind)}."
    with pytest.raises(TypeError) as error:
        forward(np.zeros((4, 2)).astype(kind))
    assert str(error.value) == "layer 1: x" + end
    with pytest.raises(TypeError) as error:
        backward(np.zeros((4, 1)).astype(kind))
    assert str(error.value) == "layer 2: y" + end


W, b = np.zeros((3, 2)), np.zeros(3)
NO_FLOATS = "must be a NumPy array of floats, but it is"


@pytest.mark.parametrize(
    ("layers", "kind", "sentence"),
    [
        ([(W.astype(int), b)], TypeError, f"layer 1: W {NO_FLOATS} int64."),
        ([(W, b), (np.eye(3), [0.0] * 3)], TypeError, f"layer 2: b {NO_FLOATS} list."),
        ([(b, b)], ValueError, "layer 1: W must be (n_out, n_in), but it is (3,)."),
        ([(W, W[:, :1])], ValueError, "layer 1: W is (3, 2), so b must be (3,), but it is (3, 1)."),
        ([(W.T, b)], ValueError, "layer 1: W is (2, 3), so b must be (2,), but it is (3,)."),
        (
            [(W, b), (W, b)],
            ValueError,
            "layer 2: W is (3, 2) and takes 2 inputs, but layer 1 has 3 neurons.",
        ),
        ([], ValueError, "a network needs at least one layer."),
    ],
)
def test_layers_that_cannot_work_get_one_sentence(layers, kind, sentence):
    with pytest.raises(kind) as error:
        Network([Layer(W, b, SIGMOID) for W, b in layers], MSE)
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("loss", "last"),
    [(MSE, TANH), (BINARY_CROSS_ENTROPY, IDENTITY), (SOFTMAX_CROSS_ENTROPY, IDENTITY)],
)
def test_dense_ends_with_phi_unless_the_loss_takes_z(loss, last):
    net = dense([5, 4, 3, 2], TANH, loss, np.random.default_rng(0))
    assert [layer.W.shape for layer in net.layers] == [(4, 5), (3, 4), (2, 3)]
    assert [layer.phi for layer in net.layers] == [TANH, TANH, last]
    assert all(not np.any(layer.b) for layer in net.layers)
    assert net.loss is loss


def test_dense_draws_its_weights_from_init_and_rng_in_order():
    net, rng = (
        dense([5, 4, 3], RELU, MSE, np.random.default_rng(7), init=he),
        np.random.default_rng(7),
    )
    for layer, (n_out, n_in) in zip(net.layers, [(4, 5), (3, 4)], strict=True):
        np.testing.assert_array_equal(layer.W, he(n_out, n_in, rng))


@pytest.mark.parametrize("sizes", [[], [3]])
def test_dense_needs_two_sizes(sizes):
    with pytest.raises(ValueError, match=r"^a network needs at least one layer\.$"):
        dense(sizes, TANH, MSE, np.random.default_rng(0))
