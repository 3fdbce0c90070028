"""The nine taggers of sota-music-tagging-models against their original code, librosa, NumPy and physical cases."""

import copy
import json
import os
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor
from torch.nn import functional as F

from random_weights import random_weights
from stemsteer.errors import UserError
from stemsteer.models.registry import VocabularyTaggerModel, tagger_models
from stemsteer.models.weights import sha256
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.labels import VocabularyLabels, labels_of
from stemsteer.taggers.loading import load_tagger
from stemsteer.taggers.settings import SotaMusicTaggingSettings
from stemsteer.taggers.sota_music_tagging.architectures import ARCHITECTURES as NETWORKS
from stemsteer.taggers.sota_music_tagging.attention import class_token
from stemsteer.taggers.sota_music_tagging.front_end import MelDecibels, decibels
from stemsteer.taggers.sota_music_tagging.hcnn import HarmonicSpectrogram
from stemsteer.taggers.sota_music_tagging.tagger import SotaMusicTagger
from stemsteer.taggers.vocabularies import load_vocabulary

TESTS = Path(__file__).resolve().parents[1]
# Made by tests/golden_scripts/sota_music_tagging.py, which runs the original code.
GOLDEN = json.loads((TESTS / "unit/golden/sota_music_tagging.json").read_text())
PUBLISHED, RANDOM = GOLDEN["published"], GOLDEN["random"]
WITH_GRADIENT = [name for name, figures in PUBLISHED.items() if "gradient" in figures]
ARCHITECTURES = [name for name in RANDOM if name in NETWORKS]
MUSIC, _ = soundfile.read(TESTS / "data" / GOLDEN["audio"], dtype="float64")
SAMPLES_HEARD = {"fcn": 431_360, "crnn": 450_816, "sample": 59_048, "se": 59_048}  # of the window; of others, all

needs_published_weights = pytest.mark.skipif(
    "STEMSTEER_MODELS" not in os.environ, reason="STEMSTEER_MODELS does not name a folder with the published weights"
)


def music_of(samples: int) -> Tensor:
    """The music, repeated as often as it takes: `[1, samples]`, float64."""
    return torch.from_numpy(np.resize(MUSIC, (1, samples)))


def shapes_of(name: str) -> dict[str, tuple[int, ...]]:
    return {tensor: tuple(shape) for tensor, shape in RANDOM[name]["tensors"].items()}


def entry(architecture: str) -> VocabularyTaggerModel:
    fields = {"kind": "tagger", "family": "sota-music-tagging", "vocabulary": "msd", "licence": "-", "citation": "-"}
    return VocabularyTaggerModel.model_validate({**fields, "architecture": architecture})


def tagger_with(weights: dict[str, Tensor], name: str, folder: Path) -> SotaMusicTagger:
    path = folder / "best_model.pth"
    torch.save(weights, path)
    model = entry(name.partition(" ")[0])
    return SotaMusicTagger(name, model, labels_of(model), path)


@pytest.fixture(scope="module")
def random_tagger(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SotaMusicTagger:
    """A tagger with random weights that came through a file, by the name of its golden figures."""
    weights = random_weights(shapes_of(request.param))
    return tagger_with(weights, request.param, tmp_path_factory.mktemp("weights"))


all_random = pytest.mark.parametrize("random_tagger", RANDOM, indirect=True)
one_of_each = pytest.mark.parametrize("random_tagger", ARCHITECTURES, indirect=True)


def gradient_of_loss(tagger: Tagger, audio: Tensor) -> Tensor:
    """Of TagBox's loss, binary cross-entropy of the probabilities' mean over windows; every seventh tag is wanted."""
    audio = audio.clone().requires_grad_()
    probabilities = tagger.logits(audio, windows="pad").sigmoid().mean(dim=1)
    wanted = (torch.arange(50) % 7 == 0).to(probabilities)[None]
    (gradient,) = torch.autograd.grad(F.binary_cross_entropy(probabilities, wanted), audio)
    return gradient


def assert_gradient(found: Tensor, expected: dict, tolerance: float) -> None:
    """The norm, and 32 entries evenly spread, within a tolerance relative to the norm, and to the largest of them."""
    entries = found.flatten()[:: found.numel() // 32][:32]
    assert float(found.norm()) == pytest.approx(expected["norm"], rel=tolerance)
    np.testing.assert_allclose(entries, expected["entries"], rtol=0, atol=tolerance * np.abs(expected["entries"]).max())


@needs_published_weights
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_taggers_have_the_original_probabilities(name: str) -> None:
    audio = music_of(round(PUBLISHED[name]["seconds"] * 16000)).float()
    tagger = load_tagger(name)
    probabilities = tagger.logits(audio, windows="pad")[0].sigmoid()
    assert probabilities.shape == (2, len(tagger.labels.names))
    np.testing.assert_allclose(probabilities, PUBLISHED[name]["probabilities"], rtol=0, atol=5e-6)


@needs_published_weights
@pytest.mark.parametrize("name", WITH_GRADIENT)
def test_published_taggers_have_the_original_gradient(name: str) -> None:
    audio = music_of(round(PUBLISHED[name]["seconds"] * 16000))
    expected = PUBLISHED[name]["gradient"]
    precise = gradient_of_loss(load_tagger(name, dtype=torch.float64), audio)
    assert_gradient(precise, expected, 1e-7)
    # In float32 some poolings find their maximum elsewhere.
    found = gradient_of_loss(load_tagger(name), audio.float())
    assert float((found - precise).norm() / precise.norm()) < 0.03


@all_random
def test_random_weights_have_the_original_probabilities_and_gradient(random_tagger: SotaMusicTagger) -> None:
    expected = RANDOM[random_tagger.name]
    tagger = copy.deepcopy(random_tagger).double()
    audio = music_of(tagger.window_samples)
    probabilities = tagger.logits(audio, windows="pad")[0].sigmoid()
    np.testing.assert_allclose(probabilities, expected["probabilities"], rtol=0, atol=1e-7)
    assert_gradient(gradient_of_loss(tagger, audio), expected["gradient"], 1e-6)


@all_random
def test_the_window_is_that_of_the_network(random_tagger: SotaMusicTagger) -> None:
    assert random_tagger.window_samples == random_tagger.network.window
    assert random_tagger.context_samples == 0


@all_random
def test_single_precision_is_enough(random_tagger: SotaMusicTagger) -> None:
    probabilities = random_tagger.logits(music_of(random_tagger.window_samples).float())[0].sigmoid()
    np.testing.assert_allclose(probabilities, RANDOM[random_tagger.name]["probabilities"], rtol=0, atol=1e-5)


@all_random
def test_tensors_have_the_published_names_and_shapes(random_tagger: SotaMusicTagger) -> None:
    ours = {name: tuple(tensor.shape) for name, tensor in random_tagger.network.state_dict().items()}
    assert ours == shapes_of(random_tagger.name)


@one_of_each
def test_weights_are_frozen_and_batch_norms_never_learn(random_tagger: SotaMusicTagger) -> None:
    assert not any(parameter.requires_grad for parameter in random_tagger.parameters())
    before = {name: tensor.clone() for name, tensor in random_tagger.state_dict().items()}
    random_tagger.train()
    random_tagger.logits(music_of(random_tagger.window_samples).float())
    assert all(torch.equal(tensor, before[name]) for name, tensor in random_tagger.state_dict().items())
    assert not any(module.training for module in random_tagger.modules())


@one_of_each
def test_silence_has_finite_logits_and_gradient(random_tagger: SotaMusicTagger) -> None:
    audio = torch.zeros(1, random_tagger.window_samples, requires_grad=True)
    logits = random_tagger.logits(audio)
    (gradient,) = torch.autograd.grad(logits.sum(), audio)
    assert torch.isfinite(logits).all()
    assert torch.isfinite(gradient).all()


@one_of_each
def test_tracks_of_a_batch_do_not_hear_each_other(random_tagger: SotaMusicTagger) -> None:
    music = music_of(random_tagger.window_samples).float()
    other = music.flip(1)
    together = random_tagger.logits(torch.cat([music, other]))
    torch.testing.assert_close(together[1:], random_tagger.logits(other), rtol=1e-4, atol=1e-4)


@one_of_each
def test_what_lies_beyond_the_poolings_is_not_heard(random_tagger: SotaMusicTagger) -> None:
    """The last sample that can be heard, by the poolings' and convolutions' sizes; noise instead of music after it."""
    window = random_tagger.window_samples
    heard = SAMPLES_HEARD.get(random_tagger.name, window)
    music = music_of(window).float()
    noise = torch.randn(1, window, generator=torch.Generator().manual_seed(1))

    def with_noise_from(start: int) -> Tensor:
        return random_tagger.logits(torch.cat([music[:, :start], 10 * noise[:, start:]], dim=1))

    unchanged = random_tagger.logits(music)
    assert torch.equal(with_noise_from(heard), unchanged)
    assert not torch.equal(with_noise_from(heard - 16), unchanged)


def test_mel_decibels_are_librosas() -> None:
    front_end = MelDecibels(bands=128)
    front_end.load_state_dict(random_weights({"spectrogram.window": (512,), "mel_scale.fb": (257, 128)}))
    audio = music_of(30_000)
    expected = librosa.feature.melspectrogram(
        y=audio[0].numpy(), sr=16000, n_fft=512, hop_length=256, n_mels=128, htk=True, norm=None, pad_mode="reflect"
    )
    found = front_end.double()(audio)
    assert found.shape == (1, 1, 128, 1 + 30_000 // 256)
    np.testing.assert_allclose(found[0, 0], librosa.power_to_db(expected, amin=1e-10, top_db=None), rtol=0, atol=1e-3)


@needs_published_weights
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_front_ends_are_a_hann_window_and_htks_mel_scale(name: str) -> None:
    front_end = load_tagger(name).network.spec
    htk = librosa.filters.mel(sr=16000, n_fft=512, n_mels=96, htk=True, norm=None, dtype=np.float64).T
    np.testing.assert_allclose(front_end.mel_scale.fb, htk, rtol=0, atol=2e-5)  # made in float32
    hann = librosa.filters.get_window("hann", 512, fftbins=True)
    np.testing.assert_allclose(front_end.spectrogram.window, hann, rtol=0, atol=1e-6)


def test_decibels_end_at_minus_a_hundred_without_a_gradient() -> None:
    power = torch.tensor([0.0, 1e-12, 1e-10, 1e-3, 100.0], dtype=torch.float64, requires_grad=True)
    found = decibels(power)
    (gradient,) = torch.autograd.grad(found.sum(), power)
    np.testing.assert_allclose(found.detach(), [-100, -100, -100, -30, 20], atol=1e-12)
    np.testing.assert_array_equal(gradient[:2], 0)
    np.testing.assert_allclose(gradient[3:], 10 / np.log(10) / np.array([1e-3, 100]))


def test_one_of_128_mel_bands_hears_nothing() -> None:
    filters = random_weights({"fb": (257, 128)})["fb"]
    assert int((filters == 0).all(dim=0).sum()) == 1


def test_harmonic_filters_are_triangles_at_the_harmonics_of_quarter_tones() -> None:
    spectrogram = HarmonicSpectrogram().double().requires_grad_(False)
    spectrogram.bw_Q.fill_(1.3)
    fundamentals = librosa.midi_to_hz(np.linspace(librosa.note_to_midi("C1"), librosa.note_to_midi("E6"), 129)[:-1])
    bins = librosa.fft_frequencies(sr=16000, n_fft=512)
    expected = [
        np.interp(bins, [centre - width / 2, centre, centre + width / 2], [0, 1, 0])
        for centre in np.outer(np.arange(1, 7), fundamentals).flatten()
        for width in [(0.1079 * centre + 24.7) / 1.3]
    ]
    np.testing.assert_allclose(spectrogram.filterbank(), expected, rtol=0, atol=1e-4)
    assert int((spectrogram.filterbank() == 0).all(dim=1).sum()) == 15  # between two bins, they hear nothing


def test_a_tone_is_loudest_in_the_bands_of_its_harmonics() -> None:
    """440 Hz is the note A4, the 90th quarter tone from C1; as A3's second harmonic it is there too, and so on."""
    spectrogram = HarmonicSpectrogram()
    spectrogram.load_state_dict(random_weights({"bw_Q": (1,), "spec.window": (512,)}))
    tone = torch.sin(2 * torch.pi * 440 * torch.arange(16000) / 16000)[None]
    loudest = spectrogram(tone)[0, :, :, 30].argmax(dim=1)
    for harmonic, note in enumerate(loudest, start=1):
        assert abs(float(note) - (90 - 24 * np.log2(harmonic))) < 2


def test_the_class_token_is_what_numpy_gives_when_seeded_with_0() -> None:
    token = class_token()
    assert token.shape == (1, 256)
    # The widely known first numbers of that seed.
    np.testing.assert_allclose(token[0, :4], [0.5488135, 0.71518937, 0.60276338, 0.54488318], rtol=1e-7)


def test_the_windows_are_the_published_ones() -> None:
    seconds = {"fcn": 29, "crnn": 29, "attention": 15, "hcnn": 5, "musicnn": 3}
    samples = {name: 16000 * seconds[name] if name in seconds else 59_049 for name in ARCHITECTURES}
    assert {name: NETWORKS[name].window for name in ARCHITECTURES} == samples


def test_loading_draws_no_random_numbers(tmp_path: Path) -> None:
    weights = random_weights(shapes_of("crnn"))
    state = torch.get_rng_state()
    tagger_with(weights, "crnn", tmp_path)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_tagger_knows_its_vocabulary_and_the_hash_of_its_file(tmp_path: Path) -> None:
    tagger = tagger_with(random_weights(shapes_of("hcnn")), "hcnn", tmp_path)
    assert tagger.labels == VocabularyLabels(load_vocabulary("msd"))
    assert tagger.fingerprint == sha256(tmp_path / "best_model.pth")
    assert (tagger.sample_rate, tagger.window_samples, tagger.context_samples) == (16000, 80_000, 0)


def test_a_tagger_with_the_users_own_weights(tmp_path: Path) -> None:
    path = tmp_path / "mine.pth"
    torch.save(random_weights(shapes_of("hcnn")), path)
    own = SotaMusicTaggingSettings(architecture="hcnn", vocabulary="mtat", weights=path)
    own_sources = {"my brass": {"mtat": ["flute", "solo"]}}
    tagger = load_tagger("mine", own, own_sources=own_sources, dtype=torch.float64)
    assert (tagger.name, tagger.licence, tagger.fingerprint) == ("mine", "unknown (a local file)", sha256(path))
    assert [tagger.labels.names[place] for place in tagger.labels.find("my brass")] == ["flute", "solo"]
    assert tagger.logits(music_of(tagger.window_samples)).dtype == torch.float64


def test_the_registrys_architectures_are_known() -> None:
    entries = {model.architecture for model in tagger_models().values() if model.family == "sota-music-tagging"}
    assert {"fcn", "musicnn", "crnn"} <= entries <= set(NETWORKS)


def test_subnormal_weights_are_zeros_and_change_nothing(tmp_path: Path) -> None:
    weights = random_weights(shapes_of("musicnn"))
    weights["layer1.conv.weight"][:32] *= 1e-38
    tagger = tagger_with(weights, "musicnn", tmp_path)
    loaded = tagger.network.state_dict()["layer1.conv.weight"]
    assert (loaded[:32] == 0).all()
    assert torch.equal(loaded[32:], weights["layer1.conv.weight"][32:])
    audio = music_of(tagger.window_samples).float()
    logits = tagger.logits(audio)
    tagger.network.load_state_dict(weights)
    assert torch.equal(tagger.logits(audio), logits)


@pytest.fixture
def weights() -> dict[str, Tensor]:
    return random_weights(shapes_of("musicnn"))


def test_a_missing_tensor_is_told(weights: dict[str, Tensor], tmp_path: Path) -> None:
    del weights["layer2.bn.running_var"]
    with pytest.raises(UserError, match=r"best_model\.pth: .*the tensor layer2\.bn\.running_var is missing"):
        tagger_with(weights, "musicnn", tmp_path)


def test_a_tensor_of_another_shape_is_told(weights: dict[str, Tensor], tmp_path: Path) -> None:
    weights["dense2.weight"] = weights["dense2.weight"][:49]
    with pytest.raises(UserError, match=r"dense2\.weight has the shape \[49, 200\] instead of \[50, 200\]"):
        tagger_with(weights, "musicnn", tmp_path)


def test_a_surplus_tensor_is_told(weights: dict[str, Tensor], tmp_path: Path) -> None:
    weights["dense3.weight"] = weights["dense2.weight"]
    with pytest.raises(UserError, match=r"the tensor dense3\.weight is unknown"):
        tagger_with(weights, "musicnn", tmp_path)


@pytest.mark.parametrize("architecture", [name for name in ARCHITECTURES if name != "musicnn"])
def test_weights_of_another_architecture_are_told(
    weights: dict[str, Tensor], tmp_path: Path, architecture: str
) -> None:
    with pytest.raises(UserError, match=rf"not the weights of {NETWORKS[architecture].__name__}, the tensor"):
        tagger_with(weights, architecture, tmp_path)


@pytest.mark.parametrize("content", [b"", b"not weights", None], ids=["empty", "text", "truncated"])
@pytest.mark.parametrize("architecture", ["fcn", "musicnn"])
def test_an_unreadable_file_is_told(
    weights: dict[str, Tensor], tmp_path: Path, content: bytes | None, architecture: str
) -> None:
    path = tmp_path / "best_model.pth"
    torch.save(weights, path)
    path.write_bytes(path.read_bytes()[:-1000] if content is None else content)
    with pytest.raises(UserError, match=r"best_model\.pth: not a readable state dict of .*; fetch the file again"):
        SotaMusicTagger("broken", entry(architecture), labels_of(entry(architecture)), path)


@pytest.mark.parametrize("saved", [[1, 2], {"layer1.conv.bias": 3, "dense1.bias": 4}])
def test_something_else_than_a_state_dict_is_told(tmp_path: Path, saved: object) -> None:
    path = tmp_path / "best_model.pth"
    torch.save(saved, path)
    for architecture in ("fcn", "musicnn"):
        with pytest.raises(UserError, match=r"best_model\.pth: not"):
            SotaMusicTagger("other", entry(architecture), labels_of(entry(architecture)), path)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@one_of_each
def test_gradient_flows_on_a_gpu(random_tagger: SotaMusicTagger) -> None:
    tagger = copy.deepcopy(random_tagger).double()
    audio = music_of(tagger.window_samples)
    on_cpu = gradient_of_loss(tagger, audio)
    on_gpu = gradient_of_loss(tagger.cuda(), audio.cuda())
    torch.testing.assert_close(on_gpu.cpu(), on_cpu, rtol=0, atol=1e-6 * float(on_cpu.abs().max()))
