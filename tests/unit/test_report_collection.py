"""What the report finds of a workflow's results, and what it says is missing and why."""

import json
from pathlib import Path

import pytest

from report_results import BASELINES, DECODE_ERROR, ODD_NAME, collect, make_results
from stemsteer.errors import UserError
from stemsteer.report import write_report


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """Results of two runs on two tracks and a broken one; tests only read them."""
    folder = tmp_path_factory.mktemp("finished")
    make_results(folder, seconds=0.2, runs=("one", "two"))
    return folder


def remove_stem(folder: Path, source: str) -> None:
    for path in (folder / "results/runs/demo").glob(f"*/song/{source}.*"):
        path.unlink()


def change_plan(folder: Path, **changes: object) -> None:
    plan = folder / "results/plan.json"
    plan.write_text(json.dumps(json.loads(plan.read_text()) | changes))


def test_everything_made_is_found(finished):
    collection = collect(finished)
    made = [stem for stem in collection.stems if stem.stem]
    assert [(stem.run, stem.track, stem.source) for stem in made[:4]] == [
        ("one", "Falcon 69", "drums"),
        ("two", "Falcon 69", "drums"),
        ("one", "Falcon 69", "vocals"),
        ("two", "Falcon 69", "vocals"),
    ]
    assert len(made) == 8
    assert all(stem.other and stem.history and stem.record["ascent"]["device"] == "cpu" for stem in made)
    assert len(collection.scores) == 2 * (2 * 2 + len(BASELINES) + 2)
    assert {row["track"] for row in collection.scores} == {"Falcon 69", ODD_NAME}
    assert collection.tracks[0].codecs["embedded"]["snr_db"] == 17.04


def test_a_failed_track_is_one_failure_that_names_its_stems(finished):
    (failure,) = collect(finished).failures
    assert (failure.headline, failure.sentence) == ("decode failed", DECODE_ERROR)
    assert failure.stems == [(run, "Broken song", source) for source in ("drums", "vocals") for run in ("one", "two")]
    assert failure.scores == [(name, "Broken song", "drums") for name in BASELINES]
    broken = [stem for stem in collect(finished).stems if stem.track == "Broken song"]
    assert {stem.trouble for stem in broken} == {f"Not made because decode failed: {DECODE_ERROR}"}


def test_the_failed_job_is_blamed_not_those_that_waited_for_it(results):
    remove_stem(results, "drums")
    (results / "results/codes/embedded/song.json").unlink()
    log = results / "logs/steer/demo/song/drums.log"
    log.parent.mkdir(parents=True)
    log.write_text("step 3\nerror: the loss is not finite; lower learning_rate.\n\n")
    drums = next(stem for stem in collect(results).stems if stem.source == "drums")
    assert drums.trouble == "Not made because steer failed: the loss is not finite; lower learning_rate."


def test_a_killed_job_and_one_that_never_started_are_told_apart(results):
    remove_stem(results, "drums")
    remove_stem(results, "vocals")
    log = results / "logs/steer/demo/song/drums.log"
    log.parent.mkdir(parents=True)
    log.write_text("step 17 of 40\n")
    troubles = {stem.source: stem.trouble for stem in collect(results).stems if stem.track == "song"}
    assert troubles["drums"].startswith("Not made because steer did not finish: it still runs, or was interrupted")
    assert troubles["drums"].endswith("its log ends with: step 17 of 40")
    assert troubles["vocals"].startswith("Not made because steer did not run: the workflow stopped")


def test_a_failed_job_for_all_sources_is_one_failure_with_its_own_log(tmp_path):
    make_results(tmp_path, seconds=0.2, tracks=("song",), sources_together=True)
    for source in ("drums", "vocals"):
        remove_stem(tmp_path, source)
    log = tmp_path / "logs/steer/demo/song/all.log"
    log.parent.mkdir(parents=True)
    log.write_text("error: stopped by SIGTERM after step 17 of 40 of drums.0.\n")
    failure = next(failure for failure in collect(tmp_path).failures if failure.job.rule == "steer")
    assert (failure.headline, failure.job.log) == ("steer failed", log)
    assert failure.sentence == "stopped by SIGTERM after step 17 of 40 of drums.0."
    assert failure.stems == [("demo", "song", "drums"), ("demo", "song", "vocals")]


def test_a_failed_reference_leaves_the_stem_unscored(results):
    (results / "results/audio/song/references/drums.wav").unlink()
    (results / "results/runs/demo/scores/song/drums.tsv").unlink()
    log = results / "logs/decode_reference/song/drums.log"
    log.parent.mkdir(parents=True)
    log.write_text("error: drums.wav is 3 samples shorter than its mixture.\n")
    drums = next(stem for stem in collect(results).stems if stem.source == "drums")
    assert drums.stem
    assert (
        drums.trouble == "Not scored because decode reference failed: drums.wav is 3 samples shorter than its mixture."
    )
    assert drums.failure.scores == [("demo", "song", "drums")]


def test_a_stem_without_reference_is_not_missing_scores(results):
    vocals = next(stem for stem in collect(results).stems if (stem.track, stem.source) == ("song", "vocals"))
    assert vocals.trouble is None
    assert vocals.scores == []


@pytest.mark.parametrize("content", [b"", b"RIFF of nothing"])
def test_unreadable_audio_counts_as_missing(results, content):
    (results / "results/runs/demo/stems/song/drums.wav").write_bytes(content)
    drums = next(stem for stem in collect(results).stems if stem.source == "drums")
    assert drums.stem is None
    assert drums.trouble.startswith("Not made because stem did not run")


@pytest.mark.parametrize(
    ("text", "message"), [(None, "no such plan"), ("{", "not JSON"), ('{"results": "r"}', "lacks the key 'logs'")]
)
def test_a_damaged_plan_is_told_in_a_sentence(tmp_path, text, message):
    plan = tmp_path / "plan.json"
    if text is not None:
        plan.write_text(text)
    with pytest.raises(UserError, match=message):
        write_report(plan, tmp_path / "index.html")


def test_mixture_and_silence_stand_once_as_runs_of_their_own(finished):
    track = next(track for track in collect(finished).tracks if track.name == "Falcon 69")
    rows = [(row["run"], row["estimate"]) for row in track.sources[0].scores]
    assert rows == [
        *[(run, part) for run in ("one", "two") for part in ("masked", "residual")],
        *[(name, name) for name in (*BASELINES, "mixture", "silence")],
    ]


def test_a_failed_job_of_baselines_is_told(results):
    for name in BASELINES:
        (results / f"results/runs/{name}/scores/song/drums.tsv").unlink()
    log = results / "logs/baselines/song/drums.log"
    log.parent.mkdir(parents=True)
    log.write_text("error: out of memory.\n")
    collection = collect(results)
    failure = next(failure for failure in collection.failures if failure.job.rule == "baselines")
    assert (failure.headline, failure.sentence) == ("baselines failed", "out of memory.")
    assert failure.scores == [(name, "song", "drums") for name in BASELINES]
    assert all(stem.trouble is None for stem in collection.stems if stem.track == "song")


def test_a_peer_is_asked_only_for_its_sources_and_fails_by_itself(results):
    change_plan(
        results, baselines=[*BASELINES, "umx", "other"], peers={"umx": ["vocals", "drums"], "other": ["vocals"]}
    )
    log = results / "logs/peers/umx/song/drums.log"
    log.parent.mkdir(parents=True)
    log.write_text("error: there are no weights.\n")
    (failure,) = (failure for failure in collect(results).failures if failure.job.rule == "peers")
    assert (failure.headline, failure.sentence) == ("peers failed", "there are no weights.")
    assert failure.scores == [("umx", "song", "drums")]


def test_a_run_is_asked_only_for_its_own_sources(results):
    settings = json.loads((results / "results/plan.json").read_text())["runs"]["demo"]
    change_plan(results, runs={"demo": {**settings, "sources": ["vocals"]}, "new": {**settings, "sources": None}})
    stems = [(stem.run, stem.source) for stem in collect(results).stems if stem.track == "song"]
    assert stems == [("new", "drums"), ("demo", "vocals"), ("new", "vocals")]


def test_tables_that_were_not_made_are_empty(results):
    assert len(collect(results).summary) == 2 * 6
    assert {row["measure"] for row in collect(results).comparisons} == {"si_sdr_db", "snr_db", "sdr_db"}
    for name in ("summary", "comparisons"):
        (results / f"results/{name}.tsv").unlink()
    assert collect(results).summary == collect(results).comparisons == []
