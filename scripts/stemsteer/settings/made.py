"""Files that workflows have made among those of a user: they are no songs to separate."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from stemsteer.exports.records import exported_in

RESULTS, PLAN = "results", "results/plan.json"


def not_made(files: Iterable[Path], folder: Path) -> list[Path]:
    """Those of some files in a folder and its subfolders that no workflow has made.

    Workflows are that of the working directory, and those that have written their plan in the folder or a subfolder.
    """
    here, root = Path.cwd(), folder.resolve()

    @cache
    def made_in(workflow: Path) -> set[Path]:
        is_one = workflow == here or (workflow / PLAN).is_file()
        return {workflow / RESULTS, *exported_in(workflow)} if is_one else set()

    def is_made(file: Path) -> bool:
        places = [file, *file.parents]
        below = [place for place in places[1:] if place.is_relative_to(root)]
        return any(not made_in(workflow).isdisjoint(places) for workflow in (here, *below))

    return [file for file in files if not is_made(root / file.relative_to(folder))]
