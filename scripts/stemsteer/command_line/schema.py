"""The command `stemsteer schema`."""

import click

from stemsteer.command_line.terminal import say
from stemsteer.settings.schema import schema_text


@click.command()
def schema() -> None:
    """The JSON schema of config.yaml, made of the same classes that check it.

    It is kept in config.schema.json, so that editors with a YAML language server complete and check a config.

    \b
    Example:
      stemsteer schema > config.schema.json
    """
    say(schema_text())
