"""The same marks from workers on other computers, one of which dies."""

import json
import os
import shutil
import signal
from importlib.util import find_spec

import pytest
import submissions
from submissions import SEED, SOLVED

from bplib.grading import GradingError, batch, cluster, grade

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="signals of POSIX"),
    pytest.mark.skipif(
        find_spec("distributed") is None,
        reason="Dask is not installed: pip install -e '.[cluster]'",
    ),
]

COUNT = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hand-ins")
    kinds = submissions.answered(SOLVED), submissions.partial(), submissions.untouched()
    for i in range(COUNT):
        text = json.dumps(kinds[i % 3]) if i != 5 else "{"
        (folder / f"s{i:02}.ipynb").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory):
    from distributed import Client, LocalCluster  # a second that no other worker need spend

    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            dashboard_address=None,
            local_directory=str(tmp_path_factory.mktemp("dask")),
        ) as workers,
        Client(workers, set_as_default=False) as client,
    ):
        yield workers.scheduler_address, client


def marks(report):
    return {r.student: [mark._replace(ms=0) for mark in r.marks] for r in report.results}


def test_a_worker_that_is_killed_costs_no_mark_and_changes_none(folder, two_workers, tmp_path):
    address, client = two_workers
    pids, killed = client.run(os.getpid), []

    def kill(done, total, student):
        busy = [worker for worker, tasks in client.processing().items() if tasks]
        if done <= COUNT // 2 and busy and not killed:
            killed.append(pids[busy[0]])
            os.kill(killed[0], signal.SIGKILL)

    out = tmp_path / "out"
    report = grade(
        folder, out, trust=True, seed=SEED, cluster=address, jobs=1, timeout=60.0, progress=kill
    )
    assert killed and killed[0] not in client.run(os.getpid).values()
    assert len((out / "results.jsonl").read_text().splitlines()) == COUNT + 2
    (tmp_path / "in").mkdir()
    for i in range(3):  # one of each kind
        shutil.copy(folder / f"s{i:02}.ipynb", tmp_path / "in")
    alone = marks(
        grade(tmp_path / "in", tmp_path / "alone", trust=True, seed=SEED, jobs=1, timeout=60.0)
    )
    assert marks(report) == {
        f"s{i:02}": alone[f"s{i % 3:02}"] if i != 5 else [] for i in range(COUNT)
    }
    assert report.results[5].status == "unreadable"


def test_a_worker_with_another_course_or_another_sandbox_marks_nobody(folder, two_workers):
    address, client = two_workers
    key = batch._key("01", SEED)
    for fingerprint, tier, words in (
        ("", "none (trusted)", "another version"),
        (cluster._fingerprint(key), "none (your own notebook)", "the sandbox is"),
    ):
        future = client.submit(cluster.work, {}, "01", SEED, fingerprint, 1, 60.0, tier)
        with pytest.raises(GradingError, match=words):
            future.result()


def test_without_a_scheduler_or_workers_it_says_so_in_one_sentence(folder, tmp_path):
    from distributed import LocalCluster

    with LocalCluster(n_workers=0, dashboard_address=None) as empty:
        for address, words in (
            ("tcp://127.0.0.1:9", "no Dask scheduler at"),
            ("nonsense://x", "no Dask scheduler at"),
            (empty.scheduler_address, "has no workers"),
        ):
            with pytest.raises(GradingError, match=words) as caught:
                grade(folder, tmp_path / words[-4:], trust=True, cluster=address)
            assert "\n" not in str(caught.value)
