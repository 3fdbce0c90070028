"""The MobileNets of EfficientAT against their original code, and in physical cases."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor
from torch.nn import functional as F

from random_weights import random_mobilenet_weights
from stemsteer.errors import UserError
from stemsteer.models.registry import tagger_models
from stemsteer.models.weights import sha256
from stemsteer.taggers.efficientat.log_mel import LogMel, mel_filterbank
from stemsteer.taggers.efficientat.mobilenet import MobileNet, in_eights
from stemsteer.taggers.efficientat.tagger import WIDTHS, EfficientATTagger
from stemsteer.taggers.labels import labels_of
from stemsteer.taggers.loading import load_tagger

TESTS = Path(__file__).resolve().parents[1]
# Made by tests/golden_scripts/efficientat.py, which runs the original code.
GOLDEN = json.loads((TESTS / "unit/golden/efficientat.json").read_text())
NETWORKS = GOLDEN["networks"]
MUSIC, _ = soundfile.read(TESTS / "data" / GOLDEN["audio"], dtype="float64")
WINDOW = 81_920
HEARD = {
    "music": np.resize(MUSIC, WINDOW),
    "noise": np.random.RandomState(0).normal(0, 0.1, WINDOW),
    "ten seconds": np.resize(MUSIC, 320_000),
}
MODELS = {model.architecture: model for model in tagger_models().values() if model.family == "efficientat"}


def audio(name: str) -> Tensor:
    return torch.from_numpy(HEARD[name]).float()[None]


def weights_of(architecture: str) -> dict[str, Tensor]:
    with torch.device("meta"):
        tensors = MobileNet(WIDTHS[architecture], 527).state_dict()
    return random_mobilenet_weights({name: tuple(tensor.shape) for name, tensor in tensors.items()})


def tagger_with(weights: object, architecture: str, folder: Path) -> EfficientATTagger:
    path = folder / "weights.pt"
    torch.save(weights, path)
    model = MODELS[architecture]
    return EfficientATTagger(architecture, model, labels_of(model), path)


@pytest.fixture(scope="module")
def tagger(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> EfficientATTagger:
    """A tagger with random weights that came through a file, by its architecture."""
    return tagger_with(weights_of(request.param), request.param, tmp_path_factory.mktemp("weights"))


each = pytest.mark.parametrize("tagger", NETWORKS, indirect=True)
small = pytest.mark.parametrize("tagger", ["mn04"], indirect=True)


def loss(tagger: EfficientATTagger, signal: Tensor) -> Tensor:
    """Binary cross-entropy when every seventh class is wanted."""
    logits = tagger.logits(signal)[:, 0]
    wanted = (torch.arange(logits.shape[1]) % 7 == 0).to(logits)[None]
    return F.binary_cross_entropy_with_logits(logits, wanted)


def gradient(tagger: EfficientATTagger, signal: Tensor) -> Tensor:
    signal = signal.clone().requires_grad_()
    return torch.autograd.grad(loss(tagger, signal), signal)[0]


@pytest.mark.parametrize("name", HEARD)
def test_the_front_end_has_the_original_bands(name: str) -> None:
    bands = LogMel()(audio(name))[0, 0].mean(dim=1)
    np.testing.assert_allclose(bands, GOLDEN["bands"][name], rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", HEARD)
@each
def test_the_networks_have_the_original_logits(tagger: EfficientATTagger, name: str) -> None:
    expected = np.array(NETWORKS[tagger.name]["logits"][name])
    logits = tagger.window_logits(audio(name))[0]
    np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-4)
    others = [NETWORKS[tagger.name]["logits"][other] for other in HEARD if other != name]
    assert all(np.abs(expected - other).mean() > 0.03 for other in others)  # they depend on what is heard


@each
def test_the_networks_have_the_original_gradient(tagger: EfficientATTagger) -> None:
    expected = NETWORKS[tagger.name]["gradient"]
    found = gradient(tagger, audio("music"))
    assert float(found.norm()) == pytest.approx(expected["norm"], rel=1e-4)
    entries = found.flatten()[:: found.numel() // 32][:32]
    # The derivative of a rectifier jumps, and here or there rounding decides on which side of it a number is.
    np.testing.assert_allclose(entries, expected["entries"], rtol=0, atol=1e-2 * np.abs(expected["entries"]).max())


def test_the_gradient_is_that_of_finite_differences(tmp_path: Path) -> None:
    precise = tagger_with(weights_of("mn04"), "mn04", tmp_path).double()
    signal = torch.from_numpy(HEARD["music"])[None]
    direction = torch.from_numpy(np.random.RandomState(1).normal(0, 1, (1, WINDOW)))
    step = 1e-8  # so short that it crosses no kink of a rectifier
    difference = (loss(precise, signal + step * direction) - loss(precise, signal - step * direction)) / (2 * step)
    expected = float((gradient(precise, signal) * direction).sum())
    assert float(difference) == pytest.approx(expected, rel=1e-4)


def test_the_networks_have_as_many_numbers_as_the_published_ones() -> None:
    """Parameters as in EfficientAT's table, in millions; the file of mn10 has 312 tensors with 4,901,277 numbers."""
    for architecture, millions in {"mn04": 0.983, "mn10": 4.88}.items():
        with torch.device("meta"):
            network = MobileNet(WIDTHS[architecture], 527)
        parameters = sum(parameter.numel() for parameter in network.parameters())
        assert parameters / 1e6 == pytest.approx(millions, abs=0.004)
    tensors = network.state_dict().values()
    assert (len(tensors), sum(tensor.numel() for tensor in tensors)) == (312, 4_901_277)


@pytest.mark.parametrize(
    ("channels", "rounded"), [(1, 8), (12, 16), (16, 16), (6.4, 8), (26.4, 24), (28.8, 32), (11, 16)]
)
def test_channels_come_in_eights(channels: float, rounded: int) -> None:
    assert in_eights(channels) == rounded


def test_bands_are_triangles_on_the_mel_scale() -> None:
    filters = mel_filterbank()
    assert filters.shape == (128, 513)
    assert (filters.sum(dim=1) > 0).all()
    # Each bin from the first band's centre to the last one's lies in two bands, whose weights sum to 1.
    sums = filters.sum(dim=0)
    assert sums[2:467].allclose(torch.ones((), dtype=torch.float64))
    assert (filters[:, 481:] == 0).all()  # above 15,000 Hz


def test_a_tone_is_loudest_in_the_band_of_its_frequency() -> None:
    """On Kaldi's mel scale, 1127 ln(1 + f / 700), 129 steps lead to 15,000 Hz; the first band is one step from 0."""
    highest = 1127 * np.log1p(15_000 / 700)
    for hz in (440, 2000, 9000):
        tone = torch.sin(2 * torch.pi * hz * torch.arange(WINDOW) / 32_000)[None]
        loudest = LogMel()(tone)[0, 0, :, 100].argmax()
        assert abs(float(loudest) - (1127 * np.log1p(hz / 700) / highest * 129 - 1)) <= 0.6


def test_silence_is_the_floor_in_every_band_and_frame() -> None:
    silence = LogMel()(torch.zeros(1, WINDOW))
    assert silence.shape == (1, 1, 128, 256)
    torch.testing.assert_close(silence, torch.full_like(silence, (np.log(1e-5) + 4.5) / 5))


@small
def test_a_tagger_hears_windows_of_2_56_seconds(tagger: EfficientATTagger) -> None:
    assert (tagger.sample_rate, tagger.window_samples, tagger.context_samples) == (32_000, WINDOW, 0)
    signal = torch.cat([audio("music"), audio("noise")], dim=1)
    logits = tagger.logits(signal)
    assert logits.shape == (1, 2, 527)
    apart = [tagger.logits(audio(name))[:, 0] for name in ("music", "noise")]
    torch.testing.assert_close(logits[0], torch.cat(apart), rtol=0, atol=1e-4)


@small
def test_a_tagger_knows_its_labels_its_licence_and_the_hash_of_its_file(
    tagger: EfficientATTagger, tmp_path: Path
) -> None:
    again = tagger_with(weights_of("mn04"), "mn04", tmp_path)
    assert again.fingerprint == sha256(tmp_path / "weights.pt")
    assert again.licence == "MIT"
    assert [tagger.labels.names[place] for place in tagger.labels.find("violin")] == ["Violin, fiddle"]


@small
def test_silence_has_finite_logits_and_gradient(tagger: EfficientATTagger) -> None:
    silence = torch.zeros(1, WINDOW)
    assert tagger.logits(silence).isfinite().all()
    assert gradient(tagger, silence).isfinite().all()


@small
def test_weights_are_frozen_and_norms_never_learn(tagger: EfficientATTagger) -> None:
    assert not any(parameter.requires_grad for parameter in tagger.parameters())
    before = {name: tensor.clone() for name, tensor in tagger.state_dict().items()}
    tagger.train()
    tagger.logits(audio("music"))
    assert all(torch.equal(tensor, before[name]) for name, tensor in tagger.state_dict().items())


def test_the_registrys_architectures_are_known() -> None:
    assert set(MODELS) == set(WIDTHS)


def test_weights_that_do_not_fit_are_told(tmp_path: Path) -> None:
    weights = weights_of("mn04")
    with pytest.raises(UserError, match=r"weights\.pt: not the weights of mn10, the tensor features.* has the shape"):
        tagger_with(weights, "mn10", tmp_path)
    with pytest.raises(UserError, match=r"not the weights of mn04, the tensor classifier\.5\.bias is missing"):
        tagger_with({name: weights[name] for name in weights if name != "classifier.5.bias"}, "mn04", tmp_path)
    with pytest.raises(UserError, match=r"classifier\.5\.weight has the shape \[50, 512\] instead of \[527, 512\]"):
        tagger_with({**weights, "classifier.5.weight": weights["classifier.5.weight"][:50]}, "mn04", tmp_path)
    with pytest.raises(UserError, match=r"not a readable state dict of mn04; fetch the file again"):
        tagger_with({**weights, "classifier.5.bias": 3}, "mn04", tmp_path)


def test_a_file_that_is_not_the_published_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / str(MODELS["mn04"].file)
    path.parent.mkdir()
    torch.save(weights_of("mn04"), path)
    monkeypatch.setenv("STEMSTEER_MODELS", str(tmp_path))
    with pytest.raises(UserError, match=r"mn04_as_mAP_432\.pt is not the published file of mn04-audioset \(its sha256"):
        load_tagger("mn04-audioset")
