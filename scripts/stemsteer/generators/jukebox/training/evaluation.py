"""How well a codec reproduces a track, beyond the ratios of powers that every run reports."""

import numpy as np
import torch
from torch import Tensor

from stemsteer.generators.codec import Codec
from stemsteer.generators.coding import Codes, latents_of_blocks, reconstruct
from stemsteer.sound.audio import Signal
from stemsteer.sound.scaled_signal import MonoSignal

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


def log_spectral_distance(codes: Codes, signal: MonoSignal, codec: Codec) -> float:
    """The mean over the frames of a track, in dB, between the track and what its codes decode to."""
    distances, start = [], 0
    for block in reconstruct(codes, signal, codec):
        stop = start + len(block)
        distances.append(log_spectral_distances(torch.from_numpy(signal.read(start, stop)), torch.from_numpy(block)))
        start = stop
    return float(torch.cat(distances).mean())


@torch.no_grad()
def reconstruct_unquantised(signal: MonoSignal, codec: Codec) -> Signal:
    """What a track's latents decode to as they are, mono `[samples]`: this error is not the codes'."""
    context = 2 * codec.context  # the encoder's, and the decoder's around it
    blocks = latents_of_blocks(signal, codec, context)
    return np.concatenate([codec.decode(latents)[0, start:stop].cpu().numpy() for latents, start, stop in blocks])
