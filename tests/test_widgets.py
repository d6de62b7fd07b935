"""The one mechanism of the interactives, on a picture small enough to check by eye."""

import asyncio
import base64
import gc
import weakref
import xml.etree.ElementTree as ET

import pytest
from ipywidgets.widgets import widget
from traitlets import TraitError

from bplib import svg
from bplib.widgets.explore import AHEAD, Explore, Picture, choice, slider, smooth, whole


def draw_square(side, unit="cm"):
    """A square; it cannot be drawn with a negative side, nor with an infinite one."""
    if side < 0:
        raise ValueError("a side is never negative.\nSecond line.")
    length = float("inf") if side == 9 else side
    words = f"a square with a side of {side} {unit}"
    drawing = svg.document(50, words, svg.box(0, 0, length, length))
    return Picture(drawing, words, [f"area < {side}² + 1"], [["side", "area"], [side, side**2]])


def squares(**extra):
    return Explore(draw_square, "Change the side.", side=slider("side", 3.0, -1, 9, 1), **extra)


def test_moving_a_control_changes_the_picture_the_words_and_the_numbers():
    explore = squares()
    before = explore.frame.value
    explore.show_table.value = True
    explore.controls["side"].value = 5
    assert explore.picture.alt == "a square with a side of 5.0 cm"
    assert explore.frame.value.startswith(explore.picture.svg) and explore.frame.value != before
    assert "<td>25.0</td>" in explore.table.value


def test_the_worked_line_stands_below_the_picture_and_is_escaped():
    assert "area &lt; 3.0² + 1" in squares().frame.value


def test_the_table_is_only_there_when_it_is_asked_for():
    explore = squares()
    assert explore.table.value == ""
    explore.show_table.value = True
    table = ET.fromstring(explore.table.value)
    assert [cell.text for cell in table.iter("th")] == ["side", "area"]
    explore.show_table.value = False
    assert explore.table.value == ""


def test_reset_puts_every_control_back_and_draws_once():
    explore = squares(unit=choice("unit", ["cm", "inch"]))
    first = explore.frame.value
    explore.controls["side"].value, explore.controls["unit"].value = 7, "inch"
    assert explore.frame.value != first
    frames = []
    explore.frame.observe(lambda change: frames.append(change.new), "value")
    explore.reset.click()
    assert explore.controls["side"].value == 3 and explore.controls["unit"].value == "cm"
    assert frames == [first]


def test_a_value_that_a_control_does_not_take_leaves_the_others_drawn():
    explore = squares(unit=choice("unit", ["cm", "inch"]))
    with pytest.raises(TraitError):
        explore.put(side=5, unit="mile")
    assert explore.picture.alt == "a square with a side of 5.0 cm"


def test_an_error_is_one_sentence_in_place_and_the_next_state_draws_again():
    explore = squares()
    explore.controls["side"].value = -1
    sentence = "This cannot be drawn (ValueError): a side is never negative."
    assert explore.picture.alt == sentence
    assert sentence in explore.frame.value
    assert "Traceback" not in explore.frame.value and "Second" not in explore.frame.value
    explore.controls["side"].value = 2
    assert explore.picture.alt == "a square with a side of 2.0 cm"


def test_an_infinite_number_is_said_and_not_drawn():
    explore = squares()
    explore.controls["side"].value = 9
    assert "a number is NaN or infinite" in explore.frame.value


def test_without_a_kernel_the_first_frame_is_an_image_with_words():
    bundle = squares()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"] == "a square with a side of 3.0 cm"
    image = ET.fromstring(bundle["text/html"].replace(">", "/>"))
    assert image.get("alt") == bundle["text/plain"]
    drawing = base64.b64decode(image.get("src").removeprefix("data:image/svg+xml;base64,"))
    assert ET.fromstring(drawing).get("aria-label") == bundle["text/plain"]


def steps(last=3):
    return Explore(lambda step: draw_square(step), "Step.", step=whole("step", 0, 0, last))


@pytest.mark.parametrize("make", [squares, steps])
def test_opening_and_closing_leaves_nothing_behind(make):
    before = set(widget._instances)
    explore = make()
    assert len(widget._instances) > len(before)
    explore.close()
    assert set(widget._instances) == before
    gone = weakref.ref(explore)
    del explore
    gc.collect()
    assert gone() is None


def parts(explore):
    return {part.description: part for part in explore.children[2].children}


def test_step_and_back_stop_at_the_ends():
    explore = steps()
    seen = []
    for name in ["Back", "Step", "Step", "Step", "Step", "Back"]:
        parts(explore)[name].click()
        seen.append(explore.controls["step"].value)
    assert seen == [0, 1, 2, 3, 3, 2]
    assert explore.picture.alt == "a square with a side of 2 cm"


def test_play_drives_the_steps_at_a_rate_that_cannot_flood():
    explore = steps()
    clock = parts(explore)[""]
    parts(explore)["Play"].value = True
    assert clock.playing and clock.interval >= 1000 / 30
    clock.value = 2  # what the browser does when the time has come
    assert explore.picture.alt == "a square with a side of 2 cm"
    parts(explore)["Step"].click()
    assert clock.value == 3  # so that Play goes on from here
    explore.reset.click()
    assert not clock.playing and explore.controls["step"].value == 0


def played(*ticks, pause_after=None, stride=1):
    """The steps that were drawn: the browser ticks when so many frames have been drawn."""
    explore = smooth(steps(60), stride)
    seen, step = [], explore.controls["step"]
    step.observe(lambda change: seen.append(change.new), "value")

    async def browser():
        parts(explore)["Play"].value = True
        for tick in ticks:
            while len(seen) < tick:
                await asyncio.sleep(0.001)
            explore.clock.value += 1
        while len(seen) < (pause_after or 0):
            await asyncio.sleep(0.001)
        parts(explore)["Play"].value = pause_after is None and explore.clock.playing
        await asyncio.sleep(10 / 30)  # time for ten frames more

    asyncio.run(asyncio.wait_for(browser(), 60))
    return seen


def test_a_tick_of_a_smooth_play_allows_a_few_frames_and_then_the_kernel_waits():
    assert played(0) == list(range(1, AHEAD + 1))


def test_ticks_in_time_give_even_steps_and_ticks_in_a_heap_give_no_heap_of_frames():
    assert played(0, 3, 6, stride=2) == list(range(2, 2 * (6 + AHEAD) + 1, 2))
    assert played(0, 0, 0, 0) == list(range(1, 1 + AHEAD + 1))  # the first is drawn at once


def test_after_pause_comes_no_frame():
    assert played(0, pause_after=2) == [1, 2]


def test_play_stops_at_the_end_and_begins_again_from_the_start():
    assert played(0, 3, stride=25) == [25, 50, 60]
    explore = smooth(steps(60), stride=lambda: 7)
    explore.controls["step"].value = 60
    parts(explore)["Play"].value = True
    assert explore.controls["step"].value == 0
    explore.clock.value += 1
    assert explore.controls["step"].value == 7 and explore.clock.playing


def test_a_frame_that_cannot_be_drawn_is_said_and_play_goes_on():
    def draw(step):
        return draw_square(-1 if step == 2 else step)

    explore = smooth(Explore(draw, "Step.", step=whole("step", 0, 0, 60)))
    parts(explore)["Play"].value = True
    said = []
    for _ in range(3):
        explore.clock.value += 1
        said.append(explore.picture.alt[:14])
    assert said == ["a square with ", "This cannot be", "a square with "]
