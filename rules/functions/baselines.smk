"""Input and parameter functions of baselines."""


def content_of_codecs() -> list[str]:
    """What tells the weights that runs steer from earlier ones of their names."""
    return [content_of_weights(weights) for weights in steered_weights()]
