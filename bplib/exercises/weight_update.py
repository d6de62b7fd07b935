"""Exercises 3.1 to 3.8: the weight update.

Learning rates are far from 1, from each other and from 1/n, and state is never 0 where an answer
could ignore it, so that no two mistakes give the same numbers.
"""

import numpy as np

from bplib.activations import SIGMOID, sigmoid
from bplib.datasets import mazur
from bplib.exercises.core import draw, draw_network, exercise
from bplib.losses import MSE
from bplib.network import Layer, Network
from bplib.optimisers import SGD, Adam, Momentum

RATES = (0.07, 0.13, 0.3, 0.7)


def _rate(rng):
    return float(rng.choice(RATES))


def _network(x, y, W1, b1, W2, b2):
    """The two layers of an exercise as our own Network, with its gradients for one sample."""
    net = Network([Layer(W1.copy(), b1.copy(), SIGMOID), Layer(W2.copy(), b2.copy(), SIGMOID)], MSE)
    return net, net.backward(net.forward(x[None]), y[None])


def _mazur_error(biases):
    """Mazur's error after one right step, all from the old values, with or without the biases."""
    d = mazur()
    net, grads = _network(d.x[0], d.y[0], d.W1, d.b1, d.W2, d.b2)
    layers = zip(net.layers, grads.dW, grads.db, strict=True)
    for layer, dW, db in layers:
        SGD(0.5).step([layer.W, layer.b], [dW, biases * db])
    return MSE.value(net.forward(d.x).a[-1], d.y)


# ---- 3.1 -----------------------------------------------------------------------------------------


@exercise(
    "3.1",
    points=1,
    title="One step downhill",
    hints=(
        "The slope of the error is positive: the error grows with w. Must w grow or shrink?",
        "Start at the old weights. The learning rate says which part of the gradient is the step, "
        "and the sign of the step is the opposite of the slope.",
        "$w \\leftarrow w - \\eta \\, \\frac{\\partial E}{\\partial w}$",
    ),
    outputs=("w",),
)
def step(w, dw, lr):
    """The new weights after one step of gradient descent.

    w : (n,) weights,  dw : (n,) gradient of the error,
    lr : learning rate, one number  ->  (n,)
    """
    return w - lr * dw


@step.cases
def _(rng):
    return [(draw(rng, n), draw(rng, n, largest=2.5), _rate(rng)) for n in (2, 3, 5)]


@step.equivalent
def _(w, dw, lr):
    return np.array([w_k - lr * dw_k for w_k, dw_k in zip(w, dw, strict=True)])


@step.equivalent
def _(w, dw, lr):
    new = w.copy()
    new += -lr * dw
    return new


@step.library
def _(w, dw, lr):
    new = w.copy()
    SGD(lr).step([new], [dw])
    return new


@step.misconception(
    "WU-02",
    "Your weights climb: you added the gradient.",
    "The gradient points to where the error grows. Do you want to go there?",
    see="ball_on_a_bowl",
)
def _(w, dw, lr):
    return w + lr * dw


@step.misconception(
    "WU-03",
    "The learning rate is missing: you subtracted the whole gradient.",
    "What should happen to your step when lr becomes ten times smaller?",
    see="ball_on_a_bowl",
)
def _(w, dw, lr):
    return w - dw


@step.misconception(
    "WU-03",
    "The learning rate is in your step twice.",
    "What should happen to a step when lr becomes ten times smaller, and what happens to yours?",
    see="ball_on_a_bowl",
)
def _(w, dw, lr):
    return w - lr * lr * dw


@step.misconception(
    "WU-04",
    "You returned the step alone: the old weights are not in it.",
    "A step begins somewhere. Where does yours begin?",
    see="ball_on_a_bowl",
)
def _(w, dw, lr):
    return -lr * dw


@step.misconception(
    "WU-04",
    "You returned what must be taken away, not what is left of the weights.",
    "The gradient is 0 at the bottom of the bowl. Which weights should come back then?",
    see="ball_on_a_bowl",
)
def _(w, dw, lr):
    return lr * dw


@step.misconception(
    "WU-05",
    "You multiplied each weight by a factor instead of adding a step to it.",
    "How far does your rule move a weight that is 0?",
    see="ball_on_a_bowl",
)
def _(w, dw, lr):
    return w * (1 - lr * dw)


@step.misconception(
    "WU-08",
    "Your step is always exactly lr long: the gradient was divided by its length.",
    "How long should a step be near the bottom, where the slope is almost 0?",
    see="ball_on_a_bowl",
)
def _(w, dw, lr):
    return w - lr * dw / np.linalg.norm(dw)


@step.misconception(
    "WU-08",
    "Every weight moved by exactly lr: you used only the sign of its slope.",
    "Should a weight on a steep slope move as far as one on a gentle slope?",
    see="ball_on_a_bowl",
)
def _(w, dw, lr):
    return w - lr * np.sign(dw)


@step.misconception(
    "WU-10",
    "You divided the gradient by the number of weights.",
    "A mean belongs to the samples, and the loss has taken it. What did you count here?",
    see="best_lr",
)
def _(w, dw, lr):
    return w - lr * dw / len(dw)


@step.misconception(
    "WU-18",
    "All weights moved by the same amount: each one took the sum of all slopes.",
    "Which slope belongs to the first weight?",
    see="ball_on_a_bowl",
)
def _(w, dw, lr):
    return w - lr * np.sum(dw)


# ---- 3.2 -----------------------------------------------------------------------------------------


@exercise(
    "3.2",
    points=2,
    title="Mazur's step: all weights and biases at once",
    hints=(
        "Which numbers must all be known before the first weight may change?",
        "First the forward pass, then both deltas, then all four new arrays. The hidden delta "
        "comes back through W2: through the W2 that made the error.",
        "$\\delta^2 = (a^2 - y) \\, a^2 (1 - a^2)$, "
        "$\\delta^1 = ((W^2)^\\top \\delta^2) \\, a^1 (1 - a^1)$, "
        "$W \\leftarrow W - \\eta \\, \\delta \\, a_{prev}^\\top$, $b \\leftarrow b - \\eta \\, "
        "\\delta$.",
    ),
    outputs=("W1", "b1", "W2", "b2"),
)
def mazur_step(x, y, W1, b1, W2, b2, lr):
    """One step of gradient descent on half the squared error of one sample,
    two sigmoid layers.

    x : (n_0,),  W1 : (n_1, n_0),  b1 : (n_1,),
    W2 : (n_2, n_1),  b2 : (n_2,),  y : (n_2,)
    ->  the new W1, b1, W2, b2, every gradient taken at the old values
    """
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    new_W1, new_b1 = W1 - lr * np.outer(delta1, x), b1 - lr * delta1
    new_W2, new_b2 = W2 - lr * np.outer(delta2, a1), b2 - lr * delta2
    return new_W1, new_b1, new_W2, new_b2


def _steps(rng):
    """Mazur's own step, and three with a large learning rate, where the order shows best."""
    d = mazur()
    cases = [(d.x[0], d.y[0], d.W1, d.b1, d.W2, d.b2, 0.5)]
    for sizes in [(2, 2, 2), (3, 4, 2), (2, 3, 4)]:
        cases.append((*draw_network(rng, sizes), float(rng.choice([3.7, 4.3, 5.9]))))
    return cases


@mazur_step.cases
def _(rng):
    return _steps(rng)


@mazur_step.far
def _(rng):
    x, y, *params = draw_network(rng, (3, 4, 2))
    return [(x, 1e9 * y, *params, 0.7)]


@mazur_step.library
def _(x, y, W1, b1, W2, b2, lr):
    net, grads = _network(x, y, W1, b1, W2, b2)
    SGD(lr).step(net.params, grads.params)
    return net.params


@mazur_step.equivalent
def _(x, y, W1, b1, W2, b2, lr):
    a1 = 1 / (1 + np.exp(-(W1.dot(x) + b1)))
    a2 = 1 / (1 + np.exp(-(W2.dot(a1) + b2)))
    delta2 = -(y - a2) * (a2 - a2**2)
    back = np.array([sum(delta2 * W2[:, j]) for j in range(len(a1))])
    delta1 = back * (a1 - a1**2)
    W2 = W2 - lr * delta2[:, None] * a1
    b2 = b2 - lr * delta2
    W1 = W1 - lr * delta1[:, None] * x
    b1 = b1 - lr * delta1
    return [W1, b1, W2, b2]


@mazur_step.equivalent
def _(x, y, W1, b1, W2, b2, lr):
    x, y = x[None], y[None]
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = (delta2 @ W2) * a1 * (1 - a1)
    return (
        W1 - lr * delta1.T @ x,
        b1 - lr * delta1.sum(axis=0),
        W2 - lr * np.einsum("mo,mi->oi", delta2, a1),
        b2 - lr * delta2.sum(axis=0),
    )


@mazur_step.misconception(
    "WU-01",
    "W2 is right and W1 is a little off: the error went back through the new W2.",
    "Which W2 took part in making the error, the old one or the new one?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    W2 = W2 - lr * np.outer(delta2, a1)
    b2 = b2 - lr * delta2
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    return W1 - lr * np.outer(delta1, x), b1 - lr * delta1, W2, b2


@mazur_step.misconception(
    "WU-01",
    "Two things at once: your arguments were changed in place, and so the error went back "
    "through the new W2.",
    "After `W2 -= ...`, where can your next line still find the old W2?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    W2 -= lr * np.outer(delta2, a1)
    b2 -= lr * delta2
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    W1 -= lr * np.outer(delta1, x)
    b1 -= lr * delta1
    return W1, b1, W2, b2


@mazur_step.misconception(
    "WU-24",
    "After the new W2 you ran the forward pass again, and W1 learnt from another error.",
    "How many forward passes belong to one step?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    W2 = W2 - lr * np.outer(delta2, a1)
    b2 = b2 - lr * delta2
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    return W1 - lr * np.outer(delta1, x), b1 - lr * delta1, W2, b2


@mazur_step.misconception(
    "WU-02",
    "All your weights and biases climb: the error grows with this step.",
    "There are two signs: actual minus predicted, or predicted minus actual; plus, or minus. "
    "Which pair did you use?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    new_W1, new_b1 = W1 + lr * np.outer(delta1, x), b1 + lr * delta1
    return new_W1, new_b1, W2 + lr * np.outer(delta2, a1), b2 + lr * delta2


@mazur_step.misconception(
    "WU-03",
    "The learning rate is missing: you subtracted the whole gradients.",
    "What should a step become when lr is ten times smaller?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    return W1 - np.outer(delta1, x), b1 - delta1, W2 - np.outer(delta2, a1), b2 - delta2


@mazur_step.misconception(
    "WU-03",
    "W2 is right, but the step of W1 has the learning rate twice: once inside the delta.",
    "Does an error signal that goes back depend on how far you want to step?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = lr * (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    new_W1, new_b1 = W1 - lr * np.outer(delta1, x), b1 - lr * delta1
    return new_W1, new_b1, W2 - np.outer(delta2, a1), b2 - delta2


@mazur_step.misconception(
    "WU-04",
    "You returned the four steps; the old weights and biases are not in them.",
    "A step begins somewhere. Where does yours begin?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    return -lr * np.outer(delta1, x), -lr * delta1, -lr * np.outer(delta2, a1), -lr * delta2


@mazur_step.misconception(
    "WU-05",
    "You multiplied each weight and bias by a factor instead of adding a step to it.",
    "How far does your rule move a weight that is 0?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    new_W1, new_b1 = W1 * (1 - lr * np.outer(delta1, x)), b1 * (1 - lr * delta1)
    return new_W1, new_b1, W2 * (1 - lr * np.outer(delta2, a1)), b2 * (1 - lr * delta2)


@mazur_step.misconception(
    "WU-06",
    "The weights are right; the biases still have their old values.",
    "A bias is the weight of an input that is always 1. What is its gradient then?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    return W1 - lr * np.outer(delta1, x), b1, W2 - lr * np.outer(delta2, a1), b2


@mazur_step.misconception(
    "WU-26",
    "The weights are right; all biases of a layer moved by the same amount, the sum of its deltas.",
    "Is there one bias for the whole layer, or one for each neuron?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    new_W1, new_b1 = W1 - lr * np.outer(delta1, x), b1 - lr * np.sum(delta1)
    return new_W1, new_b1, W2 - lr * np.outer(delta2, a1), b2 - lr * np.sum(delta2)


@mazur_step.misconception(
    "WU-07",
    "The new weights are right, but the input x was changed as well, as if it were a weight.",
    "Which numbers of a network may learn, and which are given by the world?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    new_W1, new_b1 = W1 - lr * np.outer(delta1, x), b1 - lr * delta1
    x -= lr * W1.T @ delta1
    return new_W1, new_b1, W2 - lr * np.outer(delta2, a1), b2 - lr * delta2


@mazur_step.misconception(
    "WU-08",
    "Each of the four steps is exactly lr long: its gradient was divided by its length.",
    "How long should a step be when the error is almost 0?",
    see="ball_on_a_bowl",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    grads = [np.outer(delta1, x), delta1, np.outer(delta2, a1), delta2]
    params = [W1, b1, W2, b2]
    return [w - lr * dw / np.linalg.norm(dw) for w, dw in zip(params, grads, strict=True)]


@mazur_step.misconception(
    "WU-09",
    "All weights moved by the same amount: lr times the error E, not lr times a gradient.",
    "E says how wrong the network is. Does it say which weight is to blame?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    E = 0.5 * np.sum((a2 - y) ** 2)
    return W1 - lr * E, b1 - lr * E, W2 - lr * E, b2 - lr * E


@mazur_step.misconception(
    "WU-15",
    "The four results are right, but the caller's own arrays were changed too: `-=` writes into "
    "them.",
    "How could the caller now compare before and after?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    W1 -= lr * np.outer(delta1, x)
    b1 -= lr * delta1
    W2 -= lr * np.outer(delta2, a1)
    b2 -= lr * delta2
    return W1, b1, W2, b2


@mazur_step.misconception(
    "BP-37",
    "Only the output layer learnt: W1 and b1 have their old values.",
    "Did the hidden layer have no part in the error?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    return W1, b1, W2 - lr * np.outer(delta2, a1), b2 - lr * delta2


@mazur_step.misconception(
    "BP-03",
    "Your deltas lack the slope of the sigmoid at the output.",
    "How much does a saturated output move when its z moves a little?",
    see="saturated_neuron",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = a2 - y
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    new_W1, new_b1 = W1 - lr * np.outer(delta1, x), b1 - lr * delta1
    return new_W1, new_b1, W2 - lr * np.outer(delta2, a1), b2 - lr * delta2


@mazur_step.misconception(
    "BP-04",
    "The output layer is right; the hidden delta lacks the slope of the hidden sigmoids.",
    "The way back from z2 to z1 passes W2, and what else?",
    see="saturated_neuron",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2
    new_W1, new_b1 = W1 - lr * np.outer(delta1, x), b1 - lr * delta1
    return new_W1, new_b1, W2 - lr * np.outer(delta2, a1), b2 - lr * delta2


@mazur_step.misconception(
    "BP-09",
    "The error went back through W2 the wrong way round. With a square W2 nothing complains.",
    "Hidden neuron k sends its output along column k of W2. Along what does its blame return?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2 @ delta2 * a1 * (1 - a1)
    new_W1, new_b1 = W1 - lr * np.outer(delta1, x), b1 - lr * delta1
    return new_W1, new_b1, W2 - lr * np.outer(delta2, a1), b2 - lr * delta2


@mazur_step.misconception(
    "BP-10",
    "The biases are right; both weight gradients are the wrong way round.",
    "Row j of W belongs to neuron j. Which delta must stand in row j of the gradient?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    new_W1, new_b1 = W1 - lr * np.outer(x, delta1), b1 - lr * delta1
    return new_W1, new_b1, W2 - lr * np.outer(a1, delta2), b2 - lr * delta2


# ---- 3.3 -----------------------------------------------------------------------------------------


@exercise(
    "3.3",
    points=2,
    title="SGD for a list, and the old list stays",
    hints=(
        "After `new = params`, how many lists are there?",
        "Go through both lists together and put one fresh array per parameter into a new list. "
        "`w - ...` makes a fresh array; `w -= ...` writes into the old one.",
        "$w_i \\leftarrow w_i - \\eta \\, dw_i$ for every $i$: the weights, and the biases too.",
    ),
)
def sgd(params, grads, lr):
    """New parameters after one step.  The old arrays, and the old list, stay as they are.

    params : list of arrays W1, b1, W2, b2, ...,
    grads : list of arrays of the same shapes
    ->  a new list of new arrays, in the same order
    """
    return [w - lr * dw for w, dw in zip(params, grads, strict=True)]


@sgd.cases
def _(rng):
    cases = []
    for sizes in [(2, 3), (3, 3, 2), (2, 4, 3, 1)]:
        shapes = [s for i, o in zip(sizes[:-1], sizes[1:], strict=True) for s in [(o, i), (o,)]]
        params, grads = ([draw(rng, *s, largest=k) for s in shapes] for k in (1.5, 2.5))
        cases.append((params, grads, _rate(rng)))
    return cases


@sgd.equivalent
def _(params, grads, lr):
    new = [w.copy() for w in params]
    for w, dw in zip(new, grads, strict=True):
        w -= lr * dw
    return new


@sgd.equivalent
def _(params, grads, lr):
    new = []
    for i in range(len(params)):
        new.append(params[i] - lr * grads[i])
    return tuple(new)


@sgd.library
def _(params, grads, lr):
    new = [w + 0.0 for w in params]
    SGD(lr).step(new, grads)
    return new


@sgd.misconception(
    "WU-15",
    "Your numbers are right, but the old ones are gone: the caller's own arrays were written over.",
    "Which of your lines writes into an old array or into the old list: `new = params`, `w -= ...` "
    "or `params[i] = ...`?",
    see="mazur_step",
)
def _(params, grads, lr):
    new = params
    for i, dw in enumerate(grads):
        new[i] -= lr * dw
    return new


@sgd.misconception(
    "WU-15",
    "You wrote the new gradients over the old ones: the caller's grads were changed.",
    "Which line writes into an array that came in as an argument?",
    see="mazur_step",
)
def _(params, grads, lr):
    for dw in grads:
        dw *= lr
    return [w - dw for w, dw in zip(params, grads, strict=True)]


@sgd.misconception(
    "WU-19",
    "The old values came back: `w = w - ...` in a loop gives the name w a new array, and the list "
    "never hears of it.",
    "Where in your code is the new array put into a list?",
    see="mazur_step",
)
def _(params, grads, lr):
    for w, dw in zip(params, grads, strict=True):
        w = w - lr * dw
    return params


@sgd.misconception(
    "WU-20",
    "Only the first array came back: the loop ended in its first turn.",
    "How far in does your line with `return` stand?",
)
def _(params, grads, lr):
    for w, dw in zip(params, grads, strict=True):
        new = []
        new.append(w - lr * dw)
        return new


@sgd.misconception(
    "WU-20",
    "Only the last array came back: each turn of the loop begins a new list.",
    "How often should the empty list be made?",
)
def _(params, grads, lr):
    for w, dw in zip(params, grads, strict=True):
        new = []
        new.append(w - lr * dw)
    return new


@sgd.misconception(
    "WU-06",
    "The weights are right; the biases still have their old values.",
    "Which arrays in the list does your code leave out?",
    see="mazur_step",
)
def _(params, grads, lr):
    return [w - lr * dw if w.ndim == 2 else w for w, dw in zip(params, grads, strict=True)]


@sgd.misconception(
    "WU-02",
    "Your parameters climb: you added the gradients.",
    "The gradient points to where the error grows. Do you want to go there?",
    see="ball_on_a_bowl",
)
def _(params, grads, lr):
    return [w + lr * dw for w, dw in zip(params, grads, strict=True)]


@sgd.misconception(
    "WU-03",
    "The learning rate is missing: you subtracted the whole gradients.",
    "What should a step become when lr is ten times smaller?",
    see="ball_on_a_bowl",
)
def _(params, grads, lr):
    return [w - dw for w, dw in zip(params, grads, strict=True)]


@sgd.misconception(
    "WU-04",
    "You returned the steps; the old parameters are not in them.",
    "A step begins somewhere. Where does yours begin?",
    see="ball_on_a_bowl",
)
def _(params, grads, lr):
    return [-lr * dw for dw in grads]


@sgd.misconception(
    "WU-05",
    "You multiplied each number by a factor instead of adding a step to it.",
    "How far does your rule move a bias that is 0?",
    see="ball_on_a_bowl",
)
def _(params, grads, lr):
    return [w * (1 - lr * dw) for w, dw in zip(params, grads, strict=True)]


@sgd.misconception(
    "WU-08",
    "Every step is exactly lr long: each gradient was divided by its length.",
    "How long should a step be near the bottom, where the slope is almost 0?",
    see="ball_on_a_bowl",
)
def _(params, grads, lr):
    return [w - lr * dw / np.linalg.norm(dw) for w, dw in zip(params, grads, strict=True)]


@sgd.misconception(
    "WU-10",
    "You divided the learning rate by the number of arrays in the list.",
    "A mean belongs to the samples, and the loss has taken it. What did you count here?",
    see="best_lr",
)
def _(params, grads, lr):
    return [w - lr / len(params) * dw for w, dw in zip(params, grads, strict=True)]


# ---- 3.4 -----------------------------------------------------------------------------------------


@exercise(
    "3.4",
    points=3,
    title="The detective: where does the web's number come from?",
    hints=(
        "Which matrix has two jobs in one backward step?",
        "W2 is changed by its own gradient, and W2 carries the error back to the hidden layer. "
        "Write the step so that the number comes out wrong: which of the two jobs is done first?",
        "$\\delta^1 = ((W^2_{new})^\\top \\delta^2) \\, a^1 (1 - a^1)$: the hidden layer gets its "
        "blame through the new weights. The biases stay.",
    ),
    outputs=("E",),
)
def web_error(x, y, W1, b1, W2, b2, lr):
    """The error E after one step made with the mistake of the web.
    The biases do not move.

    x : (n_0,),  W1 : (n_1, n_0),  b1 : (n_1,),
    W2 : (n_2, n_1),  b2 : (n_2,),  y : (n_2,)
    ->  E : one number, half the sum of the squared errors of the network
    with its new weights
    """
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    W2 = W2 - lr * np.outer(delta2, a1)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    W1 = W1 - lr * np.outer(delta1, x)
    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)
    return 0.5 * np.sum((a2 - y) ** 2)


@web_error.cases
def _(rng):
    return _steps(rng)


@web_error.library
def _(x, y, W1, b1, W2, b2, lr):
    net, grads = _network(x, y, W1, b1, W2, b2)
    SGD(lr).step([net.layers[1].W], [grads.dW[1]])
    trace = net.forward(x[None])
    a1 = trace.a[1][0]
    delta1 = (grads.delta[1][0] @ net.layers[1].W) * a1 * (1 - a1)
    SGD(lr).step([net.layers[0].W], [np.outer(delta1, x)])
    return MSE.value(net.forward(x[None]).a[-1], y[None])


@web_error.equivalent
def _(x, y, W1, b1, W2, b2, lr):
    def forward(W1, W2):
        a1 = 1 / (1 + np.exp(-(W1 @ x + b1)))
        return a1, 1 / (1 + np.exp(-(W2 @ a1 + b2)))

    a1, a2 = forward(W1, W2)
    delta2 = -(y - a2) * a2 * (1 - a2)
    new_W2 = np.array([W2[j] - lr * delta2[j] * a1 for j in range(len(a2))])
    back = [sum(delta2[j] * new_W2[j, k] for j in range(len(a2))) for k in range(len(a1))]
    new_W1 = np.array([W1[k] - lr * back[k] * a1[k] * (1 - a1[k]) * x for k in range(len(a1))])
    _, a2 = forward(new_W1, new_W2)
    return sum((y - a2) ** 2) / 2


@web_error.misconception(
    "WU-21",
    "This is the right algorithm: both layers step together, from the old weights. "
    f"On Mazur's network it gives {_mazur_error(biases=False):.9f}.",
    "The web's number is a little larger. In which order would a hurried program change W2 and "
    "use W2?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    W2 = W2 - lr * np.outer(delta2, a1)
    W1 = W1 - lr * np.outer(delta1, x)
    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)
    return 0.5 * np.sum((a2 - y) ** 2)


@web_error.misconception(
    "WU-22",
    "A good step, and a better one: the biases moved too. "
    f"On Mazur's network it gives {_mazur_error(biases=True):.9f}.",
    "That is much less than the web's number. Do the biases move in this story?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    W2, b2 = W2 - lr * np.outer(delta2, a1), b2 - lr * delta2
    W1, b1 = W1 - lr * np.outer(delta1, x), b1 - lr * delta1
    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)
    return 0.5 * np.sum((a2 - y) ** 2)


@web_error.misconception(
    "WU-22",
    "You have found the mistake in the order, but in your step the biases move too.",
    "Do the biases move in this story?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    W2, b2 = W2 - lr * np.outer(delta2, a1), b2 - lr * delta2
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    W1, b1 = W1 - lr * np.outer(delta1, x), b1 - lr * delta1
    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)
    return 0.5 * np.sum((a2 - y) ** 2)


@web_error.misconception(
    "WU-15",
    "Your number is the web's, by the web's mistake. But `-=` wrote the new weights over those of "
    "the caller.",
    "What does a second call with the same names now begin with?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    W2 -= lr * np.outer(delta2, a1)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    W1 -= lr * np.outer(delta1, x)
    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)
    return 0.5 * np.sum((a2 - y) ** 2)


@web_error.misconception(
    "WU-23",
    "Your E knows the new W2, but the hidden outputs in it are those of the old W1.",
    "Mazur's step gives new values to w1 to w4 too. Where do they meet the input again?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    W2 = W2 - lr * np.outer(delta2, a1)
    a2 = sigmoid(W2 @ a1 + b2)
    return 0.5 * np.sum((a2 - y) ** 2)


@web_error.misconception(
    "WU-23",
    "Your E knows the new W1, but W2 has its old values.",
    "Mazur's step gives new values to w5 to w8 too. Where are they in your code?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    W1 = W1 - lr * np.outer(delta1, x)
    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)
    return 0.5 * np.sum((a2 - y) ** 2)


@web_error.misconception(
    "WU-24",
    "After the new W2 you ran the forward pass again, so W1 learns from another error.",
    "The web computes one delta per output neuron. How many times is it computed in your step?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    W2 = W2 - lr * np.outer(delta2, a1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    W1 = W1 - lr * np.outer(delta1, x)
    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)
    return 0.5 * np.sum((a2 - y) ** 2)


@web_error.misconception(
    "WU-24",
    "You suspect the other order: first W1 moves, then W2 learns from the new hidden outputs.",
    "A backward pass begins at the output. Which layer is changed first by a program that steps "
    "as it goes?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    W1 = W1 - lr * np.outer(delta1, x)
    a1 = sigmoid(W1 @ x + b1)
    W2 = W2 - lr * np.outer(delta2, a1)
    a2 = sigmoid(W2 @ a1 + b2)
    return 0.5 * np.sum((a2 - y) ** 2)


@web_error.misconception(
    "WU-25",
    "This is the error before the step: no new weight is in it.",
    "After the step, what must run once more before you can see the new error?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)
    return 0.5 * np.sum((a2 - y) ** 2)


@web_error.misconception(
    "WU-02",
    "Your step climbs: the error after it is larger than before.",
    "Is the web's error larger or smaller than the error at the start?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    W2 = W2 + lr * np.outer(delta2, a1)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    W1 = W1 + lr * np.outer(delta1, x)
    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)
    return 0.5 * np.sum((a2 - y) ** 2)


@web_error.misconception(
    "FF-15",
    "The step is the web's, but your E is twice the web's: the ½ is missing.",
    "Write E for one output. What stands before the square?",
    see="mazur_step",
)
def _(x, y, W1, b1, W2, b2, lr):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    W2 = W2 - lr * np.outer(delta2, a1)
    delta1 = W2.T @ delta2 * a1 * (1 - a1)
    W1 = W1 - lr * np.outer(delta1, x)
    a2 = sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2)
    return np.sum((a2 - y) ** 2)


# ---- 3.5 -----------------------------------------------------------------------------------------


@exercise(
    "3.5",
    points=2,
    title="Momentum",
    hints=(
        "A ball rolls downhill. Does its speed depend on the slope under it alone?",
        "Two lines. The velocity comes first: it keeps a part of itself and takes in the gradient. "
        "Then the weights move, by the new velocity and not by the gradient.",
        "$v \\leftarrow \\mu v + \\frac{\\partial E}{\\partial w}$, then "
        "$w \\leftarrow w - \\eta v$.",
    ),
    outputs=("w", "v"),
)
def momentum_step(w, v, dw, lr, mu):
    """One step with momentum.
    v keeps the part mu of itself and takes in the whole gradient.

    w, v, dw : arrays of one shape,  lr : learning rate,  mu : momentum, between 0 and 1
    ->  the new w, the new v.  lr stands at the step of w, not in v.
    """
    new_v = mu * v + dw
    return w - lr * new_v, new_v


@momentum_step.cases
def _(rng):
    cases = []
    for shape in [(2,), (3,), (2, 4)]:
        w, v, dw = (draw(rng, *shape, largest=k) for k in (1.5, 1.0, 2.5))
        cases.append((w, v, dw, _rate(rng), float(rng.choice([0.6, 0.8, 0.9]))))
    return cases


@momentum_step.equivalent
def _(w, v, dw, lr, mu):
    v = dw + v * mu
    w = w - v * lr
    return [w, v]


@momentum_step.equivalent
def _(w, v, dw, lr, mu):
    return w - lr * mu * v - lr * dw, mu * v + dw


@momentum_step.library
def _(w, v, dw, lr, mu):
    w, v = w.copy(), v.copy()
    Momentum(lr, mu, v=[v]).step([w], [dw])
    return w, v


@momentum_step.misconception(
    "WU-12",
    "The velocity starts from 0 at every step: your v is the gradient alone.",
    "What does your ball remember of its last step?",
    see="ball_on_a_bowl",
)
def _(w, v, dw, lr, mu):
    v = dw
    return w - lr * v, v


@momentum_step.misconception(
    "WU-12",
    "Your w moves by the gradient alone, and v never changes.",
    "Which line of yours uses mu?",
    see="ball_on_a_bowl",
)
def _(w, v, dw, lr, mu):
    return w - lr * dw, v


@momentum_step.misconception(
    "WU-12",
    "The coefficient mu is missing: v keeps all of itself.",
    "Without friction, when does a ball in a bowl come to rest?",
    see="ball_on_a_bowl",
)
def _(w, v, dw, lr, mu):
    v = v + dw
    return w - lr * v, v


@momentum_step.misconception(
    "WU-12",
    "The coefficient mu stands at the gradient instead of at v.",
    "mu is the part that is remembered. What is there to remember, v or the new gradient?",
    see="ball_on_a_bowl",
)
def _(w, v, dw, lr, mu):
    v = v + mu * dw
    return w - lr * v, v


@momentum_step.misconception(
    "WU-12",
    "You took a weighted mean: the gradient came in with the factor 1 - mu.",
    "Such a v exists too, in Adam. How much of the gradient does this exercise ask for?",
    see="optimiser_race",
)
def _(w, v, dw, lr, mu):
    v = mu * v + (1 - mu) * dw
    return w - lr * v, v


@momentum_step.misconception(
    "WU-12",
    "mu and 1 - mu are swapped: your v keeps the small part and forgets the large one.",
    "With mu = 0.9, should a ball forget its speed quickly or slowly?",
    see="ball_on_a_bowl",
)
def _(w, v, dw, lr, mu):
    v = (1 - mu) * v + mu * dw
    return w - lr * v, v


@momentum_step.misconception(
    "WU-12",
    "The new v is right, but w moved by the old one.",
    "Which of your two lines must run first?",
    see="ball_on_a_bowl",
)
def _(w, v, dw, lr, mu):
    return w - lr * v, mu * v + dw


@momentum_step.misconception(
    "WU-12",
    "The new w is right, but the old v came back.",
    "What will the next step remember then?",
    see="ball_on_a_bowl",
)
def _(w, v, dw, lr, mu):
    return w - lr * (mu * v + dw), v


@momentum_step.misconception(
    "WU-12",
    "The gradient came into v with a minus, and then v was subtracted: twice minus.",
    "On a slope without speed, does your first step go down or up?",
    see="ball_on_a_bowl",
)
def _(w, v, dw, lr, mu):
    v = mu * v - dw
    return w - lr * v, v


@momentum_step.misconception(
    "WU-02",
    "Your v is right, but w climbs: the step was added.",
    "v collects gradients. Where do gradients point?",
    see="ball_on_a_bowl",
)
def _(w, v, dw, lr, mu):
    v = mu * v + dw
    return w + lr * v, v


@momentum_step.misconception(
    "WU-03",
    "The learning rate is missing: w moved by the whole velocity.",
    "What should a step become when lr is ten times smaller?",
    see="ball_on_a_bowl",
)
def _(w, v, dw, lr, mu):
    v = mu * v + dw
    return w - v, v


@momentum_step.misconception(
    "WU-03",
    "The learning rate came in twice: once in v and once at w.",
    "At which of the two places does this exercise want it?",
    see="ball_on_a_bowl",
)
def _(w, v, dw, lr, mu):
    v = mu * v + lr * dw
    return w - lr * v, v


@momentum_step.misconception(
    "WU-30",
    "You wrote the other form of momentum, with lr inside v. Books have both; here v has no lr.",
    "What would your v do when lr changes in the middle of the training?",
    see="optimiser_race",
)
def _(w, v, dw, lr, mu):
    v = mu * v + lr * dw
    return w - v, v


@momentum_step.misconception(
    "WU-30",
    "You wrote the other form of momentum: v holds the step itself, with lr and the minus inside. "
    "Books have both; here v has neither.",
    "What does v collect in this exercise: steps, or gradients?",
    see="optimiser_race",
)
def _(w, v, dw, lr, mu):
    v = mu * v - lr * dw
    return w + v, v


@momentum_step.misconception(
    "WU-29",
    "Your v is right; your w looks one step further ahead. That is Nesterov's momentum.",
    "How often is mu used in the plain form?",
    see="optimiser_race",
)
def _(w, v, dw, lr, mu):
    v = mu * v + dw
    return w - lr * (dw + mu * v), v


@momentum_step.misconception(
    "WU-31",
    "Both values are right, but they come in the wrong order.",
    "Which of the two does the docstring name first?",
)
def _(w, v, dw, lr, mu):
    v = mu * v + dw
    return v, w - lr * v


@momentum_step.misconception(
    "WU-15",
    "Both values are right, but the caller's w and v were changed too: `-=` and `*=` write into "
    "them.",
    "How could the caller now compare before and after?",
    see="mazur_step",
)
def _(w, v, dw, lr, mu):
    v *= mu
    v += dw
    w -= lr * v
    return w, v


@momentum_step.misconception(
    "WU-15",
    "Both values are right, but the caller's v was changed too: `*=` and `+=` write into it.",
    "Which form of these lines makes a new array?",
    see="mazur_step",
)
def _(w, v, dw, lr, mu):
    v *= mu
    v += dw
    return w - lr * v, v


# ---- 3.6 -----------------------------------------------------------------------------------------


@exercise(
    "3.6",
    points=2,
    title="The largest learning rate of a bowl",
    hints=(
        "One step multiplies a height along an axis of the bowl by a number. For which numbers "
        "does the height shrink?",
        "The gradient is A w. In each direction of the bowl A is only a number: its eigenvalue. "
        "Look at each of them alone; the steepest direction is the first that leaves the bowl.",
        "$w \\leftarrow (1 - \\eta \\lambda) \\, w$ shrinks while $|1 - \\eta \\lambda| < 1$, so "
        "$\\eta_{max} = \\frac{2}{\\lambda_{max}}$.",
    ),
    outputs=("lr",),
)
def largest_lr(A):
    """The bound of the learning rate for gradient descent on E(w) = 1/2 w^T A w.

    Below it, w goes to 0 from every start; above it, w grows from almost every start.
    A : (n, n), symmetric, all eigenvalues positive  ->  one number
    """
    return 2 / np.linalg.eigvalsh(A)[-1]


@largest_lr.cases
def _(rng):
    cases = [(np.diag([1.0, 10.0]),)]
    for n in (2, 3, 4):
        # Larger on the diagonal than the rest of the row together: then every eigenvalue is > 0.
        upper = np.triu(draw(rng, n, n), 1)
        rest = upper + upper.T
        floor = np.abs(rest).sum(axis=1) + rng.permutation(n) + rng.integers(20, 80, n) / 100
        cases.append((np.round(rest + np.diag(floor), 2),))
    return cases


@largest_lr.equivalent
def _(A):
    return 2 / np.linalg.norm(A, 2)


@largest_lr.equivalent
def _(A):
    return 2 / np.max(np.linalg.eigvals(A))


@largest_lr.equivalent
def _(A):
    return 2 / np.linalg.svd(A)[1][0]


@largest_lr.equivalent
def _(A):
    w = np.arange(1.0, len(A) + 1)  # power iteration
    for _ in range(2000):
        w = A @ w
        w = w / np.linalg.norm(w)
    return 2 / (w @ A @ w)


@largest_lr.equivalent
def _(A):
    low, high = 0.0, 2 / np.max(np.diag(A))  # no bound lies above this
    while high - low > 1e-14 * high:
        lr = (low + high) / 2
        shrinks = np.max(np.abs(np.linalg.eigvalsh(np.eye(len(A)) - lr * A))) < 1
        low, high = (lr, high) if shrinks else (low, lr)
    return low


@largest_lr.misconception(
    "WU-27",
    "This learning rate is safe, but twice as much is safe too: yours jumps straight to the "
    "bottom of the steepest direction.",
    "What if a step jumps over the bottom, but lands lower on the other side?",
    see="ball_on_a_bowl",
)
def _(A):
    return 1 / np.linalg.eigvalsh(A)[-1]


@largest_lr.misconception(
    "WU-27",
    "This is twice the bound. The slope of ½ λ w² is λ w; your factor comes from another slope.",
    "By which number does one step multiply w at your learning rate?",
    see="ball_on_a_bowl",
)
def _(A):
    return 4 / np.linalg.eigvalsh(A)[-1]


@largest_lr.misconception(
    "WU-11",
    "At this learning rate the flattest direction is at its bound, and the steepest one has left "
    "the bowl long ago.",
    "Which direction of the bowl is the first that a growing learning rate breaks?",
    see="ball_on_a_bowl",
)
def _(A):
    return 2 / np.linalg.eigvalsh(A)[0]


@largest_lr.misconception(
    "WU-11",
    "You took 1 by the smallest eigenvalue: with it the flattest direction is done in one step.",
    "What does this learning rate do in the steepest direction?",
    see="ball_on_a_bowl",
)
def _(A):
    return 1 / np.linalg.eigvalsh(A)[0]


@largest_lr.misconception(
    "WU-28",
    "You divided by the trace: this is the sum of all eigenvalues.",
    "Does a step in one direction of the bowl know how steep the others are?",
    see="ball_on_a_bowl",
)
def _(A):
    return 2 / np.trace(A)


@largest_lr.misconception(
    "WU-28",
    "You divided by the mean of the eigenvalues. The steepest direction is steeper than the mean.",
    "Must all directions shrink, or is it enough when most do?",
    see="ball_on_a_bowl",
)
def _(A):
    return 2 / np.mean(np.linalg.eigvalsh(A))


@largest_lr.misconception(
    "WU-28",
    "You divided by the largest number in A. That is the steepest direction only when the axes of "
    "the bowl are those of the weights.",
    "What do the numbers off the diagonal do to the axes of a bowl?",
    see="ball_on_a_bowl",
)
def _(A):
    return 2 / np.max(A)


@largest_lr.misconception(
    "WU-28",
    "You divided by the Frobenius norm, the root of the sum of all squares. It is larger than the "
    "largest eigenvalue.",
    "Which norm of a matrix says how much it can stretch a vector?",
    see="ball_on_a_bowl",
)
def _(A):
    return 2 / np.linalg.norm(A)


@largest_lr.misconception(
    "WU-28",
    "You divided by the largest sum of a row. That is safe, but not the bound.",
    "A row sum is a limit for the eigenvalues. Is it one of them?",
    see="ball_on_a_bowl",
)
def _(A):
    return 2 / np.max(np.sum(np.abs(A), axis=1))


@largest_lr.misconception(
    "WU-28",
    "You divided by the determinant: this is the product of all eigenvalues.",
    "Does a step in one direction of the bowl know how steep the others are?",
    see="ball_on_a_bowl",
)
def _(A):
    return 2 / np.linalg.det(A)


@largest_lr.misconception(
    "WU-28",
    "The largest eigenvalue is squared in your answer.",
    "If the bowl becomes twice as steep, by what must the learning rate be divided?",
    see="ball_on_a_bowl",
)
def _(A):
    return 2 / np.linalg.eigvalsh(A.T @ A)[-1]


@largest_lr.misconception(
    "WU-32",
    "This is the learning rate that is best for the slowest direction, not the largest one.",
    "What happens when you raise it a little: does it diverge, or only slow down?",
    see="ball_on_a_bowl",
)
def _(A):
    steepness = np.linalg.eigvalsh(A)
    return 2 / (steepness[0] + steepness[-1])


@largest_lr.misconception(
    "WU-33",
    "You returned the largest eigenvalue itself: how steep the bowl is.",
    "In a steeper bowl, must the learning rate be larger or smaller?",
    see="ball_on_a_bowl",
)
def _(A):
    return np.linalg.eigvalsh(A)[-1]


# ---- 3.7 -----------------------------------------------------------------------------------------


@exercise(
    "3.7",
    points=1,
    title="Weight decay, but not for the bias",
    hints=(
        "What is the slope of ½ lam w² in w?",
        "The penalty adds one more term to the gradient of W, before lr comes in. The bias has no "
        "penalty at all.",
        "$W \\leftarrow W - \\eta (dW + \\lambda W)$, $b \\leftarrow b - \\eta \\, db$",
    ),
    outputs=("W", "b"),
)
def decay_step(W, b, dW, db, lr, lam):
    """One step on the error plus the penalty lam/2 times the sum of all squared weights.

    W, dW : (n_out, n_in),  b, db : (n_out,),  lr : learning rate,
    lam : strength of the penalty
    dW, db : gradients of the error alone, without the penalty.
    The bias is not penalised.
    ->  the new W, the new b
    """
    new_W = W - lr * (dW + lam * W)
    return new_W, b - lr * db


@decay_step.cases
def _(rng):
    cases = []
    for n_out, n_in in [(2, 3), (3, 2), (4, 5)]:
        W, b = draw(rng, n_out, n_in), draw(rng, n_out)
        dW, db = draw(rng, n_out, n_in, largest=2.5), draw(rng, n_out, largest=2.5)
        cases.append((W, b, dW, db, _rate(rng), float(rng.choice([0.11, 0.19, 0.43]))))
    return cases


@decay_step.equivalent
def _(W, b, dW, db, lr, lam):
    return (1 - lr * lam) * W - lr * dW, b - lr * db


@decay_step.library
def _(W, b, dW, db, lr, lam):
    W, b = W.copy(), b.copy()
    SGD(lr).step([W, b], [dW + lam * W, db])
    return W, b


@decay_step.equivalent
def _(W, b, dW, db, lr, lam):
    shrunk = W - lr * lam * W
    return [shrunk - lr * dW, np.array([b_j - lr * d for b_j, d in zip(b, db, strict=True)])]


@decay_step.misconception(
    "WU-14",
    "The penalty has the wrong sign: your large weights grow.",
    "Should the penalty pull a weight to 0, or push it away?",
    see="update_gauge",
)
def _(W, b, dW, db, lr, lam):
    return W - lr * (dW - lam * W), b - lr * db


@decay_step.misconception(
    "WU-14",
    "W is right, but the bias decays too.",
    "Does the penalty in the docstring sum over the biases?",
    see="update_gauge",
)
def _(W, b, dW, db, lr, lam):
    return W - lr * (dW + lam * W), b - lr * (db + lam * b)


@decay_step.misconception(
    "WU-14",
    "Your decay is half the right one: the ½ was used twice.",
    "What is left of the ½ after taking the slope of ½ w²?",
    see="update_gauge",
)
def _(W, b, dW, db, lr, lam):
    return W - lr * (dW + lam / 2 * W), b - lr * db


@decay_step.misconception(
    "WU-14",
    "Your decay is twice the right one: the ½ of the penalty got lost.",
    "What is left of ½ w² after taking its slope?",
    see="update_gauge",
)
def _(W, b, dW, db, lr, lam):
    return W - lr * (dW + 2 * lam * W), b - lr * db


@decay_step.misconception(
    "WU-14",
    "Your decay is not multiplied by lr: W shrinks by the whole of lam.",
    "The penalty is a part of what you go down. How long is a step?",
    see="update_gauge",
)
def _(W, b, dW, db, lr, lam):
    return W - lr * dW - lam * W, b - lr * db


@decay_step.misconception(
    "WU-14",
    "The weights shrank after the step, so the fresh step shrank with them.",
    "At which weights must the slope of the penalty be taken, the old or the new ones?",
    see="update_gauge",
)
def _(W, b, dW, db, lr, lam):
    W = W - lr * dW
    return W - lr * lam * W, b - lr * db


@decay_step.misconception(
    "WU-14",
    "There is no penalty in your step: this is plain gradient descent.",
    "Which line of yours uses lam?",
    see="update_gauge",
)
def _(W, b, dW, db, lr, lam):
    return W - lr * dW, b - lr * db


@decay_step.misconception(
    "WU-14",
    "Your penalty pulls every weight with the same force: only its sign counts (that is L1).",
    "Should a large weight be pulled as hard as a small one when the penalty is a square?",
    see="update_gauge",
)
def _(W, b, dW, db, lr, lam):
    return W - lr * (dW + lam * np.sign(W)), b - lr * db


@decay_step.misconception(
    "WU-14",
    "Your decay is divided by the number of weights.",
    "Does the docstring say sum of squares or mean of squares?",
    see="update_gauge",
)
def _(W, b, dW, db, lr, lam):
    return W - lr * (dW + lam * W / W.size), b - lr * db


@decay_step.misconception(
    "WU-09",
    "You subtracted the penalty itself, one number for all weights, instead of its slope.",
    "Does the size of a hill say in which direction it falls?",
    see="ball_on_a_bowl",
)
def _(W, b, dW, db, lr, lam):
    return W - lr * (dW + lam / 2 * np.sum(W**2)), b - lr * db


@decay_step.misconception(
    "WU-04",
    "Your W only decays: the gradient of the error is not in it.",
    "Which line of yours uses dW?",
    see="update_gauge",
)
def _(W, b, dW, db, lr, lam):
    return W - lr * lam * W, b - lr * db


@decay_step.misconception(
    "WU-06",
    "W is right; b still has its old value. No decay does not mean no step.",
    "Which gradient has the bias, even without a penalty?",
    see="mazur_step",
)
def _(W, b, dW, db, lr, lam):
    return W - lr * (dW + lam * W), b


@decay_step.misconception(
    "WU-02",
    "The penalty is right, but W and b climb the slope of the error.",
    "The gradient points to where the error grows. Do you want to go there?",
    see="ball_on_a_bowl",
)
def _(W, b, dW, db, lr, lam):
    return W + lr * dW - lr * lam * W, b + lr * db


@decay_step.misconception(
    "WU-15",
    "Both values are right, but the caller's W and b were changed too: `-=` writes into them.",
    "Which form of this line makes a new array?",
    see="mazur_step",
)
def _(W, b, dW, db, lr, lam):
    W -= lr * (dW + lam * W)
    b -= lr * db
    return W, b


# ---- 3.8 -----------------------------------------------------------------------------------------


@exercise(
    "3.8",
    points=3,
    title="Adam, with its bias correction",
    hints=(
        "m and s begin at 0. After one step, is m as large as the gradient, or only a tenth of it?",
        "Five lines: new m, new s, both corrected for their start at 0, then the step. Hand back m "
        "and s as they are; the corrected ones are only for the step.",
        "$m \\leftarrow \\beta_1 m + (1 - \\beta_1) dw$, "
        "$s \\leftarrow \\beta_2 s + (1 - \\beta_2) dw^2$, "
        "$\\hat m = \\frac{m}{1 - \\beta_1^t}$, $\\hat s = \\frac{s}{1 - \\beta_2^t}$, "
        "$w \\leftarrow w - \\eta \\frac{\\hat m}{\\sqrt{\\hat s} + \\epsilon}$",
    ),
    outputs=("w", "m", "s"),
)
def adam_step(w, m, s, dw, t, lr, beta1, beta2, eps):
    """Step number t of Adam.  The first step has t = 1; before it m and s are 0.

    w, m, s, dw : arrays of one shape; m : mean of the gradients,
    s : mean of their squares
    beta1, beta2 : how much m and s keep of themselves,
    eps : added to the root, against 0 / 0
    ->  the new w, m, s
    """
    m = beta1 * m + (1 - beta1) * dw
    s = beta2 * s + (1 - beta2) * dw**2
    m_hat = m / (1 - beta1**t)
    s_hat = s / (1 - beta2**t)
    return w - lr * m_hat / (np.sqrt(s_hat) + eps), m, s


@adam_step.cases
def _(rng):
    cases = [(draw(rng, 3), np.zeros(3), np.zeros(3), draw(rng, 3), 1, 0.1, 0.9, 0.999, 1e-8)]
    # A large eps, so that its place shows; t = 2 and more, so that a correction off by one shows.
    for shape, t, beta1, beta2, eps in [((2,), 2, 0.8, 0.95, 0.05), ((2, 4), 5, 0.7, 0.9, 0.11)]:
        w, m, dw = (draw(rng, *shape) for _ in range(3))
        s = np.abs(draw(rng, *shape))
        cases.append((w, m, s, dw, t, _rate(rng), beta1, beta2, eps))
    return cases


@adam_step.library
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    w, m, s = w.copy(), m / (1 - beta1), s / (1 - beta2)  # Adam keeps them without these factors
    Adam(lr, beta1, beta2, eps, t=t - 1, m=[m], s=[s]).step([w], [dw])
    return w, (1 - beta1) * m, (1 - beta2) * s


@adam_step.equivalent
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m = m + (1 - beta1) * (dw - m)
    s = s + (1 - beta2) * (dw * dw - s)
    root = np.sqrt(s) / np.sqrt(1 - beta2**t) + eps
    return [w - lr / (1 - beta1**t) * m / root, m, s]


@adam_step.equivalent
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m, s = np.array(m), np.array(s)
    new_w = w.copy()
    for i in np.ndindex(w.shape):
        m[i] = beta1 * m[i] + (1 - beta1) * dw[i]
        s[i] = beta2 * s[i] + (1 - beta2) * dw[i] ** 2
        new_w[i] -= lr * m[i] / (1 - beta1**t) / ((s[i] / (1 - beta2**t)) ** 0.5 + eps)
    return new_w, m, s


@adam_step.misconception(
    "WU-13",
    "m and s are right; w moved without any bias correction, so the first steps have a wrong size.",
    "At t = 1, how large should the step of each weight be, and how large is yours?",
    see="optimiser_race",
)
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * dw
    s = beta2 * s + (1 - beta2) * dw**2
    return w - lr * m / (np.sqrt(s) + eps), m, s


@adam_step.misconception(
    "WU-13",
    "Only m was corrected; s was not.",
    "Which of the two starts at 0, and needs help at the beginning?",
    see="optimiser_race",
)
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * dw
    s = beta2 * s + (1 - beta2) * dw**2
    return w - lr * m / (1 - beta1**t) / (np.sqrt(s) + eps), m, s


@adam_step.misconception(
    "WU-13",
    "Only s was corrected; m was not.",
    "Which of the two starts at 0, and needs help at the beginning?",
    see="optimiser_race",
)
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * dw
    s = beta2 * s + (1 - beta2) * dw**2
    return w - lr * m / (np.sqrt(s / (1 - beta2**t)) + eps), m, s


@adam_step.misconception(
    "WU-13",
    "The correction has no t: you divided by 1 - beta, right for the first step only.",
    "After a thousand steps, how much is left of the start at 0?",
    see="optimiser_race",
)
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * dw
    s = beta2 * s + (1 - beta2) * dw**2
    m_hat = m / (1 - beta1)
    s_hat = s / (1 - beta2)
    return w - lr * m_hat / (np.sqrt(s_hat) + eps), m, s


@adam_step.misconception(
    "WU-13",
    "Your correction counts one step too many: it uses t + 1.",
    "What is t at the very first step, by the docstring?",
    see="optimiser_race",
)
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * dw
    s = beta2 * s + (1 - beta2) * dw**2
    m_hat = m / (1 - beta1 ** (t + 1))
    s_hat = s / (1 - beta2 ** (t + 1))
    return w - lr * m_hat / (np.sqrt(s_hat) + eps), m, s


@adam_step.misconception(
    "WU-13",
    "Your correction counts from 0: it uses t - 1, and divides by zero at the first step.",
    "What is t at the very first step, by the docstring?",
    see="optimiser_race",
)
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * dw
    s = beta2 * s + (1 - beta2) * dw**2
    m_hat = m / (1 - beta1 ** (t - 1))
    s_hat = s / (1 - beta2 ** (t - 1))
    return w - lr * m_hat / (np.sqrt(s_hat) + eps), m, s


@adam_step.misconception(
    "WU-13",
    "w is right, but the corrected m and s came back: the next step would correct them again.",
    "Which m does the next step have to start from?",
    see="optimiser_race",
)
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m = (beta1 * m + (1 - beta1) * dw) / (1 - beta1**t)
    s = (beta2 * s + (1 - beta2) * dw**2) / (1 - beta2**t)
    return w - lr * m / (np.sqrt(s) + eps), m, s


@adam_step.misconception(
    "WU-13",
    "eps stands inside the root.",
    "Is it added before the root is taken, or after?",
    see="optimiser_race",
)
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * dw
    s = beta2 * s + (1 - beta2) * dw**2
    m_hat = m / (1 - beta1**t)
    s_hat = s / (1 - beta2**t)
    return w - lr * m_hat / np.sqrt(s_hat + eps), m, s


@adam_step.misconception(
    "WU-13",
    "eps is missing.",
    "What does your line give for a weight whose gradients were all 0?",
    see="optimiser_race",
)
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * dw
    s = beta2 * s + (1 - beta2) * dw**2
    m_hat = m / (1 - beta1**t)
    s_hat = s / (1 - beta2**t)
    return w - lr * m_hat / np.sqrt(s_hat), m, s


@adam_step.misconception(
    "WU-13",
    "You wrote the short form with both corrections in the learning rate. Its eps is another eps: "
    "here eps joins the root of the corrected s.",
    "Is s corrected in your code before eps is added?",
    see="optimiser_race",
)
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * dw
    s = beta2 * s + (1 - beta2) * dw**2
    rate = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
    return w - rate * m / (np.sqrt(s) + eps), m, s


@adam_step.misconception(
    "WU-13",
    "beta1 and beta2 are swapped everywhere.",
    "Which of the two belongs to the mean of the squares?",
    see="optimiser_race",
)
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m = beta2 * m + (1 - beta2) * dw
    s = beta1 * s + (1 - beta1) * dw**2
    m_hat = m / (1 - beta2**t)
    s_hat = s / (1 - beta1**t)
    return w - lr * m_hat / (np.sqrt(s_hat) + eps), m, s


@adam_step.misconception(
    "WU-13",
    "m and s are right, but beta1 and beta2 are swapped in the corrections.",
    "Which of the two belongs to m?",
    see="optimiser_race",
)
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * dw
    s = beta2 * s + (1 - beta2) * dw**2
    m_hat = m / (1 - beta2**t)
    s_hat = s / (1 - beta1**t)
    return w - lr * m_hat / (np.sqrt(s_hat) + eps), m, s


@adam_step.misconception(
    "WU-13",
    "beta and 1 - beta are swapped: your m and s forget almost everything at once.",
    "With beta1 = 0.9, how much of the old m should stay?",
    see="optimiser_race",
)
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m = (1 - beta1) * m + beta1 * dw
    s = (1 - beta2) * s + beta2 * dw**2
    m_hat = m / (1 - beta1**t)
    s_hat = s / (1 - beta2**t)
    return w - lr * m_hat / (np.sqrt(s_hat) + eps), m, s


@adam_step.misconception(
    "WU-13",
    "The gradient is not squared in your s.",
    "Can the mean of squares ever be negative, and can yours?",
    see="optimiser_race",
)
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * dw
    s = beta2 * s + (1 - beta2) * dw
    m_hat = m / (1 - beta1**t)
    s_hat = s / (1 - beta2**t)
    return w - lr * m_hat / (np.sqrt(s_hat) + eps), m, s


@adam_step.misconception(
    "WU-13",
    "The root is missing: you divided by the mean of squares itself.",
    "If all gradients become ten times larger, what should happen to Adam's step?",
    see="optimiser_race",
)
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * dw
    s = beta2 * s + (1 - beta2) * dw**2
    m_hat = m / (1 - beta1**t)
    s_hat = s / (1 - beta2**t)
    return w - lr * m_hat / (s_hat + eps), m, s


@adam_step.misconception(
    "WU-13",
    "m and s are right, but w moved by the newest gradient, not by m (that is RMSProp).",
    "What is m kept for?",
    see="optimiser_race",
)
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * dw
    s = beta2 * s + (1 - beta2) * dw**2
    s_hat = s / (1 - beta2**t)
    return w - lr * dw / (np.sqrt(s_hat) + eps), m, s


@adam_step.misconception(
    "WU-13",
    "w is right, but the old m and s came back.",
    "What will the next step remember then?",
    see="optimiser_race",
)
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m_hat = (beta1 * m + (1 - beta1) * dw) / (1 - beta1**t)
    s_hat = (beta2 * s + (1 - beta2) * dw**2) / (1 - beta2**t)
    return w - lr * m_hat / (np.sqrt(s_hat) + eps), m, s


@adam_step.misconception(
    "WU-02",
    "m and s are right, but w climbs: the step was added.",
    "m is a mean of gradients. Where do gradients point?",
    see="ball_on_a_bowl",
)
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * dw
    s = beta2 * s + (1 - beta2) * dw**2
    m_hat = m / (1 - beta1**t)
    s_hat = s / (1 - beta2**t)
    return w + lr * m_hat / (np.sqrt(s_hat) + eps), m, s


@adam_step.misconception(
    "WU-03",
    "The learning rate is missing in your step.",
    "Adam's first step is about lr for every weight. How large is yours?",
    see="optimiser_race",
)
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * dw
    s = beta2 * s + (1 - beta2) * dw**2
    m_hat = m / (1 - beta1**t)
    s_hat = s / (1 - beta2**t)
    return w - m_hat / (np.sqrt(s_hat) + eps), m, s


@adam_step.misconception(
    "WU-15",
    "All three are right, but the caller's arrays were changed too: `*=`, `+=` and `-=` write into "
    "them.",
    "How could the caller now compare before and after?",
    see="mazur_step",
)
def _(w, m, s, dw, t, lr, beta1, beta2, eps):
    m *= beta1
    m += (1 - beta1) * dw
    s *= beta2
    s += (1 - beta2) * dw**2
    w -= lr * m / (1 - beta1**t) / (np.sqrt(s / (1 - beta2**t)) + eps)
    return w, m, s
