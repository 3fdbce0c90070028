"""A checkpoint as large as Jukebox's official one, with seeded random weights: a step's cost does not depend on them.

The official weights are OpenAI's, for non-commercial use only. The format is that of the published `vqvae.pth.tar`.
"""

import sys
from pathlib import Path

import torch

from stemsteer.errors import UserError
from stemsteer.files import written_whole

TESTS = Path(__file__).resolve().parents[2] / "tests"
MULTIPLIERS = (2, 1, 1)  # of width and depth, for each of the three levels
SEED = 20211021
AMPLITUDE = 0.3  # of the noise that the codes are latents of
FILE = "official-size.pth.tar"


@torch.no_grad()
def write_official_size(folder: Path) -> Path:
    """Write all three levels into a folder; returns the file.

    The codes are latents of noise, so that encoded music is neither all one code nor each frame its own.

    Raises:
        UserError: the package jukebox-infer, which has the architecture, is not installed.
    """
    sys.path.append(str(TESTS))
    try:
        from reference_vqvae import reference_vqvae
    except ImportError as error:
        raise UserError(
            f"the codec of official size is made with the package jukebox-infer ({error}): install it "
            "(`make environment` does), or choose --codec embedded or a file"
        ) from error
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        vqvae = reference_vqvae(MULTIPLIERS).eval()
        for level, block in enumerate(vqvae.bottleneck.level_blocks):
            noise = AMPLITUDE * torch.randn(1, 1, len(block.k) * vqvae.hop_lengths[level])
            block.k.copy_(vqvae.encoders[level](noise)[-1][0].T)
    with written_whole(folder / FILE) as part:
        torch.save({"model": vqvae.state_dict()}, part)
    return folder / FILE
