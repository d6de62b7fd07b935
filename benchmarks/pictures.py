"""How fast are the pictures and the start?  Python's share of a frame, slider to picture, start-up.

    python benchmarks/pictures.py

It needs the packages of the tests and a Chromium or Chrome, and takes about eight minutes.
A frame: the CPU time of one change of one control; the first time, when a training may have to
run, and again, when only the picture is drawn.  Of `step`: the last frames of Play.
Slider to picture: 30 arrow keys on the first slider in real JupyterLab, from the key to the last
change of the output; beside it the same picture by matplotlib, in an Output and with ipympl.
Play: see live.py.
Start: an import beside that of NumPy, a kernel until its first answer, a server until it answers.
Writes benchmarks/pictures.json and docs/pictures.md.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import util
from itertools import pairwise
from pathlib import Path

import nbformat
from jupyter_client.manager import start_new_kernel
from live import BROWSERS, plays, row
from playwright.sync_api import sync_playwright
from speed import ROOT, machine

from bplib import widgets

sys.path.insert(0, str(ROOT / "tests"))
from laboratory import QUIET, jupyterlab

KEYS, WAIT, VALUES, STARTS = 30, 500, 12, 11
LIVELY = ["neuron_lab", "activation_gallery", "lstm_cell"]  # the first control is a slider
SURFACE = """import ipywidgets, matplotlib.pyplot as plt, numpy as np
points = np.random.default_rng(0).normal(size=(80, 2))
across, up = np.meshgrid(np.linspace(-3, 3, 50), np.linspace(-3, 3, 50))
w1 = ipywidgets.FloatSlider(1, min=-5, max=5)
def draw(w1):
    plt.imshow(1 / (1 + np.exp(-(w1 * across + up))), extent=(-3, 3, -3, 3))
    plt.plot(*points.T, "o")
"""
INLINE = f"""%matplotlib inline
{SURFACE}
def show(w1):
    draw(w1)
    plt.show()
display(w1, ipywidgets.interactive_output(show, dict(w1=w1)))"""
IPYMPL = f"""%matplotlib widget
{SURFACE}
def show(change):
    plt.cla()
    draw(w1.value)
    plt.gcf().canvas.draw_idle()
w1.observe(show, "value")
draw(1)
display(w1)"""
WATCH = """() => {
    window.changes = []; window.keys = [];
    const log = () => window.changes.push(performance.now());
    for (const area of document.querySelectorAll(".jp-OutputArea"))
        new MutationObserver(log).observe(area, {subtree: true, childList: true});
    document.addEventListener("load", e => { if (e.target.tagName === "IMG") log(); }, true);
    const draw = CanvasRenderingContext2D.prototype.drawImage;
    CanvasRenderingContext2D.prototype.drawImage = function(...a) {
        log(); return draw.apply(this, a);
    };
    document.addEventListener("keydown", () => window.keys.push(performance.now()), true);
}"""


def last_frames(explore):
    """The last VALUES + 1 values of `step` that Play gives."""
    control, stride = explore.controls["step"], explore.stride()
    return range(control.min, control.max + 1, stride)[-VALUES - 1 :]


def values(control):
    """Up to VALUES values of a control, from one end to the other."""
    if hasattr(control, "options"):
        known = [o[1] if isinstance(o, tuple) else o for o in control.options]
        return known[:: -(-len(known) // VALUES)]
    if isinstance(control.value, bool):
        return [False, True]
    if not hasattr(control, "min"):
        return []
    step = control.step or 1
    n = round((control.max - control.min) / step)
    return [control.min + step * k for k in range(0, n + 1, -(-n // VALUES))]


def frames(name):
    """{control: [milliseconds at first, milliseconds again]} of an interactive."""
    explore, found = getattr(widgets, name)(), {}
    for control_name, control in explore.controls.items():
        first, spent, again = control.value, [], []
        known = last_frames(explore) if control_name == "step" else values(control)
        for before, value in pairwise(known):
            for times in (spent, again):
                control.value = before
                start = time.process_time()
                control.value = value
                times.append(1000 * (time.process_time() - start))
        control.value = first
        if spent:
            found[control_name] = [statistics.median(spent), statistics.median(again)]
    return found


def latency(page, address, name):
    """Milliseconds from a key on the first slider to the last change of the output: each of 30."""
    page.goto(address.format(name))
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    slider = page.get_by_role("slider").nth(0)
    slider.wait_for()
    page.wait_for_timeout(3000)
    page.evaluate(WATCH)
    for k in range(KEYS):
        slider.press("ArrowRight" if k % 8 < 4 else "ArrowLeft")
        page.wait_for_timeout(WAIT)
    keys, changes = page.evaluate("keys"), page.evaluate("changes")
    each = [[c - key for c in changes if 5 < c - key < WAIT] for key in keys]
    return [max(after) for after in each if after]


def sliders():
    """{picture: {"median": ..., "p90": ..., "keys": ...}} in JupyterLab, and what is left out."""
    cells = {n: f"from bplib import widgets\nwidgets.{n}()" for n in LIVELY}
    cells["matplotlib-inline"] = INLINE
    left_out = [] if util.find_spec("ipympl") else ["ipympl"]
    if not left_out:
        cells["ipympl"] = IPYMPL
    path, found = next(filter(None, map(shutil.which, BROWSERS))), {}
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        for name, cell in cells.items():
            book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
            book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
            nbformat.write(book, Path(home) / f"{name}.ipynb")
        start = time.perf_counter()
        with jupyterlab(Path(home)) as address:
            found["server"] = time.perf_counter() - start
            browser = playwright.chromium.launch(executable_path=path, args=QUIET)
            for name in cells:
                page = browser.new_page(viewport={"width": 1200, "height": 1000})
                page.set_default_timeout(60_000)
                each = sorted(latency(page, address, name))
                middle, late = statistics.median(each), each[9 * len(each) // 10]
                found[name] = {"median": middle, "p90": late, "keys": len(each)}
                page.close()
            browser.close()
    return found, left_out


def imports(module):
    """The CPU time of `import numpy, module`, as a multiple of that of `import numpy`."""
    code = (
        "import time; now = time.process_time; a = now(); import numpy; b = now()\n"
        f"import {module}; print((now() - a) / (b - a))"
    )
    run = [sys.executable, "-c", code]
    return statistics.median(float(subprocess.check_output(run)) for _ in range(STARTS))


def kernel():
    """Seconds until a new kernel has answered `import bplib`."""
    spent = []
    for _ in range(5):
        start = time.perf_counter()
        manager, client = start_new_kernel()
        client.execute_interactive("import bplib")
        spent.append(time.perf_counter() - start)
        client.stop_channels()
        manager.shutdown_kernel()
    return statistics.median(spent)


def slowest(controls):
    """The control that takes longest when only the picture is drawn, and its figures."""
    name, (first, again) = max(controls.items(), key=lambda item: item[1][1])
    return f"{name} | {first:.2f} | {again:.2f}"


def write(found, docs):
    """pictures.md."""
    machine = found["machine"]
    page = [
        "# How fast are the pictures and the start?",
        "",
        "`make bench-pictures` measures all of this and writes this page.",
        "",
        f"Measured {machine['date']} on {machine['cpu']}, {machine['cores']} cores, "
        f"{machine['system']}, Python {machine['python']}.",
        f"Load of the machine: {machine['load']:.1f}. "
        f"Left out: {', '.join(found['left_out']) or 'nothing'}.",
        "",
        "## From a slider to the picture",
        "",
        "From a key on a slider to the last change of the output, in JupyterLab.",
        "Below are two that draw 2500 values and 80 points with matplotlib.",
        "",
        "| | median, ms | 9 of 10, ms |",
        "|---|---|---|",
        *[f"| {n} | {of['median']:.0f} | {of['p90']:.0f} |" for n, of in found["sliders"].items()],
        "",
        "## Play",
        "",
        "A gap is the time from picture to picture.",
        "Pause: the time from the click to the last picture.",
        "A slow kernel needs 0.2 seconds more for a picture, a slow browser 0.1 seconds more.",
        "They show fewer pictures, and after Pause only the few that are on their way.",
        "",
        "| | pictures per second | gap: median, 9 of 10 (ms) | Pause: median, longest (ms) |",
        "|---|---|---|---|",
        *[row(name, of) for name, of in found["play"].items()],
        "",
        "## A frame",
        "",
        "The CPU time of Python for one change of the slowest control.",
        "At first a training may have to run; again, only the picture is drawn.",
        "`train_live` trains while it plays: some updates of its network are part of each frame.",
        "",
        "| | control | at first, ms | again, ms |",
        "|---|---|---|---|",
        *[f"| {name} | {slowest(of)} |" for name, of in found["frames"].items()],
        "",
        "## Start",
        "",
        "An import as a multiple of that of NumPy; a kernel until `import bplib` has run;",
        "a server until it answers.",
        "",
        "| | |",
        "|---|---|",
        *[f"| {name} | {value:.2f} |" for name, value in found["start"].items()],
        "",
    ]
    (docs / "pictures.md").write_text("\n".join(page), "utf-8")


def main():
    found = {"machine": machine(), "frames": {}}
    for name in widgets.__all__:
        found["frames"][name] = frames(name)
        print(f"| {name} | {slowest(found['frames'][name])} |", flush=True)
    found["start"] = {f"import {m}": imports(m) for m in ("bplib", "bplib.exercises")}
    found["start"]["kernel, s"] = kernel()
    found["sliders"], found["left_out"] = sliders()
    found["start"]["JupyterLab, s"] = found["sliders"].pop("server")
    found["play"] = plays()
    text = json.dumps(found, indent=1) + "\n"
    (ROOT / "benchmarks" / "pictures.json").write_text(text, "utf-8")
    write(found, ROOT / "docs")


if __name__ == "__main__":
    main()
