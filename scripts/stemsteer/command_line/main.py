"""The command `stemsteer`."""

import errno
import logging
import pkgutil
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem

from stemsteer import __version__
from stemsteer.errors import DISK_FULL, UserError
from stemsteer.names import did_you_mean


class Entry(NamedTuple):
    """A command: the click command as `module:attribute`, and what it does in a line."""

    place: str
    summary: str


COMMANDS = {
    "separate": Entry("stemsteer.command_line.separate:separate", "Separate songs, or folders of them, into stems."),
    "run": Entry("stemsteer.command_line.run:run", "Run or go on with the workflow of a folder, with a live view."),
    "init": Entry("stemsteer.command_line.init:init", "Make a folder with a config and a table to start from."),
    "report": Entry("stemsteer.command_line.report:report", "Write the listening page anew over what there is."),
    "tags": Entry("stemsteer.command_line.tags:tags", "List sources, tags, models and ready-made runs."),
    "models": Entry("stemsteer.command_line.models:models", "List the pretrained models, or fetch some."),
    "tracks": Entry("stemsteer.command_line.tracks:tracks", "Make a table of the tracks of a data set."),
    "doctor": Entry("stemsteer.command_line.doctor:doctor", "Check what separation needs on this machine."),
    "schema": Entry("stemsteer.command_line.schema:schema", "Print the JSON schema of config.yaml."),
    "completion": Entry("stemsteer.command_line.completion:completion", "Print a script that completes commands."),
}
"""The commands in the order of the help."""


ADVICE = dict.fromkeys(DISK_FULL, "make room on the disk and run again") | dict.fromkeys(
    (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR), "check the path, or use a folder that you may write to"
)
"""What a user can do about an error of the operating system, by its number."""


class Commands(click.Group):
    """A group that imports a command when it is run, and ends it by sentences and exit statuses."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, imported."""
        return pkgutil.resolve_name(COMMANDS[cmd_name].place) if cmd_name in COMMANDS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names; a misspelt one is told with the nearest name."""
        name = args[0]
        if name not in COMMANDS and not ctx.resilient_parsing:
            ctx.fail(f"there is no command {name!r}{did_you_mean(name, COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands in the help, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands and options that begin so, without importing them."""
        names = [name for name in COMMANDS if name.startswith(incomplete)]
        commands = [CompletionItem(name, help=COMMANDS[name].summary) for name in names]
        return commands + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a user's mistake, a full disk or Ctrl-C ends it without a stack trace."""
        try:
            return super().invoke(ctx)
        except UserError as error:
            _fail(ctx, str(error))
        except OSError as error:
            if error.errno not in ADVICE:
                raise
            _fail(ctx, f"{error}; {ADVICE[error.errno]}")
        except KeyboardInterrupt:
            ctx.exit(130)  # as shells count it


def _fail(context: click.Context, sentence: str) -> None:
    click.echo(f"error: {sentence}", err=True)
    context.exit(1)


@click.group(
    "stemsteer",
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`stemsteer COMMAND --help` explains a command and has examples. `stemsteer completion --help` tells how to "
    "let your shell complete commands, options and names.",
)
@click.version_option(__version__, message="StemSteer %(version)s")
def main() -> None:
    """Separate sources out of music by steering with pretrained music taggers."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
