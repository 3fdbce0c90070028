"""Files that are written whole or not at all."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """A path beside `path` to write to; it takes the place of `path` when the block ends without an error."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.stem}.part{path.suffix}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def make_link(path: Path, target: Path) -> None:
    """Let a path lead to a file; to a copy of it where links are not allowed, as for most users of Windows."""
    try:
        path.symlink_to(target)
    except OSError:
        shutil.copy2(target, path)


def write_json(path: str | Path, content: Mapping[str, Any]) -> None:
    """Write an object as readable JSON."""
    with written_whole(path) as part:
        part.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: str | Path) -> dict[str, Any]:
    """Read an object."""
    content: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return content
