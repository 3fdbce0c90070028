"""Input and parameter functions of weights."""

from stemsteer.models.registry import downloadable


def model_links() -> list[str]:
    """Links to the weights that the runs need and that have to be fetched."""
    needed = {tagger for run in PLAN.config.runs.values() for tagger in run.taggers.names}
    needed |= {*steered_weights(), *PLAN.judges}
    return [f"results/models/{model}" for model in downloadable() if model in needed]
