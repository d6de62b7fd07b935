"""The interactives of lesson 1: every control at both ends, and numbers that bplib agrees with."""

import re
import xml.etree.ElementTree as ET

import ipywidgets
import numpy as np
import pytest
from drawings import NAME, column, put, words

from bplib import activations, datasets, svg, widgets
from bplib.losses import half_mse, softmax
from bplib.svg import number
from bplib.widgets import feed_forward, memory


def ends(control):
    """The values that are most likely to break a picture."""
    if isinstance(control, ipywidgets.SelectionSlider):
        return control.options[0], control.options[-1]
    if hasattr(control, "options"):
        return control.options
    if isinstance(control, ipywidgets.Text):
        return ("", "0.5:0.25 oops")
    return (control.min, control.max) if hasattr(control, "min") else (False, True)


def floats(cells):
    return [float(cell.replace("−", "-")) for cell in cells]


def healthy(picture):
    root = ET.fromstring(picture.svg)
    assert root.get("aria-label") == picture.alt
    assert re.search(r"\d", picture.alt) and "cannot be drawn" not in picture.alt
    assert not re.search(r"\b(nan|inf|np\.float64)\b", picture.svg + "".join(picture.worked))
    assert len({len(row) for row in picture.numbers}) == 1 and len(picture.numbers) > 1


@pytest.fixture(autouse=True)
def short_race(monkeypatch):
    """The last of few updates is drawn as the last of many: test_widgets_memory.py trains on."""
    monkeypatch.setattr(memory, "UPDATES", 40)


@pytest.mark.parametrize("name", widgets.__all__)
def test_every_control_at_both_ends_gives_a_healthy_picture(name):
    explore = getattr(widgets, name)()
    healthy(explore.picture)
    for control in explore.controls.values():
        before = control.value
        for value in ends(control):
            control.value = value
            healthy(explore.picture)
        control.value = before


@pytest.mark.parametrize("name", widgets.__all__)
def test_every_control_changes_the_picture_or_the_words(name):
    explore = getattr(widgets, name)()
    needs = {"seed": {"data": "moons"}, "slope": {"name": "Leaky ReLU", "z": -1.0}}
    for key, control in explore.controls.items():
        explore.reset.click()
        put(explore, **needs.get(key, {}))
        frames = set()
        for value in ends(control):
            control.value = value
            frames.add(explore.frame.value)
        assert len(frames) == len(ends(control)), key


@pytest.mark.parametrize("name", widgets.__all__)
def test_every_control_has_a_name_of_its_own(name):
    controls = getattr(widgets, name)().controls.values()
    names = [control.description for control in controls]
    assert all(names) and len(set(names)) == len(names)
    assert [control.tooltip for control in controls] == names


@pytest.mark.parametrize("name", widgets.__all__)
def test_everything_at_its_lowest_and_at_its_highest_is_healthy(name):
    explore = getattr(widgets, name)()
    for end in (0, -1):
        healthy(put(explore, **{name: ends(c)[end] for name, c in explore.controls.items()}))


def test_the_neuron_lab_counts_like_a_neuron():
    lab = widgets.neuron_lab(seed=3)
    picture = put(lab, data="moons", w1=1.5, w2=-2.0, b=-0.5)
    x, y = datasets.moons(40, np.random.default_rng(3))
    a = activations.sigmoid(x @ [1.5, -2.0] - 0.5)
    np.testing.assert_allclose(floats(column(picture, "a")[:-1]), a, atol=6e-4)
    right = np.sum((a > 0.5) == y[:, 0])
    assert f"{right} of 40 points right" in picture.alt
    assert column(picture, "verdict").count("right") == right


def test_the_probe_works_the_formula_out():
    picture = put(widgets.neuron_lab(), w1=2.0, w2=-1.0, b=0.5, p1=-1.5, p2=1.0)
    assert picture.worked[:2] == [
        "z = w1·x1 + w2·x2 + b = 2·(−1.5) + (−1)·1.0 + 0.5 = −3.500",
        f"a = sigmoid(z) = 1 / (1 + exp(3.500)) = {number(activations.sigmoid(-3.5))}",
    ]


def test_the_boundary_is_where_z_is_zero():
    picture = put(widgets.neuron_lab(), w1=2.0, w2=-1.0, b=0.5)
    line = ET.fromstring(picture.svg).find(f"{NAME}svg").find(f"{NAME}line")
    plane = feed_forward.PLANE
    for end in "12":
        across = (float(line.get("x" + end)) - plane.left) / plane.width
        down = (float(line.get("y" + end)) - plane.top) / plane.height
        x1 = plane.x[0] + across * (plane.x[1] - plane.x[0])
        x2 = plane.y[1] - down * (plane.y[1] - plane.y[0])
        assert 2.0 * x1 - x2 + 0.5 == pytest.approx(0, abs=0.02)


def test_the_shading_is_the_output_of_the_neuron():
    weak, strong = (put(widgets.neuron_lab(), w1=w1).svg for w1 in (1.0, 5.0))
    image = f"{NAME}image"
    assert ET.fromstring(weak).find(image).get("href") != ET.fromstring(strong).find(image).get(
        "href"
    )


def test_no_line_gets_all_four_points_of_xor_right_and_the_lab_says_so():
    best = 0
    for w1 in (-5, -1, 0, 1, 5):
        for w2 in (-5, -1, 0, 1, 5):
            for b in (-5, -1.5, -0.5, 0, 0.5, 1.5, 5):
                picture = feed_forward.draw_neuron("XOR", w1, w2, b, 0, 0, 0)
                best = max(best, column(picture, "verdict").count("right"))
                if w1 or w2:
                    assert ("no line does better" in picture.alt) == ("3 of 4" in picture.worked[2])
    assert best == 3


def test_a_neuron_without_weights_has_no_line():
    picture = put(widgets.neuron_lab(), w1=0, w2=0)
    assert "no line: both weights are 0" in picture.alt
    assert ET.fromstring(picture.svg).find(f"{NAME}svg").find(f"{NAME}line") is None


def test_mazur_shows_only_what_is_worked_out():
    explore = widgets.mazur_forward()
    m = datasets.mazur()
    a1 = activations.sigmoid(m.x @ m.W1.T + m.b1)
    for step in range(10):
        picture = put(explore, step=step)
        values = column(picture, "value")
        assert values.count("?") == 9 - step and "?" not in values[:step]
    z2 = a1 @ m.W2.T + m.b2
    expected = [*zip((m.x @ m.W1.T + m.b1)[0], a1[0], strict=True)]
    expected += zip(z2[0], activations.sigmoid(z2)[0], strict=True)
    assert values[:8] == [number(v, 9) for pair in expected for v in pair]
    assert values[8] == number(half_mse(activations.sigmoid(z2), m.y), 9)


def test_mazur_agrees_with_the_published_numbers():
    picture = put(widgets.mazur_forward(), step=9)
    assert column(picture, "value")[1::2] == [
        "0.593269992",
        "0.596884378",
        "0.751365070",
        "0.772928465",
    ]
    assert "E = 0.298371109" in words(picture)


def test_each_mazur_step_lights_its_neuron_and_works_its_line_out():
    picture = put(widgets.mazur_forward(), step=5)
    assert picture.worked == [
        "z of o1 = W2[0,0]·h1 + W2[0,1]·h2 + b2[0] = "
        "0.4·0.593269992 + 0.45·0.596884378 + 0.6 = 1.105905967"
    ]
    circles = ET.fromstring(picture.svg).iter(f"{NAME}circle")
    assert [c.get("stroke") == svg.FORWARD for c in circles] == [0, 0, 0, 0, 1, 0]
    assert "z 1.105906" in words(picture) and words(picture).count("a ?") == 2


@pytest.mark.parametrize(
    ("name", "phi"),
    [
        ("sigmoid", activations.SIGMOID),
        ("tanh", activations.TANH),
        ("ReLU", activations.RELU),
        ("Leaky ReLU", activations.leaky_relu(0.3)),
    ],
)
@pytest.mark.parametrize("z", [-5.0, -0.7, 0.0, 2.3])
def test_the_gallery_shows_the_value_and_the_slope(name, phi, z):
    picture = put(widgets.activation_gallery(), name=name, z=z, slope=0.3)
    a, slope = (number(f(z), 6) for f in (phi, phi.prime))
    assert picture.alt == f"{name} at z = {number(z, 2)}: a = {a}, slope = {slope}."
    assert picture.worked[0].endswith(f" = {a}") and picture.worked[1].endswith(f" = {slope}")
    at = floats(column(picture, "z"))
    np.testing.assert_allclose(floats(column(picture, "slope")), phi.prime(at), atol=1e-6)


def test_the_tangent_has_the_slope_of_the_curve():
    picture = put(widgets.activation_gallery(), name="tanh", z=0.5)
    curves = [
        np.array([[float(v) for v in point.split(",")] for point in line.get("points").split()])
        for line in ET.fromstring(picture.svg).iter(f"{NAME}polyline")
    ]
    start, end = curves[2]
    one_right, one_up = 400 / 10.8, 260 / 3.2
    slope = -(end[1] - start[1]) / one_up / ((end[0] - start[0]) / one_right)
    assert slope == pytest.approx(activations.tanh_prime(0.5), abs=2e-3)


def test_the_derivative_is_dashed_and_vermillion():
    curve, derivative, _ = ET.fromstring(widgets.activation_gallery().picture.svg).iter(
        f"{NAME}polyline"
    )
    assert curve.get("stroke") == svg.FORWARD and curve.get("stroke-dasharray") is None
    assert derivative.get("stroke") == svg.BACKWARD and derivative.get("stroke-dasharray")


FACTORS = ["x", "W", "W.T"]


@pytest.mark.parametrize("sizes", [(4, 3, 2), (3, 3, 2), (4, 3, 3), (2, 3, 2), (5, 5, 5)])
def test_the_puzzle_answers_as_numpy_does_and_only_one_product_is_right(sizes):
    m, n_in, n_out = sizes
    rng = np.random.default_rng(0)
    x, W = rng.normal(size=(m, n_in)), rng.normal(size=(n_out, n_in))
    arrays = {"x": x, "W": W, "W.T": W.T}
    for left in FACTORS:
        for right in FACTORS:
            picture = feed_forward.draw_shapes(feed_forward.TASKS[0], left, right, *sizes)
            try:
                result = arrays[left] @ arrays[right]
            except ValueError as error:
                assert str(error) in picture.worked[0] and "≠" in picture.alt
                continue
            assert f"shape {result.shape}" in picture.worked[0]
            right_shape = result.shape == (m, n_out)
            right_values = right_shape and np.allclose(result, x @ W.T)
            assert picture.worked[1].startswith("Right") == right_values
            assert ("A trap" in picture.worked[1]) == (right_shape and not right_values)


def test_a_flat_target_gives_a_square_of_errors_and_a_loss_that_is_wrong_in_silence():
    column_task, flat_task = feed_forward.TASKS[1:]
    flat = feed_forward.draw_shapes(flat_task, "x", "W", 4, 3, 2)
    right = feed_forward.draw_shapes(column_task, "x", "W", 4, 3, 2)
    assert "a is (4, 1), y is (4,)" in flat.alt and "shape (4, 4)" in flat.alt
    a, y = np.linspace(0.1, 0.9, 4)[:, None], np.array([[0.0], [1.0], [0.0], [1.0]])
    silent, loss = column(flat, "shape or value")[3:]
    assert loss == column(right, "shape or value")[3] == number(half_mse(a, y))
    assert silent == number(np.sum((a - y[:, 0]) ** 2) / 8) != loss
    assert "A trap" in flat.alt and "Right" in right.alt


def test_boxes_light_up_only_when_numpy_has_an_answer():
    def light(right):
        picture = feed_forward.draw_shapes(feed_forward.TASKS[0], "x", right, 4, 3, 2)
        return [b.get("fill-opacity") for b in ET.fromstring(picture.svg).iter(f"{NAME}rect")]

    assert light("W") == ["0", "0"]
    assert light("W.T") == ["0.4", "0.4", "0.4"]


OR_NAND_AND = dict(w11=20, w12=20, b1=-10, w21=-20, w22=-20, b2=30, v1=20, v2=20, c=-30)


@pytest.mark.parametrize("phi", ["step", "sigmoid"])
def test_the_way_of_the_hint_wires_xor(phi):
    explore = widgets.wire_xor()
    explore.controls["b2"].max, explore.controls["c"].min = 30, -30
    picture = put(explore, phi=phi, **OR_NAND_AND)
    assert column(picture, "verdict") == ["✓ right"] * 4
    assert "4 of 4 rows right: this is XOR." in words(picture)


def test_xor_can_be_wired_within_the_reach_of_the_sliders():
    within = {"w11": 10, "w12": 10, "b1": -5, "w21": -10, "w22": -10, "b2": 15}
    within |= {"v1": 10, "v2": 10, "c": -15}
    for phi in ("step", "sigmoid"):
        assert "4 of 4" in put(widgets.wire_xor(), phi=phi, **within).alt


def test_the_truth_table_is_the_forward_pass():
    values = dict(w11=2, w12=-1, b1=0.5, w21=-3, w22=1.5, b2=1, v1=4, v2=-2, c=-0.5)
    picture = put(widgets.wire_xor(), phi="sigmoid", row="1, 0", **values)
    x, y = datasets.xor()
    h = activations.sigmoid(x @ np.array([[2, -1], [-3, 1.5]]).T + [0.5, 1])
    o = activations.sigmoid(h @ np.array([[4.0, -2.0]]).T - 0.5)
    for heading, expected in (("h1", h[:, 0]), ("h2", h[:, 1]), ("output", o[:, 0])):
        np.testing.assert_allclose(floats(column(picture, heading)), expected, atol=6e-3)
    assert [w == "✓ right" for w in column(picture, "verdict")] == list(((o > 0.5) == y)[:, 0])
    assert (
        picture.worked[0] == f"h1 = sigmoid(2·1 + (−1)·0 + 0.5) = sigmoid(2.50) = {number(h[2, 0])}"
    )
    assert f"a {number(o[2, 0])}" in words(picture)


def test_the_hint_is_words_and_changes_no_number():
    explore = widgets.wire_xor()
    before = explore.picture
    after = put(explore, hint=True)
    assert after.svg == before.svg
    assert [name in after.worked[-1] for name in ("OR", "NAND", "AND")] == [True] * 3


def test_the_bars_of_softmax_are_softmax():
    picture = put(widgets.softmax_lab(), z1=0.5, z2=-1.5, z3=3.0, temperature=2.0, scale=10)
    p = softmax(np.array([0.5, -1.5, 3.0]) * 10 / 2.0)
    assert column(picture, "p with the shift") == [number(v, 6) for v in p]
    assert column(picture, "p without the shift") == [number(v, 6) for v in p]
    lengths = [float(b.get("width")) for b in ET.fromstring(picture.svg).iter(f"{NAME}rect")]
    np.testing.assert_allclose(lengths, 200 * np.concatenate([p, p]), rtol=1e-4)
    assert "both ways agree" in picture.alt


@pytest.mark.parametrize(
    ("z", "reason"), [(5.0, "infinity / infinity is NaN"), (-5.0, "0 / 0 is NaN")]
)
def test_without_the_shift_exp_overflows_or_underflows_and_the_words_say_which(z, reason):
    picture = put(widgets.softmax_lab(), z1=z, z2=z, z3=z, scale=1000)
    assert reason in picture.alt
    assert column(picture, "p without the shift") == ["NaN"] * 3
    assert column(picture, "p with the shift") == [number(1 / 3, 6)] * 3
