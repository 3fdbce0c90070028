"""Read the streams of a stem.mp4 file with stempeg, as musdb and museval do."""

from pathlib import Path

import ffmpeg
import numpy as np

from stemsteer.errors import UserError
from stemsteer.sound.audio import Signal
from stemsteer.sound.ffmpeg import put_on_path
from stemsteer.sound.probing import probe

LOST_SAMPLES = 2 * 1024
"""Two frames of AAC: decoders may drop or add them at either end."""


def read_stream(path: Path, stream: int) -> tuple[Signal, int]:
    """The signal `[samples, channels]` of an audio stream, and its rate (Hz).

    Raises:
        UserError: the file does not exist, is not a stem.mp4 file, or is truncated.
    """
    put_on_path()
    import stempeg  # looks for ffmpeg when it is imported

    if not path.is_file():
        raise UserError(f"{str(path)!r} does not exist; put the file there")
    try:
        probe(str(path))  # refuses what names other files or addresses, which stempeg lets ffmpeg open
        info = stempeg.Info(str(path.absolute()))
    except (ffmpeg.Error, UserError) as error:
        raise UserError(f"{str(path)!r} cannot be read as a stem.mp4 file; replace it by a whole one") from error
    if stream >= info.nb_audio_streams:
        raise UserError(
            f"{str(path)!r} has {info.nb_audio_streams} audio streams, not the five of MUSDB18; replace it by its file"
        )
    signal, rate = stempeg.read_stems(str(path.absolute()), stem_id=stream, dtype=np.float32, info=info)
    if len(signal) < info.samples(stream) - LOST_SAMPLES:
        raise UserError(
            f"{str(path)!r} is truncated: only {len(signal) / rate:.3f} s of stream {stream} can be decoded; "
            "replace it by the whole file"
        )
    return signal, int(rate)
