"""Every exercise keeps its promises, and a check says which mistake it saw."""

from pathlib import Path

import numpy as np
import pytest

from bplib import exercises as verbs
from bplib import probe, widgets
from bplib.activations import sigmoid
from bplib.course import kill
from bplib.exercises import core
from bplib.exercises.diagnosis import diagnose
from bplib.exercises.feedback import CORRECT, NOT_ATTEMPTED, NOT_YET, RAISED

ALL = [e for lesson in core.LESSONS for e in core.exercises(lesson).values()]
WRONG = [(e, m) for e in ALL for m in e.misconceptions]
SEEDS = range(5)
MANY, SLOW = range(100, 112), {"4.3", "4.4", "6.3", "6.5", "6.6", "6.8"}  # four seeds for these

named = pytest.mark.parametrize


@pytest.fixture(autouse=True)
def at_home(tmp_path, monkeypatch):
    """Progress goes into an empty folder, and every hint starts at the first."""
    monkeypatch.setenv("BPLIB_HOME", str(tmp_path))
    verbs._hints_seen.clear()


def judge(exercise, answer, seed=verbs.SEED):
    cases = exercise.draw(seed)
    return diagnose(exercise, cases, probe.outcomes(answer, cases, exercise.puzzle))


def printed(outcomes):
    """What a probe prints of them, a text each."""
    return list(map(probe.encode, outcomes))


def run(exercise, source):
    """What the learner's kernel holds after running an answer cell."""
    scope = {"np": np, "sigmoid": sigmoid}
    exec(source, scope)
    return scope[exercise.name]


# ---- the promises of every exercise --------------------------------------------------------------


@named("exercise", ALL, ids=lambda e: e.id)
def test_the_stub_is_not_attempted_and_the_solution_is_correct(exercise):
    assert judge(exercise, run(exercise, exercise.stub)).outcome == NOT_ATTEMPTED
    assert judge(exercise, run(exercise, exercise.solved)).outcome == CORRECT


@named("exercise", ALL, ids=lambda e: e.id)
def test_every_right_answer_prints_the_very_text_of_the_solution_for_every_seed(exercise):
    """Answers run as a student's do; what the library says may call all of the library."""
    spelt = {"lines", "options"}  # a right answer is a function, also where a student's is letters
    puzzle = {key: value for key, value in exercise.puzzle.items() if key not in spelt}
    for seed in MANY[:4] if exercise.id in SLOW else MANY:
        cases = exercise.draw(seed)
        expected = printed(exercise.expected(cases))
        for answer in (exercise.f, *exercise.equivalents):
            assert printed(probe.outcomes(answer, cases, puzzle)) == expected, seed
        for answer in exercise.by_library:
            assert printed(exercise.run(answer, cases)) == expected, seed


@named("exercise", ALL, ids=lambda e: e.id)
def test_every_wrong_answer_is_refused_and_named_and_every_right_one_accepted(exercise):
    """The kill table: on five seeds, from the values themselves and from what a probe prints."""
    trials = kill.trials(exercise)
    assert [t for t in trials if not t.passed] == []
    wrong = trials[-len(exercise.misconceptions) :]
    assert wrong and len(trials) == len(wrong) + len(exercise.equivalents) + 1
    for trial, mistake in zip(wrong, exercise.misconceptions, strict=True):
        assert len(trial.verdicts) == 2 * len(SEEDS)
        for feedback in trial.verdicts:
            assert feedback.outcome in (NOT_YET, RAISED)
            assert feedback.misconception == mistake.id
            assert feedback.text.startswith(mistake.text)
            assert "Evidence: " in feedback.text and mistake.ask in feedback.text
        for mark in trial.verdicts[1::2]:  # says what is wrong, and never what would be right
            ours = mark.text.replace(mistake.text, "").replace(mistake.ask, "")
            assert "should be" not in ours


@named("exercise", ALL, ids=lambda e: e.id)
def test_every_misconception_can_be_typed_into_the_answer_cell(exercise):
    cases = exercise.draw(verbs.SEED)
    for wrong in exercise.misconceptions:
        typed = probe.outcomes(run(exercise, exercise.wrong(wrong)), cases, exercise.puzzle)
        known = exercise.known(wrong.f, cases)
        assert printed(typed) == printed(known), wrong.id


def test_a_misconception_asks_a_question_and_points_at_an_interactive_that_exists():
    for _, wrong in WRONG:
        assert wrong.ask.endswith("?"), wrong.id
        assert wrong.see == "" or callable(getattr(widgets, wrong.see)), wrong.id


@named("exercise", ALL, ids=lambda e: e.id)
def test_an_exercise_has_three_hints_and_only_the_last_is_a_formula(exercise):
    question, place, formula = exercise.hints
    assert question.endswith("?")
    assert "$" in formula or "," in formula
    assert "return" not in question + place


@named("exercise", [e for e in ALL if not isinstance(e, core.Choice)], ids=lambda e: e.id)
def test_two_seeds_give_other_values_so_nothing_can_be_typed_in(exercise):
    first, second = (printed(exercise.expected(exercise.draw(s))) for s in (1, 2))
    assert first != second


def test_at_least_sixteen_of_the_twenty_catalogued_mistakes_are_named():
    catalogue = {f"FF-{n:02}" for n in range(1, 21)}
    assert len(catalogue & {m.id for _, m in WRONG}) >= 16


def test_the_readme_says_how_many_answers_the_checks_are_tested_with():
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    right = sum(1 + len(e.equivalents) for e in ALL)
    assert f"wrong answers: {len(WRONG)} of them, all refused, all named" in readme
    assert f"{right} right answers" in readme


def test_the_letters_of_a_puzzle_do_not_stand_in_the_solved_order():
    letters = core.find("1.8").letters(core.find("1.8").f).split()
    assert letters != sorted(letters)


def test_mazurs_own_numbers_are_among_the_cases_to_nine_digits():
    exercise = core.find("1.4")
    a1, a2, E = exercise.f(*exercise.draw(7)[0])
    assert np.round(a1, 9).tolist() == [0.593269992, 0.596884378]
    assert np.round(a2, 9).tolist() == [0.75136507, 0.772928465]
    assert round(float(E), 9) == 0.298371109


def test_the_two_numbers_of_the_detective_story_are_what_the_code_gives():
    exercise = core.find("3.4")
    mazurs = exercise.draw(7)[0]
    prose = (Path(__file__).parents[1] / "source/exercises/03_weight_update.py").read_text("utf-8")
    assert f"{exercise.f(*mazurs):.9f}" == "0.291027924"
    right = [m for m in exercise.misconceptions if f"{m.f(*mazurs):.9f}" == "0.291027774"]
    assert right and "0.291027924" in prose and "0.291027774" in prose


# ---- the rungs of the ladder: answers that no misconception explains -----------------------------


def half_done(x, W, b):
    if len(x) == 5:
        raise NotImplementedError
    return sigmoid(x @ W.T + b)


def endless(x, W, b):
    return endless(x, W, b)


def not_yet_written(z):
    raise NotImplementedError("1.2: replace this line by your answer.")


def first_result_turned(x, Ws, bs):
    z, a = core.find("1.7").f(x, Ws, bs)
    return z, [-x, *a[1:]]


LADDER = {
    "returned None": (lambda x, W, b: None, NOT_YET, "returned None"),
    "wrong name": (lambda x, W, b: undefined, RAISED, "a name is used before"),  # noqa: F821
    "wrong arguments": (lambda x, W: x, RAISED, "arguments differ from those in the first line"),
    "text": (lambda x, W, b: "a", NOT_YET, "must be numbers"),
    "two results": (lambda x, W, b: (x, b), NOT_YET, "2 results; the exercise asks for one"),
    "transposed": (lambda x, W, b: sigmoid(x @ W.T + b).T, NOT_YET, "shape of the transpose"),
    "minus": (lambda x, W, b: -sigmoid(x @ W.T + b), NOT_YET, "exactly -1 times the right one"),
    "twice": (lambda x, W, b: 2 * sigmoid(x @ W.T + b), NOT_YET, "exactly twice the right one"),
    "times m": (lambda x, W, b: len(x) * sigmoid(x @ W.T + b), NOT_YET, "m times the right one"),
    "over m": (lambda x, W, b: sigmoid(x @ W.T + b) / len(x), NOT_YET, "where `x` has m rows"),
    "over n": (lambda x, W, b: sigmoid(x @ W.T + b) / x.shape[1], NOT_YET, "has n columns"),
    "thousandths": (lambda x, W, b: np.round(sigmoid(x @ W.T + b), 3), NOT_YET, "at digit 3"),
    "one decimal": (lambda x, W, b: np.round(sigmoid(x @ W.T + b), 1), NOT_YET, "at digit 1"),
    "threshold": (lambda x, W, b: x @ W.T + b > 0, NOT_YET, "rounded to whole numbers"),
    "zeros": (lambda x, W, b: np.zeros((len(x), len(b))), NOT_YET, "is 0; it should be"),
    "array in if": (lambda x, W, b: x if x > 0 else b, RAISED, "one True or False is needed"),
    "too deep": (lambda x, W, b: endless(x, W, b), RAISED, "calls itself, again and again"),
    "1.2 first": (lambda x, W, b: not_yet_written(x), RAISED, "not written yet: 1.2"),
    "huge": (lambda x, W, b: np.broadcast_to(1.0, (10**9,)), NOT_YET, "more than 10000 numbers"),
    "overflow": (lambda x, W, b: sigmoid(x @ W.T + b) * np.inf, NOT_YET, "infinity"),
    "not a number": (lambda x, W, b: sigmoid(x @ W.T + b) * np.nan, NOT_YET, "NaN"),
    "near": (lambda x, W, b: sigmoid(x @ W.T + b + 0.01), NOT_YET, "it should be"),
    "half done": (lambda x, W, b: half_done(x, W, b), NOT_YET, "NotImplementedError"),
}  # fmt: skip


@named(("answer", "outcome", "words"), LADDER.values(), ids=LADDER)
def test_an_unknown_mistake_is_described_and_never_misnamed(answer, outcome, words):
    feedback = judge(core.find("1.3"), answer)
    assert (feedback.outcome, feedback.misconception) == (outcome, None)
    assert words in feedback.text


def test_an_answer_that_writes_into_its_argument_is_told_so():
    def softmax(z):
        z -= z.max(axis=1, keepdims=True)
        return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)

    assert "changed its argument `z`" in judge(core.find("1.6"), softmax).text


def test_two_mistakes_at_once_are_located_and_not_misnamed():
    feedback = judge(core.find("1.4"), lambda x, y, W1, b1, W2, b2: (
        sigmoid(W1 @ x), sigmoid(W2 @ sigmoid(W1 @ x) + b2), 3.0,
    ))  # fmt: skip
    assert feedback.misconception is None and "your `a1[" in feedback.text


def test_a_factor_in_one_result_only_is_found_in_that_result():
    feedback = judge(core.find("1.7"), first_result_turned)
    assert feedback.text.startswith("Your `a[0]` is everywhere exactly -1")


def test_right_results_in_another_order_are_told_the_order():
    for id, order in (("1.4", (2, 0, 1)), ("2.6", (3, 4, 5, 0, 1, 2)), ("3.2", (0, 2, 1, 3))):
        exercise = core.find(id)
        feedback = judge(exercise, lambda *args, f=exercise.f, k=order: [f(*args)[i] for i in k])
        assert f"do not stand in the order {', '.join(exercise.outputs)}" in feedback.text
    repeated = judge(core.find("1.4"), lambda *args: [core.find("1.4").f(*args)[0]] * 3)
    assert "order" not in repeated.text


def test_a_wrong_call_inside_an_answer_is_not_blamed_on_its_first_line():
    inside = judge(core.find("1.1"), lambda w, x, b: np.dot(w) + b)
    assert "Which arguments does this function take" in inside.text
    outside = judge(core.find("1.1"), lambda w, x: w @ x)
    assert "first line of your function" in outside.text


def test_results_are_counted_list_by_list():
    x_is_missing = judge(core.find("1.7"), lambda x, Ws, bs: ([x], [x, x, x]))
    assert "Your `z` is a list of 1, but a list of 2 is needed" in x_is_missing.text
    flat = judge(core.find("1.7"), lambda x, Ws, bs: sum(core.find("1.7").f(x, Ws, bs), []))
    assert "You returned 5 results; the exercise asks for 2 (z, a)" in flat.text
    comma = judge(core.find("1.1"), lambda w, x, b: (w @ x + b,))
    assert "a stray comma" in comma.text
    first = judge(core.find("3.3"), lambda params, grads, lr: [params[0] - lr * grads[0]])
    assert "comma" not in first.text


def test_a_softmax_that_underflows_as_it_should_gets_no_warning():
    assert judge(core.find("1.6"), core.find("1.6").f).text == "All values agree."


@named("tiny", [1e-15, 1e-12, 1e-10, 1e-8])
def test_a_small_number_in_a_logarithm_changes_no_mark(tiny):
    def losses(a, y):
        return np.sum((a - y) ** 2) / 2 / len(a), -np.sum(y * np.log(a + tiny)) / len(a)

    exercise = core.find("1.5")
    for seed in range(15):
        cases = exercise.draw(seed)
        found, expected = exercise.run(losses, cases), exercise.expected(cases)
        assert printed(found) == printed(expected)
    assert ("only just enough" in judge(exercise, losses).text) == (tiny > 1e-9)


def test_an_overflow_warning_beside_right_values_is_mentioned_and_accepted():
    feedback = judge(core.find("1.2"), lambda z: 1 / (1 + np.exp(-z)))
    assert feedback.outcome == CORRECT and "overflow" in feedback.text


@named("kind", [np.float16, lambda a: a + 1e-5], ids=["float16", "added"])
def test_too_few_digits_are_told_apart_from_a_wrong_formula(kind):
    feedback = judge(core.find("1.3"), lambda x, W, b: kind(sigmoid(x @ W.T + b)))
    assert feedback.outcome == NOT_YET and "six are needed" in feedback.text


@named("between", ["", " ", ", ", "-", " -> ", " → ", ".", "\n", "/", "|"])
def test_letters_may_be_written_in_any_way(between):
    exercise = core.find("1.8")
    letters = exercise.letters(exercise.f).lower().split()
    for answer in (between.join(letters), letters, np.array(letters), f"[{between.join(letters)}]"):
        assert judge(exercise, answer).outcome == CORRECT


def test_traps_that_do_no_harm_are_still_too_many_lines():
    exercise = core.find("1.8")
    lines = {line: k for k, line in exercise.puzzle["lines"].items()}
    letters = exercise.letters(exercise.f).split()
    letters.insert(2, lines["z2 = W2 @ x + b2"])
    assert "7 lines are enough, and you have 8" in judge(exercise, " ".join(letters)).text


def test_a_wrong_order_says_which_name_has_no_value_yet():
    lines = {line: k for k, line in core.find("1.8").puzzle["lines"].items()}
    backwards = " ".join(lines[line] for line in ["a1 = sigmoid(z1)", "z1 = W1 @ x + b1"])
    feedback = judge(core.find("1.8"), backwards)
    assert feedback.outcome == RAISED and "'z1'" in feedback.text


# ---- the learner's four verbs --------------------------------------------------------------------


def test_check_names_the_mistake_and_shows_it_in_both_forms():
    feedback = verbs.check("1.3", lambda x, W, b: sigmoid(x @ W + b))
    assert feedback.misconception == "FF-02"
    assert "1.3 One layer for a batch: not yet" in str(feedback)
    page = feedback._repr_html_()
    assert "not yet" in page and "<code>" in page and "✗" in page


@named("id", [e.id for e in ALL])
def test_check_never_raises_whatever_it_is_given(id):
    functions = int, print, lambda *a: a, lambda: 0, Exception
    for answer in (..., None, 3, "x", [], {}, object(), *functions):
        feedback = verbs.check(id, answer)
        assert feedback.outcome != CORRECT and feedback.text, answer
        assert feedback._repr_html_()


@named("id", ["9.9", "", "neuron"])
def test_an_unknown_exercise_gets_a_sentence_that_lists_the_known_ones(id):
    for verb in (verbs.check, verbs.hint, verbs.solution):
        assert "1.1, 1.2" in str(verb(id))


@named("id", [1.3, None, ...])
def test_a_number_that_is_not_in_quotes_is_asked_for_in_quotes(id):
    for verb in (verbs.check, verbs.hint, verbs.solution):
        assert "in quotes" in str(verb(id))
    assert core.find(" 1.3 ") is core.find("1.3")


def test_a_result_instead_of_a_function_is_explained():
    assert "without calling it" in verbs.check("1.1", 3.0).text
    assert "Give your answer too" in verbs.check("1.1").text


def test_a_stopped_endless_loop_is_a_message():
    def answer(w, x, b):
        raise KeyboardInterrupt

    assert "Does every loop come to an end?" in verbs.check("1.1", answer).text


def test_an_answer_that_calls_check_does_not_go_on_for_ever():
    def neuron(w, x, b):
        verbs.check("1.1", neuron)
        return w @ x + b

    assert verbs.check("1.1", neuron).outcome == CORRECT


def test_who_breaks_numpy_is_told_to_start_again(monkeypatch):
    verbs.check("1.1", lambda w, x, b: 0)
    with monkeypatch.context() as broken:
        broken.setattr(np, "isfinite", None)
        assert "Restart the kernel" in verbs.check("1.1", lambda w, x, b: 0).text
    assert verbs.check("1.1", lambda w, x, b: w @ x + b).outcome == CORRECT


def test_a_learner_may_turn_warnings_into_errors():
    with np.errstate(all="raise"):
        assert "NaN" in verbs.check("1.2", lambda z: z * np.nan).text
        assert verbs.check("1.2", lambda z: (1 + np.tanh(z / 2)) / 2).outcome == CORRECT


def test_hints_come_one_by_one_and_the_last_one_stays():
    texts = [str(verbs.hint("1.1")) for _ in range(4)]
    assert [t.split("hint ")[1][0] for t in texts] == ["1", "2", "3", "3"]
    assert "hint 2 of 3" in str(verbs.hint("1.1", 2))
    assert "There are 3 hints" in str(verbs.hint("1.1", 9))


def test_a_solution_is_shown_without_the_marks_of_the_course():
    text = str(verbs.solution("1.3"))
    assert "return sigmoid(x @ W.T + b)" in text and "###" not in text


def test_progress_counts_tries_and_points_and_survives_a_broken_file(tmp_path):
    verbs.check("1.1", lambda w, x, b: w @ x)
    verbs.check("1.1", lambda w, x, b: w @ x + b)
    verbs.check("1.1", lambda w, x, b: w @ x)
    assert "✓ 1.1" in str(verbs.progress()) and "3 tries" in str(verbs.progress())
    total = sum(e.points for e in ALL)
    assert str(verbs.progress()).startswith(f"1 of {total} points")
    (tmp_path / "progress.json").write_text("{broken")
    assert str(verbs.progress()).startswith(f"0 of {total} points")


def test_under_nbgrader_anything_but_correct_raises_in_one_line(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with pytest.raises(verbs.NotCorrect) as caught:
        verbs.check("1.1", lambda w, x, b: w @ x)
    assert "\n" not in str(caught.value) and "bias" in str(caught.value)
    assert verbs.check("1.1", lambda w, x, b: w @ x + b).outcome == CORRECT


def test_while_marks_are_given_the_verbs_keep_quiet(monkeypatch):
    monkeypatch.setenv("BPLIB_GRADING", "1")
    assert verbs.check("1.1", lambda w, x, b: 0).text
    assert "while marks are given" in str(verbs.hint("1.1")) + str(verbs.solution("1.1"))


def test_what_a_learner_writes_is_escaped():
    def answer(w, x, b):
        raise ValueError("<script>alert(1)</script>")

    assert "<script>" not in verbs.check("1.1", answer)._repr_html_()


def test_no_check_shows_the_formula_of_the_answer():
    for exercise, wrong in WRONG:
        body = [line.strip() for line in exercise.body.splitlines() if "return" in line]
        assert not any(line in wrong.text + wrong.ask for line in body)
        assert callable(wrong.f)


# ---- kinds of exercise that lesson 1 does not need -----------------------------------------------


def square(w):
    return np.sum(w**2)


def slope_by_nudging(f, h, sides):
    """A finite difference in place of a derivative, central or one-sided."""

    def slope(w):
        nudge = np.eye(len(w)) * h
        if sides == 2:
            return np.array([(f(w + e) - f(w - e)) / (2 * h) for e in nudge])
        return np.array([(f(w + e) - f(w)) / h for e in nudge])

    return slope


@core.exercise("9.1", 1, "The slope of a sum of squares", ("?", "", "$2w$"))
def slope(w):
    """2 w"""
    return 2 * w


@slope.cases
def _(rng):
    return [(rng.normal(size=n),) for n in (2, 3)]


@slope.far
def _(rng):
    return [(1e9 * rng.normal(size=3),)]


@named("h", [1e-4, 1e-5, 1e-6, 1e-7])
@named("sides", [1, 2])
def test_a_finite_difference_earns_nothing_and_is_told_kindly_why(h, sides):
    answer = slope_by_nudging(square, h, sides)
    for seed in SEEDS:
        feedback = judge(slope, answer, seed)
        assert feedback.outcome == NOT_YET
        assert feedback.misconception == "FD" and "measured" in feedback.text


def test_a_known_answer_runs_once_for_a_drawn_case_however_often_it_is_compared():
    cases, runs = slope.draw(3), []
    counted = lambda w: runs.append(w) or 3 * w
    once, again = slope.known(counted, cases), slope.known(counted, cases[1:])
    assert len(runs) == len(cases)
    fresh = slope.run(lambda w: 3 * w, cases)
    assert printed(once) == printed(fresh)
    assert printed(again) == printed(fresh[1:])


def complex_step(f, w):
    """df/dw without a difference: the imaginary part of f(w + ih), divided by h."""
    grad = np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        z = w.astype(complex)
        z[i] += 1e-200j
        grad[i] = f(z).imag / 1e-200
    return grad


def test_a_complex_step_is_a_right_answer_by_a_harder_road():
    def loss(z, y):
        z = z - z.real.max(axis=1, keepdims=True)
        return -np.sum(y * (z - np.log(np.exp(z).sum(axis=1, keepdims=True)))) / len(z)

    through_the_loss = lambda z, y: complex_step(lambda z: loss(z, y), z)
    for seed in SEEDS:
        assert judge(slope, lambda w: complex_step(square, w), seed).outcome == CORRECT
        assert judge(core.find("2.7"), through_the_loss, seed).outcome == CORRECT


def test_evidence_comes_from_ordinary_numbers_where_they_are_wrong_too():
    assert "e+" not in judge(slope, lambda w: 3 * w + 1).text


def test_float32_is_right_as_far_as_it_goes_and_says_that_marks_want_more():
    feedback = judge(core.find("1.3"), lambda x, W, b: sigmoid(x @ W.T + b).astype(np.float32))
    assert feedback.outcome == CORRECT


ITEMS = [
    core.Item("0.5 for 0.9:", {"A": "minus", "B": "bias"}, "B", {"A": ("XX-1", "No.", "Why?")}),
    core.Item("Which?", {"A": "this", "B": "that", "C": "none"}, "A", {}),
]
QUIZ = core.choice("9.2", 1, "Name them", ("?", "", "a, b"), "names", ITEMS)


@named(
    ("answer", "outcome", "id", "words"),
    [
        ("", NOT_ATTEMPTED, None, "Nothing is written"),
        ("BA", CORRECT, None, ""),
        (["b", "a"], CORRECT, None, ""),
        ("A A", NOT_YET, "XX-1", "1 of 2 are right; number 1 is not"),
        ("B C", NOT_YET, None, "1 of 2 are right; number 2 is not"),
        ("B", NOT_YET, None, "2 letters are needed, not 1"),
        ("B D", NOT_YET, None, "D is none of A B C at item 2"),
        (5, NOT_YET, None, "text of letters"),
    ],
)
def test_a_choice_names_the_thought_behind_the_first_wrong_letter(answer, outcome, id, words):
    feedback = judge(QUIZ, answer)
    assert (feedback.outcome, feedback.misconception) == (outcome, id)
    assert words in feedback.text


def test_a_choice_can_be_built_and_typed():
    assert "# 2. Which?" in QUIZ.stub and 'names = ""' in QUIZ.stub
    assert run(QUIZ, QUIZ.solved) == "B A"
    assert run(QUIZ, QUIZ.wrong(QUIZ.misconceptions[0])) == "A A"


@named("exercise", ALL, ids=lambda e: e.id)
def test_the_text_of_an_answer_fits_into_a_narrow_notebook(exercise):
    assert not [line for line in exercise.docstring.splitlines() if len(line) > 90]
