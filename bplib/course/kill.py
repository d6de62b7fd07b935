"""The kill table: is every wrong answer we know of refused and named, every right one accepted?"""

from typing import NamedTuple

from bplib import probe
from bplib.exercises.diagnosis import diagnose
from bplib.exercises.feedback import CORRECT

SEEDS = range(5)


class Trial(NamedTuple):
    """One known answer, judged once per seed, live and from printed values.

    answer : what it is, in words;  misconception : the id that must be named, None if it is right
    """

    exercise: str
    answer: str
    misconception: str | None
    verdicts: list

    @property
    def refused(self):
        return sum(v.outcome != CORRECT for v in self.verdicts)

    @property
    def named(self):
        return sum(v.misconception == self.misconception for v in self.verdicts)

    @property
    def confused(self):
        """Verdicts that name a mistake, but not the one that was made."""
        return sum(v.misconception not in (None, self.misconception) for v in self.verdicts)

    @property
    def passed(self):
        if self.misconception is None:
            return self.refused == 0
        return self.refused == self.named == len(self.verdicts)


def trials(exercise, seeds=SEEDS):
    """Try the solution, every equivalent and every misconception of an exercise.   ->  [Trial]"""
    known = [(None, "solution", exercise.f)]
    known += [(None, f"equivalent {i}", f) for i, f in enumerate(exercise.equivalents, 1)]
    known += [(m.id, m.text, m.f) for m in exercise.misconceptions]
    return [Trial(exercise.id, text, id, _verdicts(exercise, f, seeds)) for id, text, f in known]


def _verdicts(exercise, answer, seeds):
    """As the learner's check sees the answer, and as the grader reads it off a probe."""
    verdicts = []
    for seed in seeds:
        cases = exercise.draw(seed)
        live = exercise.run(answer, cases)
        printed = probe.decode("\n".join(map(probe.encode, live)))
        verdicts += [
            diagnose(exercise, cases, live),
            diagnose(exercise, cases, printed, rounded=True),
        ]
    return verdicts
