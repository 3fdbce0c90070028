"""Set our scores beside those of the TagBox paper."""

from collections.abc import Mapping
from pathlib import Path

from stemsteer.scores.published import beside_published, read_published
from stemsteer.scores.statistics import summary
from stemsteer.scores.tables import read_scores, stem_estimates, write_table


def compare_with_paper(
    scores: Path,
    plan: Path,
    published: Path,
    taggers: Mapping[str, list[str]],
    unlike: Mapping[str, list[str]],
    music: str,
    *,
    table_out: Path,
) -> None:
    """Write the table of published scores with ours beside them.

    Args:
        scores: the table of all our scores.
        plan: results/plan.json, which says which estimate is the stem of each run.
        published: the table of published scores, which names our run for each published method.
        taggers: the taggers that each run steers with.
        unlike: for each run, how it differs from the paper, in words.
        music: our music, in words.
        table_out: see `beside_published`.
    """
    ours = summary(read_scores(scores))
    table = beside_published(read_published(published), ours, stem_estimates(plan), taggers, unlike, music)
    write_table(table, table_out)
