"""What the experiment on perturbation makes of parts and of answers."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
import perturbation


def test_a_ranking_is_cut_where_the_stem_is_best() -> None:
    """The second and the fourth of four parts are the source, and the ranking has one wrong part between them."""
    signals = np.random.default_rng(0).normal(size=(4, 1000))
    reference = (signals[1] + signals[3]).astype(np.float32)
    cut = perturbation.best_cut(torch.tensor([0.5, 0.9, 0.1, 0.8]), signals, reference)
    assert cut.tolist() == [0, 1, 0, 1]
    # Where the wrong one is quiet, it is better to take it than to lose the other.
    signals[0] *= 0.1
    cut = perturbation.best_cut(torch.tensor([0.85, 0.9, 0.1, 0.8]), signals, reference)
    assert cut.tolist() == [1, 1, 0, 1]


def test_means_are_told_by_source_over_stems_and_over_sources() -> None:
    rows = [("a", "drums", 1.0), ("b", "drums", 2.0), ("a", "piano", -2.5)]
    table = pd.DataFrame(
        [
            {"track": track, "source": source, "way": way, "correlation": correlation, "si_sdr_improvement_db": gained}
            for track, source, gained in rows
            for way, correlation in (("regression", 1.0), ("best cut", np.nan))
        ]
    )
    correlations, improvements = perturbation.summaries(table)
    assert "best cut" not in correlations
    heads, _, regression, best_cut = improvements.strip().splitlines()[1:]
    assert heads.split() == ["drums", "(2)", "piano", "(1)", "all", "stems", "mean", "of", "sources"]
    assert [float(figure) for figure in regression.split()[1:]] == [1.5, -2.5, 0.17, -0.5]
    assert best_cut.split()[2:] == regression.split()[1:]
