"""The codes of a level, and the search for the code nearest to a latent frame."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

FRAMES_PER_SEARCH, FRAMES_PER_SEARCH_ON_GPU = 128, 16384
"""How many frames are compared with all codes at once.

On a CPU, the distances of 128 frames to 2,048 codes take 1 MB, which fits into a core's cache. On a GPU, such small
pieces would cost more time to start than to compute.
"""


class Codebook(nn.Module):
    """The codes `k` `[codes, latent_channels]` and the search for the nearest one."""

    def __init__(self, codes: int, channels: int) -> None:
        super().__init__()
        self.register_buffer("k", torch.zeros(codes, channels))
        self.k: Tensor

    @torch.no_grad()
    def nearest(self, latents: Tensor) -> Tensor:
        """Index of the code nearest to each frame: `[batch, latent_channels, frames]` to int64 `[batch, frames]`."""
        batch, channels, frames = latents.shape
        points = latents.permute(0, 2, 1).reshape(-1, channels)
        # The nearest code has the largest k.x - |k|^2 / 2; |x|^2 is the same for all codes.
        minus_half_norms = self.k.square().sum(dim=1) / -2
        transposed = self.k.T.contiguous()
        at_once = FRAMES_PER_SEARCH if points.device.type == "cpu" else FRAMES_PER_SEARCH_ON_GPU
        # On a CPU max() finds the place twice as fast as argmax().
        found = [torch.addmm(minus_half_norms, part, transposed).max(dim=1).indices for part in points.split(at_once)]
        return torch.cat(found).view(batch, frames)

    def lookup(self, codes: Tensor) -> Tensor:
        """The latents of codes: `[batch, frames]` to `[batch, latent_channels, frames]`."""
        return F.embedding(codes, self.k).permute(0, 2, 1)

    def straight_through(self, latents: Tensor, codes: Tensor) -> Tensor:
        """The latents of codes, through which the gradient passes to `latents` as through the identity."""
        return latents + (self.lookup(codes) - latents).detach()
