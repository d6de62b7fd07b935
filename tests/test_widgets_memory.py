"""Lesson 6, learning side: the LSTM cell, the adding problem and the RBM are the library's."""

import base64
import re
import xml.etree.ElementTree as ET
import zlib

import numpy as np
import pytest
from drawings import NAME, column, put, words

from bplib import datasets, svg, widgets
from bplib.activations import IDENTITY, sigmoid
from bplib.dbn import pretrain, rbm
from bplib.losses import MSE
from bplib.network import dense
from bplib.optimisers import Adam
from bplib.recurrent import LSTM, RNN, LastStep, clip, lstm, rnn
from bplib.svg import number, rough
from bplib.widgets import memory


def rms(values):
    return np.sqrt(np.mean(np.square(values)))


def drawn(picture, kind, **wanted):
    """The elements of this kind in the drawing that have these attributes."""
    elements = ET.fromstring(picture.svg).iter(NAME + kind)
    wanted = {key.replace("_", "-"): value for key, value in wanted.items()}
    return [e for e in elements if all(e.get(key) == value for key, value in wanted.items())]


def points(line):
    return np.array([point.split(",") for point in line.get("points").split()], float)


# ---- one LSTM cell


def one_unit(f, i, g, o):
    """An LSTM of one unit without weights: its biases hold the gates at these values."""
    logit = [np.log(p / (1 - p)) for p in (i, f, o)]
    return LSTM(np.zeros((4, 1)), np.zeros((4, 1)), np.array([*logit, np.arctanh(g)]))


@pytest.mark.parametrize(
    ("f", "i", "g", "o", "c"), [(0.9, 0.5, 0.6, 0.8, 1.0), (0.35, 0.95, -0.75, 0.1, -1.6)]
)
def test_the_cell_shows_what_one_step_of_the_lstm_gives(f, i, g, o, c):
    picture = put(widgets.lstm_cell(), f=f, i=i, g=g, o=o, c=c)
    trace = one_unit(f, i, g, o).forward(np.zeros((1, 1, 1)), c0=np.array([[c]]))
    after, h = number(trace.c[1, 0, 0]), number(trace.h[1, 0, 0])
    assert f"c = {after}, h = {h}. After" in picture.alt
    assert picture.worked[0].endswith(f"= {after}") and picture.worked[1].endswith(f"= {h}")
    assert {f"c_t = {after}", f"h_t = {h}", f"i·g = {number(i * g)}"} <= set(words(picture))
    assert {f"keep f = {number(f, 2)}", f"g = {number(g, 2)}"} <= set(words(picture))


@pytest.mark.parametrize("f", [0.99, 0.9, 0.5])
def test_the_belt_is_the_backward_pass_of_an_lstm_whose_gates_stay(f):
    picture = put(widgets.lstm_cell(), f=f, T=30)
    cell, dh = one_unit(f, 0.5, 0.6, 0.8), np.zeros((31, 1, 1))
    dh[-1] = 1.0
    dc = cell.backward(cell.forward(np.zeros((31, 1, 1))), dh).dc[1:, 0, 0]
    expected = [rough(float(kept)) for kept in (dc / dc[-1])[::-1]]
    assert column(picture, "LSTM belt f^k") == expected
    assert f"belt f^T = {expected[-1]}" in picture.alt and expected[-1] in words(picture)


@pytest.mark.parametrize("factor", [0.5, 0.95, 1.1])
def test_the_other_curve_is_the_backward_pass_of_an_rnn_of_one_unit(factor):
    picture = put(widgets.lstm_cell(), factor=factor, T=20)
    cell, dh = RNN(np.zeros((1, 1)), np.array([[factor]]), np.zeros(1)), np.zeros((21, 1, 1))
    dh[-1] = 1.0
    delta = cell.backward(cell.forward(np.zeros((21, 1, 1))), dh).delta[::-1, 0, 0]
    assert column(picture, "RNN (w·slope)^k") == [rough(float(kept)) for kept in delta]


def test_both_curves_are_straight_lines_on_the_log_axis_from_1():
    picture = put(widgets.lstm_cell(), f=0.9, T=40, factor=0.5)
    other, belt = map(points, drawn(picture, "polyline", stroke=svg.BACKWARD))
    ticks = [t for t in words(picture) if re.fullmatch(r"[\d.e−]+", t)]
    assert "1e−12" in ticks  # 0.5^40 = 9e-13 lies between ticks
    np.testing.assert_allclose(belt[0], other[0])
    falls = [line[-1, 1] - line[0, 1] for line in (belt, other)]
    assert falls[0] / falls[1] == pytest.approx(np.log(0.9) / np.log(0.5), abs=0.005)
    for line in (belt, other):
        np.testing.assert_allclose(np.diff(line[:, 1]), (line[-1, 1] - line[0, 1]) / 40, atol=0.11)


@pytest.mark.parametrize(
    ("f", "T", "said"),
    [
        (1.0, 100, "is carried"),
        (0.99, 50, "is carried"),
        (0.95, 50, "fades"),
        (0.8, 50, "is almost lost"),
        (0.5, 50, "is lost"),
        (0.0, 1, "is lost"),
    ],
)
def test_what_becomes_of_the_error_signal_is_said(f, T, said):
    picture = put(widgets.lstm_cell(), f=f, T=T)
    assert f", {said}; RNN" in picture.alt and said in words(picture)


def test_an_rnn_factor_above_1_explodes_and_the_lstm_is_said_to_be_able_to():
    picture = put(widgets.lstm_cell(), factor=1.5, T=100)
    assert picture.alt.endswith(f"RNN {rough(1.5**100)}, explodes.")
    assert "The LSTM still can: the error signal also goes back through h" in picture.worked[-1]


def test_f_is_how_much_to_keep_and_a_half_is_said_to_lose():
    cell = widgets.lstm_cell()
    assert "f = 0.80 KEEPS 80 % of c and drops 20 %" in put(cell, f=0.8).worked[2]
    assert not any("sigmoid network" in line for line in cell.picture.worked)
    half = put(cell, f=0.5)
    assert any("as a deep sigmoid network does" in line for line in half.worked)
    assert f"sigmoid(1) = {number(sigmoid(1.0))}" in " ".join(half.worked)


def test_what_f_keeps_is_the_strength_of_the_belt_and_of_the_way_back():
    for f, strength in ((0.0, "0.02"), (0.3, "0.3"), (1.0, "1")):
        picture = put(widgets.lstm_cell(), f=f)
        (belt,) = (line for line in drawn(picture, "line", stroke_width="7") if line.get("opacity"))
        assert belt.get("opacity") == strength
        assert any(line.get("opacity") == strength for line in drawn(picture, "line", x2="30"))


def test_the_bars_of_the_gates_are_as_long_as_their_values():
    picture = put(widgets.lstm_cell(), f=0.25, i=1.0, g=-0.5, o=0.0)
    bars = drawn(picture, "rect", fill=svg.FORWARD)
    assert [float(bar.get("width")) for bar in bars] == pytest.approx([25, 100, 25, 0])
    assert float(bars[2].get("x")) == 375 - 25  # a negative value goes to the left of the middle


def test_a_number_too_large_is_said_and_not_raised():
    cell = widgets.lstm_cell()
    cell.controls["factor"].max = 1e10
    picture = put(cell, factor=1e10, T=100)
    assert picture.alt.startswith("This cannot be drawn (OverflowError)")
    assert "cannot" not in put(cell, factor=1.0).alt


# ---- the adding problem


def race_by_hand(T, seed, updates):
    """Both racers, written out once more.   -> losses and error signals of each update"""
    rng = np.random.default_rng(seed)
    nets = {}
    for name, make in (("RNN", rnn), ("LSTM", lstm)):
        readout = dense([32, 1], IDENTITY, MSE, rng)
        nets[name] = LastStep(make(2, 32, rng), readout)
    optimisers = {"RNN": Adam(0.003), "LSTM": Adam(0.01)}
    losses, signals = {"RNN": [], "LSTM": []}, {}
    for _ in range(updates + 1):
        x, y = datasets.adding(32, T, rng)
        for name, net in nets.items():
            traces = net.forward(x)
            cell, readout = net.backward(traces, y)
            losses[name].append(2 * MSE.value(traces[1].a[-1], y))
            signals[name] = cell.delta if name == "RNN" else cell.dc[1:]
            optimisers[name].step(net.params, clip(cell.params + readout.params, 1.0))
    return losses, signals


def test_the_race_is_the_training_written_out_once_more():
    picture = put(widgets.adding_race(seed=3), T=10, step=50)
    losses, signals = race_by_hand(10, 3, 50)
    for name in ("RNN", "LSTM"):
        loss = rough(np.mean(losses[name][-20:]))
        sizes = [rms(step) / rms(signals[name][-1]) for step in signals[name]]
        assert f"{name}: loss {loss}, " in picture.alt and f"loss {loss}" in words(picture)
        assert column(picture, f"error signal of {name}, last = 1") == [*map(rough, sizes)]
        assert f"step 1 ÷ step 10 = {rough(sizes[0])} (before" in picture.alt


def test_before_training_each_first_step_is_that_of_the_first_weights():
    picture = put(widgets.adding_race(), T=20, step=25)
    _, signals = race_by_hand(20, 0, 0)
    for name, signal in signals.items():
        assert f"(before training {rough(rms(signal[0]) / rms(signal[-1]))})" in picture.alt, name


def test_a_step_back_trains_nothing_again_and_the_way_does_not_matter():
    race = widgets.adding_race(seed=5)
    early = put(race, T=10, step=25)
    late = put(race, step=75)
    kept = memory._race(10, 5)
    weights = [w.copy() for w in kept.nets["LSTM"].params]
    assert put(race, step=25) == early
    for w, same in zip(kept.nets["LSTM"].params, weights, strict=True):
        np.testing.assert_array_equal(w, same)
    assert put(race, step=75) == late
    fresh = memory.Race(10, 5)
    fresh.to(75)
    assert fresh.losses == {name: losses[:76] for name, losses in kept.losses.items()}


@pytest.mark.parametrize("n", [1, 5, 20, 21, 70])
def test_the_shown_loss_is_the_mean_of_the_last_20_batches(n):
    losses = np.random.default_rng(n).random(n)
    expected = [losses[max(0, k - 19) : k + 1].mean() for k in range(n)]
    np.testing.assert_allclose(memory._smooth(losses), expected)


def test_another_length_or_seed_is_another_race_from_the_start():
    race = widgets.adding_race()
    for name, value in (("T", 10), ("weights_seed", 7)):
        put(race, step=20)
        put(race, **{name: value})
        assert race.controls["step"].value == 0
        assert "after 0 updates" in race.picture.alt
    assert "T = 10, seed 7" in race.picture.alt


def test_another_length_draws_once_and_so_does_reset():
    race, drawn = widgets.adding_race(), []
    draw = race.draw
    race.draw = lambda **values: drawn.append(values) or draw(**values)
    put(race, step=20)
    race.controls["T"].value = 10
    race.reset.click()
    assert [(values["T"], values["step"]) for values in drawn] == [(40, 20), (10, 0), (40, 0)]


def test_play_takes_fewer_updates_for_a_frame_when_the_rows_are_long():
    race = widgets.adding_race()
    strides = []
    for T in race.controls["T"].options:
        put(race, T=T)
        race.clock.playing = True
        race.clock.value += 1
        strides.append(race.controls["step"].value)
    assert strides == sorted(strides, reverse=True) and strides[-1] == 2


def test_a_tick_of_play_is_one_frame_even_when_the_browser_has_run_ahead():
    race = widgets.adding_race()
    put(race, T=10)
    race.clock.playing = True
    race.clock.value = 700  # it counted on while the kernel was busy
    assert race.controls["step"].value == 10


def test_the_dotted_line_is_the_loss_of_always_saying_the_mean():
    _, y = datasets.adding(100_000, 10, np.random.default_rng(0))
    assert np.mean((y - 1) ** 2) == pytest.approx(memory.MEAN, rel=0.02)
    picture = put(widgets.adding_race(), T=10)
    line = drawn(picture, "line", stroke_dasharray=svg.DOTTED, x1="66")[0]
    height = 30 + 150 * (1 - np.log10(1 / 6)) / 5
    assert float(line.get("y1")) == float(line.get("y2")) == pytest.approx(height, abs=0.01)
    assert "The mean predictor has loss 0.167." in picture.alt


def test_the_curves_end_where_the_words_say():
    picture = put(widgets.adding_race(), T=10, step=75)
    losses, signals = race_by_hand(10, 0, 75)
    forward, backward = (
        [points(line) for line in drawn(picture, "polyline", stroke=colour)]
        for colour in (svg.FORWARD, svg.BACKWARD)
    )
    assert len(forward) == len(backward) == 2
    ticks = backward[0][-1, 1]  # the last step is 1 for both
    for k, name in enumerate(("RNN", "LSTM")):
        loss = np.log10(np.mean(losses[name][-20:]))
        assert forward[k][-1, 1] == pytest.approx(30 + 150 * (1 - loss) / 5, abs=0.06)
        assert backward[k][-1, 1] == ticks and len(backward[k]) == 10
    fall = [np.log10(rms(s[0]) / rms(s[-1])) for s in signals.values()]
    drop = [ticks - line[0, 1] for line in backward]
    assert drop[0] / drop[1] == pytest.approx(fall[0] / fall[1], rel=0.02)


def test_at_40_steps_and_seed_0_the_lstm_solves_and_carries_while_the_rnn_guesses():
    picture = put(widgets.adding_race(), T=40, step=300)
    assert "solved" in words(picture) and "still guesses" in words(picture)
    rnn_signal, lstm_signal = (
        float(column(picture, f"error signal of {name}, last = 1")[0].replace("−", "-"))
        for name in ("RNN", "LSTM")
    )
    assert rnn_signal < 1e-6 < 0.1 < lstm_signal
    assert "The LSTM was not born with this memory: it has learnt to carry" in picture.worked


# ---- a restricted Boltzmann machine


def machine_by_hand(epochs):
    """25 hidden units on the first 1000 digits."""
    x, rng = datasets.digits()[0][:1000], np.random.default_rng(0)
    if not epochs:
        return rbm(64, 25, rng, x)
    return list(pretrain([64, 25], x, rng, epochs, batch=10))[-1].rbm


def chain_by_hand(machine, digit, seed):
    """v, p(h | v), u, h, v′ and h′ of one digit, element by element."""
    x, y = datasets.digits()
    v = next(row for row, target in zip(x[1000:], y[1000:], strict=True) if target[digit])
    u = np.random.default_rng(seed).random(25)
    W, b, c = machine.params
    p = np.array([sigmoid(W[j] @ v + b[j]) for j in range(25)])
    h = (u < p) * 1.0
    v1 = np.array([sigmoid(W[:, i] @ h + c[i]) for i in range(64)])
    return v, p, u, h, v1, np.array([sigmoid(W[j] @ v1 + b[j]) for j in range(25)])


@pytest.mark.parametrize(("epoch", "digit", "seed"), [(10, 3, 0), (4, 8, 11), (0, 0, 99)])
def test_the_stepper_shows_the_chain_of_cd_1(epoch, digit, seed):
    stepper = widgets.rbm_stepper()
    picture = put(stepper, digit=digit, epoch=epoch, uniforms_seed=seed, unit=7, step=5)
    v, p, u, h, v1, h1 = chain_by_hand(machine_by_hand(epoch), digit, seed)
    assert column(picture, "p(h | v)") == [*map(number, p)]
    assert column(picture, "u") == [*map(number, u)]
    assert column(picture, "h") == [f"{on:.0f}" for on in h]
    assert column(picture, "h′") == [*map(number, h1)]
    assert picture.worked[3].endswith(f"= {rough(np.mean((v - v1) ** 2))}")
    assert f"so h = {h[6]:.0f}; {h.sum():.0f} of 25 units are on" in picture.worked[2]
    moves = p[6] * v - h1[6] * v1
    assert f"from {rough(moves.min())} to {rough(moves.max())}:" in picture.worked[5]
    assert f"{picture.worked[5]}. All 1000" in picture.alt


def test_what_is_still_to_come_is_neither_drawn_nor_told():
    stepper = widgets.rbm_stepper()
    for step, (levels, maps) in enumerate([(0, 1), (25, 1), (25, 1), (25, 2), (50, 2), (50, 2)]):
        picture = put(stepper, step=step)
        cells = [c for c in drawn(picture, "rect", fill=svg.FORWARD) if c.get("fill-opacity")]
        assert len(cells) == levels
        large = [m for m in drawn(picture, "image") if m.get("width") == "105"]
        assert len(large) == maps
        assert len(picture.worked) == step + 2
        known = [since <= step for since in (1, 1, 2, 2, 4)]
        assert [bool(cell) for cell in picture.numbers[1][1:]] == known
        assert f"step {step} of 5" in picture.alt


def test_a_probability_is_a_level_and_a_sample_is_a_digit():
    picture = put(widgets.rbm_stepper(), step=2, digit=5)
    _, p, _, h, *_ = chain_by_hand(machine_by_hand(10), 5, 0)
    cells = [c for c in drawn(picture, "rect", fill=svg.FORWARD) if c.get("fill-opacity")]
    np.testing.assert_allclose([float(c.get("height")) / 21 for c in cells], p, rtol=1e-3)
    digits = [t.text for t in drawn(picture, "text", font_size="12") if t.text in ("0", "1")]
    assert digits[:25] == [f"{on:.0f}" for on in h]


def pixels(image):
    """The colours of a map.   -> (8, 8, 3)"""
    png = base64.b64decode(image.get("href").split(",")[1])
    start = png.index(b"IDAT") + 4
    data = zlib.decompress(png[start : start + int.from_bytes(png[start - 8 : start - 4])])
    return np.frombuffer(data, np.uint8).reshape(8, -1)[:, 1:].reshape(8, 8, 3).astype(int)


def test_the_maps_are_the_weights_orange_below_zero_and_purple_above():
    picture = put(widgets.rbm_stepper(), unit=9)
    W = machine_by_hand(10).W
    full = np.quantile(np.abs(W), 0.98)
    maps = [pixels(m) for m in drawn(picture, "image", width="38")]
    assert len(maps) == 25
    for row, colours in zip(W, maps, strict=True):
        clear = np.abs(row.reshape(8, 8)) > 0.3 * full
        below = (row.reshape(8, 8) < 0)[clear]
        np.testing.assert_array_equal((colours[..., 0] > colours[..., 2])[clear], below)
    large = next(m for m in drawn(picture, "image", width="136") if m.get("height") == "136")
    np.testing.assert_array_equal(pixels(large), maps[8])
    assert "W of unit 9" in words(picture) and f"≥ {rough(full, 2)}" in words(picture)


def test_the_receptive_fields_grow_and_the_machine_is_trained_only_once():
    moments = memory._pretrained()
    sizes = [rms(moment.machine.W) for moment in moments]
    assert len(sizes) == 11 and sizes == sorted(sizes) and sizes[10] > 20 * sizes[0]
    assert memory._pretrained() is moments
    for epoch in (0, 3, 10):
        for w, same in zip(
            moments[epoch].machine.params, machine_by_hand(epoch).params, strict=True
        ):
            np.testing.assert_array_equal(w, same)


def test_the_error_of_all_rows_is_said_with_the_warning_that_it_is_no_loss():
    picture = put(widgets.rbm_stepper(), epoch=10, step=3)
    machine, x = machine_by_hand(10), datasets.digits()[0][:1000]
    u = np.random.default_rng(1).random((1, 1000, 25))[0]
    v1 = machine.visible((u < machine.hidden(x)) * 1.0)
    error = rough(np.mean((x - v1) ** 2))
    assert f"of all 1000 training rows: {error}" in words(picture)
    assert picture.alt.endswith(f"reconstruction error {error}.")
    assert "CD-1 does not go down the reconstruction error" in picture.worked[-1]


def test_a_unit_that_is_not_there_is_said_and_not_raised():
    stepper = widgets.rbm_stepper()
    stepper.controls["unit"].max = 26
    assert put(stepper, unit=26).alt.startswith("This cannot be drawn (IndexError)")
    assert "digit 3" in put(stepper, unit=25).alt


# ---- all three


@pytest.mark.parametrize("name", ["lstm_cell", "adding_race", "rbm_stepper"])
def test_the_same_state_is_the_same_picture_and_reset_goes_back_to_the_first(name):
    explore = getattr(widgets, name)()
    first = explore.picture
    for control in explore.controls.values():
        control.value = control.options[0] if hasattr(control, "options") else control.min
    assert explore.picture != first
    explore.reset.click()
    assert explore.picture == first == getattr(widgets, name)().picture
