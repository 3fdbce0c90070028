"""CLAP as a tagger, against what the package transformers makes of the same checkpoint."""

import socket
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import ClapModel, ClapProcessor

import tiny_clap
from stemsteer.errors import UserError
from stemsteer.models.registry import registry
from stemsteer.sound import audio
from stemsteer.taggers.base import Tagger, tag_probabilities
from stemsteer.taggers.clap.checkpoint import Checkpoint
from stemsteer.taggers.clap.mel import MelDecibels
from stemsteer.taggers.loading import load_tagger
from tiny_clap import NAME, SECONDS

RATE = 48_000
SOURCES = ("distorted electric guitar", "hand claps", "Flöte")
MUSIC = Path(__file__).parents[1] / "data/feelings_16khz.flac"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_clap.save(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def tagger(weights: Path, monkeypatch: pytest.MonkeyPatch) -> Tagger:
    monkeypatch.setenv("STEMSTEER_MODELS", str(weights.parents[1]))
    monkeypatch.setitem(registry(), NAME, tiny_clap.entry(weights))
    return load_tagger(NAME, sources=SOURCES)


def music(seconds: float) -> Tensor:
    """`[1, samples]` at 48 kHz."""
    song, rate = audio.read(MUSIC)
    return torch.from_numpy(audio.resample(song[:, :1], rate, RATE)).T[:, : round(seconds * RATE)].contiguous()


def by_transformers(weights: Path, texts: list[str], windows: Tensor) -> Tensor:
    """`[windows, texts]`: the logits of transformers, from end to end."""
    processor = ClapProcessor.from_pretrained(weights.parent, local_files_only=True)
    model = ClapModel.from_pretrained(weights.parent, local_files_only=True).eval()
    inputs = processor(text=texts, audio=[*windows.numpy()], sampling_rate=RATE, padding=True, return_tensors="pt")
    with torch.no_grad():
        logits: Tensor = model(**{**inputs, "input_features": inputs["input_features"].float()}).logits_per_audio
    return logits


def test_its_probabilities_are_those_of_transformers(weights: Path, tagger: Tagger) -> None:
    audio = music(3 * SECONDS)
    expected = by_transformers(weights, list(tagger.labels.names), audio.reshape(3, -1))
    assert expected.softmax(dim=-1).std() > 0.01  # The texts are not all alike to it.
    logits = tagger.logits(audio)
    torch.testing.assert_close(logits[0], expected, rtol=1e-4, atol=1e-4)
    probabilities = tag_probabilities(logits, tagger.activation)
    torch.testing.assert_close(probabilities[0], expected.softmax(dim=-1).mean(dim=0), rtol=1e-4, atol=1e-5)


def test_shorter_audio_is_repeated_as_transformers_does(weights: Path, tagger: Tagger) -> None:
    half = music(SECONDS / 2)
    expected = by_transformers(weights, list(tagger.labels.names), half)
    torch.testing.assert_close(tagger.logits(half)[0], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("seconds", [0.5, 1.0])
def test_its_mel_bands_are_those_of_the_feature_extractor(weights: Path, seconds: float) -> None:
    extractor = Checkpoint(NAME, weights.parent).extractor
    noise = np.random.RandomState(0).normal(scale=0.1, size=(2, round(seconds * RATE))).astype(np.float32)
    expected = extractor(list(np.tile(noise, round(1 / seconds))), sampling_rate=RATE, return_tensors="pt")
    heard = MelDecibels(extractor)(torch.from_numpy(np.tile(noise, round(1 / seconds))))
    torch.testing.assert_close(heard, expected["input_features"][:, 0].float(), rtol=0, atol=1e-4)


def test_its_labels_and_windows(weights: Path, tagger: Tagger) -> None:
    assert tagger.labels.names == (
        *("the sound of Flöte", "the sound of distorted electric guitar", "the sound of hand claps", "noise"),
    )
    assert (tagger.sample_rate, tagger.window_samples) == (RATE, SECONDS * RATE)
    assert tagger.fingerprint == tiny_clap.entry(weights).sha256
    assert not any(weight.requires_grad for weight in tagger.parameters())


def test_a_text_that_is_longer_than_the_encoder_is_cut(tagger: Tagger) -> None:
    assert load_tagger(NAME, sources=["guitar " * 100]).logits(music(SECONDS)).isfinite().all()


def test_its_gradient_is_that_of_its_logits(tagger: Tagger) -> None:
    double = tagger.double()
    start = music(SECONDS).double().requires_grad_()
    direction = torch.from_numpy(np.random.RandomState(0).normal(size=start.shape))
    (gradient,) = torch.autograd.grad(double.logits(start)[..., 0].sum(), start)
    step = 1e-9  # Where nearly nothing is heard, decibels are far from straight.
    with torch.no_grad():
        above, below = (double.logits(start + sign * step * direction)[..., 0].sum() for sign in (1, -1))
    torch.testing.assert_close((gradient * direction).sum(), (above - below) / (2 * step), rtol=1e-4, atol=1e-8)


def test_nothing_is_fetched(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def refuse(*address: object, **_: object) -> None:
        asked.append(address)
        raise OSError("no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    Checkpoint(NAME, weights.parent)
    assert asked == []


def copied(weights: Path, folder: Path) -> Path:
    (folder / "tiny").mkdir()
    for path in weights.parent.iterdir():
        (folder / "tiny" / path.name).write_bytes(path.read_bytes())
    return folder / "tiny" / weights.name


@pytest.mark.parametrize(
    ("altered", "sentence"),
    [
        (
            "vocab.json",
            r"pytorch_model\.bin is not the published file of tiny-clap \(vocab\.json beside it: its sha256",
        ),
        ("pytorch_model.bin", r"pytorch_model\.bin is not the published file of tiny-clap \(its sha256"),
    ],
)
def test_an_altered_file_is_told(
    weights: Path, tagger: Tagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, altered: str, sentence: str
) -> None:
    copy = copied(weights, tmp_path)
    copy.with_name(altered).write_bytes(copy.with_name(altered).read_bytes() + b" ")
    monkeypatch.setenv("STEMSTEER_MODELS", str(tmp_path))
    with pytest.raises(UserError, match=sentence):
        load_tagger(NAME, sources=SOURCES)


def test_a_missing_file_is_told(weights: Path, tagger: Tagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied(weights, tmp_path).with_name("merges.txt").unlink()
    monkeypatch.setenv("STEMSTEER_MODELS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(UserError, match=r"not on this machine.*tiny/pytorch_model\.bin, and beside it config\.json,"):
        load_tagger(NAME, sources=SOURCES)


def test_weights_that_are_not_there_or_cannot_be_read_are_told(weights: Path, tmp_path: Path) -> None:
    copy = copied(weights, tmp_path)
    tensors = torch.load(copy, weights_only=True)
    del tensors["audio_projection.linear1.weight"]
    torch.save(tensors, copy)
    with pytest.raises(UserError, match=r"weights are missing, audio_projection\.linear1\.weight for one; fetch tiny"):
        Checkpoint(NAME, copy.parent)
    copy.write_bytes(b"no weights")
    with pytest.raises(UserError, match=r"transformers cannot read it as a checkpoint of CLAP \(.*; delete the folder"):
        Checkpoint(NAME, copy.parent)


class Code:
    """Writes a file when it is opened as a pickle."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


def test_weights_that_hold_code_are_refused(weights: Path, tmp_path: Path) -> None:
    copy = copied(weights, tmp_path)
    torch.save({"logit_scale_a": Code(tmp_path / "run")}, copy)
    with pytest.raises(UserError, match="transformers cannot read it as a checkpoint of CLAP"):
        Checkpoint(NAME, copy.parent)
    assert not (tmp_path / "run").exists()


def test_without_transformers_the_command_that_brings_it_is_told(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UserError, match=r"the tagger tiny-clap needs the package transformers.*`pip install transfor"):
        Checkpoint(NAME, weights.parent)
