# %% [markdown]
# # Exercises 1: feed-forward
#
# Eight exercises on the way from the input to the output of a network.
# The lesson that belongs to them is [`notebooks/01_feed_forward.ipynb`](../notebooks/01_feed_forward.ipynb).
#
# **How it works.**
# Write your answer in place of the line that begins with `raise`, and run the cell.
# Then run the `check` cell under it.
# It tells you whether all values agree, and if not, which mistake it looks like.

# %% [markdown]
# You have three more commands; type them into a new cell (the **+** above the notebook makes one).
#
# - `hint("1.1")` gives a hint: first a question, then the place to look, then the formula.
# - `solution("1.1")` shows one answer of ours.
# - `progress()` shows how far you are.
#
# The text under the first line of an answer says which shapes go in and what must come out.
# You may use NumPy everywhere, and write as many helper cells as you like.
# Of `bplib`, an answer may call only what this notebook imports from `bplib.activations`: the rest is closed while it runs.
# Return a new array; leave the arguments as they are.
# Work with Python's usual floats (`float64`).

# %%
import numpy as np

from bplib import widgets
from bplib.exercises import check, hint, progress, solution

# %% [markdown]
# ## 1.1 The weighted sum of one neuron
#
# A neuron multiplies each input by its own weight, adds the products, and adds its bias:
#
# $$z = w_1 x_1 + w_2 x_2 + \dots + w_n x_n + b$$
#
# The activation comes later; here only $z$ is asked for.

# %% exercise="1.1"

# %% [markdown]
# ## 1.2 A sigmoid that does not overflow
#
# The sigmoid squashes any number into the range from 0 to 1:
#
# $$\sigma(z) = \frac{1}{1 + e^{-z}}$$
#
# Write it for a whole array at once.
# It must also work for $z = -1000$ and for $z = 1000$, where `np.exp` can overflow.
# Section 1.2 of the lesson has another formula for negative $z$.
# `np.abs`, `np.where` and `np.tanh` may help; each treats a whole array at once.

# %% exercise="1.2"

# %% [markdown]
# From here on you may use our own sigmoid.

# %%
from bplib.activations import sigmoid

# %% [markdown]
# ## 1.3 One layer for a batch
#
# A layer is several neurons that see the same inputs.
# Row $j$ of `W` holds the weights of neuron $j$, and `b` holds one bias per neuron.
# A batch is several samples at once: each row of `x` is one sample, and the same row of the result is its answer.

# %% exercise="1.3"

# %% [markdown]
# ## 1.4 Mazur's forward pass, to nine digits
#
# The network of the lesson: two inputs, two hidden neurons, two outputs.
# Here one sample is a vector, so a layer reads like the book: `W @ x + b`, then the sigmoid.
# The error is half the sum of the squared errors of the outputs:
#
# $$E = \frac{1}{2} \sum_j (a^2_j - y_j)^2$$
#
# Here $a^2$ is the output of layer 2; only the last 2 is a square.
# Return all three, in this order: `a1`, `a2` and `E`.
# Do not round: with Mazur's own numbers you get the nine digits of the lesson.
# The check tries other networks too.

# %% exercise="1.4"

# %% [markdown]
# **A tool for 1.5 and 1.6.**
# `axis=1` goes along each row of a table, and gives one number for each row.
# `keepdims=True` keeps these numbers as a column, so that NumPy can use them row by row.

# %%
table = np.array([[1.0, 5.0, 3.0], [7.0, 0.0, -1.0]])
print("a vector", table.sum(axis=1))
print("a column\n", table.mean(axis=1, keepdims=True))
print("each row minus its own mean\n", table - table.mean(axis=1, keepdims=True))

# %% [markdown]
# ## 1.5 Two losses
#
# A loss says in one number how wrong a batch is.
# Both losses take the sum along each row first, and then the mean over the $m$ rows:
#
# $$\text{half mean squared error} = \frac{1}{m} \sum_{\text{rows}} \frac{1}{2} \sum_j (a_j - y_j)^2$$
#
# $$\text{cross-entropy} = -\frac{1}{m} \sum_{\text{rows}} \sum_j y_j \ln a_j$$
#
# Each row of `a` holds probabilities; each row of `y` is 1 at the true class and 0 elsewhere.
# The natural logarithm $\ln$ is `np.log`.
# Return two numbers: first the half mean squared error, then the cross-entropy.

# %% exercise="1.5"

# %% [markdown]
# ## 1.6 Softmax, row by row, without overflow
#
# Softmax turns the sums $z$ of an output layer into probabilities:
#
# $$p_j = \frac{e^{z_j}}{\sum_k e^{z_k}}$$
#
# Here each row of `z` is one sample.
# Each row of the result must sum to 1, also when a $z$ is as large as 1000 or as small as $-1000$.
# Section 1.8 of the lesson shows the cure for one sample: the shift.

# %% exercise="1.6"

# %% [markdown]
# ## 1.7 Any number of layers, with a trace
#
# Now the whole forward pass of a network with $L$ sigmoid layers, for a batch: each layer is that of 1.3.
# ($L$ counts layers here; it is not the loss.)
# Layer 1 has the weights `Ws[0]` and the biases `bs[0]`, and so on; `zip(Ws, bs)` gives them in pairs.
# Keep every `z` and every `a` in a list: lesson 2 needs them on the way back.
# The list `a` begins with `x` itself, so it is one longer than `z`.
# Return both lists, first `z`, then `a`.

# %% exercise="1.7"

# %% [markdown]
# ## 1.8 Put the lines of a forward pass in order
#
# Seven of these lines make a forward pass of one sample through two layers, with its error `E`.
# The other three are traps.
# Write the letters of the seven lines in the order in which they should run.
# For example, `order = "C A"` runs line C, then line A.
# The check runs your lines in your order.

# %% exercise="1.8"

# %% [markdown]
# ## Done?
#
# Run `progress()` in a new cell.
# Then go on with [lesson 2](../notebooks/02_error_backprop.ipynb), in which the error runs back through the same network.
