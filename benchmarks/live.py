"""How smooth is widgets.train_live() in real JupyterLab, and how fast does Pause answer?

    python benchmarks/live.py [folder]

It needs the packages of the tests and a Chromium or Chrome, and takes about a minute.
It starts a JupyterLab server and a browser without a window, plays each data set for 10 seconds
and counts the pictures that arrive: the changes of the aria-label of the drawing.
Then it clicks Pause 5 times while the pictures run.
The latency is the time from that click to the last picture; without a picture after it, 0.
Python's own share of a frame is timed without a browser.
With a folder, it also saves a light and a dark screenshot of every data set there.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from playwright.sync_api import sync_playwright

from bplib import widgets

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from laboratory import QUIET, jupyterlab

DATA, SECONDS, TRIALS = ["XOR", "moons"], 10, 5
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "chrome"]
CELL = """from bplib import widgets
explore = widgets.train_live()
explore.controls["data"].value = "{}"
explore"""
WATCH = """() => {
    window.changes = [];
    let last = null;
    const look = () => {
        const now = document.querySelector("svg[role=img][aria-label*='updates']");
        if (now && now.getAttribute("aria-label") !== last) {
            last = now.getAttribute("aria-label");
            window.changes.push(performance.now());
        }
    };
    new MutationObserver(look).observe(document.body, {subtree: true, childList: true});
    document.addEventListener("click", () => { window.clicked = performance.now(); }, true);
}"""


def play(page, address, data, folder):
    """Pictures per second while Play runs, and the latency of each Pause in milliseconds."""
    page.goto(address.format(data))
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.locator("svg[role=img][aria-label*='updates']").wait_for()
    page.evaluate(WATCH)
    button = page.get_by_role("button", name="Play", exact=True)
    button.click()
    page.wait_for_timeout(1000)
    page.evaluate("() => { window.changes = []; }")
    page.wait_for_timeout(1000 * SECONDS)
    times = page.evaluate("() => window.changes")
    latencies = []
    for _ in range(TRIALS):
        button.click()
        page.wait_for_timeout(1500)
        latencies.append(page.evaluate("() => Math.max(0, changes.at(-1) - clicked)"))
        button.click()
        page.wait_for_timeout(1000)
        if page.evaluate("() => changes.at(-1) < clicked"):
            raise SystemExit(f"{data}: Play did not go on after Pause.")
    button.click()
    if folder:
        for theme in ("Light", "Dark"):
            page.get_by_role("menuitem", name="Settings", exact=True).click()
            page.get_by_text("Theme", exact=True).click()
            page.get_by_text(f"JupyterLab {theme}", exact=True).click()
            page.wait_for_timeout(1500)
            page.screenshot(path=Path(folder) / f"{data}_{theme.lower()}.png")
    return (len(times) - 1) * 1000 / (times[-1] - times[0]), latencies


def python_time(data):
    """The median time of one frame in Python, in milliseconds."""
    explore = widgets.train_live()
    explore.controls["data"].value = data
    stride, times = explore.children[2].children[4].step, []
    for _ in range(100):
        start = time.perf_counter()
        explore.controls["step"].value += stride
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def main(folder=None):
    browser_path = next(filter(None, map(shutil.which, BROWSERS)))
    print("| data | frames per second | Pause: median, longest of 5 (ms) | Python per frame (ms) |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        for data in DATA:
            book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL.format(data))])
            book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
            nbformat.write(book, Path(home) / f"{data}.ipynb")
        with jupyterlab(Path(home)) as address:
            options = {"executable_path": browser_path, "args": QUIET}
            browser = playwright.chromium.launch(**options)
            for data in DATA:
                page = browser.new_page(viewport={"width": 1200, "height": 1000})
                page.set_default_timeout(60_000)
                fps, pause = play(page, address, data, folder)
                pause = f"{statistics.median(pause):.0f}, {max(pause):.0f}"
                print(f"| {data} | {fps:.1f} | {pause} | {python_time(data):.1f} |", flush=True)
                page.close()
            browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:2])
