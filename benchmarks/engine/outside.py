"""What a whole process costs, measured from outside: that of the process and of all those that it starts."""

import resource
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # comes with Snakemake

from stemsteer.errors import UserError

BETWEEN_SAMPLES = 0.1  # of the memory, s


@dataclass(frozen=True)
class Cost:
    """Of a process and its children.

    Attributes:
        wall: from its start to its end, s; known to 0.05 s.
        cpu: of all cores, s.
        peak: of the memory of all of them at once, bytes. What processes share counts for each.
        others: what the machine's cores did meanwhile for other processes, s.
        output: what it printed.
    """

    wall: float
    cpu: float
    peak: int
    others: float
    output: str


def measured(name: str, command: Sequence[str], folder: Path) -> Cost:
    """Run a command in a folder to its end.

    Raises:
        UserError: it failed; `name` says in the message what it was.
    """
    peak, cpu_before, busy_before = 0, _cpu_of_children(), _cpu_of_machine()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        started = time.perf_counter()
        with subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        ) as process:
            while not _ends_soon(process):
                peak = max(peak, _memory_of_tree(process.pid))
        wall = time.perf_counter() - started
        output.seek(0)
        said = output.read()
    if process.returncode:
        raise UserError(f"{name} ended with status {process.returncode}: {last_words(said)}")
    cpu, busy = _cpu_of_children() - cpu_before, _cpu_of_machine() - busy_before
    return Cost(wall, cpu, peak, max(0.0, busy - cpu), said)


def last_words(output: str) -> str:
    """The last line of a failed process that tells of an error, else the last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("error: ")]
    return (errors or lines or ["it said nothing"])[-1]


def _ends_soon(process: "subprocess.Popen[bytes]") -> bool:
    """Whether it ends before the next sample of its memory is due."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(BETWEEN_SAMPLES)
    return process.returncode is not None


def _cpu_of_children() -> float:
    """Seconds of all processes that have ended below this one."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _cpu_of_machine() -> float:
    """Seconds that all cores have been busy."""
    times = psutil.cpu_times()
    return float(times.user + times.system + getattr(times, "nice", 0.0))


def _memory_of_tree(number: int) -> int:
    """Bytes in main memory of a process and all below it; processes may end meanwhile."""
    total = 0
    with suppress(psutil.Error):
        process = psutil.Process(number)
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.Error):
                total += one.memory_info().rss
    return total
