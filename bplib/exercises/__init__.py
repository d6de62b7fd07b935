"""The learner's four verbs: check, hint, solution, progress.

check never raises and never stops "Run All"; only under nbval or nbgrader does anything but a
correct answer raise, in one line, so that plain `pytest --nbval-lax` tells the truth.
"""

import json
import os
import sys
from pathlib import Path

from bplib import probe
from bplib.exercises import core, sealed
from bplib.exercises.diagnosis import diagnose
from bplib.exercises.feedback import CORRECT, NOT_ATTEMPTED, NOT_YET, RAISED, Feedback, Note

__all__ = ["check", "hint", "progress", "solution"]

MISSING = object()
SEED = 1  # the learner always meets the same numbers; a grader draws its own
_hints_seen = {}
_checking = []  # ids of running checks: an answer may call check itself, without end


class NotCorrect(AssertionError):
    """What check raises under a grader."""


def check(id, answer=MISSING):
    """Compare an answer with the exercise and name the mistake.   ->  Feedback, shown by itself"""
    if os.environ.get("BPLIB_GRADING"):
        return Note("check", "Nothing is checked here while marks are given.")
    if _checking:
        return Note("check", "There is no check inside a check.")
    _checking.append(id)
    try:
        feedback = _check(id, answer)
    except KeyboardInterrupt:
        text = "You stopped the check while your code was running. Does every loop come to an end?"
        feedback = Feedback(NOT_YET, text, title=str(id))
    except Exception as error:  # code may have changed NumPy itself
        text = f"The check itself could not run ({type(error).__name__}). Does a cell change NumPy?"
        feedback = Feedback(RAISED, f"{text} Restart the kernel and run all cells.", title=str(id))
    finally:
        _checking.pop()
    if _under_grader() and feedback.outcome != CORRECT:
        words = f"{feedback.title or id}: {feedback.outcome}. {feedback.text}"
        raise NotCorrect(" ".join(words.split())) from None
    return feedback


def _check(id, answer):
    try:
        exercise = core.find(id)
    except KeyError as error:
        return Feedback(NOT_ATTEMPTED, error.args[0])
    if answer is MISSING:
        how = f'`check("{exercise.id}", {exercise.name})`'
        return Feedback(NOT_ATTEMPTED, f"Give your answer too: {how}.", title=exercise.id)
    letters = isinstance(exercise, core.Letters)
    if not letters and answer is not Ellipsis and not callable(answer):
        text = (
            f"Hand over the function itself, without calling it: "
            f'`check("{exercise.id}", {exercise.name})`.'
        )
        return Feedback(NOT_YET, text, title=exercise.id)
    cases = exercise.draw(SEED)
    found = probe.outcomes(answer, cases, exercise.puzzle)
    judge = sealed.diagnose if isinstance(exercise, sealed.Sealed) else diagnose
    feedback = judge(exercise, cases, found)
    if not _under_grader():
        _remember(exercise, feedback)
    return feedback


def hint(id, level=None):
    """The next of three hints: a question, where to look, the formula.   ->  Note"""
    exercise = _to_tell("hint", id)
    if isinstance(exercise, Note):
        return exercise
    last = len(exercise.hints)
    level = min(_hints_seen.get(exercise.id, 0) + 1, last) if level is None else level
    if level not in range(1, last + 1):
        return Note("hint", f"There are {last} hints, 1 to {last}.")
    _hints_seen[exercise.id] = level
    more = "" if level == last else f'\nStill stuck? `hint("{exercise.id}")` again.'
    return Note(f"{exercise.id}, hint {level} of {last}", exercise.hints[level - 1] + more)


def solution(id):
    """Our answer, to read beside your own.   ->  Note"""
    exercise = _to_tell("solution", id)
    if isinstance(exercise, Note):
        return exercise
    if isinstance(exercise, sealed.Sealed):
        return Note("solution", "Your teacher has the solutions; this copy has none.")
    text = "Read it, close it, and write it again in your own words."
    return Note(f"{exercise.id} {exercise.title}: one solution", text, exercise.answer)


def _to_tell(verb, id):
    """The exercise, or a Note that says why there is nothing to tell."""
    if os.environ.get("BPLIB_GRADING"):
        return Note(verb, f"No {verb}s while marks are given.")
    try:
        return core.find(id)
    except KeyError as error:
        return Note(verb, error.args[0])


def progress():
    """How far you are.  Kept in a file on this computer, sent nowhere.   ->  Note"""
    kept = _progress()
    lines, points, total = [], 0, 0
    for lesson in core.LESSONS:
        for exercise in core.exercises(lesson).values():
            best, tries = kept.get(exercise.id, ["not attempted", 0])
            points += exercise.points * (best == CORRECT)
            total += exercise.points
            tried = f", {tries} {'try' if tries == 1 else 'tries'}" if tries else ""
            sign = "✓" if best == CORRECT else "·"
            lines.append(f"{sign} {exercise.id} {exercise.title} ({best}{tried})")
    return Note(f"{points} of {total} points", "\n".join(lines))


def _progress_file():
    return Path(os.environ.get("BPLIB_HOME") or Path.home() / ".bplib") / "progress.json"


def _progress():
    try:
        kept = json.loads(_progress_file().read_text(encoding="utf-8"))
        return {id: [str(best), int(tries)] for id, (best, tries) in kept.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _remember(exercise, feedback):
    """Count the try.  Once correct stays correct.  No file, no harm."""
    if feedback.outcome == NOT_ATTEMPTED:
        return
    kept = _progress()
    best, tries = kept.get(exercise.id, ["not attempted", 0])
    kept[exercise.id] = [best if best == CORRECT else feedback.outcome, tries + 1]
    file = _progress_file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(kept), encoding="utf-8")
    except OSError:
        return


def _under_grader():
    """In a kernel under nbval, which inherits pytest's variable, or under nbgrader."""
    if os.environ.get("NBGRADER_EXECUTION"):
        return True
    ipython = sys.modules.get("IPython")
    return "PYTEST_CURRENT_TEST" in os.environ and bool(ipython and ipython.get_ipython())
