"""How the tests move an interactive and read its picture."""

import time
import xml.etree.ElementTree as ET

NAME = "{http://www.w3.org/2000/svg}"


def put(explore, **values):
    """The picture after these controls have these values."""
    explore.put(**values)
    return explore.picture


def words(picture):
    """Every text in the drawing."""
    return [text.text for text in ET.fromstring(picture.svg).iter(f"{NAME}text")]


def column(picture, heading):
    """A column of the numbers table, without its heading."""
    at = picture.numbers[0].index(heading)
    return [row[at] for row in picture.numbers[1:]]


def seconds_of_a_frame(explore):
    """The shortest of five times for the frame that stands there."""
    values = {key: control.value for key, control in explore.controls.items()}
    spent = []
    for _ in range(5):
        start = time.perf_counter()
        explore.draw(**values)
        spent.append(time.perf_counter() - start)
    return min(spent)
