"""The settings of a codec's training."""

from pydantic import Field, PositiveFloat, PositiveInt

from stemsteer.validation import Settings


class CodecTrainingSettings(Settings):
    """How a codec of one size is trained (`snakemake codec`)."""

    start: str | None = Field(None, description="weights to go on from, grown where smaller; null: random ones")
    width: PositiveInt = Field(32, description="channels of the residual stacks")
    depth: PositiveInt = Field(4, description="residual blocks a stack")
    steps: PositiveInt = Field(30000, description="optimiser steps")
    batch: PositiveInt = Field(4, description="excerpts a step")
    samples: PositiveInt = Field(8192, description="samples an excerpt, at 44.1 kHz")
    learning_rate: PositiveFloat = Field(1e-3, description="Adam's, between warm-up and cooldown")
    warmup_steps: PositiveInt = Field(100, description="steps of linear warm-up")
    cooldown_steps: PositiveInt = Field(8000, description="last steps, over which the learning rate falls to nothing")
    spectral_weight: float = Field(0.1, ge=0, description="weight of the spectral error beside the squared error")
    commitment_weight: float = Field(0.02, ge=0, description="weight of the commitment loss")
    codebook_decay: float = Field(0.99, gt=0, lt=1, description="decay of the codebook's moving averages")
    codebook_restart: float = Field(
        0.1, ge=0, description="a code chosen less often in a step, on average, is restarted"
    )
    threads: PositiveInt = Field(1, description="CPU threads")
    checkpoint_every: PositiveInt = Field(250, description="steps between checkpoints")
    seed: int = Field(20211021, description="of the weights, the excerpts and the restarted codes")


SIZES = {
    "mini": CodecTrainingSettings(start="embedded", steps=12000, samples=16384, cooldown_steps=9000, seed=20261122),
    "full": CodecTrainingSettings(
        start="embedded",
        width=64,
        depth=8,
        steps=3000,
        batch=2,
        samples=32768,
        learning_rate=5e-4,
        cooldown_steps=2000,
        checkpoint_every=100,
        seed=20261123,
    ),
}
"""The trainings of the codecs that ship."""
