"""The live view of a running workflow: what each job does, how far all of it is, and how long it will take."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from stemsteer.command_line.workflow.state import RunningJob, State

SHOWN = 8
"""Jobs that are shown at the same time."""

SECONDS_BETWEEN_LINES = 10.0
"""Where there is no terminal."""

WIDEST_NAME = 40


@contextmanager
def shown(state: State, terminal: TextIO) -> Iterator[None]:
    """Show a workflow in the block: live on a terminal that can be, else a line from time to time."""
    console = Console(file=terminal, highlight=False)
    if terminal.isatty() and not console.is_dumb_terminal:
        # What Snakemake prints by itself goes where `output_to` sends it, not above the view.
        with Live(View(state), console=console, transient=True, redirect_stdout=False, redirect_stderr=False):
            yield
        return
    ended = threading.Event()
    lines = threading.Thread(target=_write_lines, args=(state, terminal, ended), daemon=True)
    lines.start()
    try:
        yield
    finally:
        ended.set()
        lines.join()


class View:
    """Draws a state; rich asks it for a picture a few times a second."""

    def __init__(self, state: State) -> None:
        self.state = state

    def __rich__(self) -> RenderableType:
        with self.state.lock:
            running = list(self.state.running.values())
        table = Table.grid(padding=(0, 2))
        for job in running[:SHOWN]:
            table.add_row(*_row(job))
        hidden = len(running) - SHOWN
        more = [Text(f"and {hidden} more", style="dim")] if hidden > 0 else []
        return Group(table, *more, *_trouble(self.state), _whole(self.state))


def _trouble(state: State) -> Iterator[Text]:
    if state.interrupted:
        yield Text("stopping: jobs keep what they have", style="yellow")
    elif state.failed:
        yield Text(f"{len(state.failed)} failed; the others go on", style="red")


def _row(job: RunningJob) -> tuple[Text, ...]:
    names, share = job.names(), job.share()
    what = [names.get("track", ""), names.get("source", "")]
    percent = "" if share is None else f"{share:.0%}"
    return (*(Text(_short(name)) for name in what), Text(job.stage, style="cyan"), Text(percent, justify="right"))


def _whole(state: State) -> RenderableType:
    share = state.share()
    grid = Table.grid(padding=(0, 2))
    grid.add_row(ProgressBar(total=1.0, completed=share, width=40), Text(f"{share:.0%}"), Text(_time_left(state)))
    return grid


def _time_left(state: State) -> str:
    seconds = state.seconds_left()
    return "" if seconds is None else f"{in_words(seconds)} left"


def in_words(seconds: float) -> str:
    """A time, as exactly as anybody wants to know it."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _short(name: str) -> str:
    return name if len(name) <= WIDEST_NAME else name[: WIDEST_NAME - 1] + "…"


def _write_lines(state: State, terminal: TextIO, ended: threading.Event) -> None:
    """A line whenever some time has passed and something has changed."""
    last = ""
    began = time.monotonic()
    while not ended.wait(SECONDS_BETWEEN_LINES):
        line = _line(state)
        if line and line != last:
            print(f"[{timedelta(seconds=round(time.monotonic() - began))}] {line}", file=terminal, flush=True)
        last = line


def _line(state: State) -> str:
    with state.lock:
        running = list(state.running.values())
    if not running:
        return ""
    job = next((job for job in running if job.rule == "steer"), running[0])
    names, share = job.names(), job.share()
    name = names.get("track", "")
    part = "" if share is None else f" {share:.0%}"
    others = f", and {len(running) - 1} more" if len(running) > 1 else ""
    left = _time_left(state)
    doing = f"{name}: {job.stage}{part}" if name else job.stage
    return f"{state.share():4.0%}  {doing}{others}{f'; {left}' if left else ''}"
