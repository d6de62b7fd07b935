"""Submissions in, marks out.  It knows no maths: what is right comes from the exercises.

intake reads files that others wrote; transplant puts their answers into our notebook;
judge runs nbval over it (nbval_plugin rides along); batch draws the secret inputs, checks that
the judge can be believed, and asks the diagnosis for words; ledger keeps every mark at once;
report and pages show them; cluster does the same on other computers.
"""


class GradingError(Exception):
    """Nothing was marked, or marking stopped.  The message is one sentence for the teacher.

    code : how the command ends
    """

    code = 1


class Stopped(GradingError):
    """Marking ended early.  What is marked is kept, and --resume goes on."""

    code = 3


def grade(path, out=None, trust=False, **options):
    """Mark one notebook, or a folder with one notebook or one folder per student.   ->  Report

    out : folder for the reports (none for your own notebook unless you ask; a folder needs it)
    trust : run without the sandbox, with all your rights;  else nothing runs where none holds
    seed : of an earlier batch, to get its marks again;  None draws a fresh secret one
    jobs : notebooks at the same time;  lesson : "01";  None takes what most notebooks belong to
    timeout : seconds one cell may run;  resume : go on with the batch that stopped in out
    cluster : address of a Dask scheduler, whose workers then do it;  jobs is for each of them
    progress : called as progress(done, total, student);  say : called with one line before
    GradingError, in one sentence, when nothing can be marked.
    """
    from bplib.grading.batch import grade as mark

    return mark(path, out, trust, **options)
