"""Attack every sandbox before students can: the same kernels, the same judge, our own victims."""

import contextlib
import functools
import importlib.metadata
import inspect
import os
import secrets
import select
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import bplib
from bplib.grading import GradingError, attacks, judge, sandbox, transplant

HELD, BROKEN, UNDECIDED = "held", "broken", "not finished"
TIMEOUT = 3.0  # seconds for an attack
CALL = """
try:
    print("through" if {name}({told!r}) else "held")
except BaseException as error:
    print("held")
"""


class Scene:
    """What there is to steal and to break: a file, sockets and a process, all of them ours."""

    def __init__(self, folder):
        self.token, self.folder = secrets.token_hex(16), folder
        folder.chmod(0o755)  # the wall must keep a kernel out, not the rights of a file
        self.secret = folder / "secret"
        self.secret.write_text(self.token)
        self.secret.chmod(0o666)
        unix, datagram, name = str(folder / "u"), str(folder / "d"), f"\0bplib-{self.token}"
        self.sockets = {
            "tcp": _listen(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "udp": _listen(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "unix": _listen(socket.AF_UNIX, socket.SOCK_STREAM, unix),
            "datagram": _listen(socket.AF_UNIX, socket.SOCK_DGRAM, datagram),
            "abstract": _listen(socket.AF_UNIX, socket.SOCK_STREAM, name),
        }
        os.chmod(unix, 0o777)
        os.chmod(datagram, 0o777)
        self.before = set(os.listdir(folder))
        sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
        self.victim = subprocess.Popen(sleep, env=os.environ | {"SECRET": self.token})
        library = Path(bplib.__file__).parent
        self.told = {
            **{"token": self.token, "folder": str(folder), "secret": str(self.secret)},
            **{"key": str(library / "exercises"), "library": str(library)},
            **{"solutions": str(library.parent / "solutions" / "*")},
            **{"temporary": tempfile.gettempdir()},
            **{"tcp": self.sockets["tcp"].getsockname()[1], "unix": unix, "datagram": datagram},
            **{"udp": self.sockets["udp"].getsockname()[1], "abstract": name},
            **{"victim": self.victim.pid, "grader": os.getpid()},
        }

    def reached(self, *names):
        return bool(select.select([self.sockets[name] for name in names], [], [], 0)[0])

    def changed(self):
        """Whether a file of ours is not as it was."""
        if set(os.listdir(self.folder)) != self.before:
            return True
        return self.secret.read_text() != self.token or self.secret.stat().st_mode & 0o777 != 0o666

    def left_over(self):
        """Whether a process lives on that was started with our token."""
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if self.token.encode() in Path(f"/proc/{name}/cmdline").read_bytes():
                    return True
        return False

    def close(self):
        for each in self.sockets.values():
            each.close()
        self.victim.kill()
        self.victim.wait()


def _listen(family, kind, address):
    one = socket.socket(family, kind)
    one.bind(address)
    if kind == socket.SOCK_STREAM:
        one.listen()
    return one


class Attack(NamedTuple):
    """A function of attacks.py.

    seen : seen(scene) is true when the attack shows from outside
    ends : how the guard stops it (words of judge.Ran.why);  such attacks get their own kernels
    """

    run: Callable
    seen: Callable = lambda scene: False
    ends: tuple[str, ...] | None = None

    @property
    def name(self):
        return self.run.__doc__


QUICK = (
    Attack(attacks.read_a_file),
    Attack(attacks.read_the_answers),
    Attack(attacks.read_other_submissions),
    Attack(attacks.write_a_file, Scene.changed),
    Attack(attacks.connect_by_tcp, lambda scene: scene.reached("tcp")),
    Attack(attacks.send_by_udp, lambda scene: scene.reached("udp")),
    Attack(attacks.connect_to_a_file, lambda scene: scene.reached("unix", "datagram")),
    Attack(attacks.connect_to_a_name, lambda scene: scene.reached("abstract")),
    Attack(attacks.ask_for_a_name),
    Attack(attacks.read_the_environment),
    Attack(attacks.signal_a_process, lambda scene: scene.victim.poll() is not None),
    Attack(attacks.look_into_a_process),
    Attack(attacks.make_a_namespace),
)
ALL = (
    *QUICK,
    Attack(attacks.take_memory, ends=()),
    Attack(attacks.start_processes, ends=()),
    Attack(attacks.print_much, ends=("output", "time")),
    Attack(attacks.fill_the_disk, ends=("disk",)),
    Attack(attacks.outlive, Scene.left_over, ends=("time",)),
)


def examine(tier, attacks=ALL):
    """Run attacks in a tier.   ->  {name: HELD, BROKEN or UNDECIDED}   GradingError: not to be had

    What did not come to its end is tried once more: the computer may have been busy.
    """
    found = _try(tier, attacks)
    again = [attack for attack in attacks if found[attack.name] == UNDECIDED]
    return found | (_try(tier, again) if again else {})


def _try(tier, attacks):
    with tempfile.TemporaryDirectory(prefix="doctor-") as folder:
        scene = Scene(Path(folder))
        try:
            ran = dict(judge.run(_notebooks(attacks, scene), TIMEOUT, 2, tier))
            if all(cell.why == "start" for cells in ran.values() for cell in cells.values()):
                raise GradingError(_reason(tier))
            cells = {key: cell for notebook in ran.values() for key, cell in notebook.items()}
            return {a.name: _verdict(a, cells.get(a.run.__name__), scene) for a in attacks}
        finally:
            scene.close()


def _notebooks(attacks_, scene):
    """All quick attacks in one kernel, the others in kernels of their own."""
    source = inspect.getsource(attacks)
    notebooks = {}
    for attack in attacks_:
        name = attack.run.__name__
        cell = transplant.cell(name, CALL.format(name=name, told=scene.told))
        kernel = "quick" if attack.ends is None else name
        notebooks.setdefault(kernel, [transplant.cell("begin", source)]).append(cell)
    return {kernel: transplant.wrapped(cells) for kernel, cells in notebooks.items()}


def _verdict(attack, cell, scene):
    """Held is only what ran to its end in vain, or what the guard stopped as it should."""
    if attack.seen(scene) or (cell and "through" in cell.printed):
        return BROKEN
    if cell is None or cell.why:
        return HELD if cell and cell.why in (attack.ends or ()) else UNDECIDED
    return HELD if cell.printed == "held\n" else BROKEN


def _reason(tier):
    """Why no kernel starts in this tier."""
    try:
        with contextlib.closing(sandbox.Zygote(tier)) as zygote:
            zygote.wait()
            zygote.launch(zygote.place(), {"transport": "ipc", "key": ""}).kill()
    except sandbox.SandboxError as error:
        return str(error)
    known = importlib.metadata.entry_points(group="jupyter_client.kernel_provisioners")
    if sandbox.NAME not in known.names:
        return "bplib was installed before it had a sandbox; install it again"
    return "its kernels do not answer"


@functools.cache
def choose():
    """The first tier that holds a quick test.   GradingError: none does, and why"""
    reasons = []
    for tier in sandbox.TIERS if sys.platform == "linux" else ():
        try:
            found = examine(tier, QUICK)
        except GradingError as error:
            reasons.append(f"{tier}: {error}")
            continue
        if set(found.values()) == {HELD}:
            return tier
        broken = [name for name, got in found.items() if got == BROKEN]
        done = f"a student could {', '.join(broken)}" if broken else "its test did not finish"
        reasons.append(f"{tier}: {done}")
    raise GradingError("; ".join(reasons) or "a sandbox needs Linux; on Windows there is WSL 2")
