"""How well a codec reproduces a track, beyond the ratios of powers that every run reports."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from stemsteer.audio import Signal
from stemsteer.chunks import blocks_with_context
from stemsteer.encoding import BLOCK_SECONDS, Codes, reconstruct
from stemsteer.generators import Generator
from stemsteer.model_signal import ModelSignal

FFT_SIZE = 2048
QUIETEST_BIN = 1e-3  # magnitude below which a bin counts as silent; a sine of full scale has one of 512


def perplexity(codes: Codes) -> float:
    """How many codes, chosen equally often, would carry as much information as these on average."""
    shares = np.unique(codes, return_counts=True)[1] / len(codes)
    return float(np.exp(-(shares * np.log(shares)).sum()))


def log_spectral_distances(target: Tensor, estimate: Tensor) -> Tensor:
    """For every STFT frame `[frames]` the root mean square over its bins of the difference in level, in dB."""
    window = torch.hann_window(FFT_SIZE)
    of_target, of_estimate = (
        20
        * torch.stft(signal, FFT_SIZE, FFT_SIZE // 4, window=window, pad_mode="constant", return_complex=True)
        .abs()
        .clamp(min=QUIETEST_BIN)
        .log10()
        for signal in (target, estimate)
    )
    return (of_target - of_estimate).square().mean(dim=0).sqrt()


def log_spectral_distance(codes: Codes, signal: ModelSignal, generator: Generator, device: torch.device) -> float:
    """The mean over the frames of a track, in dB, between the track and what its codes decode to."""
    distances, start = [], 0
    for block in reconstruct(codes, signal, generator, device):
        stop = start + len(block)
        distances.append(log_spectral_distances(torch.from_numpy(signal.read(start, stop)), torch.from_numpy(block)))
        start = stop
    return float(torch.cat(distances).mean())


@torch.no_grad()
def reconstruct_unquantised(signal: ModelSignal, generator: Generator, device: torch.device) -> Signal:
    """What a track's latents decode to as they are, mono `[samples]`: this error is not the codes'."""
    hop, context = generator.hop, 2 * generator.context  # the encoder's, and the decoder's around it
    unquantised = generator.quantiser("none")
    blocks = []
    for start, stop, first, last in blocks_with_context(signal.samples, BLOCK_SECONDS * signal.rate, context, hop):
        audio = torch.from_numpy(signal.read(first, last)).to(device)[None]
        decoded = generator.decode(unquantised(generator.encode(F.pad(audio, (0, -audio.shape[-1] % hop)))))
        blocks.append(decoded[0, start - first : stop - first].cpu().numpy())
    return np.concatenate(blocks)
