"""Jukebox's VQ-VAE as a codec: the official weights or any file of the same format."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from stemsteer.errors import UserError
from stemsteer.generators.codebooks import CODEBOOKS
from stemsteer.generators.codec import Codec
from stemsteer.generators.jukebox.vqvae import VQVAE, from_checkpoint
from stemsteer.generators.quantiser import Quantiser
from stemsteer.models.weights import sha256


class JukeboxCodec(Codec):
    """One level of a Jukebox VQ-VAE; see `vqvae.py` for the model and its paper."""

    sample_rate = 44100

    def __init__(self, vqvae: VQVAE, fingerprint: str, licence: str) -> None:
        super().__init__()
        self.vqvae = vqvae.eval().requires_grad_(False)
        self.hop = vqvae.architecture.hop
        self.context = vqvae.architecture.receptive_radius
        self.fingerprint = fingerprint
        self.licence = licence

    def encode(self, audio: Tensor) -> Tensor:
        return self.vqvae.encode(audio)

    def quantiser(self, codebook: str, seed: int = 0) -> Quantiser:
        quantiser: Quantiser = CODEBOOKS[codebook](self.vqvae.codebook, seed)
        return quantiser

    def decode(self, quantised: Tensor) -> Tensor:
        return self.vqvae.decode(quantised)

    def codes(self, latents: Tensor) -> Tensor:
        return self.vqvae.codebook.nearest(latents)

    def decode_codes(self, codes: Tensor) -> Tensor:
        return self.vqvae.decode(self.vqvae.codebook.lookup(codes))


def load_jukebox(path: Path, level: int, licence: str) -> JukeboxCodec:
    """Load one level from `vqvae.pth.tar` as published, or from a safetensors file with the same tensors.

    Raises:
        UserError: the file is neither, or does not hold that level.
    """
    try:
        tensors = load_file(path) if path.suffix == ".safetensors" else _load_pickle(path)
        vqvae = from_checkpoint(tensors, level)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    except Exception as error:  # whatever a damaged file makes the two readers raise
        raise UserError(f"{path}: not a readable checkpoint ({error}); fetch the file again") from error
    return JukeboxCodec(vqvae, fingerprint=sha256(path), licence=licence)


def _load_pickle(path: Path) -> dict[str, Tensor]:
    saved = torch.load(path, map_location="cpu", weights_only=True)
    return saved.get("model", saved)
