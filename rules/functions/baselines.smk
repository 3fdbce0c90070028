"""Input and parameter functions of baselines."""


def own_weights_of_codecs() -> list[str]:
    """The weights of all codecs that runs steer, as far as they are files of the user's."""
    return [path for weights in steered_weights() if weights not in registry() for path in watched(weights)]


def published_weights_of_codecs() -> list[str | None]:
    """What tells the weights that runs steer from earlier ones of their names; nothing for each file of the user's."""
    return [published_digest(weights) for weights in steered_weights()]
