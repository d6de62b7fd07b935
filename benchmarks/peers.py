"""One training step in the words of each library.  speed.py starts one process of this per peer.

make(case, dtype) of a peer builds the same network from the same weights and returns
step(i), an update with batch i, and params(), the weights as they are now, in one order for all.
None of them computes the value of the loss unless it must.
"""

import json
import os
import resource
import sys
import time
from itertools import pairwise
from typing import NamedTuple

import numpy as np

BATCHES = 8


class Case(NamedTuple):
    """sizes : of the layers; of an LSTM n_in, n, n_out; of an RBM n_v, n_h.   T : steps in time"""

    kind: str
    sizes: tuple
    batch: int
    optimiser: str
    phi: str = "relu"
    T: int = 50


CASES = {
    "XOR 2-4-1, batch 4, SGD": Case("mlp", (2, 4, 1), 4, "SGD", "tanh"),
    "moons 2-16-16-1, batch 32, SGD": Case("mlp", (2, 16, 16, 1), 32, "SGD", "tanh"),
    "moons 2-16-16-1, batch 32, Adam": Case("mlp", (2, 16, 16, 1), 32, "Adam", "tanh"),
    "digits 64-64-32-10, batch 32, SGD": Case("mlp", (64, 64, 32, 10), 32, "SGD"),
    "digits 64-64-32-10, batch 32, Adam": Case("mlp", (64, 64, 32, 10), 32, "Adam"),
    "digits 64-64-32-10, batch 1797, Adam": Case("mlp", (64, 64, 32, 10), 1797, "Adam"),
    "784-256-128-10, batch 64, Adam": Case("mlp", (784, 256, 128, 10), 64, "Adam"),
    "784-256-128-10, batch 256, Adam": Case("mlp", (784, 256, 128, 10), 256, "Adam"),
    "LSTM 32, T 50, batch 32, Adam": Case("lstm", (2, 32, 1), 32, "Adam"),
    "LSTM 128, T 50, batch 32, Adam": Case("lstm", (2, 128, 1), 32, "Adam"),
    "RBM 64-128, batch 64, CD-1": Case("rbm", (64, 128), 64, "SGD"),
}
LR = {"SGD": 0.1, "Adam": 0.001}


def start(case, dtype):
    """The first weights, W1, b1, W2, b2, ..., and BATCHES pairs of x and y.

    An LSTM has W_x, W_h, b and then W, b of its readout; an RBM has W, b, c.
    """
    rng, m = np.random.default_rng(0), case.batch
    draw = lambda *shape: rng.normal(0.0, 1.0 / np.sqrt(shape[-1]), shape)
    if case.kind == "lstm":
        n_in, n, n_out = case.sizes
        w = [draw(4 * n, n_in), draw(4 * n, n), np.zeros(4 * n), draw(n_out, n), np.zeros(n_out)]
        rows = lambda: (rng.random((case.T, m, n_in)), rng.random((m, n_out)))
    elif case.kind == "rbm":
        n_v, n_h = case.sizes
        w = [0.01 * rng.normal(size=(n_h, n_v)), np.zeros(n_h), np.zeros(n_v)]
        rows = lambda: (rng.random((m, n_v)), np.zeros((m, 1)))
    else:
        w = [v for n_in, n in pairwise(case.sizes) for v in (draw(n, n_in), np.zeros(n))]
        rows = lambda: (rng.normal(size=(m, case.sizes[0])), target(case.sizes[-1], m, rng))
    batches = [rows() for _ in range(BATCHES)]
    return [v.astype(dtype) for v in w], [(x.astype(dtype), y.astype(dtype)) for x, y in batches]


def target(n, m, rng):
    return np.eye(n)[rng.integers(n, size=m)] if n > 1 else rng.integers(2, size=(m, 1))


def bplib_net(case, w):
    from bplib import activations, losses, optimisers
    from bplib.network import Layer, Network

    phi = {"relu": activations.RELU, "tanh": activations.TANH}[case.phi]
    layers = [Layer(W, b, phi) for W, b in zip(w[::2], w[1::2], strict=True)]
    layers[-1].phi = activations.IDENTITY
    loss = losses.SOFTMAX_CROSS_ENTROPY if case.sizes[-1] > 1 else losses.BINARY_CROSS_ENTROPY
    return Network(layers, loss), getattr(optimisers, case.optimiser)(LR[case.optimiser])


def bplib(case, dtype):
    w, batches = start(case, dtype)
    if case.kind == "mlp":
        from bplib.fast import Packed

        packed = Packed(*bplib_net(case, w))
        batches = [(packed.columns(x), y.T.copy()) for x, y in batches]
        step, params = packed.__enter__(), lambda: packed.__exit__() or w
        return lambda i: step(*batches[i]), params
    from bplib import activations, dbn, losses, optimisers, recurrent
    from bplib.network import Layer, Network

    optimiser = getattr(optimisers, case.optimiser)(LR[case.optimiser])
    if case.kind == "rbm":
        machine, rng = dbn.RBM(*w), np.random.default_rng(1)
        found = lambda i: dbn.cd(machine, batches[i][0], rng)
        return lambda i: optimiser.step(machine.params, found(i).params), lambda: machine.params
    readout = Network([Layer(w[3], w[4], activations.IDENTITY)], losses.MSE)
    model = recurrent.LastStep(recurrent.LSTM(*w[:3]), readout)

    def step(i):
        x, y = batches[i]
        cell, read = model.backward(model.forward(x), y)
        optimiser.step(model.params, cell.params + read.params)

    return step, lambda: model.params


def bplib_readable(case, dtype):
    if case.kind != "mlp":
        return None
    w, batches = start(case, dtype)
    net, optimiser = bplib_net(case, w)

    def step(i):
        x, y = batches[i]
        optimiser.step(net.params, net.backward(net.forward(x), y).params)

    return step, lambda: net.params


def floor(case, dtype):
    """Nothing but the products of a step, each into an array that is there already."""
    _, batches = start(case, dtype)
    m = case.batch
    if case.kind == "lstm":
        (n_in, n, _), rows = case.sizes, case.T * m
        shapes = [(4 * n, n_in + n + 1, m), (n, 4 * n, m)] * case.T
        shapes += [(4 * n, rows, n_in + n + 1), (n_in, 4 * n, rows)]
    elif case.kind == "rbm":
        n_v, n_h = case.sizes
        shapes = [(m, n_v, n_h), (m, n_h, n_v), (m, n_v, n_h), (n_h, 2 * m, n_v)]
    else:
        pairs = list(pairwise(case.sizes))
        shapes = [shape for a, b in pairs for shape in ((b, a + 1, m), (b, m, a + 1))]
        shapes += [(a, b, m) for a, b in pairs[1:]]
    made = {
        s: [np.ones(s[:2], dtype), np.ones(s[1:], dtype), np.ones(s[::2], dtype)] for s in shapes
    }
    products = [made[shape] for shape in shapes]

    def step(i):
        for p, q, out in products:
            np.dot(p, q, out=out)

    return step, None


def torch(case, dtype):
    import torch

    torch.set_num_threads(1)
    torch.set_default_dtype(getattr(torch, dtype))
    w, batches = start(case, dtype)
    w = [torch.tensor(v) for v in w]
    batches = [(torch.tensor(x), torch.tensor(y)) for x, y in batches]
    if case.kind == "rbm":
        return torch_rbm(torch, w, batches)
    nn, n = torch.nn, len(case.sizes) - 1
    if case.kind == "lstm":
        cell, last = nn.LSTM(case.sizes[0], case.sizes[1]), nn.Linear(*case.sizes[1:])
        n = case.sizes[1]
        order = np.r_[0:n, n : 2 * n, 3 * n : 4 * n, 2 * n : 3 * n]  # PyTorch stacks i, f, g, o
        back = np.argsort(order)
        cell.bias_hh_l0.requires_grad_(False).zero_()  # PyTorch has two biases
        ours = [cell.weight_ih_l0, cell.weight_hh_l0, cell.bias_ih_l0, last.weight, last.bias]
        put = lambda k, v: v[order] if k < 3 else v
        take = lambda k, v: v[back] if k < 3 else v
        loss = lambda x, y: 0.5 * ((last(cell(x)[0][-1]) - y) ** 2).sum() / len(y)
    else:
        linear = [nn.Linear(a, b) for a, b in pairwise(case.sizes)]
        phi = nn.ReLU if case.phi == "relu" else nn.Tanh
        net = nn.Sequential(*[layer for one in linear for layer in (one, phi())][:-1])
        ours = [v for layer in linear for v in (layer.weight, layer.bias)]
        put = take = lambda k, v: v
        if case.sizes[-1] > 1:
            batches = [(x, y.argmax(1)) for x, y in batches]
            loss = lambda x, y: nn.functional.cross_entropy(net(x), y)
        else:
            loss = lambda x, y: nn.functional.binary_cross_entropy_with_logits(net(x), y)
    with torch.no_grad():
        for k, (mine, v) in enumerate(zip(ours, w, strict=True)):
            mine.copy_(put(k, v))
    kind = getattr(torch.optim, case.optimiser)  # fused is the faster Adam; SGD is faster without
    optimiser = kind(ours, lr=LR[case.optimiser], fused=case.optimiser == "Adam")

    def step(i):
        optimiser.zero_grad()
        loss(*batches[i]).backward()
        optimiser.step()

    return step, lambda: [take(k, v.detach().numpy()) for k, v in enumerate(ours)]


def torch_rbm(torch, w, batches):
    W, b, c = w
    lr = LR["SGD"]

    @torch.no_grad()
    def step(i):
        v0 = batches[i][0]
        h0 = torch.sigmoid(torch.addmm(b, v0, W.T))
        v1 = torch.sigmoid(torch.addmm(c, torch.bernoulli(h0), W))
        h1 = torch.sigmoid(torch.addmm(b, v1, W.T))
        m = len(v0)
        W.sub_(h1.T @ v1 - h0.T @ v0, alpha=lr / m)
        b.sub_((h1 - h0).mean(0), alpha=lr)
        c.sub_((v1 - v0).mean(0), alpha=lr)

    return step, lambda: [v.numpy() for v in w]


def jax(case, dtype):
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    w, batches = start(case, dtype)
    batches = [tuple(map(jnp.asarray, pair)) for pair in batches]
    phi = jnp.tanh if case.phi == "tanh" else lambda z: jnp.maximum(z, 0)

    def mlp(w, x, y):
        for W, b in zip(w[:-2:2], w[1:-2:2], strict=True):
            x = phi(x @ W.T + b)
        z = x @ w[-2].T + w[-1]
        if case.sizes[-1] > 1:
            return -jnp.sum(y * jax.nn.log_softmax(z)) / len(y)
        return jnp.sum(jnp.logaddexp(0, z) - y * z) / len(y)

    def lstm(w, x, y):
        W_x, W_h, b, W, bias = w

        def cell(state, z):
            h, c = state
            i, f, o, g = jnp.split(z + h @ W_h.T, 4, axis=1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        zero = jnp.zeros((x.shape[1], W_h.shape[1]), x.dtype)
        (h, _), _ = jax.lax.scan(cell, (zero, zero), x @ W_x.T + b)
        return 0.5 * jnp.sum((h @ W.T + bias - y) ** 2) / len(y)

    def cd(w, v0, key):
        W, b, c = w
        h0 = jax.nn.sigmoid(v0 @ W.T + b)
        u = jax.random.uniform(key, h0.shape, h0.dtype)
        v1 = jax.nn.sigmoid((u < h0).astype(h0.dtype) @ W + c)
        h1 = jax.nn.sigmoid(v1 @ W.T + b)
        return (h1.T @ v1 - h0.T @ v0) / len(v0), (h1 - h0).mean(0), (v1 - v0).mean(0)

    def update(state, x, y):
        w, m, s, t = state
        lr = LR[case.optimiser]
        if case.kind == "rbm":
            key, now = jax.random.split(t)
            return [v - lr * dv for v, dv in zip(w, cd(w, x, now), strict=True)], m, s, key
        dw = jax.grad({"mlp": mlp, "lstm": lstm}[case.kind])(w, x, y)
        if case.optimiser == "SGD":
            return [v - lr * dv for v, dv in zip(w, dw, strict=True)], m, s, t
        t = t + 1
        m = [0.9 * v + 0.1 * dv for v, dv in zip(m, dw, strict=True)]
        s = [0.999 * v + 0.001 * dv**2 for v, dv in zip(s, dw, strict=True)]
        one, two = (1 - beta ** t.astype(dtype) for beta in (0.9, 0.999))
        change = [(p / one) / (jnp.sqrt(q / two) + 1e-8) for p, q in zip(m, s, strict=True)]
        return [v - lr * dv for v, dv in zip(w, change, strict=True)], m, s, t

    update = jax.jit(update, donate_argnums=0)
    w = list(map(jnp.asarray, w))
    zeros = lambda: [jnp.zeros_like(v) for v in w] if case.optimiser == "Adam" else []
    first = jax.random.key(0) if case.kind == "rbm" else jnp.asarray(0)
    state = [(w, zeros(), zeros(), first)]

    def step(i):
        state[0] = update(state[0], *batches[i])

    return step, lambda: [np.asarray(v) for v in jax.block_until_ready(state[0][0])]


def sklearn(case, dtype):
    from sklearn.neural_network import BernoulliRBM, MLPClassifier

    w, batches = start(case, dtype)
    lr, m = LR[case.optimiser], case.batch
    if case.kind == "rbm":
        rbm = BernoulliRBM(case.sizes[1], learning_rate=lr, batch_size=m, random_state=0)
        return lambda i: rbm.partial_fit(batches[i][0]), None
    if case.kind == "lstm":
        return None
    net = MLPClassifier(
        case.sizes[1:-1],
        case.phi,
        solver=case.optimiser.lower(),
        alpha=0.0,
        batch_size=m,
        learning_rate_init=lr,
        momentum=0.0,
        nesterovs_momentum=False,
    )
    n = case.sizes[-1]
    batches = [(x, y.argmax(1) if n > 1 else y[:, 0].astype(int)) for x, y in batches]
    classes = np.arange(max(n, 2))
    # The first call makes the net and takes a step; then the weights and Adam's memory are ours.
    net.partial_fit(*batches[0], classes=classes)
    net.coefs_[:], net.intercepts_[:] = [v.T.copy() for v in w[::2]], list(w[1::2])
    if case.optimiser == "Adam":
        from sklearn.neural_network._stochastic_optimizers import AdamOptimizer

        net._optimizer = AdamOptimizer(net.coefs_ + net.intercepts_, lr)
    else:
        net._optimizer.params = net.coefs_ + net.intercepts_
    pairs = lambda: zip(net.coefs_, net.intercepts_, strict=True)
    return lambda i: net.partial_fit(*batches[i]), lambda: [v for W, b in pairs() for v in (W.T, b)]


def autograd(case, dtype):
    import autograd
    import autograd.numpy as anp

    if case.kind != "mlp":
        return None
    w, batches = start(case, dtype)
    phi = anp.tanh if case.phi == "tanh" else lambda z: anp.maximum(z, 0)

    def loss(w, x, y):
        for W, b in zip(w[:-2:2], w[1:-2:2], strict=True):
            x = phi(anp.dot(x, W.T) + b)
        z = anp.dot(x, w[-2].T) + w[-1]
        if case.sizes[-1] > 1:
            z = z - anp.max(z, axis=1, keepdims=True)
            return -anp.sum(y * (z - anp.log(anp.sum(anp.exp(z), axis=1, keepdims=True)))) / len(y)
        return anp.sum(anp.logaddexp(anp.array(0, dtype), z) - y * z) / len(y)

    slope, lr = autograd.grad(loss), LR[case.optimiser]
    m, s, t = [np.zeros_like(v) for v in w], [np.zeros_like(v) for v in w], [0]

    def step(i):
        t[0] += 1
        for v, dv, p, q in zip(w, slope(w, *batches[i]), m, s, strict=True):
            if case.optimiser == "SGD":
                v -= lr * dv
                continue
            p += 0.1 * (dv - p)
            q += 0.001 * (dv**2 - q)
            v -= lr * (p / (1 - 0.9 ** t[0])) / (np.sqrt(q / (1 - 0.999 ** t[0])) + 1e-8)

    return step, lambda: w


def micrograd(case, dtype):
    """Its own ReLU and squared loss, one number at a time: the same work, not the same network."""
    from micrograd.nn import MLP

    if case.sizes != (2, 4, 1) or dtype != "float64":
        return None
    _, batches = start(case, dtype)
    batches, net = [(x.tolist(), y[:, 0].tolist()) for x, y in batches], MLP(2, [4, 1])

    def step(i):
        net.zero_grad()
        sum((net(x) - y) ** 2 for x, y in zip(*batches[i], strict=True)).backward()
        for p in net.parameters():
            p.data -= 0.01 * p.grad

    return step, None


PEERS = {
    "products only": floor,
    "bplib": bplib,
    "bplib, readable": bplib_readable,
    "PyTorch": torch,
    "JAX jit": jax,
    "scikit-learn": sklearn,
    "autograd": autograd,
    "micrograd": micrograd,
}


def serve(peer):
    """Answer each line of stdin with one line of JSON.

    a case and a dtype: build it, take 24 steps; how large the weights then are, array by array
    a number: take steps for so many seconds of CPU time; the seconds of one step, and peak MB
    """
    for line in sys.stdin:
        said = json.loads(line)
        if isinstance(said, list):
            made = step = params = None  # let the last case go
            made = PEERS[peer](CASES[said[0]], said[1])
            if made is None:
                print(json.dumps(None), flush=True)
                continue
            step, params = made
            for i in range(24):
                step(i % BATCHES)
            n, after = 1, [float(np.sum(np.abs(v))) for v in params()] if params else []
            print(json.dumps(after), flush=True)
            continue
        began, steps = time.process_time(), 0
        while (spent := time.process_time() - began) < said:
            for i in range(n):
                step(i % BATCHES)
            if peer == "JAX jit":
                params()  # waits until the work is done
            steps += n
            if spent < said / 20:
                n = min(2 * n, 4096)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps([spent / steps, peak]), flush=True)


if __name__ == "__main__":
    serve(*sys.argv[1:])
