"""A batch from files to marks: secret inputs, canaries, the judge, and words for each mistake."""

import hashlib
import json
import math
import re
import secrets
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np

import bplib
from bplib import probe
from bplib.exercises import core, diagnosis
from bplib.exercises.feedback import CORRECT, NOT_ATTEMPTED, NOT_YET, RAISED, Feedback
from bplib.grading import GradingError, intake, judge, report, transplant
from bplib.grading.report import NOT_RUN, Mark, Report, Result

REFUSED = (
    "These notebooks hold code of other people, and there is no sandbox yet (a later version has "
    "one): it would run on this computer with all your rights, so add --trust-submissions only "
    "if you trust everybody who handed in."
)
ENDED = {
    "time": "The time was up before this exercise was done. Is there a loop that does not end?",
    "dead": "Python itself ended before this exercise was done. Does the code call exit, "
    "or use very much memory?",
    "output": "The notebook printed too much, so it was stopped before this exercise was done.",
    "start": "Python could not be started for this notebook.",
}


class Key(NamedTuple):
    """What the trusted side knows: the secret inputs and what must be printed for them."""

    exercises: dict
    cases: dict[str, list]
    expected: dict[str, str]
    pristine: dict
    cells: list


def grade(path, out, trust, seed, jobs, lesson, timeout, progress):
    """See bplib.grading.grade, which is this."""
    path = Path(path)
    alone = path.is_file()
    if not alone and not path.is_dir():
        raise GradingError(f"There is no notebook and no folder at {path}.")
    if not alone and not trust:
        raise GradingError(REFUSED)
    if not alone and out is None:
        raise GradingError("Say where the reports of a folder go: --out DIR.")
    if not alone and Path(out).resolve() == path.resolve():
        raise GradingError("The reports need a folder of their own, not that of the submissions.")
    if lesson is not None and lesson not in core.LESSONS:
        raise GradingError(f"There is no lesson {lesson}; there are {', '.join(core.LESSONS)}.")
    seed = secrets.randbits(128) if seed is None else _number(seed)
    found, ignored = _hand_ins(path, alone, out)
    lesson, notes = _lesson(found, lesson)
    if ignored:
        notes.append(f"not notebooks, ignored: {', '.join(map(report.clean, ignored))}")
    key = _key(lesson, seed)
    done, todo = {}, {}
    for student, files in found.items():
        result, answers = _pick(report.clean(student), files, lesson, key)
        if answers is None:
            if alone:
                raise GradingError(result.flags[0])
            done[student] = result
        else:
            todo[student] = (result, answers)
    summary = Report(lesson, list(key.exercises.values()), alone, seed, _commitment(seed), notes)
    writer = report.Writer(out, summary) if out is not None else None
    _mark(key, done, todo, summary, writer, jobs, timeout, progress)
    return summary


def _mark(key, done, todo, summary, writer, jobs, timeout, progress):
    """Run everything, the canaries first; no mark leaves before all canaries are right."""

    def keep(result):
        summary.results.append(result)
        if writer:
            writer.add(result)
        if progress:
            progress(len(summary.results), len(done) + len(todo), result.student)

    names = {f"student-{i}": student for i, student in enumerate(todo)}
    notebooks = {"canary": _canary_notebook(key)}
    notebooks |= {name: _notebook(key, todo[student][1]) for name, student in names.items()}
    waiting, believed = list(done.values()), False
    try:
        with closing(judge.run(notebooks, timeout, jobs)) as finished:
            for name, ran in finished:
                if name == "canary":
                    _believe(key, ran)
                    believed = True
                else:
                    result = todo[names[name]][0]
                    waiting.append(result._replace(marks=_marks(key, ran)))
                if believed:
                    for result in waiting:
                        keep(result)
                    waiting = []
    except KeyboardInterrupt:
        where = f" They are in {writer.out / 'results.jsonl'}." if writer else ""
        count = f"{len(summary.results)} of {len(done) + len(todo)}"
        raise GradingError(f"Stopped: {count} submissions are marked.{where}") from None
    summary.results.sort(key=lambda result: result.student)
    if writer:
        writer.finish(summary)


def _notebook(key, answers):
    return transplant.notebook(key.pristine, answers, key.cases, key.expected, key.exercises)


# ---- who handed in what --------------------------------------------------------------------------


def _hand_ins(path, alone, out):
    """{student: [(path, cells, flags, complaint)]}, and names that are no notebook"""
    if alone:
        found, ignored = {path.stem: [path]}, []
    else:
        try:
            found, ignored = intake.students(path, Path(out).resolve())
        except OSError as error:
            raise GradingError(f"{path} cannot be read: {error.strerror}.") from None
    read = {}
    for student, paths in found.items():
        read[student] = []
        for file in paths:
            try:
                read[student].append((file, *intake.read(file), ""))
            except intake.Unreadable as error:
                read[student].append((file, [], [], str(error)))
    if not read:
        raise GradingError(f"There is no notebook in {path}.")
    return read, ignored


def _lesson(found, wanted):
    """The lesson to mark, and a note when others are lying there too."""
    votes = Counter()
    for files in found.values():
        votes.update({own for _, cells, _, _ in files if (own := _belongs(cells))})
    lesson = wanted or (votes.most_common(1)[0][0] if votes else next(iter(core.LESSONS)))
    others = sorted(set(votes) - {lesson})
    notes = [f"lesson {lesson} is marked; there are notebooks of {', '.join(others)} too"]
    return lesson, notes if others else []


def _belongs(cells):
    """The lesson most of whose exercises these cells answer, or None."""
    scores = {lesson: transplant.found(cells, core.exercises(lesson)) for lesson in core.LESSONS}
    best = max(scores, key=scores.get)
    return best if any(scores[best]) else None


def _pick(student, files, lesson, key):
    """The one notebook of a student that counts.   ->  Result without marks, Answers or None"""
    ours = [file for file in files if _belongs(file[1]) == lesson]
    if not ours:
        readable = [file for file in files if not file[3]]
        complaint = files[0][3] if files else "There is no notebook in this folder."
        if readable:
            complaint = f"Nothing in this notebook belongs to lesson {lesson}."
        status = "unreadable" if files and not readable else "not gradable"
        file = report.clean(files[0][0].name) if files else ""
        return Result(student, file, status, [complaint], []), None
    collected = [
        (transplant.collect(cells, key.cells, key.exercises), file, flags)
        for file, cells, flags, _ in ours
    ]
    answers, file, flags = max(collected, key=lambda each: len(each[0].sources))
    flags = flags + answers.flags
    if len(ours) > 1:
        flags.append(f"{len(ours)} notebooks; the one with most answers counts: {file.name}")
    flags = [report.clean(flag) for flag in dict.fromkeys(flags)]
    return Result(student, report.clean(file.name), "marked", flags, []), answers


# ---- the secret and the canaries -----------------------------------------------------------------


def _number(seed):
    try:
        return abs(int(seed))
    except ValueError:
        raise GradingError(f"A seed is a whole number, not {seed!r}.") from None


def _commitment(seed):
    """Published before marking, so that the seed published afterwards can be believed."""
    return hashlib.sha256(str(seed).encode()).hexdigest()


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
    return Key(exercises, cases, expected, pristine, ours)


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
    text, code = report.clean(said.text), report.clean(said.code)
    of = exercise.points
    return Mark(id, exercise.title, points, of, said.outcome, said.misconception, text, code, ms)


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
