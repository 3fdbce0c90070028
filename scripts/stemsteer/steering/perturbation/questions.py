"""A mixture in parts, whose subsets are played to the taggers."""

from collections.abc import Sequence

import torch
from torch import Tensor

from stemsteer.devices import computing_in
from stemsteer.generators.parts import Parts, PartsGenerator
from stemsteer.steering.method import Method
from stemsteer.steering.problem import Problem
from stemsteer.taggers.base import Tagger

TINY_ENERGY = 1e-20


class AudibleParts:
    """The parts of a problem's mixture, as each tagger hears them.

    Attributes:
        mixture: `[channels, samples]`.
        parts: of the mixture.
        sounds: what the parts sound like.
        energies: of the parts as the first tagger hears them, `[parts]`.
    """

    def __init__(self, method: Method, parts: Parts, mixture: Tensor) -> None:
        self.parts, self.mixture = parts, mixture
        self.sounds = parts.sounds()
        rates = dict.fromkeys(tagger.sample_rate for tagger in method.taggers)
        self._by_rate = {rate: parts.signals(rate) for rate in rates}
        self.energies = next(iter(self._by_rate.values())).square().sum(-1)

    def signals(self, gains: Tensor, rate: int) -> Tensor:
        """What gains `[signals, parts]` let through, mono at a tagger's rate (Hz): `[signals, samples]`."""
        parts = self._by_rate[rate]
        return gains.to(parts) @ parts

    def alone(self, places: Sequence[int], rate: int) -> Tensor:
        """Single parts, mono at a tagger's rate (Hz): `[parts, samples]`."""
        return self._by_rate[rate][list(places)]

    @property
    def whole(self) -> Tensor:
        """The gains `[1, parts]` at which the mixture itself is heard: those of one dictionary."""
        gains = torch.zeros(1, self.parts.number)
        gains[0, list(self.parts.dictionaries[0])] = 1
        return gains


def take_apart(method: Method, problem: Problem) -> AudibleParts:
    """The parts of a problem's mixture, which the generator makes."""
    mixture = torch.from_numpy(problem.mixture).to(method.generator.like)
    generator = method.generator
    if not isinstance(generator, PartsGenerator):
        raise TypeError(f"a {type(generator).__name__} makes no parts")
    parts = generator.take_apart(mixture, problem.rate, problem.seed)
    return AudibleParts(method, parts, mixture)


def ask(
    method: Method, taggers: Sequence[Tagger], mixtures: Sequence[AudibleParts], gains: Sequence[Tensor]
) -> list[dict[str, Tensor]]:
    """What taggers say of subsets of mixtures: for each mixture, logits `[signals, windows, labels]` by tagger.

    Args:
        method: of the run.
        taggers: those of the run that listen.
        mixtures: all equally long.
        gains: of the parts in what is played of each mixture, `[signals, parts]`.
    """
    sizes = [len(of_mixture) for of_mixture in gains]
    heard: list[dict[str, Tensor]] = [{} for _ in mixtures]
    for tagger in taggers:
        pairs = zip(mixtures, gains, strict=True)
        signals = torch.cat([mixture.signals(wanted, tagger.sample_rate) for mixture, wanted in pairs])
        for answers, of_mixture in zip(heard, _logits(method, tagger, signals).split(sizes), strict=True):
            answers[tagger.name] = of_mixture
    return heard


def ask_of_parts(
    method: Method, taggers: Sequence[Tagger], mixture: AudibleParts, places: Sequence[int]
) -> dict[str, Tensor]:
    """What taggers say of single parts: for each tagger, logits `[parts, labels]`.

    They are the means over the windows, which count by how loud the part is there.

    Args:
        method: of the run.
        taggers: those of the run that listen.
        mixture: in parts.
        places: of the parts that are played; without any, there are no answers.
    """
    if not places:
        return {}
    return {tagger.name: _weighted(method, tagger, mixture.alone(places, tagger.sample_rate)) for tagger in taggers}


def _weighted(method: Method, tagger: Tagger, parts: Tensor) -> Tensor:
    energies = tagger.cut(parts, method.settings.taggers.windows).square().mean(-1).cpu() + TINY_ENERGY
    weights = energies / energies.sum(1, keepdim=True)
    return (weights[..., None] * _logits(method, tagger, parts)).sum(1)


def _logits(method: Method, tagger: Tagger, signals: Tensor) -> Tensor:
    with computing_in(method.settings.steering.precision, signals.device):
        return tagger.logits(signals, method.settings.taggers.windows).float().cpu()
