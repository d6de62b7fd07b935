"""Lesson 4's checks: a loop that learns is not yet right, and what the notebook promises holds."""

import json
from pathlib import Path

import numpy as np
import pytest
from mistakes import judge, misjudged_pairs

from bplib import datasets, probe
from bplib.exercises import repeat as lesson
from bplib.exercises.core import Exercise
from bplib.exercises.diagnosis import diagnose
from bplib.exercises.feedback import CORRECT, NOT_YET
from bplib.initialisers import he
from bplib.losses import MSE
from bplib.network import dense
from bplib.optimisers import SGD
from bplib.training import train

EXERCISES = [e for e in vars(lesson).values() if isinstance(e, Exercise)]
SOURCE = Path(__file__).parents[1] / "source" / "exercises" / "04_repeat.py"


def cells():
    """The code cells of the script, without the line that begins a cell."""
    text = SOURCE.read_text(encoding="utf-8")
    return [part.partition("\n")[2] for part in text.split("# %%") if not part.startswith(" [")]


def test_mazurs_error_after_ten_thousand_steps_is_the_one_in_the_books():
    x, y, *weights = datasets.mazur()
    E = lesson.error_after.f(x[0], y[0], *weights, 0.5, 10_000)
    assert f"{E:.7e}" == "3.5101878e-05"
    (moved,) = [m for m in lesson.error_after.misconceptions if m.id == "WU-22"]
    assert f"{moved.f(x[0], y[0], *weights, 0.5, 10_000):.4e}" == "2.4476e-06"


def test_a_check_takes_hundreds_of_mazurs_steps_and_the_text_asks_for_all_ten_thousand():
    assert {lesson.error_after.draw(seed)[-1][-1] for seed in range(20)} == {200, 250, 300, 400}
    wanted = "try `error_after(*network, 0.5, 10_000)` in a new cell"
    assert wanted in SOURCE.read_text(encoding="utf-8")


def test_the_catalogued_mistakes_of_the_loop_are_named():
    catalogue = {f"EP-{n:02}" for n in range(1, 19)}
    assert catalogue <= {m.id for e in EXERCISES for m in e.misconceptions}


def test_there_are_eight_exercises_and_a_quiz():
    assert [e.id for e in EXERCISES] == [f"4.{n}" for n in range(1, 10)]
    assert all(1 <= e.points <= 3 for e in EXERCISES)


# ---- the digits ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_the_learners_epoch_reads_95_percent_of_the_test_digits(seed):
    names = {"np": np, "datasets": datasets, "he": he, "sgd_epoch": lesson.sgd_epoch.f}
    exec(next(cell for cell in cells() if cell.startswith("def read_digits")), names)
    assert names["read_digits"](np.random.default_rng(seed)) >= 0.95


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lesson.sgd_epoch.stub, "Exercise 4.8 is not written yet"),
        (f"{lesson.sgd_epoch.header}\n    return None", "does not run on the digits yet"),
        (f"{lesson.sgd_epoch.header}\n    return W1, b1, W2, b2", "named rightly"),
    ],
)
def test_the_digits_say_in_one_sentence_what_came_of_an_answer(answer, words, capsys):
    names = {"np": np, "datasets": datasets, "he": he}
    exec(answer, names)
    for cell in cells():
        if "read_digits" in cell:
            exec(cell, names)
    said = capsys.readouterr().out
    assert words in said and said.count("\n") == 1


# ---- the same as our own training ----------------------------------------------------------------


@pytest.mark.parametrize("patience", [1, 2, 3, 5])
def test_early_stopping_counts_as_our_own_training_does(patience):
    rng = np.random.default_rng(patience)
    few, many = datasets.moons(12, rng, noise=0.4), datasets.moons(100, rng, noise=0.4)
    net = dense([2, 16, 1], lesson.TANH, MSE, rng)
    run = list(train(net, *few, SGD(0.5), 200, 4, rng, validation=many, patience=patience))
    whole = np.array([[e.loss, e.validation_loss] for e in run]).T
    best, stop = lesson.early_stop.f(*np.c_[whole, whole], patience)
    assert stop == run[-1].number
    assert best == min(run, key=lambda epoch: epoch.validation_loss).number


def test_the_cases_of_the_rank_have_more_than_one_rank():
    ranks = {int(lesson.twins.f(*case)[1]) for case in lesson.twins.draw(1)}
    assert {1, 2, 3} <= ranks


@pytest.mark.parametrize("seed", range(40))
def test_no_singular_value_stands_near_the_bound_of_the_rank(seed):
    for case in lesson.twins.draw(seed):
        s, _ = lesson.twins.f(*case)
        assert not np.any((s / s[0] > 1e-12) & (s / s[0] < 1e-4))


# ---- mistakes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exercise", "least"),
    [(lesson.run, 60), (lesson.twins, 60), (lesson.sgd_epoch, 100), (lesson.early_stop, 5)],
    ids=lambda x: getattr(x, "id", ""),
)
def test_two_mistakes_at_once_are_never_called_by_the_name_of_one(exercise, least):
    pairs, misjudged = misjudged_pairs(exercise, seed=2)
    assert pairs > least and not misjudged


def test_a_batch_in_the_wrong_place_is_shown_by_its_number():
    def answer(x, y, batch, rows):
        batches = lesson.cut.f(x, y, batch, rows)
        return [batches[-1], *batches[1:-1], batches[0]] if len(batches) > 1 else batches

    feedback = judge(lesson.cut, answer)
    assert feedback.misconception is None and "your `batches[0][0]`" in feedback.text.lower()


@pytest.mark.parametrize("kind", [list, tuple])
def test_the_pairs_of_a_batch_may_be_lists_or_tuples_or_nested_lists(kind):
    def answer(x, y, batch, rows):
        return kind(kind(few.tolist() for few in pair) for pair in lesson.cut.f(x, y, batch, rows))

    for seed in range(5):
        assert judge(lesson.cut, answer, seed).outcome == CORRECT


def test_batches_of_several_sizes_survive_the_way_through_a_graders_cell(capsys):
    cases = lesson.cut.draw(4)
    scope = {"cut": lesson.cut.f}
    exec(probe.source("cut", cases, lesson.cut.puzzle), scope)
    found = probe.decode(capsys.readouterr().out)
    assert diagnose(lesson.cut, cases, found, rounded=True).outcome == CORRECT
    assert json.loads(probe.encode(found[1]))["tensors"]["[2][0]"][0] == [2, 3]


def test_a_yield_in_place_of_a_list_is_told_what_is_missing():
    def answer(x, y, batch, rows):
        yield from lesson.cut.f(x, y, batch, rows)

    feedback = judge(lesson.cut, answer)
    assert feedback.outcome == NOT_YET and "generator" in feedback.text
