"""A whole track through a codec and back, a block at a time."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from stemsteer.generators.codec import Codec
from stemsteer.sound.audio import Signal
from stemsteer.sound.chunks import blocks_with_context
from stemsteer.sound.scaled_signal import MonoSignal

Codes = NDArray[np.uint16]

BLOCK_SECONDS = 10


@dataclass
class Reconstruction:
    """How well a codec's codes reproduce a track (dB; nothing where the track is silent)."""

    snr_db: float | None
    si_sdr_db: float | None
    codes_used: int


@torch.no_grad()
def encode_track(signal: MonoSignal, codec: Codec) -> tuple[Codes, Reconstruction]:
    """The codes `[frames]` of a track, and the quality of what they decode to.

    Every block is encoded with enough of its surroundings that the codes are those of the whole track at once.
    """
    hop = codec.hop
    codes_of_blocks: list[Codes] = []
    for latents, start, stop in latents_of_blocks(signal, codec, codec.context):
        block = codec.codes(latents)[0, start // hop : -(-stop // hop)]
        codes_of_blocks.append(block.cpu().numpy().astype(np.uint16))
    codes_of_track = np.concatenate(codes_of_blocks)
    return codes_of_track, _quality(signal, codes_of_track, codec)


def latents_of_blocks(signal: MonoSignal, codec: Codec, context: int) -> Iterator[tuple[Tensor, int, int]]:
    """The latents `[1, channels, frames]` of every block of a track with up to `context` samples on either side.

    With them, in samples from their first frame, where the block starts and stops.

    Raises:
        UserError: the rate of the signal is not that of the codec.
    """
    codec.check_rate(signal.rate)
    hop = codec.hop
    for start, stop, first, last in blocks_with_context(signal.samples, BLOCK_SECONDS * signal.rate, context, hop):
        audio = torch.from_numpy(signal.read(first, last)).to(codec.device)[None]
        yield codec.encode(F.pad(audio, (0, -audio.shape[-1] % hop))), start - first, stop - first


@torch.no_grad()
def reconstruct(codes: Codes, signal: MonoSignal, codec: Codec) -> Iterator[Signal]:
    """What the codes `[frames]` of a track decode to, as long as its mono signal and at its level, in blocks."""
    hop, context = codec.hop, codec.context
    for start, stop, first, last in blocks_with_context(signal.samples, BLOCK_SECONDS * signal.rate, context, hop):
        part = torch.from_numpy(codes[first // hop : -(-last // hop)].astype(np.int64)).to(codec.device)[None]
        yield codec.decode_codes(part)[0, start - first : stop - first].cpu().numpy()


def _quality(signal: MonoSignal, codes: Codes, codec: Codec) -> Reconstruction:
    products = np.zeros(3)  # <x, x>, <x, y>, <y, y> of the track x and its reconstruction y
    start = 0
    for block in reconstruct(codes, signal, codec):
        decoded = block.astype(np.float64)
        audio = signal.read(start, start + len(block)).astype(np.float64)
        products += [audio @ audio, audio @ decoded, decoded @ decoded]
        start += len(block)
    of_signal, common, of_decoded = products
    return Reconstruction(
        snr_db=_ratio_db(of_signal, of_signal - 2 * common + of_decoded),
        # SI-SDR: the part of y along x against the rest of y (Le Roux et al., arXiv 1811.02508).
        si_sdr_db=_ratio_db(common**2, of_signal * of_decoded - common**2),
        codes_used=len(np.unique(codes)),
    )


def _ratio_db(numerator: float, denominator: float) -> float | None:
    return 10 * math.log10(numerator / denominator) if numerator > 0 and denominator > 0 else None
