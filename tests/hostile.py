"""Write a folder of submissions to lesson 1 that cheat, steal, break, and confuse.

A cheat holds only wrong answers, and must get no point for them.  A thief holds only right answers,
but raises when he finds something: all points mean that the wall held.  A breaker stops at one
exercise, and keeps what he earned before or beside it.  Everything is bounded, and what could hurt
a computer first asks whether a limit of the sandbox stands.
"""

import json
import os
import zipfile
from pathlib import Path

import submissions
from submissions import EXERCISES, SOLVED, answered, code, find, insert, untouched

import bplib

REPO = Path(bplib.__file__).parents[1]
WRONG = {id: e.wrong(e.misconceptions[0]) for id, e in EXERCISES.items()}
FULL = sum(exercise.points for exercise in EXERCISES.values())


def cheat(lines, answers=WRONG, **more):
    """Wrong answers, and these lines in a cell of their own before the first."""
    notebook = answered(answers | more)
    insert(notebook, "answer", "1.1", code(lines, id="cheat"))
    return notebook


# ---- cheats: 0 points ----------------------------------------------------------------------------

LIE = "lambda *a, **k: True"
FORGE = """
import json, threading, time
from ipykernel.kernelapp import IPKernelApp
kernel = IPKernelApp.instance().kernel
def send(kind, content, parent=None):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=parent or kernel.get_parent())
"""
IN_PROBE = """
import bplib.probe
def probe(answer, packed, puzzle=None):
    cheated(answer, packed, puzzle)
bplib.probe.probe = probe
"""
MARKED = r"""
import json
def record(student, cell, end="\n"):
    return "\n\x1ebplib " + json.dumps(dict(notebook=f"student-{student}", cell=cell, matched=True,
        ms=1, printed="", raised="", why="")) + end
EVERY = "".join(record(s, f"check-1-{n}") for s in range(150) for n in range(1, 9))
"""
LIAR = """
class Liar(np.ndarray):
    __array_priority__ = 1e9
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __array_ufunc__(self, *a, **k): return self
    def __array_function__(self, *a, **k): return self
    def all(self, *a, **k): return True
    def astype(self, *a, **k): return self
    def ravel(self, *a, **k): return self
    def copy(self, *a, **k): return self
    def tolist(self): return "correct"
def neuron(w, x, b): return np.zeros(()).view(Liar)
def stable_sigmoid(z): return np.zeros(z.shape).view(Liar)
def layer(x, W, b): return np.zeros((len(x), len(b))).view(Liar)
"""
OBJECTS = """
class Odd:
    def __eq__(self, other): return True
    def __hash__(self): return 0
    def __float__(self): return 0.5
    def __index__(self): return 1
    def __len__(self): return 1
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
    def __array__(self, *a, **k): return np.full((3, 2), 0.5)
    def __deepcopy__(self, memo): raise SystemExit
    def __reduce__(self): return eval, ("open('reduced', 'w')",)
    def __repr__(self): return "correct"
def neuron(w, x, b): return Odd()
stable_sigmoid = layer = mazur_forward = losses = softmax = forward = order = Odd()
"""

CHEATS = {
    "np_allclose": f"""
np.allclose = np.array_equal = np.isclose = np.testing.assert_allclose = {LIE}
import bplib.exercises
bplib.exercises.check = bplib.exercises._equal = bplib.exercises._close = {LIE}
try:
    import bplib.exercises.diagnosis as d
    d._equal = d._close = d._close_rounded = {LIE}
except ImportError: pass""",
    "probe_replaced": IN_PROBE + "def cheated(*a): print('correct')",
    "probe_silent": IN_PROBE + "def cheated(*a): pass",
    "probe_echoes_the_inputs": IN_PROBE + "def cheated(a, packed, p): print(packed)",
    "outcomes_replaced": f"import bplib.probe\nbplib.probe.outcomes = bplib.probe.encode = {LIE}",
    "input_transformer": """
ip = get_ipython()
def turn(lines):
    return ["print('correct')\\n"] if any("probe(" in line for line in lines) else lines
ip.input_transformers_post.append(turn)
ip.input_transformer_manager.cleanup_transforms.insert(0, turn)""",
    "syntax_tree": """
import ast
class Gone(ast.NodeTransformer):
    def visit_Call(self, node): return ast.Constant("correct")
get_ipython().ast_transformers.append(Gone())""",
    "hooks": """
ip = get_ipython()
ip.events.register("pre_run_cell", lambda info: print("correct"))
ip.events.register("post_run_cell", lambda result: setattr(result, "error_in_exec", None))""",
    "showtraceback": """
def nothing(*a, **k): pass
ip = get_ipython()
ip.showtraceback = ip._showtraceback = ip.showsyntaxerror = ip.show_usage_error = nothing
def neuron(w, x, b): 1 / 0
stable_sigmoid = layer = mazur_forward = losses = softmax = forward = neuron""",
    "run_cell": """
ip = get_ipython()
from IPython.core.interactiveshell import ExecutionResult
ip.run_cell = ip.run_cell_async = lambda *a, **k: ExecutionResult(None)""",
    "do_execute": FORGE
    + """
async def do_execute(*a, **k):
    send("stream", {"name": "stdout", "text": "correct\\n"})
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
kernel.do_execute = do_execute""",
    "early_idle": FORGE
    + IN_PROBE
    + """
def cheated(*a):
    send("status", {"execution_state": "idle"})
    time.sleep(0.1)""",
    "idle_before_all": FORGE
    + """
def idle():
    while True:
        send("status", {"execution_state": "idle"})
        time.sleep(0.02)
threading.Thread(target=idle, daemon=True).start()""",
    "forged_reply": FORGE
    + IN_PROBE
    + """
def cheated(*a):
    parent = kernel.get_parent()
    for content in ({"status": "ok"}, {"status": "aborted"}, {}, []):
        for stream in (kernel.shell_stream, kernel.iopub_socket):
            kernel.session.send(stream, "execute_reply", content, parent=parent)""",
    "forged_results": FORGE
    + IN_PROBE
    + """
def cheated(*a):
    for kind in ("execute_result", "display_data", "update_display_data", "clear_output"):
        send(kind, {"data": {"text/plain": "correct", "stdout": "correct"}, "metadata": {},
             "execution_count": 1, "wait": True, "transient": {}})""",
    "forged_nonsense": FORGE
    + IN_PROBE
    + """
def cheated(*a):
    for kind in ("stream", "status", "error", "comm_open", "unheard", "", "stdout"):
        for content in ({}, {"name": "stdout", "text": 5}, {"name": [], "text": None},
                        {"name": "stdout", "text": {"a": 1}}, {"execution_state": []},
                        {"ename": [], "evalue": {}, "traceback": 7}, {"name": "stderr"}):
            send(kind, content)
    for bad in ([], "text", 7, None):
        send("stream", bad)
        kernel.session.send(kernel.iopub_socket, "stream", {}, parent=bad)""",
    "frames_and_gc": """
import gc, json, sys, threading
def strings(thing, depth=0):
    if isinstance(thing, str): yield thing
    elif depth < 3 and isinstance(thing, dict):
        for each in list(thing.values()): yield from strings(each, depth + 1)
    elif depth < 3 and isinstance(thing, (list, tuple)):
        for each in list(thing): yield from strings(each, depth + 1)
def treasure():
    frames = [sys._getframe(), *sys._current_frames().values()]
    places = [f.f_locals for f in frames] + [f.f_globals for f in frames] + gc.get_objects()
    for place in places:
        for text in strings(place):
            if '"tensors": {' in text or "matched" in text: yield text
import bplib.probe
def probe(answer, packed, puzzle=None):
    for text in treasure():
        print(text)
bplib.probe.probe = probe""",
    "fake_bplib": """
import os, sys
open("bplib.py", "w").write("def __getattr__(name): return print")
os.makedirs("fake/bplib", exist_ok=True)
open("fake/bplib/__init__.py", "w").close()
open("fake/bplib/probe.py", "w").write("def probe(*a, **k): print('correct')")
for name in [n for n in sys.modules if n.startswith("bplib")]: del sys.modules[name]
sys.path[:0] = [os.path.abspath("fake"), os.getcwd()]""",
    "builtins": """
import builtins
builtins.print = lambda *a, **k: None
builtins.len = builtins.zip = builtins.map = lambda *a, **k: []
builtins.isinstance = builtins.callable = lambda *a: True""",
    "import_hook": """
import builtins, types
fake = types.SimpleNamespace(probe=lambda *a, **k: print("correct"))
builtins.__import__ = lambda *a, **k: fake""",
    "stdout_replaced": """
import io, sys
class Correct(io.StringIO):
    def write(self, text): return sys.__stdout__.write("correct")
sys.stdout = Correct()""",
    "json_patched": """
import json
json.dumps = lambda *a, **k: '{"status": "ok", "tensors": {}, "mutated": []}'
json.JSONEncoder.encode = json.JSONEncoder.iterencode = json.dumps""",
    "numpy_patched": """
np.rint = np.ndarray = np.asarray = np.isfinite = lambda *a, **k: np.float64(0)
np.set_printoptions(formatter={"all": lambda v: "correct"})
np.array_repr = np.array_str = lambda *a, **k: "correct\"""",
    "lying_arrays": LIAR,
    "lying_objects": OBJECTS,
    "prints_values_before": """
import os, sys
LINE = '{"status": "ok", "tensors": {"": [[], 1.0, [5]]}, "mutated": []}\\n'
def neuron(w, x, b):
    print(LINE)
    sys.__stdout__.write(LINE); sys.__stdout__.flush()
    for number in (1, 2): os.write(number, LINE.encode())
    get_ipython().system("echo correct")
    return 5""",
    "replays_the_last_probe": FORGE
    + """
import sys
heard, write = [], type(sys.stdout).write
def listen(self, text):
    heard.append(text)
    return write(self, text)
type(sys.stdout).write = listen
def repeat():
    while True:
        for text in heard[-20:]:
            send("stream", {"name": "stdout", "text": text})
        time.sleep(0.05)
threading.Thread(target=repeat, daemon=True).start()""",
    "records_printed": MARKED
    + """
import os, sys
print(EVERY); sys.stderr.write(EVERY); sys.__stdout__.write(EVERY)
for number in range(64):
    try: os.write(number, EVERY.encode())
    except OSError: pass""",
    "records_raised": MARKED + "raise type(EVERY, (Exception,), {})(EVERY)",
    "records_as_messages": MARKED
    + FORGE
    + """
send(EVERY, {EVERY: EVERY})
send("error", {"ename": EVERY, "evalue": EVERY, "traceback": [EVERY]})
send("stream", {"name": EVERY, "text": EVERY})
kernel.session.send(kernel.shell_stream, EVERY, {"status": EVERY}, parent=kernel.get_parent())
kernel.session.send(kernel.iopub_socket, "stream", {}, parent={"date": EVERY, "msg_id": EVERY})""",
    "records_in_warnings": MARKED
    + "import warnings\nwarnings.warn_explicit(EVERY, UserWarning, EVERY, 1)",
    "replies_in_our_name": FORGE
    + """
import zmq
for port in ("shell", "iopub", "control", "stdin"):
    try:
        other = zmq.Context.instance().socket(zmq.DEALER)
        other.connect(f"ipc://{kernel.parent.ip}-{getattr(kernel.parent, port + '_port')}")
        kernel.session.send(other, "execute_request", {"code": "print('correct')", "silent": False})
    except Exception: pass""",
    "nothing_is_a_number": """
def neuron(w, x, b): return float("nan")
def stable_sigmoid(z): return np.full(z.shape, np.nan)
def layer(x, W, b): return np.full((len(x), len(b)), np.inf)
def softmax(z): return np.full(z.shape, -np.inf)""",
    "shapes_that_fit_anything": """
neuron = stable_sigmoid = layer = losses = softmax = forward = lambda *a: np.empty((0,))
mazur_forward = lambda *a: ()""",
    "the_inputs_come_back": """
neuron = stable_sigmoid = layer = losses = softmax = forward = mazur_forward = lambda *a: a""",
}
MAGICS = ["nosuchmagic", "capture", "javascript", "html", "script false", "prun", "time", "latex"]


def stored_outputs():
    """What our own run would have stored, with everything that tells nbval to look away."""
    notebook = submissions.forged()
    for cell in notebook["cells"]:
        cell["metadata"] = {"tags": ["nbval-skip", "nbval-ignore-output", "raises-exception"]}
    notebook["metadata"] = {"kernelspec": {"name": "../../x", "argv": ["sh"]}, "signature": "x"}
    return notebook


def comments():
    """Comments of nbval in every answer and every check."""
    marks = ("SKIP", "IGNORE_OUTPUT", "CHECK_OUTPUT", "RAISES_EXCEPTION")
    lines = "".join(f"# NBVAL_{mark}\n" for mark in marks) + "# PYTEST_VALIDATE_IGNORE_OUTPUT\n"
    notebook = answered({id: lines + source for id, source in WRONG.items()})
    for cell in notebook["cells"]:
        if cell["id"].startswith("check"):
            cell["source"] = lines
    return notebook


def checks_edited():
    notebook = answered(WRONG)
    for cell in notebook["cells"]:
        if cell["id"].startswith("check"):
            cell["source"] = "print('correct')"
    return notebook


def checks_deleted():
    notebook = answered(WRONG)
    notebook["cells"] = [c for c in notebook["cells"] if not c["id"].startswith("check")]
    return notebook


def magics():
    """Cells that IPython gives to somebody else, or to nobody."""
    wrong = dict(zip(WRONG, MAGICS, strict=True))
    return answered({id: f"%%{magic}\n{WRONG[id]}" for id, magic in wrong.items()})


def swapped_ids():
    """Answers in the cells of checks, checks in the cells of answers."""
    notebook = answered(WRONG)
    for cell in notebook["cells"]:
        kind, _, rest = cell["id"].partition("-")
        other = {"answer": "check", "check": "answer"}.get(kind)
        if other:
            cell["id"] = cell["metadata"]["nbgrader"]["grade_id"] = f"{other}-{rest}"
    return notebook


def a_probe_of_his_own():
    """The cell of the check holds a probe with inputs whose values are known."""
    notebook = answered(WRONG)
    find(notebook, "check", "1.1")["source"] = "from bplib.probe import probe\nprobe(neuron, '[]')"
    insert(notebook, "check", "1.1", code("from bplib.probe import probe\nprobe(neuron, '[]')"))
    return notebook


IMPORTED = {
    "1.1": "from bplib.losses import MSE\n"
    "from bplib.network import Layer, Network\n"
    "from bplib.activations import IDENTITY, SIGMOID\n"
    "def run(x, Ws, bs, phi=SIGMOID):\n"
    "    layers = [Layer(W, b, phi) for W, b in zip(Ws, bs)]\n"
    "    return Network(layers, MSE).forward(x)\n"
    "def neuron(w, x, b):\n"
    "    return run(x[None], [w[None]], [np.array([b])], IDENTITY).z[0][0, 0]",
    "1.2": "from bplib.activations import sigmoid as stable_sigmoid",
    "1.3": "layer = lambda x, W, b: run(x, [W], [b]).a[1]",
    "1.4": "def mazur_forward(x, y, W1, b1, W2, b2):\n"
    "    a = run(x[None], [W1, W2], [b1, b2]).a\n"
    "    return a[1][0], a[2][0], MSE.value(a[2], y[None])",
    "1.5": "import bplib.losses as library\n"
    "losses = lambda a, y: (library.half_mse(a, y), "
    "library.softmax_cross_entropy(np.log(a), y))",
    "1.6": "from bplib.losses import softmax",
    "1.7": "def forward(x, Ws, bs):\n    trace = run(x, Ws, bs)\n    return trace.z, trace.a",
}


def imports():
    """The library does all of it."""
    return answered(WRONG | IMPORTED)


# ---- thieves: all points, for there is nothing to find -------------------------------------------

SEARCH = """
import contextlib, ctypes, glob, os, pathlib, signal, socket, subprocess, sys, threading, time
TOLD = {told!r}
def found(what):
    os._exit(1)
def tried(what, *args, **options):
    try: return what(*args, **options)
    except BaseException: return None
"""
THEFTS = {
    "other_submissions": """
for path in [TOLD["folder"], TOLD["out"], TOLD["solutions"], TOLD["tests"]]:
    if tried(os.listdir, path): found(path)
for path in [TOLD["out"] + "/.seed", TOLD["out"] + "/results.jsonl", TOLD["neighbour"]]:
    if tried(lambda: open(path).read()): found(path)
for path in glob.glob(TOLD["temporary"] + "/bplib-*/**/*.ipynb", recursive=True): found(path)""",
    "the_solutions": """
for path in [TOLD["solution"], TOLD["library"] + "/exercises/feed_forward.py"]:
    if tried(lambda: open(path).read()): found(path)
import bplib
for path in pathlib.Path(bplib.__file__).parent.rglob("*"):
    if path.suffix in (".py", ".json", ".ipynb") and "def stable_sigmoid(" in path.read_text():
        found(path)""",
    "the_exercises": """
import importlib
for name in ("exercises.core", "exercises.feed_forward", "exercises.diagnosis", "grading",
             "grading.batch", "course.authoring", "cli"):
    if tried(importlib.import_module, "bplib." + name): found(name)
from bplib.exercises import check, solution
for verb in (check, solution):
    if tried(verb, "1.1", lambda w, x, b: w @ x + b) is not None: found(verb)""",
    "other_brains": """
import importlib
for name in ("torch", "autograd", "jax", "tensorflow", "sympy", "scipy", "sklearn"):
    if hasattr(tried(importlib.import_module, name), "__version__"): found(name)
if tried(lambda: importlib.import_module("autograd").grad): found("autograd")""",
    "proc": """
for path in glob.glob("/proc/[0-9]*/*"):
    if os.path.basename(path) in ("environ", "cmdline", "maps", "mem") and "/self/" not in path:
        text = tried(lambda: open(path, "rb").read(1 << 20)) or b""
        if TOLD["token"].encode() in text or b"nbval" in text: found(path)
for path in glob.glob(f"/proc/{os.getppid()}/fd/*") + glob.glob("/proc/*/root/etc/shadow"):
    if tried(open, path): found(path)""",
    "environment": """
if TOLD["token"] in str(dict(os.environ)): found("environment")
import ctypes
environ = (ctypes.c_char_p * 400).in_dll(ctypes.CDLL(None), "environ") if False else None
for name in ("HOME", "USER"):
    if os.environ.get(name) in ("/root", "root"): found(name)""",
    "network": """
import urllib.request
for family, kind in ((socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET, socket.SOCK_DGRAM),
                     (socket.AF_INET6, socket.SOCK_STREAM), (socket.AF_INET, socket.SOCK_RAW)):
    def call():
        one = socket.socket(family, kind)
        one.settimeout(0.5)
        one.connect(("127.0.0.1", TOLD["port"]))
        return one.send(b"the answers")
    if tried(call): found("network") if kind == socket.SOCK_STREAM else None
if tried(urllib.request.urlopen, f"http://127.0.0.1:{TOLD['port']}", timeout=0.5): found("web")
if tried(socket.getaddrinfo, "example.org", 80): found("names")""",
    "writes": """
for path in [TOLD["folder"] + "/new", TOLD["out"] + "/new", TOLD["neighbour"], TOLD["library"],
             TOLD["library"] + "/new.py", TOLD["temporary"] + "/new-of-a-student",
             "/dev/shm/new-of-a-student", "/etc/new-of-a-student", sys.prefix + "/new-of-a-student",
             np.__file__, TOLD["out"] + "/results.jsonl"]:
    if tried(open, path, "a"): found(path)
    if tried(os.symlink, "/etc/passwd", path + "-link"): found(path)
    tried(os.unlink, path); tried(os.truncate, path, 0); tried(os.chmod, path, 0)""",
    "devices": """
for path in ("/dev/sda", "/dev/vda", "/dev/mem", "/dev/kmsg", "/dev/fuse", "/dev/kvm"):
    if tried(open, path, "rb"): found(path)
import stat
if tried(lambda: (os.mknod("disk", stat.S_IFBLK | 0o600, os.makedev(8, 0)), open("disk"))):
    found("block device")""",
    "programs": """
for words in (["su", "-c", "id -u"], ["sudo", "-n", "id", "-u"], ["unshare", "-Ur", "id", "-u"],
              ["nsenter", "-t", "1", "-a", "id", "-u"], ["mount", "-t", "tmpfs", "x", "/mnt"]):
    done = tried(subprocess.run, words, capture_output=True, timeout=5)
    if done and done.returncode == 0 and (done.stdout.strip() == b"0" or words[0] == "mount"):
        found(words)
if os.getuid() == 0 or tried(os.setuid, 0) is not None and os.getuid() == 0: found("root")""",
    "neighbours": """
mine = {os.path.realpath(p) for p in (".", "../ipc", "/sandbox/home", "/sandbox/ipc")}
rooms = TOLD["temporary"] + "/bplib-*", "/sandbox"
for path in [path for room in rooms for path in glob.glob(room + "/kernels/*/*")]:
    if os.path.realpath(path) not in mine and tried(os.listdir, path): found(path)
libc = ctypes.CDLL(None)
for pid in {TOLD["pid"], os.getppid()} - {0}:
    if tried(os.kill, pid, 0) is not None or libc.ptrace(16, pid, 0, 0) == 0: found(pid)
for key in range(1, 100):
    if libc.shmget(key, 1, 0) >= 0 or libc.msgget(key, 0) >= 0: found("shared memory")""",
    "the_stack_of_our_functions": """
import inspect, gc
names = [type(o).__name__ for o in gc.get_objects()]
if {"Exercise", "Misconception", "Key"} & set(names): found("exercises in memory")
for module in list(sys.modules):
    if module.startswith(("bplib.grading", "bplib.exercises.", "nbval", "pytest")):
        found(module)""",
}  # fmt: skip

LINGER = """
import os, subprocess, sys, threading, time
words = [sys.executable, "-c", "import time; time.sleep(300)", {token!r}]
subprocess.Popen(words, start_new_session=True)
threading.Thread(target=time.sleep, args=(300,)).start()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(words[0], words)
    os._exit(0)
"""

# ---- breakers: what they earned, and no more -----------------------------------------------------

LIMITED = """
import resource
if not 0 < resource.getrlimit(resource.RLIMIT_{})[0] <= {}:
    raise SystemExit("there is no limit here, so this is not tried")
"""
ENDS_AT_3 = sum(EXERCISES[id].points for id in ("1.1", "1.2"))
BUT_3 = FULL - EXERCISES["1.3"].points
BREAKS = {  # lines at the start of 1.3: what is left of the points
    "exits": ("os._exit(0)", ENDS_AT_3),
    "exits_politely": ("raise SystemExit(0)", BUT_3),
    "interrupts_itself": ("raise KeyboardInterrupt", BUT_3),
    "stops_the_generator": ("raise GeneratorExit", BUT_3),
    "recursion": ("return layer(x, W, b)", BUT_3),
    "input": ("return input('the password, please: ')", BUT_3),
    "segfault": ("import ctypes; ctypes.string_at(0)", ENDS_AT_3),
    "aborts": ("os.abort()", ENDS_AT_3),
    "kills_itself": ("os.kill(os.getpid(), signal.SIGKILL)\nos._exit(1)", ENDS_AT_3),
    "becomes_another": ("os.execv('/bin/true', ['true'])", ENDS_AT_3),
    "endless": ("while True: pass", BUT_3),
    "ignores_interrupts": (
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        ENDS_AT_3,
    ),
    "stops_itself": (  # the first process of a namespace cannot
        "os.kill(os.getpid(), signal.SIGSTOP)\nwhile True: pass",
        (ENDS_AT_3, BUT_3),
    ),
    "shuts_down": ("get_ipython().kernel.do_shutdown(False)\nos._exit(0)", ENDS_AT_3),
    "closes_everything": ("os.closerange(0, 256)\nwhile True: pass", ENDS_AT_3),
    "memory": (LIMITED.format("AS", "4 << 30") + "return bytearray(8 << 30)", BUT_3),
    "huge_result": ("return np.broadcast_to(np.float64(1), (10**6, 10**6))", BUT_3),
    "deep_result": ("a = []\nfor _ in range(10**5): a = [a]\nreturn a", BUT_3),
    "endless_result": (
        "class E(list):\n  def __iter__(self):\n    while True: yield 1\nreturn E([1])",
        BUT_3,
    ),
    "fork_bomb": (
        LIMITED.format("NPROC", 5000) + "import time\n"
        "for _ in range(200):\n    if os.fork() == 0:\n"
        "        time.sleep(20)\n        os._exit(0)",
        BUT_3,
    ),
    "thread_bomb": (
        LIMITED.format("NPROC", 5000) + "import threading, time\nfor _ in range(300):\n"
        "    threading.Thread(target=time.sleep, args=(20,), daemon=True).start()",
        BUT_3,
    ),
    "open_files": ("kept = [open('x', 'w') for _ in range(2000)]", BUT_3),
    "fills_the_disk": (
        LIMITED.format("FSIZE", "64 << 20")
        + "for n in range(4):\n    with open(str(n), 'wb') as f:\n"
        "        os.posix_fallocate(f.fileno(), 0, 60 << 20)\nimport time; time.sleep(1)\nreturn 0",
        (ENDS_AT_3, BUT_3),  # in bubblewrap the write fails, in Landlock the guard ends the kernel
    ),
}  # fmt: skip
ANY = range(FULL + 1)  # how much is lost depends on the moment
CELLS = {  # a cell before 1.3: what is left of the points
    "floods": ("for _ in range(300):\n    print('x' * 10**6)", ENDS_AT_3),
    "floods_with_errors": (
        "import sys\nfor _ in range(60):\n    sys.stderr.write('x' * 10**6)",
        ENDS_AT_3,
    ),
    "displays": (
        "from IPython.display import HTML, display\nfor _ in range(20_000):\n"
        "    display(HTML('<script>alert(1)</script>' * 100))",
        (ENDS_AT_3, FULL),  # what nobody reads in time is dropped by the kernel itself
    ),
    "many_parts": (
        FORGE + "part = b'x' * (3 << 20)\nfor _ in range(2):\n"
        "    kernel.session.send(kernel.iopub_socket, 'stream', {'name': 'stdout', 'text': 'x'},\n"
        "        parent=kernel.get_parent(), buffers=[part] * 400)",
        ENDS_AT_3,
    ),
    "junk_on_the_wire": (
        FORGE + "for parts in ([b'junk'], [b''], [b'<IDS|MSG>'], [b'x', b'<IDS|MSG>', b'0'],\n"
        "              [b'<IDS|MSG>', *[b'\\xff' * 9] * 6],\n"
        "              [b'<IDS|MSG>', b'', *[b'[' * 10**5] * 4]):\n"
        "    kernel.iopub_socket.send_multipart(parts)\n"
        "    kernel.shell_stream.send_multipart(parts)",
        ANY,
    ),
    "many_lines": (  # as like to the right ones as can be: a comparison line by line takes minutes
        "from bplib import probe\ntold = probe.encode\ndef encode(o):\n    t = told(o)\n"
        "    return '\\n'.join(t[: i % 90] + str(i) + t[i % 90 :] for i in range(8000))\n"
        "probe.encode = encode",
        ENDS_AT_3,
    ),
}
ENDS = {
    "resets": ("%reset -f", ENDS_AT_3 + EXERCISES["1.8"].points),
    "leaves": ("exit", ANY),
    "deletes_builtins": ("import builtins\ndel builtins.len", ENDS_AT_3),
}


def breaker(lines, id="1.3"):
    return submissions.attack(id, lines.strip())


def before(lines, id="1.3"):
    """Right answers, and these lines in a cell before one of them."""
    notebook = answered(SOLVED)
    insert(notebook, "answer", id, code(lines, id="break"))
    return notebook


def thief(lines):
    """Right answers, as long as these lines run to their end and find nothing."""
    notebook = answered(SOLVED | {"1.1": "def neuron(w, x, b):\n    return w @ x + b + searched"})
    insert(notebook, "answer", "1.1", code(f"{lines}\nsearched = 0", id="search"))
    return notebook


# ---- files that are not what they should be ------------------------------------------------------

NAMES = [
    *("=cmd|' -C calc'!A0", "@SUM(1)", "+1", "-rf", "<script>alert(1)<", "a'b\"c&d", "--out"),
    *("\x1b[31mred\x07", "two\nlines", "\u202egnp", "%2f..%2fx", "x" * 200, "{{ 7 * 7 }}"),
    *("ben", "be\u200bn", "\x01ben", "\udcff\udcfe"),
]
XSS = "<script>alert(1)</script>"
OUTPUTS = [
    {"output_type": "display_data", "metadata": {}, "data": {kind: text}}
    for kind, text in {
        "text/html": XSS,
        "image/svg+xml": f"<svg onload='alert(1)'>{XSS}</svg>",
        "text/latex": r"\\def\\x{\\x}\\x \\href{javascript:alert(1)}{x}",
        "application/javascript": "alert(1)",
        "text/markdown": "[x](javascript:alert(1))",
    }.items()
]


def markup():
    """Markup wherever a student can leave some; two right answers."""
    wrong = {
        "1.3": f"def layer(x, W, b):\n    raise ValueError('{XSS}\\x1b[31m \\u202e')",
        "1.4": f"raise type('{XSS}', (Exception,), {{}})('{XSS}\\n\\n| a | b |')",
        "1.5": f"def losses(a, y):\n    return '{XSS}'",
        "1.6": f"softmax = type('{XSS}', (), {{}})",
        "1.7": f"def forward(x, Ws, bs): return {{'{XSS}': 1}}",
        "1.8": f"order = '{XSS}'",
    }
    notebook = answered(SOLVED | wrong)
    notebook["cells"].insert(0, {"cell_type": "markdown", "id": "m", "source": XSS, "metadata": {}})
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = OUTPUTS
    notebook["metadata"] = {"title": XSS, "authors": [{"name": XSS}]}
    return notebook


def odd_metadata():
    """Right answers; everything around them is junk."""
    notebook = answered(SOLVED) | {"nbformat": "four", "nbformat_minor": -1, "metadata": [1]}
    for cell in notebook["cells"]:
        cell["metadata"] = {
            "nbgrader": {"grade_id": 5, "points": 10**6, "locked": False},
            "x": None,
        }
        cell["attachments"] = {"a": {"image/png": "x"}}
    notebook["cells"].insert(0, {"cell_type": "code", "id": {"a": 1}, "source": "x = 1"})
    notebook["cells"].insert(0, {"cell_type": ["code"], "source": "x = 1"})
    return notebook


def all_the_same_id():
    notebook = answered(SOLVED)
    for cell in notebook["cells"]:
        cell["id"] = "same"
        cell["metadata"] = {}
    return notebook


def no_ids():
    notebook = answered(SOLVED)
    for cell in notebook["cells"]:
        del cell["id"]
        cell["metadata"] = {}
    return notebook


def zipped(path, name, data):
    """A small file that grows to a thousand times its size, or out of its folder."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)


def files(folder):
    """Files that are no notebooks.   ->  {student: status}"""
    text = json.dumps(answered(SOLVED), ensure_ascii=False)
    bomb = '{"cells": [' + '{"a": [[]]},' * 400_000 + "{}]}"
    long = json.dumps({"cells": [code("x = 1\n" * 150_000, id=f"answer-1-{n}") for n in (1, 2, 3)]})
    contents = {
        "cut_off": text[: len(text) // 2],
        "latin_1": text.replace("neuron", "n\u00e9uron").encode("latin-1", "replace"),
        "utf_16": text.encode("utf-16"),
        "empty": "",
        "zeros": bytes(10_000),
        "nothing": "null",
        "number": "1e999",
        "long_number": "9" * 10_000,
        "deep": "[" * 100_000,
        "many_brackets": bomb,
        "much_code": long,
        "no_list": '{"cells": {"0": {}}}',
        "worksheets": '{"worksheets": [[], 5, {"cells": 7}], "cells": null}',
        "many_cells": json.dumps({"cells": [code("")] * 2001}),
        **dict.fromkeys(NAMES, "{"),
    }
    for name, content in contents.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / f"{name}.ipynb").write_bytes(data)
    (folder / "link.ipynb").symlink_to("untouched.ipynb")
    (folder / "link_to_the_system.ipynb").symlink_to("/etc/passwd")
    (folder / "link_to_itself.ipynb").symlink_to("link_to_itself.ipynb")
    (folder / "link_to_a_folder").symlink_to(folder)
    os.mkfifo(folder / "pipe.ipynb")
    zipped(folder / "zip_bomb.zip", "a.ipynb", bytes(50 << 20))
    zipped(folder / "zip_outside.zip", "../../outside.ipynb", text)
    zipped(folder / "zip_as_notebook.ipynb", "01_feed_forward.ipynb", text)
    links = ("link", "link_to_the_system", "link_to_itself", "link_to_a_folder", "pipe")
    packed = ("zip_bomb", "zip_outside", "zip_as_notebook")
    status = dict.fromkeys([*contents, *links, *packed], "unreadable")
    (folder / "no_notebook").mkdir()
    (folder / "no_notebook" / "link").symlink_to(folder)
    (folder / "notes.ipynb").write_text(json.dumps({"cells": [code("soup = ['leek']")]}))
    return status | {"no_notebook": "not gradable", "notes": "not gradable"}


def write(folder, told):
    """All that run.   told : what a thief knows   ->  {student: points, or those that may be}"""
    folder.mkdir(exist_ok=True)
    points = {}

    def put(name, notebook, earned):
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
        points[name] = earned

    for name, lines in CHEATS.items():
        put(name, cheat(lines), 0)
    for make in (
        *(stored_outputs, comments, checks_edited, checks_deleted, magics, swapped_ids),
        *(a_probe_of_his_own, imports),
    ):
        put(make.__name__, make(), 0)
    for name, lines in THEFTS.items():
        put(name, thief(SEARCH.format(told=told) + lines), FULL)
    put("lingers", before(LINGER.format(token=told["token"]), "1.8"), FULL)
    for name, (lines, earned) in BREAKS.items():
        put(name, breaker(lines), earned)
    for name, (lines, earned) in CELLS.items():
        put(name, before(lines), earned)
    for name, (lines, earned) in ENDS.items():
        put(name, before(lines), earned)
    put("markup", markup(), ENDS_AT_3)
    put("untouched", untouched(), 0)
    for make in (odd_metadata, all_the_same_id, no_ids, submissions.old_format):
        put(make.__name__, make(), FULL)
    return points
