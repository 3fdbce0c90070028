"""The tags of a mixture on their way through the stages to its stems."""

from pathlib import Path

import pytest
from mediafile import Image, ImageType, MediaFile

from stemsteer.files import read_json, write_json
from stemsteer.masking.settings import NoMask, SteeredStem
from stemsteer.settings.plan import Stem
from stemsteer.sound.tags import PICTURE_BYTES, Picture, Tags
from stemsteer.stages.decode import decode_mixture
from stemsteer.stages.stem import StemInputs, StemOutputs, make_stem
from tagged_music import COVER, FIELDS, read, tagged


@pytest.fixture
def inputs(tmp_path: Path) -> StemInputs:
    """A decoded song with a cover, and a steered signal."""
    file = MediaFile(tagged(tmp_path / "song.mp3"))
    file.images = [Image(COVER, "front", ImageType.front)]
    file.save()
    found = StemInputs(
        *(tmp_path / name for name in ("mixture.wav", "facts.json", "mono.wav", "steered.json")),
        tags=tmp_path / "tags.json",
    )
    decode_mixture(
        str(tmp_path / "song.mp3"),
        0,
        None,
        mixture_out=found.mixture,
        mono_out=found.steered,
        facts_out=found.facts,
        tags_out=found.tags,
    )
    write_json(found.record, {"settings": {}, "presence": None})
    return found


def make(inputs: StemInputs, suffix: str = ".wav", encoding: str = "float32") -> StemOutputs:
    names = (f"stem{suffix}", f"other{suffix}", "stem.json")
    outputs = StemOutputs(*(inputs.mixture.with_name(name) for name in names))
    make_stem(Stem("run", "the track", "vocals"), NoMask(), SteeredStem(), encoding, inputs, outputs)
    return outputs


@pytest.mark.parametrize(("suffix", "encoding"), [(".wav", "float32"), (".flac", "int24")])
def test_both_parts_have_the_tags_of_the_mixture(inputs: StemInputs, suffix: str, encoding: str) -> None:
    outputs = make(inputs, suffix, encoding)
    cover = Picture(data=COVER, kind=3, description="front")
    for path, title in ((outputs.stem, "My söng (vocals)"), (outputs.other, "My söng (without vocals)")):
        assert read(path) == Tags(fields={**FIELDS, "title": title}, pictures=[cover])
    tagged_files = [path.read_bytes() for path in (outputs.stem, outputs.other)]
    for path in (outputs.stem, outputs.other, outputs.provenance):
        path.unlink()
    assert [path.read_bytes() for path in (make(inputs, suffix, encoding).stem, outputs.other)] == tagged_files


def test_a_track_without_a_title_gives_its_name(inputs: StemInputs) -> None:
    assert inputs.tags is not None
    write_json(inputs.tags, Tags(fields={"artist": "Nobody"}).model_dump(mode="json"))
    assert read(make(inputs).stem).fields == {"artist": "Nobody", "title": "the track (vocals)"}


def test_without_tags_a_stem_has_none(inputs: StemInputs) -> None:
    outputs = make(StemInputs(inputs.mixture, inputs.facts, inputs.steered, inputs.record))
    assert read(outputs.stem) == read(outputs.other) == Tags()
    assert read_json(outputs.provenance)["tags_sha256"] is None


def test_stems_are_made_again_for_other_tags_only(inputs: StemInputs) -> None:
    assert inputs.tags is not None
    first = make(inputs).stem.stat().st_ino
    assert make(inputs).stem.stat().st_ino == first
    write_json(inputs.tags, Tags(fields={"title": "Another"}).model_dump(mode="json"))
    outputs = make(inputs)
    assert read(outputs.stem).fields == {"title": "Another (vocals)"}
    assert read_json(outputs.provenance)["tags_sha256"]


def test_pictures_that_are_left_out_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tagged(tmp_path / "song.flac")
    file = MediaFile(path)
    file.images = [Image(COVER + bytes(PICTURE_BYTES))]
    file.save()
    outputs = {name: tmp_path / f"{name}.json" for name in ("mixture_out", "mono_out", "facts_out", "tags_out")}
    outputs |= {name: tmp_path / f"{name}.wav" for name in ("mixture_out", "mono_out")}
    decode_mixture(path, 0, None, **outputs)
    (warning,) = read_json(outputs["facts_out"])["warnings"]
    assert warning.startswith("1 of the 1 pictures in the tags of ")
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert told == [f"warning: {warning}"]
    assert Tags.model_validate_json(outputs["tags_out"].read_bytes()) == Tags(fields=FIELDS)
