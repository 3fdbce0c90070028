"""Draw how a tagger's training converged: as a job of the workflow, or by hand.

python scripts/tagger_curves.py resources/tagger/history.tsv resources/tagger/history.svg
"""

import argparse
from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.taggers.instruments.training.curves import draw_curves


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("history", type=Path, help="a history of training: results/tagger/<name>/history.tsv")
    parser.add_argument("image", type=Path, help="the picture to write (.svg)")
    arguments = parser.parse_args()
    draw_curves(arguments.history, arguments.image)


if "snakemake" in globals():
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        draw_curves(Path(job.input[0]), Path(job.output[0]))
elif __name__ == "__main__":
    main()
