"""What the ascent needs of a pretrained music generator."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from stemsteer.generators.jukebox.quantisers import CodebookMode, Quantiser


class Generator(nn.Module, ABC):
    """A frozen autoencoder whose latents can be steered.

    Attributes:
        sample_rate: of the audio it encodes and decodes, Hz.
        hop: samples of audio for one latent frame.
        context: samples on either side of an excerpt that can change its latents, or its decoded audio.
        fingerprint: sha256 of the weights.
        licence: of the weights.
    """

    sample_rate: int
    hop: int
    context: int
    fingerprint: str
    licence: str

    @abstractmethod
    def encode(self, audio: Tensor) -> Tensor:
        """Continuous latents `[batch, channels, frames]` of audio `[batch, samples]`, whole hops of it."""

    @abstractmethod
    def quantiser(self, codebook: CodebookMode, seed: int = 0) -> Quantiser:
        """What stands between latents and the decoder; one with a state is made anew for every ascent."""

    @abstractmethod
    def decode(self, quantised: Tensor) -> Tensor:
        """Audio `[batch, frames * hop]` of quantised latents."""

    @abstractmethod
    def codes(self, latents: Tensor) -> Tensor:
        """Indices int64 `[batch, frames]` of the codes nearest to continuous latents."""

    @abstractmethod
    def decode_codes(self, codes: Tensor) -> Tensor:
        """Audio `[batch, frames * hop]` of codes `[batch, frames]`."""
