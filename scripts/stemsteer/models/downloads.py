"""Downloads that can be interrupted: the part that has come is kept, and the next try goes on from there."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import IO
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tqdm import tqdm

try:
    import fcntl
except ModuleNotFoundError:  # on Windows
    fcntl = None  # type: ignore[assignment]

TIMEOUT = 60
"""Seconds without a byte after which a download fails."""


def download(url: str, part: Path, name: str) -> None:
    """Fetch a file; where `part` holds the beginning of it, fetch only the rest.

    A server that cannot send the rest alone sends the whole file, which then replaces `part`. The caller has to verify
    the complete file, for `part` may be the beginning of another one.

    Args:
        url: of the file.
        part: where the file is written; when an error is raised, what has come stays there.
        name: for the progress bar, which is shown on terminals only.

    Raises:
        OSError, http.client.HTTPException: the server cannot be reached or refuses, or the file cannot be written.
    """
    part.parent.mkdir(parents=True, exist_ok=True)
    begun = part.stat().st_size if part.exists() else 0
    request = Request(url, headers={"Range": f"bytes={begun}-"} if begun else {})
    try:
        answer = urlopen(request, timeout=TIMEOUT)
    except HTTPError as error:
        if begun and error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # `part` is complete
        raise
    resumed = answer.status == HTTPStatus.PARTIAL_CONTENT
    with answer, part.open("ab" if resumed else "wb") as file:
        begun = file.tell()
        total = None if answer.length is None else begun + answer.length
        progress = tqdm.wrapattr(
            answer, "read", total, initial=begun, desc=name, unit="B", unit_scale=True, disable=None
        )
        with progress as stream:
            shutil.copyfileobj(stream, file)
        if total is not None and file.tell() < total:
            raise ConnectionError(f"the connection ended after {file.tell():,} of {total:,} bytes")


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Wait until no other process, on any machine that shares the file system, is in a block with this lock file."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        # Windows and some file systems of clusters have no such locks. If two processes write one file there, its
        # verification fails.
        if fcntl:
            with suppress(OSError):
                _wait_for(file)
        yield


def _wait_for(lock: IO[str]) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        logging.info("waiting for another download to end")
        fcntl.flock(lock, fcntl.LOCK_EX)
