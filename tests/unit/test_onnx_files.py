"""Taggers from ONNX files of the user's own, against the same networks in NumPy."""

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from onnx import helper

import onnx_files
from onnx_files import LABELS, RATE, WINDOW
from stemsteer.errors import UserError
from stemsteer.models.weights import sha256
from stemsteer.settings.config import load_config
from stemsteer.settings.plan import Plan, make_plan
from stemsteer.taggers.base import Tagger, tag_probabilities
from stemsteer.taggers.loading import load_tagger
from stemsteer.taggers.settings import OnnxSettings
from stemsteer.taggers.vocabularies import read_tags


def settings_of(weights: Path, *labels: str, **changes: Any) -> OnnxSettings:
    listed = onnx_files.labels(weights.with_suffix(".txt"), *labels)
    return OnnxSettings.model_validate(
        {"weights": weights, "labels": listed, "sample_rate": RATE, "window_seconds": WINDOW / RATE, **changes}
    )


def loaded(weights: Path, *labels: str, **changes: Any) -> Tagger:
    return load_tagger("mine", settings_of(weights, *labels, **changes))


def noise(windows: int) -> torch.Tensor:
    return torch.from_numpy(np.random.RandomState(1).normal(size=(windows, WINDOW)).astype(np.float32))


@pytest.mark.parametrize("batch", ["batch", 1])
def test_its_logits_are_those_of_the_file(tmp_path: Path, batch: int | str) -> None:
    tagger = loaded(onnx_files.bank(tmp_path / "bank.onnx", batch=batch, samples=WINDOW))
    audio = noise(4)
    expected = torch.from_numpy(onnx_files.magnitudes(audio.numpy())).float()
    torch.testing.assert_close(tagger.window_logits(audio), expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(tagger.logits(audio.reshape(2, -1)), expected.unflatten(0, (2, 2)), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(tagger.activation(expected), expected.sigmoid())
    assert tagger.window_logits(audio.double()).dtype == torch.float64
    assert (tagger.name, tagger.window_samples, tagger.licence) == ("mine", WINDOW, "unknown (a local file)")
    assert tagger.fingerprint == sha256(tmp_path / "bank.onnx")


@pytest.mark.parametrize(("activation", "last"), [("sigmoid", "Sigmoid"), ("softmax", "Softmax")])
def test_probabilities_of_the_file_stay_as_they_are(tmp_path: Path, activation: str, last: str) -> None:
    weights = onnx_files.bank(tmp_path / "bank.onnx", last=last)
    tagger = loaded(weights, output="probabilities", activation=activation)
    audio = noise(2)
    magnitudes = torch.from_numpy(onnx_files.magnitudes(audio.numpy()))
    expected = magnitudes.sigmoid() if activation == "sigmoid" else magnitudes.softmax(dim=-1)
    heard = tag_probabilities(tagger.logits(audio), tagger.activation)
    torch.testing.assert_close(heard, expected.float(), rtol=1e-4, atol=1e-5)


def test_probabilities_of_frames_are_averaged(tmp_path: Path) -> None:
    tagger = loaded(onnx_files.frames(tmp_path / "frames.onnx"))
    audio = noise(2)
    expected = torch.from_numpy(onnx_files.frame_logits(audio.numpy())).sigmoid().mean(dim=1)
    heard = tag_probabilities(tagger.logits(audio), tagger.activation)
    torch.testing.assert_close(heard, expected.float(), rtol=1e-4, atol=1e-5)


def test_a_tone_is_heard_as_what_it_is(tmp_path: Path) -> None:
    tagger = loaded(onnx_files.bank(tmp_path / "bank.onnx"))
    times = torch.arange(3 * WINDOW) / RATE
    tones = torch.stack([torch.sin(2 * torch.pi * frequency * times) for frequency in (500, 2500)])
    assert tagger.logits(tones).mean(dim=1)[:, :2].argmax(dim=1).tolist() == [0, 1]


def test_what_decides_its_answers_tells_it_from_others(tmp_path: Path) -> None:
    weights = onnx_files.bank(tmp_path / "bank.onnx")
    assert loaded(weights).choices == (RATE, WINDOW / RATE, "logits", "sigmoid")
    assert loaded(weights, output="probabilities").choices != loaded(weights).choices


def two_inputs(path: Path) -> Path:
    nodes = [helper.make_node("Identity", ["audio"], ["answer"])]
    return onnx_files.write(path, nodes, (("batch", 2, "samples", 5), ("batch", 2, "samples", 5)))


def unknown_operator(path: Path) -> Path:
    return onnx_files.write(path, [helper.make_node("Listen", ["audio"], ["answer"])], (("n", "samples"), ("n", 3)))


def damaged(path: Path) -> Path:
    path.write_bytes(onnx_files.bank(path).read_bytes()[:200])
    return path


@pytest.mark.parametrize(
    ("make", "labels", "changes", "sentence"),
    [
        (damaged, (), {}, r"file\.onnx: onnxruntime cannot read it as a network \(.*\); export it anew"),
        (unknown_operator, (), {}, r"onnxruntime cannot read it as a network \(.*Listen.*\)"),
        (two_inputs, (), {}, r"a tagger has one input of floats, .* this network has audio tensor\(float\) \['batch'"),
        (onnx_files.bank, ("A", "B"), {}, r"there are 2 labels, so one output .*those of this network are \[1, 3\]"),
        (onnx_files.bank, (), {"sample_rate": 40, "window_seconds": 0.1}, "the network cannot hear 4 samples"),
        (
            lambda path: onnx_files.bank(path, samples=WINDOW),
            (),
            {"window_seconds": 0.2},
            "the network hears 800 samples at once, not 1,600; correct window_seconds or sample_rate",
        ),
    ],
    ids=["damaged", "operator", "input", "labels", "short", "window"],
)
def test_what_does_not_fit_is_told(
    tmp_path: Path, make: Any, labels: tuple[str, ...], changes: dict[str, Any], sentence: str
) -> None:
    weights = make(tmp_path / "file.onnx")
    with pytest.raises(UserError, match=sentence):
        loaded(weights, *labels, **changes)


def test_weights_beside_the_file_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import onnx

    model = onnx.load(onnx_files.bank(tmp_path / "bank.onnx"))
    onnx.save(model, tmp_path / "beside.onnx", save_as_external_data=True, size_threshold=0, location="beside.data")
    assert (tmp_path / "beside.data").exists()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="onnxruntime cannot read it as a network"):
        loaded(tmp_path / "beside.onnx")


def test_without_onnxruntime_the_command_that_brings_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UserError, match=r"the tagger mine needs the package onnxruntime.*`pip install onnxruntime`"):
        loaded(onnx_files.bank(tmp_path / "bank.onnx"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"\n\n", "has no labels"),
        (b"Low\n\nHigh\n", "line 2: there is no label"),
        (b"Low\nHigh\nLow\n", "the label 'Low' is there twice"),
        (b"\xff\xfe\xfa", "cannot be read as a text in UTF-8"),
    ],
)
def test_a_wrong_list_of_labels_is_told(tmp_path: Path, text: bytes, sentence: str) -> None:
    (tmp_path / "labels.txt").write_bytes(text)
    with pytest.raises(UserError, match=sentence):
        read_tags(tmp_path / "labels.txt")


def planned(folder: Path, sources: Any, **groups: Any) -> Plan:
    (folder / "tracks.tsv").write_text("track\tmixture\nsong\tsong.wav\n")
    own = settings_of(onnx_files.bank(folder / "bank.onnx"))
    taggers = {"mine": {"kind": "onnx", "weights": str(own.weights), "labels": str(own.labels)}}
    runs = {"mine": {"taggers": {"names": ["mine"]}, **groups}}
    config = {"tracks": str(folder / "tracks.tsv"), "sources": sources, "taggers": taggers, "runs": runs}
    return make_plan(load_config(config))


@pytest.mark.parametrize(
    ("sources", "source", "found"),
    [
        (["Low"], "Low", [0]),
        (["high"], "high", [1]),
        (["tag:Noise"], "tag:Noise", [2]),
        ({"tones": {"mine": ["High", "Low"]}}, "tones", [0, 1]),
        ({"drums": {"mine": ["Noise"]}}, "drums", [2]),
    ],
)
def test_a_source_is_found_among_its_labels(tmp_path: Path, sources: Any, source: str, found: list[int]) -> None:
    config = planned(tmp_path, sources).config
    tagger = load_tagger("mine", config.taggers["mine"], own_sources=config.own_sources)
    assert tagger.labels.names == LABELS
    assert tagger.labels.find(source) == found


@pytest.mark.parametrize(
    ("sources", "sentence"),
    [
        (["drums"], r"run 'mine', tagger mine: the vocabulary mine has no tag for the source 'drums'"),
        (["hihg"], r"config: sources: there is no source or tag 'hihg' \(did you mean [hH]igh\?\)"),
        ({"tones": {"mine": ["Hihg"]}}, r"the vocabulary mine has no tag 'Hihg' \(did you mean High\?\)"),
        ({"tones": {"min": ["High"]}}, r"there is no vocabulary 'min'"),
        ({"drums": {"mtat": ["flute"]}}, r"'drums' is a source of resources/sources.yaml; choose another name"),
    ],
)
def test_a_source_that_no_label_stands_for_is_told_before_any_job(tmp_path: Path, sources: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        planned(tmp_path, sources)


def test_a_gradient_of_it_is_refused_before_any_job(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"run 'mine', tagger mine: it has no gradient.*choose another tagger"):
        planned(tmp_path, ["Low"], preset="codec")


def test_a_list_of_labels_that_is_none_is_told_with_the_config(tmp_path: Path) -> None:
    weights = onnx_files.bank(tmp_path / "bank.onnx")
    (tmp_path / "labels.txt").touch()
    own = {"kind": "onnx", "weights": str(weights), "labels": str(tmp_path / "labels.txt")}
    with pytest.raises(UserError, match=r"taggers\.mine.*labels.*has no labels; write one on each line"):
        load_config({"tracks": "here", "taggers": {"mine": own}})


def test_the_examples_of_the_documents_are_right(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs/taggers.md").read_text(encoding="utf-8")
    onnx_files.bank(tmp_path / "model.onnx")
    onnx_files.labels(tmp_path / "labels.txt", "Violin", "Flute", "Singing")
    (tmp_path / "tracks.tsv").write_text("track\tmixture\nsong\tsong.wav\n")
    texts, network = (
        make_plan(load_config({"tracks": str(tmp_path / "tracks.tsv"), **yaml.safe_load(example)}))
        for example in re.findall(r"^```yaml\n(.*?)^```$", text.replace("/path/to", str(tmp_path)), re.M | re.S)
    )
    assert texts.asked_sources == ["distorted electric guitar", "hand claps"]
    assert texts.prompted_sources("default", "song")[:3] == ["bass", "distorted electric guitar", "drums"]
    assert network.asked_sources == ["Violin", "soloists", "vocals"]
