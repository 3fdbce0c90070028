"""Objectives: from tag logits to the loss that the ascent lowers.

A new one is a function here and a line in `OBJECTIVES`.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

Objective = Callable[[Tensor, Tensor], Tensor]


def tag_probabilities(logits: Tensor) -> Tensor:
    """Mean over a tagger's windows of the tags' probabilities: `[batch, windows, tags]` to `[batch, tags]`."""
    return torch.sigmoid(logits).mean(dim=1)


def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """TagBox's loss `[batch]`: binary cross entropy of the windows' mean probabilities, mean over the vocabulary.

    `target` `[batch, tags]` is 1 on the wanted tags and 0 on all others: everything else is asked to fall silent. Where
    a logit is not a number, the loss is none either.
    """
    probabilities = tag_probabilities(logits)
    # PyTorch's function refuses what is not a number; on CUDA the process can compute nothing any more afterwards.
    numbers = probabilities.nan_to_num(0.5)
    losses = F.binary_cross_entropy(numbers, target, reduction="none") + (probabilities - numbers).detach()
    return losses.mean(dim=1)


OBJECTIVES: dict[str, Objective] = {
    "cross-entropy": cross_entropy,
}


def target_vector(tags: Sequence[int], size: int) -> Tensor:
    """`[size]`: 1 at the indices `tags`, 0 elsewhere."""
    target = torch.zeros(size)
    target[list(tags)] = 1
    return target
