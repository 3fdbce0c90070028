"""Music files with tags, and what is found in them."""

import json
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Drawing

from stemsteer.sound.audio import Signal
from stemsteer.sound.probing import probe
from stemsteer.sound.tags import Picture, Tags, read_tags
from workdir import encode

RATE = 8000
ASKED = {
    "title": "My söng",
    "artist": "Nobody & 日本",
    "album": "Nothing",
    "album_artist": "Everybody",
    "track": "3/12",
    "disc": "1/2",
    "genre": "Jazz",
    "date": "2009-05-02",
    "composer": "Somebody",
    "copyright": "CC BY 4.0",
}
"""The tags of the files, by ffmpeg's names."""

FIELDS: dict[str, Any] = {
    **{name: ASKED[name] for name in ("title", "artist", "album", "copyright")},
    "albumartist": "Everybody",
    "genres": ["Jazz"],
    "composers": ["Somebody"],
    "track": 3,
    "tracktotal": 12,
    "disc": 1,
    "disctotal": 2,
    "year": 2009,
    "month": 5,
    "day": 2,
}
"""The same by mediafile's."""


def noise(samples: int, channels: int = 1) -> Signal:
    return np.random.default_rng(0).uniform(-0.9, 0.9, (samples, channels)).astype(np.float32)


def drawing(colour: str, kind: str = "JPEG") -> bytes:
    """A picture file."""
    file = BytesIO()
    Drawing.new("RGB", (32, 32), colour).save(file, kind)
    return file.getvalue()


COVER, BACK = drawing("red"), drawing("blue", "PNG")
TAGS = Tags(
    fields={**FIELDS, "bpm": 120, "genres": ["Jazz", "Folk"]},
    pictures=[Picture(data=COVER, kind=3, description="front"), Picture(data=BACK, kind=4, description="")],
)


def tagged(path: Path, *options: str) -> str:
    """A music file with tags in the format of its name."""
    metadata = (option for name, text in ASKED.items() for option in ("-metadata", f"{name}={text}"))
    encode(path, noise(RATE, 2), RATE, (*options, *metadata))
    return str(path)


def read(path: str | Path) -> Tags:
    """The tags of a file, of which none is left out."""
    tags, warnings = read_tags(str(path), probe(str(path)).tags)
    assert warnings == []
    assert Tags.model_validate_json(tags.model_dump_json()) == tags
    return tags


def of_ffprobe(path: Path) -> dict[str, str]:
    """The tags that another program finds in a file, by lower-case names, and how many pictures."""
    command = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", path]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    pictures = sum(stream["codec_type"] == "video" for stream in found["streams"])
    return {"pictures": str(pictures), **{name.lower(): text for name, text in found["format"]["tags"].items()}}
