"""Kernels that can do nothing but compute: where the code of others runs.

    bubblewrap   an own view of the system: no network, no other process, no file but Python's
    landlock     the same system, but every file and socket is denied that is not on a list

Either tier holds a zygote (inside/zygote.py), which forks one kernel per notebook; around each
kernel stands a second wall (inside/wall.py), so that no student can reach another.  A kernel sees
a copy of bplib without exercises, solutions and grader.  It is driven over sockets in a folder.
"""

import atexit
import contextlib
import importlib.util
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import NamedTuple

from jupyter_client.provisioning import LocalProvisioner
from traitlets import Int, Unicode

import bplib
from bplib.grading import GradingError

try:
    import fcntl
except ImportError:  # Windows, which has no sandbox either
    fcntl = None

TIERS = ("bubblewrap", "landlock")
TRUSTED, OWN = NONE = ("none (trusted)", "none (your own notebook)")
NAME = "bplib-sandbox"  # of the provisioner, and of the kernelspec that asks for it
INSIDE = Path(__file__).parent / "inside"
ROOM = "/sandbox"  # where things are in bubblewrap's view
KNOWING = (  # packages that would do an exercise
    *("torch", "autograd", "jax", "jaxlib", "tensorflow", "keras", "sympy", "mpmath"),
    *("scipy", "sklearn"),
)
WITHHELD = {
    *("exercises", "grading", "course", "cli.py", "__pycache__"),  # the key is in these
    "server.py",  # of no use to a kernel, and slow to import
}
PRELOAD = (
    *("numpy.random", "matplotlib.pyplot", "ipywidgets", "ipykernel.debugger", "tornado.queues"),
    *("IPython.core.completerlib", "IPython.core.debugger", "IPython.core.oinspect"),
    *("IPython.extensions.storemagic", "tornado.platform.asyncio"),
)
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache")
PYTHON = (sys.base_prefix, sys.prefix)
HIDDEN = ("/proc", "/dev/shm")  # other processes; memory in which kernels could talk
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "USER": "student",
    "LOGNAME": "student",
    "BPLIB_GRADING": "1",
    "MPLBACKEND": "Agg",
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTEST_CURRENT_TEST": "marking",  # ipykernel then leaves descriptor 1 alone
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "VECLIB", "NUMEXPR")},
}


class SandboxError(GradingError):
    """A tier cannot be had here.  The message says why."""


class Place(NamedTuple):
    """The folder of one kernel, and the user who will live there."""

    name: str
    folder: Path
    uid: int


class Door:
    """The way to a zygote: a folder shared with it, and the socket on which it takes orders.

    Several processes may have one to the same zygote.
    """

    opened = {}

    def __init__(self, tier, folder, socket):
        self.tier, self.folder, self.socket = tier, folder, socket
        self.room = Path(ROOM) if tier == "bubblewrap" else folder
        self.count = itertools.count()

    @classmethod
    def of(cls, tier, folder, handle):
        """The one of this process;  without a folder it leads to the zygote of its own."""
        if not folder:
            zygote = Zygote.shared(tier)
            zygote.wait()
            return zygote
        if tier not in cls.opened:
            cls.opened[tier] = cls(tier, Path(folder), socket.socket(fileno=handle))
        return cls.opened[tier]

    def place(self):
        """Folders for one more kernel: for its files, and for its sockets."""
        number = next(self.count)
        name = f"{os.getpid()}-{number}"
        folder = self.folder / "kernels" / name
        uid = os.getuid()
        for part in (folder, folder / "home", folder / "ipc"):
            part.mkdir(mode=0o700)
            uid = _own(part, number)
        return Place(name, folder, uid)

    def launch(self, place, connection):
        """A new kernel.   connection : for its connection file  ->  Handle   SandboxError"""
        home, ipc, separate = place.folder / "home", place.folder / "ipc", None
        if self.tier == "bubblewrap":
            home, ipc = self.room / "home", self.room / "ipc"
            separate = dict(home=home, shared=self.room / "kernels", own=f"{place.name}/ipc")
            separate |= dict(hidden=[*HIDDEN, self.room / "zygote"], uid=place.uid)
        confine = dict(read=[*SYSTEM, *PYTHON, self.room / "inside"], write=[home], sockets=[ipc])
        confine |= dict(without=_secrets(), uid=place.uid, alone=separate is not None)
        request = dict(
            home=home,
            separate=separate,
            confine=confine,
            environment=ENVIRONMENT | dict.fromkeys(("HOME", "TMPDIR", "IPYTHONDIR"), home),
            connection=connection | {"ip": ipc / "k"},
        )
        keeper, its = socket.socketpair()
        with its:
            socket.send_fds(self.socket, [b"k"], [its.fileno()])
        keeper.send(json.dumps(request, default=str).encode())
        if (answer := _receive(keeper)) != "ready":
            keeper.close()
            raise SandboxError(answer or "its kernel did not start")
        return Handle(keeper, place.folder)


class Zygote(Door):
    """A pre-imported Python inside a tier.   SandboxError, here or in wait(), where it cannot be"""

    running, starting = {}, threading.Lock()

    @classmethod
    def shared(cls, tier):
        """The one of this process: attacks of the doctor, canaries and submissions fork from it.

        Nothing passes through it from one kernel to another, for it does no more than read our
        orders and fork; and so what withstood the attacks is the very process that is used.
        """
        with cls.starting:
            zygote = cls.running.get(tier)
            if zygote and zygote.process.poll() is not None:
                zygote.close()
                zygote = None
            if zygote is None:
                cls.running[tier] = zygote = cls(tier)
                atexit.register(zygote.close)
            return zygote

    def __init__(self, tier):
        self.kept = contextlib.ExitStack()
        folder = self.kept.enter_context(room())
        folder.chmod(0o711)  # may be passed through, not listed
        for name in ("kernels", "zygote"):
            (folder / name).mkdir(mode=0o711)
        _furnish(folder / "inside")
        ours, its = socket.socketpair()
        super().__init__(tier, folder, ours)
        self.waiting, self.answer = threading.Lock(), None
        self.said = tempfile.TemporaryFile()
        with its:
            try:
                self._start(its.fileno())
            except OSError as error:
                self.close()
                raise SandboxError(str(error)) from None

    def _start(self, handle):
        temporary = str(self.room / "zygote")
        modules = [*PRELOAD, *_modules(self.folder / "inside" / "course")]
        python = [sys.executable, "-s", "-P", self.room / "inside" / "zygote.py", str(handle)]
        self.process = subprocess.Popen(
            [*(_bubblewrap(self.folder) if self.tier == "bubblewrap" else ()), *python, *modules],
            pass_fds=[handle],
            env=ENVIRONMENT | dict.fromkeys(("HOME", "TMPDIR", "MPLCONFIGDIR"), temporary),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=self.said,
            stderr=self.said,
            start_new_session=True,
        )

    def wait(self):
        """Until it has imported everything; orders that come before wait for it too."""
        with self.waiting:
            if self.answer is None:
                self.answer = _receive(self.socket)
        if self.answer != "ready":
            self.process.kill()
            self.process.wait()
            self.said.seek(0)
            lines = self.said.read().decode("utf-8", "replace").strip().splitlines()
            raise SandboxError(lines[-1] if lines else f"it did not start {self.answer}".strip())

    def sweep(self, pid):
        """Remove what is left of the kernels of a process that has ended, and they with it."""
        for folder in (self.folder / "kernels").glob(f"{pid}-*"):
            _remove(folder)

    def close(self):
        """End it and all its kernels, and remove what they wrote."""
        self.socket.close()
        if hasattr(self, "process"):
            self.process.kill()
            self.process.wait()
        self.said.close()
        self.kept.close()


class Handle:
    """One kernel, as far as one can hold it: a socket to its keeper.  jupyter_client's Popen."""

    stdin = stdout = stderr = pid = returncode = None

    def __init__(self, keeper, folder):
        self.keeper, self.folder = keeper, folder

    def poll(self):
        """None while it lives."""
        if self.returncode is None:
            self.keeper.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                self.returncode = None if _receive(self.keeper) else 0
        return self.returncode

    def wait(self):
        """The keeper closes its socket when nothing of the kernel is left."""
        if self.returncode is None:
            self.keeper.settimeout(30)
            while _receive(self.keeper):
                pass
            self.returncode = 0
        self.keeper.close()
        _remove(self.folder)
        return self.returncode

    def send_signal(self, number):
        with contextlib.suppress(OSError):
            if number == signal.SIGINT:
                self.keeper.send(b"i")
            else:
                self.keeper.shutdown(socket.SHUT_WR)

    def kill(self):
        self.send_signal(signal.SIGKILL)


class Provisioner(LocalProvisioner):
    """jupyter_client's way to start a kernel: here, by a fork behind a wall."""

    tier = Unicode(help="one of TIERS").tag(config=True)
    folder = Unicode(help="of a zygote that another process has started").tag(config=True)
    handle = Int(help="of the socket to that zygote").tag(config=True)

    async def pre_launch(self, **options):
        self.door = Door.of(self.tier, self.folder, self.handle)
        self.place = self.door.place()
        self.parent.transport = "ipc"
        self.parent.ip = str(self.place.folder / "ipc" / "k")
        return await super().pre_launch(**options)

    async def launch_kernel(self, cmd, **options):
        connection = json.loads(Path(self.parent.connection_file).read_text())
        self.process = self.door.launch(self.place, connection)
        return self.connection_info

    async def kill(self, restart=False):
        """Come back when it is gone; jupyter_client would look ten times a second."""
        if self.process:
            self.process.kill()
            self.process.wait()


def kernelspec(tier, zygote=None):
    """What a kernel.json must say so that nbval, or any Jupyter program, uses this sandbox."""
    config = {"tier": tier}
    if zygote:
        config |= {"folder": str(zygote.folder), "handle": zygote.socket.fileno()}
    metadata = {"kernel_provisioner": {"provisioner_name": NAME, "config": config}}
    return dict(argv=["python"], display_name=NAME, language="python", metadata=metadata)


# ---- what a kernel may see -----------------------------------------------------------------------


def _furnish(inside):
    """The wall, the zygote, and a bplib that keeps no secret; fonts, which are slow to find."""
    library = Path(bplib.__file__).parent
    shutil.copytree(INSIDE, inside, ignore=shutil.ignore_patterns("__pycache__"))
    copy = inside / "course" / "bplib"
    copy.mkdir(parents=True)
    for path in library.iterdir():
        if path.name in WITHHELD:
            continue
        if path.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(path, copy / path.name, ignore=ignored)
        else:
            shutil.copy(path, copy)
    shutil.move(inside / "no_exercises.py", copy / "exercises.py")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "matplotlib"
    with contextlib.suppress(OSError):  # who has no home of his own has none
        for fonts in cache.glob("fontlist-*.json"):
            shutil.copy(fonts, inside)


def _modules(course):
    """All that can be imported from the copy, by name."""
    files = sorted(course.rglob("*.py"))
    names = [".".join(file.relative_to(course).with_suffix("").parts) for file in files]
    return [name.removesuffix(".__init__") for name in names]


def _secrets():
    """The clone of the course, or bplib where it is installed; but not the Python inside it.

    And packages that would do the exercises, if the teacher has them.
    """
    specs = filter(None, map(importlib.util.find_spec, KNOWING))
    others = [os.path.realpath(p) for spec in specs for p in spec.submodule_search_locations or ()]
    package = Path(bplib.__file__).resolve().parent
    if not (package.parent / "pyproject.toml").exists():
        return [str(package), *others]
    prefix = Path(sys.prefix).resolve()
    course = (p for p in package.parent.iterdir() if p != prefix and p not in prefix.parents)
    return [*map(str, course), *others]


def _bubblewrap(folder):
    """The command line that makes the outer wall of the first tier."""
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxError("bubblewrap is not installed (apt install bubblewrap)")
    command = [program, "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--die-with-parent", "--new-session"]
    if os.getuid() == 0:  # enough to build the inner walls; a kernel itself has none of these
        command += ["--cap-drop", "ALL"]
        for name in ("SYS_ADMIN", "SETUID", "SETGID", "CHOWN", "DAC_OVERRIDE", "KILL"):
            command += ["--cap-add", f"CAP_{name}"]
    else:
        command += ["--unshare-user"]
    for path in SYSTEM:
        if os.path.islink(path):
            command += ["--symlink", os.readlink(path), path]
        elif os.path.exists(path):
            command += _shown(path)
    for path in PYTHON:
        command += _shown(path)
    for path in _secrets():
        if any(Path(path).is_relative_to(Path(seen).resolve()) for seen in (*SYSTEM, *PYTHON)):
            command += ["--tmpfs", path]
    command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", f"{ROOM}/zygote"]
    command += ["--dir", f"{ROOM}/home", "--dir", f"{ROOM}/ipc"]
    command += ["--bind", folder / "kernels", f"{ROOM}/kernels"]
    command += ["--ro-bind", folder / "inside", f"{ROOM}/inside"]
    return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--"]


def _shown(path):
    """A path that can be read, and folders above it that every user may pass through."""
    above = [str(folder) for folder in reversed(Path(path).parents)][1:]
    return [*(word for folder in above for word in ("--dir", folder)), "--ro-bind", path, path]


# ---- small things --------------------------------------------------------------------------------


@contextlib.contextmanager
def room():
    """A temporary folder, and first an end to those whose process was killed.

    The lock in it is held as long as its process lives.
    """
    for old in Path(tempfile.gettempdir()).glob("bplib-*/lock") if fcntl else ():
        with contextlib.suppress(OSError):
            if old.parent.lstat().st_uid == os.getuid() and not old.parent.is_symlink():
                with _locked(old):
                    _remove(old.parent)
    folder = Path(tempfile.mkdtemp(prefix="bplib-"))
    try:
        (folder / "new").touch()
        with _locked(folder / "new") if fcntl else contextlib.nullcontext():
            os.rename(folder / "new", folder / "lock")  # so that no lock is ever seen open
            yield folder
    finally:
        _remove(folder)


@contextlib.contextmanager
def _locked(path):
    """OSError when another process holds the lock."""
    with open(path, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _own(path, number):
    """Root gives a folder to a user who is nobody else.   ->  uid"""
    if os.getuid() != 0:
        return os.getuid()
    uid = 2**30 + (os.getpid() << 8 | number % 256)
    try:
        os.chown(path, uid, uid)
    except OSError:  # a container may have few users
        uid = 65534
        os.chown(path, uid, uid)
    return uid


def _receive(connection):
    """What comes next, or "" when the other end is gone or says nothing for a minute."""
    if connection.gettimeout() is None:
        connection.settimeout(60)
    try:
        return connection.recv(2000).decode("utf-8", "replace")
    except (ConnectionError, TimeoutError):
        return ""


def _remove(folder):
    """Also a tree too deep for Python to walk."""
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        subprocess.run(["rm", "-rf", "--", folder], check=False)
