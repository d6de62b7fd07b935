"""The `bplib` command."""

import itertools
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

app = typer.Typer(
    help="Build, check and grade the backpropagation course.",
    epilog="Exit codes: 0 done; 1 not done, and one sentence says why; 2 the command was not "
    "understood; 3 marking stopped half-way, what is marked is kept, --resume goes on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for stream in (sys.stdout, sys.stderr):
    if isinstance(stream, TextIOWrapper):  # a Windows code page has no tick: print "?", go on
        stream.reconfigure(errors="replace")
console = Console()
errors = Console(stderr=True)


@app.command()
def build(
    check: Annotated[
        bool, typer.Option("--check", help="Only say what is not up to date.")
    ] = False,
):
    """Build notebooks/, exercises/ and solutions/ from source/ in this folder."""
    from bplib.course import authoring

    course = _course()
    try:
        if check:
            stale = authoring.stale(course)
            _say(stale or ["Every notebook is up to date."])
            raise typer.Exit(1 if stale else 0)
        built = authoring.build(course)
        _say([f"built {name}" for name in built] or ["Every notebook was up to date."])
        _say(sentence for sentence in authoring.stale(course))
    except authoring.CourseError as error:
        _fail(error)


@app.command()
def check():
    """Try every wrong answer we know of: each must be refused and named. Prints the kill table."""
    from bplib.course import kill
    from bplib.exercises import core

    trials = [t for n in core.LESSONS for e in core.exercises(n).values() for t in kill.trials(e)]
    console.print(_kill_table(trials))
    wrong = [t for t in trials if t.misconception]
    right = [t for t in trials if not t.misconception]
    runs = sum(len(t.verdicts) for t in wrong)
    refused = _percent(sum(t.refused for t in wrong), runs)
    named = _percent(sum(t.named for t in wrong), runs)
    confused = sum(t.confused for t in wrong)
    denied = sum(t.refused > 0 for t in right)
    _say(
        [
            f"{len(wrong)} misconceptions: {refused} refused, {named} named, {confused} confused.",
            f"{len(right)} right answers (solutions and equivalents): {denied} refused.",
        ]
    )
    if not all(t.passed for t in trials):
        raise typer.Exit(1)


@app.command(epilog="Example: bplib release --out handout 01")
def release(
    out: Annotated[Path, typer.Option(help="Folder for the zip.")],
    lesson: Annotated[
        str | None, typer.Argument(help="Such as 01: only its exercises; else all of them.")
    ] = None,
):
    """Make the zip for students: no solution is in it, and the checks still name mistakes."""
    from bplib.course import authoring
    from bplib.course import release as releasing

    try:
        path, count = releasing.release(out, _course(), lesson)
        _say([f"{path}: {count} exercises, and no answer to any of them."])
    except authoring.CourseError as error:
        _fail(error)


@app.command(epilog="Example: bplib grade submissions --out marks --jobs 4")
def grade(
    path: Annotated[Path, typer.Argument(help="A notebook, or a folder of submissions.")],
    out: Annotated[Path | None, typer.Option(help="Folder for the reports.")] = None,
    trust_submissions: Annotated[
        bool, typer.Option("--trust-submissions", help="Run the code of others on this computer.")
    ] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Notebooks at a time.")] = 2,
    lesson: Annotated[
        str | None, typer.Option(help="Such as 01; else the one most notebooks belong to.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds one cell may run.")] = 10.0,
    seed: Annotated[
        str | None, typer.Option(help="Of an earlier batch, for the same marks.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the batch that stopped in --out.")
    ] = False,
    cluster: Annotated[
        str | None, typer.Option(help="A Dask scheduler, such as tcp://scheduler:8786.")
    ] = None,
):
    """Mark your own exercise notebook, or a folder of submissions."""
    from bplib import grading

    options = dict(seed=seed, jobs=jobs, lesson=lesson, timeout=timeout, resume=resume)
    options["cluster"] = cluster
    if not path.is_file():
        options["say"] = lambda line: _say([line])
    report = _graded(
        lambda show: grading.grade(path, out, trust_submissions, progress=show, **options)
    )
    console.print(report)
    if out is not None:
        _say([f"Reports for each student and the class: {out / 'class.html'}"])


def _graded(work):
    """What work(progress) returns, with a bar while it works and one sentence when it fails."""
    from bplib.grading import GradingError

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)
    try:
        with bar:
            task = bar.add_task("marking", total=None)
            return work(
                lambda done, total, student: bar.update(
                    task, completed=done, total=total, description=escape(student)
                )
            )
    except GradingError as error:
        _fail(error, error.code)


@app.command(epilog="Example: bplib doctor. The exit code is 1 when no sandbox holds.")
def doctor():
    """Attack each sandbox for students' code in earnest, and say which of them hold."""
    from bplib.grading import GradingError, doctor, sandbox

    found = {}
    for tier in sandbox.TIERS:
        try:
            with errors.status(f"attacking {tier}"):
                found[tier] = doctor.examine(tier, doctor.ALL)
        except GradingError as error:
            found[tier] = {}
            _say([f"{tier} is not available: {error}."])
    console.print(_doctor_table(found, [attack.name for attack in doctor.ALL]))
    holding = [tier for tier, got in found.items() if set(got.values()) == {doctor.HELD}]
    _say([f"Marking uses {holding[0]}." if holding else "No sandbox holds: nothing is marked."])
    raise typer.Exit(0 if holding else 1)


@app.command(epilog="Example: bplib regrade marks --student anna --student ben")
def regrade(
    marks: Annotated[Path, typer.Argument(help="The folder of reports of a finished batch.")],
    student: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be given again and again.")
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="Where the submissions lie now.")
    ] = None,
    trust_submissions: Annotated[
        bool, typer.Option("--trust-submissions", help="Run the code of others on this computer.")
    ] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Notebooks at a time.")] = 2,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds one cell may run.")] = 10.0,
):
    """Mark a batch again with its own seed, after an exercise or a hand-in was mended."""
    from bplib.grading.regrade import regrade

    options = dict(folder=source, trust=trust_submissions, jobs=jobs, timeout=timeout)
    report, changes = _graded(lambda show: regrade(marks, student or (), progress=show, **options))
    _say(f"{change.student}: {change.before} -> {change.after}" for change in changes)
    same = len(report.results) - len(changes)
    _say([f"Changed: {len(changes)}, as before: {same}. The old results: results-before.jsonl."])


@app.command("push-nbgrader", epilog="Example: bplib push-nbgrader marks ~/nbgrader-course")
def push_nbgrader(
    marks: Annotated[Path, typer.Argument(help="The folder of reports of a finished batch.")],
    course: Annotated[Path, typer.Argument(help="The folder of the nbgrader course.")],
    assignment: Annotated[
        str | None, typer.Option(help="Its name there; else that of the notebook.")
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="Where the submissions lie now.")
    ] = None,
):
    """Write the marks into nbgrader's gradebook, for its formgrader, feedback and export."""
    from bplib.grading import GradingError
    from bplib.grading.gradebook import push

    try:
        name, count = push(marks, course, assignment, source)
        _say([f"{count} submissions are in the gradebook, as assignment {name}."])
    except GradingError as error:
        _fail(error, error.code)


@app.command()
def progress():
    """How far you are in the exercises. Kept on this computer only."""
    from bplib.exercises import progress

    _say([progress()])


def _course():
    """Every lesson of the course whose folder this is."""
    from bplib.course import authoring
    from bplib.exercises import core

    return authoring.Course(Path.cwd(), {n: core.exercises(n) for n in core.LESSONS})


def _kill_table(trials):
    """One row per misconception, one for all right answers of an exercise."""
    table = Table(expand=True)
    for title in ("exercise", "answer"):
        table.add_column(title, no_wrap=True)
    table.add_column("what it does", no_wrap=True, ratio=1)
    for title in ("refused", "named", "confused"):
        table.add_column(title, justify="right", no_wrap=True)
    for exercise, known in itertools.groupby(trials, key=lambda t: t.exercise):
        known = list(known)
        right = [t for t in known if not t.misconception]
        n, refused = sum(len(t.verdicts) for t in right), sum(t.refused for t in right)
        what = f"the solution and {len(right) - 1} equivalents"
        table.add_row(exercise, "right", what, f"{refused}/{n}", style="red" * (refused > 0))
        for t in known:
            if t.misconception:
                n = len(t.verdicts)
                counts = f"{t.refused}/{n}", f"{t.named}/{n}", f"{t.confused}"
                row = exercise, t.misconception, escape(t.answer), *counts
                table.add_row(*row, style="" if t.passed else "bold red")
        table.add_section()
    return table


def _doctor_table(found, names):
    """One row per attack, one column per tier."""
    table = Table("a student tries to", *found)
    for name in names:
        got = [tier.get(name, "not available") for tier in found.values()]
        bad = ("broken", "not finished")
        table.add_row(name, *(Text(g, style="bold red" if g in bad else "") for g in got))
    return table


def _percent(part, whole):
    """Rounded down, so that 100 % means all."""
    return f"{100 * part // whole if whole else 100} %"


def _say(lines):
    for line in lines:
        console.print(str(line), markup=False, highlight=False, soft_wrap=True)


def _fail(error, code=1):
    errors.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    app()
