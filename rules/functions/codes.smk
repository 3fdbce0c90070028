"""Input and parameter functions of codes."""


def weights_of_codec(wildcards) -> dict:
    return PLAN.config.codecs[PLAN.names.codecs[wildcards.codec]].model_dump()


def content_of_codec(wildcards) -> str:
    """What tells the weights of a codec from earlier ones of their name: others redo what came from the last."""
    return content_of_weights(weights_of_codec(wildcards)["weights"])
