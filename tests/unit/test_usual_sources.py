"""Which sources are separated where nobody names any."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import onnx_files
from groups import grouped
from stemsteer.command_line.separate import separate
from stemsteer.command_line.wanted import Wanted
from stemsteer.settings.config import load_config
from stemsteer.settings.presets import presets
from stemsteer.settings.run import RunSettings
from stemsteer.settings.usual import usual_sources
from stemsteer.steering.settings import FULL_SET

WITHOUT_BASS = tuple(source for source in FULL_SET if source != "bass")
"""What the taggers of MTAT know of the full set."""


def run(**settings: Any) -> RunSettings:
    return RunSettings.model_validate(settings)


def test_the_default_run_separates_all_that_competes_in_it() -> None:
    assert usual_sources(run()) == Wanted().wanted_sources == FULL_SET
    assert FULL_SET == ("vocals", "drums", "bass", "guitar", "piano", "strings")
    assert f"[default: {','.join(FULL_SET)};" in CliRunner().invoke(separate, ["--help"], terminal_width=200).output


def test_other_competitors_are_separated_instead() -> None:
    assert usual_sources(run(steering={"competing": ["drums", "flute"]})) == ("drums", "flute")


@pytest.mark.parametrize("preset", presets())
def test_a_ready_made_run_separates_what_all_its_taggers_know(preset: str) -> None:
    of_mtat = {"codec", "wonderwall", "smoke-on-the-water"}
    assert Wanted(preset=preset).wanted_sources == (WITHOUT_BASS if preset in of_mtat else FULL_SET)


def test_by_perturbation_it_is_enough_that_one_tagger_knows_a_source() -> None:
    both = ["MTT_vgg", "instruments"]
    assert usual_sources(run(taggers={"names": both})) == FULL_SET
    known_to_both = tuple(source for source in WITHOUT_BASS if source != "vocals")
    assert usual_sources(run(**grouped(names=both))) == known_to_both


def test_taggers_of_ones_own_know_their_labels(tmp_path: Path) -> None:
    onnx_files.bank(tmp_path / "model.onnx")
    onnx_files.labels(tmp_path / "labels.txt", "Piano", "Drums", "Whistle")
    mine = {"kind": "onnx", "weights": str(tmp_path / "model.onnx"), "labels": str(tmp_path / "labels.txt")}
    config = load_config(
        {
            "tracks": "tracks.tsv",
            "taggers": {"mine": {**mine, "sample_rate": 16000, "window_seconds": 1.0}},
            "runs": {"mine": {"taggers": {"names": ["mine"]}}},
        }
    )
    assert usual_sources(config.runs["mine"], config.taggers) == ("drums", "piano")


def test_what_is_asked_for_by_name_is_left_as_it_is() -> None:
    assert Wanted(sources=("bass", "tag:slow"), preset="codec").wanted_sources == ("bass", "tag:slow")
    assert Wanted(two_stems="bass").wanted_sources == ("bass",)
