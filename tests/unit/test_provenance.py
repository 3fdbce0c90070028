"""The record beside a stem."""

import hashlib
import platform
from importlib.metadata import version
from pathlib import Path

import pytest

from stemsteer.jobs import provenance
from stemsteer.jobs.provenance import of_compared, of_stem, versions


def test_versions_are_those_installed() -> None:
    found = versions()
    assert found["python"] == platform.python_version()
    assert found["torch"] == version("torch")
    assert found["soxr"] == version("soxr")


def test_a_package_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "PACKAGES", ("numpy", "no-such-package"))
    assert versions()["no-such-package"] == "not installed as a package"


def test_a_stems_record_says_what_it_was_made_from_and_with() -> None:
    record = of_stem(facts={"codec": "flac"}, estimate={"device": "cpu"}, written={"source": "vocals"})
    assert record == {
        "source": "vocals",
        "mixture": {"codec": "flac"},
        "ascent": {"device": "cpu"},
        "versions": versions(),
        "platform": platform.platform(),
    }


def test_a_stem_of_another_method_says_what_that_was_and_what_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "mixture.wav").write_bytes(b"music")
    inputs = {"mixture": tmp_path / "mixture.wav"}
    record = of_compared({"codec": "flac"}, inputs, {"name": "hpss"}, {"source": "drums"}, "librosa")
    assert record == {
        "source": "drums",
        "mixture": {"codec": "flac"},
        "inputs_sha256": {"mixture": hashlib.sha256(b"music").hexdigest()},
        "method": {"name": "hpss"},
        "versions": {**versions(), "librosa": version("librosa"), "museval": version("museval")},
        "platform": platform.platform(),
    }
