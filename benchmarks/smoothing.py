"""What smoothed gradients of the gains of parts are worth, and what they cost.

For each stem of a table of tracks, the SI-SDR improvement over the mixture (dB, mono at 44.1 kHz, without a mask) of
steering by perturbation and by gradient, with several numbers of random gains for each step (0: not smoothed). The last
column has the mean processor time of a stem, s; perturbation answers for all sources of a track in that time.

    STEMSTEER_MODELS=models python benchmarks/smoothing.py tracks.tsv --halves benchmarks/halves.tsv

The table of tracks is one of a run, with its columns start and reference_<source>. Prints a line for each stem and
method as soon as it is there, and the means as a table in Markdown.
"""

import argparse
import time
from collections.abc import Iterator
from typing import Any

import markdown_tables
import pandas as pd
import torch
from codec_directions import ask_for_stems, steered_by, stems_of

from stemsteer.generators.components.components import ComponentsGenerator
from stemsteer.settings.run import RunSettings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask_for_stems(parser)
    parser.add_argument("--tagger", default="MTT_vgg")
    parser.add_argument("--steps", type=int, default=10, help="of the gradient")
    parser.add_argument("--learning-rate", type=float, default=0.1, help="of the gains")
    parser.add_argument("--draws", type=int, nargs="+", default=[0, 4, 8], help="random gains for each step")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for stem in stems_of(arguments, ComponentsGenerator.sample_rate):
        for method, steering in methods(arguments):
            settings = RunSettings.model_validate(
                {
                    "generator": {"kind": "components", "components": arguments.components},
                    "taggers": {"names": [arguments.tagger]},
                    "steering": steering,
                }
            )
            generator = ComponentsGenerator(settings.generator)
            started = time.process_time()
            estimate = steered_by(stem, generator, generator.sample_rate, settings)
            seconds = time.process_time() - started
            rows.append((stem.source, method, stem.improvement(estimate), seconds))
            print(stem.track, stem.source, method, f"{rows[-1][2]:+.2f}", f"{seconds:.1f}", sep="\t", flush=True)
    print(as_markdown(pd.DataFrame(rows, columns=["source", "method", "improvement", "seconds"])))


def methods(arguments: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    """The group `steering` of each method, by its name."""
    yield "perturbation", {"kind": "perturbation"}
    for draws in arguments.draws:
        yield (
            f"gradient, {draws} draws",
            {
                "kind": "gradient",
                "steps": arguments.steps,
                "learning_rate": arguments.learning_rate,
                "learning_rate_unit": "absolute",
                "smoothing": draws,
            },
        )


def as_markdown(table: pd.DataFrame) -> str:
    """The means over the stems of each source and over all, a row for each method."""
    of_sources = table.pivot_table(index="method", columns="source", values="improvement", sort=False)
    counts = table[table.method == table.method[0]].source.value_counts(sort=False)
    means = table.groupby("method", sort=False)[["improvement", "seconds"]].mean()
    heads = ["steering", *(f"{source} ({counts[source]})" for source in of_sources), f"all {counts.sum()}", "s"]
    rows = [
        [
            str(method),
            *(f"{value:+.1f}" for value in (*figures, means.improvement[method])),
            f"{means.seconds[method]:.0f}",
        ]
        for method, figures in of_sources.iterrows()
    ]
    return markdown_tables.markdown(heads, rows)


if __name__ == "__main__":
    main()
