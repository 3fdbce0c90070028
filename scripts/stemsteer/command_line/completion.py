"""The command `stemsteer completion`."""

import click
from click.shell_completion import get_completion_class

from stemsteer.command_line.terminal import say

START_FILES = {
    "bash": ("~/.bashrc", 'eval "$(stemsteer completion bash)"'),
    "zsh": ("~/.zshrc, below compinit", 'eval "$(stemsteer completion zsh)"'),
    "fish": ("~/.config/fish/config.fish", "stemsteer completion fish | source"),
}
"""Of each shell the file that it reads when it starts, and the line that goes there."""

ABOUT = """\
A script that lets a shell complete commands, options and names with the Tab key.

Put one line into the file that your shell reads when it starts, and open a new terminal:

\b
"""
LINES = "\n".join(f"  {f'{shell}, in {file}:':<38} {line}" for shell, (file, line) in START_FILES.items())


@click.command(help=ABOUT + LINES)
@click.argument("shell", type=click.Choice(list(START_FILES)))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script of a shell, with the line for the file that it reads when it starts."""
    script = get_completion_class(shell)
    assert script is not None
    file, line = START_FILES[shell]
    say(script(context.find_root().command, {}, "stemsteer", "_STEMSTEER_COMPLETE").source())
    say(f"# In {file}: {line}")
