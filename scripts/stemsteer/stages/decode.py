"""Decode the files that a track names: its mixture, and the known stems of its sources."""

import logging
from collections.abc import Iterable
from pathlib import Path

from stemsteer.files import read_json, write_json
from stemsteer.sound.decoding import Facts, decode
from stemsteer.sound.references import decode_reference
from stemsteer.sound.tags import read_tags


def decode_mixture(
    file: str,
    start: float,
    duration: float | None,
    *,
    mixture_out: Path,
    mono_out: Path,
    facts_out: Path,
    tags_out: Path | None = None,
    stream: int | None = None,
) -> None:
    """Decode the mixture of a track, and log and keep what is known of its file.

    Args:
        file: any file that ffmpeg reads.
        start: of the excerpt, s.
        duration: of the excerpt, s; None: all that follows.
        mixture_out: a float32 wav at the file's own rate and channels.
        mono_out: a float32 wav at 44.1 kHz, the mean of the channels.
        facts_out: JSON, see `Facts`.
        tags_out: JSON, see `Tags`; None: the tags are not needed.
        stream: the number of an audio stream in the file, from 1; None: see `probe`.

    Raises:
        UserError: the file cannot be decoded; see `decode`.
    """
    facts = decode(file, start, duration, mixture_out, mono_out, stream)
    if tags_out:
        tags, warnings = read_tags(file, facts.tags)
        facts.warnings.extend(warnings)
        write_json(tags_out, tags.model_dump(mode="json"))
    _log_warnings(facts.warnings)
    if facts.streams > 1:
        why = "as the table says" if stream else "which players choose; the column stream of a table takes another one"
        logging.info("audio stream %d of %d, %s", facts.stream, facts.streams, why)
    logging.info("%s, %d Hz, %d channels, %.3f s", facts.codec, facts.sample_rate, facts.channels, facts.duration_s)
    write_json(facts_out, facts.model_dump())


def decode_known_stem(
    file: str,
    start: float,
    duration: float | None,
    facts: Path,
    mixture: Path | None = None,
    *,
    reference_out: Path,
    about_out: Path,
) -> None:
    """Decode a known stem at the rate, channels and length of its mixture, and log and keep where it was found in it.

    Args:
        file: any file that ffmpeg reads.
        start: of the excerpt, s, as for the mixture.
        duration: of the excerpt, s, as for the mixture.
        facts: JSON, what `decode_mixture` wrote of the mixture.
        mixture: the decoded mixture, in which the stem is looked for; None: it is not, and stays where it is.
        reference_out: a float32 wav.
        about_out: JSON, see `Reference`.

    Raises:
        UserError: the file cannot be decoded, or does not fit its mixture; see `decode_reference`.
    """
    known = Facts.model_validate(read_json(facts))
    reference = decode_reference(file, start, duration, known, reference_out, mixture)
    _log_warnings(reference.warnings)
    write_json(about_out, reference.model_dump(mode="json"))


def _log_warnings(warnings: Iterable[str]) -> None:
    for warning in warnings:
        logging.warning("warning: %s", warning)
