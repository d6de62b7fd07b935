"""pytest plugin beside nbval: tell the grader what each cell printed, and stop what runs away.

nbval alone waits the whole cell timeout for a dead kernel, keeps any amount of output, and has
no limit for a whole notebook.  This module replaces its RunningKernel; nbval itself is unchanged.
Records leave through a copy of the standard output that no kernel inherits, each after a word that
no student knows: pytest itself may print what a student wrote.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections import deque
from pathlib import Path
from queue import Empty

import nbval.kernel
import nbval.plugin
import pytest
import zmq

from bplib.grading import sandbox

OUTPUT_LIMIT = 4 * 2**20  # bytes a notebook may print
DISK_LIMIT = 2**27  # bytes a notebook may leave in files
FILES_LIMIT = 2000
LOOK = 0.1  # seconds from one look at the files to the next
MEMORY_LIMIT = 2**29  # bytes of our own memory: one message may have any number of parts
TEXT_LIMIT = 2**18  # characters of one probe that are passed on
CHANNEL = os.dup(1)


class Stopped(Exception):
    """A kernel that is gone.  The message is one word: dead, time, output or disk."""


class GuardedKernel(nbval.kernel.RunningKernel):
    """nbval's kernel, but its death is seen at once, and time and output have an end."""

    budget = 100.0

    def __init__(self, kernel_name, cwd=None, startup_timeout=60):
        self.end = time.monotonic() + startup_timeout
        self.size, self.heard, self.look = 0, deque(), 0.0
        self.cwd = tempfile.mkdtemp(dir=cwd)
        self.km = nbval.kernel.KernelManager(
            kernel_name=kernel_name, kernel_spec_manager=nbval.kernel.NbvalKernelspecManager()
        )
        nothing = subprocess.DEVNULL
        self.km.start_kernel(stdout=nothing, stderr=nothing, cwd=self.cwd)
        self.group = getattr(self.km.provisioner, "pgid", None)
        self.folder = getattr(self.km.provisioner.process, "folder", self.cwd)
        self.kc = self.km.client()
        self.kc.context.setsockopt(zmq.MAXMSGSIZE, OUTPUT_LIMIT)
        self.kc.context.setsockopt(zmq.RCVHWM, 20)  # so many messages at most wait in our memory
        self.kc.start_channels(stdin=False, hb=False, control=False)
        self.poller = zmq.Poller()
        for channel in (self.kc.shell_channel, self.kc.iopub_channel):
            self.poller.register(channel.socket, zmq.POLLIN)
        try:
            self._ensure_iopub_up()
        except BaseException:
            self.close()
            raise
        self.end = time.monotonic() + self.budget

    def _ensure_iopub_up(self):
        """Ask until both channels answer; what is published before we listen is lost."""
        while True:
            asked = self.kc.kernel_info()
            self.await_reply(asked)
            with contextlib.suppress(Empty):
                return self.await_idle(asked, 0.2)

    def get_message(self, stream, timeout=None):
        """The next message, in slices of time so that a dead kernel is noticed."""
        until = time.monotonic() + (self.budget if timeout is None else timeout)
        while True:
            now = time.monotonic()
            if now > self.end:
                self._give_up("time")
            if stream == "iopub" and self.heard:
                return self.heard.popleft()
            if now > self.look:
                self.look = now + LOOK
                if _full(self.folder):
                    self._give_up("disk")
            ready = dict(self.poller.poll(1000 * min(LOOK, max(0.0, until - now))))
            if self.kc.iopub_channel.socket in ready:
                self._hear(self.kc.get_iopub_msg(timeout=0))
            elif self.kc.shell_channel.socket in ready:
                message = self.kc.get_shell_msg(timeout=0)
                if stream == "shell":
                    return message
            elif not self.is_alive():
                self._give_up("dead")
            elif time.monotonic() >= until:
                raise Empty

    def _hear(self, message):
        """Count an output, and keep it if it matters.

        Only the standard output and errors do: a figure or a warning inside an answer is no
        mistake.
        """
        kind, content = message["msg_type"], message["content"]
        self.size += 100 + len(str(content)) + sum(map(len, message["buffers"]))
        if self.size > OUTPUT_LIMIT:
            self._give_up("output")
        printed = kind == "stream" and content["name"] == "stdout"
        if printed or kind in ("status", "error"):
            self.heard.append(message)

    def _give_up(self, why):
        self.close()
        raise Stopped(why)

    def close(self):
        """Stop the kernel and everything it started, and remove what it wrote."""
        if hasattr(self, "km"):
            self.stop()
        if self.group and hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.group, signal.SIGKILL)
        shutil.rmtree(self.cwd, ignore_errors=True)


def _full(folder):
    """Whether there is more in a folder than may be, or something that cannot be looked into.

    In bubblewrap files are in memory, unseen.
    """
    files, size, closed = 0, 0, []
    for here, folders, names in os.walk(folder, onerror=closed.append):
        files += len(folders) + len(names)
        for name in names[:FILES_LIMIT]:
            with contextlib.suppress(OSError):
                size += os.lstat(os.path.join(here, name)).st_blocks * 512
        if files > FILES_LIMIT or size > DISK_LIMIT:
            return True
    return any(not isinstance(error, FileNotFoundError) for error in closed)


def pytest_addoption(parser):
    parser.addoption("--bplib-budget", type=float, default=100.0, help="seconds for a notebook")
    parser.addoption("--bplib-mark", default="", help="what a record begins with")


def pytest_configure(config):
    GuardedKernel.budget = config.option.bplib_budget
    nbval.plugin.RunningKernel = GuardedKernel
    nbval.plugin.IPyNbCell.format_output_compare = _say_nothing
    if config.option.nbval_kernel_name == sandbox.NAME:  # where a kernel has limits of its own
        import resource  # there is none on Windows, and no sandbox

        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT, most))


def _say_nothing(*_):
    """Instead of a comparison line by line: it can take minutes, and nobody would read it."""


def pytest_collection_finish(session):
    """The notebooks are in memory now.  Their files hold the expected values: remove them."""
    for path in {item.path for item in session.items}:
        Path(path).unlink()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """One record per cell.  matched: nbval ran the cell and had nothing to object to."""
    report = yield
    if call.when == "call" or (call.when == "setup" and call.excinfo):
        _send(item, call, call.excinfo.value if call.excinfo else None)
    return report


def _why(item, call, error):
    """What stopped this cell, or ended its kernel before.  "" when it ran to its end

    nbval expects every cell after a timeout to fail; here a kernel that lives on is judged on.
    """
    file = item.parent
    if isinstance(error, Stopped):
        file.why = str(error)
    elif call.when == "setup":
        file.why = "start"
    elif file.timed_out:
        lost = "waiting for output" in str(error)  # a message beyond the limit never arrives
        file.why, file.timed_out = "output" if lost else "time", False
    elif error is None or file.kernel.is_alive():
        return ""
    return getattr(file, "why", "dead")


def _send(item, call, error):
    outputs = item.test_outputs or []
    printed = "".join(str(out.text) for out in outputs if out.output_type == "stream")
    raised = [f"{out.ename}: {out.evalue}" for out in outputs if out.output_type == "error"]
    record = {
        "notebook": item.path.stem,
        "cell": item.cell["id"],
        "matched": error is None,
        "ms": round(call.duration * 1000),
        "printed": printed[:TEXT_LIMIT],
        "raised": raised[0][:500] if raised else "",
        "why": _why(item, call, error),
    }
    os.write(CHANNEL, f"\n{item.config.option.bplib_mark}{json.dumps(record)}\n".encode())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """After the last cell of a notebook nothing of its kernel is left."""
    yield
    if nextitem is None or nextitem.parent is not item.parent:
        if item.parent.kernel is not None:
            item.parent.kernel.close()
