"""What users type for Snakemake, where it would misunderstand them."""

import json
from collections.abc import Iterable
from pathlib import Path

from stemsteer.errors import UserError

GREEDY = "{option} takes all that follows it, so targets stand before it, as in `stemsteer run plan {option} ...`"


def check_config_files(files: Iterable[Path]) -> None:
    """See that the files after `--configfile` are there.

    Raises:
        UserError: one is not; it may be a target.
    """
    for file in files:
        if not file.is_file():
            raise UserError(f"there is no config file {str(file)!r}; " + GREEDY.format(option="--configfile"))


def as_typed(setting: str) -> str:
    """What stands after `--config`, so that Snakemake gives the place of the music as it was typed.

    It would take 2023_01 for a number and what follows a # for a comment. Quotes prevent that, but only with blanks
    around them: it takes away those that stand at the ends.

    Raises:
        UserError: it is no setting; it may be a target.
    """
    key, is_setting, value = setting.partition("=")
    if not is_setting:
        raise UserError(f"{setting!r} is no setting, which looks like KEY=VALUE; " + GREEDY.format(option="--config"))
    if key != "tracks" or not value or value != value.strip():
        return setting
    typed = json.dumps(value.strip("\"'"), ensure_ascii=False)
    return f"{key}= {typed} "
