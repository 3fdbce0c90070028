"""Ask taggers about the parts of one excerpt, without a workflow."""

import numpy as np
from torch import Tensor

from stemsteer.sound.audio import Signal
from stemsteer.sound.chunks import Chunk
from stemsteer.steering.method import Method
from stemsteer.steering.perturbation.answers import Answers
from stemsteer.steering.perturbation.questions import AudibleParts, ask
from stemsteer.steering.problem import Problem


def problem_of(mixture: Signal, rate: int, seed: int) -> Problem:
    """An excerpt `[samples, channels]` at `rate` Hz as one chunk that is steered to nothing yet."""
    return Problem(Chunk(0, 0, len(mixture)), np.ascontiguousarray(mixture.T), rate, seed, ())


def answers_of(method: Method, parts: AudibleParts, subsets: Tensor) -> Answers:
    """What the taggers of a method answer about the mixture and subsets `[subsets, dictionaries, parts]`."""
    answers = Answers.of_whole({name: heard[0] for name, heard in ask(method, [parts], [parts.whole])[0].items()})
    for subset in subsets:
        answers = answers.with_more(ask(method, [parts], [subset])[0])
    return answers
