"""Ends the process at once, and without a traceback, when somebody asks for it. Nothing has to be put in order: a folder
without a card is no model."""

import os
import signal
import sys
import threading
from types import FrameType

PARENT_VARIABLE = "ASTERAI_ENDS_WITH_STDIN"
"""Set by whoever holds the other end of standard input for as long as the training is wanted."""


def end_when_asked() -> None:
    """Listens to signals and, under a parent, to its end; a parent that was killed cannot send a signal."""
    has_parent = os.environ.get(PARENT_VARIABLE) == "yes"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end_silently if has_parent else _end)
    if has_parent:
        threading.Thread(target=_end_with_stdin, daemon=True).start()


def _end(number: int, frame: FrameType | None) -> None:
    print(f"train: stopped by {signal.Signals(number).name}; no model was written", file=sys.stderr, flush=True)
    _end_silently(number, frame)


def _end_silently(number: int, _frame: FrameType | None) -> None:
    os._exit(128 + number)


def _end_with_stdin() -> None:
    while os.read(0, 4_096):
        pass
    os._exit(128 + signal.SIGHUP)
