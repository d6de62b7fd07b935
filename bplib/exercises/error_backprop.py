"""Exercises 2.1 to 2.10: the backward pass.

Results come in the order in which backprop computes them, so that the first wrong one shows where
somebody went astray.  The far cases have targets or weights so large that nudging a number by h
changes nothing any more: a measured slope fails there, a formula does not.
"""

import numpy as np

from bplib import bugs, toys
from bplib.activations import sigmoid
from bplib.datasets import mazur
from bplib.exercises.core import Item, choice, draw, exercise

FAR = 1e12


def _activations(rng, *shape):
    """Outputs of sigmoid neurons with two decimals, none of them 0.5."""
    low, high = rng.integers(6, 46, shape), rng.integers(56, 95, shape)
    return np.where(rng.random(shape) < 0.5, low, high) / 100


# ---- 2.1 -----------------------------------------------------------------------------------------


@exercise(
    "2.1",
    points=1,
    title="The slope of the sigmoid, from its output",
    hints=(
        "Where is the sigmoid flat: where its output a is near 0, near 0.5 or near 1?",
        "The forward pass has already computed a. The slope needs no exp: two factors made of a "
        "are enough, and both are between 0 and 1.",
        "$\\sigma'(z) = \\sigma(z)\\,(1 - \\sigma(z)) = a\\,(1 - a)$",
    ),
    outputs=("slope",),
)
def sigmoid_slope(a):
    """The slope of the sigmoid at z, from a = sigmoid(z).

    a : array of any shape, the outputs of sigmoid neurons  ->  array of the same shape
    """
    return a * (1 - a)


@sigmoid_slope.cases
def _(rng):
    return [(_activations(rng, 4),), (_activations(rng, 3, 2),), (_activations(rng, 3, 3),)]


@sigmoid_slope.equivalent
def _(a):
    return a - a**2


@sigmoid_slope.equivalent
def _(a):
    return 0.25 - (a - 0.5) ** 2


@sigmoid_slope.equivalent
def _(a):
    z = np.log(a / (1 - a))
    return np.exp(-z) / (1 + np.exp(-z)) ** 2


@sigmoid_slope.equivalent
def _(a):
    slope = np.empty(a.shape)
    for i in np.ndindex(a.shape):
        slope[i] = a[i] * (1 - a[i])
    return slope


@sigmoid_slope.misconception(
    "BP-05",
    "You took a for z: the sigmoid is applied to a once more.",
    "Which letter does the function get, z or a?",
    see="mazur_backward",
)
def _(a):
    return sigmoid(a) * (1 - sigmoid(a))


@sigmoid_slope.misconception(
    "BP-07",
    "You returned a itself. That is how high the curve is, not how steep.",
    "How steep is the sigmoid where a is nearly 1?",
    see="activation_gallery",
)
def _(a):
    return a


@sigmoid_slope.misconception(
    "BP-45",
    "You returned 1 − a: one of two factors.",
    "How steep is the sigmoid where a is nearly 0?",
    see="activation_gallery",
)
def _(a):
    return 1 - a


@sigmoid_slope.misconception(
    "BP-08",
    "1 − a² is the slope of tanh.",
    "What is the largest slope of the sigmoid, and what is the largest slope of tanh?",
    see="activation_gallery",
)
def _(a):
    return 1 - a**2


@sigmoid_slope.misconception(
    "BP-01",
    "All your slopes are negative.",
    "Does the sigmoid ever fall?",
    see="activation_gallery",
)
def _(a):
    return a * (a - 1)


@sigmoid_slope.misconception(
    "BP-11",
    "`@` multiplies and adds up; here every neuron has its own slope.",
    "How many slopes belong to four neurons?",
    see="mazur_backward",
)
def _(a):
    return a @ (1 - a)


# ---- 2.2 -----------------------------------------------------------------------------------------


@exercise(
    "2.2",
    points=1,
    title="Delta of the output neurons",
    hints=(
        "Nudge z of one output neuron. Which two steps lead from there to the error E?",
        "From z to a, and from a to E: each step has a slope, and slopes in a row multiply. The "
        "½ of E goes away with the square.",
        "$\\delta_j = (a_j - y_j)\\; a_j\\,(1 - a_j)$",
    ),
    outputs=("delta",),
)
def output_delta(a, y):
    """delta = dE/dz of sigmoid output neurons,
    with E = half the sum of the squared errors.

    a : (n,) outputs,  y : (n,) targets  ->  delta : (n,)
    """
    return (a - y) * a * (1 - a)


@output_delta.cases
def _(rng):
    d = mazur()
    hand = (sigmoid(sigmoid(d.x[0] @ d.W1.T + d.b1) @ d.W2.T + d.b2), d.y[0])
    return [hand, *((_activations(rng, n), _apart(rng, n)) for n in (3, 4))]


def _apart(rng, n):
    """Targets a little outside the range of _activations and inside it, so no error is 0."""
    return rng.choice([0.02, 0.05, 0.51, 0.53, 0.96, 0.98], n, replace=False)


@output_delta.far
def _(rng):
    return [(_activations(rng, 3), FAR * draw(rng, 3))]


@output_delta.equivalent
def _(a, y):
    return -(y - a) * (a - a**2)


@output_delta.equivalent
def _(a, y):
    z = np.log(a) - np.log(1 - a)
    return (a - y) / (2 + np.exp(z) + np.exp(-z))


@output_delta.equivalent
def _(a, y):
    return [(a_j - y_j) * a_j * (1 - a_j) for a_j, y_j in zip(a, y, strict=True)]


@output_delta.equivalent
def _(a, y):
    return np.diag(a * (1 - a)) @ (a - y)


@output_delta.misconception(
    "BP-01",
    "You took actual − predicted. This is downhill already; a gradient points uphill.",
    "An output is too large. Does E grow or shrink when its z grows?",
    see="nudge",
)
def _(a, y):
    return (y - a) * a * (1 - a)


@output_delta.misconception(
    "BP-02",
    "Your delta is twice the right one.",
    "What is the slope of ½(a − y)², with its ½?",
    see="nudge",
)
def _(a, y):
    return 2 * (a - y) * a * (1 - a)


@output_delta.misconception(
    "BP-02",
    "Your delta is half the right one: the ½ of the loss is still there.",
    "What becomes of the 2 that a square brings when you take its slope?",
    see="nudge",
)
def _(a, y):
    return 0.5 * (a - y) * a * (1 - a)


@output_delta.misconception(
    "BP-03",
    "This is the error, not delta: the way from z to a has a slope too.",
    "What should delta be for a neuron whose sigmoid is flat?",
    see="mazur_backward",
)
def _(a, y):
    return a - y


@output_delta.misconception(
    "BP-55",
    "You returned the slope of the sigmoid; the error is not in it.",
    "What should delta be when the output is exactly right?",
    see="mazur_backward",
)
def _(a, y):
    return a * (1 - a)


@output_delta.misconception(
    "BP-05",
    "The slope is taken at a: the sigmoid is in it twice.",
    "Which letter does your formula of the slope want, and which one has it got?",
    see="mazur_backward",
)
def _(a, y):
    return (a - y) * sigmoid(a) * (1 - sigmoid(a))


@output_delta.misconception(
    "BP-07",
    "You multiplied the error by a itself, not by the slope.",
    "How steep is the sigmoid where a is nearly 1?",
    see="activation_gallery",
)
def _(a, y):
    return (a - y) * a


@output_delta.misconception(
    "BP-45",
    "You multiplied the error by 1 − a: half of the slope's formula.",
    "How steep is the sigmoid where a is nearly 0?",
    see="activation_gallery",
)
def _(a, y):
    return (a - y) * (1 - a)


@output_delta.misconception(
    "BP-08",
    "You used the slope of tanh, 1 − a².",
    "Which activation do these neurons have?",
    see="activation_gallery",
)
def _(a, y):
    return (a - y) * (1 - a**2)


@output_delta.misconception(
    "BP-31",
    "The two factors of the chain rule are added.",
    "One step doubles a nudge, the next one makes it three times as large. What do both do?",
    see="computational_graph",
)
def _(a, y):
    return (a - y) + a * (1 - a)


@output_delta.misconception(
    "BP-11",
    "The deltas of all neurons were added up, by `@` or by a sum: one number is left.",
    "How many deltas do two neurons have?",
    see="mazur_backward",
)
def _(a, y):
    return (a - y) @ (a * (1 - a))


@output_delta.misconception(
    "BP-46",
    "The error lost its sign.",
    "How should the network tell too high from too low?",
    see="mazur_backward",
)
def _(a, y):
    return np.abs(a - y) * a * (1 - a)


@output_delta.misconception(
    "BP-47",
    "You sent the squared error back: the loss itself instead of its slope.",
    "What is the slope of ½(a − y)²?",
    see="nudge",
)
def _(a, y):
    return (a - y) ** 2 * a * (1 - a)


@output_delta.misconception(
    "BP-17",
    "You took a mean over the outputs; E is their sum.",
    "Is there a division by n in this E?",
    see="nudge",
)
def _(a, y):
    return (a - y) * a * (1 - a) / len(a)


# ---- 2.3 -----------------------------------------------------------------------------------------


@exercise(
    "2.3",
    points=1,
    title="From delta to the gradients of a layer",
    hints=(
        "Nudge one weight W[j, i] by a little. By how much does z of neuron j move?",
        "Row j of dW belongs to neuron j, column i to its input i. Two numbers meet in each "
        "entry. For a bias the input is always 1.",
        "$\\frac{\\partial E}{\\partial W_{ji}} = \\delta_j\\, a_i$ and "
        "$\\frac{\\partial E}{\\partial b_j} = \\delta_j$. In NumPy: `np.outer`.",
    ),
    outputs=("dW", "db"),
)
def output_gradients(delta, a_prev, W, b, z_prev):
    """The gradients of a layer from its delta, for one sample.
    Not every argument is needed.

    delta : (n_out,),  a_prev : (n_in,) what the layer gets in,
    z_prev : (n_in,) the sums before it
    W : (n_out, n_in),  b : (n_out,)  ->  dW : (n_out, n_in),  db : (n_out,)
    """
    return np.outer(delta, a_prev), delta


@output_gradients.cases
def _(rng):
    cases = []
    for n_out, n_in in [(2, 3), (3, 3), (4, 2)]:
        z_prev, W, b = draw(rng, n_in), draw(rng, n_out, n_in), draw(rng, n_out)
        W[0, 0] = b[-1] = 0.0  # a weight of 0 has a gradient like any other
        cases.append((draw(rng, n_out), sigmoid(z_prev), W, b, z_prev))
    return cases


@output_gradients.far
def _(rng):
    z_prev, W, b = draw(rng, 2), FAR * draw(rng, 3, 2), FAR * draw(rng, 3)
    return [(draw(rng, 3), sigmoid(z_prev), W, b, z_prev)]


@output_gradients.equivalent
def _(delta, a_prev, W, b, z_prev):
    return delta[:, None] * a_prev, delta.copy()


@output_gradients.equivalent
def _(delta, a_prev, W, b, z_prev):
    return np.einsum("j,i->ji", delta, a_prev), 1.0 * delta


@output_gradients.equivalent
def _(delta, a_prev, W, b, z_prev):
    return delta.reshape(-1, 1) @ a_prev.reshape(1, -1), delta


@output_gradients.equivalent
def _(delta, a_prev, W, b, z_prev):
    dW = np.zeros_like(W)
    for j in range(len(delta)):
        for i in range(len(a_prev)):
            dW[j, i] = delta[j] * a_prev[i]
    return dW, list(delta)


@output_gradients.misconception(
    "BP-10",
    "Your dW is transposed.",
    "Must W − dW be possible, with row j for neuron j?",
    see="mazur_backward",
)
def _(delta, a_prev, W, b, z_prev):
    return np.outer(a_prev, delta), delta


@output_gradients.misconception(
    "BP-12",
    "`*` paired neuron 1 with input 1, 2 with 2, and so on; most pairs are missing.",
    "How many weights does this layer have, and how many products do you make?",
    see="mazur_backward",
)
def _(delta, a_prev, W, b, z_prev):
    return delta * a_prev, delta


@output_gradients.misconception(
    "BP-56",
    "`@` of two vectors adds their products up: one number for all weights.",
    "How many weights does this layer have?",
    see="mazur_backward",
)
def _(delta, a_prev, W, b, z_prev):
    return delta @ a_prev, delta


@output_gradients.misconception(
    "BP-28",
    "You multiplied delta by the weight instead of by what comes in.",
    "z = W a + b: if W[j, i] grows by 1, by how much does z[j] grow?",
    see="nudge",
)
def _(delta, a_prev, W, b, z_prev):
    return delta[:, None] * W, delta


@output_gradients.misconception(
    "BP-32",
    "You multiplied delta by z, the sum before the activation.",
    "What does the weight see: z of the neuron before, or its a?",
    see="mazur_backward",
)
def _(delta, a_prev, W, b, z_prev):
    return np.outer(delta, z_prev), delta


@output_gradients.misconception(
    "BP-21",
    "dW is right, but the biases get gradients of 0.",
    "If a bias grows by 1, does z stay where it is?",
    see="nudge",
)
def _(delta, a_prev, W, b, z_prev):
    return np.outer(delta, a_prev), np.zeros_like(b)


@output_gradients.misconception(
    "BP-50",
    "dW is right, but db was multiplied by the bias.",
    "If a bias grows by 1, by how much does z grow?",
    see="nudge",
)
def _(delta, a_prev, W, b, z_prev):
    return np.outer(delta, a_prev), delta * b


@output_gradients.misconception(
    "BP-20",
    "dW is right, but db is one number for the whole layer.",
    "How many biases does the layer have?",
    see="mazur_backward",
)
def _(delta, a_prev, W, b, z_prev):
    return np.outer(delta, a_prev), np.sum(delta)


@output_gradients.misconception(
    "BP-29",
    "Where a weight or a bias is 0, you made its gradient 0 too.",
    "Nudge a weight of 0 to 0.1. Does z stay where it is?",
    see="nudge",
)
def _(delta, a_prev, W, b, z_prev):
    return np.where(W == 0, 0, np.outer(delta, a_prev)), np.where(b == 0, 0, delta)


@output_gradients.misconception(
    "BP-01",
    "Both gradients have the wrong sign.",
    "The minus of a step downhill: does it belong to the gradient, or to the update?",
    see="nudge",
)
def _(delta, a_prev, W, b, z_prev):
    return -np.outer(delta, a_prev), -delta


# ---- 2.4 -----------------------------------------------------------------------------------------


@exercise(
    "2.4",
    points=2,
    title="A hidden layer",
    hints=(
        "A hidden neuron has no target. From which neurons does it hear whether it was wrong?",
        "Its output goes to every neuron of the next layer, each time over one weight: a fork. "
        "Bring all deltas back over their weights and add them; then one slope is still missing.",
        "$\\delta_i = \\left(\\sum_j W_{ji}\\,\\delta_j\\right) a_i (1 - a_i)$, all at once "
        "$(W^\\top \\delta) \\odot a \\odot (1 - a)$; then dW and db as in 2.3.",
    ),
    outputs=("delta", "dW", "db"),
)
def hidden_gradients(delta_next, W_next, a, a_prev):
    """delta, dW and db of a hidden sigmoid layer, for one sample.

    delta_next : (n_next,),  W_next : (n_next, n):
        delta and weights of the layer after this one
    a : (n,) what this layer hands on,  a_prev : (n_in,) what it gets in
    ->  delta : (n,),  dW : (n, n_in),  db : (n,)
    """
    delta = (W_next.T @ delta_next) * a * (1 - a)
    return delta, np.outer(delta, a_prev), delta


@hidden_gradients.cases
def _(rng):
    return [_hidden(rng, *sizes) for sizes in [(2, 4, 3), (3, 3, 3), (3, 2, 4)]]


def _hidden(rng, n_next, n, n_in):
    W_next = draw(rng, n_next, n)
    return draw(rng, n_next), W_next, _activations(rng, n), draw(rng, n_in)


@hidden_gradients.far
def _(rng):
    delta_next, W_next, a, a_prev = _hidden(rng, 2, 4, 3)
    a[0] = 1.0  # a neuron so flat that its slope is 0, however large its weights are
    W_next[:, 0] *= FAR
    return [(delta_next, W_next, a, a_prev)]


@hidden_gradients.equivalent
def _(delta_next, W_next, a, a_prev):
    delta = delta_next @ W_next * (a - a**2)
    return delta, delta[:, None] * a_prev, delta.copy()


@hidden_gradients.equivalent
def _(delta_next, W_next, a, a_prev):
    delta = np.einsum("j,ji,i,i->i", delta_next, W_next, a, 1 - a)
    return delta, np.einsum("j,i->ji", delta, a_prev), delta


@hidden_gradients.equivalent
def _(delta_next, W_next, a, a_prev):
    delta = np.zeros(len(a))
    for i in range(len(a)):
        for j in range(len(delta_next)):
            delta[i] += W_next[j, i] * delta_next[j]
        delta[i] *= a[i] * (1 - a[i])
    return delta, [[d * p for p in a_prev] for d in delta], delta


@hidden_gradients.equivalent
def _(delta_next, W_next, a, a_prev):
    delta = np.diag(a * (1 - a)) @ W_next.T @ delta_next
    return delta, delta.reshape(-1, 1) @ a_prev.reshape(1, -1), delta


@hidden_gradients.misconception(
    "BP-04",
    "The way back over the weights is right; the slope of the hidden neurons is missing.",
    "From a back to z: which factor does this last step have?",
    see="mazur_backward",
)
def _(delta_next, W_next, a, a_prev):
    delta = W_next.T @ delta_next
    return delta, np.outer(delta, a_prev), delta


@hidden_gradients.misconception(
    "BP-05",
    "The slope is taken at a: the sigmoid is in it twice.",
    "Which letter does your formula of the slope want, and which one has it got?",
    see="mazur_backward",
)
def _(delta_next, W_next, a, a_prev):
    delta = (W_next.T @ delta_next) * sigmoid(a) * (1 - sigmoid(a))
    return delta, np.outer(delta, a_prev), delta


@hidden_gradients.misconception(
    "BP-07",
    "You multiplied by a itself, not by the slope.",
    "How steep is the sigmoid where a is nearly 1?",
    see="activation_gallery",
)
def _(delta_next, W_next, a, a_prev):
    delta = (W_next.T @ delta_next) * a
    return delta, np.outer(delta, a_prev), delta


@hidden_gradients.misconception(
    "BP-45",
    "You multiplied by 1 − a: half of the slope's formula.",
    "How steep is the sigmoid where a is nearly 0?",
    see="activation_gallery",
)
def _(delta_next, W_next, a, a_prev):
    delta = (W_next.T @ delta_next) * (1 - a)
    return delta, np.outer(delta, a_prev), delta


@hidden_gradients.misconception(
    "BP-08",
    "You used the slope of tanh, 1 − a².",
    "Which activation does this layer have?",
    see="activation_gallery",
)
def _(delta_next, W_next, a, a_prev):
    delta = (W_next.T @ delta_next) * (1 - a**2)
    return delta, np.outer(delta, a_prev), delta


@hidden_gradients.misconception(
    "BP-09",
    "W_next is used as on the way forward. Where it is square, nothing complains.",
    "Forward, a neuron reads a row of W. What does a hidden neuron read on the way back?",
    see="mazur_backward",
)
def _(delta_next, W_next, a, a_prev):
    delta = (W_next @ delta_next) * a * (1 - a)
    return delta, np.outer(delta, a_prev), delta


@hidden_gradients.misconception(
    "BP-10",
    "delta is right, but dW is transposed.",
    "Row j of W belongs to neuron j. And row j of dW?",
    see="mazur_backward",
)
def _(delta_next, W_next, a, a_prev):
    delta = (W_next.T @ delta_next) * a * (1 - a)
    return delta, np.outer(a_prev, delta), delta


@hidden_gradients.misconception(
    "BP-11",
    "The slope was multiplied with `@`, so all neurons were added up.",
    "Each neuron has its own slope. Which operator keeps them apart?",
    see="mazur_backward",
)
def _(delta_next, W_next, a, a_prev):
    delta = (W_next.T @ delta_next) @ (a * (1 - a))
    return delta, np.outer(delta, a_prev), delta


@hidden_gradients.misconception(
    "BP-12",
    "`*` between delta_next and W_next multiplies; nothing was added up.",
    "How many deltas should this layer have?",
    see="credit_flow",
)
def _(delta_next, W_next, a, a_prev):
    delta = (delta_next * W_next) * a * (1 - a)
    return delta, np.outer(delta, a_prev), delta


@hidden_gradients.misconception(
    "BP-25",
    "Only the first neuron of the next layer sent its delta back.",
    "How many ways lead from one hidden neuron to the error?",
    see="credit_flow",
)
def _(delta_next, W_next, a, a_prev):
    delta = W_next[0] * delta_next[0] * a * (1 - a)
    return delta, np.outer(delta, a_prev), delta


@hidden_gradients.misconception(
    "BP-26",
    "You took the mean over the ways back.",
    "At a fork slopes are added. Is anything divided?",
    see="credit_flow",
)
def _(delta_next, W_next, a, a_prev):
    delta = (W_next.T @ delta_next) / len(delta_next) * a * (1 - a)
    return delta, np.outer(delta, a_prev), delta


@hidden_gradients.misconception(
    "BP-27",
    "The error came back through |W|: the weights lost their sign.",
    "A hidden neuron pushes an output down, and the output is too low. Is the neuron too strong?",
    see="credit_flow",
)
def _(delta_next, W_next, a, a_prev):
    delta = (np.abs(W_next).T @ delta_next) * a * (1 - a)
    return delta, np.outer(delta, a_prev), delta


@hidden_gradients.misconception(
    "BP-49",
    "The weights are missing on the way back: each neuron got the plain sum of the deltas.",
    "Should a neuron with a weight of 0.01 get as much blame as one with a weight of 2?",
    see="credit_flow",
)
def _(delta_next, W_next, a, a_prev):
    delta = np.sum(delta_next) * a * (1 - a)
    return delta, np.outer(delta, a_prev), delta


@hidden_gradients.misconception(
    "BP-54",
    "You split the blame by shares: each weight divided by the sum of its row.",
    "If all weights of a row were twice as large, would the error feel a nudge twice as much?",
    see="credit_flow",
)
def _(delta_next, W_next, a, a_prev):
    share = W_next / W_next.sum(axis=1, keepdims=True)
    delta = (share.T @ delta_next) * a * (1 - a)
    return delta, np.outer(delta, a_prev), delta


@hidden_gradients.misconception(
    "BP-31",
    "The slope was added, not multiplied.",
    "Which do the slopes of two steps in a row do: add, or multiply?",
    see="computational_graph",
)
def _(delta_next, W_next, a, a_prev):
    delta = W_next.T @ delta_next + a * (1 - a)
    return delta, np.outer(delta, a_prev), delta


@hidden_gradients.misconception(
    "BP-57",
    "delta is right; dW was made with the layer's own output instead of its input.",
    "A weight stands between two neurons. Whose a does it multiply?",
    see="mazur_backward",
)
def _(delta_next, W_next, a, a_prev):
    delta = (W_next.T @ delta_next) * a * (1 - a)
    return delta, np.outer(delta, a), delta


@hidden_gradients.misconception(
    "BP-37",
    "Everything is 0: the error did not come back to this layer.",
    "If a hidden neuron changes, do the outputs stay as they are?",
    see="credit_flow",
)
def _(delta_next, W_next, a, a_prev):
    delta = np.zeros_like(a)
    return delta, np.outer(delta, a_prev), delta


@hidden_gradients.misconception(
    "BP-01",
    "All three results have the wrong sign.",
    "Is there a minus anywhere in z = W a + b?",
    see="mazur_backward",
)
def _(delta_next, W_next, a, a_prev):
    delta = -(W_next.T @ delta_next) * a * (1 - a)
    return delta, np.outer(delta, a_prev), delta


# ---- 2.5 -----------------------------------------------------------------------------------------


@exercise(
    "2.5",
    points=2,
    title="A long chain, computed from its end",
    hints=(
        "Which slope can you write down first, with nothing known but f3 and y?",
        "Run forward once and keep every f, and every h: the number that a weight multiplies, x, "
        "sin f0, exp f1 or cos f2. Then go back one f at a time: each new slope is the last one, "
        "times a weight, times the slope of exp, sin or cos at its own f.",
        "$f_2$: $\\frac{\\partial E}{\\partial f_3}\\, w_3 \\cdot (-\\sin f_2)$; "
        "$f_1$: $\\dots w_2\\, e^{f_1}$; $f_0$: $\\dots w_1 \\cos f_0$. The gradient of $w_k$ is "
        "the slope at $f_k$ times $h_k$, that of $b_k$ is the slope at $f_k$.",
    ),
    outputs=("df3", "df2", "df1", "df0", "dw", "db"),
)
def chain(x, y, w, b):
    """The slopes of E = (f3 - y)**2, from the last to the first, for one number x.

    f0 = b[0] + w[0] x,        f1 = b[1] + w[1] sin(f0),
    f2 = b[2] + w[2] exp(f1),  f3 = b[3] + w[3] cos(f2)
    x, y : numbers,  w, b : (4,)
    ->  df3, df2, df1, df0: slopes of E at each f, four numbers;  dw : (4,),  db : (4,)
    """
    f0 = b[0] + w[0] * x
    f1 = b[1] + w[1] * np.sin(f0)
    f2 = b[2] + w[2] * np.exp(f1)
    f3 = b[3] + w[3] * np.cos(f2)
    df3 = 2 * (f3 - y)
    df2 = df3 * w[3] * -np.sin(f2)
    df1 = df2 * w[2] * np.exp(f1)
    df0 = df1 * w[1] * np.cos(f0)
    db = np.array([df0, df1, df2, df3])
    dw = db * np.array([x, np.sin(f0), np.exp(f1), np.cos(f2)])
    return df3, df2, df1, df0, dw, db


def _chain_case(rng, far=1.0):
    return (float(draw(rng)), far * float(draw(rng)), draw(rng, 4), draw(rng, 4, largest=1.2))


@chain.cases
def _(rng):
    book = (2.3, 2.0, np.array([0.1, -0.4, 2.0, 3.0]), np.array([1.0, 2.0, -3.0, 0.4]))
    return [book, _chain_case(rng), _chain_case(rng)]


@chain.far
def _(rng):
    return [_chain_case(rng, FAR)]


@chain.equivalent
def _(x, y, w, b):
    h, f, forward = [x], [], (np.sin, np.exp, np.cos)
    for k in range(4):
        f.append(b[k] + w[k] * h[k])
        if k < 3:
            h.append(forward[k](f[k]))
    slopes = [np.cos(f[0]), h[2], -np.sin(f[2])]
    df = [2 * f[3] - 2 * y]
    for k in (2, 1, 0):
        df.insert(0, df[0] * w[k + 1] * slopes[k])
    return df[3], df[2], df[1], df[0], [d * h_k for d, h_k in zip(df, h, strict=True)], df


@chain.equivalent
def _(x, y, w, b):
    h1 = np.sin(b[0] + w[0] * x)
    h2 = np.exp(b[1] + w[1] * h1)
    h3 = np.cos(b[2] + w[2] * h2)
    steps = [2 * (b[3] + w[3] * h3 - y), -w[3] * np.sin(b[2] + w[2] * h2), w[2] * h2]
    steps.append(w[1] * np.cos(b[0] + w[0] * x))
    df = np.cumprod(steps)
    return *df, df[::-1] * [x, h1, h2, h3], df[::-1].copy()


@chain.misconception(
    "BP-01",
    "You took y − f3, so every slope has the wrong sign.",
    "f3 is larger than y. Does E grow or shrink when f3 grows?",
    see="nudge",
)
def _(x, y, w, b):
    f0 = b[0] + w[0] * x
    f1 = b[1] + w[1] * np.sin(f0)
    f2 = b[2] + w[2] * np.exp(f1)
    f3 = b[3] + w[3] * np.cos(f2)
    df3 = 2 * (y - f3)
    df2 = df3 * w[3] * -np.sin(f2)
    df1 = df2 * w[2] * np.exp(f1)
    df0 = df1 * w[1] * np.cos(f0)
    db = np.array([df0, df1, df2, df3])
    dw = db * np.array([x, np.sin(f0), np.exp(f1), np.cos(f2)])
    return df3, df2, df1, df0, dw, db


@chain.misconception(
    "BP-02",
    "All your slopes are half the right ones: this E has no ½ before its square.",
    "What is the slope of a plain square?",
    see="nudge",
)
def _(x, y, w, b):
    f0 = b[0] + w[0] * x
    f1 = b[1] + w[1] * np.sin(f0)
    f2 = b[2] + w[2] * np.exp(f1)
    f3 = b[3] + w[3] * np.cos(f2)
    df3 = f3 - y
    df2 = df3 * w[3] * -np.sin(f2)
    df1 = df2 * w[2] * np.exp(f1)
    df0 = df1 * w[1] * np.cos(f0)
    db = np.array([df0, df1, df2, df3])
    dw = db * np.array([x, np.sin(f0), np.exp(f1), np.cos(f2)])
    return df3, df2, df1, df0, dw, db


@chain.misconception(
    "BP-31",
    "You added the slopes along the chain.",
    "One step doubles a nudge, the next one makes it three times as large. What do both do?",
    see="computational_graph",
)
def _(x, y, w, b):
    f0 = b[0] + w[0] * x
    f1 = b[1] + w[1] * np.sin(f0)
    f2 = b[2] + w[2] * np.exp(f1)
    f3 = b[3] + w[3] * np.cos(f2)
    df3 = 2 * (f3 - y)
    df2 = df3 + w[3] + -np.sin(f2)
    df1 = df2 + w[2] + np.exp(f1)
    df0 = df1 + w[1] + np.cos(f0)
    db = np.array([df0, df1, df2, df3])
    dw = db * np.array([x, np.sin(f0), np.exp(f1), np.cos(f2)])
    return df3, df2, df1, df0, dw, db


@chain.misconception(
    "BP-04",
    "You went back over the weights only; the slopes of cos, exp and sin are missing.",
    "Between f2 and f3 there are two steps. Which one did you leave out?",
    see="computational_graph",
)
def _(x, y, w, b):
    f0 = b[0] + w[0] * x
    f1 = b[1] + w[1] * np.sin(f0)
    f2 = b[2] + w[2] * np.exp(f1)
    f3 = b[3] + w[3] * np.cos(f2)
    df3 = 2 * (f3 - y)
    df2 = df3 * w[3]
    df1 = df2 * w[2]
    df0 = df1 * w[1]
    db = np.array([df0, df1, df2, df3])
    dw = db * np.array([x, np.sin(f0), np.exp(f1), np.cos(f2)])
    return df3, df2, df1, df0, dw, db


@chain.misconception(
    "BP-49",
    "The weights are missing on the way back: only cos, exp and sin have left their slopes.",
    "f3 = b + w h: if h grows by 1, by how much does f3 grow?",
    see="computational_graph",
)
def _(x, y, w, b):
    f0 = b[0] + w[0] * x
    f1 = b[1] + w[1] * np.sin(f0)
    f2 = b[2] + w[2] * np.exp(f1)
    f3 = b[3] + w[3] * np.cos(f2)
    df3 = 2 * (f3 - y)
    df2 = df3 * -np.sin(f2)
    df1 = df2 * np.exp(f1)
    df0 = df1 * np.cos(f0)
    db = np.array([df0, df1, df2, df3])
    dw = db * np.array([x, np.sin(f0), np.exp(f1), np.cos(f2)])
    return df3, df2, df1, df0, dw, db


@chain.misconception(
    "BP-58",
    "The slope of cos has lost its minus.",
    "Where cos starts, at 0, and goes on: does it rise or fall?",
    see="computational_graph",
)
def _(x, y, w, b):
    f0 = b[0] + w[0] * x
    f1 = b[1] + w[1] * np.sin(f0)
    f2 = b[2] + w[2] * np.exp(f1)
    f3 = b[3] + w[3] * np.cos(f2)
    df3 = 2 * (f3 - y)
    df2 = df3 * w[3] * np.sin(f2)
    df1 = df2 * w[2] * np.exp(f1)
    df0 = df1 * w[1] * np.cos(f0)
    db = np.array([df0, df1, df2, df3])
    dw = db * np.array([x, np.sin(f0), np.exp(f1), np.cos(f2)])
    return df3, df2, df1, df0, dw, db


@chain.misconception(
    "BP-42",
    "The slope of exp is not its argument, f1.",
    "How steep is exp at 0, where it is 1 high?",
    see="computational_graph",
)
def _(x, y, w, b):
    f0 = b[0] + w[0] * x
    f1 = b[1] + w[1] * np.sin(f0)
    f2 = b[2] + w[2] * np.exp(f1)
    f3 = b[3] + w[3] * np.cos(f2)
    df3 = 2 * (f3 - y)
    df2 = df3 * w[3] * -np.sin(f2)
    df1 = df2 * w[2] * f1
    df0 = df1 * w[1] * np.cos(f0)
    db = np.array([df0, df1, df2, df3])
    dw = db * np.array([x, np.sin(f0), np.exp(f1), np.cos(f2)])
    return df3, df2, df1, df0, dw, db


@chain.misconception(
    "BP-43",
    "You took the slopes at the output of sin, exp and cos, not at their input.",
    "The slope of sin(f0) with respect to f0: at which number do you read it off?",
    see="computational_graph",
)
def _(x, y, w, b):
    f0 = b[0] + w[0] * x
    f1 = b[1] + w[1] * np.sin(f0)
    f2 = b[2] + w[2] * np.exp(f1)
    f3 = b[3] + w[3] * np.cos(f2)
    df3 = 2 * (f3 - y)
    df2 = df3 * w[3] * -np.sin(np.cos(f2))
    df1 = df2 * w[2] * np.exp(np.exp(f1))
    df0 = df1 * w[1] * np.cos(np.sin(f0))
    db = np.array([df0, df1, df2, df3])
    dw = db * np.array([x, np.sin(f0), np.exp(f1), np.cos(f2)])
    return df3, df2, df1, df0, dw, db


@chain.misconception(
    "BP-43",
    "The slopes of sin, exp and cos are all taken at x.",
    "By the time cos is reached, which number goes into it?",
    see="computational_graph",
)
def _(x, y, w, b):
    f0 = b[0] + w[0] * x
    f1 = b[1] + w[1] * np.sin(f0)
    f2 = b[2] + w[2] * np.exp(f1)
    f3 = b[3] + w[3] * np.cos(f2)
    df3 = 2 * (f3 - y)
    df2 = df3 * w[3] * -np.sin(x)
    df1 = df2 * w[2] * np.exp(x)
    df0 = df1 * w[1] * np.cos(x)
    db = np.array([df0, df1, df2, df3])
    dw = db * np.array([x, np.sin(f0), np.exp(f1), np.cos(f2)])
    return df3, df2, df1, df0, dw, db


@chain.misconception(
    "BP-28",
    "The slopes at the f are right; dw is that slope times the weight, not times what comes in.",
    "f1 = b + w h: if w grows by 1, by how much does f1 grow?",
    see="nudge",
)
def _(x, y, w, b):
    f0 = b[0] + w[0] * x
    f1 = b[1] + w[1] * np.sin(f0)
    f2 = b[2] + w[2] * np.exp(f1)
    f3 = b[3] + w[3] * np.cos(f2)
    df3 = 2 * (f3 - y)
    df2 = df3 * w[3] * -np.sin(f2)
    df1 = df2 * w[2] * np.exp(f1)
    df0 = df1 * w[1] * np.cos(f0)
    db = np.array([df0, df1, df2, df3])
    dw = db * w
    return df3, df2, df1, df0, dw, db


@chain.misconception(
    "BP-32",
    "The slopes at the f are right; for dw you took the f before sin, exp and cos.",
    "What does w[1] multiply: f0, or sin(f0)?",
    see="computational_graph",
)
def _(x, y, w, b):
    f0 = b[0] + w[0] * x
    f1 = b[1] + w[1] * np.sin(f0)
    f2 = b[2] + w[2] * np.exp(f1)
    f3 = b[3] + w[3] * np.cos(f2)
    df3 = 2 * (f3 - y)
    df2 = df3 * w[3] * -np.sin(f2)
    df1 = df2 * w[2] * np.exp(f1)
    df0 = df1 * w[1] * np.cos(f0)
    db = np.array([df0, df1, df2, df3])
    dw = db * np.array([x, f0, f1, f2])
    return df3, df2, df1, df0, dw, db


@chain.misconception(
    "BP-21",
    "All is right but db: you gave the biases slopes of 0.",
    "If b[3] grows by 1, by how much does f3 grow?",
    see="nudge",
)
def _(x, y, w, b):
    f0 = b[0] + w[0] * x
    f1 = b[1] + w[1] * np.sin(f0)
    f2 = b[2] + w[2] * np.exp(f1)
    f3 = b[3] + w[3] * np.cos(f2)
    df3 = 2 * (f3 - y)
    df2 = df3 * w[3] * -np.sin(f2)
    df1 = df2 * w[2] * np.exp(f1)
    df0 = df1 * w[1] * np.cos(f0)
    db = np.zeros(4)
    dw = np.array([df0, df1, df2, df3]) * np.array([x, np.sin(f0), np.exp(f1), np.cos(f2)])
    return df3, df2, df1, df0, dw, db


@chain.misconception(
    "BP-50",
    "All is right but db: each entry has its bias as a factor.",
    "If b[3] grows by 1, by how much does f3 grow?",
    see="nudge",
)
def _(x, y, w, b):
    f0 = b[0] + w[0] * x
    f1 = b[1] + w[1] * np.sin(f0)
    f2 = b[2] + w[2] * np.exp(f1)
    f3 = b[3] + w[3] * np.cos(f2)
    df3 = 2 * (f3 - y)
    df2 = df3 * w[3] * -np.sin(f2)
    df1 = df2 * w[2] * np.exp(f1)
    df0 = df1 * w[1] * np.cos(f0)
    db = np.array([df0, df1, df2, df3]) * b
    dw = np.array([df0, df1, df2, df3]) * np.array([x, np.sin(f0), np.exp(f1), np.cos(f2)])
    return df3, df2, df1, df0, dw, db


@chain.misconception(
    "BP-37",
    "You stopped after f3: everything before it got 0.",
    "If f0 changes, does E stay where it is?",
    see="computational_graph",
)
def _(x, y, w, b):
    f0 = b[0] + w[0] * x
    f1 = b[1] + w[1] * np.sin(f0)
    f2 = b[2] + w[2] * np.exp(f1)
    f3 = b[3] + w[3] * np.cos(f2)
    df3 = 2 * (f3 - y)
    df2 = 0.0
    df1 = 0.0
    df0 = 0.0
    db = np.array([df0, df1, df2, df3])
    dw = db * np.array([x, np.sin(f0), np.exp(f1), np.cos(f2)])
    return df3, df2, df1, df0, dw, db


# ---- 2.6 -----------------------------------------------------------------------------------------


@exercise(
    "2.6",
    points=3,
    title="The whole backward pass, for a batch",
    hints=(
        "Which of the six results can be computed first, and which one does every other one need?",
        "Run forward and keep a1 and a2. Put the 1/m of the mean into delta2, once. Then go "
        "through 2.2, 2.3 and 2.4 again, now with rows: gradients of the rows are added up.",
        "$\\delta^2 = \\frac{1}{m}(a^2 - y) \\odot a^2 \\odot (1 - a^2)$, "
        "$dW^2 = (\\delta^2)^\\top a^1$, $db^2$ = sum of $\\delta^2$ over its rows, "
        "$\\delta^1 = (\\delta^2 W^2) \\odot a^1 \\odot (1 - a^1)$; then $dW^1$ and $db^1$ alike.",
    ),
    outputs=("delta2", "dW2", "db2", "delta1", "dW1", "db1"),
)
def backward(x, y, W1, b1, W2, b2):
    """All gradients of two sigmoid layers; the loss is half the squared error,
    mean over rows.

    x : (m, n_0),  y : (m, n_2),  W1 : (n_1, n_0),  b1 : (n_1,),
    W2 : (n_2, n_1),  b2 : (n_2,)
    ->  delta2 : (m, n_2) the slope of the loss at z2,  dW2 and db2 shaped like W2 and b2,
        delta1 : (m, n_1) the slope at z1,  dW1 and db1 shaped like W1 and b1
    """
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


def _batch(rng, m, n_0, n_1, n_2, far=1.0):
    x, y = draw(rng, m, n_0), far * rng.integers(5, 96, (m, n_2)) / 100
    return x, y, draw(rng, n_1, n_0), draw(rng, n_1), draw(rng, n_2, n_1), draw(rng, n_2)


@backward.cases
def _(rng):
    cases = [_batch(rng, *sizes) for sizes in [(5, 3, 4, 2), (3, 3, 3, 3)]]
    for _, _, W1, b1, W2, b2 in cases:
        W1[0, 0] = b1[1] = W2[0, 1] = b2[0] = 0.0  # a weight of 0 has a gradient like any other
    return cases


@backward.far
def _(rng):
    return [_batch(rng, 3, 2, 4, 2, far=FAR)]


@backward.equivalent
def _(x, y, W1, b1, W2, b2):
    z1 = np.einsum("mi,ji->mj", x, W1) + b1
    z2 = np.einsum("mi,ji->mj", sigmoid(z1), W2) + b2
    slope = [sigmoid(z) * sigmoid(-z) for z in (z1, z2)]
    delta2 = np.einsum("mj,mj->mj", sigmoid(z2) - y, slope[1]) / x.shape[0]
    delta1 = np.einsum("mj,ji,mi->mi", delta2, W2, slope[0])
    dW2, dW1 = np.einsum("mj,mi->ji", delta2, sigmoid(z1)), np.einsum("mj,mi->ji", delta1, x)
    return delta2, dW2, np.einsum("mj->j", delta2), delta1, dW1, np.einsum("mj->j", delta1)


@backward.equivalent
def _(x, y, W1, b1, W2, b2):
    m = len(x)
    dW1, db1, dW2, db2 = (np.zeros_like(w) for w in (W1, b1, W2, b2))
    deltas1, deltas2 = [], []
    for sample, target in zip(x, y, strict=True):
        a1 = sigmoid(W1 @ sample + b1)
        a2 = sigmoid(W2 @ a1 + b2)
        deltas2.append((a2 - target) * a2 * (1 - a2) / m)
        deltas1.append(W2.T @ deltas2[-1] * a1 * (1 - a1))
        dW2 += np.outer(deltas2[-1], a1)
        db2 += deltas2[-1]
        dW1 += np.outer(deltas1[-1], sample)
        db1 += deltas1[-1]
    return np.array(deltas2), dW2, db2, np.array(deltas1), dW1, db1


@backward.equivalent
def _(x, y, W1, b1, W2, b2):
    a1 = 1 / (1 + np.exp(-(W1 @ x.T + b1[:, None])))
    a2 = 1 / (1 + np.exp(-(W2 @ a1 + b2[:, None])))
    delta2 = (a2 - y.T) * (a2 - a2 * a2)
    delta1 = W2.T @ delta2 * (a1 - a1 * a1)
    m = x.shape[0]
    dW2, dW1 = delta2 @ a1.T / m, delta1 @ x / m
    return delta2.T / m, dW2, delta2.mean(axis=1), delta1.T / m, dW1, delta1.mean(axis=1)


ASK = {
    "BP-01": "An output is too large. Does the loss grow or shrink when its z grows?",
    "BP-02": "What is the slope of ½(a − y)², with its ½?",
    "BP-03": "What should delta2 be for an output neuron whose sigmoid is flat?",
    "BP-04": "From a1 back to z1: which factor does this last step have?",
    "BP-05": "Which letter does your formula of the slope want, and which one has it got?",
    "BP-06": "Can the slope of a sigmoid be negative?",
    "BP-07": "How steep is the sigmoid where a is nearly 1?",
    "BP-08": "Which activation do these neurons have?",
    "BP-09": "Column i of W2 leaves hidden neuron i. Which axis of W2 must meet delta2?",
    "BP-10": "Could you compute W2 − dW2 with this shape?",
    "BP-11": "Each neuron has its own slope. Which operator keeps them apart?",
    "BP-12": "Over which index are the ways back added up?",
    "BP-13": "z2 = a1 W2ᵀ + b2: if a1 grows, by which factor does z2 grow?",
    "BP-14": "Should the gradient double when every row of the batch comes twice?",
    "BP-15": "How often does the loss divide by m?",
    "BP-16": "delta1 is made from delta2, which has its 1/m already. How often is that now?",
    "BP-17": "Over which axis is this loss a mean, and over which is it a sum?",
    "BP-18": "A bias serves all rows. What happens to slopes where a number is used m times?",
    "BP-19": "Does db have one entry per sample, or one per neuron?",
    "BP-20": "How many biases does a layer have?",
    "BP-21": "If a bias grows by 1, does z stay where it is?",
    "BP-22": "Was the loss computed with the old W2 or with the new one?",
    "BP-23": "All rows use the same weights. What happens to slopes at a fork?",
    "BP-25": "How many ways lead from one hidden neuron to the loss?",
    "BP-26": "At a fork slopes are added. Is anything divided?",
    "BP-27": "A hidden neuron pushes an output down, and it is too low. Is that neuron too strong?",
    "BP-28": "z = W a + b: if a weight grows by 1, by how much does z grow?",
    "BP-30": "If all targets were met exactly, what should go back?",
    "BP-31": "Which do the slopes of two steps in a row do: add, or multiply?",
    "BP-32": "What does the weight multiply: z of the neuron before, or its a?",
    "BP-36": "The learning rate and the minus: do they belong to the gradient, or to the update?",
    "BP-37": "If W1 changes, do the outputs stay as they are?",
    "BP-44": "Which later line still needs the array you write into?",
    "BP-45": "How steep is the sigmoid where a is nearly 0?",
    "BP-46": "How should the network tell too high from too low?",
    "BP-47": "What is the slope of ½(a − y)²?",
    "BP-48": "The way back to the hidden layer starts at z2. Which steps lead from the loss to z2?",
    "BP-49": "Should a neuron with a weight of 0.01 get as much blame as one with a weight of 2?",
    "BP-50": "If a bias grows by 1, by how much does z grow?",
    "BP-51": "delta holds 1/m already. Does a bias get a second one?",
    "BP-52": "What is asked for: new weights, or the direction in which they should change?",
    "BP-53": "Does a slope depend on the length of the step you will take?",
    "BP-54": "If all weights of a row doubled, would the output feel a nudge of a1 twice as much?",
}

for _bug in bugs.BUGS:
    backward.misconception(_bug.id, _bug.text, ASK[_bug.id], see="bug_zoo")(_bug.f)


@backward.misconception(
    "BP-22",
    "W2 has already taken its step (of 0.1) when the error goes back through it.",
    ASK["BP-22"],
    see="bug_zoo",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    W2 = W2 - 0.1 * dW2
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@backward.misconception(
    "BP-29",
    "Where a weight or a bias is 0, you made its gradient 0 too.",
    "Nudge a weight of 0 to 0.1. Does z stay where it is?",
    see="nudge",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW2 = np.where(W2 == 0, 0, delta2.T @ a1)
    db2 = np.where(b2 == 0, 0, delta2.sum(axis=0))
    dW1 = np.where(W1 == 0, 0, delta1.T @ x)
    db1 = np.where(b1 == 0, 0, delta1.sum(axis=0))
    return delta2, dW2, db2, delta1, dW1, db1


@backward.misconception(
    "BP-57",
    "dW1 was made with a1, the hidden layer's own output, instead of its input x.",
    "A weight stands between two neurons. Whose a does it multiply?",
    see="mazur_backward",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2) / len(x)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ a1
    db1 = delta1.sum(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


@backward.misconception(
    "BP-59",
    "Every dW and db is right. Only your deltas are m times those asked for: your 1/m comes later.",
    "delta is the slope of the mean. Where must its 1/m stand, so that all that follows has it?",
    see="mazur_backward",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    dW2 = delta2.T @ a1 / len(x)
    db2 = delta2.mean(axis=0)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    dW1 = delta1.T @ x / len(x)
    db1 = delta1.mean(axis=0)
    return delta2, dW2, db2, delta1, dW1, db1


# ---- 2.7 -----------------------------------------------------------------------------------------


@exercise(
    "2.7",
    points=2,
    title="Softmax with cross-entropy, in one line",
    hints=(
        "The probability of the true class is 0.9. Should its z grow or shrink, and by much?",
        "Nearly everything cancels: no slope of the softmax is left over. Remember what lesson 1 "
        "did against overflow, and what the mean over rows does to each row.",
        "$\\delta = \\frac{1}{m}(p - y)$ with $p$ = softmax of each row of $z$",
    ),
    outputs=("delta",),
)
def softmax_delta(z, y):
    """The slope at z of the mean over rows of -sum_j y_j ln p_j, where p = softmax(z).

    z : (m, n), any size of number,  y : (m, n), 1 at the true class, else 0
    ->  delta : (m, n)
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True) - y) / len(z)


@softmax_delta.cases
def _(rng):
    return [_classes(rng, *sizes) for sizes in [(5, 3), (2, 4), (3, 3)]]


def _classes(rng, m, n):
    return draw(rng, m, n, largest=2.5), np.eye(n)[rng.integers(n, size=m)]


@softmax_delta.far
def _(rng):
    size = rng.choice(np.arange(20, 151), (4, 3), replace=False)  # no two are equal: their halves
    z = FAR / 100 * size * rng.choice([-1, 1], (4, 3))  # would get lost in a log of the sum
    right = np.where(rng.permutation(4) < 2, z.argmax(axis=1), z.argmin(axis=1))
    return [(z, np.eye(3)[right])]


@softmax_delta.equivalent
def _(z, y):
    p = np.exp(z - np.logaddexp.reduce(z, axis=1, keepdims=True))
    return (p - y) / z.shape[0]


@softmax_delta.equivalent
def _(z, y):
    delta = np.exp(z - z.max(axis=1, keepdims=True))
    delta /= delta.sum(axis=1, keepdims=True)
    delta[np.arange(len(z)), y.argmax(axis=1)] -= 1
    return delta / len(z)


@softmax_delta.misconception(
    "BP-01",
    "You took y − p: the sign is turned.",
    "The true class has too little probability. Does the loss grow or shrink when its z grows?",
    see="nudge",
)
def _(z, y):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return (y - p) / len(z)


@softmax_delta.misconception(
    "BP-14",
    "The mean is missing: your delta is m times the right one.",
    "Should the gradient of a row be the same when the batch is twice as long?",
    see="gradient_check",
)
def _(z, y):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p - y


@softmax_delta.misconception(
    "BP-17",
    "You divided by all entries, not by the rows only.",
    "How many samples are there: as many as rows, or as many as numbers?",
    see="gradient_check",
)
def _(z, y):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return (p - y) / z.size


@softmax_delta.misconception(
    "BP-02",
    "Your delta is twice the right one.",
    "There is no square in the cross-entropy. Where could a 2 come from?",
    see="gradient_check",
)
def _(z, y):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return 2 * (p - y) / len(z)


@softmax_delta.misconception(
    "BP-33",
    "You multiplied by p(1 − p) as well. That slope is already inside p − y.",
    "Which slope has cancelled when the logarithm met the softmax?",
    see="gradient_check",
)
def _(z, y):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return (p - y) * p * (1 - p) / len(z)


@softmax_delta.misconception(
    "BP-34",
    "Only z of the true class gets a delta, as if each p had only its own z.",
    "When another z grows, what happens to the p of the true class?",
    see="gradient_check",
)
def _(z, y):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -y * (1 - p) / len(z)


@softmax_delta.misconception(
    "BP-35",
    "This is −y/p, the slope at p. From p back to z one step is missing.",
    "The slope is asked for at z. How do the p depend on the z?",
    see="gradient_check",
)
def _(z, y):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -y / p / len(z)


@softmax_delta.misconception(
    "BP-61",
    "These are the probabilities over m: the target is not in them.",
    "What should delta be when p is exactly y?",
    see="gradient_check",
)
def _(z, y):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p / len(z)


@softmax_delta.misconception(
    "BP-46",
    "The difference lost its sign, so every z would be pushed the same way.",
    "Which z should grow, and which should shrink?",
    see="gradient_check",
)
def _(z, y):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return np.abs(p - y) / len(z)


@softmax_delta.misconception(
    "BP-62",
    "You squashed each z on its own with a sigmoid; the rows do not sum to 1.",
    "Which function makes probabilities that share one whole?",
    see="softmax_lab",
)
def _(z, y):
    return (sigmoid(z) - y) / len(z)


@softmax_delta.misconception(
    "FF-11",
    "The softmax ran down the columns: it compares samples instead of classes.",
    "Which sums must be 1?",
    see="softmax_lab",
)
def _(z, y):
    e = np.exp(z - z.max(axis=0))
    return (e / e.sum(axis=0) - y) / len(z)


@softmax_delta.misconception(
    "FF-12",
    "You divided by the sum of the whole batch, so no row sums to 1.",
    "Which sums must be 1?",
    see="softmax_lab",
)
def _(z, y):
    e = np.exp(z - z.max())
    return (e / e.sum() - y) / len(z)


@softmax_delta.misconception(
    "FF-13",
    "Right for small z, but exp overflows for large ones.",
    "Which number may you subtract from a whole row without changing its softmax?",
    see="softmax_lab",
)
def _(z, y):
    e = np.exp(z)
    return (e / e.sum(axis=1, keepdims=True) - y) / len(z)


# ---- 2.8 -----------------------------------------------------------------------------------------


@exercise(
    "2.8",
    points=2,
    title="A gradient check",
    hints=(
        "How can you measure the slope of a function at one place, with nothing but its values?",
        "One entry of w at a time: a little to the right, a little to the left, and all others "
        "stay. Work on a copy. The error compares the largest difference with the largest sizes.",
        "$\\frac{f(w + h) - f(w - h)}{2h}$ for each entry, and "
        "$\\frac{\\max|p - q|}{\\max|p| + \\max|q|}$",
    ),
    outputs=("numeric", "error"),
)
def numerical_gradient(f, w, h, grad):
    """The gradient of f at w by central differences,
    and the relative error of grad against it.

    f : a function of w that gives a number,  w : (n,) or (n, k),  h : how far to nudge
    grad : shaped like w, somebody's gradient, perhaps wrong
    ->  numeric : shaped like w,  error : max|numeric - grad| / (max|numeric| + max|grad|)
    """
    numeric = np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[i] += h
        down[i] -= h
        numeric[i] = (f(up) - f(down)) / (2 * h)
    error = np.max(np.abs(numeric - grad)) / (np.max(np.abs(numeric)) + np.max(np.abs(grad)))
    return numeric, error


@numerical_gradient.cases
def _(rng):
    return [
        (toys.cubes, draw(rng, 3), 0.1, draw(rng, 3)),
        (toys.hills, draw(rng, 4), 0.25, draw(rng, 4)),
        (toys.cubes, draw(rng, 2, 3), 0.05, 9 + draw(rng, 2, 3)),  # every difference is below 0
        (toys.hills, draw(rng, 2, 2), 0.2, draw(rng, 2, 2)),
    ]


@numerical_gradient.equivalent
def _(f, w, h, grad):
    nudges = np.eye(w.size).reshape(w.size, *w.shape) * h
    numeric = np.reshape([(f(w + e) - f(w - e)) / h / 2 for e in nudges], w.shape)
    size = np.abs(numeric).max() + np.abs(grad).max()
    return numeric, np.abs(grad - numeric).max() / size


@numerical_gradient.equivalent
def _(f, w, h, grad):
    numeric, p = np.empty_like(w), w.copy()
    for i in np.ndindex(*p.shape):
        keep = p[i]
        p[i] = keep + h
        above = f(p)
        p[i] = keep - h
        numeric[i] = (above - f(p)) / (2 * h)
        p[i] = keep
    error = np.linalg.norm(np.ravel(numeric - grad), np.inf)
    return numeric, error / (abs(numeric).max() + abs(grad).max())


@numerical_gradient.equivalent
def _(f, w, h, grad):
    flat, slopes = [float(v) for v in np.ravel(w)], []
    for i in range(len(flat)):
        up, down = flat.copy(), flat.copy()
        up[i], down[i] = up[i] + h, down[i] - h
        rise = f(np.array(up).reshape(w.shape)) - f(np.array(down).reshape(w.shape))
        slopes.append(rise / (2 * h))
    numeric = np.array(slopes).reshape(w.shape)
    return numeric, np.max(np.abs(numeric - grad)) / (
        np.max(np.abs(numeric)) + np.max(np.abs(grad))
    )


@numerical_gradient.misconception(
    "BP-38",
    "You nudged to the right only. With the same h, both sides together are far more exact.",
    "The bend of f pulls a one-sided slope to one side. What does the other side do to it?",
    see="gradient_check",
)
def _(f, w, h, grad):
    numeric = np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[i] += h
        down[i] -= h
        numeric[i] = (f(up) - f(w)) / h
    error = np.max(np.abs(numeric - grad)) / (np.max(np.abs(numeric)) + np.max(np.abs(grad)))
    return numeric, error


@numerical_gradient.misconception(
    "BP-38",
    "You nudged to the left only. With the same h, both sides together are far more exact.",
    "The bend of f pulls a one-sided slope to one side. What does the other side do to it?",
    see="gradient_check",
)
def _(f, w, h, grad):
    numeric = np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[i] += h
        down[i] -= h
        numeric[i] = (f(w) - f(down)) / h
    error = np.max(np.abs(numeric - grad)) / (np.max(np.abs(numeric)) + np.max(np.abs(grad)))
    return numeric, error


@numerical_gradient.misconception(
    "BP-02",
    "Your slopes are twice the right ones.",
    "From w − h to w + h: how far is that?",
    see="gradient_check",
)
def _(f, w, h, grad):
    numeric = np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[i] += h
        down[i] -= h
        numeric[i] = (f(up) - f(down)) / h
    error = np.max(np.abs(numeric - grad)) / (np.max(np.abs(numeric)) + np.max(np.abs(grad)))
    return numeric, error


@numerical_gradient.misconception(
    "BP-01",
    "Your slopes have the wrong sign.",
    "Which comes first: the value further up, or the one further down?",
    see="gradient_check",
)
def _(f, w, h, grad):
    numeric = np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[i] += h
        down[i] -= h
        numeric[i] = (f(down) - f(up)) / (2 * h)
    error = np.max(np.abs(numeric - grad)) / (np.max(np.abs(numeric)) + np.max(np.abs(grad)))
    return numeric, error


@numerical_gradient.misconception(
    "BP-39",
    "A nudged entry was not put back, so each next slope is measured somewhere else.",
    "When you come to the second entry of w, where is the first one?",
    see="gradient_check",
)
def _(f, w, h, grad):
    numeric, p = np.zeros(w.shape), w.copy()
    for i in np.ndindex(w.shape):
        p[i] += h
        above = f(p)
        p[i] -= 2 * h
        numeric[i] = (above - f(p)) / (2 * h)
    error = np.max(np.abs(numeric - grad)) / (np.max(np.abs(numeric)) + np.max(np.abs(grad)))
    return numeric, error


@numerical_gradient.misconception(
    "BP-39",
    "You nudged the caller's own w and did not put it back.",
    "When your function has ended, what is in w?",
    see="gradient_check",
)
def _(f, w, h, grad):
    numeric = np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        w[i] += h
        above = f(w)
        w[i] -= 2 * h
        numeric[i] = (above - f(w)) / (2 * h)
    error = np.max(np.abs(numeric - grad)) / (np.max(np.abs(numeric)) + np.max(np.abs(grad)))
    return numeric, error


@numerical_gradient.misconception(
    "BP-63",
    "You nudged all entries at once, so every slope is the sum of all.",
    "Which slope do you measure when only one entry moves?",
    see="nudge",
)
def _(f, w, h, grad):
    numeric = np.full(w.shape, (f(w + h) - f(w - h)) / (2 * h))
    error = np.max(np.abs(numeric - grad)) / (np.max(np.abs(numeric)) + np.max(np.abs(grad)))
    return numeric, error


@numerical_gradient.misconception(
    "BP-64",
    "Right for a vector; of a matrix you nudged whole rows.",
    "How many weights has a (2, 3) matrix, and how many nudges did you make?",
    see="gradient_check",
)
def _(f, w, h, grad):
    numeric = np.zeros(w.shape)
    for i in range(len(w)):
        up, down = w.copy(), w.copy()
        up[i] += h
        down[i] -= h
        numeric[i] = (f(up) - f(down)) / (2 * h)
    error = np.max(np.abs(numeric - grad)) / (np.max(np.abs(numeric)) + np.max(np.abs(grad)))
    return numeric, error


@numerical_gradient.misconception(
    "BP-65",
    "The slopes are right; your error is the plain difference, compared with nothing.",
    "Is a difference of 0.001 large, if the gradient is 0.002? And if it is 5000?",
    see="gradient_check",
)
def _(f, w, h, grad):
    numeric = np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[i] += h
        down[i] -= h
        numeric[i] = (f(up) - f(down)) / (2 * h)
    error = np.max(np.abs(numeric - grad))
    return numeric, error


@numerical_gradient.misconception(
    "BP-66",
    "The slopes are right; in your error large differences below 0 do not count.",
    "Which two bars are missing around the difference?",
    see="gradient_check",
)
def _(f, w, h, grad):
    numeric = np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[i] += h
        down[i] -= h
        numeric[i] = (f(up) - f(down)) / (2 * h)
    error = np.max(numeric - grad) / (np.max(np.abs(numeric)) + np.max(np.abs(grad)))
    return numeric, error


@numerical_gradient.misconception(
    "BP-67",
    "The slopes are right; you returned the cosine. It does not see a wrong length.",
    "What is the cosine of a gradient and twice that gradient?",
    see="bug_zoo",
)
def _(f, w, h, grad):
    numeric = np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[i] += h
        down[i] -= h
        numeric[i] = (f(up) - f(down)) / (2 * h)
    error = np.sum(numeric * grad) / np.sqrt(np.sum(numeric**2) * np.sum(grad**2))
    return numeric, error


# ---- 2.9 -----------------------------------------------------------------------------------------


def _both(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = delta2 @ W2
    return delta2, delta2.T @ a1, delta2.sum(axis=0), delta1, delta1.T @ x, delta1.sum(axis=0)


SUSPECTS = {bug.id: (bug.text, bug.f) for bug in bugs.BUGS}
SUSPECTS["both"] = (f"{SUSPECTS['BP-14'][0]} And: {SUSPECTS['BP-04'][0]}", _both)
HALF = (("both", "BP-14"), ("both", "BP-04"))  # one of two mistakes is found, the other is not
NAMES = ("dW2", "db2", "dW1", "db1")


def _thousands(f):
    """The gradients that f gives on the fixture, times 1000, with two decimals."""
    _, dW2, db2, _, dW1, db1 = f(*bugs.fixture())
    return {n: np.round(1000 * g, 2) for n, g in zip(NAMES, (dW2, db2, dW1, db1), strict=True)}


def _item(culprit, *suspects):
    """The arrays of one wrong pass; the right letter, and what speaks against each other one."""
    shown = _thousands(SUSPECTS[culprit][1])
    prompt = "\n".join(
        f"{n} = {np.array2string(g, separator=', ', prefix=f'{n} = ')}" for n, g in shown.items()
    )
    named = dict(zip("ABCD", suspects, strict=True))
    right = next(letter for letter, id in named.items() if id == culprit)
    options = {letter: SUSPECTS[id][0] for letter, id in named.items()}
    wrong = {
        letter: ("BP-41" if (culprit, id) in HALF else "BP-60", *_against(id, shown))
        for letter, id in named.items()
        if id != culprit
    }
    return Item(f"Times 1000:\n{prompt}", options, right, wrong)


def _against(id, shown):
    """Where a suspicion leads to other numbers than those shown."""
    found = _thousands(SUSPECTS[id][1])
    fits = [n for n, g in shown.items() if np.array_equal(g, found[n])]
    name = next(n for n in shown if n not in fits)
    gap = np.abs(found[name] - shown[name])
    at = np.unravel_index(np.argmax(gap), gap.shape)
    place = f"{name}[{', '.join(map(str, at))}]"
    clue = f"it makes {place} {found[name][at]:.2f}, and {shown[name][at]:.2f} stands there."
    if fits:
        text = f"This explains {' and '.join(fits)}, but not all: {clue}"
        return text, "What else must be wrong, or which other mistake explains it all?"
    return f"This does not fit: {clue}", "Which is the first wrong array on the way back?"


bug_hunt = choice(
    "2.9",
    points=1,
    title="Bonus: a bug hunt",
    hints=(
        "Which array is the first wrong one on the way back: dW2, db2, dW1 or db1?",
        "Divide the wrong array by the right one, entry by entry. One ratio everywhere, one ratio "
        "for each row, or no pattern at all: each points at another place.",
        "A factor lost at the output is in all four arrays, one lost at the hidden layer only in "
        "dW1 and db1. One of the six has both.",
    ),
    name="culprits",
    items=[
        _item("BP-04", "BP-03", "BP-16", "BP-04", "BP-27"),
        _item("BP-15", "BP-15", "BP-14", "BP-16", "BP-17"),
        _item("BP-28", "BP-32", "BP-13", "BP-50", "BP-28"),
        _item("BP-25", "BP-26", "BP-25", "BP-49", "BP-37"),
        _item("BP-23", "BP-14", "BP-51", "BP-15", "BP-23"),
        _item("both", "BP-14", "BP-04", "both", "BP-03"),
    ],
    see="bug_zoo",
)


# ---- 2.10 ----------------------------------------------------------------------------------------


@exercise(
    "2.10",
    points=2,
    title="Bonus: numbers that remember their way",
    hints=(
        "A number is used in two places. What does its grad have to do with the two slopes?",
        "Let each new Value remember, for each Value it was made of, the local slope. Going back, "
        "a Value hands its slope times the local slope to each of them.",
        "$\\frac{\\partial (ab)}{\\partial a} = b$, $\\frac{d e^a}{da} = e^a$; and at a fork "
        "`grad += ...`, never `grad = ...`.",
    ),
    outputs=("data", "grads"),
    via=toys.slopes,
    stub="""
def __init__(self, data, made_of=()):
    self.data = data
    self.grad = 0.0
    self.made_of = made_of  # for example pairs: a Value, and the local slope with respect to it

def __add__(self, other):
    raise NotImplementedError("2.10: a new Value, which remembers self and other.")

def __mul__(self, other):
    raise NotImplementedError("2.10: a new Value, which remembers self and other.")

def exp(self):
    raise NotImplementedError("2.10: a new Value, which remembers self.")

def backward(self):
    raise NotImplementedError("2.10: bring the slope 1 back to everything this was made of.")""",
)
class Value:
    """A number with data and grad.  a + b, a * b and a.exp() are new Values.

    v.backward() gives every Value a that v was made of its slope: a.grad becomes dv/da.
    """

    def __init__(self, data, made_of=()):
        self.data = data
        self.grad = 0.0
        self.made_of = made_of

    def __add__(self, other):
        return type(self)(self.data + other.data, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        return type(self)(self.data * other.data, [(self, other.data), (other, self.data)])

    def exp(self):
        e = np.exp(self.data)
        return type(self)(e, [(self, e)])

    def backward(self, slope=1.0):
        self.grad += slope
        for value, local in self.made_of:
            value.backward(slope * local)


@Value.cases
def _(rng):
    return [(f, draw(rng, 3)) for f in (toys.line, toys.fork, toys.diamond)]


@Value.far
def _(rng):
    return [(toys.fork, 1e9 * draw(rng, 3))]


@Value.equivalent
class _Topological:
    def __init__(self, data, parents=(), step=lambda grad: None):
        self.data, self.grad, self.parents, self.step = data, 0.0, parents, step

    def __add__(self, other):
        def step(grad):
            self.grad += grad
            other.grad += grad

        return type(self)(self.data + other.data, (self, other), step)

    def __mul__(self, other):
        def step(grad):
            self.grad += grad * other.data
            other.grad += grad * self.data

        return type(self)(self.data * other.data, (self, other), step)

    def exp(self):
        result = type(self)(np.exp(self.data), (self,))

        def step(grad):
            self.grad += grad * result.data

        result.step = step
        return result

    def backward(self):
        order, seen = [], set()

        def visit(value):
            if value not in seen:
                seen.add(value)
                for parent in value.parents:
                    visit(parent)
                order.append(value)

        visit(self)
        self.grad = 1.0
        for value in reversed(order):
            value.step(value.grad)


@Value.misconception(
    "BP-23",
    "A Value used twice keeps only the slope of one way: the other was written over.",
    "What happens to slopes where a number is used in two places?",
    see="computational_graph",
)
class _Overwrites:
    def __init__(self, data, made_of=()):
        self.data = data
        self.grad = 0.0
        self.made_of = made_of

    def __add__(self, other):
        return type(self)(self.data + other.data, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        return type(self)(self.data * other.data, [(self, other.data), (other, self.data)])

    def exp(self):
        e = np.exp(self.data)
        return type(self)(e, [(self, e)])

    def backward(self, slope=1.0):
        self.grad = slope
        for value, local in self.made_of:
            value.backward(slope * local)


@Value.misconception(
    "BP-24",
    "On each way back you handed on all the grad collected so far: the first way counts twice.",
    "When a Value hands on its grad before all ways have arrived, what is handed on again later?",
    see="computational_graph",
)
class _HandsOnAll:
    def __init__(self, data, made_of=()):
        self.data = data
        self.grad = 0.0
        self.made_of = made_of

    def __add__(self, other):
        return type(self)(self.data + other.data, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        return type(self)(self.data * other.data, [(self, other.data), (other, self.data)])

    def exp(self):
        e = np.exp(self.data)
        return type(self)(e, [(self, e)])

    def backward(self, slope=1.0):
        self.grad += slope
        for value, local in self.made_of:
            value.backward(self.grad * local)


@Value.misconception(
    "BP-42",
    "exp is not differentiated: its local slope is not the number it was made from.",
    "How steep is exp at 0?",
    see="computational_graph",
)
class _ExpUnchanged:
    def __init__(self, data, made_of=()):
        self.data = data
        self.grad = 0.0
        self.made_of = made_of

    def __add__(self, other):
        return type(self)(self.data + other.data, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        return type(self)(self.data * other.data, [(self, other.data), (other, self.data)])

    def exp(self):
        e = np.exp(self.data)
        return type(self)(e, [(self, self.data)])

    def backward(self, slope=1.0):
        self.grad += slope
        for value, local in self.made_of:
            value.backward(slope * local)


@Value.misconception(
    "BP-28",
    "In a product, each factor got its own number as local slope.",
    "c = a b: if a grows by 1, by how much does c grow?",
    see="nudge",
)
class _OwnFactor:
    def __init__(self, data, made_of=()):
        self.data = data
        self.grad = 0.0
        self.made_of = made_of

    def __add__(self, other):
        return type(self)(self.data + other.data, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        return type(self)(self.data * other.data, [(self, self.data), (other, other.data)])

    def exp(self):
        e = np.exp(self.data)
        return type(self)(e, [(self, e)])

    def backward(self, slope=1.0):
        self.grad += slope
        for value, local in self.made_of:
            value.backward(slope * local)


@Value.misconception(
    "BP-31",
    "On the way back the local slopes are added, not multiplied.",
    "Which do the slopes of two steps in a row do: add, or multiply?",
    see="computational_graph",
)
class _AddsSlopes:
    def __init__(self, data, made_of=()):
        self.data = data
        self.grad = 0.0
        self.made_of = made_of

    def __add__(self, other):
        return type(self)(self.data + other.data, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        return type(self)(self.data * other.data, [(self, other.data), (other, self.data)])

    def exp(self):
        e = np.exp(self.data)
        return type(self)(e, [(self, e)])

    def backward(self, slope=1.0):
        self.grad += slope
        for value, local in self.made_of:
            value.backward(slope + local)


@Value.misconception(
    "BP-37",
    "Only the Values right before the end got a slope: each must hand it on.",
    "Who tells the Values further back?",
    see="computational_graph",
)
class _OneStep:
    def __init__(self, data, made_of=()):
        self.data = data
        self.grad = 0.0
        self.made_of = made_of

    def __add__(self, other):
        return type(self)(self.data + other.data, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        return type(self)(self.data * other.data, [(self, other.data), (other, self.data)])

    def exp(self):
        e = np.exp(self.data)
        return type(self)(e, [(self, e)])

    def backward(self):
        self.grad = 1.0
        for value, local in self.made_of:
            value.grad += local


@Value.misconception(
    "BP-49",
    "The local slopes of a product are missing: each factor got the whole slope.",
    "c = a b: if a grows by 1, by how much does c grow?",
    see="nudge",
)
class _NoFactor:
    def __init__(self, data, made_of=()):
        self.data = data
        self.grad = 0.0
        self.made_of = made_of

    def __add__(self, other):
        return type(self)(self.data + other.data, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        return type(self)(self.data * other.data, [(self, 1.0), (other, 1.0)])

    def exp(self):
        e = np.exp(self.data)
        return type(self)(e, [(self, e)])

    def backward(self, slope=1.0):
        self.grad += slope
        for value, local in self.made_of:
            value.backward(slope * local)


@Value.misconception(
    "BP-01",
    "All slopes have the wrong sign: the end starts with −1.",
    "If v grows by 1, by how much does v itself grow?",
    see="computational_graph",
)
class _Minus:
    def __init__(self, data, made_of=()):
        self.data = data
        self.grad = 0.0
        self.made_of = made_of

    def __add__(self, other):
        return type(self)(self.data + other.data, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        return type(self)(self.data * other.data, [(self, other.data), (other, self.data)])

    def exp(self):
        e = np.exp(self.data)
        return type(self)(e, [(self, e)])

    def backward(self, slope=-1.0):
        self.grad += slope
        for value, local in self.made_of:
            value.backward(slope * local)
