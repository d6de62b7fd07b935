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
# You have three more verbs; type them into any new cell.
#
# - `hint("6.1")` gives a hint: first a question, then the place to look, then the formula.
# - `solution("6.1")` shows one answer of ours.
# - `progress()` shows how far you are.
#
# You may use NumPy everywhere, and write as many helper cells as you like.
# Return new arrays; leave the arguments as they are.
# Work with Python's usual floats (`float64`).
#
# The error signal $\delta$ is $\partial L / \partial z$, as always; `da` is $\partial L / \partial a$.

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
#
# No $z$ is exactly 0 here, so it does not matter which slope you give to the kink.

# %% exercise="6.1"

# %% [markdown]
# ## Done?
#
# Run `progress()` in a new cell.
