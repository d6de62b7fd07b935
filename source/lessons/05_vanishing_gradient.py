# %% [markdown]
# # 5. The vanishing gradient
#
# Four steps, many layers: why not a hundred layers, then?
# On its way back the error signal gets smaller in each layer, until nothing is left.
# This is 기울기 소실, the *vanishing gradient*.
#
# **After this lesson you can**
#
# - say which factors a gradient is made of;
# - measure where it vanishes, and where it explodes;
# - choose first weights that keep it alive;
# - show the same in time, with a recurrent network.

# %% [markdown]
# You need lessons 1 to 4.
# Four words:
#
# | word | meaning |
# |---|---|
# | vanish (소실) | a signal shrinks from layer to layer |
# | explode (폭주) | it grows from layer to layer |
# | saturated (포화) | a neuron whose slope is almost 0 |
# | RMS | root of the mean square: the usual size of the entries |
#
# Everything here is measured, on the handwritten digits and on several seeds.

# %%
import numpy as np
from tqdm.auto import tqdm

from bplib import datasets, plots, widgets
from bplib.activations import LEAKY_RELU, RELU, SIGMOID, TANH, sigmoid_prime
from bplib.initialisers import he, normal, xavier
from bplib.losses import SOFTMAX_CROSS_ENTROPY
from bplib.network import dense
from bplib.optimisers import SGD
from bplib.recurrent import RNN
from bplib.training import accuracy, train

# %% [markdown]
# ## 5.1 One layer back
#
# From lesson 2:
#
# $$\delta^{l} = \left((W^{l+1})^\top \delta^{l+1}\right) \odot \phi'(z^{l})$$
#
# Two things happen to the error signal: the weights multiply it, then the slope does.
# For the sigmoid the slope is $\sigma'$.
#
# **Predict:** what is the largest value that $\sigma'$ can take, and where?

# %%
z = np.array([-6.0, -3.0, -1.0, 0.0, 1.0, 3.0, 6.0])
print("z       ", z)
print("slope   ", sigmoid_prime(z).round(4))

# %% [markdown]
# At best 0.25, and only at $z = 0$.
# A saturated neuron, far from 0, lets through almost nothing.
#
# So each sigmoid layer takes away at least three quarters of the signal?
# That is half of the story.
# The other half is the weights.

# %% [markdown]
# ## 5.2 A chain of single neurons
#
# One neuron per layer: then $\delta^1$ is a plain product.
#
# $$\frac{\delta^1}{\delta^L} = \prod_{l=1}^{L-1} w^{l+1}\, \phi'(z^{l})$$
#
# Each step back is one factor: a weight times a slope.
#
# **Predict:** sigmoid neurons, $w = 1$, ten of them.
# Is the product nearer to a hundredth, or to a millionth?
# Which $w$ could hold it at 1?

# %%
widgets.neuron_chain()

# %%
for w, z in ((1.0, 0.0), (4.0, 0.0), (8.0, 0.0), (4.0, 4.0)):
    factor = w * sigmoid_prime(z)
    print(f"w {w}, z {z}: factor {factor:.3f}, nine of them {factor**9:.3g}")

# %% [markdown]
# With $w = 4$ and every $z$ at 0 the factor is 1: nothing vanishes.
# With $w = 8$ the signal explodes.
#
# But a large weight pushes $z$ away from 0, and then the slope falls: at $z = 4$ the factor is 0.071.
# This balance on a needle is the problem.

# %% [markdown]
# ## 5.3 Ten layers, measured
#
# With many neurons, a step back is a matrix: $W^\top$, each of its rows times a slope.
# $\delta^1$ comes from a product of such matrices, called *Jacobians*.
#
# **Predict:** ten hidden sigmoid layers of 32 neurons, Xavier's first weights.
# How many times smaller is $\delta$ in the first layer than in the tenth: ten, a thousand, a million times?

# %%
x, y = datasets.digits()
rms = lambda values: np.sqrt(np.mean(values**2))


def one_pass_back(phi, init, seed=0, depth=10):
    rng = np.random.default_rng(seed)
    net = dense([64, *[32] * depth, 10], phi, SOFTMAX_CROSS_ENTROPY, rng, init)
    rows = rng.permutation(len(x))[:100]
    return net.backward(net.forward(x[rows]), y[rows])


for depth in (5, 10, 20):
    deltas = [one_pass_back(SIGMOID, xavier, seed, depth).delta for seed in range(5)]
    ratios = np.array([rms(delta[0]) / rms(delta[depth - 1]) for delta in deltas])
    print(f"depth {depth:2}, 5 seeds: factor per layer", (ratios ** (1 / (depth - 1))).round(3))

# %%
nets = {
    "sigmoid, Xavier": one_pass_back(SIGMOID, xavier),
    "tanh, Xavier": one_pass_back(TANH, xavier),
    "ReLU, He": one_pass_back(RELU, he),
}
plots.show(plots.delta_norms, nets, title="The error signal in each layer")

# %% [markdown]
# The scale is logarithmic: a straight slope means "divided by the same number in each layer".
# For sigmoid and Xavier the factor is about 0.23, whatever the depth.
# Nine such factors make about a millionth.
#
# On a plain scale all of this would look like 0.
#
# Layer 1 is the one next to the *input*: the last to hear of the error.

# %% [markdown]
# ## 5.4 Weights matter as much as slopes
#
# The lab below builds a network, runs one batch forward and one pass back.
# It draws three things by layer: activations, $\delta$ and `dW`.
#
# **Predict,** then try, with ten layers:
#
# - sigmoid with very small weights;
# - tanh with weights from $N(0, 1)$;
# - ReLU with weights from $N(0, 1)$.
#
# Which vanish, and which explode?

# %%
widgets.depth_lab()

# %%
large = lambda n_out, n_in, rng: normal(n_out, n_in, rng, std=1.0)
for name, phi in (("sigmoid", SIGMOID), ("tanh", TANH), ("ReLU", RELU)):
    for size, init in (("small", normal), ("Xavier", xavier), ("He", he), ("large", large)):
        deltas = [one_pass_back(phi, init, seed).delta for seed in range(5)]
        ratio = np.median([rms(delta[0]) / rms(delta[9]) for delta in deltas])
        print(f"{name:8} {size:7} first / tenth delta {ratio:8.1e}")

# %% [markdown]
# Medians of five seeds.
# *Small* is $N(0, 0.01^2)$, *large* is $N(0, 1)$.
#
# The same sigmoid loses much or little, and tanh vanishes, keeps or explodes: the first weights decide.
# But larger is not better.
# With large weights the neurons saturate, and a huge signal is as useless as none.

# %% [markdown]
# ## 5.5 The metric trap
#
# Many pages plot the size of `dW`.
#
# $$dW^l = (\delta^l)^\top a^{l-1}$$
#
# It holds two sizes: $\delta$, which shrinks on the way back, and $a$, which may shrink on the way forward.
#
# **Predict:** ReLU with small first weights, ten layers.
# $\delta$ vanishes.
# What does the ratio of `dW`, first to tenth layer, say?

# %%
for seed in range(5):
    grads = one_pass_back(RELU, normal, seed)
    delta, dW = (rms(g[0]) / rms(g[9]) for g in (grads.delta, grads.dW))
    print(f"ratio of delta {delta:.0e}, of dW {dW:.1f}; dW itself {rms(grads.dW[0]):.0e}")

# %% [markdown]
# The ratio of `dW` looks healthy.
# Going back, $\delta$ gets smaller; going back, $a$ gets larger by the same factor; their product stays the same.
# All of it is far too small to learn from.
#
# So plot $\delta$, on a log scale, and look at absolute sizes too.

# %% [markdown]
# ## 5.6 First weights that keep the signal
#
# A sum of $n$ terms with variance $\sigma_w^2$ each has the variance $n \sigma_w^2$.
# To keep the size of a signal going back, choose
#
# $$n\, \sigma_w^2 \; \mathrm{mean}(\phi'^2) = 1$$
#
# For tanh near 0 the slope is 1: $\sigma_w^2 = 1/n$, in the spirit of Xavier.
# ReLU has slope 1 for half of the neurons and 0 for the others.
#
# **Predict:** $\sigma_w$ for ReLU, then find it in the game: 50 layers, and $\delta$ must stay between one half and two.

# %%
widgets.find_initialisation()

# %%
n = 64
for name, formula, init in (("Xavier", 1 / n, xavier), ("He", 2 / n, he)):
    W = init(n, n, np.random.default_rng(0))
    print(f"{name:6} variance wanted {formula:.4f}, drawn {W.var():.4f}, std {W.std():.3f}")

# %% [markdown]
# Half of the slopes squared is one half, so $\sigma_w^2 = 2/n$: He's first weights.
#
# Xavier averages the way forward and the way back: $2 / (n_{in} + n_{out})$.
# The formula gives a *variance*.
# The standard deviation is its root.
# With Xavier and $n = 64$, who forgets the root gets weights eight times too small.

# %% [markdown]
# ## 5.7 Does it learn?
#
# A small gradient could still be enough.
# So we train: ten hidden layers of 32, five settings, five seeds each, 15 epochs.
# *Old* is how weights were drawn before: uniform between $-1/\sqrt{n}$ and $1/\sqrt{n}$.
#
# **Predict:** which of the five stay at one digit in ten?
#
# - sigmoid, Xavier
# - ReLU, old
# - ReLU, He
# - Leaky ReLU, He
# - tanh, Xavier

# %%
old = lambda n_out, n_in, rng: rng.uniform(-1, 1, (n_out, n_in)) / np.sqrt(n_in)
settings = [("sigmoid, Xavier", SIGMOID, xavier, 0.1), ("ReLU, old", RELU, old, 0.1)]
settings += [("ReLU, He", RELU, he, 0.05), ("Leaky ReLU, He", LEAKY_RELU, he, 0.05)]
settings += [("tanh, Xavier", TANH, xavier, 0.1)]
accuracies = {}
for name, phi, init, lr in tqdm(settings):
    accuracies[name] = []
    for rng in map(np.random.default_rng, range(5)):
        x_train, y_train, x_test, y_test = datasets.split(x, y, 360, rng)
        net = dense([64, *[32] * 10, 10], phi, SOFTMAX_CROSS_ENTROPY, rng, init)
        list(train(net, x_train, y_train, SGD(lr), epochs=15, batch=32, rng=rng))
        accuracies[name].append(accuracy(net, x_test, y_test))
    print(f"{name:16}", np.sort(accuracies[name]).round(3))

# %% [markdown]
# Read it honestly.
#
# - Sigmoid with Xavier guesses.
#   Where no signal comes, nothing is learnt.
# - ReLU alone is no cure: with the old weights it guesses too.
# - ReLU **with** He learns, on all five seeds.
# - tanh with Xavier learns as well.
#
# A gradient of almost 0 is not "converged": look at the loss.

# %%
widgets.which_layer_learns()

# %% [markdown]
# ## 5.8 A look inside
#
# One row per layer: activations to the left, error signals to the right, while training goes on.
#
# **Predict:** $\tanh'(0) = 1$.
# Is the slope of a tanh neuron always near 1, then?
# Choose tanh with large weights, and look for flat neurons.
#
# **Break it:** make all activations of the last hidden layer the same.
# Which setting does that?

# %%
widgets.histogram_wall()

# %% [markdown]
# Saturated tanh neurons sit at $-1$ and 1, where the slope is 0.
# With sigmoid and small weights, all neurons answer nearly one half, whatever the digit is.
# A healthy wall has the same width in each row.

# %% [markdown]
# ## 5.9 The same in time
#
# A *recurrent* network (RNN, 순환 신경망) uses one layer again at every step:
#
# $$h_t = \tanh(W_x x_t + W_h h_{t-1} + b)$$
#
# Fifty steps are fifty layers with *the same* $W_h$.
# Going back through time (BPTT), each step multiplies by $W_h^\top$ and by the slope.
#
# The *spectral radius* is the largest size of an eigenvalue of $W_h$.
#
# **Predict:** radius 0.9, 1.0 and 1.1, fifty steps, small inputs.
# Which one loses a factor of more than a hundred?


# %%
def through_time(radius, seed, size=0.01, n=32, T=50):
    rng = np.random.default_rng(seed)
    W_h = rng.normal(size=(n, n))
    W_h *= radius / np.abs(np.linalg.eigvals(W_h)).max()
    rnn, dh = RNN(rng.normal(size=(n, 1)), W_h, np.zeros(n)), np.zeros((T, 8, n))
    dh[-1] = rng.normal(size=(8, n))  # only the last step is compared with a target
    delta = rnn.backward(rnn.forward(size * rng.normal(size=(T, 8, 1))), dh).delta
    return rms(delta[0]) / rms(delta[-1])


for radius, size in ((0.9, 0.01), (1.0, 0.01), (1.1, 0.01), (1.1, 1.0)):
    ratios = [through_time(radius, seed, size) for seed in range(5)]
    print(f"radius {radius}, inputs {size:4}:", " ".join(f"{ratio:7.1e}" for ratio in ratios))

# %% [markdown]
# First step to last step, five seeds.
# Below 1 the signal vanishes, above 1 it explodes.
# With inputs of size 1 the neurons saturate, and it vanishes at 1.1 as well.
#
# It is the same balance on a needle: a plain RNN mostly forgets what happened fifty steps ago.

# %%
widgets.gradient_through_time()

# %% [markdown]
# ## Self-quiz
#
# **1.** Ten sigmoid layers.
# Is the loss of signal always at least four times per layer?
#
# <details><summary>Answer</summary>
#
# No: the weights count too.
#
# </details><br>
#
# **2.** `dW` has the same size in every layer.
# Is all well?
#
# <details><summary>Answer</summary>
#
# Not sure: look at $\delta$ and at absolute sizes.
#
# </details><br>
#
# **3.** The gradient is almost 0, the accuracy one in ten.
# Converged?
#
# <details><summary>Answer</summary>
#
# No, it vanished.
#
# </details><br>
#
# **4.** ReLU, 100 inputs: which $\sigma_w$?
#
# <details><summary>Answer</summary>
#
# $\sqrt{2/100}$.
#
# </details>

# %% [markdown]
# ## Your turn
#
# Open [the exercises of lesson 5](../exercises/05_vanishing_gradient.ipynb).
#
# | section | exercise |
# |---|---|
# | 5.1 | 5.1 the largest slope |
# | 5.2 | 5.2 a chain |
# | 5.3 | 5.3 a profile of any network |
# | 5.4 | 5.4 six settings in order |
# | 5.6 | 5.5 Xavier and He, 5.6 fifty layers |
# | 5.7 | 5.8 four logs |
# | 5.9 | 5.7 through time |

# %% [markdown]
# ## Summary card
#
# **Vanishing gradient** (기울기 소실): the error signal shrinks by a factor in each layer it goes back.
#
# factor = weights × slope
#
# | what | why it matters |
# |---|---|
# | sigmoid | its slope is at most one quarter |
# | first weights | too small: vanish (소실); too large: explode (폭주), saturate (포화) |
# | Xavier, He | keep the size of the signal |
# | RNN | the same, step by step in time |
#
# Four remedies, 롱디렐리, come in lesson 6: LSTM, DBN, ReLU, Leaky ReLU.

# %% [markdown]
# ## Teacher's note
#
# <details><summary>A lab of 90 minutes</summary>
#
# | minutes | section | exercise |
# |---|---|---|
# | 5 | 5.1 | 5.1 |
# | 15 | 5.2 | 5.2 |
# | 12 | 5.3 | |
# | 15 | 5.4 | 5.4 |
# | 8 | 5.5 | |
# | 12 | 5.6 | |
# | 10 | 5.7 | 5.8 |
# | 8 | 5.9 | |
# | 5 | quiz | |
#
# At home: section 5.8, and the other exercises.
#
# **Discuss:**
#
# - Who is to blame, the slope or the weights?
# - Which plot could a salesman of networks hide this with?
#
# **Common mistakes:** weights forgotten; variance for standard deviation; layer 1 taken for the last.
#
# The full plan is in [the teacher's guide](../docs/teaching-05.md).
#
# </details>
