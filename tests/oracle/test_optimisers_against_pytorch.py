"""Fifty steps of every optimiser, beside PyTorch's."""

import numpy as np
import pytest

from bplib.optimisers import SGD, Adam, Momentum, Nesterov, RMSProp

torch = None  # conftest.py fills it in

PAIRS = {
    "SGD": (SGD(0.05), lambda p: torch.optim.SGD(p, 0.05)),
    "momentum": (Momentum(0.05, 0.8), lambda p: torch.optim.SGD(p, 0.05, momentum=0.8)),
    "Nesterov": (
        Nesterov(0.05, 0.8),
        lambda p: torch.optim.SGD(p, 0.05, momentum=0.8, nesterov=True),
    ),
    "RMSProp": (RMSProp(0.02, 0.95), lambda p: torch.optim.RMSprop(p, 0.02, alpha=0.95)),
    "Adam": (Adam(0.02), lambda p: torch.optim.Adam(p, 0.02)),
    "AdamW": (Adam(0.02, decay=0.1), lambda p: torch.optim.AdamW(p, 0.02, weight_decay=0.1)),
}


@pytest.mark.parametrize(("ours", "theirs"), PAIRS.values(), ids=PAIRS)
def test_fifty_steps_on_a_bumpy_slope_end_in_the_same_place(ours, theirs):
    rng = np.random.default_rng(3)
    w = [rng.normal(size=(3, 4)), rng.normal(size=3)]
    v = [torch.tensor(a.copy(), requires_grad=True) for a in w]
    optimiser = theirs(v)
    for _ in range(50):
        ours.step(w, [np.cos(3 * a) + a for a in w])
        for a in v:
            a.grad = (torch.cos(3 * a) + a).detach()
        optimiser.step()
    for a, b in zip(w, v, strict=True):
        np.testing.assert_allclose(a, b.detach().numpy(), rtol=1e-12, atol=1e-12)
