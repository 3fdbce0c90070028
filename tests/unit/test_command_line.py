"""`stemsteer`: its help and errors, the lists of what there is to choose from, and fetching models by name."""

import errno
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from file_server import FileServer, serving
from invocation import stemsteer
from stemsteer.command_line import catalogue
from stemsteer.command_line.main import COMMANDS
from stemsteer.command_line.terminal import layout
from stemsteer.models import registry as models
from stemsteer.models import weights
from stemsteer.models.registry import GeneratorModel, Model, VocabularyTaggerModel, registry
from stemsteer.places import RESOURCES
from stemsteer.settings.presets import presets
from stemsteer.taggers.vocabularies import load_vocabulary, sources

VOCABULARIES = ("mtat", "msd", "jamendo", "audioset", "instruments")
COMMAND = "from stemsteer.command_line.main import main; main(prog_name='stemsteer')"


@pytest.fixture(autouse=True)
def machine_without_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("STEMSTEER_MODELS", "")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("no_proxy", "*")


def said(*arguments: str) -> str:
    """What a command prints."""
    output, errors = stemsteer(*arguments)
    assert errors == ""
    return output


def table(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text), sep="\t", keep_default_na=False)


def test_tags_lists_everything() -> None:
    text = said("tags")
    lines = text.splitlines()
    for name in VOCABULARIES:
        for index, tag in enumerate(load_vocabulary(name).tags):
            assert f"{index:>2} {tag}" in text
    for name in (*sources(), *registry(), *presets()):
        assert any(line.startswith(f"{name} ") for line in lines), name
    assert "NON-COMMERCIAL USE ONLY" in text
    assert max(map(len, lines)) <= 100


def test_tags_of_one_vocabulary_are_no_others() -> None:
    text = said("tags", "--vocabulary", "msd")
    assert "49 happy" in text
    assert "crnn-msd" in text
    assert "embedded" in text
    assert "mtat" not in text
    assert "jamendo" not in text


def test_tags_with_a_text_in_their_name() -> None:
    # The source strings has violin among its tags of MagnaTagATune.
    assert said("tags", "Violin").splitlines() == [
        "Sources, and the tags that stand for each",
        "",
        "source   vocabulary   tags",
        "strings  mtat         strings, violin, cello",
        "         audioset     Bowed string instrument, String section, Violin, fiddle, Cello",
        "violin   instruments  violin",
        "         mtat         violin",
        "         jamendo      instrument---violin",
        "         audioset     Violin, fiddle",
        "",
        "Tags, by their place among a tagger's outputs",
        "",
        "instruments",
        "18 violin",
        "",
        "mtat       jamendo",
        "12 violin  43 instrument---violin",
        "",
        "audioset",
        "191 Violin, fiddle",
    ]


def test_tags_as_a_table() -> None:
    tags = table(said("tags", "--tsv"))
    assert list(tags) == ["vocabulary", "index", "tag", "sources"]
    for name in VOCABULARIES:
        rows = tags[tags.vocabulary == name]
        assert tuple(rows.tag) == load_vocabulary(name).tags
        assert list(rows["index"]) == list(range(len(rows)))
    assert tags[(tags.vocabulary == "mtat") & (tags.tag == "cello")].sources.item() == "strings, cello"
    assert tags[tags.tag == "opera"].sources.item() == ""


@pytest.mark.parametrize("options", [(), ("--tsv",)])
def test_a_text_that_is_nowhere_is_told(options: tuple[str, ...]) -> None:
    output, errors = stemsteer("tags", "voilin", *options, status=1)
    assert output == ""
    assert errors == (
        "error: nothing has 'voilin' in its name (did you mean violin?); `stemsteer tags` lists everything\n"
    )


def register(monkeypatch: pytest.MonkeyPatch, **entries: Model) -> None:
    for module in (models, weights, catalogue):
        monkeypatch.setattr(module, "registry", lambda: entries)


def codec(url: str) -> Model:
    # The sha256 of `the weights`, by sha256sum.
    digest = "f38329d231164082b94f28edf29bff349b44403e09fc4057d65b31051f4ae6b5"
    paper = "Codec et al., 2000"
    return GeneratorModel(
        kind="generator", family="jukebox", file="codec.bin", url=url, sha256=digest, licence="MIT", citation=paper
    )


def test_models_lists_taggers_of_every_kind() -> None:
    there = table(said("models", "--tsv")).set_index("model")
    assert dict(there.state[["instruments", "instruments-judge"]]) == {
        "instruments": "here",
        "instruments-judge": "here",
    }
    assert dict(there.vocabulary[["instruments", "mn10-audioset"]]) == {
        "instruments": "instruments",
        "mn10-audioset": "audioset",
    }
    assert there.kind["clap-general"] == there.kind["clap-unfused"] == "prompt-tagger"


def test_models_says_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = {"kind": "tagger", "vocabulary": "mtat", "licence": "ISC", "citation": "a paper"}
    package |= {"family": "some", "architecture": "small"}
    register(
        monkeypatch,
        codec=codec("http://127.0.0.1:1/codec.bin"),
        installed=VocabularyTaggerModel.model_validate({**package, "package": "musicnn"}),
        absent=VocabularyTaggerModel.model_validate(
            {**package, "package": "no_such_package", "architecture_citation": "an older one"}
        ),
    )
    models_there = table(said("models", "--tsv")).set_index("model")
    assert dict(models_there.state) == {"codec": "missing", "installed": "here", "absent": "missing"}
    assert models_there.url["codec"] == "http://127.0.0.1:1/codec.bin"
    assert models_there.citation["absent"] == "a paper; an older one"

    monkeypatch.setenv("STEMSTEER_MODELS", str(tmp_path))
    place = tmp_path / "codec.bin"
    place.write_text("the weights")
    line = next(line for line in said("models").splitlines() if line.startswith("codec"))
    assert line.split() == ["codec", "generator", "jukebox", "here", str(place)]

    place.write_text("the")
    row = table(said("models", "--tsv")).set_index("model").loc["codec"]
    assert row.state == "altered"
    assert row.place.startswith(f"{place} (its sha256 is ")


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving() as served:
        served.files["codec.bin"] = b"the weights"
        yield served


def test_models_are_fetched_by_name(server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, codec=codec(f"{server.address}/codec.bin"))
    place = tmp_path / "cache" / "stemsteer" / "codec.bin"
    assert said("models", "fetch", "codec") == f"codec: {place}\n"
    assert place.read_text() == "the weights"
    assert said("models", "fetch", "codec") == f"codec: {place}\n"
    assert len(server.requests) == 1
    assert stemsteer("models", "fetch", "codex", status=1)[1] == (
        "error: there is no model 'codex' (did you mean codec?); `stemsteer models` lists them\n"
    )


def test_an_interrupted_fetch_ends_as_shells_count_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(name: str) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr("stemsteer.command_line.models.fetch", interrupted)
    stemsteer("models", "fetch", "codec", status=130)


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(name: str) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device", "codec.bin")

    monkeypatch.setattr("stemsteer.command_line.models.fetch", full)
    assert stemsteer("models", "fetch", "codec", status=1)[1] == (
        "error: [Errno 28] No space left on device: 'codec.bin'; make room on the disk and run again\n"
    )


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS), ["models", "fetch"]], ids=" ".join)
def test_every_command_has_help(command: list[str]) -> None:
    text = said(*command, "--help")
    assert text.startswith(" ".join(["Usage: stemsteer", *command]))
    assert max(map(len, text.splitlines())) <= 100
    assert said(*command, "-h") == text


def test_the_help_lists_all_commands_in_order() -> None:
    listed = re.findall(r"^  (\w+)  +[A-Z].*\.$", said("--help").partition("Commands:")[2], re.MULTILINE)
    assert listed == list(COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["tgas"], "there is no command 'tgas' (did you mean tags?)"),
        (["frobnicate"], "there is no command 'frobnicate'"),
        (["tags", "--vocabulry", "mtat"], "--vocabulary"),
        (["tags", "--vocabulary", "mtatt"], "'mtat', 'msd', 'jamendo', 'audioset'"),
        (["tracks", "musdb"], "'musdb18', 'musdb18-hq', 'slakh', 'moisesdb', 'folder'"),
        (["models", "fetch"], "Missing argument 'NAME...'"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told_with_a_hint(arguments: list[str], hint: str) -> None:
    output, errors = stemsteer(*arguments, status=2)
    assert output == ""
    assert hint in errors


def test_layout_aligns_columns_and_wraps_the_last() -> None:
    rows = [{"name": "a", "text": "some words that are long enough to be wrapped"}, {"name": "longer", "text": "few"}]
    assert layout(rows, None, 38).splitlines() == [
        "name    text",
        "a       some words that are long",
        "        enough to be wrapped",
        "longer  few",
    ]
    assert layout(rows, ["text", "name"], 80).splitlines()[1].split("  ")[-1] == "a"


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["tags"], {"torch", "snakemake", "numpy", "pandas"}),
        (["--help"], {"torch", "snakemake", "numpy", "pandas", "pydantic", "yaml", "rich"}),
    ],
    ids=["tags", "--help"],
)
def test_it_starts_without_the_heavy_libraries(arguments: list[str], unneeded: set[str]) -> None:
    code = (
        f"import sys; from stemsteer.command_line.main import main; main({arguments}, standalone_mode=False); "
        f"assert not {unneeded} & set(sys.modules), sorted(sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=RESOURCES.parent / "scripts"
    )
    assert ended.returncode == 0, ended.stderr


def test_a_reader_that_has_had_enough_is_not_an_error() -> None:
    command = f"'{sys.executable}' -m stemsteer tags | true; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=RESOURCES.parent / "scripts")
    assert ended.returncode == 0
    assert ended.stderr == ""


def completed(words: str) -> list[str]:
    """What bash is offered where the Tab key is pressed behind some words."""
    environment = {**os.environ, "_STEMSTEER_COMPLETE": "bash_complete", "COMP_WORDS": f"stemsteer {words}"}
    environment["COMP_CWORD"] = str(len(words.split(" ")))
    ended = subprocess.run(
        [sys.executable, "-c", COMMAND],
        env=environment,
        capture_output=True,
        text=True,
        cwd=RESOURCES.parent / "scripts",
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return [line.partition(",")[2] for line in ended.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("ta", ["tags"]),
        ("doctor --h", ["--help"]),
        ("models f", ["fetch"]),
        ("models fetch fcn", ["fcn-mtat", "fcn-jamendo", "fcn-msd"]),
        ("tags --vocabulary m", ["mtat", "msd"]),
        ("tags choir", ["choir"]),
        ("tracks mus", ["musdb18", "musdb18-hq"]),
        ("completion ", ["bash", "zsh", "fish"]),
    ],
)
def test_a_shell_completes_commands_options_and_names(words: str, offered: list[str]) -> None:
    assert completed(words) == offered


def test_the_script_completes_in_bash(tmp_path: Path) -> None:
    program = tmp_path / "stemsteer"
    scripts = str(RESOURCES.parent / "scripts")
    code = f"import sys; sys.path.insert(0, {scripts!r}); {COMMAND}"
    program.write_text(f"#!{sys.executable}\n{code}\n", encoding="utf-8")
    program.chmod(0o755)
    script = said("completion", "bash")
    assert script.endswith('# In ~/.bashrc: eval "$(stemsteer completion bash)"\n')
    (function,) = re.findall(r"^(\w+completion)\(\) \{", script, re.MULTILINE)
    press_tab = f"COMP_WORDS=(stemsteer sch); COMP_CWORD=1; {function} stemsteer sch stemsteer; echo ${{COMPREPLY[@]}}"
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = ["bash", "-c", f"{script}\n{press_tab}"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert ended.stdout == "schema\n", ended.stderr


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_their_script_and_its_line(shell: str) -> None:
    *script, hint, _ = said("completion", shell).split("\n")
    assert "_STEMSTEER_COMPLETE" in "\n".join(script)
    assert hint.startswith("# In ~/.")
    assert f"stemsteer completion {shell}" in hint
    assert hint.rpartition(": ")[2] in said("completion", "--help")
