"""The interactives of lesson 5 that watch training and time: their numbers are the library's."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from drawings import NAME, column, put, words

from bplib import datasets, svg, widgets
from bplib.activations import RELU, SIGMOID, TANH
from bplib.initialisers import he, normal, xavier
from bplib.losses import SOFTMAX_CROSS_ENTROPY
from bplib.network import dense
from bplib.optimisers import SGD
from bplib.recurrent import RNN
from bplib.svg import number, rough
from bplib.training import train
from bplib.widgets import gradient_watch

SMALL, LARGE = gradient_watch.STARTS[0], gradient_watch.STARTS[-1]
TINY, FEW, MUCH = gradient_watch.INPUTS
FLAT = {
    "sigmoid": lambda z: SIGMOID.prime(z) < 0.01,
    "tanh": lambda z: np.abs(np.tanh(z)) > 0.97,
    "ReLU": lambda z: z <= 0,
}


def rms(values):
    return np.sqrt(np.mean(np.square(values)))


def floats(cells):
    return np.array([float(cell.replace("−", "-")) for cell in cells])


def large(n_out, n_in, rng):
    return normal(n_out, n_in, rng, std=1.0)


def trained(phi, init, depth, epochs):
    """Written out once more.   -> network, last Epoch, x, y, W before the last epoch"""
    before = None
    rng = np.random.default_rng(0)
    x, y, _, _ = datasets.split(*datasets.digits(), 797, rng)
    net = dense([64, *[32] * depth, 10], phi, SOFTMAX_CROSS_ENTROPY, rng, init)
    for epoch in train(net, x, y, SGD(0.05), epochs, 32, rng):
        if epoch.number < epochs:
            before = [layer.W.copy() for layer in net.layers]
    return net, epoch, x[:200], y[:200], before


def curves(picture, colour):
    """The points of every curve of this colour, in pixels.   -> list of (n, 2)"""
    lines = ET.fromstring(picture.svg).iter(f"{NAME}polyline")
    return [
        np.array([point.split(",") for point in line.get("points").split()], float)
        for line in lines
        if line.get("stroke") == colour
    ]


def green_bars(picture):
    """The lengths of the bars, as powers of ten."""
    boxes = list(ET.fromstring(picture.svg).iter(f"{NAME}rect"))
    wide = np.array([float(b.get("width")) for b in boxes if b.get("fill") == svg.WEIGHT])
    return wide / 250 * 12 - 12


@pytest.mark.parametrize(
    ("name", "phi", "start", "init"),
    [
        ("sigmoid", SIGMOID, "Xavier", xavier),
        ("tanh", TANH, "He", he),
        ("ReLU", RELU, "He", he),
        ("tanh", TANH, SMALL, normal),
        ("sigmoid", SIGMOID, LARGE, large),
    ],
)
def test_the_wall_shows_the_activations_and_deltas_of_the_trained_network(name, phi, start, init):
    picture = put(widgets.histogram_wall(), phi=name, init=start, step=3)
    net, last, x, y, _ = trained(phi, init, 6, 3)
    trace = net.forward(x)
    gradients = net.backward(trace, y)
    assert column(picture, "RMS of a") == [rough(rms(a)) for a in trace.a[1:7]]
    assert column(picture, "RMS of delta") == [rough(rms(d)) for d in gradients.delta[:6]]
    assert column(picture, "flat") == [number(np.mean(FLAT[name](z))) for z in trace.z[:6]]
    assert column(picture, "mean slope") == [number(np.mean(phi.prime(z))) for z in trace.z[:6]]
    assert f"loss {number(last.loss)} " in picture.alt
    assert f"accuracy {number(last.accuracy)}." in picture.alt


def test_the_highest_bar_of_each_histogram_stands_where_most_values_are():
    picture = put(widgets.histogram_wall(), phi="tanh", init="Xavier", step=2)
    net, _, x, y, _ = trained(TANH, xavier, 6, 2)
    trace = net.forward(x)
    deltas = net.backward(trace, y).delta
    left, right = curves(picture, svg.FORWARD), curves(picture, svg.BACKWARD)
    assert len(left) == len(right) == 6
    for l in range(6):
        for points, values, low, high, bins, start in (
            (left[l], trace.a[l + 1], -1, 1, 30, 66),
            (right[l], np.log10(np.abs(deltas[l])), -18, 2, 40, 346),
        ):
            counts, edges = np.histogram(values, bins, (low, high))
            top = points[points[:, 1] == points[:, 1].min(), 0].min()
            expected = start + 178 * (edges[counts.argmax()] - low) / (high - low)
            assert top == pytest.approx(expected, abs=0.1)
            assert points[:, 1].max() - points[:, 1].min() == pytest.approx(38, abs=0.1)


def test_tanh_with_large_weights_is_saturated_and_with_xavier_it_is_not():
    wall = widgets.histogram_wall()
    flat = put(wall, phi="tanh", init=LARGE, step=0)
    assert floats(column(flat, "flat")).min() > 0.6
    assert floats(column(flat, "mean slope")).max() < 0.2
    assert "tanh′(0) = 1, but few neurons are near 0" in flat.worked[-1]
    steep = put(wall, phi="tanh", init="Xavier", step=0)
    assert floats(column(steep, "flat")).max() < 0.05
    assert floats(column(steep, "mean slope")).min() > 0.6
    assert "few neurons" not in "".join(steep.worked)


def test_tanh_with_small_weights_has_slope_1_and_vanishes_all_the_same():
    picture = put(widgets.histogram_wall(), phi="tanh", init=SMALL, step=0)
    assert floats(column(picture, "mean slope")).min() > 0.99
    deltas = floats(column(picture, "RMS of delta"))
    assert deltas[0] < 1e-5 * deltas[-1]
    assert "every slope is near 1, and delta still vanishes" in picture.worked[-1]


def test_relu_says_how_many_neurons_and_error_signals_are_exactly_zero():
    picture = put(widgets.histogram_wall(), phi="ReLU", init="He")
    flat, zero = (floats(column(picture, name)) for name in ("flat", "delta exactly 0"))
    assert (0.2 < flat).all() and (flat < 0.8).all()
    np.testing.assert_array_equal(flat, zero)
    assert "flat: a = 0 (zeros are not drawn)" in words(picture)
    net, _, x, _, _ = trained(RELU, he, 6, 0)
    a = net.forward(x).a[1]
    high = float(f"{max(layer.max() for layer in net.forward(x).a[1:7]):.2g}")
    counts = np.histogram(a[a > 0], 30, (0, high))[0]
    heights = 88 - curves(picture, svg.FORWARD)[0][1:-1:2, 1]
    last = np.flatnonzero(counts)[-1] + 1
    np.testing.assert_allclose(heights, 38 * counts[:last] / counts.max(), atol=0.1)


def test_a_wall_without_any_error_signal_says_so_and_draws_no_orange():
    picture = put(widgets.histogram_wall(), phi="ReLU", init=LARGE, step=10)
    assert set(column(picture, "RMS of delta")) == {"0"}
    assert curves(picture, svg.BACKWARD) == []
    assert "no error signal comes so far back" in picture.worked[1]


@pytest.mark.parametrize(
    ("values", "written"),
    [([1, 2, 3, 6], "1–3, 6"), ([4], "4"), ([1, 3], "1, 3"), ([9, 10], "9–10"), ([], "")],
)
def test_neighbours_are_written_as_a_span(values, written):
    assert gradient_watch._spans(values) == written


@pytest.mark.parametrize(("name", "phi"), [("sigmoid", SIGMOID), ("ReLU", RELU)])
def test_the_race_shows_how_far_each_layer_moved_in_the_last_epoch(name, phi):
    picture = put(widgets.which_layer_learns(), phi=name, init="Xavier", depth=5, step=4)
    net, _, x, y, before = trained(phi, xavier, 5, 4)
    moved = [
        np.linalg.norm(layer.W - W) / np.linalg.norm(W)
        for layer, W in zip(net.layers, before, strict=True)
    ]
    assert column(picture, "layer") == [*(f"layer {l}" for l in range(1, 6)), "output"]
    assert column(picture, "movement in this epoch") == [rough(m) for m in moved]
    np.testing.assert_allclose(green_bars(picture), np.log10(moved), atol=0.01)
    gradients = net.backward(net.forward(x), y)
    assert column(picture, "RMS of dW") == [rough(rms(dW)) for dW in gradients.dW]
    assert column(picture, "RMS of delta") == [rough(rms(delta)) for delta in gradients.delta]


def test_ten_sigmoid_layers_stand_at_the_loss_of_guessing_and_the_picture_says_why():
    race = widgets.which_layer_learns()
    stuck = put(race, phi="sigmoid", init="Xavier", depth=10, step=10)
    moved = floats(column(stuck, "movement in this epoch"))[:10]
    assert moved[0] < 1e-3 * moved[-1] and (moved[:3] < 1e-5).all()
    still = int(np.sum(moved < 1e-4))
    assert column(stuck, "verdict") == ["hardly moves"] * still + ["moves"] * (11 - still)
    assert f"layers 1–{still} hardly move (less than 0.0001)" in stuck.worked
    assert "That is the loss of guessing." in stuck.alt
    assert "not converged, but vanished" in stuck.alt
    assert {"not converged,", "but vanished"} <= set(words(stuck))


def test_ten_relu_layers_with_he_all_move_and_learn():
    fine = put(widgets.which_layer_learns(), phi="ReLU", init="He", depth=10, step=10)
    moved = floats(column(fine, "movement in this epoch"))
    assert moved.min() > 0.1 * moved.max()
    assert "not converged" not in fine.alt and "guessing." not in fine.alt
    assert "every layer moves" in words(fine)
    accuracy = trained(RELU, he, 10, 10)[1].accuracy
    assert accuracy > 0.5 and f"accuracy {number(accuracy)}." in fine.alt


def test_ten_tanh_layers_with_large_weights_guess_once_they_are_saturated():
    # Which layers still move depends on the last bit of a sum: large weights are chaotic.
    moment = trained(TANH, gradient_watch.INITS[LARGE], 10, 9)[1]
    assert moment.accuracy < 0.3 and moment.loss > 2
    picture = put(widgets.which_layer_learns(), phi="tanh", init=LARGE, depth=10, step=9)
    assert f"accuracy {number(moment.accuracy)}." in picture.alt


def test_three_sigmoid_layers_guess_too_but_every_layer_moves():
    picture = put(widgets.which_layer_learns(), phi="sigmoid", init="Xavier", depth=3, step=4)
    assert "every layer moves" in words(picture) and "vanished" not in picture.alt
    assert "nothing useful is learnt yet" in picture.worked[-1]


def test_relu_whose_neurons_all_give_zero_is_called_dead():
    picture = put(widgets.which_layer_learns(), phi="ReLU", init=LARGE, depth=10, step=5)
    assert set(column(picture, "movement in this epoch")) == {"0"}
    assert "but dead" in words(picture) and "vanished" not in picture.alt


def test_before_the_first_epoch_nothing_has_moved():
    picture = put(widgets.which_layer_learns(), step=0)
    assert set(column(picture, "movement in this epoch")) == {"NaN"}
    assert len(green_bars(picture)) == 0
    assert "nothing has moved yet" in picture.alt


def test_only_a_loss_near_ln_10_is_called_guessing_and_a_higher_one_is_called_worse():
    state = gradient_watch._state
    moment = gradient_watch.Moment(np.log(10), 0.1, None)
    for loss, said in ((0.0, "the loss of guessing"), (0.1, "worse than guessing"), (-0.1, None)):
        sentence = state(3, moment._replace(loss=moment.loss + loss), "")
        assert [w in sentence for w in ("the loss of guessing", "worse than guessing")] == [
            said == "the loss of guessing",
            said == "worse than guessing",
        ]
    assert "loss 2.51e4 " in state(0, moment._replace(loss=25100.0), "")


def test_training_that_ends_early_says_after_which_epoch():
    *_, moments = gradient_watch._watch("tanh", "Xavier", 6)
    assert gradient_watch._reached(moments, 10) == (10, "")
    n, gone = gradient_watch._reached(moments[:3], 10)
    assert n == 2 and "stopped after epoch 2" in gone


@pytest.mark.parametrize("inputs", [TINY, FEW, MUCH])
def test_time_is_the_backward_pass_of_an_rnn_with_the_seeds_of_the_lesson(inputs):
    picture = put(widgets.gradient_through_time(), radius=1.1, T=20, inputs=inputs, weights_seed=4)
    rng = np.random.default_rng(4)
    W_h = rng.normal(size=(32, 32))
    W_h *= 1.1 / np.abs(np.linalg.eigvals(W_h)).max()
    rnn, dh = RNN(rng.normal(size=(32, 1)), W_h, np.zeros(32)), np.zeros((20, 8, 32))
    dh[-1] = rng.normal(size=(8, 32))
    trace = rnn.forward(gradient_watch.INPUTS[inputs] * rng.normal(size=(20, 8, 1)))
    delta = rnn.backward(trace, dh).delta
    sizes = [rms(step) / rms(delta[-1]) for step in delta]
    np.testing.assert_allclose(floats(column(picture, "RMS of delta, last = 1")), sizes, rtol=6e-3)
    assert column(picture, "ρ^(T − t)") == [rough(1.1 ** (20 - t)) for t in range(1, 21)]
    slopes = (1 - trace.h[1:] ** 2).mean(axis=(1, 2))
    assert column(picture, "mean slope of tanh") == [number(slope) for slope in slopes]
    factor = (sizes[0]) ** (1 / 19)
    assert number(factor) in words(picture) and f"= {number(factor)}; ρ alone" in picture.worked[1]


def test_both_curves_of_time_end_at_one_and_the_dotted_one_is_straight():
    picture = put(widgets.gradient_through_time(), radius=0.8, T=30)
    (delta,) = curves(picture, svg.BACKWARD)
    lines = ET.fromstring(picture.svg).iter(f"{NAME}polyline")
    (dotted,) = [line for line in lines if line.get("stroke-dasharray") == svg.DOTTED]
    points = np.array([p.split(",") for p in dotted.get("points").split()], float)
    assert len(points) == len(delta) == 30
    np.testing.assert_allclose(points[-1], delta[-1])
    np.testing.assert_allclose(np.diff(points[:, 1]), np.diff(points[:, 1])[0], atol=0.11)


def test_one_neuron_gives_the_product_of_its_factors():
    w, x = 1.3, np.array([0.4, -0.2, 0.9, 0.1]).reshape(4, 1, 1)
    rnn = RNN(np.array([[0.7]]), np.array([[w]]), np.zeros(1))
    slope, delta = gradient_watch._way_back(rnn, x, np.array([[2.0]]))
    h, by_hand = 0.0, []
    for value in x.ravel():
        h = np.tanh(0.7 * value + w * h)
        by_hand.append(1 - h**2)
    np.testing.assert_allclose(slope.ravel(), by_hand)
    s1, s2, s3, s4 = by_hand
    products = [
        2 * s4 * w * s3 * w * s2 * w * s1,
        2 * s4 * w * s3 * w * s2,
        2 * s4 * w * s3,
        2 * s4,
    ]
    np.testing.assert_allclose(delta.ravel(), products)


@pytest.mark.parametrize(
    ("radius", "inputs", "verdict"),
    [
        (0.9, FEW, "vanishes"),
        (1.0, FEW, "is about constant"),
        (1.1, FEW, "explodes"),
        (1.5, TINY, "explodes"),
        (1.1, MUCH, "vanishes"),
        (1.5, MUCH, "vanishes"),
    ],
)
def test_the_verdict_holds_for_five_seeds(radius, inputs, verdict):
    explore = widgets.gradient_through_time()
    for seed in range(5):
        picture = put(explore, radius=radius, inputs=inputs, weights_seed=seed, T=50)
        assert f"the error signal {verdict}" in picture.alt, seed
        still = radius > 1 and verdict == "vanishes"
        assert ("ρ is above 1, and still" in picture.alt) == still


def test_without_saturation_the_factor_is_near_the_radius_and_with_it_far_below():
    explore = widgets.gradient_through_time()
    for radius in (0.5, 1.0, 1.5):
        for inputs, low, high in ((TINY, 0.95, 1.02), (MUCH, 0.3, 0.75)):
            picture = put(explore, radius=radius, inputs=inputs, T=60)
            ratio = floats(column(picture, "RMS of delta, last = 1"))[0]
            assert low < ratio ** (1 / 59) / radius < high
