"""Mark again with the seed of a batch: after an exercise was mended, or for a few students."""

from pathlib import Path
from typing import NamedTuple

from bplib.exercises import core
from bplib.grading import GradingError, batch, pages
from bplib.grading.ledger import Ledger
from bplib.grading.report import Report


class Change(NamedTuple):
    """A student whose result is not what it was.   "" for a result that was not there"""

    student: str
    before: str
    after: str


def regrade(out, students=(), folder=None, trust=False, jobs=2, timeout=10.0, progress=None):
    """The batch in out once more, all of it or some students.   ->  Report, [Change]

    folder : where the submissions lie now, if not where they were
    The old results stay in results-before.jsonl.  GradingError, in one sentence, changes nothing.
    """
    book = Ledger(out).open()
    if not book.finished:
        raise GradingError(f"The batch in {out} is not finished: go on with --resume first.")
    folder = Path(folder or book.head["folder"])
    if not folder.exists():
        raise GradingError(f"The submissions are not at {folder} any more: say where with --from.")
    found, _ = batch.hand_ins(folder, folder.is_file(), out)
    missing = [student for student in students if student not in found]
    if missing:
        raise GradingError(f"There is no submission of {', '.join(missing)} in {folder}.")
    wanted = {name: paths for name, paths in found.items() if not students or name in students}
    lesson = book.head["lesson"]
    key = batch._key(lesson, book.seed)
    exercises = list(core.exercises(lesson).values())
    tier = batch.tier_of(trust, alone=False)
    summary = Report(lesson, exercises, False, book.seed, tier, book.head["notes"], finished=True)
    before, after = {r.student: r for r in book.results}, {}
    try:
        for result in batch.results(key, wanted, summary, jobs, timeout):
            after[result.student] = result
            if progress:
                progress(len(after), len(wanted), result.student)
    except KeyboardInterrupt:
        raise GradingError("Stopped: nothing was changed.") from None
    summary.results = [(before | after)[name] for name in sorted(before | after)]
    changes = [
        Change(name, _said(before.get(name)), _said(new))
        for name, new in sorted(after.items())
        if _said(before.get(name)) != _said(new)
    ]
    if students and tier != book.head["tier"]:
        summary.tier = f"{book.head['tier']}; of the last regrade: {tier}"
    book.head |= {"tier": summary.tier, "points": {e.id: e.points for e in exercises}}
    book.replace(summary.results)
    pages.write(book.out, summary)
    return summary, changes


def _said(result):
    """Status or points, and which exercises lost some."""
    if result is None:
        return "no result"
    if not result.marks:
        return result.status
    lost = [f"{mark.id} {mark.outcome}" for mark in result.marks if mark.points < mark.of]
    return f"{result.points:g}" + (f" ({', '.join(lost)})" if lost else "")
