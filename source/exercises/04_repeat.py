# %% [markdown]
# # Exercises 4: repeat
#
# Eight exercises on the loop that trains a network, and a quiz for those who want it.
# The lesson that belongs to them is [`notebooks/04_repeat.ipynb`](../notebooks/04_repeat.ipynb).
#
# **How it works.**
# Write your answer in place of the line that begins with `raise`, and run the cell.
# Then run the `check` cell under it.
# It tells you whether all values agree, and if not, which mistake it looks like.

# %% [markdown]
# You have three more commands; type them into any new cell.
#
# - `hint("4.1")` gives a hint: first a question, then the place to look, then the formula.
# - `solution("4.1")` shows one answer of ours.
# - `progress()` shows how far you are.
#
# You may use NumPy everywhere, and write as many helper cells as you like.
# Of `bplib`, an answer may call only what this notebook imports from `bplib.activations`: the rest is closed while it runs.
# Return new arrays; leave the arguments as they are.
# Work with Python's usual floats (`float64`).

# %% [markdown]
# That a network has learnt something proves little: many wrong loops learn too, only worse.
# So every check compares numbers, after few steps and after many.
#
# The exercises are short loops; 4.4 and 4.8 put all parts together.

# %%
import numpy as np

from bplib import datasets, widgets
from bplib.activations import sigmoid
from bplib.exercises import check, hint, progress, solution
from bplib.initialisers import he

# %% [markdown]
# ## 4.1 Count the updates
#
# `N` rows are used in batches of `B` rows, epoch after epoch.
# Each batch makes one update.
# Return the number of updates of the whole training, and the number of rows in the last batch of an epoch.

# %% exercise="4.1"

# %% [markdown]
# ## 4.2 Cut an epoch into batches
#
# `rows` says in which order this epoch uses the rows: it holds every row number once, shuffled.
# Because it is given, the result is exact.
#
# Return a list of pairs, one pair `(x, y)` for each batch.
# Every row is used once, with its own target.

# %% exercise="4.2"

# %% [markdown]
# ## 4.3 Mazur's network, ten thousand steps
#
# Exercise 3.2 took one step.
# Now take `steps` of them, and return the error after the last one.
# As in Mazur's story, the biases stay as they are.
#
# Here is his network.
# When your function is written, try `error_after(*network, 0.5, 10_000)` in a new cell: the error began at 0.298371109.

# %%
network = (datasets.mazur().x[0], datasets.mazur().y[0], *datasets.mazur()[2:])

# %% exercise="4.3"

# %% [markdown]
# ## 4.4 The same run from the same seed
#
# A seed fixes a run only if everybody draws the same numbers in the same order.
# The docstring says which numbers: W1, W2, and then one order of the rows for each epoch.
#
# Each row makes one update, so the formulas are those for one sample.
# Return the four arrays as they are after the last epoch.
# XOR is among the tests.

# %% exercise="4.4"

# %% [markdown]
# ## 4.5 The loss of an epoch
#
# Each batch reports the mean loss over its rows.
# The last batch is smaller.
# Return the mean over all rows of the epoch.

# %% exercise="4.5"

# %% [markdown]
# ## 4.6 Twins: the rank of W1
#
# Neurons with the same weights, in and out, are twins.
# Do they ever part?
#
# Train the network of the docstring, and look at W1 afterwards.
# Its singular values, from `np.linalg.svd`, show how many of its rows are independent: a value that is almost 0 means one less.
# Some of the test networks have twins, and some only look so.
# Return the singular values and the rank.

# %% exercise="4.6"

# %% [markdown]
# ## 4.7 Early stopping
#
# You get two finished curves, but read them as if they were coming in: at epoch 5 nobody knows epoch 6.
#
# Say at which epoch training stops, and which epoch was the best by then.
# Epochs are counted from 0, as in `bplib.training.train`.
# An equal loss is no improvement.

# %% exercise="4.7"

# %% [markdown]
# ## 4.8 One epoch of an MLP
#
# Here all four lessons come together: forward, back, update, for every batch of an epoch.
#
# The hidden layer is ReLU: $\max(0, z)$, with the slope 1 where $z > 0$ and 0 elsewhere.
# The output is softmax with cross-entropy, as in exercise 2.7.
# Return the new `W1`, `b1`, `W2` and `b2`.

# %% exercise="4.8"

# %% [markdown]
# Now let your epoch read handwriting.
# 1437 digits train a network with 256 hidden neurons, and 360 are kept for the end.
# The target is 95 % of those, in less than five seconds.


# %%
def read_digits(rng, epochs=40, batch=32, lr=0.2):
    """Train with your function.   ->  the share of test digits named rightly"""
    x, y, x_test, y_test = datasets.split(*datasets.digits(), 360, rng)
    params = [he(256, 64, rng), np.zeros(256), he(10, 256, rng), np.zeros(10)]
    for _ in range(epochs):
        params = sgd_epoch(x, y, *params, rng.permutation(len(x)), batch, lr)
    W1, b1, W2, b2 = params
    scores = np.maximum(0, x_test @ W1.T + b1) @ W2.T + b2
    return np.mean(scores.argmax(axis=1) == y_test.argmax(axis=1))


# %% tags=["only-shows"]
try:
    print(f"{read_digits(np.random.default_rng(0)):.1%} of the test digits are named rightly.")
except NotImplementedError:
    print("Exercise 4.8 is not written yet, so no digit is read.")
except Exception as error:
    print(f"Your epoch does not run on the digits yet ({type(error).__name__}): see its check.")

# %% [markdown]
# ## 4.9 Bonus: what is wrong here?
#
# Some mistakes are in no array: every line is right, and the conclusion is wrong.
# Seven short stories; choose one letter for each.

# %% exercise="4.9"

# %% [markdown]
# ## Done?
#
# Run `progress()` in a new cell.
# Then go on with lesson 5: why ten layers learn nothing, where two learn so well.
