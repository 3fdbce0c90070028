"""Input and parameter functions of peers."""


def peer_of(wildcards) -> str:
    """The name of the peer that a job is for."""
    return PLAN.names.peers[wildcards.peer]


def peer_settings(wildcards) -> dict:
    return PLAN.config.peers[peer_of(wildcards)].model_dump(mode="json")


def content_of_peer(wildcards) -> list[str]:
    """What is in the weights of a peer: other ones redo what came from the last."""
    files = sorted(PLAN.config.peers[peer_of(wildcards)].weights.iterdir())
    return [CONTENTS.of_weights(str(file)) for file in files if file.is_file()]
