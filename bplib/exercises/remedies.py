"""Exercises 6.1 to 6.10: four remedies, forward and backward, and which illness each one treats."""

import numpy as np

from bplib.activations import RELU, SIGMOID, leaky_relu, sigmoid
from bplib.exercises.core import draw, exercise
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
    """Leaky ReLU forward, and the error signal back through it; with slope = 0 it is ReLU.

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


@leaky.equivalent
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
    """How many ReLU units of each layer are dead: silent on every row, so no row can teach them.

    zs : [z1, ..., zL], one z of shape (m, n) per layer, m samples in rows, n units in columns
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
    "You looked for z that are exactly 0; a is 0 there, and in many other places too.",
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
    """log10 of the RMS of delta in each layer of two networks, first layer first, all biases 0.

    x : (m, n_0),  y : (m, n_L)
    normals : [N1, ..., NL], N : (n_out, n_in), numbers from N(0, 1) to make W of, for both networks
    sigmoid_net : every layer is sigmoid, with the weights of Xavier
    relu_net : the hidden layers are ReLU, with the weights of He; the last layer is as above
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
        _data(rng, 6, (4, *[8] * 10, 3)),
    ]


@two_networks.far
def _(rng):
    return [_data(rng, 3, (2, 4, 3, 2), scale=1e8), _data(rng, 4, (3, 5, 4, 3), scale=1e8)]


@two_networks.equivalent
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


@two_networks.equivalent
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
    W_x : (4n, n_in),  W_h : (4n, n),  b : (4n,), each in four blocks of n rows: i, f, o, g
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


@lstm_step.equivalent
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
        "$\\tilde{dc} = dc + dh \\odot o \\odot (1 - \\tanh^2 c)$; "
        "$\\delta_i = \\tilde{dc} \\odot g \\odot i (1 - i)$, "
        "$\\delta_f = \\tilde{dc} \\odot c_{prev} \\odot f (1 - f)$, "
        "$\\delta_o = dh \\odot \\tanh(c) \\odot o (1 - o)$, "
        "$\\delta_g = \\tilde{dc} \\odot i \\odot (1 - g^2)$; "
        "$dh_{prev} = \\delta W_h$, $dc_{prev} = \\tilde{dc} \\odot f$",
    ),
    outputs=("delta", "dh_prev", "dc_prev"),
)
def lstm_back(dh, dc, gates, c_prev, c, W_h):
    """One step of an LSTM backward: from the errors of the states after it to those before it.

    dh : (m, n) dL/dh of this step,  dc : (m, n) what comes along the belt from the step after
    gates : (4, m, n), the values i, f, o, g of this step (after sigmoid and tanh)
    c_prev, c : (m, n), the belt before and after this step,  W_h : (4n, n), blocks i, f, o, g
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


@lstm_back.equivalent
def _(dh, dc, gates, c_prev, c, W_h):
    m, n = dh.shape
    cell = LSTM(np.zeros((4 * n, 1)), W_h, np.zeros(4 * n))
    trace = Trace(np.zeros((1, m, 1)), np.zeros((2, m, n)), np.stack([c_prev, c]), gates[None])
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
    {
        "    tanh_c =": "    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)\n    tanh_c ="
    },
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


def step_back(dh, dc, gates, c_prev, c, W_h):
    """One step of an LSTM backward, as exercise 6.5 has it: what the loop of 6.6 is handed."""
    return lstm_back.f(dh, dc, gates, c_prev, c, W_h)


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
    h, c : (T + 1, m, n); h[0] and c[0] are the states before x[0], h[t + 1] those after x[t]
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
        _, h, c, gates = LSTM(W_x, W_h, b).forward(x, h0, c0)
        cases.append((x, h, c, gates, dh, W_h, step_back))
    return cases


@lstm_through_time.equivalent
def _(x, h, c, gates, dh, W_h, step):
    cell = LSTM(np.zeros((len(W_h), x.shape[2])), W_h, np.zeros(len(W_h)))
    return tuple(cell.backward(Trace(x, h, c, gates), dh).params)


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
