"""Decode a track: its mixture as it is, the model's 44.1 kHz mono signal, and the facts about its file."""

import logging
from pathlib import Path
from typing import Any

from stemsteer.errors import told_in_log
from stemsteer.files import write_json
from stemsteer.sound.decoding import decode


def main(job: Any) -> None:
    excerpt = job.params.start, job.params.duration
    facts = decode(job.params.mixture, *excerpt, Path(job.output.mixture), Path(job.output.model))
    for warning in facts.warnings:
        logging.warning("warning: %s", warning)
    logging.info("%s, %d Hz, %d channels, %.3f s", facts.codec, facts.sample_rate, facts.channels, facts.duration_s)
    write_json(job.output.facts, facts.model_dump())


if __name__ == "__main__":
    job = globals()["snakemake"]
    with told_in_log(job.log[0]):
        main(job)
