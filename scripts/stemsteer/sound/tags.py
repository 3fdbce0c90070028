"""The tags of a music file: read from any format, and written into stems.

Tags may be broken, or made to break what reads them. So each is read on its own, texts become single lines of bounded
length, and what cannot be used is left out.
"""

import logging
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from mediafile import Image, ImageType, MediaFile, UnreadableFileError
from pydantic import BaseModel, ConfigDict

from stemsteer.names import one_line
from stemsteer.sound.probing import LONGEST_TAG

# What it cannot read is left out, which is no error of a job.
logging.getLogger("mediafile").setLevel(logging.CRITICAL)

COPIED = (
    *("title", "artist", "album", "albumartist", "composers", "genres", "label", "copyright", "comments"),
    *("track", "tracktotal", "disc", "disctotal", "year", "month", "day", "bpm", "initial_key"),
)
"""Tags that are true of a stem too, by mediafile's names. Those that identify a recording (ISRC, MusicBrainz) or say
how loud it is (ReplayGain) are not."""

TEXTS_OF_FFPROBE = {
    "title": "title",
    "artist": "artist",
    "album": "album",
    "album_artist": "albumartist",
    "publisher": "label",
    "copyright": "copyright",
    "comment": "comments",
}
LISTS_OF_FFPROBE = {"composer": "composers", "genre": "genres"}
NUMBERS_OF_FFPROBE = {"track": ("track", "tracktotal"), "disc": ("disc", "disctotal"), "date": ("year", "month", "day")}
"""mediafile's names of ffprobe's tags; the last ones are numbers in one text, such as 3/12 or 2009-05-01."""

MOST_TEXTS, HIGHEST_NUMBER = 20, 9999
PICTURE_BYTES = 4_000_000
"""Of all pictures together: each stem has a copy of them."""

Value = str | int | list[str]
Finish = Callable[[Path], None]


class Picture(BaseModel):
    """A cover or another picture.

    Attributes:
        data: of a picture file.
        kind: by ID3's numbers; 3 is the front cover.
        description: a line of text.
    """

    model_config = ConfigDict(frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    data: bytes
    kind: int
    description: str


class Tags(BaseModel):
    """What stems inherit of a file's tags: `fields` by mediafile's names, and pictures."""

    model_config = ConfigDict(frozen=True)

    fields: dict[str, Value] = {}
    pictures: list[Picture] = []


def read_tags(path: str, found: Mapping[str, str]) -> tuple[Tags, list[str]]:
    """Read the tags of a music file. No file is refused for its tags.

    Args:
        path: of the file.
        found: what ffprobe found, for tags and formats that mediafile does not know.

    Returns:
        The tags, and warnings for the user.
    """
    fields = _usable(_from_ffprobe(found))
    try:
        file = MediaFile(path)
    except Exception:  # Broken tags may raise anything.
        return Tags(fields=fields), []
    fields |= _usable({name: _attribute(file, name) for name in COPIED})
    images = _attribute(file, "images") or []
    pictures = _pictures(images)
    return Tags(fields=fields, pictures=pictures), _warnings(path, len(images), len(pictures))


def _attribute(tagged: MediaFile | Image, name: str) -> Any:
    """An attribute that is made of what stands in the file; None where that is broken."""
    try:
        return getattr(tagged, name)
    except Exception:  # As above.
        return None


def _from_ffprobe(found: Mapping[str, str]) -> dict[str, Value]:
    """ffprobe's tags by mediafile's names."""
    values: dict[str, Value] = {name: found[tag] for tag, name in TEXTS_OF_FFPROBE.items() if tag in found}
    values |= {name: [found[tag]] for tag, name in LISTS_OF_FFPROBE.items() if tag in found}
    for tag, names in NUMBERS_OF_FFPROBE.items():
        numbers = map(int, re.findall(r"[0-9]{1,9}", found.get(tag, "")))
        values |= dict(zip(names, numbers, strict=False))
    return values


def _usable(values: Mapping[str, Any]) -> dict[str, Value]:
    """Those that are no nonsense, in the form in which they are kept."""
    return {name: kept for name, value in values.items() if (kept := _kept(value))}


def _kept(value: Any) -> Value | None:
    match value:
        case str():
            return one_line(value[:LONGEST_TAG])
        case int():
            return value if 0 < value <= HIGHEST_NUMBER else None
        case list():
            return [line for text in value[:MOST_TEXTS] if (line := one_line(str(text)[:LONGEST_TAG]))]
    return None


def _pictures(images: list[Image]) -> list[Picture]:
    """As many as there is room for, front covers first."""
    kept: dict[str, Picture] = {}
    room = PICTURE_BYTES
    for image in sorted(images, key=lambda image: image.type != ImageType.front):
        if len(image.data) <= room and str(_attribute(image, "mime_type")).startswith("image/"):
            description = one_line((image.desc or "")[:LONGEST_TAG])
            # ID3 knows pictures by their descriptions: of two with the same, only the last one would be kept.
            while description in kept:
                description = f"{description} {len(kept) + 1}".strip()
            kept[description] = Picture(data=image.data, kind=image.type_index, description=description)
            room -= len(image.data)
    return list(kept.values())


def _warnings(path: str, there: int, copied: int) -> list[str]:
    if there == copied:
        return []
    limit = f"{PICTURE_BYTES / 1e6:g} MB"
    return [
        f"{there - copied} of the {there} pictures in the tags of {path!r} are not copied to its stems: "
        f"no image format is known for them, or all together are larger than {limit}"
    ]


def tagging(tags: Path | None, track: str, part: str) -> Finish | None:
    """What writes the tags of a track into the file of a part of it; None where there are none.

    Args:
        tags: JSON of `Tags`.
        track: its name, in the place of a title that is missing.
        part: what the title says of the part, such as its source.
    """
    if tags is None:
        return None
    mixture = Tags.model_validate_json(tags.read_bytes())
    title = f"{mixture.fields.get('title', track)} ({part})"
    return partial(write_tags, tags=mixture, title=title)


def write_tags(path: Path, tags: Tags, title: str) -> None:
    """Write tags into a wav, flac or mp3 file. Its samples stay as they are.

    RF64 files stay without tags, and the log says so.

    Args:
        path: of the file.
        tags: of the mixture.
        title: in the place of the mixture's.

    Raises:
        OSError: the tags cannot be written, for example because the disk is full.
    """
    try:
        file = MediaFile(path)
    except UnreadableFileError as error:
        logging.info("%r stays without tags: %s", title, error)
        return
    file.update({**tags.fields, "title": one_line(title)})
    file.images = [Image(picture.data, picture.description, picture.kind) for picture in tags.pictures]
    try:
        file.save()
    except UnreadableFileError as error:
        raise _reason(error) from error


def _reason(error: BaseException) -> BaseException:
    """The system's error that an error of mediafile's was raised for; itself if there is none."""
    reason: BaseException | None = error
    while reason and not isinstance(reason, OSError):
        reason = reason.__context__
    return reason or error
