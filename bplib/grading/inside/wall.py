"""The wall around one kernel, in plain system calls.  Nothing here imports bplib or NumPy.

A process calls separate() and then confine(), and cannot take either back.  Everything a student's
code may still do afterwards is what these two leave over, so read them as a list of attacks:
each line says which one it stops.  Linux only, x86-64 and ARM64.
"""

import ctypes
import os
import platform
import resource
import struct

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column below, AUDIT_ARCH
MEMORY = 2 * 2**30  # bytes of address space of one process
FILE = 64 * 2**20  # bytes of one file, and of all files where a tmpfs holds them
PROCESSES = 32  # processes and threads of one kernel
FILES = 256  # open files of one process

libc = ctypes.CDLL(None, use_errno=True)


def _call(name, result):
    """OSError when a C function says it failed: a wall with a hole is no wall."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result


def _prctl(option, *args):
    values = [ctypes.c_ulong(value) for value in (*args, 0, 0, 0, 0)[:4]]
    return _call(f"prctl {option}", libc.prctl(option, *values))


# ---- namespaces: what is not there cannot be attacked --------------------------------------------

NEWNS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
RDONLY, NOSUID, NODEV, NOEXEC, BIND, REC, PRIVATE = 1, 2, 4, 8, 0x1000, 0x4000, 0x40000


def separate(home, shared, own, hidden, uid):
    """Other processes, other kernels' files and IPC, and the network are gone after the next fork.

    home : folder to cover with memory of limited size;  hidden : folders to cover with nothing
    own : the one folder in shared that stays, as home's sister "ipc";  uid : who will live there
    """
    me, group = os.getuid(), os.getgid()
    root = me == 0
    flags = NEWNS | NEWPID | NEWIPC | NEWNET | (0 if root else NEWUSER)
    _call("unshare", libc.unshare(flags))
    if not root:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{me} {me} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
        uid = me
    mount(None, "/", None, REC | PRIVATE)
    mount(os.path.join(shared, own), os.path.join(os.path.dirname(home), "ipc"), None, BIND)
    limit = f"size={FILE},nr_inodes=4096,mode=700,uid={uid},gid={uid if root else group}"
    mount("tmpfs", home, "tmpfs", NOSUID | NODEV, limit)  # files end with the kernel, disks stay
    for folder in (shared, *hidden):
        mount("tmpfs", folder, "tmpfs", RDONLY | NOSUID | NODEV | NOEXEC, "size=4k")


def mount(source, target, kind, flags, data=None):
    words = [word and os.fsencode(word) for word in (source, target, kind)]
    text = data and data.encode()
    _call(f"mount on {target}", libc.mount(*words, ctypes.c_ulong(flags), text))


def _write(path, text):
    with open(path, "w") as file:
        file.write(text)


# ---- Landlock: files that may be touched ---------------------------------------------------------

EXECUTE, WRITE, READ, LIST, MAKE_SOCKET, MAKE_SYMLINK = 1, 2, 4, 8, 1 << 9, 1 << 12
REFER, TRUNCATE, IOCTL = 1 << 13, 1 << 14, 1 << 15
ALL = (1 << 13) - 1  # every right that Landlock knew in its first version
DEVICES = (1 << 6) | (1 << 11)  # make character and block devices
ON_FILES = EXECUTE | WRITE | READ | TRUNCATE | IOCTL
LOOK = EXECUTE | READ | LIST
CHANGE = ((ALL & ~DEVICES & ~MAKE_SYMLINK) | TRUNCATE | REFER) & ~EXECUTE


def landlock_version():
    """0 where this system has no Landlock."""
    return max(0, libc.syscall(444, None, ctypes.c_size_t(0), 1))


def landlock(read, write, sockets, without):
    """Allow these paths, deny every other.  without : is not readable even below a readable path

    From version 4 on also TCP, from 6 on also abstract sockets and signals to outside are denied.
    """
    version = landlock_version()
    files = ALL | (REFER if version >= 2 else 0) | (TRUNCATE if version >= 3 else 0)
    files |= IOCTL if version >= 5 else 0
    rules = struct.pack("Q", files)
    rules += struct.pack("Q", 3) if version >= 4 else b""
    rules += struct.pack("Q", 3) if version >= 6 else b""
    ruleset = _call("landlock", libc.syscall(444, rules, ctypes.c_size_t(len(rules)), 0))

    def allow(path, rights):
        try:
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        rights &= files if os.path.isdir(path) else files & ON_FILES
        rule = struct.pack("=Qi", rights, handle)
        _call(f"landlock {path}", libc.syscall(445, ruleset, 1, rule, 0))
        os.close(handle)

    seen = set()

    def look(path, hidden):
        """A path that is no link, and all in it;  hidden : what is denied in it or is the path"""
        if path in hidden or path in seen:
            return
        seen.add(path)
        inside = [one for one in hidden if _holds(path, one)]
        allow(path, LIST if inside else LOOK)
        for entry in os.scandir(path) if inside else ():
            follow(entry.path) if entry.is_symlink() else look(entry.path, inside)

    def follow(path):
        path = os.path.realpath(path)
        if not any(_holds(hidden, path) for hidden in without):
            look(path, without)

    for path in read:
        follow(path)
    for path in write:
        allow(path, LOOK | CHANGE)
    for path in sockets:
        allow(path, MAKE_SOCKET)
    for device in ("null", "zero", "full", "random", "urandom"):
        allow(f"/dev/{device}", READ | WRITE)
    _call("landlock", libc.syscall(446, ruleset, 0))
    os.close(ruleset)


def _holds(folder, path):
    return path == folder or path.startswith(folder.rstrip("/") + "/")


# ---- seccomp: system calls that may be made ------------------------------------------------------

# name: (number on x86-64, number on ARM64); None where there is none
DENIED = {
    # look into or steer another process of the same user
    **{"ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271)},
    **{"kcmp": (312, 272), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438)},
    **{"pidfd_send_signal": (424, 424), "process_madvise": (440, 440)},
    **{"process_mrelease": (448, 448), "migrate_pages": (256, 238), "move_pages": (279, 239)},
    **{"sched_setaffinity": (203, 122), "sched_setparam": (142, 118)},
    **{"sched_setattr": (314, 274), "setpriority": (141, 140), "ioprio_set": (251, 30)},
    # reach a service of this computer (a program bus, Docker) through a socket that is a file
    **{"connect": (42, 203)},
    # leave the walls, or get capabilities to attack the system with
    **{"unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39)},
    **{"pivot_root": (155, 41), "chroot": (161, 51), "open_tree": (428, 428)},
    **{"move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431)},
    **{"fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442)},
    **{"open_tree_attr": (467, 467), "open_by_handle_at": (304, 265)},
    # rarely used doors into the system, and one that makes calls this filter does not see
    **{"bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282)},
    **{"io_uring_setup": (425, 425), "io_uring_enter": (426, 426)},
    **{"io_uring_register": (427, 427), "add_key": (248, 217), "request_key": (249, 218)},
    **{"keyctl": (250, 219), "personality": (135, 92), "syslog": (103, 116)},
    # memory that outlives a process or is counted nowhere
    **{"memfd_create": (319, 279), "memfd_secret": (447, 447)},
    **{"shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190)},
    **{"semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192)},
    **{"msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187)},
    **{"mq_open": (240, 180), "mq_unlink": (241, 181)},
}
# what Landlock leaves open: empty a file whose name is known, change its rights and times, fill
# the disk
TOUCHES = {
    **{"chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452)},
    **{"chown": (92, None), "lchown": (94, None), "fchown": (93, 55), "fchownat": (260, 54)},
    **{"utime": (132, None), "utimes": (235, None), "futimesat": (261, None)},
    **{"utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6)},
    **{"fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15)},
    **{"fremovexattr": (199, 16), "setxattrat": (463, 463), "removexattrat": (466, 466)},
    **{"file_setattr": (469, 469), "truncate": (76, 45)},
    "fallocate": (285, 47),  # fills a disk faster than anybody can look
}
SIGNALS = {"tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240)}
KILLS = {"kill": (62, 129), "tgkill": (234, 131)}
NEWSPACES = NEWNS | NEWIPC | NEWUSER | NEWPID | NEWNET | 0x2000000 | 0x4000000 | 0x80
# one filter instruction: operation, jump if true, jump if false, constant
LOAD, EQUAL, ANY_BIT, AT_LEAST, AND, RETURN = 0x20, 0x15, 0x45, 0x35, 0x54, 0x06
ALLOW, KILL, EPERM, ENOSYS, EOPNOTSUPP = 0x7FFF0000, 0x80000000, 0x50001, 0x50026, 0x5005F


def seccomp(others, signals):
    """Filter system calls by number, some by an argument.

    others : files of others are in sight;  signals : nothing but this filter stops them
    A call that is denied fails with "Operation not permitted"; the code goes on.
    """
    column, arch = MACHINES[platform.machine()]
    program = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, arch), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)]
    if column == 0:  # the x32 numbers would go round the list
        program += [(AT_LEAST, 0, 1, 0x40000000), (RETURN, 0, 0, EPERM)]

    def deny(numbers, arguments=(), code=EPERM):
        """Deny one call; with arguments, unless they are all as wanted: (index, test, values)"""
        if numbers[column] is None:
            return
        body = []
        for index, test, values in arguments:
            body += [(LOAD, 0, 0, 16 + 8 * index)]
            body += [(AND, 0, 0, 0xF)] if test == "type" else []
            last = len(values) - 1
            for i, value in enumerate(values):
                if test == "none of":  # equal: deny
                    body += [(EQUAL, 0, 1, value), (RETURN, 0, 0, code)]
                elif test == "no bit of":
                    body += [(ANY_BIT, 0, 1, value), (RETURN, 0, 0, code)]
                else:  # equal to one of them: go on behind the refusal
                    body += [(EQUAL, last - i + 1, 0, value)]
            if test in ("one of", "type"):
                body += [(RETURN, 0, 0, code)]
        body = body + [(LOAD, 0, 0, 0)] if body else [(RETURN, 0, 0, code)]
        program.extend([(EQUAL, 0, len(body), numbers[column]), *body])

    for numbers in [*DENIED.values(), *(TOUCHES.values() if others else ())]:
        deny(numbers)
    local = [(0, "one of", [1]), (1, "type", [1])]  # AF_UNIX streams, for ZeroMQ: no network
    deny((41, 198), local, EOPNOTSUPP)  # socket; ZeroMQ lives with this error
    deny((53, 199), local)  # socketpair
    deny((56, 220), [(0, "no bit of", [NEWSPACES])])  # clone
    deny((435, 435), code=ENOSYS)  # clone3 hides its flags; the C library falls back to clone
    deny((302, 261), [(0, "one of", [0])])  # prlimit64: limits of itself only
    deny((144, 119), [(1, "one of", [0])])  # sched_setscheduler: to the ordinary policy, as ZeroMQ
    deny((72, 25), [(1, "none of", [8, 10, 15])])  # fcntl: no SIGIO, or worse, to another process
    deny((16, 29), [(1, "none of", [0x8901, 0x8902, 0x5412, 0x541C])])  # ioctl: the same, TIOCSTI
    if signals:
        for numbers in SIGNALS.values():
            deny(numbers)
        me = os.getpid()
        deny(KILLS["kill"], [(0, "one of", [me, -me & 0xFFFFFFFF, 0])])
        deny(KILLS["tgkill"], [(0, "one of", [me])])
    program.append((RETURN, 0, 0, ALLOW))
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    filter = struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
    _call("seccomp", libc.prctl(22, 2, filter, 0, 0))


# ---- all of it, on the process that will run a student's code ------------------------------------


def confine(read, write, sockets, without, uid, alone):
    """No way back.   alone : separate() has taken the other processes away

    uid : of nobody else, where we are root
    """
    for name, limit in {
        "AS": MEMORY,
        "DATA": MEMORY,
        "FSIZE": FILE,
        "NOFILE": FILES,
        "CORE": 0,
        "NPROC": PROCESSES if alone or os.getuid() == 0 else PROCESSES + _tasks(os.getuid()),
    }.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (limit, limit))
    if os.getuid() == 0:  # root is nobody here, and nobody else is this nobody
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    _prctl(38, 1)  # no new privileges: programs with setuid, such as su, run as anybody's
    _prctl(1, 9)  # end when the keeper ends
    _prctl(47, 4)  # no ambient capabilities
    for capability in range(64):
        libc.prctl(24, capability, 0, 0, 0)  # fails for numbers that do not exist, and without need
    header, nothing = struct.pack("Ii", 0x20080522, 0), bytes(24)
    _call("capset", libc.capset(header, nothing))  # the capabilities of a namespace end here
    version = landlock_version()
    if version:
        landlock(read, write, sockets, without)
    elif not alone:
        raise OSError("this Linux has no Landlock")
    seccomp(others=not alone, signals=not alone and version < 6)


def _tasks(uid):
    """Processes and threads that this user runs: the limit counts them too."""
    count = 0
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.stat(f"/proc/{name}").st_uid == uid:
                count += len(os.listdir(f"/proc/{name}/task"))
        except OSError:
            continue
    return count
