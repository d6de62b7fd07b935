"""The benchmark measures equal work, and its page says what was measured."""

import json
from pathlib import Path

import pytest
import speed
from peers import CASES

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
