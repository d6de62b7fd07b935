"""A Python that has imported everything once, and forks a walled kernel for each notebook.

    python zygote.py SOCKET MODULE ...      SOCKET : number of an open socket to the grader

The zygote runs no student's code.  For each connection that arrives on the socket it forks a
keeper.  The keeper reads one request, forks the kernel, which walls itself in, and outlives it to
end whatever the kernel started.  zygote > keeper > kernel: a kernel can name neither of the others.
"""

import gc
import glob
import importlib
import json
import os
import random
import select
import shutil
import signal
import socket
import sys
import threading
import time

sys.modules["debugpy"] = None  # large, slow to import, and nobody debugs here
from ipykernel.kernelapp import IPKernelApp

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import wall

sys.path[0] = os.path.join(HERE, "course")


def serve(requests):
    """Fork a keeper for each connection, until the grader closes its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers that ended need no burial
    while True:
        _, handles, _, _ = socket.recv_fds(requests, 1, 1)
        if not handles:
            return
        if os.fork() == 0:
            requests.close()
            _guarded(keep, socket.socket(fileno=handles[0]))
        os.close(handles[0])


def _guarded(work, connection):
    """Run a process of its own; whatever goes wrong ends it, and never runs on without a wall."""
    try:
        work(connection)
    except BaseException as error:
        connection.send(f"{type(error).__name__}: {error}".encode()[:1000])
    finally:
        os._exit(0)


# ---- the keeper ----------------------------------------------------------------------------------


def keep(connection):
    """Start one kernel, say when it is ready, pass interrupts on, leave nothing behind."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request = json.loads(connection.recv(65536))
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # when memory ends, the system ends a student's process first
    wall.libc.prctl(36, 1, 0, 0, 0)  # orphans of the kernel become ours, not the system's
    if request["separate"]:
        wall.separate(**request["separate"])
    ours, its = socket.socketpair()
    kernel = os.fork()
    if kernel == 0:
        _guarded(lambda its: run(request, its), its)
    its.close()
    connection.send(ours.recv(1000) or b"the kernel ended before it was ready")
    ended = os.pidfd_open(kernel)
    while True:
        ready, _, _ = select.select([connection, ended], [], [])
        if ended in ready or not connection.recv(1):
            break
        os.kill(kernel, signal.SIGINT)
    os.kill(kernel, signal.SIGKILL)  # in a namespace this ends all, for it is their first process
    os.waitpid(kernel, 0)
    if not request["separate"]:
        _end_orphans()


def _end_orphans():
    """Without a namespace: end what the kernel started, generation after generation.

    Only our own children are signalled; the number of one cannot pass to another process before
    we wait for it.
    """
    until = time.monotonic() + 20
    while (children := _children()) and time.monotonic() < until:
        for child in children:
            os.kill(child, signal.SIGKILL)
        for child in children:
            os.waitpid(child, 0)


def _children():
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                state = file.read()
        except OSError:
            continue
        if int(state.rpartition(b")")[2].split()[1]) == os.getpid():
            found.append(int(name))
    return found


# ---- the kernel ----------------------------------------------------------------------------------


class Kernel(IPKernelApp):
    """ipykernel, without the connection to itself that is for debuggers: connecting is denied."""

    def init_control(self, context):
        super().init_control(context)
        self.debug_shell_socket.disconnect(self.shell_socket.LAST_ENDPOINT)


def run(request, keeper):
    """Wall this process in and become an IPython kernel."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    kept = keeper.fileno()
    os.closerange(3, kept)
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))  # no way to the zygote through a file
    os.chdir(request["home"])
    os.environ.clear()
    os.environ.update(request["environment"])
    wall.confine(**request["confine"])
    with open("connection.json", "w") as file:
        json.dump(request["connection"], file)
    os.makedirs("profile_default/startup")
    with open("profile_default/startup/README", "w"):
        pass  # or IPython would copy one, with chmod, which may be denied
    _forget_the_past()
    app = Kernel.instance()
    app.initialize(["-f", os.path.abspath("connection.json"), "--HistoryManager.enabled=False"])
    app.shell.system = app.shell.system_raw  # `!ls` would need a terminal, and there is none
    keeper.send(b"ready")
    keeper.close()
    app.start()


def _forget_the_past():
    """Random numbers of its own, and only the course and the system to import from."""
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy:
        numpy.random.seed()
    sys.argv = ["ipykernel_launcher"]
    del sys.modules["wall"]


if __name__ == "__main__":
    requests = socket.socket(fileno=int(sys.argv[1]))
    for fonts in glob.glob(os.path.join(HERE, "fontlist-*.json")):
        shutil.copy(fonts, os.environ["MPLCONFIGDIR"])
    for module in sys.argv[2:]:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()  # a collection in a fork would copy every page it touches
    if threading.active_count() > 1:
        raise SystemExit("a module started a thread: this Python must not be forked")
    requests.send(b"ready")
    serve(requests)
