"""The command `stemsteer models`."""

import click
from click.shell_completion import CompletionItem

from stemsteer.command_line.catalogue import model_rows, models_text, tsv, vocabulary_names
from stemsteer.command_line.terminal import say, width
from stemsteer.models.registry import downloadable
from stemsteer.models.weights import fetch


def _complete(context: click.Context, parameter: click.Parameter, begin: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in downloadable() if name.startswith(begin)]


@click.group(invoke_without_command=True)
@click.option("--tsv", "as_table", is_flag=True, help="As a table, separated by tabs.")
@click.pass_context
def models(context: click.Context, as_table: bool) -> None:
    """The pretrained models, and where their weights lie on this machine.

    Weights are looked for in the folders of the environment variable STEMSTEER_MODELS and in the cache
    (~/.cache/stemsteer, or in $XDG_CACHE_HOME), and verified before every use. The folder `models` of a config is for
    its workflow only: name it in STEMSTEER_MODELS to have it listed here. Jobs never download weights: `snakemake
    models` fetches those that the runs of a config need, `fetch` any others.

    \b
    Examples:
      stemsteer models                    all models: here, missing, or altered
      stemsteer models --tsv              the same as a table, with licences, citations, addresses
      stemsteer models fetch fcn-mtat     download two megabytes
    """
    if context.invoked_subcommand is None:
        say(tsv(model_rows(vocabulary_names())) if as_table else models_text(width()))


@models.command("fetch")
@click.argument("names", metavar="NAME...", nargs=-1, required=True, shell_complete=_complete)
def fetch_models(names: tuple[str, ...]) -> None:
    """Download models by NAME and verify them; if interrupted, go on when asked again.

    \b
    Example:
      stemsteer models fetch fcn-mtat crnn-msd
    """
    for name in names:
        say(f"{name}: {fetch(name)}")
