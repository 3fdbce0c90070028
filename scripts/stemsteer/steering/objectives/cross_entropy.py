"""TagBox's objective: binary cross entropy with the wanted tags."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from stemsteer.taggers.base import Activation, tag_probabilities


def cross_entropy(logits: Tensor, target: Tensor, activation: Activation) -> Tensor:
    """TagBox's loss `[batch]`: binary cross entropy of the windows' mean probabilities, mean over the labels.

    `target` `[batch, labels]` is 1 on the wanted labels and 0 on all others: everything else is asked to fall silent.
    `activation` is that of the tagger. Where a logit is not a number, the loss is none either.
    """
    probabilities = tag_probabilities(logits, activation)
    # PyTorch's function refuses what is not a number; on CUDA the process can compute nothing any more afterwards.
    numbers = probabilities.nan_to_num(0.5)
    losses = F.binary_cross_entropy(numbers, target, reduction="none") + (probabilities - numbers).detach()
    return losses.mean(dim=1)


def target_vector(tags: Sequence[int], size: int) -> Tensor:
    """`[size]`: 1 at the indices `tags`, 0 elsewhere."""
    target = torch.zeros(size)
    target[list(tags)] = 1
    return target
