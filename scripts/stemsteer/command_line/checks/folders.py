"""Checks of the folders that are written to."""

import shlex
import tempfile
from pathlib import Path

from stemsteer.command_line.checks.finding import Finding, note, ok, problem
from stemsteer.places import cache_folder

ROOM_NEEDED, ROOM_WANTED = 1e9, 10e9
"""Bytes on a disk below which a song, or an album, has no room: its stems are uncompressed."""


def of_results(folder: Path) -> Finding:
    """Whether results can be written to a folder, and how much room there is."""
    if not folder.is_dir():
        return problem(f"there is no folder {str(folder)!r}", "Make it:", shlex.join(["mkdir", "-p", str(folder)]))
    return _examined(folder, "Make room, or separate in a folder on another disk.")


def of_cache() -> Finding:
    """Whether models can be written to the cache, and how much room there is."""
    cache = cache_folder()
    nearest = next(path for path in (cache, *cache.parents) if path.exists())
    return _examined(
        nearest,
        "Name a folder on another disk for caches:",
        f"export XDG_CACHE_HOME=FOLDER  # instead of {cache.parent}",
    )


def _examined(folder: Path, advice: str, *commands: str) -> Finding:
    """Whether a file can be written to a folder, and how much room there is; what to do if not."""
    from stemsteer.jobs.disk import free_bytes, gigabytes

    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"written by a check")
    except OSError as error:
        return problem(f"{folder} cannot be written to: {error.strerror}", advice, *commands)
    free = free_bytes(folder)
    found = f"{folder.resolve()} can be written to; {gigabytes(free)} are free"
    if free < ROOM_NEEDED:
        return problem(found, advice, *commands)
    return note(found, advice, *commands) if free < ROOM_WANTED else ok(found)
