"""The interface of codecs: generators with an encoder, a codebook and a decoder."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from stemsteer.devices import computing_in
from stemsteer.generators.base import Generator, Latents
from stemsteer.generators.quantiser import Quantiser


class Codec(Generator):
    """A frozen autoencoder with codes.

    Attributes:
        hop: samples of audio for one latent frame.
        context: samples on either side of an excerpt that can change its latents, or its decoded audio.
        codebook: which of `CODEBOOKS` stands between steered latents and the decoder.
    """

    hop: int
    context: int
    codebook: str = "frozen"

    @property
    def identity(self) -> dict[str, Any]:
        return {**super().identity, "hop": self.hop}

    @abstractmethod
    def encode(self, audio: Tensor) -> Tensor:
        """Continuous latents `[batch, channels, frames]` of audio `[batch, samples]`, whole hops of it."""

    @abstractmethod
    def quantiser(self, codebook: str, seed: int = 0) -> Quantiser:
        """A new quantiser with one of `CODEBOOKS`."""

    @abstractmethod
    def decode(self, quantised: Tensor) -> Tensor:
        """Audio `[batch, frames * hop]` of quantised latents."""

    @abstractmethod
    def codes(self, latents: Tensor) -> Tensor:
        """Indices int64 `[batch, frames]` of the codes nearest to continuous latents."""

    @abstractmethod
    def decode_codes(self, codes: Tensor) -> Tensor:
        """Audio `[batch, frames * hop]` of codes `[batch, frames]`."""

    def begin(self, mixtures: Tensor, seeds: Sequence[int]) -> "CodecLatents":
        return CodecLatents(self, mixtures, seeds)


class CodecLatents(Latents):
    """Continuous latents, and the quantiser that each mixture has for itself.

    Attributes:
        start: the encoded mixtures `[batch, channels, frames]`.
        quantisers: one for each mixture.
    """

    def __init__(self, codec: Codec, mixtures: Tensor, seeds: Sequence[int]) -> None:
        self.codec = codec
        self.samples = mixtures.shape[-1]
        self.quantisers = [codec.quantiser(codec.codebook, seed) for seed in seeds]
        with torch.no_grad():
            self.start = codec.encode(F.pad(mixtures, (0, -self.samples % codec.hop)))
        self.latents = [latents[None].clone().requires_grad_(True) for latents in self.start]

    def decode(self) -> Tensor:
        # Rounding would change which code is the nearest.
        with computing_in("float32", self.start.device):
            pairs = zip(self.quantisers, self.latents, strict=True)
            quantised = torch.cat([quantise(latents) for quantise, latents in pairs])
        return self._decoded(quantised)

    @torch.no_grad()
    def unsteered(self) -> Tensor:
        return self._decoded(self.codec.quantiser("frozen")(self.start))

    def _decoded(self, quantised: Tensor) -> Tensor:
        return self.codec.decode(quantised)[:, : self.samples].to(quantised.dtype)

    def state(self) -> dict[str, Any]:
        return {**super().state(), "quantisers": [quantiser.state() for quantiser in self.quantisers]}

    def restore(self, state: dict[str, Any]) -> None:
        super().restore(state)
        for quantiser, saved in zip(self.quantisers, state["quantisers"], strict=True):
            quantiser.restore(saved)
