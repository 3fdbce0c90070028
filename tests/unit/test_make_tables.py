"""The benchmarks' tables: how their excerpts are chosen and halved; those that come with StemSteer are sound."""

import sys
from pathlib import Path

import numpy as np
import pytest

from stemsteer.settings.tracks import Track, check_names, read_tracks
from stemsteer.sound import audio
from stemsteer.taggers.vocabularies import sources

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
from make_tables import Excerpt, excerpt, halved

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
RATE = 1000
HALVES = ("development", "held_out")


def write_track(folder: Path, seconds: int, **heard: tuple[range, float]) -> Path:
    """Noise by seed: each source in some seconds at some level (dB), and the mixture of all."""
    random = np.random.default_rng(0)
    mixture = np.zeros((seconds, RATE, 1), np.float32)
    for source, (where, level) in heard.items():
        signal = np.zeros_like(mixture)
        signal[list(where)] = 0.1 * 10 ** (level / 20) * random.standard_normal((len(where), RATE, 1))
        audio.write(folder / f"{source}.wav", signal.reshape(-1, 1), RATE)
        mixture += signal
    audio.write(folder / "mixture.wav", mixture.reshape(-1, 1), RATE)
    return folder / "mixture.wav"


def test_the_excerpt_is_where_most_sources_are_heard(tmp_path: Path) -> None:
    """Half of 8 s are enough: 16 s to 24 s has the last of the guitar and the first of the drums, 20 s to 28 s too."""
    mixture = write_track(tmp_path, 40, drums=(range(20, 40), 0), guitar=(range(24), 0), piano=(range(40), -35))
    chosen = excerpt("song", mixture)
    assert chosen.sources == ("drums", "guitar")
    assert chosen.duration == 8
    assert 16 <= chosen.start <= 20
    assert chosen == excerpt("song", mixture)
    assert chosen.row()["reference_guitar"] == str(tmp_path / "guitar.wav")
    assert "reference_piano" not in chosen.row()


@pytest.mark.parametrize(("level", "sources"), [(-19, ("drums", "piano")), (-21, ("drums",))])
def test_a_source_is_heard_down_to_20_dB_below_the_mixture(
    tmp_path: Path, level: float, sources: tuple[str, ...]
) -> None:
    chosen = excerpt("song", write_track(tmp_path, 8, drums=(range(8), 0), piano=(range(8), level)))
    assert chosen.sources == sources


def test_a_short_track_is_taken_whole(tmp_path: Path) -> None:
    chosen = excerpt("song", write_track(tmp_path, 5, drums=(range(3), 0), bass=(range(2), 0)))
    assert (chosen.start, chosen.duration, chosen.sources) == (0, 5, ("drums",))


def test_each_half_has_its_share_of_each_source() -> None:
    sets = [("drums", "strings")] * 4 + [("drums", "bass")] * 6 + [("drums",)] * 10
    excerpts = [Excerpt(str(number), Path(), 0, 8, sources) for number, sources in enumerate(sets)]
    halves = halved(excerpts, np.random.default_rng(1))
    assert sorted(one.track for half in halves for one in half) == sorted(one.track for one in excerpts)
    for half in halves:
        assert [sum(source in one.sources for one in half) for source in ("strings", "bass", "drums")] == [2, 3, 10]
    others = halved(excerpts, np.random.default_rng(2))
    assert {one.track for one in halves[0]} != {one.track for one in others[0]}


@pytest.fixture(params=HALVES)
def shipped(request: pytest.FixtureRequest) -> list[Track]:
    return read_tracks(str(BENCHMARKS / f"{request.param}.tsv"), [])


def test_a_shipped_table_is_one_that_the_workflow_reads(shipped: list[Track]) -> None:
    check_names(shipped, set(sources()))
    assert len(shipped) >= 10
    for track in shipped:
        assert set(track.sources) == set(track.references)
        assert track.sources
        assert track.duration is not None


def test_no_piece_is_in_both_halves() -> None:
    development, held_out = ({t.mixture for t in read_tracks(str(BENCHMARKS / f"{half}.tsv"), [])} for half in HALVES)
    assert not development & held_out


def test_the_shipped_tables_name_files_that_the_rules_make() -> None:
    rules = (BENCHMARKS.parent / "rules/datasets.smk").read_text(encoding="utf-8")
    for half in HALVES:
        for track in read_tracks(str(BENCHMARKS / f"{half}.tsv"), []):
            folder = Path(track.mixture).parent
            assert folder.parts[:2] == ("results", "datasets")
            assert f'"{folder.name}"' in rules or folder.name == "falcon69"
