"""Which parts the taggers are asked about: random subsets, each with its complement."""

from collections.abc import Sequence

import torch
from torch import Tensor


def draw_subsets(dictionaries: Sequence[range], number: int, kept: tuple[float, float], seed: int) -> Tensor:
    """Gains 0 and 1 of the parts, `[number, dictionaries, parts]`; each subset is one of a single dictionary.

    Every second one is the complement of the one before it, so that each part is kept in exactly half of them.

    Args:
        dictionaries: the places of each dictionary's parts.
        number: of subsets of each dictionary, even.
        kept: the smallest and the largest share of the parts that a first one of a pair keeps.
        seed: of the random draws.
    """
    random = torch.Generator().manual_seed(seed)
    gains = torch.zeros(number, len(dictionaries), sum(map(len, dictionaries)))
    for dictionary, places in enumerate(dictionaries):
        for pair in range(0, number, 2):
            share = kept[0] + (kept[1] - kept[0]) * torch.rand((), generator=random).item()
            order = torch.randperm(len(places), generator=random) + places.start
            first = min(max(round(share * len(places)), 1), len(places) - 1)
            gains[pair, dictionary, order[:first]] = 1
            gains[pair + 1, dictionary, order[first:]] = 1
    return gains
