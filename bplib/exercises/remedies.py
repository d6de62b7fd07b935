"""Exercises 6.1 to 6.10: four remedies, forward and backward, and which illness each one treats."""

from itertools import pairwise

import numpy as np

from bplib import dbn, toys
from bplib.activations import RELU, SIGMOID, leaky_relu, sigmoid, sigmoid_prime
from bplib.exercises.core import Item, choice, draw, exercise
from bplib.losses import MSE
from bplib.network import Layer, Network
from bplib.recurrent import LSTM, Trace

# ---- 6.1 -----------------------------------------------------------------------------------------


@exercise(
    "6.1",
    points=1,
    title="ReLU and Leaky ReLU, forward and backward",
    hints=(
        "On which side of 0 does the unit let everything through, and what does it do on the "
        "other side?",
        "Forward, z is multiplied by 1 or by the slope. Backward, da is multiplied by the very "
        "same number. What decides which of the two it is: z, a or da?",
        "$a = z$ and $\\delta = \\frac{\\partial L}{\\partial a}$ where $z > 0$; elsewhere "
        "$a = \\alpha z$ and $\\delta = \\alpha \\, \\frac{\\partial L}{\\partial a}$",
    ),
    outputs=("a", "delta"),
)
def leaky(z, da, slope):
    """Leaky ReLU forward, and the error signal back through it;
    with slope = 0 it is ReLU.

    z : (m, n),  da : (m, n) dL/da, as it comes from the layer after
    slope : one number, 0 <= slope < 1: the slope of the unit below 0
    ->  a : (m, n),  delta : (m, n) dL/dz
    """
    factor = np.where(z > 0, 1, slope)
    return factor * z, factor * da


@leaky.cases
def _(rng):
    sizes = ((2, 2, 0.0), (2, 3, 0.1), (3, 2, 0.3), (4, 3, 0.0), (3, 5, 0.01), (5, 4, 0.6))
    return [(draw(rng, m, n), draw(rng, m, n), slope) for m, n, slope in sizes]


@leaky.far
def _(rng):
    """So near the kink that a nudge of z steps over it."""
    z, da = draw(rng, 3, 4), draw(rng, 3, 4)
    z[:, 1:3] *= 1e-9
    return [(z, da, 0.2)]


@leaky.equivalent
def _(z, da, slope):
    """The kink gets the slope 1; the mask may come from a."""
    a = np.maximum(z, 0) + slope * np.minimum(z, 0)
    return a, da * (z >= 0) + slope * da * (1 - (a > 0))


@leaky.equivalent
def _(z, da, slope):
    a, delta = np.zeros(z.shape), np.zeros(z.shape)
    for i in range(len(z)):
        for j in range(len(z[0])):
            if z[i, j] > 0:
                a[i, j], delta[i, j] = z[i, j], da[i, j]
            else:
                a[i, j], delta[i, j] = slope * z[i, j], slope * da[i, j]
    return a, delta


@leaky.equivalent
def _(z, da, slope):
    off = z <= 0
    a, delta = z.copy(), da.copy()
    a[off] *= slope
    delta[off] *= slope
    return a, delta


@leaky.library
def _(z, da, slope):
    phi = leaky_relu(slope)
    return phi(z), phi.prime(z) * da


@leaky.equivalent
def _(z, da, slope):
    return np.maximum(slope * z, z), np.divide(np.maximum(slope * z, z), z) * da


leaky.slip(
    "RL-01",
    "a is right; in your delta the error is multiplied by a, the height, and not by the slope.",
    "Going back, does it matter how large a positive z was?",
    {"factor * da": "factor * z * da"},
    see="dead_units",
)

leaky.slip(
    "RL-02",
    "a is right; your delta looks at the sign of da, not at the side of 0 on which the unit was.",
    "Who decides whether the unit is on: what came in, or the error that comes back?",
    {"factor * da": "np.where(da > 0, 1, slope) * da"},
    see="dead_units",
)

leaky.slip(
    "RL-03",
    "a is right; negative errors were set to 0 on their way back.",
    "An error below 0 says that a should grow. May a unit that is on keep that to itself?",
    {"factor * da": "factor * np.maximum(da, 0)"},
    see="dead_units",
)

leaky.slip(
    "RL-03",
    "a is right; your delta is the ReLU of da.",
    "Which number decides whether the unit was on, and is it in your delta at all?",
    {"factor * da": "np.maximum(da, 0)"},
    see="dead_units",
)

leaky.slip(
    "RL-05",
    "The slope stands on the wrong side, forward and backward: your unit is cut above 0.",
    "Which z should pass as they are?",
    {"z > 0": "z < 0"},
    see="four_activations",
)

leaky.slip(
    "RL-05",
    "a is right; going back, the slope stands on the wrong side.",
    "Where z is positive, what does a small step of z do to a?",
    {"factor * da": "np.where(z > 0, slope, 1) * da"},
    see="four_activations",
)

leaky.slip(
    "RL-05",
    "delta is right; going forward, the slope stands on the wrong side.",
    "Which z should pass as they are?",
    {"return factor * z": "return np.where(z > 0, slope, 1) * z"},
    see="four_activations",
)

leaky.slip(
    "RL-05",
    "a is right; your delta is multiplied by the slope everywhere, above 0 too.",
    "How steep is the unit above 0?",
    {"factor * da": "slope * da"},
    see="four_activations",
)

leaky.slip(
    "RL-05",
    "a is right; below 0 you let one minus the slope through.",
    "With a slope of 0, how much should come through below 0?",
    {"factor * da": "np.where(z > 0, 1, 1 - slope) * da"},
    see="dead_units",
)

leaky.slip(
    "RL-05",
    "delta is right; below 0 your a is the slope itself, whatever z is.",
    "How does a straight line with this slope run on below 0?",
    {"return factor * z": "return np.where(z > 0, z, slope)"},
    see="four_activations",
)

leaky.slip(
    "RL-06",
    "a is right; below 0 your delta holds z as well: you multiplied by the line, not by its slope.",
    "How steep is a straight line at z = -1, and how steep at z = -2?",
    {"factor * da": "np.where(z > 0, 1, slope * z) * da"},
    see="four_activations",
)

leaky.slip(
    "RL-10",
    "Your delta is a once more: the zeros were written into the wrong array.",
    "What came back from the layer after, and is it in your delta?",
    {"factor * da": "factor * z"},
    see="dead_units",
)


@leaky.misconception(
    "RL-10",
    "The values are right, but you wrote the mask into da, which belongs to the caller.",
    "What does the layer after find in its array, once your function has run?",
    see="dead_units",
)
def _(z, da, slope):
    a = np.where(z > 0, z, slope * z)
    da[z <= 0] *= slope
    return a, da


@leaky.misconception(
    "RL-10",
    "The values are right, but you wrote a into z, which belongs to the caller.",
    "Who may still need z, once your function has run?",
    see="dead_units",
)
def _(z, da, slope):
    delta = np.where(z > 0, da, slope * da)
    z[z <= 0] *= slope
    return z, delta


leaky.slip(
    "RL-12",
    "This is ReLU, whatever the slope is.",
    "What should be left of z = -1 with a slope of 0.3?",
    {"1, slope)": "1, 0)"},
    see="four_activations",
)

leaky.slip(
    "RL-12",
    "a is right; your delta is that of ReLU, whatever the slope is.",
    "Forward, something comes through below 0. And backward?",
    {"factor * da": "(z > 0) * da"},
    see="four_activations",
)

leaky.slip(
    "RL-12",
    "delta is right; your a is that of ReLU, whatever the slope is.",
    "What should be left of z = -1 with a slope of 0.3?",
    {"return factor * z": "return np.maximum(z, 0)"},
    see="four_activations",
)

leaky.slip(
    "RL-12",
    "The slope below 0 is always 0.01 in your function; its argument is not used.",
    "What should be left of z = -1 with a slope of 0.3?",
    {"slope)": "0.01)"},
    see="four_activations",
)

leaky.slip(
    "RL-13",
    "a is right; your delta is the slope of the unit, and the error that comes back is not in it.",
    "If the layer after has no error at all, what should delta be?",
    {"factor * da": "factor + 0 * da"},
    see="dead_units",
)

leaky.slip(
    "RL-13",
    "a is right; your delta is da: the unit lets every error through.",
    "A unit that is off does not move when z moves. How much error should reach its weights?",
    {"factor * da": "da"},
    see="dead_units",
)

leaky.slip(
    "FF-28",
    "Both results are right, in the wrong order.",
    "Which of the two does the docstring name first?",
    {"return factor * z, factor * da": "return factor * da, factor * z"},
)


# ---- 6.2 -----------------------------------------------------------------------------------------


@exercise(
    "6.2",
    points=1,
    title="How many units are dead?",
    hints=(
        "A unit is silent for one row. Is it dead?",
        "First ask for each row and unit whether the ReLU lets anything through. Then look down "
        "each column: is it so in every row? Count these columns.",
        "Unit j is dead when $z_{ij} \\le 0$ for all rows i, or $\\max_i a_{ij} = 0$.",
    ),
    outputs=("counts",),
)
def count_dead(zs):
    """How many ReLU units of each layer are dead: silent on every row,
    so no row can teach them.

    zs : [z1, ..., zL], one z of shape (m, n) per layer, m samples in rows,
        n units in columns
    ->  (L,) whole numbers
    """
    return np.array([np.sum(np.all(z <= 0, axis=0)) for z in zs])


def _layer(rng, m, n):
    """Some units are dead; of an odd number all are silent for one row, of an even one is on."""
    z = draw(rng, m, n)
    if n % 2:
        z[0] = -np.abs(z[0])
    else:
        z[:, -1] = np.abs(z[:, -1])
    dead = rng.integers(1, 1 + n // 2)
    z[:, :dead] = -np.abs(z[:, :dead])
    return rng.permutation(z, axis=1)


@count_dead.cases
def _(rng):
    sizes = ((3, (3, 4)), (4, (6, 5, 7)), (6, (9, 4)), (5, (8, 12, 10)))
    return [([_layer(rng, m, n) for n in widths],) for m, widths in sizes]


@count_dead.equivalent
def _(zs):
    return [int(((z > 0).sum(axis=0) == 0).sum()) for z in zs]


@count_dead.equivalent
def _(zs):
    counts = []
    for z in zs:
        a = np.maximum(z, 0)
        counts.append(np.count_nonzero(a.max(axis=0) == 0))
    return counts


@count_dead.equivalent
def _(zs):
    counts = []
    for z in zs:
        dead = 0
        for unit in z.T:
            if not any(v > 0 for v in unit):
                dead += 1
        counts.append(dead)
    return np.array(counts)


@count_dead.equivalent
def _(zs):
    return np.array([z.shape[1] - len(set(np.nonzero(z > 0)[1])) for z in zs], float)


count_dead.slip(
    "RL-09",
    "You counted every unit that is silent for at least one row.",
    "A unit sleeps for one row and learns from all others. Is it dead?",
    {"np.all(": "np.any("},
    see="dead_units",
)

count_dead.slip(
    "RL-09",
    "You counted the places at which a is 0, over all rows and units.",
    "One unit of a layer is dead, and there are ten rows. What should come out?",
    {"np.all(z <= 0, axis=0)": "z <= 0"},
    see="dead_units",
)

count_dead.slip(
    "RL-09",
    "You counted the samples for which all units of the layer are silent.",
    "Which axis counts the samples, and along which one must you look?",
    {"axis=0": "axis=1"},
    see="dead_units",
)

count_dead.slip(
    "RL-09",
    "You counted the units that are silent for the first row.",
    "What do the other rows say?",
    {"np.all(z <= 0, axis=0)": "z[0] <= 0"},
    see="dead_units",
)

count_dead.slip(
    "RL-09",
    "You counted the units with a mean of z below 0: a few far negative rows are enough for that.",
    "A unit is on for one row out of ten. Can it still learn?",
    {"np.all(z <= 0, axis=0)": "np.mean(z, axis=0) <= 0"},
    see="dead_units",
)

count_dead.slip(
    "RL-09",
    "You counted the units that are silent for most rows.",
    "A unit is on for one row out of ten. Can it still learn?",
    {"np.all(z <= 0, axis=0)": "np.mean(z <= 0, axis=0) > 0.5"},
    see="dead_units",
)

count_dead.slip(
    "RL-14",
    "This is the share of dead units in each layer; their number is asked for.",
    "How many units has the layer?",
    {"np.sum(": "np.mean("},
    see="dead_units",
)

count_dead.slip(
    "RL-14",
    "These are the units that are alive.",
    "Which of the two kinds gets no error at all?",
    {"np.all(z <= 0, axis=0)": "np.any(z > 0, axis=0)"},
    see="dead_units",
)

count_dead.slip(
    "RL-14",
    "You counted the units that are on for every row: they are alive, and not even bent.",
    "On which side of 0 does a ReLU let nothing through?",
    {"z <= 0": "z > 0"},
    see="dead_units",
)

count_dead.slip(
    "RL-14",
    "You counted the units that are on for every row among the dead ones.",
    "Such a unit never changes its side, but does the error come through?",
    {"np.all(z <= 0, axis=0)": "np.all(z <= 0, axis=0) | np.all(z > 0, axis=0)"},
    see="dead_units",
)

count_dead.slip(
    "RL-14",
    "Your counts are all 0, as if z were exactly 0 where a unit is silent.",
    "For which z is the output of a ReLU equal to 0?",
    {"z <= 0": "z == 0"},
    see="dead_units",
)

count_dead.slip(
    "RL-14",
    "All layers are counted together.",
    "What does the docstring say about the shape of the result?",
    {"np.array([": "sum(["},
    see="dead_units",
)


# ---- 6.3 -----------------------------------------------------------------------------------------


@exercise(
    "6.3",
    points=3,
    title="Your network with ReLU and He, against sigmoid",
    hints=(
        "Two networks run on the same data. In which lines of one forward and backward pass do "
        "they differ?",
        "In three: the size of the first weights, the activation, and its slope. The output "
        "layer is a sigmoid layer in both networks, so it differs in none of them.",
        "He: $\\sqrt{2 / n_{in}}$, Xavier: $\\sqrt{2 / (n_{in} + n_{out})}$; "
        "$\\delta^l = (\\delta^{l+1} W^{l+1}) \\odot \\phi'(z^l)$, and "
        "$\\log_{10} \\sqrt{\\mathrm{mean}((\\delta^l)^2)}$ for each layer",
    ),
    outputs=("sigmoid_net", "relu_net"),
)
def two_networks(x, y, normals):
    """log10 of the RMS of delta in each layer of two networks, first layer first,
    all biases 0.

    x : (m, n_0),  y : (m, n_L)
    normals : [N1, ..., NL], N : (n_out, n_in), numbers from N(0, 1) to make W of,
        for both networks
    sigmoid_net : every layer is sigmoid, with the weights of Xavier
    relu_net : the hidden layers are ReLU, with the weights of He;
        the last layer is as above
    The loss is half the squared error, summed over outputs, the mean over the m rows.
    ->  sigmoid_net : (L,),  relu_net : (L,)
    """
    profiles = []
    for relu in (False, True):
        a, slopes, Ws = [x], [], []
        for l, N in enumerate(normals, 1):
            n_out, n_in = N.shape
            if relu and l < len(normals):
                W = np.sqrt(2 / n_in) * N
                z = a[-1] @ W.T
                a.append(np.maximum(z, 0))
                slopes.append(z > 0)
            else:
                W = np.sqrt(2 / (n_in + n_out)) * N
                z = a[-1] @ W.T
                a.append(sigmoid(z))
                slopes.append(a[-1] * (1 - a[-1]))
            Ws.append(W)
        delta = (a[-1] - y) / len(x) * slopes[-1]
        sizes = [np.sqrt(np.mean(delta**2))]
        for W, slope in zip(Ws[:0:-1], slopes[-2::-1], strict=True):
            delta = delta @ W * slope
            sizes.insert(0, np.sqrt(np.mean(delta**2)))
        profiles.append(np.log10(sizes))
    return profiles


def _data(rng, m, sizes, scale=1.0):
    """Standard normal numbers, drawn again while a ReLU layer has a unit near its kink."""
    x, y = draw(rng, m, sizes[0]), scale * rng.integers(10, 91, (m, sizes[-1])) / 100
    while True:
        normals = [
            np.round(rng.normal(size=(n_out, n_in)), 2)
            for n_in, n_out in zip(sizes, sizes[1:], strict=False)
        ]
        a, alive = x, []
        for N in normals[:-1]:
            a = np.maximum(a @ (np.sqrt(2 / N.shape[1]) * N).T, 0)
            alive.append(np.mean(a > 0))
        if min(alive) > 0.25:
            return x, y, normals


@two_networks.cases
def _(rng):
    return [
        _data(rng, 3, (2, 4, 3, 2)),
        _data(rng, 4, (3, 6, 5, 4, 3)),
        _data(rng, 5, (4, *[6] * 6, 4)),
    ]


@two_networks.far
def _(rng):
    """Errors so large, or layers so many, that a nudge is lost in the digits of the loss."""
    return [_data(rng, 3, (2, 4, 3, 2), scale=1e8), _data(rng, 6, (4, *[8] * 10, 3))]


@two_networks.library
def _(x, y, normals):
    stds = [[np.sqrt(2 / sum(N.shape)) for N in normals], [np.sqrt(2 / len(N.T)) for N in normals]]
    stds[1][-1] = stds[0][-1]
    out = []
    for std, phi in zip(stds, (SIGMOID, RELU), strict=True):
        phis = [phi] * (len(normals) - 1) + [SIGMOID]
        layers = [
            Layer(s * N, np.zeros(len(N)), p) for s, N, p in zip(std, normals, phis, strict=True)
        ]
        net = Network(layers, MSE)
        deltas = net.backward(net.forward(x), y).delta
        out.append([np.log10(np.linalg.norm(d) / np.sqrt(d.size)) for d in deltas])
    return out


@two_networks.equivalent
def _(x, y, normals):
    """Recursion: a layer asks the layers after it for their delta."""

    def down(a, rest, hidden):
        N, *later = rest
        kind = hidden if later else "sigmoid"
        n_out, n_in = N.shape
        W = N * (2 / (n_in if kind == "relu" else n_in + n_out)) ** 0.5
        z = np.einsum("mi,oi->mo", a, W)
        mine = z * (z > 0) if kind == "relu" else 1 / (1 + np.exp(-z))
        slope = np.sign(mine) if kind == "relu" else mine - mine**2
        if later:
            back, sizes = down(mine, later, hidden)
            delta = back * slope
        else:
            delta, sizes = (mine - y) * slope / len(x), []
        return delta @ W, [0.5 * np.log10((delta**2).mean()), *sizes]

    return down(x, normals, "sigmoid")[1], down(x, normals, "relu")[1]


@two_networks.equivalent
def _(x, y, normals):
    """One sample at a time, and the 1/m at the very end."""

    def profile(relu):
        squares = np.zeros(len(normals))
        for x_i, y_i in zip(x, y, strict=True):
            a, z, Ws = [x_i], [], []
            for N in normals:
                inner = relu and N is not normals[-1]
                Ws.append(N * np.sqrt(2 / N.shape[1] if inner else 2 / sum(N.shape)))
                z.append(Ws[-1] @ a[-1])
                a.append(np.where(z[-1] > 0, z[-1], 0) if inner else sigmoid(z[-1]))
            delta = (a[-1] - y_i) * a[-1] * (1 - a[-1])
            for l in range(len(normals) - 1, -1, -1):
                squares[l] += np.mean(delta**2) / len(x)
                if l:
                    inner = (z[l - 1] > 0) if relu else sigmoid(z[l - 1]) * sigmoid(-z[l - 1])
                    delta = Ws[l].T @ delta * inner
        return np.log10(np.sqrt(squares) / len(x))

    return profile(False), profile(True)


@two_networks.library
def _(x, y, normals):
    """Samples as columns."""
    result = []
    for phi in (SIGMOID, RELU):
        a, z, Ws = x.T, [], []
        for l, N in enumerate(normals):
            last = l == len(normals) - 1
            variance = 2 / N.shape[1] if phi is RELU and not last else 1 / np.mean(N.shape)
            Ws.append(np.sqrt(variance) * N)
            z.append(Ws[-1] @ a)
            a = SIGMOID(z[-1]) if last else phi(z[-1])
        deltas = [(a - y.T) * SIGMOID.prime(z[-1]) / y.shape[0]]
        for W, before in zip(reversed(Ws[1:]), reversed(z[:-1]), strict=True):
            deltas.append(W.T @ deltas[-1] * phi.prime(before))
        result += [np.array([np.log10(np.std(d) ** 2 + d.mean() ** 2) / 2 for d in deltas[::-1]])]
    return result


two_networks.slip(
    "RL-11",
    "The sigmoid network is right; your ReLU network ends in a ReLU layer.",
    "The targets lie between 0 and 1. What does an output unit that is off learn from its error?",
    {"relu and l < len(normals)": "relu"},
    see="four_activations",
)

two_networks.slip(
    "RL-11",
    "The hidden layers of your ReLU network are as they should be, but its last layer got the "
    "weights of He.",
    "What is the activation of the last layer, and whose weights are made for it?",
    {"np.sqrt(2 / (n_in + n_out))": "np.sqrt(2 / (n_in if relu else n_in + n_out))"},
    see="four_activations",
)

two_networks.slip(
    "RL-11",
    "The last layer is right forward; on the way back your ReLU network treats it as ReLU.",
    "Which activation did the last layer have on the way forward?",
    {"slopes[-1]\n": "(1 if relu else slopes[-1])\n"},
    see="four_activations",
)

two_networks.slip(
    "RL-01",
    "The sigmoid network is right; the ReLU network multiplies by a where its slope belongs.",
    "Going back, does it matter how large a positive z was?",
    {"slopes.append(z > 0)": "slopes.append(a[-1])"},
    see="four_activations",
)

two_networks.slip(
    "RL-13",
    "The sigmoid network is right; the ReLU network lets every error through, of silent units too.",
    "A unit that is off does not move when z moves. How much error should reach its weights?",
    {"slopes.append(z > 0)": "slopes.append(1)"},
    see="four_activations",
)

two_networks.slip(
    "RL-15",
    "The sigmoid network is right; the ReLU network goes back with the slope of a sigmoid.",
    "Which activation did these layers have on the way forward?",
    {"slopes.append(z > 0)": "slopes.append(sigmoid(z) * (1 - sigmoid(z)))"},
    see="four_activations",
)

two_networks.slip(
    "RL-15",
    "The sigmoid network is right; the ReLU network goes back with a (1 - a), the rule of another "
    "activation.",
    "How steep is a ReLU where z is 3, and what does your rule give?",
    {"slopes.append(z > 0)": "slopes.append(a[-1] * (1 - a[-1]))"},
    see="four_activations",
)

two_networks.slip(
    "RL-15",
    "The same network ran twice: your second one has the weights of He and still the sigmoid.",
    "Which line makes the second network a ReLU network?",
    {
        "np.maximum(z, 0)": "sigmoid(z)",
        "slopes.append(z > 0)": "slopes.append(a[-1] * (1 - a[-1]))",
    },
    see="four_activations",
)

two_networks.slip(
    "VG-06",
    "The sigmoid network is right; the ReLU layers have the weights of Xavier.",
    "Half of the units are silent. Who makes up for them?",
    {"W = np.sqrt(2 / n_in) * N": "W = np.sqrt(2 / (n_in + n_out)) * N"},
    see="find_initialisation",
)

two_networks.slip(
    "VG-06",
    "The ReLU network is right up to its last layer; the weights of He are in every sigmoid layer.",
    "Which of the two rules counts on silent units?",
    {"np.sqrt(2 / (n_in + n_out))": "np.sqrt(2 / n_in)"},
    see="find_initialisation",
)

two_networks.slip(
    "VG-06",
    "The sigmoid network is right; in your He the silent half of a ReLU layer is forgotten.",
    "If only half of the terms of a sum are there, how large must each of them be?",
    {"W = np.sqrt(2 / n_in) * N": "W = np.sqrt(1 / n_in) * N"},
    see="find_initialisation",
)

two_networks.slip(
    "VG-06",
    "In your Xavier, inputs and units are added, and no mean is taken: the weights are too small.",
    "In a square layer Xavier's variance is 1/n. What is yours?",
    {"np.sqrt(2 / (n_in + n_out))": "np.sqrt(1 / (n_in + n_out))"},
    see="find_initialisation",
)

two_networks.slip(
    "VG-07",
    "You multiplied the normal numbers by variances.",
    "Which step leads from a variance to a standard deviation?",
    {"np.sqrt(2 / n_in)": "(2 / n_in)", "np.sqrt(2 / (n_in + n_out))": "(2 / (n_in + n_out))"},
    see="find_initialisation",
)

two_networks.slip(
    "VG-07",
    "The sigmoid network is right; for He you multiplied by a variance.",
    "Which step leads from a variance to a standard deviation?",
    {"np.sqrt(2 / n_in)": "(2 / n_in)"},
    see="find_initialisation",
)

two_networks.slip(
    "VG-07",
    "The weights are the normal numbers themselves, in both networks.",
    "A unit adds up n such numbers. How large does z get when n grows?",
    {"np.sqrt(2 / n_in) * ": "", "np.sqrt(2 / (n_in + n_out)) * ": ""},
    see="find_initialisation",
)

two_networks.slip(
    "VG-08",
    "The sigmoid network is right; He took the units of the layer for its inputs.",
    "W has one row per unit. Which of the two numbers of its shape counts the inputs?",
    {"np.sqrt(2 / n_in)": "np.sqrt(2 / n_out)"},
    see="find_initialisation",
)

two_networks.slip(
    "VG-11",
    "All sizes are right, in the order in which the signal meets the layers: last layer first.",
    "Which layer is next to the input, and which next to the output?",
    {"profiles.append(np.log10(sizes))": "profiles.append(np.log10(sizes[::-1]))"},
    see="depth_lab",
)

two_networks.slip(
    "VG-04",
    "These are the sizes themselves, without a logarithm.",
    "On a plain scale, could you tell a millionth from 0?",
    {"np.log10(sizes)": "sizes"},
    see="depth_lab",
)

two_networks.slip(
    "VG-04",
    "This is the natural logarithm.",
    "What should come out for a size of a thousandth?",
    {"np.log10": "np.log"},
    see="depth_lab",
)

two_networks.slip(
    "VG-20",
    "The root is missing: this is the mean of the squares.",
    "All delta are a tenth. What is their usual size, and what is yours?",
    {"np.sqrt(np.mean(delta**2))": "np.mean(delta**2)"},
    see="depth_lab",
)

two_networks.slip(
    "VG-20",
    "This is the mean of the sizes: no square, no root.",
    "What do the three letters of RMS stand for?",
    {"np.sqrt(np.mean(delta**2))": "np.mean(np.abs(delta))"},
    see="depth_lab",
)

two_networks.slip(
    "VG-20",
    "This is the length of delta, not its usual size: it grows with every row and every unit.",
    "A hundred units all have delta 0.01. What is their usual size?",
    {"np.sqrt(np.mean(delta**2))": "np.linalg.norm(delta)"},
    see="depth_lab",
)

two_networks.slip(
    "BP-03",
    "At the output you have the error, not delta: the slope of the last layer is missing.",
    "What should the last delta be when the output is flat?",
    {" * slopes[-1]": ""},
    see="depth_lab",
)

two_networks.slip(
    "BP-04",
    "The last layers are right; the slopes of the hidden layers are missing.",
    "What should a saturated hidden unit let through?",
    {"delta @ W * slope": "delta @ W"},
    see="depth_lab",
)

two_networks.slip(
    "BP-14",
    "All sizes are too large by the number of rows: the 1/m of the mean is missing.",
    "The loss is a mean. What stands before its sum?",
    {" / len(x)": ""},
    see="depth_lab",
)

two_networks.slip(
    "BP-16",
    "The last layers are right; every other layer was divided by m once more than the one after.",
    "How many means does the loss take?",
    {"delta @ W * slope": "delta @ W * slope / len(x)"},
    see="depth_lab",
)

two_networks.slip(
    "BP-17",
    "You divided by all numbers of the output; the loss divides by its rows only.",
    "Is the error summed over the outputs of a row, or averaged?",
    {" / len(x)": " / y.size"},
    see="depth_lab",
)

two_networks.slip(
    "FF-28",
    "Both networks are right, in the wrong order.",
    "Which of the two does the docstring name first?",
    {"(False, True)": "(True, False)"},
)


# ---- 6.4 -----------------------------------------------------------------------------------------


@exercise(
    "6.4",
    points=2,
    title="One LSTM step forward",
    hints=(
        "Four blocks of numbers come out of x, h and b. Which of them are gates, between 0 and 1, "
        "and which one is the new content?",
        "First z for all four blocks at once, then cut it into four. The belt c keeps a part of "
        "itself and takes in a part of the new content; h shows a part of the new belt.",
        "$z = W_x x + W_h h + b$; $i, f, o = \\sigma(z_i), \\sigma(z_f), \\sigma(z_o)$, "
        "$g = \\tanh(z_g)$; $c' = f \\odot c + i \\odot g$, $h' = o \\odot \\tanh(c')$",
    ),
    outputs=("h_next", "c_next"),
)
def lstm_step(x, h, c, W_x, W_h, b):
    """One step of an LSTM for a batch: from the states before it to the states after it.

    x : (m, n_in),  h, c : (m, n), the states before
    W_x : (4n, n_in),  W_h : (4n, n),  b : (4n,),
        each in four blocks of n rows: i, f, o, g
    (input gate, forget gate, output gate, candidate)
    ->  h_next : (m, n),  c_next : (m, n)
    """
    z = x @ W_x.T + h @ W_h.T + b
    z_i, z_f, z_o, z_g = np.split(z, 4, axis=1)
    i, f, o, g = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o), np.tanh(z_g)
    c_next = f * c + i * g
    h_next = o * np.tanh(c_next)
    return h_next, c_next


@lstm_step.cases
def _(rng):
    return [
        (
            draw(rng, m, n_in),
            draw(rng, m, n, largest=0.9),
            draw(rng, m, n),
            draw(rng, 4 * n, n_in),
            draw(rng, 4 * n, n),
            draw(rng, 4 * n),
        )
        for m, n_in, n in ((1, 1, 1), (2, 3, 2), (4, 2, 3), (3, 3, 3), (2, 1, 4))
    ]


@lstm_step.library
def _(x, h, c, W_x, W_h, b):
    cell = LSTM(W_x, W_h, b)
    trace = cell.forward(x[None], h, c)
    return trace.h[1], trace.c[1]


@lstm_step.equivalent
def _(x, h, c, W_x, W_h, b):
    """Each gate has its own matrix over x and h together."""
    n = h.shape[1]
    both, W = np.concatenate([x, h], axis=1), np.hstack([W_x, W_h])

    def gate(k, phi):
        rows = slice(k * n, (k + 1) * n)
        return phi(both @ W[rows].T + b[rows])

    c_next = gate(1, sigmoid) * c + gate(0, sigmoid) * gate(3, np.tanh)
    return gate(2, sigmoid) * np.tanh(c_next), c_next


@lstm_step.equivalent
def _(x, h, c, W_x, W_h, b):
    m, n = h.shape
    z = np.einsum("mi,ki->mk", x, W_x) + np.einsum("mj,kj->mk", h, W_h) + b
    i, f, o, g = z.reshape(m, 4, n).transpose(1, 0, 2)
    i, f, o = (1 / (1 + np.exp(-v)) for v in (i, f, o))
    g = 2 / (1 + np.exp(-2 * g)) - 1
    new = c * f + g * i
    return o * np.tanh(new), new


@lstm_step.equivalent
def _(x, h, c, W_x, W_h, b):
    """One sample and one unit at a time."""
    m, n = h.shape
    h_next, c_next = np.zeros((m, n)), np.zeros((m, n))
    for s in range(m):
        for j in range(n):
            z = [W_x[k] @ x[s] + W_h[k] @ h[s] + b[k] for k in (j, n + j, 2 * n + j, 3 * n + j)]
            c_next[s, j] = sigmoid(z[1]) * c[s, j] + sigmoid(z[0]) * np.tanh(z[3])
            h_next[s, j] = sigmoid(z[2]) * np.tanh(c_next[s, j])
    return h_next, c_next


lstm_step.slip(
    "LS-14",
    "Your gates stand in the order i, f, g, o, as some libraries have it.",
    "Which block comes third here?",
    {"z_i, z_f, z_o, z_g": "z_i, z_f, z_g, z_o"},
    see="lstm_cell",
)

lstm_step.slip(
    "LS-14",
    "Input gate and forget gate are swapped: your first block decides what is kept.",
    "Which gate does the first block belong to?",
    {"z_i, z_f, z_o, z_g": "z_f, z_i, z_o, z_g"},
    see="lstm_cell",
)

lstm_step.slip(
    "LS-14",
    "Your gates stand in the order f, i, g, o, as some books have it.",
    "What does the docstring say about the four blocks?",
    {"z_i, z_f, z_o, z_g": "z_f, z_i, z_g, z_o"},
    see="lstm_cell",
)

lstm_step.slip(
    "LS-14",
    "Your blocks are not cut in one piece: every fourth column went to the same gate.",
    "Which rows of W belong to the input gate?",
    {"np.split(z, 4, axis=1)": "(z[:, k::4] for k in range(4))"},
    see="lstm_cell",
)

lstm_step.slip(
    "LS-17",
    "x and h are swapped: where their sizes are the same nobody notices, elsewhere Python stops.",
    "Which of the two matrices has one column per input?",
    {"x @ W_x.T + h @ W_h.T": "h @ W_x.T + x @ W_h.T"},
    see="lstm_cell",
)

lstm_step.slip(
    "LS-17",
    "Your gates do not see h: the cell knows only its input.",
    "Through what does the step before speak to the gates of this one?",
    {" + h @ W_h.T": ""},
    see="lstm_cell",
)

lstm_step.slip(
    "LS-17",
    "Your gates see the belt c in place of h.",
    "Which of the two states is the one that the cell shows to the outside?",
    {"h @ W_h.T": "c @ W_h.T"},
    see="lstm_cell",
)

lstm_step.slip(
    "FF-01",
    "The bias is missing.",
    "What should the gates be when x and h are 0?",
    {" + b\n": "\n"},
    see="lstm_cell",
)

lstm_step.slip(
    "LS-22",
    "Nothing closes your input gate: the whole new content goes onto the belt.",
    "With an input gate of 0, what should be on the belt after the step?",
    {"i * g": "g"},
    see="lstm_cell",
)

lstm_step.slip(
    "LS-22",
    "Your belt keeps everything: nothing is ever forgotten.",
    "With a forget gate of 0, what should be left of the old c?",
    {"f * c + i * g": "c + i * g"},
    see="lstm_cell",
)

lstm_step.slip(
    "LS-22",
    "The whole belt is shown: your output gate does nothing.",
    "With an output gate of 0, what should h be?",
    {"o * np.tanh(c_next)": "np.tanh(c_next)"},
    see="lstm_cell",
)

lstm_step.slip(
    "LS-23",
    "Your forget gate says how much to forget; in spite of its name it says how much to keep.",
    "With a forget gate of 1, what should be left of the old c?",
    {"f * c": "(1 - f) * c"},
    see="lstm_cell",
)

lstm_step.slip(
    "LS-23",
    "Input gate and forget gate are tied in your cell: what is not forgotten is not taken in.",
    "May both gates be open at the same time?",
    {"i * g": "(1 - f) * g"},
    see="lstm_cell",
)

lstm_step.slip(
    "LS-27",
    "c is right; your h shows the belt as it was before the step.",
    "Which of your two c has the new content in it?",
    {"np.tanh(c_next)": "np.tanh(c)"},
    see="lstm_cell",
)

lstm_step.slip(
    "LS-27",
    "c is right; your h shows the belt as it is, and that may grow without end.",
    "The belt holds 5. Can h be larger than 1?",
    {"o * np.tanh(c_next)": "o * c_next"},
    see="lstm_cell",
)

lstm_step.slip(
    "LS-27",
    "c is right; your h squeezes the belt with a sigmoid, so that it can never be negative.",
    "What should h tell when the belt holds a negative number?",
    {"np.tanh(c_next)": "sigmoid(c_next)"},
    see="lstm_cell",
)

lstm_step.slip(
    "LS-27",
    "c is right; your h opens the output gate on the new content alone, not on the belt.",
    "What should h tell when nothing new was taken in?",
    {"np.tanh(c_next)": "g"},
    see="lstm_cell",
)

lstm_step.slip(
    "LS-27",
    "The belt itself was squeezed by a tanh: it loses something at every step.",
    "With f = 1 and i = 0, what should be on the belt after the step?",
    {"c_next = f * c + i * g": "c_next = np.tanh(f * c + i * g)", "np.tanh(c_next)": "c_next"},
    see="lstm_cell",
)

lstm_step.slip(
    "LS-12",
    "Your new content went through a sigmoid: nothing can ever be taken off the belt.",
    "Should a step be able to lower c below what was kept?",
    {"np.tanh(z_g)": "sigmoid(z_g)"},
    see="lstm_cell",
)

lstm_step.slip(
    "LS-12",
    "Your new content is not squeezed: it is z itself.",
    "How much may one step put onto the belt at most?",
    {"np.tanh(z_g)": "z_g"},
    see="lstm_cell",
)

lstm_step.slip(
    "LS-13",
    "Your gates are made with tanh: a gate may be negative.",
    "What would it mean to keep minus a half of the belt?",
    {"sigmoid(z_i), sigmoid(z_f), sigmoid(z_o)": "np.tanh(z_i), np.tanh(z_f), np.tanh(z_o)"},
    see="lstm_cell",
)

lstm_step.slip(
    "LS-13",
    "Sigmoid and tanh are swapped: gates by tanh, new content by sigmoid.",
    "Which of the four is a share between nothing and all?",
    {
        "sigmoid(z_i), sigmoid(z_f), sigmoid(z_o), np.tanh(z_g)": (
            "np.tanh(z_i), np.tanh(z_f), np.tanh(z_o), sigmoid(z_g)"
        )
    },
    see="lstm_cell",
)

lstm_step.slip(
    "LS-13",
    "Your gates are z itself, without a sigmoid.",
    "How much is kept at most, and how much does a gate of 3 keep?",
    {"sigmoid(z_i), sigmoid(z_f), sigmoid(z_o)": "z_i, z_f, z_o"},
    see="lstm_cell",
)

lstm_step.slip(
    "FF-28",
    "Both states are right, in the wrong order.",
    "Which of the two does the docstring name first?",
    {"return h_next, c_next": "return c_next, h_next"},
)


# ---- 6.5 -----------------------------------------------------------------------------------------


@exercise(
    "6.5",
    points=3,
    title="One LSTM step backward",
    hints=(
        "On which two ways can c change the loss, and which of the two is in `dc` already?",
        "First the whole error of the belt: what comes along it, and what comes through h. Then "
        "each gate: what was it multiplied with, and how steep was it? Two things go on to the "
        "step before: along the belt, and through W_h.",
        "$\\tilde{dc} = dc + dh \\odot o \\odot (1 - \\tanh^2 c)$\n"
        "$\\delta_i = \\tilde{dc} \\odot g \\odot i (1 - i)$\n"
        "$\\delta_f = \\tilde{dc} \\odot c_{prev} \\odot f (1 - f)$\n"
        "$\\delta_o = dh \\odot \\tanh(c) \\odot o (1 - o)$\n"
        "$\\delta_g = \\tilde{dc} \\odot i \\odot (1 - g^2)$\n"
        "$dh_{prev} = \\delta W_h$\n"
        "$dc_{prev} = \\tilde{dc} \\odot f$",
    ),
    outputs=("delta", "dh_prev", "dc_prev"),
)
def lstm_back(dh, dc, gates, c_prev, c, W_h):
    """One step of an LSTM backward:
    from the errors of the states after it to those before it.

    dh : (m, n) dL/dh of this step,
    dc : (m, n) what comes along the belt from the step after
    gates : (4, m, n), the values i, f, o, g of this step (after sigmoid and tanh)
    c_prev, c : (m, n), the belt before and after this step,
    W_h : (4n, n), blocks i, f, o, g
    ->  delta : (m, 4n) dL/dz, blocks i, f, o, g,  dh_prev : (m, n),  dc_prev : (m, n)
    """
    i, f, o, g = gates
    tanh_c = np.tanh(c)
    dc_all = dc + dh * o * (1 - tanh_c**2)
    delta_i = dc_all * g * i * (1 - i)
    delta_f = dc_all * c_prev * f * (1 - f)
    delta_o = dh * tanh_c * o * (1 - o)
    delta_g = dc_all * i * (1 - g**2)
    delta = np.hstack([delta_i, delta_f, delta_o, delta_g])
    return delta, delta @ W_h, dc_all * f


def _one_step(rng, m, n):
    gates = np.stack([*rng.integers(10, 91, (3, m, n)) / 100, draw(rng, m, n, largest=0.9)])
    c_prev = draw(rng, m, n)
    i, f, _, g = gates
    return draw(rng, m, n), draw(rng, m, n), gates, c_prev, f * c_prev + i * g, draw(rng, 4 * n, n)


@lstm_back.cases
def _(rng):
    return [_one_step(rng, m, n) for m, n in ((1, 1), (2, 2), (3, 2), (2, 4), (4, 3))]


@lstm_back.far
def _(rng):
    """A belt so long, and a forget gate so open, that a nudge is lost in the digits of c."""
    dh, dc, gates, c_prev, c, W_h = _one_step(rng, 3, 2)
    gates[1], c_prev = 1.0, 1e9 * c_prev
    return [(dh, dc, gates, c_prev, c_prev + gates[0] * gates[3], W_h)]


@lstm_back.library
def _(dh, dc, gates, c_prev, c, W_h):
    m, n = dh.shape
    cell = LSTM(np.zeros((4 * n, 1)), W_h, np.zeros(4 * n))
    kept = np.stack([c_prev, c]), gates[None], np.tanh(c)[None]
    trace = Trace(np.zeros((1, m, 1)), np.zeros((2, m, n)), *kept)
    through_h = cell.backward(trace, dh[None])
    i, f, _, g = gates
    belt = [dc * g * (i - i**2), dc * c_prev * (f - f**2), 0 * dc, dc * i * (1 - g) * (1 + g)]
    delta = through_h.delta[0] + np.concatenate(belt, axis=1)
    return delta, delta @ W_h, through_h.dc[0] + dc * f


@lstm_back.equivalent
def _(dh, dc, gates, c_prev, c, W_h):
    """Filled in place, block by block, and W_h block by block."""
    m, n = dh.shape
    i, f, o, g = (gate.copy() for gate in gates)
    belt = dh * o / np.cosh(np.minimum(np.abs(c), 300)) ** 2
    belt += dc
    delta = np.empty((m, 4 * n))
    delta[:, :n] = belt * g * i * (1 - i)
    delta[:, n : 2 * n] = belt * c_prev * f * (1 - f)
    delta[:, 2 * n : 3 * n] = dh * np.tanh(c) * o * (1 - o)
    delta[:, 3 * n :] = belt * i * (1 - g * g)
    back = sum(delta[:, k * n : (k + 1) * n] @ W_h[k * n : (k + 1) * n] for k in range(4))
    return delta, back, belt * f


@lstm_back.equivalent
def _(dh, dc, gates, c_prev, c, W_h):
    """One array of partners times one array of slopes."""
    i, f, o, g = gates
    s = np.tanh(c)
    dc = dc + dh * o - dh * o * s * s
    partners = np.stack([dc * g, dc * c_prev, dh * s, dc * i])
    slopes = np.concatenate([gates[:3] - gates[:3] ** 2, 1 - gates[3:] ** 2])
    blocks = partners * slopes
    delta = blocks.transpose(1, 0, 2).reshape(len(dh), -1)
    dh_prev = np.einsum("kmn,knj->mj", blocks, W_h.reshape(4, -1, W_h.shape[1]))
    return delta, dh_prev, dc * f


@lstm_back.equivalent
def _(dh, dc, gates, c_prev, c, W_h):
    """One sample at a time."""
    delta, dh_prev, dc_prev = [], [], []
    for s in range(len(dh)):
        i, f, o, g = gates[:, s]
        th = np.tanh(c[s])
        total = dc[s] + dh[s] * o * (1 + th) * (1 - th)
        row = [total * g * i * (1 - i), total * c_prev[s] * f * (1 - f)]
        row += [dh[s] * th * o * (1 - o), total * i * (1 - g**2)]
        delta.append(np.concatenate(row))
        dh_prev.append(W_h.T @ delta[-1])
        dc_prev.append(total * f)
    return np.array(delta), np.array(dh_prev), np.array(dc_prev)


lstm_back.slip(
    "LS-02",
    "What comes along the belt from the step after is dropped: your error of c comes from h alone.",
    "c lives on after this step. Who tells it what it did there?",
    {"dc_all = dc + dh": "dc_all = dh"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-03",
    "Your error of the belt is `dc` alone; that the belt shows itself in h is forgotten.",
    "Does h of this step change when c changes?",
    {"dc_all = dc + dh * o * (1 - tanh_c**2)": "dc_all = dc"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-04",
    "The way from c to h has one factor too few in your code: c is squeezed there.",
    "How much does h move when a belt of 5 grows a little?",
    {" * (1 - tanh_c**2)": ""},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-05",
    "The slope of the squeeze between c and h is taken from c itself, not from what comes out.",
    "Can a slope of tanh be negative, and can yours?",
    {"1 - tanh_c**2": "1 - c**2"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-05",
    "Between c and h you have the slope of a sigmoid.",
    "With which function does h squeeze the belt?",
    {"1 - tanh_c**2": "sigmoid(c) * (1 - sigmoid(c))"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-06",
    "The output gate is missing on your way from h back to c.",
    "With an output gate of 0, how much of c was in h?",
    {"dh * o * (1 - tanh_c": "dh * (1 - tanh_c"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-07",
    "What comes along the belt was squeezed too: you multiplied both parts by the same slope.",
    "Which of the two parts went through h, and which one never left the belt?",
    {"dc + dh * o * (1 - tanh_c**2)": "(dc + dh * o) * (1 - tanh_c**2)"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-07",
    "What comes along the belt went through your output gate, as if it came from h.",
    "Which of the two parts went through h, and which one never left the belt?",
    {"dc + dh * o * (1 - tanh_c**2)": "o * (dc + dh * (1 - tanh_c**2))"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-08",
    "The forget gate was paired with the belt after the step.",
    "Which c did the forget gate meet on the way forward?",
    {"c_prev * f": "c * f"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-09",
    "Input gate and candidate got each other's delta.",
    "Which block of z belongs to which of the two?",
    {"[delta_i, delta_f, delta_o, delta_g]": "[delta_g, delta_f, delta_o, delta_i]"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-09",
    "Your input gate and your candidate are paired with themselves, each in place of the other.",
    "Forward, i is multiplied with g. If i grows a little, by what factor does c grow?",
    {"dc_all * g * i": "dc_all * i * i", "dc_all * i * (1": "dc_all * g * (1"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-10",
    "Your output gate is paired with c itself, before the squeeze.",
    "What exactly did o multiply on the way forward?",
    {"dh * tanh_c * o": "dh * c * o"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-10",
    "Your output gate is paired with h: the gate is in it twice.",
    "What exactly did o multiply on the way forward?",
    {"dh * tanh_c * o": "dh * o * tanh_c * o"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-10",
    "Your output gate listens to the error of the belt, not to that of h.",
    "Is o a factor of c, or of h?",
    {"dh * tanh_c * o": "dc_all * tanh_c * o"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-11",
    "The slopes of the three gates are missing: this is the error of the gates, not of their z.",
    "What should a gate that is fully open let through to its weights?",
    {" * i * (1 - i)": "", " * f * (1 - f)": "", " * o * (1 - o)": ""},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-11",
    "The slope of the output gate is missing; the others are right.",
    "What should a gate that is fully open let through to its weights?",
    {" * o * (1 - o)": ""},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-11",
    "Half of the slope is missing in the three gates: you multiplied by one minus the gate only.",
    "What should a gate that is fully closed let through to its weights?",
    {
        " * i * (1 - i)": " * (1 - i)",
        " * f * (1 - f)": " * (1 - f)",
        " * o * (1 - o)": " * (1 - o)",
    },
    see="lstm_cell",
)

lstm_back.slip(
    "LS-12",
    "The candidate went back with the slope of a gate.",
    "Which activation made the candidate?",
    {"(1 - g**2)": "g * (1 - g)"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-12",
    "The slope of the candidate is missing: this is the error of g, not of its z.",
    "How much does g move with its z when it is almost 1?",
    {" * (1 - g**2)": ""},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-13",
    "The three gates went back with the slope of tanh.",
    "Which activation made the gates?",
    {"i * (1 - i)": "(1 - i**2)", "f * (1 - f)": "(1 - f**2)", "o * (1 - o)": "(1 - o**2)"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-13",
    "You sent the gates through sigmoid and tanh once more; they came out of them already.",
    "Which of z and its activation does the docstring give you?",
    {"i, f, o, g = gates": "i, f, o, g = *sigmoid(gates[:3]), np.tanh(gates[3])"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-14",
    "Your blocks stand in the order i, f, g, o.",
    "Which block comes third here?",
    {"delta_o, delta_g]": "delta_g, delta_o]"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-14",
    "You read the gates in the order i, f, g, o.",
    "Which block comes third here?",
    {"i, f, o, g = gates": "i, f, g, o = gates"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-14",
    "You read the gates in the order f, i, o, g, as some books have it.",
    "Which gate does the first block belong to?",
    {"i, f, o, g = gates": "f, i, o, g = gates"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-14",
    "The four numbers of one unit stand side by side in your delta, not the n numbers of one gate.",
    "Which columns of delta belong to the input gate?",
    {
        "np.hstack([delta_i, delta_f, delta_o, delta_g])": (
            "np.stack([delta_i, delta_f, delta_o, delta_g], axis=2).reshape(len(dh), -1)"
        )
    },
    see="lstm_cell",
)

lstm_back.slip(
    "LS-18",
    "delta is right; on your belt the error goes back undiminished, whatever was forgotten.",
    "With a forget gate of 0, does c before the step matter for anything after it?",
    {"W_h, dc_all * f": "W_h, dc_all"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-18",
    "delta is right; on the belt you went back through the input gate.",
    "Which gate did the old belt pass on the way forward?",
    {"W_h, dc_all * f": "W_h, dc_all * i"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-18",
    "delta is right; only what came along the belt goes on, and what came in through h is lost.",
    "The old c is part of the new c. Which errors of the new c concern it?",
    {"W_h, dc_all * f": "W_h, dc * f"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-21",
    "delta is right; in the error of the old h the output gate is missing.",
    "How many of the four blocks looked at the old h?",
    {"delta @ W_h": "np.hstack([delta_i, delta_f, 0 * delta_o, delta_g]) @ W_h"},
    see="lstm_cell",
)

lstm_back.slip(
    "LS-21",
    "delta is right; the old h hears from the candidate only, and the gates are missing.",
    "How many of the four blocks looked at the old h?",
    {"delta @ W_h": "delta_g @ W_h[-len(c.T) :]"},
    see="lstm_cell",
)

lstm_back.slip(
    "FF-28",
    "All three results are right, the last two in the wrong order.",
    "Which of the two does the docstring name first?",
    {"delta @ W_h, dc_all * f": "dc_all * f, delta @ W_h"},
)


# ---- 6.6 -----------------------------------------------------------------------------------------


@exercise(
    "6.6",
    points=3,
    title="Backpropagation through time",
    hints=(
        "A weight is used at T steps. How many errors does it hear of?",
        "The loop begins at the last step. Each step gets what comes from outside at this step, "
        "and what the step after hands back. Each step adds its part to the same three gradients.",
        "$dW_x = \\sum_t \\delta_t^T x_t$, $dW_h = \\sum_t \\delta_t^T h_{t-1}$, "
        "$db = \\sum_t \\delta_t$ over all rows; at step t: "
        "$dh = \\frac{\\partial L_t}{\\partial h_t} + dh_{prev}$ of step t + 1",
    ),
    outputs=("dW_x", "dW_h", "db"),
)
def lstm_through_time(x, h, c, gates, dh, W_h, step):
    """The gradients of an LSTM over T steps; all steps share the weights.

    x : (T, m, n_in),  gates : (T, 4, m, n)
    h, c : (T + 1, m, n); h[0] and c[0] are the states before x[0],
        h[t + 1] those after x[t]
    dh : (T, m, n), dL/dh[t + 1] as it comes from outside (the loss looks at every step)
    W_h : (4n, n)
    step : one step back, delta, dh_prev, dc_prev = step(dh, dc, gates, c_prev, c, W_h)
    ->  dW_x : (4n, n_in),  dW_h : (4n, n),  db : (4n,)
    """
    dW_x, dW_h, db = 0, 0, 0
    dh_next, dc_next = np.zeros(h[0].shape), np.zeros(h[0].shape)
    for t in reversed(range(len(x))):
        dh_t = dh[t] + dh_next
        delta, dh_next, dc_next = step(dh_t, dc_next, gates[t], c[t], c[t + 1], W_h)
        dW_x = dW_x + delta.T @ x[t]
        dW_h = dW_h + delta.T @ h[t]
        db = db + delta.sum(axis=0)
    return dW_x, dW_h, db


@lstm_through_time.cases
def _(rng):
    cases = []
    for T, m, n_in, n in ((4, 1, 1, 1), (5, 2, 3, 2), (4, 3, 2, 3), (6, 3, 2, 2), (4, 2, 3, 3)):
        x, h0, c0, dh = draw(rng, T, m, n_in), draw(rng, m, n), draw(rng, m, n), draw(rng, T, m, n)
        W_x, W_h, b = draw(rng, 4 * n, n_in), draw(rng, 4 * n, n), draw(rng, 4 * n)
        _, h, c, gates, _ = LSTM(W_x, W_h, b).forward(x, h0, c0)
        cases.append((x, h, c, gates, dh, W_h, toys.step_back))
    return cases


@lstm_through_time.library
def _(x, h, c, gates, dh, W_h, step):
    cell = LSTM(np.zeros((len(W_h), x.shape[2])), W_h, np.zeros(len(W_h)))
    return tuple(cell.backward(Trace(x, h, c, gates, np.tanh(c[1:])), dh).params)


@lstm_through_time.equivalent
def _(x, h, c, gates, dh, W_h, step):
    """All delta first, then one product over time and rows."""
    T, m, n = dh.shape
    deltas, back, belt = [None] * T, np.zeros((m, n)), np.zeros((m, n))
    for t in range(T - 1, -1, -1):
        deltas[t], back, belt = step(dh[t] + back, belt, gates[t], c[t], c[t + 1], W_h)
    delta = np.stack(deltas)
    return (
        np.einsum("tmk,tmi->ki", delta, x),
        np.tensordot(delta, h[:-1], axes=((0, 1), (0, 1))),
        delta.sum(axis=(0, 1)),
    )


@lstm_through_time.equivalent
def _(x, h, c, gates, dh, W_h, step):
    """Recursion: what comes from later is asked for first."""

    def rest(t):
        if t == len(x):
            return 0, 0, 0, 0 * dh[0], 0 * dh[0]
        *sums, later_h, later_c = rest(t + 1)
        delta, dh_prev, dc_prev = step(dh[t] + later_h, later_c, gates[t], c[t], c[t + 1], W_h)
        parts = (delta.T.dot(x[t]), delta.T.dot(h[t]), np.ones(len(delta)) @ delta)
        return *(s + p for s, p in zip(sums, parts, strict=True)), dh_prev, dc_prev

    return rest(0)[:3]


@lstm_through_time.equivalent
def _(x, h, c, gates, dh, W_h, step):
    """One matrix for x, h and a column of ones; the errors added into a copy of dh."""
    T, m, _ = x.shape
    dh, belt, dW = dh.copy(), np.zeros_like(dh[0]), 0
    for t in np.arange(T)[::-1]:
        delta, earlier, belt = step(dh[t], belt, gates[t], c[t], c[t + 1], W_h)
        if t > 0:
            dh[t - 1] += earlier
        dW += delta.T @ np.hstack([x[t], h[t], np.ones((m, 1))])
    return dW[:, : x.shape[2]], dW[:, x.shape[2] : -1], dW[:, -1]


lstm_through_time.slip(
    "LS-01",
    "What the step after hands back through h is dropped: each step hears of the outside only.",
    "h of step 2 is an input of step 3. Who tells it what it did there?",
    {"dh[t] + dh_next": "dh[t]"},
    see="adding_race",
)

lstm_through_time.slip(
    "LS-01",
    "Only the last step hears of the outside; after it, your loop takes what is handed back alone.",
    "The loss looks at every step. Where does its part of step 2 come in?",
    {
        "np.zeros(h[0].shape), np.zeros": "dh[-1], np.zeros",
        "dh[t] + dh_next": "dh_next",
    },
    see="adding_race",
)

lstm_through_time.slip(
    "LS-01",
    "The errors from outside are gathered into what is handed back: they are counted again and "
    "again.",
    "Does step 1 hear of the error of step 3 other than through the cell?",
    {"delta, dh_next,": "delta, back,", "h[t]\n": "h[t]\n        dh_next = dh_t + back\n"},
    see="adding_race",
)

lstm_through_time.slip(
    "LS-01",
    "The error from outside at the last step is counted twice.",
    "What is handed back to the last step, when no step comes after it?",
    {"dh_next, dc_next = np.zeros(h[0].shape)": "dh_next, dc_next = dh[-1]"},
    see="adding_race",
)

lstm_through_time.slip(
    "LS-02",
    "The belt is cut: what comes back along c is dropped at every step.",
    "Which of the two ways back is the one that the LSTM was built for?",
    {"step(dh_t, dc_next,": "step(dh_t, 0 * dc_next,"},
    see="lstm_cell",
)

lstm_through_time.slip(
    "LS-02",
    "What a step hands back for h and for the belt is taken in the wrong order.",
    "In which order does `step` return its three results?",
    {"delta, dh_next, dc_next": "delta, dc_next, dh_next"},
    see="lstm_cell",
)

lstm_through_time.slip(
    "LS-15",
    "Your weights hear of one step only: each turn of the loop overwrites the one before.",
    "A weight is used T times. What must happen to its T gradients?",
    {"dW_x + delta": "delta", "dW_h + delta": "delta", "db + delta": "delta"},
    see="adding_race",
)

lstm_through_time.slip(
    "LS-15",
    "db is right; both matrices hear of one step only: each turn overwrites the one before.",
    "Which of your three lines adds, and which ones replace?",
    {"dW_x + delta": "delta", "dW_h + delta": "delta"},
    see="adding_race",
)

lstm_through_time.slip(
    "LS-15",
    "dW_x and db are right; dW_h is overwritten at every step.",
    "Which of your three lines adds, and which one replaces?",
    {"dW_h + delta": "delta"},
    see="adding_race",
)

lstm_through_time.slip(
    "LS-15",
    "dW_h and db are right; dW_x is overwritten at every step.",
    "Which of your three lines adds, and which one replaces?",
    {"dW_x + delta": "delta"},
    see="adding_race",
)

lstm_through_time.slip(
    "LS-16",
    "Both matrices are right; db is overwritten at every step.",
    "Which of your three lines adds, and which one replaces?",
    {"db + delta": "delta"},
    see="adding_race",
)

lstm_through_time.slip(
    "LS-16",
    "Both matrices are right; db takes a mean over the samples of a step.",
    "The 1/m of a mean lives in the loss. Has it been taken already?",
    {"delta.sum(axis=0)": "delta.mean(axis=0)"},
    see="adding_race",
)

lstm_through_time.slip(
    "LS-17",
    "dW_x and db are right; dW_h pairs delta with the state that came out of the step.",
    "Which h did W_h meet at this step: the one before it, or the one after it?",
    {"delta.T @ h[t]": "delta.T @ h[t + 1]"},
    see="lstm_cell",
)

lstm_through_time.slip(
    "LS-17",
    "dW_x and db are right; dW_h pairs delta with the belt, and W_h never met it.",
    "Which of the two states did W_h meet at this step?",
    {"delta.T @ h[t]": "delta.T @ c[t]"},
    see="lstm_cell",
)

lstm_through_time.slip(
    "LS-17",
    "dW_x and dW_h are swapped: x stands where h belongs, and h where x belongs.",
    "Which matrix has one column per input?",
    {
        "dW_x + delta.T @ x[t]": "dW_x + delta.T @ h[t]",
        "dW_h + delta.T @ h[t]": ("dW_h + delta.T @ x[t]"),
    },
    see="lstm_cell",
)

lstm_through_time.slip(
    "LS-19",
    "Your loop makes one step back and stops: only the last step teaches the weights.",
    "How many steps did the cell make on the way forward?",
    {"reversed(range(len(x)))": "[len(x) - 1]"},
    see="adding_race",
)

lstm_through_time.slip(
    "LS-19",
    "Each of your steps hears of the outside alone: nothing goes back through time at all.",
    "What does the second result of a step belong to, and the third?",
    {"dh[t] + dh_next": "dh[t]", "step(dh_t, dc_next,": "step(dh_t, 0 * dc_next,"},
    see="adding_race",
)

lstm_through_time.slip(
    "LS-19",
    "Your loop stops one step too early: the first step is missing.",
    "What is the index of the first step?",
    {"range(len(x))": "range(1, len(x))"},
    see="adding_race",
)

lstm_through_time.slip(
    "LS-19",
    "The last step is missing in your loop.",
    "What is the index of the last step?",
    {"range(len(x))": "range(len(x) - 1)"},
    see="adding_race",
)

lstm_through_time.slip(
    "LS-20",
    "Your loop runs forward in time.",
    "Which step must be known before step 1 can be told what it did?",
    {"reversed(range(len(x)))": "range(len(x))"},
    see="adding_race",
)

lstm_through_time.slip(
    "LS-08",
    "The two belts of a step are swapped: before and after.",
    "Which index of c belongs to the state before x[t]?",
    {"c[t], c[t + 1]": "c[t + 1], c[t]"},
    see="lstm_cell",
)

lstm_through_time.slip(
    "LS-08",
    "Your step got the belt after it twice.",
    "Which index of c belongs to the state before x[t]?",
    {"c[t], c[t + 1]": "c[t + 1], c[t + 1]"},
    see="lstm_cell",
)

lstm_through_time.slip(
    "LS-08",
    "Your step got the belt before it twice.",
    "Which index of c belongs to the state after x[t]?",
    {"c[t], c[t + 1]": "c[t], c[t]"},
    see="lstm_cell",
)

lstm_through_time.slip(
    "LS-28",
    "Your gradients are means over the steps; the loss is a sum over them.",
    "A weight is used T times. How much does the loss move when it moves?",
    {"return dW_x, dW_h, db": "return dW_x / len(x), dW_h / len(x), db / len(x)"},
    see="adding_race",
)

lstm_through_time.slip(
    "LS-28",
    "You divided by the number of samples once more.",
    "The 1/m of a mean lives in the loss. Has it been taken already?",
    {"return dW_x, dW_h, db": "m = h.shape[1]\n    return dW_x / m, dW_h / m, db / m"},
    see="adding_race",
)

# ---- 6.7 -----------------------------------------------------------------------------------------


@exercise(
    "6.7",
    points=3,
    title="One step of contrastive divergence",
    hints=(
        "Two pairs are compared: one pair comes from the data, the other from the machine. Which "
        "arrays make up each pair?",
        "Four lines: up from the data, a throw of the dice, down, up again. Only what travels down "
        "is 0 or 1; everything else stays a probability. Then compare the pairs, downhill.",
        "$h_0 = \\sigma(v_0 W^T + b)$, $s = [u < h_0]$, $v_1 = \\sigma(s W + c)$, "
        "$h_1 = \\sigma(v_1 W^T + b)$; $dW = \\frac{1}{m}(h_1^T v_1 - h_0^T v_0)$, "
        "$db$ and $dc$ the means over the rows of $h_1 - h_0$ and $v_1 - v_0$.",
    ),
    outputs=("dW", "db", "dc"),
)
def contrast(W, b, c, v0, u):
    """CD-1 of a restricted Boltzmann machine, downhill:
    an optimiser takes lr times it off.

    W : (n_h, n_v),  b : (n_h,) of the hidden units,  c : (n_v,) of the visible units
    v0 : (m, n_v) the data, 0 to 1,  u : (m, n_h) uniforms:
        a hidden unit is on where u < p
    ->  dW : (n_h, n_v),  db : (n_h,),  dc : (n_v,), means over the m rows
    """
    m = len(v0)
    h0 = sigmoid(v0 @ W.T + b)
    s = (u < h0).astype(float)
    v1 = sigmoid(s @ W + c)
    h1 = sigmoid(v1 @ W.T + b)
    dW = (h1.T @ v1 - h0.T @ v0) / m
    db = np.sum(h1 - h0, axis=0) / m
    dc = np.sum(v1 - v0, axis=0) / m
    return dW, db, dc


@contrast.cases
def _(rng):
    def case(m, n_h, n_v):
        u, v0 = rng.integers(1, 100, (m, n_h)) / 100, rng.integers(0, 101, (m, n_v)) / 100
        return draw(rng, n_h, n_v), draw(rng, n_h), draw(rng, n_v), v0, u

    return [case(*sizes) for sizes in ((4, 3, 3), (3, 2, 3), (6, 4, 4), (5, 3, 2), (12, 4, 6))]


@contrast.library
def _(W, b, c, v0, u):
    found = dbn.cd(dbn.RBM(W, b, c), v0, uniforms=u[None])
    return found.params


@contrast.equivalent
def _(W, b, c, v0, u):
    """Row by row, as it is written on paper."""
    dW, db, dc = np.zeros(W.shape), np.zeros(b.shape), np.zeros(c.shape)
    for v, dice in zip(v0, u, strict=True):
        h = 1 / (1 + np.exp(-(W @ v + b)))
        v_again = 1 / (1 + np.exp(-(W.T @ (dice < h) + c)))
        h_again = 1 / (1 + np.exp(-(W @ v_again + b)))
        dW += np.outer(h_again, v_again) - np.outer(h, v)
        db += h_again - h
        dc += v_again - v
    return dW / len(v0), db / len(v0), dc / len(v0)


@contrast.equivalent
def _(W, b, c, v0, u):
    """Uphill first, as Hinton writes it, and turned at the end."""
    h0 = sigmoid(v0 @ W.T + b)
    v1 = sigmoid(np.where(u >= h0, 0, 1) @ W + c)
    h1 = sigmoid(v1 @ W.T + b)
    positive = np.einsum("mj,mk->jk", h0, v0) / len(v0)
    negative = np.einsum("mj,mk->jk", h1, v1) / len(v0)
    return -(positive - negative), -(h0.mean(axis=0) - h1.mean(axis=0)), np.mean(v1 - v0, axis=0)


@contrast.equivalent
def _(W, b, c, v0, u):
    """The biases are weights of one more unit that is always on."""
    one = np.ones((len(v0), 1))
    both = np.block([[np.zeros((1, 1)), c[None]], [b[:, None], W]])
    up = np.hstack([one, v0])
    h0 = np.hstack([one, sigmoid(up @ both[1:].T)])
    on = np.hstack([one, u < h0[:, 1:]])
    down = np.hstack([one, sigmoid(on @ both[:, 1:])])
    h1 = np.hstack([one, sigmoid(down @ both[1:].T)])
    found = (h1.T @ down - h0.T @ up) / len(v0)
    return found[1:, 1:], found[1:, 0], found[0, 1:]


contrast.slip(
    "DB-01",
    "The probabilities of the hidden units travelled down; the dice were never thrown.",
    "How much can a hidden unit that is 0 or 1 tell the visible ones, and how much can one that "
    "is 0.37?",
    {"s @ W": "h0 @ W"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-02",
    "Your dice are turned round: a unit with a probability of 0.9 is on once in ten throws.",
    "Which part of all uniforms from 0 to 1 lies below 0.9?",
    {"u < h0": "u > h0"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-03",
    "Every unit above one half is on: nothing is left to chance, and u is not used.",
    "How often should a unit with a probability of 0.6 be off?",
    {"u < h0": "h0 > 0.5"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-03",
    "You compared u with one half; the probability plays no part.",
    "How often should a unit with a probability of 0.9 be on, and how often is yours?",
    {"u < h0": "u < 0.5"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-04",
    "Your visible units were set to 0 or 1 on the way; their probabilities are asked for.",
    "Which of the two layers throws dice in this exercise?",
    {"v1 = sigmoid(s @ W + c)": "v1 = (sigmoid(s @ W + c) > 0.5).astype(float)"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-05",
    "On the way down W is turned: unit 0 of the visible ones listens to the wrong weights.",
    "What does each axis of W count, and which of them must meet the hidden units?",
    {"s @ W + c": "s @ W.T + c"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-05",
    "On both ways up W is turned: unit 0 of the hidden ones listens to the wrong weights.",
    "What does each axis of W count, and which of them must meet the visible units?",
    {"v0 @ W.T": "v0 @ W", "v1 @ W.T": "v1 @ W"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-05",
    "W is turned on every way, up and down.",
    "What does each axis of W count, hidden or visible units?",
    {"v0 @ W.T": "v0 @ W", "s @ W + c": "s @ W.T + c", "v1 @ W.T": "v1 @ W"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-06",
    "On the way down you added the biases of the hidden units.",
    "Whose bias belongs to a visible unit?",
    {"s @ W + c": "s @ W + b"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-07",
    "Your visible units have no sigmoid: they are sums, and can be negative.",
    "What must a number be to be a probability?",
    {"sigmoid(s @ W + c)": "s @ W + c"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-08",
    "The last hidden units were thrown again, with the same dice.",
    "Does anything listen to these units any more? What does throwing them add but noise?",
    {"h1 = sigmoid(v1 @ W.T + b)": "h1 = (u < sigmoid(v1 @ W.T + b)).astype(float)"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-08",
    "The last hidden units were set to 0 or 1; their probabilities are asked for.",
    "Does anything listen to these units any more, so that they must be 0 or 1?",
    {"h1 = sigmoid(v1 @ W.T + b)": "h1 = (sigmoid(v1 @ W.T + b) > 0.5).astype(float)"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-09",
    "Your dW pairs the machine's v with the hidden units of the data.",
    "Which hidden units belong to the v that the machine made?",
    {"h1.T @ v1": "h0.T @ v1"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-09",
    "You never went up again: the hidden units of the data stand on both sides, and db is 0.",
    "What would the hidden units say about the v that the machine made?",
    {"h1 = sigmoid(v1 @ W.T + b)": "h1 = h0"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-09",
    "Your dW pairs the machine's v with the dice that made it, not with what v says about h.",
    "What would the hidden units say about the v that the machine made?",
    {"h1.T @ v1": "s.T @ v1"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-09",
    "You never went up again: the dice stand on the machine's side, in dW and in db.",
    "What would the hidden units say about the v that the machine made?",
    {"h1 = sigmoid(v1 @ W.T + b)": "h1 = s"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-10",
    "Your dW pairs the last hidden units with the data.",
    "Which v did the last hidden units look at?",
    {"h1.T @ v1": "h1.T @ v0"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-11",
    "All three have the wrong sign: an optimiser would make the data less likely.",
    "The optimiser takes lr times your dW off. Should W go towards the data or away from it?",
    {
        "(h1.T @ v1 - h0.T @ v0)": "(h0.T @ v0 - h1.T @ v1)",
        "h1 - h0": "h0 - h1",
        "v1 - v0": "v0 - v1",
    },
    see="rbm_stepper",
)

contrast.slip(
    "DB-11",
    "The biases are right; dW has the wrong sign.",
    "The optimiser takes lr times your dW off. Should W go towards the data or away from it?",
    {"(h1.T @ v1 - h0.T @ v0)": "(h0.T @ v0 - h1.T @ v1)"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-11",
    "dW is right; both biases have the wrong sign.",
    "A visible unit is on more often in the data than in the machine. Should its bias grow?",
    {"h1 - h0": "h0 - h1", "v1 - v0": "v0 - v1"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-12",
    "The biases are right; dW is a sum over all rows.",
    "Should a step double when every row of the batch comes twice?",
    {"h0.T @ v0) / m": "h0.T @ v0)"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-12",
    "All three are sums over all rows.",
    "Should a step double when every row of the batch comes twice?",
    {"m = len(v0)": "m = 1"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-16",
    "dW is right; the biases are sums over all rows.",
    "dW is a mean over the rows. Why should a bias take a longer step than a weight?",
    {"h1 - h0, axis=0) / m": "h1 - h0, axis=0)", "v1 - v0, axis=0) / m": "v1 - v0, axis=0)"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-13",
    "Both biases are right, but they changed places.",
    "Which of the two belongs to the hidden units, and which one comes first?",
    {"return dW, db, dc": "return dW, dc, db"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-13",
    "The two biases changed places on every way, up and down.",
    "Whose bias belongs to a hidden unit, and what does the docstring call it?",
    {"v0 @ W.T + b": "v0 @ W.T + c", "s @ W + c": "s @ W + b", "v1 @ W.T + b": "v1 @ W.T + c"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-14",
    "Your visible biases stay as they are: dc is 0.",
    "Who else could learn that a corner of the picture is always empty?",
    {"np.sum(v1 - v0, axis=0) / m": "np.zeros(len(c))"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-15",
    "Your hidden biases stay as they are: db is 0.",
    "How could a hidden unit learn to be off for most of the pictures?",
    {"np.sum(h1 - h0, axis=0) / m": "np.zeros(len(b))"},
    see="rbm_stepper",
)


@contrast.misconception(
    "DB-17",
    "This is the slope of the reconstruction error, at the units that were thrown.",
    "A machine that copies every picture has no such error. Is every picture likely for it?",
    see="rbm_stepper",
)
def _(W, b, c, v0, u):
    s = (u < sigmoid(v0 @ W.T + b)).astype(float)
    error = (sigmoid(s @ W + c) - v0) / len(v0)
    return s.T @ error, np.zeros(len(b)), error.sum(axis=0)


@contrast.misconception(
    "DB-18",
    "You trained an autoencoder by backprop: out through W, and back again through the same W.",
    "Where in your code does the machine look at something that is not in the data?",
    see="rbm_stepper",
)
def _(W, b, c, v0, u):
    h0 = sigmoid(v0 @ W.T + b)
    error = (sigmoid(h0 @ W + c) - v0) / len(v0)
    delta = error @ W.T * h0 * (1 - h0)
    return h0.T @ error + delta.T @ v0, delta.sum(axis=0), error.sum(axis=0)


contrast.slip(
    "DB-23",
    "On the side of the data your dW has the dice in place of the probabilities.",
    "Which of the two tells more about the data, a probability or one throw with it?",
    {"h0.T @ v0": "s.T @ v0"},
    see="rbm_stepper",
)

contrast.slip(
    "DB-23",
    "On the side of the data stand the dice in place of the probabilities, in dW and in db.",
    "Which of the two tells more about the data, a probability or one throw with it?",
    {"h0.T @ v0": "s.T @ v0", "h1 - h0": "h1 - s"},
    see="rbm_stepper",
)

contrast.slip(
    "FF-01",
    "No unit has its bias, neither on the way up nor on the way down.",
    "What does a unit do when all units that it listens to are 0?",
    {"v0 @ W.T + b": "v0 @ W.T", "s @ W + c": "s @ W", "v1 @ W.T + b": "v1 @ W.T"},
    see="rbm_stepper",
)

contrast.slip(
    "FF-01",
    "On the way down the biases of the visible units are forgotten.",
    "What does a visible unit do when all hidden units are 0?",
    {"s @ W + c": "s @ W"},
    see="rbm_stepper",
)

contrast.slip(
    "FF-01",
    "On both ways up the biases of the hidden units are forgotten.",
    "What does a hidden unit do when all visible units are 0?",
    {"v0 @ W.T + b": "v0 @ W.T", "v1 @ W.T + b": "v1 @ W.T"},
    see="rbm_stepper",
)


# ---- 6.8 -----------------------------------------------------------------------------------------


@exercise(
    "6.8",
    points=3,
    title="A stack of RBMs, then few labels",
    hints=(
        "An RBM learns the data that lies in front of it. What lies in front of the second one?",
        "Go up the stack with every row, and note what each RBM gets. Then take the rows with a "
        "label, put the new layer on top, and go back through all layers as in lesson 2.",
        "$v^1 = x$, $v^{l+1} = \\sigma(v^l W^{lT} + b^l)$; on the labelled rows "
        "$p = softmax(v^{L+1} V^T)$, $\\delta = \\frac{1}{k}(p - y)$, then one layer down "
        "$\\delta \\leftarrow (\\delta W) \\odot a (1 - a)$, and $dW = \\delta^T v$ everywhere.",
    ),
    outputs=("inputs", "dWs"),
)
def fine_tune(x, rbms, V, rows, y):
    """What each RBM of a stack was trained on,
    and the first gradient when few labels fine-tune it.

    x : (m, n_0) all data,
    rbms : [(W, b, c), ...], L trained RBMs, the first one next to x
        W : (n_l, n_(l-1)),  b : (n_l,) of the hidden units,
        c : (n_(l-1),) of the visible units
    V : (n_out, n_L) a new last layer, softmax, without biases
    rows : (k,) which rows of x have a label,  y : (k, n_out) these labels, one-hot
    ->  inputs : L arrays, what RBM 1 to L was trained on, probabilities
        dWs : L + 1 arrays, dL/dW of layers 1 to L and dL/dV; L is the mean cross-entropy
    """
    inputs = [x]
    for W, b, _ in rbms:
        inputs.append(sigmoid(inputs[-1] @ W.T + b))
    Ws = [W for W, _, _ in rbms] + [V]
    a = [v[rows] for v in inputs]
    z = a[-1] @ V.T
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    delta = (p - y) / len(rows)
    dWs = []
    for l in reversed(range(len(Ws))):
        dWs.insert(0, delta.T @ a[l])
        slope = a[l] * (1 - a[l])
        delta = delta @ Ws[l] * slope
    return inputs[:-1], dWs


def _stack_case(rng, m, k, sizes, scale=1.0):
    """Data, a stack and k labels.   sizes : n_0, ..., n_L, n_out,  scale : of the new layer

    The first two labels differ for the same picture, so no network can be right about both.
    """
    *units, n_out = sizes
    rbms = [(draw(rng, n, v), draw(rng, n), draw(rng, v)) for v, n in pairwise(units)]
    x = rng.integers(0, 101, (m, units[0])) / 100
    rows = rng.permutation(np.arange(1, m))[:k]  # not row 0, so they are never the first k
    x[rows[1]] = x[rows[0]]
    y = np.eye(n_out)[np.arange(k) % n_out]
    return x, rbms, scale * draw(rng, n_out, units[-1]), rows, y


@fine_tune.cases
def _(rng):
    return [
        _stack_case(rng, 4, 2, (2, 2, 2, 2)),
        _stack_case(rng, 5, 3, (2, 3, 2, 3)),
        _stack_case(rng, 6, 3, (3, 3, 3, 3, 2)),
        _stack_case(rng, 9, 4, (5, 4, 3, 2, 3)),
    ]


@fine_tune.far
def _(rng):
    """A new layer so large that a nudge of it is lost in the digits of the loss."""
    return [_stack_case(rng, 6, 3, (3, 2, 3, 3), scale=1e10)]


@fine_tune.library
def _(x, rbms, V, rows, y):
    """With the library: the stack becomes a network."""
    machines = [dbn.RBM(*rbm) for rbm in rbms]
    net = dbn.unroll(machines, len(V), np.random.default_rng(0))
    net.layers[-1].W[...] = V
    dWs = net.backward(net.forward(x[rows]), y).dW
    return net.forward(x).a[: len(rbms)], dWs


@fine_tune.equivalent
def _(x, rbms, V, rows, y):
    """Up once for pretraining, up again for fine-tuning, one column per sample."""
    v, inputs = x, []
    for W, b, _ in rbms:
        inputs.append(v)
        v = 1 / (1 + np.exp(-(v @ W.T + b)))
    a = [x[rows].T]
    for W, b, _ in rbms:
        a.append(sigmoid(W @ a[-1] + b[:, None]))
    z = V @ a[-1]
    e = np.exp(z - z.max(axis=0))
    delta = e / e.sum(axis=0) - y.T
    dWs = [delta @ a[-1].T / len(y)]
    for W, below, above in zip(
        [V, *(W for W, *_ in rbms[:0:-1])], a[-2::-1], a[:0:-1], strict=True
    ):
        delta = (W.T @ delta) * above * (1 - above)
        dWs.append(delta @ below.T / len(y))
    return inputs, dWs[::-1]


@fine_tune.equivalent
def _(x, rbms, V, rows, y):
    """Sample by sample, and the mean at the end."""
    total = [np.zeros(W.shape) for W, *_ in rbms] + [np.zeros(V.shape)]
    for i, target in zip(rows, y, strict=True):
        a = [x[i]]
        for W, b, _ in rbms:
            a.append(sigmoid(W @ a[-1] + b))
        z = V @ a[-1]
        p = np.exp(z - z.max())
        delta = p / p.sum() - target
        for l in range(len(rbms), -1, -1):
            total[l] += np.outer(delta, a[l])
            if l > 0:
                W = V if l == len(rbms) else rbms[l][0]
                delta = (W.T @ delta) * sigmoid_prime(rbms[l - 1][0] @ a[l - 1] + rbms[l - 1][1])
    up = [x]
    for W, b, _ in rbms[:-1]:
        up.append(sigmoid(up[-1] @ W.T + b))
    return up, [t / len(rows) for t in total]


@fine_tune.equivalent
def _(x, rbms, V, rows, y):
    """Recursive: each layer asks the rest of the network for its delta."""

    def below(a, layers):
        if not layers:
            z = a @ V.T
            p = np.exp(z - np.logaddexp.reduce(z, axis=1)[:, None])
            delta = (p - y) / len(y)
            return [delta.T @ a], delta @ V
        W, b, _ = layers[0]
        up = sigmoid(a @ W.T + b)
        found, da = below(up, layers[1:])
        delta = da * up * (1 - up)
        return [delta.T @ a, *found], delta @ W

    inputs = [x]
    for W, b, _ in rbms[:-1]:
        inputs += [sigmoid(inputs[-1] @ W.T + b)]
    return tuple(inputs), tuple(below(x[rows], rbms)[0])


fine_tune.slip(
    "DB-19",
    "Your RBMs saw the rows with a label only.",
    "What does an RBM need a label for?",
    {"return inputs[:-1]": "return a[:-1]"},
    see="rbm_stepper",
)


fine_tune.slip(
    "DB-19",
    "Your RBMs saw the rows without a label only.",
    "The labels are not looked at while an RBM learns. Why leave out pictures that have one?",
    {"return inputs[:-1]": "return [np.delete(v, rows, axis=0) for v in inputs[:-1]]"},
    see="rbm_stepper",
)

fine_tune.slip(
    "DB-20",
    "Every RBM of yours was trained on the raw data.",
    "RBM 1 has found features. Who looks at them, if RBM 2 looks at x?",
    {"return inputs[:-1]": "return [x] * len(rbms)"},
    see="rbm_stepper",
)

fine_tune.slip(
    "DB-20",
    "Your arrays are what the RBMs say, not what they were trained on: all are one place late.",
    "What does the first RBM look at while it learns?",
    {"return inputs[:-1]": "return inputs[1:]"},
    see="rbm_stepper",
)

fine_tune.slip(
    "DB-24",
    "You passed on units of 0 or 1; the next RBM is trained on probabilities.",
    "What is lost when 0.51 and 0.99 are passed on as the same number?",
    {
        "return inputs[:-1]": "return [x] + [(v > 0.5).astype(float) for v in inputs[1:-1]]",
    },
    see="rbm_stepper",
)

fine_tune.slip(
    "DB-24",
    "Every hidden unit is 0 or 1 in your network, while it learns and while it is fine-tuned.",
    "How steep is a step, and what comes back through it?",
    {"sigmoid(inputs[-1] @ W.T + b)": "1.0 * (inputs[-1] @ W.T > -b)"},
    see="rbm_stepper",
)

fine_tune.slip(
    "FF-04",
    "You passed on z: the sigmoid of the hidden units is missing.",
    "Can the next RBM take a number below 0 for a probability?",
    {"sigmoid(inputs[-1] @ W.T + b)": "inputs[-1] @ W.T + b"},
    see="rbm_stepper",
)

fine_tune.slip(
    "DB-21",
    "The weights are turned on the way up.",
    "What does each axis of W count, and does a layer of lesson 1 want it any other way?",
    {"inputs[-1] @ W.T + b": "inputs[-1] @ W + b"},
    see="rbm_stepper",
)

fine_tune.slip(
    "DB-21",
    "The weights came along, but the biases of the hidden units stayed behind.",
    "A hidden unit has learnt W and b. What does it say without its b?",
    {"inputs[-1] @ W.T + b": "inputs[-1] @ W.T"},
    see="rbm_stepper",
)

fine_tune.slip(
    "DB-21",
    "On the way up you added the biases of the visible units.",
    "Whose bias belongs to a hidden unit?",
    {"for W, b, _ in rbms": "for W, _, b in rbms"},
    see="rbm_stepper",
)


fine_tune.slip(
    "DB-21",
    "The inputs are right; in fine-tuning the biases that the RBMs have learnt are left out.",
    "A hidden unit has learnt W and b. What does it say without its b?",
    {
        "a = [v[rows] for v in inputs]": """a = [x[rows]]
    for W, _, _ in rbms:
        a.append(sigmoid(a[-1] @ W.T))"""
    },
    see="rbm_stepper",
)


fine_tune.slip(
    "DB-21",
    "The inputs are right; fine-tuning begins with weights of 0: what was learnt is gone.",
    "What was the pretraining for?",
    {
        "[W for W": "[0 * W for W",
        "[v[rows] for v in inputs]": "[x[rows]] + [np.ones((len(y), len(W))) / 2 for W in Ws[:-1]]",
    },
    see="rbm_stepper",
)

fine_tune.slip(
    "BP-09",
    "On the way back the weights are turned.",
    "How much does neuron 0 of the layer before owe to neuron 1 of this one? Which entry says so?",
    {"delta @ Ws[l]": "delta @ Ws[l].T"},
)

fine_tune.slip(
    "DB-25",
    "The inputs are right; only the new layer learns: all other dW are 0.",
    "Fine-tuning is backprop through the whole network. Which layers may it move?",
    {"dWs.insert(0, delta.T @ a[l])": "dWs.insert(0, delta.T @ a[l] * (l == len(rbms)))"},
    see="rbm_stepper",
)

fine_tune.slip(
    "DB-25",
    "The inputs are right; you returned the gradient of the new layer only.",
    "Fine-tuning is backprop through the whole network. Which layers may it move?",
    {"return inputs[:-1], dWs": "return inputs[:-1], dWs[-1:]"},
    see="rbm_stepper",
)

fine_tune.slip(
    "DB-25",
    "The inputs are right; the gradient of the new layer is missing.",
    "Which layer was never pretrained, and needs the labels most?",
    {"return inputs[:-1], dWs": "return inputs[:-1], dWs[:-1]"},
    see="rbm_stepper",
)


fine_tune.slip(
    "DB-22",
    "The inputs are right; on the way back no slope of a sigmoid is in your deltas.",
    "Pretraining has moved the weights. Has it changed how steep a sigmoid is?",
    {"slope = a[l] * (1 - a[l])": "slope = 1"},
    see="rbm_stepper",
)

fine_tune.slip(
    "BP-05",
    "The slopes are taken at a: the sigmoid is in them twice.",
    "Which letter does your formula of the slope want, and which one has it got?",
    {"a[l] * (1 - a[l])": "sigmoid(a[l]) * (1 - sigmoid(a[l]))"},
)

fine_tune.slip(
    "BP-14",
    "Your gradients are sums over the labelled rows.",
    "Should the gradient double when every labelled row comes twice?",
    {"(p - y) / len(rows)": "p - y"},
)

fine_tune.slip(
    "DB-19",
    "You divided by the number of all rows; only some of them have a label.",
    "Over which rows is the loss of fine-tuning a mean?",
    {"/ len(rows)": "/ len(x)"},
)

fine_tune.slip(
    "EP-06",
    "The labels met the first rows of x, and not the rows that they belong to.",
    "Which row of x does the first label belong to?",
    {"v[rows]": "v[: len(rows)]"},
)

fine_tune.slip(
    "BP-01",
    "All gradients have the wrong sign.",
    "An optimiser takes lr times dW off. Does p come nearer to y then?",
    {"(p - y)": "(y - p)"},
)

fine_tune.slip(
    "BP-33",
    "You multiplied by p(1 − p) as well. That slope is already inside the error of the last layer.",
    "Which slope has cancelled when the logarithm met the softmax?",
    {"(p - y) / len(rows)": "(p - y) * p * (1 - p) / len(rows)"},
)

fine_tune.slip(
    "FF-13",
    "Right for small z, NaN for large ones: exp overflows to infinity.",
    "Which number can you subtract from a whole row without changing its softmax?",
    {"z - z.max(axis=1, keepdims=True)": "z"},
)

fine_tune.slip(
    "FF-20",
    "Your last layer is a sigmoid: its outputs do not add up to 1.",
    "Which activation turns several scores into shares of one whole?",
    {"p = e / e.sum(axis=1, keepdims=True)": "p = sigmoid(z)"},
)

fine_tune.slip(
    "VG-11",
    "All gradients are right, last layer first.",
    "Which layer does the docstring name first?",
    {"dWs.insert(0, delta.T @ a[l])": "dWs.append(delta.T @ a[l])"},
)


# ---- 6.9 -----------------------------------------------------------------------------------------


@exercise(
    "6.9",
    points=2,
    title="Challenge: the bias of the forget gate",
    hints=(
        "Which part of the memory passes the forget gate once? And T times?",
        "When z is the bias alone, every step multiplies by the same number. For the second "
        "result, go the same way backwards: from the share to one step, from one step to its z.",
        "$c_T = \\sigma(b)^T c_0$, so $\\log_{10}$ of the share is $T \\log_{10} \\sigma(b)$; "
        "and $b = \\ln \\frac{f}{1 - f}$ with $f = p^{1/T}$.",
    ),
    outputs=("logs", "smallest"),
)
def belt(b, T, p):
    """How much of a memory is left after T steps,
    and the forget bias that keeps enough of it.

    Nothing is written into the memory on the way,
    and the z of the forget gate is its bias alone.
    b : (n,) forget biases, one per cell,  T : how many steps,  p : a share, 0 < p < 1
    ->  logs : (n,) base-10 logarithm of the share of c that each cell keeps
        smallest : the smallest bias with which a cell keeps the share p, one number
    """
    f = sigmoid(b)
    logs = T * np.log10(f)
    q = p ** (1 / T)
    smallest = np.log(q / (1 - q))
    return logs, smallest


@belt.cases
def _(rng):
    def biases(n):
        return np.concatenate([[0.0, 1.0], np.sort(draw(rng, n, largest=5))])

    return [
        (biases(n), T, int(rng.integers(low, high)) / 100)
        for n, T, low, high in ((1, 5, 5, 30), (2, 20, 30, 45), (2, 100, 55, 75), (4, 700, 75, 95))
    ]


@belt.equivalent
def _(b, T, p):
    """The logarithm of the gate without the gate: nothing can become 0."""
    return -T * np.log1p(np.exp(-b)) / np.log(10), -np.log(np.expm1(-np.log(p) / T))


@belt.equivalent
def _(b, T, p):
    """Step by step."""
    logs = np.zeros(len(b))
    for _ in range(T):
        logs = logs - np.log10(1 + np.exp(-b))
    return logs, -np.log(p ** (-1 / T) - 1)


@belt.equivalent
def _(b, T, p):
    """The gradient along the belt instead of the memory: the same factor."""
    share, c = np.ones(len(b)), np.exp(np.log(p) / T)
    share = share / (1 + np.exp(-b))
    return [float(T * np.log10(s)) for s in share], 2 * np.arctanh(2 * c - 1)


@belt.equivalent
def _(b, T, p):
    """The bias is looked for by halving."""
    low, high = -50.0, 50.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if sigmoid(middle) ** T < p else (low, middle)
    return np.log10(sigmoid(b)) * T, high


belt.slip(
    "LS-23",
    "You read the gate as how much is forgotten, and kept the rest.",
    "The new c is the gate times the old c. What does a gate of 1 do to the memory?",
    {"f = sigmoid(b)": "f = 1 - sigmoid(b)", "np.log(q / (1 - q))": "np.log((1 - q) / q)"},
    see="lstm_cell",
)

belt.slip(
    "LS-23",
    "Your bias is right; your shares are what a gate of 1 − f would keep.",
    "The new c is the gate times the old c. What does a gate of 1 do to the memory?",
    {"f = sigmoid(b)": "f = 1 - sigmoid(b)"},
    see="lstm_cell",
)

belt.slip(
    "LS-23",
    "Your shares are right; your bias has the wrong sign.",
    "Does a cell with a large bias keep more, or less?",
    {"np.log(q / (1 - q))": "np.log((1 - q) / q)"},
    see="lstm_cell",
)

belt.slip(
    "LS-23",
    "Your shares are right; your bias is the one that forgets the share p and keeps the rest.",
    "Is p what is kept, or what is lost?",
    {"q = p **": "q = (1 - p) **"},
    see="lstm_cell",
)


@belt.misconception(
    "LS-24",
    "You took the bias itself for the gate: 1 keeps everything, and 0 nothing.",
    "How far open is the gate when its z is 0?",
    see="lstm_cell",
)
def _(b, T, p):
    return T * np.log10(b), p ** (1 / T)


@belt.misconception(
    "LS-24",
    "Your shares are right; what you returned as a bias is the gate itself.",
    "Which z opens a gate so far?",
    see="lstm_cell",
)
def _(b, T, p):
    return T * np.log10(sigmoid(b)), p ** (1 / T)


belt.slip(
    "LS-24",
    "Your bias is right; your shares are those of a gate that is open, whatever its bias.",
    "How far open is a gate whose z is 0?",
    {"f = sigmoid(b)": "f = np.ones(len(b))"},
    see="lstm_cell",
)

belt.slip(
    "LS-19",
    "You looked at one step; there are T of them.",
    "Each step keeps 0.9. What is left after two?",
    {"T * np.log10(f)": "np.log10(f)", "q = p ** (1 / T)": "q = p"},
    see="lstm_cell",
)

belt.slip(
    "LS-19",
    "Your bias is right; your shares are those of one step.",
    "Each step keeps 0.9. What is left after two?",
    {"T * np.log10(f)": "np.log10(f)"},
    see="lstm_cell",
)

belt.slip(
    "LS-19",
    "Your shares are right; your bias keeps the share p for one step only.",
    "What is left after the second step with this bias?",
    {"q = p ** (1 / T)": "q = p"},
    see="lstm_cell",
)

belt.slip(
    "BP-31",
    "Your bias is right; your shares are the gate T times, added up.",
    "Each step keeps 0.9. What is left after two?",
    {"T * np.log10(f)": "np.log10(T * f)"},
    see="lstm_cell",
)

belt.slip(
    "BP-31",
    "Your shares are right; for your bias each step loses the same amount, 1 − p over T.",
    "Half of the memory is lost in the first step. Is it half of the whole again in the second?",
    {"q = p ** (1 / T)": "q = 1 - (1 - p) / T"},
    see="lstm_cell",
)

belt.slip(
    "BP-31",
    "Your shares are right; for your bias the share p was divided by T.",
    "T equal factors make p. What is one of them?",
    {"q = p ** (1 / T)": "q = p / T"},
    see="lstm_cell",
)

belt.slip(
    "BP-31",
    "Your shares are right; for your bias p was taken to the power of T, and not its root.",
    "T equal factors make p. Is one of them larger than p, or smaller?",
    {"q = p ** (1 / T)": "q = p**T"},
    see="lstm_cell",
)

belt.slip(
    "LS-13",
    "Your gate is a tanh: it can be negative, and at a bias of 0 it is shut.",
    "Which activation runs from 0 to 1?",
    {"f = sigmoid(b)": "f = np.tanh(b)", "np.log(q / (1 - q))": "np.arctanh(q)"},
    see="lstm_cell",
)

belt.slip(
    "LS-13",
    "Your bias is right; in your shares the gate is a tanh.",
    "Which activation runs from 0 to 1?",
    {"f = sigmoid(b)": "f = np.tanh(b)"},
    see="lstm_cell",
)

belt.slip(
    "LS-31",
    "Your bias is right; each step of yours multiplies by the slope of the gate, not by the gate.",
    "Along the belt, c meets the gate. Does it go through the gate's sigmoid?",
    {"f = sigmoid(b)": "f = sigmoid(b) * (1 - sigmoid(b))"},
    see="lstm_cell",
)

belt.slip(
    "VG-13",
    "Your bias is right; your memory has passed one gate too few.",
    "How many gates stand between c_0 and c_T?",
    {"T * np.log10(f)": "(T - 1) * np.log10(f)"},
    see="lstm_cell",
)

belt.slip(
    "LS-32",
    "Right for few steps; after many of them the share is too small for a float, and 0 has no "
    "logarithm.",
    "Which logarithm can be taken first, so that no tiny number is ever made?",
    {"T * np.log10(f)": "np.log10(f**T)"},
    see="lstm_cell",
)

belt.slip(
    "VG-04",
    "Your bias is right; your shares have no logarithm.",
    "On a plain scale, could you tell a millionth from 0?",
    {"T * np.log10(f)": "f**T"},
    see="lstm_cell",
)

belt.slip(
    "VG-04",
    "Your bias is right; your logarithms are natural ones.",
    "What should come out for a share of a thousandth?",
    {"T * np.log10(f)": "T * np.log(f)"},
    see="lstm_cell",
)

belt.slip(
    "VG-04",
    "Your shares are right; in your bias stands a logarithm to the base 10.",
    "What does the sigmoid give back, if you put your bias into it?",
    {"np.log(q / (1 - q))": "np.log10(q / (1 - q))"},
    see="lstm_cell",
)

belt.slip(
    "FF-28",
    "Both results are right, in the wrong order.",
    "Which of the two does the docstring name first?",
    {"return logs, smallest": "return smallest, logs"},
    see="lstm_cell",
)


# ---- 6.10 ----------------------------------------------------------------------------------------

# Six runs of our own; the tests make them again and compare every number.
LOGS = (
    """\
update   0: error 1.136, delta 1.1e-07 5.9e-06 5.6e-04
update 100: error 0.166, delta 1.4e-16 2.7e-11 1.8e-04
update 200: error 0.168, delta 3.4e-21 1.2e-13 1.7e-04""",
    """\
epoch   0: loss 2.395, accuracy 0.10, delta 2.5e-10 3.5e-07 1.3e-04
epoch  10: loss 2.304, accuracy 0.10, delta 2.5e-10 3.5e-07 1.3e-04
epoch  30: loss 2.303, accuracy 0.10, delta 2.5e-10 3.5e-07 1.3e-04""",
    """\
epoch   0: loss 2.411, accuracy 0.11, delta 9.9e-07 1.9e-05 3.7e-04
epoch  50: loss 2.348, accuracy 0.09, delta 9.7e-07 1.9e-05 3.7e-04
epoch 200: loss 2.314, accuracy 0.09, delta 8.8e-07 1.7e-05 3.3e-04""",
    """\
epoch   0: loss 2.303, accuracy 0.10, delta 0.0e+00 0.0e+00, dead 0.91 1.00
epoch  10: loss 2.302, accuracy 0.10, delta 0.0e+00 0.0e+00, dead 0.91 1.00
epoch  20: loss 2.302, accuracy 0.10, delta 0.0e+00 0.0e+00, dead 0.91 1.00""",
    """\
update   0: error 1.201, delta 1.7e-01 8.3e-03 2.9e-04
update   2: error 0.415, delta 6.8e-04 9.1e-04 1.5e-04
update   4: error 37.631, delta 5.8e-03 1.6e-02 2.5e-03""",
    """\
epoch   0: loss 2.303, accuracy 0.07, delta 4.7e-18 4.3e-11 1.3e-05
epoch  10: loss 2.302, accuracy 0.10, delta 7.1e-21 1.2e-13 2.4e-07
epoch  30: loss 2.302, accuracy 0.10, delta 7.1e-21 1.2e-13 2.4e-07""",
)

six_logs = choice(
    "6.10",
    points=2,
    title="Challenge: the remedy for six logs",
    hints=(
        "Three questions for every log: is the error signal too small, too large, or exactly 0? "
        "Does it run through layers, or through time? What may be changed?",
        "Read delta from right to left, as the signal runs. Then ask of each remedy which illness "
        "it was made for; the remedy matrix has measured it.",
        "$\\delta$ falls through time: LSTM; it falls through layers: ReLU with the weights of He; "
        "the sigmoid must stay, labels are few: DBN; $\\delta$ is exactly 0 and units are dead: "
        "Leaky ReLU; it grows on its way back: none of the four, but clipping; the weights are too "
        "small: none of the four, but better first weights.",
    ),
    name="remedies",
    items=[
        Item(
            "A recurrent network of 32 tanh neurons adds two marked numbers out of 100 steps.\n"
            "Gradients are clipped. `delta` stands for steps 1, 50 and 100.\n"
            f"Who always guesses the mean has an error of 0.167.\n{LOGS[0]}",
            {
                "A": "Clip more strongly: clipping keeps the gradient at the right size.",
                "B": "Leaky ReLU in place of tanh: its slope is never 0, so nothing can vanish.",
                "C": "LSTM: a belt beside the neurons, on which a gate decides what is kept.",
                "D": "More updates: 200 are not many.",
            },
            "C",
            {
                "A": (
                    "LS-29",
                    "Clipping makes long gradients shorter, and leaves short ones as they are.",
                    "Which way would delta have to change here?",
                ),
                "B": (
                    "RL-08",
                    "A slope that is never 0 can still be tiny, and the same W_h comes back at "
                    "every step.",
                    "What is left after 100 factors of which many are a hundredth?",
                ),
                "D": (
                    "VG-12",
                    "More of the same does not help where no signal arrives.",
                    "Has delta at step 1 grown in these 200 updates, or shrunk?",
                ),
            },
        ),
        Item(
            "Ten hidden layers of 32 sigmoid neurons, weights by Xavier, on handwritten digits.\n"
            "All pictures have a label, and you may change whatever you like.\n"
            f"`delta` stands for hidden layers 1, 6 and 10.\n{LOGS[1]}",
            {
                "A": "ReLU, and first weights by He.",
                "B": "Leaky ReLU; with it the first weights do not matter, say N(0, 0.01²).",
                "C": "LSTM: it was made against the vanishing gradient.",
                "D": "Ten more layers: depth brings power.",
            },
            "A",
            {
                "B": (
                    "RL-08",
                    "The slope is one of two factors; the weights are the other one.",
                    "What do ten layers pass on, if each has weights near 0?",
                ),
                "C": (
                    "LS-30",
                    "The belt of an LSTM runs through time; here the signal runs through layers.",
                    "How many steps of time has one picture of a digit?",
                ),
                "D": (
                    "VG-14",
                    "Each further layer is one more factor below 1.",
                    "What would delta be in front of ten more such layers?",
                ),
            },
        ),
        Item(
            "Five hidden layers of 64 neurons, weights by Xavier. They must stay sigmoids.\n"
            "There are 1,000 pictures of digits, and 100 of them have a label.\n"
            f"`delta` stands for hidden layers 1, 3 and 5.\n{LOGS[2]}",
            {
                "A": "DBN: after pretraining, delta in layer 1 is as large as in a ReLU network.",
                "B": "DBN, but label the other 900 first: an RBM needs to know what it sees.",
                "C": "DBN: delta in layer 1 starts nearly as small, but the features are there.",
                "D": "DBN, trained as one deep autoencoder by backprop, all layers at once.",
            },
            "C",
            {
                "A": (
                    "DB-22",
                    "Measured on these 100 pictures: pretraining makes delta in layer 1 about "
                    "three times as large, and ReLU more than a thousand times.",
                    "The slopes are those of a sigmoid still. What else does the network begin "
                    "with, if not with a larger delta?",
                ),
                "B": (
                    "DB-19",
                    "No RBM has ever asked for a label: it learns which pictures are likely.",
                    "Where in contrastive divergence does y stand?",
                ),
                "D": (
                    "DB-18",
                    "One by one is the point: backprop through all of them has the old illness.",
                    "Through how many sigmoids does the error signal of one RBM have to go?",
                ),
            },
        ),
        Item(
            "Two hidden layers of 64 ReLU neurons, weights by He, all hidden biases begin at -2.\n"
            "Adam, rate 0.001. `delta` and the share of dead units stand for both hidden "
            f"layers.\n{LOGS[3]}",
            {
                "A": "A smaller rate, so that no unit dies.",
                "B": "More epochs: Adam gets them out in the end.",
                "C": "ReLU and He: with these weights the signal keeps its size.",
                "D": "Leaky ReLU: below 0 it still has a slope, on which units come back.",
            },
            "D",
            {
                "A": (
                    "RL-16",
                    "These units are dead already, from epoch 0 on.",
                    "Which rate makes a step out of a gradient of exactly 0?",
                ),
                "B": (
                    "VG-12",
                    "More of the same does not help where no signal arrives: delta is exactly 0.",
                    "What does Adam make of a gradient that was 0 at every step?",
                ),
                "C": (
                    "RL-17",
                    "Both are in use here already; He counts on units of which half are on.",
                    "How many units of the second layer are on, for any picture?",
                ),
            },
        ),
        Item(
            "An LSTM of 32 cells adds two marked numbers out of 30 steps; SGD, rate 0.5.\n"
            "Its first W_h is six times as large as usual. "
            f"`delta` is the error on the belt at\nsteps 1, 15 and 30.\n{LOGS[4]}",
            {
                "A": "A bug: the gradient of an LSTM cannot explode.",
                "B": "A larger forget bias, so that the belt carries better.",
                "C": "None of the four: clip the gradient.",
                "D": "Leaky ReLU in place of tanh, so that no slope vanishes.",
            },
            "C",
            {
                "A": (
                    "LS-25",
                    "Along the belt the factor is never above 1; through the gates there is "
                    "another way back, and it goes through W_h.",
                    "By which factor does delta grow from step 30 to step 1?",
                ),
                "B": (
                    "LS-24",
                    "A forget gate that is further open holds nothing back.",
                    "Is delta at step 1 too small here, or too large?",
                ),
                "D": (
                    "VG-09",
                    "Nothing vanishes here.",
                    "Which way does delta change on its way from step 30 to step 1?",
                ),
            },
        ),
        Item(
            "Ten hidden layers of 32 Leaky ReLU neurons (slope 0.01), on digits.\n"
            f"First weights N(0, 0.01²). `delta` stands for hidden layers 1, 6 and 10.\n{LOGS[5]}",
            {
                "A": "None of the four alone: first weights by He.",
                "B": "Nothing: with Leaky ReLU no signal vanishes. It needs more epochs.",
                "C": "A larger slope below 0, for example 0.5.",
                "D": "Nothing: it has converged, delta is almost 0.",
            },
            "A",
            {
                "B": (
                    "RL-08",
                    "Leaky ReLU keeps units alive; it does not keep a signal large through depth.",
                    "By which factor does delta fall from layer 10 to layer 6?",
                ),
                "C": (
                    "RL-08",
                    "Even slopes of 1 everywhere would leave the other factor as it is.",
                    "Each step back is a slope times weights. How large are these weights?",
                ),
                "D": (
                    "VG-01",
                    "A gradient of almost 0 is no proof of a good network.",
                    "What loss has a network that guesses one of ten classes?",
                ),
            },
        ),
    ],
    see="remedy_matrix",
)
