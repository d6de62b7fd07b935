"""Run nbval over notebooks in processes of their own.  This is the only place that knows nbval."""

import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from bplib.grading import GradingError, sandbox

CHUNK = 300  # notebooks in one pytest process
STARTUP = 60.0
# pytest, but without what costs time at import and has no part in a mark: grammars of web addresses
# and durations for jsonschema, a second, and coverage for nbval, a tenth; and without the farewell
# of Python, a fifth
PYTEST = """
import os, sys, types
sys.modules.update(dict.fromkeys(["rfc3987_syntax", "rfc3986_validator", "isoduration"]))
sys.modules["nbval.cover"] = types.SimpleNamespace(setup_coverage=None, teardown_coverage=None)
import pytest
code = pytest.main()
sys.stdout.flush()
os._exit(code)
"""
PASSED_ON = (
    *("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TEMP", "TMP"),
    *("SYSTEMROOT", "WINDIR", "COMSPEC", "USERPROFILE", "APPDATA", "LOCALAPPDATA"),
)
OURS = {
    "BPLIB_GRADING": "1",
    "MPLBACKEND": "Agg",
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "VECLIB", "NUMEXPR")},
}


class Ran(NamedTuple):
    """What became of one cell.  why: "" or what ended its kernel (dead, time, output, start)"""

    matched: bool
    ms: int
    printed: str
    raised: str
    why: str


def run(notebooks, timeout, jobs, tier=sandbox.TRUSTED):
    """Let nbval judge notebooks.   {name: notebook}  ->  yields (name, {cell id: Ran})

    In order of the names within each of `jobs` processes, as soon as each is finished.
    tier : the sandbox that holds the kernels, or one of sandbox.NONE
    One zygote serves all processes, and the next call.  A cell that never ran is missing.
    GradingError when pytest itself, or the sandbox, does not work.
    """
    names = list(notebooks)
    size = max(1, min(CHUNK, -(-len(names) // jobs)))
    chunks = queue.SimpleQueue()
    for start in range(0, len(names), size):
        chunks.put(names[start : start + size])
    finished, processes = queue.SimpleQueue(), {}
    zygote = None if tier in sandbox.NONE else sandbox.Zygote.shared(tier)
    with sandbox.room() as work:
        args = (work, notebooks, timeout, zygote, chunks, finished, processes)
        threads = [threading.Thread(target=_worker, args=args, daemon=True) for _ in range(jobs)]
        try:
            for thread in threads:
                thread.start()
            if zygote:
                zygote.wait()
            for _ in names:
                result = finished.get()
                if isinstance(result, Exception):
                    raise result
                yield result
            for thread in threads:  # to interrupt a pytest that is about to end makes it slower
                thread.join(5)
        finally:
            while not chunks.empty():
                with suppress(queue.Empty):
                    chunks.get_nowait()
            processes["stop"] = None
            for process in list(processes.values()):
                _end(process)
            for thread in threads:
                thread.join(5)


def _worker(work, notebooks, timeout, zygote, chunks, finished, processes):
    """Take chunks until there is none.  A process that died is followed by one for the rest."""
    try:
        while True:
            try:
                left = chunks.get_nowait()
            except queue.Empty:
                return
            while left and "stop" not in processes:
                part = {name: notebooks[name] for name in left}
                done = _process(work, part, timeout, zygote, finished, processes)
                left = left[done:]
    except Exception as error:
        finished.put(error)


def _process(work, notebooks, timeout, zygote, finished, processes):
    """One pytest process.   ->  how many of the notebooks are dealt with"""
    folder = Path(tempfile.mkdtemp(dir=work))
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    for name, notebook in notebooks.items():
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    mark = secrets.token_hex(16)  # starts a record among pytest's lines; no student can know it
    options = [*_kernel(folder, zygote), "--bplib-mark", mark]
    process = subprocess.Popen(
        _command([f"{name}.ipynb" for name in notebooks], timeout, options),
        cwd=folder,
        env=_environment(folder),
        pass_fds=[zygote.socket.fileno()] if zygote else (),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # Ctrl-C reaches us first; we end the rest
    )
    processes[process.pid] = process
    last = {n: [c["id"] for c in nb["cells"]][-1] for n, nb in notebooks.items()}
    cells, done, tail = {name: {} for name in notebooks}, [], []
    for record in _records(process, mark, tail, 2 * (STARTUP + 10 * timeout)):
        name, cell = record.pop("notebook"), record.pop("cell")
        cells[name][cell] = Ran(**record)
        if cell == last[name]:
            done.append(name)
            finished.put((name, cells[name]))
    code = process.wait()
    if zygote:
        zygote.sweep(process.pid)
    del processes[process.pid]
    if "stop" in processes or len(done) == len(notebooks):
        return len(notebooks)
    if code in (0, 1) or not any(cells.values()):
        said = next((line for line in reversed(tail) if line), "it said nothing")
        raise GradingError(f"pytest with nbval does not work here (exit code {code}): {said}")
    began = next(name for name in notebooks if name not in done)
    if not cells[began]:
        return len(done)
    finished.put((began, cells[began]))
    return len(done) + 1


def _kernel(folder, zygote):
    """nbval's options for the kernel; a sandbox is a kernelspec in the data folder of Jupyter."""
    if zygote is None:
        return ["--nbval-current-env"]
    spec = folder / "jupyter_data_dir" / "kernels" / sandbox.NAME
    spec.mkdir(parents=True)
    text = json.dumps(sandbox.kernelspec(zygote.tier, zygote))
    (spec / "kernel.json").write_text(text, encoding="utf-8")
    return ["--nbval-kernel-name", sandbox.NAME]


def _command(files, timeout, options):
    return [
        *(sys.executable, "-c", PYTEST, "-c", "pytest.ini", "--rootdir", "."),
        *("-p", "nbval.plugin", "-p", "bplib.grading.nbval_plugin", "-p", "no:cacheprovider"),
        *("--nbval-lax", *options, "--nbval-cell-timeout", str(timeout)),
        *("--nbval-kernel-startup-timeout", str(STARTUP), "--bplib-budget", str(10 * timeout)),
        *("--continue-on-collection-errors", "--color=no", "--tb=no", "--show-capture=no", "-q"),
        *files,
    ]


def _environment(folder):
    """Only what a kernel needs: nothing of ours that is secret reaches the students' code."""
    env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    places = ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR")
    return env | OURS | {name: str(folder / name.lower()) for name in places}


def _records(process, mark, tail, silence):
    """The plugin's records among pytest's lines; a process that says nothing is killed."""
    for line in _lines(process, silence):
        before, ours, record = line.partition(mark)
        if ours:
            yield json.loads(record)
        else:
            tail[:] = [*tail[-20:], before.strip()]


def _lines(process, silence):
    while True:
        watchdog = threading.Timer(silence, process.kill)
        watchdog.daemon = True
        watchdog.start()
        line = process.stdout.readline()
        watchdog.cancel()
        if not line:
            return
        yield line


def _end(process):
    """Ask, then insist: pytest stops its kernels when it is interrupted."""
    if process is None or process.poll() is not None:
        return
    with suppress(ProcessLookupError, ValueError):
        process.send_signal(signal.SIGINT)
    try:
        process.wait(3)
    except subprocess.TimeoutExpired:
        process.kill()
