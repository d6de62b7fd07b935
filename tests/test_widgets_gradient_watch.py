"""The interactives of lesson 5 that watch training and time: their numbers are the library's."""

import numpy as np
import pytest
from pictures import column, put

from bplib import datasets, widgets
from bplib.activations import RELU, SIGMOID, TANH
from bplib.initialisers import he, xavier
from bplib.losses import SOFTMAX_CROSS_ENTROPY
from bplib.network import dense
from bplib.optimisers import SGD
from bplib.recurrent import RNN
from bplib.svg import number, rough
from bplib.training import train
from bplib.widgets import gradient_watch

LARGE = gradient_watch.STARTS[-1]


def rms(values):
    return np.sqrt(np.mean(np.square(values)))


def floats(cells):
    return np.array([float(cell.replace("−", "-")) for cell in cells])


def trained(phi, init, depth, epochs):
    """Written out once more as the lesson does it.   -> network, x, y, W before the last epoch"""
    rng = np.random.default_rng(0)
    x, y, _, _ = datasets.split(*datasets.digits(), 797, rng)
    net = dense([64, *[32] * depth, 10], phi, SOFTMAX_CROSS_ENTROPY, rng, init)
    for epoch in train(net, x, y, SGD(0.05), epochs, 32, rng):
        if epoch.number < epochs:
            before = [layer.W.copy() for layer in net.layers]
    return net, x, y, before


@pytest.mark.parametrize(
    ("name", "phi", "start", "init"),
    [
        ("sigmoid", SIGMOID, "Xavier", xavier),
        ("tanh", TANH, "Xavier", xavier),
        ("ReLU", RELU, "He", he),
    ],
)
def test_the_wall_shows_the_activations_and_deltas_of_the_trained_network(name, phi, start, init):
    picture = put(widgets.histogram_wall(), phi=name, init=start, step=3)
    net, x, y, _ = trained(phi, init, 6, 3)
    trace = net.forward(x[:200])
    gradients = net.backward(trace, y[:200])
    assert column(picture, "RMS of a") == [number(rms(a)) for a in trace.a[1:7]]
    assert column(picture, "RMS of delta") == [rough(rms(d)) for d in gradients.delta[:6]]
    flat = [np.mean(phi.prime(z) < 0.01) for z in trace.z[:6]]
    assert column(picture, "slope below 0.01") == [number(share) for share in flat]


def test_tanh_with_large_weights_is_saturated_and_with_xavier_it_is_not():
    wall = widgets.histogram_wall()
    large = floats(column(put(wall, phi="tanh", init=LARGE, step=0), "slope below 0.01"))
    small = floats(column(put(wall, phi="tanh", init="Xavier", step=0), "slope below 0.01"))
    assert large.min() > 0.3 and small.max() < 0.05


def test_relu_says_how_many_error_signals_are_exactly_zero():
    zero = floats(column(put(widgets.histogram_wall(), phi="ReLU", init="He"), "delta exactly 0"))
    assert (0.2 < zero).all() and (zero < 0.8).all()


@pytest.mark.parametrize(("name", "phi"), [("sigmoid", SIGMOID), ("ReLU", RELU)])
def test_the_race_shows_how_far_each_layer_moved_in_the_last_epoch(name, phi):
    picture = put(widgets.which_layer_learns(), phi=name, init="Xavier", depth=5, step=4)
    net, _, _, before = trained(phi, xavier, 5, 4)
    moved = [rms(layer.W - W) / rms(W) for layer, W in zip(net.layers, before, strict=True)]
    assert column(picture, "movement in this epoch") == [rough(m) for m in moved[:5]]


def test_ten_sigmoid_layers_stand_at_the_loss_of_guessing_and_the_picture_says_why():
    race = widgets.which_layer_learns()
    stuck = put(race, phi="sigmoid", init="Xavier", depth=10, step=10)
    assert "That is the loss of guessing." in stuck.alt
    assert "not converged, but vanished" in stuck.alt
    moved = floats(column(stuck, "movement in this epoch"))
    assert moved[0] < 1e-3 * moved[-1]
    fine = put(race, phi="ReLU", init="He", depth=10, step=10)
    assert "not converged" not in fine.alt
    moved = floats(column(fine, "movement in this epoch"))
    assert moved[0] > 0.1 * moved[-1]


def test_before_the_first_epoch_nothing_has_moved():
    picture = put(widgets.which_layer_learns(), step=0)
    assert set(column(picture, "movement in this epoch")) == {"NaN"}
    assert "nothing has moved yet" in picture.alt


def test_time_is_the_backward_pass_of_an_rnn():
    picture = put(widgets.gradient_through_time(), radius=1.1, T=20, weights_seed=4)
    rng = np.random.default_rng(4)
    W_h = rng.normal(size=(32, 32))
    W_h *= 1.1 / np.abs(np.linalg.eigvals(W_h)).max()
    W_x, x = rng.normal(size=(32, 1)), rng.normal(size=(60, 8, 1))
    rnn = RNN(W_x, W_h, np.zeros(32))
    dh = np.zeros((20, 8, 32))
    dh[-1] = rng.normal(size=(8, 32))
    delta = rnn.backward(rnn.forward(0.01 * x[:20]), dh).delta
    sizes = [rms(step) / rms(delta[-1]) for step in delta]
    np.testing.assert_allclose(floats(column(picture, "RMS of delta, last = 1")), sizes, rtol=6e-3)
    assert column(picture, "radius^(T − t)")[0] == rough(1.1**19)


@pytest.mark.parametrize(
    ("radius", "inputs", "verdict"),
    [
        (0.8, "small inputs (0.01)", "vanishes"),
        (1.0, "small inputs (0.01)", "is about constant"),
        (1.3, "small inputs (0.01)", "explodes"),
        (1.3, "large inputs (1)", "vanishes"),
    ],
)
def test_the_verdict_holds_for_five_seeds(radius, inputs, verdict):
    explore = widgets.gradient_through_time()
    for seed in range(5):
        picture = put(explore, radius=radius, inputs=inputs, weights_seed=seed, T=50)
        assert f"the error signal {verdict}" in picture.alt, seed


def test_large_inputs_saturate_the_neurons_and_the_words_say_so():
    picture = put(widgets.gradient_through_time(), inputs="large inputs (1)")
    assert "many neurons are saturated" in picture.alt
    assert gradient_watch._recurrent(0)[0].shape == (32, 32)
