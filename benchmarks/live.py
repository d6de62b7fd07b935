"""How smooth is Play in real JupyterLab, and how fast does Pause answer?

    python benchmarks/live.py [folder]

It needs the packages of the tests and a Chromium or Chrome, and takes about three minutes.
It starts a JupyterLab server and a browser without a window, plays each interactive that plays
smoothly for SECONDS and counts the pictures that arrive: the changes of the label of the drawing.
Then it clicks Pause while the pictures run, TRIALS times.
The latency is the time from that click to the last picture; without a picture after it, 0.
The last rows are of a kernel that needs 0.2 seconds more for each picture, and of a browser that
needs 0.1 seconds more: there are fewer pictures, and after Pause only those on their way.
With a folder, it also saves a light and a dark screenshot of each there.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import nbformat
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from laboratory import QUIET, jupyterlab

SECONDS, TRIALS = 4, 5
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "chrome"]
CELL = """from bplib import widgets
explore = widgets.{}()
{}
explore"""
SLOW = """import time
draw = explore.draw
def slow(**values):
    time.sleep(0.2)
    return draw(**values)
explore.draw = slow"""
CELLS = {
    "train_live, XOR": ("train_live", 'explore.controls["data"].value = "XOR"'),
    "train_live, moons": ("train_live", ""),
    "adding_race, T = 100": ("adding_race", 'explore.controls["T"].value = 100'),
    "four_activations": ("four_activations", ""),
    "initialisation_lab": ("initialisation_lab", 'explore.controls["step"].value = 0'),
    "saturated_neuron": ("saturated_neuron", 'explore.controls["step"].value = 0'),
    "train_live, slow kernel": ("train_live", SLOW),
    "train_live, slow browser": ("train_live", ""),
}
WATCH = """(pause) => {
    window.changes = [];
    let last = null;
    const look = () => {
        const now = document.querySelector(".jp-OutputArea-output svg[role=img]");
        if (now && now.getAttribute("aria-label") !== last) {
            last = now.getAttribute("aria-label");
            window.changes.push(performance.now());
            while (performance.now() < window.changes.at(-1) + pause);
        }
    };
    new MutationObserver(look).observe(document.body, {subtree: true, childList: true});
    document.addEventListener("click", () => { window.clicked = performance.now(); }, true);
}"""


def play(page, address, name, folder):
    """What is measured of an interactive while it plays and when it pauses."""
    page.goto(address)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.locator(".jp-OutputArea-output svg[role=img]").wait_for()
    page.wait_for_timeout(1000)
    page.evaluate(WATCH, 100 if "slow browser" in name else 0)
    button = page.get_by_role("button", name="Play", exact=True)
    button.click()
    page.wait_for_timeout(1000)
    page.evaluate("() => { window.changes = []; }")
    page.wait_for_timeout(1000 * SECONDS)
    times = page.evaluate("() => window.changes")
    waits, late = [], []
    for _ in range(TRIALS):
        button.click()
        page.wait_for_timeout(1500)
        waits.append(page.evaluate("() => Math.max(0, changes.at(-1) - clicked)"))
        late.append(page.evaluate("() => changes.filter(t => t > clicked).length"))
        button.click()
        page.wait_for_timeout(600)
    button.click()
    if folder:
        for theme in ("Light", "Dark"):
            page.get_by_role("menuitem", name="Settings", exact=True).click()
            page.get_by_text("Theme", exact=True).click()
            page.get_by_text(f"JupyterLab {theme}", exact=True).click()
            page.wait_for_timeout(1500)
            page.screenshot(path=Path(folder) / f"{name}_{theme.lower()}.png")
    gaps = sorted(after - before for before, after in zip(times, times[1:], strict=False))
    return {
        "per second": 1000 * len(gaps) / (times[-1] - times[0]),
        "gap, ms": statistics.median(gaps),
        "gap of 9 in 10, ms": gaps[9 * len(gaps) // 10],
        "pause, ms": statistics.median(waits),
        "longest pause, ms": max(waits),
        "pictures after pause": max(late),
    }


def plays(folder=None):
    """{interactive: what play() found}"""
    path, found = next(filter(None, map(shutil.which, BROWSERS))), {}
    print(
        "| Play | pictures per second | gap: median, 9 of 10 (ms) | Pause: median, longest (ms) |"
    )
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        for number, words in enumerate(CELLS.values()):
            book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL.format(*words))])
            book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
            nbformat.write(book, Path(home) / f"{number}.ipynb")
        with jupyterlab(Path(home)) as address:
            browser = playwright.chromium.launch(executable_path=path, args=QUIET)
            for number, name in enumerate(CELLS):
                page = browser.new_page(viewport={"width": 1200, "height": 1000})
                page.set_default_timeout(60_000)
                found[name] = play(page, address.format(number), name, folder)
                print(row(name, found[name]), flush=True)
                page.close()
            browser.close()
    return found


def row(name, of):
    """A line of the table."""
    gap, pause = ("gap, ms", "gap of 9 in 10, ms"), ("pause, ms", "longest pause, ms")
    gaps, pauses = (", ".join(f"{of[key]:.0f}" for key in keys) for keys in (gap, pause))
    return f"| {name} | {of['per second']:.1f} | {gaps} | {pauses} |"


if __name__ == "__main__":
    plays(*sys.argv[1:2])
