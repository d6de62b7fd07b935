# %% [markdown]
# # Exercises 5: the vanishing gradient
#
# Eight exercises on the error signal on its way back, through layers and through time.
# The lesson that belongs to them is [`notebooks/05_vanishing_gradient.ipynb`](../notebooks/05_vanishing_gradient.ipynb).
#
# **How it works.**
# Write your answer in place of the line that begins with `raise`, or of the empty letters, and run the cell.
# Then run the `check` cell under it.
# It tells you whether all values agree, and if not, which mistake it looks like.

# %% [markdown]
# You have three more commands; type them into any new cell.
#
# - `hint("5.1")` gives a hint: first a question, then the place to look, then the formula.
# - `solution("5.1")` shows one answer of ours.
# - `progress()` shows how far you are.
#
# You may use NumPy everywhere, and write as many helper cells as you like.
# Of `bplib`, an answer may call only what this notebook imports from `bplib.activations`: the rest is closed while it runs.
# Return new arrays; leave the arguments as they are.
# Work with Python's usual floats (`float64`).
#
# Layer 1 is always the one next to the input.

# %%
import numpy as np

from bplib import widgets
from bplib.activations import sigmoid, sigmoid_prime, tanh, tanh_prime
from bplib.exercises import check, hint, progress, solution

# %% [markdown]
# ## 5.1 The steepest place of a neuron
#
# A neuron with one input computes
#
# $$a = \sigma(w x + b)$$
#
# How much can a small change of $x$ change $a$ at most?
# Return the largest size of the slope $da/dx$, and the $x$ at which the neuron has it.
#
# The size of a slope is never negative.
# `w` and `b` are `(n,)`: n such neurons, each for itself.

# %% exercise="5.1"

# %% [markdown]
# ## 5.2 What is left after a chain of neurons
#
# L sigmoid neurons in a row, one per layer.
# The error signal starts at the last one and runs back to the first.
# Which part of it arrives?
#
# $$\frac{\delta^1}{\delta^L}$$
#
# `w[0]` leads from the input into the first neuron, `w[1]` from the first neuron into the second, and so on.
# `z[0]` is the $z$ of the first neuron.
# Return this ratio, with its sign.
# Not every number that you are given is needed.

# %% exercise="5.2"

# %% [markdown]
# ## 5.3 A profile of any network
#
# How large is the error signal in each layer?
# Write a function that measures any network of fully connected layers.
#
# It gets the activation as two functions: `phi`, and its slope `prime`.
# Both take z.
# All layers have the same one.

# %% [markdown]
# The loss is half the squared error, summed over the outputs, and the mean over the m rows.
#
# Return the base-10 logarithm of the RMS (root of the mean square) of $\delta$, over all rows and neurons of a layer.
# The first layer comes first.
#
# Why a logarithm?
# Because the tiny ones are the ones that we want to see.

# %% exercise="5.3"

# %% [markdown]
# ## 5.4 Six settings in order
#
# Six networks, each with ten hidden layers of 64 neurons and biases of 0, on the handwritten digits.
# They differ in activation and first weights.
# *N(0, 1)* are weights with the standard deviation 1.
#
# Measure the RMS of $\delta$ in hidden layer 1 and in hidden layer 10, before any training.
# The ratio is the first divided by the tenth.

# %% [markdown]
# Order the six by this ratio: the one that vanishes most comes first, the one that explodes most comes last.
# Write their letters in this order.
#
# Predict first, then measure: with `widgets.depth_lab()`, or with your own function of exercise 5.3.

# %% exercise="5.4"

# %% [markdown]
# ## 5.5 Xavier and He
#
# Two formulas for first weights, both from one thought: a sum of n terms has n times the variance of one term.
#
# - Xavier is made for tanh, and keeps the mean of the way forward and the way back.
# - He is made for ReLU, and looks at the way forward.
#
# Return the two *standard deviations* for a normal distribution.
# The argument is the shape of `W`, which is `(n_out, n_in)`.

# %% exercise="5.5"

# %% [markdown]
# ## 5.6 Fifty layers that keep the signal
#
# A network as deep as fifty layers, and no two of them have the same width.
# Its activation is a Leaky ReLU: slope 1 above 0, slope $s$ below, and half of all z are above 0.
#
# Find the standard deviation of the weights of each layer with which the RMS of $\delta$ stays the same on the way **back**.

# %% [markdown]
# `widths` holds the number of neurons in layers 1 to L.
# Between them are the matrices `W2` to `WL`, so there are L - 1 results.
# `W2` is `(widths[1], widths[0])`.
#
# Take the thought behind He, and turn it round: going back, the sums run the other way.

# %% exercise="5.6"

# %% [markdown]
# ## 5.7 Back through time, and the spectral radius
#
# A recurrent network uses one `W_h` at every step:
#
# $$h_t = \tanh(W_x x_t + W_h h_{t-1} + b)$$
#
# Nudge the state $h_t$ a little.
# How much of the nudge is left at the end, in $h_T$?
# The matrix $\partial h_T / \partial h_t$ says it: entry (j, k) is how neuron j at the end feels neuron k at time t.

# %% [markdown]
# Return two results.
#
# - `sizes`: for every t from 0 to T - 1, the base-10 logarithm of the spectral norm of that matrix.
#   The spectral norm is the largest factor by which a matrix can stretch a vector; `np.linalg.norm(J, 2)` is this norm.
# - `radius`: the spectral radius of `W_h`, the largest size of its eigenvalues.
#   `np.linalg.eigvals` gives the eigenvalues, and they may be complex.
#
# You have the states `h`, so no input and no bias is needed.

# %% exercise="5.7"

# %% [markdown]
# Compare the two on your own numbers: is a radius below 1 enough for the signal to vanish?
# Is a radius above 1 enough for it to explode?

# %% [markdown]
# ## 5.8 Vanish, explode or converge?
#
# Four logs of four networks.
# Each has ten hidden layers of 32 and learns to tell ten digits apart, with the loss softmax cross-entropy.
#
# The four numbers after `delta` are the RMS of $\delta$ in hidden layers 1, 4, 7 and 10, in this order.
# Those after `dW` are the RMS of `dW` in the same layers.
# Write one letter for each log, for example `verdicts = "A A A A"`.

# %% exercise="5.8"

# %% [markdown]
# ## Done?
#
# Run `progress()` in a new cell.
# Then go on with lesson 6, in which the signal is kept alive.
