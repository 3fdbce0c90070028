"""How late or early audio comes out of codecs, where a file or a program does not tell what is to be cut.

Codecs work in blocks that overlap, so that what comes out of a decoder begins with samples that the encoder put there.
Most containers tell how many these are, and players cut them. Where a container cannot tell, or a program does not ask,
audio stays late; where more is cut than was put there, it becomes early.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True)
class Delay:
    """A known delay.

    Attributes:
        samples: at the rate of the codec; less than 0 where audio is early.
        codecs: ffmpeg's names of the codecs that have it.
        of: the kind of file that has it, as it is told to users.
    """

    samples: int
    codecs: tuple[str, ...]
    of: str


DELAYS = (
    # LAME's encoder has 576 samples, and decoders have 528 + 1 (LAME's technical FAQ).
    Delay(1105, ("mp3",), "mp3 without LAME's tag"),
    Delay(576, ("mp3",), "mp3 of which the encoder's delay is not cut"),
    Delay(529, ("mp3",), "mp3 of which the decoder's delay is not cut"),
    # Programs that do not know the frame with the tag decode it as 1,152 samples of silence.
    Delay(1105 + 1152, ("mp3",), "mp3 of which LAME's tag is decoded as audio"),
    # The filter banks of encoder and decoder (ISO/IEC 11172-3): 512 - 31.
    Delay(481, ("mp2", "mp1"), "mp2"),
    # One block (ISO/IEC 14496-3): ffmpeg's encoder, where no edit list says so.
    Delay(1024, ("aac",), "AAC in ADTS, MPEG-TS or fragmented MP4"),
    # Two blocks: fdk-aac, the encoder of Fraunhofer IIS.
    Delay(2048, ("aac",), "AAC by fdk-aac"),
    # Apple's Technical Note TN2258.
    Delay(2112, ("aac",), "AAC by Apple's encoder"),
    # Half a block (ATSC A/52).
    Delay(256, ("ac3", "eac3"), "AC-3"),
    # The filter bank (ETSI TS 102 114) with ffmpeg's encoder.
    Delay(512, ("dts",), "DTS"),
    # The pre-skip of libopus, 6.5 ms at 48 kHz (RFC 7845).
    Delay(312, ("opus",), "Opus without its pre-skip"),
    # A block, which ffmpeg cuts although its encoder puts nothing there. It is shorter at lower rates.
    Delay(-2048, ("wmav1", "wmav2"), "WMA"),
    Delay(-1024, ("wmav1", "wmav2"), "WMA"),
    Delay(-512, ("wmav1", "wmav2"), "WMA"),
)
"""All but the delays of mp3 whose tag is read in part, of fdk-aac and of Apple's encoder were seen with ffmpeg 8.1."""

LONGEST = max(abs(delay.samples) for delay in DELAYS)
"""Of all delays, samples."""

ROUNDING = 1
"""Samples by which a lag may differ from a delay: rates are changed, and programs count from 1."""


@dataclass(frozen=True)
class Coded:
    """How a file is coded.

    Attributes:
        codec: by ffmpeg's name.
        rate: Hz.
    """

    codec: str
    rate: int

    @property
    def delays(self) -> list[Delay]:
        """Those that its codec is known to have."""
        return [delay for delay in DELAYS if self.codec in delay.codecs]


def explain(lag: int, reference: Coded, mixture: Coded) -> str | None:
    """Why a reference is `lag` samples late (less than 0: early) at the rate of its mixture; None: no delay is so long.

    One of the two or both may be late as what they are coded in, or one of them as what it was coded in before.
    """
    if abs(lag) <= ROUNDING:
        return "by rounding"
    for of_reference, of_mixture in [*_pairs(reference.delays, mixture.delays), *_ones(DELAYS, DELAYS)]:
        expected = of_reference.samples * mixture.rate / reference.rate if of_reference else 0.0
        expected -= of_mixture.samples if of_mixture else 0
        if abs(lag - round(expected)) <= ROUNDING:
            return _in_words(of_reference, of_mixture)
    return None


Pair = tuple[Delay | None, Delay | None]
"""Of a reference and of its mixture."""


def _ones(of_reference: Sequence[Delay], of_mixture: Sequence[Delay]) -> list[Pair]:
    return [*((delay, None) for delay in of_reference), *((None, delay) for delay in of_mixture)]


def _pairs(of_reference: Sequence[Delay], of_mixture: Sequence[Delay]) -> list[Pair]:
    return [*_ones(of_reference, of_mixture), *product(of_reference, of_mixture)]


def _in_words(of_reference: Delay | None, of_mixture: Delay | None) -> str:
    reasons = [f"as {of_reference.of} is"] if of_reference else []
    if of_mixture:
        reasons.append(f"because its mixture is {'late' if of_mixture.samples > 0 else 'early'}, as {of_mixture.of} is")
    return " and ".join(reasons)
