"""Decode a known stem at the rate, channels and length of its mixture."""

import logging
from pathlib import Path
from typing import Any

from stemsteer.errors import told_in_log
from stemsteer.files import read_json
from stemsteer.sound.decoding import Facts, decode_reference


def main(job: Any) -> None:
    mixture = Facts.model_validate(read_json(job.input.facts))
    excerpt = job.params.start, job.params.duration
    for warning in decode_reference(job.params.reference, *excerpt, mixture, Path(job.output.reference)):
        logging.warning("warning: %s", warning)


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
