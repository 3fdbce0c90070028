"""Decode known stems so that they fit their mixtures: in rate, channels, length and place, as far as it can be told."""

from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import soundfile
from pydantic import BaseModel

from stemsteer.errors import UserError
from stemsteer.files import written_whole
from stemsteer.sound.alignment import Placement, Verdict, place
from stemsteer.sound.audio import SILENCE_PEAK, Signal, cut, resampled, resampled_length, writing
from stemsteer.sound.codec_delays import LONGEST, Coded, explain
from stemsteer.sound.correlation import Read
from stemsteer.sound.decoder import decoding
from stemsteer.sound.decoding import Facts, excerpt_samples, finite, to_samples
from stemsteer.sound.findings import finding_of
from stemsteer.sound.probing import Header, priming_of, probe

REFERENCE_TOLERANCE = 2304
"""Samples by which the length of a reference may differ from its mixture's: encoders add up to two MPEG frames."""


class Reference(BaseModel):
    """What is known of a decoded reference.

    Attributes:
        path: of its file.
        moved_samples: by which it was made earlier, at the mixture's rate; less than 0 where it was made later.
        placement: where it was found in its mixture, as it is in its file; None where it was not looked for.
        finding: what its scores have to say of that, a sentence without its subject; None: nothing.
        doubtful: whether its scores mean nothing.
        warnings: sentences for the user, with that finding.
    """

    path: str
    moved_samples: int = 0
    placement: Placement | None = None
    finding: str | None = None
    doubtful: bool = False
    warnings: list[str] = []


def decode_reference(
    path: str,
    start: float,
    duration: float | None,
    mixture: Facts,
    reference_out: Path,
    mixture_file: Path | None = None,
) -> Reference:
    """Decode the same excerpt of a known stem at its mixture's rate, channels and length, as float32 wav.

    A reference of another rate is resampled before it is cut, so that the excerpt is exact to the sample. A mono
    reference is repeated for each channel of the mixture. Where a reference lies in its mixture with the delay of a
    codec, the excerpt begins so much later or earlier in its file. Encoders add padding: a difference in length of up
    to `REFERENCE_TOLERANCE` samples is trimmed, or filled with zeros, at the end.

    Args:
        path: of any file that ffmpeg reads.
        start: of the excerpt, s.
        duration: of the excerpt, s; None: all that follows.
        mixture: what is known of the mixture.
        reference_out: a float32 wav.
        mixture_file: the decoded excerpt of the mixture, in which the reference is looked for; None: it is not.

    Raises:
        UserError: as `decode`, and if the channels or the length do not fit the mixture.
    """
    excerpt = _Excerpt(probe(path), start, duration, mixture)
    placement, cause = None, None
    with written_whole(reference_out) as part:
        written = excerpt.write(part)
        if mixture_file:
            excerpt.check_length(written, REFERENCE_TOLERANCE + LONGEST)
            placement = _place(mixture_file, part)
            if placement.verdict == Verdict.SHIFTED:
                cause = explain(placement.lag, Coded(excerpt.header.codec, written.rate), excerpt.mixture_coded)
            if cause:
                written = excerpt.write(part, placement.lag)
        excerpt.check_length(written, REFERENCE_TOLERANCE)
    reference = Reference(path=path, placement=placement, warnings=[*written.warnings, *excerpt.about(written)])
    if placement is None or written.peak <= SILENCE_PEAK:
        return reference
    may_be_late = placement.verdict == Verdict.UNKNOWN and excerpt.may_be_late(written)
    if finding := finding_of(placement, cause, may_be_late, mixture.sample_rate):
        reference.finding, reference.doubtful = finding.text, finding.doubtful
        reference.moved_samples = placement.lag if cause else 0
        reference.warnings.append(f"the reference {path!r} {finding.text}")
    return reference


@dataclass(frozen=True)
class _Written:
    """What was written of a reference.

    Attributes:
        rate: of its file, Hz.
        samples: before it was cut or filled, at the mixture's rate.
        peak: of its samples.
        warnings: of its decoder.
    """

    rate: int
    samples: int
    peak: float
    warnings: list[str]


@dataclass(frozen=True)
class _Excerpt:
    """An excerpt of a reference (s), and the mixture that it must fit."""

    header: Header
    start: float
    duration: float | None
    mixture: Facts

    @property
    def mixture_coded(self) -> Coded:
        return Coded(self.mixture.codec, self.mixture.sample_rate)

    def write(self, out: Path, lag: int = 0) -> _Written:
        """Write it as float32 wav, from `lag` samples after its start on, with zeros for what is not there."""
        rate, channels, samples = self.mixture.sample_rate, self.mixture.channels, self.mixture.samples
        first, asked = to_samples(self.start, rate) + lag, excerpt_samples(self.duration, rate)
        before = max(0, -first)
        found, peak = 0, 0.0
        with decoding(self.header) as stream:
            self._check_channels(stream.channels)
            signal = finite(stream.blocks(), self.header.path, stream.sample_rate, 0)
            wanted = cut(resampled(signal, stream.sample_rate, rate), max(0, first), asked and max(1, asked - before))
            with writing(out, rate, channels, samples=samples) as reference:
                for block in chain([np.zeros((before, stream.channels), np.float32)], wanted):
                    fitting = block[: samples - reference.samples]
                    reference.write(np.repeat(fitting, channels // stream.channels, axis=1))
                    found += len(block)
                    peak = max(peak, float(np.abs(block).max(initial=0)))
                reference.write(np.zeros((samples - reference.samples, channels), np.float32))
        return _Written(stream.sample_rate, found, peak, stream.warnings)

    def _check_channels(self, channels: int) -> None:
        if channels not in (1, self.mixture.channels):
            raise UserError(
                f"the reference {self.header.path!r} has {channels} channels and its mixture {self.mixture.path!r} has "
                f"{self.mixture.channels}; give a reference that is mono or has as many channels"
            )

    def check_length(self, written: _Written, tolerance: int) -> None:
        """Refuse a reference whose length differs from the mixture's by more than `tolerance` samples at its rate."""
        rate = self.mixture.sample_rate
        if abs(written.samples - self.mixture.samples) > resampled_length(tolerance, written.rate, rate):
            raise UserError(
                f"the reference {self.header.path!r} is {written.samples / rate:.3f} s long and its mixture "
                f"{self.mixture.path!r} {self.mixture.duration_s:.3f} s; give a reference of the mixture's length"
            )

    def may_be_late(self, written: _Written) -> bool:
        """Whether what encoders put before the audio may still be there: in this file, or in that of the mixture."""
        is_delayed = bool(Coded(self.header.codec, written.rate).delays) or not self._is_as_long(written)
        mixture_is_delayed = bool(self.mixture_coded.delays) and not self.mixture.priming
        return mixture_is_delayed or (is_delayed and not priming_of(self.header))

    def _is_as_long(self, written: _Written) -> bool:
        # Resampling rounds the length up, by less than one sample at the reference's rate.
        rate = self.mixture.sample_rate
        rounding = resampled_length(1, written.rate, rate) if written.rate != rate else 0
        return abs(written.samples - self.mixture.samples) <= rounding

    def about(self, written: _Written) -> list[str]:
        """Warnings of what was trimmed or filled, and of silence."""
        path, warnings = self.header.path, []
        if not self._is_as_long(written):
            verb = "trimmed" if written.samples > self.mixture.samples else "filled with zeros"
            lengths = f"has {written.samples} samples and its mixture {self.mixture.samples}"
            warnings.append(f"the reference {path!r} {lengths}: {verb} at the end")
        if written.peak <= SILENCE_PEAK:
            warnings.append(f"the reference {path!r} is silent: most scores are undefined")
        return warnings


def _place(mixture_file: Path, reference_file: Path) -> Placement:
    with soundfile.SoundFile(mixture_file) as mixture, soundfile.SoundFile(reference_file) as reference:
        return place(_reader(mixture), _reader(reference), mixture.frames, mixture.samplerate)


def _reader(file: soundfile.SoundFile) -> Read:
    def read(start: int, stop: int) -> Signal:
        signal = np.zeros((stop - start, file.channels), np.float32)
        first, last = max(start, 0), min(stop, file.frames)
        if first < last:
            file.seek(first)
            signal[first - start : last - start] = file.read(last - first, dtype="float32", always_2d=True)
        return signal

    return read
