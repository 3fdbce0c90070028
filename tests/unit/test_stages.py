"""The stages as functions: what they read, write and log."""

import logging
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from stemsteer.compared import BASELINES
from stemsteer.compared.base import Baseline, Record
from stemsteer.compared.kinds import BaselineKind
from stemsteer.files import read_json, write_json
from stemsteer.generators.settings import CodecWeights
from stemsteer.scores.tables import read_scores
from stemsteer.settings.plan import Stem
from stemsteer.sound import audio
from stemsteer.stages.baselines import Inputs, Wanted, make_baselines
from stemsteer.stages.decode import decode_known_stem, decode_mixture
from stemsteer.stages.evaluate import evaluate
from stemsteer.stages.falcon69 import STREAMS, unpack_falcon69
from stemsteer.stages.model import fetch_model
from stemsteer.stages.scores import gather_scores
from stemsteer.stages.summarise import summarise

RATE = 22_050
TRACK = "<A song> with {a name}"


def noise(seed: int, seconds: float = 1.5) -> audio.Signal:
    samples = round(seconds * RATE)
    return 0.1 * np.random.default_rng(seed).standard_normal((samples, 2)).astype(np.float32)


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    """A decoded mixture of two sources, one of which is known."""
    for name, signal in {"song": noise(0) + noise(1), "drums": noise(0)}.items():
        audio.write(tmp_path / f"{name}.flac", signal, RATE, "PCM_24")
    decoded = tmp_path / "audio"
    found = Inputs(*(decoded / name for name in ("mixture.wav", "reference.wav", "facts.json", "reference.json")))
    song, mono = str(tmp_path / "song.flac"), decoded / "mono.wav"
    decode_mixture(song, 0.25, 1.0, mixture_out=found.mixture, mono_out=mono, facts_out=found.facts)
    outputs = {"reference_out": found.reference, "about_out": found.about_reference}
    decode_known_stem(str(tmp_path / "drums.flac"), 0.25, 1.0, found.facts, found.mixture, **outputs)
    return found


def test_an_excerpt_and_its_known_stem_are_decoded(inputs: Inputs) -> None:
    facts = read_json(inputs.facts)
    assert (facts["codec"], facts["sample_rate"], facts["samples"], facts["start_s"]) == ("flac", RATE, RATE, 0.25)
    start, end = round(0.25 * RATE), round(0.25 * RATE) + RATE
    np.testing.assert_allclose(audio.read(inputs.mixture)[0], (noise(0) + noise(1))[start:end], atol=1e-6)
    np.testing.assert_allclose(audio.read(inputs.reference)[0], noise(0)[start:end], atol=1e-6)
    assert audio.read(inputs.mixture.with_name("mono.wav"))[0].shape == (44_100, 1)


def test_what_is_known_of_a_file_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    audio.write(tmp_path / "silent.wav", np.zeros((RATE, 2), np.float32), RATE)
    outputs = {name: tmp_path / "audio" / name for name in ("mixture.wav", "mono.wav", "facts.json")}
    names = dict(zip(("mixture_out", "mono_out", "facts_out"), outputs.values(), strict=True))
    with caplog.at_level(logging.INFO):
        decode_mixture(str(tmp_path / "silent.wav"), 0.0, None, **names)
    warning, file = caplog.messages
    assert warning.startswith("warning: ")
    assert warning.endswith("is silent: its stems will be silent")
    assert file == "pcm_f32le, 22050 Hz, 2 channels, 1.000 s"


class HalfTheMixture(Baseline):
    """A toy baseline."""

    settings: ClassVar[Record] = {"share": 0.5}

    def estimate(self, mixture: Path, reference: Path, source: str) -> audio.Signal:
        return np.float32(0.5) * audio.read(mixture)[0]


@pytest.fixture
def half(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a new baseline, added with one line."""
    monkeypatch.setitem(BASELINES, "half", BaselineKind(f"{__name__}:HalfTheMixture"))
    return "half"


def wanted(folder: Path, baseline: str, codec: CodecWeights | None = None) -> Wanted:
    return Wanted(baseline, codec, *(folder / f"{baseline}{suffix}" for suffix in (".wav", ".tsv", ".json")))


def test_a_new_baseline_is_made_scored_and_recorded(tmp_path: Path, inputs: Inputs, half: str) -> None:
    jobs = {"half": wanted(tmp_path, half), "oracle-mask": wanted(tmp_path, "oracle-mask")}
    jobs["codec-mine"] = wanted(tmp_path, "codec", CodecWeights())
    make_baselines(TRACK, "drums", jobs, inputs, None, "cpu", 1)
    mixture, rate = audio.read(inputs.mixture)
    stem, stem_rate = audio.read(tmp_path / "half.wav")
    np.testing.assert_array_equal(stem, np.float32(0.5) * mixture)
    assert stem_rate == rate
    table = read_scores(tmp_path / "half.tsv")
    assert list(table.estimate) == ["masked", "mixture", "silence"]
    assert set(zip(table.run, table.track, table.source, strict=True)) == {("half", TRACK, "drums")}
    record = read_json(tmp_path / "half.json")
    assert [record[key] for key in ("run", "track", "source", "stem_is")] == ["half", TRACK, "drums", "masked"]
    assert record["method"] == {"name": "half", "settings": {"share": 0.5}, "device": "cpu"}
    assert list(record["inputs_sha256"]) == ["mixture"]
    assert list(read_json(tmp_path / "oracle-mask.json")["inputs_sha256"]) == ["mixture", "reference"]
    of_codec = read_json(tmp_path / "codec.json")
    assert (of_codec["run"], of_codec["stem_is"]) == ("codec-mine", "reconstruction")
    assert of_codec["method"]["generator"] == CodecWeights().model_dump()
    assert len(of_codec["method"]["generator_sha256"]) == 64


def test_the_users_own_sources_are_judged(tmp_path: Path, inputs: Inputs) -> None:
    own = {"soloists": {"mtat": ["flute", "violin"]}}
    outputs = {"scores_out": tmp_path / "scores.tsv", "provenance_out": tmp_path / "scores.json"}
    parts = {"masked": inputs.mixture, "residual": inputs.mixture}
    evaluate(
        Stem("a", TRACK, "soloists"),
        inputs.mixture,
        inputs.reference,
        parts,
        "MTT_musicnn",
        1,
        own_sources=own,
        **outputs,
    )
    jobs = {"oracle-mask": wanted(tmp_path, "oracle-mask")}
    make_baselines(TRACK, "soloists", jobs, inputs, "MTT_musicnn", "cpu", 1, own)
    for table in ("scores.tsv", "oracle-mask.tsv"):
        assert read_scores(tmp_path / table).tag_probability.between(0, 1).all()


def test_scores_are_gathered_and_summed_up(tmp_path: Path, inputs: Inputs) -> None:
    tables = []
    for run, quieter in (("a", 0.5), ("b", 0.1)):
        parts = {"masked": tmp_path / f"{run}.wav", "residual": inputs.mixture}
        audio.write(parts["masked"], np.float32(quieter) * audio.read(inputs.mixture)[0], RATE)
        tables.append(tmp_path / f"{run}.tsv")
        stem, provenance = Stem(run, TRACK, "drums"), tmp_path / f"{run}.json"
        evaluate(
            stem, inputs.mixture, inputs.reference, parts, None, 1, scores_out=tables[-1], provenance_out=provenance
        )
    gather_scores(tables, scores_out=tmp_path / "scores.tsv")
    write_json(tmp_path / "plan.json", {"runs": {run: {"parts": ["masked", "residual"]} for run in "ab"}})
    summary, comparisons = tmp_path / "summary.tsv", tmp_path / "comparisons.tsv"
    summarise(tmp_path / "scores.tsv", tmp_path / "plan.json", summary_out=summary, comparisons_out=comparisons)
    assert list(read_scores(tmp_path / "scores.tsv").run) == ["a", "a", "b", "b", "mixture", "silence"]
    assert set(pd.read_csv(summary, sep="\t").run) == {"a", "b", "mixture", "silence"}
    compared = pd.read_csv(comparisons, sep="\t").query("source == 'drums' and measure == 'snr_db'")
    assert ("a", "b") in set(zip(compared.run, compared.against, strict=True))


def test_the_demos_sources_add_up_to_its_mixture(tmp_path: Path) -> None:
    files = {source: tmp_path / f"{source}.wav" for source in STREAMS}
    unpack_falcon69(mixture_out=tmp_path / "mixture.wav", sources_out=files)
    sources = [audio.read(file)[0] for file in files.values()]
    np.testing.assert_array_equal(audio.read(tmp_path / "mixture.wav")[0], sum(sources))


def test_a_model_on_this_machine_is_linked_to(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        fetch_model("embedded", link_out=tmp_path / "models" / "embedded")
    assert (tmp_path / "models" / "embedded").resolve().name == "embedded.safetensors"
    assert "licence: " in caplog.text
