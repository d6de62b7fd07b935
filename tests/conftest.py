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

# Whole files go to the workers of a whole test: the long ones first, or one worker ends alone.
LONG = ("lessons", "hostile", "exercises", "widgets_feed_forward", "claims", "grading")
LONG += ("grading_robust", "release", "exercises_remedies_dbn", "doctor", "sandbox", "cluster")
LONG = [f"test_{name}" for name in LONG]


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: [name != item.path.stem for name in LONG])


@pytest.fixture(scope="session")
def chromium():
    """Path of a Chromium or Chrome; without one the test skips and says so."""
    if path := browser():
        return path
    pytest.skip("no Chromium or Chrome was found: install one to run the browser tests")
