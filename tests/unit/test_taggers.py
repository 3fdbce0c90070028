"""The taggers of the package musicnn against their original TensorFlow code, librosa and finite differences."""

import base64
import importlib.metadata
import importlib.util
import json
import shutil
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from stemsteer.errors import UserError
from stemsteer.models.registry import tagger_models
from stemsteer.taggers import FAMILIES
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.loading import load_tagger
from stemsteer.taggers.mel_power import MelPower, mel_filterbank
from stemsteer.taggers.musicnn_package.tensorflow_checkpoint import read_checkpoint
from stemsteer.taggers.musicnn_package.weights import read_weights

NAMES = ["MTT_musicnn", "MSD_musicnn", "MTT_vgg", "MSD_vgg"]
TESTS = Path(__file__).resolve().parents[1]
# Made by tests/golden_scripts/musicnn_tensorflow.py, which runs the original code.
GOLDEN = json.loads((TESTS / "unit/golden/musicnn_tensorflow.json").read_text())


@pytest.fixture(scope="module")
def music() -> Tensor:
    samples, _ = soundfile.read(TESTS / "data" / GOLDEN["audio"], dtype="float64")
    return torch.from_numpy(samples).unsqueeze(0)


@pytest.fixture(scope="module", params=NAMES)
def tagger(request: pytest.FixtureRequest) -> Tagger:
    return load_tagger(request.param)


def package_folder(name: str) -> Path:
    spec = importlib.util.find_spec("musicnn")
    assert spec is not None
    return Path(spec.submodule_search_locations[0]) / name


def test_probabilities_are_those_of_the_original_code(tagger: Tagger, music: Tensor) -> None:
    original = GOLDEN["models"][tagger.name]
    probabilities = torch.sigmoid(tagger.logits(music.float()))[0]
    assert probabilities.shape == (2, 50)
    np.testing.assert_allclose(probabilities, original["probabilities"], rtol=0, atol=1e-4)
    assert list(tagger.labels.names) == original["tags"]


def test_all_that_is_left_out_is_the_rounding_to_float16(music: Tensor) -> None:
    """With the mel power rounded to float16, as the original does, they agree ten times better."""
    tagger = load_tagger("MTT_musicnn", dtype=torch.float64)
    tagger.mel_power.register_forward_hook(lambda module, inputs, power: power.half().double())
    probabilities = torch.sigmoid(tagger.logits(music))[0]
    np.testing.assert_allclose(probabilities, GOLDEN["models"][tagger.name]["probabilities"], rtol=0, atol=1e-5)


@pytest.mark.parametrize(("n_fft", "mels"), [(512, 96), (512, 128), (2048, 40)])
def test_mel_filterbank_is_librosas(n_fft: int, mels: int) -> None:
    expected = librosa.filters.mel(sr=16000, n_fft=n_fft, n_mels=mels, dtype=np.float64)
    np.testing.assert_allclose(mel_filterbank(16000, n_fft, mels), expected, rtol=1e-9, atol=1e-12)


def test_mel_power_is_librosas(music: Tensor) -> None:
    expected = librosa.feature.melspectrogram(
        y=music[0].numpy(), sr=16000, n_fft=512, hop_length=256, n_mels=96, center=False
    )
    np.testing.assert_allclose(MelPower(16000, 512, 256, 96)(music)[0].T, expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("name", ["MTT_musicnn", "MTT_vgg"])
def test_gradient_agrees_with_finite_differences(name: str, music: Tensor) -> None:
    """Of each tag's logit in both windows, along a random direction in the space of waveforms."""
    tagger = load_tagger(name, dtype=torch.float64)
    generator = torch.Generator().manual_seed(1)
    direction = torch.randn(music.shape, generator=generator, dtype=torch.float64)
    weights = torch.randn(1, 2, 50, generator=generator, dtype=torch.float64)

    def objective(audio: Tensor) -> Tensor:
        return (tagger.logits(audio) * weights).sum()

    audio = music.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(objective(audio), audio)
    step = 1e-9  # small enough not to cross a kink of the rectifiers and poolings
    numerical = (objective(music + step * direction) - objective(music - step * direction)) / (2 * step)
    assert float((gradient * direction).sum()) == pytest.approx(float(numerical), rel=1e-5)


def test_gradient_reaches_all_that_is_heard(tagger: Tagger, music: Tensor) -> None:
    """5 s, so that the second window is shifted back; the VGG-like networks are deaf to the end of each window."""
    audio = music[:, :80_000].float().requires_grad_()
    (gradient,) = torch.autograd.grad(tagger.logits(audio).sum(), audio)
    assert torch.isfinite(gradient).all()
    deaf = 0 if "musicnn" in tagger.name else (187 - 161) * 256
    heard = (80_000 - deaf) // 64
    loudest = gradient.reshape(-1, 64).abs().amax(dim=1)  # of every 4 ms
    assert (loudest[:heard] > 0).all()
    assert (loudest[heard:] == 0).all()


def test_silence_has_finite_logits_and_gradient(tagger: Tagger) -> None:
    audio = torch.zeros(1, tagger.window_samples, requires_grad=True)
    logits = tagger.logits(audio)
    (gradient,) = torch.autograd.grad(logits.sum(), audio)
    assert torch.isfinite(logits).all()
    assert torch.isfinite(gradient).all()


def test_weights_are_frozen_and_batch_norms_never_learn(tagger: Tagger, music: Tensor) -> None:
    assert not any(parameter.requires_grad for parameter in tagger.parameters())
    before = tagger.logits(music.float())
    tagger.train()
    tagger.logits(torch.randn(1, tagger.window_samples))
    assert torch.equal(tagger.logits(music.float()), before)


def test_tracks_of_a_batch_do_not_hear_each_other(tagger: Tagger, music: Tensor) -> None:
    other = torch.flip(music, (1,)).float()
    together = tagger.logits(torch.cat([music.float(), other]))
    torch.testing.assert_close(together[1:], tagger.logits(other), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("seconds", "windows"), [(0.2, 1), (2.992, 1), (3, 1), (3.1, 2), (6, 2), (7.5, 3), (12, 4), (30, 11)]
)
def test_musicnn_hears_windows_of_almost_three_seconds(seconds: float, windows: int) -> None:
    audio = torch.zeros(1, round(seconds * 16000))
    assert load_tagger("MTT_musicnn").cut(audio).shape == (1, windows, 48_128)


def test_a_window_has_187_frames_and_reaches_half_a_frame_back(tagger: Tagger) -> None:
    assert (tagger.window_samples, tagger.context_samples) == (187 * 256, 256)


def test_registry_has_all_and_their_hashes_are_the_published_ones() -> None:
    taggers = tagger_models()
    assert set(NAMES) <= set(taggers)
    assert {model.family for model in taggers.values()} == set(FAMILIES)
    published = {str(file): file.hash for file in importlib.metadata.files("musicnn") or []}
    for name in NAMES:
        digest = published[f"musicnn/{name}/.data-00000-of-00001"]
        assert digest is not None
        padded = digest.value + "=" * (-len(digest.value) % 4)
        assert taggers[name].sha256 == base64.urlsafe_b64decode(padded).hex()
        assert load_tagger(name).fingerprint == taggers[name].sha256


def test_an_unknown_tagger_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UserError, match=r"no tagger 'MTT_musicn' \(did you mean MTT_musicnn\?\)"):
        load_tagger("MTT_musicn")
    with pytest.raises(UserError, match="no tagger 'jukebox'"):
        load_tagger("jukebox")


def test_a_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install --no-deps musicnn"):
        load_tagger("MTT_vgg")


def test_altered_weights_are_refused() -> None:
    altered = tagger_models()["MTT_vgg"].model_copy(update={"sha256": "0" * 64})
    with pytest.raises(UserError, match="not the published file"):
        read_weights("MTT_vgg", altered)


def test_loading_draws_no_random_numbers() -> None:
    state = torch.get_rng_state()
    load_tagger("MTT_musicnn")
    assert torch.equal(torch.get_rng_state(), state)


def test_checkpoint_holds_the_tensors_its_graph_needs() -> None:
    """Shapes as tf.train.NewCheckpointReader lists them (TensorFlow 2.15.1)."""
    folder = package_folder("MTT_musicnn")
    tensors = read_checkpoint(folder / ".index", folder / ".data-00000-of-00001")
    assert len(tensors) == 150
    assert tensors["conv2d/kernel"].shape == (7, 38, 1, 204)
    assert tensors["conv2d_5/kernel"].shape == (7, 561, 1, 64)
    assert tensors["dense/kernel"].shape == (1506, 200)
    assert tensors["beta1_power"].shape == ()


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return Path(shutil.copytree(package_folder("MTT_vgg"), tmp_path / "MTT_vgg"))


def test_a_missing_checkpoint_file_is_told(checkpoint: Path) -> None:
    (checkpoint / ".index").unlink()
    with pytest.raises(UserError, match=r"index: cannot be read \(No such file or directory\)"):
        read_checkpoint(checkpoint / ".index", checkpoint / ".data-00000-of-00001")


def test_truncated_data_is_told(checkpoint: Path) -> None:
    data = checkpoint / ".data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:-4])
    with pytest.raises(UserError, match="does not fit its place"):
        read_checkpoint(checkpoint / ".index", data)


@settings(max_examples=200)
@given(position=st.integers(0, 2993), value=st.integers(0, 255), length=st.integers(0, 2994))
def test_a_damaged_index_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, position: int, value: int, length: int
) -> None:
    folder = package_folder("MTT_vgg")
    table = bytearray((folder / ".index").read_bytes())
    table[position] = value
    damaged = tmp_path_factory.mktemp("damaged") / ".index"
    for content in (table, table[:length]):
        damaged.write_bytes(content)
        try:
            tensors = read_checkpoint(damaged, folder / ".data-00000-of-00001")
        except UserError as error:
            assert "not a TensorFlow checkpoint" in str(error)  # noqa: PT017 - most flips are refused, harmless ones read
        else:
            assert len(tensors) <= 86
