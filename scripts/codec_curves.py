"""Draw how a codec's training converged: as a job of the workflow, or by hand.

python scripts/codec_curves.py resources/codec/history.tsv resources/codec/history.svg
"""

import argparse
from pathlib import Path

from stemsteer.errors import told_in_log
from stemsteer.generators.jukebox.training.curves import draw_curves


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("history", type=Path, help="a history of training, such as results/codec/mini/history.tsv")
    parser.add_argument("image", type=Path, help="the picture to write (.svg)")
    arguments = parser.parse_args()
    draw_curves(arguments.history, arguments.image)


if "snakemake" in globals():
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        draw_curves(Path(job.input[0]), Path(job.output[0]))
elif __name__ == "__main__":
    main()
