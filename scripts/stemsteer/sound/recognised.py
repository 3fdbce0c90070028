"""Which of many files hold audio: ffprobe is asked about several at once, and about each of them once."""

import json
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from stemsteer.sound.recognition import holds_audio, holds_audio_by_name

FILES_AT_ONCE = 8


class Answer(NamedTuple):
    """Whether a file holds audio, and its absolute path, size (bytes) and date (ns): as a line of JSON."""

    path: str
    size: int
    mtime_ns: int
    audio: bool


def audio_among(paths: Iterable[Path], notes: Path | None = None) -> dict[Path, bool | None]:
    """Whether each of some files holds audio; None for files that may not be read and whose suffix does not tell.

    Args:
        paths: of the files.
        notes: a file that keeps ffprobe's answers, from one call to the next, if its folder is there.
    """
    found: dict[Path, bool | None] = {path: holds_audio_by_name(path) for path in paths}
    if asked := [path for path, audio in found.items() if audio is None]:
        known = _read(notes) if notes and notes.exists() else {}
        with ThreadPoolExecutor(FILES_AT_ONCE) as threads:
            answers = list(threads.map(lambda path: _answer(path, known), asked))
        found |= {path: answer and answer.audio for path, answer in zip(asked, answers, strict=True)}
        if notes and notes.parent.is_dir():
            _note(notes, [answer for answer in answers if answer and answer != known.get(answer.path)])
    return found


def _answer(path: Path, known: dict[str, Answer]) -> Answer | None:
    try:
        state, place = os.stat(path), os.path.abspath(path)
        before = known.get(place)
        if before and (before.size, before.mtime_ns) == (state.st_size, state.st_mtime_ns):
            return before
        return Answer(place, state.st_size, state.st_mtime_ns, holds_audio(path))
    except OSError:
        return None


def _read(notes: Path) -> dict[str, Answer]:
    answers = {}
    for line in notes.read_text(encoding="utf-8").splitlines():
        with suppress(ValueError, TypeError):  # half a line, of a process that was killed
            answer = Answer(**json.loads(line))
            answers[answer.path] = answer
    return answers


def _note(notes: Path, answers: Iterable[Answer]) -> None:
    lines = "".join(f"{json.dumps(answer._asdict())}\n" for answer in answers)
    # Where nothing may be written, ffprobe is asked again. At once, so that the lines of several processes do not mix.
    with suppress(OSError), notes.open("ab", buffering=0) as file:
        file.write(lines.encode())
