"""Keys: digests of all that decides what comes out of steering. What was made under another key is never used."""

import hashlib

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


def problem_key(method: Method, problem: Problem) -> bytes:
    """Of all that decides how a problem is solved."""
    return key_of(
        {
            "method": METHOD_VERSION,
            "settings": method.settings.dump(),
            "generator": method.generator.identity,
            "taggers": [[tagger.fingerprint, list(tagger.labels.names)] for tagger in method.taggers],
            "wanted": [
                [wanted.seed, [list(wanted.labels[tagger.name]) for tagger in method.taggers]]
                for wanted in problem.wanted
            ],
            "mixture": digest(problem.mixture),
            "device": method.device.type,
            "torch": torch.__version__,
        }
    )


def digest(signal: Signal) -> str:
    """Hexadecimal sha256 of the samples."""
    return hashlib.sha256(signal.tobytes()).hexdigest()
