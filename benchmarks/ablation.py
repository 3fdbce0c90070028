"""What each element of the default run is worth: the runs of ablation.yaml, each with one element changed.

    python benchmarks/ablation.py benchmarks/development.tsv --half choose
    python benchmarks/ablation.py benchmarks/development.tsv real/tracks.tsv --table ablation.tsv --half report

Gives the SI-SDR improvement that `snakemake benchmark --configfile benchmarks/ablation.yaml` gives for tracks of one
chunk, in a fraction of the time: all runs are made in one process, and the taggers are asked once for all runs with the
same parts and subsets.

Written, after each track, is a row for each run, track and source; tracks that the table has are not run again.
Printed is a table in Markdown: for each run the mean of the sources' means and its difference from the first run, with
a 95 % bootstrap interval over tracks, the mean for each source, the share of stems that are better than the mixture,
and the cost in seconds a track as if the run were made alone.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import torch
import yaml
from asking import answers_of, problem_of
from excerpts import PART_OF, at_peak, read_mixture, read_reference
from markdown_tables import HALVES, cell, halves, markdown, mean_of_sources

from stemsteer.files import written_whole
from stemsteer.scores.metrics import si_sdr
from stemsteer.settings.run import RunSettings
from stemsteer.settings.tracks import Track, read_tracks
from stemsteer.sound.audio import Signal
from stemsteer.stages.steer import Resources, load_method, method_settings
from stemsteer.steering.keys import chunk_seed
from stemsteer.steering.method import Method
from stemsteer.steering.perturbation.answers import Answers
from stemsteer.steering.perturbation.decision import Decision, Listeners
from stemsteer.steering.perturbation.questions import AudibleParts, take_apart
from stemsteer.steering.perturbation.subsets import draw_subsets
from stemsteer.steering.settings import FULL_SET, PerturbationSettings

Made = TypeVar("Made")


def main() -> None:
    arguments = parser().parse_args()
    config = yaml.safe_load(arguments.config.read_text(encoding="utf-8"))
    runs = {name: RunSettings.model_validate(run) for name, run in config["runs"].items()}
    tracks = [track for table in arguments.tracks for track in read_tracks(str(table), list(FULL_SET))]
    half = halves(HALVES)
    table = pd.read_csv(arguments.table, sep="\t") if arguments.table.exists() else pd.DataFrame(columns=["track"])
    for track in tracks:
        if arguments.half in ("all", half.get(track.track)) and track.track not in set(table.track):
            table = pd.DataFrame([*table.to_dict("records"), *Ablation(track).rows(runs)])
            with written_whole(arguments.table) as part:
                table.to_csv(part, sep="\t", index=False, float_format="%.4f", na_rep="nan")
            print(f"{track.track}: done", flush=True)
    print("", in_markdown(table), sep="\n")


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("tracks", type=Path, nargs="+", help="tables of tracks with references")
    made.add_argument(
        "--table", type=Path, default=Path("ablation.tsv"), help="the TSV to write (default: ablation.tsv)"
    )
    made.add_argument(
        "--half", choices=("choose", "report", "all"), default="choose", help="of the tracks (default: choose)"
    )
    made.add_argument(
        "--config", type=Path, default=Path(__file__).with_name("ablation.yaml"), help="with the runs to compare"
    )
    return made


class Ablation:
    """One track, and what was found out about it so far."""

    def __init__(self, track: Track) -> None:
        self.track = track
        mixture, self.rate = read_mixture(track)
        self.mixture: Signal = at_peak(mixture)
        self._known: dict[str, tuple[Any, float]] = {}

    @torch.no_grad()
    def rows(self, runs: Mapping[str, RunSettings]) -> Iterator[dict[str, object]]:
        """A row of the table for each run and each source that it can make."""
        for name, run in runs.items():
            steering = run.steering
            assert isinstance(steering, PerturbationSettings)
            listeners = Listeners([method_of(run, tagger).taggers[0] for tagger in run.taggers.names])
            sources = [source for source in self.track.references if listeners.labels(source)]
            parts, subsets, answers, seconds = self._asked(run, steering)
            began = time.perf_counter()
            decision = Decision(steering, listeners, parts, subsets, answers)
            stems = parts.parts.mix(torch.stack([decision.gains(source) for source in sources])) if sources else []
            seconds += time.perf_counter() - began
            for source, stem in zip(sources, stems, strict=True):
                reference = read_reference(self.track, source, self.mixture)
                gained = si_sdr(reference, stem.T.numpy()) - si_sdr(reference, self.mixture)
                names = {"run": name, "track": self.track.track, "source": PART_OF.get(source, source)}
                yield {**names, "si_sdr_improvement_db": gained, "seconds": seconds}

    def _asked(
        self, run: RunSettings, steering: PerturbationSettings
    ) -> tuple[AudibleParts, torch.Tensor, Answers, float]:
        """The parts of a run, its subsets, what its taggers answered about them, and the seconds that this took."""
        seed = chunk_seed(steering.seed, "", self.track.track, "", 0)
        problem = problem_of(self.mixture, self.rate, seed)
        first = method_of(run, run.taggers.names[0])
        about_parts = json.dumps([run.generator.model_dump(mode="json"), seed])
        parts, seconds = self._once(about_parts, partial(take_apart, first, problem))
        subsets = draw_subsets(parts.parts.dictionaries, steering.subsets, steering.kept, seed)
        answers, seconds_of_all = Answers({}), seconds
        for tagger in run.taggers.names:
            method = method_of(run, tagger)
            about_tagger = json.dumps([about_parts, tagger, steering.asked()])
            heard, more = self._once(about_tagger, partial(answers_of, method, parts, subsets))
            answers = Answers(
                {**answers.whole, **heard.whole},
                {**answers.subsets, **heard.subsets},
                {**answers.parts, **heard.parts},
            )
            seconds_of_all += more
        return parts, subsets, answers, seconds_of_all

    def _once(self, name: str, make: Callable[[], Made]) -> tuple[Made, float]:
        """What was made before under a name, or is made now, and the seconds that making it took."""
        if name not in self._known:
            began = time.perf_counter()
            made = make()
            self._known[name] = made, time.perf_counter() - began
        return self._known[name]


_methods: dict[str, Method] = {}


def method_of(run: RunSettings, tagger: str) -> Method:
    """The generator of a run with one of its taggers, loaded once."""
    settings = run.model_copy(update={"taggers": run.taggers.model_copy(update={"names": [tagger]})})
    name = json.dumps([run.generator.model_dump(mode="json"), tagger])
    if name not in _methods:
        _methods[name] = load_method(method_settings(settings), Resources(None, {}, (), {}), "cpu")
    return _methods[name]


def in_markdown(table: pd.DataFrame) -> str:
    """The table of the docs."""
    sources = [source for source in FULL_SET if source in set(table.source)]
    first = next(iter(table.run))
    rows = []
    for name, stems in table.groupby("run", sort=False):
        means = stems.groupby("source").si_sdr_improvement_db.mean()
        against = "" if name == first else difference(stems, table[table.run == first])
        wins = f"{(stems.si_sdr_improvement_db > 0).mean():.0%}"
        cost = f"{stems.groupby('track').seconds.first().mean():.0f}"
        of_sources = [f"{means[source]:+.1f}" if source in means else "-" for source in sources]
        rows.append([str(name), f"{means.mean():+.2f}", against, *of_sources, wins, cost])
    counts = [f"{source} ({table[table.source == source].track.nunique()})" for source in sources]
    return markdown(["run", "mean of sources", "difference", *counts, "better", "s a track"], rows)


def difference(stems: pd.DataFrame, others: pd.DataFrame) -> str:
    """The mean of the sources' mean differences, with its interval over tracks."""
    paired = stems.merge(others, on=["track", "source"], suffixes=("", "_other"))
    paired["difference"] = paired.si_sdr_improvement_db - paired.si_sdr_improvement_db_other
    return cell(mean_of_sources(paired, "difference"), digits=2)


if __name__ == "__main__":
    main()
