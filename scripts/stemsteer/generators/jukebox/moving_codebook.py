"""A codebook that follows the latents: exponential moving averages, as Jukebox trains its own.

Van den Oord et al., "Neural Discrete Representation Learning", arXiv 1711.00937, appendix A.1; the restart of unused
codes is Jukebox's (Dhariwal et al., arXiv 2005.00341, section 3.2).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

USED = 1.0  # Jukebox restarts a code with less than this many frames in its moving average


@dataclass
class MovingCodebook:
    """The moving averages behind a codebook: for each code, how many frames chose it and their sum."""

    counts: Tensor
    sums: Tensor

    @classmethod
    def start(cls, codebook: Tensor) -> "MovingCodebook":
        return cls(torch.ones_like(codebook[:, 0]), codebook.clone())

    @torch.no_grad()
    def update(
        self, codebook: Tensor, points: Tensor, chosen: Tensor, fresh: Tensor, decay: float, used: float = USED
    ) -> int:
        """Move `codebook` `[codes, channels]` towards the frames that chose it; return how many codes are in use.

        `points` `[frames, channels]` are the frames, `chosen` `[frames]` their codes. Codes with less than `used`
        frames in their average are put on `fresh` `[codes, channels]`.
        """
        counts = torch.zeros_like(self.counts).index_add_(0, chosen, torch.ones_like(points[:, 0]))
        sums = torch.zeros_like(self.sums).index_add_(0, chosen, points)
        self.counts.mul_(decay).add_(counts, alpha=1 - decay)
        self.sums.mul_(decay).add_(sums, alpha=1 - decay)
        in_use = self.counts >= used
        codebook.copy_(torch.where(in_use[:, None], self.sums / self.counts[:, None].clamp(min=1e-12), fresh))
        return int(in_use.sum())


def frames_of(latents: Tensor) -> Tensor:
    """Latents `[batch, channels, frames]` as points `[batch * frames, channels]`."""
    return latents.permute(0, 2, 1).reshape(-1, latents.shape[1])
