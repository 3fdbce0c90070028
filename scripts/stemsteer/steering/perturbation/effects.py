"""What each part does to the tags of a source: a ridge regression of answers on the parts that were heard."""

import torch
from torch import Tensor


def effects(kept: Tensor, answers: Tensor, penalty: float) -> Tensor:
    """How much each part raises each answer, in standard deviations of the answer: `[parts, sources]`.

    Args:
        kept: the gains of the parts in each subset, `[subsets, parts]`.
        answers: about each subset, one figure for each source, `[subsets, sources]`.
        penalty: on the squared effects (Hoerl and Kennedy, "Ridge Regression", 1970); it is 1 for one pair of subsets
            that differ in everything.
    """
    kept, answers = kept.double(), answers.double()
    centred = kept - kept.mean(0)
    spread = answers.std(0, correction=0).clamp_min(1e-9)
    standard = (answers - answers.mean(0)) / spread
    normal = centred.T @ centred + penalty * torch.eye(kept.shape[1], dtype=torch.float64, device=kept.device)
    return torch.linalg.solve(normal, centred.T @ standard)


def effects_of_dictionaries(kept: Tensor, answers: Tensor, dictionaries: list[range], penalty: float) -> Tensor:
    """`effects` of the parts of each dictionary on the answers about its own subsets: `[parts, sources]`.

    Args:
        kept: `[subsets, dictionaries, parts]`.
        answers: `[subsets, dictionaries, sources]`.
        dictionaries: the places of each dictionary's parts.
        penalty: see `effects`.
    """
    return torch.cat(
        [
            effects(kept[:, index, places.start : places.stop], answers[:, index], penalty)
            for index, places in enumerate(dictionaries)
        ]
    )
