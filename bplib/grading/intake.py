"""Read notebooks that others wrote.  Nothing here runs their code or trusts their file."""

import itertools
import json
import os
import re
import stat
import unicodedata
from pathlib import Path
from typing import NamedTuple

LIMIT = 20 * 2**20  # bytes in a notebook
CELL_LIMIT = 2**20  # characters in a cell
CELLS_LIMIT = 2000
CODE_LIMIT = 2 * 2**20  # characters in all code cells
BRACKETS_LIMIT = 500_000  # each object or list of JSON takes far more memory than its two brackets
NOTEBOOKS_LIMIT = 20  # of one student
LITTER = ("._", ".DS_Store", "__MACOSX", ".ipynb_checkpoints")  # names of what programs leave
NOTEBOOK = re.compile(r"\.ipynb(\.txt|\.json)?$", re.IGNORECASE)  # browsers add the second ending
PACKED = (".zip", ".7z", ".rar", ".gz", ".tar")
INSTEAD = (*PACKED, ".pdf", ".html", ".py", ".docx", ".json")  # what comes in its place
DOWNLOADS = (  # what Moodle and Canvas call a hand-in: who, the number that tells two Annas apart
    re.compile(r"(?P<who>.+)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)(?:_.*)?"),
    re.compile(r"(?P<who>[^_]+)(?:_LATE)?_(?P<number>\d{3,})_\d{3,}_.+"),
)


class Unreadable(Exception):
    """One sentence that says why a file cannot be marked."""


class Cell(NamedTuple):
    """One code cell.  keys : its nbgrader grade_id and its cell id, where it has them"""

    keys: tuple[str, ...]
    source: str


def students(folder, skip):
    """Who handed in what.   ->  {student: [paths]}, and the names of files that are no notebook

    alice.ipynb is one student, alice/…/anything.ipynb is one student; skip is our own output.
    """
    found, others, ignored = {}, {}, []

    def add(name, paths):
        student = _who(name)
        known = found.setdefault(student, [])
        known += paths
        if len(known) > NOTEBOOKS_LIMIT:
            ignored.append(f"{student}: all but {NOTEBOOKS_LIMIT} notebooks")
            del known[NOTEBOOKS_LIMIT:]

    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        path = Path(entry.path)
        if entry.name.startswith(LITTER) or os.path.realpath(path) == str(skip):
            continue
        if entry.name.startswith("."):
            ignored.append(entry.name)
        elif entry.is_dir(follow_symlinks=False):
            instead = others.setdefault(_who(entry.name), [])
            mine = _notebooks(path, skip, ignored, instead)
            add(entry.name, itertools.islice(mine, NOTEBOOKS_LIMIT + 1))
        elif NOTEBOOK.search(entry.name):
            add(NOTEBOOK.sub("", entry.name), [path])
        elif entry.is_symlink():
            add(entry.name, [path])
        elif path.suffix.lower() in INSTEAD or _who(path.stem) != _composed(path.stem):
            others.setdefault(_who(path.stem), []).append(path)
            add(path.stem, [])
        else:
            ignored.append(entry.name)
    for student, paths in found.items():
        if not paths:  # nothing to mark: another file, best a packed one, says why
            instead = others.get(student, [])
            paths += sorted(instead, key=lambda path: path.suffix.lower() not in PACKED)[:1]
    return found, ignored


def _who(name):
    """The student, from the name of a file or folder: of a download, who and the number."""
    name = _composed(name)
    for download in DOWNLOADS:
        if match := download.fullmatch(name):
            return f"{match['who']}_{match['number']}"
    return name


def _composed(name):
    """macOS writes é or 김 in parts, Windows and course systems in one: it is the same student."""
    return unicodedata.normalize("NFC", name)


def _notebooks(folder, skip, ignored, instead):
    """The notebooks in a folder; the names of other files go to ignored or instead."""
    for here, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(
            f for f in folders if os.path.realpath(os.path.join(here, f)) != str(skip)
        )
        hidden = {f for f in (*folders, *files) if f.startswith((".", *LITTER))}
        inside = Path(here).relative_to(folder.parent)
        ignored += [str(inside / f) for f in sorted(hidden) if not f.startswith(LITTER)]
        folders[:] = [f for f in folders if f not in hidden]
        seen = sorted(f for f in files if f not in hidden)
        instead += [Path(here, f) for f in seen if not NOTEBOOK.search(f)]
        yield from (Path(here, f) for f in seen if NOTEBOOK.search(f))


def load(path):
    """The bytes of a regular file, never through a link.   Unreadable, in one sentence"""
    links = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    if path.is_symlink():
        raise Unreadable("The file is a link, not a notebook.")
    if path.suffix.lower() in PACKED:
        raise Unreadable(
            f"{path.name} is packed: only the notebook in it, unpacked, can be marked."
        )
    if not NOTEBOOK.search(path.name):
        raise Unreadable(f"{path.name} is no notebook: the name of one ends in .ipynb.")
    try:
        handle = os.open(path, os.O_RDONLY | links | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise Unreadable(f"The file cannot be opened: {error.strerror}.") from None
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Unreadable("This is not a regular file.")
        data = file.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise Unreadable(
            f"The file is larger than {LIMIT >> 20} MB: clear all outputs, then save it again."
        )
    return data


def read(data):
    """The code cells of a notebook file, in order.   data : its bytes  ->  [Cell], [flags]

    Unreadable, in one sentence, when it is not a notebook.
    """
    if not data.strip():
        raise Unreadable("The file is empty.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("The file is not UTF-8 text, as every notebook is.") from None
    if text.count("{") + text.count("[") > BRACKETS_LIMIT:
        raise Unreadable("The file has more parts than a notebook can have.")
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable(
            "The file is not a whole notebook: it is cut off or is not JSON."
        ) from None
    cells, flags = _cells(notebook)
    if len(cells) > CELLS_LIMIT:
        raise Unreadable(f"The notebook has more than {CELLS_LIMIT} cells.")
    code = []
    for cell in cells:
        kind = cell.get("cell_type") if isinstance(cell, dict) else None
        if kind != "code":
            if not isinstance(kind, str):
                flags.append("a cell is malformed and was left out")
            continue
        source = _source(cell.get("source", cell.get("input", "")))
        if source is None:
            flags.append("a cell is malformed or too long and was left out")
        else:
            code.append(Cell(_keys(cell), source))
    if sum(len(cell.source) for cell in code) > CODE_LIMIT:
        raise Unreadable(f"The notebook holds more than {CODE_LIMIT >> 20} MB of code.")
    ids = [key for cell in code for key in set(cell.keys)]
    if len(ids) > len(set(ids)):
        flags.append("two cells have the same id")
    return code, list(dict.fromkeys(flags))


def _cells(notebook):
    """The list of cells, also of a notebook from before 2015 (nbformat 3 keeps worksheets)."""
    if not isinstance(notebook, dict):
        raise Unreadable("The file is JSON, but not a notebook.")
    sheets = notebook.get("worksheets")
    if isinstance(sheets, list) and "cells" not in notebook:
        parts = [sheet.get("cells") if isinstance(sheet, dict) else None for sheet in sheets]
        cells = [cell for part in parts if isinstance(part, list) for cell in part]
        return cells, ["old notebook format (nbformat 3)"]
    if not isinstance(notebook.get("cells"), list):
        raise Unreadable("The file is JSON, but it has no cells.")
    return notebook["cells"], []


def _source(source):
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str) or len(source) > CELL_LIMIT:
        return None
    return source.encode("utf-8", "replace").decode()  # a lone surrogate cannot be written


def _keys(cell):
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return tuple(key for key in (grade_id, cell.get("id")) if isinstance(key, str))
