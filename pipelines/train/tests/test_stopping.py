"""The trainer ends when it is asked to, in one line at most."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
# Listens as the entry point does, before torch is loaded, and then does nothing.
SCRIPT = "import time; from asterai_train.stopping import end_when_asked as e; e(); print('ready', flush=True); time.sleep(60)"


def start(*, has_parent: bool) -> subprocess.Popen[str]:
    # Whoever runs these tests may be such a parent itself.
    variables = {**os.environ, "PYTHONPATH": str(PROJECT), "ASTERAI_ENDS_WITH_STDIN": "yes" if has_parent else "no"}
    pipe = subprocess.PIPE
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], env=variables, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )
    assert child.stdout and child.stdout.readline() == "ready\n"
    return child


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_one_line(number: signal.Signals) -> None:
    child = start(has_parent=False)
    child.send_signal(number)
    _, said = child.communicate(timeout=20)
    assert child.returncode == 128 + number
    assert said == f"train: stopped by {number.name}; no model was written\n"


def test_under_a_parent_it_leaves_the_word_to_the_parent() -> None:
    child = start(has_parent=True)
    child.send_signal(signal.SIGINT)
    # Its input stays open meanwhile: what ends it is the signal.
    assert child.wait(timeout=20) == 128 + signal.SIGINT
    assert child.stderr and child.stderr.read() == ""


def test_it_ends_with_its_parent() -> None:
    child = start(has_parent=True)
    _, said = child.communicate(timeout=20)
    assert (child.returncode, said) == (128 + signal.SIGHUP, "")


def test_without_a_parent_an_empty_input_means_nothing() -> None:
    child = start(has_parent=False)
    assert child.stdin
    child.stdin.close()
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(timeout=0.5)
    child.kill()
    child.wait()
