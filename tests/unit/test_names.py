"""Slugs: what users' names are called in paths."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snakemake.io import PeriodicityDetector

from stemsteer.names import did_you_mean, slug

NAMES = st.text(min_size=1)
PLAIN = st.text("ab1-", min_size=1, max_size=3)
ENDLESS = st.builds(lambda start, piece, times: start + piece * times, PLAIN, PLAIN, st.integers(15, 25))
"""Names that end in repetitions."""


@pytest.mark.parametrize(
    "name", ["drums", "the-song", "7", "fcn-jamendo", "no-codebook-2", "a" * 19, "bc" * 19, "abcde-fghi" * 4]
)
def test_a_name_that_is_a_slug_stays(name: str) -> None:
    assert slug(name) == name


@pytest.mark.parametrize(
    ("name", "readable"),
    [
        ("The Easton Ellises - Falcon 69", "the-easton-ellises-falcon-69"),
        ("<unknown> - Track 01", "unknown-track-01"),
        ("Björk: Jóga", "bjork-joga"),
        ("Default", "default"),
        ("MTT_musicnn", "mtt-musicnn"),
        ("a--b", "a-b"),
        ("-plain", "plain"),
        ("x" * 250, "x" * 48),
        ("song-0a1b2c3d", "song-0a1b2c3d"),
        ("a" * 20, "a" * 20),
        ("bc" * 20, "bc" * 20),
        ("the-end-" + "1" * 22, "the-end-" + "1" * 22),
    ],
)
def test_any_other_slug_is_readable_and_ends_in_a_hash(name: str, readable: str) -> None:
    assert re.fullmatch(f"{readable}-[0-9a-f]{{8}}", slug(name))


@pytest.mark.parametrize("name", ["?" * 22, "***", "\U0001f3b5", "東京"])
def test_a_name_without_letters_is_its_hash(name: str) -> None:
    assert re.fullmatch("[0-9a-f]{8}", slug(name))


def test_the_hash_is_the_names_sha256() -> None:
    """Of `printf Default | sha256sum`: slugs must not change from version to version."""
    assert slug("Default") == "default-21b111cb"


@given(NAMES)
def test_slugs_are_plain_and_short(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug(name))
    assert len(slug(name)) <= 60


@given(NAMES | ENDLESS)
def test_snakemake_takes_no_slug_for_an_endless_recursion(name: str) -> None:
    assert PeriodicityDetector().is_periodic(slug(name)) is None


@given(NAMES, NAMES)
def test_names_that_differ_have_slugs_that_differ(name: str, other: str) -> None:
    assert (slug(name) == slug(other)) == (name == other)


@given(NAMES)
def test_a_slug_is_no_other_names_slug(name: str) -> None:
    """Also not that of a track whose name is the slug of another."""
    if slug(name) != name:
        assert slug(slug(name)) != slug(name)


@given(NAMES)
def test_names_that_a_file_system_does_not_tell_apart_have_slugs_that_it_does(name: str) -> None:
    for twin in {name.upper(), name.lower(), name.title(), *(unicodedata.normalize(f, name) for f in ("NFC", "NFD"))}:
        if twin != name:
            assert slug(twin).casefold() != slug(name).casefold()


@pytest.mark.parametrize("known", [("Guitar", "guitar", "Bass guitar"), ("Bass guitar", "guitar", "Guitar")])
def test_small_letters_are_meant_whatever_the_order(known: tuple[str, ...]) -> None:
    assert did_you_mean("guitr", known) == " (did you mean guitar?)"
