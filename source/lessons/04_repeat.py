# %% [markdown]
# # 4. Repeat
#
# One step changes the weights a little.
# Training is many steps: forward, back, update, and again, until the target is reached.
# The exam note calls this 반복 수행, repeat: $N$ *epochs* (에포크).
#
# **After this lesson you can**
#
# - write the whole loop, for one row and for batches;
# - count epochs, batches and updates;
# - read a loss curve and say what is wrong;
# - say why the first weights must differ, and what a seed decides;
# - stop at the right moment.

# %% [markdown]
# You need lessons 1 to 3.
# Three words count in different units:
#
# | word | meaning |
# |---|---|
# | batch (배치) | the rows of one update |
# | iteration (이터레이션) | one update |
# | epoch (에포크) | every row has been used once |
#
# Mazur's network and XOR are here for the last time.
# The handwritten digits are new.

# %%
import numpy as np
from tqdm.auto import tqdm

from bplib import datasets, plots, widgets
from bplib.activations import RELU, SIGMOID, TANH
from bplib.initialisers import he, xavier
from bplib.losses import BINARY_CROSS_ENTROPY, MSE, SOFTMAX_CROSS_ENTROPY
from bplib.network import Layer, Network, dense
from bplib.optimisers import SGD, Adam
from bplib.training import accuracy, minibatches, train

# %% [markdown]
# ## 4.1 Four steps in a loop
#
# 피오가반 is four lines of code: three in the loop, and the loop itself.
#
# The cell repeats Mazur's step ten thousand times.
# As in lesson 3, the biases stay as they are.
#
# **Predict:** the error begins at 0.298371109.
# Where is it after ten steps, and after ten thousand?

# %%
x, y, W1, b1, W2, b2 = datasets.mazur()
net = Network([Layer(W1, b1, SIGMOID), Layer(W2, b2, SIGMOID)], MSE)
for step in range(10_001):  # repeat
    trace = net.forward(x)  # feed-forward
    if step in (0, 1, 10, 100, 1000, 10_000):
        print(f"after {step:5} steps: E = {MSE.value(trace.a[-1], y):.9f}")
    gradients = net.backward(trace, y)  # error backprop
    SGD(lr=0.5).step([W1, W2], gradients.dW)  # weight update
print("outputs", trace.a[-1].round(6), "targets", y)

# %% [markdown]
# Most of the way is done in the first thousand steps.
# After ten thousand, $E$ is 0.000035102, and both outputs are near their targets.
#
# Note where $E$ is measured: before the update of that turn.
# "After 10 steps" means that ten updates have been made.
#
# **Break it:** a frequent slip puts the first weights into the loop.
# What does $E$ do then?

# %%
for step in range(1, 1001):
    x, y, W1, b1, W2, b2 = datasets.mazur()  # broken: every turn begins anew
    net = Network([Layer(W1, b1, SIGMOID), Layer(W2, b2, SIGMOID)], MSE)
    SGD(lr=0.5).step([W1, W2], net.backward(net.forward(x), y).dW)
    if step in (1, 10, 1000):
        print(f"after {step:4} steps: E = {MSE.value(net.forward(x).a[-1], y):.9f}")

# %% [markdown]
# ## 4.2 The same line for every row
#
# Up to now a formula had one sample: a vector.
# A batch has one sample per row: a matrix.
#
# | | one sample | batch |
# |---|---|---|
# | forward | `z = W @ a + b` | `z = a @ W.T + b` |
# | backward | `da = W.T @ delta` | `da = delta @ W` |
# | weights | `dW = np.outer(delta, a)` | `dW = delta.T @ a` |
#
# Each row of the batch is the line for one sample.
# `dW` adds up the rows.
#
# **Predict:** the loss takes the mean over $m$ rows.
# In which line of the table is the division by $m$?
#
# <details><summary>Answer</summary>
#
# In none.
# The mean belongs to the loss, so `delta` has it already.
#
# </details>

# %%
x, y = datasets.xor()
net = dense([2, 4, 1], TANH, BINARY_CROSS_ENTROPY, np.random.default_rng(0))
W, b = net.params[:2]
trace = net.forward(x)
delta = net.backward(trace, y).delta[0]
by_hand = [W @ row + b for row in x]
print("forward, rows agree:", np.allclose(trace.z[0], by_hand))
print("weights, sum of rows:", np.allclose(delta.T @ x, sum(map(np.outer, delta, x))))
print("shapes: delta", delta.shape, "x", x.shape, "dW", (delta.T @ x).shape)

# %% [markdown]
# ## 4.3 Epoch, batch, iteration
#
# $N$ rows in batches of $B$ make
#
# $$\left\lceil \frac{N}{B} \right\rceil$$
#
# updates in one epoch: round up.
# What is left over forms a smaller last batch, and no row is lost.
#
# **Predict:** 1000 rows, batches of 32, 5 epochs.
# How many updates?
# Set it in the picture.

# %%
widgets.batch_calculator()

# %%
rows = np.arange(10)[:, None]
sizes = [len(few) for few, _ in minibatches(rows, rows, batch=4)]
print("batches of 10 rows:", sizes)

# %%
means = np.array([1.0, 2.0, 6.0])  # mean loss of each batch
print("mean of the means   ", means.mean().round(3))
print("mean over all rows  ", np.average(means, weights=sizes).round(3))

# %% [markdown]
# The last batch has only two rows.
# If its mean counts as much as the others, the loss of the epoch is 3.0 and not 2.4.
# Weigh each batch by its rows.

# %% [markdown]
# ## 4.4 Shuffle, but keep the pairs
#
# Rows often come sorted: first all zeros, then all ones, and so on.
# Then one batch after the other pulls to its own class.
# So each epoch draws a new order, *for x and y together*.
#
# Now 1797 handwritten *digits*, 8 by 8 grey levels each; 360 of them are kept apart for a test.
# One in ten guesses is right by chance.
#
# **Predict:** three ways to feed the same rows.
# Which one is as bad as guessing?

# %%
for order in ("pairs shuffled", "sorted, no shuffle", "broken: only x shuffled"):
    shares = []
    for rng in map(np.random.default_rng, range(5)):
        x, y, x_test, y_test = datasets.split(*datasets.digits(), 360, rng)
        if order == "sorted, no shuffle":
            rows = y.argmax(axis=1).argsort()
            x, y = x[rows], y[rows]
        if order == "broken: only x shuffled":
            x = rng.permutation(x)
        net = dense([64, 32, 10], RELU, SOFTMAX_CROSS_ENTROPY, rng, he)
        shuffle = None if order == "sorted, no shuffle" else rng
        list(train(net, x, y, SGD(lr=0.1), epochs=10, batch=32, rng=shuffle))
        shares.append(round(accuracy(net, x_test, y_test), 3))
    print(f"{order:24}", shares)

# %% [markdown]
# Five seeds for each way; the numbers are shares of test digits named rightly.
#
# When x loses its y, nothing can be learnt.
# No error message says so: the shapes are right, the loss is finite.
# Sorted rows cost about half of the digits.

# %% [markdown]
# ## 4.5 `train`, an epoch at a time
#
# `train` holds the loop of section 4.1, with batches, shuffling and targets.
# It hands out one `Epoch` after the other: number, loss, accuracy.
# Epoch 0 is measured before the first update.
#
# $N$ epochs is a limit.
# Training may end sooner, when the target is reached: `target_accuracy` or `target_loss`.
#
# **Predict:** two half moons, 200 rows, at most 100 epochs.
# Does the first epoch raise or lower the loss, and are all hundred needed?

# %%
rng = np.random.default_rng(1)
x, y = datasets.moons(200, rng)
net = dense([2, 8, 1], TANH, BINARY_CROSS_ENTROPY, rng)
epochs = train(net, x, y, SGD(lr=0.5), epochs=100, batch=20, rng=rng, target_accuracy=0.99)
history = list(tqdm(epochs, desc="epochs"))
for epoch in (*history[:3], history[-1]):
    print(f"epoch {epoch.number:3}  loss {epoch.loss:.4f}  accuracy {epoch.accuracy:.3f}")
plots.show(plots.losses, history, title="Moons until 99 % are right")

# %% [markdown]
# ## 4.6 Watch it learn
#
# Everything so far in one picture: data, batch, updates, the boundary between the classes.
#
# **Predict** before you press Play: which neuron count is too small for the circles, 1, 2 or 4?
#
# Then tick "show the maths".
# It gives `delta`, `dW` and the update of the neuron you pick: the numbers of lessons 1 to 3, at work.
#
# Try the spirals last.

# %%
widgets.train_live()

# %% [markdown]
# ## 4.7 Reading a curve
#
# You look at loss curves more often than at anything else in this trade.
# Each of them says one thing first: does it fall?
#
# **Predict:** three learning rates on the same moons, from the same first weights.
# Which curve is which?
# Look at the legend only afterwards.

# %%
make = lambda: dense([2, 8, 1], TANH, BINARY_CROSS_ENTROPY, np.random.default_rng(1))
runs = {f"lr {lr}": list(train(make(), x, y, SGD(lr), 40, 20)) for lr in (0.005, 0.5, 50.0)}
plots.show(plots.compare, runs, title="Three learning rates")

# %% [markdown]
# A flat curve has two opposite reasons: a rate that is far too small, or a mistake in the loop.
# A jumping curve has a rate that is too large.
#
# Eight sick curves wait in the clinic.
# Choose a diagnosis, then read what speaks for it.
# Each curve was computed with a real mistake.

# %%
widgets.curve_clinic()

# %% [markdown]
# ## 4.8 The first weights must differ
#
# Give all hidden neurons the same first weights.
# They see the same inputs, get the same `delta`, and take the same step.
# They stay twins for ever: four neurons do the work of one.
#
# The *rank* of `W1` counts its independent rows; with two inputs it is at most 2.
#
# **Predict:** what is the rank after 300 epochs?

# %%
x, y = datasets.moons(200, np.random.default_rng(1))
constant = lambda n_out, n_in, rng: np.full((n_out, n_in), 0.5)
for name, init in (("constant", constant), ("random", xavier)):
    rng = np.random.default_rng(0)
    net = dense([2, 4, 1], TANH, BINARY_CROSS_ENTROPY, rng, init)
    *_, last = train(net, x, y, SGD(lr=0.5), epochs=300, batch=20, rng=rng)
    rank = np.linalg.matrix_rank(net.layers[0].W)
    print(f"{name:9} rank of W1: {rank}  accuracy {last.accuracy:.3f}")
    print(net.layers[0].W.round(3))

# %%
widgets.initialisation_lab()

# %% [markdown]
# Small *random* weights break the symmetry.
# With all weights 0 and tanh it is worse: nothing but the last bias moves at all.
#
# Biases may start at 0, because the weights differ already.

# %% [markdown]
# ## 4.9 What a seed decides
#
# A seed fixes the first weights and the order of the rows.
# The same seed gives the same run, digit by digit.
# Another seed may fail.
#
# **Predict:** XOR with two hidden neurons, twenty seeds.
# In how many does the loss come under 0.05 within 1000 epochs?
# And with four neurons?

# %%
make = lambda n, seed: dense([2, n, 1], TANH, BINARY_CROSS_ENTROPY, np.random.default_rng(seed))
end = lambda net: [*train(net, *datasets.xor(), SGD(0.5), 1000, target_loss=0.05)][-1].loss
for n in (2, 4):
    print(n, "neurons:", sum(end(make(n, s)) <= 0.05 for s in tqdm(range(20))), "of 20 seeds")

# %% [markdown]
# So one run proves little.
# A claim about training needs several seeds, and must say how many.
#
# Three of four rows right is not "almost done": a straight line gets that far.

# %%
widgets.seed_roulette()

# %% [markdown]
# ## 4.10 When to stop
#
# The training rows can be learnt by heart.
# What counts is *generalisation* (일반화): rows the network has never seen.
# Keep some apart for *validation* (검증).
# When their loss rises while the training loss still falls, that is *overfitting* (과적합).
#
# **Predict:** 40 noisy moons, and more than 1000 parameters.
# Which loss falls to the end, and which turns?

# %%
histories = []
for seed in tqdm(range(5), desc="seeds"):
    rng = np.random.default_rng(seed)
    few, many = datasets.moons(40, rng, noise=0.35), datasets.moons(500, rng, noise=0.35)
    net = dense([2, 32, 32, 1], TANH, BINARY_CROSS_ENTROPY, rng)
    run = list(train(net, *few, Adam(lr=0.02), 300, validation=many))
    best = min(run, key=lambda epoch: epoch.validation_loss)
    print(f"seed {seed}: lowest {best.validation_loss:.3f} at epoch {best.number:2}", end=", ")
    print(f"at the end {run[-1].validation_loss:.3f}, training {run[-1].loss:.3f}")
    histories.append(run)
print(sum(w.size for w in net.params), "parameters")

# %%
plots.show(plots.losses, histories[0], title="Overfitting, seed 0")

# %% [markdown]
# On all five seeds the validation loss turns, and at a different epoch each time.
# *Early stopping* (조기 종료) waits some epochs for a new minimum: that is `patience`.
# Then it takes back the weights of the best epoch.
#
# A patience of 1 stops at the first bump.
# Try that below.

# %%
widgets.when_to_stop()

# %% [markdown]
# ## 4.11 The target: 95 % of the digits
#
# Now all parts together, as you will write them in exercise 4.8.
# The test digits are used once, at the end: who chooses by them has trained on them.
#
# **Predict:** the share of test digits named rightly, and the time it takes.

# %%
for seed in range(5):
    rng = np.random.default_rng(seed)
    x, y, x_test, y_test = datasets.split(*datasets.digits(), 360, rng)
    net = dense([64, 64, 32, 10], RELU, SOFTMAX_CROSS_ENTROPY, rng, he)
    *_, last = train(net, x, y, Adam(lr=0.002), epochs=20, batch=32, rng=rng)
    print(f"seed {seed}: training {last.accuracy:.3f}", end=", ")
    print(f"test {accuracy(net, x_test, y_test):.3f}")

# %% [markdown]
# The target is reached on all five seeds, with three layers of weights.
# Do ten layers learn more, then?
# They may learn nothing at all: that is lesson 5.

# %% [markdown]
# ## Self-quiz
#
# **1.** 1000 rows, batches of 300, 2 epochs.
# How many updates?
#
# <details><summary>Answer</summary>
#
# 8: four in each epoch, the last with 100 rows.
#
# </details><br>
#
# **2.** The loss stands still at its first value.
# Name two reasons.
#
# <details><summary>Answer</summary>
#
# First weights inside the loop; a tiny learning rate.
#
# </details><br>
#
# **3.** All first weights are 1.
# What is lost?
#
# <details><summary>Answer</summary>
#
# The hidden neurons stay twins.
#
# </details><br>
#
# **4.** Lower training loss, so a better model?
#
# <details><summary>Answer</summary>
#
# Not for new rows: look at the validation loss.
#
# </details>

# %% [markdown]
# ## Your turn
#
# Open [the exercises of lesson 4](../exercises/04_repeat.ipynb).
#
# | section | exercise |
# |---|---|
# | 4.1 | 4.3 Mazur, ten thousand steps |
# | 4.3 | 4.1 count updates, 4.5 the loss of an epoch |
# | 4.4 | 4.2 batches |
# | 4.8 | 4.6 symmetric weights |
# | 4.9 | 4.4 a run from its seed |
# | 4.10 | 4.7 early stopping |
# | 4.11 | 4.8 the digits |

# %% [markdown]
# ## Summary card
#
# **Repeat** (반복 수행): forward, back, update, for $N$ epochs or until the target is reached.
#
# | word | in one line |
# |---|---|
# | epoch (에포크) | every row once: $\lceil N/B \rceil$ updates |
# | batch (배치) | the rows of one update |
# | shuffling | x and y together |
# | seed (시드) | fixes the whole run |
# | early stopping (조기 종료) | back to the lowest validation loss |
#
# | 피오가반 | step | lesson |
# |---|---|---|
# | 피 | feed-forward: 피드포워드 | 1 |
# | 오 | error back: 오류역전파 | 2 |
# | 가 | weight update: 가중치 조정 | 3 |
# | **반** | **repeat: 반복 수행** | **4: you are here** |

# %% [markdown]
# ## Teacher's note
#
# <details><summary>A lab of 90 minutes</summary>
#
# | minutes | section | exercise |
# |---|---|---|
# | 8 | 4.1 | |
# | 7 | 4.2 | |
# | 12 | 4.3 | 4.1 |
# | 8 | 4.4 | |
# | 15 | 4.6 | |
# | 12 | 4.7 | |
# | 10 | 4.8 | |
# | 5 | 4.9 | |
# | 8 | 4.10 | 4.7 |
# | 5 | quiz | |
#
# At home: sections 4.5 and 4.11, and the other exercises.
#
# **Discuss:**
#
# - Which of your plots needs several seeds?
# - Who may look at the test rows, and when?
#
# **Common mistakes:** the last batch dropped; x shuffled alone; first weights inside the loop.
#
# The full plan is in [the teacher's guide](../docs/teaching-04.md).
#
# </details>
