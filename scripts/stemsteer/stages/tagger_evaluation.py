"""How well a tagger tells the sources of music that it never saw."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from stemsteer.files import written_whole
from stemsteer.generators.components.components import Components
from stemsteer.generators.settings import ComponentsSettings
from stemsteer.sound import audio
from stemsteer.taggers.base import Tagger
from stemsteer.taggers.instruments.tagger import read_instruments
from stemsteer.taggers.instruments.training.optimisation import area_under_curve
from stemsteer.taggers.labels import VocabularyLabels, find_if_known
from stemsteer.taggers.vocabularies import load_vocabulary, sources

MOST_SECONDS = 20
WINDOW_SECONDS = 2.0
QUIETEST_DB = -60.0
"""The mean power of a window below which its source is not heard, beside a full-scale square wave."""
SUBSETS = 4
KEPT = (0.25, 0.6)
COMPONENTS = 16


def evaluate_tagger(weights: Path, stems: Sequence[Path], *, table_out: Path) -> None:
    """Write the areas under the curve of a tagger of instruments, a row for each source and way of hearing.

    Args:
        weights: as the training writes them.
        stems: audio files of one source each, which their names say; `mixture`, `other` and the like are no source.
        table_out: separated by tabs.
    """
    labels = VocabularyLabels(load_vocabulary("instruments"))
    tagger = read_instruments(weights, weights.parent.name, labels, licence="")
    heard: dict[str, dict[str, list[Tensor]]] = {}
    for path in stems:
        signal, rate = audio.read(path)
        start = max(0, len(signal) - MOST_SECONDS * rate) // 2
        mono = torch.from_numpy(audio.mono(signal[start : start + MOST_SECONDS * rate])[:, 0])
        for way, logits in logits_of_stem(mono, rate, tagger).items():
            heard.setdefault(way, {}).setdefault(path.stem, []).append(logits)
    rows = [row for way, by_source in heard.items() for row in _areas(way, by_source, tagger)]
    with written_whole(table_out) as part:
        pd.DataFrame(rows).to_csv(part, sep="\t", index=False, float_format="%.3f", na_rep="nan")


def _areas(way: str, heard: Mapping[str, list[Tensor]], tagger: Tagger) -> Iterator[dict[str, object]]:
    names = [name for name, logits in heard.items() for some in logits for _ in some]
    logits = torch.cat([some for of_source in heard.values() for some in of_source])
    for source in heard:
        if source in sources() and (labels := find_if_known(tagger.labels, source)):
            truth = torch.tensor([[float(name == source)] for name in names])
            (area,) = area_under_curve(logits[:, labels].mean(1, keepdim=True), truth, torch.ones_like(truth))
            yield {"source": source, "heard": way, "area_under_curve": area, "windows": int(truth.sum())}


@torch.no_grad()
def logits_of_stem(stem: Tensor, rate: int, tagger: Tagger) -> dict[str, Tensor]:
    """What a tagger says of a stem `[samples]`, as it is and in subsets: logits `[windows, labels]` by way of hearing.

    Windows in which next to nothing is heard are left out.

    Args:
        stem: mono, at `rate` Hz.
        rate: in Hz.
        tagger: that listens.
    """
    ways = {"stem": stem[None], "subset": subsets_of(stem, rate)} if stem.abs().max() > 0 else {}
    return {way: _logits(signals, rate, tagger) for way, signals in ways.items()}


def _logits(signals: Tensor, rate: int, tagger: Tagger) -> Tensor:
    heard = torch.from_numpy(audio.resample(signals.T.numpy(), rate, tagger.sample_rate)).T
    length = round(WINDOW_SECONDS * tagger.sample_rate)
    windows = heard.unfold(1, length, length).flatten(0, 1)
    loud = windows[windows.square().mean(1) > 10 ** (QUIETEST_DB / 10)]
    return (
        torch.cat([tagger.logits(some).mean(1) for some in loud.split(16)])
        if len(loud)
        else loud.new_empty(0, len(tagger.labels.names))
    )


def subsets_of(stem: Tensor, rate: int) -> Tensor:
    """Random subsets of the components of a stem `[samples]`, as they are heard in a mixture: `[SUBSETS, samples]`."""
    settings = ComponentsSettings(dictionaries=1, components=COMPONENTS)
    parts = Components(stem[None], rate, settings, seed=0)
    random = torch.Generator().manual_seed(0)
    share = KEPT[0] + (KEPT[1] - KEPT[0]) * torch.rand(SUBSETS, 1, generator=random)
    return parts.mix((torch.rand(SUBSETS, parts.number, generator=random) < share).float())[:, 0]
