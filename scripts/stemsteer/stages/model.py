"""Fetch the weights of a model and verify them, before any job needs them."""

import logging
from pathlib import Path

from stemsteer.files import make_link, written_whole
from stemsteer.models.registry import registry
from stemsteer.models.weights import fetch


def fetch_model(name: str, *, link_out: Path) -> None:
    """Fetch a model of the registry, unless it is on this machine, and link to its file.

    Raises:
        UserError: the file cannot be fetched, or it is not the published one.
    """
    path = fetch(name)
    logging.info("%s: %s (licence: %s)", name, path, registry()[name].licence)
    with written_whole(link_out) as part:
        make_link(part, path.absolute())
