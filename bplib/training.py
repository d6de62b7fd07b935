"""The loop: forward, backward, update, and again, until the target is reached."""

from typing import NamedTuple

import numpy as np

from bplib.fast import Packed, fits
from bplib.losses import BINARY_CROSS_ENTROPY
from bplib.network import Gradients


class Epoch(NamedTuple):
    """The network after this many epochs, measured on all rows at once.

    number : 0 is before the first update
    validation_loss, validation_accuracy : None without validation rows
    gradients : those of the last batch, None in epoch 0
    """

    number: int
    loss: float
    accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    gradients: Gradients | None


def minibatches(x, y, batch, rng=None):
    """Every row once, in batches of rows; the last batch may be smaller.   ->  yields (x, y)

    rng : shuffles the rows of x and y together;  None : their own order
    ValueError unless x and y have as many rows, at least one, and batch is 1 or more.
    Source: Goodfellow, Bengio & Courville 2016, sec. 8.1.3.
    """
    m = len(x)
    if m != len(y) or m == 0 or batch < 1:
        raise ValueError(
            f"minibatches needs as many rows in x as in y, at least one, and a batch of 1 or more, "
            f"but x has {m}, y has {len(y)} and batch is {batch}."
        )
    rows = np.arange(m) if rng is None else rng.permutation(m)
    for start in range(0, m, batch):
        few = rows[start : start + batch]
        yield x[few], y[few]


def accuracy(network, x, y):
    """The share of rows whose class is right.   x : (m, n_0),  y : (m, n_L)  ->  0 to 1

    One output: class 1 above the middle, which is 0 for a logit and 0.5 for a probability.
    Several: the class of the largest output, the first of them if two are equal.
    ValueError unless y has the shape of the output.
    """
    return _right(network, network.forward(x).a[-1], np.asarray(y))


def _right(network, out, y):
    if y.shape != out.shape:
        raise ValueError(f"the output is {out.shape}, so y must be too, but it is {y.shape}.")
    if out.shape[1] > 1:
        return float(np.mean(out.argmax(axis=1) == y.argmax(axis=1)))
    middle = 0.0 if network.loss is BINARY_CROSS_ENTROPY else 0.5
    return float(np.mean((out > middle) == (y > 0.5)))


def train(
    network,
    x,
    y,
    optimiser,
    epochs,
    batch=None,
    rng=None,
    validation=None,
    target_loss=None,
    target_accuracy=None,
    patience=None,
):
    """Forward, backward, update for every batch, epoch after epoch.   ->  yields Epoch 0, 1, 2 ...

    x, y : rows, as they are when the loop begins
    batch : rows per update, None for all;  rng : shuffles the rows anew in each epoch
    validation : (x, y), rows that are measured and never trained on
    target_loss, target_accuracy : stop when the training rows reach one of them
    patience : stop when the validation loss has had no new minimum for this many epochs; however
        the loop ends, the network then gets back the weights of the best epoch (who breaks out
        of a loop over a generator that has a name closes it: run.close())
    Also stops after a loss that is not finite.  The network changes in place, epoch by epoch.
    ValueError, when the loop begins, for a batch, epochs or patience too small, or for patience
    without validation.
    Source: Goodfellow, Bengio & Courville 2016, Algorithms 8.1 (SGD) and 7.1 (early stopping).
    """
    if epochs < 0 or (patience is not None and (patience < 1 or validation is None)):
        raise ValueError(
            "train needs epochs of 0 or more, and patience of 1 or more together with validation, "
            f"but epochs is {epochs} and patience is {patience}."
        )
    pairs = [(x, y)] if validation is None else [(x, y), validation]
    measured = [(np.array(x), np.array(y)) for x, y in pairs]
    batch, gradients = len(x) if batch is None else batch, None
    best_loss, best_number, best = np.inf, 0, None
    if fits(network, optimiser):
        packed = Packed(network, optimiser)
        measured = [(packed.columns(x), y) for x, y in measured]
        output = packed.output
        one_epoch = lambda: _one_fast_epoch(packed, *measured[0], batch, rng)
    else:
        output = lambda x: network.forward(x).a[-1]
        one_epoch = lambda: _one_epoch(network, *measured[0], optimiser, batch, rng)
    try:
        for number in range(epochs + 1):
            if number > 0:
                gradients = one_epoch()
            epoch = _measure(network, output, measured, number, gradients)
            if patience and epoch.validation_loss < best_loss:
                best_loss, best_number = epoch.validation_loss, number
                best = [w.copy() for w in network.params]
            yield epoch
            if (
                not np.isfinite(epoch.loss)
                or (target_loss is not None and epoch.loss <= target_loss)
                or (target_accuracy is not None and epoch.accuracy >= target_accuracy)
                or (patience and number - best_number >= patience)
            ):
                return
    finally:
        if best:
            for w, kept in zip(network.params, best, strict=True):
                w[...] = kept


@np.errstate(over="ignore", invalid="ignore")
def _one_epoch(network, x, y, optimiser, batch, rng):
    """One update per batch.  What diverges becomes infinite or NaN, and train() stops there."""
    for x_few, y_few in minibatches(x, y, batch, rng):
        gradients = network.backward(network.forward(x_few), y_few)
        optimiser.step(network.params, gradients.params)
    return gradients


@np.errstate(over="ignore", invalid="ignore")
def _one_fast_epoch(packed, x, y, batch, rng):
    """The same updates with the same rows, in the memory of fast.py."""
    rows = np.arange(len(y))
    with packed as step:
        for few, _ in minibatches(rows, rows, batch, rng):
            step(x.take(few, axis=1), y.T.take(few, axis=1))
    return packed.gradients(len(few))


@np.errstate(over="ignore", invalid="ignore")
def _measure(network, output, measured, number, gradients):
    """One pass forward gives both the loss and the accuracy."""
    figures = []
    for x, y in measured:
        out, y = output(x), np.asarray(y, float)
        figures += [network.loss.value(out, y), _right(network, out, y)]
    absent = [None] * (4 - len(figures))
    return Epoch(number, *figures, *absent, gradients)
