"""Find out whether the end of a decoded audio file is missing, as far as its format allows.

A file is truncated if

- wav, RF64, Wave64, AIFF and CAF: its samples reach beyond the end of the file (see `extents`);
- ogg and opus: its last page is incomplete;
- mp4 and m4a: data that its index points to is missing (without an index such a file cannot be read at all);
- matroska and webm: an element is incomplete;
- ogg, mp4, and all others, such as flac and mp3: it has fewer samples than its header declares; for a lossy codec,
  fewer by at least `LOSSY_TOLERANCE`.

The number that a header declares may be wrong. It counts for nothing where the file bears out elsewhere that it is
whole: an mp3 file by the number of bytes in its Xing, Info or VBRI header, a flac file by the MD5 of its samples, an
avi file by the length of its forms: ffmpeg passes over the empty chunks that stand for silence in avi files.

A missing end cannot be found in mp3 files without such a header, in raw AAC, in ogg files that end between two pages,
and in other streams whose header declares no length. It is not looked for in mpeg-ts and wmv files: there ffmpeg may
warn of it, or say nothing.
"""

import re

from stemsteer.sound.completeness import is_complete
from stemsteer.sound.formats import is_timed
from stemsteer.sound.messages import Messages
from stemsteer.sound.probing import Header

LOSSLESS = re.compile(r"pcm_|flac$|alac$|wavpack$|tta$|ape$")
LOSSY_TOLERANCE = 2880
"""Samples (two and a half MPEG frames) of priming and padding: ffmpeg may count them in the length but not decode them.

Complete files had up to 1,980 samples too few (mp3, ffmpeg 5.1), 1,408 (wma), 312 (opus).
"""

OGG_PAGE_BYTES = 65_307


def is_truncated(header: Header, spare_s: float, messages: Messages) -> bool:
    """Whether the end of a decoded file is missing.

    Args:
        spare_s: how much longer it is than its header declares, see `surplus`.
        messages: what ffmpeg said while it decoded the file.
    """
    if messages.is_cut:
        return True
    if header.extent:
        return header.extent.missing
    if header.container == "ogg" and _is_ogg_cut_off(header.path):
        return True
    return spare_s < 0 and not is_complete(header)


def surplus(header: Header, rate: int, samples: int, messages: Messages) -> float:
    """How much longer a file is than its header declares, s; 0 where it declares nothing, or the codec explains it.

    What timed formats and ogg declare is at most an end that was looked for, or that of the first song.

    Args:
        rate: of the decoded signal, Hz.
        samples: the number of decoded samples, with the gaps between them.
        messages: what ffmpeg said while it decoded the file.
    """
    if header.declared_s is None or messages.is_estimated:
        return 0.0
    tolerance = header.tick_s * rate if LOSSLESS.match(header.codec) else LOSSY_TOLERANCE
    spare = samples - round(header.declared_s * rate)
    if abs(spare) < max(1, tolerance) or (spare > 0 and (header.container == "ogg" or is_timed(header.container))):
        return 0.0
    return spare / rate


def _is_ogg_cut_off(path: str) -> bool:
    """Whether the last page of an Ogg file is incomplete (RFC 3533, section 6)."""
    with open(path, "rb") as file:
        file.seek(max(0, file.seek(0, 2) - OGG_PAGE_BYTES))
        tail = file.read()
    page = tail[max(0, tail.rfind(b"OggS\0")) :]
    if len(page) < 27:
        return True
    lengths = page[27 : 27 + page[26]]
    return len(lengths) < page[26] or len(page) < 27 + page[26] + sum(lengths)
