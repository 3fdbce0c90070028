"""Why the ascent separates nothing, what separates, and where the ceiling lies.

    python benchmarks/perturbation.py benchmarks/development.tsv answers.tsv
    python benchmarks/perturbation.py real/tracks.tsv real.tsv --dictionaries 4 --components 16

A mixture is cut into components by non-negative matrix factorisation; their gains are what is steered. The question is
what each component does to the logit of a source's tags. Taggers answer it in four ways:

- `regression`: they hear random subsets of the components, and a ridge regression says what each one changed. This is
  the truth that the others are compared with: components really were silent;
- `gradient at the mixture`: all gains are 1. Here every ascent begins;
- `gradient over subsets`: the mean over random gains of 0 and 1. Where something is silent, a logarithm has an enormous
  slope;
- `gradient over graded gains`: the mean over random gains between 0.2 and 1: smooth, and never silent.

An answer is scaled so that the changes that it foretells for the subsets have a standard deviation of 1. Then the
sources compete: their shares of each component are a softmax, as in StemSteer's default run but without what that knows
of presence and of what parts sound like. Sources whose mixture has no reference for them compete too.

Two stems know the reference. They say where what is missing gets lost:

- `best cut`: the components in the order of their shares by regression, cut where the stem is best. What it gains over
  the shares, a better decision could gain;
- `best gains`: the best gain for each component. What it gains over the cut, a better ranking could gain. More needs
  other components.

The table has a row for each source with a reference and each way: the correlation of the answer with that of the
regression (over components), and the SI-SDR improvement (dB) of the stem. Printed are the means for each source.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from asking import answers_of, problem_of
from excerpts import at_peak, read_mixture, read_reference
from numpy.typing import NDArray
from scipy.optimize import lsq_linear
from torch import Tensor

from stemsteer.files import written_whole
from stemsteer.generators.settings import ComponentsSettings
from stemsteer.scores.metrics import si_sdr
from stemsteer.settings.run import RunSettings
from stemsteer.settings.tracks import Track, read_tracks
from stemsteer.sound.audio import Signal
from stemsteer.stages.steer import Resources, load_method, method_settings
from stemsteer.steering.method import Method
from stemsteer.steering.perturbation.answers import pooled
from stemsteer.steering.perturbation.decision import Decision, Listeners
from stemsteer.steering.perturbation.questions import ask, take_apart
from stemsteer.steering.perturbation.sharing import shares
from stemsteer.steering.perturbation.subsets import draw_subsets
from stemsteer.steering.settings import FULL_SET, PerturbationSettings
from stemsteer.taggers.settings import ListeningSettings

TRUTH = "regression"
QUIETEST = 0.2
"""The smallest of the graded gains."""

Answers = Mapping[str, Tensor]
"""By source: what each part does to its tags, `[parts]`."""


def main() -> None:
    arguments = parser().parse_args()
    torch.set_num_threads(arguments.threads)
    run = RunSettings(
        generator=ComponentsSettings(dictionaries=arguments.dictionaries, components=arguments.components),
        taggers=ListeningSettings(names=arguments.taggers),
        steering=PerturbationSettings(
            subsets=arguments.subsets, temperature=arguments.temperature, threads=arguments.threads
        ),
    )
    method = load_method(method_settings(run), Resources(None, {}, (), {}), "cpu")
    rows: list[dict[str, object]] = []
    for track in read_tracks(str(arguments.tracks), list(FULL_SET)):
        if track.references and (not arguments.only or track.track in arguments.only):
            rows += Experiment(track, method, arguments.averaged).rows()
            print(f"{track.track}: done", flush=True)
    table = pd.DataFrame(rows)
    with written_whole(arguments.table) as part:
        table.to_csv(part, sep="\t", index=False, float_format="%.4f", na_rep="nan")
    print("", *summaries(table), sep="\n")


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("tracks", type=Path, help="table of tracks with references, as benchmarks/development.tsv")
    made.add_argument("table", type=Path, help="the TSV file to write")
    made.add_argument("--only", nargs="+", metavar="TRACK", help="some tracks of the table (default: all)")
    made.add_argument("--taggers", nargs="+", default=["MTT_vgg"], help="their answers are averaged (default: MTT_vgg)")
    made.add_argument("--dictionaries", type=int, default=1, help="factorisations of each mixture (default: 1)")
    made.add_argument("--components", type=int, default=40, help="of each dictionary (default: 40)")
    made.add_argument("--subsets", type=int, default=128, help="of each dictionary that are heard (default: 128)")
    made.add_argument("--averaged", type=int, default=8, help="sets of gains of each mean gradient (default: 8)")
    made.add_argument("--temperature", type=float, default=0.2, help="of the softmax (default: 0.2)")
    made.add_argument("--threads", type=int, default=1, help="CPU threads (default: 1)")
    return made


@dataclass(frozen=True)
class Reference:
    """A true source.

    Attributes:
        signal: `[samples, channels]`.
        source: its name.
    """

    source: str
    signal: Signal


class Experiment:
    """One track, its parts, and what is asked about them."""

    def __init__(self, track: Track, method: Method, averaged: int) -> None:
        """`averaged` is the number of sets of gains for each mean gradient."""
        self.track, self.method, self.averaged = track, method, averaged
        steering = method.settings.steering
        assert isinstance(steering, PerturbationSettings)
        self.settings = steering
        self.listeners = Listeners(method.taggers)
        mixture, self.rate = read_mixture(track)
        self.mixture = at_peak(mixture)
        self.parts = take_apart(method, problem_of(self.mixture, self.rate, seed=0))
        self.dictionaries = self.parts.parts.dictionaries
        self.known = [source for source in track.references if self.listeners.labels(source)]
        others = [source for source in FULL_SET if self.listeners.labels(source)]
        self.asked = list(dict.fromkeys([*self.known, *others]))
        self.subsets = draw_subsets(self.dictionaries, steering.subsets, steering.kept, seed=0)

    def rows(self) -> Iterator[dict[str, object]]:
        """Rows of the table."""
        everything = self._of_dictionaries(torch.ones(1, self.parts.parts.number))
        random = torch.Generator().manual_seed(0)
        graded = QUIETEST + (1 - QUIETEST) * torch.rand(self.averaged, self.parts.parts.number, generator=random)
        answers = {
            TRUTH: self.regression(),
            "gradient at the mixture": self.mean_gradient(everything),
            "gradient over subsets": self.mean_gradient(self.subsets[: self.averaged]),
            "gradient over graded gains": self.mean_gradient(self._of_dictionaries(graded)),
        }
        for source in self.known:
            reference = Reference(source, read_reference(self.track, source, self.mixture))
            for way, answer in answers.items():
                correlation = np.corrcoef(answer[source], answers[TRUTH][source])[0, 1]
                yield self._row(reference, way, self.gains(source, answer), correlation)
            ranked = self.gains(source, answers[TRUTH])
            yield self._row(reference, "best cut", best_cut(ranked, self._signals(), reference.signal.mean(1)))
            yield self._row(reference, "best gains", self.best_gains(reference.signal.mean(1)))

    @torch.no_grad()
    def regression(self) -> Answers:
        """What a regression says over all subsets."""
        heard = answers_of(self.method, self.parts, self.subsets)
        decision = Decision(self.settings, self.listeners, self.parts, self.subsets, heard)
        return {source: self._standardised(decision.effects(source)) for source in self.asked}

    def mean_gradient(self, sets: Tensor) -> Answers:
        """The mean over sets of gains `[sets, dictionaries, parts]` of the gradients of the sources' logits."""
        total = {source: torch.zeros(self.parts.parts.number) for source in self.asked}
        for gains in sets:
            steered = gains.clone().requires_grad_()
            heard = ask(self.method, self.method.taggers, [self.parts], [steered])[0]
            for source in self.asked:
                labels = self.listeners.labels(source)
                logits = torch.stack([pooled(heard[name], labels[name]) for name in labels])
                slope = torch.autograd.grad(logits.mean(0).sum(), steered, retain_graph=True)[0]
                total[source] += self._own(slope)
        return {source: self._standardised(slopes) for source, slopes in total.items()}

    def gains(self, source: str, answer: Answers) -> Tensor:
        """The source's share of each part: `[parts]`."""
        competitors = self.listeners.competitors(source, FULL_SET)
        scores = torch.stack([answer[other] for other in competitors], dim=1) / self.settings.temperature
        return shares(scores, torch.ones(len(competitors), dtype=scores.dtype))[:, 0]

    def best_gains(self, reference: NDArray[np.float32]) -> Tensor:
        """Gains between 0 and 1 of each dictionary's parts that come nearest to a reference `[samples]`."""
        signals, found = self._signals(), torch.zeros(self.parts.parts.number)
        for places in self.dictionaries:
            own = signals[places.start : places.stop]
            _, triangle = np.linalg.qr(np.c_[own.T, reference])  # the same distances in few dimensions
            found[places.start : places.stop] = torch.from_numpy(
                lsq_linear(triangle[:, :-1], triangle[:, -1], bounds=(0, 1)).x
            )
        return found

    def _row(self, reference: Reference, way: str, gains: Tensor, correlation: float = np.nan) -> dict[str, object]:
        stem = self.parts.parts.mix(gains[None].to(self.parts.mixture))[0].numpy().T
        gained = si_sdr(reference.signal, stem) - si_sdr(reference.signal, self.mixture)
        names = {"track": self.track.track, "source": reference.source, "way": way}
        return {**names, "correlation": correlation, "si_sdr_improvement_db": gained}

    def _signals(self) -> NDArray[np.float64]:
        """Each part by itself at the mixture's rate: `[parts, samples]`."""
        return self.parts.parts.signals(self.rate).numpy().astype(np.float64)

    def _of_dictionaries(self, gains: Tensor) -> Tensor:
        """Sets of gains `[sets, parts]`, heard one dictionary at a time: `[sets, dictionaries, parts]`."""
        heard = torch.zeros(len(gains), len(self.dictionaries), gains.shape[1])
        for index, places in enumerate(self.dictionaries):
            heard[:, index, places.start : places.stop] = gains[:, places.start : places.stop]
        return heard

    def _own(self, slopes: Tensor) -> Tensor:
        """Of each part that of its own dictionary: `[dictionaries, parts]` to `[parts]`."""
        return torch.cat([slopes[index, list(places)] for index, places in enumerate(self.dictionaries)])

    def _standardised(self, effects: Tensor) -> Tensor:
        """Effects `[parts]` that foretell changes with a standard deviation of 1 over the subsets of a dictionary."""
        effects = effects.double()
        foretold = (self.subsets.double() @ effects).std(0, correction=0)
        scales = torch.cat([foretold[index].repeat(len(places)) for index, places in enumerate(self.dictionaries)])
        return effects / scales.clamp_min(1e-12)


def best_cut(ranked: Tensor, signals: NDArray[np.float64], reference: NDArray[np.float32]) -> Tensor:
    """Gains of 1 for the first of the parts in the order of `ranked` `[parts]`, and 0 for the others.

    So many are kept that the SI-SDR of their sum is best; signals are `[parts, samples]`.
    """
    order = torch.argsort(ranked, descending=True)
    kept = np.cumsum(signals[order.numpy()], axis=0)
    alike = (kept @ reference) ** 2 / np.square(kept).sum(1).clip(1e-12)
    best = torch.zeros(len(order))
    best[order[: int(alike.argmax()) + 1]] = 1
    return best


def summaries(table: pd.DataFrame) -> list[str]:
    """The mean correlations and improvements of each way, by source, over all stems and over the sources' means."""
    found = []
    for figure, title in (
        ("correlation", "Correlation with the regression"),
        ("si_sdr_improvement_db", "SI-SDR improvement, dB"),
    ):
        by_way = table.dropna(subset=[figure]).groupby("way", sort=False)[figure]
        means = table.dropna(subset=[figure]).pivot_table(index="way", columns="source", values=figure, sort=False)
        columns = [f"{source} ({table[table.source == source].track.nunique()})" for source in means]
        of_sources = means.mean(axis=1)
        shown = means.set_axis(columns, axis=1).assign(**{"all stems": by_way.mean(), "mean of sources": of_sources})
        found.append(f"{title}\n{shown.round(2).to_string()}\n")
    return found


if __name__ == "__main__":
    main()
