"""Tags, the sources that stand for sets of them, and what is said about misspelt ones."""

import pytest

from stemsteer.errors import UserError
from stemsteer.taggers.labels import VocabularyLabels
from stemsteer.taggers.vocabularies import (
    Vocabulary,
    find_tags,
    known_names,
    known_sources,
    load_vocabulary,
    sources,
)

VOCABULARIES = {"mtat": 50, "msd": 50, "jamendo": 50, "audioset": 527}


def tags_of(vocabulary: str, *names: str) -> list[str]:
    known = load_vocabulary(vocabulary)
    return [known.tags[index] for index in find_tags(known, names)]


@pytest.mark.parametrize(("name", "size"), VOCABULARIES.items())
def test_the_tags_of_a_vocabulary_are_different(name: str, size: int) -> None:
    vocabulary = load_vocabulary(name)
    assert len(vocabulary.tags) == len(set(vocabulary.tags)) == size
    assert [vocabulary.index(tag) for tag in vocabulary.tags] == list(range(size))


def test_jamendo_is_in_the_order_of_scikit_learns_label_binarizer() -> None:
    """It sorts the class names; the taggers were trained on what it made (unlike TagBox's list)."""
    assert list(load_vocabulary("jamendo").tags) == sorted(load_vocabulary("jamendo").tags)


# From the file of labels beside the taggers' code: mtat_tags.npy, msd_50tagList.txt and class_labels_indices.csv.
@pytest.mark.parametrize(
    ("vocabulary", "places"),
    [
        ("mtat", {"guitar": 0, "strings": 4, "piano": 9, "violin": 12, "sitar": 31, "solo": 32, "choral": 49}),
        ("msd", {"rock": 0, "metal": 11, "instrumental": 23, "guitar": 32, "Hip-Hop": 33, "House": 48, "happy": 49}),
        (
            "audioset",
            {"Speech": 0, "Singing": 27, "Music": 137, "Violin, fiddle": 191, "Silence": 500, "Field recording": 526},
        ),
    ],
)
def test_the_others_are_in_the_order_of_their_lists(vocabulary: str, places: dict[str, int]) -> None:
    known = load_vocabulary(vocabulary)
    assert {tag: known.index(tag) for tag in places} == places


def test_every_source_consists_of_tags_that_exist() -> None:
    assert {"vocals", "drums", "bass", "guitar", "piano", "strings", "violin", "synth", "flute"} <= set(sources())
    for source, of_vocabulary in sources().items():
        assert of_vocabulary, source
        for vocabulary, tags in of_vocabulary.items():
            assert tags, source
            assert len(tags) == len(set(tags))
            assert set(tags) <= set(load_vocabulary(vocabulary).tags), (source, vocabulary)
            assert len(find_tags(load_vocabulary(vocabulary), [source])) == len(tags)


# The presets of TagBox's notebook: the source as we call it, and its numbers.
TAGBOX_MTAT = {
    "vocals": [13, 15, 18, 19, 20, 26, 27, 33, 35, 36, 39, 40, 48, 49],
    "guitar": [0],
    "piano": [9, 22],
    "strings": [4, 12, 43],
    "drums": [5, 11, 41],
    "violin": [12],
    "harpsichord": [22],
    "sitar": [32],
    "harp": [42],
    "cello": [43],
    "flute": [25],
    "synth": [14],
    "male vocals": [13, 18, 19, 20, 27, 33, 39],
    "female vocals": [13, 15, 26, 36, 40, 48],
    "choir": [35],
}
# For MTG-Jamendo there is one number each: what its own list, which is not sorted, has there, and what the sorted one.
TAGBOX_JAMENDO = {
    "synth": (3, "synthesizer", "genre---chillout"),
    "strings": (8, "strings", "genre---electronic"),
    "drums": (9, "drums", "genre---experimental"),
    "drum machine": (10, "drummachine", "genre---folk"),
    "guitar": (12, "guitar", "genre---hiphop"),
    "acoustic guitar": (23, "acousticguitar", "genre---poprock"),
    "piano": (25, "piano", "genre---rock"),
    "electric guitar": (28, "electricguitar", "genre---trance"),
    "violin": (37, "violin", "instrument---electricpiano"),
    "vocals": (40, "voice", "instrument---piano"),
    "keyboard": (41, "keyboard", "instrument---strings"),
    "bass": (43, "bass", "instrument---violin"),
    "computer": (44, "computer", "instrument---voice"),
}


@pytest.mark.parametrize("source", [source for source in TAGBOX_MTAT if source != "sitar"])
def test_sources_in_mtat_are_those_of_tagboxs_numbers(source: str) -> None:
    assert find_tags(load_vocabulary("mtat"), [source]) == TAGBOX_MTAT[source]


def test_sitar_is_the_sitar() -> None:
    """And not what TagBox's number for it is."""
    assert tags_of("mtat", "sitar") == ["sitar"]
    assert [load_vocabulary("mtat").tags[place] for place in TAGBOX_MTAT["sitar"]] == ["solo"]


@pytest.mark.parametrize("source", TAGBOX_JAMENDO)
def test_sources_in_jamendo_are_what_tagboxs_numbers_meant(source: str) -> None:
    place, meant, hit = TAGBOX_JAMENDO[source]
    assert tags_of("jamendo", source) == [f"instrument---{meant}"]
    assert load_vocabulary("jamendo").tags[place] == hit


def test_jamendos_instruments_are_sources_each() -> None:
    instruments = {tag for tag in load_vocabulary("jamendo").tags if tag.startswith("instrument---")}
    assert {tag for tags in sources().values() for tag in tags.get("jamendo", [])} == instruments


def test_vocals_do_not_include_their_absence() -> None:
    assert not {"no vocals", "no vocal", "no voice"} & set(tags_of("mtat", "vocals"))
    assert tags_of("msd", "vocals") == ["female vocalists", "male vocalists", "female vocalist"]
    assert set(tags_of("msd", "female vocals") + tags_of("msd", "male vocals")) == set(tags_of("msd", "vocals"))


def test_any_tag_can_be_named_and_sources_come_first() -> None:
    assert tags_of("mtat", "opera") == ["opera"]
    assert tags_of("msd", "Hip-Hop") == ["Hip-Hop"]
    assert tags_of("mtat", "strings") == ["strings", "violin", "cello"]
    assert tags_of("mtat", "tag:strings") == ["strings"]


def test_several_names_are_united_in_the_vocabularys_order() -> None:
    assert tags_of("mtat", "violin", "strings", "guitar") == ["guitar", "strings", "violin", "cello"]


def test_misspelt_names_are_refused_with_the_nearest() -> None:
    mtat = load_vocabulary("mtat")
    with pytest.raises(UserError, match=r"'voclas' is neither .* of the vocabulary mtat \(did you mean vocals\?\)"):
        find_tags(mtat, ["voclas"])
    with pytest.raises(UserError, match=r"no tag 'oprea' \(did you mean opera\?\)"):
        find_tags(mtat, ["tag:oprea"])
    with pytest.raises(UserError, match=r"'xyzzy' is neither a source nor a tag of the vocabulary mtat$"):
        find_tags(mtat, ["xyzzy"])
    with pytest.raises(UserError, match=r"no vocabulary 'mtt' \(did you mean mtat\?\)"):
        load_vocabulary("mtt")


def test_a_source_the_vocabulary_cannot_hear_is_refused_with_those_it_can() -> None:
    with pytest.raises(UserError, match=r"msd has no tag for the source 'drums', only for vocals, .*guitar; choose"):
        find_tags(load_vocabulary("msd"), ["drums"])


def test_a_source_name_is_a_tag_where_the_vocabulary_has_it_but_the_source_does_not() -> None:
    assert find_tags(Vocabulary("other", ("rain", "bass")), ["bass"]) == [1]


def test_the_users_own_sources_stand_beside_those_that_ship() -> None:
    own = {"my brass": {"mtat": ["solo", "flute"]}, "theremin": {}}
    mtat = load_vocabulary("mtat")
    assert known_sources(own) == {**sources(), **own}
    assert find_tags(mtat, ["my brass"], own) == [mtat.index("flute"), mtat.index("solo")]
    assert find_tags(mtat, ["my brass", "guitar"], own) == [0, mtat.index("flute"), mtat.index("solo")]
    assert VocabularyLabels(mtat, own).find("my brass") == find_tags(mtat, ["my brass"], own)
    assert known_names(own) - known_names() == set(own)


def test_a_source_of_the_users_own_without_tags_for_a_vocabulary_is_refused_there() -> None:
    own = {"my brass": {"mtat": ["solo"]}, "theremin": {}}
    with pytest.raises(UserError, match=r"jamendo has no tag for the source 'my brass', only for vocals, .*; choose"):
        find_tags(load_vocabulary("jamendo"), ["my brass"], own)
    with pytest.raises(UserError, match=r"msd has no tag for the source 'theremin', only for .*guitar; choose"):
        find_tags(load_vocabulary("msd"), ["theremin"], own)
    with pytest.raises(UserError, match=r"'my bras' is neither .* \(did you mean my brass\?\)"):
        find_tags(load_vocabulary("mtat"), ["my bras"], own)


def test_a_source_of_the_users_own_needs_a_name_of_its_own() -> None:
    with pytest.raises(UserError, match=r"config: sources: 'drums' is a source of resources/sources\.yaml; choose"):
        known_sources({"drums": {"mtat": ["drums"]}})
    with pytest.raises(UserError, match=r"config: sources: 'tag:drums' begins with tag:, as tags do; choose"):
        known_sources({"tag:drums": {"mtat": ["drums"]}})


@pytest.mark.parametrize("name", VOCABULARIES)
def test_the_labels_of_a_vocabulary_are_its_tags(name: str) -> None:
    labels = VocabularyLabels(load_vocabulary(name))
    assert labels.names == load_vocabulary(name).tags
    assert labels.find("vocals") == find_tags(load_vocabulary(name), ["vocals"])
