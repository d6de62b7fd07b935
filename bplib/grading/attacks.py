"""What hostile code would try.  `bplib doctor` runs these functions in a kernel, as cells.

Each takes T, what there is to steal and to break (see doctor.Scene), and returns something true
when it got through.  An exception means that it did not.  The victims are the doctor's own.
"""

import contextlib
import ctypes
import glob
import importlib
import mmap
import os
import signal
import socket
import sys
import time

failing = contextlib.suppress(OSError)


def read_a_file(T):
    """read a file of the teacher"""
    return open(T["secret"]).read() == T["token"]


def read_the_answers(T):
    """read the answers"""
    for name in (
        "exercises.feed_forward",
        "exercises.core",
        "exercises.diagnosis",
        "grading.batch",
    ):
        with contextlib.suppress(ImportError):
            return importlib.import_module(f"bplib.{name}")
    for path in [T["key"] + "/core.py", *glob.glob(T["key"] + "/*"), *glob.glob(T["solutions"])]:
        with failing:
            return open(path).read()


def read_other_submissions(T):
    """list other submissions"""
    mine = {os.path.realpath(path) for path in (".", "../ipc", "/sandbox/home", "/sandbox/ipc")}
    rooms = T["temporary"] + "/bplib-*"
    for where in (rooms + "/*", rooms + "/kernels/*/*", "/sandbox/kernels/*", T["temporary"]):
        for path in set(map(os.path.realpath, glob.glob(where))) - mine:
            with failing:
                if os.path.basename(path) != "inside" and os.listdir(path):
                    return path


def write_a_file(T):
    """write, empty or lock a file of the teacher"""
    shared = ["/dev/shm", "/var/tmp", T["temporary"], "", sys.prefix]
    new = [folder + "/bplib-x" for folder in shared]
    for path in [T["folder"] + "/new", T["secret"], T["library"] + "/__init__.py", *new]:
        with failing:
            open(path, "a").close()
            return path
    for touch in (
        *(os.utime, os.unlink, lambda path: os.truncate(path, 0), lambda path: os.chmod(path, 0)),
        *(lambda path: os.rename(path, "x"), lambda path: os.link(path, "x")),
    ):
        with failing:
            touch(T["secret"])
            return touch


def connect_by_tcp(T):
    """open a TCP connection"""
    return socket.create_connection(("127.0.0.1", T["tcp"]), timeout=1)


def send_by_udp(T):
    """send a UDP packet"""
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", T["udp"]))


def connect_to_a_file(T):
    """reach a service through a unix socket"""
    for kind, path in ((socket.SOCK_STREAM, T["unix"]), (socket.SOCK_DGRAM, T["datagram"])):
        with failing:
            socket.socket(socket.AF_UNIX, kind).connect(path)
            return path
    one, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    return one.sendto(b"x", T["datagram"])


def connect_to_a_name(T):
    """reach a service through an abstract socket"""
    return socket.socket(socket.AF_UNIX).connect(T["abstract"]) is None


def ask_for_a_name(T):
    """ask a name server"""
    return socket.getaddrinfo("example.org", 80)


def read_the_environment(T):
    """see secrets in the environment"""
    places = [str(dict(os.environ))]
    for path in glob.glob("/proc/*/environ"):
        with failing:
            places.append(open(path).read())
    return any(T["token"] in text for text in places)


def signal_a_process(T):
    """signal a process of the teacher"""
    import fcntl

    for pid in filter(None, (T["victim"], T["grader"], os.getppid())):
        with failing:
            os.kill(pid, 0)
            return pid
    ours, theirs = socket.socketpair()
    fcntl.fcntl(ours, fcntl.F_SETOWN, T["victim"])  # a message here kills a process there
    fcntl.fcntl(ours, 10, signal.SIGTERM)  # F_SETSIG
    fcntl.fcntl(ours, fcntl.F_SETFL, os.O_ASYNC)
    theirs.send(b"x")


def look_into_a_process(T):
    """look into a process of the teacher"""
    libc = ctypes.CDLL(None)
    for pid in filter(None, (T["victim"], os.getppid())):
        with failing:
            return open(f"/proc/{pid}/mem", "rb")
        if libc.ptrace(16, pid, 0, 0) == 0:
            return "ptrace"
    return libc.prlimit(T["victim"], 7, 0, ctypes.create_string_buffer(16)) == 0


def make_a_namespace(T):
    """become root in a new namespace"""
    child = os.fork()  # a process with threads may not even ask
    if child == 0:
        os._exit(ctypes.CDLL(None).unshare(0x10000000) == 0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def take_memory(T):
    """use 8 GB of memory"""
    with contextlib.suppress(MemoryError):
        return len(bytearray(8 << 30))
    return mmap.mmap(-1, 8 << 30)


def start_processes(T):
    """start 500 processes"""
    for _ in range(500):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
    return True


def print_much(T):
    """print without end"""
    print("x" * 100_000_000)
    return True


def fill_the_disk(T):
    """fill the disk"""
    for number in range(16):
        with open(str(number), "wb") as file:
            file.write(bytes(60 << 20))
        time.sleep(0.3)
    return True


def outlive(T):
    """outlive the end of the notebook"""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                program = [sys.executable, "-c", "import time; time.sleep(600)", T["token"]]
                os.execv(sys.executable, program)
            os._exit(0)
    while True:
        pass
