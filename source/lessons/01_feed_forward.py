# %% [markdown]
# # 1. Feed-forward
#
# A neural network learns from examples: it answers, sees how wrong it is, and corrects itself.
# *Backpropagation* finds the corrections.
# But first the network must answer: numbers go in, numbers come out.
# That is *feed-forward*, the topic of this lesson.
# New words are explained when they come.
#
# **After this lesson you can**
#
# - compute a small network by hand and in NumPy;
# - say what weights, bias and activation do;
# - check shapes;
# - measure how wrong an answer is.

# %% [markdown]
# You need Python and school algebra.
# NumPy is the Python library for tables of numbers.
# Run the grey cells from top to bottom: click, then press **Shift + Enter**.
# **Predict** means: first write your guess on paper.
# A wrong guess is welcome, because you will remember the answer.
#
# Two examples go on through lessons 2, 3 and 4:
#
# - **XOR**: two inputs, 0 or 1; the answer is 1 when exactly one of them is 1;
# - **Mazur's network**: so small that you can check every number by hand.

# %%
import numpy as np

from bplib import datasets, widgets
from bplib.activations import SIGMOID, sigmoid
from bplib.initialisers import xavier, zeros
from bplib.losses import MSE, half_mse, softmax
from bplib.network import Layer, Network

np.set_printoptions(precision=9, suppress=True)

# %% [markdown]
# ## 1.1 One neuron
#
# A *neuron* makes one number out of several *inputs*.
# Each input has a *weight*: how much it counts.
# Multiply each input by its weight, add the products, then add one more number, the *bias*.
# This is the *weighted sum* $z$.
# The neuron answers 1 where $z$ is positive, and 0 elsewhere.
#
# The four points are the cases of XOR; on the line, $z$ is 0.
# The colours show the output $a$, the topic of section 1.2.
#
# **Predict:** can one line get all four points right?

# %%
widgets.neuron_lab()

# %% [markdown]
# No line can; section 1.5 will need more neurons.
#
# Now with numbers.
# A list of numbers is a *vector*: $x$ holds the inputs, $w$ the weights.
#
# $$z = w_1 x_1 + w_2 x_2 + b = w \cdot x + b$$
#
# For two vectors, `w @ x` multiplies them number by number and adds the products.
# That is the dot in the formula.
#
# **Predict** $z$ on paper from the numbers in the cell; both lines must print it.
# The lab can show it too: its *probe* is the point with the dashed ring.

# %%
x = np.array([1.0, 1.0])
w, b = np.array([2.0, -3.0]), 0.5
print(w[0] * x[0] + w[1] * x[1] + b)
print(w @ x + b)

# %% [markdown]
# ## 1.2 The activation
#
# An *activation* is a function that turns $z$ into the neuron's output $a$.
# We write $a = \phi(z)$.
# The gallery shows four of them: sigmoid, tanh, ReLU and Leaky ReLU.
# None of them is one straight line, and section 1.5 shows why that matters.
# The *derivative* is the slope of the curve at each point; lesson 2 will need it.
#
# **Predict:** what does the sigmoid give for $z = 0$, and where is it steepest?

# %%
widgets.activation_gallery()

# %% [markdown]
# The *sigmoid* presses every number into the space between 0 and 1:
#
# $$a = \sigma(z) = \frac{1}{1 + e^{-z}}$$
#
# In NumPy, $e^{-z}$ is `np.exp(-z)`, and an *array* (a vector is one) is treated number by number.
#
# **Break it:** for $z = -1000$ the formula needs $e^{1000}$.
# That number is too big for the computer: it *overflows*.
# **Predict** the line that fails.
# The last line is the library's sigmoid, written in another way.

# %%
z = np.array([-4.0, 0.0, 4.0])
print(1 / (1 + np.exp(-z)))
with np.errstate(over="raise"):  # NumPy would only warn; we want to see it stop
    try:
        print(1 / (1 + np.exp(1000.0)))
    except FloatingPointError as error:
        print("broken:", error)
print(sigmoid(np.array([-1000.0, 1000.0])))

# %% [markdown]
# ## 1.3 A layer: many neurons, the same inputs
#
# Neurons that read the same inputs form a *layer*.
# Their weights stand in a table, the *matrix* $W$, one row for each neuron.
# Its *shape* is (rows, columns), here (neurons, inputs).
# The biases form a vector $b$; with three numbers its shape is `(3,)`.
# `W @ a` makes the weighted sum of every row at once.
# The inputs are called $a$: they may come from an earlier layer.
#
# **Predict:** three neurons read two inputs.
# Which shapes have $W$, $b$ and `W @ a + b`?

# %%
a = np.array([1.0, 0.0])
W = np.array([[2.0, -3.0], [1.0, 1.0], [0.5, 4.0]])
b = np.array([0.5, 0.0, -1.0])
for j in range(3):
    print("neuron", j, "z =", W[j] @ a + b[j])
z = W @ a + b
print("the layer", z)
print("shapes", W.shape, b.shape, z.shape)

# %% [markdown]
# Neuron $j$ uses row $j$ of $W$, and $\sum_i$ means: add up for every input $i$.
#
# $$z_j = \sum_i W_{ji}\, a_i + b_j \qquad \text{all at once:} \qquad z = W a + b$$
#
# $W a$, in code `W @ a`, is the *matrix product*.
# Its inner sizes must agree: `(3, 2) @ (2,)` gives `(3,)`.
# Formulas count from 1, Python from 0.
#
# **Break it:** `W.T`, the *transpose*, turns rows into columns.
# **Predict** what `W.T @ a` does.
# NumPy's message is long; read the bracket at its end.

# %%
try:
    print(W.T @ a)
except ValueError as error:
    print("broken:", error)

# %% [markdown]
# ## 1.4 A network: one layer after the other
#
# In a *network*, the outputs of one layer are the inputs of the next.
# Mazur's network has two inputs, two *hidden* neurons and two *output* neurons.
# Hidden means: neither input nor output.
# The network should answer with the *target* $y$, and nobody has trained it yet.
#
# **Predict:** every weight and every bias is positive.
# Will the two outputs lie above or below one half?
#
# Then step through it, one neuron at a time.

# %%
widgets.mazur_forward()

# %% [markdown]
# The small raised number tells the layer: $W^1$ is "the $W$ of layer 1", not a power.
#
# $$z^1 = W^1 x + b^1 \qquad a^1 = \sigma(z^1)$$
# $$z^2 = W^2 a^1 + b^2 \qquad a^2 = \sigma(z^2)$$
#
# The code has the same four lines and the same letters.
# Work out the first number of `z1` with a pocket calculator.
# Then compare all of them with the picture.

# %%
x, y, W1, b1, W2, b2 = datasets.mazur()
x, y = x[0], y[0]  # the only sample
z1 = W1 @ x + b1
a1 = sigmoid(z1)
z2 = W2 @ a1 + b2
a2 = sigmoid(z2)
print("z1", z1, "a1", a1)
print("z2", z2, "a2", a2)
print("target", y)

# %% [markdown]
# **Break it:** here are three mistakes that everybody makes once.
# The bias is forgotten; $W^1$ is transposed; the weights are rounded down to whole numbers.
#
# **Predict:** which of them stops with an error message?
#
# <details><summary>Answer, after you have run the cell</summary>
#
# None of them.
# $W^1$ has two rows and two columns, so its transpose fits as well.
# The answers look reasonable and are wrong.
# That is why you check numbers, not only error messages.
#
# </details>

# %%
print("right        ", sigmoid(W1 @ x + b1))
print("no bias      ", sigmoid(W1 @ x))
print("transposed   ", sigmoid(W1.T @ x + b1))
print("whole numbers", sigmoid(W1.astype(int) @ x + b1))

# %% [markdown]
# ## 1.5 Why the activation must bend
#
# Without an activation a layer is called *linear*.
# Put one linear layer after another:
#
# $$W^2 (W^1 x + b^1) + b^2 = (W^2 W^1)\, x + (W^2 b^1 + b^2)$$
#
# The right side is one single layer, with the weights $W^2 W^1$.
# Here the matrix product takes one column of $W^1$ after the other.
# Two linear layers are one, and so are a hundred.
#
# **Predict:** will both sides print the same numbers?
# `np.allclose` asks whether two arrays are equal, except for rounding.

# %%
two = W2 @ (W1 @ x + b1) + b2
one = (W2 @ W1) @ x + (W2 @ b1 + b2)
print(two, one, np.allclose(two, one))

# %% [markdown]
# One neuron draws one line, but XOR needs two.
# So take two hidden neurons and one output neuron.
# Together they have six weights and three biases.
# The activation is a *step*: 1 where $z$ is positive, else 0.
# The sigmoid is a soft step; try it afterwards.
#
# **Your job:** set these nine numbers until all four rows are right.
# Start with the first hidden neuron: let it answer 1 when at least one input is 1.
# There is a hint to tick.

# %%
widgets.wire_xor()

# %% [markdown]
# ## 1.6 Many samples at once
#
# One case of XOR is a *sample*.
# Several samples together are a *batch*: a matrix `x` with one sample in each row.
# The layer must give one row for each sample and one column for each neuron.
#
# **Predict:** which product does that: `x @ W`, `W @ x` or `x @ W.T`?
#
# Try it with different sizes.
# Then make `n_in` and `n_out` equal: which wrong product looks right?
# The menu "what to compute" also has `a − y`; it is for section 1.8.

# %%
widgets.shape_puzzle()

# %% [markdown]
# $$z = x W^\top + b$$
#
# $W^\top$ is the transpose, `W.T` in the code.
# With a square $W$, `x @ W` has the right shape and the wrong numbers.
#
# It is the same line as before, for every row; lesson 4 will explain it.
# Here you only see that the numbers are the same.
#
# The cell wires XOR as the hint of section 1.5 says, with sigmoids.

# %%
x, y = datasets.xor()
W_hidden, b_hidden = np.array([[12.0, 12.0], [-12.0, -12.0]]), np.array([-6.0, 18.0])
w_out, b_out = np.array([12.0, 12.0]), -18.0
hidden = sigmoid(x @ W_hidden.T + b_hidden)
row_by_row = [sigmoid(W_hidden @ row + b_hidden) for row in x]
print("the same?", np.allclose(hidden, row_by_row), "shape", hidden.shape)
print("answer", sigmoid(hidden @ w_out + b_out).round(2), "target", y[:, 0])

# %% [markdown]
# ## 1.7 The first weights
#
# Training changes weights, so it must start from some.
#
# **Predict:** three neurons start with all weights 0; how do their outputs differ?
#
# Equal neurons give equal outputs.
# Lesson 2 will show that they are also corrected equally, so they stay twins for ever.
# Therefore weights start as small random numbers; biases may start at 0.
# `rng` makes them; the same seed, here 1, makes the same numbers again.
# `xavier` gives them the typical size $\sqrt{2 / (n_{in} + n_{out})}$: the more inputs and neurons, the smaller.

# %%
rng = np.random.default_rng(1)
print("zeros: one column per neuron\n", sigmoid(x @ zeros(3, 2).T))
print("xavier\n", sigmoid(x @ xavier(3, 2, rng).T))

# %% [markdown]
# ## 1.8 The loss: how wrong is the answer?
#
# A *loss* is one number: 0 when the answer is the target, and larger when it is worse.
# Mazur uses *half the squared error* and calls it $E$:
#
# $$E = \frac{1}{2} \sum_j (a_j - y_j)^2$$
#
# The difference $a_j - y_j$ is **predicted − actual**.
# Remember it: this is what lesson 2 carries back.
# For a batch, the loss is the mean over the rows.
#
# **Predict:** which of Mazur's two outputs is more wrong?

# %%
y = datasets.mazur().y[0]
E = 0.5 * np.sum((a2 - y) ** 2)
print("predicted - actual", a2 - y)
print("E", E.round(9))

# %% [markdown]
# **Break it:** four samples, one output.
# The answers `a` have the shape `(4,)`, the targets `y` have `(4, 1)`.
#
# **Predict** the shape of `a - y`.
#
# NumPy does not complain: it repeats both until they fit, which is called *broadcasting*.
# So every answer meets every target.
# In the second line, `a[:, None]` turns `a` into a column, and the number is right.
# The `half_mse` of our library refuses the mistake.

# %%
x, y = datasets.xor()
a = np.array([0.1, 0.8, 0.7, 0.2])
print("shape", (a - y).shape, "wrong", 0.5 * np.mean((a - y) ** 2).round(9))
print("shape", (a[:, None] - y).shape, "right", round(half_mse(a[:, None], y), 9))
try:
    half_mse(a, y)
except ValueError as error:
    print("refused:", error)

# %% [markdown]
# Sometimes the answer is one of several *classes*, such as the ten digits.
# Then the target is 1 for the right class and 0 for the others.
# *Softmax* turns the last $z$, also called *logits*, into shares that add up to 1.
# *Cross-entropy* looks at the share of the right class: a small share is a large loss.
#
# $$p_j = \frac{e^{z_j}}{\sum_k e^{z_k}} \qquad L = -\sum_j y_j \log p_j$$
#
# The *temperature* divides every $z$.
#
# **Predict:** what happens with a high temperature, and what when you multiply by 1000?

# %%
widgets.softmax_lab()

# %% [markdown]
# A high temperature makes the shares more equal.
# A large $z$ overflows; *nan* means "not a number".
# The cure: first subtract the largest $z$ from all of them.
# Then no $e^{z_j}$ is above 1.
# The shares stay the same, because a common factor cancels.
#
# **Predict** what the cell prints for $z + 1000$.
#
# Look at `p - y`: predicted − actual again.
# Lesson 2 will start from it.

# %%
z, y = np.array([2.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0])
p = softmax(z)
print("p", p, "sum", p.sum().round(9))
print("L", -np.sum(y * np.log(p)).round(9), "p - y", p - y)
with np.errstate(all="ignore"):
    e = np.exp(z + 1000)
    print("without the cure", e / e.sum())
print("with the cure   ", softmax(z + 1000))

# %% [markdown]
# ## 1.9 The whole forward pass
#
# `Network.forward` does all this for any number of layers, with one sample in each row.
# `SIGMOID` and `MSE` are the sigmoid and the half squared error, each with its derivative.
# It returns a *trace*: every $z$ and every $a$ on the way, `trace.a[0]` being the input.
# We keep them because lesson 2 walks back along the same way.
#
# **Predict:** which numbers of section 1.4 will you see, and which number of 1.8?

# %%
mazur = datasets.mazur()
layers = [Layer(mazur.W1, mazur.b1, SIGMOID), Layer(mazur.W2, mazur.b2, SIGMOID)]
net = Network(layers, MSE)
trace = net.forward(mazur.x)
for number, z in enumerate(trace.z, 1):
    print("layer", number, "z", z, "a", trace.a[number])
print("loss", round(net.loss.value(trace.a[-1], mazur.y), 9))

# %% [markdown]
# ## Self-quiz
#
# **1.** A neuron's bias changes: does its line shift or turn?
#
# <details><summary>Answer</summary>
#
# It shifts.
#
# </details>
#
# **2.** A layer has 64 inputs and 10 neurons.
# Which shapes have $W$ and $b$?
#
# <details><summary>Answer</summary>
#
# `(10, 64)` and `(10,)`.
#
# </details>
#
# **3.** Which mistake is silent when $W$ is square?
#
# <details><summary>Answer</summary>
#
# The transpose.
#
# </details>
#
# **4.** Why do ten linear layers bring no more than one?
#
# <details><summary>Answer</summary>
#
# Their weights multiply into one matrix.
#
# </details>
#
# **5.** Why not start with all weights 0?
#
# <details><summary>Answer</summary>
#
# The neurons of a layer stay twins.
#
# </details>

# %% [markdown]
# ## Your turn
#
# Open [the exercises of lesson 1](../exercises/01_feed_forward.ipynb).
# Each one checks your answer and tells you what it sees.
#
# | section | exercise |
# |---|---|
# | 1.1 | 1.1 one neuron |
# | 1.2 | 1.2 a sigmoid that never overflows |
# | 1.3, 1.6 | 1.3 one layer for a batch |
# | 1.4 | 1.4 Mazur's network |
# | 1.8 | 1.5 two losses, 1.6 softmax |
# | 1.9 | 1.7 any number of layers, 1.8 put the lines in order |

# %% [markdown]
# ## Summary card
#
# **Feed-forward** (피드포워드): numbers go from the input layer to the output layer.
# It starts from **weight initialisation** (가중치 초기화).
# Each layer does $z = W a + b$ and $a = \phi(z)$.
#
# `x → z1 → a1 → z2 → a2 → loss`
#
# Backpropagation repeats four steps, 피오가반:
#
# | | step | lesson |
# |---|---|---|
# | **피** | **feed-forward** | **1: you are here** |
# | 오 | error back: 오류역전파 | 2 |
# | 가 | weight update: 가중치 조정 | 3 |
# | 반 | repeat, epochs: 반복 수행 | 4 |

# %% [markdown]
# ## Teacher's note
#
# <details><summary>A lab of 90 minutes</summary>
#
# | minutes | section | exercise |
# |---|---|---|
# | 5 | start | |
# | 12 | 1.1 | 1.1 |
# | 10 | 1.2 | 1.2 |
# | 10 | 1.3 | |
# | 15 | 1.4 | 1.4 |
# | 10 | 1.5 | |
# | 13 | 1.6, 1.7 | 1.3 |
# | 10 | 1.8 | |
# | 5 | 1.9, quiz | |
#
# **Discuss:**
#
# - Which mistakes are silent, and how do you notice them?
# - Why must the activation bend?
#
# **Common mistakes:**
#
# - bias forgotten: what is the answer to the input 0?
# - $W$ transposed: try three neurons and two inputs;
# - activation forgotten or doubled: between which numbers does a sigmoid lie?
# - `(m,)` against `(m, 1)`: print both shapes.
#
# The full plan is in [the teacher's guide](../docs/teaching.md).
#
# </details>
