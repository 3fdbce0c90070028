"""The settings of a tagger's training."""

from pydantic import Field, PositiveFloat, PositiveInt

from stemsteer.validation import Settings


class TaggerTrainingSettings(Settings):
    """How a tagger of instruments is trained (`snakemake tagger`)."""

    width: PositiveInt = Field(32, description="channels of the first layer")
    window_seconds: PositiveFloat = Field(2.0, le=3, description="that are heard at once")
    steps: PositiveInt = Field(14000, description="optimiser steps")
    batch: PositiveInt = Field(64, description="examples a step")
    learning_rate: PositiveFloat = Field(2e-3, description="Adam's, at its highest")
    warmup_steps: PositiveInt = Field(500, description="steps of linear warm-up, before a fall along a cosine")
    weight_decay: float = Field(0.01, ge=0, description="of AdamW")
    averaging: float = Field(0.999, gt=0, lt=1, description="decay of the moving average of the weights")
    threads: PositiveInt = Field(1, description="CPU threads")
    checkpoint_every: PositiveInt = Field(500, description="steps between checkpoints and rows of the history")
    seed: int = Field(20261129, description="of the weights and the examples")


TAGGERS = {
    "instruments": TaggerTrainingSettings(),
    "instruments-judge": TaggerTrainingSettings(width=24, window_seconds=3.0, steps=7000, seed=20261130),
}
"""The trainings of the taggers that ship."""
