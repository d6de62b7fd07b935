"""The live training of lesson 4: what is seen is what train() does, in any order of steps."""

import base64
import re
import warnings
import xml.etree.ElementTree as ET
import zlib

import numpy as np
import pytest
from drawings import NAME, column, put, words

from bplib import datasets, svg, widgets
from bplib.activations import sigmoid
from bplib.losses import BINARY_CROSS_ENTROPY
from bplib.network import dense
from bplib.optimisers import SGD
from bplib.svg import number, rough, short
from bplib.training import train
from bplib.widgets import live

FIRST = dict(data="moons", N=50, B=8, lr=0.5, H=4, seed=3, activation="tanh")
SEEN = FIRST | dict(neuron=1, show_maths=False, step=0)


def train_by_hand(epochs, data, N, B, lr, H, seed, activation):
    """The network, its rows and the history of train(), with one rng for everything."""
    rng = np.random.default_rng(seed)
    makers = {"moons": datasets.moons, "circles": datasets.circles, "spirals": datasets.spirals}
    x, y = makers[data](N, rng) if data in makers else datasets.xor()
    phi, init = live.KINDS[activation]
    net = dense([2, H, 1], phi, BINARY_CROSS_ENTROPY, rng, init)
    return net, x, y, list(train(net, x, y, SGD(lr), epochs, min(B, len(x)), rng)), rng


def state(run):
    return [w.copy() for w in run.params], run.few.copy(), run.step, run.measure()


def assert_same(one, other):
    for w, v in zip(one[0], other[0], strict=True):
        np.testing.assert_array_equal(w, v)
    np.testing.assert_array_equal(one[1], other[1])
    assert one[2:] == other[2:]


def part(explore, name):
    return next(b for b in explore.children[2].children if b.description == name)


@pytest.mark.parametrize("data", live.PLANES)
@pytest.mark.parametrize("activation", live.KINDS)
def test_after_whole_epochs_weights_and_losses_are_those_of_train_but_for_the_last_bits(
    data, activation
):
    settings = FIRST | dict(data=data, activation=activation)
    run = live._settle(**settings)
    run.to(5 * run.per_epoch)
    net, _, _, history, _ = train_by_hand(5, **settings)
    for w, v in zip(run.params, net.params, strict=True):
        np.testing.assert_allclose(w, v, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(run.losses[:6], [epoch.loss for epoch in history], rtol=1e-9)


def test_the_words_say_what_train_measures():
    alt = live.draw_live(**SEEN | dict(step=70)).alt
    *_, history, _ = train_by_hand(10, **FIRST)
    loss, share = rough(history[-1].loss), number(history[-1].accuracy)
    assert f"After 70 updates, that is 10 epochs: loss {loss}, accuracy {share}," in alt


def test_the_next_batch_is_the_one_that_train_would_take():
    run = live._settle(**FIRST)
    run.to(2 * run.per_epoch)
    *_, rng = train_by_hand(2, **FIRST)
    np.testing.assert_array_equal(run.few, rng.permutation(50)[:8])
    run.to(2 * run.per_epoch + 6)
    assert len(run.few) == 50 - 6 * 8


@pytest.mark.parametrize("batch", [1, 8, 50, 256])
def test_forwards_backwards_and_jumps_end_in_the_same_state(batch):
    settings = {**FIRST, "B": batch}
    straight = live.Run(*{**settings, "B": min(batch, 50)}.values())
    expected = {}
    for step in range(0, 451, 3):
        straight.to(step)
        expected[step] = state(straight)
    wild = live.Run(*settings.values())
    for step in [450, 3, 0, 300, 297, 102, 450, 99, 150]:
        wild.to(step)
        assert_same(state(wild), expected[step])
    assert wild.losses == straight.losses


def test_a_run_keeps_few_snapshots():
    run = live.Run(*{**FIRST, "data": "XOR", "B": 4}.values())
    run.to(2000)
    assert len(run.kept) == 1 + 2000 // live.SNAPSHOT


def test_the_picture_depends_on_the_settings_and_not_on_the_way_to_them():
    explore = widgets.train_live()
    straight = put(explore, step=140)
    part(explore, "Step").click()
    ahead = explore.picture
    part(explore, "Back").click()
    assert explore.picture == straight
    put(explore, lr=2.0, step=900, H=3)
    assert put(explore, step=141, lr=0.5, H=8) == ahead != straight


def test_the_epoch_button_goes_to_the_end_of_the_epoch():
    explore = widgets.train_live()  # 200 rows, batches of 32: 7 updates
    put(explore, step=3)
    seen = []
    for _ in range(3):
        part(explore, "Epoch").click()
        seen.append(explore.controls["step"].value)
    assert seen == [7, 14, 21] and "that is 3 epochs: loss" in explore.picture.alt
    put(explore, step=live.UPDATES - 1)
    part(explore, "Epoch").click()
    assert explore.controls["step"].value == live.UPDATES


@pytest.mark.parametrize(
    ("values", "stride"),
    [
        (dict(), 7),
        (dict(data="XOR"), 5),
        (dict(data="XOR", B=2), 6),
        (dict(B=256), 5),
        (dict(B=1), 25),
        (dict(N=25, B=1), 25),
    ],
)
def test_a_frame_of_play_is_whole_epochs_or_a_part_of_a_long_one(values, stride):
    explore = widgets.train_live()
    put(explore, **values)
    explore.clock.playing = True
    explore.clock.value += 1  # what the browser does
    assert explore.controls["step"].value == stride


def test_settings_may_change_while_it_plays():
    explore = widgets.train_live()
    part(explore, "Play").value = True
    for name, value in dict(data="spirals", H=16, N=33, B=1, lr=50.0, activation="ReLU").items():
        explore.clock.value += 1  # what the browser does
        explore.controls[name].value = value
        assert "cannot be drawn" not in explore.picture.alt
    assert explore.clock.playing
    explore.reset.click()
    assert not explore.clock.playing
    assert explore.picture == widgets.train_live().picture


@pytest.mark.parametrize("activation", live.KINDS)
@pytest.mark.parametrize("step", [0, 6, 20])
def test_the_maths_is_what_backward_finds(activation, step):
    settings = FIRST | dict(activation=activation)
    picture = live.draw_live(**settings, neuron=3, show_maths=True, step=step)
    net, x, y, _, rng = train_by_hand(step // 7, **settings)
    rows = rng.permutation(50)
    for start in range(0, 8 * (step % 7), 8):
        few = rows[start : start + 8]
        SGD(0.5).step(net.params, net.backward(net.forward(x[few]), y[few]).params)
    few = rows[8 * (step % 7) : 8 * (step % 7) + 8]
    trace = net.forward(x[few])
    gradients = net.backward(trace, y[few])
    W, b, v = net.layers[0].W[2], net.layers[0].b[2], net.layers[1].W[0, 2]
    dW, db = gradients.dW[0][2], gradients.db[0][2]
    phi = net.layers[0].phi
    title, forward, output, backward, sums, *updates = picture.worked[-8:]
    assert f"h3, first row of the batch (row {few[0]}, m = {len(few)})" in title
    z, a = trace.z[0][0, 2], trace.a[1][0, 2]
    assert forward.endswith(f"= {rough(z, 4)}, a = {activation}(z) = {rough(a, 4)}")
    p = sigmoid(trace.a[2][0, 0])
    assert f"({rough(p, 4)} − {short(y[few[0], 0])})/{len(few)} =" in output
    assert output.endswith(f"= {rough(gradients.delta[1][0, 0], 4)}")
    assert backward.endswith(f"= {rough(gradients.delta[0][0, 2], 4)}")
    factors = (v, gradients.delta[1][0, 0], phi.prime(z))
    assert all(rough(factor, 4) in backward for factor in factors)
    assert f"= [{rough(dW[0], 4)}, {rough(dW[1], 4)}]" in sums and sums.endswith(rough(db, 4))
    for sentence, w, dw in zip(updates, [*W, b], [*dW, db], strict=True):
        minus = f"({rough(dw, 4)})" if dw < 0 else rough(dw, 4)
        after = rough(w - 0.5 * dw, 4)
        assert sentence.endswith(f"← {rough(w, 4)} − 0.5·{minus} = {after}")


def test_the_update_that_the_maths_announces_is_the_one_that_step_makes():
    explore = widgets.train_live()
    announced = put(explore, step=30, neuron=5, show_maths=True).worked[-3:]
    part(explore, "Step").click()
    row = explore.picture.numbers[5]
    assert row[0] == "h5" and [line.split(" = ")[-1] for line in announced] == row[1:4]


def test_the_maths_comes_only_with_its_tick_and_a_missing_neuron_is_said():
    explore = widgets.train_live()
    assert not any("delta1" in line for line in explore.picture.worked)
    picture = put(explore, show_maths=True, H=2, neuron=9)
    assert "There is no hidden neuron 9: you see neuron 2." in picture.worked
    assert any("W1[1,0] ←" in line for line in picture.worked) and "h2" in words(picture)


def pixels(picture):
    """The heat map as (rows, columns, 3)."""
    image = ET.fromstring(picture.svg).find(f"{NAME}image")
    png = base64.b64decode(image.get("href").split(",")[1])
    start = png.index(b"IDAT") + 4
    data = zlib.decompress(png[start : start + int.from_bytes(png[start - 8 : start - 4])])
    return np.frombuffer(data, np.uint8).reshape(live.CELLS, -1)[:, 1:].reshape(live.CELLS, -1, 3)


def paths(picture):
    """The paths over the heat map: squares, discs, rings (white, black), boundary (both)."""
    return [p.get("d") for p in ET.fromstring(picture.svg).find(f"{NAME}svg").iter(f"{NAME}path")]


def test_the_heat_map_is_bright_where_the_answer_is_1():
    picture = live.draw_live(**SEEN | dict(step=350))
    net, *_ = train_by_hand(50, **FIRST)
    x1, x2 = live.PLANES["moons"].grid(live.CELLS, live.CELLS)
    z = net.forward(np.column_stack([x1.ravel(), x2.ravel()])).a[-1].reshape(x1.shape)
    red = pixels(picture)[..., 0].astype(int)
    order = np.argsort(z.ravel())
    assert np.all(np.diff(red.ravel()[order]) >= 0) and red.min() < 50 < 200 < red.max()


def test_the_boundary_lies_where_z_is_zero():
    picture = live.draw_live(**SEEN | dict(step=350))
    net, *_ = train_by_hand(50, **FIRST)
    plane, d = live.PLANES["moons"], paths(picture)[-1]
    ends = np.array(re.findall(r"[\d.]+", d), dtype=float).reshape(-1, 2)
    x1 = plane.x[0] + (ends[:, 0] - plane.left) / plane.width * (plane.x[1] - plane.x[0])
    x2 = plane.y[1] - (ends[:, 1] - plane.top) / plane.height * (plane.y[1] - plane.y[0])
    z = net.forward(np.column_stack([x1, x2])).a[-1]
    assert len(ends) > 40 and np.abs(sigmoid(z) - 0.5).max() < 0.06
    starts, stops = ends[::2], ends[1::2]
    assert np.hypot(*(starts - stops).T).max() < 1.5 * plane.width / live.CELLS


def test_every_row_is_drawn_by_its_target_and_the_next_batch_is_ringed():
    picture = live.draw_live(**SEEN | dict(step=10))
    squares, discs, _, rings, *_ = paths(picture)
    _, x, y, _, _ = train_by_hand(0, **FIRST)
    plane = live.PLANES["moons"]
    left = [float(v) for v in re.findall(r"M([\d.]+)", squares)]
    np.testing.assert_allclose(left, plane.at(*x[y[:, 0] == 1].T)[0] - 3, atol=0.06)
    assert discs.count("M") == np.sum(y == 0)
    run = live._settle(**FIRST)
    run.to(10)
    around = [float(v) for v in re.findall(r"M([\d.]+)", rings)]
    np.testing.assert_allclose(around, plane.at(*x[run.few].T)[0] - 5.5, atol=0.06)


def test_the_network_draws_negative_weights_dashed_and_large_ones_thick():
    picture = live.draw_live(**SEEN | dict(step=350))
    net, *_ = train_by_hand(50, **FIRST)
    groups = list(ET.fromstring(picture.svg).iter(f"{NAME}g"))
    assert [g.get("stroke") for g in groups] == [svg.WEIGHT] * 2
    assert [g.get("stroke-dasharray") for g in groups] == [None, live.NEGATIVE]
    W = [layer.W for layer in net.layers]
    for group, sign in zip(groups, (1, -1), strict=True):
        sizes = np.concatenate([(np.abs(w) / np.abs(w).max())[sign * w > 0] for w in W])
        drawn = [float(line.get("stroke-width")) for line in group]
        np.testing.assert_allclose(drawn, 0.5 + 3.5 * sizes, rtol=1e-4)


def test_the_curve_has_the_loss_after_each_epoch_and_now():
    picture = live.draw_live(**SEEN | dict(step=73))
    *_, history, _ = train_by_hand(10, **FIRST)
    curve = list(ET.fromstring(picture.svg).iter(f"{NAME}polyline"))[-1]
    points = np.array([p.split(",") for p in curve.get("points").split()], dtype=float)
    run = live._settle(**FIRST)
    losses = [*[epoch.loss for epoch in history], run.measure()[0]]
    np.testing.assert_allclose(points[:, 1], 250 + 105 * (1 - np.log10(losses)) / 4, atol=0.06)
    np.testing.assert_allclose(
        points[:, 0], 430 + 190 * np.array([*range(11), 73 / 7]) / 20, atol=0.06
    )


def test_a_long_run_keeps_its_curve_small():
    settings = SEEN | dict(data="XOR", step=3000)
    curve = list(ET.fromstring(live.draw_live(**settings).svg).iter(f"{NAME}polyline"))[-1]
    assert 80 < len(curve.get("points").split()) <= live.POINTS + 1


@pytest.mark.parametrize("data", live.PLANES)
@pytest.mark.parametrize("activation", ["ReLU", "tanh"])
@pytest.mark.parametrize("lr", [100.0, 1e60, 1e200, 1e308])
def test_a_huge_learning_rate_is_drawn_or_said_and_never_a_traceback(data, activation, lr):
    settings = SEEN | dict(data=data, activation=activation, lr=lr, show_maths=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for step in (0, 1, 60, 7):
            picture = live.draw_live(**settings | dict(step=step))
            ET.fromstring(picture.svg)
            told = "The training diverges: update" in picture.alt
            run = live._settle(**FIRST | dict(data=data, activation=activation, lr=lr))
            assert told == (run.step < step) == run.diverged
            assert told == (picture.worked[0] in picture.alt)


def test_after_divergence_play_stops_and_the_last_weights_stay():
    explore = widgets.train_live()
    lr = explore.controls["lr"]
    lr.options = [*lr.options, 1e200]
    part(explore, "Play").value = True
    put(explore, lr=1e200, activation="ReLU")
    explore.clock.value += 1
    assert not explore.clock.playing and "diverged: make η smaller" in words(explore.picture)
    assert "update 1 makes a weight too large" in explore.picture.alt
    weights = [row[1:4] for row in put(explore, step=0).numbers[1:9]]
    assert weights == [row[1:4] for row in put(explore, step=500).numbers[1:9]]


def test_a_loss_worse_than_guessing_is_said():
    explore = widgets.train_live()
    assert not any("worse" in line for line in put(explore, step=700).worked)
    picture = put(explore, data="XOR", activation="ReLU", lr=100.0, step=50)
    assert any(f"is worse than {rough(np.log(2))}" in line for line in picture.worked)


def test_xor_says_that_it_ignores_the_number_of_rows():
    explore = widgets.train_live()
    picture = put(explore, data="XOR", N=100)
    assert "XOR has 4 rows (N = 100 is not used), B = 32 (all rows)" in picture.alt
    assert picture.numbers == put(explore, N=20).numbers


def test_every_weight_stands_in_the_table():
    picture = live.draw_live(**SEEN | dict(step=70))
    net, *_ = train_by_hand(10, **FIRST)
    hidden, out = net.layers
    expected = [*map(rough4, hidden.W[:, 1])]
    assert column(picture, "from x2")[:4] == expected
    assert column(picture, "to the output")[:4] == [*map(rough4, out.W[0])]
    assert column(picture, "bias")[:5] == [*map(rough4, [*hidden.b, out.b[0]])]


def rough4(value):
    return rough(value, 4)


def test_the_default_settings_learn_the_moons_and_one_neuron_cannot_learn_xor():
    explore = widgets.train_live()
    assert "200 of 200 rows right" in put(explore, step=live.UPDATES).alt
    picture = put(explore, data="XOR", H=1, step=1000)
    assert "4 of 4 rows" not in picture.alt
    assert "4 of 4 rows right" in put(explore, H=8).alt
