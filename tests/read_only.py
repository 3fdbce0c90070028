"""Folders that nobody may write to, root neither."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted_read_only(folder: Path, at: Path) -> Iterator[None]:
    """Have a folder at another place, or at its own, read-only whoever one is."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a folder read-only")
    subprocess.run(["mount", "--bind", folder, at], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", at], check=True)
        yield
    finally:
        subprocess.run(["umount", at], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nobody write to a folder in the block."""
    if os.geteuid() == 0:  # who may write to whatever has the permission
        with mounted_read_only(folder, folder):
            yield
        return
    subprocess.run(["chmod", "-R", "a-w", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["chmod", "-R", "u+w", folder], check=True)
