"""The interactives of lesson 2: the way back in pictures agrees with backprop and with slopes."""

import re
import xml.etree.ElementTree as ET

import matplotlib
import numpy as np
import pytest
from drawings import NAME, put, words

from bplib import bugs, datasets, svg, widgets
from bplib.activations import SIGMOID
from bplib.gradcheck import numerical_gradient, relative_error
from bplib.losses import MSE, half_mse
from bplib.network import Layer, Network
from bplib.svg import number
from bplib.widgets import error_backprop as lesson

ALL = ["computational_graph", "nudge", "mazur_backward", "gradient_check", "bug_zoo", "credit_flow"]


def ends(control):
    """The values that are most likely to break a picture."""
    if hasattr(control, "options"):
        return control.options
    return (control.min, control.max) if hasattr(control, "min") else (False, True)


def value(cell):
    return float(cell.replace("−", "-"))


def column(picture, heading):
    at = picture.numbers[0].index(heading)
    return {row[0]: row[at] for row in picture.numbers[1:]}


def healthy(picture):
    root = ET.fromstring(picture.svg)
    assert root.get("aria-label") == picture.alt
    assert re.search(r"\d", picture.alt) and "cannot be drawn" not in picture.alt
    said = picture.svg + str(picture.worked)
    assert not re.search(r"\b(nan|NaN|inf|infinity|np\.float64)\b", said)
    assert len({len(row) for row in picture.numbers}) == 1 and len(picture.numbers) > 1


def mazur(**changed):
    """Mazur's network, with some of W1, b1, W2, b2 replaced."""
    m = datasets.mazur()._replace(**changed)
    return m, Network([Layer(m.W1, m.b1, SIGMOID), Layer(m.W2, m.b2, SIGMOID)], MSE)


def slopes():
    """The gradients of Mazur's network by backprop, under the names that the pictures use."""
    m, net = mazur()
    flat = [w.ravel() for w in net.backward(net.forward(m.x), m.y).params]
    return dict(zip(lesson.WEIGHTS, np.concatenate(flat), strict=True))


@pytest.mark.parametrize("name", ALL)
def test_each_control_at_both_ends_in_each_state_of_the_menu_is_healthy(name):
    explore = getattr(widgets, name)()
    menu = next(
        (c for c in explore.controls.values() if 1 < len(getattr(c, "options", ())) < 13), None
    )
    for state in menu.options:
        explore.reset.click()
        menu.value = state
        for key, control in explore.controls.items():
            if control is not menu and key != "train":
                for end in ends(control)[:: max(1, len(ends(control)) - 1)]:
                    control.value = end
                    healthy(explore.picture)


def gradient_of(graph, **inputs):
    """The slopes of f = (x + y)·z, or of f = (x + y)·x, by finite differences."""
    w, other = np.array(list(inputs.values()), dtype=float), list(inputs).index(graph[-1])
    return dict(zip(inputs, numerical_gradient(lambda: (w[0] + w[1]) * w[other], w), strict=True))


def test_the_graph_ends_with_the_true_slopes_and_the_fork_adds():
    explore = widgets.computational_graph()
    for graph, inputs in zip(lesson.GRAPHS, [dict(x=-2, y=5, z=-4), dict(x=3, y=-5)], strict=True):
        found = column(put(explore, graph=graph, step=4), "gradient of f")
        for name, slope in gradient_of(graph, **inputs).items():
            assert value(found[name]) == pytest.approx(slope)
    assert "added" in put(explore, step=3).alt and "∂f/∂x = −2 + ?" in words(put(explore, step=2))


def test_the_graph_shows_only_what_is_worked_out():
    explore = widgets.computational_graph()
    for step in range(5):
        unknown = list(column(put(explore, step=step), "gradient of f").values()).count("?")
        assert unknown == 4 - step


def test_a_right_local_derivative_is_accepted_and_a_wrong_one_is_not():
    explore = widgets.computational_graph()
    wrong = put(explore, typed=3)  # that is the other factor
    assert column(wrong, "gradient of f")["q"] == "?"
    assert wrong.worked[0] == "3 is not it yet, so the graph waits. Try again."
    assert "−4" not in " ".join(wrong.worked)
    right = put(explore, typed=-4)
    assert column(right, "gradient of f")["q"] == "−4" and right.worked[0].startswith("Yes")


@pytest.mark.parametrize("graph", lesson.GRAPHS)
def test_all_local_derivatives_can_be_typed_and_the_field_is_empty_for_each(graph):
    explore = widgets.computational_graph()
    put(explore, graph=graph)
    for step, local in enumerate([-4, 3, 1, 1] if graph == lesson.GRAPHS[0] else [3, -2, 1, 1]):
        assert explore.controls["typed"].value == 0
        assert put(explore, typed=local).worked[0].startswith("Yes")
        put(explore, step=step + 1)
    assert "Every input has its gradient." in explore.picture.worked


def test_another_graph_begins_at_its_beginning():
    explore = widgets.computational_graph()
    put(explore, step=3, typed=1)
    put(explore, graph=lesson.GRAPHS[1])
    assert [explore.controls[name].value for name in ("step", "typed")] == [0, 0]


@pytest.mark.parametrize("weight", lesson.WEIGHTS)
def test_a_small_nudge_changes_the_error_by_gradient_times_nudge(weight):
    found = column(put(widgets.nudge(), weight=weight, epsilon=0.0001), "value")
    assert value(found["gradient"]) == pytest.approx(slopes()[weight], abs=1e-9)
    assert value(found["ΔE, really"]) == pytest.approx(1e-4 * slopes()[weight], rel=1e-3)


def test_a_nudge_is_the_difference_of_two_forward_passes():
    found = column(put(widgets.nudge(), weight="w7", epsilon=0.3, down=True), "value")
    m, net = mazur()
    before = half_mse(net.forward(m.x).a[-1], m.y)
    m.W2[1, 0] -= 0.3
    after = half_mse(net.forward(m.x).a[-1], m.y)
    assert found["E before"] == number(before, 9) and found["E after"] == number(after, 9)
    assert value(found["ΔE, really"]) == pytest.approx(after - before, rel=1e-5)
    assert value(found["gradient · ε"]) == pytest.approx(-0.3 * slopes()["w7"], rel=1e-5)


def test_a_bias_of_zero_has_a_slope():
    picture = put(widgets.nudge(), weight="b of o2", zero=True)
    m, net = mazur(b2=np.array([0.6, 0.0]))
    slope = net.backward(net.forward(m.x), m.y).db[1][1]
    assert column(picture, "value")["gradient"] == number(slope, 9) != number(0, 9)
    assert "b of o2 is 0, and still its gradient is" in picture.worked[-1]


def test_the_receipt_ends_with_the_gradients_of_backprop():
    found = column(put(widgets.mazur_backward(), step=12), "here")
    assert {name: found[name] for name in lesson.WEIGHTS} == {
        name: number(slope, 9) for name, slope in slopes().items()
    }
    assert found["δ of o1"] == "0.138498562" and found["∂E/∂a of h2"] == "0.041370323"


def test_the_receipt_shows_only_what_is_worked_out():
    explore = widgets.mazur_backward()
    known = [20 - list(column(put(explore, step=k), "here").values()).count("?") for k in range(13)]
    assert known == [0, 1, 2, 3, 4, 7, 10, 11, 12, 13, 14, 17, 20]


def test_every_path_of_the_receipt_is_the_product_of_its_factors():
    picture = put(widgets.mazur_backward(), step=11)
    paths = [line for line in picture.worked if line.startswith("w1 through")]
    total = 0.0
    for path in paths:
        factors, result = path.split(" = ")[1:]
        factors = [value(part) for part in re.sub("[()]", "", factors).split("·")]
        assert len(factors) == 5 and np.prod(factors) == pytest.approx(value(result), abs=2e-9)
        total += value(result)
    assert len(paths) == 2 and total == pytest.approx(slopes()["w1"], abs=2e-9)


OUTER, HIDDEN = lesson.WEIGHTS[6:], lesson.WEIGHTS[:6]


@pytest.mark.parametrize(
    ("factor", "wrong"),
    [
        ("nothing", []),
        ("a − y", lesson.WEIGHTS),
        ("σ′ of the outputs", lesson.WEIGHTS),
        ("σ′ of the hidden neurons", HIDDEN),
        ("the path through o1", HIDDEN),
        ("the path through o2", HIDDEN),
        ("the weight on each path", HIDDEN),
        ("the input of each weight", ["w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8"]),
    ],
)
def test_a_factor_left_out_spoils_the_gradients_behind_it_and_no_other(factor, wrong):
    picture = put(widgets.mazur_backward(), without=factor, step=12)
    verdict = column(picture, "verdict")
    assert [name for name in lesson.WEIGHTS if verdict[name] == "✗ wrong"] == wrong
    assert words(picture).count("✗ wrong") == len(wrong)


def test_the_receipt_without_a_slope_is_the_bug_that_forgets_it():
    m = datasets.mazur()
    for factor, id in (("σ′ of the outputs", "BP-03"), ("σ′ of the hidden neurons", "BP-04")):
        bug = next(bug for bug in bugs.BUGS if bug.id == id)
        _, dW2, _, _, dW1, _ = bug.f(*m)
        found = column(put(widgets.mazur_backward(), without=factor, step=12), "here")
        np.testing.assert_allclose(
            [value(found[f"w{k}"]) for k in range(1, 9)], np.append(dW1, dW2), atol=6e-10
        )


@pytest.mark.parametrize("h", [1e-2, 1e-4])
def test_the_bench_measures_what_the_gradient_check_measures(h):
    m, net = mazur()

    def error():
        return half_mse(net.forward(m.x).a[-1], m.y)

    numerical = [numerical_gradient(error, w, h).ravel() for w in net.params]
    expected = relative_error(np.concatenate(numerical), np.array(list(slopes().values())))
    shown = column(put(widgets.gradient_check(), h=h), "central, relative error")
    assert value(shown[svg.rough(h)]) == pytest.approx(expected, rel=0.05)


def test_the_curve_is_a_u_and_central_differences_are_the_better_ones():
    picture = widgets.gradient_check().picture
    best = {}
    for name in ("central", "one-sided"):
        curve = [value(v) for v in column(picture, f"{name}, relative error").values()]
        best[name] = min(curve)
        assert 0 < np.argmin(curve) < 11 and curve[0] > 1e3 * best[name] < curve[-1]
    assert best["central"] < best["one-sided"] / 100


def test_float32_is_a_thousand_times_worse_and_loses_a_small_h():
    explore = widgets.gradient_check()
    best = {
        kind: min(
            map(value, column(put(explore, precision=kind), "central, relative error").values())
        )
        for kind in ("float64", "float32")
    }
    assert best["float32"] > 1e3 * best["float64"]
    assert "h is lost" in put(explore, h=1e-12).worked[-1]
    assert "h is lost" not in " ".join(put(explore, h=0.1).worked)


def test_one_sided_is_dashed_and_central_is_not():
    curves = ET.fromstring(widgets.gradient_check().picture.svg).iter(f"{NAME}polyline")
    assert [curve.get("stroke-dasharray") for curve in curves] == [None, svg.DASHED]


@pytest.mark.parametrize("network", lesson.FIXTURES)
@pytest.mark.parametrize("bug", lesson.ZOO)
def test_the_zoo_shows_each_bug_with_its_own_numbers(bug, network):
    picture = put(widgets.bug_zoo(), bug=bug, network=network)
    healthy(picture)
    arrays = lesson.FIXTURES[network]()
    places = {"dW2": 1, "db2": 2, "dW1": 4, "db1": 5}
    try:
        wrong = lesson.ZOO[bug].f(*arrays)
    except ValueError:
        assert "NumPy raises a ValueError" in picture.alt and words(picture).count("no result") == 2
        return
    truth, found = bugs.backward(*arrays), column(picture, "relative error")
    for name, k in places.items():
        here = np.asarray(wrong[k])
        if here.shape == truth[k].shape:
            assert value(found[name]) == pytest.approx(relative_error(here, truth[k]), rel=0.06)
        else:
            assert found[name] == "none" and column(picture, "shape here")[name] == str(here.shape)
    for cell in np.append(truth[1], truth[4]):
        assert number(cell, 4) in words(picture)


def test_a_constant_ratio_is_one_number():
    picture = put(widgets.bug_zoo(), bug=next(bug for bug in lesson.ZOO if "BP-14" in bug))
    assert set(column(picture, "ratio").values()) == {"5"}  # the mean over 5 rows is missing
    assert set(column(picture, "cosine").values()) == {"1.0000"}


def test_training_is_measured_only_when_it_is_asked_for(monkeypatch):
    asked = []
    measure = bugs.solves_xor
    monkeypatch.setattr(bugs, "solves_xor", lambda f, seed: asked.append(seed) or measure(f, seed))
    lesson._survival.cache_clear()
    explore = widgets.bug_zoo()
    name = next(bug for bug in lesson.ZOO if "BP-02" in bug)
    assert "not trained yet" in put(explore, bug=name).alt and asked == []
    picture = put(explore, train=True)
    solved = sum(measure(lesson.ZOO[name].f, seed) for seed in range(5))
    assert asked == [0, 1, 2, 3, 4] and f"still solves XOR in {solved} of 5 seeds" in words(picture)
    put(explore, bug=next(iter(lesson.ZOO)))
    assert explore.controls["train"].value is False and len(asked) == 5


def test_a_bug_that_cannot_run_on_xor_is_said_to():
    explore = widgets.bug_zoo()
    put(explore, bug=next(bug for bug in lesson.ZOO if "BP-10" in bug))
    assert "cannot even run on XOR" in put(explore, train=True).alt


@pytest.mark.parametrize(("data", "m"), [("XOR", 4), ("3-4-2, 5 rows", 5)])
def test_the_shares_of_the_examples_add_up_to_the_gradient_of_the_batch(data, m):
    explore = widgets.credit_flow()
    picture = put(explore, data=data)
    assert explore.controls["example"].max == m
    if data == "XOR":
        rng = np.random.default_rng(1)
        W1, b1, W2, b2 = (rng.normal(size=shape) for shape in [(3, 2), 3, (1, 3), 1])
        x, y = datasets.xor()
    else:
        x, y, W1, b1, W2, b2 = bugs.fixture()
    net = Network([Layer(W1, b1, SIGMOID), Layer(W2, b2, SIGMOID)], MSE)
    dW = net.backward(net.forward(x), y).dW
    total = [value(cell) for cell in column(picture, "sum").values()]
    np.testing.assert_allclose(total, [*dW[1].ravel(), *dW[0].ravel()], atol=6e-7)
    added = np.sum([[value(c) for c in row[1 : m + 1]] for row in picture.numbers[1:]], axis=1)
    np.testing.assert_allclose(added, total, atol=4e-6)
    first = net.backward(net.forward(x[:1]), y[:1]).dW[1].ravel() / m
    one = [value(cell) for cell in column(picture, "example 1").values()][: len(first)]
    np.testing.assert_allclose(one, first, atol=6e-7)


def test_the_error_signal_of_a_line_is_delta_times_weight():
    picture = put(widgets.credit_flow(), data="3-4-2, 5 rows", flow=lesson.FLOWS[1])
    delta2, *_ = bugs.backward(*bugs.fixture())
    W2 = bugs.fixture()[4]
    shown = column(picture, "example 3")
    assert shown["o2 → h4"] == number(delta2[2, 1] * W2[1, 3], 6)


def test_lines_are_as_thick_as_what_they_carry_and_an_input_of_zero_carries_nothing():
    picture = put(widgets.credit_flow(), example=2)  # x1 = 0, x2 = 1
    lines = list(ET.fromstring(picture.svg).iter(f"{NAME}line"))
    sizes = np.abs([value(cell) for cell in column(picture, "example 2").values()])
    width = np.array([float(line.get("stroke-width")) - 1 for line in lines])
    np.testing.assert_allclose(width / width.max(), sizes / sizes.max(), atol=1e-3)
    silent = [cell for name, cell in column(picture, "example 2").items() if name.endswith("x1")]
    assert {value(cell) for cell in silent} == {0}
    assert {line.get("opacity") for line in lines} >= {"0"}
    assert {(line.get("stroke"), line.get("stroke-dasharray")) for line in lines} == {
        (svg.BACKWARD, svg.DASHED)
    }


def test_the_wishes_of_the_four_rows_of_xor_nearly_cancel():
    picture = put(widgets.credit_flow(), every=True)
    share = re.search(r"([\d.]+) %", picture.alt)
    assert float(share[1]) < 15


def test_a_signed_map_has_the_colours_of_puor_and_a_number_in_every_cell():
    values = np.array([[-2.0, -1.0, 0.0], [0.4, 1.0, 3.0]])
    root = ET.fromstring(svg.document(90, "map", svg.signed_map(0, 0, values, 1.0)))
    cells = [cell.get("fill") for cell in root.iter(f"{NAME}rect")]
    scale = matplotlib.colormaps["PuOr"]
    for colour, v in zip(cells, np.clip(values.ravel(), -1, 1), strict=True):
        expected = np.array(scale((v + 1) / 2)[:3]) * 255
        np.testing.assert_allclose(list(bytes.fromhex(colour[1:])), expected, atol=2)
    assert [text.text for text in root.iter(f"{NAME}text")] == [
        number(v, 4) for v in values.ravel()
    ]
    with pytest.raises(ValueError, match="NaN or infinite"):
        svg.signed_map(0, 0, np.array([[np.nan]]), 1.0)
