"""A command ends when it is asked to, when it is made to, and when it is finished, whatever components do."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

LEFT = """
import atexit, multiprocessing, threading, time
def forever():
    time.sleep(1000)
threading.Thread(target=forever).start()
multiprocessing.get_context("fork").Process(target=forever).start()
atexit.register(forever)
"""


@pytest.fixture(autouse=True)
def nothing_is_ignored() -> Iterator[None]:
    """A child ignores what its parent ignores, and these tests may run under `nohup` or in a script's background."""
    ignored = [one for one in (signal.SIGHUP, signal.SIGINT) if signal.getsignal(one) is signal.SIG_IGN]
    for one in ignored:
        signal.signal(one, signal.SIG_DFL)
    yield
    for one in ignored:
        signal.signal(one, signal.SIG_IGN)


def begun(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sctk_cli.main", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 90
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert path.exists()


HANGS = ("--set", "critic.at=critique", "--set", "critic.how=hang", "--set", "critic.after=3")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_each_signal_that_asks_for_an_end_ends_as_ctrl_c_does(name: str, toy: list[str]) -> None:
    arguments = [*toy, *HANGS, "--set", f"critic.flag={toy[-1]}.flag"]
    running = begun(*arguments)
    wait_for(Path(toy[-1]).parent / "replies.sqlite")
    time.sleep(1)
    running.send_signal(getattr(signal, name))
    _, err = running.communicate(timeout=120)
    assert running.returncode == 130, err
    assert "run the same line again" in err
    Path(f"{toy[-1]}.flag").touch()
    again = begun(*arguments, "--json")
    out, err = again.communicate(timeout=240)
    assert again.returncode == 0, err
    assert json.loads(out)["state"] == "done"


def test_what_is_ignored_stays_ignored_and_a_job_in_the_background_can_be_ended(toy: list[str]) -> None:
    """`nohup sctk run ... &` in a script: its shell has it ignore SIGINT and SIGHUP."""
    shell = ["bash", "-c", 'trap "" INT; exec nohup "$@"', "bash"]
    command = [*shell, sys.executable, "-m", "sctk_cli.main", *toy, *HANGS]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(Path(toy[-1]).parent / "replies.sqlite")
    time.sleep(1)
    running.send_signal(signal.SIGHUP)
    running.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(timeout=2)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)
    assert running.returncode == 130


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("holds", ["time.sleep(0.1)", "hashlib.pbkdf2_hmac('sha256', b'', b'', 2_000_000_000)"])
def test_a_second_signal_ends_what_swallows_the_first(name: str, holds: str, toy: list[str], tmp_path: Path) -> None:
    """A component that catches whatever is raised in it and holds the run's own thread, or holds it in foreign code."""
    plugin = tmp_path / "held.py"
    plugin.write_text("import hashlib\nimport time\n" + SWALLOWS.replace("HOLDS", holds))
    running = begun(*toy, "--load", str(plugin), "--set", "reward.use=held")
    wait_for(tmp_path / "held")
    running.send_signal(getattr(signal, name))
    time.sleep(1)
    assert running.poll() is None
    running.send_signal(getattr(signal, name))
    began = time.monotonic()
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert time.monotonic() - began < 30
    assert "interrupted" in err
    assert "Traceback" not in err


SWALLOWS = """
from dataclasses import dataclass
from pathlib import Path
from sctk_core import Component, hookimpl


class Held:
    @dataclass(frozen=True, kw_only=True)
    class Config:
        \"\"\"Nothing to set.\"\"\"

    def __init__(self, config):
        pass

    async def score(self, samples):
        while True:
            try:  # what comes between these two lines is swallowed too
                (Path(__file__).parent / "held").touch()
                HOLDS
            except BaseException:
                pass


@hookimpl
def sctk_rewards():
    return [Component(name="held", target=f"{__name__}:Held", summary="It never ends.")]
"""


def test_nothing_of_others_keeps_a_finished_process_alive(tmp_path: Path) -> None:
    plugin = tmp_path / "left.py"
    plugin.write_text(LEFT)
    began = time.monotonic()
    command = [sys.executable, "-m", "sctk_cli.main", "plugins", "--load", str(plugin)]
    with (tmp_path / "out").open("w") as out:  # the child that is left holds a pipe open
        code = subprocess.run(command, stdout=out, stderr=out, check=False, timeout=90).returncode
    assert time.monotonic() - began < 60
    assert code in (0, 3)
    assert "Traceback" not in (tmp_path / "out").read_text()


IN_A_LOCK = """
import os, signal, sys, threading

SIGNALS = ["WHILE", "BEFORE"]


def strikes(frame, event, argument):
    \"\"\"A signal where a thread that begins gives its lock back.\"\"\"
    if event == "call" and frame.f_code.co_name == "_acquire_restore" and SIGNALS and SIGNALS.pop() == WHEN:
        os.kill(os.getpid(), getattr(signal, NAME))


def begins(**_):
    \"\"\"Threads, until one was waited for: a quick one has begun before its lock is given back.\"\"\"
    while SIGNALS:
        threading.Thread(target=print).start()


from sctk_cli import main
from sctk_cli.ending import ended


main.cli.main = begins
sys.setprofile(strikes)
ended(main.main)
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("when", ["BEFORE", "WHILE"])
def test_a_signal_while_a_thread_begins_is_no_fault(name: str, when: str) -> None:
    """Of the thread that counts signals, and of one that a command begins."""
    program = IN_A_LOCK.replace("NAME", repr(name)).replace("WHEN", repr(when))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
    assert "fault" not in done.stderr


WHILE_A_CLASS_IS_MADE = """
import os, signal


class Struck:
    def __set_name__(self, owner, name):
        os.kill(os.getpid(), signal.SIGINT)


class Reward:
    one = Struck()
"""


def test_an_interrupt_while_a_plugin_is_imported_is_no_fault_of_the_plugin(toy: list[str], tmp_path: Path) -> None:
    """Python 3.11 makes an error of its own of what is raised while a class is made."""
    plugin = tmp_path / "struck.py"
    plugin.write_text(WHILE_A_CLASS_IS_MADE)
    running = begun(*toy, "--load", str(plugin))
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "broken" not in err
