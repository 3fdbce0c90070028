"""What is written down of the steering of a source: its history as a table, and the record beside the estimate."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd
import torch

from stemsteer.devices import describe
from stemsteer.steering.method import Method
from stemsteer.steering.outcome import Outcome
from stemsteer.taggers.labels import find_if_known
from stemsteer.taggers.presence import presence


def history_of(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """Loss and tag probability of every chunk at every step."""
    moments = [{"chunk": outcome.chunk.index, **asdict(moment)} for outcome in outcomes for moment in outcome.history]
    return pd.DataFrame(moments, columns=["chunk", "step", "loss", "target_probability"])


def record_of(source: str, outcomes: Sequence[Outcome], method: Method, rate: int) -> dict[str, Any]:
    """What made the estimate of a source, of a signal at `rate` Hz."""
    records = [_chunk_record(outcome) for outcome in outcomes if outcome.history]
    means = pd.DataFrame(records).filter(regex="_before|_after|_rest").mean()
    steps = sum(record["steps"] for record in records)
    seconds = sum(record["seconds"] for record in records)
    return {
        "settings": method.settings.dump(),
        "generator_sha256": method.generator.fingerprint,
        "generator_licence": method.generator.licence,
        "taggers": {
            tagger.name: {
                "sha256": tagger.fingerprint,
                "licence": tagger.licence,
                "tags": [tagger.labels.names[index] for index in find_if_known(tagger.labels, source)],
            }
            for tagger in method.taggers
        },
        "device": describe(method.device),
        # On other devices sums are taken in an order that differs from run to run.
        "repeats_to_the_byte": method.device.type == "cpu",
        "threads": torch.get_num_threads(),
        "steps_per_second": steps / seconds if seconds else None,
        **{str(name): mean for name, mean in means.items()},
        "presence": presence_of(source, outcomes, method),
        "rate": rate,
        "chunks": records,
    }


def presence_of(source: str, outcomes: Sequence[Outcome], method: Method) -> float | None:
    """The probability that the source is in the mixture, by what the taggers said before any steering.

    That of the chunk where they heard most of it; 0 in silence. None where they have no threshold for the source, or
    first heard something else than the mixture: what a codec makes of it.
    """
    if not method.settings.steering.needs_parts:
        return None
    probabilities = [outcome.first.target_probability for outcome in outcomes if outcome.history]
    return presence(
        source,
        max(probabilities, default=0.0),
        [tagger.name for tagger in method.taggers if find_if_known(tagger.labels, source)],
    )


def _chunk_record(outcome: Outcome) -> dict[str, Any]:
    first, kept = outcome.first, outcome.kept_moment
    return {
        "chunk": outcome.chunk.index,
        "start": outcome.chunk.start,
        "stop": outcome.chunk.stop,
        "seed": outcome.wanted.seed,
        "steps": outcome.history[-1].step,
        "resumed_at": outcome.resumed_at,
        "loss_before": first.loss,
        "loss_after": kept.loss,
        "target_probability_before": first.target_probability,
        "target_probability_after": kept.target_probability,
        "seconds": outcome.seconds,
        **outcome.facts,
    }
