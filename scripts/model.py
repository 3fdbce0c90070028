"""Fetch the weights of a model and verify them; jobs on compute nodes never download."""

import logging
from typing import Any

from stemsteer.errors import told_in_log
from stemsteer.files import written_whole
from stemsteer.models.registry import fetch, registry


def main(job: Any) -> None:
    name = job.wildcards.model
    path = fetch(name)
    logging.info("%s: %s (licence: %s)", name, path, registry()[name].licence)
    with written_whole(job.output[0]) as link:
        link.symlink_to(path.absolute())


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
