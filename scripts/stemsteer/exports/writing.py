"""Write a signal in the format of an export, and say what that format cannot hold."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from stemsteer.errors import UserError
from stemsteer.exports.settings import ExportSettings
from stemsteer.exports.signals import Separated, level_of
from stemsteer.files import written_whole
from stemsteer.sound import audio
from stemsteer.sound.audio import SUBTYPES, Signal
from stemsteer.sound.tags import Finish

FULL_SCALE = 1 - 2**-15
"""The largest sample that an int16 file holds; `rescale` makes it the largest of a track."""

MP3_RATES = (32000, 44100, 48000)
"""Those at which mp3 has 320 kbit/s. At lower ones LAME, by default, also turns the signal down by 5 %."""

MP3_CHANNELS = 2
MP3_320_KBIT = {"compression_level": 0.0, "bitrate_mode": "CONSTANT"}
"""The highest rate of an mp3 file, as libsndfile is asked for it."""


def gain_of(settings: ExportSettings, separated: Separated, sources: Iterable[str]) -> float:
    """What all stems of a track, those of some sources, are multiplied with: 1, unless `rescale` turns them down."""
    if settings.clip != "rescale":
        return 1.0
    peak = max(level_of(separated.signal(source)).peak for source in sources)
    return min(1.0, FULL_SCALE / peak) if peak > 0 else 1.0


def write(
    path: Path, signal: Iterable[Signal], mixture: Any, settings: ExportSettings, finish: Finish | None = None
) -> int:
    """Write a signal given as blocks `[samples, channels]`; the file appears when it is complete.

    Args:
        path: of the file.
        signal: to write.
        mixture: the header of its mixture, which has its rate, channels and length.
        settings: the format.
        finish: what writes the tags.

    Returns:
        The number of samples that were cut off at full scale.

    Raises:
        UserError: the format cannot hold so many channels, or files so large.
    """
    counted = Clamped(signal) if settings.clip == "clamp" else None
    signal = counted or signal
    if settings.container == "mp3":
        _write_mp3(path, signal, mixture.samplerate, mixture.channels, finish)
        return counted.clipped if counted else 0
    shape = (mixture.samplerate, mixture.channels, SUBTYPES[settings.encoding], mixture.frames)
    with audio.writing(path, *shape, finish=finish) as writer:
        for block in signal:
            writer.write(block)
    return counted.clipped if counted else writer.clipped


class Clamped(Iterable[Signal]):
    """A signal whose samples beyond full scale are cut off; it counts them."""

    def __init__(self, signal: Iterable[Signal]) -> None:
        self.signal, self.clipped = signal, 0

    def __iter__(self) -> Iterator[Signal]:
        for block in self.signal:
            self.clipped += int(np.count_nonzero(np.abs(block) > 1))
            yield block.clip(-1, 1)


def _write_mp3(path: Path, signal: Iterable[Signal], rate: int, channels: int, finish: Finish | None) -> None:
    """320 kbit/s, at the signal's own rate if mp3 has so many bits there, else at 48 kHz."""
    if channels > MP3_CHANNELS:
        raise UserError(f"mp3 holds at most {MP3_CHANNELS} channels, the mixture has {channels}; export flac or wav")
    mp3_rate = rate if rate in MP3_RATES else max(MP3_RATES)
    with written_whole(path) as part:
        with soundfile.SoundFile(part, "w", mp3_rate, channels, "MPEG_LAYER_III", format="MP3", **MP3_320_KBIT) as file:
            for block in audio.resampled(signal, rate, mp3_rate):
                file.write(block)
        if finish:
            finish(part)
