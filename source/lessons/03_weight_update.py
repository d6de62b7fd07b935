# %% [markdown]
# # 3. Weight update
#
# Lesson 2 ended with a slope for every weight.
# Now the weights move.
# An *optimiser*, 옵티마이저, turns slopes into new weights.
# The *learning rate*, 학습률, sets how far they move.
# Together this is 가중치 조정, the weight update.
#
# **After this lesson you can**
#
# - update every weight of a network, in the right order;
# - say why a learning rate is too large or small;
# - say why a large error can bring a small step;
# - write momentum, Adam and weight decay.

# %% [markdown]
# You need lessons 1 and 2.
# Three words must not be mixed up:
#
# | word | meaning |
# |---|---|
# | gradient | slopes of the loss at the old weights |
# | learning rate | how far to go along them |
# | step | new weight minus old weight |
#
# The gradient is a fact about the loss.
# The learning rate is your choice.
# The step comes from both.
#
# Mazur's network and XOR go on.
# Many steps one after the other are *training*; lesson 4 is about that.

# %%
import numpy as np

from bplib import datasets, widgets
from bplib.activations import SIGMOID, sigmoid
from bplib.losses import MSE
from bplib.network import Layer, Network, dense
from bplib.optimisers import SGD, Adam, Momentum

np.set_printoptions(precision=9, suppress=True)

# %% [markdown]
# ## 3.1 One weight, one step
#
# The slope $dw = \partial E / \partial w$ says how $E$ changes when $w$ grows.
# We want $E$ to fall, so we go the other way:
#
# $$w \leftarrow w - \eta\, dw$$
#
# This is *gradient descent*, 경사하강법: one step downhill.
# The arrow means "becomes".
# $\eta$, the Greek letter eta, is the learning rate, `lr` in the code; Mazur takes one half.
#
# The cell moves one weight, from hidden neuron 1 to output 1.
#
# **Predict:** output 1 is too high.
# Will $w$ grow or shrink?
#
# **Break it:** what does a plus sign do to $E$?

# %%
x, y, W1, b1, W2, b2 = datasets.mazur()
x, y = x[0], y[0]  # the only sample


def E(W1, b1, W2, b2):
    return round(0.5 * np.sum((sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2) - y) ** 2), 9)


a1 = sigmoid(W1 @ x + b1)
a2 = sigmoid(W2 @ a1 + b2)
delta2 = (a2 - y) * a2 * (1 - a2)
w, dw, lr = W2[0, 0], delta2[0] * a1[0], 0.5
print("w", w, "dw", dw.round(9), "step", (-lr * dw).round(9), "new w", (w - lr * dw).round(9))
for name, sign in (("before", 0), ("minus", -1), ("broken: plus", 1)):
    print(name, "E", E(W1, b1, W2 + sign * lr * np.array([[dw, 0], [0, 0]]), b2))

# %% [markdown]
# ## 3.2 All weights, from the old values
#
# Every weight and every bias takes its own step:
#
# $$W \leftarrow W - \eta\, dW \qquad b \leftarrow b - \eta\, db$$
#
# All slopes were measured at the old weights.
# So **first all gradients, then all steps**: a *simultaneous* update.
#
# **Predict:** which weights move more, those of $W^1$ or of $W^2$?
# Lesson 2 has their gradients.
#
# The cell does Mazur's step: only the weights move, not the biases.
# It overwrites nothing: new arrays get new names.

# %%
dW2 = np.outer(delta2, a1)
delta1 = (W2.T @ delta2) * a1 * (1 - a1)  # the old W2
dW1 = np.outer(delta1, x)
W1_new, W2_new = W1 - lr * dW1, W2 - lr * dW2
print("W1\n", W1_new)
print("W2\n", W2_new)
print("E", E(W1, b1, W2, b2), "after the step", E(W1_new, b1, W2_new, b2))

# %% [markdown]
# ## 3.3 A detective story
#
# Matt Mazur's page made this network known, and other pages repeat its numbers.
# It lists the eight new weights, the same as ours.
# Then it gives the total error after the step: 0.291027924.
# Our $E$ is 0.291027774.
#
# The difference is tiny, but computers do not forget digits without a reason.
#
# **Predict:** who did it?
#
# - rounding: the page shows nine digits;
# - the biases: were they updated too?
# - the order of the updates.
#
# The cell questions the first two.

# %%
print("the page       ", 0.291027924)
print("ours           ", E(W1_new, b1, W2_new, b2))
print("rounded weights", E(W1_new.round(9), b1, W2_new.round(9), b2))
print("biases as well ", E(W1_new, b1 - lr * delta1, W2_new, b2 - lr * delta2))

# %% [markdown]
# Both are innocent.
# Rounding changes nothing, and with the biases $E$ is 0.280471447.
#
# That leaves the order.
# What if $W^2$ moves first, and the error comes back through the **new** $W^2$?
# Try it with the menu of the picture.
#
# **Predict:** which new weights will be wrong?
#
# <details><summary>Answer, after you have tried</summary>
#
# Those of $W^1$.
# $E$ is the page's, digit by digit.
# Its list of weights is right, so list and $E$ cannot come from the same run.
#
# </details><br>
#
# In exercise 3.4 you write this mistake yourself.

# %%
widgets.mazur_step()

# %% [markdown]
# ## 3.4 The learning rate
#
# Think of a ball in a bowl.
# Two weights give its place on the ground, the loss is its height.
# The slope grows as you go up the wall; how fast it grows is the *curvature* $\lambda$ (lambda).
# This bowl is long, like a bathtub: flat along $w_1$, with $\lambda_1 = 1$, and steep along $w_2$, with $\lambda_2 = 10$.
#
# **Predict:** which of the two forbids a large $\eta$?
#
# Find the largest $\eta$ with which the ball still comes to rest.
# Keep the momentum at 0.

# %%
widgets.ball_on_a_bowl()

# %% [markdown]
# The bowl, its slopes, and one step:
#
# $$E = \tfrac{1}{2} (\lambda_1 w_1^2 + \lambda_2 w_2^2) \qquad dw_i = \lambda_i w_i$$
# $$w_i \leftarrow w_i - \eta\, \lambda_i w_i = (1 - \eta \lambda_i)\, w_i$$
#
# Every step multiplies $w_i$ by the same factor.
# It shrinks when the factor is between $-1$ and 1.
# The steepest direction is the first to break this, so
#
# $$\eta < \frac{2}{\lambda_{max}}$$
#
# | factor | the ball |
# |---|---|
# | 0 to 1 | slides down |
# | $-1$ to 0 | jumps across, lower |
# | below $-1$ | jumps across, higher |
#
# **Predict** both factors for each rate: who slides, who jumps, who flies away?

# %%
lam = np.array([1.0, 10.0])
for lr in (0.01, 0.18, 0.21):
    w = np.array([1.0, 1.0])
    for _ in range(50):
        w = w - lr * lam * w
    print("lr", lr, "factors", 1 - lr * lam, "w after 50 steps", w)

# %% [markdown]
# Bowls can also lie askew.
# Then a *symmetric* matrix $A$ (equal to its transpose) describes them:
#
# $$E = \tfrac{1}{2}\, w^\top A\, w \qquad dw = A w$$
#
# $w^\top A\, w$ is `w @ A @ w`.
# `np.linalg.eigvalsh(A)` finds the curvatures in the flattest and in the steepest direction.
# Books call them the *eigenvalues* of $A$.
#
# **Predict:** the table of $A$ holds other numbers.
# Is it another bowl?
#
# <details><summary>Answer, after you have run the cell</summary>
#
# It is our bowl, turned.
# So the bound is the same.
#
# </details>

# %%
A = np.array([[5.5, 4.5], [4.5, 5.5]])
print("curvatures", np.linalg.eigvalsh(A), "bound", 2 / np.linalg.eigvalsh(A).max())

# %% [markdown]
# The loss of a network is no bowl: its curvature changes from place to place.
# So people try several rates.
# Search the best one for XOR in the picture; its network has tanh and cross-entropy.
#
# The cell has sigmoids and the squared error.
# It trains from five starts, seeds 0 to 4, 500 steps each.
# `SGD` (stochastic gradient descent) does $w \leftarrow w - \eta\, dw$ for all arrays (see 3.10).
#
# **Predict:** is your best rate good there too?
#
# <details><summary>Answer, after both</summary>
#
# Rate 10 spoils the picture's network and suits the cell's.
#
# </details>

# %%
widgets.best_lr()


# %%
def five(kind, **settings):
    (x, y), losses = datasets.xor(), []
    for seed in range(5):
        net = dense([2, 4, 1], SIGMOID, MSE, np.random.default_rng(seed))
        optimiser = kind(**settings)
        for _ in range(500):
            gradients = net.backward(net.forward(x), y)
            optimiser.step(net.params, gradients.params)
        losses.append(MSE.value(net.forward(x).a[-1], y))
    return np.round(losses, 4)


for lr in (0.1, 10, 1000):
    print("lr", lr, "losses", five(SGD, lr=lr))

# %% [markdown]
# ## 3.5 The loss is not the gradient
#
# In the last cell, rate 1000 left two rows of XOR completely wrong.
# One step was enough: it threw the output neuron where the sigmoid is flat.
# There it is *saturated*: it can hardly move, however wrong it is.
#
# Michael Nielsen shows this with one neuron: input 1, target 0.
# One start answers 0.818, the other 0.982.
#
# **Predict:** the second is more wrong.
# Does it learn faster?
#
# Try both starts and both losses; *quadratic* is our squared error.

# %%
widgets.saturated_neuron()

# %% [markdown]
# For one sigmoid neuron, *cross-entropy* is $L = -y \ln a - (1 - y) \ln(1 - a)$.
# As with softmax, it cancels the slope of the sigmoid:
#
# $$\text{squared error: } dw = (a - y)\, \sigma'(z)\, x \qquad
# \text{cross-entropy: } dw = (a - y)\, x$$
#
# The step depends on the slope of the loss, not on its height.
#
# **Predict:** in which columns is the second start larger, and in which smaller?

# %%
print("    a, squared error, its slope dw, cross-entropy, its slope dw")
for w, b in ((0.6, 0.9), (2.0, 2.0)):
    a = sigmoid(w * 1 + b)  # input 1, target 0
    print(np.round([a, 0.5 * a**2, a * a * (1 - a), -np.log(1 - a), a], 3))

# %% [markdown]
# **Break it:** "The error is large, so the step must be large."
# Somebody takes the loss itself for the slope: $w \leftarrow w - \eta E$.
#
# The neuron has the input 1, the weight 0, no bias, and the target is 1.
#
# **Predict:** where does its answer go?
#
# <details><summary>Answer, after you have run the cell</summary>
#
# To 0.
# A loss is never negative, so $w$ can only fall.
# And in a network, every weight would take the same step.
#
# </details>

# %%
for name in ("slope", "loss itself"):
    w = 0.0
    for _ in range(200):
        a = sigmoid(w)
        w = w - 0.5 * ((a - 1) * a * (1 - a) if name == "slope" else 0.5 * (a - 1) ** 2)
    print(name, "brings the answer to", sigmoid(w).round(3))

# %% [markdown]
# ## 3.6 Momentum
#
# A heavy ball keeps part of its *velocity* $v$, which starts at 0:
#
# $$v \leftarrow \mu v + dw \qquad w \leftarrow w - \eta v$$
#
# The *momentum* $\mu$ (mu) is below 1; at 0 we have the plain step.
# While the slope stays the same, $v$ grows to $dw / (1 - \mu)$, because there $v = \mu v + dw$.
#
# **Predict:** is more momentum always faster on our bowl?
# Which two lines of XOR are nearly equal?
# Try the ball of 3.4, too.
#
# <details><summary>Answer, after you have run the cell</summary>
#
# No: 0.99 rolls past the bottom again and again.
# On XOR, 0.9 works like ten times the rate.
#
# </details>

# %%
for mu in (0.0, 0.4, 0.8, 0.99):
    w, v, steps = np.array([1.0, 1.0]), 0.0, 0
    while np.abs(w).max() > 0.01:
        v = mu * v + lam * w
        w = w - 0.02 * v
        steps += 1
    print("bowl: momentum", mu, "needs", steps, "steps")
print("XOR: lr 1               ", five(SGD, lr=1))
print("XOR: lr 1, momentum 0.9 ", five(Momentum, lr=1, momentum=0.9))
print("XOR: lr 10              ", five(SGD, lr=10))

# %% [markdown]
# ## 3.7 RMSProp and Adam: each weight its own step
#
# One weight may have slopes near a thousandth, another near a thousand.
# No common learning rate suits both.
# *RMSProp* keeps $s$, a running mean of the squared slopes, and divides by its root:
#
# $$s \leftarrow \rho s + (1 - \rho)\, dw^2 \qquad w \leftarrow w - \eta\, \frac{dw}{\sqrt{s} + \epsilon}$$
#
# $\epsilon$ only prevents a division by 0.
#
# **Predict:** the three slopes stay the same, and $s$ starts at 0.
# How long are the first steps, and how long the later ones?

# %%
dw, lr, s = np.array([0.001, 1.0, -1000.0]), 0.01, 0.0
for t in range(1, 9):
    s = 0.5 * s + (1 - 0.5) * dw**2  # rho = 0.5
    print("RMSProp, step", t, -lr * dw / (np.sqrt(s) + 1e-8))

# %% [markdown]
# Soon every weight moves by $\eta$, whatever its slope.
# But $s$ starts at 0, so at first it is too small, and the step too long.
#
# *Adam* also takes a running mean of the slopes, and corrects both means; $t$ counts the steps from 1:
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, dw \qquad s \leftarrow \beta_2 s + (1 - \beta_2)\, dw^2$$
# $$\hat m = \frac{m}{1 - \beta_1^t} \qquad \hat s = \frac{s}{1 - \beta_2^t} \qquad
# w \leftarrow w - \eta\, \frac{\hat m}{\sqrt{\hat s} + \epsilon}$$
#
# **Predict** Adam's first step for each slope.
#
# **Break it:** and without the correction?
#
# The last lines train XOR.

# %%
t, beta1, beta2 = 1, 0.9, 0.999
m, s = (1 - beta1) * dw, (1 - beta2) * dw**2  # from m = 0 and s = 0
m_hat, s_hat = m / (1 - beta1**t), s / (1 - beta2**t)
print("Adam                 ", -lr * m_hat / (np.sqrt(s_hat) + 1e-8))
print("broken: no correction", -lr * m / (np.sqrt(s) + 1e-8))
print("XOR: Adam 0.01", five(Adam, lr=0.01))
print("XOR: SGD 10   ", five(SGD, lr=10))
print("XOR: Adam 0.1 ", five(Adam, lr=0.1))

# %% [markdown]
# At the first step $\hat m = dw$ and $\hat s = dw^2$, so Adam moves every weight by about $\eta$.
# Without the correction it is about three times as far.
#
# On XOR, SGD with 10 beats Adam with 0.01, but not Adam with 0.1.
#
# Five optimisers race with one common $\eta$; *Nesterov* is momentum that looks ahead.
#
# **Predict** the winner; then change $\eta$.
# Does the order stay?
#
# <details><summary>Answer, after you have tried</summary>
#
# No winner without learning rates.
#
# </details>

# %%
widgets.optimiser_race()

# %% [markdown]
# ## 3.8 Weight decay
#
# A large weight lets a small change of the input make a large change of $z$.
# *Weight decay* adds $\frac{1}{2} \lambda \sum W^2$ to the loss, so each weight is also pulled towards 0:
#
# $$W \leftarrow W - \eta\, (dW + \lambda W) \qquad b \leftarrow b - \eta\, db$$
#
# Here $\lambda$ is the strength of the pull, not a curvature.
# The bias multiplies no input, so we leave it alone.
#
# **Predict:** `dW` and `db` are 0, $\eta$ is one half, $\lambda$ one hundredth.
# Which share of $W$ and of $b$ is left after 100 steps?

# %%
W, b = W2, b2
for _ in range(100):
    W, b = W - 0.5 * (0 + 0.01 * W), b - 0.5 * 0
print("left of W\n", W / W2, "\nleft of b", b / b2, "factor", round((1 - 0.5 * 0.01) ** 100, 9))

# %% [markdown]
# ## 3.9 How long is the step, compared with the weights?
#
# $$\text{ratio} = \frac{\lVert \eta\, dW \rVert}{\lVert W \rVert}$$
#
# $\lVert W \rVert$, `np.linalg.norm(W)`, is the root of the sum of all squares.
# The course notes CS231n of Stanford name about a thousandth as a rough goal.
# The cell prints the first ratios of $W^1$ in the XOR runs of 3.4.
#
# **Predict:** which rate was near a thousandth, and which one learned?
#
# <details><summary>Answer, after you have run the cell</summary>
#
# Rate 10 learned, far above it.
# So the goal is a question to ask, no law.
#
# </details>

# %%
widgets.update_gauge()

# %%
x, y = datasets.xor()
for lr in (0.1, 10, 1000):
    ratios = []
    for seed in range(5):
        net = dense([2, 4, 1], SIGMOID, MSE, np.random.default_rng(seed))
        W, dW = net.layers[0].W, net.backward(net.forward(x), y).dW[0]
        ratios.append(np.linalg.norm(lr * dW) / np.linalg.norm(W))
    print("lr", lr, "ratios", np.round(ratios, 5))

# %% [markdown]
# ## 3.10 What an optimiser does to a network
#
# `net.params` lists the arrays `W1, b1, W2, b2` themselves.
# `step` changes them *in place*, with `w -= lr * dw`.
# All gradients exist by then, so the update is simultaneous.
# Momentum and Adam also remember $v$, or $m$ and $s$: every network needs a fresh one.
#
# **Predict** the loss after one step: which number of section 3.3 comes back?
#
# **Break it:** `same` is a second name for $W^1$, no copy.
# And `w = w - lr * dw` makes a new array, which the network never sees.

# %%
mazur = datasets.mazur()
layers = [Layer(mazur.W1, mazur.b1, SIGMOID), Layer(mazur.W2, mazur.b2, SIGMOID)]
net = Network(layers, MSE)
gradients = net.backward(net.forward(mazur.x), mazur.y)
for w, dw in zip(net.params, gradients.params, strict=True):
    w = w - 0.5 * dw
print("broken: new arrays", round(MSE.value(net.forward(mazur.x).a[-1], mazur.y), 9))
same, copy = net.params[0], net.params[0].copy()
SGD(lr=0.5).step(net.params, gradients.params)
print("after step        ", round(MSE.value(net.forward(mazur.x).a[-1], mazur.y), 9))
print("W1 has moved by   ", (net.params[0] - copy)[0])
print("broken: no copy   ", (net.params[0] - same)[0])

# %% [markdown]
# ## Self-quiz
#
# **1.** The slope is $-3$ and $\eta$ is 2.
# How does $w$ change?
#
# <details><summary>Answer</summary>
#
# It grows by 6.
#
# </details><br>
#
# **2.** Which $W^2$ carries the error back?
#
# <details><summary>Answer</summary>
#
# The old one.
#
# </details><br>
#
# **3.** The curvatures are 4 and 1.
# Which rates work?
#
# <details><summary>Answer</summary>
#
# Those below one half.
#
# </details><br>
#
# **4.** The loss is high, the step tiny.
# Why?
#
# <details><summary>Answer</summary>
#
# Saturated, or a tiny rate.
#
# </details><br>
#
# **5.** How long is Adam's first step?
#
# <details><summary>Answer</summary>
#
# About $\eta$.
#
# </details>

# %% [markdown]
# ## Your turn
#
# Open [the exercises of lesson 3](../exercises/03_weight_update.ipynb).
#
# | section | exercise |
# |---|---|
# | 3.1 | 3.1 one step |
# | 3.2 | 3.2 Mazur's update |
# | 3.3 | 3.4 the detective |
# | 3.4 | 3.6 the largest learning rate |
# | 3.6 | 3.5 momentum |
# | 3.7 | 3.8 Adam |
# | 3.8 | 3.7 weight decay |
# | 3.10 | 3.3 a list of arrays |
#
# After them comes [lesson 4](04_repeat.ipynb): one step becomes many.

# %% [markdown]
# ## Summary card
#
# **Weight update** (가중치 조정): first all gradients, then all steps.
#
# `w ← w − lr · dw`
#
# | optimiser (옵티마이저) | the step uses |
# |---|---|
# | SGD (경사하강법) | the slope |
# | momentum (모멘텀) | all slopes so far, the old ones fading |
# | RMSProp | the slope, divided by its recent size |
# | Adam | both, corrected |
#
# Too small a **learning rate** (학습률) hardly moves; too large a rate jumps away.
#
# | 피오가반 | step | lesson |
# |---|---|---|
# | 피 | feed-forward: 피드포워드 | 1 |
# | 오 | error back: 오류역전파 | 2 |
# | **가** | **weight update: 가중치 조정** | **3: you are here** |
# | 반 | repeat, epochs: 반복 수행 | 4 |

# %% [markdown]
# ## Teacher's note
#
# <details><summary>A lab of 90 minutes</summary>
#
# | minutes | section | exercise |
# |---|---|---|
# | 5 | start | |
# | 8 | 3.1 | 3.1 |
# | 10 | 3.2 | 3.2 |
# | 12 | 3.3 | 3.4 |
# | 20 | 3.4 | |
# | 12 | 3.5 | |
# | 8 | 3.6 | |
# | 10 | 3.10 | |
# | 5 | quiz | |
#
# At home: 3.7, 3.8, 3.9.
#
# **Discuss:**
#
# - Gradient and step: which one do you choose?
# - Why did nobody notice the wrong digits?
#
# **Common mistakes:** plus for minus; biases forgotten; new $W^2$ used too early.
#
# The full plan is in [the teacher's guide](../docs/teaching-03.md).
#
# </details>
