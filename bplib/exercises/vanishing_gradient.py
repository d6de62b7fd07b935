"""Exercises 5.1 to 5.8: how the error signal shrinks or grows on its way back.

A printed value has six digits of the largest one beside it, so whatever spans many powers of ten
is asked for as a logarithm, and whatever is asked for plainly stays near 1.
"""

import numpy as np

from bplib.activations import SIGMOID, Activation, sigmoid, sigmoid_prime, tanh, tanh_prime
from bplib.exercises.core import Belief, Item, choice, draw, exercise, ranking
from bplib.losses import MSE
from bplib.network import Layer, Network

# ---- 5.1 -----------------------------------------------------------------------------------------


@exercise(
    "5.1",
    points=1,
    title="The steepest place of a neuron",
    hints=(
        "At which z is the sigmoid steepest, and how steep is it there?",
        "The chain rule gives the slope from x to a: it has a weight in it. Then ask which x "
        "brings z to the place where the sigmoid is steepest.",
        "$\\frac{da}{dx} = w \\, \\sigma'(z)$ with $z = w x + b$; $\\sigma'(z) \\le \\frac{1}{4}$, "
        "equal at $z = 0$.",
    ),
    outputs=("slope", "x"),
)
def steepest(w, b):
    """How steep a = sigmoid(w x + b) is at its steepest place,
    for n neurons with one input x.

    w : (n,) weights, none is 0,  b : (n,) biases
    ->  slope : (n,) the largest size of da/dx,  x : (n,) where each neuron has it
    """
    return np.abs(w) / 4, -b / w


@steepest.cases
def _(rng):
    return [(draw(rng, n, largest=4), draw(rng, n)) for n in (2, 3, 5)]


@steepest.equivalent
def _(w, b):
    return np.abs(w) * sigmoid_prime(np.zeros(len(w))), -b / w


@steepest.equivalent
def _(w, b):
    x = -b / w
    a = 1 / (1 + np.exp(-(w * x + b)))
    return np.abs(w * a * (1 - a)), x


@steepest.equivalent
def _(w, b):
    return [0.25 * max(v, -v) for v in w], [-c / v for v, c in zip(w, b, strict=True)]


@steepest.equivalent
def _(w, b):
    return [np.sqrt(w**2) * 0.5**2, np.linalg.solve(np.diag(w), -b)]


@steepest.misconception(
    "VG-02",
    "The places are right; every slope is a quarter, whatever the weight is.",
    "A weight of 100 stretches x a hundredfold. What does that do to the slope from x to a?",
    see="neuron_chain",
)
def _(w, b):
    return np.full(len(w), 0.25), -b / w


@steepest.misconception(
    "VG-15",
    "The places are right; the slopes are those of a tanh neuron.",
    "How steep is the sigmoid at 0, beside tanh?",
    see="neuron_chain",
)
def _(w, b):
    return np.abs(w), -b / w


@steepest.misconception(
    "VG-16",
    "The places are right; your slope holds one half, the height of the sigmoid at 0.",
    "How high is the curve there, and how steep is it?",
    see="neuron_chain",
)
def _(w, b):
    return np.abs(w) / 2, -b / w


@steepest.misconception(
    "VG-16",
    "The slopes are right; your x is one half, and that is the activation at this place.",
    "Does the neuron take in x, or a?",
    see="neuron_chain",
)
def _(w, b):
    return np.abs(w) / 4, np.full(len(w), 0.5)


@steepest.misconception(
    "BP-05",
    "The places are right; your slope is taken at a, which is one half there, and not at z.",
    "What is z where the neuron is steepest, and what is a?",
    see="neuron_chain",
)
def _(w, b):
    again = sigmoid(sigmoid(0.0))
    return np.abs(w) * again * (1 - again), -b / w


@steepest.misconception(
    "VG-18",
    "The places are right; a slope with a negative weight came out negative.",
    "Can a size be negative?",
    see="neuron_chain",
)
def _(w, b):
    return w / 4, -b / w


@steepest.misconception(
    "VG-18",
    "Your weights are squared: a negative sign is gone, but the size has changed too.",
    "How much steeper is the neuron when its weight doubles?",
    see="neuron_chain",
)
def _(w, b):
    return w**2 / 4, -b / w


@steepest.misconception(
    "VG-17",
    "The slopes are right; all your places are x = 0.",
    "What is z of such a neuron at x = 0?",
    see="neuron_chain",
)
def _(w, b):
    return np.abs(w) / 4, np.zeros(len(w))


@steepest.misconception(
    "VG-17",
    "You looked at x = 0: the slopes are those of this place, not the largest ones.",
    "What is z of such a neuron at x = 0, and is the sigmoid steepest there?",
    see="neuron_chain",
)
def _(w, b):
    a = sigmoid(b)
    return np.abs(w) * a * (1 - a), np.zeros(len(w))


@steepest.misconception(
    "VG-17",
    "The slopes are right; the signs of your places are turned.",
    "Put your x into w x + b. Is it 0?",
    see="neuron_chain",
)
def _(w, b):
    return np.abs(w) / 4, b / w


@steepest.misconception(
    "VG-17",
    "The slopes are right; in your places the weight is forgotten.",
    "Put your x into w x + b. Is it 0?",
    see="neuron_chain",
)
def _(w, b):
    return np.abs(w) / 4, -b


@steepest.misconception(
    "VG-17",
    "The slopes are right; your places are upside down.",
    "Put your x into w x + b. Is it 0?",
    see="neuron_chain",
)
def _(w, b):
    return np.abs(w) / 4, -w / b


@steepest.misconception(
    "FF-28",
    "Both results are right, in the wrong order.",
    "Which of the two does the docstring name first?",
    see="neuron_chain",
)
def _(w, b):
    return -b / w, np.abs(w) / 4


# ---- 5.2 -----------------------------------------------------------------------------------------


@exercise(
    "5.2",
    points=2,
    title="What is left after a chain of neurons",
    hints=(
        "One step back, from neuron 2 to neuron 1: which weight and which slope does delta meet?",
        "A step back takes the weight of the later neuron and the slope of the earlier one. "
        "L neurons make L - 1 steps, and one step multiplies the next.",
        "$\\frac{\\delta^1}{\\delta^L} = \\prod_{l=1}^{L-1} w^{l+1} \\, \\sigma'(z^l)$",
    ),
    outputs=("ratio",),
)
def chain_ratio(w, z):
    """delta of the first neuron, divided by delta of the last,
    in a chain of L sigmoid neurons.

    w : (L,) w[0] leads from the input to the first neuron,
        w[1] from the first to the second, ...
    z : (L,) the z of every neuron, first one first  ->  one number, with its sign
    """
    a = sigmoid(z[:-1])
    return np.prod(w[1:] * a * (1 - a))


@chain_ratio.cases
def _(rng):
    cases = []
    for L, sign in ((3, -1), (2, 1), (4, 1), (5, -1), (12, 1)):
        w = rng.integers(300, 601, L) / 100 * rng.choice([-1, 1], L)
        w[-1] *= sign * np.prod(np.sign(w[1:]))
        cases.append((w, draw(rng, L)))
    return cases


@chain_ratio.equivalent
def _(w, z):
    ratio = 1.0
    for l in range(len(z) - 1):
        a = sigmoid(z[l])
        ratio *= w[l + 1] * a * (1 - a)
    return ratio


@chain_ratio.equivalent
def _(w, z):
    delta = [1.0]
    for l in reversed(range(len(z) - 1)):
        delta.insert(0, delta[0] * w[l + 1] * np.exp(-z[l]) / (1 + np.exp(-z[l])) ** 2)
    return delta[0] / delta[-1]


@chain_ratio.equivalent
def _(w, z):
    size = np.exp(np.sum(np.log(np.abs(w[1:])) + np.log(sigmoid_prime(z[:-1]))))
    return np.prod(np.sign(w[1:])) * size


@chain_ratio.library
def _(w, z):
    layers = [Layer(np.array([[v]]), np.zeros(1), SIGMOID) for v in w]
    a = sigmoid(z)
    for layer, before, now in zip(layers[1:], a[:-1], z[1:], strict=True):
        layer.b += now - layer.W[0, 0] * before
    layers[0].b += z[0] - w[0]
    net = Network(layers, MSE)
    deltas = net.backward(net.forward(np.ones((1, 1))), np.full((1, 1), -1.0)).delta
    return (deltas[0] / deltas[-1])[0, 0]


@chain_ratio.misconception(
    "VG-02",
    "Your product has the slopes only; the weights are not in it.",
    "With w = 4 and every z at 0, what happens to the signal?",
    see="neuron_chain",
)
def _(w, z):
    a = sigmoid(z[:-1])
    return np.prod(a * (1 - a))


@chain_ratio.misconception(
    "VG-02",
    "You took a quarter for every step, whatever w and z are.",
    "When is a slope as large as a quarter, and what else stands in each factor?",
    see="neuron_chain",
)
def _(w, z):
    return 0.25 ** (len(z) - 1)


@chain_ratio.misconception(
    "VG-02",
    "The weights are right, but you took every slope to be a quarter.",
    "At which z is the slope a quarter, and where are your z?",
    see="neuron_chain",
)
def _(w, z):
    return np.prod(w[1:] / 4)


@chain_ratio.misconception(
    "BP-04",
    "Your product has the weights only; the slopes are not in it.",
    "What should a neuron far from z = 0 let through?",
    see="neuron_chain",
)
def _(w, z):
    return np.prod(w[1:])


@chain_ratio.misconception(
    "VG-19",
    "You took the weights one step too early: each one leads into the neuron that it is paired "
    "with.",
    "Which weight lies between neuron 1 and neuron 2?",
    see="neuron_chain",
)
def _(w, z):
    a = sigmoid(z[:-1])
    return np.prod(w[:-1] * a * (1 - a))


@chain_ratio.misconception(
    "VG-19",
    "Your weights are right; the slopes belong to the neurons that the signal comes from.",
    "Delta of the last neuron is there already. Is its slope needed once more?",
    see="neuron_chain",
)
def _(w, z):
    a = sigmoid(z[1:])
    return np.prod(w[1:] * a * (1 - a))


@chain_ratio.misconception(
    "VG-19",
    "Weights and slopes are both off by one: the other ends of the chain are missing.",
    "Which weight and which slope are between the first neuron and the second?",
    see="neuron_chain",
)
def _(w, z):
    a = sigmoid(z[1:])
    return np.prod(w[:-1] * a * (1 - a))


@chain_ratio.misconception(
    "VG-19",
    "Your product has one step too many: L factors instead of L - 1.",
    "How many steps are there between L neurons?",
    see="neuron_chain",
)
def _(w, z):
    a = sigmoid(z)
    return np.prod(w * a * (1 - a))


@chain_ratio.misconception(
    "VG-11",
    "This is the last delta divided by the first one.",
    "Which of the two is next to the output, and where does the error come from?",
    see="neuron_chain",
)
def _(w, z):
    a = sigmoid(z[:-1])
    return 1 / np.prod(w[1:] * a * (1 - a))


@chain_ratio.misconception(
    "VG-13",
    "This is only the step from the second neuron to the first.",
    "How many steps did the signal make before it?",
    see="neuron_chain",
)
def _(w, z):
    a = sigmoid(z[0])
    return w[1] * a * (1 - a)


@chain_ratio.misconception(
    "VG-13",
    "This is only the step from the last neuron to the one before it.",
    "How many more steps follow?",
    see="neuron_chain",
)
def _(w, z):
    a = sigmoid(z[-2])
    return w[-1] * a * (1 - a)


@chain_ratio.misconception(
    "BP-31",
    "You added the steps; a signal that passes one step after the other is multiplied.",
    "Two steps halve the signal each. How much is left?",
    see="neuron_chain",
)
def _(w, z):
    a = sigmoid(z[:-1])
    return np.sum(w[1:] * a * (1 - a))


@chain_ratio.misconception(
    "BP-05",
    "The slopes are taken at a: the sigmoid is in them twice.",
    "Which letter does your formula of the slope want, and which one has it got?",
    see="neuron_chain",
)
def _(w, z):
    a = sigmoid(sigmoid(z[:-1]))
    return np.prod(w[1:] * a * (1 - a))


@chain_ratio.misconception(
    "BP-06",
    "Your slope is z (1 - z): the formula for a, with z put in.",
    "Can the sigmoid ever fall, and can your slope be negative?",
    see="neuron_chain",
)
def _(w, z):
    return np.prod(w[1:] * z[:-1] * (1 - z[:-1]))


@chain_ratio.misconception(
    "BP-07",
    "You multiplied by the activations instead of the slopes.",
    "Going back, what does a neuron multiply its signal by: its height, or its slope?",
    see="neuron_chain",
)
def _(w, z):
    return np.prod(w[1:] * sigmoid(z[:-1]))


@chain_ratio.misconception(
    "BP-08",
    "These are the slopes of tanh.",
    "Which activation do the neurons of this chain have?",
    see="neuron_chain",
)
def _(w, z):
    return np.prod(w[1:] * (1 - np.tanh(z[:-1]) ** 2))


@chain_ratio.misconception(
    "BP-08",
    "Your slope is 1 - a², the formula for tanh, with the a of a sigmoid.",
    "Which activation do the neurons of this chain have?",
    see="neuron_chain",
)
def _(w, z):
    return np.prod(w[1:] * (1 - sigmoid(z[:-1]) ** 2))


@chain_ratio.misconception(
    "VG-18",
    "Your size is right, and the sign is lost.",
    "Does a negative weight turn the sign of the signal?",
    see="neuron_chain",
)
def _(w, z):
    a = sigmoid(z[:-1])
    return np.abs(np.prod(w[1:] * a * (1 - a)))


@chain_ratio.misconception(
    "VG-04",
    "This is the logarithm of the size of the ratio, not the ratio.",
    "Would you plot it on a log scale, or has it been on one already?",
    see="neuron_chain",
)
def _(w, z):
    a = sigmoid(z[:-1])
    return np.log10(np.abs(np.prod(w[1:] * a * (1 - a))))


# ---- 5.3 -----------------------------------------------------------------------------------------


@exercise(
    "5.3",
    points=3,
    title="A profile of any network",
    hints=(
        "Which delta do you know first, that of the first layer or that of the last?",
        "Run forward and keep every z and a. The last delta comes from the error, each earlier one "
        "from the delta after it. Only then measure: square, mean, root, logarithm.",
        "$\\delta^L = \\frac{a^L - y}{m} \\odot \\phi'(z^L)$, $\\delta^l = (\\delta^{l+1} W^{l+1}) "
        "\\odot \\phi'(z^l)$, $\\log_{10} \\sqrt{\\mathrm{mean}((\\delta^l)^2)}$",
    ),
    outputs=("profile",),
)
def profile(x, y, Ws, bs, phi, prime):
    """log10 of the RMS of delta in each layer, first layer first.

    x : (m, n_0),  y : (m, n_L),  Ws : [W1, ..., WL], W : (n_out, n_in),
    bs : [b1, ..., bL]
    phi, prime : the activation of all layers and its slope, both functions of z
    The loss is half the squared error, summed over outputs, the mean over the m rows.
    ->  (L,)  (as a logarithm, so that the tiny ones count too)
    """
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    delta = (a[-1] - y) / len(x) * prime(z[-1])
    sizes = [np.sqrt(np.mean(delta**2))]
    for l in reversed(range(len(Ws) - 1)):
        delta = delta @ Ws[l + 1] * prime(z[l])
        sizes.append(np.sqrt(np.mean(delta**2)))
    return np.log10(sizes[::-1])


def _stack(rng, m, sizes, phi, prime, scale=1.0):
    Ws = [draw(rng, n_out, n_in) for n_in, n_out in zip(sizes, sizes[1:], strict=False)]
    y = scale * rng.integers(10, 91, (m, sizes[-1])) / 100
    return draw(rng, m, sizes[0]), y, Ws, [draw(rng, len(W)) for W in Ws], phi, prime


@profile.cases
def _(rng):
    return [
        _stack(rng, 4, (2, 3, 2), sigmoid, sigmoid_prime),
        _stack(rng, 3, (2, 4, 3, 2), tanh, tanh_prime),
        _stack(rng, 5, (3, 4, 2, 5, 3), sigmoid, sigmoid_prime),
        _stack(rng, 3, (3, 3, 3, 3), sigmoid, sigmoid_prime),
    ]


@profile.far
def _(rng):
    return [
        _stack(rng, m, sizes, sigmoid, sigmoid_prime, scale=1e8)
        for m, sizes in ((3, (2, 3, 4)), (4, (3, 2, 5)))
    ]


@profile.library
def _(x, y, Ws, bs, phi, prime):
    both = Activation("both", phi, prime)
    net = Network([Layer(W, b, both) for W, b in zip(Ws, bs, strict=True)], MSE)
    deltas = net.backward(net.forward(x), y).delta
    return [np.log10(np.linalg.norm(delta) / np.sqrt(delta.size)) for delta in deltas]


@profile.equivalent
def _(x, y, Ws, bs, phi, prime):
    """The other sign of the error: no size can tell."""
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    delta, out = -(a[-1] - y) * prime(z[-1]), []
    for l in range(len(Ws) - 1, -1, -1):
        out = [np.log(np.sqrt((delta**2).mean()) / len(x)) / np.log(10), *out]
        delta = np.einsum("mo,oi->mi", delta, Ws[l]) * (prime(z[l - 1]) if l else 1)
    return np.array(out)


@profile.equivalent
def _(x, y, Ws, bs, phi, prime):
    """One sample at a time, as the book has it."""
    squares = [[] for _ in Ws]
    for x_i, y_i in zip(x, y, strict=True):
        a, z = [x_i], []
        for W, b in zip(Ws, bs, strict=True):
            z.append(W @ a[-1] + b)
            a.append(phi(z[-1]))
        delta = (a[-1] - y_i) / len(x) * prime(z[-1])
        for l in reversed(range(len(Ws))):
            squares[l].extend(delta**2)
            if l:
                delta = Ws[l].T @ delta * prime(z[l - 1])
    return [np.log10(sum(s) / len(s)) / 2 for s in squares]


@profile.misconception(
    "VG-03",
    "This is the size of dW. It holds delta and the activations before it.",
    "If delta shrinks and the activations grow by as much, what does dW show?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x) * prime(z[-1])]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, deltas[0] @ Ws[l + 1] * prime(z[l]))
    dWs = [d.T @ a_prev for d, a_prev in zip(deltas, a, strict=False)]
    return np.array([0.5 * np.log10(np.mean(dW**2)) for dW in dWs])


@profile.misconception(
    "VG-03",
    "This is the size of db: the rows of delta are added up first.",
    "What becomes of two rows that pull in opposite directions?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x) * prime(z[-1])]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, deltas[0] @ Ws[l + 1] * prime(z[l]))
    return np.array([0.5 * np.log10(np.mean(d.sum(axis=0) ** 2)) for d in deltas])


@profile.misconception(
    "VG-11",
    "All sizes are right, in the order in which the signal meets the layers: last layer first.",
    "Which layer is next to the input, and which next to the output?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x) * prime(z[-1])]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, deltas[0] @ Ws[l + 1] * prime(z[l]))
    return np.array([0.5 * np.log10(np.mean(d**2)) for d in deltas[::-1]])


@profile.misconception(
    "VG-04",
    "These are the sizes themselves, without a logarithm.",
    "On a plain scale, could you tell a millionth from 0?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x) * prime(z[-1])]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, deltas[0] @ Ws[l + 1] * prime(z[l]))
    return np.array([np.sqrt(np.mean(d**2)) for d in deltas])


@profile.misconception(
    "VG-04",
    "This is the natural logarithm.",
    "What should come out for a size of a thousandth?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x) * prime(z[-1])]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, deltas[0] @ Ws[l + 1] * prime(z[l]))
    return np.array([0.5 * np.log(np.mean(d**2)) for d in deltas])


@profile.misconception(
    "VG-20",
    "This is the length of delta, not its usual size: it grows with every row and every neuron.",
    "A hundred neurons all have delta 0.01. What is their usual size?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x) * prime(z[-1])]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, deltas[0] @ Ws[l + 1] * prime(z[l]))
    return np.array([np.log10(np.linalg.norm(d)) for d in deltas])


@profile.misconception(
    "VG-20",
    "This is the mean of the sizes: no square, no root.",
    "What do the three letters of RMS stand for?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x) * prime(z[-1])]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, deltas[0] @ Ws[l + 1] * prime(z[l]))
    return np.array([np.log10(np.mean(np.abs(d))) for d in deltas])


@profile.misconception(
    "VG-20",
    "The root is missing: this is the mean of the squares.",
    "All delta are a tenth. What is their usual size, and what is yours?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x) * prime(z[-1])]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, deltas[0] @ Ws[l + 1] * prime(z[l]))
    return np.array([np.log10(np.mean(d**2)) for d in deltas])


@profile.misconception(
    "VG-20",
    "This is the largest delta of each layer.",
    "What do the three letters of RMS stand for?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x) * prime(z[-1])]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, deltas[0] @ Ws[l + 1] * prime(z[l]))
    return np.array([np.log10(np.max(np.abs(d))) for d in deltas])


@profile.misconception(
    "VG-20",
    "This is the standard deviation: the mean of delta was taken away before squaring.",
    "All delta are a tenth. What is their usual size, and what is yours?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x) * prime(z[-1])]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, deltas[0] @ Ws[l + 1] * prime(z[l]))
    return np.array([np.log10(np.std(d)) for d in deltas])


@profile.misconception(
    "VG-20",
    "You took the logarithm of each delta first, and then a mean.",
    "One delta of a layer is almost 0, the others are not. What should the size of the layer be?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x) * prime(z[-1])]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, deltas[0] @ Ws[l + 1] * prime(z[l]))
    return np.array([np.mean(np.log10(np.abs(d))) for d in deltas])


@profile.misconception(
    "BP-03",
    "At the output you have the error, not delta: the slope of the last layer is missing.",
    "What should the last delta be when the output is flat?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x)]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, deltas[0] @ Ws[l + 1] * prime(z[l]))
    return np.array([0.5 * np.log10(np.mean(d**2)) for d in deltas])


@profile.misconception(
    "BP-04",
    "The last layer is right; the slopes of the hidden layers are missing.",
    "What should a saturated hidden neuron let through?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x) * prime(z[-1])]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, deltas[0] @ Ws[l + 1])
    return np.array([0.5 * np.log10(np.mean(d**2)) for d in deltas])


@profile.misconception(
    "BP-05",
    "All slopes are taken at a; they belong to z.",
    "Which letter does `prime` want?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x) * prime(a[-1])]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, deltas[0] @ Ws[l + 1] * prime(a[l + 1]))
    return np.array([0.5 * np.log10(np.mean(d**2)) for d in deltas])


@profile.misconception(
    "BP-08",
    "You wrote a (1 - a) for every activation; the argument `prime` is not used.",
    "Which of the test networks are no sigmoid networks?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x) * a[-1] * (1 - a[-1])]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, deltas[0] @ Ws[l + 1] * a[l + 1] * (1 - a[l + 1]))
    return np.array([0.5 * np.log10(np.mean(d**2)) for d in deltas])


@profile.misconception(
    "BP-09",
    "W is turned the wrong way: where it is square nobody notices, elsewhere Python stops.",
    "W has one row per neuron of its own layer. Which side of W must meet delta?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x) * prime(z[-1])]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, deltas[0] @ Ws[l + 1].T * prime(z[l]))
    return np.array([0.5 * np.log10(np.mean(d**2)) for d in deltas])


@profile.misconception(
    "BP-14",
    "All sizes are too large by the number of rows: the 1/m of the mean is missing.",
    "The loss is a mean. What stands before its sum?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x) * prime(z[-1])]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, deltas[0] @ Ws[l + 1] * prime(z[l]))
    return np.array([0.5 * np.log10(np.mean((len(x) * d) ** 2)) for d in deltas])


@profile.misconception(
    "BP-16",
    "The last layer is right; every other layer was divided by m once more than the one after it.",
    "How many means does the loss take?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x) * prime(z[-1])]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, deltas[0] @ Ws[l + 1] * prime(z[l]) / len(x))
    return np.array([0.5 * np.log10(np.mean(d**2)) for d in deltas])


@profile.misconception(
    "BP-17",
    "You divided by all numbers of the output; the loss divides by its rows only.",
    "Is the error summed over the outputs of a row, or averaged?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x) * prime(z[-1])]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, deltas[0] @ Ws[l + 1] * prime(z[l]))
    return np.array([0.5 * np.log10(np.mean((d / y.shape[1]) ** 2)) for d in deltas])


@profile.misconception(
    "BP-02",
    "All your sizes are twice too large.",
    "What is the slope of ½(a − y)², with its ½?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x) * prime(z[-1])]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, deltas[0] @ Ws[l + 1] * prime(z[l]))
    return np.array([0.5 * np.log10(np.mean((2 * d) ** 2)) for d in deltas])


@profile.misconception(
    "VG-19",
    "These are the slopes with respect to a, one step before delta.",
    "delta belongs to z. What lies between z and a?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x) * prime(z[-1])]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, deltas[0] @ Ws[l + 1] * prime(z[l]))
    das = [d @ W for d, W in zip(deltas[1:], Ws[1:], strict=True)]
    das.append((a[-1] - y) / len(x))
    return np.array([0.5 * np.log10(np.mean(da**2)) for da in das])


@profile.misconception(
    "VG-19",
    "Your hidden layers use the slope of the layer after them.",
    "A delta comes to layer l through W. Which z belongs to layer l?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    deltas = [(a[-1] - y) / len(x) * prime(z[-1])]
    for l in reversed(range(len(z) - 1)):
        deltas.insert(0, (deltas[0] * prime(z[l + 1])) @ Ws[l + 1])
    return np.array([0.5 * np.log10(np.mean(d**2)) for d in deltas])


@profile.misconception(
    "VG-24",
    "These are the sizes of the activations: the way forward, not the way back.",
    "Which signal starts at the error?",
    see="depth_lab",
)
def _(x, y, Ws, bs, phi, prime):
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(phi(z[-1]))
    return np.array([0.5 * np.log10(np.mean(v**2)) for v in a[1:]])


# ---- 5.4 -----------------------------------------------------------------------------------------

# Ten hidden layers of 64: the slope of phi at its steepest place, the standard deviation of the
# weights, and the place by the size of dW, which B and D share.  The tests measure all of it.
SETTINGS = {
    "A": ("tanh", "N(0, 1)", 1.0, 1.0, 5),
    "B": ("ReLU", "Xavier", 1.0, 1 / 8, 4),
    "C": ("sigmoid", "N(0, 1)", 0.25, 1.0, 2),
    "D": ("ReLU", "He", 1.0, np.sqrt(2) / 8, 4),
    "E": ("sigmoid", "Xavier", 0.25, 1 / 8, 1),
    "F": ("ReLU", "N(0, 1)", 1.0, 1.0, 3),
}
BY_DELTA = "EBCDAF"


def _places(letters):
    return {letter: place for place, letter in enumerate(letters)}


by_ratio = ranking(
    "5.4",
    points=2,
    title="Six settings in order",
    hints=(
        "Which two things multiply the signal in every step back, and for which settings is their "
        "product far below 1?",
        "The weights have the standard deviation 1, or about an eighth (Xavier), or a little more "
        "than that (He). ReLU lets half of the neurons through. Sigmoid and tanh saturate where "
        "the weights are large. The lab of section 5.4 measures all six.",
        "one step back: $\\sqrt{n \\, \\sigma_w^2 \\, \\mathrm{mean}(\\phi'^2)}$, with $n = 64$; "
        "the ratio is its ninth power.",
    ),
    name="by_ratio",
    things={k: f"{phi}, weights {init}" for k, (phi, init, *_) in SETTINGS.items()},
    right=BY_DELTA,
    beliefs=[
        Belief(
            "VG-11",
            "Your order runs backwards, from what explodes to what vanishes.",
            "The ratio is the first layer over the tenth. Which of the two is next to the input?",
            _places(BY_DELTA[::-1]),
        ),
        Belief(
            "VG-03",
            "This is the order by the size of dW.",
            "dW holds delta and the activations before it. Which of the two is asked for?",
            {k: place for k, (*_, place) in SETTINGS.items()},
        ),
        Belief(
            "VG-06",
            "All but two stand right: Xavier and He have changed places.",
            "ReLU stops half of the signal. Which of the two formulas makes up for it?",
            _places(BY_DELTA.translate(str.maketrans("BD", "DB"))),
        ),
        Belief(
            "VG-02",
            "You ordered by the slope of the activation alone: all sigmoids first.",
            "What can a large weight do to a small slope?",
            {k: slope for k, (_, _, slope, *_) in SETTINGS.items()},
        ),
        Belief(
            "VG-05",
            "You ordered by the size of the weights alone.",
            "What happens to a sigmoid neuron, or a tanh neuron, whose weights are large?",
            {k: std for k, (*_, std, _) in SETTINGS.items()},
        ),
    ],
    see="depth_lab",
)


# ---- 5.5 -----------------------------------------------------------------------------------------


@exercise(
    "5.5",
    points=1,
    title="Xavier and He",
    hints=(
        "A sum of n terms: how many times larger than the variance of one term is its variance?",
        "Xavier takes the mean of the way forward and the way back; He looks forward only, and "
        "half of the neurons of a ReLU layer are silent. Is a variance asked for?",
        "Xavier: $\\sigma_w^2 = \\frac{2}{n_{in} + n_{out}}$; He: $\\sigma_w^2 = "
        "\\frac{2}{n_{in}}$",
    ),
    outputs=("xavier", "he"),
)
def first_weights(shape):
    """The standard deviations of normally distributed first weights, by Xavier and by He.

    shape : (n_out, n_in), the shape of W  ->  xavier, he: two numbers
    """
    n_out, n_in = shape
    return np.sqrt(2 / (n_in + n_out)), np.sqrt(2 / n_in)


@first_weights.cases
def _(rng):
    n = int(rng.integers(20, 90))
    wide, narrow = int(rng.integers(100, 200)), int(rng.integers(20, 90))
    return [((3, 5),), ((narrow, wide),), ((wide, narrow),), ((n, n),)]


@first_weights.equivalent
def _(shape):
    return (2 / sum(shape)) ** 0.5, (2 / shape[1]) ** 0.5


@first_weights.equivalent
def _(shape):
    return np.array([1 / np.sqrt(np.mean(shape)), np.sqrt(2) / np.sqrt(shape[-1])])


@first_weights.equivalent
def _(shape):
    W = np.zeros(shape)
    limit = np.sqrt(6 / (W.shape[0] + W.shape[1]))
    return [limit / np.sqrt(3), np.exp(0.5 * (np.log(2) - np.log(W[0].size)))]


@first_weights.misconception(
    "VG-07",
    "These are the variances.",
    "With 50 inputs He gives weights of about 0.2, not 0.04. Which step is between the two?",
    see="find_initialisation",
)
def _(shape):
    return 2 / (shape[0] + shape[1]), 2 / shape[1]


@first_weights.misconception(
    "VG-07",
    "He is right; for Xavier you gave the variance.",
    "Which step leads from a variance to a standard deviation?",
    see="find_initialisation",
)
def _(shape):
    return 2 / (shape[0] + shape[1]), np.sqrt(2 / shape[1])


@first_weights.misconception(
    "VG-07",
    "Xavier is right; for He you gave the variance.",
    "Which step leads from a variance to a standard deviation?",
    see="find_initialisation",
)
def _(shape):
    return np.sqrt(2 / (shape[0] + shape[1])), 2 / shape[1]


@first_weights.misconception(
    "VG-07",
    "The root reaches over the 2 only.",
    "A layer has four times as many inputs. By how much should its weights shrink?",
    see="find_initialisation",
)
def _(shape):
    return np.sqrt(2) / (shape[0] + shape[1]), np.sqrt(2) / shape[1]


@first_weights.misconception(
    "VG-08",
    "Xavier is right; He took the neurons of the layer for its inputs.",
    "W has one row per neuron. Which of the two numbers of its shape counts the inputs?",
    see="find_initialisation",
)
def _(shape):
    return np.sqrt(2 / (shape[0] + shape[1])), np.sqrt(2 / shape[0])


@first_weights.misconception(
    "VG-08",
    "Both of your results average over inputs and neurons; He looks at one of them.",
    "Which way does He keep the signal alive, and how many terms does a sum have on this way?",
    see="find_initialisation",
)
def _(shape):
    return np.sqrt(2 / (shape[0] + shape[1])), np.sqrt(4 / (shape[0] + shape[1]))


@first_weights.misconception(
    "VG-08",
    "He is right; your Xavier looks at the inputs only.",
    "Which two ways does Xavier take the mean of?",
    see="find_initialisation",
)
def _(shape):
    return np.sqrt(1 / shape[1]), np.sqrt(2 / shape[1])


@first_weights.misconception(
    "VG-08",
    "He is right; your Xavier looks at the neurons of the layer only.",
    "Which two ways does Xavier take the mean of?",
    see="find_initialisation",
)
def _(shape):
    return np.sqrt(1 / shape[0]), np.sqrt(2 / shape[1])


@first_weights.misconception(
    "VG-08",
    "He is right; your Xavier multiplies the two numbers of the shape: that counts the weights.",
    "How many terms does the sum of one neuron have?",
    see="find_initialisation",
)
def _(shape):
    return np.sqrt(2 / (shape[0] * shape[1])), np.sqrt(2 / shape[1])


@first_weights.misconception(
    "VG-06",
    "Both are right, but their names are swapped: He came first.",
    "Which of the two is made for ReLU, and which is larger in a square layer?",
    see="find_initialisation",
)
def _(shape):
    return np.sqrt(2 / shape[1]), np.sqrt(2 / (shape[0] + shape[1]))


@first_weights.misconception(
    "VG-06",
    "Xavier is right; in your He the silent half of a ReLU layer is forgotten.",
    "If only half of the terms of a sum are there, how large must each of them be?",
    see="find_initialisation",
)
def _(shape):
    return np.sqrt(2 / (shape[0] + shape[1])), np.sqrt(1 / shape[1])


@first_weights.misconception(
    "VG-06",
    "He is right; your Xavier adds the two numbers of the shape but takes no mean of them.",
    "In a square layer Xavier's variance is 1/n. What is yours?",
    see="find_initialisation",
)
def _(shape):
    return np.sqrt(1 / (shape[0] + shape[1])), np.sqrt(2 / shape[1])


@first_weights.misconception(
    "VG-21",
    "These are the limits of a uniform distribution; its standard deviation is smaller.",
    "Numbers drawn evenly between -1 and 1: is their standard deviation 1?",
    see="find_initialisation",
)
def _(shape):
    return np.sqrt(6 / (shape[0] + shape[1])), np.sqrt(6 / shape[1])


@first_weights.misconception(
    "VG-21",
    "He is right; your Xavier is the limit of a uniform distribution.",
    "Numbers drawn evenly between -1 and 1: is their standard deviation 1?",
    see="find_initialisation",
)
def _(shape):
    return np.sqrt(6 / (shape[0] + shape[1])), np.sqrt(2 / shape[1])


# ---- 5.6 -----------------------------------------------------------------------------------------


@exercise(
    "5.6",
    points=2,
    title="Fifty layers that keep the signal",
    hints=(
        "delta goes back through W. How many terms does the sum of one entry have: one for each "
        "column of W, or one for each row?",
        "A step back through W multiplies the mean square of delta by three things: the number "
        "of terms, the variance of a weight, and the mean of the squared slope. The three must "
        "make 1.",
        "$n_l \\, \\sigma_l^2 \\, \\mathrm{mean}(\\phi'^2) = 1$; half of the slopes are 1, half "
        "are $s$: $\\mathrm{mean}(\\phi'^2) = \\frac{1 + s^2}{2}$",
    ),
    outputs=("std",),
)
def keep_alive(widths, slope):
    """The standard deviations of the weights with which delta keeps its size going BACK.

    widths : (L,) the number of neurons in layers 1 to L
    slope : that of a Leaky ReLU below 0, in formulas s;  0 is the plain ReLU
    Half of all z are above 0.
    ->  (L - 1,) the standard deviations for W2, ..., WL,
    where Wl is (widths[l-1], widths[l-2])
    """
    return np.sqrt(2 / (widths[1:] * (1 + slope**2)))


@keep_alive.cases
def _(rng):
    def widths(L):
        return rng.permutation(np.arange(8, 240))[:L]

    return [(widths(3), 0.0), (widths(4), 0.3), (widths(6), 0.5), (widths(50), 0.0)]


@keep_alive.equivalent
def _(widths, slope):
    mean = (1 + slope**2) / 2
    return [1 / np.sqrt(n_out * mean) for n_out in widths[1:]]


@keep_alive.equivalent
def _(widths, slope):
    half = np.mean(np.array([1.0, slope]) ** 2)
    return (half * np.asarray(widths, float)[1:]) ** -0.5


@keep_alive.equivalent
def _(widths, slope):
    gain = np.sqrt(2.0) / np.hypot(1.0, slope)
    return np.array([gain / n_out**0.5 for _, n_out in zip(widths, widths[1:], strict=False)])


@keep_alive.misconception(
    "VG-08",
    "This keeps the signal going forward: you counted the inputs of each layer.",
    "Going back, one entry is a sum along a column of W. How many rows has W?",
    see="find_initialisation",
)
def _(widths, slope):
    return np.sqrt(2 / (widths[:-1] * (1 + slope**2)))


@keep_alive.misconception(
    "VG-08",
    "You took the mean of inputs and neurons: a compromise of forward and back, in Xavier's way.",
    "Only the way back is asked for. How many terms does its sum have?",
    see="find_initialisation",
)
def _(widths, slope):
    return np.sqrt(4 / ((widths[1:] + widths[:-1]) * (1 + slope**2)))


@keep_alive.misconception(
    "VG-06",
    "These are Xavier's weights: the mean over inputs and neurons, and no slope in it.",
    "Half of the neurons of a ReLU stop the signal. What must make up for it?",
    see="find_initialisation",
)
def _(widths, slope):
    return np.sqrt(2 / (widths[1:] + widths[:-1]))


@keep_alive.misconception(
    "VG-06",
    "You counted the right terms, but took every slope to be 1.",
    "What is the slope of the half of the neurons below 0?",
    see="find_initialisation",
)
def _(widths, slope):
    return np.sqrt(1 / widths[1:])


@keep_alive.misconception(
    "VG-22",
    "You took the plain ReLU everywhere; the slope below 0 is not in it.",
    "With a slope of 1 below 0 there is no kink left. What should your formula give then?",
    see="find_initialisation",
)
def _(widths, slope):
    return np.sqrt(2 / widths[1:])


@keep_alive.misconception(
    "VG-22",
    "You averaged the slopes and did not square them.",
    "The size of delta is a mean of squares. What is the square of a slope of one half?",
    see="find_initialisation",
)
def _(widths, slope):
    return np.sqrt(2 / (widths[1:] * (1 + slope)))


@keep_alive.misconception(
    "VG-22",
    "You averaged the slopes first and squared then.",
    "Is the mean of 0 and 1, squared, the same as the mean of their squares?",
    see="find_initialisation",
)
def _(widths, slope):
    return 2 / (np.sqrt(widths[1:]) * (1 + slope))


@keep_alive.misconception(
    "VG-22",
    "You added the two squared slopes and took no mean of them.",
    "Is a neuron above 0 and below 0 at the same time?",
    see="find_initialisation",
)
def _(widths, slope):
    return np.sqrt(1 / (widths[1:] * (1 + slope**2)))


@keep_alive.misconception(
    "VG-22",
    "The mean of the squared slopes is on the wrong side: you multiplied by it.",
    "If less of the signal comes through, must the weights be larger or smaller?",
    see="find_initialisation",
)
def _(widths, slope):
    return np.sqrt((1 + slope**2) / 2 / widths[1:])


@keep_alive.misconception(
    "VG-07",
    "These are the variances.",
    "Which step leads from a variance to a standard deviation?",
    see="find_initialisation",
)
def _(widths, slope):
    return 2 / (widths[1:] * (1 + slope**2))


@keep_alive.misconception(
    "VG-07",
    "The root does not reach over the number of neurons.",
    "A layer has four times as many neurons. By how much should its weights shrink?",
    see="find_initialisation",
)
def _(widths, slope):
    return np.sqrt(2 / (1 + slope**2)) / widths[1:]


@keep_alive.misconception(
    "VG-21",
    "These are the limits of a uniform distribution; its standard deviation is smaller.",
    "Numbers drawn evenly between -1 and 1: is their standard deviation 1?",
    see="find_initialisation",
)
def _(widths, slope):
    return np.sqrt(6 / (widths[1:] * (1 + slope**2)))


@keep_alive.misconception(
    "VG-19",
    "There is one number too many: you gave one for W1 too.",
    "Which layer would delta reach through W1, and has this layer a z?",
    see="find_initialisation",
)
def _(widths, slope):
    return np.sqrt(2 / (widths * (1 + slope**2)))


@keep_alive.misconception(
    "VG-11",
    "All numbers are right, last layer first.",
    "Which matrix does the docstring name first?",
    see="find_initialisation",
)
def _(widths, slope):
    return np.sqrt(2 / (widths[1:] * (1 + slope**2)))[::-1]


# ---- 5.7 -----------------------------------------------------------------------------------------


@exercise(
    "5.7",
    points=3,
    title="Back through time, and the spectral radius",
    hints=(
        "What is dh_t/dh_(t-1), a number or a matrix, and which two things is it made of?",
        "Begin at the end, with one step: its slopes scale the rows of W_h. Each further step into "
        "the past is one more matrix on the right of the product. Measure after each one.",
        "$\\frac{\\partial h_t}{\\partial h_{t-1}} = \\mathrm{diag}(1 - h_t^2) \\, W_h$, "
        "$\\frac{\\partial h_T}{\\partial h_{t}} = \\frac{\\partial h_T}{\\partial h_{T-1}} "
        "\\cdots \\frac{\\partial h_{t+1}}{\\partial h_t}$; norm: `np.linalg.norm(J, 2)`; radius: "
        "$\\max |\\lambda|$",
    ),
    outputs=("sizes", "radius"),
)
def through_time(W_h, h):
    """How much of a nudge of h_t is left in h_T,
    for h_t = tanh(W_x x_t + W_h h_(t-1) + b).

    W_h : (n, n),  h : (T + 1, n), one sample, h[0] is the state before the first step
    ->  sizes : (T,) log10 of the spectral norm of the matrix dh_T/dh_t,
                for t = 0, ..., T - 1
                (as a logarithm, so that the far past counts too)
        radius : the spectral radius of W_h, one number
    """
    J, sizes = np.eye(len(W_h)), []
    for h_t in h[:0:-1]:
        J = J @ np.diag(1 - h_t**2) @ W_h
        sizes.append(np.log10(np.linalg.norm(J, 2)))
    return np.array(sizes[::-1]), np.max(np.abs(np.linalg.eigvals(W_h)))


@through_time.cases
def _(rng):
    def states(T, n):
        return draw(rng, T + 1, n, largest=0.9)

    turning = np.array([[0.5, -1.1], [1.0, 0.4]]) + rng.integers(-15, 16, (2, 2)) / 100
    negative = -np.abs(draw(rng, 3, 3, largest=0.8))
    return [
        (turning, states(3, 2)),
        (negative, states(5, 3)),
        (draw(rng, 4, 4, largest=0.9), states(4, 4)),
        (draw(rng, 5, 5, largest=0.7), states(20, 5)),
    ]


@through_time.equivalent
def _(W_h, h):
    """As the error goes: the transposed product has the same norm."""
    J, sizes = np.eye(len(W_h)), np.zeros(len(h) - 1)
    for t in range(len(h) - 1, 0, -1):
        J = W_h.T @ ((1 - h[t] ** 2)[:, None] * J)
        sizes[t - 1] = np.log10(np.sqrt(np.linalg.eigvalsh(J.T @ J)[-1]))
    return sizes, np.abs(np.linalg.eigvals(W_h)).max()


@through_time.equivalent
def _(W_h, h):
    """Every product from its first step on, and the radius by hand."""
    sizes = []
    for t in range(len(h) - 1):
        J = np.eye(len(W_h))
        for h_s in h[t + 1 :]:
            J = (W_h * (1 - h_s**2)[:, None]) @ J
        sizes.append(np.log(np.linalg.svd(J)[1][0]) / np.log(10))
    values = np.linalg.eigvals(W_h)
    return [sizes, np.sqrt(np.max(values.real**2 + values.imag**2))]


@through_time.equivalent
def _(W_h, h):
    """n error signals at once, one per row."""
    delta, sizes = np.eye(len(W_h)), []
    for t in reversed(range(1, len(h))):
        delta = delta * (1 - h[t]) * (1 + h[t]) @ W_h
        sizes += [np.log10(np.max(np.linalg.svd(delta, compute_uv=False)))]
    return sizes[::-1], max(abs(v) for v in np.linalg.eig(W_h)[0])


@through_time.misconception(
    "VG-13",
    "Each of your sizes is that of a single step: the product over time is missing.",
    "How many steps lie between h_0 and h_T?",
    see="gradient_through_time",
)
def _(W_h, h):
    steps = [np.diag(1 - h_t**2) @ W_h for h_t in h[1:]]
    return np.array([np.log10(np.linalg.norm(J, 2)) for J in steps]), np.max(
        np.abs(np.linalg.eigvals(W_h))
    )


@through_time.misconception(
    "VG-13",
    "You took the last step to the power of the number of steps: all steps the same.",
    "Which part of a step changes from one time to the next?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.eye(len(W_h)), []
    for _ in h[1:]:
        J = J @ np.diag(1 - h[-1] ** 2) @ W_h
        sizes.insert(0, np.log10(np.linalg.norm(J, 2)))
    return np.array(sizes), np.max(np.abs(np.linalg.eigvals(W_h)))


@through_time.misconception(
    "VG-13",
    "Your products start at h_0 and go on to h_t; the exercise goes from h_t to h_T.",
    "Which state is nudged, and which one is looked at?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.eye(len(W_h)), []
    for h_t in h[1:]:
        J = np.diag(1 - h_t**2) @ W_h @ J
        sizes.append(np.log10(np.linalg.norm(J, 2)))
    return np.array(sizes), np.max(np.abs(np.linalg.eigvals(W_h)))


@through_time.misconception(
    "VG-11",
    "All sizes are right, last step first.",
    "Which t does the docstring name first?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.eye(len(W_h)), []
    for h_t in h[:0:-1]:
        J = J @ np.diag(1 - h_t**2) @ W_h
        sizes.insert(0, np.log10(np.linalg.norm(J, 2)))
    return np.array(sizes[::-1]), np.max(np.abs(np.linalg.eigvals(W_h)))


@through_time.misconception(
    "VG-19",
    "Your slopes are one step too early: they belong to the state that is nudged.",
    "The tanh of step t makes h_t. Which h has its slope?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.eye(len(W_h)), []
    for h_t in h[-2::-1]:
        J = J @ np.diag(1 - h_t**2) @ W_h
        sizes.insert(0, np.log10(np.linalg.norm(J, 2)))
    return np.array(sizes), np.max(np.abs(np.linalg.eigvals(W_h)))


@through_time.misconception(
    "BP-04",
    "Your steps are W_h alone: the slopes of tanh are missing.",
    "What does a saturated neuron pass on?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.eye(len(W_h)), []
    for _ in h[1:]:
        J = J @ W_h
        sizes.insert(0, np.log10(np.linalg.norm(J, 2)))
    return np.array(sizes), np.max(np.abs(np.linalg.eigvals(W_h)))


@through_time.misconception(
    "BP-05",
    "The slope of tanh is taken at h; tanh is in it twice.",
    "h is tanh(z) already. Which formula of the slope needs only this?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.eye(len(W_h)), []
    for h_t in h[:0:-1]:
        J = J @ np.diag(1 - np.tanh(h_t) ** 2) @ W_h
        sizes.insert(0, np.log10(np.linalg.norm(J, 2)))
    return np.array(sizes), np.max(np.abs(np.linalg.eigvals(W_h)))


@through_time.misconception(
    "BP-08",
    "Your slope is h (1 - h), that of a sigmoid.",
    "Which activation makes the states h?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.eye(len(W_h)), []
    for h_t in h[:0:-1]:
        J = J @ np.diag(h_t * (1 - h_t)) @ W_h
        sizes.insert(0, np.log10(np.linalg.norm(J, 2)))
    return np.array(sizes), np.max(np.abs(np.linalg.eigvals(W_h)))


@through_time.misconception(
    "BP-07",
    "Your slope is 1 - h: the square is missing.",
    "Can the slope of tanh be larger than 1, and can yours?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.eye(len(W_h)), []
    for h_t in h[:0:-1]:
        J = J @ np.diag(1 - h_t) @ W_h
        sizes.insert(0, np.log10(np.linalg.norm(J, 2)))
    return np.array(sizes), np.max(np.abs(np.linalg.eigvals(W_h)))


@through_time.misconception(
    "BP-09",
    "W_h is turned: here the rows of its transpose are scaled.",
    "How much does neuron 0 of the new state feel neuron 1 of the old one? Which entry says so?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.eye(len(W_h)), []
    for h_t in h[:0:-1]:
        J = J @ np.diag(1 - h_t**2) @ W_h.T
        sizes.insert(0, np.log10(np.linalg.norm(J, 2)))
    return np.array(sizes), np.max(np.abs(np.linalg.eigvals(W_h)))


@through_time.misconception(
    "BP-11",
    "Your slopes scale the columns of W_h.",
    "Is the slope of step t met after the weights, or before them?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.eye(len(W_h)), []
    for h_t in h[:0:-1]:
        J = J @ W_h @ np.diag(1 - h_t**2)
        sizes.insert(0, np.log10(np.linalg.norm(J, 2)))
    return np.array(sizes), np.max(np.abs(np.linalg.eigvals(W_h)))


@through_time.misconception(
    "BP-12",
    "You multiplied the steps entry by entry; they are matrices that follow one another.",
    "Does a nudge of neuron 0 stay in neuron 0?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.ones(W_h.shape), []
    for h_t in h[:0:-1]:
        J = J * (np.diag(1 - h_t**2) @ W_h)
        sizes.insert(0, np.log10(np.linalg.norm(J, 2)))
    return np.array(sizes), np.max(np.abs(np.linalg.eigvals(W_h)))


@through_time.misconception(
    "BP-31",
    "You added the steps up; one follows the other.",
    "Two steps halve a nudge each. How much is left?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.zeros(W_h.shape), []
    for h_t in h[:0:-1]:
        J = J + np.diag(1 - h_t**2) @ W_h
        sizes.insert(0, np.log10(np.linalg.norm(J, 2)))
    return np.array(sizes), np.max(np.abs(np.linalg.eigvals(W_h)))


@through_time.misconception(
    "VG-19",
    "Your factors are right, but each product has them in the wrong order.",
    "A nudge of h_t meets which step first, and on which side of it does this step stand?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.eye(len(W_h)), []
    for h_t in h[:0:-1]:
        J = np.diag(1 - h_t**2) @ W_h @ J
        sizes.insert(0, np.log10(np.linalg.norm(J, 2)))
    return np.array(sizes), np.max(np.abs(np.linalg.eigvals(W_h)))


@through_time.misconception(
    "VG-20",
    "This is the Frobenius norm: the root of the sum of all squares.",
    "By how much can a nudge grow at most? Which norm says this?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.eye(len(W_h)), []
    for h_t in h[:0:-1]:
        J = J @ np.diag(1 - h_t**2) @ W_h
        sizes.insert(0, np.log10(np.linalg.norm(J)))
    return np.array(sizes), np.max(np.abs(np.linalg.eigvals(W_h)))


@through_time.misconception(
    "VG-20",
    "You took the largest entry of each product for its norm.",
    "By how much can a nudge of all neurons at once grow?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.eye(len(W_h)), []
    for h_t in h[:0:-1]:
        J = J @ np.diag(1 - h_t**2) @ W_h
        sizes.insert(0, np.log10(np.max(np.abs(J))))
    return np.array(sizes), np.max(np.abs(np.linalg.eigvals(W_h)))


@through_time.misconception(
    "VG-23",
    "You multiplied the norms of the steps: that is only an upper bound.",
    "One step stretches to the right, the next one upwards. Is any nudge stretched twice?",
    see="gradient_through_time",
)
def _(W_h, h):
    steps = [np.diag(1 - h_t**2) @ W_h for h_t in h[1:]]
    each = np.log10([np.linalg.norm(J, 2) for J in steps])
    return np.cumsum(each[::-1])[::-1], np.max(np.abs(np.linalg.eigvals(W_h)))


@through_time.misconception(
    "VG-23",
    "Your sizes are powers of the spectral radius: the slopes are not in them.",
    "What happens to the signal where the neurons are saturated, at the same W_h?",
    see="gradient_through_time",
)
def _(W_h, h):
    radius = np.max(np.abs(np.linalg.eigvals(W_h)))
    return np.arange(len(h) - 1, 0, -1) * np.log10(radius), radius


@through_time.misconception(
    "VG-23",
    "You measured the spectral radius of each product; the norm is asked for.",
    "Can a nudge grow for a few steps although all eigenvalues are below 1?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.eye(len(W_h)), []
    for h_t in h[:0:-1]:
        J = J @ np.diag(1 - h_t**2) @ W_h
        sizes.insert(0, np.log10(np.max(np.abs(np.linalg.eigvals(J)))))
    return np.array(sizes), np.max(np.abs(np.linalg.eigvals(W_h)))


@through_time.misconception(
    "VG-23",
    "The sizes are right; your radius is the largest singular value of W_h.",
    "A singular value says what one step can do at most. Which values say what many steps do?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.eye(len(W_h)), []
    for h_t in h[:0:-1]:
        J = J @ np.diag(1 - h_t**2) @ W_h
        sizes.insert(0, np.log10(np.linalg.norm(J, 2)))
    return np.array(sizes), np.linalg.norm(W_h, 2)


@through_time.misconception(
    "VG-23",
    "The sizes are right; your radius is the largest real part of an eigenvalue.",
    "An eigenvalue of -2 doubles a signal as well. What is its size?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.eye(len(W_h)), []
    for h_t in h[:0:-1]:
        J = J @ np.diag(1 - h_t**2) @ W_h
        sizes.insert(0, np.log10(np.linalg.norm(J, 2)))
    return np.array(sizes), np.max(np.linalg.eigvals(W_h).real)


@through_time.misconception(
    "VG-23",
    "The sizes are right; your radius takes the real parts only.",
    "A signal can turn while it grows. What is the size of a complex number?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.eye(len(W_h)), []
    for h_t in h[:0:-1]:
        J = J @ np.diag(1 - h_t**2) @ W_h
        sizes.insert(0, np.log10(np.linalg.norm(J, 2)))
    return np.array(sizes), np.max(np.abs(np.linalg.eigvals(W_h).real))


@through_time.misconception(
    "VG-23",
    "The sizes are right; your radius comes from a routine for symmetric matrices.",
    "Is W_h the same as its transpose?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.eye(len(W_h)), []
    for h_t in h[:0:-1]:
        J = J @ np.diag(1 - h_t**2) @ W_h
        sizes.insert(0, np.log10(np.linalg.norm(J, 2)))
    return np.array(sizes), np.max(np.abs(np.linalg.eigvalsh(W_h)))


@through_time.misconception(
    "VG-04",
    "The radius is right; your sizes have no logarithm.",
    "On a plain scale, could you tell a millionth from 0?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.eye(len(W_h)), []
    for h_t in h[:0:-1]:
        J = J @ np.diag(1 - h_t**2) @ W_h
        sizes.insert(0, np.linalg.norm(J, 2))
    return np.array(sizes), np.max(np.abs(np.linalg.eigvals(W_h)))


@through_time.misconception(
    "VG-04",
    "The radius is right; your sizes are natural logarithms.",
    "What should come out for a size of a thousandth?",
    see="gradient_through_time",
)
def _(W_h, h):
    J, sizes = np.eye(len(W_h)), []
    for h_t in h[:0:-1]:
        J = J @ np.diag(1 - h_t**2) @ W_h
        sizes.insert(0, np.log(np.linalg.norm(J, 2)))
    return np.array(sizes), np.max(np.abs(np.linalg.eigvals(W_h)))


# ---- 5.8 -----------------------------------------------------------------------------------------

# Ten hidden layers of 32, the first 200 digits, all of them in one batch.  The tests train the
# four networks again and compare every number.
LOGS = (
    """\
epoch   0: loss 2.386, accuracy 0.10, delta 5.0e-10 4.0e-08 3.0e-06 2.5e-04
epoch  10: loss 2.314, accuracy 0.10, delta 5.0e-10 4.0e-08 3.0e-06 2.5e-04
epoch 100: loss 2.302, accuracy 0.10, delta 5.0e-10 4.0e-08 3.0e-06 2.5e-04""",
    """\
epoch   0: loss 4.2e+03, accuracy 0.10, delta 1.5e+00 1.8e-01 1.7e-02 1.7e-03
epoch   1: loss 6.2e+08, accuracy 0.10, delta 3.7e+04 8.3e+02 1.9e+00 9.2e-03
epoch   2: loss 5.5e+46, accuracy 0.10, delta 1.8e+38 5.1e+24 1.6e+13 1.1e+02
epoch   3: loss nan""",
    """\
epoch   0: loss 2.303, accuracy 0.11, delta 4.9e-04 7.3e-04 8.1e-04 1.0e-03
epoch 100: loss 0.054, accuracy 1.00, delta 2.2e-04 1.7e-04 1.0e-04 6.5e-05
epoch 300: loss 0.010, accuracy 1.00, delta 3.1e-05 2.2e-05 1.2e-05 9.3e-06""",
    """\
epoch   0: loss 2.303, accuracy 0.10, delta 2.8e-16 1.6e-12 8.0e-09 4.9e-05
epoch   0: dW 4.2e-15 5.2e-15 4.8e-15 5.2e-15
epoch 100: loss 2.302, accuracy 0.10, delta 2.8e-16 1.6e-12 8.0e-09 4.9e-05""",
)

logs = choice(
    "5.8",
    points=1,
    title="Vanish, explode or converge?",
    hints=(
        "Three questions for every log: is the loss small? Is delta small? Is it equally small in "
        "all layers?",
        "With ten classes, a loss of 2.3 and an accuracy of 0.1 mean guessing. Read delta from "
        "right to left, as the signal runs.",
        "loss high, delta falls layer by layer on its way back: vanished; delta grows on its way "
        "back, loss without bound: exploded; loss low, delta small in all layers: converged.",
    ),
    name="verdicts",
    items=[
        Item(
            LOGS[0],
            {
                "A": "It has converged: the gradient is almost 0.",
                "B": "It is on its way: after some more epochs it will have learnt.",
                "C": "The signal vanishes on its way to the first layer.",
                "D": "A bug: right code gives no gradients as small as these.",
            },
            "C",
            {
                "A": (
                    "VG-01",
                    "A gradient of almost 0 is no proof of a good network.",
                    "What loss has a network that guesses one of ten classes?",
                ),
                "B": (
                    "VG-12",
                    "More epochs of the same do not help where no signal arrives.",
                    "How far has the first layer moved after 100 steps of this size?",
                ),
                "D": (
                    "VG-10",
                    "No bug is needed for this: these gradients agree with measured slopes.",
                    "Ten layers, each of which passes on a quarter: how much is left?",
                ),
            },
        ),
        Item(
            LOGS[1],
            {
                "A": "The signal vanishes: in layer 10 it is much smaller than in layer 1.",
                "B": "The signal explodes on its way to the first layer.",
                "C": "NaN comes from numbers that are too small: the signal vanishes.",
                "D": "The network is too small for the task: more layers will help.",
            },
            "B",
            {
                "A": (
                    "VG-11",
                    "You read the layers from the input; the signal starts at the other end.",
                    "Which of the two layers is next to the output?",
                ),
                "C": (
                    "VG-09",
                    "NaN and a loss without bound belong to numbers that are too large.",
                    "Which way does delta change from layer 10 to layer 1?",
                ),
                "D": (
                    "VG-14",
                    "Each further layer would be one more factor larger than 1.",
                    "What would delta be in front of ten more such layers?",
                ),
            },
        ),
        Item(
            LOGS[2],
            {
                "A": "It has converged: the error is small, so every delta is small.",
                "B": "The signal vanishes: all of delta is a thousandth or less.",
                "C": "It works, and with thirty layers it would work better.",
                "D": "The signal explodes: delta is larger in layer 1 than in layer 10.",
            },
            "A",
            {
                "B": (
                    "VG-01",
                    "Small alone is not vanished: here every layer has about the same.",
                    "By which factor do layer 1 and layer 10 differ, and what is the loss?",
                ),
                "C": (
                    "VG-14",
                    "Depth brings one more factor per layer, not only power.",
                    "What is left to be gained at an accuracy of 1, and what may be lost?",
                ),
                "D": (
                    "VG-09",
                    "A factor of about three over ten layers is no explosion.",
                    "What does an exploding signal do to the loss?",
                ),
            },
        ),
        Item(
            f"This one is a tanh network.\n{LOGS[3]}",
            {
                "A": "It cannot vanish: tanh has the slope 1 at 0. The cause is another one.",
                "B": "All is well: dW has the same size in all layers.",
                "C": "It has converged: delta is almost 0.",
                "D": "The signal vanishes on its way to the first layer.",
            },
            "D",
            {
                "A": (
                    "VG-15",
                    "A slope of 1 is one of the two factors only.",
                    "Each step is a slope times weights. What if the weights are tiny?",
                ),
                "B": (
                    "VG-03",
                    "The dW are equal because delta shrinks going back while the activations grow.",
                    "How large are these dW, and how far does a step of this size move a weight?",
                ),
                "C": (
                    "VG-01",
                    "A gradient of almost 0 is no proof of a good network.",
                    "What loss has a network that guesses one of ten classes?",
                ),
            },
        ),
    ],
    see="which_layer_learns",
)
