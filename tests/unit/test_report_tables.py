"""The report's tables: how figures are printed, and how rows are packed for the page."""

import pytest

from stemsteer.report.tables import COMPARISONS, SCORES, SUMMARY, Column, format_number, packed, score_columns, text
from stemsteer.scores.metrics import COLUMNS
from stemsteer.scores.statistics import COMPARISON_COLUMNS, SUMMARY_COLUMNS


@pytest.mark.parametrize(
    ("cell", "signed", "text"),
    [
        ("-1.234", False, "−1.23"),
        ("1.5", True, "+1.50"),
        ("-0.001", True, "0.00"),
        ("-inf", False, "−∞"),
        ("inf", True, "+∞"),
        ("nan", False, "–"),
        ("", True, "–"),
        (None, False, "–"),
    ],
)
def test_figures_in_cells(cell, signed, text):
    assert format_number(cell, signed=signed) == text


def test_all_columns_of_the_score_table_are_shown():
    assert sorted(column.key for column in SCORES) == sorted(COLUMNS)


def test_all_columns_of_the_summary_and_the_comparisons_are_known():
    assert {column.key for column in SUMMARY} == set(SUMMARY_COLUMNS)
    # The stem of a run is always what is compared.
    assert {column.key for column in COMPARISONS} == set(COMPARISON_COLUMNS) - {"estimate", "against_estimate"}


def test_rows_are_packed_column_by_column():
    rows = [{"run": "b", "x": "1.23456"}, {"run": "a", "x": "nan"}, {"run": "b", "x": "-inf"}, {"run": "b"}]
    assert packed(rows, [text("run", "Run"), Column("x", "X")]) == {
        "run": {"names": ["b", "a"], "rows": [0, 1, 0, 0]},
        "x": [1.2346, None, "-Infinity", None],
    }


def test_columns_that_nothing_fills_are_left_out():
    all_of_them = {column.key for column in score_columns([{"warning": "silent"}], judged=True)}
    needed = {column.key for column in score_columns([{"warning": ""}], judged=False)}
    assert all_of_them - needed == {"tag_probability", "tag_probability_change", "warning"}
