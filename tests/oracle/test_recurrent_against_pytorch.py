"""Both cells and their gradients through time, beside torch.nn.RNN and torch.nn.LSTM."""

import numpy as np
import pytest

from bplib.recurrent import LSTM, RNN

torch = None  # conftest.py fills it in

CELLS = [(RNN, 1), (LSTM, 4)]


def tensor(array):
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


def their_rows(kind, n):
    """Our rows in their order: our gates are i, f, o, g, and those of PyTorch i, f, g, o."""
    blocks = np.arange(n if kind is RNN else 4 * n).reshape(-1, n)
    return blocks[[0] if kind is RNN else [0, 1, 3, 2]].ravel()


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("kind", "blocks"), CELLS, ids=["RNN", "LSTM"])
def test_states_and_all_gradients_through_time(kind, blocks, seed):
    rng = np.random.default_rng(seed)
    T, m, n_in, n = rng.integers(1, [40, 6, 7, 9])
    rows, order = blocks * n, their_rows(kind, n)
    ours = kind(
        rng.normal(size=(rows, n_in)),
        rng.normal(size=(rows, n)) / np.sqrt(n),
        rng.normal(size=rows),
    )
    first = rng.normal(size=(1 if kind is RNN else 2, m, n))  # h0, and c0 of an LSTM
    x, dh = rng.normal(size=(T, m, n_in)), rng.normal(size=(T, m, n))
    if seed % 2:
        dh[:-1] = 0.0  # only the last step is compared with a target
    theirs = getattr(torch.nn, kind.__name__)(int(n_in), int(n), dtype=torch.float64)
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0")
    with torch.no_grad():
        for name, w in zip(names, ours.params, strict=True):
            getattr(theirs, name).copy_(torch.tensor(w[order]))
        theirs.bias_hh_l0.zero_()  # PyTorch has two biases, and only their sum counts
    x_theirs, first_theirs = tensor(x), [tensor(state[None]) for state in first]
    h, last = theirs(x_theirs, first_theirs[0] if kind is RNN else tuple(first_theirs))
    (h * torch.tensor(dh)).sum().backward()
    trace = ours.forward(x, *first)
    found = ours.backward(trace, dh)
    pairs = [
        (trace.h[1:], h.detach()),
        (found.dW_x[order], theirs.weight_ih_l0.grad),
        (found.dW_h[order], theirs.weight_hh_l0.grad),
        (found.db[order], theirs.bias_ih_l0.grad),
        (found.dx, x_theirs.grad),
        (found.dh0, first_theirs[0].grad[0]),
    ]
    if kind is LSTM:
        pairs += [(trace.c[-1], last[1][0].detach()), (found.dc[0], first_theirs[1].grad[0])]
    for array, other in pairs:
        np.testing.assert_allclose(array, other.numpy(), rtol=1e-10, atol=1e-12)
