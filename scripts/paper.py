"""Set our scores beside those of the TagBox paper."""

from pathlib import Path
from typing import Any

from stemsteer.errors import told_in_log
from stemsteer.scores.published import beside_published, read_published
from stemsteer.scores.statistics import summary
from stemsteer.scores.tables import read_scores, stem_estimates, write_table


def main(job: Any) -> None:
    scores = summary(read_scores(Path(job.input.scores)))
    published = read_published(Path(job.input.published))
    stems = stem_estimates(Path(job.input.plan))
    table = beside_published(published, scores, stems, job.params.taggers, job.params.unlike, job.params.music)
    write_table(table, Path(job.output[0]))


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
