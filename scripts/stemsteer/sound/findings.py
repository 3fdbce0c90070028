"""Say in words where a reference was found in its mixture, and whether its scores can be trusted."""

from dataclasses import dataclass

from stemsteer.sound.alignment import Placement, Verdict

MAY_BE_LATE = (
    "may be late or early, as where a file does not tell the delay of its codec, and is too quiet in its mixture to be "
    "found"
)


@dataclass(frozen=True)
class Finding:
    """What is to be said of a reference: a sentence without its subject.

    Attributes:
        text: of the sentence.
        doubtful: whether its scores mean nothing.
    """

    text: str
    doubtful: bool


def finding_of(placement: Placement, cause: str | None, may_be_late: bool, rate: int) -> Finding | None:
    """What is to be said; nothing where a reference is in place, or too quiet to be found and most likely in place.

    Args:
        placement: where the reference was found.
        cause: why it is late there, if that is known, so that it was moved to its place.
        may_be_late: whether there is reason to think so even if it was not found.
        rate: of the mixture, Hz.
    """
    match placement.verdict:
        case Verdict.IN_PLACE:
            texts = []
        case Verdict.SHIFTED if cause:
            texts = [f"was {_lag(placement.lag, rate)}, {cause}, and was moved"]
        case Verdict.SHIFTED:
            texts = [f"is {_lag(placement.lag, rate)}, which is the delay of no known codec"]
        case Verdict.UNSTEADY:
            lags = f"{_lag(placement.lag, rate)} at its beginning and {_lag(placement.last_lag, rate)} at its end"
            texts = [f"is {lags}: it runs at another speed, or a piece is missing"]
        case Verdict.NOWHERE:
            texts = ["is not found in its mixture, or in several places: it may be of another song or mix"]
        case Verdict.UNKNOWN:
            texts = [MAY_BE_LATE] if may_be_late else []
    found = placement.verdict in (Verdict.IN_PLACE, Verdict.SHIFTED)
    if found and placement.inverted:
        texts.append("has the opposite polarity of its mixture")
    doubtful = bool(texts) and not (cause and len(texts) == 1)
    return Finding(" and ".join(texts), doubtful) if texts else None


def _lag(samples: int, rate: int) -> str:
    if samples == 0:
        return "in place"
    count = f"{abs(samples):,} sample{'' if abs(samples) == 1 else 's'}"
    return f"{count} ({1000 * abs(samples) / rate:.2g} ms) {'late' if samples > 0 else 'early'}"
