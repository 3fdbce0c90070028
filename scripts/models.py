"""Fetch the weights that the config needs and verify them; jobs on compute nodes never download."""

import logging
from typing import Any

from stemsteer.errors import told_in_log
from stemsteer.models import fetch, registry


def main(job: Any) -> None:
    # A weights setting may also be the path of a checkpoint of the user's own.
    for name in sorted({name for name in job.params.models if name in registry()}):
        path = fetch(name)
        logging.info("%s: %s (licence: %s)", name, path, registry()[name].licence)


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
