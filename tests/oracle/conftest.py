"""PyTorch is imported by the worker that compares with it, not by all who collect these tests."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def _torch(request):
    """The module's `torch`."""
    request.module.torch = pytest.importorskip(
        "torch",
        reason="PyTorch is not installed, so nothing was compared with it: "
        "pip install -e .[oracle]",
    )
