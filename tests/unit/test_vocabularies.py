"""Tags, the sources that stand for sets of them, and what is said about misspelt ones."""

import pytest

from stemsteer.errors import UserError
from stemsteer.vocabularies import Vocabulary, find_tags, load_vocabulary, sources

VOCABULARIES = ["mtat", "msd", "jamendo"]


def tags_of(vocabulary: str, *names: str) -> list[str]:
    known = load_vocabulary(vocabulary)
    return [known.tags[index] for index in find_tags(known, names)]


@pytest.mark.parametrize("name", VOCABULARIES)
def test_a_vocabulary_has_fifty_different_tags(name: str) -> None:
    vocabulary = load_vocabulary(name)
    assert len(vocabulary.tags) == len(set(vocabulary.tags)) == 50
    assert [vocabulary.index(tag) for tag in vocabulary.tags] == list(range(50))


def test_jamendo_is_in_the_order_of_scikit_learns_label_binarizer() -> None:
    """It sorts the class names; the taggers were trained on what it made (unlike TagBox's list)."""
    vocabulary = load_vocabulary("jamendo")
    assert list(vocabulary.tags) == sorted(vocabulary.tags)
    places = {"violin": 43, "voice": 44, "bass": 32, "drums": 35, "guitar": 38, "piano": 40, "strings": 41}
    assert {name: vocabulary.index(f"instrument---{name}") for name in places} == places


def test_every_source_consists_of_tags_that_exist() -> None:
    assert {"vocals", "drums", "bass", "guitar", "piano", "strings", "violin", "synth", "flute"} <= set(sources())
    for source, of_vocabulary in sources().items():
        assert of_vocabulary, source
        for vocabulary, tags in of_vocabulary.items():
            assert tags, source
            assert len(tags) == len(set(tags))
            assert set(tags) <= set(load_vocabulary(vocabulary).tags), (source, vocabulary)
            assert len(find_tags(load_vocabulary(vocabulary), [source])) == len(tags)


def test_vocals_are_tagboxs_set_without_the_absence_of_vocals() -> None:
    # The numbers are those of the preset 'Vocals' in TagBox's notebook.
    expected = [13, 15, 18, 19, 20, 26, 27, 33, 35, 36, 39, 40, 48, 49]
    assert find_tags(load_vocabulary("mtat"), ["vocals"]) == expected
    assert not {"no vocals", "no vocal", "no voice"} & set(tags_of("mtat", "vocals"))


def test_sitar_is_the_sitar() -> None:
    """TagBox's notebook has number 32 for it, which is `solo`."""
    assert tags_of("mtat", "sitar") == ["sitar"]


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
