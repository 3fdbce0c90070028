"""Sources share out the parts: each part goes to those whose tags it raises most, and to a rest."""

import torch
from torch import Tensor

LEAST_PRESENCE = 0.02
"""A source that the taggers do not hear at all still competes with this weight, so that its stem is not nothing."""


def shares(effects: Tensor, presence: Tensor, temperature: float) -> Tensor:
    """Which share of each part each source has: `[parts, sources]`; what is left of 1 is the rest's.

    A softmax over the sources and a rest, on which no part has an effect. A source that is not heard in the mixture
    competes less: its presence is the prior probability of the parts to be its.

    Args:
        effects: of each part on each source, `[parts, sources]`.
        presence: the probability that the source is in the mixture, `[sources]`.
        temperature: the effect that makes a source e times as strong.
    """
    with_rest = torch.cat([effects / temperature, torch.zeros_like(effects[:, :1])], dim=1)
    prior = torch.cat([presence.clamp_min(LEAST_PRESENCE), torch.ones_like(presence[:1])])
    return torch.softmax(with_rest + prior.log(), dim=1)[:, :-1]
