"""The taggers of instruments: what they hear, how they answer, and how their weights are read."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from stemsteer.errors import UserError
from stemsteer.taggers.instruments.front_end import CONTEXT_SECONDS, MELS, SAMPLE_RATE, FrontEnd, compressed
from stemsteer.taggers.instruments.network import InstrumentsNetwork
from stemsteer.taggers.instruments.tagger import InstrumentsTagger, read_instruments
from stemsteer.taggers.labels import VocabularyLabels
from stemsteer.taggers.mel_power import hz_to_mel, mel_to_hz
from stemsteer.taggers.vocabularies import Vocabulary, load_vocabulary

pytestmark = pytest.mark.usefixtures("one_thread")

LABELS = VocabularyLabels(Vocabulary("toys", ("drum", "rattle", "whistle")))
CONTEXT = round(CONTEXT_SECONDS * SAMPLE_RATE)


@pytest.fixture(scope="module")
def front_end() -> FrontEnd:
    return FrontEnd()


@pytest.fixture(scope="module")
def tagger() -> InstrumentsTagger:
    torch.manual_seed(1)
    network = InstrumentsNetwork(3, 2)
    for layer in network.modules():
        # As after a training: what arrives at each layer is about as large as that of the training.
        if isinstance(layer, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            layer.running_var.fill_(0.1)
    return InstrumentsTagger("toy", LABELS, network, window_seconds=0.5, licence="none", fingerprint="toy")


def tone(hertz: float, samples: int) -> Tensor:
    return torch.sin(2 * torch.pi * hertz * torch.arange(samples) / SAMPLE_RATE)[None]


def noise(seconds: float, seed: int = 0) -> Tensor:
    return 0.3 * torch.randn(1, round(seconds * SAMPLE_RATE), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("hertz", [110.0, 440.0, 1000.0, 3520.0])
def test_a_tone_is_in_its_band(front_end: FrontEnd, hertz: float) -> None:
    power = front_end.power(tone(hertz, CONTEXT + SAMPLE_RATE))[0]
    assert power.shape == (50, MELS)
    corners = mel_to_hz(torch.linspace(0, hz_to_mel(SAMPLE_RATE / 2), MELS + 2, dtype=torch.float64))
    wanted = int((corners[1:-1] - hertz).abs().argmin())
    assert (power.argmax(dim=1) - wanted).abs().max() <= 1
    far = (torch.arange(MELS) - wanted).abs() > 6
    assert power[:, far].max() < 1e-4 * power.max()


def test_the_scale_goes_from_nothing_to_loud(front_end: FrontEnd) -> None:
    powers = torch.logspace(-12, 2, 200, dtype=torch.float64)
    scaled = compressed(powers)
    assert (scaled.diff() > 0).all()
    assert compressed(torch.zeros(())).item() == pytest.approx(-1)
    assert compressed(torch.ones(())).item() == pytest.approx(1, abs=1e-6)
    loud = compressed(front_end.power(tone(440, CONTEXT + SAMPLE_RATE)))
    assert loud.min() >= -1
    assert 0.5 < loud.max() < 1.5


@pytest.mark.parametrize(("width", "frames"), [(1, 25), (4, 100), (3, 150)])
def test_the_network_takes_any_width_and_window(width: int, frames: int) -> None:
    network = InstrumentsNetwork(5, width).eval()
    heard = torch.randn(2, MELS, frames, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        logits = network(heard)
        assert logits.shape == (2, 5)
        torch.testing.assert_close(network(heard.flip(0)), logits.flip(0))


@pytest.mark.parametrize(("seconds", "policy", "windows"), [(1.0, "cover", 2), (1.2, "cover", 3), (1.2, "pad", 3)])
def test_windows_follow_each_other(tagger: InstrumentsTagger, seconds: float, policy: str, windows: int) -> None:
    audio = noise(seconds)
    logits = tagger.logits(audio, policy)  # type: ignore[arg-type]
    assert logits.shape == (1, windows, 3)
    assert logits.isfinite().all()
    torch.testing.assert_close(logits[:, :2], tagger.logits(audio[:, :SAMPLE_RATE]), rtol=0, atol=1e-5)


def test_a_window_hears_the_context_before_it_and_no_more(tagger: InstrumentsTagger) -> None:
    assert tagger.context_samples == CONTEXT == 960
    audio, window = noise(1.0), tagger.window_samples
    before = tagger.logits(audio)[0, 1]
    within = audio.clone()
    within[:, window - CONTEXT : window] *= 0.1
    assert (tagger.logits(within)[0, 1] - before).abs().max() > 1e-4
    outside = audio.clone()
    outside[:, : window - CONTEXT] = 0
    torch.testing.assert_close(tagger.logits(outside)[0, 1], before)


def test_training_mode_is_refused(tagger: InstrumentsTagger) -> None:
    audio = noise(0.5)
    torch.testing.assert_close(tagger.train().logits(audio), tagger.logits(audio), rtol=0, atol=0)
    assert not any(weight.requires_grad for weight in tagger.parameters())


def test_the_gradient_is_that_of_finite_differences() -> None:
    torch.manual_seed(3)
    tagger = InstrumentsTagger("toy", LABELS, InstrumentsNetwork(3, 2), 0.5, licence="none", fingerprint="toy").double()
    audio, direction = noise(0.5, 4).double().requires_grad_(), noise(0.5, 5).double()
    for label in range(3):
        (gradient,) = torch.autograd.grad(tagger.logits(audio)[0, 0, label], audio)
        step = 1e-7
        with torch.no_grad():
            after, before = (tagger.logits(audio + sign * step * direction)[0, 0, label] for sign in (1, -1))
        slope = ((after - before) / (2 * step)).item()
        assert abs(slope) > 1e-6
        assert (gradient * direction).sum().item() == pytest.approx(slope, rel=1e-4)


def written(path: Path, tagger: InstrumentsTagger, **facts: str) -> Path:
    tensors = {name: tensor.contiguous() for name, tensor in tagger.network.state_dict().items()}
    save_file(tensors, path, {"labels": "\t".join(LABELS.names), "width": "2", "window_seconds": "0.5", **facts})
    return path


def test_weights_come_back(tagger: InstrumentsTagger, tmp_path: Path) -> None:
    path = written(tmp_path / "toy.safetensors", tagger)
    read = read_instruments(path, "toy", LABELS, licence="CC0")
    assert (read.window_seconds, read.licence, len(read.fingerprint), read.knows_parts) == (0.5, "CC0", 64, True)
    torch.testing.assert_close(read.logits(noise(1)), tagger.logits(noise(1)), rtol=0, atol=0)


def test_a_file_of_something_else_is_refused(tagger: InstrumentsTagger, tmp_path: Path) -> None:
    (tmp_path / "text.safetensors").write_text("no weights", encoding="utf-8")
    save_file({"weights": torch.zeros(3)}, tmp_path / "other.safetensors")
    save_file({"weights": torch.zeros(3)}, tmp_path / "wide.safetensors", {"width": "32"})
    for name, sentence in [
        ("text", "cannot be read as the weights of a tagger .*; train it anew"),
        ("other", "does not hold a tagger of the instruments that this version knows; train it anew"),
        ("wide", "does not hold a tagger of the instruments"),
    ]:
        with pytest.raises(UserError, match=rf"{name}\.safetensors {sentence}"):
            read_instruments(tmp_path / f"{name}.safetensors", "toy", LABELS, licence="")
    ours = written(tmp_path / "toy.safetensors", tagger)
    with pytest.raises(UserError, match="does not hold a tagger of the instruments that this version knows"):
        read_instruments(ours, "instruments", VocabularyLabels(load_vocabulary("instruments")), licence="")
