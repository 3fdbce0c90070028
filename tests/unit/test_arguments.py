"""What users type for Snakemake comes to the workflow as they mean it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snakemake.cli import parse_config

from stemsteer.command_line.workflow.arguments import as_typed
from stemsteer.command_line.workflow.engine import understood
from stemsteer.errors import UserError

PLACES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)


def config(*settings: str) -> dict[str, object]:
    parsed: dict[str, object] = parse_config(list(map(as_typed, settings)))
    return parsed


@pytest.mark.parametrize(
    "place", ["1999", "2023_01", "#1 hits", "Best of #1", "a: b", "yes", "null", "[live]", "1e5", "~"]
)
def test_a_place_is_taken_as_it_is(place: str) -> None:
    assert config(f"tracks={place}") == {"tracks": place}


@given(PLACES)
def test_any_place_is_taken_as_it_is(place: str) -> None:
    if place == place.strip("'\" \n\u3000") == place.strip():
        assert config(f"tracks={place}") == {"tracks": place}


def test_quotes_of_a_user_do_no_harm() -> None:
    assert config("tracks='#1 hits'") == config('tracks= "#1 hits" ') == {"tracks": "#1 hits"}


def test_other_settings_stay() -> None:
    assert config("sources=['drums']", "batch=2", "device=cpu") == {"sources": ["drums"], "batch": 2, "device": "cpu"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--configfile", __file__, "plan"], "there is no config file 'plan'; --configfile takes all that follows it"),
        (["--config", "tracks=1999", "plan"], "'plan' is no setting, which looks like KEY=VALUE; --config takes all"),
    ],
)
def test_a_target_after_a_greedy_option_is_told(arguments: list[str], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        understood(arguments)


def test_a_target_before_it_is_one() -> None:
    call = understood(["plan", "-q", "all", "--configfile", __file__, "--config", "tracks=#1 hits"])
    assert list(call.options.targets) == ["plan"]
    assert call.options.config == ['tracks= "#1 hits" ']
