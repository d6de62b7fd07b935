"""Values and gradients agree with PyTorch.   python3 start.py test runs this where torch is."""

from itertools import pairwise

import numpy as np
import pytest

from bplib.activations import IDENTITY, LEAKY_RELU, RELU, SIGMOID, TANH
from bplib.datasets import mazur
from bplib.initialisers import he, xavier
from bplib.losses import BINARY_CROSS_ENTROPY, MSE, SOFTMAX_CROSS_ENTROPY, softmax
from bplib.network import Layer, Network

torch = None  # conftest.py fills it in

PHIS = {
    SIGMOID: lambda z: torch.sigmoid(z),
    TANH: lambda z: torch.tanh(z),
    RELU: lambda z: torch.relu(z),
    LEAKY_RELU: lambda z: torch.nn.functional.leaky_relu(z),
    IDENTITY: lambda z: z,
}
LOSSES = {
    MSE: lambda a, y: torch.nn.functional.mse_loss(a, y, reduction="sum") / 2 / len(a),
    BINARY_CROSS_ENTROPY: lambda z, y: (
        torch.nn.functional.binary_cross_entropy_with_logits(z, y, reduction="sum") / len(z)
    ),
    SOFTMAX_CROSS_ENTROPY: lambda z, y: torch.nn.functional.cross_entropy(z, y),
}
every_phi = pytest.mark.parametrize("phi", PHIS, ids=lambda phi: phi.name)
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)


def tensor(array):
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


def assert_agree(ours, theirs):
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-9, atol=1e-12)


@every_phi
def test_values_and_slopes_of_activations_also_at_the_kink_and_far_out(phi):
    z = np.array([-1000.0, -30.0, -2.0, -0.5, 0.0, 0.5, 2.0, 30.0, 1000.0])
    theirs = tensor(z)
    a = PHIS[phi](theirs)
    a.sum().backward()
    assert_agree(phi(z), a)
    assert_agree(phi.prime(z), theirs.grad)


@every_loss
@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_values_and_gradients_of_losses_also_for_very_large_logits(loss, scale):
    rng = np.random.default_rng(0)
    z, y = rng.normal(0.0, scale, (6, 4)), np.eye(4)[rng.integers(4, size=6)]
    theirs = tensor(z)
    value = LOSSES[loss](theirs, torch.tensor(y))
    value.backward()
    assert_agree(loss.value(z, y), value)
    assert_agree(loss.grad(z, y), theirs.grad)


def test_softmax_of_rows():
    z = np.random.default_rng(0).normal(0.0, 5.0, (6, 4))
    assert_agree(softmax(z), torch.softmax(torch.tensor(z), dim=1))


@every_loss
@every_phi
@pytest.mark.parametrize("sizes", [[3, 2], [1, 4, 1], [3, 5, 4, 2]], ids=str)
def test_backward_of_a_whole_network(sizes, phi, loss):
    rng = np.random.default_rng(len(sizes))
    layers = [
        Layer(rng.normal(size=(n_out, n_in)), rng.normal(size=n_out), phi)
        for n_in, n_out in pairwise(sizes)
    ]
    net = Network(layers, loss)
    x, y = rng.normal(size=(6, sizes[0])), rng.dirichlet(np.ones(sizes[-1]), 6)
    compare(net, x, y)


def test_backward_of_mazur():
    data = mazur()
    layers = [Layer(data.W1, data.b1, SIGMOID), Layer(data.W2, data.b2, SIGMOID)]
    compare(Network(layers, MSE), data.x, data.y)


def compare(net, x, y):
    Ws, bs = [tensor(layer.W) for layer in net.layers], [tensor(layer.b) for layer in net.layers]
    a, zs = torch.tensor(x), []
    for W, b, layer in zip(Ws, bs, net.layers, strict=True):
        zs.append(torch.nn.functional.linear(a, W, b))
        zs[-1].retain_grad()
        a = PHIS[layer.phi](zs[-1])
    value = LOSSES[net.loss](a, torch.tensor(y))
    value.backward()
    trace = net.forward(x)
    found = net.backward(trace, y)
    assert_agree(net.loss.value(trace.a[-1], y), value)
    for l, z in enumerate(zs):
        assert_agree(trace.z[l], z)
        assert_agree(found.delta[l], z.grad)
        assert_agree(found.dW[l], Ws[l].grad)
        assert_agree(found.db[l], bs[l].grad)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (xavier, lambda W: torch.nn.init.xavier_normal_(W)),
        (he, lambda W: torch.nn.init.kaiming_normal_(W, nonlinearity="relu")),
    ],
    ids=["xavier", "he"],
)
def test_initialisers_have_the_same_spread_for_a_wide_and_a_tall_layer(ours, theirs):
    generator_state = torch.get_rng_state()
    torch.manual_seed(0)
    for n_out, n_in in ((600, 50), (50, 600)):
        W = ours(n_out, n_in, np.random.default_rng(0))
        assert W.std() == pytest.approx(theirs(torch.empty(n_out, n_in)).std().item(), rel=0.02)
    torch.set_rng_state(generator_state)
