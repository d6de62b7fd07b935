"""Two commands, from a fresh clone and nothing but Python 3.11 or newer:

    python3 start.py lab      learn: JupyterLab opens on lesson 1
    python3 start.py test     check: the linters, every test, every notebook

The first run makes .venv and installs bplib in it (with uv, where there is uv); later runs start
at once. What follows is passed on: lab --no-browser --port 9999, test -k network.
A whole test uses every processor, one file of tests at a time; a part of it, or test -n 0, one.
"""

# Only the standard library, and it must parse on Python 3.6: how else could it say "too old"?

import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = str(BIN / ("python.exe" if os.name == "nt" else "python"))
READY = VENV / "ready.txt"  # written last: an environment without it is half made
NBGRADER = ("formgrader", "validate_assignment", "assignment_list", "course_list")
GRAMMARS = ("rfc3987_syntax", "rfc3986_validator", "isoduration")  # of web addresses and durations
SETTINGS = {  # nothing may cover the lesson: no news, no menus of the nbgrader that `test` installs
    "share/jupyter/lab/settings/overrides.json": {
        "@jupyterlab/apputils-extension:notification": {
            "fetchNews": "false",
            "checkForUpdates": False,
        }
    },
    "etc/jupyter/labconfig/page_config.json": {"disabledExtensions": {"@jupyter/nbgrader": True}},
    "etc/jupyter/jupyter_server_config.json": {
        "ServerApp": {
            "kernel_websocket_connection_class": "bplib.server.AtOnce",
            "jpserver_extensions": {"nbgrader.server_extensions." + n: False for n in NBGRADER},
        }
    },
}


def lab(*arguments):
    """JupyterLab on lesson 1."""
    lesson = "--LabApp.default_url=/lab/tree/notebooks/01_feed_forward.ipynb"
    command = [PYTHON, "-m", "jupyterlab", lesson, *arguments]
    if os.name == "nt":
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for JupyterLab, which asks first
        sys.exit(subprocess.call(command))
    if os.geteuid() == 0:
        print("You are root: JupyterLab is started with --allow-root.", flush=True)
        command.append("--allow-root")
    os.execv(PYTHON, command)


def test(*arguments):
    """The linters, then pytest; how each goes about it is written in pyproject.toml."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of Pythons start: compile once
    steps = [["ruff", "check"], ["ruff", "format", "--check"], ["lint-imports", "--no-logo"]]
    # two workers more than processors: the tests of the sandbox often wait for a time limit
    workers = ["-n", "0" if arguments else str((os.cpu_count() or 1) + 2)]
    steps += [["pytest", *workers, "--dist=loadfile", "--no-loadscope-reorder", *arguments]]
    failed = [step for step in steps if subprocess.call(step) != 0]  # all run, whatever fails
    sys.exit(1 if failed else 0)


def prepare(command):
    """Make .venv hold what pyproject.toml asks for now; return at once if it already does."""
    wanted = hashlib.sha256((HERE / "pyproject.toml").read_bytes()).hexdigest()
    usable = READY.is_file() and os.path.exists(PYTHON)
    held = READY.read_text("utf-8").splitlines() if usable else []
    if {str(VENV), wanted, command} <= set(held):
        return
    uv = shutil.which("uv")
    print("Installing bplib into .venv, this one time, with", "uv" if uv else "pip", flush=True)
    if str(VENV) not in held:  # absent, half made, or made in another folder
        shutil.rmtree(str(VENV), ignore_errors=True)
        if not uv and not importlib.util.find_spec("ensurepip"):
            sys.exit(
                "This Python cannot make a virtual environment: on Debian or Ubuntu run "
                "`sudo apt install python{}.{}-venv`, elsewhere install Python from python.org, "
                "then run the same command again.".format(*sys.version_info)
            )
        maker = [uv, "venv", "--python", sys.executable] if uv else [sys.executable, "-m", "venv"]
        install(*maker, str(VENV))
    pip = (
        [uv, "pip", "install", "--python", PYTHON]
        if uv
        else [PYTHON, "-m", "pip", "install", "--no-compile"]
    )
    install(*pip, "--editable", ".[test]" if command == "test" else ".")
    for name, setting in SETTINGS.items():
        (VENV / name).parent.mkdir(parents=True, exist_ok=True)
        (VENV / name).write_text(json.dumps(setting), "utf-8")
    # nbformat, and so JupyterLab, would read grammars for a second that no notebook needs
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(VENV)}))
    grammars = "import sys; sys.modules.update(dict.fromkeys({}))\n".format(GRAMMARS)
    (packages / "bplib-start.pth").write_text(grammars)
    # what `test` needs is more than what `lab` needs
    READY.write_text("\n".join([str(VENV), wanted, "lab", command]), "utf-8")


def install(*command):
    """Run an installer on one line of the terminal; if it fails, say its reason and the cure."""
    said = [""]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as installer:
        for line in filter(None, map(str.strip, installer.stdout)):
            said.append(line)
            show("  " + line)
    show("")
    if installer.returncode:
        reason = [line for line in said if line.startswith("ERROR:")] or said
        sys.exit(
            "The installation stopped ({}): if you are offline, connect to the internet, "
            "then run the same command again.".format(reason[-1])
        )


def show(text):
    """Write over the last line of the terminal; say nothing in a log."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - 1
        print("\r" + text[:width].ljust(width), end="\r", flush=True)


def main(command="", *arguments):
    if sys.version_info < (3, 11):
        sys.exit(
            "bplib needs Python 3.11 or newer, and this is Python {}.{}: "
            "install one from python.org, then run the command with that one.".format(
                *sys.version_info
            )
        )
    if command not in ("lab", "test"):
        sys.exit(__doc__)
    os.chdir(str(HERE))
    prepare(command)
    for library in ("OPENBLAS", "OMP", "MKL"):  # our matrices are small: threads only cost time
        os.environ[library + "_NUM_THREADS"] = "1"
    os.environ["PATH"] = str(BIN) + os.pathsep + os.environ.get("PATH", "")
    {"lab": lab, "test": test}[command](*arguments)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("\nStopped. Run the same command to start again.")
