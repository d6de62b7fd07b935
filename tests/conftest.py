"""What the tests share: one thread for each kernel, one hypothesis profile, one browser."""

import os

for library in ("OPENBLAS", "OMP", "MKL"):  # before NumPy is imported, or it is too late
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

import pytest
from hypothesis import settings
from laboratory import browser

# A build server tries the same examples every time; at home each run tries new ones.
settings.register_profile("house", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("house")


@pytest.fixture(scope="session")
def chromium():
    """Path of a Chromium or Chrome; without one the test skips and says so."""
    if path := browser():
        return path
    pytest.skip("no Chromium or Chrome was found: install one to run the browser tests")
