"""A broken file fails its own track, with a sentence that names it; the other tracks finish, and the report says so."""

import html
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from stemsteer.names import slug
from stemsteer.sound import audio
from workdir import Ended, Workdir, music

RATE = 16000
BROKEN = {
    "missing.wav": "'missing.wav' does not exist; correct the path, or put the file there",
    "{no} <such>.wav": "'{no} <such>.wav' does not exist; correct the path, or put the file there",
    f"{'long' * 75}.wav": f"'{'long' * 75}.wav' does not exist; correct the path, or put the file there",
    "words.mp3": "'words.mp3' cannot be read as audio (",
    "empty.wav": "'empty.wav' is empty (0 bytes); replace it by an audio file",
    "no samples.wav": "'no samples.wav' holds no audio samples; replace it by a file with audio",
    "truncated.wav": "'truncated.wav' is truncated: only 0.875 s of it can be decoded; ",
    "nan.wav": "'nan.wav' has 1 NaN or infinite samples, the first at 0.500 s; ",
    "infinite.wav": "'infinite.wav' has 2 NaN or infinite samples, the first at 0.250 s; ",
}
"""By file, which is also its track: how the sentence begins."""
BAD_REFERENCE = "the reference 'half.wav' is 0.500 s long and its mixture 'good.wav' 1.000 s; "


def write_files(folder: Path) -> None:
    song = music(1, RATE)
    audio.write(folder / "good.wav", song, RATE)
    audio.write(folder / "half.wav", song[: RATE // 2], RATE)
    (folder / "words.mp3").write_text("These are the words of a song.\n" * 100)
    (folder / "empty.wav").touch()
    audio.write(folder / "no samples.wav", song[:0], RATE)
    (folder / "truncated.wav").write_bytes((folder / "good.wav").read_bytes()[: -RATE // 8 * 4])
    for name, value, places in (("nan", np.nan, [8000]), ("infinite", -np.inf, [4000, 12000])):
        broken = song.copy()
        broken[places] = value
        soundfile.write(folder / f"{name}.wav", broken, RATE, subtype="FLOAT")


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workdir, Ended]:
    workdir = Workdir(tmp_path_factory.mktemp("failures"))
    write_files(workdir.folder)
    workdir.tracks(
        *({"track": file, "mixture": file} for file in BROKEN),
        {
            "track": "007",
            "mixture": "good.wav",
            "sources": "guitar, drums",
            "reference_guitar": "good.wav",
            "reference_drums": "half.wav",
        },
    )
    return workdir, workdir.snakemake()


def test_the_failure_is_told_by_the_exit_status(failed: tuple[Workdir, Ended]) -> None:
    _, ended = failed
    assert ended.status == 1
    assert "Traceback" not in ended.output


@pytest.mark.parametrize("track", BROKEN)
def test_a_broken_file_is_named_in_one_sentence(failed: tuple[Workdir, Ended], track: str) -> None:
    workdir, ended = failed
    log = workdir.text(f"logs/decode/{slug(track)}.log")
    named, sentence = log.splitlines()
    assert named == f"track {track!r}"
    assert sentence.startswith(f"error: {BROKEN[track]}")
    assert sentence in ended.output
    assert not (workdir.folder / "results/audio" / slug(track) / "mixture.wav").exists()


def test_the_last_lines_name_what_failed_and_where_the_rest_lies(failed: tuple[Workdir, Ended]) -> None:
    _, ended = failed
    end = ended.output.partition("Exiting because a job execution failed")[2].splitlines()[1:]
    told = end[: len(BROKEN) + 3]
    for track, sentence in BROKEN.items():
        assert any(line.startswith(f"{track}: decode failed: {sentence}") for line in told)
    assert any(line.startswith(f"007, drums: decode reference failed: {BAD_REFERENCE}") for line in told)
    assert told[-2:] == [
        f"2 of {len(BROKEN) + 2} stems are there, in results/runs/*/stems",
        "the report, with all that is missing and why: results/report/index.html",
    ]
    assert len(end) - len(told) < 6  # Snakemake's own


def test_a_bad_reference_costs_the_scores_and_nothing_else(failed: tuple[Workdir, Ended]) -> None:
    workdir, ended = failed
    log = workdir.text("logs/decode_reference/007/drums.log")
    assert log.startswith(f"track '007', source 'drums'\nerror: {BAD_REFERENCE}")
    assert BAD_REFERENCE in ended.output
    assert len(workdir.audio("results/runs/quick/stems/007/drums.wav")[0]) == RATE
    assert not (workdir.folder / "results/runs/quick/scores/007/drums.tsv").exists()


def test_the_good_track_is_finished(failed: tuple[Workdir, Ended]) -> None:
    workdir, _ = failed
    assert len(workdir.audio("results/runs/quick/stems/007/guitar.wav")[0]) == RATE
    scores = workdir.table("results/runs/quick/scores/007/guitar.tsv")
    assert list(scores.estimate) == ["masked", "residual", "mixture", "silence"]


def test_the_report_tells_all_failures(failed: tuple[Workdir, Ended]) -> None:
    workdir, _ = failed
    page = html.unescape(workdir.text("results/report/index.html"))
    for sentence in (*BROKEN.values(), BAD_REFERENCE):
        assert sentence in page
    assert "What is missing" in page
    assert (workdir.folder / "results/report/audio/runs/quick/007/guitar.stem.flac").exists()


def test_the_table_has_the_scores_that_there_are(failed: tuple[Workdir, Ended]) -> None:
    workdir, _ = failed
    assert set(workdir.table("results/scores.tsv").track) == {"007"}


@pytest.fixture
def failed_copy(failed: tuple[Workdir, Ended], tmp_path: Path) -> Workdir:
    workdir, _ = failed
    shutil.copytree(workdir.folder, tmp_path, dirs_exist_ok=True)
    return Workdir(tmp_path)


def test_the_same_command_tries_again_what_is_missing(failed_copy: Workdir) -> None:
    ended = failed_copy.snakemake("-n")
    assert ended.jobs["decode"] == ended.jobs["steer"] == len(BROKEN)
    assert ended.jobs["decode_reference"] == 1
    assert ended.jobs["report"] == ended.jobs["scores"] == ended.jobs["summarise"] == 1


def test_scores_that_are_no_longer_asked_for_go(failed_copy: Workdir) -> None:
    failed_copy.tracks(
        {"track": "007", "mixture": "good.wav", "sources": "guitar, drums", "reference_drums": "good.wav"}
    )
    ended = failed_copy.snakemake("results/summary.tsv")
    assert ended.status == 0, ended.output
    assert set(failed_copy.table("results/scores.tsv").source) == {"drums"}
    assert set(failed_copy.table("results/summary.tsv").source) == {"drums", "all"}


def test_where_no_report_was_wanted_a_failure_leaves_it_alone(failed_copy: Workdir) -> None:
    page = failed_copy.folder / "results/report/index.html"
    page.write_text("of an earlier run", encoding="utf-8")
    ended = failed_copy.snakemake(f"results/audio/{slug('words.mp3')}/mono.wav")
    assert ended.status == 1
    assert page.read_text(encoding="utf-8") == "of an earlier run"
