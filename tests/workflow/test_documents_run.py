"""Every command that documents and help texts tell people to type is run, or is listed with the reason why not."""

import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from benchmark_scenes import SCENES as OF_BENCHMARKS
from command_scenes import SCENES as OF_COMMANDS
from documented import REPOSITORY, documented, in_document, in_help
from scenes import Outcome, Step, in_a_scene

SCENES = (*OF_BENCHMARKS, *OF_COMMANDS)
STEPS = [step for scene in SCENES for step in scene.steps]
COMMANDS = {step.documented: step for step in STEPS if step.documented}
CORES = 2


def test_commands_are_found_where_they_stand() -> None:
    document = """
A page. `snakemake -n` tells; `make`, `stemsteer run` and `stemsteer models fetch NAME` are no whole commands.

    stemsteer separate song.mp3      # a comment
    $ snakemake plan \\
        -q all
    song   vocals  -33.0 dB
    cd there && make test

```python
    make = 1
```
```sh
python a.py
```
"""
    assert set(in_document(document)) == {
        *("snakemake -n", "stemsteer separate song.mp3", "snakemake plan -q all", "cd there && make test"),
        "python a.py",
    }
    text = "Say.\n\n\b\nExamples:\n  stemsteer run        goes on\n  cd x && stemsteer run\n\nThen `snakemake\n  -n`."
    assert list(in_help(text)) == ["stemsteer run", "cd x && stemsteer run", "snakemake -n"]


def test_every_documented_command_is_run_or_listed() -> None:
    commands = documented()
    unknown = {command: place for command, place in commands.items() if command not in COMMANDS}
    assert unknown == {}, "give each of them a step in command_scenes.py or benchmark_scenes.py"
    assert set(COMMANDS) - set(commands) == set(), "these are documented no more"
    assert len(COMMANDS) == len([step for step in STEPS if step.documented])


def test_what_is_not_run_as_it_stands_has_a_reason() -> None:
    for step in COMMANDS.values():
        assert bool(step.reason) == (step.run != in_a_scene(str(step.documented)))
        assert all((REPOSITORY / test).exists() for test in re.findall(r"tests/[\w/.]+", step.reason)), step.reason


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Step, Future[Outcome]]]:
    """What becomes of each step: as many scenes as there are cores are played at the same time."""
    outcomes: dict[Step, Future[Outcome]] = {step: Future() for step in STEPS}
    with ThreadPoolExecutor(CORES) as pool:
        for scene in SCENES:
            pool.submit(scene.play, tmp_path_factory.mktemp(scene.name), outcomes)
        yield outcomes


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.documented or f"given: {step.run}")
def test_a_command_runs(step: Step, played: dict[Step, Future[Outcome]]) -> None:
    outcome = played[step].result()
    assert outcome.status in step.statuses, outcome.output
    assert outcome.missing == (), outcome.output
