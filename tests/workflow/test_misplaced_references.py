"""References that come out of their files late, early, upside down or at another speed, in one corpus: each is told."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import soxr

from stemsteer.names import slug
from stemsteer.scores.metrics import si_sdr
from stemsteer.sound import audio
from stemsteer.sound.audio import Signal
from stemsteer.stages.falcon69 import STREAMS, unpack_falcon69
from workdir import QUICK, Ended, Workdir, encode

RATE = 44_100
# Most tracks are asked for vocals, which no run separates: their references are scored against the baseline only.
SETTINGS: dict[str, Any] = {
    "sources": ["vocals"],
    "runs": {"quick": {**QUICK, "sources": ["drums"]}},
    "baselines": ["oracle-mask"],
}
UNTAGGED = ["-write_xing", "0", "-id3v2_version", "0"]
MOVED = {
    "mp3": ("vocals.mp3", UNTAGGED, 1105),
    "adts": ("vocals.aac", ["-f", "adts"], 1024),
    "wma": ("vocals.wma", [], -2048),
}
DOUBTFUL = {
    "late": "is 500 samples (11 ms) late, which is the delay of no known codec",
    "slow": "early at its end: it runs at another speed, or a piece is missing",
    "another": "is not found in its mixture, or in several places: it may be of another song or mix",
}
REFERENCES = len(MOVED) + len(DOUBTFUL) + 4
"""Two of them in place but for a late mixture, and two of drums."""


def signals(vocals: Signal) -> dict[str, Signal]:
    """References that no codec makes."""
    silence = np.zeros((500, 2), np.float32)
    slow = soxr.resample(vocals, RATE, 44_056, quality="VHQ").astype(np.float32)
    return {
        "late": np.concatenate([silence, vocals[:-500]]),
        "slow": slow,
        "another": vocals[::-1],
    }


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Workdir:
    """A track for each kind of reference, all of the same real song."""
    workdir = Workdir(tmp_path_factory.mktemp("misplaced"))
    files = {name: workdir.folder / f"{name}.wav" for name in ("mixture", *STREAMS)}
    unpack_falcon69(mixture_out=files["mixture"], sources_out={name: files[name] for name in STREAMS})
    vocals = audio.read(files["vocals"])[0]
    tracks = {"wav": "vocals.wav"}
    for track, (file, options, _) in MOVED.items():
        encode(workdir.folder / file, vocals, RATE, options)
        tracks[track] = file
    for track, signal in signals(vocals).items():
        tracks[track] = f"{track}.wav"
        audio.write(workdir.folder / tracks[track], signal, RATE)
    encode(workdir.folder / "mixture.mp3", audio.read(files["mixture"])[0], RATE, UNTAGGED)
    rows = [{"track": track, "mixture": "mixture.wav", "reference_vocals": file} for track, file in tracks.items()]
    rows.append({"track": "late mixture", "mixture": "mixture.mp3", "reference_vocals": "vocals.wav"})
    drums = audio.read(files["drums"])[0]
    encode(workdir.folder / "drums.mp3", drums, RATE, UNTAGGED)
    audio.write(workdir.folder / "inverted drums.wav", -drums, RATE)
    drums_of = {"wav": "drums.mp3", "late": "inverted drums.wav"}
    asked = {track: {"sources": "vocals, drums", "reference_drums": file} for track, file in drums_of.items()}
    workdir.tracks(*({"sources": "", **row, **asked.get(row["track"], {})} for row in rows))
    workdir.tracks(*(row for row in rows if row["track"] == "mp3"), table="one.tsv")
    return workdir


@pytest.fixture(scope="module")
def scored(corpus: Workdir) -> Ended:
    return corpus.snakemake("benchmark", **SETTINGS)


def rows_of(corpus: Workdir, run: str = "oracle-mask", source: str = "vocals") -> pd.DataFrame:
    """A row of scores for each track."""
    table = corpus.table("results/scores.tsv")
    return table[(table.run == run) & (table.source == source)].set_index("track")


def test_the_run_succeeds(scored: Ended) -> None:
    assert scored.status == 0, scored.output


@pytest.mark.parametrize("track", [*MOVED, "late mixture"])
def test_moved_references_score_as_a_wav_does(corpus: Workdir, scored: Ended, track: str) -> None:
    mixture, oracle = rows_of(corpus, "mixture"), rows_of(corpus)
    for table in (mixture, oracle):
        assert table.reference[track] == "moved"
        assert table.si_sdr_db[track] == pytest.approx(table.si_sdr_db["wav"], abs=0.5)
    lag = MOVED[track][2] if track in MOVED else -1105
    told = f"{abs(lag):,} samples ({1000 * abs(lag) / RATE:.2g} ms) {'late' if lag > 0 else 'early'}"
    assert oracle.warning[track].startswith(f"the reference was {told}, ")
    assert corpus.json(f"results/audio/{slug(track)}/references/vocals.json")["moved_samples"] == lag
    assert f"was {told}, " in corpus.text(f"logs/decode_reference/{slug(track)}/vocals.log")
    reference, _ = corpus.audio(f"results/audio/{slug(track)}/references/vocals.wav")
    vocals, _ = corpus.audio("vocals.wav")
    if track in MOVED:
        assert si_sdr(vocals, reference) > 15


@pytest.mark.parametrize("track", DOUBTFUL)
def test_doubtful_references_are_told(corpus: Workdir, scored: Ended, track: str) -> None:
    table = corpus.table("results/scores.tsv")
    rows = table[(table.track == track) & (table.source == "vocals")]
    assert set(rows.run) == {"oracle-mask", "mixture", "silence"}
    assert set(rows.reference) == {"doubtful"}
    assert rows.warning.str.startswith("the reference ").all()
    assert rows.warning.str.contains(DOUBTFUL[track], regex=False).all()
    assert DOUBTFUL[track] in corpus.text(f"logs/decode_reference/{track}/vocals.log")


def test_a_reference_in_place_is_not_spoken_of(corpus: Workdir, scored: Ended) -> None:
    for run in ("oracle-mask", "mixture", "silence"):
        assert rows_of(corpus, run).reference["wav"] == "as given"
    assert rows_of(corpus).warning.isna()["wav"]
    reference, _ = corpus.audio("results/audio/wav/references/vocals.wav")
    np.testing.assert_array_equal(reference, corpus.audio("vocals.wav")[0])


def test_means_are_those_of_the_references_that_are_right(corpus: Workdir, scored: Ended) -> None:
    right = ["wav", *MOVED, "late mixture"]
    summary = corpus.table("results/summary.tsv").set_index(["source", "run"])
    for run, defined in (("oracle-mask", len(right)), ("mixture", len(right)), ("silence", 0)):
        row = summary.loc[("vocals", run)]
        assert (row.tracks, row.undefined, row.doubtful) == (defined, len(right) - defined, len(DOUBTFUL))
    mean = summary.loc[("vocals", "oracle-mask"), "si_sdr_improvement_db_mean"]
    assert mean == pytest.approx(rows_of(corpus).si_sdr_improvement_db[right].mean(), abs=1e-5)


def test_stems_of_runs_are_told_of_their_references_too(corpus: Workdir, scored: Ended) -> None:
    table = corpus.table("results/scores.tsv").query("run == 'quick'")
    assert dict(zip(table.track, table.reference, strict=True)) == {"wav": "moved", "late": "doubtful"}
    assert len(table) == 4
    for row in corpus.table("results/summary.tsv").query("run == 'quick' and source == 'drums'").itertuples():
        assert (row.tracks, row.doubtful) == (1, 1)
        assert row.si_sdr_improvement_db_mean in list(table[table.track == "wav"].si_sdr_improvement_db)
    pairs = corpus.table("results/comparisons.tsv").query("run == 'quick' and against == 'oracle-mask'")
    assert set(zip(pairs.tracks, pairs.doubtful, strict=True)) == {(1, 1)}


def test_the_report_says_so(corpus: Workdir, scored: Ended) -> None:
    page = corpus.text("results/report/index.html")
    assert f"{len(DOUBTFUL) + 1} references of {REFERENCES} are doubtful." in page
    for finding in (*DOUBTFUL.values(), "has the opposite polarity of its mixture"):
        assert f"{finding}." in page
    opened = [path.read_text(encoding="utf-8") for path in (corpus.folder / "results/report/tracks").iterdir()]
    assert "".join(opened).count("mean nothing here, and are kept out of all means.") == len(DOUBTFUL) + 1
    assert "".join(opened).count("is, and was moved.") == len(MOVED) + 2


def test_references_can_be_taken_as_they_are(corpus: Workdir, scored: Ended) -> None:
    aligned = rows_of(corpus, "mixture").si_sdr_db["mp3"]
    ended = corpus.snakemake("benchmark", **SETTINGS, tracks="one.tsv", align="none")
    assert ended.status == 0, ended.output
    assert (ended.jobs.get("decode"), ended.jobs["decode_reference"], ended.jobs["baselines"]) == (None, 1, 1)
    assert set(corpus.table("results/scores.tsv").reference) == {"as given"}
    assert rows_of(corpus, "mixture").si_sdr_db["mp3"] < aligned - 10
    assert set(corpus.table("results/summary.tsv").doubtful) == {0}
    assert "are doubtful." not in corpus.text("results/report/index.html")
