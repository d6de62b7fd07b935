"""Our marks in the gradebook of nbgrader: its formgrader, feedback and export then work with them.

nbgrader's own autograde is never used: it judges inside the student's process.
"""

import copy
import json
import os
import sys
import warnings
from contextlib import closing
from pathlib import Path

from bplib.exercises import core
from bplib.grading import GradingError, batch, transplant
from bplib.grading.ledger import Ledger


def push(out, course, assignment=None, folder=None):
    """Write the marks of the batch in out into an nbgrader course.   ->  assignment, students

    course : the folder of the course (gradebook.db, nbgrader_config.py)
    assignment : its name there, else that of our notebook;  folder : of the submissions
    Who has no marks gets no submission there: that is not a zero.
    GradingError, in one sentence, when nbgrader, its course or the submissions are missing.
    """
    try:
        from nbgrader.api import Gradebook
        from nbgrader.coursedir import CourseDirectory
        from sqlalchemy.exc import SAWarning, SQLAlchemyError
        from traitlets.config import Config, PyFileConfigLoader
    except ImportError:
        raise GradingError("nbgrader is not installed here: pip install nbgrader.") from None
    book, course = Ledger(out).open(), Path(course).resolve()
    if not book.finished:
        raise GradingError(f"The batch in {out} is not finished: go on with --resume first.")
    if not course.is_dir():
        raise GradingError(f"There is no nbgrader course at {course}.")
    lesson = book.head["lesson"]
    name = f"{lesson}_{core.LESSONS[lesson]}"
    assignment = assignment or name
    config = Config()
    if (course / "nbgrader_config.py").exists():
        config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    config.CourseDirectory.root = str(course)
    directory = CourseDirectory(config=config)
    key = batch._key(lesson, book.seed)
    marked = {result.student: result for result in book.results if result.marks}
    answers = _answers(key, marked, Path(folder or book.head["folder"]), out)
    tools = str(Path(sys.executable).parent)  # nbgrader calls alembic, which lies beside Python
    os.environ["PATH"] = os.pathsep.join([tools, os.environ.get("PATH", "")])
    try:
        with (
            closing(Gradebook(directory.db_url, directory.course_id)) as gradebook,
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own code
            _assignment(gradebook, directory, key, name, assignment)
            for student, result in marked.items():
                gradebook.update_or_create_student(student)
                _submission(gradebook, directory, result, name, assignment)
                _notebook(directory, key, result, answers.get(student), name, assignment)
    except SQLAlchemyError as error:
        reason = str(error).splitlines()[0]
        raise GradingError(f"The gradebook {directory.db_url} does not open: {reason}") from None
    except OSError as error:
        raise GradingError(f"{course} cannot be written: {error.strerror or error}.") from None
    return assignment, len(marked)


def _answers(key, marked, folder, out):
    """What each student wrote, to be shown in the formgrader; marks do not need it."""
    if not folder.exists():
        return {}
    named, _ = batch.hand_ins(folder, folder.is_file(), out)
    picked = {
        student: batch._pick(student, batch._read(named[student]), key)[1]
        for student in marked.keys() & named.keys()
    }
    return {student: answers for student, answers in picked.items() if answers is not None}


def _assignment(gradebook, directory, key, name, assignment):
    """The assignment with its cells, and the source notebook that the formgrader looks for."""
    gradebook.update_or_create_assignment(assignment)
    gradebook.update_or_create_notebook(name, assignment)
    for id, exercise in key.exercises.items():
        answer, check = transplant.answer_key(id), transplant.check_key(id)
        gradebook.update_or_create_solution_cell(answer, name, assignment)
        gradebook.update_or_create_grade_cell(
            check, name, assignment, max_score=exercise.points, cell_type="code"
        )
        for cell, source in ((answer, exercise.stub), (check, _check_source(key, id))):
            gradebook.update_or_create_source_cell(
                cell, name, assignment, source=source, cell_type="code", locked=cell == check
            )
    path = _path(directory, directory.source_directory, ".", assignment, name)
    if not path.exists():
        _write(path, batch._solved(key.lesson))


def _check_source(key, id):
    cells = {cell["id"]: cell for cell in key.pristine["cells"]}
    return transplant.joined(cells[transplant.check_key(id)]["source"])


def _submission(gradebook, directory, result, name, assignment):
    """Points as automatic scores, words as automatic comments; a manual score stays."""
    submitted = directory.format_path(directory.submitted_directory, result.student, assignment)
    stamp = Path(submitted) / "timestamp.txt"
    when = {"timestamp": stamp.read_text().strip()} if stamp.exists() else {}
    gradebook.update_or_create_submission(assignment, result.student, **when)
    for mark in result.marks:
        where = (name, assignment, result.student)
        grade = gradebook.find_grade(transplant.check_key(mark.id), *where)
        grade.auto_score, grade.needs_manual_grade = mark.points, False
        comment = gradebook.find_comment(transplant.answer_key(mark.id), *where)
        comment.auto_comment = f"{mark.outcome}: {mark.text}"
    gradebook.db.commit()


def _notebook(directory, key, result, answers, name, assignment):
    """Our notebook with the student's answers as text, and below each check what we said."""
    notebook = copy.deepcopy(key.pristine)
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    for mark in result.marks:
        source = answers.sources.get(mark.id) if answers else "# The submission was not found."
        if source is not None:
            cells[transplant.answer_key(mark.id)]["source"] = source
        said = f"{mark.outcome}, {mark.points:g} of {mark.of:g}\n{mark.text}\n"
        output = {"output_type": "stream", "name": "stdout", "text": said}
        cells[transplant.check_key(mark.id)]["outputs"] = [output]
    autograded = directory.autograded_directory
    _write(_path(directory, autograded, result.student, assignment, name), notebook)


def _path(directory, step, student, assignment, name):
    return Path(directory.format_path(step, student, assignment)) / f"{name}.ipynb"


def _write(path, notebook):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1), encoding="utf-8")
