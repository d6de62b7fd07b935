"""Exercises 1.1 to 1.8: the forward pass.

Sizes in the cases differ from each other, so that a forgotten transpose shows; one case is square,
so that it shows in the values too.  Numbers have mixed signs and no zeros.
"""

import numpy as np

from bplib.activations import sigmoid
from bplib.datasets import mazur
from bplib.exercises.core import draw, draw_network, exercise, order

# ---- 1.1 -----------------------------------------------------------------------------------------


@exercise(
    "1.1",
    points=1,
    title="The weighted sum of one neuron",
    hints=(
        "A neuron with two inputs adds three numbers. Which three?",
        "Multiply each weight with its own input and add the products up. One term is still "
        "missing: it does not depend on the input at all.",
        "$z = w_1 x_1 + w_2 x_2 + \\dots + b$. In NumPy, `w @ x` is the sum of the products.",
    ),
    outputs=("z",),
)
def neuron(w, x, b):
    """The weighted sum z of one neuron, before any activation.

    w : (n,) weights,  x : (n,) inputs,  b : the bias, one number  ->  one number
    """
    return w @ x + b


@neuron.cases
def _(rng):
    return [(draw(rng, n), draw(rng, n), float(draw(rng))) for n in (2, 3, 5)]


@neuron.equivalent
def _(w, x, b):
    return np.sum(w * x) + b


@neuron.equivalent
def _(w, x, b):
    total = b
    for w_k, x_k in zip(w, x, strict=True):
        total += w_k * x_k
    return total


@neuron.equivalent
def _(w, x, b):
    return np.einsum("k,k->", w, x) + b


@neuron.misconception(
    "FF-01",
    "Your z has the weighted inputs, but not the bias.",
    "What does the neuron answer when every input is 0?",
    see="neuron_lab",
)
def _(w, x, b):
    return w @ x


@neuron.misconception(
    "FF-03",
    "You multiplied weight by input, but the products are still apart: `*` works entry by entry.",
    "How many numbers should one neuron hand on?",
    see="shape_puzzle",
)
def _(w, x, b):
    return w * x + b


@neuron.misconception(
    "FF-21",
    "The bias is in your sum once for every input.",
    "How many biases does one neuron have?",
    see="neuron_lab",
)
def _(w, x, b):
    return np.sum(w * x + b)


@neuron.misconception(
    "FF-22",
    "You went one step too far: this is the sigmoid of z.",
    "Which of the two letters, z or a, stands for the sum before the activation?",
    see="activation_gallery",
)
def _(w, x, b):
    return 1 / (1 + np.exp(-(w @ x + b)))


@neuron.misconception(
    "FF-35",
    "You subtracted the bias.",
    "In z = w x + b, does a larger bias make z larger or smaller?",
    see="neuron_lab",
)
def _(w, x, b):
    return w @ x - b


@neuron.misconception(
    "FF-37",
    "Only the first product is in your sum.",
    "If there is a loop in your code: in which of its turns does `return` end it?",
)
def _(w, x, b):
    z = b
    for w_k, x_k in zip(w, x, strict=True):
        z += w_k * x_k
        return z


@neuron.misconception(
    "FF-38",
    "Two inputs are in your sum, whatever the number of inputs. Where there are two, it is right.",
    "Which code adds up any number of products?",
    see="neuron_lab",
)
def _(w, x, b):
    return w[0] * x[0] + w[1] * x[1] + b


# ---- 1.2 -----------------------------------------------------------------------------------------


@exercise(
    "1.2",
    points=1,
    title="A sigmoid that does not overflow",
    hints=(
        "What is exp(1000) on a computer? And exp(-1000)?",
        "The plain formula is right for most z. Find a form in which exp never gets a large "
        "positive number, for z = 1000 and for z = -1000.",
        "$\\sigma(z) = \\frac{1}{1 + e^{-z}}$, and also "
        "$\\sigma(z) = \\frac{1}{2}\\left(1 + \\tanh\\frac{z}{2}\\right)$. NumPy's tanh never "
        "overflows.",
    ),
    outputs=("a",),
)
def stable_sigmoid(z):
    """1 / (1 + exp(-z)) for every number in z, also where z is -1000 or 1000.

    z : array of any shape  ->  array of the same shape, values from 0 to 1
    """
    return 0.5 * (1.0 + np.tanh(0.5 * z))


@stable_sigmoid.cases
def _(rng):
    far = np.array([-1000.0, -40.0, 40.0, 1000.0])
    return [(draw(rng, 4),), (draw(rng, 2, 3, largest=4.5),), (np.append(draw(rng, 2), far),)]


@stable_sigmoid.equivalent
def _(z):
    return 1 / (1 + np.exp(-z))


@stable_sigmoid.equivalent
def _(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))


@stable_sigmoid.equivalent
def _(z):
    return np.exp(-np.logaddexp(0, -z))


@stable_sigmoid.equivalent
def _(z):
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


@stable_sigmoid.misconception(
    "FF-06",
    "Your curve falls where it should rise: it is 1 minus the sigmoid.",
    "Should a strongly positive z give an output near 1 or near 0?",
    see="activation_gallery",
)
def _(z):
    return 1 / (1 + np.exp(np.minimum(z, 700)))


@stable_sigmoid.misconception(
    "FF-20",
    "This is tanh: its values run from -1 to 1.",
    "Between which two numbers does a sigmoid lie, and what is it at z = 0?",
    see="activation_gallery",
)
def _(z):
    return np.tanh(z)


@stable_sigmoid.misconception(
    "FF-05",
    "The sigmoid was applied twice, so everything lies between 0.5 and 0.74.",
    "What is the sigmoid of z = 0, and what does your function give there?",
    see="activation_gallery",
)
def _(z):
    a = 0.5 * (1 + np.tanh(0.5 * z))
    return 0.5 * (1 + np.tanh(0.5 * a))


@stable_sigmoid.misconception(
    "FF-04",
    "You returned z itself: no activation was applied.",
    "Which values can a sigmoid never give?",
    see="activation_gallery",
)
def _(z):
    return z


@stable_sigmoid.misconception(
    "FF-23",
    "Right for most z, but NaN (not a number) where exp(z) is too large: infinity by infinity.",
    "Which form of the formula keeps the argument of exp negative?",
    see="softmax_lab",
)
def _(z):
    return np.exp(z) / (1 + np.exp(z))


@stable_sigmoid.misconception(
    "FF-39",
    "Each z lost its sign: a negative z gets the answer of the positive one.",
    "What should the outputs for z = 2 and z = -2 add up to?",
    see="activation_gallery",
)
def _(z):
    return 1 / (1 + np.exp(-np.abs(z)))


# ---- 1.3 -----------------------------------------------------------------------------------------


@exercise(
    "1.3",
    points=2,
    title="One layer for a batch",
    hints=(
        "Row j of W holds the weights of neuron j. Which shape must z have for m samples?",
        "x is (m, n_in) and W is (n_out, n_in). For a matrix product the two inner sizes must be "
        "the same: one of the two has to be turned.",
        "$z = x W^\\top + b$ and $a = \\sigma(z)$; NumPy adds b to every row by itself.",
    ),
    outputs=("a",),
)
def layer(x, W, b):
    """The outputs a of one layer of sigmoid neurons, for m samples at once.

    x : (m, n_in), one sample per row,  W : (n_out, n_in),  b : (n_out,)  ->  (m, n_out)
    """
    return sigmoid(x @ W.T + b)


@layer.cases
def _(rng):
    sizes = [(5, 3, 2), (4, 2, 3), (3, 3, 3)]
    return [(draw(rng, m, i), draw(rng, o, i, largest=2.5), draw(rng, o)) for m, i, o in sizes]


@layer.equivalent
def _(x, W, b):
    return np.array([sigmoid(W @ row + b) for row in x])


@layer.equivalent
def _(x, W, b):
    return 1 / (1 + np.exp(-(np.einsum("mi,oi->mo", x, W) + b)))


@layer.equivalent
def _(x, W, b):
    return sigmoid((W @ x.T + b[:, None]).T)


@layer.equivalent
def _(x, W, b):
    m, n_out = len(x), len(b)
    a = np.zeros((m, n_out))
    for s in range(m):
        for j in range(n_out):
            z = b[j]
            for k in range(x.shape[1]):
                z += W[j, k] * x[s, k]
            a[s, j] = sigmoid(z)
    return a


@layer.equivalent
def _(x, W, b):
    return [sigmoid(np.dot(W, row) + b) for row in x]


@layer.misconception(
    "FF-01",
    "The bias is missing: each column of your z is off by its b.",
    "What should each neuron answer for a sample of zeros?",
    see="neuron_lab",
)
def _(x, W, b):
    return sigmoid(x @ W.T)


@layer.misconception(
    "FF-02",
    "You used W the wrong way round. With a square W nothing complains; the numbers are wrong.",
    "Row j of W belongs to neuron j. Which axis of W must meet the inputs in x?",
    see="shape_puzzle",
)
def _(x, W, b):
    return sigmoid(x @ W + b)


@layer.misconception(
    "FF-03",
    "`*` multiplies entry by entry; nothing was summed over the inputs.",
    "Which operator multiplies and sums?",
    see="shape_puzzle",
)
def _(x, W, b):
    return sigmoid(x * W + b)


@layer.misconception(
    "FF-04",
    "You returned z: the activation is missing.",
    "Between which numbers must the output of a sigmoid neuron lie?",
    see="activation_gallery",
)
def _(x, W, b):
    return x @ W.T + b


@layer.misconception(
    "FF-05",
    "The sigmoid was applied twice: all your values lie between 0.5 and 0.74.",
    "How often is each z squashed on its way through one layer?",
    see="activation_gallery",
)
def _(x, W, b):
    return sigmoid(sigmoid(x @ W.T + b))


@layer.misconception(
    "FF-06",
    "Your outputs are 1 minus the right ones: the sign inside exp is turned.",
    "Should a strongly positive z give an output near 1 or near 0?",
    see="activation_gallery",
)
def _(x, W, b):
    return 1 / (1 + np.exp(x @ W.T + b))


@layer.misconception(
    "FF-07",
    "The inputs went through a sigmoid before they met the weights.",
    "Are the inputs neurons, or just numbers that are handed in?",
    see="mazur_forward",
)
def _(x, W, b):
    return sigmoid(sigmoid(x) @ W.T + b)


@layer.misconception(
    "FF-08",
    "You summed W over the neurons instead of over the inputs.",
    "One neuron at a time: which of its numbers are added up?",
    see="shape_puzzle",
)
def _(x, W, b):
    return sigmoid(x * W.sum(axis=0) + b)


@layer.misconception(
    "FF-09",
    "The bias was added after the activation, so outputs can leave the range from 0 to 1.",
    "Does the bias belong to z or to a?",
    see="neuron_lab",
)
def _(x, W, b):
    return sigmoid(x @ W.T) + b


@layer.misconception(
    "FF-10",
    "You added the biases down the samples instead of along the neurons: b became a column.",
    "Does b have one entry per sample or one per neuron?",
    see="shape_puzzle",
)
def _(x, W, b):
    return sigmoid(x @ W.T + b[:, None])


@layer.misconception(
    "FF-14",
    "Every row holds the result of the last sample: each turn of the loop writes over the one "
    "before.",
    "Which row of the result belongs to which sample?",
)
def _(x, W, b):
    a = np.zeros((len(x), len(b)))
    for row in x:
        a[:] = sigmoid(W @ row + b)
    return a


@layer.misconception(
    "FF-17",
    "The weights lost their decimals: somewhere they became integers.",
    "What is int(0.7)? And what is a weight of 0.7 then worth?",
)
def _(x, W, b):
    return sigmoid(x @ W.astype(int).T + b)


@layer.misconception(
    "FF-20",
    "You used tanh where the exercise asks for the sigmoid.",
    "Between which numbers does each of the two lie?",
    see="activation_gallery",
)
def _(x, W, b):
    return np.tanh(x @ W.T + b)


@layer.misconception(
    "FF-35",
    "The bias counts with the wrong sign: this is the sigmoid of the weighted inputs minus b.",
    "Is there a minus before a sum, and does it reach every term?",
    see="neuron_lab",
)
def _(x, W, b):
    return sigmoid(x @ W.T - b)


@layer.misconception(
    "FF-40",
    "You gave W another shape instead of turning it, so that its numbers went to other places.",
    "Write a 2 by 3 table down. What does reshape make of it, and what does .T?",
    see="shape_puzzle",
)
def _(x, W, b):
    return sigmoid(x @ W.reshape(W.shape[::-1]) + b)


# ---- 1.4 -----------------------------------------------------------------------------------------


@exercise(
    "1.4",
    points=2,
    title="Mazur's forward pass, to nine digits",
    hints=(
        "How many numbers flow from the hidden layer to the output layer?",
        "Each layer does the same two things: a weighted sum with bias, then the sigmoid. "
        "The second layer starts from what the first one handed on.",
        "$a^1 = \\sigma(W^1 x + b^1)$, $a^2 = \\sigma(W^2 a^1 + b^2)$, "
        "$E = \\frac{1}{2}\\sum_j (a^2_j - y_j)^2$.",
    ),
    outputs=("a1", "a2", "E"),
)
def mazur_forward(x, y, W1, b1, W2, b2):
    """One sample through two layers of sigmoid neurons, and its error E.

    x : (n_0,),  W1 : (n_1, n_0),  b1 : (n_1,),
    W2 : (n_2, n_1),  b2 : (n_2,),  y : (n_2,)
    ->  a1 : (n_1,),  a2 : (n_2,),  E : one number, half the sum of the squared errors
    """
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    E = 0.5 * np.sum((a2 - y) ** 2)
    return a1, a2, E


@mazur_forward.cases
def _(rng):
    d = mazur()
    hand = (d.x[0], d.y[0], d.W1, d.b1, d.W2, d.b2)
    return [hand, draw_network(rng, (2, 2, 2)), draw_network(rng, (4, 2, 3))]


@mazur_forward.equivalent
def _(x, y, W1, b1, W2, b2):
    a1 = 1 / (1 + np.exp(-(np.dot(W1, x) + b1)))
    a2 = 1 / (1 + np.exp(-(np.dot(W2, a1) + b2)))
    return [a1, a2, sum((t - o) ** 2 / 2 for o, t in zip(a2, y, strict=True))]


@mazur_forward.equivalent
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(x @ W1.T + b1)
    a2 = sigmoid(a1 @ W2.T + b2)
    return a1, a2, np.linalg.norm(y - a2) ** 2 / 2


@mazur_forward.equivalent
def _(x, y, W1, b1, W2, b2):
    a1 = [float(sigmoid(sum(row * x) + b)) for row, b in zip(W1, b1, strict=True)]
    a2 = [float(sigmoid(sum(row * a1) + b)) for row, b in zip(W2, b2, strict=True)]
    return [a1, a2, sum(0.5 * (t - o) ** 2 for o, t in zip(a2, y, strict=True))]


@mazur_forward.misconception(
    "FF-01",
    "The biases are missing in both layers.",
    "Mazur's first hidden sum is 0.15·0.05 + 0.20·0.10 + one more number. Which?",
    see="mazur_forward",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(W1 @ x)
    a2 = sigmoid(W2 @ a1)
    return a1, a2, 0.5 * np.sum((a2 - y) ** 2)


@mazur_forward.misconception(
    "FF-02",
    "Both weight matrices are used the wrong way round.",
    "w2 leads from the second input to the first hidden neuron. Where does it stand in W1?",
    see="mazur_forward",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(W1.T @ x + b1)
    a2 = sigmoid(W2.T @ a1 + b2)
    return a1, a2, 0.5 * np.sum((a2 - y) ** 2)


@mazur_forward.misconception(
    "FF-04",
    "The output layer has no activation: a2 is still z2.",
    "Can an output of a sigmoid neuron be larger than 1?",
    see="mazur_forward",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(W1 @ x + b1)
    a2 = W2 @ a1 + b2
    return a1, a2, 0.5 * np.sum((a2 - y) ** 2)


@mazur_forward.misconception(
    "FF-25",
    "The hidden layer has no activation: a1 is still z1.",
    "What are two linear layers together, if nothing bends the signal between them?",
    see="mazur_forward",
)
def _(x, y, W1, b1, W2, b2):
    a1 = W1 @ x + b1
    a2 = sigmoid(W2 @ a1 + b2)
    return a1, a2, 0.5 * np.sum((a2 - y) ** 2)


@mazur_forward.misconception(
    "FF-07",
    "The inputs went through the sigmoid too.",
    "Is there a z for an input?",
    see="mazur_forward",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(W1 @ sigmoid(x) + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    return a1, a2, 0.5 * np.sum((a2 - y) ** 2)


@mazur_forward.misconception(
    "FF-15",
    "The outputs are right; your E is twice the right one: the ½ is missing.",
    "Write E for one output. What stands before the square?",
    see="mazur_forward",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    return a1, a2, np.sum((a2 - y) ** 2)


@mazur_forward.misconception(
    "FF-24",
    "The outputs are right; your E is the mean over the outputs instead of their sum.",
    "Mazur adds E1 and E2. What does dividing by 2 again do?",
    see="mazur_forward",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    return a1, a2, 0.5 * np.mean((a2 - y) ** 2)


@mazur_forward.misconception(
    "FF-18",
    "The layers are in the wrong order: W2 was used before W1.",
    "Which weights does the input meet first?",
    see="mazur_forward",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(W2 @ x + b2)
    a2 = sigmoid(W1 @ a1 + b1)
    return a1, a2, 0.5 * np.sum((a2 - y) ** 2)


@mazur_forward.misconception(
    "FF-04",
    "No layer has an activation: a1 is still z1, and a2 is still z2.",
    "Between which two numbers does an output of a sigmoid neuron lie?",
    see="mazur_forward",
)
def _(x, y, W1, b1, W2, b2):
    a1 = W1 @ x + b1
    a2 = W2 @ a1 + b2
    return a1, a2, 0.5 * np.sum((a2 - y) ** 2)


@mazur_forward.misconception(
    "FF-24",
    "Your E is the mean of the squares, without the ½. With two outputs that happens to be right.",
    "What would E be with three outputs?",
    see="mazur_forward",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ a1 + b2)
    return a1, a2, np.mean((a2 - y) ** 2)


@mazur_forward.misconception(
    "FF-31",
    "The output layer takes x: the hidden layer is computed and then forgotten.",
    "Which of your lines uses a1?",
    see="mazur_forward",
)
def _(x, y, W1, b1, W2, b2):
    a1 = sigmoid(W1 @ x + b1)
    a2 = sigmoid(W2 @ x + b2)
    return a1, a2, 0.5 * np.sum((a2 - y) ** 2)


@mazur_forward.misconception(
    "FF-32",
    "The output layer takes z1, the sum before the activation.",
    "What leaves a neuron: its sum, or its activation?",
    see="mazur_forward",
)
def _(x, y, W1, b1, W2, b2):
    z1 = W1 @ x + b1
    a2 = sigmoid(W2 @ z1 + b2)
    return sigmoid(z1), a2, 0.5 * np.sum((a2 - y) ** 2)


# ---- 1.5 -----------------------------------------------------------------------------------------


@exercise(
    "1.5",
    points=2,
    title="Two losses",
    hints=(
        "A loss is one number for the whole batch. If the same rows come twice, should it change?",
        "Sum along each row first, then take the mean over the m rows. In the cross-entropy only "
        "the probability of the true class counts: y picks it out.",
        "$L = \\frac{1}{m}\\sum_{rows} \\frac{1}{2}\\sum_j (a_j - y_j)^2$ and "
        "$L = -\\frac{1}{m}\\sum_{rows}\\sum_j y_j \\ln a_j$.",
    ),
    outputs=("half_mse", "cross_entropy"),
)
def losses(a, y):
    """Half the mean squared error, and the cross-entropy (natural logarithm), of a batch.

    a : (m, n), each row holds n probabilities,
    y : (m, n), each row is 1 at the true class, else 0
    ->  half_mse, cross_entropy: two numbers, each the mean over the m rows
    """
    half_mse = 0.5 * np.sum((a - y) ** 2) / len(a)
    cross_entropy = -np.sum(y * np.log(a)) / len(a)
    return half_mse, cross_entropy


@losses.cases
def _(rng):
    cases = []
    for m, n in [(5, 3), (4, 2), (7, 4)]:
        true = rng.integers(n, size=m)
        rest = (true + 1) % n, np.arange(m)
        percent = rng.integers(10, 30, (n, m))
        percent[rest] += 100 - percent.sum(axis=0)
        cases.append((percent.T / 100, np.eye(n)[true]))
    return cases


@losses.equivalent
def _(a, y):
    half = np.mean([np.sum((row - t) ** 2) / 2 for row, t in zip(a, y, strict=True)])
    return half, np.mean([-np.log(row[np.argmax(t)]) for row, t in zip(a, y, strict=True)])


@losses.equivalent
def _(a, y):
    error = y - a
    return (error * error).sum(axis=1).mean() / 2, -np.log((a * y).sum(axis=1)).mean()


@losses.equivalent
def _(a, y):
    m, n = a.shape
    half = np.mean((a - y) ** 2) * n / 2
    return half, -np.mean(np.sum(y * np.log(np.clip(a, 1e-12, 1)), axis=1))


@losses.equivalent
def _(a, y):
    half_mse = np.sum((a - y) ** 2) / (2 * len(a))
    return np.array([half_mse, -np.sum(y * np.log(a + 1e-8)) / len(a)])


@losses.misconception(
    "FF-15",
    "You summed over the rows and did not divide by m, so a larger batch looks worse.",
    "Should the loss double when every sample comes twice?",
)
def _(a, y):
    return 0.5 * np.sum((a - y) ** 2), -np.sum(y * np.log(a))


@losses.misconception(
    "FF-15",
    "The cross-entropy is right; the squared error lacks its ½.",
    "What stands before the sum of squares in half the mean squared error?",
)
def _(a, y):
    return np.sum((a - y) ** 2) / len(a), -np.sum(y * np.log(a)) / len(a)


@losses.misconception(
    "FF-24",
    "You took the mean over all entries, so the n outputs of a row are divided out too.",
    "Over which axis is the mean, and over which is the sum?",
)
def _(a, y):
    return 0.5 * np.mean((a - y) ** 2), -np.mean(y * np.log(a))


@losses.misconception(
    "FF-16",
    "Your cross-entropy has the wrong sign.",
    "Is the logarithm of a probability positive or negative, and should a loss be positive?",
    see="softmax_lab",
)
def _(a, y):
    return 0.5 * np.sum((a - y) ** 2) / len(a), np.sum(y * np.log(a)) / len(a)


@losses.misconception(
    "FF-16",
    "Your cross-entropy takes the probabilities of the wrong classes.",
    "Which entry of a row is left when you multiply it by y?",
    see="softmax_lab",
)
def _(a, y):
    return 0.5 * np.sum((a - y) ** 2) / len(a), -np.sum((1 - y) * np.log(a)) / len(a)


@losses.misconception(
    "FF-27",
    "Your squared error is 0 in every row: the errors were added up before any square was taken.",
    "What do the errors of a row add up to, if its probabilities add up to 1?",
)
def _(a, y):
    half = 0.5 * np.mean(np.sum(a - y, axis=1) ** 2)
    return half, -np.sum(y * np.log(a)) / len(a)


@losses.misconception(
    "FF-28",
    "The two losses come in the wrong order.",
    "Which of the two does the docstring name first?",
)
def _(a, y):
    return -np.sum(y * np.log(a)) / len(a), 0.5 * np.sum((a - y) ** 2) / len(a)


@losses.misconception(
    "FF-24",
    "The cross-entropy is right; the squared error is the mean over all entries, not over rows.",
    "By which number should the sum of all squares be divided: m, or m times n?",
)
def _(a, y):
    return 0.5 * np.mean((a - y) ** 2), -np.sum(y * np.log(a)) / len(a)


@losses.misconception(
    "FF-24",
    "The cross-entropy is right; the squared error is the mean over all entries, without the ½.",
    "That is what libraries call the mean squared error. In which two ways does the docstring "
    "differ?",
)
def _(a, y):
    return np.mean((a - y) ** 2), -np.sum(y * np.log(a)) / len(a)


@losses.misconception(
    "FF-16",
    "Your cross-entropy is infinite: it takes the logarithm of a 0.",
    "Which of a and y holds zeros, and of which do you take the logarithm?",
    see="softmax_lab",
)
def _(a, y):
    return 0.5 * np.sum((a - y) ** 2) / len(a), -np.sum(a * np.log(y)) / len(a)


@losses.misconception(
    "FF-41",
    "Your cross-entropy uses the logarithm to base 10.",
    "To which base is the natural logarithm, and what is it called in NumPy?",
)
def _(a, y):
    return 0.5 * np.sum((a - y) ** 2) / len(a), -np.sum(y * np.log10(a)) / len(a)


@losses.misconception(
    "FF-41",
    "Your cross-entropy uses the logarithm to base 2.",
    "To which base is the natural logarithm, and what is it called in NumPy?",
)
def _(a, y):
    return 0.5 * np.sum((a - y) ** 2) / len(a), -np.sum(y * np.log2(a)) / len(a)


@losses.misconception(
    "FF-42",
    "This is the binary cross-entropy: the wrong classes count too, with 1 - a.",
    "What is left of a row in the formula of the exercise, when y is 1 at one place only?",
    see="softmax_lab",
)
def _(a, y):
    both = y * np.log(a) + (1 - y) * np.log(1 - a)
    return 0.5 * np.sum((a - y) ** 2) / len(a), -np.sum(both) / len(a)


# ---- 1.6 -----------------------------------------------------------------------------------------


@exercise(
    "1.6",
    points=2,
    title="Softmax, row by row, without overflow",
    hints=(
        "What must each row of the result add up to?",
        "Look at two places: the axis of the sum, and the size of the numbers that exp gets. "
        "Subtracting the same number from a whole row changes nothing in the result.",
        "$p_j = \\frac{e^{z_j - \\max z}}{\\sum_k e^{z_k - \\max z}}$ in each row; "
        "`keepdims=True` keeps the column shape.",
    ),
    outputs=("p",),
)
def softmax(z):
    """Probabilities from the sums z: exp of each, divided by the total of its own row.

    z : (m, n), any size of number, 1000 too  ->  (m, n), every row sums to 1
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@softmax.cases
def _(rng):
    far = [[1000.0, -1000.0, -1000.0], [-1000.0, -1000.0, -1000.0]]
    low = [[0.0, -1000.0, 0.0], [0.0, 0.0, 0.0]]
    drawn = [draw(rng, 4, 3, largest=3.0), draw(rng, 3, 3)]
    return [(z,) for z in drawn + [np.array(rows) + draw(rng, 2, 3) for rows in (far, low)]]


@softmax.equivalent
def _(z):
    return np.exp(z - np.logaddexp.reduce(z, axis=1, keepdims=True))


@softmax.equivalent
def _(z):
    rows = []
    for row in z:
        e = np.exp(row - max(row))
        rows.append(e / sum(e))
    return np.array(rows)


@softmax.equivalent
def _(z):
    e = np.exp(z.T - z.max(axis=1))
    return (e / e.sum(axis=0)).T


@softmax.misconception(
    "FF-11",
    "Your columns sum to 1, not your rows.",
    "A sample is a row. Along which axis do you go from class to class?",
    see="softmax_lab",
)
def _(z):
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


@softmax.misconception(
    "FF-12",
    "The whole table sums to 1: the samples compete with each other.",
    "Should one sample's probabilities change when another sample joins the batch?",
    see="softmax_lab",
)
def _(z):
    e = np.exp(z - z.max())
    return e / e.sum()


@softmax.misconception(
    "FF-13",
    "Right for small z, NaN for large ones: exp overflows to infinity, or every exp is 0.",
    "Which number can you subtract from a whole row without changing the result?",
    see="softmax_lab",
)
def _(z):
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)


@softmax.misconception(
    "FF-36",
    "You subtract one maximum of the whole table: a row far below it becomes 0 divided by 0.",
    "Whose maximum must a row subtract?",
    see="softmax_lab",
)
def _(z):
    e = np.exp(z - z.max())
    return e / e.sum(axis=1, keepdims=True)


@softmax.misconception(
    "FF-29",
    "You divided z by its sum; the exp is missing.",
    "What happens to your probabilities when a z is negative?",
    see="softmax_lab",
)
def _(z):
    return z / z.sum(axis=1, keepdims=True)


@softmax.misconception(
    "FF-30",
    "You applied a sigmoid to each entry alone, so the rows do not sum to 1.",
    "Do the classes know of each other in your formula?",
    see="softmax_lab",
)
def _(z):
    return sigmoid(z)


@softmax.misconception(
    "FF-06",
    "The largest z gets the smallest probability: the sign inside exp is turned.",
    "Which class should a large z speak for?",
    see="softmax_lab",
)
def _(z):
    e = np.exp(z.min(axis=1, keepdims=True) - z)
    return e / e.sum(axis=1, keepdims=True)


@softmax.misconception(
    "FF-43",
    "The maximum and the total of row i went to column i. With a square z nothing complains.",
    "What shape has the total of each row, and what shape does keepdims=True give it?",
    see="shape_puzzle",
)
def _(z):
    e = np.exp(z - z.max(axis=1))
    return e / e.sum(axis=1)


@softmax.misconception(
    "FF-43",
    "The total of row i divided column i. With a square z nothing complains.",
    "What shape has the total of each row, and what shape does keepdims=True give it?",
    see="shape_puzzle",
)
def _(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1)


# ---- 1.7 -----------------------------------------------------------------------------------------


@exercise(
    "1.7",
    points=3,
    title="Any number of layers, with a trace",
    hints=(
        "What is the input of layer 2? And where have you kept it?",
        "Start with a = [x] and an empty list z. Each turn of the loop takes the last entry of a, "
        "adds one entry to z and one to a.",
        "For each layer: $z^l = a^{l-1} (W^l)^\\top + b^l$ and $a^l = \\sigma(z^l)$.",
    ),
    outputs=("z", "a"),
)
def forward(x, Ws, bs):
    """A batch through L sigmoid layers;
    keeps everything that the backward pass will need.

    x : (m, n_0),  Ws : list of L matrices (n_out, n_in),  bs : list of L vectors (n_out,)
    ->  z : list of L arrays,  a : list of L + 1 arrays, a[0] is x itself
    """
    z, a = [], [x]
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(sigmoid(z[-1]))
    return z, a


@forward.cases
def _(rng):
    cases = []
    for m, sizes in [(5, (3, 4, 2)), (3, (2, 2, 2)), (3, (2, 4, 3, 1))]:
        Ws = [draw(rng, o, i) for i, o in zip(sizes[:-1], sizes[1:], strict=True)]
        cases.append((draw(rng, m, sizes[0]), Ws, [draw(rng, o) for o in sizes[1:]]))
    return cases


@forward.equivalent
def _(x, Ws, bs):
    a = [x]
    z = []
    for l in range(len(Ws)):
        z_l = np.array([Ws[l] @ row + bs[l] for row in a[l]])
        z = z + [z_l]
        a = a + [1 / (1 + np.exp(-z_l))]
    return tuple(z), tuple(a)


@forward.equivalent
def _(x, Ws, bs):
    if not Ws:
        return [], [x]
    z = np.einsum("mi,oi->mo", x, Ws[0]) + bs[0]
    zs, a = forward.f(sigmoid(z), Ws[1:], bs[1:]) if len(Ws) > 1 else ([], [sigmoid(z)])
    return [z, *zs], [x, *a]


@forward.equivalent
def _(x, Ws, bs):
    z, a = [], [x.tolist()]
    for W, b in zip(Ws, bs, strict=True):
        z.append([[sum(w * v) + b_j for w, b_j in zip(W, b, strict=True)] for v in a[-1]])
        a.append([[float(sigmoid(z_j)) for z_j in row] for row in z[-1]])
    return z, a


@forward.misconception(
    "FF-01",
    "The biases are missing in every layer.",
    "What does each neuron answer for a sample of zeros?",
    see="neuron_lab",
)
def _(x, Ws, bs):
    z, a = [], [x]
    for W in Ws:
        z.append(a[-1] @ W.T)
        a.append(sigmoid(z[-1]))
    return z, a


@forward.misconception(
    "FF-02",
    "The weight matrices are used the wrong way round. Where W is square, nothing complains.",
    "Row j of W belongs to neuron j. Which axis of W must meet the inputs?",
    see="shape_puzzle",
)
def _(x, Ws, bs):
    z, a = [], [x]
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W + b)
        a.append(sigmoid(z[-1]))
    return z, a


@forward.misconception(
    "FF-04",
    "Every a is still z: no activation was applied.",
    "What are many linear layers together?",
    see="activation_gallery",
)
def _(x, Ws, bs):
    z, a = [], [x]
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(z[-1])
    return z, a


@forward.misconception(
    "FF-26",
    "The hidden layers are right; the last layer has no activation.",
    "Does the docstring make an exception for the last layer?",
    see="mazur_forward",
)
def _(x, Ws, bs):
    z, a = [], [x]
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(sigmoid(z[-1]))
    a[-1] = z[-1]
    return z, a


@forward.misconception(
    "FF-07",
    "The inputs went through the sigmoid before the first layer.",
    "What should a[0] be?",
    see="mazur_forward",
)
def _(x, Ws, bs):
    z, a = [], [sigmoid(x)]
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(sigmoid(z[-1]))
    return z, a


@forward.misconception(
    "FF-18",
    "The layers ran in the wrong order, last one first.",
    "Which weights does the input meet first?",
    see="mazur_forward",
)
def _(x, Ws, bs):
    z, a = [], [x]
    for W, b in zip(Ws[::-1], bs[::-1], strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(sigmoid(z[-1]))
    return z, a


@forward.misconception(
    "FF-31",
    "Every layer was fed with x. The layers stand side by side, not one after the other.",
    "What is the input of layer 2?",
    see="mazur_forward",
)
def _(x, Ws, bs):
    z = [x @ W.T + b for W, b in zip(Ws, bs, strict=True)]
    return z, [x] + [sigmoid(z_l) for z_l in z]


@forward.misconception(
    "FF-32",
    "You handed z to the next layer instead of a.",
    "What leaves a neuron: its sum, or its activation?",
    see="mazur_forward",
)
def _(x, Ws, bs):
    z, a, signal = [], [x], x
    for W, b in zip(Ws, bs, strict=True):
        signal = signal @ W.T + b
        z.append(signal)
        a.append(sigmoid(signal))
    return z, a


@forward.misconception(
    "FF-33",
    "Your list a begins after the first layer: x itself is missing.",
    "The backward pass needs the input of every layer. What is the input of the first?",
    see="mazur_forward",
)
def _(x, Ws, bs):
    z, a = [], [x]
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(sigmoid(z[-1]))
    return z, a[1:]


@forward.misconception(
    "FF-28",
    "The two lists come in the wrong order.",
    "Which of the two does the docstring name first?",
)
def _(x, Ws, bs):
    z, a = [], [x]
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(sigmoid(z[-1]))
    return a, z


# ---- 1.8 -----------------------------------------------------------------------------------------


@order(
    "1.8",
    points=1,
    title="Put the lines of a forward pass in order",
    hints=(
        "Which line can run when nothing but x, y, the weights and the biases is known?",
        "After each line, ask which new name now has a value. Three lines are traps: two feed the "
        "second layer with the wrong thing, one is not half the squared error.",
        "z1, a1, z2, a2, error, E, return: the second layer takes a1.",
    ),
    distractors=("z2 = W2 @ x + b2", "z2 = W2 @ z1 + b2", "E = np.sum(error**2)"),
    imports="import numpy as np\nfrom bplib.activations import sigmoid",
    outputs=("a2", "E"),
)
def two_layers(x, y, W1, b1, W2, b2):
    """One sample through two sigmoid layers, and half its squared error."""
    z1 = W1 @ x + b1
    a1 = sigmoid(z1)
    z2 = W2 @ a1 + b2
    a2 = sigmoid(z2)
    error = a2 - y
    E = 0.5 * np.sum(error**2)
    return a2, E


@two_layers.cases
def _(rng):
    return [draw_network(rng, sizes) for sizes in [(2, 2, 2), (3, 3, 2)]]


@two_layers.misconception(
    "FF-31",
    "The second layer takes x: the hidden layer is computed and then forgotten.",
    "Where does a1 go in your order?",
    see="mazur_forward",
)
def _(x, y, W1, b1, W2, b2):
    z1 = W1 @ x + b1
    a1 = sigmoid(z1)
    z2 = W2 @ x + b2
    a2 = sigmoid(z2)
    error = a2 - y
    E = 0.5 * np.sum(error**2)
    return a2, E


@two_layers.misconception(
    "FF-32",
    "The second layer takes z1, the sum before the activation.",
    "What leaves a neuron: its sum, or its activation?",
    see="mazur_forward",
)
def _(x, y, W1, b1, W2, b2):
    z1 = W1 @ x + b1
    a1 = sigmoid(z1)
    z2 = W2 @ z1 + b2
    a2 = sigmoid(z2)
    error = a2 - y
    E = 0.5 * np.sum(error**2)
    return a2, E


@two_layers.misconception(
    "FF-15",
    "The output is right, but E is twice the right one: you took the line without the ½.",
    "Which of the two E lines is half the squared error?",
    see="mazur_forward",
)
def _(x, y, W1, b1, W2, b2):
    z1 = W1 @ x + b1
    a1 = sigmoid(z1)
    z2 = W2 @ a1 + b2
    a2 = sigmoid(z2)
    error = a2 - y
    E = np.sum(error**2)
    return a2, E
