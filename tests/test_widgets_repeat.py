"""The interactives of lesson 4: their curves and counts are those of bplib's own training."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from drawings import NAME, column, put, seconds_of_a_frame, words

from bplib import datasets, svg, widgets
from bplib.activations import RELU, SIGMOID, TANH
from bplib.initialisers import he, xavier
from bplib.losses import BINARY_CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY
from bplib.network import dense
from bplib.optimisers import SGD, Adam
from bplib.svg import number, rough
from bplib.training import accuracy, minibatches, train
from bplib.widgets import repeat

PATIENTS, DIAGNOSES = list(repeat.PATIENTS), list(repeat.DIAGNOSES)


def texts(picture):
    """Everything a learner can read."""
    cells = [str(cell) for row in picture.numbers for cell in row]
    return " ".join([picture.svg, picture.alt, *picture.worked, *cells])


# batch_calculator


@pytest.mark.parametrize(
    ("rows", "batch", "epochs"), [(10, 4, 3), (1000, 32, 5), (8, 4, 1), (1, 512, 2), (2000, 1, 100)]
)
def test_the_calculator_counts_the_updates_that_train_makes(rows, batch, epochs):
    picture = repeat.draw_batches(rows, batch, epochs, False, 0)
    made = []

    class Counter(SGD):
        def step(self, params, grads):
            made.append(1)

    x = np.zeros((rows, 1))
    net = dense([1, 1], SIGMOID, BINARY_CROSS_ENTROPY, np.random.default_rng(0))
    for _ in train(net, x, x, Counter(), min(epochs, 3), batch):
        pass
    per_epoch = len(made) // min(epochs, 3)
    assert len(picture.numbers) - 1 == per_epoch
    assert f"= {per_epoch}" in picture.worked[0]
    total = int(re.search(r"(\d+) updates? in all", picture.alt)[1])
    assert total == per_epoch * epochs


@pytest.mark.parametrize("shuffle", [False, True])
def test_every_cell_names_the_update_of_its_row_and_the_second_epoch_counts_on(shuffle):
    explore = widgets.batch_calculator()
    picture = put(explore, rows=30, batch=8, shuffle=shuffle, shuffle_seed=5)
    rng, x, expected, update = np.random.default_rng(5), np.arange(30), np.zeros((2, 30), int), 0
    for epoch in expected:
        for few, _ in minibatches(x, x, 8, rng if shuffle else None):
            update += 1
            epoch[few] = update
    root = ET.fromstring(picture.svg)
    cells = [t for t in root.iter(f"{NAME}text") if t.get("fill") == "black"]
    assert [int(t.text) for t in cells] == expected.ravel().tolist()
    boxes = [b for b in root.iter(f"{NAME}rect") if b.get("height") == "24"]
    tints = [b.get("fill") for b in boxes]
    assert tints == [repeat.TINTS[(u - 1) % 6] for u in expected.ravel()]
    dashed = [b.get("stroke-dasharray") is not None for b in boxes]
    assert dashed == np.isin(expected, [4, 8]).ravel().tolist()


def test_the_numbers_say_what_dropping_the_last_batch_and_averaging_means_do():
    picture = put(widgets.batch_calculator(), rows=10, batch=4)
    assert column(picture, "rows") == [4, 4, 2]
    assert "if the last batch is dropped: 2 updates, and 2 rows not seen" in picture.worked[3]
    losses = np.random.default_rng(0).exponential(size=10)
    means = [losses[:4].mean(), losses[4:8].mean(), losses[8:].mean()]
    assert column(picture, "mean loss") == [number(m, 4) for m in means]
    assert (
        f"{number(losses.mean(), 4)}, mean of the batch means {number(np.mean(means), 4)}"
        in (picture.worked[6])
    )
    assert abs(losses.mean() - np.mean(means)) > 0.1
    weights = [float(w) for w in column(picture, "weight of a row, mean of means")]
    np.testing.assert_allclose(np.dot(weights, [4, 4, 2]), 1, rtol=1e-2)
    np.testing.assert_allclose(weights, [1 / 12, 1 / 12, 1 / 6], rtol=5e-3)


def test_when_the_batches_are_equal_both_means_are_equal_and_nothing_is_dashed():
    picture = put(widgets.batch_calculator(), rows=8, batch=4)
    assert "stroke-dasharray" not in picture.svg and "dropped" not in " ".join(picture.worked)
    left, right = re.search(r"([\d.]+) = ([\d.]+) for an example", picture.worked[3]).groups()
    assert left == right and "as large as the others" in picture.alt


def test_a_seed_without_shuffle_is_said_to_do_nothing_and_with_it_deals_anew():
    explore = widgets.batch_calculator()
    assert "the seed 0 is not used" in explore.picture.worked[-1]
    frames = {put(explore, shuffle=True, shuffle_seed=seed).svg for seed in (0, 1)}
    assert len(frames) == 2
    update, _ = repeat._deal(10, 4, True, 0)
    assert (update[0] != update[1] - 3).any()


def test_of_many_rows_the_first_and_the_last_are_drawn_and_the_gap_is_said():
    picture = put(widgets.batch_calculator(), rows=1000, batch=32, epochs=5)
    assert any("Rows 20 to 979 are not drawn." in line for line in words(picture))
    assert "32 updates in one epoch, 160 updates in all; last batch: 8 of 32" in picture.alt


# curve_clinic


@pytest.mark.parametrize("patient", PATIENTS)
def test_each_curve_shows_the_feature_of_its_own_illness_and_of_no_other(patient):
    run = repeat._clinic(patient)
    shown = [name for name, case in repeat.DIAGNOSES.items() if case.shows(run)]
    assert shown == [repeat.PATIENTS[patient].illness]
    assert all(np.isfinite(curve).all() for curve in run[:4])


def test_the_eight_patients_have_eight_illnesses_and_not_in_the_order_of_the_menu():
    illnesses = [case.illness for case in repeat.PATIENTS.values()]
    assert len(set(illnesses)) == 8 and set(illnesses) < set(DIAGNOSES)
    assert all(a != b for a, b in zip(illnesses, DIAGNOSES, strict=False))


def test_a_healthy_training_shows_only_that_it_is_healthy():
    rng = np.random.default_rng(1)
    rows, validation = datasets.moons(100, rng, 0.2), datasets.moons(300, rng, 0.2)
    nets = repeat._epochs(repeat._small(rng), *rows, SGD(0.2), rng)
    run = repeat._measure(nets, rows, validation)
    shown = [name for name, case in repeat.DIAGNOSES.items() if case.shows(run)]
    assert shown == ["nothing, it is healthy"]


@pytest.mark.parametrize("patient", PATIENTS)
def test_before_a_choice_nothing_gives_the_illness_away(patient):
    read = texts(repeat.draw_clinic(patient, repeat.UNCHOSEN))
    for diagnosis, case in repeat.DIAGNOSES.items():
        assert diagnosis not in read and case.cure not in read and case.looks not in read
    assert "fits" not in read and "fit" not in read


@pytest.mark.parametrize("patient", PATIENTS)
def test_only_the_true_diagnosis_fits_and_only_then_is_there_a_cure(patient):
    for diagnosis in DIAGNOSES:
        picture = repeat.draw_clinic(patient, diagnosis)
        true = diagnosis == repeat.PATIENTS[patient].illness
        assert f"{'✓' if true else '✗'} {diagnosis}" in picture.alt
        assert ("does not fit" in picture.alt) != true
        assert any(line.startswith("the cure") for line in picture.worked) == true
        assert repeat.DIAGNOSES[diagnosis].looks in picture.worked[0]
        against = f"speaks {'for' if true else 'against'} it: "
        assert (
            against + repeat.DIAGNOSES[diagnosis].measured(repeat._clinic(patient))
            in (picture.worked[1])
        )
        others = [case.cure for name, case in repeat.DIAGNOSES.items() if name != diagnosis]
        assert not any(cure in texts(picture) for cure in others)


class Readable(SGD):
    """train() takes its steps in the readable form: at a huge lr the last bit of a sum grows."""


def test_the_patient_with_a_large_learning_rate_is_an_ordinary_training_with_it():
    rng = np.random.default_rng(2)
    rows, validation = datasets.moons(100, rng, 0.2), datasets.moons(300, rng, 0.2)
    net = dense([2, 8, 1], TANH, BINARY_CROSS_ENTROPY, rng)
    history = list(train(net, *rows, Readable(10.0), 40, 10, rng, validation))
    run = repeat._clinic("patient 6")
    np.testing.assert_allclose(run.loss, [e.loss for e in history])
    np.testing.assert_allclose(run.validation, [e.validation_loss for e in history])
    np.testing.assert_allclose(run.right, [e.accuracy for e in history])
    picture = repeat.draw_clinic("patient 6", repeat.UNCHOSEN)
    assert column(picture, "training loss") == [rough(e.loss) for e in history]


def test_gradients_that_are_never_reset_grow_like_a_momentum_of_one():
    rng = np.random.default_rng(1)
    x, y = datasets.moons(100, rng, 0.2)
    datasets.moons(300, rng, 0.2)
    net = dense([2, 8, 1], TANH, BINARY_CROSS_ENTROPY, rng)
    v = [np.zeros_like(w) for w in net.params]
    for _ in range(3):
        for x_few, y_few in minibatches(x, y, 10, rng):
            gradients = net.backward(net.forward(x_few), y_few).params
            for w, old, dw in zip(net.params, v, gradients, strict=True):
                old += dw
                w -= 0.5 * old
    loss = net.loss.value(net.forward(x).a[-1], y)
    assert repeat._clinic("patient 4").loss[3] == pytest.approx(loss)


def test_the_row_that_is_trained_alone_is_right_and_half_of_all_are_wrong():
    run = repeat._clinic("patient 7")
    assert run.right[-1] == 0.5 and run.validation_right[-1] == 0.5


def test_a_curve_is_drawn_where_its_numbers_are():
    picture = repeat.draw_clinic("patient 3", repeat.UNCHOSEN)
    run = repeat._clinic("patient 3")
    high = 1.05 * max(run.loss.max(), run.validation.max())
    lines = list(ET.fromstring(picture.svg).iter(f"{NAME}polyline"))
    blue = next(p for p in lines if p.get("stroke") == svg.FORWARD)
    points = np.array([p.split(",") for p in blue.get("points").split()], float)
    np.testing.assert_allclose(points[:, 1], 60 + 190 * (1 - run.loss / high), atol=0.06)
    dashed = next(p for p in lines if p.get("stroke") == svg.BACKWARD)
    assert dashed.get("stroke-dasharray") == svg.DASHED


# initialisation_lab


@pytest.mark.parametrize("activation", repeat.PHIS)
@pytest.mark.parametrize("data", ["moons", "XOR"])
def test_constant_weights_keep_four_neurons_on_one_place_and_the_rank_at_one(activation, data):
    lab = repeat._learn("constant 0.5", activation, data, 0)
    for step in (0, 150, 300):
        np.testing.assert_allclose(lab.W1[step], np.tile(lab.W1[step, :1], (4, 1)), atol=1e-12)
        assert np.linalg.matrix_rank(lab.W1[step], tol=1e-9) == 1
        picture = repeat.draw_lab("constant 0.5", activation, data, step, 0)
        assert "4 neurons here" in words(picture) and "all 4 neurons are the same" in picture.alt
        assert "rank 1" in picture.alt
    assert np.abs(lab.W1[300] - lab.W1[0]).max() > 0.01


@pytest.mark.parametrize("init", ["small, N(0, 0.01²)", "Xavier", "large, N(0, 5²)"])
def test_random_weights_are_of_rank_two_and_never_said_to_be_the_same(init):
    for step in (0, 300):
        picture = repeat.draw_lab(init, "tanh", "moons", step, 0)
        assert "rank 2" in picture.alt and "all 4 neurons differ" in picture.alt
        assert not any("neurons here" in line for line in words(picture))


def test_small_weights_begin_near_each_other_and_go_apart():
    first, last = (
        repeat.draw_lab("small, N(0, 0.01²)", "tanh", "moons", step, 0) for step in (0, 300)
    )
    assert "4 unequal here" in words(first) and "4 unequal here" not in words(last)


@pytest.mark.parametrize("activation", ["tanh", "ReLU"])
def test_from_zero_only_the_last_bias_moves_and_on_balanced_rows_nothing(activation):
    lab = repeat._learn("zero", activation, "moons", 0)
    assert not lab.W1.any() and not lab.b1.any() and not lab.W2.any()
    np.testing.assert_allclose(lab.largest[0], [0, 0, 0, 0.1], atol=1e-12)
    picture = repeat.draw_lab("zero", activation, "moons", 0, 0)
    assert "dW1 0, db1 0, dW2 0, db2 0.1; all gradients but db2 are 0" in picture.worked[0]
    assert "only the last bias moves" in picture.alt and "only the last bias moves" in (
        words(picture)
    )
    assert "rank 0" in picture.alt
    picture = repeat.draw_lab("zero", activation, "XOR", 0, 0)
    assert "nothing moves" in picture.alt and lab.loss[300] < lab.loss[0]


def test_from_zero_a_sigmoid_moves_but_its_neurons_stay_twins():
    picture = repeat.draw_lab("zero", "sigmoid", "moons", 300, 0)
    assert "rank 1" in picture.alt and "4 neurons here" in words(picture)


def test_the_lab_is_a_network_trained_with_all_rows():
    rng = np.random.default_rng(7)
    x, y = datasets.moons(120, rng)
    keep = np.concatenate([np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:40]])
    x, y = x[keep], y[keep]
    assert y.sum() == 40 and len(y) == 100
    net = dense([2, 4, 1], TANH, BINARY_CROSS_ENTROPY, rng, xavier)
    history = list(train(net, x, y, SGD(0.5), 25))
    picture = put(widgets.initialisation_lab(), init="Xavier", seed=7, step=25)
    assert column(picture, "w1") == [rough(w) for w in net.layers[0].W[:, 0]]
    assert column(picture, "output weight") == [rough(w) for w in net.layers[1].W[0]]
    assert (
        f"Loss {rough(history[-1].loss)}, {100 * history[-1].accuracy:.0f} of 100 rows right"
        in (picture.alt)
    )
    values = np.linalg.svd(net.layers[0].W, compute_uv=False)
    assert f"{rough(values[0])} and {rough(values[1])}" in picture.worked[1]
    largest = [np.abs(dw).max() for dw in net.backward(net.forward(x), y).params]
    names = zip(repeat.NAMES, largest, strict=True)
    assert ", ".join(f"{name} {rough(dw)}" for name, dw in names) in picture.worked[0]


def test_an_arrow_ends_where_the_weights_are():
    picture = put(widgets.initialisation_lab(), init="large, N(0, 5²)", step=0)
    lab = repeat._learn("large, N(0, 5²)", "tanh", "moons", 0)
    reach = 1.15 * np.abs(lab.W1).max()
    plane = ET.fromstring(picture.svg).find(f"{NAME}svg")
    arrows = [a for a in plane.iter(f"{NAME}line") if a.get("stroke") == svg.WEIGHT]
    ends = np.array([[float(a.get("x2")), float(a.get("y2"))] for a in arrows])
    expected = np.column_stack(
        [45 + 275 * (lab.W1[0, :, 0] / reach + 1) / 2, 40 + 275 * (1 - lab.W1[0, :, 1] / reach) / 2]
    )
    np.testing.assert_allclose(ends, expected, atol=0.01)


# seed_roulette


@pytest.mark.parametrize("phi", [SIGMOID, TANH, RELU], ids=lambda phi: phi.name)
def test_networks_trained_together_are_the_networks_trained_alone(phi):
    def make(n, seed):
        return dense([2, n, 1], phi, BINARY_CROSS_ENTROPY, np.random.default_rng(seed), he)

    cases = [(n, seed) for n in (1, 3, 8) for seed in (0, 7)]
    z = repeat._train_together([make(*case) for case in cases], 200, 0.5)
    x, y = datasets.xor()
    for column_of_z, case in zip(z.T, cases, strict=True):
        net = make(*case)
        for _ in train(net, x, y, SGD(0.5), 200):
            pass
        np.testing.assert_allclose(column_of_z, net.forward(x).a[-1][:, 0], atol=1e-9)


# Measured once over 200 seeds with a Network each: solved with 2, 3, 4 and 8 hidden neurons.
RATES = {
    "sigmoid": (0.705, 0.945, 0.995, 1.0),
    "tanh": (0.495, 0.9, 0.985, 1.0),
    "ReLU": (0.18, 0.445, 0.695, 0.95),
}


@pytest.mark.parametrize("activation", RATES)
def test_the_rates_over_two_hundred_seeds_are_near_those_measured_elsewhere(activation):
    right = np.concatenate([repeat._spin(activation, k) for k in repeat.WHEELS.values()], axis=1)
    assert right.shape == (8, 200)
    rates = (right == 4).mean(axis=1)
    np.testing.assert_allclose(rates[[1, 2, 3, 7]], RATES[activation], atol=0.1)
    assert rates[0] == 0 and rates[7] >= 0.95


def test_relu_is_often_stuck_at_exactly_three_of_four_and_sigmoid_is_not():
    relu, smooth = (
        np.concatenate([repeat._spin(name, k) for k in repeat.WHEELS.values()], axis=1)
        for name in ("ReLU", "sigmoid")
    )
    assert np.mean(relu[3] == 3) == pytest.approx(0.265, abs=0.1)
    assert np.mean(smooth[3] == 3) < 0.03


@pytest.mark.parametrize("hidden", [1, 2, 8])
def test_the_cells_the_bars_and_the_words_count_the_same_seeds(hidden):
    picture = put(widgets.seed_roulette(), hidden=hidden, activation="ReLU", seeds="50 to 99")
    right = repeat._spin("ReLU", 50)
    solved, stuck = np.sum(right == 4, axis=1), np.sum(right == 3, axis=1)
    cells = words(picture)
    assert cells.count("✓") == solved[hidden - 1] and cells.count("3/4") == stuck[hidden - 1]
    assert f"{solved[hidden - 1]} of 50 seeds solved = {2 * solved[hidden - 1]} %" in picture.alt
    assert re.search(rf"\b{stuck[hidden - 1]} seeds? at exactly 75 %", picture.alt)
    assert column(picture, "solved") == solved.tolist()
    assert column(picture, "exactly 75 %") == stuck.tolist()
    boxes = ET.fromstring(picture.svg).iter(f"{NAME}rect")
    bars = [float(b.get("height")) for b in boxes if b.get("fill") and float(b.get("x")) > 400]
    np.testing.assert_allclose(bars, 150 * solved / 50 / 1.14, atol=0.01)


def test_the_setting_is_in_the_picture_and_one_cell_is_one_seed():
    picture = put(widgets.seed_roulette(), hidden=3, activation="tanh")
    assert "2-3-1, tanh, He weights, cross-entropy, η = 0.5, 3000 epochs" in picture.alt
    cells = words(picture)
    assert sum(cells.count(mark) for mark in ("✓", "0/4", "1/4", "2/4", "3/4")) == 50
    x, y = datasets.xor()
    for seed in (0, 13):
        net = dense([2, 3, 1], TANH, BINARY_CROSS_ENTROPY, np.random.default_rng(seed), he)
        for _ in range(3000):
            SGD(0.5).step(net.params, net.backward(net.forward(x), y).params)
        assert repeat._spin("tanh", 0)[2, seed] == 4 * accuracy(net, x, y)


# when_to_stop


def overtrained(data, seed, patience=None):
    rng = np.random.default_rng(seed)
    if data == "moons":
        few, validation, test = (datasets.moons(m, rng, 0.35) for m in (40, 100, 1000))
        net = dense([2, 32, 32, 1], TANH, BINARY_CROSS_ENTROPY, rng)
    else:
        x, y, *test = datasets.split(*datasets.digits(), 1000, rng)
        few, validation = (x[:60], y[:60]), (x[60:260], y[60:260])
        net = dense([64, 64, 32, 10], TANH, SOFTMAX_CROSS_ENTROPY, rng)
    epochs = train(net, *few, Adam(0.01), 150, 10, rng, validation, patience=patience)
    history = list(epochs)
    return history, net.loss.value(net.forward(test[0]).a[-1], test[1]), accuracy(net, *test)


@pytest.mark.parametrize(
    ("data", "seed", "patience"),
    [("moons", 3, 1), ("moons", 3, 10), ("moons", 3, 20), ("moons", 1, 50), ("digits", 0, 10)],
)
def test_it_stops_and_goes_back_where_train_with_patience_does(data, seed, patience):
    history, test_loss, test_right = overtrained(data, seed, patience)
    picture = put(widgets.when_to_stop(), data=data, seed=seed, patience=patience)
    best = min(history, key=lambda epoch: epoch.validation_loss).number
    assert f"stops after epoch {history[-1].number}, best epoch {best}." in picture.alt
    assert f"Test: loss {rough(test_loss)}, {100 * test_right:.1f} % right at the best" in (
        picture.alt
    )
    assert {f"B: best is epoch {best}", f"S: stops after epoch {history[-1].number}"} <= set(
        words(picture)
    )


def test_the_end_is_that_of_a_training_without_stopping():
    history, test_loss, test_right = overtrained("moons", 3)
    picture = put(widgets.when_to_stop(), step=150)
    assert f"{rough(test_loss)}, {100 * test_right:.1f} % right at the end." in picture.alt
    losses = repeat._overtrain("moons", 3)
    np.testing.assert_allclose(losses.training, [e.loss for e in history])
    np.testing.assert_allclose(losses.validation, [e.validation_loss for e in history])
    assert picture.numbers[-1][:3] == [150, rough(history[-1].loss), rough(losses.validation[-1])]


@pytest.mark.parametrize("seed", range(5))
def test_the_training_loss_ends_lower_and_the_validation_loss_higher_than_at_the_best(seed):
    history = repeat._overtrain("moons", seed)
    best = history.validation.argmin()
    assert history.training[-1] < 0.6 * history.training[best]
    assert history.validation[-1] > 1.1 * history.validation[best]


def test_patience_one_stops_at_the_first_bump_and_the_words_say_so():
    validation = repeat._overtrain("moons", 3).validation
    bump = int(np.argmax(np.diff(validation) >= 0)) + 1
    picture = put(widgets.when_to_stop(), patience=1)
    assert f"stops after epoch {bump}, best epoch {bump - 1}." in picture.alt
    assert bump < 10 < validation.argmin()
    lines = " ".join(picture.worked)
    assert "stops at the first epoch that is not better" in lines and "stopped too early" in lines


def test_a_lower_training_loss_is_called_no_better_only_where_the_test_says_so():
    sentence = "a lower training loss is not a better network"
    for seed in range(4):
        picture = repeat.draw_stop("moons", 30, 10, seed)
        history = repeat._overtrain("moons", seed)
        _, best = repeat._stop(history.validation, 10)
        worse = history.test[-1] > history.test[best]
        worse = worse and history.test_right[-1] <= history.test_right[best]
        assert (sentence in picture.worked[-1]) == worse
    assert sentence in repeat.draw_stop("moons", 30, 10, 3).worked[-1]


def test_a_patience_that_is_never_used_up_is_said():
    assert repeat._stop([3.0, 2.0, 2.5, 1.0], 2) == (3, 3)
    assert repeat._stop([3.0, 2.0, 2.0, 2.5, 1.0], 2) == (3, 1)
    picture = repeat.draw_stop("moons", 0, 50, 26)
    assert np.subtract(*repeat._stop(repeat._overtrain("moons", 26).validation, 50)) < 50
    assert "no stop before epoch 150" in picture.alt and "does not stop" in picture.worked[1]


# all of them


@pytest.mark.parametrize(("name", "stride"), [("initialisation_lab", 1), ("when_to_stop", 5)])
def test_play_goes_on_from_where_the_slider_stands(name, stride):
    explore = getattr(widgets, name)()
    first = explore.first["step"]
    explore.clock.playing = True
    explore.clock.value += explore.clock.step  # what the browser does
    assert explore.controls["step"].value == first + stride > stride


FRAMES = {
    "batch_calculator": {},
    "curve_clinic": {},
    "initialisation_lab": {"step": 300},
    "seed_roulette": {},
    "when_to_stop": {"step": 150},
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_that_was_computed_before_comes_at_once(name):
    explore = getattr(widgets, name)()
    put(explore, **FRAMES[name])
    assert seconds_of_a_frame(explore) < 0.02
