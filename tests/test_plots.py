"""Figures draw what the numbers say, in the colours of the theme, and say it in words as well."""

import re
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from bplib import plots
from bplib.activations import RELU, SIGMOID, TANH
from bplib.datasets import moons
from bplib.initialisers import he, normal, xavier
from bplib.losses import BINARY_CROSS_ENTROPY
from bplib.network import dense
from bplib.optimisers import SGD
from bplib.training import Epoch, train

SVG = "{http://www.w3.org/2000/svg}"


def axes():
    return Figure().subplots()


def network(phi=TANH, init=xavier, depth=1):
    return dense([2, *[8] * depth, 1], phi, BINARY_CROSS_ENTROPY, np.random.default_rng(0), init)


def run(lr=0.5, epochs=30, validation=None):
    rows = moons(60, np.random.default_rng(1))
    return list(train(network(), *rows, SGD(lr), epochs, validation=validation))


def watched():
    return run(validation=moons(40, np.random.default_rng(2)))


def one_pass_back(phi, init, depth=6):
    net = network(phi, init, depth)
    x, y = moons(60, np.random.default_rng(1))
    return net.backward(net.forward(x), y)


def nets():
    return {
        "sigmoid, Xavier": one_pass_back(SIGMOID, xavier),
        "ReLU, He": one_pass_back(RELU, he),
        "ReLU, <small>": one_pass_back(RELU, normal),
    }


def html(shown):
    return shown._repr_mimebundle_()["text/html"]


def words(shown):
    """Every text in the drawing."""
    return [text.text for text in ET.fromstring(shown.svg).iter(f"{SVG}text")]


def cells(shown):
    """The table of the page, row by row, read back from the HTML."""
    table = ET.fromstring(re.search(r"<table>.*</table>", html(shown)).group())
    return [[cell.text or "" for cell in row] for row in table.iter("tr")]


FIGURES = {
    "losses": lambda: plots.show(plots.losses, watched(), title="A run"),
    "accuracies": lambda: plots.show(plots.accuracies, watched(), title="Right & wrong"),
    "compare": lambda: plots.show(plots.compare, {"slow": run(0.01), "fast": run(1.0)}),
    "delta_norms": lambda: plots.show(plots.delta_norms, nets(), title='"By layer"'),
}
every_figure = pytest.mark.parametrize("name", FIGURES)


def assert_line(line, x, y, label=None):
    np.testing.assert_array_equal(line.get_xdata(), x)
    np.testing.assert_array_equal(line.get_ydata(), y)
    assert label is None or line.get_label() == label


def test_losses_draws_both_losses_against_the_number_of_the_epoch():
    ax, history = axes(), watched()
    assert plots.losses(ax, history) is None
    assert len(ax.lines) == 2
    assert_line(ax.lines[0], range(31), [e.loss for e in history], "training")
    assert_line(ax.lines[1], range(31), [e.validation_loss for e in history], "validation")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss")


def test_accuracies_draws_both_accuracies_from_0_to_1():
    ax, history = axes(), watched()
    assert plots.accuracies(ax, history) is None
    assert len(ax.lines) == 2
    assert_line(ax.lines[0], range(31), [e.accuracy for e in history], "training")
    assert_line(ax.lines[1], range(31), [e.validation_accuracy for e in history], "validation")
    low, high = ax.get_ylim()
    assert low == 0
    assert 1 < high < 1.1


@pytest.mark.parametrize("draw", [plots.losses, plots.accuracies])
def test_without_validation_rows_there_is_one_line_and_no_legend(draw):
    ax = axes()
    draw(ax, run())
    assert len(ax.lines) == 1
    assert not {"training", "validation"} & set(words(plots.show(draw, run())))


def test_a_run_that_begins_late_keeps_the_numbers_of_its_epochs():
    ax = axes()
    plots.losses(ax, run()[20:])
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), range(20, 31))


def test_compare_draws_each_run_under_its_name_on_a_log_scale():
    ax, runs = axes(), {"slow": run(0.01), "fast": run(1.0, epochs=12)}
    assert plots.compare(ax, runs) is None
    for line, (name, history) in zip(ax.lines, runs.items(), strict=True):
        assert_line(line, range(len(history)), [e.loss for e in history], name)
    assert ax.get_yscale() == "log"


def test_delta_norms_draws_the_rms_of_delta_from_the_first_layer_to_the_last_on_a_log_scale():
    ax, gradients = axes(), nets()
    assert plots.delta_norms(ax, gradients) is None
    for line, (name, found) in zip(ax.lines, gradients.items(), strict=True):
        norms = [np.linalg.norm(delta) / np.sqrt(delta.size) for delta in found.delta]
        np.testing.assert_array_equal(line.get_xdata(), range(1, 8))
        np.testing.assert_allclose(line.get_ydata(), norms)
        assert line.get_label() == name
    assert ax.get_yscale() == "log"


def test_ten_networks_make_ten_lines():
    ax, found = axes(), one_pass_back(TANH, xavier)
    plots.delta_norms(ax, dict.fromkeys("abcdefghij", found))
    assert [line.get_label() for line in ax.lines] == list("abcdefghij")


def test_no_tick_stands_at_half_an_epoch():
    ticks = [text for text in words(plots.show(plots.accuracies, run(epochs=3))) if "." not in text]
    assert ticks == ["0", "1", "2", "3", "epoch", "accuracy"]


def test_lines_differ_in_more_than_colour():
    shown = ET.fromstring(FIGURES["losses"]().svg)
    drawn = [
        p.get("style") for p in shown.iter(f"{SVG}path") if "stroke-width: 1.8" in str(p.attrib)
    ]
    dashes = {"stroke-dasharray" in style for style in drawn}
    assert dashes == {True, False}
    ax = axes()
    plots.delta_norms(ax, nets())
    assert len({line.get_marker() for line in ax.lines}) == 3


@every_figure
def test_a_figure_is_valid_xml_that_follows_the_theme_and_nothing_else_of_the_page(name):
    shown = FIGURES[name]()
    root = ET.fromstring(shown.svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert root.get("aria-label") == shown.alt
    assert not list(root.iter(f"{SVG}style"))
    assert not list(root.iter(f"{SVG}metadata"))
    for text in root.iter(f"{SVG}text"):
        for words in (text, *text.iter(f"{SVG}tspan")):
            assert "#" not in words.get("style", "")
        assert "currentColor" in ET.tostring(text, "unicode")
    colours = set(re.findall(r"#[0-9a-f]{6}\b", shown.svg))
    lines = {"#0072b2", "#d55e00", "#009e73", "#cc79a7"}
    assert colours <= lines


def test_the_legend_names_the_lines_where_there_are_two():
    assert {"training", "validation"} <= set(words(FIGURES["losses"]()))


def test_every_colour_of_a_line_stands_out_from_white_and_from_near_black():
    style = plots.show(plots.compare, {name: run(epochs=2) for name in "abcd"}).svg
    drawn = set(re.findall(r"#[0-9a-f]{6}\b", style))
    assert len(drawn) == 4

    def luminance(colour):
        light = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)
        ]
        return np.dot(light, [0.2126, 0.7152, 0.0722])

    for colour in drawn:  # WCAG 2.2, 1.4.11: graphics need a contrast of 3 or more
        assert 1.05 / (luminance(colour) + 0.05) >= 3
        assert (luminance(colour) + 0.05) / (luminance("#111111") + 0.05) >= 3


@every_figure
def test_the_plain_text_says_the_first_and_last_number_of_every_line(name):
    shown = FIGURES[name]()
    assert shown._repr_mimebundle_()["text/plain"] == shown.alt
    heading, *rows = shown.table
    for at, line in enumerate(heading[1:], 1):
        said = f"{line}: from {rows[0][at]} at {rows[0][0]} to {rows[-1][at]} at {rows[-1][0]}"
        assert said in shown.alt
    assert ("on a log scale" in shown.alt) == (name in ("compare", "delta_norms"))


@every_figure
def test_the_table_of_the_page_is_the_table_of_the_figure(name):
    shown = FIGURES[name]()
    assert cells(shown) == shown.table
    assert 2 <= len(shown.table) <= 13


def test_the_table_holds_the_numbers_of_the_history():
    history = watched()
    heading, *rows = cells(plots.show(plots.losses, history))
    assert heading == ["epoch", "training", "validation"]
    assert [rows[0][0], rows[-1][0]] == ["0", "30"]
    for number, loss, validation_loss in rows:
        epoch = history[int(number)]
        assert float(loss) == pytest.approx(epoch.loss, rel=1e-3)
        assert float(validation_loss) == pytest.approx(epoch.validation_loss, rel=1e-3)


def test_the_table_of_runs_of_two_lengths_goes_to_the_end_of_the_longer():
    heading, *rows = cells(plots.show(plots.compare, {"a": run(epochs=4), "b": run(epochs=9)}))
    assert heading == ["epoch", "a", "b"]
    assert [row[0] for row in rows] == [str(number) for number in range(10)]
    assert [bool(row[1]) for row in rows] == [True] * 5 + [False] * 5
    assert all(row[2] for row in rows)


def test_the_words_name_the_lowest_point_where_it_is_not_an_end():
    history = [Epoch(n, loss, 0.5, None, None, None) for n, loss in enumerate([3.0, 1.0, 2.0])]
    alt = plots.show(plots.losses, history, title="Up again").alt
    assert alt == "Up again. loss, against epoch. training: from 3 at 0 to 2 at 2, smallest 1 at 1."


def test_large_and_negative_numbers_are_written_in_full_where_they_are_whole():
    draw = lambda ax: ax.plot([0, 10000], [-3, 0.00012345])
    assert plots.show(draw).table[1:] == [["0", "−3"], ["10000", "0.0001234"]]


@pytest.mark.parametrize("draw", [plots.losses, plots.accuracies])
@pytest.mark.parametrize("bad", [np.nan, np.inf], ids=str)
@pytest.mark.parametrize("where", [slice(2, 3), slice(None)], ids=["last", "all"])
def test_a_loss_that_is_not_finite_is_said_and_breaks_nothing(draw, bad, where):
    values = np.array([2.0, 9.0, 5.0])
    values[where] = bad
    history = [Epoch(n, v, v, v, v, None) for n, v in enumerate(values.tolist())]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shown = plots.show(draw, history)
    ET.fromstring(shown.svg)
    assert cells(shown)[-1] == ["2", *["NaN" if np.isnan(bad) else "infinity"] * 2]


def test_a_dead_network_has_no_place_on_a_log_scale_and_breaks_nothing():
    dead = lambda n_out, n_in, rng: -np.ones((n_out, n_in))
    net = network(RELU, dead, depth=3)
    x, y = np.abs(moons(20, np.random.default_rng(0))[0]), np.ones((20, 1))
    found = net.backward(net.forward(x), y)
    assert not np.any(found.delta[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        alone = plots.show(plots.delta_norms, {"dead": found})
        beside = plots.show(plots.delta_norms, {"dead": found, "alive": nets()["ReLU, He"]})
    for shown in (alone, beside):
        ET.fromstring(shown.svg)
        assert cells(shown)[1][1] == "0"


@every_figure
def test_the_same_numbers_make_the_same_text(name):
    assert html(FIGURES[name]()) == html(FIGURES[name]())


def test_another_process_makes_the_same_text():
    code = (
        "from bplib import plots; print(plots.show(lambda ax: ax.plot([1, 2], [3, 4], 'o-')).svg)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert runs[0].stdout == runs[1].stdout


def window(radius):
    """Draws a line that is seen through a round window: a clip path that no axes have."""

    def draw(ax):
        (line,) = ax.plot([0, 1], [0, 1], marker="o")
        line.set_clip_path(Circle((0.5, 0.5), radius, transform=ax.transData))

    return draw


def ids(svg):
    return {element.get("id") for element in ET.fromstring(svg).iter() if element.get("id")}


def test_two_figures_in_one_page_share_no_id():
    shown = [FIGURES[name]() for name in FIGURES] + [plots.show(window(r)) for r in (0.2, 0.4)]
    everything = [name for figure in shown for name in ids(figure.svg)]
    assert len(everything) == len(set(everything)) > 100


@pytest.mark.parametrize("radius", [0.2, 0.4])
def test_every_reference_of_a_figure_finds_its_target_in_the_same_figure(radius):
    for svg in (plots.show(window(radius)).svg, FIGURES["delta_norms"]().svg):
        used = set(re.findall(r'url\(#(.*?)\)|xlink:href="#(.*?)"', svg))
        used = {a or b for a, b in used}
        assert len(used) >= 2
        assert used <= ids(svg)


@every_figure
def test_a_figure_leaves_pyplot_and_its_settings_as_they_were(name):
    before = dict(plt.rcParams), plt.get_fignums()
    FIGURES[name]()
    assert (dict(plt.rcParams), plt.get_fignums()) == before


def test_plots_are_imported_without_matplotlib():
    code = "import sys; from bplib import plots; print('matplotlib' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


WHERE = """texts => texts.map(text => {
    const own = text.getBoundingClientRect(), all = text.closest("svg").getBoundingClientRect();
    const inside = all.left <= own.left && own.right <= all.right
                && all.top <= own.top && own.bottom <= all.bottom;
    return [text.textContent, inside, getComputedStyle(text.querySelector("tspan") ?? text).fill];
})"""


def test_no_word_of_a_figure_is_cut_off_and_all_have_the_colour_of_the_page(chromium):
    from playwright.sync_api import sync_playwright

    figures = "".join(html(figure()) for figure in FIGURES.values())
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium)
        try:
            page = browser.new_page(viewport={"width": 700, "height": 900})
            page.set_content(f'<body style="background:#111;color:#ddd">{figures}')
            texts = page.locator("svg text").evaluate_all(WHERE)
        finally:
            browser.close()
    assert {"A run", "validation", "RMS of delta", "ReLU, <small>"} <= {
        words for words, *_ in texts
    }
    assert [words for words, inside, _ in texts if not inside] == []
    assert {colour for *_, colour in texts} == {"rgb(221, 221, 221)"}
