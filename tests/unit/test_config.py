"""What the config accepts, and the sentences with which it refuses the rest."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from groups import grouped
from stemsteer.errors import UserError
from stemsteer.masking.settings import NoMask
from stemsteer.models.registry import names_of
from stemsteer.settings.config import JUDGES, Config, load_config
from stemsteer.settings.mistakes import subclasses
from stemsteer.settings.moved import MOVED, MOVED_IN_RUNS
from stemsteer.settings.presets import presets
from stemsteer.settings.run import GROUPS, RunSettings
from stemsteer.settings.schema import schema_text
from stemsteer.validation import Settings

CONFIG = Path(__file__).parents[2] / "config.yaml"
RUN = ("runs", "default")
CODEC = ("runs", "codec")
UMX = {"package": "open-unmix", "weights": "."}


def with_change(*path: str, value: Any) -> dict[str, Any]:
    """The shipped config with one key set."""
    config: dict[str, Any] = yaml.safe_load(CONFIG.read_text())
    place = config
    for key in path[:-1]:
        place = place.setdefault(key, {})
    place[path[-1]] = value
    return config


@pytest.fixture
def shipped() -> dict[str, Any]:
    """The shipped config with its first run alone; the other one is a ready-made run."""
    config: dict[str, Any] = yaml.safe_load(CONFIG.read_text())
    assert config["runs"].pop("codec") == {"preset": "codec"}
    return config


def test_the_shipped_config_spells_out_the_defaults(shipped: dict[str, Any]) -> None:
    assert load_config(shipped) == load_config({"tracks": shipped["tracks"]})


def test_the_config_to_start_from_asks_for_all_that_competes() -> None:
    start = load_config(yaml.safe_load((CONFIG.parent / "config/config.yaml").read_text()))
    assert start.asked_sources == ["vocals", "drums", "bass", "guitar", "piano", "strings"]
    assert list(start.runs) == ["default"]
    assert start.runs["default"].steering.competitors == start.asked_sources
    assert start.runs["default"].taggers.names == ["MTT_vgg", "instruments"]


def test_the_shipped_config_names_every_key(shipped: dict[str, Any]) -> None:
    assert shipped == load_config(shipped).model_dump(mode="json")


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("trakcs",), "x", r"unknown key trakcs \(did you mean tracks\?\)"),
        ((*RUN, "stpes"), 3, r"unknown key runs\.default\.stpes \(did you mean steps\?\)"),
        ((*CODEC, "steering", "steps"), "many", r"runs\.codec\.steering\.steps: .*integer.*not 'many'"),
        ((*CODEC, "steering", "steps"), -1, r"runs\.codec\.steering\.steps: .*greater than or equal to 0"),
        (
            (*RUN, "mask"),
            "maybe",
            r"runs\.default\.mask: keys with values should be below it, not 'maybe'",
        ),
        (
            (*RUN, "mask", "kind"),
            "soft",
            r"runs\.default\.mask\.kind: there is no 'soft' \(known: none, ratio\)",
        ),
        ((*RUN, "stem", "kind"), "maskd", r"runs\.default\.stem\.kind: there is no 'maskd' \(did you mean masked\?\)"),
        (
            (*RUN, "mask", "fft_sizes"),
            [512],
            r"unknown key runs\.default\.mask\.fft_sizes \(the kind none has no such key\)",
        ),
        ((*RUN, "steering", "steps"), 5, r"steering\.steps \(the kind perturbation has no such key\)"),
        ((*RUN, "taggers", "fft_sizes"), [512], r"unknown key runs\.default\.taggers\.fft_sizes$"),
        (
            (*RUN, "taggers", "names"),
            ["MTT_musican"],
            r"'MTT_musican' is not a tagger .*you mean MTT_musicnn\?\)",
        ),
        ((*RUN, "taggers", "names"), [], r"runs\.default\.taggers\.names: .*at least 1"),
        ((*CODEC, "mask", "fft_sizes"), [1023], r"runs\.codec\.mask\.fft_sizes\.0: .*multiple of 2"),
        (
            (*CODEC, "generator", "codec"),
            "embeded",
            r"'embeded' is not under codecs \(did you mean embedded\?\)",
        ),
        (
            (*RUN, "steering", "overlap_seconds"),
            6.0,
            r"overlap_seconds must be at most a third of chunk_seconds",
        ),
        (("codecs", "embedded", "weights"), "jukebax", r"neither .* nor a file \(did you mean jukebox\?\)"),
        (
            ("codec_training", "mini", "start"),
            "embeded",
            r"codec_training\.mini\.start: 'embeded' is neither .*embedded\?",
        ),
        (("codecs", "embedded", "level"), 3, r"codecs\.embedded\.level: .*0, 1 or 2"),
        (("stems", "container"), "flac", r"flac has no float32"),
        (("stems", "encoding"), "int8", r"stems\.encoding: .*not 'int8'"),
        (("device",), "gpu", r"device: .*not 'gpu'"),
        (("sources",), "vocals", r"sources: .*list.*not 'vocals'"),
        (("sources",), {"my brass": {"mtat": ["trumpet"]}}, r"sources: the vocabulary mtat has no tag 'trumpet'"),
        (("sources",), {"my brass": {"msd2": ["x"]}}, r"sources: there is no vocabulary 'msd2'"),
        (("sources",), {"my\nbrass": {}}, r"sources: the name 'my\\nbrass' is not one line of text"),
        (("sources",), {"horns, low": {"mtat": ["guitar"]}}, r"sources: the name 'horns, low' has a comma"),
        (("sources",), {"vocals": {"mtat": ["vocal"]}}, r"sources: 'vocals' is a source of resources/sources\.yaml"),
        (
            (*RUN, "preset"),
            "tagbox",
            r"runs\.default\.preset: there is no ready-made run 'tagbox' \(did you mean tagbox-code\?\)",
        ),
        ((*RUN, "preset"), "paper of it", r"no ready-made run 'paper of it' \(known: codec, mtat, tagbox-paper, "),
        ((*RUN, "preset"), ["tagbox-code"], r"runs\.default\.preset: .*valid string, not \['tagbox-code'\]"),
        ((*RUN, "stem", "fft_size"), 511, r"runs\.default\.stem\.fft_size"),
        (("runs",), {"a\nrun": {}}, r"runs: the name 'a\\nrun' is not one line of text; write it on one line"),
        (("runs",), {"silence": {}}, r"runs: 'silence' means something else in the table of scores"),
        (("runs",), {"codec-embedded": {"preset": "codec"}}, r"runs: 'codec-embedded' means something else"),
        (("baselines",), ["hpps"], r"baselines\.0: there is no 'hpps' \(did you mean hpss\?\)"),
        (
            ("peers",),
            {"a": {"package": "spleeter", "weights": "."}},
            r"peers\.a\.package: there is no 'spleeter' \(known: open-unmix, demucs\)",
        ),
        (("peers",), {"a": {"package": "demucs", "weights": "."}}, r"peers\.a: demucs needs the name of a model"),
        (("peers",), {"a": {**UMX, "model": "umxl"}}, r"peers\.a: a folder holds one model of open-unmix"),
        (("peers",), {"a": {**UMX, "weights": "none"}}, r"peers\.a\.weights: path does not point to a directory"),
        (
            ("peers",),
            {"a": {**UMX, "package": "demucs", "model": "hf://x"}},
            r"config: peers\.a\.model: 'hf://x' cannot be the name of a model; name a \.yaml or .* without its suffix$",
        ),
        (("peers",), {"a": {**UMX, "package": "demucs", "model": "x.th"}}, r"peers\.a\.model: 'x\.th' cannot be"),
        (("peers",), {"a": {**UMX, "package": "demucs", "model": ""}}, r"peers\.a\.model: '' cannot be"),
        (("peers",), {"a\tb": UMX}, r"peers: the name 'a\\tb' is not one line of text"),
        (("peers",), {"default": UMX}, r"peers: 'default' means something else in the table of scores"),
        (("peers",), {"hpss": UMX}, r"peers: 'hpss' means something else"),
        (("peers",), {"all": UMX}, r"peers: 'all' means something else"),
        (("judge",), "MTT_vvg", r"judge: 'MTT_vvg' is not a tagger .*did you mean MTT_vgg\?"),
        (("judge",), "MTT_vgg", r"judge: a run steers with MTT_vgg, which would judge its own work"),
    ],
)
def test_a_mistake_is_told_with_its_key(path: tuple[str, ...], value: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence) as caught:
        load_config(with_change(*path, value=value))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("model", ["htdemucs_ft", "my-model", "955717e8-8726e21a", "04573f0d"])
def test_files_of_demucs_can_be_named(model: str) -> None:
    peer = {"package": "demucs", "weights": ".", "model": model}
    assert load_config({"tracks": "x", "peers": {"a": peer}}).peers["a"].model == model


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"batch": 0}, "batch: input should be greater than 0 or 'auto', not 0"),
        ({"batch": "many"}, "batch: input should be a valid integer or 'auto', not 'many'"),
        (
            {"runs": {"a": {"preset": "codec", "stem": {"fft_size": 511}}}},
            "runs.a.stem.fft_size: input should be 'combined' or a multiple of 2, not 511",
        ),
        (
            {"runs": {"a": {"preset": "codec", "stem": {"fft_size": [512]}}}},
            "runs.a.stem.fft_size: input should be 'combined' or a valid integer, not [512]",
        ),
        (
            {"runs": {"constrained-int": {"preset": "codec", "mask": {"fft_sizes": [3, "x"]}}}},
            "runs.constrained-int.mask.fft_sizes.0: input should be a multiple of 2, not 3; "
            "runs.constrained-int.mask.fft_sizes.1: input should be a valid integer, not 'x'",
        ),
        ({"runs": {"a": {"taggers": {"names": []}}}}, "runs.a.taggers.names: list should have at least 1 item, not []"),
        ({"sources": {"brass": ["flute"]}}, "sources.brass: keys with values should be below it, not ['flute']"),
        ({"sources": {"brass": {"mtat": "flute"}}}, "sources.brass.mtat: input should be a valid list, not 'flute'"),
        ({"sources": {"brass": {"mtat": []}}}, "sources.brass.mtat: list should have at least 1 item, not []"),
        ({"runs": {1: {}}}, "runs.1: a name should be text; write it in quotes"),
        ({"runs": {"a": 3}}, "runs.a: keys with values should be below it, not 3"),
        (
            {"taggers": {"mine": {"weights": str(CONFIG)}}},
            "the key taggers.mine.architecture is missing; the key taggers.mine.vocabulary is missing",
        ),
    ],
)
def test_a_place_with_a_mistake_is_told_once_without_our_types(raw: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        load_config({"tracks": "x", **raw})
    assert str(caught.value) == f"config: {sentence}"


def test_a_missing_key_is_told() -> None:
    with pytest.raises(UserError, match="the key tracks is missing"):
        load_config({})


@pytest.mark.parametrize(
    "run",
    [
        {"stem": {"kind": "residual"}},
        {"stem": {"kind": "masked"}},
        {"preset": "codec", "mask": {"kind": "none"}},
    ],
)
def test_a_part_of_a_mask_needs_a_mask(run: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"without a mask there is no .* part: set stem: {kind: steered}"):
        load_config({"tracks": "x", "runs": {"r": run}})


def test_the_steered_signal_is_the_stem_only_without_a_mask() -> None:
    with pytest.raises(UserError, match=r"runs\.r: stem: the kind steered .* set mask: {kind: none}"):
        load_config({"tracks": "x", "runs": {"r": {"preset": "codec", "stem": {"kind": "steered"}}}})


@pytest.mark.parametrize(
    ("groups", "sentence"),
    [
        (
            {"generator": {"kind": "codec"}},
            r"^config: runs\.r: steering: perturbation needs parts of the mixture, and the generator codec makes none: "
            r"set generator: {kind: components}, or steering: {kind: gradient}$",
        ),
        (
            {"mask": {"kind": "ratio"}, "stem": {"kind": "masked"}},
            r"^config: runs\.r: mask: perturbation makes stems of parts, without another mask: set mask: {kind: none} "
            r"and stem: {kind: steered}$",
        ),
        (
            {"mask": {"kind": "ratio", "applied_to": "reconstruction"}, "stem": {"kind": "masked"}},
            r"^config: runs\.r: mask: the generator components reconstructs nothing: set compared_with and applied_to "
            r"to mixture$",
        ),
        (
            {"preset": "codec", "steering": {"smoothing": 4}},
            r"^config: runs\.r: steering: smoothing draws gains of parts, and the generator codec makes none: set "
            r"smoothing: 0, or generator: {kind: components}$",
        ),
    ],
)
def test_groups_that_do_not_fit_are_told(groups: dict[str, Any], sentence: str) -> None:
    by_gradient = {"kind": "gradient", "learning_rate_unit": "absolute"}
    steering = {"steering": by_gradient} if "reconstructs" in sentence else {}
    with pytest.raises(UserError, match=sentence):
        load_config({"tracks": "x", "runs": {"r": {**groups, **steering}}})


def test_components_can_be_steered_by_gradient_through_a_mask() -> None:
    steering = {"kind": "gradient", "learning_rate_unit": "absolute", "smoothing": 4}
    run = run_of(steering=steering, mask={"kind": "ratio"}, stem={"kind": "masked"})
    assert (run.generator.kind, run.steering.kind, run.mask.kind) == ("components", "gradient", "ratio")
    assert run.codec is None


def test_some_source_has_to_compete() -> None:
    config = {"tracks": "x", "runs": {"r": {"steering": {"competing": []}}}}
    with pytest.raises(UserError, match=r"^config: runs\.r\.steering\.competing: list should have at least 1 item"):
        load_config(config)


@pytest.mark.parametrize("key", MOVED_IN_RUNS)
def test_an_old_key_of_a_run_is_told_where_it_went(key: str) -> None:
    with pytest.raises(UserError, match=rf"^config: runs\.r\.{key} is now runs\.r\.{MOVED_IN_RUNS[key]}$"):
        load_config({"tracks": "x", "runs": {"r": {key: 1}}})


def test_where_old_keys_went_is_a_setting() -> None:
    complete = load_config({"tracks": "x", "runs": {"codec": {"preset": "codec"}}}).model_dump()
    for place in MOVED_IN_RUNS.values():
        group, key = place.split(".")
        assert key in complete["runs"]["codec"][group]
    assert set(MOVED.values()) <= set(complete)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"generators": {"mine": {}}}, "generators is now codecs"),
        (
            {"runs": {"r": {"generator": "mine"}}},
            "runs.r.generator is a group now: write generator: {kind: codec, codec: mine}",
        ),
        ({"runs": {"r": {"taggers": ["a", "b"]}}}, "runs.r.taggers is a group now: write taggers: {names: [a, b]}"),
        ({"runs": {"r": {"mask": True}}}, "runs.r.mask is a group now: write mask: {kind: ratio}"),
        (
            {"runs": {"r": {"mask": False}}},
            "runs.r.mask is a group now: write mask: {kind: none} and stem: {kind: steered}",
        ),
        (
            {"generators": {}, "runs": {"r": {"steps": 1, "mask": True}, "s": {"preset": "tagbox-code", "seed": 1}}},
            "generators is now codecs; runs.r.steps is now runs.r.steering.steps; "
            "runs.r.mask is a group now: write mask: {kind: ratio}; runs.s.seed is now runs.s.steering.seed",
        ),
    ],
)
def test_an_old_value_is_told_where_it_went(raw: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        load_config({"tracks": "x", **raw})
    assert str(caught.value) == f"config: {sentence}"


def test_the_schema_is_that_of_the_settings() -> None:
    """`stemsteer schema > config.schema.json` writes it."""
    assert (CONFIG.parent / "config.schema.json").read_text(encoding="utf-8") == schema_text() + "\n"
    assert CONFIG.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=config.schema.json\n")


@pytest.mark.parametrize("file", [CONFIG, *sorted(CONFIG.parent.glob("benchmarks/*.yaml"))], ids=lambda file: file.name)
def test_our_configs_fit_the_schema(file: Path) -> None:
    jsonschema.validate(yaml.safe_load(file.read_text(encoding="utf-8")), json.loads(schema_text()))


@pytest.mark.parametrize(
    "run", [{"steering": {"stesp": 1}}, {"mask": {"kind": "none", "edges": "zeros"}}, {"steps": 1}]
)
def test_the_schema_refuses_what_the_config_refuses(run: dict[str, Any]) -> None:
    config = {"tracks": "x", "runs": {"r": run}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(config, json.loads(schema_text()))
    with pytest.raises(UserError):
        load_config(config)


def test_a_source_can_have_tags_of_the_users_own() -> None:
    config = load_config({"tracks": "x", "sources": {"vocals": None, "soloists": {"mtat": ["flute", "violin"]}}})
    assert config.asked_sources == ["vocals", "soloists"]
    assert config.own_sources == {"soloists": {"mtat": ["flute", "violin"]}}


def test_every_setting_is_described() -> None:
    ours = {model for model in subclasses(Settings) if model.__module__.startswith("stemsteer.")}
    assert {Config, RunSettings, NoMask} <= ours
    for model in ours:
        for key, setting in model.model_fields.items():
            assert setting.description or key == "kind", f"{model.__name__}.{key}"


def run_of(**settings: Any) -> RunSettings:
    return load_config({"tracks": "x", "runs": {"run": settings}}).runs["run"]


def test_a_run_starts_from_its_preset_and_its_own_keys_win() -> None:
    run = run_of(**grouped(preset="tagbox-code", steps=7))
    assert (run.generator.codebook, run.taggers.windows) == ("reinit-ema", "pad")
    assert (run.mask.applied_to, run.stem.kind) == ("reconstruction", "residual")
    assert run.steering.steps == 7
    assert run.steering.seed == RunSettings().steering.seed


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_without_anything_below_it_is_the_presets(group: str) -> None:
    assert run_of(preset="tagbox-code", **{group: None}) == run_of(preset="tagbox-code")


@pytest.mark.parametrize("preset", presets())
def test_presets_say_the_kinds_of_their_groups(preset: str) -> None:
    """By which a run's own group is merged with the preset's or takes its place."""
    for group, settings in presets()[preset].items():
        assert group == "taggers" or "kind" in settings


def test_a_group_of_another_kind_takes_the_place_of_the_presets() -> None:
    run = run_of(preset="tagbox-code", mask={"kind": "none"}, stem={"kind": "steered"})
    assert run.mask.model_dump() == {"kind": "none"}
    assert run.parts == ("steered", "residual")


def test_a_preset_changes_nothing_in_settings_that_are_complete() -> None:
    run = run_of(**grouped(preset="tagbox-paper", fft_sizes=[512], learning_rate=3))
    assert RunSettings.model_validate(run.model_dump()) == run


@pytest.mark.parametrize("preset", presets())
def test_every_preset_is_a_run(preset: str) -> None:
    """With taggers, a generator and a source that there are."""
    run = run_of(preset=preset)
    assert run.codec == {"codec": "embedded", "mtat": None}.get(preset, "jukebox")
    assert set(run.taggers.names) <= set(names_of("tagger"))


def test_the_published_settings_of_tagboxs_examples() -> None:
    """The table of its README (github.com/ethman/tagbox, e323d16)."""
    published = {
        "wonderwall": ({"fcn", "hcnn", "musicnn"}, "mtat", {512, 1024, 2048}, 10, 200),
        "howls-moving-castle": ({"fcn", "hcnn", "musicnn"}, "jamendo", {512, 1024, 2048}, 10, 100),
        "smoke-on-the-water": ({"fcn", "hcnn"}, "mtat", {512, 1024, 2048}, 5, 200),
    }
    for name, (architectures, vocabulary, fft_sizes, rate, steps) in published.items():
        run = run_of(preset=name)
        assert set(run.taggers.names) == {f"{architecture}-{vocabulary}" for architecture in architectures}, name
        assert set(run.mask.fft_sizes) == fft_sizes, name
        assert (run.steering.learning_rate, run.steering.learning_rate_unit) == (rate, "absolute"), name
        assert run.steering.steps == steps - 1, name  # TagBox's output is what it heard before its last step
        assert run.stem.fft_size == run.mask.fft_sizes[-1], name


def test_codec_baselines_are_made_for_every_codec_that_runs_steer() -> None:
    other = {"preset": "codec", "generator": {"codec": "other"}}
    config = Config.model_validate(
        {
            "tracks": "x",
            "codecs": {"embedded": {}, "other": {}, "unused": {}},
            "runs": {"a": {"preset": "codec"}, "b": other},
        }
    )
    assert list(config.baseline_runs) == [
        "oracle-mask",
        "codec-embedded",
        "codec-other",
        "codec-oracle-embedded",
        "codec-oracle-other",
        "hpss",
        "repet-sim",
    ]
    assert config.baseline_runs["codec-oracle-other"] == ("codec-oracle", "other")


def judge_of(source: str, *taggers: str, **settings: Any) -> str | None:
    """That of a config with one run, of these taggers or the usual ones."""
    run = {"taggers": {"names": list(taggers)}} if taggers else {}
    return Config.model_validate({"tracks": "x", "runs": {"mine": run}, **settings}).judge_of(source)


def test_no_tagger_judges_its_own_work() -> None:
    """Whatever the source, and whichever of several runs steers with it."""
    assert judge_of("drums", "MTT_musicnn") == "MTT_vgg"
    assert judge_of("drums", "MTT_vgg") == judge_of("drums", "MTT_vgg", "instruments") == "MTT_musicnn"
    assert judge_of("drums", "instruments") == "MTT_vgg"
    # The taggers of MSD have no tag for drums, but one for guitar.
    assert judge_of("drums", "MTT_vgg", "MTT_musicnn") == "instruments-judge"
    assert judge_of("guitar", "MTT_vgg", "MTT_musicnn") == "MSD_vgg"
    assert judge_of("drums", *JUDGES) is None
    runs = {"one": {"taggers": {"names": ["MTT_vgg"]}}, "other": {"taggers": {"names": ["MTT_musicnn"]}}}
    assert Config.model_validate({"tracks": "x", "runs": runs}).judge_of("drums") == "instruments-judge"


def test_a_source_is_judged_by_a_tagger_that_knows_it() -> None:
    assert judge_of("bass") == judge_of("double bass") == "instruments-judge"
    assert judge_of("vocals") == judge_of("flute") == judge_of("tag:slow") == "MTT_musicnn"
    assert judge_of("tag:party") == judge_of("tag:happy") == "MSD_vgg"
    assert judge_of("bass", "MTT_vgg", "instruments-judge") is None
    # Only the taggers of MTG-Jamendo and AudioSet know it, which do not ship.
    assert judge_of("drum machine") is None


def test_sources_of_ones_own_are_judged_by_a_tagger_of_their_vocabulary() -> None:
    own = {
        "soloists": {"mtat": ["flute"]},
        "low end": {"instruments": ["bass", "tuba"]},
        "happiness": {"jamendo": ["mood/theme---happy"]},
    }
    judges = {name: judge_of(name, sources=own) for name in own}
    assert judges == {"soloists": "MTT_musicnn", "low end": "instruments-judge", "happiness": None}


def test_one_judge_for_all_or_none() -> None:
    for source in ("drums", "bass"):
        assert judge_of(source, judge="MSD_vgg") == "MSD_vgg"
        assert judge_of(source, judge=None) is None
