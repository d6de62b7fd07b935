# %% [markdown]
# # 2. Error backprop
#
# Lesson 1 ended with the loss: how wrong the answer is.
# Now we ask every weight: what is your part in it?
# The answers come from the last layer first, then layer by layer back.
# That is *error backpropagation*, 오류역전파.
#
# **After this lesson you can**
#
# - say what a gradient tells you: which way, and how much;
# - carry an error back with the chain rule;
# - compute the gradients of a small network;
# - check a backward pass instead of trusting it.

# %% [markdown]
# You need lesson 1, and the derivative as the slope of a curve.
# Four words are easily mixed up:
#
# | word | meaning |
# |---|---|
# | error | predicted − actual, for each output |
# | loss | one number, made of all errors; Mazur says "total error" |
# | gradient | slopes of the loss, one for each weight and bias |
# | update | the change of the weights |
#
# This lesson stops at the gradient; the update is lesson 3.
# So no weight is changed today.
# Mazur's network and XOR go on.

# %%
import numpy as np

from bplib import bugs, datasets, widgets
from bplib.activations import SIGMOID, sigmoid, sigmoid_prime
from bplib.gradcheck import numerical_gradient, relative_error
from bplib.losses import MSE, softmax, softmax_cross_entropy
from bplib.network import dense

np.set_printoptions(precision=9, suppress=True)

# %% [markdown]
# ## 2.1 What we want: which way, and how much
#
# Mazur's network has the loss $E$, and we want it smaller.
# Take one weight $w$ and *nudge* it: change it by a tiny $\varepsilon$, keep everything else.
# The loss changes by $\Delta E$.
#
# $$\frac{\partial E}{\partial w} \approx \frac{\Delta E}{\varepsilon}$$
#
# The left side is the derivative, the slope of $E$.
# The round $\partial$ says that only $w$ moves.
# The slopes of all weights together are the *gradient*.
#
# **Predict:** output 1 is too high.
# What happens to $E$ when a weight into output 1 grows?

# %%
widgets.nudge()

# %% [markdown]
# The sign tells **which way**: a positive slope means that a larger $w$ makes $E$ larger.
# The size tells **how much**: $E$ changes by about slope times nudge.
#
# The cell nudges the weight from hidden neuron 1 to output 1, `w5` in the picture.
#
# **Predict:** what happens to the printed slope while the nudge shrinks?
#
# A million weights would need a million nudges, each with a new forward pass.
# Backpropagation finds all slopes with one forward and one backward pass.

# %%
x, y, W1, b1, W2, b2 = datasets.mazur()
x, y = x[0], y[0]  # the only sample
z1 = W1 @ x + b1
a1 = sigmoid(z1)
z2 = W2 @ a1 + b2
a2 = sigmoid(z2)


def E(z2):
    return 0.5 * np.sum((sigmoid(z2) - y) ** 2)


one = np.array([[1.0, 0.0], [0.0, 0.0]])  # picks the weight, leaves the others
for eps in (0.1, 0.01, 0.001):
    print("nudge", eps, "slope", round((E((W2 + eps * one) @ a1 + b2) - E(z2)) / eps, 9))

# %% [markdown]
# ## 2.2 The chain rule: slopes multiply
#
# A short reminder, with numbers.
# Let $u = 3t$ and $f = u^2$.
# When $t$ moves a little, $u$ moves 3 times as much.
# When $u$ moves a little, $f$ moves $2u$ times as much.
# So $f$ moves $3 \cdot 2u$ times as much as $t$.
#
# $$\frac{df}{dt} = \frac{df}{du} \cdot \frac{du}{dt}$$
#
# Each factor is a *local slope*: it knows only one step of the way.
#
# **Predict** the slope of $f$ at $t = 2$, before the cell measures it with a nudge.

# %%
t, eps = 2.0, 0.001
u = 3 * t
print("slopes multiplied", 3 * 2 * u)
print("measured         ", round(((3 * (t + eps)) ** 2 - u**2) / eps, 3))

# %% [markdown]
# Now $t$ is used twice, which is a *fork*:
# $u = 3t$, $v = t + 1$ and $f = u v$.
# A nudge of $t$ reaches $f$ on both ways, so **forks add**:
#
# $$\frac{df}{dt} = \frac{\partial f}{\partial u} \cdot \frac{du}{dt}
# + \frac{\partial f}{\partial v} \cdot \frac{dv}{dt}$$
#
# Along a way, multiply; where ways meet, add.
# That is all of backpropagation; the rest is bookkeeping.
#
# **Break it:** some programs keep only the last way.
# **Predict** the three slopes: through $u$, through $v$, and the right one.

# %%
v = t + 1
print("through u", v * 3, "through v", u * 1, "added", v * 3 + u * 1)
print("measured ", round((3 * (t + eps) * (t + eps + 1) - u * v) / eps, 3))

# %% [markdown]
# A formula can be drawn as a *graph*: one box for each small step.
# Forward, from left to right, every box computes its value.
# Backward, from right to left, every box multiplies what arrives by its local slope, and passes it on.
# At the far right we start with 1: how much $f$ moves when $f$ moves.
#
# **Predict:** which local slopes has a plus box, and which has a times box?
#
# Go back and type them yourself.
# The second graph has a fork.

# %%
widgets.computational_graph()

# %% [markdown]
# ## 2.3 Delta: the slope at one neuron
#
# A weight acts on $E$ only through the $z$ of its neuron.
# So the slope there gets a name, *delta*, one for each neuron:
#
# $$\delta_j = \frac{\partial E}{\partial z_j}$$
#
# For an output neuron the way has two steps, $z \to a \to E$:
#
# $$\delta = (a - y) \odot \sigma'(z) \qquad \sigma'(z) = a\,(1 - a)$$
#
# **Delta is predicted − actual, times the slope of the activation.**
# $\odot$ multiplies number by number, `*` in the code.
#
# **Predict:** output 1 is too high, output 2 too low.
# Which sign has each delta?
#
# <details><summary>Where a (1 − a) comes from</summary>
#
# The chain rule, with $u = 1 + e^{-z}$ and $a = 1 / u$:
#
# $$\frac{da}{dz} = -\frac{1}{u^2} \cdot (-e^{-z}) = \frac{1}{u} \cdot \frac{u - 1}{u} = a\,(1 - a)$$
#
# </details>

# %%
delta2 = (a2 - y) * sigmoid_prime(z2)
print("predicted - actual", a2 - y)
print("slope             ", sigmoid_prime(z2))
print("delta             ", delta2)

# %% [markdown]
# The ½ in $E$ is there for this: the slope of $\frac{1}{2}(a - y)^2$ is just $a - y$.
#
# Where the sigmoid is flat, its slope is nearly 0: then a large error gives a small delta.
#
# **Break it:** two mistakes look harmless.
# One leaves the slope out, so the *error* is used as a *gradient*.
# The other gives `sigmoid_prime` the $a$, but it wants the $z$.
#
# **Predict:** which one gives numbers that are far too large?
#
# The last line nudges the first $z$ itself: this is the judge.

# %%
print("without the slope", a2 - y)
print("slope taken at a ", (a2 - y) * sigmoid_prime(a2))
eps = 0.001
print("measured, first  ", round((E(z2 + [eps, 0]) - E(z2)) / eps, 9))

# %% [markdown]
# ## 2.4 From delta to the weights
#
# Because $z_j = \sum_i W_{ji}\, a_i + b_j$, a nudge of $W_{ji}$ moves $z_j$ by $a_i$ times as much.
# That is one more factor of the chain:
#
# $$\frac{\partial E}{\partial W_{ji}} = \delta_j\, a_i \qquad
# \frac{\partial E}{\partial b_j} = \delta_j$$
#
# **Delta of the neuron to which the weight leads, times the input from which it comes.**
# `np.outer(delta, a)` makes all these products, one row for each delta; we call them `dW`.
#
# The weight itself is not in the formula: a weight of 0 can have a large gradient.
#
# **Predict:** which row of `dW2` is negative?
# Which number did you measure in 2.1?

# %%
dW2, db2 = np.outer(delta2, a1), delta2
print("dW2\n", dW2)
print("db2", db2)
print("broken: delta times weight\n", delta2[:, None] * W2)

# %% [markdown]
# ## 2.5 Delta of a hidden neuron
#
# A hidden neuron has no target.
# But its $a_i$ goes to every neuron $j$ of the next layer: a fork, so add.
# On the way to $j$ the local slope is $W_{ji}$.
#
# $$\frac{\partial E}{\partial a_i} = \sum_j W_{ji}\, \delta_j \qquad \text{all at once:} \qquad
# \frac{\partial E}{\partial a} = W^\top \delta$$
#
# In code `da = W.T @ delta`.
# Forward, a neuron reads a row of its own $W$; backward, it adds up a column of the next $W$.
#
# **Predict:** output 1 wants a smaller `a1`, output 2 a larger one.
# Which one wins in `da1`?
# (A positive slope asks for a smaller value.)

# %%
print("hidden 1, way by way", W2[:, 0] * delta2)
da1 = W2.T @ delta2
delta1 = da1 * sigmoid_prime(z1)
print("da1   ", da1)
print("delta1", delta1)
print("broken: no transpose", W2 @ delta2)

# %% [markdown]
# ## 2.6 The whole backward pass
#
# $$\delta^2 = (a^2 - y) \odot \sigma'(z^2) \qquad
# \frac{\partial E}{\partial a^1} = (W^2)^\top \delta^2 \qquad
# \delta^1 = \frac{\partial E}{\partial a^1} \odot \sigma'(z^1)$$
#
# Then `dW` and `db` as in section 2.4, for each layer.
# $W^2$ is square, so a forgotten transpose is silent: see the last line above.
#
# The *receipt* below lists every factor on every way back.
#
# **Predict:** you switch off the slope of the hidden layer.
# Which gradients go wrong, and which stay right?

# %%
widgets.mazur_backward()

# %% [markdown]
# The same in code, with the same letters.
#
# **Predict:** which gradients are larger, those of $W^1$ or of $W^2$, and why?
#
# <details><summary>Answer, after you have run the cell</summary>
#
# Those of $W^2$.
# On the way to $W^1$ there is one more weight and one more slope, all below 1.
# And the two inputs are small.
#
# </details><br>
#
# Nothing may change before the pass has ended: `da1` needs the old $W^2$.
# Lesson 3 shows what happens otherwise.

# %%
delta2 = (a2 - y) * sigmoid_prime(z2)
dW2, db2 = np.outer(delta2, a1), delta2
da1 = W2.T @ delta2
delta1 = da1 * sigmoid_prime(z1)
dW1, db1 = np.outer(delta1, x), delta1
print("delta2", delta2, "\ndW2\n", dW2, "\ndb2", db2)
print("da1", da1)
print("delta1", delta1, "\ndW1\n", dW1, "\ndb1", db1)

# %% [markdown]
# ## 2.7 A batch: the same line for every row
#
# The loss of a batch is the mean over its $m$ rows.
# So each row's delta is divided by $m$, once, at the start.
# Then the rows are added up, because every row uses the same weights: a fork.
#
# | | one sample | batch |
# |---|---|---|
# | hidden | `W.T @ delta` | `delta @ W` |
# | weights | `np.outer(delta, a)` | `delta.T @ a` |
# | biases | `delta` | `delta.sum(axis=0)` |
#
# `dense` makes a network with random first weights, here with three hidden neurons.
#
# **Predict** the shapes of `delta2` and `dW2` for XOR.

# %%
x, y = datasets.xor()
net = dense([2, 3, 1], SIGMOID, MSE, np.random.default_rng(1))
W1, b1, W2, b2 = net.params
a1 = sigmoid(x @ W1.T + b1)
a2 = sigmoid(a1 @ W2.T + b2)
delta2 = (a2 - y) / len(x) * a2 * (1 - a2)  # the slope, written with a
dW2, db2 = delta2.T @ a1, delta2.sum(axis=0)
delta1 = (delta2 @ W2) * a1 * (1 - a1)
dW1, db1 = delta1.T @ x, delta1.sum(axis=0)
print("delta2", delta2.shape, "dW2", dW2.shape, dW2)
row_by_row = [np.outer(delta, a) for delta, a in zip(delta2, a1, strict=True)]
print("the same?", np.allclose(dW2, sum(row_by_row)))
print("the same?", np.allclose(delta2 @ W2, [W2.T @ delta for delta in delta2]))

# %% [markdown]
# Lesson 4 explains batches; here you see that the numbers agree.
#
# **Sources differ:**
#
# - Mazur has the ½ and one sample.
# - Nielsen has the ½ and the mean, but his delta belongs to one sample; he divides by $m$ in the update.
# - Others drop the ½: their gradients are twice ours.
#
# **We take the ½ and the mean, and divide by $m$ in the loss, so already in delta.**
# No choice is wrong, but loss and gradient must belong together.

# %% [markdown]
# ## 2.8 The gradient check
#
# How do you know that a backward pass is right?
# Nudge every weight, both ways, and compare:
#
# $$\frac{\partial L}{\partial w} \approx \frac{L(w + h) - L(w - h)}{2h} \qquad
# \text{relative error} = \frac{\max|p - q|}{\max|p| + \max|q|}$$
#
# $L$ is any loss, $h$ the nudge (2.1 called it $\varepsilon$); $p$ and $q$ are the two gradients.
# The check is slow, so we use it to test, never to train.
#
# **Predict:** is a smaller $h$ always better?

# %%
widgets.gradient_check()

# %% [markdown]
# Too large an $h$ misses the curve; too small an $h$ drowns in rounding.
#
# Now XOR, with `net.backward`: section 2.7 for any number of layers.
# Check the biases as well.
#
# **Break it:** the last line forgets the slope of the hidden layer.
# **Predict:** how many times larger is its relative error?
#
# A right pass stays far below one part in a million; a wrong one is usually far above.
# Read from the last layer back: the first wrong array shows the place.


# %%
def loss():
    return MSE.value(net.forward(x).a[-1], y)


gradients = net.backward(net.forward(x), y)
for name, w, dw in zip(("W1", "b1", "W2", "b2"), net.params, gradients.params, strict=True):
    print(name, f"{relative_error(dw, numerical_gradient(loss, w)):.0e}")
wrong = (delta2 @ W2).T @ x
print("W1, slope forgotten", f"{relative_error(wrong, numerical_gradient(loss, W1)):.0e}")

# %% [markdown]
# ## 2.9 Softmax with cross-entropy
#
# For classes, lesson 1 had softmax shares $p$ and the loss $L = -\sum_j y_j \ln p_j$.
# Every share depends on every $z$, so many ways meet.
# Added up, nearly everything cancels:
#
# $$\delta_j = \frac{\partial L}{\partial z_j} = p_j - y_j$$
#
# Predicted − actual, and **no** extra slope: it is already inside.
#
# <details><summary>Why</summary>
#
# Let class $c$ be right: then $L = \ln S - z_c$, with $S = \sum_k e^{z_k}$.
# The slope of $\ln S$ is $e^{z_j} / S = p_j$, and that of $z_c$ is $y_j$.
#
# </details><br>
#
# **Predict** the signs and the sum of the three deltas, when class 1 is right.
#
# **Break it:** the last line multiplies by $p(1 - p)$ once more.

# %%
z, target = np.array([[2.0, 1.0, 0.0]]), np.array([[1.0, 0.0, 0.0]])
p = softmax(z)
print("p - y        ", p - target, "sum", abs((p - target).sum().round(9)))
print("measured     ", numerical_gradient(lambda: softmax_cross_entropy(z, target), z))
print("broken       ", (p - target) * p * (1 - p))

# %% [markdown]
# ## 2.10 The bug zoo: "it trains" proves nothing
#
# A wrong backward pass often trains, because its direction is still roughly downhill.
# The zoo holds many wrong ones, each with one mistake in it.
# Choose one and compare its `dW` with the right one.
# The *cosine* tells the direction: 1 is the same, $-1$ the opposite.
# The *ratio* is each wrong number divided by the right one.
#
# **Predict** for each: does XOR still learn with it?

# %%
widgets.bug_zoo()

# %% [markdown]
# Now we count, with nine mistakes that all fit into XOR's shapes.
# Each one trains XOR from five different starts; the right pass comes first.
#
# **Predict:** how many of the nine learn all four rows from every start?
#
# Some mistakes only change the length of the step, others its direction a little, and training forgives them.
# With other settings the counts change, but the wrong arrays stay wrong.
#
# **Learning is no proof: check the arrays**, as in section 2.8.

# %%
ids = "BP-03 BP-04 BP-05 BP-14 BP-21 BP-22 BP-23 BP-28 BP-48".split()
nine = [bug for bug in bugs.BUGS if bug.id in ids]
print(sum(bugs.solves_xor(bugs.backward, seed) for seed in range(5)), "of 5: the right pass")
solved = bugs.survival(nine, seeds=range(5))
for bug in nine:
    print(solved[bug.id], "of 5:", bug.text)
print(sum(n == 5 for n in solved.values()), "of", len(nine), "wrong ones learn from all 5 starts")

# %% [markdown]
# ## 2.11 Credit flows back
#
# One look at the whole: every line is as thick as the delta that flows along it.
# Each sample wishes its own changes, and the batch adds up the wishes.
#
# **Predict:** are the lines for all samples together always thicker than for one?
#
# <details><summary>Answer, after you have tried</summary>
#
# No: two samples may wish opposite things, and then they cancel.
#
# </details>

# %%
widgets.credit_flow()

# %% [markdown]
# ## Self-quiz
#
# **1.** A gradient is negative.
# Which way must the weight go?
#
# <details><summary>Answer</summary>
#
# Up: then the loss falls.
#
# </details><br>
#
# **2.** A weight is 0.
# Is its gradient 0?
#
# <details><summary>Answer</summary>
#
# Only if its input or its delta is.
#
# </details><br>
#
# **3.** Why $W^\top$ on the way back?
#
# <details><summary>Answer</summary>
#
# A neuron adds its column.
#
# </details><br>
#
# **4.** The error is large, delta tiny.
# How?
#
# <details><summary>Answer</summary>
#
# The activation is flat there.
#
# </details><br>
#
# **5.** Training works.
# Is the gradient right?
#
# <details><summary>Answer</summary>
#
# Unknown: check it.
#
# </details>

# %% [markdown]
# ## Your turn
#
# Open [the exercises of lesson 2](../exercises/02_error_backprop.ipynb).
#
# | section | exercise |
# |---|---|
# | 2.2 | 2.5 a chain with reused pieces |
# | 2.3 | 2.1 the slope, 2.2 delta of the output |
# | 2.4 | 2.3 gradients of the output layer |
# | 2.5, 2.6 | 2.4 the hidden layer |
# | 2.7 | 2.6 the backward pass of a batch |
# | 2.8 | 2.8 numerical gradient |
# | 2.9 | 2.7 softmax |
# | 2.10 | bonus: 2.9 bug hunt |
# | 2.2 | bonus: 2.10 numbers that remember their way |
#
# After them comes [lesson 3](03_weight_update.ipynb): the weights move.

# %% [markdown]
# ## Summary card
#
# **Error backprop** (오류역전파): from the output layer back to the input layer.
#
# `loss → delta2 → dW2, db2 → da1 → delta1 → dW1, db1`
#
# - start: predicted − actual, times the slope;
# - weights: `dW = np.outer(delta, a)`, biases: `db = delta`;
# - one layer back: `da = W.T @ delta`, times the slope.
#
# gradient 기울기 · chain rule 연쇄법칙
#
# What marks backpropagation (특징): repeated 반복수행 · multi-layer network 다층신경망 ·
# supervised learning (targets are given) 감독학습 · backward computation 역방향 계산
#
# | 피오가반 | step | lesson |
# |---|---|---|
# | 피 | feed-forward: 피드포워드 | 1 |
# | **오** | **error back: 오류역전파** | **2: you are here** |
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
# | 10 | 2.1 | |
# | 14 | 2.2 | |
# | 11 | 2.3 | 2.1, 2.2 |
# | 10 | 2.4 | 2.3 |
# | 15 | 2.5, 2.6 | 2.4 |
# | 10 | 2.8 | |
# | 10 | 2.10 | |
# | 5 | quiz | |
#
# At home: 2.7 (only run it in class), 2.9, 2.11.
#
# **Discuss:**
#
# - Error, loss, gradient: which has as many numbers as there are weights?
# - Why can a wrong gradient still train?
#
# **Common mistakes:** slope forgotten; delta times weight; only one path added.
#
# The full plan is in [the teacher's guide](../docs/teaching-02.md).
#
# </details>
