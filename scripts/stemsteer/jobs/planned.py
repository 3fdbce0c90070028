"""Every job that a plan asks for, as far as it makes files of tracks, tables or the report."""

from collections.abc import Iterator

from stemsteer.jobs.layout import Job, Layout
from stemsteer.settings.plan import Plan, Stem


def layout_of(plan: Plan) -> Layout:
    """Where the results of a plan lie."""
    return Layout(stem_suffix=plan.stem_suffix, sources_together=plan.config.steers_sources_together)


def jobs_of_tracks(plan: Plan) -> Iterator[Job]:
    """The jobs that are for one track each: from its decoding to its scores."""
    layout, runs = layout_of(plan), plan.config.runs
    references = references_needed(plan)
    codes = dict.fromkeys((runs[stem.run].codec, stem.track) for stem in plan.stems)
    tracks = dict.fromkeys([*(stem.track for stem in plan.stems), *(track for track, _ in references)])
    yield from (layout.decode(track) for track in tracks)
    yield from (layout.decode_reference(*reference) for reference in references)
    yield from (layout.encode(codec, track) for codec, track in codes if codec is not None)
    reconstructed = dict.fromkeys(
        (codec, stem.track)
        for stem in plan.stems
        if runs[stem.run].needs_reconstruction and (codec := runs[stem.run].codec) is not None
    )
    yield from (layout.reconstruct(*each) for each in reconstructed)
    yield from (layout.steer(*place) for place in steered(plan))
    yield from (layout.make_stems(*place) for place in steered(plan))
    yield from (layout.export(*place) for place in exported(plan))
    yield from (layout.evaluate(stem.run, stem.track, stem.source) for stem in scored_stems(plan))
    yield from _comparing(plan, layout)


def steered(plan: Plan) -> Iterator[tuple[str, str, list[str]]]:
    """Run, track and sources of each job that steers."""
    for run in plan.config.runs:
        for track in plan.tracks:
            sources = plan.sources_of(run, track)
            for together in [sources] if plan.config.steers_sources_together else [[source] for source in sources]:
                if together:
                    yield run, track, together


def exported(plan: Plan) -> list[tuple[str, str]]:
    """Run and track of each job that exports stems."""
    return list(dict.fromkeys((stem.run, stem.track) for stem in plan.stems)) if plan.config.export else []


def _comparing(plan: Plan, layout: Layout) -> Iterator[Job]:
    compared = dict.fromkeys((stem.track, stem.source) for stem in plan.baseline_stems)
    baselines = list(plan.config.baseline_runs)
    yield from (layout.make_baselines(baselines, track, source) for track, source in compared)
    yield from (layout.run_peer(stem.run, stem.track, stem.source) for stem in plan.peer_stems)


def scored_stems(plan: Plan) -> list[Stem]:
    """The stems of runs that have a reference."""
    return [stem for stem in plan.stems if stem.source in plan.tracks[stem.track].references]


def references_needed(plan: Plan) -> list[tuple[str, str]]:
    """Track and source of each reference that something is scored against."""
    scored = (*scored_stems(plan), *plan.baseline_stems, *plan.peer_stems)
    return list(dict.fromkeys((stem.track, stem.source) for stem in scored))


def jobs_of_all_tracks(plan: Plan) -> list[Job]:
    """The jobs that are there once, in the order in which they run."""
    layout = layout_of(plan)
    return [layout.plan_file(), layout.gather(), layout.summarise(), layout.draw(), layout.report()]
