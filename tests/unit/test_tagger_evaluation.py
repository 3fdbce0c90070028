"""How well a tagger tells sources, by hand-made sources and a tagger that hears how high they are."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from torch import Tensor

from stemsteer.stages import tagger_evaluation
from stemsteer.stages.tagger_evaluation import SUBSETS, evaluate_tagger, logits_of_stem, subsets_of
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.labels import VocabularyLabels
from stemsteer.taggers.vocabularies import load_vocabulary

pytestmark = pytest.mark.usefixtures("one_thread")

RATE = 8000


class Height(Tagger):
    """Takes what is low for all that is called bass, and what is high for the rest."""

    sample_rate, window_seconds = 4000, 2.0
    name, fingerprint, licence = "height", "none", "none"
    labels = VocabularyLabels(load_vocabulary("instruments"))

    def window_logits(self, windows: Tensor) -> Tensor:
        power = torch.fft.rfft(windows).abs().square()
        low = power[:, : power.shape[1] // 4].sum(1) / power.sum(1)
        is_bass = torch.tensor(["bass" in label for label in self.labels.names])
        return torch.where(is_bass, low[:, None], 1 - low[:, None])


def music(hertz: float, seconds: float, seed: int = 0) -> Tensor:
    """Notes of half a second each, somewhat apart in pitch."""
    time = torch.arange(RATE // 2) / RATE
    steps = torch.randint(5, (round(2 * seconds), 1), generator=torch.Generator().manual_seed(seed))
    notes = 0.3 * torch.exp(-4 * time) * torch.sin(2 * torch.pi * hertz * (1 + steps / 20) * time)
    return notes.flatten()


def test_subsets_are_parts_of_a_stem() -> None:
    stem = music(100, 4) + music(900, 4, seed=1)
    subsets = subsets_of(stem, RATE)
    assert subsets.shape == (SUBSETS, len(stem))
    powers = subsets.square().mean(1) / stem.square().mean()
    assert powers.max() < 1.01
    assert powers.max() > 0.05
    assert not torch.allclose(subsets[0], subsets[1])
    torch.testing.assert_close(subsets_of(stem, RATE), subsets)


def test_windows_in_which_nothing_plays_are_left_out() -> None:
    stem = torch.cat([music(100, 3.5), torch.zeros(7 * RATE), music(900, 1.5)])
    labels = Height.labels.names
    logits = logits_of_stem(stem, RATE, Height())
    assert logits["stem"].shape == (3, len(labels))
    bass = labels.index("electric bass")
    assert (logits["stem"][:, bass] > 0.9).tolist() == [True, True, False]
    assert 0 < len(logits["subset"]) <= 3 * SUBSETS
    assert logits_of_stem(torch.zeros(4 * RATE), RATE, Height()) == {}


def test_the_areas_under_the_curve_are_told_by_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagger_evaluation, "read_instruments", lambda *_, **__: Height())
    stems = []
    for piece, sources in (("one", {"bass": 80, "piano": 900}), ("two", {"bass": 100, "other": 1000, "drums": 0})):
        for source, hertz in sources.items():
            stems.append(tmp_path / piece / f"{source}.wav")
            stems[-1].parent.mkdir(exist_ok=True)
            soundfile.write(stems[-1], np.stack(2 * [music(hertz, 6, len(stems)).numpy()], axis=1), RATE)
    evaluate_tagger(tmp_path / "height" / "weights", stems, table_out=tmp_path / "out" / "evaluation.tsv")
    table = pd.read_csv(tmp_path / "out" / "evaluation.tsv", sep="\t")
    assert set(table.source) == {"bass", "piano"}  # the rest is no source, and silence says nothing
    whole = table[table.heard == "stem"].set_index("source")
    assert whole.windows.to_dict() == {"bass": 6, "piano": 3}
    assert whole.area_under_curve["bass"] == 1
    assert 0.5 < whole.area_under_curve["piano"] <= 1
    assert set(table.heard) == {"stem", "subset"}
