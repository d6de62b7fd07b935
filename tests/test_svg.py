"""The drawing vocabulary: what is drawn is what the numbers say."""

import base64
import io
import re
import xml.etree.ElementTree as ET

import matplotlib
import matplotlib.image
import numpy as np
import pytest

from bplib import svg

NAME = "{http://www.w3.org/2000/svg}"


def drawn(*parts):
    return ET.fromstring(svg.document(100, "words", *parts))


def test_a_document_is_an_image_whose_label_is_the_alt_text():
    root = ET.fromstring(svg.document(100, 'w < 0 & "b"', svg.text(1, 2, "a < b & c")))
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'w < 0 & "b"'
    assert root.find(f"{NAME}text").text == "a < b & c"


def test_text_follows_the_theme():
    assert drawn(svg.text(0, 0, "z")).find(f"{NAME}text").get("fill") == "currentColor"


def test_nothing_has_an_id_because_two_pictures_share_a_page():
    axes = svg.Axes(0, 0, 10, 10, (0, 1), (0, 1))
    parts = axes.clip(axes.surface(np.eye(2))) + axes.frame("x", "y", [0], [1])
    assert not re.search(r"\bid=", svg.document(100, "words", parts))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (-1.5, "−1.500"),
        (-0.00001, "0.000"),
        (np.nan, "NaN"),
        (np.inf, "infinity"),
        (-np.inf, "−infinity"),
    ],
)
def test_a_number_reads_like_a_number(value, words):
    assert svg.number(value) == words
    assert svg.number(np.float64(value)) == words


def test_a_short_number_has_no_digits_to_spare():
    assert [svg.short(v) for v in (0.15, -3.0, 20.0, -0.0)] == ["0.15", "−3", "20", "0"]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_number_that_is_not_finite_is_never_a_coordinate(value):
    axes = svg.Axes(0, 0, 10, 10, (0, 1), (0, 1))
    for draw in (
        lambda: svg.circle((value, 0), 3),
        lambda: svg.heat_map(0, 0, 9, 9, np.array([[value]])),
        lambda: axes.curve(np.array([0.0, 1.0]), np.array([0.0, value])),
    ):
        with pytest.raises(ValueError, match="NaN or infinite"):
            draw()


def test_axes_put_the_largest_y_at_the_top():
    axes = svg.Axes(left=10, top=20, width=100, height=50, x=(-1, 1), y=(0, 5))
    assert axes.at(-1, 5) == (10, 20)
    assert axes.at(1, 0) == (110, 70)


def test_grid_cells_lie_where_a_heat_map_draws_them():
    axes = svg.Axes(left=10, top=20, width=100, height=50, x=(-1, 1), y=(0, 5))
    x, y = axes.grid(4, 5)
    across, down = axes.at(x, y)
    np.testing.assert_allclose(across[0], [22.5, 47.5, 72.5, 97.5])
    np.testing.assert_allclose(down[:, 0], [25, 35, 45, 55, 65])


def test_a_curve_goes_through_its_points():
    axes = svg.Axes(0, 0, 100, 100, (0, 1), (0, 1))
    line = drawn(axes.curve(np.array([0.0, 0.5]), np.array([0.0, 1.0]))).find(f"{NAME}polyline")
    assert line.get("points").split() == ["0.0,100.0", "50.0,0.0"]


def test_a_heat_map_has_the_colours_of_cividis_and_row_0_at_the_top():
    values = np.linspace(0, 1, 12).reshape(3, 4)
    image = drawn(svg.heat_map(0, 0, 9, 9, values)).find(f"{NAME}image")
    data = base64.b64decode(image.get("href").removeprefix("data:image/png;base64,"))
    pixels = matplotlib.image.imread(io.BytesIO(data), format="png")
    expected = matplotlib.colormaps["cividis"](values)[..., :3]
    np.testing.assert_allclose(pixels[..., :3], expected, atol=0.08)


def test_a_bar_is_as_long_as_its_value_and_nan_has_none():
    bars = drawn(svg.bars(10, 0, 200, [0.25, np.nan], ["p1", "p2"]))
    assert [float(bar.get("width")) for bar in bars.iter(f"{NAME}rect")] == [50, 0]
    assert [text.text for text in bars.iter(f"{NAME}text")] == ["p1", "0.250", "p2", "NaN"]


def test_a_matrix_has_a_line_between_each_two_rows_and_columns():
    matrix = drawn(svg.matrix(0, 0, 3, 5, "W", cell=10))
    assert len(list(matrix.iter(f"{NAME}line"))) == 2 + 4
    box = matrix.find(f"{NAME}rect")
    assert (box.get("width"), box.get("height")) == ("50", "30")


def edges(W, lit=None):
    n_out, n_in = W.shape
    inside = [[("x",)] * n_in, [("h",)] * n_out]
    parts = svg.network(0, 0, 300, 300, [W], [np.zeros(n_out)], inside, lit)
    return list(drawn(parts).iter(f"{NAME}line"))


def test_a_weight_of_zero_fades_out_and_is_never_white():
    shown = edges(np.array([[0.0, -1.0, 4.0]]))
    opacity = [float(edge.get("opacity")) for edge in shown]
    assert opacity == [0, 0, 0.5, 0.5, 1, 1]  # each edge is two pieces, around its number
    assert {edge.get("stroke") for edge in shown} == {svg.WEIGHT}


def test_a_network_of_zeros_can_be_drawn():
    assert {edge.get("opacity") for edge in edges(np.zeros((2, 2)))} == {"0"}


def test_only_the_weights_into_the_lit_neuron_are_blue():
    colours = [edge.get("stroke") for edge in edges(np.ones((2, 3)), lit=(1, 1))]
    assert colours == [svg.WEIGHT] * 6 + [svg.FORWARD] * 6


def test_each_weight_has_its_number_and_each_neuron_its_bias():
    inside = [[("x1", "0.5")], [("h1", "z 1")]]
    parts = svg.network(0, 0, 300, 100, [np.array([[-2.5]])], [np.array([0.25])], inside)
    words = [text.text for text in drawn(parts).iter(f"{NAME}text")]
    assert words == ["−2.5", "x1", "0.5", "h1", "b 0.25", "z 1"]


def test_as_an_image_the_picture_brings_its_own_light_background():
    image = svg.as_image(svg.document(100, "a", svg.text(0, 0, "z")), 'a "quoted" < b')
    tag = ET.fromstring(image.replace(">", "/>"))
    assert tag.get("alt") == 'a "quoted" < b'
    data = tag.get("src").removeprefix("data:image/svg+xml;base64,")
    root = ET.fromstring(base64.b64decode(data))
    assert root.get("style").startswith("background:white;color:#1b1b1b;")
