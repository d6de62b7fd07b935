# %% [markdown]
# # 6. The remedies
#
# Lesson 5 showed the illness.
# The exam note names four remedies (해결방안), **롱디렐리**:
# **롱** LSTM, **디** DBN, **렐** ReLU, **리** Leaky ReLU.
# Two change how a network learns (학습측면), two its activation (활성함수).
#
# **After this lesson you can**
#
# - say which illness each remedy treats, and which it does not;
# - write its formula, and say what it does to the error signal;
# - compare remedies fairly: same data, same split, several seeds;
# - say what is used today, and why.

# %% [markdown]
# You need lessons 1 to 5.
# Six words:
#
# | word | meaning |
# |---|---|
# | unit (유닛) | another word for neuron |
# | gate (게이트) | a number from 0 to 1 that multiplies a signal |
# | cell state (셀 상태) | what an LSTM keeps from step to step |
# | label (레이블) | the class that a row belongs to |
# | pre-training (사전학습) | learning without labels, before the labels come |
# | dead unit (죽은 뉴런) | a ReLU unit that is 0 for every row |
#
# Every comparison has five seeds or more: other splits, other first weights.

# %%
import numpy as np
from tqdm.auto import tqdm

from bplib import datasets, dbn, widgets
from bplib.activations import IDENTITY, LEAKY_RELU, RELU, SIGMOID, TANH, dead, leaky_relu
from bplib.initialisers import he, xavier
from bplib.losses import MSE, SOFTMAX_CROSS_ENTROPY
from bplib.network import dense
from bplib.optimisers import SGD, Adam
from bplib.recurrent import LastStep, clip, lstm, rnn
from bplib.training import accuracy, train

# %% [markdown]
# ## 6.1 Symptoms first
#
# | symptom (증상) | what you see |
# |---|---|
# | it vanishes in depth | the first layers get no $\delta$ |
# | it vanishes in time | the first steps get no $\delta$ |
# | dead units | neurons that no row can wake |
# | few labels | the first weights know nothing of the data |
#
# **Predict:** which of LSTM, DBN, ReLU and Leaky ReLU treats which symptom?
# Write it down now; section 6.9 comes back to it.
# The cell shows the first symptom: RMS of $\delta$ in ten sigmoid layers.

# %%
(x, y), ten = datasets.digits(), [64] + [32] * 10  # ten hidden layers, as in lesson 5
rms = lambda values: np.sqrt(np.mean(values**2))
net = dense(ten + [10], SIGMOID, SOFTMAX_CROSS_ENTROPY, np.random.default_rng(0), xavier)
print("layers 1 to 10:", *(f"{rms(d):.0e}" for d in net.backward(net.forward(x), y).delta[:-1]))

# %% [markdown]
# ## 6.2 LSTM: a belt that carries
#
# An RNN squeezes its memory through weights and a tanh at every step.
# An LSTM (장단기 메모리, long short-term memory) has a second path, a belt: the cell state $c$.
#
# $$c_t = f \odot c_{t-1} + i \odot g$$
#
# $$h_t = o \odot \tanh(c_t)$$
#
# $g$ is new content, $h$ is what the cell shows.
# Three gates: $f$ says how much to *keep*, $i$ how much to take in, $o$ how much to show.
# Going back along the belt there is no weight and no slope:
#
# $$\frac{\partial c_t}{\partial c_{t-1}} = f$$
#
# **Predict:** which $f$ keeps everything?
# **Break it:** set it to 0.5 below.

# %%
c, (i, f, o, g) = 2.0, (0.2, 0.9, 0.5, -1.0)  # the cell, three gates and the new content
c_new = f * c + i * g
h = o * np.tanh(c_new)
print(f"c goes from {c} to {c_new:.1f}, h is {h:.4f}; c after 10 steps of f alone {f**10 * c:.2f}")

# %%
widgets.lstm_cell()

# %% [markdown]
# ## 6.3 The gates are learnt
#
# $f = 1$ keeps everything: an open "forget gate" *keeps*.
#
# Each gate is a small layer that looks at $x_t$ and $h_{t-1}$.
# The four blocks stand in one matrix, in the order $i, f, o, g$:
#
# $$z = W_x x_t + W_h h_{t-1} + b$$
#
# Sigmoid for the three gates, tanh for $g$.
#
# `LastStep` joins a *cell* (RNN or LSTM) to a *readout*: one layer that answers from the last $h$.
#
# **Predict:** a new cell has $b = 0$.
# How far open are its forget gates?
# How much error signal is left after a hundred steps?


# %%
def fresh(kind, seed):  # a new network: two inputs a step, 16 units, one answer
    rng = np.random.default_rng(seed)
    return LastStep(kind(2, 16, rng), dense([16, 1], IDENTITY, MSE, rng)), rng


def carried(net, rng):  # error signal of step 1, divided by that of step 100
    x, y = datasets.adding(64, 100, rng)  # the task of section 6.4
    sizes = net.backward(net.forward(x), y)[0].sizes  # RMS at every step
    return sizes[0] / sizes[-1]


half_open = lambda n_in, n, rng: lstm(n_in, n, rng, forget_bias=0.0)
for name, kind in (("RNN", rnn), ("LSTM, b = 0", half_open), ("LSTM, b = 1", lstm)):
    print(f"{name:12}", *(f"{carried(*fresh(kind, seed)):6.0e}" for seed in range(5)))

# %% [markdown]
# First step to last step, five seeds.
# With $b = 0$ the forget gates stand near one half: the LSTM forgets as an RNN does.
# So one starts them with $b = 1$, and more arrives.
#
# It helps, and it is not the whole story: a fresh LSTM still forgets nearly all.
# What counts is that it can *learn* to keep.

# %% [markdown]
# ## 6.4 A task that needs memory
#
# The *adding problem*: a hundred numbers from 0 to 1, and two of them are marked.
# After the last step, say the sum of the two.
# *Explained* is 1 for a perfect network, and 0 for one no better than always saying 1, the mean.
#
# **Predict:** an RNN and an LSTM of 16 units, 1000 updates each, at rates that suit them.
# Which explains something?
# Does the error signal of step 1 shrink or grow while the LSTM learns?


# %%
def learn(kind, lr, seed):  # always saying 1 has the error 1/6
    net, rng = fresh(kind, seed)
    before, adam = carried(net, rng), Adam(lr)
    for _ in tqdm(range(1000), leave=False):
        x, y = datasets.adding(16, 100, rng)
        cell, read = net.backward(net.forward(x), y)  # the gradients of both parts
        adam.step(net.params, clip(cell.params + read.params, 1.0))
    x, y = datasets.adding(500, 100, rng)
    error = np.mean((net.forward(x)[1].a[-1] - y) ** 2)
    return max(0.0, 1 - 6 * error), before, carried(net, rng)


kinds = ("RNN", rnn, 0.001), ("LSTM", lstm, 0.02)
runs = {name: np.array([learn(kind, lr, s) for s in range(5)]) for name, kind, lr in kinds}
print("explained", *(f"{name}: {run[:, 0].round(2)}" for name, run in runs.items()))

# %%
for name, run in runs.items():
    print(f"{name:4} carried before", *(f"{share:6.0e}" for share in run[:, 1]))
    print(f"{name:4} carried after ", *(f"{share:6.0e}" for share in run[:, 2]))
time = {"nothing": runs["RNN"][:, 0], "LSTM": runs["LSTM"][:, 0]}  # for section 6.9

# %% [markdown]
# On all five seeds the RNN has learnt next to nothing, and the LSTM solves the task.
#
# The error signal of the RNN sank even further; that of the LSTM rose to about 1.
# It *learnt* to carry, because there is something to learn: $f$.
#
# The path through $h$ still has weights, and a signal can explode there.
# So `clip` cuts a gradient longer than 1 to length 1.
# This task needs neither `clip` nor $b = 1$: without them most seeds learn it too, a little later.

# %%
widgets.adding_race()

# %% [markdown]
# ## 6.5 A machine that learns without labels
#
# A *restricted Boltzmann machine* (RBM, 제한 볼츠만 머신) joins visible units $v$, the pixels, and hidden units $h$ by one $W$, used in both directions:
#
# $$p(h = 1 \mid v) = \sigma(W v + b)$$
#
# $$p(v = 1 \mid h) = \sigma(W^\top h + c)$$
#
# Read: the probability that $h$ is 1, given $v$.
# From $v$ it makes $h$; from $h$ it imagines a $v$.
# $c$ is now the bias of the visible units, not the memory of an LSTM.
#
# **Predict:** after training on digits, what will one hidden unit look for: a whole digit, or a stroke?

# %%
widgets.rbm_stepper()

# %% [markdown]
# Strokes and spots, most of them.
#
# *Contrastive divergence* (CD-1) compares the data with what the machine imagines one step later:
#
# $$dW = \tfrac{1}{m}\left(h_1^\top v_1 - h_0^\top v_0\right)$$
#
# $h$ and $v$ are the probabilities above; only on the way to $v_1$ the hidden units are *sampled*: each becomes 0 or 1 by chance.
# Taking `dW` off makes the data more likely, and what the machine imagines less.
# No label is used, and no error passes many layers.
#
# That $v_1$ comes nearer to $v_0$ is a good sign, but it is not what CD goes down.

# %%
machine, rng = dbn.rbm(64, 64, np.random.default_rng(0), x), np.random.default_rng(0)
dW, db, dc, v0, h0, v1, h1 = dbn.cd(machine, x, rng)
print("the formula is the code:", np.allclose(dW, (h1.T @ v1 - h0.T @ v0) / len(x)))
print(f"data and imagined v differ by {np.mean((v0 - v1) ** 2):.3f} before any training")

# %% [markdown]
# ## 6.6 DBN: pre-train, then fine-tune
#
# A *deep belief network* (DBN, 심층 신뢰 신경망) stacks RBMs.
# Each one learns from the hidden units of the one below (사전학습).
# Then all $W$ and $b$ become the first weights of a plain network with a new last layer: `dbn.unroll`.
# Backprop does the rest (파인튜닝).
#
# **Predict:** ten hidden sigmoid layers, as in lesson 5.
# With these first weights, does it learn?
# And if the same weights are *shuffled* within each layer?


# %%
def tested(net, data, lr, rng, epochs=20):  # train, then: which share of test digits is right?
    list(train(net, *data[:2], SGD(lr), epochs, batch=32, rng=rng))
    return accuracy(net, *data[2:])


depth, learnt = {"nothing": [], "DBN": [], "shuffled DBN": []}, []
for rng in map(np.random.default_rng, tqdm(range(5))):
    data = datasets.split(x, y, 360, rng)
    learnt.append(dbn.stack(dbn.pretrain(ten, data[0], rng)))
    mixed = [dbn.RBM(rng.permuted(rbm.W), rbm.b, rbm.c) for rbm in learnt[-1]]  # shuffled
    plain = dense(ten + [10], SIGMOID, SOFTMAX_CROSS_ENTROPY, rng, xavier)
    nets = plain, dbn.unroll(learnt[-1], 10, rng), dbn.unroll(mixed, 10, rng)
    for values, net in zip(depth.values(), nets, strict=True):
        values.append(tested(net, data, 0.1, rng))
print("\n".join(f"{name:14} {np.sort(values).round(3)}" for name, values in depth.items()))

# %%
relu = dense(ten + [10], RELU, SOFTMAX_CROSS_ENTROPY, rng, he)
plain = dense(ten + [10], SIGMOID, SOFTMAX_CROSS_ENTROPY, rng, xavier)
for name, net in (("Xavier", plain), ("DBN", dbn.unroll(learnt[-1], 10, rng)), ("ReLU", relu)):
    print(f"{name:7} first dW of layer 1: {rms(net.backward(net.forward(x), y).dW[0]):.0e}")
tuned = nets[1].layers[:-1]  # the last DBN above, after fine-tuning
moved = [rms(new.W - old.W) / rms(old.W) for new, old in zip(tuned, learnt[-1], strict=True)]
print("fine-tuning moved each W by this share of its size:", np.round(moved, 2))

# %% [markdown]
# Plain sigmoid guesses; pre-trained, it learns.
# The shuffled weights have the same sizes, layer by layer, and guess.
# So it is *what was learnt* that helps, not the scale.
#
# And the gradient?
# The first `dW` is larger than with Xavier's weights, and still hundreds or thousands of times smaller than with ReLU and He.
# Fine-tuning hardly moves the hidden weights: what they need was there before.
# Pre-training gives a better *start*; it does not heal the gradient as ReLU does.

# %%
wide = lambda n_out, n_in, rng: 4 * xavier(n_out, n_in, rng)
for hidden in (2, 5):
    sizes, found = ten[: hidden + 1] + [10], {"Xavier": [], "4 x Xavier": [], "DBN": []}
    for seed, rbms in enumerate(tqdm(learnt, leave=False)):
        rng = np.random.default_rng(seed)
        data = datasets.split(x, y, 360, rng)
        nets = [dense(sizes, SIGMOID, SOFTMAX_CROSS_ENTROPY, rng, w) for w in (xavier, wide)]
        nets += [dbn.unroll(rbms[:hidden], 10, rng)]  # the lowest learnt first
        for values, net in zip(found.values(), nets, strict=True):
            values.append(tested(net, data, 0.1, rng))
    for name, values in found.items():
        print(f"{hidden} hidden layers, {name:10}", np.sort(values).round(3))

# %% [markdown]
# Two honest footnotes.
# With two hidden layers, plain first weights learn too: pre-training gives a head start.
# With five, Xavier's weights times four learn nearly as much.
#
# **Few labels:** pre-training can use every image, with or without a label.
#
# **Predict:** five hidden layers, and labels for 100 images only.
# Which start is best now?
#
# <details><summary>Answer, after you have run the cell</summary>
#
# The DBN's, by a few digits in a hundred.
# It has seen more than a thousand images more.
#
# </details>

# %%
few = {"nothing": [], "ReLU": [], "tanh": [], "DBN": []}
layers, rates = ten[:6] + [10], (0.1, 0.05, 0.1, 0.1)
for seed, rbms in enumerate(tqdm(learnt)):
    rng = np.random.default_rng(seed)
    x_all, y_all, *test = datasets.split(x, y, 360, rng)
    data = x_all[:100], y_all[:100], *test
    plain = dense(layers, SIGMOID, SOFTMAX_CROSS_ENTROPY, rng, xavier)
    relu = dense(layers, RELU, SOFTMAX_CROSS_ENTROPY, rng, he)
    tanh = dense(layers, TANH, SOFTMAX_CROSS_ENTROPY, rng, xavier)
    deep = dbn.unroll(rbms[:5], 10, rng)
    for values, net, lr in zip(few.values(), (plain, relu, tanh, deep), rates, strict=True):
        values.append(tested(net, data, lr, rng, epochs=100))
for name, values in few.items():
    print(f"{name:8}", np.sort(values).round(3))

# %% [markdown]
# ## 6.7 ReLU: the slope is 1
#
# $$\mathrm{ReLU}(z) = \max(0, z)$$
#
# Its slope is 1 where $z > 0$, and 0 elsewhere.
# Where units are on, the error signal passes as it is: the exam note says, it keeps the derivative.
#
# The slope is only one of the two factors.
# From lesson 5: ReLU needs He's first weights.
#
# **Predict:** the same ten layers, the same splits, the same 20 epochs.
# Does ReLU beat the pre-trained network?
# And tanh with Xavier, which is no remedy of the note?

# %%
settings = [("ReLU", RELU, he, 0.05), ("Leaky ReLU", LEAKY_RELU, he, 0.05)]
for name, phi, init, lr in [*settings, ("tanh", TANH, xavier, 0.1)]:
    depth[name] = []
    for rng in map(np.random.default_rng, tqdm(range(5), leave=False)):
        data = datasets.split(x, y, 360, rng)
        net = dense(ten + [10], phi, SOFTMAX_CROSS_ENTROPY, rng, init)
        depth[name].append(tested(net, data, lr, rng))
    print(f"{name:11}", np.sort(depth[name]).round(3))

# %% [markdown]
# All three learn on every seed, with no pre-training at all.
# ReLU ends level with the pre-trained network, or ahead.
# With He's weights the gradient itself is healed: section 6.6 showed its size.
#
# tanh does as well here.
# ReLU is cheaper, and its slope cannot saturate on the positive side.
#
# The next picture trains four activations on XOR, from twenty seeds each.

# %%
widgets.four_activations()

# %% [markdown]
# ## 6.8 Leaky ReLU: nobody dies
#
# A ReLU unit whose $z$ is negative for *every* row has the slope 0 for every row.
# No error reaches its weights, so they never change: it is dead (죽은 뉴런).
#
# $$\mathrm{LeakyReLU}(z) = \max(\alpha z, z)$$
#
# With a small $\alpha$, 0.01, the negative side has a slope too: the exam note says, it makes use of negative values.
#
# **Predict:** all biases of the hidden layers begin at $-2$.
# Which share of the units is dead, and does training wake them?

# %%
widgets.dead_units()

# %%
share_dead = lambda net: np.mean([dead(z) for z in net.forward(x).z[:-1]])  # on all rows
dying = {"nothing": [], "Leaky ReLU": []}
for (name, values), phi in zip(dying.items(), (RELU, LEAKY_RELU), strict=True):
    for rng in map(np.random.default_rng, tqdm(range(5), leave=False)):
        data = datasets.split(x, y, 360, rng)
        net = dense([64] * 4 + [10], phi, SOFTMAX_CROSS_ENTROPY, rng, he)
        for layer in net.layers[:-1]:
            layer.b -= 2.0
        before = share_dead(net)
        list(train(net, *data[:2], Adam(0.001), 20, batch=32, rng=rng))
        values.append(accuracy(net, *data[2:]))
    print(f"{name:10}", np.sort(values).round(3))
    print(f"    never above 0, last seed: {before:.2f}, after training {share_dead(net):.2f}")

# %% [markdown]
# Nearly all units are dead at the start.
# With ReLU not one comes back.
# With a leak most wake up, and the network learns on every seed.
#
# Too large a rate kills units as well: try it above.
# The leak helps there; a smaller rate helps more.
#
# **Predict:** ten hidden layers of *four* units learn $|x|$.
# How often is ReLU born dead: one answer for every $x$?
#
# <details><summary>Answer, after you have run the cell</summary>
#
# About one in three; with a leak none.
#
# </details>

# %%
grid = np.linspace(-1, 1, 200)[:, None]
for name, phi in (("ReLU", RELU), ("Leaky ReLU, 0.1", leaky_relu(0.1))):
    constant, solved = 0, 0
    for rng in map(np.random.default_rng, tqdm(range(20), leave=False)):
        net = dense([1] + [4] * 10 + [1], phi, MSE, rng, he)
        net.layers[-1].phi = IDENTITY
        constant += np.ptp(net.forward(grid).a[-1]) < 1e-9
        list(train(net, grid, abs(grid), Adam(0.01), 100, batch=32, rng=rng))
        solved += np.mean((net.forward(grid).a[-1] - abs(grid)) ** 2) < 0.01
    print(f"{name:16} born dead {constant} of 20, solved {solved} of 20")

# %% [markdown]
# ## 6.9 The remedy matrix
#
# **Predict:** look at your table of section 6.1.
# Which pairs of symptom and remedy did we measure, and which help?

# %%
widgets.remedy_matrix({"depth": depth, "time": time, "dead units": dying, "few labels": few})

# %% [markdown]
# Each remedy treats *its* illness.
#
# - LSTM: time.
#   It can still explode, so one clips.
# - DBN: the start, above all with few labels.
#   It does not heal the gradient.
# - ReLU, with He: depth.
#   tanh with Xavier does so too.
# - Leaky ReLU: dead units.
#   In depth it is as good as ReLU, no better: it is no second cure.

# %% [markdown]
# ## 6.10 What is used today
#
# DBNs showed in 2006 that deep networks can learn; today they are history.
# For long texts, *attention* (어텐션) replaced LSTMs: it sees all steps at once.
#
# - **First weights** that fit the activation.
# - **Normalisation** (정규화) inside the network keeps $z$ near 0.
# - **Shortcuts** (잔차 연결): $a^{l} = a^{l-1} + \phi(z^l)$.
#
# **Predict:** a shortcut adds 1 to the factor of each layer.
# What does that do to ten sigmoid layers?
#
# <details><summary>Answer</summary>
#
# The 1 carries the signal past each layer: the belt again.
# Now it grows: so one normalises.
#
# </details>

# %%
slope = SIGMOID.prime(0.0)
print(f"ten layers: {slope**10:.1e}; with shortcuts {(1 + slope) ** 10:.1f}")

# %% [markdown]
# ## Self-quiz
#
# **1.** A forget gate stands at 1.
# What happens to the cell state?
#
# <details><summary>Answer</summary>
#
# It is kept whole, and $i \odot g$ is added.
#
# </details><br>
#
# **2.** The pre-trained weights were shuffled.
# What was the same, what was lost?
#
# <details><summary>Answer</summary>
#
# Their sizes; what they had learnt.
#
# </details><br>
#
# **3.** A ReLU unit is 0 for one row.
# Is it dead?
#
# <details><summary>Answer</summary>
#
# Only if it is 0 for every row.
#
# </details><br>
#
# **4.** Does Leaky ReLU solve the vanishing gradient?
#
# <details><summary>Answer</summary>
#
# Not alone: it wakes dead units; depth needs He's weights.
#
# </details>

# %% [markdown]
# ## Your turn
#
# Open [the exercises of lesson 6](../exercises/06_remedies.ipynb).
#
# | section | exercise |
# |---|---|
# | 6.2 | 6.4 one step forward |
# | 6.3 | 6.5 one step back, 6.6 through time, 6.9 the forget bias |
# | 6.5 | 6.7 CD-1 |
# | 6.6 | 6.8 stack and fine-tune |
# | 6.7 | 6.1 ReLU and Leaky ReLU, 6.3 with He |
# | 6.8 | 6.2 dead units |
# | 6.9 | 6.10 six logs |

# %% [markdown]
# ## Summary card
#
# Four remedies (해결방안), **롱디렐리**, for the vanishing gradient (기울기 소실):
#
# | | remedy | what it does | treats |
# |---|---|---|---|
# | 롱 | LSTM (장단기 메모리) | the cell state carries the error through time | time |
# | 디 | DBN (심층 신뢰 신경망) | pre-training 사전학습, then fine-tuning 파인튜닝 | a bad start |
# | 렐 | ReLU (렐루) | slope 1: keeps the derivative | depth, with He |
# | 리 | Leaky ReLU (리키 렐루) | a slope for negative values | dead units 죽은 뉴런 |
#
# And the four steps they serve, **피오가반**: feed-forward, error backprop, weight update, repeat.

# %% [markdown]
# ## Teacher's note
#
# <details><summary>A lab of 90 minutes</summary>
#
# | minutes | section | exercise |
# |---|---|---|
# | 8 | 6.1 | |
# | 14 | 6.2 | 6.4 |
# | 8 | 6.3 | |
# | 12 | 6.4 | |
# | 8 | 6.5 | |
# | 10 | 6.6 | |
# | 6 | 6.7 | 6.1 |
# | 10 | 6.8 | 6.2 |
# | 9 | 6.9 | 6.10 |
# | 5 | 6.10, quiz | |
#
# At home: the other exercises.
#
# **Discuss:**
#
# - Why does the shuffled network not learn, although its weights are as large?
# - What have the belt (1997) and the shortcut (2015) in common?
#
# **Common mistakes:** the forget gate read as "forget"; dead on one row; Leaky ReLU as a cure for depth.
#
# The full plan is in [the teacher's guide](../docs/teaching-06.md).
#
# </details>
