"""Submissions to lesson 1 that are right, each in a style of its own.

float32 is nowhere allowed: marks compare six digits (see test_hostile).  Nor is writing into an
argument; writing into arrays of one's own is.
"""

from submissions import EINSUM, LOOPS, SOLVED, answered, code, find, insert

VIEWS = {
    "1.1": "def neuron(w, x, b):\n    return (w[::-1] * x[::-1])[::-1].sum() + np.asarray(b)[...]",
    "1.2": """
def stable_sigmoid(z):
    flat = np.asfortranarray(z).T.reshape(-1)
    s = np.empty_like(flat)
    s[flat >= 0] = 1 / (1 + np.exp(-flat[flat >= 0]))
    e = np.exp(flat[flat < 0])
    s[flat < 0] = e / (1 + e)
    return s.reshape(z.T.shape).T
""",
    "1.3": "def layer(x, W, b):\n    z = (W @ x.T).T + np.broadcast_to(b, (len(x), len(b)))\n"
    "    return np.stack([sigmoid(row) for row in z])[:, ::-1][:, ::-1]",
    "1.7": """
def forward(x, Ws, bs):
    a = [x[:]]
    z = []
    for k in range(len(Ws)):
        z += [np.asfortranarray(a[k] @ Ws[k].T + bs[k])]
        a += [sigmoid(z[k]).view()]
    return z, a
""",
}
IN_PLACE = {
    "1.1": "def neuron(w, x, b):\n    z = w * x\n    z[0] += b\n    return np.add.reduce(z)",
    "1.3": """
def layer(x, W, b):
    a = np.zeros((len(x), len(b)))
    np.matmul(x, W.T, out=a)
    a += b
    np.negative(a, out=a)
    np.exp(a, out=a)
    a += 1
    return np.reciprocal(a, out=a)
""",
    "1.5": """
def losses(a, y):
    a = a.copy()
    a -= y
    a **= 2
    half = a.sum() / len(y) / 2
    a **= 0.5
    a *= y
    return half, -np.log(1 - a[y == 1]).mean()
""",
    "1.6": """
def softmax(z):
    z = z.copy()
    z -= z.max(axis=1)[:, None]
    np.exp(z, out=z)
    z /= z.sum(axis=1)[:, None]
    return z
""",
}
HELPERS = {
    "1.1": "def dot(u, v):\n    return sum(p * q for p, q in zip(u, v, strict=True))\n\n"
    "def neuron(w, x, b):\n    return dot(w, x) + b",
    "1.3": "def squash(t):\n    return 1 / (1 + np.exp(-t))\n\ndef one(v, W, b):\n"
    "    return [squash(dot(row, v) + c) for row, c in zip(W, b, strict=True)]\n\n"
    "layer = lambda x, W, b: np.array([one(v, W, b) for v in x])",
    "1.4": """
def mazur_forward(x, y, W1, b1, W2, b2):
    hidden = layer(x[None, :], W1, b1)
    return hidden[0], (out := layer(hidden, W2, b2)[0]), sum((out - y) ** 2) / 2
""",
    "1.7": """
class Net:
    def __init__(self, Ws, bs):
        self.layers = list(zip(Ws, bs, strict=True))
    def __call__(self, x):
        def steps(a):
            for W, b in self.layers:
                z = a @ W.T + b
                a = squash(z)
                yield z, a
        z, a = zip(*steps(x), strict=True)
        return list(z), [x, *a]

def forward(x, Ws, bs):
    return Net(Ws, bs)(x)
""",
}
RENAMED = {
    "1.1": "def neuron(gewicht, 입력, β=0):\n    '''한국어 설명: the weighted sum'''\n"
    "    return gewicht @ 입력 + β",
    "1.2": "def stable_sigmoid(*args):\n    (t,) = args\n    return np.exp(-np.logaddexp(0, -t))",
    "1.3": "def layer(samples: np.ndarray, weights, bias, **rest) -> np.ndarray:\n\t"
    "return sigmoid(np.tensordot(samples, weights, axes=(1, 1)) + bias)",
}
DEBUG = {
    "1.1": "def neuron(w, x, b):\n    import sys\n    for _ in range(50):\n"
    "        print('w is', w, file=sys.stderr)\n        print('x is', x, flush=True)\n"
    "    return w @ x + b\nprint(neuron(np.ones(2), np.ones(2), 1))",
    "1.3": "import warnings\n\ndef layer(x, W, b):\n    warnings.warn('a warning of mine')\n"
    "    np.log(np.zeros(1)), np.exp(np.array([1e4]))\n    return sigmoid(x @ W.T + b)",
    "1.6": "def softmax(z):\n    np.seterr(all='ignore')\n    display(z) if False else None\n"
    "    e = np.exp(z - z.max(1, keepdims=True))\n    return e / e.sum(1, keepdims=True)",
}
PLOTS = {
    "1.2": "%matplotlib inline\nimport matplotlib.pyplot as plt\n\ndef stable_sigmoid(z):\n"
    "    plt.figure()\n    plt.plot(np.ravel(z))\n    plt.show()\n"
    "    return 0.5 * (1 + np.tanh(z / 2))\n\nplt.plot(stable_sigmoid(np.linspace(-5, 5)));",
}
LEADING = {
    "1.1": "# my answer, at last\n#\n%matplotlib inline\n" + SOLVED["1.1"] + "\n\nneuron",
    "1.2": "%%time\n" + SOLVED["1.2"],
    "1.3": "!true\n" + SOLVED["1.3"] + "\n?np.exp",
}
STYLES = {  # all in plain Python, so that they can be tried on many seeds without a kernel
    "loops": LOOPS,
    "einsum": EINSUM | {"1.3": EINSUM["1.3"].replace("helper", "sigmoid")},
    "views": VIEWS,
    "in_place": IN_PLACE,
    "helpers": HELPERS,
    "renamed": RENAMED,
    "debug": DEBUG,
}


def added_cells():
    """Cells of the student's own between ours, one of which prints, plots, fails."""
    notebook = answered(SOLVED | EINSUM)
    helper = "def helper(z):\n    return 1 / (1 + np.exp(-z))\nprint('a cell of my own')"
    insert(notebook, "answer", "1.3", code(helper, id="my-own"))
    insert(notebook, "check", "1.3", code("layer(np.ones((1, 2)), np.ones((3, 2)), np.ones(3))"))
    insert(notebook, "answer", "1.4", code("1 / 0"))
    insert(notebook, "answer", "1.5", code("import matplotlib.pyplot as plt\nplt.plot([1, 2])"))
    insert(notebook, "answer", "1.6", code("files = !ls\n%pwd\n%pip --version"))
    insert(notebook, "answer", "1.7", code("%%bash\ntrue"))
    insert(notebook, "answer", "1.8", code("# nothing yet"))
    return notebook


def other_order():
    """The answers stand in the notebook from the last to the first."""
    notebook = answered(SOLVED)
    at = [i for i, cell in enumerate(notebook["cells"]) if cell["id"].startswith("answer")]
    turned = [notebook["cells"][i] for i in reversed(at)]
    for i, cell in zip(at, turned, strict=True):
        notebook["cells"][i] = cell
    return notebook


def own_cells():
    """The answers stand in new cells; the stubs are as they were."""
    notebook = answered({})
    for id in SOLVED:
        insert(notebook, "check", id, code(SOLVED[id]))
    return notebook


def retried():
    """A wrong try, then the right one, and the check three times."""
    notebook = answered(SOLVED)
    insert(notebook, "answer", "1.1", code("def neuron(w, x, b):\n    return w @ x"))
    for _ in range(2):
        insert(notebook, "check", "1.1", code(find(notebook, "check", "1.1")["source"]))
    return notebook


def windows():
    notebook = answered(SOLVED)
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")
    return notebook


NOTEBOOKS = {
    "plots": lambda: answered(SOLVED | PLOTS),
    "leading": lambda: answered(SOLVED | LEADING),
    **{make.__name__: make for make in (added_cells, other_order, own_cells, retried, windows)},
}


def notebooks():
    """{name: notebook}, each worth every point"""
    styles = {name: answered(SOLVED | answers) for name, answers in STYLES.items()}
    return styles | {name: make() for name, make in NOTEBOOKS.items()}
