"""Folders in which documented commands are run, one after the other, as by somebody who reads the document."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

NO_SUCH_PLACES = {
    "/path/to/": "",
    "path/to/yours": "profiles/slurm",
    "/data/": "data/",
    "/scratch/": "scratch/",
    "~/": "",
}
"""Places of the documents, and where they lie in a scene."""


@dataclass(frozen=True)
class Step:
    """A command line of a scene.

    Attributes:
        documented: the line as the documents have it; None: it is not documented, but what follows needs it.
        run: what is run.
        reason: why that is something else than what is documented.
        folder: where, below the scene's own.
        makes: files that are there afterwards.
        statuses: those with which it may end.
    """

    documented: str | None
    run: str
    reason: str = ""
    folder: str = "."
    makes: tuple[str, ...] = ()
    statuses: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Outcome:
    """How a step ended, and what it printed."""

    step: Step
    status: int
    output: str
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Scene:
    """Commands that are run in one folder.

    Attributes:
        name: of the folder.
        prepare: makes what the first command finds.
        steps: in their order.
    """

    name: str
    prepare: Callable[[Path], None]
    steps: tuple[Step, ...]

    def play(self, folder: Path, outcomes: Mapping[Step, Future[Outcome]]) -> None:
        """Run all steps, whatever becomes of the ones before."""
        try:
            self.prepare(folder)
            for step in self.steps:
                outcomes[step].set_result(_ended(step, folder))
        except BaseException as error:
            for step in self.steps:
                if not outcomes[step].done():
                    outcomes[step].set_exception(error)


def run(command: str, folder: str = ".", makes: Iterable[str] = (), statuses: tuple[int, ...] = (0,)) -> Step:
    """A documented command, run as it stands, but for places that are nowhere."""
    return Step(command, in_a_scene(command), folder=folder, makes=tuple(makes), statuses=statuses)


def given(command: str, folder: str = ".") -> Step:
    """A command that no document has."""
    return Step(None, command, folder=folder)


def instead(command: str, reason: str, run: str, folder: str = ".") -> Step:
    """A documented command in the place of which another one is run."""
    return Step(command, in_a_scene(run), reason, folder)


def dry(command: str, reason: str, folder: str = ".") -> Step:
    """A documented command of which only a dry run is made."""
    return instead(command, reason, f"{command} -n", folder)


def understood(command: str, reason: str) -> Step:
    """A documented script that stops as soon as it has understood its arguments."""
    return instead(
        command, reason, command.replace("python ", f"python {Path(__file__).with_name('understood.py')} ", 1)
    )


def in_a_scene(command: str) -> str:
    """A documented command with the places that it finds there."""
    for place, here in NO_SUCH_PLACES.items():
        command = command.replace(place, here)
    return command


def _ended(step: Step, scene: Path) -> Outcome:
    folder = scene / step.folder
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1", "BROWSER": "true", "STEMSTEER_MODELS": ""}
    environment.pop("PYTHONPATH", None)
    if (scene / "scripts").exists():
        # In a checkout the package is installed from there.
        environment["PYTHONPATH"] = str(scene / "scripts")
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", step.run],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=300,
    )
    missing = tuple(place for place in step.makes if not (folder / place).exists())
    return Outcome(step, ended.returncode, ended.stdout, missing)
