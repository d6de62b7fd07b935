# %% [markdown]
# # Exercises 6: the remedies
#
# Ten exercises on four remedies: LSTM, DBN, ReLU and Leaky ReLU (롱디렐리).
# The lesson that belongs to them is [`notebooks/06_remedies.ipynb`](../notebooks/06_remedies.ipynb).
#
# **How it works.**
# Write your answer in place of the line that begins with `raise`, or of the empty letters, and run the cell.
# Then run the `check` cell under it.
# It tells you whether all values agree, and if not, which mistake it looks like.

# %% [markdown]
# You have three more commands; type them into any new cell.
#
# - `hint("6.1")` gives a hint: first a question, then the place to look, then the formula.
# - `solution("6.1")` shows one answer of ours.
# - `progress()` shows how far you are.
#
# You may use NumPy everywhere, and write as many helper cells as you like.
# Of `bplib`, an answer may call only what this notebook imports from `bplib.activations`: the rest is closed while it runs.
# Return new arrays; leave the arguments as they are.
# Work with Python's usual floats (`float64`).
#
# The error signal $\delta$ is $\partial L / \partial z$, as always; `da` is $\partial L / \partial a$.
# The exercises follow another order than the lesson: the table at its end says which section belongs to which.

# %%
import numpy as np

from bplib import widgets
from bplib.activations import sigmoid
from bplib.exercises import check, hint, progress, solution

# %% [markdown]
# ## 6.1 ReLU and Leaky ReLU, forward and backward
#
# Both let a positive $z$ through as it is.
# Below 0, Leaky ReLU multiplies it by a small slope $\alpha$; ReLU is the same unit with $\alpha = 0$.
#
# Write one function for both, with both ways through the unit.
# Forward it gets `z` and returns `a`.
# Backward it gets `da`, the error as it comes from the layer after, and returns $\delta$.
# So it has two results.
#
# No $z$ is exactly 0 here, so it does not matter which slope you give to the kink.

# %% exercise="6.1"

# %% [markdown]
# ## 6.2 How many units are dead?
#
# A ReLU unit is *dead* (죽은 뉴런) when it is silent for **every** sample.
# Then no error ever comes through it, and its weights stay as they are.
# A unit that is silent for some samples only is not dead: that is what a ReLU is for.
#
# You get one `z` per layer, as `trace.z` has them.
# Return one number per layer: how many of its units are dead.

# %% exercise="6.2"

# %% [markdown]
# ## 6.3 Your network with ReLU and He, against sigmoid
#
# Does ReLU help a deep network?
# "It trains better" proves little.
# Compare arrays: the size of $\delta$ in every layer, before any training.

# %% [markdown]
# Two networks get the same data and the same random numbers $N$.
#
# - `sigmoid_net`: every layer is a sigmoid layer, and $W$ is $N$ times the standard deviation of Xavier.
# - `relu_net`: the hidden layers are ReLU layers, and $W$ is $N$ times the standard deviation of He.
#   The targets lie between 0 and 1, so the last layer is a sigmoid layer with the weights of Xavier here too.
#
# All biases are 0, and the loss is half the squared error, as in exercise 5.3.
# Return for each network the base-10 logarithm of the RMS of $\delta$ in each layer.

# %% exercise="6.3"

# %% [markdown]
# Look at your two results for a deep network, say with `normals = [rng.normal(size=(16, 16)) for _ in range(12)]`.
# How many powers of ten does each network lose between its last layer and its first?

# %% [markdown]
# ## 6.4 One LSTM step forward
#
# An LSTM has two states.
# $c$ is the memory, a belt (컨베이어 벨트) on which numbers travel from step to step.
# $h$ is what the cell shows.
# Three gates, numbers between 0 and 1, stand along the belt.
#
# - The *input gate* i (입력 게이트) lets new content in.
# - The *forget gate* f (망각 게이트) says how much of the old belt is **kept**.
# - The *output gate* o (출력 게이트) says how much of the belt is shown.

# %% [markdown]
# The new content is the *candidate* g.
# All four are made from the input `x` and the old `h`: one layer with 4n rows, in the order i, f, o, g.
#
# Write one step, for a batch, and return the new `h` and the new `c`.
# The belt goes into `h` through a tanh, so that what is shown stays between -1 and 1.

# %% exercise="6.4"

# %% [markdown]
# ## 6.5 One LSTM step backward
#
# Now go back through the same step.
# Two errors arrive: `dh`, the whole $\partial L / \partial h$ of this step, and `dc`.
# `dc` is only the part that comes along the belt from the step after; what $c$ did to the loss through $h$ is not yet in it.
#
# The forward pass has kept what you need: the four gates, and the belt before and after the step.

# %% [markdown]
# Return three results.
#
# - `delta`: $\partial L / \partial z$ for the four blocks i, f, o, g.
# - `dh_prev`: the error of the old `h`, which came in through `W_h`.
# - `dc_prev`: the error of the old `c`, which came in along the belt.

# %% exercise="6.5"

# %% [markdown]
# ## 6.6 Backpropagation through time
#
# Now the loop, 시간 역전파 (backpropagation through time, BPTT).
# The cell has made T steps with the same weights.
# Each step has its part in every gradient.
#
# The loss looks at every step, so `dh[t]` comes from outside at every step.
# More comes from the step after.

# %% [markdown]
# You need no earlier answer.
# The check hands you a function `step` that goes back through one step, as in exercise 6.5:
#
# `delta, dh_prev, dc_prev = step(dh_t, dc_next, gates_t, c_before, c_after, W_h)`
#
# `h` and `c` have one row more than `x`: `h[0]` and `c[0]` are the states before the first step, and they are not 0 here.
# Say which of them belongs to step t before you write the loop.
#
# Return `dW_x`, `dW_h` and `db`, for all T steps together.

# %% exercise="6.6"

# %% [markdown]
# ## 6.7 One step of contrastive divergence
#
# A restricted Boltzmann machine (제한 볼츠만 머신) looks at data, and then at something that it makes up itself.
# It learns by the difference.
#
# $$v_0 \to h_0 \to v_1 \to h_1$$
#
# On the way down, each hidden unit is *sampled*: a die is thrown, and it is 1 or 0.
# Nothing else is thrown.
# So that your dice and ours agree, you get the uniform numbers `u`: a hidden unit is on where `u` is smaller than its probability.

# %% [markdown]
# Return `dW`, `db` and `dc`, as means over the rows.
# Everything points **downhill**, as always: an optimiser takes lr times `dW` off `W`.
#
# `b` belongs to the hidden units, `c` to the visible ones.
# `W` is `(n_h, n_v)`, as in a layer with `n_v` inputs.

# %% exercise="6.7"

# %% [markdown]
# ## 6.8 A stack of RBMs, then few labels
#
# Three steps make a deep belief network (심층 신뢰 신경망).
#
# 1. Pretraining (사전학습): RBMs learn one by one, without labels, each from what the one before says.
# 2. Their weights become the first layers of a network; a new last layer is put on top.
# 3. Backprop fine-tunes (파인튜닝) all layers, with the few labels there are.
#
# Step 1 is done: you get the trained RBMs, and `W` and `b` of each are those of a sigmoid layer.

# %% [markdown]
# Return two lists.
#
# - `inputs`: what each RBM was trained on, for all rows. Probabilities are passed on; nothing is thrown.
# - `dWs`: the gradients of the first step of fine-tuning, from layer 1 to the new layer.
#   The loss is softmax cross-entropy, the mean over the labelled rows.
#   Some $z$ of the new layer are very large.
#
# `rows` says which rows of `x` have a label: `y[0]` belongs to `x[rows[0]]`.
# Not every number that you are given is needed.

# %% exercise="6.8"

# %% [markdown]
# ## 6.9 Challenge: the bias of the forget gate
#
# Many LSTMs begin with a forget bias (망각 게이트의 편향) of 1, and not of 0.
# What is it good for?
#
# At the beginning the weights are small, so the $z$ of a forget gate is about its bias alone.
# Nothing new is written into the memory $c$.
# Which share of it is left after T steps?
# (The error signal along the belt keeps the same share.)

# %% [markdown]
# Return two results.
#
# - `logs`: the base-10 logarithm of this share, for every bias in `b`.
# - `smallest`: the smallest bias with which a cell keeps the share `p` over all T steps.

# %% exercise="6.9"

# %% [markdown]
# Put T = 100 and p = 0.5 into your function: which bias keeps one half?
# `widgets.lstm_cell()` shows the same belt.

# %% [markdown]
# ## 6.10 Challenge: the remedy for six logs
#
# Six logs of six runs, and each has an illness of its own.
# Choose the remedy that treats it; in some logs it is none of the four.
#
# The numbers after `delta` are the RMS of the error signal, in the places that the question names.
# Write one letter for each log, for example `remedies = "A A A A A A"`.

# %% exercise="6.10"

# %% [markdown]
# ## Done?
#
# Run `progress()` in a new cell.
# That was the last exercise of the last lesson: you have built a network, trained it, and know what can go wrong and what helps.
