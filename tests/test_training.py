"""Batches lose no row, and train is the loop one would write by hand: it measures, and it stops."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tqdm.auto import tqdm

from bplib.activations import IDENTITY, SIGMOID, TANH
from bplib.datasets import mazur, moons, xor
from bplib.losses import BINARY_CROSS_ENTROPY, MSE, SOFTMAX_CROSS_ENTROPY
from bplib.network import Layer, Network, dense
from bplib.optimisers import SGD, Adam
from bplib.training import Epoch, accuracy, minibatches, train


def rng(seed=0):
    return np.random.default_rng(seed)


def small(seed=0):
    return dense([2, 4, 1], TANH, BINARY_CROSS_ENTROPY, rng(seed))


def overfits(**settings):
    """A network, twenty noisy rows to learn by heart, and a run that is longer than it should."""
    few, many = moons(20, rng(2), noise=0.4), moons(200, rng(1), noise=0.4)
    net = dense([2, 16, 1], TANH, BINARY_CROSS_ENTROPY, rng())
    return net, train(net, *few, Adam(0.05), 200, validation=many, **settings)


def constant(outputs, loss):
    """A network whose outputs are these, whatever it sees; and as many rows as there are."""
    outputs = np.asarray(outputs, float)
    net = Network([Layer(outputs.T.copy(), np.zeros(outputs.shape[1]), IDENTITY)], loss)
    return net, np.eye(len(outputs))


def assert_same(params, others):
    for w, other in zip(params, others, strict=True):
        np.testing.assert_array_equal(w, other)


def assert_close(params, others):
    """Equal but for the order of sums: bplib.fast adds the bias as one more product."""
    for w, other in zip(params, others, strict=True):
        np.testing.assert_allclose(w, other, rtol=1e-9, atol=1e-13)


@given(m=st.integers(1, 40), batch=st.integers(1, 50), seed=st.none() | st.integers(0, 99))
def test_every_row_comes_once_beside_its_target_and_only_the_last_batch_is_smaller(m, batch, seed):
    x = np.arange(2.0 * m).reshape(m, 2)
    batches = list(minibatches(x, 10 * x[:, :1], batch, None if seed is None else rng(seed)))
    x_seen, y_seen = map(np.concatenate, zip(*batches, strict=True))
    np.testing.assert_array_equal(x_seen[x_seen[:, 0].argsort()], x)
    np.testing.assert_array_equal(y_seen, 10 * x_seen[:, :1])
    sizes = [len(few) for few, _ in batches]
    assert sizes == [batch] * (m // batch) + [m % batch] * (m % batch > 0)


def test_without_an_rng_the_rows_keep_their_order():
    x = np.arange(10.0)[:, None]
    np.testing.assert_array_equal(np.concatenate([few for few, _ in minibatches(x, x, 4)]), x)


def test_an_rng_shuffles_anew_each_time_and_its_seed_repeats():
    x = np.arange(30.0)[:, None]
    one, other = rng(5), rng(5)
    first, again = (next(minibatches(x, x, 30, r))[0] for r in (one, other))
    second = next(minibatches(x, x, 30, one))[0]
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, x)
    assert not np.array_equal(first, second)


def test_a_batch_is_a_copy_and_not_a_window_into_the_rows():
    x = np.ones((4, 1))
    for few, _ in minibatches(x, x, 2):
        few[:] = 9.0
    np.testing.assert_array_equal(x, 1.0)


@pytest.mark.parametrize(("m_x", "m_y", "batch"), [(4, 3, 2), (0, 0, 2), (4, 4, 0), (4, 4, -1)])
def test_minibatches_refuse_what_they_cannot_cut(m_x, m_y, batch):
    with pytest.raises(ValueError) as error:
        list(minibatches(np.zeros((m_x, 2)), np.zeros((m_y, 1)), batch))
    assert str(error.value) == (
        "minibatches needs as many rows in x as in y, at least one, and a batch of 1 or more, "
        f"but x has {m_x}, y has {m_y} and batch is {batch}."
    )


@pytest.mark.parametrize(
    ("outputs", "y", "loss", "share"),
    [
        ([[0.2], [0.2], [-0.2], [-3.0]], [[1], [0], [0], [1]], BINARY_CROSS_ENTROPY, 0.5),
        ([[0.2], [0.2], [0.6], [0.9]], [[0], [0], [1], [0]], MSE, 0.75),
        ([[0.0], [0.0]], [[1], [0]], BINARY_CROSS_ENTROPY, 0.5),  # in the middle: class 0
        ([[0.5], [0.5], [0.5]], [[0], [0], [1]], MSE, 2 / 3),
        ([[1, 5, 2], [7, 0, 8]], [[0, 1, 0], [1, 0, 0]], SOFTMAX_CROSS_ENTROPY, 0.5),
        ([[3, 3, 1], [1, 3, 3]], [[1, 0, 0], [0, 0, 1]], SOFTMAX_CROSS_ENTROPY, 0.5),
        ([[0.1, 0.3], [0.2, 0.1]], [[0, 1], [1, 0]], MSE, 1.0),
    ],
    ids=["logit", "probability", "logit 0", "half", "largest", "the first of two", "two, MSE"],
)
def test_accuracy_is_the_share_of_rows_named_rightly(outputs, y, loss, share):
    net, x = constant(outputs, loss)
    assert accuracy(net, x, np.array(y)) == share


@pytest.mark.parametrize("shape", [(4,), (4, 2), (3, 1)])
def test_accuracy_refuses_targets_that_would_broadcast(shape):
    with pytest.raises(ValueError) as error:
        accuracy(small(), xor()[0], np.zeros(shape))
    assert str(error.value) == f"the output is (4, 1), so y must be too, but it is {shape}."


def test_epoch_0_is_the_network_before_any_update():
    net, (x, y) = small(), xor()
    validation = moons(30, rng(1))
    epoch = next(train(net, x, y, SGD(0.5), 9, validation=validation))
    loss = BINARY_CROSS_ENTROPY.value
    assert epoch == Epoch(
        number=0,
        loss=loss(small().forward(x).a[-1], y),
        accuracy=accuracy(small(), x, y),
        validation_loss=loss(small().forward(validation[0]).a[-1], validation[1]),
        validation_accuracy=accuracy(small(), *validation),
        gradients=None,
    )
    assert_same(net.params, small().params)


@pytest.mark.parametrize("batch", [1, 6, 20, None])
@pytest.mark.parametrize("shuffle", [True, False])
def test_train_is_the_loop_written_by_hand(batch, shuffle):
    x, y = moons(20, rng(1))
    net, other = small(), small()
    history = list(train(net, x, y, Adam(0.05), 3, batch, rng(7) if shuffle else None))
    optimiser, order = Adam(0.05), rng(7)
    for epoch in range(4):
        out = other.forward(x).a[-1]
        assert history[epoch].number == epoch
        assert history[epoch].loss == pytest.approx(BINARY_CROSS_ENTROPY.value(out, y), rel=1e-9)
        assert history[epoch].accuracy == np.mean((out > 0) == y)
        assert history[epoch].validation_loss is history[epoch].validation_accuracy is None
        if epoch < 3:
            rows = order.permutation(20) if shuffle else np.arange(20)
            for start in range(0, 20, batch or 20):
                few = rows[start : start + (batch or 20)]
                found = other.backward(other.forward(x[few]), y[few])
                optimiser.step(other.params, found.params)
            assert_close(history[epoch + 1].gradients.params, found.params)
    assert_close(net.params, other.params)


def test_one_batch_of_all_rows_is_the_full_batch():
    x, y = moons(20, rng(1))
    nets = small(), small()
    for net, batch in zip(nets, (None, 20), strict=True):
        list(train(net, x, y, SGD(0.5), 20, batch))
    assert_same(nets[0].params, nets[1].params)
    assert not np.array_equal(nets[0].params[0], small().params[0])


def test_the_same_seed_is_the_same_run_and_another_seed_is_not():
    x, y = moons(30, rng(1))
    runs = [[*train(small(), x, y, SGD(0.5), 5, 4, rng(seed))][-1].loss for seed in (3, 3, 4)]
    assert runs[0] == runs[1] != runs[2]


def test_rows_for_validation_change_nothing_but_what_is_measured():
    x, y = moons(20, rng(1))
    validation = moons(50, rng(2))
    kept = [rows.copy() for rows in (x, y, *validation)]
    nets = small(), small()
    blind = list(train(nets[0], x, y, SGD(0.5), 5, 4, rng()))
    watched = list(train(nets[1], x, y, SGD(0.5), 5, 4, rng(), validation))
    assert_same(nets[0].params, nets[1].params)
    assert_same((x, y, *validation), kept)
    assert [e.loss for e in blind] == [e.loss for e in watched]
    out = nets[1].forward(validation[0]).a[-1]
    assert watched[-1].validation_loss == BINARY_CROSS_ENTROPY.value(out, validation[1])
    assert watched[-1].validation_accuracy == accuracy(nets[1], *validation)


def test_no_epochs_is_one_look_at_the_network():
    net = small()
    assert [epoch.number for epoch in train(net, *xor(), SGD(), 0)] == [0]
    assert_same(net.params, small().params)


def test_training_stops_at_the_first_epoch_that_reaches_the_target_loss():
    whole = [epoch.loss for epoch in train(small(), *xor(), SGD(0.5), 400)]
    run = [epoch.loss for epoch in train(small(), *xor(), SGD(0.5), 400, target_loss=0.1)]
    first = next(number for number, loss in enumerate(whole) if loss <= 0.1)
    assert 0 < first < 400
    assert run == whole[: first + 1]
    exactly = list(train(small(), *xor(), SGD(0.5), 400, target_loss=whole[first]))
    assert len(exactly) == first + 1


def test_training_stops_at_the_first_epoch_that_reaches_the_target_accuracy():
    whole = [epoch.accuracy for epoch in train(small(), *xor(), SGD(0.5), 400)]
    run = [epoch.accuracy for epoch in train(small(), *xor(), SGD(0.5), 400, target_accuracy=1.0)]
    assert whole[0] < 1.0
    assert run == whole[: whole.index(1.0) + 1]


@pytest.mark.parametrize("patience", [1, 5, 20])
def test_patience_ends_with_that_many_epochs_without_a_new_minimum_and_takes_the_best(patience):
    _, free = overfits()
    losses = [epoch.validation_loss for epoch in free]
    assert losses[-1] > 1.2 * min(losses)
    best = since = 0
    for stop in range(1, 201):
        best, since = (stop, 0) if losses[stop] < losses[best] else (best, since + 1)
        if since == patience:
            break
    net, run = overfits(patience=patience)
    assert [epoch.validation_loss for epoch in run] == losses[: stop + 1]
    assert stop == best + patience < 200
    there, again = overfits()
    for epoch in again:
        if epoch.number == best:
            break
    assert_same(net.params, there.params)


def test_without_patience_the_network_keeps_its_last_weights():
    net, run = overfits()
    last = list(run)[-1]
    again = moons(20, rng(2), noise=0.4)
    loss = BINARY_CROSS_ENTROPY.value(net.forward(again[0]).a[-1], again[1])
    assert loss == pytest.approx(last.loss, rel=1e-12)


def test_the_best_weights_come_back_when_the_epochs_run_out():
    few, many = moons(20, rng(2), noise=0.4), moons(200, rng(1), noise=0.4)
    net = dense([2, 16, 1], TANH, BINARY_CROSS_ENTROPY, rng())
    run = list(train(net, *few, Adam(0.05), 100, validation=many, patience=1000))
    lowest = min(epoch.validation_loss for epoch in run)
    assert lowest < run[-1].validation_loss
    assert BINARY_CROSS_ENTROPY.value(net.forward(many[0]).a[-1], many[1]) == lowest


def loss_on(net, x, y):
    return net.loss.value(net.forward(x).a[-1], y)


def test_the_best_weights_come_back_when_the_reader_breaks_out():
    few, many = moons(20, rng(2), noise=0.4), moons(200, rng(1), noise=0.4)
    net, seen = dense([2, 16, 1], TANH, BINARY_CROSS_ENTROPY, rng()), []
    for epoch in train(net, *few, Adam(0.05), 200, validation=many, patience=1000):
        seen.append(epoch.validation_loss)
        if epoch.number == 100:
            break
    assert loss_on(net, *many) == min(seen) < seen[-1]


def test_the_best_weights_of_a_run_with_a_name_come_back_when_it_is_closed():
    many = moons(200, rng(1), noise=0.4)
    net, run = overfits(patience=1000)
    seen = [next(run).validation_loss for _ in range(100)]
    assert loss_on(net, *many) == seen[-1]
    run.close()
    assert loss_on(net, *many) == min(seen) < seen[-1]


def test_the_arrays_stay_the_same_arrays_when_the_best_weights_come_back():
    net, run = overfits(patience=3)
    arrays = net.params
    list(run)
    assert all(w is array for w, array in zip(net.params, arrays, strict=True))


@pytest.mark.parametrize(("batch", "lr"), [(None, 100.0), (1, 1e20)])
def test_a_loss_that_is_not_finite_ends_the_run_without_a_warning(batch, lr):
    net = dense([2, 4, 1], IDENTITY, MSE, rng())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = list(train(net, *xor(), SGD(lr), 5000, batch))
    assert len(history) < 1000
    assert np.isfinite([epoch.loss for epoch in history[:-1]]).all()
    assert not np.isfinite(history[-1].loss)


def test_a_run_that_diverges_gives_its_best_weights_back():
    net = dense([2, 4, 1], IDENTITY, MSE, rng())
    x, y = xor()
    history = list(train(net, x, y, SGD(100.0), 5000, validation=(x, y), patience=5000))
    assert not np.isfinite(history[-1].loss)
    assert MSE.value(net.forward(x).a[-1], y) == min(e.loss for e in history[:-1])


def test_a_bar_of_tqdm_counts_the_epochs_and_changes_nothing(capsys):
    plain = list(train(small(), *xor(), SGD(0.5), 20))
    barred = list(tqdm(train(small(), *xor(), SGD(0.5), 20), total=21))
    assert "21/21" in capsys.readouterr().err
    assert [epoch.loss for epoch in barred] == [epoch.loss for epoch in plain]


def test_targets_of_whole_numbers_or_booleans_train_like_floats():
    x, y = xor()
    runs = [
        [e.loss for e in train(small(), x, y.astype(kind), SGD(0.5), 5)]
        for kind in (float, int, bool)
    ]
    assert runs[0] == runs[1] == runs[2]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"epochs": -1}, "epochs is -1 and patience is None"),
        ({"epochs": 5, "patience": 3}, "epochs is 5 and patience is 3"),
        ({"epochs": 5, "patience": 0, "validation": xor()}, "epochs is 5 and patience is 0"),
        ({"epochs": 5, "batch": 0}, "x has 4, y has 4 and batch is 0"),
    ],
    ids=["epochs", "no validation", "patience", "batch"],
)
def test_train_refuses_settings_that_mean_nothing(settings, said):
    with pytest.raises(ValueError, match=f"but {said}.$"):
        list(train(small(), *xor(), SGD(), **settings))


def mazur_network():
    data = mazur()
    layers = [Layer(data.W1, data.b1, SIGMOID), Layer(data.W2, data.b2, SIGMOID)]
    return Network(layers, MSE), data.x, data.y


def test_mazur_after_ten_thousand_steps_without_the_biases():
    net, x, y = mazur_network()
    weights, optimiser = [layer.W for layer in net.layers], SGD(0.5)
    E = []
    for _ in range(10_001):
        trace = net.forward(x)
        E.append(MSE.value(trace.a[-1], y))
        optimiser.step(weights, net.backward(trace, y).dW)
    published = {0: 0.298371109, 1: 0.291027774, 10: 0.220918592, 100: 0.020046828}
    published |= {1000: 0.001114349}
    found = [E[step] for step in published]
    np.testing.assert_allclose(found, list(published.values()), rtol=0, atol=1e-9)
    assert E[10_000] == pytest.approx(3.5101878e-05, abs=1e-12)
    np.testing.assert_allclose(trace.a[-1], [[0.01591362, 0.98406427]], rtol=0, atol=1e-8)


def test_mazur_after_ten_thousand_epochs_with_the_biases():
    net, x, y = mazur_network()
    *_, last = train(net, x, y, SGD(0.5), 10_000)
    assert last.number == 10_000
    assert last.loss == pytest.approx(2.4476e-06, abs=1e-10)
    found = net.forward(x).a[-1]
    np.testing.assert_allclose(found, [[0.011587527, 0.988458935]], rtol=0, atol=1e-9)
