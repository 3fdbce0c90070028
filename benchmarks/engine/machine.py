"""The machine that a benchmark ran on, and the memory that it took."""

import os
import platform
import resource
import subprocess
import sys
from pathlib import Path

import torch

from stemsteer.devices import describe

ROOT = Path(__file__).resolve().parents[2]


def facts(device: torch.device, threads: int) -> dict[str, str]:
    """What figures must not be compared without."""
    return {
        "cpu": _cpu(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": str(os.cpu_count()),
        "load": f"{os.getloadavg()[0]:.2f}",
        "threads": str(threads),
        "device": describe(device),
        "torch": torch.__version__,
        "commit": _commit(),
    }


def in_words(facts: dict[str, str]) -> str:
    """For the head of a table."""
    return ", ".join(f"{name} {fact}" for name, fact in facts.items())


def _cpu() -> str:
    """The model's name, where the machine tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _commit() -> str:
    """Of this repository; `-dirty` where files were changed since."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def peak_memory() -> int:
    """The most that this process has had in main memory at once, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # elsewhere in kibibytes
