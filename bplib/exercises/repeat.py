"""Exercises 4.1 to 4.9: the loop over batches and epochs.

The numbers of rows are no multiples of the batch, no two epochs or batches are alike, and every
curve has a tie, a bump and a late minimum, so that no two mistakes give the same numbers.
"""

import math

import numpy as np

from bplib.activations import IDENTITY, RELU, SIGMOID, TANH, sigmoid
from bplib.datasets import mazur, xor
from bplib.exercises.core import Item, choice, draw, draw_network, exercise
from bplib.losses import BINARY_CROSS_ENTROPY, MSE, SOFTMAX_CROSS_ENTROPY
from bplib.network import Layer, Network
from bplib.optimisers import SGD
from bplib.training import minibatches

# How long Mazur's run may be in a check: all ten thousand steps are for the learner to try.
MAZUR_STEPS = (400, 300, 200, 250)

# ---- 4.1 -----------------------------------------------------------------------------------------


@exercise(
    "4.1",
    points=1,
    title="Count the updates",
    hints=(
        "Seven rows in batches of three: how many batches does one epoch need, and how large is "
        "the last one?",
        "Rows that are left over form one more batch. When nothing is left over, the last batch "
        "is as large as the others.",
        "updates: $\\text{epochs} \\cdot \\lceil N / B \\rceil$; "
        "last batch: $N - B \\, (\\lceil N / B \\rceil - 1)$",
    ),
    outputs=("updates", "last"),
)
def count_updates(N, B, epochs):
    """How many updates training makes, and how many rows the last batch of an epoch has.

    N : number of rows,  B : rows per batch,  epochs : number of epochs  ->  updates, last
    Every epoch uses every row once; its last batch may be smaller.
    """
    batches = -(-N // B)
    return epochs * batches, N - B * (batches - 1)


@count_updates.cases
def _(rng):
    B, full, epochs = int(rng.integers(5, 9)), int(rng.integers(4, 8)), int(rng.integers(3, 7))
    left = int(rng.integers(1, 3))
    return [
        (10, 4, 3),
        (B * full + left, B, epochs),  # less than half a batch is left
        (B * full - left, B, epochs),  # more than half a batch is left
        (B * full, B, epochs + 1),
        (left + 1, B, epochs + 2),  # all rows fit into one batch
    ]


@count_updates.equivalent
def _(N, B, epochs):
    return epochs * ((N + B - 1) // B), (N - 1) % B + 1


@count_updates.equivalent
def _(N, B, epochs):
    return epochs * math.ceil(N / B), N % B or B


@count_updates.equivalent
def _(N, B, epochs):
    updates = 0
    for _ in range(epochs):
        for start in range(0, N, B):
            updates += 1
            last = min(B, N - start)
    return np.array([updates, last])


@count_updates.equivalent
def _(N, B, epochs):
    sizes = [len(few) for few in np.split(np.arange(N), np.arange(B, N, B))]
    return epochs * len(sizes), sizes[-1]


@count_updates.misconception(
    "EP-01",
    "You count one update for each epoch.",
    "An epoch uses every row once. How many times do the weights change on the way?",
    see="batch_calculator",
)
def _(N, B, epochs):
    return epochs, N % B or B


@count_updates.misconception(
    "EP-01",
    "You count one update for each row: that is a batch of 1.",
    "How many rows share one update here?",
    see="batch_calculator",
)
def _(N, B, epochs):
    return epochs * N, N % B or B


@count_updates.misconception(
    "EP-01",
    "These are the updates of one epoch.",
    "What happens in the second epoch?",
    see="batch_calculator",
)
def _(N, B, epochs):
    return -(-N // B), N % B or B


@count_updates.misconception(
    "EP-02",
    "The rows that are left over get no update: you rounded down.",
    "Which rows does your network never see?",
    see="batch_calculator",
)
def _(N, B, epochs):
    return epochs * (N // B), N % B or B


@count_updates.misconception(
    "EP-02",
    "You rounded down, and all your batches are full: the rows left over are dropped.",
    "Which rows does your network never see?",
    see="batch_calculator",
)
def _(N, B, epochs):
    return epochs * (N // B), B


@count_updates.misconception(
    "EP-02",
    "You rounded down, so the last update is missing; and where nothing is left over, the last "
    "batch is not empty.",
    "How many batches do seven rows make, three at a time?",
    see="batch_calculator",
)
def _(N, B, epochs):
    return epochs * (N // B), N % B


@count_updates.misconception(
    "EP-02",
    "The updates are right; where nothing is left over, your last batch has 0 rows.",
    "Eight rows in batches of four: what is in the second batch?",
    see="batch_calculator",
)
def _(N, B, epochs):
    return epochs * -(-N // B), N % B


@count_updates.misconception(
    "EP-02",
    "The updates are right, but you take the last batch for a full one.",
    "How many rows are left for it?",
    see="batch_calculator",
)
def _(N, B, epochs):
    return epochs * -(-N // B), B


@count_updates.misconception(
    "EP-02",
    "You always add one batch, also where no row is left over.",
    "Eight rows in batches of four: is there a third batch?",
    see="batch_calculator",
)
def _(N, B, epochs):
    return epochs * (N // B + 1), N % B or B


@count_updates.misconception(
    "EP-02",
    "You always add one batch, also where no row is left over: an empty one.",
    "Eight rows in batches of four: is there a third batch?",
    see="batch_calculator",
)
def _(N, B, epochs):
    return epochs * (N // B + 1), N % B


@count_updates.misconception(
    "EP-02",
    "You rounded to the nearest number of batches.",
    "One row is left over. Does it need an update too?",
    see="batch_calculator",
)
def _(N, B, epochs):
    return epochs * round(N / B), N % B or B


@count_updates.misconception(
    "EP-02",
    "You rounded up once, after all epochs, as if a batch could reach into the next epoch.",
    "Where does an epoch end: at a full batch, or at the last row?",
    see="batch_calculator",
)
def _(N, B, epochs):
    return -(-epochs * N // B), N % B or B


@count_updates.misconception(
    "EP-02",
    "Your number of updates is no whole number: a part of a batch became a part of an update.",
    "Can the weights be changed half a time?",
    see="batch_calculator",
)
def _(N, B, epochs):
    return epochs * N / B, N % B or B


@count_updates.misconception(
    "EP-19",
    "B is taken for the number of batches.",
    "Does the docstring say rows per batch, or batches per epoch?",
    see="batch_calculator",
)
def _(N, B, epochs):
    return epochs * B, N // B


@count_updates.misconception(
    "FF-28",
    "Both numbers are right, in the wrong order.",
    "Which of the two does the docstring name first?",
    see="batch_calculator",
)
def _(N, B, epochs):
    return N % B or B, epochs * -(-N // B)


# ---- 4.2 -----------------------------------------------------------------------------------------


@exercise(
    "4.2",
    points=2,
    title="Cut an epoch into batches",
    hints=(
        "Which rows of x belong into the first batch: the first rows of x, or those that `rows` "
        "names first?",
        "Cut `rows` into pieces of `batch` numbers; the last piece may be shorter. One piece picks "
        "rows of x and the same rows of y.",
        "`few = rows[start : start + batch]` for start = 0, batch, 2 batch, ... below the number "
        "of rows; the pair is `x[few], y[few]`.",
    ),
    outputs=("batches[0]", "batches[1]", "batches[2]", "batches[3]"),
)
def cut(x, y, batch, rows):
    """One epoch as a list of batches.

    x : (m, n),  y : (m, 1),  batch : rows per batch
    rows : (m,) every number from 0 to m - 1 once:
        the order in which this epoch uses the rows
    ->  [(x, y), (x, y), ...], the last pair may have fewer rows
    """
    pieces = [rows[start : start + batch] for start in range(0, len(rows), batch)]
    return [(x[few], y[few]) for few in pieces]


def _shuffled(rng, m):
    """An order of m rows that is not its own inverse, and has no row at its old place."""
    while True:
        rows = rng.permutation(m)
        if np.all(rows != np.arange(m)) and np.all(rows[rows] != np.arange(m)):
            return rows


@cut.cases
def _(rng):
    return [
        (draw(rng, m, n), rng.integers(10, 91, (m, 1)) / 100, batch, _shuffled(rng, m))
        for m, n, batch in [(5, 2, 3), (10, 3, 4), (6, 2, 2), (7, 2, 9)]
    ]


@cut.equivalent
def _(x, y, batch, rows):
    x, y = x[rows], y[rows]
    return [(x[i : i + batch], y[i : i + batch]) for i in range(0, len(x), batch)]


@cut.equivalent
def _(x, y, batch, rows):
    pieces = np.split(rows, np.arange(batch, len(rows), batch))
    return tuple((x[few], y[few]) for few in pieces)


@cut.library
def _(x, y, batch, rows):
    return [list(pair) for pair in minibatches(x[rows], y[rows], batch)]


@cut.equivalent
def _(x, y, batch, rows):
    batches, xs, ys = [], [], []
    for i in rows:
        xs.append(x[i])
        ys.append(y[i])
        if len(xs) == batch:
            batches.append((np.array(xs), np.array(ys)))
            xs, ys = [], []
    if xs:
        batches.append((np.array(xs), np.array(ys)))
    return batches


@cut.misconception(
    "EP-02",
    "The last batch is missing where it is not full.",
    "How many rows of x are in none of your batches?",
    see="batch_calculator",
)
def _(x, y, batch, rows):
    if len(rows) < batch:
        return [(x[rows], y[rows])]
    starts = range(0, len(rows) - batch + 1, batch)
    return [(x[rows[i : i + batch]], y[rows[i : i + batch]]) for i in starts]


@cut.misconception(
    "EP-02",
    "You filled the last batch up with rows from the beginning: they are used twice.",
    "May the last batch be smaller?",
    see="batch_calculator",
)
def _(x, y, batch, rows):
    more = np.tile(rows, batch + 1)
    starts = range(0, len(rows), batch)
    return [(x[more[i : i + batch]], y[more[i : i + batch]]) for i in starts]


@cut.misconception(
    "EP-02",
    "Your last batch is full because it takes rows of the batch before it once more.",
    "How many times may an epoch use one row?",
    see="batch_calculator",
)
def _(x, y, batch, rows):
    starts = [max(0, min(i, len(rows) - batch)) for i in range(0, len(rows), batch)]
    return [(x[rows[i : i + batch]], y[rows[i : i + batch]]) for i in starts]


@cut.misconception(
    "EP-02",
    "The rows left over went into the batch before: your last batch is too large.",
    "How many rows may a batch have at most?",
    see="batch_calculator",
)
def _(x, y, batch, rows):
    cuts = np.arange(1, max(1, len(rows) // batch)) * batch
    return [(x[few], y[few]) for few in np.split(rows, cuts)]


@cut.misconception(
    "EP-02",
    "The number of batches is right, but the rows are shared out evenly: no batch is full.",
    "When ten rows come in batches of four, how many are in the first?",
    see="batch_calculator",
)
def _(x, y, batch, rows):
    pieces = np.array_split(rows, -(-len(rows) // batch))
    return [(x[few], y[few]) for few in pieces]


@cut.misconception(
    "EP-06",
    "x is in the new order, y still in the old one: rows get the targets of others.",
    "Which target belongs to the first row of your first batch?",
    see="curve_clinic",
)
def _(x, y, batch, rows):
    x = x[rows]
    return [(x[i : i + batch], y[i : i + batch]) for i in range(0, len(x), batch)]


@cut.misconception(
    "EP-06",
    "y is in the new order, x still in the old one: rows get the targets of others.",
    "Which row of x belongs to the first target of your first batch?",
    see="curve_clinic",
)
def _(x, y, batch, rows):
    y = y[rows]
    return [(x[i : i + batch], y[i : i + batch]) for i in range(0, len(x), batch)]


@cut.misconception(
    "EP-07",
    "The batches come in the old order: nothing is shuffled.",
    "Which line of yours uses `rows`?",
    see="batch_calculator",
)
def _(x, y, batch, rows):
    return [(x[i : i + batch], y[i : i + batch]) for i in range(0, len(x), batch)]


@cut.misconception(
    "EP-07",
    "Every batch holds the same rows, those of the first one.",
    "Where in your slice is the number of the batch?",
    see="batch_calculator",
)
def _(x, y, batch, rows):
    few = rows[:batch]
    return [(x[few], y[few]) for _ in range(0, len(rows), batch)]


@cut.misconception(
    "EP-07",
    "Each batch holds the right rows, but sorted: inside a batch the old order is back.",
    "Did you pick rows by their numbers, or by a mask of True and False?",
    see="batch_calculator",
)
def _(x, y, batch, rows):
    pieces = [np.sort(rows[i : i + batch]) for i in range(0, len(rows), batch)]
    return [(x[few], y[few]) for few in pieces]


@cut.misconception(
    "EP-07",
    "You went through `rows` backwards.",
    "Which row comes first, by the docstring?",
    see="batch_calculator",
)
def _(x, y, batch, rows):
    rows = rows[::-1]
    return [(x[rows[i : i + batch]], y[rows[i : i + batch]]) for i in range(0, len(rows), batch)]


@cut.misconception(
    "EP-20",
    "You used `rows` the other way: row i went to the place `rows[i]`.",
    "`rows` begins with a number. Is this the row that comes first, or the place of row 0?",
    see="batch_calculator",
)
def _(x, y, batch, rows):
    rows = np.argsort(rows)
    return [(x[rows[i : i + batch]], y[rows[i : i + batch]]) for i in range(0, len(rows), batch)]


@cut.misconception(
    "EP-20",
    "The pairs are kept, but the order was used twice.",
    "In how many of your lines does `rows` stand in brackets?",
    see="batch_calculator",
)
def _(x, y, batch, rows):
    rows = rows[rows]
    return [(x[rows[i : i + batch]], y[rows[i : i + batch]]) for i in range(0, len(rows), batch)]


@cut.misconception(
    "EP-20",
    "Each batch takes every k-th row, as cards are dealt.",
    "Which rows come directly after each other in the first batch?",
    see="batch_calculator",
)
def _(x, y, batch, rows):
    count = -(-len(rows) // batch)
    return [(x[rows[k::count]], y[rows[k::count]]) for k in range(count)]


@cut.misconception(
    "EP-19",
    "`batch` is taken for the number of batches.",
    "Does the docstring say rows per batch, or batches per epoch?",
    see="batch_calculator",
)
def _(x, y, batch, rows):
    pieces = [few for few in np.array_split(rows, batch) if len(few)]
    return [(x[few], y[few]) for few in pieces]


@cut.misconception(
    "EP-19",
    "Your batches overlap: each begins one row after the one before.",
    "Where does the second batch begin when the first has four rows?",
    see="batch_calculator",
)
def _(x, y, batch, rows):
    last = max(1, len(rows) - batch + 1)
    return [(x[rows[i : i + batch]], y[rows[i : i + batch]]) for i in range(last)]


@cut.misconception(
    "EP-19",
    "Each batch is one row short: the end of a slice is left out by itself.",
    "How many rows are in `rows[0:3]`?",
    see="batch_calculator",
)
def _(x, y, batch, rows):
    pieces = [rows[i : i + batch - 1] for i in range(0, len(rows), batch)]
    return [(x[few], y[few]) for few in pieces]


@cut.misconception(
    "EP-08",
    "Only the last batch came back.",
    "What became of the batch that was there one turn earlier?",
    see="batch_calculator",
)
def _(x, y, batch, rows):
    for start in range(0, len(rows), batch):
        few = rows[start : start + batch]
        batches = [(x[few], y[few])]
    return batches


@cut.misconception(
    "WU-15",
    "The batches are right, but x and y of the caller are shuffled now too.",
    "Which form of your line makes a new array?",
    see="batch_calculator",
)
def _(x, y, batch, rows):
    x[:], y[:] = x[rows], y[rows]
    return [(x[i : i + batch], y[i : i + batch]) for i in range(0, len(x), batch)]


# ---- 4.3 -----------------------------------------------------------------------------------------


@exercise(
    "4.3",
    points=2,
    title="Mazur's network, ten thousand steps",
    hints=(
        "Which of your lines must run again in every step, and which only once?",
        "In the loop: forward, both deltas, both new matrices. After the loop: forward once more, "
        "because E belongs to the last weights.",
        "$\\delta^2 = (a^2 - y) \\, a^2 (1 - a^2)$, "
        "$\\delta^1 = ((W^2)^\\top \\delta^2) \\, a^1 (1 - a^1)$, "
        "$W \\leftarrow W - \\eta \\, \\delta \\, a_{prev}^\\top$; at the end "
        "$E = \\frac{1}{2} \\sum_j (a^2_j - y_j)^2$.",
    ),
    outputs=("E",),
)
def error_after(x, y, W1, b1, W2, b2, lr, steps):
    """The error of one sample after this many steps of gradient descent.

    x : (n_0,),  W1 : (n_1, n_0),  b1 : (n_1,),
    W2 : (n_2, n_1),  b2 : (n_2,),  y : (n_2,)
    Two sigmoid layers, half the squared error; the biases stay.
    Every gradient is taken at the old weights.
    ->  E, one number; with steps = 0 it would be the error of the weights given
    """
    for _ in range(steps):
        a1 = sigmoid(W1 @ x + b1)
        a2 = sigmoid(W2 @ a1 + b2)
        delta2 = (a2 - y) * a2 * (1 - a2)
        delta1 = W2.T @ delta2 * a1 * (1 - a1)
        W1 = W1 - lr * np.outer(delta1, x)
        W2 = W2 - lr * np.outer(delta2, a1)
    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)
    return 0.5 * np.sum((a2 - y) ** 2)


@error_after.cases
def _(rng):
    """Three short runs, and Mazur's: of some length, so that no number can be typed in."""
    cases = []
    for sizes, steps in [((2, 2, 2), 2), ((3, 4, 2), 3), ((2, 3, 3), 5)]:
        cases.append((*draw_network(rng, sizes), float(rng.choice([1.3, 1.7, 2.3])), steps))
    d = mazur()
    steps = int(rng.choice(MAZUR_STEPS))
    return [*cases, (d.x[0], d.y[0], d.W1, d.b1, d.W2, d.b2, 0.5, steps)]


@error_after.library
def _(x, y, W1, b1, W2, b2, lr, steps):
    net = Network([Layer(W1, b1, SIGMOID), Layer(W2, b2, SIGMOID)], MSE)
    net.layers[0].W, net.layers[1].W = W1.copy(), W2.copy()
    x, y = x[None], y[None]
    for _ in range(steps):
        gradients = net.backward(net.forward(x), y)
        SGD(lr).step([layer.W for layer in net.layers], gradients.dW)
    return MSE.value(net.forward(x).a[-1], y)


@error_after.equivalent
def _(x, y, W1, b1, W2, b2, lr, steps):
    errors = []
    while len(errors) <= steps:
        a1 = 1 / (1 + np.exp(-W1.dot(x) - b1))
        a2 = 1 / (1 + np.exp(-W2.dot(a1) - b2))
        errors.append(sum((y - a2) ** 2) / 2)
        delta2 = -(y - a2) * (a2 - a2**2)
        delta1 = delta2 @ W2 * (a1 - a1**2)
        W1, W2 = W1 - lr * delta1[:, None] * x, W2 - lr * delta2[:, None] * a1
    return errors[steps]


@error_after.equivalent
def _(x, y, W1, b1, W2, b2, lr, steps):
    W1, W2 = W1.copy(), W2.copy()

    def forward():
        a1 = sigmoid(np.einsum("ji,i->j", W1, x) + b1)
        return a1, sigmoid(np.einsum("ji,i->j", W2, a1) + b2)

    a1, a2 = forward()
    for _ in range(steps):
        delta2 = (a2 - y) * a2 * (1 - a2)
        back = delta2 @ W2
        W2 -= lr * delta2[:, None] * a1[None]
        W1 -= lr * (back * a1 * (1 - a1))[:, None] * x[None]
        a1, a2 = forward()
    return np.dot(a2 - y, a2 - y) / 2


error_after.slip(
    "EP-09",
    "This is the error one step earlier: it was measured before the last update.",
    "After the last update, what must run once more before you can see its error?",
    {"    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)\n": ""},
    see="curve_clinic",
)


error_after.slip(
    "EP-09",
    "You made one step too many.",
    "With steps = 0, how many updates does your loop make?",
    {"(steps):": "(steps + 1):"},
    see="curve_clinic",
)


@error_after.misconception(
    "EP-05",
    "This is the error after one step: every turn begins anew from the weights given, or "
    "there is no loop.",
    "Which weights should the second step start from?",
    see="curve_clinic",
)
def _(x, y, W1, b1, W2, b2, lr, steps):
    V1, V2 = W1, W2
    for _ in range(steps):
        a1 = sigmoid(V1 @ x + b1)
        a2 = sigmoid(V2 @ a1 + b2)
        delta2 = (a2 - y) * a2 * (1 - a2)
        delta1 = V2.T @ delta2 * a1 * (1 - a1)
        W1 = V1 - lr * np.outer(delta1, x)
        W2 = V2 - lr * np.outer(delta2, a1)
    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)
    return 0.5 * np.sum((a2 - y) ** 2)


@error_after.misconception(
    "EP-04",
    "Your gradients are added up and never reset: every step repeats all steps before it.",
    "What should a gradient remember from the step before?",
    see="curve_clinic",
)
def _(x, y, W1, b1, W2, b2, lr, steps):
    dW1, dW2 = 0 * W1, 0 * W2
    for _ in range(steps):
        a1 = sigmoid(W1 @ x + b1)
        a2 = sigmoid(W2 @ a1 + b2)
        delta2 = (a2 - y) * a2 * (1 - a2)
        delta1 = W2.T @ delta2 * a1 * (1 - a1)
        dW1 = dW1 + np.outer(delta1, x)
        dW2 = dW2 + np.outer(delta2, a1)
        W1 = W1 - lr * dW1
        W2 = W2 - lr * dW2
    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)
    return 0.5 * np.sum((a2 - y) ** 2)


@error_after.misconception(
    "EP-24",
    "The gradients were computed once, before the loop: all your steps are the same step.",
    "After the first step the error is another one. Which lines must see that?",
    see="train_live",
)
def _(x, y, W1, b1, W2, b2, lr, steps):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    for _ in range(steps):
        W1 = W1 - lr * np.outer(delta1, x)
        W2 = W2 - lr * np.outer(delta2, a1)
    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)
    return 0.5 * np.sum((a2 - y) ** 2)


@error_after.misconception(
    "WU-25",
    "This is the error before the first step: no new weight is in it.",
    "Which names do your new weights have, and which ones does your E use?",
    see="train_live",
)
def _(x, y, W1, b1, W2, b2, lr, steps):
    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)
    return 0.5 * np.sum((a2 - y) ** 2)


error_after.slip(
    "WU-22",
    "A good run, and a better one: the biases moved too.",
    "What does the docstring say about the biases?",
    {
        "    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)": (
            "        b1, b2 = b1 - lr * delta1, b2 - lr * delta2\n"
            "    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)"
        )
    },
    see="train_live",
)


@error_after.misconception(
    "WU-01",
    "In every step the error goes back through the new W2.",
    "Which W2 took part in making the error, the old one or the new one?",
    see="train_live",
)
def _(x, y, W1, b1, W2, b2, lr, steps):
    for _ in range(steps):
        a1 = sigmoid(W1 @ x + b1)
        a2 = sigmoid(W2 @ a1 + b2)
        delta2 = (a2 - y) * a2 * (1 - a2)
        W2 = W2 - lr * np.outer(delta2, a1)
        delta1 = W2.T @ delta2 * a1 * (1 - a1)
        W1 = W1 - lr * np.outer(delta1, x)
    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)
    return 0.5 * np.sum((a2 - y) ** 2)


error_after.slip(
    "WU-24",
    "In every step W1 moves first, and W2 learns from the new hidden outputs.",
    "How many forward passes belong to one step?",
    {
        "        W2 = W2 - lr * np.outer(delta2, a1)": (
            "        a1 = sigmoid(W1 @ x + b1)\n        W2 = W2 - lr * np.outer(delta2, a1)"
        )
    },
    see="train_live",
)


error_after.slip(
    "WU-20",
    "Only W2 learns: W1 keeps its first values.",
    "Which line of your loop gives W1 new values?",
    {
        (
            "        delta1 = W2.T @ delta2 * a1 * (1 - a1)\n"
            "        W1 = W1 - lr * np.outer(delta1, x)\n"
        ): ""
    },
    see="train_live",
)


error_after.slip(
    "WU-20",
    "Only W1 learns: W2 keeps its first values.",
    "Which line of your loop gives W2 new values?",
    {"        W2 = W2 - lr * np.outer(delta2, a1)\n": ""},
    see="train_live",
)


error_after.slip(
    "WU-02",
    "Your steps climb: the error grows.",
    "Is your last error larger or smaller than the first?",
    {"= W1 - lr *": "= W1 + lr *", "= W2 - lr *": "= W2 + lr *"},
    see="train_live",
)


error_after.slip(
    "WU-03",
    "The learning rate is missing in your steps.",
    "What should happen to a step when lr becomes ten times smaller?",
    {"- lr * np": "- np"},
    see="train_live",
)


error_after.slip(
    "BP-04",
    "W2 learns as it should; in the delta of the hidden neurons the slope is missing.",
    "Through what does the error go on its way from a1 back to z1?",
    {"delta2 * a1 * (1 - a1)": "delta2"},
    see="train_live",
)


error_after.slip(
    "BP-03",
    "Your delta of the output is the error itself: the slope of the sigmoid is missing.",
    "What should delta be for a neuron whose sigmoid is flat?",
    {"(a2 - y) * a2 * (1 - a2)": "a2 - y"},
    see="train_live",
)


error_after.slip(
    "BP-02",
    "Your steps are twice as long: the square brought a 2, and the ½ of E did not take it away.",
    "What is the slope of ½(a − y)², with its ½?",
    {"delta2 = (a2 -": "delta2 = 2 * (a2 -"},
    see="train_live",
)


error_after.slip(
    "FF-15",
    "The training is right; your E is twice the right one: the ½ is missing.",
    "Write E for one output. What stands before the square?",
    {"return 0.5 * np": "return np"},
    see="train_live",
)


error_after.slip(
    "WU-15",
    "E is right, but the caller's weights were trained too: `-=` writes into them.",
    "What does a second call with the same names begin with?",
    {"W1 = W1 - lr": "W1 -= lr", "W2 = W2 - lr": "W2 -= lr"},
    see="train_live",
)


# ---- 4.4 -----------------------------------------------------------------------------------------


@exercise(
    "4.4",
    points=2,
    title="The same run from the same seed",
    hints=(
        "A generator hands out one number after the other. If somebody draws W2 before W1, do they "
        "get the same weights as you?",
        "One generator for everything, made once, before the loops. The outer loop counts epochs "
        "and draws the order; the inner loop goes through that order, one update per row.",
        "$\\delta^2 = a^2 - y$ (cross-entropy takes the slope of the sigmoid away), "
        "$\\delta^1 = ((W^2)^\\top \\delta^2) \\, (1 - (a^1)^2)$, "
        "$W \\leftarrow W - \\eta \\, \\delta \\, a_{prev}^\\top$, "
        "$b \\leftarrow b - \\eta \\, \\delta$",
    ),
    outputs=("W1", "b1", "W2", "b2"),
)
def run(x, y, hidden, lr, epochs, seed):
    """Train a network with one hidden layer,
    so that a seed fixes every number of the run.

    x : (m, n),  y : (m, 1) with 0 and 1,  hidden : number of tanh neurons;
        one sigmoid output
    The loss is the binary cross-entropy of one row;
    one update per row, gradients at old weights.
    Random numbers, all from one np.random.default_rng(seed), in this order:
    W1 = rng.normal(size=(hidden, n)), W2 = rng.normal(size=(1, hidden)), and then, at the
    beginning of each epoch, the order of its rows: rng.permutation(m).
    All biases begin at 0.
    ->  W1, b1, W2, b2 after the last epoch; b1 : (hidden,), b2 : (1,)
    """
    rng = np.random.default_rng(seed)
    W1 = rng.normal(size=(hidden, x.shape[1]))
    W2 = rng.normal(size=(1, hidden))
    b1, b2 = np.zeros(hidden), np.zeros(1)
    for _ in range(epochs):
        for i in rng.permutation(len(x)):
            a1 = np.tanh(W1 @ x[i] + b1)
            a2 = sigmoid(W2 @ a1 + b2)
            delta2 = a2 - y[i]
            delta1 = W2.T @ delta2 * (1 - a1**2)
            W1, b1 = W1 - lr * np.outer(delta1, x[i]), b1 - lr * delta1
            W2, b2 = W2 - lr * np.outer(delta2, a1), b2 - lr * delta2
    return W1, b1, W2, b2


@run.cases
def _(rng):
    """Two short runs on other data, so that rows and columns are not all alike, and XOR."""
    cases = []
    for m, n, hidden, epochs in [(3, 2, 3, 2), (5, 3, 2, 3)]:
        y = rng.permutation(np.arange(m) % 2)[:, None].astype(float)
        seed = int(rng.integers(1, 1000))
        cases.append((draw(rng, m, n), y, hidden, float(rng.choice([0.3, 0.7])), epochs, seed))
    return [*cases, (*xor(), 4, 0.5, 20, int(rng.integers(1, 1000)))]


@run.library
def _(x, y, hidden, lr, epochs, seed):
    rng = np.random.default_rng(seed)
    m, n = x.shape
    W1, W2 = rng.normal(0.0, 1.0, (hidden, n)), rng.normal(0.0, 1.0, (1, hidden))
    layers = [Layer(W1, np.zeros(hidden), TANH), Layer(W2, np.zeros(1), IDENTITY)]
    net = Network(layers, BINARY_CROSS_ENTROPY)
    for _ in range(epochs):
        rows = rng.permutation(m)
        for x_one, y_one in minibatches(x[rows], y[rows], 1):
            SGD(lr).step(net.params, net.backward(net.forward(x_one), y_one).params)
    return net.params


@run.equivalent
def _(x, y, hidden, lr, epochs, seed):
    rng = np.random.default_rng(seed)
    W1 = rng.standard_normal((hidden, len(x[0])))
    w2 = rng.standard_normal(hidden)
    b1, b2 = np.zeros(hidden), 0.0
    for _ in range(epochs):
        rows = rng.permutation(len(x))
        for x_i, y_i in zip(x[rows], y[rows, 0], strict=True):
            a1 = np.tanh(x_i @ W1.T + b1)
            p = 1 / (1 + np.exp(-(w2 @ a1 + b2)))
            delta1 = (p - y_i) * w2 / np.cosh(W1 @ x_i + b1) ** 2
            w2 = w2 - lr * (p - y_i) * a1
            b2 = b2 - lr * (p - y_i)
            W1 = W1 - lr * delta1[:, None] * x_i
            b1 = b1 - lr * delta1
    return [W1, b1, w2[None], np.array([b2])]


@run.equivalent
def _(x, y, hidden, lr, epochs, seed):
    rng = np.random.default_rng(seed)
    W1, W2 = rng.normal(size=(hidden, x.shape[1])), rng.normal(size=(1, hidden))
    b1, b2 = np.zeros((1, hidden)), np.zeros((1, 1))
    for _ in range(epochs):
        order = rng.permutation(np.arange(len(x)))
        for k in range(len(order)):
            row, target = x[order[k : k + 1]], y[order[k : k + 1]]
            a1 = np.tanh(row @ W1.T + b1)
            delta2 = sigmoid(a1 @ W2.T + b2) - target
            delta1 = (delta2 @ W2) * (1 - a1) * (1 + a1)
            W1, W2 = W1 - lr * np.einsum("mo,mi->oi", delta1, row), W2 - lr * delta2.T @ a1
            b1, b2 = b1 - lr * delta1, b2 - lr * delta2
    return W1, b1[0], W2, b2[0]


run.slip(
    "EP-13",
    "Your numbers come from the old generator, `np.random.seed`; it is another one, with "
    "other numbers.",
    "Which generator does the docstring name?",
    {"default_rng": "RandomState"},
    see="seed_roulette",
)


run.slip(
    "EP-13",
    "You make the generator anew in every epoch, so each epoch has the same order.",
    "A generator that begins again: which numbers does it give?",
    {
        "        for i in rng.permutation(len(x)):": (
            "        rng = np.random.default_rng(seed)\n        for i in rng.permutation(len(x)):"
        )
    },
    see="seed_roulette",
)


run.slip(
    "EP-13",
    "The order comes from a generator of its own, which begins again with the seed.",
    "How many generators does the docstring allow?",
    {
        "    for _ in range(epochs):": (
            "    rng = np.random.default_rng(seed)\n    for _ in range(epochs):"
        )
    },
    see="seed_roulette",
)


run.slip(
    "EP-13",
    "The seed is not used: another one was typed in.",
    "Which line of yours uses `seed`?",
    {"default_rng(seed)": "default_rng(0)"},
    see="seed_roulette",
)


@run.misconception(
    "EP-13",
    "You drew W2 before W1.",
    "In which order are the numbers drawn, by the docstring?",
    see="seed_roulette",
)
def _(x, y, hidden, lr, epochs, seed):
    rng = np.random.default_rng(seed)
    W2 = rng.normal(size=(1, hidden))
    W1 = rng.normal(size=(hidden, x.shape[1]))
    b1, b2 = np.zeros(hidden), np.zeros(1)
    for _ in range(epochs):
        for i in rng.permutation(len(x)):
            a1 = np.tanh(W1 @ x[i] + b1)
            a2 = sigmoid(W2 @ a1 + b2)
            delta2 = a2 - y[i]
            delta1 = W2.T @ delta2 * (1 - a1**2)
            W1, b1 = W1 - lr * np.outer(delta1, x[i]), b1 - lr * delta1
            W2, b2 = W2 - lr * np.outer(delta2, a1), b2 - lr * delta2
    return W1, b1, W2, b2


run.slip(
    "EP-13",
    "You drew W1 with its axes the other way round and turned it.",
    "Which shape does the docstring draw?",
    {"hidden, x.shape[1]))": "x.shape[1], hidden)).T"},
    see="seed_roulette",
)


run.slip(
    "EP-13",
    "You made a generator for each matrix; both begin with the same numbers.",
    "How many generators does the docstring allow?",
    {
        "    W2 = rng.normal(size=(1, hidden))": (
            "    rng = np.random.default_rng(seed)\n    W2 = rng.normal(size=(1, hidden))"
        )
    },
    see="seed_roulette",
)


run.slip(
    "EP-13",
    "The biases were drawn too, though they begin at 0.",
    "Which numbers are random, by the docstring?",
    {"np.zeros(hidden), np.zeros(": "rng.normal(size=hidden), rng.normal(size="},
    see="seed_roulette",
)


run.slip(
    "EP-13",
    "The weights are drawn evenly between 0 and 1, not from the normal distribution.",
    "Which function of the generator does the docstring name?",
    {".normal(": ".random("},
    see="seed_roulette",
)


run.slip(
    "EP-07",
    "No order is drawn: each epoch goes through the rows as they stand.",
    "Which line of yours calls `permutation`?",
    {"rng.permutation": "range"},
    see="seed_roulette",
)


run.slip(
    "EP-07",
    "The order is drawn once, before the first epoch, and used in every one.",
    "When does the docstring draw an order?",
    {
        "    for _ in range(epochs):": (
            "    rows = rng.permutation(len(x))\n    for _ in range(epochs):"
        ),
        "rng.permutation(len(x)):": "rows:",
    },
    see="seed_roulette",
)


run.slip(
    "EP-07",
    "You drew a row for each update, so that some rows come twice and others not at all.",
    "How many times does an epoch use each row?",
    {"permutation(": "integers(len(x), size="},
    see="seed_roulette",
)


@run.misconception(
    "EP-08",
    "Only the last row of each epoch makes an update: the update stands outside the inner loop.",
    "How many updates does an epoch of four rows make here?",
    see="curve_clinic",
)
def _(x, y, hidden, lr, epochs, seed):
    rng = np.random.default_rng(seed)
    W1 = rng.normal(size=(hidden, x.shape[1]))
    W2 = rng.normal(size=(1, hidden))
    b1, b2 = np.zeros(hidden), np.zeros(1)
    for _ in range(epochs):
        for i in rng.permutation(len(x)):
            a1 = np.tanh(W1 @ x[i] + b1)
            a2 = sigmoid(W2 @ a1 + b2)
            delta2 = a2 - y[i]
            delta1 = W2.T @ delta2 * (1 - a1**2)
        W1, b1 = W1 - lr * np.outer(delta1, x[i]), b1 - lr * delta1
        W2, b2 = W2 - lr * np.outer(delta2, a1), b2 - lr * delta2
    return W1, b1, W2, b2


run.slip(
    "EP-08",
    "Only the first row of each epoch makes an update.",
    "How many updates does an epoch of four rows make here?",
    {"len(x)):": "len(x))[:1]:"},
    see="curve_clinic",
)


@run.misconception(
    "EP-01",
    "You made one update per epoch, with the sum of all rows.",
    "How many rows does one update use here?",
    see="batch_calculator",
)
def _(x, y, hidden, lr, epochs, seed):
    rng = np.random.default_rng(seed)
    W1 = rng.normal(size=(hidden, x.shape[1]))
    W2 = rng.normal(size=(1, hidden))
    b1, b2 = np.zeros(hidden), np.zeros(1)
    for _ in range(epochs):
        rng.permutation(len(x))
        a1 = np.tanh(x @ W1.T + b1)
        delta2 = sigmoid(a1 @ W2.T + b2) - y
        delta1 = delta2 @ W2 * (1 - a1**2)
        W1, b1 = W1 - lr * delta1.T @ x, b1 - lr * delta1.sum(axis=0)
        W2, b2 = W2 - lr * delta2.T @ a1, b2 - lr * delta2.sum(axis=0)
    return W1, b1, W2, b2


@run.misconception(
    "EP-01",
    "You made one update per epoch, with the mean of all rows.",
    "How many rows does one update use here?",
    see="batch_calculator",
)
def _(x, y, hidden, lr, epochs, seed):
    rng = np.random.default_rng(seed)
    W1 = rng.normal(size=(hidden, x.shape[1]))
    W2 = rng.normal(size=(1, hidden))
    b1, b2 = np.zeros(hidden), np.zeros(1)
    for _ in range(epochs):
        rng.permutation(len(x))
        a1 = np.tanh(x @ W1.T + b1)
        delta2 = (sigmoid(a1 @ W2.T + b2) - y) / len(x)
        delta1 = delta2 @ W2 * (1 - a1**2)
        W1, b1 = W1 - lr * delta1.T @ x, b1 - lr * delta1.sum(axis=0)
        W2, b2 = W2 - lr * delta2.T @ a1, b2 - lr * delta2.sum(axis=0)
    return W1, b1, W2, b2


@run.misconception(
    "EP-05",
    "New weights are drawn in every epoch: what the network has learnt is lost.",
    "Which lines must run only once?",
    see="curve_clinic",
)
def _(x, y, hidden, lr, epochs, seed):
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        W1 = rng.normal(size=(hidden, x.shape[1]))
        W2 = rng.normal(size=(1, hidden))
        b1, b2 = np.zeros(hidden), np.zeros(1)
        for i in rng.permutation(len(x)):
            a1 = np.tanh(W1 @ x[i] + b1)
            a2 = sigmoid(W2 @ a1 + b2)
            delta2 = a2 - y[i]
            delta1 = W2.T @ delta2 * (1 - a1**2)
            W1, b1 = W1 - lr * np.outer(delta1, x[i]), b1 - lr * delta1
            W2, b2 = W2 - lr * np.outer(delta2, a1), b2 - lr * delta2
    return W1, b1, W2, b2


@run.misconception(
    "EP-05",
    "This is the network after one epoch: generator and weights are made anew in each, or "
    "there is only one.",
    "Which lines must run only once?",
    see="curve_clinic",
)
def _(x, y, hidden, lr, epochs, seed):
    for _ in range(max(epochs, 1)):
        rng = np.random.default_rng(seed)
        W1 = rng.normal(size=(hidden, x.shape[1]))
        W2 = rng.normal(size=(1, hidden))
        b1, b2 = np.zeros(hidden), np.zeros(1)
        for i in rng.permutation(len(x)):
            a1 = np.tanh(W1 @ x[i] + b1)
            a2 = sigmoid(W2 @ a1 + b2)
            delta2 = a2 - y[i]
            delta1 = W2.T @ delta2 * (1 - a1**2)
            W1, b1 = W1 - lr * np.outer(delta1, x[i]), b1 - lr * delta1
            W2, b2 = W2 - lr * np.outer(delta2, a1), b2 - lr * delta2
    return W1, b1, W2, b2


run.slip(
    "EP-09",
    "You trained one epoch too many.",
    "With epochs = 0, what should come back?",
    {"epochs):": "epochs + 1):"},
    see="curve_clinic",
)


run.slip(
    "EP-09",
    "You trained one epoch too few.",
    "How many numbers are in `range(1, 3)`?",
    {"range(epochs": "range(1, epochs"},
    see="curve_clinic",
)


@run.misconception(
    "EP-04",
    "The gradients are added up over the rows and never reset.",
    "What should the update of a row know about the row before?",
    see="curve_clinic",
)
def _(x, y, hidden, lr, epochs, seed):
    rng = np.random.default_rng(seed)
    W1 = rng.normal(size=(hidden, x.shape[1]))
    W2 = rng.normal(size=(1, hidden))
    b1, b2 = np.zeros(hidden), np.zeros(1)
    dW1, db1, dW2, db2 = 0, 0, 0, 0
    for _ in range(epochs):
        for i in rng.permutation(len(x)):
            a1 = np.tanh(W1 @ x[i] + b1)
            a2 = sigmoid(W2 @ a1 + b2)
            delta2 = a2 - y[i]
            delta1 = W2.T @ delta2 * (1 - a1**2)
            dW1, db1 = dW1 + np.outer(delta1, x[i]), db1 + delta1
            dW2, db2 = dW2 + np.outer(delta2, a1), db2 + delta2
            W1, b1 = W1 - lr * dW1, b1 - lr * db1
            W2, b2 = W2 - lr * dW2, b2 - lr * db2
    return W1, b1, W2, b2


@run.misconception(
    "EP-04",
    "The gradients are added up over the rows of an epoch and reset only at its end.",
    "What should the update of a row know about the row before?",
    see="curve_clinic",
)
def _(x, y, hidden, lr, epochs, seed):
    rng = np.random.default_rng(seed)
    W1 = rng.normal(size=(hidden, x.shape[1]))
    W2 = rng.normal(size=(1, hidden))
    b1, b2 = np.zeros(hidden), np.zeros(1)
    for _ in range(epochs):
        dW1, db1, dW2, db2 = 0, 0, 0, 0
        for i in rng.permutation(len(x)):
            a1 = np.tanh(W1 @ x[i] + b1)
            a2 = sigmoid(W2 @ a1 + b2)
            delta2 = a2 - y[i]
            delta1 = W2.T @ delta2 * (1 - a1**2)
            dW1, db1 = dW1 + np.outer(delta1, x[i]), db1 + delta1
            dW2, db2 = dW2 + np.outer(delta2, a1), db2 + delta2
            W1, b1 = W1 - lr * dW1, b1 - lr * db1
            W2, b2 = W2 - lr * dW2, b2 - lr * db2
    return W1, b1, W2, b2


run.slip(
    "EP-06",
    "Each row got the target of another one: x is taken in the new order, y in the old.",
    "Which target belongs to row i?",
    {
        "i in rng.permutation(len(x)):": "k, i in enumerate(rng.permutation(len(x))):",
        "a2 - y[i]": "a2 - y[k]",
    },
    see="curve_clinic",
)


@run.misconception(
    "EP-06",
    "Each row got the input of another one: y is taken in the new order, x in the old.",
    "Which input belongs to the target of row i?",
    see="curve_clinic",
)
def _(x, y, hidden, lr, epochs, seed):
    rng = np.random.default_rng(seed)
    W1 = rng.normal(size=(hidden, x.shape[1]))
    W2 = rng.normal(size=(1, hidden))
    b1, b2 = np.zeros(hidden), np.zeros(1)
    for _ in range(epochs):
        for k, i in enumerate(rng.permutation(len(x))):
            a1 = np.tanh(W1 @ x[k] + b1)
            a2 = sigmoid(W2 @ a1 + b2)
            delta2 = a2 - y[i]
            delta1 = W2.T @ delta2 * (1 - a1**2)
            W1, b1 = W1 - lr * np.outer(delta1, x[k]), b1 - lr * delta1
            W2, b2 = W2 - lr * np.outer(delta2, a1), b2 - lr * delta2
    return W1, b1, W2, b2


run.slip(
    "EP-18",
    "Every output is pushed to 1, whatever its target is.",
    "What should delta be for a row whose target is 0?",
    {"a2 - y[i]": "a2 - 1"},
    see="train_live",
)


run.slip(
    "EP-18",
    "delta lost its sign, so every output is pushed the same way.",
    "What should delta be for a row whose target is 1?",
    {"a2 - y[i]": "abs(a2 - y[i])"},
    see="train_live",
)


run.slip(
    "BP-33",
    "The slope of the sigmoid is in delta once more; cross-entropy has taken it away.",
    "What is left of the slope when the loss is the cross-entropy?",
    {"a2 - y[i]": "(a2 - y[i]) * a2 * (1 - a2)"},
    see="train_live",
)


run.slip(
    "BP-04",
    "In the delta of the hidden neurons the slope of tanh is missing.",
    "Through what does the error go on its way from a1 back to z1?",
    {"delta2 * (1 - a1**2)": "delta2"},
    see="train_live",
)


run.slip(
    "BP-08",
    "The hidden neurons have the slope of the sigmoid, but they are tanh.",
    "What is the slope of tanh at z = 0, and what is yours?",
    {"(1 - a1**2": "a1 * (1 - a1"},
    see="train_live",
)


run.slip(
    "FF-20",
    "Your hidden neurons are sigmoids.",
    "Which activation does the docstring give them?",
    {"= np.tanh(": "= sigmoid(", "(1 - a1**2": "a1 * (1 - a1"},
    see="train_live",
)


@run.misconception(
    "WU-01",
    "The error goes back through the new W2.",
    "Which W2 took part in making the error, the old one or the new one?",
    see="train_live",
)
def _(x, y, hidden, lr, epochs, seed):
    rng = np.random.default_rng(seed)
    W1 = rng.normal(size=(hidden, x.shape[1]))
    W2 = rng.normal(size=(1, hidden))
    b1, b2 = np.zeros(hidden), np.zeros(1)
    for _ in range(epochs):
        for i in rng.permutation(len(x)):
            a1 = np.tanh(W1 @ x[i] + b1)
            a2 = sigmoid(W2 @ a1 + b2)
            delta2 = a2 - y[i]
            W2, b2 = W2 - lr * np.outer(delta2, a1), b2 - lr * delta2
            delta1 = W2.T @ delta2 * (1 - a1**2)
            W1, b1 = W1 - lr * np.outer(delta1, x[i]), b1 - lr * delta1
    return W1, b1, W2, b2


run.slip(
    "WU-02",
    "All your steps climb.",
    "Where does a gradient point?",
    {
        "- lr * np.outer(delta1, x[i]), b1 -": "+ lr * np.outer(delta1, x[i]), b1 +",
        "- lr * np.outer(delta2, a1), b2 -": "+ lr * np.outer(delta2, a1), b2 +",
    },
    see="train_live",
)


run.slip(
    "WU-03",
    "The learning rate is missing in your steps.",
    "What should happen to a step when lr becomes ten times smaller?",
    {
        "lr * np.outer(delta1, x[i]), b1 - lr *": "np.outer(delta1, x[i]), b1 -",
        "lr * np.outer(delta2, a1), b2 - lr *": "np.outer(delta2, a1), b2 -",
    },
    see="train_live",
)


run.slip(
    "WU-06",
    "The biases stay at 0.",
    "Which gradient has a bias?",
    {"b1 - lr * delta1": "b1", "b2 - lr * delta2": "b2"},
    see="train_live",
)


# ---- 4.5 -----------------------------------------------------------------------------------------


@exercise(
    "4.5",
    points=1,
    title="The loss of an epoch",
    hints=(
        "The last batch is small. Should one of its rows count more than a row of another batch?",
        "The loss of a batch is a mean over its rows. Go back to the sum over its rows first, then "
        "take one mean over all rows.",
        "$L = \\frac{\\sum_k n_k L_k}{\\sum_k n_k}$",
    ),
    outputs=("loss",),
)
def epoch_loss(losses, sizes):
    """The mean loss over all rows of an epoch.

    losses : (k,) mean loss over the rows of each batch,  sizes : (k,) rows of each batch
    ->  one number
    """
    return np.sum(losses * sizes) / np.sum(sizes)


@epoch_loss.cases
def _(rng):
    cases = []
    for k, size in [(3, 2), (4, 4), (6, 8)]:
        last = int(rng.integers(1, size))
        losses = rng.permutation(np.arange(3, 15))[:k] / 10 + rng.integers(1, 10, k) / 100
        losses[-1] += 2.0
        cases.append((losses, np.array([size] * (k - 1) + [last])))
    losses, sizes = rng.permutation(np.arange(3, 15))[:5] / 10, rng.permutation(np.arange(2, 7))
    return [*cases, (losses, sizes)]


@epoch_loss.equivalent
def _(losses, sizes):
    return np.average(losses, weights=sizes)


@epoch_loss.equivalent
def _(losses, sizes):
    total, rows = 0.0, 0
    for loss, size in zip(losses, sizes, strict=True):
        total += loss * size
        rows += size
    return total / rows


@epoch_loss.equivalent
def _(losses, sizes):
    return np.repeat(losses, sizes).mean()


@epoch_loss.equivalent
def _(losses, sizes):
    return losses @ (sizes / sizes.sum())


@epoch_loss.misconception(
    "EP-03",
    "You took the mean of the means: a row of a small batch counts more than the others.",
    "A batch of one row and a batch of four rows: how many rows speak for each number?",
    see="batch_calculator",
)
def _(losses, sizes):
    return np.mean(losses)


@epoch_loss.misconception(
    "EP-03",
    "You added the means up: with more batches the loss of an epoch would grow.",
    "All rows have the loss 1. What must the loss of the epoch be?",
    see="batch_calculator",
)
def _(losses, sizes):
    return np.sum(losses)


@epoch_loss.misconception(
    "EP-03",
    "This is the sum over all rows; the mean is not taken yet.",
    "All rows have the loss 1. What must the loss of the epoch be?",
    see="batch_calculator",
)
def _(losses, sizes):
    return np.sum(losses * sizes)


@epoch_loss.misconception(
    "EP-03",
    "You divided the means by the number of rows, though each of them is a mean already.",
    "All rows have the loss 1. What must the loss of the epoch be?",
    see="batch_calculator",
)
def _(losses, sizes):
    return np.sum(losses) / np.sum(sizes)


@epoch_loss.misconception(
    "EP-03",
    "The sum over the rows is right; you divided it by the number of batches.",
    "How many numbers are in that sum: one per batch, or one per row?",
    see="batch_calculator",
)
def _(losses, sizes):
    return np.sum(losses * sizes) / len(sizes)


@epoch_loss.misconception(
    "EP-02",
    "You divided as if every batch were as large as the first.",
    "How many rows are there in all?",
    see="batch_calculator",
)
def _(losses, sizes):
    return np.sum(losses * sizes) / (len(sizes) * sizes[0])


@epoch_loss.misconception(
    "EP-02",
    "The last batch is not in your mean.",
    "How many rows does your mean speak for?",
    see="batch_calculator",
)
def _(losses, sizes):
    return np.sum(losses[:-1] * sizes[:-1]) / np.sum(sizes[:-1])


@epoch_loss.misconception(
    "EP-08",
    "This is the loss of the last batch alone.",
    "What do the other batches say?",
    see="curve_clinic",
)
def _(losses, sizes):
    return losses[-1]


@epoch_loss.misconception(
    "EP-09",
    "This is the loss of the first batch alone, before most of the updates.",
    "What do the other batches say?",
    see="curve_clinic",
)
def _(losses, sizes):
    return losses[0]


@epoch_loss.misconception(
    "EP-03",
    "You took the mean of each new loss and the result so far: the first batches hardly count.",
    "With three batches of one size, what part of the result should each have?",
    see="batch_calculator",
)
def _(losses, sizes):
    mean = losses[0]
    for loss in losses[1:]:
        mean = (mean + loss) / 2
    return mean


@epoch_loss.misconception(
    "EP-03",
    "You divided each loss by its rows where you should multiply: small batches count most.",
    "Which of two batches should count more, that of one row or that of four?",
    see="batch_calculator",
)
def _(losses, sizes):
    return np.sum(losses / sizes) / np.sum(1 / sizes)


@epoch_loss.misconception(
    "EP-03",
    "This is the median of the batches.",
    "Should a batch with a very large loss change the loss of the epoch?",
    see="batch_calculator",
)
def _(losses, sizes):
    return np.median(losses)


@epoch_loss.misconception(
    "EP-15",
    "You took the best batch, not the mean.",
    "Is an epoch as good as its best batch?",
    see="batch_calculator",
)
def _(losses, sizes):
    return np.min(losses)


# ---- 4.6 -----------------------------------------------------------------------------------------


@exercise(
    "4.6",
    points=2,
    title="Twins: the rank of W1",
    hints=(
        "Two hidden neurons begin with the same weights, in and out. Is there anything in the "
        "backward pass that could make them differ?",
        "First train, as in exercise 2.6, with all rows at once and for all steps. Then hand the "
        "trained W1 to `np.linalg.svd`, and count the singular values that are not almost 0.",
        "$\\delta^2 = (z^2 - y) / m$, $\\delta^1 = (\\delta^2 W^2) \\, (1 - (a^1)^2)$; "
        "`s = np.linalg.svd(W1, compute_uv=False)`; rank: how many `s > 1e-6 * s[0]`",
    ),
    outputs=("s", "rank"),
)
def twins(x, y, W1, b1, W2, b2, lr, steps):
    """Train on all rows at once, then look at how many independent rows W1 has.

    x : (m, n_0),  W1 : (n_1, n_0),  b1 : (n_1,),
    W2 : (n_2, n_1),  b2 : (n_2,),  y : (m, n_2)
    Hidden layer tanh, output layer without activation;
    the loss is the mean over the rows of half
    the squared error.  `steps` steps of gradient descent move W1, b1, W2 and b2.
    ->  s, rank of the trained W1.   s : its singular values, largest first
    rank : how many of them are larger than 1e-6 times the largest
    """
    for _ in range(steps):
        a1 = np.tanh(x @ W1.T + b1)
        delta2 = (a1 @ W2.T + b2 - y) / len(x)
        delta1 = delta2 @ W2 * (1 - a1**2)
        W1, b1 = W1 - lr * delta1.T @ x, b1 - lr * delta1.sum(axis=0)
        W2, b2 = W2 - lr * delta2.T @ a1, b2 - lr * delta2.sum(axis=0)
    s = np.linalg.svd(W1, compute_uv=False)
    return s, np.sum(s > 1e-6 * s[0])


def _alike(rng, sizes, groups, out=True):
    """A network whose hidden neurons are twins within each group.   groups : [0, 0, 1] ...

    out : also the weights from a twin to the outputs are alike; if not, the twins part
    """
    m, n_0, n_2 = sizes
    groups = np.array(groups)
    count = groups.max() + 1
    W1, b1, W2 = draw(rng, count, n_0), draw(rng, count), draw(rng, n_2, count)
    W2 = W2[:, groups] if out else draw(rng, n_2, len(groups))
    x, y = draw(rng, m, n_0), draw(rng, m, n_2)
    return x, y, W1[groups], b1[groups], W2, draw(rng, n_2)


@twins.cases
def _(rng):
    return [
        (*_alike(rng, (4, 2, 1), [0, 0, 0]), 0.3, 3),  # one group: rank 1 for ever
        (*_alike(rng, (5, 4, 2), [0, 1, 0, 1]), 0.2, 4),  # two groups
        (*_alike(rng, (6, 3, 2), [0, 0, 0, 0], out=False), 0.4, 5),  # these part
        (*_alike(rng, (5, 3, 1), [0, 1, 2]), 0.3, 2),  # no twins
    ]


@twins.library
def _(x, y, W1, b1, W2, b2, lr, steps):
    layers = [Layer(W1.copy(), b1.copy(), TANH), Layer(W2.copy(), b2.copy(), IDENTITY)]
    net = Network(layers, MSE)
    for _ in range(steps):
        SGD(lr).step(net.params, net.backward(net.forward(x), y).params)
    W1 = net.layers[0].W
    return np.linalg.svd(W1)[1], np.linalg.matrix_rank(W1, rtol=1e-6)


@twins.equivalent
def _(x, y, W1, b1, W2, b2, lr, steps):
    W1, b1, W2, b2 = W1.copy(), b1.copy(), W2.copy(), b2.copy()
    m = len(x)
    for _ in range(steps):
        dW1, db1, dW2, db2 = (np.zeros_like(w) for w in (W1, b1, W2, b2))
        for row, target in zip(x, y, strict=True):
            a1 = np.tanh(W1 @ row + b1)
            delta2 = W2 @ a1 + b2 - target
            delta1 = W2.T @ delta2 * (1 - a1) * (1 + a1)
            dW1 += np.outer(delta1, row) / m
            db1 += delta1 / m
            dW2 += np.outer(delta2, a1) / m
            db2 += delta2 / m
        W1 -= lr * dW1
        b1 -= lr * db1
        W2 -= lr * dW2
        b2 -= lr * db2
    s = np.linalg.svd(W1, compute_uv=False)
    return s, sum(value > 1e-6 * max(s) for value in s)


@twins.equivalent
def _(x, y, W1, b1, W2, b2, lr, steps):
    for _ in range(steps):
        a1 = np.tanh(np.einsum("mi,ji->mj", x, W1) + b1)
        error = np.einsum("mj,kj->mk", a1, W2) + b2 - y
        delta1 = np.einsum("mk,kj->mj", error, W2) / np.cosh(x @ W1.T + b1) ** 2
        W2 = W2 - lr * np.mean(error[:, :, None] * a1[:, None, :], axis=0)
        b2 = b2 - lr * np.mean(error, axis=0)
        W1 = W1 - lr * np.mean(delta1[:, :, None] * x[:, None, :], axis=0)
        b1 = b1 - lr * np.mean(delta1, axis=0)
    s = np.linalg.svd(W1.T, compute_uv=False)
    return s, np.count_nonzero(s / s[0] > 1e-6)


@twins.misconception(
    "EP-10",
    "This is W1 before training.",
    "Which of your lines train?",
    see="initialisation_lab",
)
def _(x, y, W1, b1, W2, b2, lr, steps):
    s = np.linalg.svd(W1, compute_uv=False)
    return s, np.sum(s > 1e-6 * s[0])


twins.slip(
    "EP-10",
    "The singular values are right; you took for granted that every matrix has full rank.",
    "How many rows of W1 are different in the first test?",
    {"np.sum(s > 1e-6 * s[0])": "len(s)"},
    see="initialisation_lab",
)


twins.slip(
    "EP-10",
    "The singular values are right; you took for granted that training never parts twins.",
    "What if the weights from the twins to the outputs differ?",
    {"np.sum(s > 1e-6 * s[0])": "1"},
    see="initialisation_lab",
)


twins.slip(
    "EP-10",
    "The singular values are right; your rank counts the hidden neurons, twins too.",
    "Do two equal rows count as two independent ones?",
    {"np.sum(s > 1e-6 * s[0])": "len(W1)"},
    see="initialisation_lab",
)


twins.slip(
    "EP-10",
    "You made the twins differ before training. The question is what becomes of the weights given.",
    "Which line changes W1 before the first step?",
    {
        "    for _ in range(steps):": (
            "    W1 = W1 + 0.01 * np.arange(W1.size).reshape(W1.shape)\n    for _ in range(steps):"
        )
    },
    see="initialisation_lab",
)


@twins.misconception(
    "EP-11",
    "Your training begins at weights of 0: nothing moves but the last bias.",
    "Which weights does the docstring begin with?",
    see="initialisation_lab",
)
def _(x, y, W1, b1, W2, b2, lr, steps):
    W1, W2 = np.zeros(W1.shape), np.zeros(W2.shape)
    s = np.linalg.svd(W1, compute_uv=False)
    return s, 0


twins.slip(
    "EP-25",
    "This is the rank of the last gradient, not of W1.",
    "Which matrix are the singular values taken of?",
    {".svd(W1, compute_uv": ".svd(delta1.T @ x, compute_uv"},
    see="initialisation_lab",
)


twins.slip(
    "EP-25",
    "This is the rank of what training has added to W1.",
    "Which matrix are the singular values taken of?",
    {
        "    for _ in range(steps):": ("    first = W1\n    for _ in range(steps):"),
        "svd(W1, compute_uv": "svd(W1 - first, compute_uv",
    },
    see="initialisation_lab",
)


twins.slip(
    "EP-25",
    "These are the singular values of W2.",
    "Which matrix are the singular values taken of?",
    {".svd(W1, compute_uv": ".svd(W2, compute_uv"},
    see="initialisation_lab",
)


twins.slip(
    "EP-25",
    "The bias became a column of W1 before you took the singular values.",
    "Is b1 a part of W1?",
    {"svd(W1, compute_uv": "svd(np.column_stack([W1, b1]), compute_uv"},
    see="initialisation_lab",
)


twins.slip(
    "EP-25",
    "Your s are squares: the eigenvalues of W1ᵀ W1 (or of W1 W1ᵀ).",
    "What must be taken of an eigenvalue of W1ᵀ W1?",
    {"return s, np": "return s**2, np"},
    see="initialisation_lab",
)


twins.slip(
    "EP-25",
    "Your s are divided by the largest, so they all begin with 1.",
    "Does the docstring ask for shares?",
    {"return s, np": "return s / s[0], np"},
    see="initialisation_lab",
)


twins.slip(
    "EP-25",
    "The numbers are right, but the smallest comes first.",
    "In which order does the docstring want them?",
    {"return s, np": "return s[::-1], np"},
    see="initialisation_lab",
)


@twins.misconception(
    "EP-05",
    "This is W1 after one step: every turn begins anew from the weights given, or there is no"
    " loop.",
    "Which weights should the second step start from?",
    see="initialisation_lab",
)
def _(x, y, W1, b1, W2, b2, lr, steps):
    a1 = np.tanh(x @ W1.T + b1)
    delta2 = (a1 @ W2.T + b2 - y) / len(x)
    delta1 = delta2 @ W2 * (1 - a1**2)
    W1, b1 = W1 - lr * delta1.T @ x, b1 - lr * delta1.sum(axis=0)
    W2, b2 = W2 - lr * delta2.T @ a1, b2 - lr * delta2.sum(axis=0)
    s = np.linalg.svd(W1, compute_uv=False)
    return s, np.sum(s > 1e-6 * s[0])


twins.slip(
    "EP-09",
    "You made one step too many.",
    "With steps = 0, how many updates does your loop make?",
    {"(steps):": "(steps + 1):"},
    see="initialisation_lab",
)


twins.slip(
    "EP-09",
    "You made one step too few.",
    "How many numbers are in `range(1, 3)`?",
    {"range(steps": "range(1, steps"},
    see="initialisation_lab",
)


twins.slip(
    "EP-08",
    "Only the last row trains the network.",
    "How many rows should one step use?",
    {"    for _ in range(steps):": ("    x, y = x[-1:], y[-1:]\n    for _ in range(steps):")},
    see="curve_clinic",
)


@twins.misconception(
    "EP-01",
    "You made one update for each row, not one for all rows.",
    "How many rows does one step use here?",
    see="batch_calculator",
)
def _(x, y, W1, b1, W2, b2, lr, steps):
    for _ in range(steps):
        for row, target in zip(x, y, strict=True):
            a1 = np.tanh(W1 @ row + b1)
            delta2 = W2 @ a1 + b2 - target
            delta1 = W2.T @ delta2 * (1 - a1**2)
            W1, b1 = W1 - lr * np.outer(delta1, row), b1 - lr * delta1
            W2, b2 = W2 - lr * np.outer(delta2, a1), b2 - lr * delta2
    s = np.linalg.svd(W1, compute_uv=False)
    return s, np.sum(s > 1e-6 * s[0])


twins.slip(
    "BP-14",
    "The mean is missing: your steps are m times as long.",
    "How many rows does your sum run over?",
    {"(a1 @ W2.T + b2 - y) / len(x)": "a1 @ W2.T + b2 - y"},
    see="initialisation_lab",
)


twins.slip(
    "BP-15",
    "You divided by m twice: in delta and in the gradients.",
    "Through which lines does the 1/m of delta2 come by itself?",
    {
        ", b1 - lr * delta1.sum": " / len(x), b1 - lr * delta1.mean",
        ", b2 - lr * delta2.sum": " / len(x), b2 - lr * delta2.mean",
    },
    see="initialisation_lab",
)


twins.slip(
    "BP-17",
    "You divided by all entries of y, not by the rows only.",
    "Over what does the docstring take the mean?",
    {"/ len(x)": "/ y.size"},
    see="initialisation_lab",
)


twins.slip(
    "BP-04",
    "The slope of tanh is missing in the delta of the hidden neurons.",
    "Through what does the error go on its way from a1 back to z1?",
    {"W2 * (1 - a1**2)": "W2"},
    see="initialisation_lab",
)


twins.slip(
    "BP-08",
    "The hidden neurons have the slope of the sigmoid, but they are tanh.",
    "What is the slope of tanh at z = 0, and what is yours?",
    {"(1 - a1**2": "a1 * (1 - a1"},
    see="initialisation_lab",
)


@twins.misconception(
    "WU-01",
    "The error goes back through the new W2.",
    "Which W2 took part in making the error, the old one or the new one?",
    see="initialisation_lab",
)
def _(x, y, W1, b1, W2, b2, lr, steps):
    for _ in range(steps):
        a1 = np.tanh(x @ W1.T + b1)
        delta2 = (a1 @ W2.T + b2 - y) / len(x)
        W2, b2 = W2 - lr * delta2.T @ a1, b2 - lr * delta2.sum(axis=0)
        delta1 = delta2 @ W2 * (1 - a1**2)
        W1, b1 = W1 - lr * delta1.T @ x, b1 - lr * delta1.sum(axis=0)
    s = np.linalg.svd(W1, compute_uv=False)
    return s, np.sum(s > 1e-6 * s[0])


twins.slip(
    "WU-02",
    "All your steps climb.",
    "Where does a gradient point?",
    {
        "- lr * delta1.T @ x, b1 -": "+ lr * delta1.T @ x, b1 +",
        "- lr * delta2.T @ a1, b2 -": "+ lr * delta2.T @ a1, b2 +",
    },
    see="initialisation_lab",
)


twins.slip(
    "WU-03",
    "The learning rate is missing in your steps.",
    "What should happen to a step when lr becomes ten times smaller?",
    {
        "lr * delta1.T @ x, b1 - lr *": "delta1.T @ x, b1 -",
        "lr * delta2.T @ a1, b2 - lr *": "delta2.T @ a1, b2 -",
    },
    see="initialisation_lab",
)


twins.slip(
    "WU-06",
    "The biases keep their first values.",
    "Which gradient has a bias?",
    {"b1 - lr * delta1.sum(axis=0)": "b1", "b2 - lr * delta2.sum(axis=0)": "b2"},
    see="initialisation_lab",
)


twins.slip(
    "WU-20",
    "Only W1 and b1 learn: the output layer keeps its first values.",
    "Which line of your loop gives W2 new values?",
    {"        W2, b2 = W2 - lr * delta2.T @ a1, b2 - lr * delta2.sum(axis=0)\n": ""},
    see="initialisation_lab",
)


# ---- 4.7 -----------------------------------------------------------------------------------------


@exercise(
    "4.7",
    points=2,
    title="Early stopping",
    hints=(
        "Which of the two curves tells how the network does on rows it has never seen?",
        "Keep the number of the best epoch so far. In every epoch, first see whether this one is "
        "better than the best; then count how many epochs ago the best one was.",
        "best = e where $v_e < v_{\\text{best}}$; stop at the first e with "
        "$e - \\text{best} \\geq \\text{patience}$",
    ),
    outputs=("best", "stop"),
)
def early_stop(training, validation, patience):
    """When training stops, and whose weights it hands back.

    training, validation : (k,) the two losses after epoch 0, 1, ..., k - 1;
    patience : 1 or more
    The best epoch so far has the lowest validation loss; of two equal ones, the earlier.
    Training stops at the first epoch that is `patience` epochs later than the best so
    far, or at the last epoch of the list.   ->  best, stop: two numbers of epochs
    """
    best = 0
    for epoch in range(len(validation)):
        if validation[epoch] < validation[best]:
            best = epoch
        if epoch - best >= patience:
            break
    return best, epoch


def _curve(rng, patience, ends):
    """Both losses: falls, a bump shorter than patience, falls, a tie, a rise, a late minimum.

    ends : the list ends in the rise, sooner than patience allows
    """
    falls = 3 - 0.1 * np.cumsum(rng.integers(1, 4, rng.integers(3, 6)))
    bump = falls[-1] + 0.1 * rng.integers(3, 7, patience - 1)
    lower = falls[-1] - 0.1 * np.cumsum(rng.integers(1, 3, rng.integers(2, 4)))
    second = lower[-1] + 0.1 * rng.permutation(np.arange(1, 6))[: patience - 1]
    least = lower[-1] - 0.1
    wait = np.array([0.2, 0.0, 0.3, 0.1, 0.4, 0.2])[: patience - 1 if ends else 6]
    late = np.array([]) if ends else least - np.array([0.3, 0.2, 0.1, 0.0, 0.1])
    parts = [falls, bump, lower, second, [least], least + wait, late]
    validation = np.round(np.concatenate(parts), 2)
    training = 2.5 - 0.06 * np.arange(len(validation)) - 0.01 * rng.integers(0, 5, len(validation))
    training[-2] += 0.4
    return np.round(training, 2), validation, patience


@early_stop.cases
def _(rng):
    return [
        _curve(rng, 2, ends=False),
        _curve(rng, 3, ends=False),
        _curve(rng, 4, ends=True),
        _curve(rng, 1, ends=False),
    ]


@early_stop.equivalent
def _(training, validation, patience):
    best_loss, best, waited = float("inf"), 0, 0
    for epoch, loss in enumerate(validation):
        if loss < best_loss:
            best_loss, best, waited = loss, epoch, 0
        else:
            waited += 1
        if waited == patience:
            return best, epoch
    return best, len(validation) - 1


@early_stop.equivalent
def _(training, validation, patience):
    stop = len(validation) - 1
    for epoch in range(len(validation)):
        if epoch - np.argmin(validation[: epoch + 1]) >= patience:
            stop = epoch
            break
    return np.argmin(validation[: stop + 1]), stop


@early_stop.equivalent
def _(training, validation, patience):
    epochs = np.arange(len(validation))
    lowest = np.minimum.accumulate(validation)
    new = np.r_[True, validation[1:] < lowest[:-1]]
    best = np.maximum.accumulate(np.where(new, epochs, 0))
    over = np.flatnonzero(epochs - best >= patience)
    stop = over[0] if len(over) else epochs[-1]
    return best[stop], stop


@early_stop.equivalent
def _(training, validation, patience):
    epoch = best = 0
    while epoch < len(validation) - 1 and epoch - best < patience:
        epoch += 1
        best = epoch if validation[epoch] < validation[best] else best
    return [best, epoch]


early_stop.slip(
    "EP-16",
    "You stopped at the first epoch that is not better: patience did nothing.",
    "What is a bump in the curve, and how long may it last?",
    {"patience": "1"},
    see="when_to_stop",
)


early_stop.slip(
    "EP-15",
    "You watched the training loss. It falls nearly always, also when the network learns by heart.",
    "Which rows has the network never trained on?",
    {"validation": "training"},
    see="when_to_stop",
)


early_stop.slip(
    "EP-15",
    "best is right so far, but you stop by the training loss.",
    "Which of the two curves turns when the network learns by heart?",
    {
        "best = 0": "best = low = 0",
        "        if epoch - best >= patience:": (
            "        if training[epoch] < training[low]:\n"
            "            low = epoch\n"
            "        if epoch - low >= patience:"
        ),
    },
    see="when_to_stop",
)


early_stop.slip(
    "EP-15",
    "You stopped where the validation loss first lies above the training loss.",
    "Is a gap between two curves the same as a curve that rises?",
    {"epoch - best >= patience:": "validation[epoch] > training[epoch]:"},
    see="when_to_stop",
)


early_stop.slip(
    "EP-16",
    "You waited one epoch too many.",
    "Patience is 1 and the best epoch was 5. At which epoch does training stop, by the docstring?",
    {"best >= patience": "best > patience"},
    see="when_to_stop",
)


early_stop.slip(
    "EP-16",
    "You stopped one epoch too early.",
    "Patience is 2 and the best epoch was 5. At which epoch does training stop, by the docstring?",
    {"patience:": "max(1, patience - 1):"},
    see="when_to_stop",
)


early_stop.slip(
    "EP-16",
    "best is right, and stop is one too many: the number of epochs from 1, or the next one.",
    "Which number has the first epoch, by the docstring?",
    {"best, epoch": "best, epoch + 1"},
    see="when_to_stop",
)


early_stop.slip(
    "EP-09",
    "Both numbers are one too many: you counted epochs from 1.",
    "Which number has the first epoch, by the docstring?",
    {"best, epoch": "best + 1, epoch + 1"},
    see="when_to_stop",
)


@early_stop.misconception(
    "EP-16",
    "You compared each epoch with the one before it, not with the best.",
    "After a bump the loss falls again, but stays above the best. Is this a new best?",
    see="when_to_stop",
)
def _(training, validation, patience):
    best = waited = 0
    for epoch in range(1, len(validation)):
        if validation[epoch] < validation[epoch - 1]:
            best, waited = epoch, 0
        else:
            waited += 1
        if waited >= patience:
            break
    return best, epoch


@early_stop.misconception(
    "EP-16",
    "Your best is right; you stop when the loss did not fall from one epoch to the next, "
    "patience times in a row.",
    "With what should a new loss be compared, with the loss before it or with the best?",
    see="when_to_stop",
)
def _(training, validation, patience):
    best = waited = 0
    for epoch in range(1, len(validation)):
        if validation[epoch] < validation[best]:
            best = epoch
        waited = 0 if validation[epoch] < validation[epoch - 1] else waited + 1
        if waited >= patience:
            break
    return best, epoch


@early_stop.misconception(
    "EP-21",
    "Your patience is used up once for all: a new best does not give it back.",
    "After a new best, how many bad epochs have there been since?",
    see="when_to_stop",
)
def _(training, validation, patience):
    best = waited = 0
    for epoch in range(1, len(validation)):
        if validation[epoch] < validation[best]:
            best = epoch
        else:
            waited += 1
        if waited >= patience:
            break
    return best, epoch


early_stop.slip(
    "EP-21",
    "You counted from the start of training: it stops after `patience` epochs, good or bad.",
    "From which epoch on does patience count?",
    {"epoch - best >=": "epoch >="},
    see="when_to_stop",
)


early_stop.slip(
    "EP-22",
    "The stop is right, but you handed back the last epoch, not the best.",
    "Why were all those epochs waited for?",
    {"return best,": "return epoch,"},
    see="when_to_stop",
)


early_stop.slip(
    "EP-22",
    "The stop is right; best is the epoch `patience` before it, which may not be the best.",
    "Did you look for the lowest loss, or count back?",
    {"return best, epoch": "return max(epoch - patience, 0), epoch"},
    see="when_to_stop",
)


early_stop.slip(
    "EP-22",
    "stop is right, but best is a loss and not the number of an epoch.",
    "What does the docstring want to know: how low, or when?",
    {"return best, epoch": "return validation[best], epoch"},
    see="when_to_stop",
)


early_stop.slip(
    "EP-23",
    "Your stop is right, but your best lies after it: you looked at epochs that were never run.",
    "When training stops, which losses are known?",
    {"return best, epoch": "return np.argmin(validation), epoch"},
    see="when_to_stop",
)


@early_stop.misconception(
    "EP-23",
    "You took the best of the whole list and never stopped.",
    "When training stops, which losses are known?",
    see="when_to_stop",
)
def _(training, validation, patience):
    return np.argmin(validation), len(validation) - 1


@early_stop.misconception(
    "EP-23",
    "You took the lowest loss of the whole list and waited from there: the list shows you the"
    " future.",
    "Which losses are known at epoch 5?",
    see="when_to_stop",
)
def _(training, validation, patience):
    best = np.argmin(validation)
    return best, min(best + patience, len(validation) - 1)


early_stop.slip(
    "EP-23",
    "A loss as low as the best counted as better, so equal losses gave you new patience.",
    "Of two equal losses, which one is the best, by the docstring?",
    {"] < validation": "] <= validation"},
    see="when_to_stop",
)


early_stop.slip(
    "FF-28",
    "Both numbers are right, in the wrong order.",
    "Which of the two does the docstring name first?",
    {"best, epoch": "epoch, best"},
    see="when_to_stop",
)


# ---- 4.8 -----------------------------------------------------------------------------------------


@exercise(
    "4.8",
    points=3,
    title="One epoch of an MLP",
    hints=(
        "Which weights does the second batch begin with: those given, or those that the first "
        "batch left behind?",
        "Exercise 4.2 cuts the rows, 2.7 gives delta of the output, 2.6 the way back. New here: "
        "the slope of ReLU is 1 where z is above 0, and 0 elsewhere. Divide by the rows of this "
        "batch.",
        "$\\delta^2 = (p - y) / n$ with $p$ = softmax of $z^2$ and n the rows of this batch, "
        "$\\delta^1 = (\\delta^2 W^2) \\, [z^1 > 0]$, $W \\leftarrow W - \\eta \\, \\delta^\\top "
        "a_{prev}$, $b \\leftarrow b - \\eta \\sum_{rows} \\delta$",
    ),
    outputs=("W1", "b1", "W2", "b2"),
)
def sgd_epoch(x, y, W1, b1, W2, b2, rows, batch, lr):
    """One epoch of minibatch SGD: hidden layer ReLU,
    output layer softmax with cross-entropy.

    x : (m, n_0),  y : (m, n_2), 1 at the class, 0 elsewhere;
    rows : (m,) the order of the rows
    W1 : (n_1, n_0),  b1 : (n_1,),  W2 : (n_2, n_1),  b2 : (n_2,)
    One update for each `batch` rows, in the order `rows`; the last batch may be smaller.
    The loss of a batch is the mean over its own rows.   ->  the new W1, b1, W2, b2
    """
    for start in range(0, len(rows), batch):
        few = rows[start : start + batch]
        z1 = x[few] @ W1.T + b1
        a1 = np.maximum(z1, 0)
        z2 = a1 @ W2.T + b2
        e = np.exp(z2 - z2.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        delta2 = (p - y[few]) / len(few)
        delta1 = delta2 @ W2 * (z1 > 0)
        W1, b1 = W1 - lr * delta1.T @ x[few], b1 - lr * delta1.sum(axis=0)
        W2, b2 = W2 - lr * delta2.T @ a1, b2 - lr * delta2.sum(axis=0)
    return W1, b1, W2, b2


@sgd_epoch.cases
def _(rng):
    cases = []
    for (m, n_0, n_1, n_2), batch in [((5, 2, 3, 2), 2), ((8, 3, 4, 3), 3), ((6, 4, 5, 3), 4)]:
        labels = np.arange(m) % n_2
        W1, W2 = draw(rng, n_1, n_0), draw(rng, n_2, n_1)
        b1, b2 = draw(rng, n_1, largest=0.5), draw(rng, n_2)
        data = draw(rng, m, n_0), np.eye(n_2)[rng.permutation(labels)]
        lr = float(rng.choice([0.3, 0.4, 0.7]))
        cases.append((*data, W1, b1, W2, b2, _shuffled(rng, m), batch, lr))
    return cases


@sgd_epoch.library
def _(x, y, W1, b1, W2, b2, rows, batch, lr):
    layers = [Layer(W1.copy(), b1.copy(), RELU), Layer(W2.copy(), b2.copy(), IDENTITY)]
    net = Network(layers, SOFTMAX_CROSS_ENTROPY)
    for x_few, y_few in minibatches(x[rows], y[rows], batch):
        SGD(lr).step(net.params, net.backward(net.forward(x_few), y_few).params)
    return net.params


@sgd_epoch.equivalent
def _(x, y, W1, b1, W2, b2, rows, batch, lr):
    W1, b1, W2, b2 = W1.copy(), b1.copy(), W2.copy(), b2.copy()
    for few in np.split(rows, np.arange(batch, len(rows), batch)):
        dW1, db1, dW2, db2 = (np.zeros_like(w) for w in (W1, b1, W2, b2))
        for i in few:
            a1 = np.where(W1 @ x[i] + b1 > 0, W1 @ x[i] + b1, 0)
            e = np.exp(W2 @ a1 + b2)
            delta2 = e / sum(e) - y[i]
            delta1 = W2.T @ delta2
            delta1[a1 == 0] = 0
            dW1 += np.outer(delta1, x[i])
            db1 += delta1
            dW2 += np.outer(delta2, a1)
            db2 += delta2
        for w, dw in ((W1, dW1), (b1, db1), (W2, dW2), (b2, db2)):
            w -= lr / len(few) * dw
    return [W1, b1, W2, b2]


@sgd_epoch.equivalent
def _(x, y, W1, b1, W2, b2, rows, batch, lr):
    x, y = x[rows], y[rows]
    while len(x):
        (now, x), (target, y) = (x[:batch], x[batch:]), (y[:batch], y[batch:])
        a1 = (np.einsum("mi,ji->mj", now, W1) + b1).clip(min=0)
        z2 = np.einsum("mj,kj->mk", a1, W2) + b2
        log_p = z2 - np.logaddexp.reduce(z2, axis=1)[:, None]
        error = np.exp(log_p) - target
        back = np.einsum("mk,kj->mj", error, W2) * np.sign(a1)
        W1 = W1 - lr * np.mean(back[:, :, None] * now[:, None], axis=0)
        b1 = b1 - lr * back.mean(axis=0)
        W2 = W2 - lr * np.mean(error[:, :, None] * a1[:, None], axis=0)
        b2 = b2 - lr * error.mean(axis=0)
    return W1, b1, W2, b2


@sgd_epoch.misconception(
    "EP-01",
    "You made one update for the whole epoch.",
    "How many updates does an epoch have, when there are several batches?",
    see="batch_calculator",
)
def _(x, y, W1, b1, W2, b2, rows, batch, lr):
    few = rows
    z1 = x[few] @ W1.T + b1
    a1 = np.maximum(z1, 0)
    z2 = a1 @ W2.T + b2
    e = np.exp(z2 - z2.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    delta2 = (p - y[few]) / len(few)
    delta1 = delta2 @ W2 * (z1 > 0)
    W1, b1 = W1 - lr * delta1.T @ x[few], b1 - lr * delta1.sum(axis=0)
    W2, b2 = W2 - lr * delta2.T @ a1, b2 - lr * delta2.sum(axis=0)
    return W1, b1, W2, b2


sgd_epoch.slip(
    "EP-01",
    "You made one update for each row.",
    "How many rows share one update here?",
    {"0, len(rows), batch):": "len(rows)):", "+ batch]": "+ 1]"},
    see="batch_calculator",
)


sgd_epoch.slip(
    "EP-02",
    "The last batch is missing where it is not full.",
    "Which rows does your network never see?",
    {"(rows), batch": "(rows) - batch + 1, batch"},
    see="batch_calculator",
)


sgd_epoch.slip(
    "EP-02",
    "The last batch is smaller, but you divided by the size of a full one.",
    "How many rows are in the mean of the last batch?",
    {"len(few)": "batch"},
    see="batch_calculator",
)


sgd_epoch.slip(
    "EP-02",
    "You divided by the number of all rows, so each update is too small.",
    "How many rows are in the mean of one batch?",
    {"len(few)": "len(rows)"},
    see="batch_calculator",
)


sgd_epoch.slip(
    "BP-14",
    "The mean is missing: your steps grow with the batch.",
    "How many rows does your sum run over?",
    {"(p - y[few]) / len(few)": "p - y[few]"},
    see="batch_calculator",
)


sgd_epoch.slip(
    "BP-15",
    "You divided by the rows twice: in delta and in the gradients.",
    "Through which lines does the division in delta2 come by itself?",
    {
        "], b1 - lr * delta1.sum": "] / len(few), b1 - lr * delta1.mean",
        ", b2 - lr * delta2.sum": " / len(few), b2 - lr * delta2.mean",
    },
    see="batch_calculator",
)


sgd_epoch.slip(
    "BP-17",
    "You divided by rows times classes, not by the rows only.",
    "Over what is the loss of a batch a mean?",
    {"len(few)": "p.size"},
    see="batch_calculator",
)


@sgd_epoch.misconception(
    "EP-03",
    "You took the mean of the gradients of all batches and made one step.",
    "When does the first batch change the weights: before the second batch, or together with it?",
    see="batch_calculator",
)
def _(x, y, W1, b1, W2, b2, rows, batch, lr):
    dW1, db1, dW2, db2 = 0 * W1, 0 * b1, 0 * W2, 0 * b2
    for start in range(0, len(rows), batch):
        few = rows[start : start + batch]
        z1 = x[few] @ W1.T + b1
        a1 = np.maximum(z1, 0)
        z2 = a1 @ W2.T + b2
        e = np.exp(z2 - z2.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        delta2 = (p - y[few]) / len(few)
        delta1 = delta2 @ W2 * (z1 > 0)
        dW1, db1 = dW1 + delta1.T @ x[few], db1 + delta1.sum(axis=0)
        dW2, db2 = dW2 + delta2.T @ a1, db2 + delta2.sum(axis=0)
    count = -(-len(rows) // batch)
    W1, b1 = W1 - lr * dW1 / count, b1 - lr * db1 / count
    return W1, b1, W2 - lr * dW2 / count, b2 - lr * db2 / count


@sgd_epoch.misconception(
    "EP-24",
    "All gradients are taken at the first weights; the steps are only added up.",
    "Which weights does the second batch run forward with?",
    see="train_live",
)
def _(x, y, W1, b1, W2, b2, rows, batch, lr):
    dW1, db1, dW2, db2 = 0 * W1, 0 * b1, 0 * W2, 0 * b2
    for start in range(0, len(rows), batch):
        few = rows[start : start + batch]
        z1 = x[few] @ W1.T + b1
        a1 = np.maximum(z1, 0)
        z2 = a1 @ W2.T + b2
        e = np.exp(z2 - z2.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        delta2 = (p - y[few]) / len(few)
        delta1 = delta2 @ W2 * (z1 > 0)
        dW1, db1 = dW1 + delta1.T @ x[few], db1 + delta1.sum(axis=0)
        dW2, db2 = dW2 + delta2.T @ a1, db2 + delta2.sum(axis=0)
    return W1 - lr * dW1, b1 - lr * db1, W2 - lr * dW2, b2 - lr * db2


@sgd_epoch.misconception(
    "EP-04",
    "The gradients are added up over the batches and never reset.",
    "What should the update of a batch know about the batch before?",
    see="curve_clinic",
)
def _(x, y, W1, b1, W2, b2, rows, batch, lr):
    dW1, db1, dW2, db2 = 0 * W1, 0 * b1, 0 * W2, 0 * b2
    for start in range(0, len(rows), batch):
        few = rows[start : start + batch]
        z1 = x[few] @ W1.T + b1
        a1 = np.maximum(z1, 0)
        z2 = a1 @ W2.T + b2
        e = np.exp(z2 - z2.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        delta2 = (p - y[few]) / len(few)
        delta1 = delta2 @ W2 * (z1 > 0)
        dW1, db1 = dW1 + delta1.T @ x[few], db1 + delta1.sum(axis=0)
        dW2, db2 = dW2 + delta2.T @ a1, db2 + delta2.sum(axis=0)
        W1, b1, W2, b2 = W1 - lr * dW1, b1 - lr * db1, W2 - lr * dW2, b2 - lr * db2
    return W1, b1, W2, b2


@sgd_epoch.misconception(
    "EP-05",
    "Only the last batch counts: every batch begins at the weights given, or the update "
    "stands after the loop.",
    "Which weights does the second batch begin with?",
    see="curve_clinic",
)
def _(x, y, W1, b1, W2, b2, rows, batch, lr):
    for start in range(0, len(rows), batch):
        few = rows[start : start + batch]
        z1 = x[few] @ W1.T + b1
        a1 = np.maximum(z1, 0)
        z2 = a1 @ W2.T + b2
        e = np.exp(z2 - z2.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        delta2 = (p - y[few]) / len(few)
        delta1 = delta2 @ W2 * (z1 > 0)
    W1, b1 = W1 - lr * delta1.T @ x[few], b1 - lr * delta1.sum(axis=0)
    W2, b2 = W2 - lr * delta2.T @ a1, b2 - lr * delta2.sum(axis=0)
    return W1, b1, W2, b2


@sgd_epoch.misconception(
    "EP-07",
    "You trained on the first batch only: the loop ended in its first turn.",
    "How far is `return` from the margin?",
    see="curve_clinic",
)
def _(x, y, W1, b1, W2, b2, rows, batch, lr):
    few = rows[:batch]
    z1 = x[few] @ W1.T + b1
    a1 = np.maximum(z1, 0)
    z2 = a1 @ W2.T + b2
    e = np.exp(z2 - z2.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    delta2 = (p - y[few]) / len(few)
    delta1 = delta2 @ W2 * (z1 > 0)
    W1, b1 = W1 - lr * delta1.T @ x[few], b1 - lr * delta1.sum(axis=0)
    W2, b2 = W2 - lr * delta2.T @ a1, b2 - lr * delta2.sum(axis=0)
    return W1, b1, W2, b2


sgd_epoch.slip(
    "EP-07",
    "The rows come in the old order.",
    "Which line of yours uses `rows`?",
    {"= rows[start": "= np.arange(len(x))[start"},
    see="batch_calculator",
)


sgd_epoch.slip(
    "EP-07",
    "Every batch holds the same rows, those of the first one.",
    "Where in your slice is the number of the batch?",
    {"for start in": "for _ in", "rows[start : start + batch": "rows[:batch"},
    see="batch_calculator",
)


sgd_epoch.slip(
    "EP-06",
    "x is in the new order, y still in the old one.",
    "Which target belongs to the first row of your first batch?",
    {"- y[few]) /": "- y[start : start + batch]) /"},
    see="curve_clinic",
)


sgd_epoch.slip(
    "EP-06",
    "y is in the new order, x still in the old one.",
    "Which row of x belongs to the first target of your first batch?",
    {
        "= x[few] @": "= x[start : start + batch] @",
        "@ x[few], b1": "@ x[start : start + batch], b1",
    },
    see="curve_clinic",
)


sgd_epoch.slip(
    "EP-20",
    "You used `rows` the other way: row i went to the place `rows[i]`.",
    "`rows` begins with a number. Is this the row that comes first, or the place of row 0?",
    {
        "    for start in range(0, len(rows), batch):": (
            "    rows = np.argsort(rows)\n    for start in range(0, len(rows), batch):"
        )
    },
    see="batch_calculator",
)


sgd_epoch.slip(
    "EP-08",
    "Of each batch only the last row trains the network.",
    "How many rows should an update use?",
    {"+ batch]": "+ batch][-1:]"},
    see="curve_clinic",
)


sgd_epoch.slip(
    "EP-08",
    "Of each batch only the first row trains the network.",
    "How many rows should an update use?",
    {"+ batch]": "+ 1]"},
    see="curve_clinic",
)


@sgd_epoch.misconception(
    "EP-09",
    "You made two epochs.",
    "How many times does an epoch use each row?",
    see="curve_clinic",
)
def _(x, y, W1, b1, W2, b2, rows, batch, lr):
    for _ in range(2):
        for start in range(0, len(rows), batch):
            few = rows[start : start + batch]
            z1 = x[few] @ W1.T + b1
            a1 = np.maximum(z1, 0)
            z2 = a1 @ W2.T + b2
            e = np.exp(z2 - z2.max(axis=1, keepdims=True))
            p = e / e.sum(axis=1, keepdims=True)
            delta2 = (p - y[few]) / len(few)
            delta1 = delta2 @ W2 * (z1 > 0)
            W1, b1 = W1 - lr * delta1.T @ x[few], b1 - lr * delta1.sum(axis=0)
            W2, b2 = W2 - lr * delta2.T @ a1, b2 - lr * delta2.sum(axis=0)
    return W1, b1, W2, b2


sgd_epoch.slip(
    "EP-17",
    "You made the largest output 1 and the others 0, and lost the probabilities on the way.",
    "What does delta say about a row that is right, but only just?",
    {
        "        delta2 = (p - y[few]) / len(few)": (
            "        p = np.eye(p.shape[1])[z2.argmax(axis=1)]\n"
            "        delta2 = (p - y[few]) / len(few)"
        )
    },
    see="train_live",
)


sgd_epoch.slip(
    "EP-18",
    "Every output is pushed to 1, whatever the class is.",
    "What should delta be for a class that is wrong?",
    {"- y[few]) /": "- 1) /"},
    see="train_live",
)


sgd_epoch.slip(
    "BP-33",
    "You multiplied by p(1 − p) as well; that slope is already inside p − y.",
    "What is left of the slope when the loss is the cross-entropy?",
    {"few]) / len": "few]) * p * (1 - p) / len"},
    see="train_live",
)


sgd_epoch.slip(
    "BP-34",
    "Only the true class gets a delta.",
    "Should the probability of a wrong class shrink?",
    {"few]) / len": "few]) * y[few] / len"},
    see="train_live",
)


sgd_epoch.slip(
    "BP-03",
    "There is no softmax in your delta: it is z minus y.",
    "Which numbers should be compared with a target of 0 or 1?",
    {"delta2 = (p - y": "delta2 = (z2 - y"},
    see="train_live",
)


sgd_epoch.slip(
    "BP-62",
    "You squashed each z on its own with a sigmoid; the rows do not sum to 1.",
    "What is softmax of a row of equal numbers?",
    {
        "        delta2 = (p - y[few]) / len(few)": (
            "        p = sigmoid(z2)\n        delta2 = (p - y[few]) / len(few)"
        )
    },
    see="train_live",
)


sgd_epoch.slip(
    "FF-11",
    "The softmax ran down the columns: it compares rows instead of classes.",
    "Which sums should be 1?",
    {"1, keepdims=True": "0"},
    see="train_live",
)


sgd_epoch.slip(
    "FF-12",
    "The whole table sums to 1: the rows compete with each other.",
    "Which sums should be 1?",
    {"(axis=1, keepdims=True))": "())", "(axis=1, keepdims=True)": "()"},
    see="train_live",
)


sgd_epoch.slip(
    "FF-25",
    "The hidden layer has no activation.",
    "What should become of a negative z1?",
    {"np.maximum(z1, 0)": "z1", "W2 * (z1 > 0)": "W2"},
    see="train_live",
)


sgd_epoch.slip(
    "BP-04",
    "The slope of ReLU is missing in the delta of the hidden neurons.",
    "How much does a neuron learn whose z was below 0?",
    {"W2 * (z1 > 0)": "W2"},
    see="train_live",
)


sgd_epoch.slip(
    "RL-01",
    "You took a1 itself for the slope of ReLU.",
    "How steep is ReLU at z = 3?",
    {"(z1 > 0)": "a1"},
    see="train_live",
)


sgd_epoch.slip(
    "RL-03",
    "You cut the delta at 0, as ReLU cuts z on the way forward.",
    "What decides whether a delta passes: its own sign, or that of z1?",
    {"delta2 @ W2 * (z1 >": "np.maximum(delta2 @ W2,"},
    see="train_live",
)


sgd_epoch.slip(
    "BP-08",
    "The hidden neurons have the slope of the sigmoid, but they are ReLU.",
    "How steep is ReLU at z = 3?",
    {"* (z1 > 0)": "* a1 * (1 - a1)"},
    see="train_live",
)


@sgd_epoch.misconception(
    "WU-01",
    "The error goes back through the new W2.",
    "Which W2 took part in making the error, the old one or the new one?",
    see="train_live",
)
def _(x, y, W1, b1, W2, b2, rows, batch, lr):
    for start in range(0, len(rows), batch):
        few = rows[start : start + batch]
        z1 = x[few] @ W1.T + b1
        a1 = np.maximum(z1, 0)
        z2 = a1 @ W2.T + b2
        e = np.exp(z2 - z2.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        delta2 = (p - y[few]) / len(few)
        W2, b2 = W2 - lr * delta2.T @ a1, b2 - lr * delta2.sum(axis=0)
        delta1 = delta2 @ W2 * (z1 > 0)
        W1, b1 = W1 - lr * delta1.T @ x[few], b1 - lr * delta1.sum(axis=0)
    return W1, b1, W2, b2


sgd_epoch.slip(
    "WU-02",
    "All your steps climb.",
    "Where does a gradient point?",
    {
        "- lr * delta1.T @ x[few], b1 -": "+ lr * delta1.T @ x[few], b1 +",
        "- lr * delta2.T @ a1, b2 -": "+ lr * delta2.T @ a1, b2 +",
    },
    see="train_live",
)


sgd_epoch.slip(
    "WU-03",
    "The learning rate is missing in your steps.",
    "What should happen to a step when lr becomes ten times smaller?",
    {
        "lr * delta1.T @ x[few], b1 - lr *": "delta1.T @ x[few], b1 -",
        "lr * delta2.T @ a1, b2 - lr *": "delta2.T @ a1, b2 -",
    },
    see="train_live",
)


sgd_epoch.slip(
    "WU-06",
    "The biases keep their first values.",
    "Which gradient has a bias?",
    {"b1 - lr * delta1.sum(axis=0)": "b1", "b2 - lr * delta2.sum(axis=0)": "b2"},
    see="train_live",
)


sgd_epoch.slip(
    "WU-20",
    "Only the output layer learns.",
    "Which line of your loop gives W1 new values?",
    {
        (
            "        delta1 = delta2 @ W2 * (z1 > 0)\n"
            "        W1, b1 = W1 - lr * delta1.T @ x[few], b1 - lr * delta1.sum(axis=0)\n"
        ): ""
    },
    see="train_live",
)


sgd_epoch.slip(
    "WU-15",
    "All four are right, but the caller's arrays were trained too: `-=` writes into them.",
    "Which form of this line makes a new array?",
    {
        (
            "        W1, b1 = W1 - lr * delta1.T @ x[few], b1 - lr * delta1.sum(axis=0)\n"
            "        W2, b2 = W2 - lr * delta2.T @ a1, b2 - lr * delta2.sum(axis=0)"
        ): (
            "        W1 -= lr * delta1.T @ x[few]\n"
            "        b1 -= lr * delta1.sum(axis=0)\n"
            "        W2 -= lr * delta2.T @ a1\n"
            "        b2 -= lr * delta2.sum(axis=0)"
        )
    },
    see="train_live",
)


# ---- 4.9 -----------------------------------------------------------------------------------------


what_is_wrong = choice(
    "4.9",
    points=1,
    title="Bonus: what is wrong here?",
    hints=(
        "What exactly was measured, on which rows, and what would the simplest model reach?",
        "Ask of every number: which rows made it, and had the network, or you, seen these rows "
        "before? Ask of every flat curve: which gradients can be different from 0?",
        "In the items about data, a choice made by test rows is training on test rows; in those "
        "about weights, equal or zero weights in, equal or zero $\\delta$ back.",
    ),
    name="diagnosis",
    items=[
        Item(
            "XOR, 2 hidden ReLU neurons. Three of the four rows are right;\n"
            "for a thousand epochs the loss has not moved. What next?",
            {
                "A": "Train on: it is almost done, only one row is missing.",
                "B": "It is stuck. A straight line gets three rows too; try other first weights.",
                "C": "Make a batch of the three right rows and leave out the fourth.",
            },
            "B",
            {
                "A": (
                    "EP-12",
                    "Three of four is not almost done: one straight line gets as far, without any "
                    "hidden neuron.",
                    "What would have to change in a run whose loss stands still?",
                ),
                "C": (
                    "EP-12",
                    "Then the network is perfect, and has not learnt XOR.",
                    "Which row makes XOR harder than a straight line?",
                ),
            },
        ),
        Item(
            "x = (x - x.mean(axis=0)) / x.std(axis=0)\n"
            "x_train, y_train, x_test, y_test = datasets.split(x, y, 360, rng)",
            {
                "A": "Nothing is wrong: all rows must be treated alike.",
                "B": "y must be divided by its std too.",
                "C": "The test rows took part in the mean and the std.",
            },
            "C",
            {
                "A": (
                    "EP-14",
                    "Alike, yes: with the mean and the std of the training rows. Here the test "
                    "rows have a say in how the network is trained.",
                    "Would you know the mean of rows that come only tomorrow?",
                ),
            },
        ),
        Item(
            "Ten networks are trained. The one with the best test accuracy is kept,\n"
            "and this accuracy is reported.",
            {
                "A": "The number is too good: the test rows chose the network.",
                "B": "The number is fair: no network was trained on a test row.",
                "C": "The number is too low: the mean of the ten would be higher.",
            },
            "A",
            {
                "B": (
                    "EP-14",
                    "No gradient saw a test row, but your choice did.",
                    "Of ten networks that only guess, how does the best one look?",
                ),
            },
        ),
        Item(
            "Network P has the lower training loss, network Q the lower validation loss.\n"
            "Which one do you keep?",
            {
                "A": "P: it has learnt more.",
                "B": "Q: it does better on rows it has never seen.",
                "C": "Either: the two losses will meet after more epochs.",
            },
            "B",
            {
                "A": (
                    "EP-15",
                    "P has learnt its rows by heart better; that is not what a network is for.",
                    "On which rows will the network be used?",
                ),
                "C": (
                    "EP-15",
                    "Once the validation loss has turned, more epochs pull the two apart.",
                    "Which of the two losses does training push down?",
                ),
            },
        ),
        Item(
            "One sigmoid output, y : (m, 1). The accuracy is the same in every epoch,\n"
            "while the loss falls: np.mean(out.argmax(axis=1) == y[:, 0])",
            {
                "A": "The learning rate is too small for the accuracy to change.",
                "B": "The gradient does not reach the first layer.",
                "C": "argmax over one column is always 0.",
            },
            "C",
            {
                "A": (
                    "EP-17",
                    "The loss falls, so the outputs do move; the way they are counted does not.",
                    "Which values can `argmax` have, when a row has one number?",
                ),
                "B": (
                    "EP-17",
                    "The loss falls, so the gradient does arrive.",
                    "Which values can `argmax` have, when a row has one number?",
                ),
            },
        ),
        Item(
            "All first weights are the same number that is not 0, and all biases are 0.\n"
            "All rows of W1 stay equal through the whole training.",
            {
                "A": "There is a bug in the backward pass.",
                "B": "That is what a right backward pass does with equal neurons.",
                "C": "More hidden neurons would make the rows differ.",
            },
            "B",
            {
                "A": (
                    "EP-10",
                    "Your backward pass may be perfect: equal neurons get equal deltas.",
                    "Which number could make the step of one neuron differ from its twin's?",
                ),
                "C": (
                    "EP-10",
                    "More equal neurons are more twins.",
                    "Which number could make the step of one neuron differ from its twin's?",
                ),
            },
        ),
        Item(
            "A tanh network begins with all weights and biases at 0. What can move in training?",
            {
                "A": "Everything, at the same speed.",
                "B": "The last weight matrix, then the one before, and so on.",
                "C": "Only the bias of the output.",
            },
            "C",
            {
                "A": (
                    "EP-11",
                    "The error comes back over weights of 0.",
                    "What is delta of a hidden neuron, when W of the next layer is 0?",
                ),
                "B": (
                    "EP-11",
                    "The gradient of the last weights has the hidden outputs as a factor.",
                    "What does tanh give, when all sums are 0?",
                ),
            },
        ),
    ],
)
