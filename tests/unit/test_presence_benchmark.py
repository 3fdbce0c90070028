"""The thresholds of presence are where tracks with a source part from those without it."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
import presence

ABSENT, PRESENT = np.array([0.01, 0.02, 0.04]), np.array([0.2, 0.4, 0.8])


def heard(half: str, source: str = "drums") -> pd.DataFrame:
    """Three tracks with a source and three without it."""
    values = np.concatenate([ABSENT, PRESENT])
    there = [False] * len(ABSENT) + [True] * len(PRESENT)
    names = {"tagger": "one", "source": source, "half": half}
    return pd.DataFrame({**names, "there": there, "probability": values})


def test_the_threshold_lies_in_the_middle_of_the_logarithms() -> None:
    assert presence.threshold(PRESENT, ABSENT, cost=1) == pytest.approx(np.sqrt(0.02 * 0.4), rel=1e-3)


def test_it_lies_lower_the_more_a_miss_costs_and_the_less_the_tagger_knows() -> None:
    middle, lower = (presence.threshold(PRESENT, ABSENT, cost) for cost in (1, 2))
    assert 0.01 < lower < middle
    # Twice as wide around the same means: the same cost takes it four times as far.
    wide_absent, wide_present = (values**2 / np.exp(np.log(values).mean()) for values in (ABSENT, PRESENT))
    wider = presence.threshold(wide_present, wide_absent, cost=2)
    assert np.log(middle / wider) == pytest.approx(4 * np.log(middle / lower), rel=1e-3)


def test_only_tracks_to_choose_by_decide_and_both_halves_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    report = heard("report")
    report.loc[0, "probability"] = 0.3
    always = heard("choose", "vocals")
    always["there"] = True
    table = pd.concat([heard("choose"), report, always])
    chosen = presence.thresholds(table, cost=1)
    assert list(chosen.source) == ["drums"]
    assert "one, vocals: it is there 6 times and absent 0 times: no threshold" in capsys.readouterr().out
    told = presence.found_out(table, chosen).set_index("half")
    assert list(told.loc["choose", ["absent found out", "present missed"]]) == ["3 of 3", "0 of 3"]
    assert list(told.loc["report", ["absent found out", "present missed"]]) == ["2 of 3", "0 of 3"]
