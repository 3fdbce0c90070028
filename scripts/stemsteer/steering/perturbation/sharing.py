"""Sources share out the parts: each part goes to those whose tags it raises, if it sounds as they do, and to a rest."""

import torch
from torch import Tensor

from stemsteer.generators.parts import Sounds
from stemsteer.taggers.vocabularies import PERCUSSION

LEAST_PRESENCE = 0.02
"""A source that the taggers do not hear at all still competes with this weight, so that its stem is not nothing."""

AGAINST_LOW = {"bass": -0.5, "piano": 0.5}
"""How much low sounds speak against a tonal source, beside most others: a piano reaches as low as a bass."""

USUALLY_LOW = 0.3
"""The share of low energy from which on a part is more likely a bass's than any other tonal source's."""


def shares(scores: Tensor, presence: Tensor, presence_weight: float = 1.0) -> Tensor:
    """Which share of each part each source has: `[parts, sources]`; what is left of 1 is the rest's.

    A softmax over the sources and a rest, whose score is 0. A source that is not heard in the mixture competes less:
    its presence is the prior probability of the parts to be its.

    Args:
        scores: how well each part fits each source, `[parts, sources]`.
        presence: the probability that the source is in the mixture, `[sources]`.
        presence_weight: the exponent of the prior; 0: all sources compete alike.
    """
    with_rest = torch.cat([scores, torch.zeros_like(scores[:, :1])], dim=1)
    prior = torch.cat([presence.clamp_min(LEAST_PRESENCE), torch.ones_like(presence[:1])])
    return torch.softmax(with_rest + presence_weight * prior.log(), dim=1)[:, :-1]


def fits_sound(source: str, sounds: Sounds, percussive_weight: float, low_weight: float) -> Tensor:
    """How well the parts sound as a source does, whatever the taggers say: scores `[parts]`.

    Args:
        source: its name.
        sounds: of the parts.
        percussive_weight: of percussive sounds, which speak for drums and, half as much, against all others.
        low_weight: of low sounds, which speak against all but drums and bass, against piano half as much, and for bass.
    """
    percussive = _logit(sounds.percussive)
    if source in PERCUSSION:
        return percussive_weight * percussive
    low = _logit(sounds.low) - _logit(torch.tensor(USUALLY_LOW))
    return -percussive_weight / 2 * percussive - low_weight * AGAINST_LOW.get(source, 1.0) * low


def _logit(share: Tensor) -> Tensor:
    return torch.logit(share.cpu().double(), eps=0.01)
