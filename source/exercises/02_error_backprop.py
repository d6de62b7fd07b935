# %% [markdown]
# # Exercises 2: error backprop
#
# Eight exercises on the way back from the error to every weight, and two more for those who want them.
# The lesson that belongs to them is [`notebooks/02_error_backprop.ipynb`](../notebooks/02_error_backprop.ipynb).
#
# **How it works.**
# Write your answer in place of the line that begins with `raise`, and run the cell.
# Then run the `check` cell under it.
# It tells you whether all values agree, and if not, which mistake it looks like.

# %% [markdown]
# You have three more commands; type them into any new cell.
#
# - `hint("2.1")` gives a hint: first a question, then the place to look, then the formula.
# - `solution("2.1")` shows one answer of ours.
# - `progress()` shows how far you are.
#
# You may use NumPy everywhere, and write as many helper cells as you like.
# Of `bplib`, an answer may call only what this notebook imports from `bplib.activations`: the rest is closed while it runs.
# Return a new array; leave the arguments as they are.
# Work with Python's usual floats (`float64`).
#
# A slope that is measured by nudging is not enough here, except in 2.8.
# Some of the test numbers are so large that only formulas get them right.
#
# Rows and columns are as in lesson 1: `W` is (n_out, n_in), and row $j$ belongs to neuron $j$.
# Up to 2.4 one sample is a vector; from 2.6 on each row of `x` is one sample.

# %%
import numpy as np

from bplib import widgets
from bplib.activations import sigmoid
from bplib.exercises import check, hint, progress, solution

# %% [markdown]
# ## 2.1 The slope of the sigmoid, from its output
#
# The forward pass computes $a = \sigma(z)$.
# The backward pass needs the slope $\sigma'(z)$ at the same $z$.
# You do not get $z$ any more, but $a$ tells you enough.

# %% exercise="2.1"

# %% [markdown]
# From here on you may use our own slope; it takes $z$, not $a$.

# %%
from bplib.activations import sigmoid_prime

# %% [markdown]
# ## 2.2 Delta of the output neurons
#
# `a` holds the outputs of a layer of sigmoid neurons for one sample, `y` their targets:
#
# $$E = \frac{1}{2} \sum_j (a_j - y_j)^2$$
#
# Return $\delta_j$, the slope of $E$ with respect to $z_j$, for each output neuron.
# Mazur's two outputs are among the test numbers.

# %% exercise="2.2"

# %% [markdown]
# ## 2.3 From delta to the gradients of a layer
#
# Now `delta` is known, and the gradients of the layer's own `W` and `b` are asked for.
# The layer was fed with `a_prev`, which came out of the sums `z_prev`.
# You get more than you need: choose.

# %% exercise="2.3"

# %% [markdown]
# ## 2.4 A hidden layer
#
# A hidden neuron has no target.
# It learns from the deltas of the next layer, which come back over the weights.
#
# - `delta_next` and `W_next` belong to the next layer: `W_next[j, i]` leads from neuron $i$ of this layer to neuron $j$ of the next.
# - `a` is what this layer handed on, through a sigmoid; `a_prev` is what it was fed with.
#
# Return this layer's `delta`, `dW` and `db`, in that order.

# %% exercise="2.4"

# %% [markdown]
# ## 2.5 A long chain, computed from its end
#
# No layers here, only numbers, and a different function at each step:
#
# $$f_0 = b_0 + w_0\, x \qquad f_1 = b_1 + w_1 \sin f_0 \qquad f_2 = b_2 + w_2\, e^{f_1} \qquad f_3 = b_3 + w_3 \cos f_2$$
#
# $$E = (f_3 - y)^2$$
#
# Note that this $E$ has no ½.
# Three slopes from school: that of $\sin f$ is $\cos f$, that of $\cos f$ is $-\sin f$, and $e^f$ is its own slope.
#
# Return the slope of $E$ at each $f$, from the last to the first, and then the gradients of all $w$ and all $b$.
# Each slope can be made from the one before it: no piece needs to be computed twice.
#
# <details><summary>Where this comes from</summary>
#
# Prince 2023, *Understanding Deep Learning*, section 7.3 and its notebook 7.1.
# The book's numbers are the first test.
#
# </details>

# %% exercise="2.5"

# %% [markdown]
# ## 2.6 The whole backward pass, for a batch
#
# Two sigmoid layers, and $m$ samples at once, one per row.
# The loss is the mean over the rows of half the squared error:
#
# $$L = \frac{1}{m} \sum_{\text{rows}} \frac{1}{2} \sum_j (a^2_j - y_j)^2$$
#
# Return `delta2, dW2, db2, delta1, dW1, db1`: the order in which they are computed.
# `delta2` is the slope of $L$ at `z2`, so the $\frac{1}{m}$ is already in it.

# %% exercise="2.6"

# %% [markdown]
# ## 2.7 Softmax with cross-entropy, in one line
#
# `z` holds the last sums of a network that knows $n$ classes, one sample per row.
# The probabilities are $p$ = softmax of each row, and the loss is
#
# $$L = -\frac{1}{m} \sum_{\text{rows}} \sum_j y_j \ln p_j$$
#
# Each row of `y` is 1 at the true class and 0 elsewhere.
# Return the slope of $L$ at `z`.
# The $z$ can be very large: let your softmax not overflow (exercise 1.6).

# %% exercise="2.7"

# %% [markdown]
# ## 2.8 A gradient check
#
# Now measure.
# For each entry of `w` alone, nudge it by `h` to both sides and see how much `f` changes:
#
# $$\frac{f(w + h) - f(w - h)}{2h}$$
#
# Then compare your measured gradient $p$ with `grad`, the gradient $q$ that somebody else has computed:
#
# $$\text{error} = \frac{\max|p - q|}{\max|p| + \max|q|}$$
#
# `w` can be a vector or a matrix.
# The test uses large `h`, so that it can see which formula you took.

# %% exercise="2.8"

# %% [markdown]
# ## 2.9 Bonus: a bug hunt
#
# Six people wrote the backward pass of 2.6, and all six are wrong.
# Here are their gradients for the same network and the same five rows.
# One of the six made two mistakes.
# Write six letters in the order of the people, for example `culprits = "A A A A A A"`.
#
# To calculate with their numbers, copy an array into a new cell, without the `#`.
#
# The next cell prints the right gradients.

# %%
from bplib import bugs

x, y, W1, b1, W2, b2 = bugs.fixture()
delta2, dW2, db2, delta1, dW1, db1 = bugs.backward(x, y, W1, b1, W2, b2)
for name, right in {"dW2": dW2, "db2": db2, "dW1": dW1, "db1": db1}.items():
    print(name, "times 1000\n", np.round(1000 * right, 2))

# %% exercise="2.9"

# %% [markdown]
# ## 2.10 Bonus: numbers that remember their way
#
# A `Value` is a number that remembers what it was made of.
# So `backward()` can find the slope with respect to everything it came from, for any formula.
# PyTorch and its relatives do the same, with arrays.
#
# Write four methods.
# `v.backward()` is called once, on the end of a formula such as `(a * b + c).exp()`; after that `a.grad`, `b.grad` and `c.grad` must hold the slopes.
# Take care when a number is used twice: `d = a * b`, then `d * d + a`.

# %% exercise="2.10"

# %% [markdown]
# ## Done?
#
# Run `progress()` in a new cell.
# Then go on with [lesson 3](../notebooks/03_weight_update.ipynb), in which the gradients change the weights.
