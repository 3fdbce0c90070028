"""Keys: digests of all that decides what comes out of steering. What was made under another key is never used."""

import hashlib
from collections.abc import Mapping
from typing import Any

import torch

from stemsteer import METHOD_VERSION
from stemsteer.sound.audio import Signal
from stemsteer.steering.checkpoints import key_of
from stemsteer.steering.method import Method
from stemsteer.steering.problem import Problem


def chunk_seed(seed: int, run: str, track: str, source: str, chunk: int) -> int:
    """The seed of one source in one chunk: the same on every machine, in whatever order chunks are computed."""
    name = "\0".join([str(seed), run, track, source, str(chunk)])
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1


def answers_key(method: Method, asked: Mapping[str, Any], problem: Problem) -> bytes:
    """Of all that decides what the taggers of a run answer about a mixture, whatever its sources.

    `asked` are the settings of the steering that change what is asked.
    """
    settings = method.settings
    return key_of(
        {
            "method": METHOD_VERSION,
            "settings": [settings.generator.model_dump(mode="json"), settings.taggers.model_dump(mode="json"), asked],
            "generator": method.generator.identity,
            "taggers": _identities(method),
            "mixture": [problem.seed, problem.rate, digest(problem.mixture)],
            "device": method.device.type,
            "torch": torch.__version__,
        }
    )


def problem_key(method: Method, problem: Problem) -> bytes:
    """Of all that decides how a problem is solved."""
    return key_of(
        {
            "method": METHOD_VERSION,
            "settings": method.settings.dump(),
            "generator": method.generator.identity,
            "taggers": _identities(method),
            "wanted": [
                [wanted.seed, [list(wanted.labels[tagger.name]) for tagger in method.taggers]]
                for wanted in problem.wanted
            ],
            "mixture": [problem.seed, problem.rate, digest(problem.mixture)],
            "device": method.device.type,
            "torch": torch.__version__,
        }
    )


def _identities(method: Method) -> list[list[Any]]:
    """What tells the taggers of a run from others."""
    return [[tagger.fingerprint, list(tagger.labels.names), *tagger.choices] for tagger in method.taggers]


def digest(signal: Signal) -> str:
    """Hexadecimal sha256 of the samples."""
    return hashlib.sha256(signal.tobytes()).hexdigest()
