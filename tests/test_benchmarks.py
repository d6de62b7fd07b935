"""The benchmarks measure equal work, and their pages say what was measured."""

import json
import sys
from pathlib import Path

import marking
import pictures
import pytest
import speed
from peers import CASES

from bplib import widgets
from bplib.exercises import core

ROOT = Path(__file__).parents[1]


@pytest.fixture
def peers(monkeypatch):
    monkeypatch.setattr(speed, "SECONDS", 0.002)
    peers = [speed.Peer(name) for name in ("bplib", "bplib, readable", "products only")]
    yield peers
    for peer in peers:
        peer.process.communicate()


@pytest.mark.parametrize("dtype", speed.BOTH)
def test_small_networks_agree_after_24_steps_and_each_step_takes_time(peers, dtype):
    for case in ("XOR 2-4-1, batch 4, SGD", "moons 2-16-16-1, batch 32, Adam"):
        found = speed.measure(case, dtype, peers)
        assert list(found) == ["bplib", "bplib, readable", "products only"]
        assert found["bplib, readable"]["difference"] < {"float64": 1e-12, "float32": 1e-5}[dtype]
        assert 0 < found["products only"]["us"] < found["bplib, readable"]["us"]


def test_a_library_without_such_a_network_is_left_out_of_the_case(peers):
    assert list(speed.measure("RBM 64-128, batch 64, CD-1", "float64", peers)) == [
        "bplib",
        "products only",
    ]


def test_every_goal_names_cases_that_there_are():
    assert all(any(word in case for case in CASES) for _, word, _, _ in speed.GOALS)


def test_the_page_says_what_was_measured(tmp_path):
    found = json.loads((ROOT / "benchmarks" / "speed.json").read_text("utf-8"))
    assert [(row["case"], row["dtype"]) for row in found["results"]] == [
        (case, dtype) for case in CASES for dtype in speed.BOTH
    ]
    (tmp_path / "images").mkdir()
    speed.write(found, tmp_path)
    page = (ROOT / "docs" / "speed.md").read_text("utf-8")
    assert (tmp_path / "speed.md").read_text("utf-8") == page
    assert found["machine"]["date"] in page and found["machine"]["cpu"] in page


def test_every_goal_that_was_missed_has_its_reason_on_the_page():
    found = json.loads((ROOT / "benchmarks" / "speed.json").read_text("utf-8"))
    assert {word for _, word, _, _ in speed.GOALS} == set(speed.WHY)
    for row in found["results"]:
        row["peers"]["bplib"]["us"] = 1e9
    page = "\n".join(speed.goals(found["results"]))
    assert "| yes |" not in page
    assert all(f"- {word}: {why}" in page for word, why in speed.WHY.items())
    for row in found["results"]:
        row["peers"]["bplib"]["us"] = 1e-9
    page = "\n".join(speed.goals(found["results"]))
    assert "in part" not in page and not any(why in page for why in speed.WHY.values())


# ---- marking -------------------------------------------------------------------------------------

NBVAL = "pytest --nbval-lax"


def test_each_kind_of_hand_in_gets_the_marks_it_deserves(tmp_path):
    full = sum(exercise.points for exercise in core.exercises("01").values())
    deserved = marking.hand_ins("01", 4, tmp_path)
    assert [deserved[f"s{i:03}"] for i in (0, 2, 3)] == [full, 0, 0]
    assert 0 < deserved["s001"] < full
    used = marking.measure("01", 4, [NBVAL], tmp_path)[NBVAL]
    assert min(used.values()) > 0


def test_a_tool_that_gives_other_marks_stops_the_benchmark(tmp_path, monkeypatch):
    lazy = lambda home, lesson: [sys.executable, "-c", ""], lambda home, lesson: {"s000": 0}
    monkeypatch.setitem(marking.TOOLS, "lazy", lazy)
    with pytest.raises(RuntimeError, match="lazy, lesson 01: marks .*, deserved"):
        marking.measure("01", 1, ["lazy"], tmp_path)


def test_the_meter_counts_the_work_of_children_and_the_memory_they_hold(tmp_path):
    burn = "import time; held = bytearray(10**8)\nwhile time.process_time() < 1: pass"
    start = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    used = marking.run([sys.executable, "-c", start], tmp_path)
    assert used["CPU"] > 0.5 and used["MB"] > 100 and used["files"] > 2


def test_a_command_that_fails_stops_the_benchmark_with_its_words(tmp_path):
    with pytest.raises(RuntimeError, match="such words"):
        marking.run([sys.executable, "-c", "print('such words'); raise SystemExit(2)"], tmp_path)


def test_the_page_of_marking_says_what_was_measured(tmp_path):
    found = json.loads((ROOT / "benchmarks" / "marking.json").read_text("utf-8"))
    assert list(found["lessons"]) == list(core.LESSONS)
    for lesson, row in found["lessons"].items():
        assert row["exercises"] == len(core.exercises(lesson))
        assert row["count"] == marking.COUNT
    assert [row["count"] for row in found["growth"]] == list(marking.CLASSES)
    (tmp_path / "images").mkdir()
    marking.write(found, tmp_path)
    page = (ROOT / "docs" / "marking-speed.md").read_text("utf-8")
    assert (tmp_path / "marking-speed.md").read_text("utf-8") == page
    assert found["machine"]["date"] in page and found["machine"]["cpu"] in page


# ---- pictures ------------------------------------------------------------------------------------


def test_the_page_of_the_pictures_says_what_was_measured_of_every_interactive(tmp_path):
    found = json.loads((ROOT / "benchmarks" / "pictures.json").read_text("utf-8"))
    assert set(found["frames"]) == set(widgets.__all__)
    pictures.write(found, tmp_path)
    page = (ROOT / "docs" / "pictures.md").read_text("utf-8")
    assert (tmp_path / "pictures.md").read_text("utf-8") == page
