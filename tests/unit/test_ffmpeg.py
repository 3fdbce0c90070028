"""ffmpeg and ffprobe are found: the system's, or the wheel's under their plain names."""

import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from stemsteer.errors import UserError
from stemsteer.sound import ffmpeg


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine without ffmpeg, in an empty virtual environment."""
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))
    (tmp_path / "programs").mkdir()
    (tmp_path / "environment").mkdir()
    return tmp_path


def put_program(folder, name):
    program = folder / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)


def test_the_wheels_programs_run_under_their_plain_names(bare):
    ffmpeg.put_on_path()
    for name in ("ffmpeg", "ffprobe"):
        program = shutil.which(name)
        assert program.startswith(str(bare / "environment"))
        assert subprocess.run([name, "-version"], capture_output=True, text=True).stdout.startswith(f"{name} version")


def test_the_systems_programs_come_first(bare, monkeypatch):
    for name in ("ffmpeg", "ffprobe"):
        put_program(bare / "programs", name)
    ffmpeg.put_on_path()
    assert os.environ["PATH"] == str(bare / "programs")


def test_half_of_a_system_is_not_mixed_with_half_of_a_wheel(bare):
    put_program(bare / "programs", "ffmpeg")
    ffmpeg.put_on_path()
    assert os.path.dirname(shutil.which("ffmpeg")) == os.path.dirname(shutil.which("ffprobe"))


def test_without_a_virtual_environment_the_users_cache_is_used(bare, monkeypatch):
    monkeypatch.setattr(sys, "base_prefix", sys.prefix)
    monkeypatch.setenv("XDG_CACHE_HOME", str(bare / "cache"))
    ffmpeg.put_on_path()
    assert shutil.which("ffprobe").startswith(str(bare / "cache"))
    assert list((bare / "environment").iterdir()) == []


def test_a_link_to_a_wheel_that_is_gone_is_made_anew(bare):
    ffmpeg.put_on_path()
    link = shutil.which("ffmpeg")
    os.remove(link)
    os.symlink("/nowhere/ffmpeg-linux-x64", link)
    ffmpeg.put_on_path()
    assert os.path.exists(link)


def test_without_any_the_user_is_told_what_to_install(bare, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="install ffmpeg"):
        ffmpeg.put_on_path()


def test_programs_of_windows_keep_their_suffix(bare, monkeypatch):
    wheel = {name: bare / f"{name}-win-x64.exe" for name in ("ffmpeg", "ffprobe")}
    for program in wheel.values():
        put_program(bare, program.name)
    monkeypatch.setattr(ffmpeg, "_programs_of_wheel", lambda: wheel)
    ffmpeg.put_on_path()
    assert shutil.which("ffmpeg.exe").startswith(str(bare / "environment"))


def test_a_copy_is_made_once_where_links_are_not_allowed(bare, monkeypatch):
    def no_links(self, target):
        raise OSError("A required privilege is not held by the client")

    monkeypatch.setattr(pathlib.Path, "symlink_to", no_links)
    before = os.environ["PATH"]
    ffmpeg.put_on_path()
    first = os.stat(shutil.which("ffmpeg"))
    monkeypatch.setenv("PATH", before)
    ffmpeg.put_on_path()
    assert os.stat(shutil.which("ffmpeg")).st_ino == first.st_ino
