"""The interactives of lesson 5: their sizes are those of bplib's networks, and so are the words."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from drawings import NAME, column, put, words

from bplib import datasets, svg, widgets
from bplib.activations import LEAKY_RELU, RELU, SIGMOID, TANH
from bplib.initialisers import he, normal, xavier
from bplib.losses import MSE, SOFTMAX_CROSS_ENTROPY
from bplib.network import Layer, Network, dense
from bplib.svg import rough
from bplib.widgets import vanishing_gradient

SMALL, OLD, XAVIER, HE, LARGE = vanishing_gradient.INITS
DIGITS, NOISE = vanishing_gradient.DATA
PHIS = {"sigmoid": SIGMOID, "tanh": TANH, "ReLU": RELU, "Leaky ReLU": LEAKY_RELU}


def floats(cells):
    return np.array([float(cell.replace("−", "-")) for cell in cells])


def rms(values):
    return np.sqrt(np.mean(values**2))


def curves(picture, **style):
    """The points in pixels of each curve with this style.   -> [(n, 2), ...]"""
    return [
        np.array([point.split(",") for point in line.get("points").split()], dtype=float)
        for line in ET.fromstring(picture.svg).iter(f"{NAME}polyline")
        if all(line.get(key.replace("_", "-")) == value for key, value in style.items())
    ]


def one_pass(phi, init, depth=10, width=64, seed=0):
    """Written out once more as the lesson does it.   -> Trace, Gradients"""
    x, y = datasets.digits()
    rng = np.random.default_rng(seed)
    net = dense([64, *[width] * depth, 10], phi, SOFTMAX_CROSS_ENTROPY, rng, init)
    rows = rng.permutation(len(x))[:100]
    trace = net.forward(x[rows])
    return trace, net.backward(trace, y[rows])


@pytest.mark.parametrize("phi", PHIS)
@pytest.mark.parametrize(
    ("name", "init"),
    [
        (SMALL, normal),
        (OLD, lambda n_out, n_in, rng: rng.uniform(-1, 1, (n_out, n_in)) / n_in**0.5),
        (XAVIER, xavier),
        (HE, he),
        (LARGE, lambda n_out, n_in, rng: rng.normal(0, 1, (n_out, n_in))),
    ],
)
def test_the_three_curves_are_measured_on_a_network_of_bplib(phi, name, init):
    picture = vanishing_gradient.draw_depth(7, phi, name, 32, DIGITS, 5)
    trace, gradients = one_pass(PHIS[phi], init, 7, 32, 5)
    expected = {
        "RMS of delta": [rms(delta) for delta in gradients.delta[:7]],
        "RMS of dW": [rms(dW) for dW in gradients.dW[:7]],
        "spread (std) of a": [np.std(a) for a in trace.a[1:8]],
    }
    for heading, sizes in expected.items():
        np.testing.assert_allclose(floats(column(picture, heading)), sizes, rtol=6e-3)


# first / tenth hidden layer, 64 wide, digits; None: not measured there.  delta, dW
MEASURED = {
    ("sigmoid", SMALL): (4.9e-16, 1e-15),
    ("tanh", SMALL): (1.3e-10, 1.0),
    ("ReLU", SMALL): (5.4e-12, 1.0),
    ("Leaky ReLU", SMALL): (5.4e-12, 1.0),
    ("sigmoid", XAVIER): (1.9e-6, 4e-6),
    ("tanh", XAVIER): (0.28, 1.2),
    ("ReLU", XAVIER): (0.04, 1.0),
    ("sigmoid", HE): (2.6e-5, None),
    ("tanh", HE): (1.1, None),
    ("ReLU", HE): (0.91, 1.0),
    ("Leaky ReLU", HE): (0.91, None),
    ("sigmoid", LARGE): (0.26, None),
    ("tanh", LARGE): (630, None),
    ("ReLU", LARGE): (5.4e6, 1.0),
}


@pytest.mark.parametrize(("phi", "init"), MEASURED)
def test_the_ratios_of_ten_layers_are_the_known_ones_in_the_middle_of_five_seeds(phi, init):
    ratios = []
    for seed in range(5):
        delta, dW, _ = vanishing_gradient._measure(10, phi, init, 64, DIGITS, seed)
        ratios.append((delta[0] / delta[-1], dW[0] / dW[-1]))
    for ratio, known in zip(np.median(ratios, axis=0), MEASURED[phi, init], strict=True):
        if known is not None:
            assert known / 3 < ratio < known * 3


@pytest.mark.parametrize(
    ("init", "low", "high"), [(SMALL, 1e-12, 1e-10), (XAVIER, 5e-3, 0.2), (LARGE, 1e6, 1e8)]
)
def test_the_metric_trap_relu_keeps_the_ratio_of_dw_near_one_at_any_scale(init, low, high):
    for seed in range(5):
        delta, dW, _ = vanishing_gradient._measure(10, "ReLU", init, 64, DIGITS, seed)
        assert 0.2 < dW[0] / dW[-1] < 5
        assert low < delta[0] / delta[-1] < high


@pytest.mark.parametrize(
    ("phi", "init", "trap"),
    [
        ("ReLU", SMALL, "vanishes"),
        ("ReLU", LARGE, "explodes"),
        ("ReLU", HE, None),
        ("sigmoid", XAVIER, None),
        ("tanh", XAVIER, None),
    ],
)
def test_the_trap_is_named_where_dw_hides_what_delta_does_and_nowhere_else(phi, init, trap):
    for seed in range(5):
        picture = vanishing_gradient.draw_depth(10, phi, init, 64, DIGITS, seed)
        told = "The metric trap" in words(picture)
        assert told == ("metric trap" in picture.alt) == bool(trap)
        assert told == picture.worked[-1].startswith("The metric trap")
        if trap:
            assert f"but delta {trap}." in words(picture)
            assert {"vanishes": "smaller", "explodes": "larger"}[trap] in picture.worked[-1]


@pytest.mark.parametrize("depth", [2, 10, 30])
@pytest.mark.parametrize(("phi", "init"), [("sigmoid", XAVIER), ("ReLU", HE), ("ReLU", LARGE)])
def test_the_words_state_the_ratio_and_the_factor_per_layer(depth, phi, init):
    picture = put(widgets.depth_lab(), depth=depth, phi=phi, init=init, weights_seed=3)
    delta = vanishing_gradient._measure(depth, phi, init, 64, DIGITS, 3).delta
    ratio = delta[0] / delta[-1]
    factor = ratio ** (1 / (depth - 1))
    said = f"RMS of delta of layer 1 is {rough(ratio)} times that of layer {depth}"
    assert said in picture.alt and picture.worked[0].startswith(said)
    assert f"a factor of {rough(factor)} per layer" in picture.alt
    assert picture.worked[1] == f"per layer: ({rough(ratio)})^(1/{depth - 1}) = {rough(factor)}"
    verdict = "vanishes" if ratio < 0.01 else "explodes" if ratio > 100 else "keeps its size"
    assert {f"delta {verdict}", f"× {rough(factor)} per layer"} <= set(words(picture))


def test_sigmoid_and_xavier_lose_about_three_quarters_per_layer_whatever_the_depth():
    for depth in (5, 10, 20, 30):
        for seed in range(5):
            delta = vanishing_gradient._measure(depth, "sigmoid", XAVIER, 32, DIGITS, seed).delta
            assert 0.22 < (delta[0] / delta[-1]) ** (1 / (depth - 1)) < 0.25


@pytest.mark.parametrize(("phi", "init"), [("sigmoid", XAVIER), ("ReLU", SMALL), ("ReLU", LARGE)])
def test_the_curves_are_drawn_at_the_logarithm_of_their_sizes(phi, init):
    picture = vanishing_gradient.draw_depth(10, phi, init, 64, NOISE, 1)
    profile = vanishing_gradient._measure(10, phi, init, 64, NOISE, 1)
    colours = [svg.BACKWARD, svg.WEIGHT, svg.FORWARD]
    drawn = [curves(picture, stroke=colour) for colour in colours]
    heights = np.concatenate([points[:, 1] for (points,) in drawn])
    slope, shift = np.polyfit(np.log10(np.concatenate(profile)), heights, 1)
    assert slope < 0
    np.testing.assert_allclose(
        heights, slope * np.log10(np.concatenate(profile)) + shift, atol=0.11
    )
    assert heights.min() >= 34 and heights.max() <= 274  # inside the frame, at any scale


def test_no_two_curves_have_the_same_dashes():
    lines = ET.fromstring(widgets.depth_lab().picture.svg).iter(f"{NAME}polyline")
    assert len({line.get("stroke-dasharray") for line in lines}) == 3


def test_the_old_weights_are_uniform_within_one_over_the_root_of_n():
    W = vanishing_gradient._old(300, 100, np.random.default_rng(0))
    assert W.shape == (300, 100) and 0.0999 < W.max() <= 0.1 and -0.1 <= W.min() < -0.0999
    assert np.var(W) == pytest.approx(1 / (3 * 100), rel=0.02)


@pytest.mark.parametrize("size", [1e-200, 1.0, 1e200])
def test_a_size_is_right_where_its_square_would_under_or_overflow(size):
    assert vanishing_gradient._rms(np.array([3.0, 4.0]) * size) == pytest.approx(12.5**0.5 * size)


def test_a_size_of_zero_or_infinity_is_drawn_at_the_edge_and_gives_no_warning():
    logs = vanishing_gradient._log10(np.array([0.0, 1e-3, np.inf]))
    axes = svg.Axes(0, 0, 100, 60, x=(0, 2), y=(-6, 0))
    drawn = ET.fromstring(vanishing_gradient._log_curve(axes, np.arange(3), logs))
    assert drawn.get("points").split() == ["0.0,60.0", "50.0,30.0", "100.0,0.0"]
    ticks = vanishing_gradient._decades(logs, -2, 1)
    assert (ticks[0], ticks[-1]) == (-3, 1)
    assert vanishing_gradient._rms(np.zeros(3)) == 0
    assert vanishing_gradient._rms(np.array([1.0, np.inf])) == np.inf
    assert np.isnan(vanishing_gradient._over(0.0, 0.0))
    assert vanishing_gradient._verdict(np.nan) == "is 0 in every layer"


@pytest.mark.parametrize(("low", "high"), [(-2.0, 0.5), (-37.2, 3.0), (-165.0, 40.0)])
def test_the_ticks_of_a_log_axis_hold_everything_and_are_at_most_ten(low, high):
    ticks = vanishing_gradient._decades(np.array([low, high]), -2, 1)
    assert ticks[0] <= low and ticks[-1] >= high and 3 <= len(ticks) <= 10


def chain_of(phi, layers, w, b, x):
    """The same chain as a network: z and dL/dz of each neuron."""
    net = Network([Layer(np.array([[w]]), np.array([b]), phi) for _ in range(layers)], MSE)
    trace = net.forward(np.array([[x]]))
    gradients = net.backward(trace, trace.a[-1] - 1.0)
    return np.ravel(trace.z), np.ravel(gradients.delta)


@pytest.mark.parametrize("phi", vanishing_gradient.CHAIN_PHIS)
@pytest.mark.parametrize(
    ("layers", "w", "b", "x"),
    [(2, 1.0, 0.0, 0.5), (10, 1.0, 0.0, 0.5), (20, -1.3, 0.7, 2.0), (7, 2.5, -0.4, 1.0)],
)
def test_the_chain_is_a_network_with_one_neuron_per_layer(phi, layers, w, b, x):
    picture = vanishing_gradient.draw_chain(phi, layers, w, b, x, layers - 1)
    z, delta = chain_of(PHIS[phi], layers, w, b, x)
    slopes = PHIS[phi].prime(z)
    from_the_last = slice(None, None, -1)
    assert column(picture, "layer") == list(range(layers, 0, -1))
    np.testing.assert_allclose(floats(column(picture, "z")), z[from_the_last], rtol=6e-3)
    factors = floats(column(picture, "factor")[1:])
    np.testing.assert_allclose(factors, (w * slopes)[-2::-1], rtol=6e-3)
    products = delta / delta[-1]
    np.testing.assert_allclose(floats(column(picture, "dL/dz")), products[::-1], rtol=6e-3)
    assert f"dL/dz1 is {rough(products[0])} times dL/dz{layers}" in picture.alt
    assert f"dL/dz1 = {rough(products[0])}" in words(picture)


def test_each_step_shows_one_factor_more_and_hides_the_rest():
    explore = widgets.neuron_chain()
    for step in range(20):
        picture = put(explore, step=step)
        seen = min(step, 9)
        assert words(picture).count("?") == 9 - seen
        assert column(picture, "factor").count("?") == 9 - seen
        assert len(list(ET.fromstring(picture.svg).iter(f"{NAME}rect"))) == 2 + seen
        product = column(picture, "dL/dz")[seen]
        assert f"dL/dz{10 - seen} = {product}" in words(picture)
    assert put(explore, step=9).svg == picture.svg  # a chain of ten has nine factors


def test_the_worked_lines_put_the_numbers_in():
    picture = vanishing_gradient.draw_chain("sigmoid", 10, 4.0, -2.0, 3.0, 9)
    a, z = 3.0, 10.0
    slope = float(SIGMOID.prime(z))
    _, delta = chain_of(SIGMOID, 10, 4.0, -2.0, a)
    assert picture.worked[1] == "z1 = w·x + b = 4·3 + (−2) = 10"
    assert picture.worked[2] == (
        f"factor of layer 1: w·σ′(z1) = 4·{rough(slope)} = {rough(4 * slope)}"
    )
    assert picture.worked[3] == (
        f"dL/dz1 = factor·dL/dz2 = {rough(4 * slope)}·{rough(delta[1] / delta[-1])} = "
        f"{rough(delta[0] / delta[-1])}"
    )


def test_a_quarter_to_the_power_is_the_best_case_only_when_the_weight_is_one():
    one = vanishing_gradient.draw_chain("sigmoid", 10, 1.0, 0.0, 0.5, 9)
    assert f"at most: 0.25^9 = {rough(0.25**9)}" in words(one)
    four = vanishing_gradient.draw_chain("sigmoid", 10, 4.0, 0.0, 0.5, 9)
    assert "at most: (4·0.25)^9 = 1" in words(four)
    minus = vanishing_gradient.draw_chain("tanh", 4, -2.0, 0.0, 0.5, 9)
    assert "at most: (2·1)^3 = 8" in words(minus)


@pytest.mark.parametrize("phi", vanishing_gradient.CHAIN_PHIS)
@pytest.mark.parametrize("w", [-8.0, -1.0, 0.5, 4.0])
def test_no_product_is_larger_than_the_dotted_line(phi, w):
    for b in (-2.0, 0.0, 3.0):
        picture = vanishing_gradient.draw_chain(phi, 12, w, b, 0.7, 11)
        (dotted,) = curves(picture, stroke_dasharray=svg.DOTTED)
        (dashed,) = curves(picture, stroke=svg.BACKWARD)
        assert (dashed[:, 1] >= dotted[: len(dashed), 1] - 0.11).all()


@pytest.mark.parametrize(
    ("w", "b", "product", "verdict"),
    [(4.0, -2.0, 1.0, "keeps its size"), (8.0, -4.0, 2.0**9, "explodes")],
)
def test_with_every_z_at_zero_the_weight_decides(w, b, product, verdict):
    picture = vanishing_gradient.draw_chain("sigmoid", 10, w, b, 0.5, 9)
    assert set(column(picture, "z")) == {"0"}
    assert column(picture, "dL/dz")[-1] == rough(product) and verdict in picture.worked[-1]


def test_a_large_weight_saturates_when_z_leaves_zero_and_the_words_say_so():
    picture = vanishing_gradient.draw_chain("sigmoid", 10, 8.0, -4.0, 0.6, 9)
    assert floats(column(picture, "dL/dz"))[-1] < 1e-3
    assert "w is large enough, but z is not 0" in picture.worked[-1]
    small = vanishing_gradient.draw_chain("sigmoid", 10, 1.0, 0.0, 0.5, 9)
    assert "vanishes" in small.worked[-1] and "large enough" not in small.worked[-1]


def test_a_dead_relu_makes_the_whole_product_zero():
    picture = vanishing_gradient.draw_chain("ReLU", 4, -1.0, 1.0, 3.0, 3)
    z, delta = chain_of(RELU, 4, -1.0, 1.0, 3.0)
    assert delta[0] == 0 != delta[-1] and (z <= 0).any()
    assert "the whole product is 0" in picture.worked[-1]
    zeros = list(delta).count(0)
    marks = [t for t in ET.fromstring(picture.svg).iter(f"{NAME}text") if t.text == "0"]
    assert sum(mark.get("font-weight") == "bold" for mark in marks) == zeros


def test_a_slope_that_rounds_to_zero_is_said_and_a_weight_of_zero_has_a_picture():
    picture = vanishing_gradient.draw_chain("tanh", 6, -8.0, 6.0, -3.0, 5)
    assert column(picture, "slope")[-1] == "0" and "too small for a float" in picture.worked[-1]
    picture = put(widgets.neuron_chain(), w=0.0, step=19)
    assert column(picture, "dL/dz") == ["1"] + ["0"] * 9 and "dL/dz1 = 0" in words(picture)


@pytest.mark.parametrize(
    ("phi", "c"), [("ReLU", 1.0), ("ReLU", 1.41), ("tanh", 1.15), ("sigmoid", 10.4), ("tanh", 0.01)]
)
def test_the_search_measures_networks_of_bplib(phi, c):
    sizes, mean = vanishing_gradient._search(phi, c, 32, 3)
    draws = vanishing_gradient._draw_numbers(32, 3)
    squares, slopes = np.zeros(50), []
    for Ws, x, dL in zip(*draws, strict=True):
        layers = [Layer(W * c / np.sqrt(32), np.zeros(32), PHIS[phi]) for W in Ws]
        net = Network(layers, MSE)
        trace = net.forward(x)
        y = trace.a[-1] - len(x) * dL  # so that dL/da of the last layer is dL
        squares += [np.mean(delta**2) for delta in net.backward(trace, y).delta]
        slopes.append([PHIS[phi].prime(z) ** 2 for z in trace.z])
    np.testing.assert_allclose(sizes, np.sqrt(squares / squares[-1]), rtol=1e-6)
    assert mean == pytest.approx(np.mean(slopes))


def slider_value(c):
    """What the slider of the game makes of c."""
    control = widgets.find_initialisation().controls["c"]
    control.value = control.min + round((c - control.min) / control.step) * control.step
    return control.value


def test_for_relu_the_root_of_two_is_in_the_band_and_one_vanishes_and_two_explodes():
    root = slider_value(np.sqrt(2))
    assert root == pytest.approx(1.41)
    for seed in (0, 1, 2, 3, 4, 19):
        said = [vanishing_gradient.draw_search("ReLU", c, 128, seed).alt for c in (1.0, root, 2.0)]
        for verdict, alt in zip(["vanishes", "within the band", "explodes"], said, strict=True):
            assert f": {verdict}, " in alt


@pytest.mark.parametrize(("phi", "c"), [("tanh", 1.15), ("sigmoid", 10.3)])
def test_tanh_and_sigmoid_have_an_answer_near_by_within_the_reach_of_the_slider(phi, c):
    control = widgets.find_initialisation().controls["c"]
    for seed in range(5):
        near = [c - 0.2, c, c + 0.2] if phi == "sigmoid" else [c]
        said = [vanishing_gradient.draw_search(phi, v, 128, seed).alt for v in near]
        assert any("within the band" in alt for alt in said) and near[-1] < control.max
    assert "vanishes" in vanishing_gradient.draw_search(phi, 0.7 * c, 128, 0).alt
    assert "explodes" in vanishing_gradient.draw_search(phi, 1.4 * c, 128, 0).alt


def everything(picture):
    return " ".join([picture.alt, *picture.worked, *words(picture), str(picture.numbers)])


@pytest.mark.parametrize("phi", vanishing_gradient.SEARCHED)
def test_the_answer_is_told_only_after_it_has_been_found(phi):
    explore = widgets.find_initialisation()
    answers = {"ReLU": "c = √2", "tanh": "a little more than 1", "sigmoid": "saturated"}
    found = {"ReLU": 1.41, "tanh": 1.15, "sigmoid": 10.3}
    for c in (0.0, 0.5, 2.0, 5.0):
        text = everything(put(explore, phi=phi, c=c))
        assert not re.search(r"Found|√2|√\(2|1\.41|saturated|\bHe\b|Xavier|slope", text)
    picture = put(explore, phi=phi, c=found[phi])
    assert picture.worked[2].startswith("Found") and answers[phi] in picture.worked[2]


@pytest.mark.parametrize("c", [0.5, 1.0, 1.3, 1.41, 1.6, 12.0])
def test_the_layer_where_delta_leaves_the_band_is_the_first_on_its_way_back(c):
    picture = vanishing_gradient.draw_search("ReLU", c, 128, 2)
    sizes, _ = vanishing_gradient._search("ReLU", c, 128, 2)
    layer = 50
    while layer and 0.5 <= sizes[layer - 1] <= 2:
        layer -= 1
    if layer:
        side = "below 1/2" if sizes[layer - 1] < 0.5 else "above 2"
        assert f"{side} at layer {layer}" in words(picture)
    else:
        assert "in all 50 layers" in words(picture)
    factor = rough(sizes[0] ** (1 / 49))
    assert f"× {factor} per layer" in words(picture)
    assert f"{rough(sizes[0])} times delta of layer 50, a factor of {factor}" in picture.alt
    shown = np.array(column(picture, "in the band")) == "yes"
    rows = np.array(column(picture, "layer")) - 1
    np.testing.assert_array_equal(shown, (sizes[rows] >= 0.5) & (sizes[rows] <= 2))


def test_the_band_is_dotted_and_lies_from_one_half_to_two():
    picture = widgets.find_initialisation().picture
    lines = ET.fromstring(picture.svg).iter(f"{NAME}line")
    dotted = [x for x in lines if x.get("stroke-dasharray") == svg.DOTTED and x.get("x1") == "66"]
    heights = [(34 + 240 / 2 - float(x.get("y1"))) / 40 for x in dotted]
    np.testing.assert_allclose(heights, np.log10([0.5, 2]), atol=1e-3)
    (curve,) = curves(picture, stroke=svg.BACKWARD)
    sizes, _ = vanishing_gradient._search("ReLU", 1.0, 128, 0)
    np.testing.assert_allclose(curve[:, 1], 34 + 120 - 40 * np.log10(sizes), atol=0.06)


@pytest.mark.parametrize("phi", vanishing_gradient.SEARCHED)
def test_with_all_weights_zero_nothing_comes_through_and_no_ratio_is_made_up(phi):
    picture = put(widgets.find_initialisation(), phi=phi, c=0)
    assert "nothing comes through" in picture.worked[1]
    if phi == "ReLU":  # every z is at the kink, where the slope is 0
        assert "no signal, delta is 0 in all 50 layers." in picture.alt
        assert "times" not in picture.alt
    else:
        assert "below 1/2 at layer 49" in picture.alt and "is 0 times" in picture.alt


def test_narrow_layers_scatter_more_and_the_words_say_so():
    def spread(width):
        ends = [vanishing_gradient._search("ReLU", 1.41, width, seed)[0][0] for seed in range(8)]
        return np.log(ends).std()

    assert spread(32) > 1.3 * spread(128)
    assert "scatter" in vanishing_gradient.draw_search("ReLU", 1.41, 32, 0).worked[-1]
    assert "scatter" not in everything(vanishing_gradient.draw_search("ReLU", 1.41, 128, 0))
