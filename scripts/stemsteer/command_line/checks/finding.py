"""What a check finds."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Mark(Enum):
    """How good a finding is: a note says what StemSteer can do without, a problem has to be mended."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """What a check finds.

    Attributes:
        mark: how good it is.
        found: what was found.
        advice: what to do, in words.
        commands: what to do, to type.
    """

    mark: Mark
    found: str
    advice: str = ""
    commands: tuple[str, ...] = ()


Check = Callable[[], Finding]


def ok(found: str) -> Finding:
    """Nothing is to be done."""
    return Finding(Mark.OK, found)


def note(found: str, advice: str, *commands: str) -> Finding:
    """StemSteer works without it."""
    return Finding(Mark.NOTE, found, advice, commands)


def problem(found: str, advice: str, *commands: str) -> Finding:
    """StemSteer does not work like that."""
    return Finding(Mark.PROBLEM, found, advice, commands)


def examined(check: Check) -> Finding:
    """What a check finds, or a problem where something raises an error that the check does not expect."""
    try:
        return check()
    except Exception as error:
        return problem(f"cannot be examined: {type(error).__name__}: {error}", "Mend what the error says.")
