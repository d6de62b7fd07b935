# %% [markdown]
# # Exercises 3: weight update
#
# Eight exercises on the step from gradients to new weights.
# The lesson that belongs to them is [`notebooks/03_weight_update.ipynb`](../notebooks/03_weight_update.ipynb).
#
# **How it works.**
# Write your answer in place of the line that begins with `raise`, and run the cell.
# Then run the `check` cell under it.
# It tells you whether all values agree, and if not, which mistake it looks like.

# %% [markdown]
# You have three more commands; type them into any new cell.
#
# - `hint("3.1")` gives a hint: first a question, then the place to look, then the formula.
# - `solution("3.1")` shows one answer of ours.
# - `progress()` shows how far you are.
#
# You may use NumPy everywhere, and write as many helper cells as you like.
# Of `bplib`, an answer may call only what this notebook imports from `bplib.activations`: the rest is closed while it runs.
# Return new arrays; leave the arguments as they are.
# In this lesson that is a part of the task: who writes over the old weights cannot compare.
# Work with Python's usual floats (`float64`).

# %%
import numpy as np

from bplib import widgets
from bplib.activations import sigmoid
from bplib.datasets import mazur
from bplib.exercises import check, hint, progress, solution

# %% [markdown]
# ## 3.1 One step downhill
#
# The gradient `dw` says how steep the loss is along each weight.
# One step of gradient descent starts at the old weights and goes down the slope.
# The learning rate `lr`, in formulas $\eta$, says how large a part of the gradient the step is.
#
# `w` and `dw` are `(n,)`; the result is `(n,)` too.

# %% exercise="3.1"

# %% [markdown]
# ## 3.2 Mazur's step: all weights and biases at once
#
# The network of lessons 1 and 2: two layers of sigmoid neurons, one sample, half the squared error.
# Run it forward, take the error back, and move everything: `W1`, `b1`, `W2` and `b2`.
#
# *At once* means that every gradient is taken at the old values.
# The check tries Mazur's own numbers and other networks too.

# %% exercise="3.2"

# %% [markdown]
# ## 3.3 SGD for a list, and the old list stays
#
# A network of any depth keeps its parameters in one list: `W1, b1, W2, b2, ...`.
# Its gradients are a list of the same shapes.
# Take one step for all of them, and hand back a new list of new arrays.
#
# The old arrays must be the same after the call as before it.
# The check looks at them too.

# %% exercise="3.3"

# %% [markdown]
# ## 3.4 The detective: where does the web's number come from?
#
# Mazur's network starts with the error $E$ = 0.298371109.
# Many pages on the web that work it through say that after one step, with $\eta = 0.5$ and the biases left alone, the error is
#
# $$0.291027924$$
#
# The right step, all weights at once from their old values, gives
#
# $$0.291027774$$
#
# The difference is small, but it is no rounding: both numbers have nine digits.
# The program behind the web's number made one mistake.

# %% [markdown]
# Find the mistake, and prove it: write the step *with* the mistake in it.
# Your function runs the network forward, takes the wrong step, runs forward again, and returns the error `E`.
# Neither step moves the biases.
#
# Here is Mazur's network, so that you can try a suspicion in a new cell with
# `print(f"{web_error(*network, 0.5):.9f}")`.
# The check tries other networks too, on which the two numbers differ much more.

# %%
network = (mazur().x[0], mazur().y[0], *mazur()[2:])

# %% exercise="3.4"

# %% [markdown]
# A network with this mistake still learns, so training does not show it.
# Only the numbers tell.

# %% [markdown]
# ## 3.5 Momentum
#
# A ball keeps its speed for a while.
# So does a weight with momentum: its velocity `v` keeps the part `mu` of itself and takes in the whole new gradient.
# Then `w` moves by `lr` times the new velocity, downhill.
#
# Books write this in two ways; here the learning rate stands at the step of `w`, not in `v`.
# `w`, `v` and `dw` have one shape, and the check tries vectors and matrices.

# %% exercise="3.5"

# %% [markdown]
# ## 3.6 The largest learning rate of a bowl
#
# A bowl over $n$ weights has the error
#
# $$E(w) = \frac{1}{2} \, w^\top A \, w$$
#
# with a symmetric matrix `A` of shape `(n, n)`, all of whose eigenvalues are positive.
# Its gradient is $A w$, and its bottom is at $w = 0$.
# Small learning rates lead to the bottom, and large ones fly out of the bowl.
#
# Return the bound between the two.
# Trying out rates gives two or three digits; the check wants six.

# %% exercise="3.6"

# %% [markdown]
# ## 3.7 Weight decay, but not for the bias
#
# A penalty keeps weights small. The loss becomes
#
# $$E + \frac{\lambda}{2} \sum_{j,k} W_{jk}^2$$
#
# `dW` and `db` are the gradients of $E$ alone.
# Take one step on the whole sum, for `W` of shape `(n_out, n_in)` and `b` of shape `(n_out,)`.
# The bias is not in the penalty.

# %% exercise="3.7"

# %% [markdown]
# ## 3.8 Adam, with its bias correction
#
# Adam keeps two running means per weight: `m` of the gradients, and `s` of their squares.
# `m` keeps the part `beta1` of itself and takes in the rest, $1 - \beta_1$, of the new gradient; `s` does the same with `beta2` and the square.
#
# Both start at 0, so they are too small at first.
# Divided by $1 - \beta^t$, each with its own $\beta$, they are right on average from the first step.
# The step is the corrected `m`, divided by the root of the corrected `s` plus `eps`, times `lr`.

# %% [markdown]
# The plus is outside the root.
# Hand back the `m` and `s` that the next step must start from.
# The first step has `t = 1`, and moves each weight by almost exactly `lr`.

# %% exercise="3.8"

# %% [markdown]
# ## Done?
#
# Run `progress()` in a new cell.
# Then go on with [lesson 4](../notebooks/04_repeat.ipynb), in which one step becomes many.
