"""The shape of one level of Jukebox's VQ-VAE."""

from dataclasses import dataclass

STRIDE = 2
DILATION_GROWTH = 3


@dataclass(frozen=True)
class Architecture:
    """The shape of one level: what its tensors' shapes say.

    `halvings` has one entry for each block between the audio and the level's latents: how often that
    block halves the rate. Jukebox's levels have (3,), (3, 2) and (3, 2, 2): hops of 8, 32 and 128 samples.
    """

    width: int
    depth: int
    halvings: tuple[int, ...] = (3,)
    latent_channels: int = 64
    codes: int = 2048

    @property
    def hop(self) -> int:
        """Samples of audio for one latent frame."""
        return int(STRIDE ** sum(self.halvings))

    @property
    def receptive_radius(self) -> int:
        """Samples on either side of a latent frame that can reach it, rounded up to whole hops."""
        reach_of_residual_stack = sum(DILATION_GROWTH**i for i in range(self.depth))
        steps = [STRIDE**i for i in range(1, sum(self.halvings) + 1)]
        # Each stage adds its strided convolution's reach (two of its steps) to the residual stack's;
        # the width-3 convolutions at the latents' end of each block add one frame of that block.
        radius = sum((reach_of_residual_stack + 2) * step for step in steps) + len(self.halvings) * self.hop
        return -(-radius // self.hop) * self.hop
