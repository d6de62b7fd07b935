"""How fast is marking?  The same submissions, marked by bplib, by nbgrader and by plain nbval.

    make bench-marking                    all of it, about seven minutes
    python benchmarks/marking.py 4        with 4 submissions to each lesson, and writes nothing

It needs the packages of the tests; a tool that is not installed is named and left out.
For each lesson a class hands in four kinds: solved, half right, untouched, full of known mistakes.
The tools take turns in a new order each time, and each must give the marks we know.
Seconds are those on the clock from the start of the command to its end; CPU seconds are those of
all its processes, seen twenty times a second, and so a little too few for each.
Then classes of growing size: seconds, memory and open files of the grader.
Writes docs/marking-speed.md, docs/images/marking.svg and benchmarks/marking.json.
"""

import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as xml
from importlib import metadata, util
from pathlib import Path

import psutil
from speed import ROOT, environment, machine

from bplib.exercises import core
from bplib.grading.batch import CHUNK

COUNT, CLASSES, LESSON = 20, (1, 3, 10, 30, 100), "01"
A_SECOND, TIMES = 3, 5  # goals: submissions a second, and how many times what nbgrader does
ALL, CORES = 10_000, (2, 8, 32)
VERSIONS = ["bplib", "nbval", "nbgrader", "nbconvert", "pytest", "ipykernel", "jupyter_client"]
PYTHON = [sys.executable, "-m"]
WARM = "import matplotlib.pyplot, ipywidgets, nbformat"  # a sandbox keeps no compiled modules


# ---- a class -------------------------------------------------------------------------------------


def hand_in(lesson, i):
    """Submission number i.   ->  notebook as text, points it deserves by exercise"""
    name = f"{lesson}_{core.LESSONS[lesson]}.ipynb"
    notebook = json.loads((ROOT / "solutions" / name).read_text("utf-8"))
    cells, points = {cell["id"]: cell for cell in notebook["cells"]}, {}
    for k, (id, exercise) in enumerate(core.exercises(lesson).items()):
        mistakes = exercise.misconceptions
        wrong = exercise.wrong(mistakes[i // 4 % len(mistakes)])
        half = exercise.solved if k % 2 == 0 else wrong
        source = (exercise.solved, half, exercise.stub, wrong)[i % 4]
        cells[f"answer-{id.replace('.', '-')}"]["source"] = source
        points[id] = exercise.points if source == exercise.solved else 0
    return json.dumps(notebook), points


def hand_ins(lesson, count, home):
    """Write a class in a folder, and as nbgrader wants it.   ->  {student: points}"""
    name, deserved = core.LESSONS[lesson], {}
    for i in range(count):
        text, points = hand_in(lesson, i)
        student = f"s{i:03}"
        deserved[student] = sum(points.values())
        for path in (home / lesson / student, home / "submitted" / student / name / name):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".ipynb").write_text(text, "utf-8")
    return deserved


# ---- the tools -----------------------------------------------------------------------------------


def bplib(jobs):
    """In the sandbox, with secret inputs and reports for each student."""

    def command(home, lesson):
        out = home / f"marks-{lesson}-{jobs}"
        options = ["--out", out, "--jobs", str(jobs), "--timeout", "60"]
        return [Path(sys.executable).with_name("bplib"), "grade", home / lesson, *options]

    def marks(home, lesson):
        lines = (home / f"marks-{lesson}-{jobs}" / "results.jsonl").read_text("utf-8").splitlines()
        results = [json.loads(line) for line in lines if line.startswith('{"student"')]
        return {r["student"]: sum(mark["points"] for mark in r["marks"]) for r in results}

    return command, marks


def nbval():
    """pytest --nbval-lax over what was handed in, with its own checks: no sandbox, no secret."""

    def command(home, lesson):
        options = ["-c", os.devnull, "--rootdir", home, "-p", "no:cacheprovider", "-q", "--tb=no"]
        options += ["--nbval-lax", "--nbval-current-env", f"--junitxml={home / lesson}.xml"]
        return [*PYTHON, "pytest", *options, home / lesson]

    def marks(home, lesson):
        passed = {}
        for case in xml.parse(home / f"{lesson}.xml").iter("testcase"):
            student = case.get("classname").removesuffix(".ipynb").split(".")[-1]
            passed.setdefault(student, []).append(case.find("*") is None)
        cells = json.loads(hand_in(lesson, 0)[0])["cells"]
        ids = [cell["id"] for cell in cells if cell["cell_type"] == "code"]
        points = {
            f"check-{id.replace('.', '-')}": e.points for id, e in core.exercises(lesson).items()
        }
        return {
            student: sum(points.get(id, 0) for id, ok in zip(ids, each, strict=True) if ok)
            for student, each in passed.items()
        }

    return command, marks


def nbgrader():
    """nbgrader autograde: one process for the class, no sandbox, checks in the student's kernel."""

    def command(home, lesson):
        return [*PYTHON, "nbgrader", "autograde", core.LESSONS[lesson]]

    def marks(home, lesson):
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{home / 'gradebook.db'}") as book:
            submissions = book.assignment_submissions(core.LESSONS[lesson])
            return {each.student.id: each.score for each in submissions}

    return command, marks


TOOLS = {
    "bplib grade -j 2": bplib(2),
    "bplib grade -j 1": bplib(1),
    "nbgrader autograde": nbgrader(),
    "pytest --nbval-lax": nbval(),
}


def course(home, lessons):
    """nbgrader's course of these lessons; it takes its student version from our solutions."""
    (home / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'x'")
    for lesson in lessons:
        name = core.LESSONS[lesson]
        source = home / "source" / name / f"{name}.ipynb"
        source.parent.mkdir(parents=True)
        source.write_text(hand_in(lesson, 0)[0], "utf-8")
        run([*PYTHON, "nbgrader", "generate_assignment", name], home)


# ---- measuring -----------------------------------------------------------------------------------


def surroundings():
    """Python may keep what it compiles; nbgrader looks for its programs on PATH."""
    kept = {k: v for k, v in environment().items() if k != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


class Meter(threading.Thread):
    """Look at a process and all below it, twenty times a second, until it ends.

    CPU : seconds of all;  MB, files : the most that it and its direct children held, no kernels
    Kernels are killed, not waited for, so the system's own account of children lacks them.
    """

    def __init__(self, process):
        super().__init__()
        self.process, self.seen, self.MB, self.files = process, {}, 0.0, 0

    def run(self):
        while self.process.poll() is None:
            with contextlib.suppress(psutil.Error):
                self.look(psutil.Process(self.process.pid))
            time.sleep(0.05)

    def look(self, root):
        memory = files = 0
        for process in [root, *root.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                used = process.cpu_times()
                self.seen[process] = used.user + used.system
                if process == root or process.ppid() == root.pid:
                    memory += process.memory_info().rss / 1e6
                    files += process.num_fds() if hasattr(process, "num_fds") else 0
        self.MB, self.files = max(self.MB, memory), max(self.files, files)

    @property
    def CPU(self):
        return sum(self.seen.values())


def run(command, home):
    """Run a command to its end.   ->  seconds, CPU seconds, MB, open files"""
    began = time.perf_counter()
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, cwd=home, env=surroundings(), stdout=pipe, stderr=subprocess.STDOUT, text=True
    )
    meter = Meter(process)
    meter.start()
    said = process.communicate()[0]
    seconds = time.perf_counter() - began
    meter.join()
    if process.returncode not in (0, 1):  # pytest says 1 when a check fails
        raise RuntimeError(f"{command} ended with {process.returncode}:\n{said[-2000:]}")
    return {"s": seconds, "CPU": meter.CPU, "MB": meter.MB, "files": meter.files}


def measure(lesson, count, tools, home):
    """{tool: seconds, CPU seconds, ...} for a class; RuntimeError when a mark is not as it is."""
    deserved, found = hand_ins(lesson, count, home), {}
    for tool in random.sample(list(tools), len(tools)):
        command, marks = TOOLS[tool]
        found[tool] = run(command(home, lesson), home)
        got = marks(home, lesson)
        if got != deserved:
            raise RuntimeError(f"{tool}, lesson {lesson}: marks {got}, deserved {deserved}.")
    return {tool: found[tool] for tool in tools}


def installed():
    """The tools that are here, and the names of the others."""
    missing = [tool for tool in TOOLS if "nbgrader" in tool and util.find_spec("nbgrader") is None]
    return [tool for tool in TOOLS if tool not in missing], missing


# ---- the page ------------------------------------------------------------------------------------


def table(lessons):
    """Seconds for one submission, CPU seconds in brackets."""
    tools = list(next(iter(lessons.values()))["tools"])
    lines = [f"| lesson | exercises | {' | '.join(tools)} |", "|---|---|" + "---|" * len(tools)]
    for lesson, row in lessons.items():
        each = [(of["s"] / row["count"], of["CPU"] / row["count"]) for of in row["tools"].values()]
        cells = [lesson, str(row["exercises"]), *(f"{s:.2f} ({cpu:.2f})" for s, cpu in each)]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def whole(lessons):
    """{tool: submissions a second} over all lessons."""
    count = sum(row["count"] for row in lessons.values())
    tools = next(iter(lessons.values()))["tools"]
    return {
        tool: count / sum(row["tools"][tool]["s"] for row in lessons.values()) for tool in tools
    }


def reached(lessons, growth):
    """The goals of marking on two cores, and what came out."""
    rates, lines = whole(lessons), ["| goal | aim | reached | |", "|---|---|---|---|"]
    best, count = rates["bplib grade -j 2"], next(iter(lessons.values()))["count"]
    got = [(f"submissions a second, classes of {count}", A_SECOND, best)]
    many = growth[-1]
    goal = f"submissions a second, a class of {many['count']}"
    got.append((goal, A_SECOND, many["count"] / many["s"]))
    if "nbgrader autograde" in rates:
        got.append(("times as fast as nbgrader", TIMES, best / rates["nbgrader autograde"]))
    for goal, aim, value in got:
        lines.append(f"| {goal} | {aim} | {value:.2f} | {'yes' if value >= aim else 'no'} |")
    return lines


def sizes(growth):
    """One more submission, and a batch before its first: CPU seconds."""
    few, many = growth[2], growth[-1]
    each = (many["CPU"] - few["CPU"]) / (many["count"] - few["count"])
    return each, max(0.0, few["CPU"] - few["count"] * each)


def draw(growth, where):
    """Seconds, memory and open files against the size of a class."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    matplotlib.rcParams["svg.hashsalt"] = "bplib"
    figure, axes = plt.subplots(1, 3, figsize=(12, 3.5))
    at = [row["count"] for row in growth]
    for ax, key, word in zip(axes, ("s", "MB", "files"), UNITS, strict=True):
        ax.plot(at, [row[key] for row in growth], "o-", color="C1")
        ax.set(xlabel="submissions", ylabel=word, ylim=(0, None))
        ax.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(where, metadata={"Date": None})
    plt.close(figure)


UNITS = ("seconds", "MB of the grader", "open files of the grader")


def write(found, docs):
    """marking-speed.md and its picture."""
    here, lessons, growth = found["machine"], found["lessons"], found["growth"]
    draw(growth, docs / "images" / "marking.svg")
    versions = ", ".join(f"{name} {v}" for name, v in here["versions"].items() if v)
    left_out = ", ".join(found["left_out"]) or "none"
    count = next(iter(lessons.values()))["count"]
    each, start = sizes(growth)
    total = ALL * each + -(-ALL // CHUNK) * start
    rates = ", ".join(f"{tool} {rate:.2f}" for tool, rate in whole(lessons).items())
    page = [
        "# How fast is marking?",
        "",
        "`make bench-marking` measures all of this and writes this page.",
        "It needs the packages of the tests. A tool that is not installed is named and left out.",
        "",
        f"Measured {here['date']} on {here['cpu']}, {here['cores']} cores, {here['system']}, "
        f"Python {here['python']}, sandbox {found['tier']}.",
        f"{versions}. Left out: {left_out}.",
        f"Load of the machine before: {found['load']:.1f}, at the end: {here['load']:.1f}. "
        "What else runs on it makes seconds longer; CPU seconds hardly change.",
        "",
        f"To each lesson {count} submissions, of four kinds:",
        "solved, half right, untouched, full of known mistakes.",
        "The same ones for each tool, and each tool gave each of them the same marks.",
        "The tools took turns. All starts count.",
        "nbgrader and plain nbval run the checks in the student's own process, with all rights of "
        "the teacher;",
        "`bplib grade` uses its sandbox, tests it first, and writes a page for each student.",
        "",
        "## Seconds for one submission (CPU seconds)",
        "",
        *table(lessons),
        "",
        f"Submissions a second over all lessons: {rates}.",
        "",
        *reached(lessons, growth),
        "",
        "## How it grows",
        "",
        "![Seconds, memory and open files against the number of submissions](images/marking.svg)",
        "",
        f"Lesson {LESSON}, `bplib grade -j 2`.",
        "Memory and open files are those of the grader and its judges, without kernels.",
        "",
        "| submissions | seconds | CPU seconds | MB | open files |",
        "|---|---|---|---|---|",
        *(
            f"| {row['count']} | {row['s']:.1f} | {row['CPU']:.1f} | {row['MB']:.0f} | "
            f"{row['files']} |"
            for row in growth
        ),
        "",
        f"One more submission: {each:.2f} CPU seconds. Before the first: {start:.1f} CPU seconds.",
        "",
        f"| cores | {ALL} submissions (extrapolated) |",
        "|---|---|",
        *(f"| {cores} | {total / cores / 60:.1f} minutes |" for cores in CORES),
        "",
        "The last table multiplies CPU seconds: it needs `--jobs` enough to keep every core busy.",
        "",
    ]
    (docs / "marking-speed.md").write_text("\n".join(page), "utf-8")


def tier(home):
    """The sandbox that was used, as the report of a class says."""
    first = next(home.glob("marks-*/results.jsonl")).read_text("utf-8").splitlines()[0]
    return json.loads(first)["tier"]


def main(words):
    count, load = int(words[0]) if words else COUNT, os.getloadavg()[0]
    tools, missing = installed()
    for tool in missing:
        print(f"{tool} is not installed and is left out: pip install -e .[test]", flush=True)
    found = {"load": load, "left_out": missing, "lessons": {}, "growth": []}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        run([sys.executable, "-c", WARM], home)
        if not missing:
            course(home, core.LESSONS)
        for lesson in core.LESSONS:
            row = {"count": count, "exercises": len(core.exercises(lesson))}
            row["tools"] = measure(lesson, count, tools, home)
            found["lessons"][lesson] = row
            print("\n".join(table(found["lessons"])[-1 if lesson != "01" else 0 :]), flush=True)
        found["tier"] = tier(home)
        for size in CLASSES:
            with tempfile.TemporaryDirectory() as other:
                used = measure(LESSON, size, ["bplib grade -j 2"], Path(other))
            found["growth"].append({"count": size} | used["bplib grade -j 2"])
            print(found["growth"][-1], flush=True)
    print("\n".join(["", *reached(found["lessons"], found["growth"])]), flush=True)
    versions = {name: metadata.version(name) for name in VERSIONS if util.find_spec(name)}
    found["machine"] = machine() | {"versions": versions}
    if not words:
        text = json.dumps(found, indent=1) + "\n"
        (ROOT / "benchmarks" / "marking.json").write_text(text, "utf-8")
        write(found, ROOT / "docs")


if __name__ == "__main__":
    main(sys.argv[1:])
