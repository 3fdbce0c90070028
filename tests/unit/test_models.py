"""The registry of models, and how their files are found, fetched and verified."""

import hashlib
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from file_server import FileServer, serving
from stemsteer.errors import UserError
from stemsteer.models import registry as models
from stemsteer.models import weights
from stemsteer.models.registry import (
    Model,
    PromptTaggerModel,
    VocabularyTaggerModel,
    published_digest,
    registry,
    tagger_models,
)
from stemsteer.models.weights import fetch, find, folders, git_blob, locate, look_in, sha256
from stemsteer.places import RESOURCES
from stemsteer.taggers.vocabularies import load_vocabulary

CONTENT = b"the weights"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
# By `printf 'the weights' | git hash-object --stdin`.
BLOB = "97d17025159f7695d30642af1292ac0ba6831e84"


def test_every_model_has_a_licence_a_citation_and_a_way_to_be_verified() -> None:
    for name, model in registry().items():
        assert len(model.licence) > 2, name
        assert len(model.citation) > 10, name
        assert re.fullmatch(r"[0-9a-f]{64}", model.sha256 or "") or re.fullmatch(r"[0-9a-f]{40}", model.git_blob or "")
        assert (model.file is None) != (model.package is None), name
        assert (model.url is None) == (model.ships or model.file is None), name


def test_published_weights_are_told_apart_by_their_digests() -> None:
    assert published_digest("embedded") == sha256(find("embedded")) != published_digest("embedded-full")
    assert len({published_digest(name) for name in registry()} - {None}) == len(registry())
    assert published_digest("my/checkpoint.safetensors") is None


def test_no_two_models_are_the_same_file() -> None:
    for key in ("file", "url", "sha256", "git_blob"):
        values = [value for model in registry().values() if (value := getattr(model, key))]
        assert len(set(values)) == len(values), key


def test_taggers_name_vocabularies_that_there_are() -> None:
    with_vocabulary = [model for model in tagger_models().values() if isinstance(model, VocabularyTaggerModel)]
    assert with_vocabulary
    assert all(model.tags or load_vocabulary(model.vocabulary).tags for model in with_vocabulary)


def test_files_beside_others_can_be_verified() -> None:
    beside = [known for model in registry().values() for known in model.beside.values()]
    assert beside
    assert all(re.fullmatch(r"[0-9a-f]{64}", known.sha256 or "") and known.size for known in beside)


def test_jukebox_is_said_to_be_for_non_commercial_use_only() -> None:
    assert "NON-COMMERCIAL USE ONLY" in registry()["jukebox"].licence


def test_the_taggers_of_tagbox_are_there_as_far_as_they_are_published() -> None:
    taggers = {name: model for name, model in tagger_models().items() if model.family == "sota-music-tagging"}
    architectures = ("fcn", "musicnn", "crnn", "sample", "se", "attention", "hcnn")
    published = {f"{architecture}-{data}" for architecture in architectures for data in ("mtat", "jamendo", "msd")}
    assert set(taggers) == {*published, "short_res-jamendo", "short_res-msd"}
    for name, model in taggers.items():
        assert name == f"{model.architecture}-{model.vocabulary}"
        place = f"{model.vocabulary}/{model.architecture}/best_model.pth"
        assert model.file == f"sota-music-tagging/{place}"
        assert model.url == (
            "https://github.com/ethman/sota-music-tagging-models/raw/2969b12498d9c8efa749d99c3ba7a36487b02d21/"
            f"sota_music_taggers/models/{place}"
        )
        assert model.licence == "MIT"
        assert "arXiv 2006.00751" in model.citation


def test_what_ships_is_what_the_registry_says() -> None:
    shipped = {name: model for name, model in registry().items() if model.ships}
    assert set(shipped) == {"embedded", "embedded-full", "instruments", "instruments-judge"}
    for name, model in shipped.items():
        assert sha256(RESOURCES / str(model.file)) == model.sha256, name
        assert find(name) == RESOURCES / str(model.file)


@pytest.mark.skipif("STEMSTEER_MODELS" not in os.environ, reason="STEMSTEER_MODELS names no folder with models")
def test_published_files_are_what_the_registry_says() -> None:
    here = {name: model for name, model in registry().items() if locate(model) and not model.ships}
    assert here
    for name, model in here.items():
        path = find(name)
        assert model.git_blob in (git_blob(path), None), name
        assert model.size in (path.stat().st_size, None), name


def test_a_key_that_means_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="shipz"):
        one_model(shipz=True)


GENERATOR = {"kind": "generator", "family": "jukebox", "licence": "MIT", "citation": "a paper"}
TAGGER = {"kind": "tagger", "family": "vgg", "architecture": "vgg", "licence": "MIT", "citation": "a paper"}


def one_model(**changes: object) -> Model:
    """A generator, but for the changes, as the registry reads it."""
    ((_, model),) = models._models_in({"one": {**GENERATOR, **changes}}, {})
    return model


def test_each_kind_has_its_own_keys() -> None:
    tagger = one_model(**TAGGER, vocabulary="mtat")
    assert isinstance(tagger, VocabularyTaggerModel)
    assert (tagger.architecture, tagger.vocabulary) == ("vgg", "mtat")
    prompted = one_model(**TAGGER | {"kind": "prompt-tagger"}, prompt="a {source} alone", rest=["noise"])
    assert isinstance(prompted, PromptTaggerModel)
    assert (prompted.prompt, prompted.rest) == ("a {source} alone", ("noise",))
    for wrong in (
        {"architecture": "small"},
        {"vocabulary": "mtat"},
        {**TAGGER, "vocabulary": "mtat", "prompt": "{source}"},
        {**TAGGER, "kind": "prompt-tagger", "vocabulary": "mtat"},
        {**TAGGER, "kind": "prompt-tagger", "prompt": "no place for a name"},
        TAGGER,
        {"kind": "judge"},
    ):
        with pytest.raises(ValueError, match="validation error"):
            one_model(**wrong)


# The second is that of `hello` and a line feed, as in many a text on git's objects.
@pytest.mark.parametrize(
    ("content", "blob"), [(CONTENT, BLOB), (b"hello\n", "ce013625030ba8dba906f756967f9e9ca394464a")]
)
def test_git_blob_is_the_id_that_git_gives(tmp_path: Path, content: bytes, blob: str) -> None:
    (tmp_path / "file").write_bytes(content)
    assert git_blob(tmp_path / "file") == blob


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of a machine that has no models yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("STEMSTEER_MODELS", "")
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path / "cache" / "stemsteer"


def register(monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    """A registry that holds the model `codec`, and a tagger of a package."""
    entry = {
        "kind": "generator",
        "family": "jukebox",
        "file": "folder/codec.bin",
        "sha256": DIGEST,
        "licence": "a licence",
        "citation": "a paper",
    }
    tagger = {**TAGGER, "vocabulary": "mtat", "package": "musicnn"}
    entries = {"codec": one_model(**entry | changes), "tagger": one_model(**tagger)}
    monkeypatch.setattr(weights, "registry", lambda: entries)


def put(folder: Path, content: bytes = CONTENT) -> Path:
    path = folder / "folder" / "codec.bin"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def files(folder: Path) -> list[str]:
    """The names of all files below a folder, but for the lock."""
    return [path.name for path in folder.rglob("*") if path.is_file() and path.name != "downloads.lock"]


def test_folders_of_ones_own_come_before_the_cache(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch)
    in_cache = put(cache)
    assert find("codec") == in_cache
    monkeypatch.setenv("STEMSTEER_MODELS", f"{tmp_path / 'first'}{os.pathsep}{tmp_path / 'second'}")
    assert find("codec") == in_cache
    in_second = put(tmp_path / "second")
    assert find("codec") == in_second
    in_first = put(tmp_path / "first")
    assert find("codec") == in_first


def test_the_folder_of_the_config_comes_after_those_of_the_environment(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch)
    put(cache)
    in_config = put(tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    look_in("config")
    monkeypatch.chdir("/")
    assert find("codec") == in_config
    monkeypatch.setenv("STEMSTEER_MODELS", str(tmp_path / "environment"))
    look_in(str(tmp_path / "config"))
    in_environment = put(tmp_path / "environment")
    assert find("codec") == in_environment
    # Every job reads the config anew, in the environment that it was started with.
    look_in(str(tmp_path / "config"))
    assert folders() == [tmp_path / "environment", tmp_path / "config", cache]


@pytest.mark.usefixtures("cache")
def test_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in ("nowhere", "file"):
        with pytest.raises(UserError, match=rf"config: models: there is no folder '.*{place}'"):
            look_in(str(tmp_path / place))


def test_without_a_cache_set_it_is_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert folders()[-1] == tmp_path / ".cache" / "stemsteer"


def test_a_missing_file_is_told_with_what_to_do(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)
    sentence = (
        rf"codec.*`snakemake models`.*folder/codec\.bin.*STEMSTEER_MODELS.*looked in: {cache}; licence: a licence"
    )
    with pytest.raises(UserError, match=sentence):
        find("codec")
    with pytest.raises(UserError, match="no address"):
        fetch("codec")


@pytest.mark.usefixtures("cache")
def test_an_unknown_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)
    with pytest.raises(UserError, match=r"no model 'codek' \(did you mean codec\?\)"):
        find("codek")
    with pytest.raises(UserError, match=r"tagger is part of the package musicnn"):
        find("tagger")


ALTERED = CONTENT[::-1]
# What the registry knows of the published file, another file, and what is said of it.
FAULTS = {
    "truncated": ({"size": 11}, CONTENT[:5], "it has 5 bytes, not 11"),
    "too long": ({"size": 11}, CONTENT + b"!", "it has 12 bytes, not 11"),
    "empty": ({}, b"", rf"its sha256 is \w+, not {DIGEST}"),
    "altered": ({"size": 11}, ALTERED, rf"its sha256 is {hashlib.sha256(ALTERED).hexdigest()}, not {DIGEST}"),
    "altered, no sha256": ({"sha256": None, "git_blob": BLOB}, ALTERED, rf"its git blob id is \w+, not {BLOB}"),
    "truncated, no sha256": ({"sha256": None, "git_blob": BLOB}, CONTENT[:5], rf"its git blob id is \w+, not {BLOB}"),
}


@pytest.mark.parametrize(("known", "content", "sentence"), FAULTS.values(), ids=FAULTS.keys())
def test_another_file_under_its_name_is_refused(
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    known: dict[str, object],
    content: bytes,
    sentence: str,
) -> None:
    register(monkeypatch, **known)
    in_cache = put(cache)
    assert find("codec") == in_cache
    path = put(tmp_path / "own", content)
    monkeypatch.setenv("STEMSTEER_MODELS", str(tmp_path / "own"))
    for call in (find, fetch):
        with pytest.raises(UserError, match=rf"{path} is not the published file of codec \({sentence}\); delete it"):
            call("codec")
    assert path.read_bytes() == content


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving() as served:
        served.files["codec.bin"] = CONTENT
        yield served


def test_a_file_is_fetched_once(cache: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, url=f"{server.address}/codec.bin")
    path = cache / "folder" / "codec.bin"
    assert fetch("codec") == path
    assert path.read_bytes() == CONTENT
    assert fetch("codec") == find("codec") == path
    assert server.requests == [("codec.bin", None)]
    assert files(cache) == ["codec.bin"]


TOKENS = b"the tokens"
BESIDE = {"beside": {"tokens.json": {"size": 10, "sha256": hashlib.sha256(TOKENS).hexdigest()}}}


def test_files_beside_it_are_fetched_and_verified_too(
    cache: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, url=f"{server.address}/codec.bin", **BESIDE)
    server.files["tokens.json"] = TOKENS[::-1]
    with pytest.raises(UserError, match=r"tokens\.json is not the published file of codec \(its sha256.*deleted; try"):
        fetch("codec")
    assert files(cache) == []
    server.files["tokens.json"] = TOKENS
    path = fetch("codec")
    assert path == find("codec") == cache / "folder" / "codec.bin"
    assert sorted(files(cache)) == ["codec.bin", "tokens.json"]
    path.with_name("tokens.json").write_bytes(TOKENS[:5])
    with pytest.raises(UserError, match=r"codec\.bin is not .* \(tokens\.json beside it: .*\); delete it and fetch it"):
        find("codec")
    path.unlink()
    assert fetch("codec") == path


def test_a_file_is_there_only_with_those_beside_it(
    cache: Path, server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, url=f"{server.address}/codec.bin", **BESIDE)
    server.files["tokens.json"] = TOKENS
    put(tmp_path / "own")
    monkeypatch.setenv("STEMSTEER_MODELS", str(tmp_path / "own"))
    with pytest.raises(UserError, match=r"folder that holds folder/codec\.bin, and beside it tokens\.json, in the"):
        find("codec")
    in_cache = put(cache)
    assert fetch("codec") == in_cache
    assert server.requests == [("tokens.json", None)]


@pytest.mark.usefixtures("cache")
def test_looking_for_a_file_never_downloads_it(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, url=f"{server.address}/codec.bin")
    with pytest.raises(UserError, match="not on this machine"):
        find("codec")
    assert server.requests == []


def test_an_interrupted_download_goes_on(cache: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, url=f"{server.address}/codec.bin")
    server.cut = 5
    with pytest.raises(UserError, match=r"could not be downloaded .*try again \(what has come is kept\), or"):
        fetch("codec")
    assert files(cache) == ["codec.bin.part"]
    with pytest.raises(UserError, match="not on this machine"):
        find("codec")
    server.cut = None
    assert fetch("codec").read_bytes() == CONTENT
    assert server.requests == [("codec.bin", None), ("codec.bin", "bytes=5-")]
    assert files(cache) == ["codec.bin"]


@pytest.mark.parametrize(("known", "content", "sentence"), FAULTS.values(), ids=FAULTS.keys())
def test_another_file_than_the_published_one_is_deleted(
    cache: Path,
    server: FileServer,
    monkeypatch: pytest.MonkeyPatch,
    known: dict[str, object],
    content: bytes,
    sentence: str,
) -> None:
    register(monkeypatch, url=f"{server.address}/codec.bin", **known)
    server.files["codec.bin"] = content
    sentence = rf"{server.address}/codec\.bin is not the published file of codec \({sentence}\), and is deleted; try"
    with pytest.raises(UserError, match=sentence):
        fetch("codec")
    assert files(cache) == []
    server.files["codec.bin"] = CONTENT
    assert fetch("codec").read_bytes() == CONTENT


def test_the_beginning_of_another_file_is_not_used(
    cache: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, url=f"{server.address}/codec.bin")
    part = put(cache, ALTERED[:5]).rename(cache / "folder" / "codec.bin.part")
    with pytest.raises(UserError, match="not the published file of codec"):
        fetch("codec")
    assert not part.exists()
    assert fetch("codec").read_bytes() == CONTENT
    assert server.requests == [("codec.bin", "bytes=5-"), ("codec.bin", None)]


def test_a_part_that_was_complete_is_used(cache: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, url=f"{server.address}/codec.bin")
    put(cache).rename(cache / "folder" / "codec.bin.part")
    assert fetch("codec").read_bytes() == CONTENT
    assert files(cache) == ["codec.bin"]


def test_two_that_fetch_at_once_share_one_download(
    cache: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, url=f"{server.address}/codec.bin")
    with ThreadPoolExecutor(4) as pool:
        paths = {job.result() for job in [pool.submit(fetch, "codec") for _ in range(4)]}
    assert paths == {cache / "folder" / "codec.bin"}
    assert find("codec").read_bytes() == CONTENT
    assert len(server.requests) == 1


def test_a_file_that_is_not_at_its_address_is_told(
    cache: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, url=f"{server.address}/elsewhere")
    with pytest.raises(UserError, match=rf"elsewhere could not be downloaded \(HTTP Error 404.*{cache}.* by hand"):
        fetch("codec")
    assert files(cache) == []


def test_a_machine_without_a_network_is_told(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Port 1 of the loopback, where nothing listens.
    register(monkeypatch, url="http://127.0.0.1:1/codec.bin")
    with pytest.raises(UserError, match=r"could not be downloaded .*refused.*by hand"):
        fetch("codec")
    assert files(cache) == []
