"""The command `stemsteer tags`."""

import click
from click.shell_completion import CompletionItem

from stemsteer.command_line.catalogue import tag_rows, tags_text, tsv, vocabulary_names
from stemsteer.command_line.terminal import say, width
from stemsteer.errors import UserError
from stemsteer.names import did_you_mean
from stemsteer.taggers.vocabularies import sources


def _complete(context: click.Context, parameter: click.Parameter, begin: str) -> list[CompletionItem]:
    names = dict.fromkeys([*sources(), *(row["tag"] for row in tag_rows(vocabulary_names()))])
    return [CompletionItem(name) for name in names if name.startswith(begin)]


@click.command()
@click.argument("text", default="", shell_complete=_complete)
@click.option(
    "--vocabulary",
    "vocabularies",
    type=click.Choice(vocabulary_names()),
    multiple=True,
    help="Only this one; may be given several times.",
)
@click.option("--tsv", "as_table", is_flag=True, help="The tags as a table, separated by tabs.")
def tags(text: str, vocabularies: tuple[str, ...], as_table: bool) -> None:
    """Sources, tags, pretrained models and ready-made runs: all, or those that have TEXT in their name.

    A source of the config (`sources: [vocals, piano]`) stands for one or more tags of a tagger. Any tag can be asked
    for as well, by its name or, where a source has the same name, as `tag:piano`. A tagger can steer only to what its
    vocabulary names: mtat (MagnaTagATune), msd (Million Song Dataset), jamendo (MTG-Jamendo) or audioset (AudioSet).

    \b
    Examples:
      stemsteer tags                      everything
      stemsteer tags piano                sources, tags, models and runs with piano in their name
      stemsteer tags --vocabulary mtat    what the taggers trained on MagnaTagATune know
      stemsteer tags --tsv > tags.tsv     for pandas.read_csv("tags.tsv", sep="\\t"):
                                          columns vocabulary, index, tag and sources
    """
    chosen = vocabularies or vocabulary_names()
    if as_table and (rows := tag_rows(chosen, text)):
        say(tsv(rows))
    elif not as_table and (found := tags_text(chosen, text, width())):
        say(found)
    else:
        hint = did_you_mean(text, (row["tag"] for row in tag_rows(chosen)))
        raise UserError(f"nothing has {text!r} in its name{hint}; `stemsteer tags` lists everything")
