"""What the config accepts, and the sentences with which it refuses the rest."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from stemsteer.config import Config, load_config
from stemsteer.errors import UserError

CONFIG = Path(__file__).parents[2] / "config.yaml"


def with_change(*path: str, value: Any) -> dict[str, Any]:
    """The shipped config with one key set."""
    config: dict[str, Any] = yaml.safe_load(CONFIG.read_text())
    place = config
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return config


def test_the_shipped_config_spells_out_the_defaults() -> None:
    shipped = load_config(yaml.safe_load(CONFIG.read_text()))
    assert shipped == load_config({"tracks": shipped.tracks})


def test_the_shipped_config_names_every_key() -> None:
    raw = yaml.safe_load(CONFIG.read_text())
    complete = load_config(raw).model_dump()
    assert raw == complete


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("trakcs",), "x", r"unknown key trakcs \(did you mean tracks\?\)"),
        (("runs", "default", "stpes"), 3, r"unknown key runs\.default\.stpes \(did you mean steps\?\)"),
        (("runs", "default", "steps"), "many", r"runs\.default\.steps: .*integer.*not 'many'"),
        (("runs", "default", "steps"), -1, r"runs\.default\.steps: .*greater than or equal to 0"),
        (("runs", "default", "mask"), "maybe", r"runs\.default\.mask: .*boolean"),
        (("runs", "default", "taggers"), ["MTT_musican"], r"'MTT_musican' is not a tagger .*you mean MTT_musicnn\?\)"),
        (("runs", "default", "taggers"), [], r"runs\.default\.taggers: .*at least 1"),
        (("runs", "default", "fft_sizes"), [1023], r"runs\.default\.fft_sizes\.0: .*multiple of 2"),
        (("runs", "default", "generator"), "embeded", r"'embeded' is not under generators \(did you mean embedded\?\)"),
        (("runs", "default", "overlap_seconds"), 6.0, r"overlap_seconds must be at most a third of chunk_seconds"),
        (("generators", "embedded", "weights"), "jukebax", r"neither .* nor a file \(did you mean jukebox\?\)"),
        (("generators", "embedded", "level"), 3, r"generators\.embedded\.level: .*0, 1 or 2"),
        (("stems", "container"), "flac", r"flac has no float32"),
        (("stems", "encoding"), "int8", r"stems\.encoding: .*not 'int8'"),
        (("device",), "gpu", r"device: .*not 'gpu'"),
        (("sources",), "vocals", r"sources: .*list.*not 'vocals'"),
        (("runs",), {"../run": {}}, r"runs: '\.\./run' cannot be the name of a folder"),
    ],
)
def test_a_mistake_is_told_with_its_key(path: tuple[str, ...], value: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence) as caught:
        load_config(with_change(*path, value=value))
    assert "\n" not in str(caught.value)


def test_a_missing_key_is_told() -> None:
    with pytest.raises(UserError, match="the key tracks is missing"):
        load_config({})


def test_residual_without_mask_is_refused() -> None:
    with pytest.raises(UserError, match="residual needs mask"):
        load_config({"tracks": "x", "runs": {"r": {"mask": False, "output": "residual"}}})


def test_every_setting_is_described() -> None:
    for name, field in Config.model_fields.items():
        settings = getattr(field.annotation, "model_fields", {})
        for key, setting in settings.items():
            assert setting.description, f"{name}.{key}"
