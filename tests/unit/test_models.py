"""The registry of models, and how their files are found, fetched and verified."""

import hashlib
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from stemsteer import models
from stemsteer.errors import UserError
from stemsteer.models import RESOURCES, Model, fetch, find, registry, sha256
from stemsteer.vocabularies import load_vocabulary

CONTENT = b"the weights"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def test_every_model_has_a_licence_a_citation_and_a_way_to_be_verified() -> None:
    for name, model in registry().items():
        assert len(model.licence) > 2, name
        assert len(model.citation) > 10, name
        assert re.fullmatch(r"[0-9a-f]{64}", model.sha256 or ""), name
        assert (model.file is None) != (model.package is None), name
        assert (model.url is None) == (model.ships or model.file is None), name
        assert (model.kind == "tagger") == (model.vocabulary is not None), name


def test_taggers_name_vocabularies_that_there_are() -> None:
    vocabularies = {model.vocabulary for model in registry().values() if model.vocabulary}
    assert all(load_vocabulary(name).tags for name in vocabularies)


def test_jukebox_is_said_to_be_for_non_commercial_use_only() -> None:
    assert "NON-COMMERCIAL USE ONLY" in registry()["jukebox"].licence


def test_what_ships_is_what_the_registry_says() -> None:
    shipped = {name: model for name, model in registry().items() if model.ships}
    assert set(shipped) == {"embedded"}
    for name, model in shipped.items():
        assert sha256(RESOURCES / str(model.file)) == model.sha256, name
        assert find(name) == RESOURCES / str(model.file)


def test_a_key_that_means_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="shipz"):
        Model.model_validate({"kind": "tagger", "family": "vgg", "licence": "MIT", "citation": "none", "shipz": True})


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of a machine that has no models yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("STEMSTEER_MODELS", raising=False)
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
    tagger = {"kind": "tagger", "family": "vgg", "package": "musicnn", "licence": "ISC", "citation": "a paper"}
    entries = {"codec": Model.model_validate(entry | changes), "tagger": Model.model_validate(tagger)}
    monkeypatch.setattr(models, "registry", lambda: entries)


def put(folder: Path, content: bytes = CONTENT) -> Path:
    path = folder / "folder" / "codec.bin"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def test_the_folder_of_ones_own_comes_before_the_cache(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch)
    in_cache = put(cache)
    assert find("codec") == in_cache
    monkeypatch.setenv("STEMSTEER_MODELS", str(tmp_path / "own"))
    assert find("codec") == in_cache
    in_own = put(tmp_path / "own")
    assert find("codec") == in_own


def test_without_a_cache_set_it_is_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert models.cache_folder() == tmp_path / ".cache" / "stemsteer"


@pytest.mark.usefixtures("cache")
def test_a_missing_file_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)
    with pytest.raises(UserError, match=r"codec.*`snakemake models`.*STEMSTEER_MODELS.*licence: a licence"):
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


def test_another_file_under_its_name_is_refused(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)
    path = put(cache, CONTENT + b"!")
    with pytest.raises(UserError, match=rf"codec\.bin is not the published file of codec .*{DIGEST}.*delete it"):
        find("codec")
    assert path.exists()


class Handler(BaseHTTPRequestHandler):
    """Serves the file as `/whole`, another one as `/other`, and two that end before they should."""

    requests: list[str]

    def do_GET(self) -> None:
        self.requests.append(self.path)
        length = ("Content-Length", str(len(CONTENT)))
        answers = {
            "/whole": (length, CONTENT),
            "/other": (length, CONTENT[::-1]),
            "/cut": (length, CONTENT[:5]),
            # The first chunk is said to have 255 bytes.
            "/cut-in-chunk": (("Transfer-Encoding", "chunked"), b"ff\r\n" + CONTENT),
        }
        if self.path not in answers:
            self.send_error(404)
            return
        header, body = answers[self.path]
        self.send_response(200)
        self.send_header(*header)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    Handler.requests = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_file_is_fetched_once(cache: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, url=f"{address}/whole")
    path = cache / "folder" / "codec.bin"
    assert fetch("codec") == path
    assert path.read_bytes() == CONTENT
    assert fetch("codec") == find("codec") == path
    assert Handler.requests == ["/whole"]


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("other", "cut off, or is not the published one of codec"),
        ("cut", "cut off, or is not the published one of codec"),
        ("cut-in-chunk", r"could not be downloaded \(IncompleteRead.*by hand"),
        ("nothing", r"could not be downloaded \(HTTP Error 404.*by hand"),
    ],
)
def test_a_failed_download_leaves_nothing_behind(
    cache: Path, address: str, monkeypatch: pytest.MonkeyPatch, file: str, sentence: str
) -> None:
    register(monkeypatch, url=f"{address}/{file}")
    with pytest.raises(UserError, match=rf"{address}/{file} .*{sentence}"):
        fetch("codec")
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_an_interrupted_download_leaves_nothing_behind(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, url="http://127.0.0.1/never-asked")

    def interrupted(url: str, target: Path) -> None:
        target.write_bytes(CONTENT[:5])
        raise KeyboardInterrupt

    monkeypatch.setattr(models, "_download", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch("codec")
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_a_machine_without_a_network_is_told(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Port 1 of the loopback, where nothing listens.
    register(monkeypatch, url="http://127.0.0.1:1/codec.bin")
    with pytest.raises(UserError, match=r"could not be downloaded .*refused.*by hand"):
        fetch("codec")
    assert not [path for path in cache.rglob("*") if path.is_file()]
