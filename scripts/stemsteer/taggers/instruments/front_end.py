"""What the taggers of instruments hear: mel bands in decibels."""

from torch import Tensor, nn

from stemsteer.taggers.mel_power import MelPower

SAMPLE_RATE = 16000  # Hz
N_FFT, HOP, MELS = 1280, 320, 96
FRAMES_PER_SECOND = SAMPLE_RATE // HOP
CONTEXT_SECONDS = (N_FFT - HOP) / SAMPLE_RATE
LOUD = 300.0
"""The mel power of loud music's loudest bands, which becomes 1."""
FLOOR = 1e-7
"""The power below which nothing is told apart: 70 dB below that."""


class FrontEnd(nn.Module):
    """From audio to mel bands; frames begin every 20 ms, and the first one reaches 60 ms back."""

    sample_rate = SAMPLE_RATE

    def __init__(self) -> None:
        super().__init__()
        self.mel_power = MelPower(SAMPLE_RATE, N_FFT, HOP, MELS).float()

    def power(self, audio: Tensor) -> Tensor:
        """The power `[batch, frames, mels]` of audio `[batch, context + samples]`, 1 for a loud sound."""
        power: Tensor = self.mel_power(audio) / LOUD
        return power


def compressed(power: Tensor) -> Tensor:
    """Power on a scale from about -1 (nothing) to 1 (loud); any shape."""
    return (power + FLOOR).log10() / 3.5 + 1
