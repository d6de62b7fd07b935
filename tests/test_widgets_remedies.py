"""The interactives of lesson 6 about help: their numbers are those of networks trained here."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from drawings import NAME, column, put, seconds_of_a_frame, words

from bplib import datasets, svg, widgets
from bplib.activations import RELU, SIGMOID, TANH, leaky_relu
from bplib.initialisers import he
from bplib.losses import BINARY_CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY
from bplib.network import dense
from bplib.optimisers import SGD, Adam
from bplib.svg import number
from bplib.training import accuracy, minibatches
from bplib.widgets import remedies

MEASURED = {
    "deep and at chance": {
        "DBN": [0.95, 0.93, 0.97, 0.94, 0.96],
        "nothing": [0.09, 0.1, 0.12, 0.08, 0.1],
        "ReLU": [0.9, 0.12, 0.05, 0.95, 0.92],
    },
    "the first steps are forgotten": {"nothing": [False] * 6, "LSTM": [True] * 5 + [False]},
}
EXPLORES = {
    "dead_units": widgets.dead_units,
    "four_activations": widgets.four_activations,
    "remedy_matrix": lambda: widgets.remedy_matrix(MEASURED),
}


def elements(picture, kind, **style):
    """The elements of a kind that have these attributes."""
    return [
        e
        for e in ET.fromstring(picture.svg).iter(NAME + kind)
        if all(e.get(key.replace("_", "-")) == value for key, value in style.items())
    ]


def trained(lr, bias, slope, seed, epochs):
    """Written out once more.   -> network, x, y, test rows"""
    rng = np.random.default_rng(seed)
    x, y, x_test, y_test = datasets.split(*datasets.digits(), 797, rng)
    net = dense([64, 32, 32, 10], leaky_relu(slope), SOFTMAX_CROSS_ENTROPY, rng, he)
    net.layers[0].b += bias
    net.layers[1].b += bias
    optimiser = Adam(lr)
    for _ in range(epochs):
        for few_x, few_y in minibatches(x, y, 32, rng):
            grads = net.backward(net.forward(few_x), few_y)
            optimiser.step(net.params, grads.params)
    return net, x, y, (x_test, y_test)


@pytest.mark.parametrize(
    ("lr", "bias", "slope", "seed", "epochs"),
    [
        (0.001, -2, 0.0, 0, 4),
        (0.004, -2, 0.01, 3, 3),
        (0.001, -0.5, 0.0, 7, 5),
        (1.0, 1, 0.3, 1, 2),
    ],
)
def test_the_units_are_those_of_a_network_trained_alone(lr, bias, slope, seed, epochs):
    explore = widgets.dead_units()
    picture = put(explore, lr=lr, bias=bias, alpha=slope, weights_seed=seed, step=epochs)
    net, x, y, unseen = trained(lr, bias, slope, seed, epochs)
    z = net.forward(x).z
    never = [z[l].max(axis=0) <= 0 for l in (0, 1)]
    word = "asleep" if slope else "dead"
    states = [word if off else "alive" for layer in never for off in layer]
    shares = [number(np.mean(z[l][:, j] > 0)) for l in (0, 1) for j in range(32)]
    assert column(picture, "state") == states
    assert column(picture, "share of rows with z > 0") == shares
    loss = net.loss.value(z[-1], y)
    said = float(re.search(r"loss ([\d.]+) ", picture.alt)[1])
    assert said == pytest.approx(loss, rel=1e-3) or loss > 1000  # at lr 1 the last bits grow
    assert f"test accuracy {number(accuracy(net, *unseen))}." in picture.alt
    for l in (0, 1):
        assert f"hidden layer {l + 1}: {never[l].sum()} of 32 {word}" in words(picture)
    assert f"units {word}: {sum(map(sum, never))} of 64" in words(picture)


@pytest.mark.parametrize(("slope", "mark"), [(0.0, "✕"), (0.01, "α")])
def test_a_dead_unit_is_a_dashed_box_with_a_sign_and_an_alive_one_is_filled(slope, mark):
    picture = put(widgets.dead_units(), alpha=slope, step=8)
    states = column(picture, "state")
    off = 64 - states.count("alive")
    assert 0 < off < 64
    assert words(picture).count(mark) == off + 1  # and one in the legend
    assert len(elements(picture, "rect", stroke_dasharray="3 2")) == off + 1
    filled = elements(picture, "rect", fill=svg.FORWARD)[:-1]
    shares = [float(share) for share in column(picture, "share of rows with z > 0")]
    alive = [share for share, state in zip(shares, states, strict=True) if state == "alive"]
    heights = [float(box.get("height")) for box in filled]
    np.testing.assert_allclose(heights, np.maximum(30 * np.array(alive), 2), atol=0.02)


@pytest.mark.parametrize("seed", range(5))
def test_born_dead_units_stay_dead_under_relu_and_wake_up_when_the_slope_is_not_zero(seed):
    relu, leaky = (remedies._learn(0.001, -2.0, slope, seed) for slope in (0.0, 0.01))
    assert relu[0].off.sum() > 55 and relu[0].off[1].all()
    np.testing.assert_array_equal(relu[20].off, relu[0].off)
    assert relu[20].accuracy < 0.2 < 0.85 < leaky[20].accuracy
    assert leaky[20].off.sum() < 0.6 * leaky[0].off.sum()
    explore = widgets.dead_units()
    still = put(explore, weights_seed=seed, step=20)
    before = relu[0].off.sum()
    assert f"dead before training: {before}; of these awake now: 0; died since: 0" in still.alt
    woken = np.sum(leaky[0].off & ~leaky[20].off)
    assert f"of these awake now: {woken};" in put(explore, alpha=0.01).alt


def test_when_a_whole_layer_is_dead_the_gradient_is_zero_where_the_picture_says_so():
    net, x, y, _ = trained(0.001, -2, 0.0, 0, 0)
    gradients = net.backward(net.forward(x), y)
    for l in (0, 1):
        assert not gradients.dW[l].any() and not gradients.db[l].any()
    assert gradients.db[2].any()
    said = put(widgets.dead_units(), step=0).worked[-1]
    assert said.endswith("exactly 0 in layers 1 and 2")


def test_a_unit_that_is_asleep_gets_a_gradient():
    net, x, y, _ = trained(0.001, -2, 0.01, 0, 0)
    trace = net.forward(x)
    gradients = net.backward(trace, y)
    for l in (0, 1):
        off = (trace.z[l] <= 0).all(axis=0)
        assert off.any() and np.abs(gradients.dW[l][off]).max(axis=1).min() > 0
    assert "so dW is not 0" in put(widgets.dead_units(), alpha=0.01).worked[-1]


def test_a_dead_unit_gets_no_gradient_and_in_layer_2_some_wake_up_all_the_same():
    net, x, y, _ = trained(0.001, -0.5, 0.0, 0, 12)
    trace = net.forward(x)
    gradients = net.backward(trace, y)
    for l in (0, 1):
        off = (trace.z[l] <= 0).all(axis=0)
        assert off.any() and not gradients.dW[l][off].any() and not gradients.db[l][off].any()
    picture = put(widgets.dead_units(), bias=-0.5, step=12)
    assert "no error moves its weights; in layer 2 it can wake up" in picture.worked[-1]
    first, now = (remedies._learn(0.001, -0.5, 0.0, 0)[n].off for n in (0, 12))
    assert (first[1] & ~now[1]).any() and not (first[0] & ~now[0]).any()


def test_a_large_learning_rate_kills_relu_and_does_not_leave_leaky_relu_well_either():
    for seed in range(5):
        relu, leaky = (remedies._learn(1.0, 0.0, slope, seed)[-1] for slope in (0.0, 0.01))
        right = remedies._learn(0.001, 0.0, 0.01, seed)[-1]
        # with room for another rounding: of forty seeds none was near these limits
        assert relu.accuracy < 0.2 and relu.off.sum() > 45
        assert leaky.accuracy < right.accuracy - 0.1
        assert leaky.off.sum() > 20 and leaky.loss > 3 * right.loss


def test_with_no_dead_unit_nothing_is_said_of_dead_ones():
    picture = put(widgets.dead_units(), bias=1, step=0)
    assert "units dead: 0 of 64" in words(picture) and len(picture.worked) == 3


@pytest.mark.filterwarnings("ignore:overflow")
def test_training_that_becomes_infinite_is_shown_up_to_there():
    picture = remedies.draw_dead(1e300, 0.0, 0.0, 9, 0)
    assert "Training stopped after epoch 0: a number became infinite" in picture.alt


# four_activations

FOUR = {"sigmoid": SIGMOID, "tanh": TANH, "ReLU": RELU, "Leaky ReLU": leaky_relu(0.1)}


def alone(phi, hidden, depth, lr, seed, epochs):
    net = dense(
        [2, *[hidden] * depth, 1], phi, BINARY_CROSS_ENTROPY, np.random.default_rng(seed), he
    )
    x, y = datasets.xor()
    optimiser = SGD(lr)
    for _ in range(epochs):
        optimiser.step(net.params, net.backward(net.forward(x), y).params)
    return net


@pytest.mark.parametrize(
    ("hidden", "depth", "lr", "first", "epochs"), [(4, 1, 0.5, 0, 150), (3, 3, 0.2, 40, 90)]
)
def test_networks_raced_together_are_the_networks_trained_alone(hidden, depth, lr, first, epochs):
    explore = widgets.four_activations()
    values = {"hidden": hidden, "depth": depth, "lr": lr, "first_seed": first, "step": epochs}
    picture = put(explore, **values)
    x, y = datasets.xor()
    solved, gone = [], 0
    for phi in FOUR.values():
        nets = [alone(phi, hidden, depth, lr, seed, epochs) for seed in range(first, first + 20)]
        solved.append(sum(accuracy(net, x, y) == 1 for net in nets))
        if phi is RELU:
            gone = sum(int((z.max(axis=0) <= 0).sum()) for n in nets for z in n.forward(x).z[:-1])
        right = [int(4 * accuracy(net, x, y)) for net in nets]
        i = list(FOUR.values()).index(phi)
        np.testing.assert_array_equal(
            remedies._race(hidden, depth, lr, first).right[epochs, i], right
        )
    assert column(picture, "activation") == list(FOUR)
    assert column(picture, "solved") == solved
    for name, count in zip(FOUR, solved, strict=True):
        assert f"{name} {count}" in picture.worked[0] and f"{name}: {count} of 20" in words(picture)
    assert f"ReLU: {gone} of {20 * hidden * depth} hidden units are dead" in picture.alt
    assert words(picture).count("✓") == sum(solved)


def test_the_lines_end_where_the_counts_are_and_the_half_is_the_first_epoch_with_ten():
    picture = put(widgets.four_activations(), step=703)
    solved = np.sum(remedies._race(4, 1, 0.5, 0).right == 4, axis=2)[:704]
    lines = elements(picture, "polyline")
    assert len(lines) == 4 and len({line.get("stroke-dasharray") for line in lines}) == 4
    for i, line in enumerate(lines):
        points = [point.split(",") for point in line.get("points").split()]
        x, y = np.array(points, float).T
        np.testing.assert_allclose(x[[0, -1]], [48, 48 + 280 * 0.703], atol=0.06)
        assert y[-1] == pytest.approx(276 - 236 * solved[-1, i] / 20.6, abs=0.06)
        half = next((e for e, count in enumerate(solved[:, i]) if count >= 10), "not yet")
        assert column(picture, "ten solved at epoch")[i] == str(half)


def test_the_better_activation_depends_on_the_network_and_sigmoid_is_last_when_it_is_deep():
    starts = range(0, 60, 20)
    small = sum(np.sum(remedies._race(4, 1, 0.5, s).right[-1] == 4, axis=1) for s in starts)
    assert small[2] < small[1] and small[2] < small[0]  # ReLU solves fewest of 60
    assert small[3] - small[2] > 6
    deep = sum(np.sum(remedies._race(8, 4, 0.1, s).right[-1] == 4, axis=1) for s in starts)
    assert deep[0] < 12 and deep[1:].min() > 54


def test_one_neuron_solves_nothing_and_a_network_that_became_infinite_is_not_called_solved():
    explore = widgets.four_activations()
    assert column(put(explore, hidden=1, step=1000), "solved") == [0, 0, 0, 0]
    picture = put(explore, hidden=8, depth=4, lr=10.0)
    right = remedies._race(8, 4, 10.0, 0).right[-1]
    assert (right < 0).any() and words(picture).count("∞") == np.sum(right < 0)
    assert "∞: a number became infinite in this network" in picture.worked
    for seed in np.flatnonzero(right[3] < 0)[:3]:
        with np.errstate(all="ignore"):
            net = alone(FOUR["Leaky ReLU"], 8, 4, 10.0, seed, 1000)
            assert not np.isfinite(net.forward(datasets.xor()[0]).a[-1]).all()


# remedy_matrix


def test_the_medians_and_the_counts_are_right():
    picture = widgets.remedy_matrix(MEASURED).picture
    rows = {(row[0], row[1]): row[2:] for row in picture.numbers[1:]}
    assert len(rows) == 8
    assert rows["deep and at chance", "DBN"][:2] == ["0.950", 5]
    assert rows["deep and at chance", "ReLU"][:2] == ["0.900", 3]  # 0.12 is not above 0.12
    assert rows["deep and at chance", "LSTM"][0] == "not tried"
    assert rows["the first steps are forgotten", "LSTM"][:2] == ["1.000", 5]
    assert rows["the first steps are forgotten", "nothing"][0] == "0.000"
    assert picture.worked == [
        "DBN: median 0.950 against 0.100 with nothing; 5 of 5 seeds better than every seed of "
        "nothing",
        "ReLU: median 0.900 against 0.100 with nothing; 3 of 5 seeds better than every seed of "
        "nothing",
        "not tried against this symptom: LSTM",
    ]
    assert all(line in picture.alt for line in picture.worked)


@pytest.mark.parametrize("symptom", MEASURED)
def test_every_seed_is_a_dot_and_the_bar_ends_at_the_median(symptom):
    picture = put(widgets.remedy_matrix(MEASURED), symptom=symptom)
    values = MEASURED[symptom]
    order = [name for name in ("nothing", "DBN", "ReLU", "LSTM") if name in values]
    dots = [(float(c.get("cx")) - 150) / 300 for c in elements(picture, "circle")]
    np.testing.assert_allclose(dots, np.concatenate([values[name] for name in order]), atol=1e-3)
    bars = [float(b.get("width")) / 300 for b in elements(picture, "rect", height="22")]
    np.testing.assert_allclose(bars, [np.median(values[name]) for name in order], atol=1e-3)
    assert words(picture).count("not tried") == (4 - len(order)) + 3
    (limit,) = elements(picture, "line", stroke_dasharray=svg.DOTTED)
    assert (float(limit.get("x1")) - 150) / 300 == pytest.approx(
        float(max(values["nothing"])), abs=1e-3
    )


def test_only_the_row_of_the_chosen_symptom_is_framed():
    explore = widgets.remedy_matrix(MEASURED)
    places = []
    for symptom in MEASURED:
        (frame,) = elements(put(explore, symptom=symptom), "rect", stroke_width="3")
        inside = float(frame.get("y")), float(frame.get("y")) + float(frame.get("height"))
        labels = elements(explore.picture, "text", text_anchor="end")
        heard = [t.text for t in labels if inside[0] < float(t.get("y")) < inside[1]]
        assert " ".join(heard) == symptom
        places.append(inside)
    assert places[0][1] <= places[1][0]


def test_a_symptom_that_nobody_treated_and_few_seeds_are_said_as_such():
    picture = widgets.remedy_matrix({"slow": {"nothing": [0.5, 0.7]}}).picture
    assert "with nothing: median 0.600; no remedy was tried" in picture.alt
    assert "only 2 seeds: a hint, and not yet a result" in picture.alt
    assert "hint" not in widgets.remedy_matrix(MEASURED).picture.alt


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        ({}, "but it is empty"),
        ([1, 2], "but it is of type list"),
        (3.0, "but it is of type float"),
        ({"deep": [0.1]}, '"deep" has no remedy "nothing"'),
        ({"deep": {"ReLU": [0.9]}}, '"deep" has no remedy "nothing"'),
        ({"deep": {"nothing": [np.nan]}}, "must be from 0 to 1, but one is NaN"),
        (
            {"deep": {"nothing": [0.1], "ReLU": [1.0, 96.5]}},
            '"ReLU" for "deep" must be from 0 to 1',
        ),
        ({"deep": {"nothing": [-0.1]}}, "but one is −0.100"),
        ({"deep": {"nothing": []}}, "a list with one number per seed"),
        ({"deep": {"nothing": 0.5}}, "a list with one number per seed"),
        ({"deep": {"nothing": [[0.5]]}}, "a list with one number per seed"),
        ({"deep": {"nothing": ["bad"]}}, "must be numbers"),
        ({"deep": {"nothing": None}}, "from 0 to 1|one number per seed"),
        ({"fine": {"nothing": [0.1]}, "deep": {"nothing": [0.1], "DBN": [2]}}, '"DBN" for "deep"'),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(measured, said):
    explore = widgets.remedy_matrix(measured)
    assert explore.picture.alt.startswith("This cannot be drawn (ValueError)")
    assert any(part in explore.picture.alt for part in said.split("|"))
    assert "Traceback" not in explore.frame.value


def test_without_numbers_of_the_lesson_it_measures_five_seeds_of_its_own():
    measured = remedies._measure()
    explore = widgets.remedy_matrix()
    assert explore.controls["symptom"].options == tuple(measured)
    for symptom, values in measured.items():
        picture = put(explore, symptom=symptom)
        assert all(len(seeds) == 5 for seeds in values.values())
        for name in values.keys() - {"nothing"}:
            assert min(values[name]) > max(values["nothing"]) + 0.2, (symptom, name)
            assert f"{name}: median {number(np.median(values[name]))}" in picture.alt
    chance = measured["sigmoid: learns nothing"]["nothing"]
    assert max(chance) < 0.15


def test_the_quick_measurement_of_dead_units_is_that_of_a_network_trained_alone():
    born_dead = remedies._measure()["ReLU: units born dead"]
    for name, slope in (("nothing", 0.0), ("Leaky ReLU", 0.01)):
        net, _, _, unseen = trained(0.004, -2, slope, 2, 5)
        assert born_dead[name][2] == accuracy(net, *unseen)


# all three


def ends(explore):
    """Every control at both ends, the others as at first."""
    for name, control in explore.controls.items():
        low, high = (
            (control.min, control.max)
            if hasattr(control, "min")
            else (control.options[0], control.options[-1])
        )
        for value in (low, high):
            yield {key: c.value for key, c in explore.controls.items()} | {name: value}
    if "step" in explore.controls:  # and once more at the end of training
        last = explore.controls["step"].max
        yield {key: c.value for key, c in explore.controls.items()} | {"step": last}


@pytest.mark.parametrize("name", EXPLORES)
def test_every_control_works_at_both_ends_and_nothing_is_cut(name):
    explore = EXPLORES[name]()
    first = explore.picture.alt
    for values in list(ends(explore)):
        picture = put(explore, **values)
        assert not picture.alt.startswith("This cannot"), values
        root = ET.fromstring(picture.svg)
        height = float(root.get("height"))
        assert root.get("aria-label") == picture.alt and "nan" not in picture.svg.lower()
        assert len({len(row) for row in picture.numbers}) == 1
        for text in filter(lambda text: text.text, root.iter(f"{NAME}text")):
            size = float(text.get("font-size", 13))
            wide = 0.55 * size * len(text.text)
            left = (
                float(text.get("x"))
                - wide * {"start": 0, "middle": 0.5, "end": 1}[text.get("text-anchor")]
            )
            assert left > -1 and left + wide < 641, (values, text.text)
            assert size < float(text.get("y")) + 3 and float(text.get("y")) < height, text.text
        explore.reset.click()
        assert explore.picture.alt == first


@pytest.mark.parametrize("name", EXPLORES)
def test_the_same_state_gives_the_same_picture_and_every_control_changes_it(name):
    explore = EXPLORES[name]()
    if "step" in explore.controls:
        explore.controls["step"].value = 15
    values = {key: control.value for key, control in explore.controls.items()}
    before = explore.picture
    for cached in (remedies._learn, remedies._race):
        cached.cache_clear()
    assert explore.draw(**values) == before
    for key, control in explore.controls.items():
        options = getattr(control, "options", None)
        other = options[-1] if options else control.max
        assert explore.draw(**values | {key: other}) != before, key


@pytest.mark.parametrize("name", EXPLORES)
def test_a_frame_that_was_computed_before_comes_at_once(name):
    explore = EXPLORES[name]()
    if "step" in explore.controls:
        explore.controls["step"].value = explore.controls["step"].max
    assert seconds_of_a_frame(explore) < 0.02


def test_play_waits_for_a_kernel_that_is_busy_and_goes_to_the_end():
    explore = widgets.dead_units()
    clock, before = explore.clock, explore.picture.alt
    assert clock.interval == 400 and clock.max == explore.controls["step"].max
    clock.value += clock.step
    assert explore.controls["step"].value == clock.step and explore.picture.alt != before
