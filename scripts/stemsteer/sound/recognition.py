"""Whether a file holds audio: its suffix tells, else its first bytes, else ffprobe."""

from codecs import getincrementaldecoder
from pathlib import Path

from stemsteer.errors import UserError
from stemsteer.sound.probing import probe


def _suffixes(text: str) -> frozenset[str]:
    return frozenset(f".{suffix}" for suffix in text.split())


AUDIO = _suffixes(
    "aac ac3 aif aifc aiff ape au caf dff dsf dts eac3 flac m4a m4b mka mp2 mp3 mpc oga ogg opus snd tak tta voc w64 "
    "wav wave wma wv"
)
VIDEO = _suffixes("3gp asf avi flv m4v mkv mov mp4 mpeg mpg mxf ogv vob webm wmv")
OTHERS = _suffixes(
    # Texts and pictures beside music,
    "accurip bmp cue doc docx ffp gif htm html ini jpeg jpg json lrc log m3u m3u8 md md5 nfo odt pdf pls png psd rtf "
    "sfv srt svg tif tiff torrent txt url vtt webp xls xlsx xml xspf "
    # notes without sound, and what programs for music and for its study keep,
    "als asd flp lab mid midi mscz musicxml mxl npy npz pkf ptx reapeaks rpp sf2 sf3 sfk sfz "
    # archives, tables and programs.
    "7z bz2 csv db dll exe gz pth py pyc rar safetensors sh tar toml tsv xz yaml yml zip"
)
"""Suffixes whose files need no question."""

UTF8 = getincrementaldecoder("utf-8")
BEGINNING = 4096
"""Bytes of a file that tell whether it is a text."""


def holds_audio_by_name(path: str | Path) -> bool | None:
    """Whether a file should hold audio by its suffix; None where that does not tell."""
    suffix = Path(path).suffix.lower()
    return True if suffix in AUDIO | VIDEO else False if suffix in OTHERS else None


def holds_audio(path: str | Path) -> bool:
    """Whether ffprobe finds audio in a file, whatever its name is.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:
        beginning = file.read(BEGINNING)
    if _is_text(beginning):
        return False
    try:
        return probe(str(path)).sample_rate > 0
    except UserError:
        return False


def _is_text(beginning: bytes) -> bool:
    """Whether a file that begins so is a text: no format of audio is one throughout."""
    try:
        UTF8().decode(beginning)  # the last character may be cut
    except UnicodeDecodeError:
        return False
    return b"\0" not in beginning
