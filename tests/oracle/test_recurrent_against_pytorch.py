"""An RNN and its gradients through time, beside torch.nn.RNN."""

import numpy as np
import pytest

from bplib.recurrent import RNN

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e .[oracle]")


def tensor(array):
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("seed", range(20))
def test_states_and_all_gradients_through_time(seed):
    rng = np.random.default_rng(seed)
    T, m, n_in, n = rng.integers(1, [40, 6, 7, 9])
    ours = RNN(rng.normal(size=(n, n_in)), rng.normal(size=(n, n)) / np.sqrt(n), rng.normal(size=n))
    x, h0, dh = (rng.normal(size=shape) for shape in ((T, m, n_in), (m, n), (T, m, n)))
    if seed % 2:
        dh[:-1] = 0.0  # only the last step is compared with a target
    theirs = torch.nn.RNN(int(n_in), int(n), dtype=torch.float64)
    with torch.no_grad():
        for name, w in zip(
            ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0"), ours.params, strict=True
        ):
            getattr(theirs, name).copy_(torch.tensor(w))
        theirs.bias_hh_l0.zero_()  # PyTorch has two biases, and only their sum counts
    x_theirs, h0_theirs = tensor(x), tensor(h0[None])
    h, _ = theirs(x_theirs, h0_theirs)
    (h * torch.tensor(dh)).sum().backward()
    trace = ours.forward(x, h0)
    found = ours.backward(trace, dh)
    pairs = [
        (trace.h[1:], h.detach()),
        (found.dW_x, theirs.weight_ih_l0.grad),
        (found.dW_h, theirs.weight_hh_l0.grad),
        (found.db, theirs.bias_ih_l0.grad),
        (found.dx, x_theirs.grad),
        (found.dh0, h0_theirs.grad[0]),
    ]
    for array, other in pairs:
        np.testing.assert_allclose(array, other.numpy(), rtol=1e-10, atol=1e-12)
