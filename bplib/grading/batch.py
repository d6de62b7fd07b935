"""A batch from files to marks: secret inputs, canaries, the judge, and words for each mistake."""

import hashlib
import itertools
import json
import math
import re
import secrets
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

import bplib
from bplib import probe
from bplib.exercises import core, diagnosis
from bplib.exercises.feedback import CORRECT, NOT_ATTEMPTED, NOT_YET, RAISED, Feedback
from bplib.grading import (
    GradingError,
    Stopped,
    doctor,
    intake,
    judge,
    pages,
    report,
    sandbox,
    transplant,
)
from bplib.grading.ledger import Ledger
from bplib.grading.report import MARKED, NOT_GRADABLE, NOT_RUN, UNREADABLE, Mark, Report, Result

CHUNK = 300  # submissions that are held in memory, and travel to another computer, at once

REFUSED = (
    "These notebooks hold code of other people, and no sandbox holds on this computer ({}). Their "
    "code would run with all your rights, so add --trust-submissions only if you trust everybody "
    "who handed in."
)
ENDED = {
    "time": "The time was up before this exercise was done. Is there a loop that does not end, or "
    "far too much to print?",
    "dead": "Python itself ended before this exercise was done. Does the code call exit, "
    "or use very much memory?",
    "output": "The notebook printed too much, so it was stopped before this exercise was done.",
    "disk": "The notebook wrote too much, so it was stopped before this exercise was done.",
    "start": "Python could not be started for this notebook.",
}


class Key(NamedTuple):
    """What the trusted side knows: the secret inputs and what must be printed for them."""

    lesson: str
    exercises: dict
    cases: dict[str, list]
    expected: dict[str, str]
    pristine: dict
    cells: list


def grade(
    path,
    out,
    trust,
    seed=None,
    jobs=2,
    lesson=None,
    timeout=10.0,
    resume=False,
    cluster=None,
    progress=None,
    say=None,
):
    """See bplib.grading.grade, which is this."""
    path = Path(path)
    alone = path.is_file()
    if not alone and not path.is_dir():
        raise GradingError(f"There is no notebook and no folder at {path}.")
    if not alone and out is None:
        raise GradingError("Say where the reports of a folder go: --out DIR.")
    if not alone and Path(out).resolve() == path.resolve():
        raise GradingError("The reports need a folder of their own, not that of the submissions.")
    if lesson is not None and lesson not in core.LESSONS:
        raise GradingError(f"There is no lesson {lesson}; there are {', '.join(core.LESSONS)}.")
    book = Ledger(out) if out is not None else None
    if resume:
        if book is None:
            raise GradingError("Say which batch goes on: --resume needs --out DIR.")
        if seed is not None:
            raise GradingError("--resume takes the seed of the batch it goes on with.")
        book.open()
        seed, lesson = book.seed, book.head["lesson"]
    seed = secrets.randbits(128) if seed is None else _number(seed)
    found, ignored = hand_ins(path, alone, out)
    lesson, notes = _lesson(found, lesson)
    if ignored:
        notes.append(f"ignored: {', '.join(ignored)}")
    key = _key(lesson, seed)
    tier = tier_of(trust, alone)
    summary = Report(lesson, list(key.exercises.values()), alone, seed, tier, notes)
    if resume:
        if summary.tier != book.head["tier"]:
            was, now = book.head["tier"], summary.tier
            raise GradingError(f"This batch began in sandbox “{was}” and cannot go on in “{now}”.")
        summary.results, summary.notes = list(book.results), book.head["notes"]
        done = {result.student for result in book.results}
        found = {student: f for student, f in found.items() if student not in done}
    elif book:
        book.begin(summary, path)
    if say:
        say(f"SHA-256 of the secret seed: {summary.commitment}")
    if not (resume and book.finished):
        if cluster:
            from bplib.grading.cluster import results as there

            come = there(cluster, key, seed, found, summary, jobs, timeout)
        else:
            come = results(key, found, summary, jobs, timeout)
        _mark(come, len(found), summary, book, progress)
    summary.finished = True
    summary.results.sort(key=lambda result: result.student)
    if book:
        pages.write(book.out, summary)
    return summary


def tier_of(trust, alone):
    """The sandbox in which the students' code runs.   GradingError where there is none"""
    if trust:
        return sandbox.TRUSTED
    try:
        return doctor.choose()
    except GradingError as error:
        if alone:
            return sandbox.OWN
        raise GradingError(REFUSED.format(error)) from None


def _mark(come, count, summary, book, progress):
    """Keep every result as it comes; each is on disk before the next.

    However it ends, the pages show what is marked.
    """
    before, total = len(summary.results), len(summary.results) + count
    try:
        with closing(come):
            for result in come:
                if book:
                    book.add(result)
                summary.results.append(result)
                if progress:
                    progress(len(summary.results), total, result.student)
        if book:
            book.finish()
    except (KeyboardInterrupt, GradingError) as error:
        if book and len(summary.results) > before:
            with suppress(GradingError):
                summary.results.sort(key=lambda result: result.student)
                pages.write(book.out, summary)
        if isinstance(error, GradingError):
            raise
        where = f" They are in {book.path}; --resume goes on." if book else ""
        count = f"{len(summary.results)} of {total}"
        raise Stopped(f"Stopped: {count} submissions are marked.{where}") from None


def results(key, found, summary, jobs, timeout):
    """The Result of every student, as it is known, chunk by chunk."""
    for without, picked in chunks(key, found, summary.alone, CHUNK):
        submissions = {student: answers for student, (_, answers) in picked.items()}
        with closing(mark(key, submissions, jobs, timeout, summary.tier)) as marked:
            for student, marks in marked:
                yield from without
                without = []
                yield picked[student][0]._replace(marks=marks)
        yield from without


def chunks(key, found, alone, size):
    """Read so many submissions at a time.   ->  yields [Result], {student: (Result, Answers)}

    The first are those that cannot be marked.
    """
    students = iter(found.items())
    while part := dict(itertools.islice(students, size)):
        without, picked = [], {}
        for student, paths in part.items():
            result, answers = _pick(student, _read(paths), key)
            if answers is not None:
                picked[student] = (result, answers)
            elif alone:
                raise GradingError(result.flags[0])
            else:
                without.append(result)
        yield without, picked


def mark(key, submissions, jobs, timeout, tier):
    """Run everything, the canaries too; no mark leaves before all canaries are right.

    A notebook whose Python ended is run once more: the computer may have been to blame.
    submissions : {student: Answers}  ->  yields (student, [Mark])
    """
    if not submissions:
        return
    names = {f"student-{i}": student for i, student in enumerate(submissions)}
    notebooks = {"canary": _canary_notebook(key)}
    notebooks |= {name: _notebook(key, submissions[student]) for name, student in names.items()}
    waiting, believed = [], False
    for last in (False, True):
        again = {}
        with closing(judge.run(notebooks, timeout, jobs, tier)) as finished:
            for name, ran in finished:
                if not last and _ended(notebooks[name], ran):
                    again[name] = notebooks[name]
                elif name == "canary":
                    _believe(key, ran)
                    believed = True
                else:
                    waiting.append((names[name], _marks(key, ran)))
                if believed:
                    yield from waiting
                    waiting = []
        notebooks = again
        if not again:
            return


def _ended(notebook, ran):
    """Whether Python, or the judge, was gone before the last cell."""
    whole = all(cell["id"] in ran for cell in notebook["cells"])
    return not whole or any(cell.why in ("dead", "start") for cell in ran.values())


def _notebook(key, answers):
    return transplant.notebook(key.pristine, answers, key.cases, key.expected, key.exercises)


# ---- who handed in what --------------------------------------------------------------------------


def hand_ins(path, alone, out):
    """{student: [paths]}, and the names of files that are no notebook

    A name has no control characters, and belongs to one student only.
    """
    if alone:
        return {report.clean(path.stem): [path]}, []
    try:
        found, ignored = intake.students(path, Path(out).resolve())
    except OSError as error:
        raise GradingError(f"{path} cannot be read: {error.strerror}.") from None
    if not found:
        raise GradingError(f"There is no notebook in {path}.")
    named = {}
    for student in sorted(found, key=lambda name: (report.clean(name) != name, name)):
        name, number = report.clean(student), 1
        while name in named:  # it looks like somebody else's
            number += 1
            name = f"{report.clean(student)} ({number})"
        named[name] = found[student]
    return named, list(map(report.clean, ignored))


class File(NamedTuple):
    """A file that was handed in.  complaint : why it cannot be read, or "" """

    path: Path
    sha256: str
    cells: list
    flags: list[str]
    complaint: str


def _read(paths):
    """[File]; the SHA-256 is that of the very bytes that are marked"""
    files = []
    for path in paths:
        sha256, cells, flags, complaint = "", [], [], ""
        try:
            data = intake.load(path)
            sha256 = hashlib.sha256(data).hexdigest()
            cells, flags = intake.read(data)
        except intake.Unreadable as error:
            complaint = str(error)
        files.append(File(path, sha256, cells, flags, complaint))
    return files


def _lesson(found, wanted):
    """The lesson to mark, and a note when others are lying there too."""
    if wanted:
        return wanted, []
    votes = Counter()
    for paths in found.values():
        votes.update({own for file in _read(paths) if (own := _belongs(file.cells))})
    lesson = votes.most_common(1)[0][0] if votes else next(iter(core.LESSONS))
    others = sorted(set(votes) - {lesson})
    notes = [f"lesson {lesson} is marked; there are notebooks of {', '.join(others)} too"]
    return lesson, notes if others else []


def _belongs(cells):
    """The lesson most of whose exercises these cells answer, or None."""
    scores = {lesson: transplant.found(cells, core.exercises(lesson)) for lesson in core.LESSONS}
    best = max(scores, key=scores.get)
    return best if any(scores[best]) else None


def _pick(student, files, key):
    """The one notebook of a student that counts.   ->  Result without marks, Answers or None"""
    ours = [file for file in files if _belongs(file.cells) == key.lesson]
    if not ours:
        readable = [file for file in files if not file.complaint]
        complaint = files[0].complaint if files else "There is no notebook in this folder."
        if readable:
            own = _belongs(readable[0].cells)
            complaint = f"Nothing in this notebook belongs to lesson {key.lesson}" + (
                f"; it is one of lesson {own}." if own else "."
            )
        status = UNREADABLE if files and not readable else NOT_GRADABLE
        name, sha256 = (report.clean(files[0].path.name), files[0].sha256) if files else ("", "")
        return Result(student, name, status, [complaint], [], sha256), None
    collected = [(transplant.collect(f.cells, key.cells, key.exercises), f) for f in ours]
    answers, file = max(collected, key=lambda each: len(each[0].sources))
    flags, name = file.flags + answers.flags, report.clean(file.path.name)
    if len(ours) > 1:
        flags.append(f"{len(ours)} notebooks; the one with most answers counts: {name}")
    flags = [report.clean(flag) for flag in dict.fromkeys(flags)]
    return Result(student, name, MARKED, flags, [], file.sha256), answers


# ---- the secret and the canaries -----------------------------------------------------------------


def _number(seed):
    try:
        return abs(int(seed))
    except ValueError:
        raise GradingError(f"A seed is a whole number, not {seed!r}.") from None


def _key(lesson, seed):
    """Inputs, expected text and our notebook, with stubs from the exercises themselves.

    The notebook comes from solutions/: the one in exercises/ may be somebody's own, at work.
    """
    exercises = core.exercises(lesson)
    cases = {id: exercise.draw(seed) for id, exercise in exercises.items()}
    expected = {
        id: "".join(f"{probe.encode(o)}\n" for o in exercise.expected(cases[id]))
        for id, exercise in exercises.items()
    }
    pristine = _solved(lesson)
    cells = {cell.get("id"): cell for cell in pristine["cells"]}
    for id, exercise in exercises.items():
        missing = {transplant.answer_key(id), transplant.check_key(id)} - cells.keys()
        if missing:
            name = f"solutions/{lesson}_{core.LESSONS[lesson]}.ipynb"
            raise GradingError(f"{name} has no cell {min(missing)}: run `bplib build`.")
        cells[transplant.answer_key(id)]["source"] = exercise.stub
    code = [cell for cell in pristine["cells"] if cell["cell_type"] == "code"]
    ours = [intake.Cell((cell["id"],), transplant.joined(cell["source"])) for cell in code]
    return Key(lesson, exercises, cases, expected, pristine, ours)


def _solved(lesson):
    path = Path(bplib.__file__).parents[1] / "solutions" / f"{lesson}_{core.LESSONS[lesson]}.ipynb"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise GradingError(
            f"Grading needs {path}: work in a clone of the course and run `bplib build`."
        ) from None


def _canaries(key):
    """Submissions whose marks we know: untouched, one known mistake per exercise, solved."""
    wrong = {id: e.wrong(e.misconceptions[0]) for id, e in key.exercises.items()}
    solved = {id: exercise.solved for id, exercise in key.exercises.items()}
    return {
        "untouched": transplant.Answers(),
        "mistakes": transplant.Answers(wrong),
        "solved": transplant.Answers(solved),
    }


def _canary_notebook(key):
    """All canaries one after the other in one kernel: each replaces the answers before it."""
    cells = [
        cell | {"id": f"{name}-{cell['id']}"}
        for name, answers in _canaries(key).items()
        for cell in _notebook(key, answers)["cells"]
    ]
    return transplant.wrapped(cells)


def _believe(key, ran):
    """GradingError when a canary did not get the marks it must get."""
    for canary in _canaries(key):
        start = f"{canary}-"
        own = {id.removeprefix(start): cell for id, cell in ran.items() if id.startswith(start)}
        for mark in _marks(key, own):
            named = key.exercises[mark.id].misconceptions[0].id
            right = {
                "untouched": mark.points == 0 and mark.outcome == NOT_ATTEMPTED,
                "mistakes": mark.points == 0 and mark.misconception == named,
                "solved": mark.points == mark.of and mark.outcome == CORRECT,
            }
            if not right[canary]:
                got = f"{mark.outcome}, {mark.points} of {mark.of} points"
                raise GradingError(
                    f"Nothing was marked, because the grader cannot be believed here: in its test "
                    f"submission “{canary}”, exercise {mark.id} came out as {got}."
                )


# ---- from what a probe printed to a mark ---------------------------------------------------------


def _marks(key, ran):
    return [_mark_one(key, id, ran) for id in key.exercises]


def _mark_one(key, id, ran):
    exercise = key.exercises[id]
    cell = ran.get(transplant.check_key(id))
    points = exercise.points if cell and cell.matched else 0
    said = _explain(key, exercise, ran, cell)
    ms = cell.ms if cell else 0
    text, code = report.clean(said.text + _see(exercise, said)), report.clean(said.code)
    of = exercise.points
    return Mark(id, exercise.title, points, of, said.outcome, said.misconception, text, code, ms)


def _see(exercise, said):
    """The interactive to try, where the diagnosis names none itself."""
    see = next((m.see for m in exercise.misconceptions if m.see), "")
    if said.outcome not in (NOT_YET, RAISED) or not see or "widgets." in said.text:
        return ""
    return f"\nPlay with `widgets.{see}()`."


def _explain(key, exercise, ran, cell):
    """nbval gives the mark; the diagnosis gives the words.   ->  Feedback"""
    if cell is None:
        return Feedback(NOT_RUN, ENDED["dead"])
    answer = ran.get(transplant.answer_key(exercise.id))
    cases = key.cases[exercise.id]
    try:
        found = probe.decode(cell.printed)
        if len(found) != len(cases):
            raise ValueError("not one line per case")
        feedback = diagnosis.diagnose(exercise, cases, found, rounded=True)
    except Exception:  # a student's own print can be anything
        if cell.why:
            return Feedback(NOT_RUN, ENDED[cell.why])
        if answer and answer.raised:
            raised = re.sub(r"\(\d+\.py, ", "(", answer.raised)  # IPython's name for the cell
            return Feedback(RAISED, f"The cell with your answer stops: {raised}.")
        if cell.raised:
            return Feedback(RAISED, f"Your answer could not be called: {cell.raised}.")
        return Feedback(NOT_YET, "What your answer printed was not the values of the exercise.")
    if feedback.outcome == NOT_ATTEMPTED:
        return Feedback(NOT_ATTEMPTED, "Nothing is written here yet.")
    if cell.matched:
        text = feedback.text if feedback.outcome == CORRECT else "All values agree."
        return Feedback(CORRECT, text)
    if feedback.outcome == CORRECT:
        digits = _digits(exercise.expected(cases), found)
        text = f"Your values agree to {digits} digits, but a mark needs all six that are compared."
        ask = "Do you round, or compute in float32, where NumPy's own float64 is asked for?"
        return Feedback(NOT_YET, f"{text}\n{ask}")
    return feedback


def _digits(expected, found):
    """To how many digits of each tensor's largest value the two agree."""
    worst = 1e-6
    for right, outcome in zip(expected, found, strict=True):
        for path, q in right.tensors.items():
            size = max(float(np.max(np.abs(q), initial=0.0)), 1e-6)
            worst = max(worst, float(np.max(np.abs(outcome.tensors[path] - q), initial=0)) / size)
    return math.floor(-math.log10(worst))
