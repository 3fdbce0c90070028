"""Run `stemsteer` in this process."""

from click.testing import CliRunner

from stemsteer.command_line.main import main


def stemsteer(*arguments: str, status: int = 0) -> tuple[str, str]:
    """What a command that ends with a status prints, and what it tells on stderr."""
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == status, result.output
    return result.stdout, result.stderr
