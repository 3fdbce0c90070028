"""Training of the taggers of instruments: it learns, an interruption changes nothing, and its weights are read."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from stemsteer.datasets.instruments.programs import PROGRAMS
from stemsteer.stages import tagger_training
from stemsteer.stages.tagger_training import KEPT_OUT_EVERY, train_tagger
from stemsteer.taggers.instruments.front_end import MELS
from stemsteer.taggers.instruments.network import InstrumentsNetwork
from stemsteer.taggers.instruments.tagger import read_instruments
from stemsteer.taggers.instruments.training import optimisation
from stemsteer.taggers.instruments.training.curves import CURVES, draw_curves
from stemsteer.taggers.instruments.training.examples import ClipTensors
from stemsteer.taggers.instruments.training.optimisation import TaggerTraining, learning_rate_factor, train
from stemsteer.taggers.instruments.training.settings import TaggerTrainingSettings
from stemsteer.taggers.labels import VocabularyLabels
from stemsteer.taggers.vocabularies import load_vocabulary
from toy_clips import toy_clips, toy_programs

pytestmark = pytest.mark.usefixtures("one_thread")

TINY = TaggerTrainingSettings(width=1, window_seconds=0.4, steps=6, batch=4, warmup_steps=2, checkpoint_every=3)
CLIPS, KEPT_OUT = toy_clips(40), toy_clips(10, seed=1)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Few examples to validate with, a clock on which a second passes with every look at it, and its own threads."""
    seconds = itertools.count()
    monkeypatch.setattr(optimisation, "time", SimpleNamespace(monotonic=lambda: float(next(seconds))))
    monkeypatch.setattr(optimisation, "VALIDATION_EXAMPLES", 100)
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    with torch.random.fork_rng():
        yield


def assert_same(one: TaggerTraining, other: TaggerTraining) -> None:
    """Bit for bit."""
    assert (one.step, one.history) == (other.step, other.history)
    for network in ("network", "averaged"):
        for name, tensor in getattr(one, network).state_dict().items():
            assert torch.equal(tensor, getattr(other, network).state_dict()[name]), name


def test_two_instruments_are_learnt(tmp_path: Path) -> None:
    changes = {"width": 2, "steps": 40, "batch": 16, "learning_rate": 0.01, "averaging": 0.8, "checkpoint_every": 10}
    history = train(CLIPS, KEPT_OUT, TINY.model_copy(update=changes), tmp_path / "checkpoint.pt").history
    assert [row["step"] for row in history] == [10, 20, 30, 40]
    assert history[-1]["loss"] < 0.6 * history[0]["loss"]
    assert history[-1]["kept_out_loss"] < history[0]["kept_out_loss"]
    assert history[-1]["kept_out_auc"] > 0.9


@pytest.mark.parametrize("steps_before", [2, 3, 5])
def test_an_interrupted_training_ends_as_one_in_one_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps_before: int
) -> None:
    whole = train(CLIPS, KEPT_OUT, TINY, tmp_path / "whole.pt")
    taken = 0
    take_step = TaggerTraining.take_step

    def interrupted(self: TaggerTraining) -> float:
        nonlocal taken
        if taken == steps_before:
            raise KeyboardInterrupt
        taken += 1
        return take_step(self)

    with monkeypatch.context() as patch:
        patch.setattr(TaggerTraining, "take_step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(CLIPS, KEPT_OUT, TINY, tmp_path / "resumed.pt")
    assert (tmp_path / "resumed.pt").exists() == (steps_before >= 3)
    torch.rand(5)  # Another process has drawn other numbers.
    assert_same(whole, train(CLIPS, KEPT_OUT, TINY, tmp_path / "resumed.pt"))
    assert [row["seconds"] for row in whole.history] == [1, 2]


def test_a_finished_training_is_not_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finished = train(CLIPS, KEPT_OUT, TINY, tmp_path / "checkpoint.pt")
    monkeypatch.setattr(TaggerTraining, "take_step", lambda _: pytest.fail("a step was taken"))
    assert_same(train(CLIPS, KEPT_OUT, TINY, tmp_path / "checkpoint.pt"), finished)


def test_other_settings_start_afresh(tmp_path: Path) -> None:
    train(CLIPS, KEPT_OUT, TINY, tmp_path / "checkpoint.pt")
    other = TINY.model_copy(update={"seed": 1})
    fresh = train(CLIPS, KEPT_OUT, other, tmp_path / "new.pt")
    assert_same(train(CLIPS, KEPT_OUT, other, tmp_path / "checkpoint.pt"), fresh)
    assert [row["step"] for row in fresh.history] == [3, 6]


def test_other_clips_start_afresh(tmp_path: Path) -> None:
    train(CLIPS, KEPT_OUT, TINY, tmp_path / "checkpoint.pt")
    other = replace(CLIPS, magnitudes=CLIPS.magnitudes.flip(0))
    fresh = train(other, KEPT_OUT, TINY, tmp_path / "new.pt")
    assert_same(train(other, KEPT_OUT, TINY, tmp_path / "checkpoint.pt"), fresh)


def test_the_average_follows_the_weights() -> None:
    training = TaggerTraining(TINY, CLIPS, KEPT_OUT)
    before = training.averaged.answer.weight.clone()
    torch.testing.assert_close(before, training.network.answer.weight.detach(), rtol=0, atol=0)
    training.take_step()
    kept = 1 / 10  # at the start it follows faster than its decay says
    wanted = kept * before + (1 - kept) * training.network.answer.weight.detach()
    torch.testing.assert_close(training.averaged.answer.weight, wanted)
    assert training.averaged.bands[0].num_batches_tracked == 1


def test_the_learning_rate_rises_and_falls() -> None:
    settings = TINY.model_copy(update={"steps": 1000, "warmup_steps": 100})
    factors = np.array([learning_rate_factor(step, settings) for step in range(1001)])
    assert factors[0] == pytest.approx(0.01)
    assert (np.diff(factors[:100]) > 0).all()
    assert (np.diff(factors[100:]) < 0).all()
    assert factors[[250, 500, 1000]] == pytest.approx([(1 + math.sqrt(0.5)) / 2, 0.5, 0])


@pytest.fixture
def clip_files(tmp_path: Path) -> list[Path]:
    """Clips of two players, as the stage before writes them."""
    paths = [tmp_path / "one.npz", tmp_path / "other.npz"]
    for seed, path in enumerate(paths):
        clips = toy_clips(KEPT_OUT_EVERY + 2, seed)
        arrays = {name: getattr(clips, name).half().numpy() for name in ("magnitudes", "spectra", "activations")}
        np.savez(path, programs=toy_programs(KEPT_OUT_EVERY + 2).numpy().astype(np.int16), **arrays)
    return paths


def test_the_weights_are_those_of_the_averaged_network(clip_files: list[Path], tmp_path: Path) -> None:
    weights, history = tmp_path / "out" / "tagger.safetensors", tmp_path / "out" / "history.tsv"
    checkpoint = tmp_path / "checkpoint.pt"
    train_tagger(clip_files, TINY, checkpoint, weights_out=weights, history_out=history)
    tagger = read_instruments(weights, "instruments", VocabularyLabels(load_vocabulary("instruments")), licence="")
    assert tagger.window_seconds == 0.4
    averaged = InstrumentsNetwork(len(PROGRAMS), TINY.width).eval()
    averaged.load_state_dict(torch.load(checkpoint, weights_only=True)["averaged"])
    heard = torch.randn(4, MELS, 20, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        torch.testing.assert_close(tagger.network(heard), averaged(heard), rtol=0, atol=1e-2)
    assert list(pd.read_csv(history, sep="\t").step) == [3, 6]
    assert sorted(path.name for path in weights.parent.iterdir()) == ["history.tsv", "tagger.safetensors"]


def test_clips_that_are_kept_out_are_not_trained_on(
    clip_files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[ClipTensors] = []

    def watched(*arguments: Any) -> TaggerTraining:
        given.extend(arguments[:2])
        return train(*arguments)

    monkeypatch.setattr(tagger_training, "train", watched)
    train_tagger(clip_files, TINY, tmp_path / "some.pt", weights_out=tmp_path / "w", history_out=tmp_path / "h")
    trained, kept = given
    assert (len(trained.magnitudes), len(kept.magnitudes)) == (80, 4)
    every = torch.cat([toy_clips(KEPT_OUT_EVERY + 2, seed).magnitudes for seed in (0, 1)]).half()
    torch.testing.assert_close(kept.magnitudes, every[[0, 40, 42, 82]])
    torch.testing.assert_close(trained.magnitudes[[0, 39, 40]], every[[1, 41, 43]])
    bass, flute = (list(PROGRAMS).index(label) for label in ("electric bass", "flute"))
    assert trained.labels[0, flute] == trained.labels[1, bass] == 1
    assert trained.labels[0, bass] == trained.labels[1, flute] == 0


@pytest.mark.parametrize("taggers", [(), ("instruments", "judge", "third")])
def test_the_curves_have_a_panel_for_loss_and_area(tmp_path: Path, taggers: tuple[str, ...]) -> None:
    rows = [{"step": 500 * step, "kept_out_loss": 1 / step, "kept_out_auc": 1 - 0.5 / step} for step in (1, 2, 3)]
    table = pd.DataFrame([row | {"tagger": name} for name in taggers for row in rows] or rows)
    table.to_csv(tmp_path / "history.tsv", sep="\t", index=False)
    draw_curves(tmp_path / "history.tsv", tmp_path / "history.svg")
    picture = (tmp_path / "history.svg").read_text(encoding="utf-8")
    assert picture.lstrip().startswith("<?xml")
    for text in (*CURVES.values(), *taggers, "Steps"):
        assert f"<!-- {text} -->" in picture
    assert picture.count('<g id="axes_') == 2
    draw_curves(tmp_path / "history.tsv", tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_text(encoding="utf-8") == picture
