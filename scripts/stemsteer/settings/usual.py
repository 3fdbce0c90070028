"""Which sources a run separates a track into, unless somebody asks for others."""

from collections.abc import Mapping

from stemsteer.models.registry import tagger_models
from stemsteer.settings.run import RunSettings
from stemsteer.steering.settings import FULL_SET
from stemsteer.taggers.labels import find_if_known, labels_of
from stemsteer.taggers.settings import OwnTaggerSettings


def usual_sources(run: RunSettings, own_taggers: Mapping[str, OwnTaggerSettings] | None = None) -> tuple[str, ...]:
    """Those of the sources that compete, or where none do of the full set, that the taggers of a run know.

    Args:
        run: whose taggers are all known.
        own_taggers: those with weights of the user's own, by name.
    """
    own = own_taggers or {}
    models = [own[name].model(name) if name in own else tagger_models()[name] for name in run.taggers.names]
    enough = any if run.steering.one_tagger_suffices else all
    return tuple(
        source
        for source in run.steering.competitors or FULL_SET
        if enough(find_if_known(labels_of(model, [source]), source) for model in models)
    )
