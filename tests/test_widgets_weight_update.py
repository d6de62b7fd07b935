"""The interactives of lesson 3: their numbers are those of bplib's optimisers and networks."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from drawings import NAME, column, put, words

from bplib import datasets, optimisers, svg, widgets
from bplib.activations import IDENTITY, SIGMOID, TANH, sigmoid
from bplib.losses import BINARY_CROSS_ENTROPY, MSE, SOFTMAX_CROSS_ENTROPY, half_mse
from bplib.network import Layer, Network, dense
from bplib.svg import number, rough
from bplib.widgets import weight_update

RIGHT, WRONG = weight_update.ORDERS


def floats(cells):
    return np.array([float(cell.replace("−", "-")) for cell in cells])


def button(explore, name):
    return next(b for b in explore.children[2].children if b.description == name)


@pytest.mark.parametrize(
    ("lr", "verdict"), [(0.195, "converges"), (0.2, "never decays"), (0.205, "diverges")]
)
def test_the_bowl_converges_below_two_over_lambda_max_and_not_at_it_nor_above(lr, verdict):
    picture = put(widgets.ball_on_a_bowl(), lr=lr, step=100)
    start, end = (abs(float(w.replace("−", "-"))) for w in np.array(column(picture, "w2"))[[0, -1]])
    assert {"converges": end < 0.1, "never decays": end == start, "diverges": end > 10}[verdict]
    assert f"0.200 = 2/λ_max: {verdict}" in picture.alt and verdict in words(picture)


@pytest.mark.parametrize("momentum", [0.3, 0.9])
def test_momentum_moves_the_bound_and_the_words_stay_true(momentum):
    for lr, verdict in ((-0.005, "converges"), (0.0, "never decays"), (0.005, "diverges")):
        lr += 0.2 * (1 + momentum)
        assert verdict in weight_update.draw_ball(lr, momentum, 10).alt
        path = weight_update._descend(weight_update.BOWL, optimisers.Momentum, lr, momentum)
        early, late = np.abs(path[20:30, 1]).max(), np.abs(path[-10:, 1]).max()
        assert (late > 1.1 * early, late < 0.9 * early) == (
            verdict == "diverges",
            verdict == "converges",
        )


def test_the_table_of_the_ball_is_sgd_with_momentum():
    picture = put(widgets.ball_on_a_bowl(), lr=0.1, momentum=0.5, step=7)
    w, optimiser = np.array([-2.0, 1.0]), optimisers.Momentum(0.1, 0.5)
    for _ in range(7):
        optimiser.step([w], [w * [1, 10]])
    row = picture.numbers[-1]
    E = 0.5 * (w[0] ** 2 + 10 * w[1] ** 2)
    assert row == [7, rough(w[0], 4), rough(w[1], 4), rough(E, 4)]
    assert len(picture.numbers) == 9 and f"E after 7 steps: {rough(E, 4)}" in words(picture)


def test_without_momentum_the_factors_are_one_minus_lr_times_curvature():
    picture = put(widgets.ball_on_a_bowl(), lr=0.155, step=1)
    assert picture.worked[2].endswith("1 − η·1 = 0.845, w2 by 1 − η·10 = −0.550")
    assert {"w1: × 0.845 each step", "w2: × −0.550 each step"} <= set(words(picture))


def test_the_bound_is_drawn_where_the_scale_says():
    marks = ET.fromstring(put(widgets.ball_on_a_bowl(), momentum=0.5).svg).iter(f"{NAME}line")
    (bound,) = [line for line in marks if line.get("stroke-dasharray") == svg.DOTTED]
    assert float(bound.get("x1")) == pytest.approx(425 + 195 * 0.3 / 0.4)


def test_a_ball_that_is_gone_is_said_and_not_computed_further():
    picture = put(widgets.ball_on_a_bowl(), lr=0.4, step=100)
    n = len(picture.numbers) - 2
    assert n < 20 and f"Stopped after {n} steps, beyond a million." in picture.alt


def mazur_network():
    m = datasets.mazur()
    return Network([Layer(m.W1, m.b1, SIGMOID), Layer(m.W2, m.b2, SIGMOID)], MSE), m.x, m.y


@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize("lr", [0.0, 0.5, 7.3])
def test_the_right_order_is_one_step_of_sgd(biases, lr):
    picture = put(widgets.mazur_step(), biases=biases, lr=lr)
    net, x, y = mazur_network()
    gradients = net.backward(net.forward(x), y).params
    gradients = [dw * (biases or dw.ndim == 2) for dw in gradients]
    optimisers.SGD(lr).step(net.params, gradients)
    after = [number(v, 9) for w in net.params for v in w.ravel()]
    E = number(half_mse(net.forward(x).a[-1], y), 9)
    assert column(picture, "after") == [*after, E]
    assert f"E after {E}; the order is right" in picture.alt and E in words(picture)


@pytest.mark.parametrize(
    ("order", "biases", "E"),
    [
        (RIGHT, False, "0.291027774"),
        (WRONG, False, "0.291027924"),
        (RIGHT, True, "0.280471447"),
    ],
)
def test_mazur_after_one_step_has_the_error_that_the_order_and_the_biases_give(order, biases, E):
    picture = put(widgets.mazur_step(), order=order, biases=biases)
    assert f"E before 0.298371109, E after {E}" in picture.alt
    bars = ET.fromstring(picture.svg).iter(f"{NAME}rect")
    lengths = [float(bar.get("width")) / 200 for bar in bars]
    np.testing.assert_allclose(lengths, [0.298371109, float(E)], rtol=1e-4)


def test_the_wrong_order_changes_only_what_comes_from_the_hidden_layer_and_says_how_much():
    explore = widgets.mazur_step()
    right = put(explore, biases=True)
    wrong = put(explore, order=WRONG)
    differs = [a != b for a, b in zip(right.numbers, wrong.numbers, strict=True)]
    assert differs == [False] + 6 * [True] + 6 * [False] + [True]
    wrong = put(explore, biases=False)
    assert "right order: 0.291027774" in words(wrong) and "difference: 1.5e−7" in words(wrong)


@pytest.mark.parametrize("start", weight_update.STARTS)
def test_the_neuron_is_trained_as_a_network_of_one_neuron(start):
    picture = put(widgets.saturated_neuron(), start=start, lr=0.15, step=50)
    shown = [row for row in picture.numbers if row[0] == 50]
    for row, phi, loss in zip(shown, (SIGMOID, IDENTITY), (MSE, BINARY_CROSS_ENTROPY), strict=True):
        w, b = weight_update.STARTS[start]
        net = Network([Layer(np.array([[w]]), np.array([b]), phi)], loss)
        x, y = np.ones((1, 1)), np.zeros((1, 1))
        for epoch in range(51):
            trace = net.forward(x)
            gradients = net.backward(trace, y).params
            if epoch < 50:
                optimisers.SGD(0.15).step(net.params, gradients)
        values = sigmoid(trace.z[0]), gradients[0], loss.value(trace.a[-1], y)
        assert row[2:] == [number(float(np.squeeze(v)), 4) for v in values]


def test_the_saturated_neuron_stays_wrong_with_the_quadratic_loss_only():
    picture = put(widgets.saturated_neuron(), step=0)
    assert picture.alt.count("a = 0.982") == 2
    assert put(widgets.saturated_neuron(), step=50).alt.count("a = 0.9") == 1
    steps = re.findall(r"is (−[\d.]+) \(quadratic\) and (−[\d.]+)", picture.worked[2])[0]
    quadratic, entropy = floats(steps)
    assert entropy / quadratic == pytest.approx(1 / (0.982 * 0.018), rel=0.02)


def test_a_registered_point_is_the_final_loss_of_a_network_trained_with_it():
    explore = widgets.best_lr(seed=4)
    put(explore, lr=2.0)
    button(explore, "Register").click()
    net = dense([2, 4, 1], TANH, BINARY_CROSS_ENTROPY, np.random.default_rng(4))
    x, y = datasets.xor()
    for _ in range(weight_update.XOR_STEPS):
        optimisers.SGD(2.0).step(net.params, net.backward(net.forward(x), y).params)
    loss = net.loss.value(net.forward(x).a[-1], y)
    assert explore.controls["points"].value == f"2:{loss:.3g}"
    assert f"1 point registered, best: η = 2, loss {rough(loss)}" in explore.picture.alt


def test_registering_twice_keeps_one_point_and_reset_clears_all():
    explore = widgets.best_lr()
    first = explore.frame.value
    for lr in (0.5, 0.5, 50.0):
        put(explore, lr=lr)
        button(explore, "Register").click()
    assert len(explore.controls["points"].value.split()) == 2
    explore.reset.click()
    assert explore.controls["points"].value == "" and explore.frame.value == first


def test_the_points_of_a_class_draw_one_curve_from_left_to_right():
    picture = put(widgets.best_lr(), points="1:0.1 0.01:10,\n 100:1e3; 10:0.001 0.1:1")
    assert [line[2] for line in picture.numbers[2:]] == ["registered"] * 5
    assert column(picture, "η")[1:] == ["0.01", "0.1", "1", "10", "100"]
    assert "5 points registered, best: η = 10, loss 0.001" in picture.alt
    curve = list(ET.fromstring(picture.svg).iter(f"{NAME}polyline"))[1]
    points = np.array([p.split(",") for p in curve.get("points").split()], dtype=float)
    np.testing.assert_allclose(points[:, 0], [385, 445, 505, 565, 625])
    y = 34 + 200 * (3 - np.array([1, 0, -1, -3, 3])) / 7
    np.testing.assert_allclose(points[:, 1], y, atol=0.06)


@pytest.mark.parametrize(
    "piece", ["hello", "1", "1:2:3", "-1:2", "nan:1", "1:inf", "0:1", "<b>:1", "１:²"]
)
def test_what_is_no_point_is_named_and_the_rest_is_drawn(piece):
    explore = widgets.best_lr()
    picture = put(explore, points=f"0.5:0.25 {piece}")
    assert picture.worked[2] == f"Not read, because a point is η:loss: {piece}"
    assert "1 point registered" in picture.alt and "<b>" not in explore.frame.value


def test_the_best_learning_rate_lies_between_too_slow_and_too_wild():
    slow, good, wild = (weight_update._train_xor(lr, 0)[-1] for lr in (0.01, 4.0, 100.0))
    assert good < 0.01 < 0.5 < slow < wild


@pytest.mark.parametrize("surface", weight_update.SURFACES)
def test_the_gradient_of_each_surface_is_its_slope_and_its_level_curves_are_level(surface):
    ground = weight_update.SURFACES[surface]
    w, h = np.array([0.7, -0.4]), 1e-6
    slope = [(ground.loss(w + h * e) - ground.loss(w - h * e)) / (2 * h) for e in np.eye(2)]
    np.testing.assert_allclose(ground.grad(w), slope, rtol=1e-6)
    points = np.column_stack(ground.level(2.5, weight_update.TURN))
    np.testing.assert_allclose([ground.loss(point) for point in points], 2.5)


@pytest.mark.parametrize("surface", weight_update.SURFACES)
def test_the_race_ranks_what_the_optimisers_reach(surface):
    picture = put(widgets.optimiser_race(), surface=surface, lr=0.025, step=40)
    losses = {}
    for name, make in [
        ("SGD", optimisers.SGD),
        ("momentum", optimisers.Momentum),
        ("Nesterov", optimisers.Nesterov),
        ("RMSProp", optimisers.RMSProp),
        ("Adam", optimisers.Adam),
    ]:
        ground, optimiser = weight_update.SURFACES[surface], make(0.025)
        w = np.array(ground.start)
        for _ in range(40):
            optimiser.step([w], [ground.grad(w)])
        losses[name] = ground.loss(w)
    ranked = sorted(losses, key=losses.get)
    assert column(picture, "optimiser") == ranked
    assert column(picture, "loss") == [rough(losses[name]) for name in ranked]
    assert all(f"{name} {rough(losses[name])}" in picture.alt for name in ranked)


def test_no_two_racers_have_the_same_dashes_or_the_same_letter():
    dashes = {style.get("stroke_dasharray") for _, style in weight_update.RACERS.values()}
    assert len(dashes) == len(weight_update.RACERS)
    assert len({name[0].upper() for name in weight_update.RACERS}) == 5


def test_a_racer_that_diverges_is_gone_and_ranked_last():
    picture = put(widgets.optimiser_race(), lr=0.1, step=100)
    assert re.search(r"momentum gone at \d+\.$", picture.alt)
    assert all(np.isfinite(floats(column(picture, "loss"))))


@pytest.mark.parametrize(("data", "loss"), [("digits", SOFTMAX_CROSS_ENTROPY), ("moons", None)])
def test_the_gauge_measures_the_step_that_sgd_takes(data, loss):
    picture = put(widgets.update_gauge(), data=data, lr=0.1, step=3, seed=2)
    rng = np.random.default_rng(2)
    x, y = datasets.moons(100, rng) if data == "moons" else datasets.digits()
    rows = rng.permutation(len(x))[:100]
    x, y = x[rows], y[rows]
    net = dense(weight_update.NETWORKS[data], TANH, loss or BINARY_CROSS_ENTROPY, rng)
    for _ in range(4):
        before = [layer.W.copy() for layer in net.layers]
        trace = net.forward(x)
        optimisers.SGD(0.1).step(net.params, net.backward(trace, y).params)
    ratios = [
        rough(np.linalg.norm(layer.W - W) / np.linalg.norm(W))
        for layer, W in zip(net.layers, before, strict=True)
    ]
    assert column(picture, "ratio now") == ratios
    assert f"after 3 steps: loss {rough(net.loss.value(trace.a[-1], y))}." in picture.alt


@pytest.mark.parametrize(("lr", "verdict"), [(1e-4, "small"), (0.01, "healthy"), (10, "large")])
def test_the_gauge_calls_a_thousandth_healthy(lr, verdict):
    picture = put(widgets.update_gauge(), lr=lr, step=0)
    assert column(picture, "verdict") == [verdict] * 3
    low, high = {"small": (0, 3e-4), "healthy": (3e-4, 3e-3), "large": (3e-3, 10)}[verdict]
    ratios = floats(column(picture, "ratio now"))
    assert low < ratios.min() and ratios.max() < high


@pytest.mark.parametrize("name", ["ball_on_a_bowl", "saturated_neuron", "optimiser_race"])
def test_play_goes_on_from_where_the_slider_stands_and_reset_brings_the_first_picture(name):
    explore = getattr(widgets, name)()
    before = explore.frame.value
    explore.clock.playing = True
    explore.clock.value += explore.clock.step  # what the browser does
    assert explore.controls["step"].value > explore.first["step"] > 0
    assert explore.frame.value != before
    explore.reset.click()
    assert explore.frame.value == before


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.01234, "0.0123"), (-4.5e-6, "−4.5e−6"), (13780.6, "1.38e4"), (-0.0, "0"), (np.nan, "NaN")],
)
def test_a_rough_number_has_three_digits_at_any_size(value, words):
    assert rough(value) == words


def test_a_tick_of_a_log_axis_stands_at_its_power_of_ten():
    axes = svg.Axes(0, 0, 300, 100, x=(-2, 1), y=(0, 1))
    root = ET.fromstring(svg.document(200, "ticks", svg.decades(axes, x=range(-2, 2))))
    ticks = [(text.text, text.get("x")) for text in root.iter(f"{NAME}text")]
    assert ticks == [("0.01", "0"), ("0.1", "100"), ("1", "200"), ("10", "300")]
