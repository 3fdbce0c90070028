"""Ask taggers about the parts of one excerpt, without a workflow."""

import numpy as np
from torch import Tensor

from stemsteer.sound.audio import Signal
from stemsteer.sound.chunks import Chunk
from stemsteer.steering.method import Method
from stemsteer.steering.perturbation.answers import Answers
from stemsteer.steering.perturbation.decision import Listeners
from stemsteer.steering.perturbation.questions import AudibleParts, ask, ask_of_parts
from stemsteer.steering.problem import Problem


def problem_of(mixture: Signal, rate: int, seed: int) -> Problem:
    """An excerpt `[samples, channels]` at `rate` Hz as one chunk that is steered to nothing yet."""
    return Problem(Chunk(0, 0, len(mixture)), np.ascontiguousarray(mixture.T), rate, seed, ())


def answers_of(method: Method, parts: AudibleParts, subsets: Tensor) -> Answers:
    """What the taggers of a method answer about a mixture, its parts and subsets `[subsets, dictionaries, parts]`."""
    whole = ask(method, method.taggers, [parts], [parts.whole])[0]
    answers = Answers({name: heard[0] for name, heard in whole.items()})
    for subset in subsets:
        answers = answers.with_more(ask(method, method.taggers, [parts], [subset])[0], {})
    of_parts = ask_of_parts(method, Listeners(method.taggers).to_parts, parts, range(parts.parts.number))
    return Answers(answers.whole, answers.subsets, of_parts)
