"""TagBox's objective: binary cross entropy with the wanted tags."""

import torch
from torch import Tensor
from torch.nn import functional as F

from stemsteer.steering.hearing import Heard, HeardByTagger
from stemsteer.taggers.base import tag_probabilities


def cross_entropy(heard: Heard) -> Tensor:
    """The mean loss over all taggers and views: `[sources]`.

    TagBox's loss is the binary cross entropy of the windows' mean probabilities, mean over the labels of a tagger. The
    probability of the wanted labels should be 1, and that of all other labels 0. Where a logit is not a number, the
    loss is none either.
    """
    return torch.cat([_losses(by_tagger) for by_tagger in heard.by_tagger.values()]).mean(dim=0)


def _losses(heard: HeardByTagger) -> Tensor:
    """The losses `[views, sources]` of one tagger."""
    logits, wanted = heard.by_signal
    probabilities = tag_probabilities(logits, heard.activation)
    # PyTorch's function refuses what is not a number; on CUDA the process can compute nothing any more afterwards.
    numbers = probabilities.nan_to_num(0.5)
    losses = F.binary_cross_entropy(numbers, wanted, reduction="none") + (probabilities - numbers).detach()
    return losses.mean(dim=1).unflatten(0, heard.logits.shape[:2])
