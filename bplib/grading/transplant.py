"""Put a student's answers into our notebook: of a submission, nothing else is used."""

import copy
import re
from dataclasses import dataclass, field

from bplib import probe

ONLY_SHOWS = "only-shows"  # tag of our cells that can be left out when marking, for their time


@dataclass
class Answers:
    """What a submission says, by exercise id; before and after hold cells the student added."""

    sources: dict[str, str] = field(default_factory=dict)
    before: dict[str, list[str]] = field(default_factory=dict)
    after: dict[str, list[str]] = field(default_factory=dict)
    odd: dict[str, list[str]] = field(default_factory=dict)

    def flag(self, what, id=None):
        self.odd.setdefault(what, []).extend([id] if id else [])

    @property
    def flags(self):
        """What was odd, and in which exercises."""
        return [f"{what}: {', '.join(ids)}" if ids else what for what, ids in self.odd.items()]


def answer_key(id):
    return f"answer-{id.replace('.', '-')}"


def check_key(id):
    return f"check-{id.replace('.', '-')}"


def found(cells, exercises):
    """How many exercises these cells can belong to: (by id, by the name they define)."""
    keys = {key for cell in cells for key in cell.keys}
    return (
        sum(answer_key(id) in keys or check_key(id) in keys for id in exercises),
        sum(any(_defines(cell, exercise) for cell in cells) for exercise in exercises.values()),
    )


def collect(cells, pristine, exercises):
    """Find the answers and the added cells in a submission.   ->  Answers

    cells : of the submission,  pristine : of our notebook
    An answer has our grade_id or cell id, or else defines the name; the last one that is
    not the untouched stub wins.
    """
    ours = {key: cell for cell in pristine for key in cell.keys}
    untouched = {_plain(cell.source) for cell in pristine} | {""}
    answers, chosen = Answers(), {}
    for id, exercise in exercises.items():
        at = [i for i, cell in enumerate(cells) if answer_key(id) in cell.keys]
        written = [i for i in at if _plain(cells[i].source) not in untouched]
        elsewhere = [
            i
            for i, cell in enumerate(cells)
            if i not in at and _defines(cell, exercise) and _plain(cell.source) not in untouched
        ]
        where = written or elsewhere
        if len(at) > 1:
            answers.flag("several answer cells, the last one written counts", id)
        if elsewhere and not written:
            answers.flag("answer found in another cell", id)
        elif not at:
            answers.flag("no answer cell", id)
        if where:
            chosen[where[-1]] = chosen.get(where[-1], []) + [id]
            answers.sources[id] = cells[where[-1]].source
    _added(cells, ours, untouched, exercises, chosen, answers)
    return answers


def _added(cells, ours, untouched, exercises, chosen, answers):
    """Sort the cells the student added, or changed, to the answer or check that follows them."""
    checks = {check_key(id): id for id in exercises}
    checks |= {_plain(ours[key].source): id for key, id in checks.items()}
    replaced = {answer_key(id) for id in exercises}
    seen, waiting = set(), []
    for i, cell in enumerate(cells):
        names = (*cell.keys, _plain(cell.source))
        check = next((checks[name] for name in names if name in checks), None)
        key = next((key for key in cell.keys if key in ours), None)
        if i in chosen:
            answers.before[chosen[i][0]], waiting = waiting, []
        elif check is not None:
            answers.after[check], waiting = answers.after.get(check, []) + waiting, []
            seen.add(check)
            if _plain(cell.source) not in untouched:
                answers.flag("check cell changed, ours is used", check)
        elif key in replaced or _plain(cell.source) in untouched:
            continue
        elif key is not None:
            answers.flag("one of our cells was changed, the change is run too")
            waiting.append(cell.source)
        else:
            answers.flag("extra: the student's own cells before an answer or check are run too")
            waiting.append(cell.source)
    if waiting:
        answers.flag("cells after the last exercise are not run")
    for id in exercises:
        if id not in seen:
            answers.flag("check cell missing, ours is used", id)


def notebook(pristine, answers, cases, expected, exercises):
    """Our notebook with these answers, a probe in place of each check, and what it must print.

    pristine : the notebook as a dict;  cases, expected : by exercise id  ->  dict
    Every cell is run but those that only show what an answer does; only a probe's output is
    compared, and only a probe can earn points.
    """
    cells = []
    of = {key(id): id for id in exercises for key in (answer_key, check_key)}
    for ours in copy.deepcopy(pristine["cells"]):
        if ours["cell_type"] != "code" or ONLY_SHOWS in ours["metadata"].get("tags", []):
            continue
        id = of.get(ours["id"])
        if ours["id"] not in of:
            cells.append(cell(ours["id"], joined(ours["source"])))
        elif ours["id"] == answer_key(id):
            added = answers.before.get(id, [])
            cells += [cell(f"before-{id}-{i}", source) for i, source in enumerate(added)]
            cells.append(cell(ours["id"], answers.sources.get(id, joined(ours["source"]))))
        else:
            added = answers.after.get(id, [])
            cells += [cell(f"after-{id}-{i}", source) for i, source in enumerate(added)]
            exercise = exercises[id]
            source = probe.source(exercise.name, cases[id], exercise.puzzle)
            cells.append(cell(ours["id"], source, expected[id]))
    return wrapped(cells)


def wrapped(cells):
    """Cells as a notebook."""
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}


def cell(id, source, expected=None):
    """A cell that is run;  with expected, one whose output is compared."""
    tags, outputs = ["nbval-ignore-output", "raises-exception"], []
    if expected is not None:
        tags = ["nbval-check-output"]
        outputs = [{"output_type": "stream", "name": "stdout", "text": expected}]
    return {
        "cell_type": "code",
        "id": id.replace(".", "-"),
        "metadata": {"tags": tags},
        "execution_count": 1,  # without a number nbval compares nothing
        "source": source,
        "outputs": outputs,
    }


def _defines(cell, exercise):
    """Whether the cell gives the exercise's name a meaning, as the stub does."""
    name = re.escape(exercise.name)
    kind = re.search(rf"^(def|class) {name}\b", exercise.stub, re.MULTILINE)
    pattern = rf"^{kind[1]}\s+{name}\b" if kind else rf"^{name}\s*=(?!=)"
    return re.search(pattern, cell.source, re.MULTILINE) is not None


def _plain(source):
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def joined(source):
    return source if isinstance(source, str) else "".join(source)
