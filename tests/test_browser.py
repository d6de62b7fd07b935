"""Lessons in real JupyterLab: all cells run, and a key on a slider moves the right numbers."""

import re
import shutil
import time
from pathlib import Path

import pytest
from laboratory import QUIET, jupyterlab

from bplib.activations import sigmoid

ROOT = Path(__file__).parents[1]
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
PICTURE = ".jp-OutputArea-output svg[role=img]"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab server over a copy of the lessons, with settings of its own."""
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", home, dirs_exist_ok=True)
    with jupyterlab(home) as address:
        yield address


@pytest.fixture(scope="module", params=LESSONS)
def page(request, lab, chromium):
    """A lesson after Run All Cells, in a window tall enough to hold all of it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        page = browser.new_page(viewport={"width": 1200, "height": 15000})
        page.set_default_timeout(60_000)
        page.goto(lab.format(request.param))
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()  # run earlier, and it asks
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        page.lesson = request.param
        yield page
        browser.close()


def _words(page, number=0):
    """What a screen reader hears of an interactive, and the numbers in it: {"w1": 1.3, ...}"""
    words = page.locator(PICTURE).nth(number).get_attribute("aria-label")
    found = re.findall(r"(\w+) = (−?\d+(?:\.\d+)?)", words)
    return words, {name: float(value.replace("−", "-")) for name, value in found}


def test_every_cell_runs_and_every_interactive_has_a_picture_with_words(page):
    pictures = page.locator(PICTURE)
    source = (ROOT / "notebooks" / f"{page.lesson}.ipynb").read_text(encoding="utf-8")
    expected = len(re.findall(r'"(?:widgets\.\w+|plots\.show)\(', source))
    pictures.nth(expected - 1).wait_for(timeout=600_000)  # lesson 6 trains for minutes
    assert pictures.count() == expected >= 6
    assert all(len(pictures.nth(i).get_attribute("aria-label")) > 20 for i in range(expected))
    assert page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert page.locator("text=Error displaying widget").count() == 0


def _type(page, keys, words):
    """Keys on the first slider until the first picture says these words, or says others if None.

    The page may take the focus away while it is still drawing: then the same keys come again.
    """
    before, _ = _words(page)
    slider = page.get_by_role("slider").nth(0)
    for _ in range(6):
        for key in keys:
            slider.press(key)
        for _ in range(20):
            now, numbers = _words(page)
            if (words or now) in now and now != before:
                return numbers
            time.sleep(0.25)
    pytest.fail(f"the keys did not arrive; the picture still says: {now}")


def test_an_arrow_key_on_a_slider_changes_the_first_picture(page):
    _type(page, ["ArrowRight"], None)


@pytest.mark.parametrize("page", ["01_feed_forward"], indirect=True)
def test_three_keys_on_a_weight_move_the_neuron_to_the_right_numbers(page):
    said = _type(page, ["Home", "ArrowRight", "ArrowRight", "ArrowRight"], "w1 = −4.7,")
    z = said["w1"] * said["x1"] + said["w2"] * said["x2"] + said["b"]
    assert said["z"] == pytest.approx(z, abs=5e-4)
    assert said["a"] == pytest.approx(sigmoid(z), abs=5e-4)


def test_nothing_covers_the_lesson(page):
    assert page.locator(".Toastify__toast, .jp-Dialog").count() == 0
