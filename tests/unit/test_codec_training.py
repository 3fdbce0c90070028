"""Training of the codec: its errors by formula, its codebook by hand, and that an interruption changes nothing."""

import itertools
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from stemsteer.errors import UserError
from stemsteer.generators.jukebox.codec import load_jukebox
from stemsteer.generators.jukebox.moving_codebook import MovingCodebook
from stemsteer.generators.jukebox.training import optimisation
from stemsteer.generators.jukebox.training.excerpts import excerpts
from stemsteer.generators.jukebox.training.losses import relative_error, spectral_error
from stemsteer.generators.jukebox.training.optimisation import (
    CodecTraining,
    learning_rate_factor,
    random_frames,
    train,
)
from stemsteer.generators.jukebox.training.settings import CodecTrainingSettings

CPU = torch.device("cpu")
TINY = CodecTrainingSettings(
    width=4, depth=1, steps=10, batch=2, samples=2048, warmup_steps=2, cooldown_steps=4, checkpoint_every=5
)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock on which a second passes with every look at it."""
    seconds = itertools.count()
    monkeypatch.setattr(optimisation, "time", SimpleNamespace(monotonic=lambda: float(next(seconds))))


@pytest.fixture(autouse=True)
def threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training sets the threads of the whole process, which the tests keep."""
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)


@pytest.fixture
def music(tmp_path: Path) -> list[Path]:
    random = np.random.default_rng(31)
    paths = [tmp_path / "one.npy", tmp_path / "other.npy"]
    for path, samples in zip(paths, (9000, 3000), strict=True):
        np.save(path, random.integers(-20000, 20000, samples).astype(np.int16))
    return paths


def tones(*frequencies: float, samples: int = 2048) -> Tensor:
    time = torch.arange(samples) / 44100
    return torch.stack([0.3 * torch.sin(2 * torch.pi * frequency * time) for frequency in frequencies])


def test_one_excerpt_is_learnt_by_heart() -> None:
    settings = TINY.model_copy(update={"width": 8, "steps": 80, "warmup_steps": 5, "learning_rate": 0.01})
    training = CodecTraining(settings, CPU)
    errors = [training.take_step(tones(300))["error"] for _ in range(settings.steps)]
    assert errors[0] > 0.9
    assert min(errors[-5:]) < 0.05
    assert training.step == settings.steps


def test_the_relative_error_is_the_share_of_the_power_that_is_wrong() -> None:
    signal = tones(300, 5000) * torch.tensor([[1.0], [0.3]])
    assert relative_error(signal, signal).item() == 0
    assert relative_error(signal, 0 * signal).item() == pytest.approx(1, rel=1e-5)
    assert relative_error(signal, signal / 2).item() == pytest.approx(1 / 4, rel=1e-5)
    assert relative_error(signal, -signal).item() == pytest.approx(4, rel=1e-5)


def test_below_40_db_the_error_is_no_longer_relative() -> None:
    power = 1e-6
    quiet = torch.full((1, 2048), math.sqrt(power))
    assert relative_error(quiet, 0 * quiet).item() == pytest.approx(power / 1e-4, rel=1e-5)
    silence = torch.zeros(1, 2048)
    assert relative_error(silence, silence).item() == 0


def test_the_spectral_error_hears_levels_and_no_phases() -> None:
    signal = torch.randn(2, 8192, generator=torch.Generator().manual_seed(32))
    assert spectral_error(signal, signal).item() == 0
    assert spectral_error(signal, -signal).item() == 0
    assert spectral_error(signal, signal / 2).item() == pytest.approx(1 / 2, rel=1e-4)
    assert spectral_error(signal, 0 * signal).item() == pytest.approx(1, rel=1e-3)


def test_errors_have_gradients_where_all_is_silent() -> None:
    estimate = torch.zeros(2, 4096, requires_grad=True)
    silence = torch.zeros(2, 4096)
    (relative_error(silence, estimate) + spectral_error(silence, estimate)).backward()
    assert estimate.grad is not None
    assert estimate.grad.isfinite().all()


def test_the_learning_rate_rises_stays_and_falls() -> None:
    settings = TINY.model_copy(update={"steps": 1000, "warmup_steps": 100, "cooldown_steps": 400})
    factors = np.array([learning_rate_factor(step, settings) for step in range(1000)])
    np.testing.assert_allclose(factors[:100], np.arange(1, 101) / 100)
    np.testing.assert_array_equal(factors[100:600], 1)
    np.testing.assert_allclose(factors[600:], np.arange(400, 0, -1) / 400)


def test_random_frames_are_frames() -> None:
    points = torch.arange(20.0).reshape(10, 2)
    drawn = random_frames(points, 500, torch.Generator().manual_seed(36))
    assert {tuple(frame) for frame in drawn.tolist()} == {tuple(point) for point in points.tolist()}


def test_a_code_is_restarted_where_too_few_frames_chose_it() -> None:
    codebook = torch.eye(3)
    moving = MovingCodebook(counts=torch.tensor([0.15, 0.05, 4.0]), sums=torch.zeros(3, 3))
    fresh = torch.full((3, 3), 7.0)
    points = torch.ones(2, 3)
    in_use = moving.update(codebook, points, torch.tensor([2, 2]), fresh, decay=0.9, used=0.1)
    assert in_use == 2
    torch.testing.assert_close(moving.counts, torch.tensor([0.135, 0.045, 3.8]))
    torch.testing.assert_close(codebook[:, 0], torch.tensor([0.0, 7.0, 0.2 / 3.8]))


def test_excerpts_are_pieces_of_the_music_at_a_random_level() -> None:
    # A ramp, in which the place of an excerpt can be read from its shape.
    music = [np.arange(10000, dtype=np.int16) + 1, -(np.arange(20000, dtype=np.int16) + 1)]
    settings = TINY.model_copy(update={"batch": 400})
    batch = next(excerpts(music, settings, np.random.default_rng(37)))
    assert batch.shape == (400, 2048)
    slopes = (batch[:, -1] - batch[:, 0]) / 2047
    gains = (slopes * 32768).abs()
    assert 0.25 < gains.min() < 0.27
    assert 0.97 < gains.max() <= 1.001
    starts = batch[:, 0] / slopes - 1
    torch.testing.assert_close(starts, starts.round(), atol=0.2, rtol=0)
    assert starts.min() >= -0.2
    assert starts.max() < 20000 - 2048
    from_the_longer = (starts > 10000 - 2048).float().mean()
    assert from_the_longer == pytest.approx(10000 / 17952 * 2 / 3, abs=0.1)
    assert (slopes > 0).float().mean() == pytest.approx(0.5, abs=0.1)


def assert_same(one: CodecTraining, other: CodecTraining) -> None:
    """Bit for bit."""
    assert_same_weights(one, other)
    assert one.history == other.history


def assert_same_weights(one: CodecTraining, other: CodecTraining) -> None:
    assert one.step == other.step
    for name, tensor in one.model.state_dict().items():
        assert torch.equal(tensor, other.model.state_dict()[name]), name
    assert one.moving is not None
    assert other.moving is not None
    assert torch.equal(one.moving.counts, other.moving.counts)
    assert torch.equal(one.moving.sums, other.moving.sums)


@pytest.mark.parametrize("steps_before", [3, 5, 7])
def test_an_interrupted_training_ends_as_one_in_one_go(
    music: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps_before: int
) -> None:
    whole = train(music, TINY, tmp_path / "whole.pt", CPU)
    taken = 0
    take_step = CodecTraining.take_step

    def interrupted(self: CodecTraining, audio: Tensor) -> dict[str, float]:
        nonlocal taken
        if taken == steps_before:
            raise KeyboardInterrupt
        taken += 1
        return take_step(self, audio)

    with monkeypatch.context() as patch:
        patch.setattr(CodecTraining, "take_step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(music, TINY, tmp_path / "resumed.pt", CPU)
    assert_same(whole, train(music, TINY, tmp_path / "resumed.pt", CPU))


def test_a_checkpoint_brings_back_all_that_is_random(tmp_path: Path) -> None:
    training = CodecTraining(TINY, CPU)
    training.take_step(tones(300, 800))
    training.random_excerpts.random(17)
    training.save(tmp_path / "checkpoint.pt")
    resumed = CodecTraining(TINY, CPU)
    resumed.resume(tmp_path / "checkpoint.pt")
    assert np.array_equal(resumed.random_excerpts.random(100), training.random_excerpts.random(100))
    one, other = (torch.rand(100, generator=random) for random in (resumed.random_codes, training.random_codes))
    assert torch.equal(one, other)
    assert resumed.take_step(tones(500, 900)) == training.take_step(tones(500, 900))
    assert_same(resumed, training)


def test_other_settings_start_afresh(music: list[Path], tmp_path: Path) -> None:
    train(music, TINY, tmp_path / "checkpoint.pt", CPU)
    other = TINY.model_copy(update={"seed": 1})
    training = CodecTraining(other, CPU)
    training.resume(tmp_path / "checkpoint.pt")
    assert training.step == 0
    assert training.moving is None
    assert_same(train(music, other, tmp_path / "checkpoint.pt", CPU), train(music, other, tmp_path / "new.pt", CPU))


def test_before_the_learning_rate_falls_a_training_can_be_made_longer_or_shorter(
    music: list[Path], tmp_path: Path
) -> None:
    def interrupted_at(step: int) -> Path:
        path = tmp_path / f"{step}.pt"
        training = CodecTraining(TINY, CPU)
        batches = excerpts([np.load(piece) for piece in music], TINY, training.random_excerpts)
        for _ in range(step):
            training.take_step(next(batches))
        training.save(path)
        return path

    for update in ({"steps": 12}, {"steps": 8}, {"cooldown_steps": 2}):
        settings = TINY.model_copy(update=update)
        whole = train(music, settings, tmp_path / f"{update}.pt", CPU)
        falls = min(settings.steps - settings.cooldown_steps, TINY.steps - TINY.cooldown_steps)
        for step, resumed in ((falls, falls), (falls + 1, 0)):
            training = CodecTraining(settings, CPU)
            training.resume(interrupted_at(step))
            assert training.step == resumed
        path = interrupted_at(falls)
        assert_same_weights(whole, train(music, settings, path, CPU))


def test_a_finished_training_takes_no_step(music: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finished = train(music, TINY, tmp_path / "checkpoint.pt", CPU)
    monkeypatch.setattr(CodecTraining, "take_step", lambda *_: pytest.fail("a step was taken"))
    assert_same(train(music, TINY, tmp_path / "checkpoint.pt", CPU), finished)


def test_the_history_has_the_means_between_checkpoints(
    music: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = iter([0.5, 0.3, 0.1, 0.4, 0.2])

    def step(self: CodecTraining, _: Tensor) -> dict[str, float]:
        self.step += 1
        return {"error": next(errors), "codes_in_use": 7}

    monkeypatch.setattr(CodecTraining, "take_step", step)
    settings = TINY.model_copy(update={"steps": 5, "checkpoint_every": 2})
    history = train(music, settings, tmp_path / "new" / "checkpoint.pt", CPU).history
    assert [row["step"] for row in history] == [2, 4, 5]
    assert [row["seconds"] for row in history] == [1, 2, 3]
    assert [row["error"] for row in history] == pytest.approx([0.4, 0.25, 0.2])
    assert [row["snr_db"] for row in history] == pytest.approx([3.9794, 6.0206, 6.9897], abs=1e-4)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["checkpoint.pt"]


def test_a_training_goes_on_from_weights(music: list[Path], tmp_path: Path) -> None:
    first = train(music, TINY, tmp_path / "first.pt", CPU)
    save_file(first.model.checkpoint(), tmp_path / "first.safetensors")
    second = CodecTraining(TINY.model_copy(update={"start": str(tmp_path / "first.safetensors"), "seed": 2}), CPU)
    for name, tensor in first.model.state_dict().items():
        assert torch.equal(second.model.state_dict()[name], tensor), name
    second.take_step(tones(300, 500))
    assert second.moving is not None
    # The codebook moved from where it was.
    distance = (second.model.codebook.k - first.model.codebook.k).norm()
    assert 0 < distance < 0.5 * first.model.codebook.k.norm()
    assert all(weight.requires_grad for weight in second.model.parameters())
    assert not torch.equal(second.model.decoder.out.weight, first.model.decoder.out.weight)


def test_weights_of_another_size_cannot_be_gone_on_from() -> None:
    with pytest.raises(UserError, match=r"embedded\.safetensors holds .*width=32.* no .*width=4.*`start` to null"):
        CodecTraining(TINY.model_copy(update={"start": "embedded"}), CPU)


def test_the_trained_codec_goes_back_into_a_generator(music: list[Path], tmp_path: Path) -> None:
    training = train(music, TINY, tmp_path / "checkpoint.pt", CPU)
    save_file(training.model.checkpoint(), tmp_path / "codec.safetensors")
    generator = load_jukebox(tmp_path / "codec.safetensors", level=0, licence="")
    with torch.no_grad():
        latents = generator.encode(tones(300))
        assert torch.equal(latents, training.model.encode(tones(300)))
        assert torch.equal(
            generator.decode(generator.quantiser("frozen")(latents)),
            training.model.decode(training.model.quantise(latents)),
        )
