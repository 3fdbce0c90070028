"""Input and parameter functions of codes."""


def weights_of_codec(wildcards) -> dict:
    return PLAN.config.codecs[PLAN.names.codecs[wildcards.codec]].model_dump()


def published_weights_of_codec(wildcards) -> str | None:
    """What tells a codec's weights, if they are published ones, from earlier ones of their name."""
    return published_digest(weights_of_codec(wildcards)["weights"])


def own_weights_of_codec(wildcards) -> list[str]:
    """The weights of a codec, if they are a file of the user's: another file redoes what came from the last."""
    weights = weights_of_codec(wildcards)["weights"]
    return [] if weights in registry() else watched(weights)
