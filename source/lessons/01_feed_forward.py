# %% [markdown]
# # 1. Feed-forward
#
# A neural network learns from examples: it answers, sees how wrong it is, and corrects itself.
# *Backpropagation* finds the corrections.
# But first the network must answer: numbers go in, numbers come out.
# That is *feed-forward*, 피드포워드, the topic of this lesson.
# New words are explained when they come.
#
# **After this lesson you can**
#
# - compute a small network by hand and in NumPy;
# - say what weights, bias and activation do;
# - check shapes;
# - measure how wrong an answer is.

# %% [markdown]
# NumPy is the Python library for tables of numbers.
# Run the cells of code from top to bottom: click, then press **Shift + Enter**.
# The first one loads what we need.
# **Predict** means: first write your guess on paper.
# A wrong guess is welcome: you will remember the answer.
#
# Two examples run through lessons 1 to 4:
#
# - **XOR**: two inputs, 0 or 1; the answer is 1 when exactly one is 1;
# - **Mazur's network**, by Matt Mazur: so small that you can check every number by hand.

# %%
import numpy as np

from bplib import datasets, widgets
from bplib.activations import SIGMOID, sigmoid
from bplib.initialisers import xavier, zeros
from bplib.losses import MSE, half_mse, softmax
from bplib.network import Layer, Network

np.set_printoptions(precision=9, suppress=True)  # print up to nine decimals

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
# <details><summary>Answer, after you have tried</summary>
#
# No line can; section 1.5 takes more neurons.
#
# </details><br>
#
# A list of numbers is a *vector*: $x$ holds the inputs, $w$ the weights.
# `np.array` makes one from a Python list.
# Formulas count from 1, Python from 0: $w_1$ is `w[0]`.
#
# $$z = w_1 x_1 + w_2 x_2 + b = w \cdot x + b$$
#
# For two vectors, `w @ x` multiplies them number by number and adds the products.
# That is the dot in the formula.
#
# **Predict** $z$ on paper from the numbers in the cell; both lines must print it.
# With these weights the *probe* (dashed ring) above shows it too.

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
# The *sigmoid* presses every number into the space between 0 and 1.
# The *tangent* is a line that touches the curve; its slope is the *derivative*.
# Lesson 2 will need it.
#
# **Predict:** what does the sigmoid give for $z = 0$, and where is it steepest?

# %%
widgets.activation_gallery()

# %% [markdown]
# <details><summary>Answer, after you have moved z</summary>
#
# One half, and there it is steepest.
#
# </details><br>
#
# The formula of the sigmoid:
#
# $$a = \sigma(z) = \frac{1}{1 + e^{-z}}$$
#
# In NumPy, $e^{-z}$ is `np.exp(-z)`, and an *array* (a vector is one) is treated number by number.
#
# **Break it:** for $z = -1000$ the formula needs $e^{1000}$.
# That number is too big for the computer: it *overflows*.
# **Predict** the line that fails.
# The last line is the library's sigmoid: it lets $e^{1000}$ be infinity, because 1 divided by infinity is 0.
# Another way for negative $z$: $\frac{e^z}{1 + e^z}$ is the same number.

# %%
z = np.array([-4.0, 0.0, 4.0])
print(1 / (1 + np.exp(-z)))
with np.errstate(over="raise"):  # NumPy would only warn; we want to see it stop
    try:
        print(1 / (1 + np.exp(1000.0)))
    except FloatingPointError as error:  # catch it, and go on
        print("broken:", error)
print(sigmoid(np.array([-1000.0, 1000.0])))

# %% [markdown]
# ## 1.3 A layer: many neurons, the same inputs
#
# Neurons that read the same inputs form a *layer*.
# Their weights stand in a table, the *matrix* $W$, one row for each neuron.
# Its *shape* is (rows, columns), here (neurons, inputs).
# The biases form a vector $b$; with ten numbers its shape is `(10,)`.
# `W @ a` makes the weighted sum of every row at once.
# The inputs are called $a$: they may come from an earlier layer.
#
# **Predict:** three neurons read two inputs.
# What are the shapes of $W$, $b$ and `W @ a + b`?

# %%
a = np.array([1.0, 0.0])
W = np.array([[2.0, -3.0], [1.0, 1.0], [0.5, 4.0]])  # a list of rows
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
#
# **Break it:** `W.T`, the *transpose*, turns rows into columns.
# **Predict** its shape, and what `W.T @ a` does.
# NumPy's message is long; read the bracket at its end.

# %%
print("shape of W.T", W.T.shape)
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
# It should answer with the *target* $y$, but it is not trained yet.
#
# **Predict:** every weight and every bias is positive.
# Will the two outputs lie above or below one half?
#
# Then step through it, number by number.
# Its `E` comes in section 1.8.

# %%
widgets.mazur_forward()

# %% [markdown]
# The small raised number tells the layer: $W^1$ is "the $W$ of layer 1", not a power.
# In the code it is `W1`.
#
# $$z^1 = W^1 x + b^1 \qquad a^1 = \sigma(z^1)$$
# $$z^2 = W^2 a^1 + b^2 \qquad a^2 = \sigma(z^2)$$
#
# Each formula is one line of the code.
# Work out the first number of `z1` with a pocket calculator, from the numbers in the picture.
# Then compare: `a1` holds the outputs of h1 and h2, `a2` those of o1 and o2.
# All sums are positive, so all outputs are above one half.

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
# The bias is forgotten; $W^1$ is transposed; the weights lose their decimals.
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
# In the cell, `two` is one linear layer after another.
# `one` is a single layer, with the weights `W2 @ W1`.
# Here `@` takes one column of `W1` after the other.
# `np.allclose` asks whether two arrays are equal, except for rounding.
#
# **Predict:** are they equal?
#
# <details><summary>Answer, after you have run the cell</summary>
#
# Yes: multiply out the bracket, as in algebra.
#
# $$W^2 (W^1 x + b^1) + b^2 = (W^2 W^1)\, x + (W^2 b^1 + b^2)$$
#
# Two linear layers are one, and so are a hundred.
#
# </details>

# %%
two = W2 @ (W1 @ x + b1) + b2
one = (W2 @ W1) @ x + (W2 @ b1 + b2)
print(two, one, np.allclose(two, one))

# %% [markdown]
# One neuron draws one line, but XOR needs two.
# So take two hidden neurons and one output neuron: six weights and three biases.
# The activation is a *step*: 1 where $z$ is positive, else 0.
#
# **Your job:** set these nine numbers until all four rows are right.
# At first, both hidden neurons answer 1 when at least one input is 1.
# Keep the first, and give the second another job.
# There is a hint to tick.
# Try the sigmoid last: it needs larger numbers.

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
# <details><summary>Answer, after you have tried</summary>
#
# $$z = x W^\top + b$$
#
# $W^\top$ is the transpose, `x @ W.T + b` in the code.
# NumPy adds the vector `b` to every row.
# With a square $W$, `x @ W` has the right shape and the wrong numbers.
#
# </details><br>
#
# It is the same line as before, for every row; lesson 4 will explain it.
# Here you only see that the numbers are the same.
#
# The cell wires XOR as the hint of section 1.5 says, with sigmoids.

# %%
x, y = datasets.xor()
W_hidden = np.array([[12.0, 12.0], [-12.0, -12.0]])
b_hidden = np.array([-6.0, 18.0])
w_out, b_out = np.array([12.0, 12.0]), -18.0
hidden = sigmoid(x @ W_hidden.T + b_hidden)
row_by_row = [sigmoid(W_hidden @ row + b_hidden) for row in x]
print("the same?", np.allclose(hidden, row_by_row), "shape", hidden.shape)
answer = sigmoid(hidden @ w_out + b_out)
print("answer", answer.round(2), "target", y[:, 0])  # first column

# %% [markdown]
# ## 1.7 The first weights
#
# Training changes weights, so it must start from some.
#
# **Predict:** three neurons start with all weights 0; how do their outputs differ?
#
# `rng` makes random numbers; the same seed, here 1, makes the same ones again.
# `xavier` gives them the typical size $\sqrt{2 / (n_{in} + n_{out})}$.
#
# <details><summary>Answer, after you have run the cell</summary>
#
# Not at all: equal neurons give equal outputs.
# Lesson 4 shows that they are also corrected equally, and stay twins.
# Therefore weights start as small random numbers; biases may start at 0.
#
# </details>

# %%
rng = np.random.default_rng(1)
print("zeros: one row per case, one column per neuron\n", sigmoid(x @ zeros(3, 2).T))
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
# The answers `a` and the targets `y` have the shape `(4, 1)`.
# But `y[:, 0]`, the first column of `y`, is a vector of shape `(4,)`.
#
# **Predict** the shape of `a - y[:, 0]`.
#
# <details><summary>Answer, after you have run the cell</summary>
#
# NumPy repeats both until they fit, which is called *broadcasting*.
# So every answer meets every target, and nothing complains.
# The `half_mse` of our library refuses it.
# The shape puzzle shows it: compute "a − y, y of shape (m,)".
#
# </details>

# %%
x, y = datasets.xor()
a = np.array([[0.1], [0.8], [0.7], [0.2]])
wrong, right = a - y[:, 0], a - y
print("shape", wrong.shape, "wrong", (0.5 * np.sum(wrong**2) / 4).round(9))
print("shape", right.shape, "right", (0.5 * np.sum(right**2) / 4).round(9))
try:
    half_mse(a, y[:, 0])
except ValueError as error:
    print("refused:", error)

# %% [markdown]
# Sometimes the answer is one of several *classes*, such as the ten digits.
# Then the target is 1 for the right class and 0 for the others.
# *Softmax* turns the last $z$, also called *logits*, into *probabilities*: shares that add up to 1.
# *Cross-entropy*, $L$, looks at the share of the right class: a small share is a large loss.
# Its $\ln$ is the natural logarithm, `np.log` in the code.
#
# $$p_j = \frac{e^{z_j}}{\sum_k e^{z_k}} \qquad L = -\sum_j y_j \ln p_j$$
#
# The *temperature* divides every $z$.
#
# **Predict:** what does a high temperature do, and what does multiplying by 1000 do?

# %%
widgets.softmax_lab()

# %% [markdown]
# <details><summary>Answer, after you have played</summary>
#
# A high temperature makes the shares more equal.
# A large $z$ overflows; *nan* means "not a number".
#
# </details><br>
#
# The cure is the *shift*: first subtract the largest $z$, say $c$, from all of them.
# Then no power is above 1.
# The shares stay the same: $e^{z - c} = e^z / e^c$, and the common factor cancels.
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
    print("without the shift", e / e.sum())
print("with the shift   ", softmax(z + 1000))

# %% [markdown]
# ## 1.9 The whole forward pass
#
# `Network.forward` does all this for any number of layers, with one sample in each row.
# `SIGMOID` and `MSE` are the sigmoid and the half squared error, each with its derivative.
# Inside is a loop: each layer takes the last $a$, and keeps its own $z$ and $a$ in two lists.
# These lists are the *trace*; `trace.a[0]` is the input.
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
# </details><br>
#
# **2.** A layer has 64 inputs and 10 neurons.
# What are the shapes of $W$ and $b$?
#
# <details><summary>Answer</summary>
#
# `(10, 64)` and `(10,)`.
#
# </details><br>
#
# **3.** Which mistake is silent when $W$ is square?
#
# <details><summary>Answer</summary>
#
# The transpose.
#
# </details><br>
#
# **4.** Why do ten linear layers bring no more than one?
#
# <details><summary>Answer</summary>
#
# Their weights multiply into one matrix.
#
# </details><br>
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
#
# After them comes [lesson 2](02_error_backprop.ipynb): the error runs back.

# %% [markdown]
# ## Summary card
#
# **Feed-forward** (피드포워드): numbers go from the input to the output layer.
# Before it comes **weight initialisation** (가중치 초기화).
# Each layer does $z = W a + b$ and $a = \phi(z)$.
#
# `x → z1 → a1 → z2 → a2 → loss`
#
# neuron 뉴런 · weight 가중치 · bias 편향 · activation 활성함수 · loss 손실
#
# **Backpropagation** (역전파) makes the error smaller: it carries the error back and updates the weights.
# It repeats four steps; their first syllables make 피오가반:
#
# | | step | lesson |
# |---|---|---|
# | **피** | **feed-forward: 피드포워드** | **1: you are here** |
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
