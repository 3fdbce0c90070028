"""The settings in `config.yaml`: what they mean, what they may be, and what to say when they are not."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from stemsteer.compared import BASELINES
from stemsteer.compared.settings import PeerSettings
from stemsteer.errors import UserError
from stemsteer.models.registry import names_of
from stemsteer.names import did_you_mean, is_folder_name
from stemsteer.registries import name_in
from stemsteer.settings.presets import presets
from stemsteer.taggers.settings import SotaMusicTaggingSettings
from stemsteer.validation import Settings

Precision = Literal["float32", "tf32", "bfloat16"]
# What a mask can be compared with and applied to: the mixture, or what the generator makes of it without any steering.
MaskedSignal = Literal["mixture", "reconstruction"]
FftSize = Annotated[int, Field(ge=64, le=65536, multiple_of=2)]
# The settings of a run that its ascents do not depend on, but its stems do.
OF_STEMS = {"stem_fft_size", "output"}
# Taggers that come with StemSteer, as they are tried as the judge: those that know more sources first.
JUDGES = ("MTT_vgg", "MTT_musicnn", "MSD_vgg", "MSD_musicnn")
# The keys that lead to a setting.
Place = tuple[str | int, ...]
# What a run cannot be called: these stand for something else in the tables of scores.
RESERVED = ("mixture", "silence", "all")


class GeneratorSettings(Settings):
    """Which weights a generator has."""

    weights: str = Field(
        "embedded", description="a generator of resources/models.yaml, or a path to a checkpoint of that format"
    )
    level: Literal[0, 1, 2] = Field(
        0, description="Jukebox's level: 0 is the bottom one, hop 8, which the paper steers"
    )


class RunSettings(Settings):
    """A named set of method settings; each run makes its own stems and scores."""

    preset: str | None = Field(None, description="a ready-made run to start from; the keys beside it win")
    generator: str = Field("embedded", description="a name under `generators`")
    taggers: list[str] = Field(
        ["MTT_musicnn"], min_length=1, description="the taggers that listen; their losses are averaged"
    )
    sources: list[str] | None = Field(
        None, min_length=1, description="only these of a track's sources, where a tagger has no tag for the others"
    )
    fft_sizes: list[FftSize] = Field(
        [2048, 1024, 512], min_length=1, description="of the masks, in samples at 44.1 kHz"
    )
    mask: bool = Field(
        True, description="false: the steered signal itself is heard and is the stem (the paper's style transfer)"
    )
    mask_against: MaskedSignal = Field(
        "mixture",
        description="what the steered signal is compared with: the mixture, or the codec's reconstruction of it",
    )
    mask_on: MaskedSignal = Field(
        "mixture", description="what the mask is applied to: the mixture, or the codec's reconstruction of it"
    )
    mask_edges: Literal["zeros", "reflect"] = Field(
        "zeros", description="what lies around a signal whose spectrogram is taken: silence, or its mirror image"
    )
    stem_fft_size: Literal["combined"] | FftSize = Field(
        "combined", description="of the stem's mask: combined averages those of all fft_sizes"
    )
    output: Literal["masked", "residual"] = Field(
        "masked", description="which part is the stem; the other one is written beside it"
    )
    codebook: Literal["frozen", "reinit-ema", "none"] = Field(
        "frozen",
        description="reinit-ema: redrawn from the mixture and moved at every step, as in TagBox's code; none: latents "
        "are decoded as they are",
    )
    windows: Literal["cover", "pad"] = Field(
        "cover", description="how taggers hear audio that does not fill their windows; pad: with silence, as TagBox"
    )
    objective: Literal["cross-entropy"] = Field("cross-entropy", description="what the ascent lowers")
    steps: int = Field(50, ge=0, description="of the ascent")
    learning_rate: PositiveFloat = Field(2.5, description="Adam's, in the unit below")
    learning_rate_unit: Literal["latent-deviation", "absolute"] = Field(
        "latent-deviation", description="latent-deviation: times the standard deviation of the mixture's latents"
    )
    schedule: Literal["constant", "cosine"] = Field(
        "constant", description="of the learning rate; cosine: falling to nothing at the last step"
    )
    patience: PositiveInt | None = Field(
        None, description="stop where the best loss has not fallen by 0.1 % in so many steps; null: take all steps"
    )
    keep: Literal["last", "best"] = Field(
        "last", description="the step that becomes the stem; best: of the lowest loss"
    )
    precision: Precision = Field("float32", description="of large products: float32, tf32 (CUDA) or bfloat16")
    chunk_seconds: PositiveFloat = Field(12.0, ge=1, description="longest chunk; each is an ascent of its own")
    overlap_seconds: PositiveFloat = Field(1.0, description="that neighbouring chunks share and are cross-faded over")
    seed: int = Field(0, ge=0, description="from which the seeds of all chunks are derived")
    threads: PositiveInt = Field(1, description="CPU threads of an ascent; they change the last bits of the result")

    @model_validator(mode="before")
    @classmethod
    def _starts_from_preset(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or (name := value.get("preset")) is None:
            return value
        if name not in presets():
            hint = did_you_mean(str(name), presets()) or f" (known: {', '.join(presets())})"
            raise ValueError(f"preset: there is no ready-made run {name!r}{hint}")
        return {**presets()[name], **value}

    def of_ascents(self) -> dict[str, Any]:
        """What decides the steered signal: all settings but those of the mask of the stem, and of what to extract."""
        return self.model_dump(exclude={*OF_STEMS, "sources"})

    def of_stems(self) -> dict[str, Any]:
        """What decides, beside those, which part of the mixture the stem is."""
        return self.model_dump(include=OF_STEMS)

    @property
    def needs_reconstruction(self) -> bool:
        """Whether the masks are compared with, or applied to, the codec's reconstruction."""
        return self.mask and "reconstruction" in (self.mask_against, self.mask_on)

    @property
    def parts(self) -> tuple[str, str]:
        """What the stem is and what the other part is, by the names that the score tables use."""
        if not self.mask:
            return "steered", "residual"
        return ("masked", "residual") if self.output == "masked" else ("residual", "masked")

    @model_validator(mode="after")
    def _overlap_fits(self) -> "RunSettings":
        if 3 * self.overlap_seconds > self.chunk_seconds:
            raise ValueError("overlap_seconds must be at most a third of chunk_seconds")
        return self

    @model_validator(mode="after")
    def _residual_needs_mask(self) -> "RunSettings":
        if self.output == "residual" and not self.mask:
            raise ValueError("output: residual needs mask: true")
        return self


class StemSettings(Settings):
    """How stems are written."""

    container: Literal["wav", "flac"] = Field("wav", description="file format")
    encoding: Literal["float32", "int24", "int16"] = Field(
        "float32", description="samples; float32 never clips, clipped samples of the others are counted"
    )

    @model_validator(mode="after")
    def _flac_is_integer(self) -> "StemSettings":
        if self.container == "flac" and self.encoding == "float32":
            raise ValueError("flac has no float32: choose encoding int24 or int16, or container wav")
        return self


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


class VerifySettings(Settings):
    """What the scores of a finished run are compared with (`snakemake verify`)."""

    table: str | None = Field(None, description="scores to compare with: a copy of an earlier results/scores.tsv")
    tolerance_db: float = Field(0.1, ge=0, description="by which a figure in dB may differ")


class Config(Settings):
    """All of `config.yaml`."""

    tracks: str = Field(min_length=1, description="a table (.tsv) of tracks, or a folder of audio files")
    sources: list[str] = Field(
        ["vocals", "drums"], min_length=1, description="to extract from tracks that name none themselves"
    )
    device: str = Field("auto", pattern=r"^(auto|cpu|cuda|cuda:\d+|mps)$", description="auto, cpu, cuda, cuda:N or mps")
    models: str | None = Field(
        None, description="a folder with local copies of models; looked at after STEMSTEER_MODELS, before the cache"
    )
    batch: PositiveInt | Literal["auto"] = Field(
        "auto", description="chunks and sources steered at once; auto: 1 on a CPU, 8 on a GPU, halved where memory ends"
    )
    checkpoint_seconds: PositiveFloat = Field(
        60, description="between two checkpoints of an ascent, from which it goes on after an interruption"
    )
    sources_together: bool = Field(
        False, description="true: one job steers a track to all its sources; false: one job for each source"
    )
    generators: dict[str, GeneratorSettings] = Field(
        {name: GeneratorSettings(weights=name) for name in ("embedded", "embedded-full", "jukebox")}, min_length=1
    )
    taggers: dict[str, SotaMusicTaggingSettings] = Field({}, description="taggers with weights of one's own, by name")
    runs: dict[str, RunSettings] = Field({"default": RunSettings()}, min_length=1)
    baselines: list[name_in(BASELINES)] = Field(  # type: ignore[valid-type]
        list(BASELINES),
        description="simple methods to compare with, on tracks with references",
    )
    peers: dict[str, PeerSettings] = Field(
        {}, description="supervised separators to compare with, by the names that they have in the tables"
    )
    judge: str | None = Field(
        "auto",
        description="a tagger that no run steers with: what it hears in stems is in the table of scores; "
        "auto: one of those that come with StemSteer, null: none",
    )
    stems: StemSettings = StemSettings()
    verify: VerifySettings = VerifySettings()
    codec_training: dict[str, CodecTrainingSettings] = Field(
        {
            "mini": CodecTrainingSettings(
                start="embedded", steps=12000, samples=16384, cooldown_steps=9000, seed=20261122
            ),
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
        },
        description="sizes of the embedded codecs, by name",
    )

    def generator_of(self, run: str) -> GeneratorSettings:
        """The generator that a run steers."""
        return self.generators[self.runs[run].generator]

    @property
    def baseline_runs(self) -> dict[str, tuple[str, str | None]]:
        """The baselines by their names among the runs: each with the generator that it is about, if any."""
        generators = sorted({run.generator for run in self.runs.values()})
        named: dict[str, tuple[str, str | None]] = {}
        for baseline in dict.fromkeys(self.baselines):
            if BASELINES[baseline].needs_codec:
                named |= {f"{baseline}-{generator}": (baseline, generator) for generator in generators}
            else:
                named[baseline] = (baseline, None)
        return named

    @property
    def chosen_judge(self) -> str | None:
        """The tagger that judges the stems."""
        if self.judge != "auto":
            return self.judge
        return next((tagger for tagger in JUDGES if not self._steers(tagger)), None)

    def _steers(self, tagger: str) -> bool:
        return any(tagger in run.taggers for run in self.runs.values())

    def own_taggers_of(self, run: str) -> dict[str, SotaMusicTaggingSettings]:
        """Those taggers of a run that have weights of the user's own."""
        return {name: self.taggers[name] for name in self.runs[run].taggers if name in self.taggers}

    @model_validator(mode="after")
    def _names_are_known(self) -> "Config":
        named = {
            "generators": list(self.generators),
            "runs": list(self.runs),
            "peers": list(self.peers),
            "codec_training": list(self.codec_training),
        }
        for kind, names in named.items():
            for name in names:
                if not is_folder_name(name):
                    raise ValueError(f"{kind}: {name!r} cannot be the name of a folder")
        for name, generator in self.generators.items():
            _check_weights(f"generators.{name}.weights", generator.weights)
        for name, training in self.codec_training.items():
            if training.start is not None:
                _check_weights(f"codec_training.{name}.start", training.start)
        registered = names_of("tagger")
        for name in self.taggers:
            if name in registered:
                raise ValueError(f"taggers.{name}: that is a tagger of resources/models.yaml; choose another name")
        taggers = [*self.taggers, *registered]
        for name, run in self.runs.items():
            if run.generator not in self.generators:
                hint = did_you_mean(run.generator, self.generators)
                raise ValueError(f"runs.{name}.generator: {run.generator!r} is not under generators{hint}")
            for tagger in run.taggers:
                if tagger not in taggers:
                    hint = did_you_mean(tagger, taggers) or f" (known: {', '.join(taggers)})"
                    raise ValueError(f"runs.{name}.taggers: {tagger!r} is not a tagger{hint}")
        taken = {*RESERVED, *self.baseline_runs}
        for kind in ("runs", "peers"):
            for name in taken.intersection(named[kind]):
                raise ValueError(f"{kind}: {name!r} means something else in the table of scores; choose another name")
            taken.update(named[kind])
        return self

    @model_validator(mode="after")
    def _judge_is_impartial(self) -> "Config":
        if self.judge is None or self.judge == "auto":
            return self
        if self.judge not in (taggers := names_of("tagger")):
            hint = did_you_mean(self.judge, taggers) or f" (known: {', '.join(taggers)})"
            raise ValueError(f"judge: {self.judge!r} is not a tagger of resources/models.yaml{hint}")
        if self._steers(self.judge):
            raise ValueError(f"judge: a run steers with {self.judge}, which would judge its own work; choose another")
        return self


def _check_weights(key: str, weights: str) -> None:
    generators = names_of("generator")
    if weights not in generators and not Path(weights).is_file():
        hint = did_you_mean(weights, generators)
        raise ValueError(f"{key}: {weights!r} is neither a generator of resources/models.yaml nor a file{hint}")


def load_config(raw: Mapping[str, Any]) -> Config:
    """Validate what Snakemake read from the config file and the command line.

    Raises:
        UserError: a sentence for each mistake, with the key it is at.
    """
    try:
        return Config.model_validate(raw)
    except ValidationError as error:
        found: dict[Place, list[Any]] = {}
        for detail in error.errors():
            found.setdefault(_place(detail, raw), []).append(detail)
        raise UserError("config: " + "; ".join(_sentence(*mistake) for mistake in found.items())) from None


def _place(detail: Any, raw: Any) -> Place:
    """Where one of pydantic's findings is: the keys that lead there.

    Its own location goes on with what it was tried as, where there are several: batch.constrained-int.
    """
    if detail["type"] == "missing":
        return tuple(detail["loc"])
    keys = []
    for key in detail["loc"]:
        if not (key in raw if isinstance(raw, Mapping) else isinstance(raw, list) and isinstance(key, int)):
            break
        keys.append(key)
        raw = raw[key]
    return tuple(keys)


def _sentence(place: Place, details: Sequence[Any]) -> str:
    """Pydantic's findings about one place in words."""
    location = ".".join(map(str, place))
    first = details[0]
    if first["type"] == "extra_forbidden":
        keys = {key for model in Settings.__subclasses__() for key in model.model_fields}
        return f"unknown key {location}{did_you_mean(str(place[-1]), keys)}"
    if first["type"] == "missing":
        return f"the key {location} is missing"
    if first["type"] == "value_error":
        reason = str(first["ctx"]["error"])
        return f"{location}: {reason}" if location else reason
    if first["type"] in ("dict_type", "model_type"):
        return f"{location}: keys with values should be below it, not {first['input']!r}"
    if first["loc"][-1] == "[key]":
        return f"{location}: a name should be text; write it in quotes"
    # The rest tells how it was looked at.
    wanted = [re.sub(r",? (unable to|after validation).*", "", detail["msg"]) for detail in details]
    said = " or ".join([wanted[0], *(one.removeprefix("Input should be ") for one in wanted[1:])])
    return f"{location}: {said[0].lower()}{said[1:]}, not {first['input']!r}"
