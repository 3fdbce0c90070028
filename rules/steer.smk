"""The steering: one job for each run, track and source, or for each run and track (`sources_together`).

Inputs: results/audio/<track>/mono.wav and the quality of its codes; or mixture.wav, where a run steers parts of it. Outputs, in results/runs/<run>/estimates/<track>/:
<source>.wav (the steered signal, of the rate and channels of the input), <source>.history.tsv (loss and tag probability at every step),
<source>.json (settings, seeds, weights, before and after). While it runs, results/checkpoints/<run>/<track>/ holds what an
interrupted job goes on from. results/answers/<track>/ keeps what taggers answered about parts, for sources asked for later.
"""


include: "functions/steer.smk"


STEERING_GROUPS = steering_groups()
# What one job is for.
STEERED = "{run}/{track}/all" if PLAN.config.steers_sources_together else "{run}/{track}/{source}"


# The outputs of a rule cannot depend on its wildcards: in jobs for all sources of a track, the tracks of a run with the
# same sources share a rule.
for number, (sources, runs, tracks, kept) in enumerate(STEERING_GROUPS):

    rule:
        name:
            f"steer_{number}" if number else "steer"
        input:
            signal=signal_to_steer(),
            quality=quality_of_codes,
        output:
            steered=steered_files(sources, kept),
            history=updated(estimate_files(sources, ".history.tsv")),
            record=updated(estimate_files(sources, ".json")),
        log:
            f"logs/steer/{STEERED}.log",
        benchmark:
            f"logs/steer/{STEERED}.benchmark.tsv"
        wildcard_constraints:
            run=runs,
            track=tracks,
        conda:
            "../envs/torch.yaml"
        threads: by_run(threads_of)
        resources:
            **turn_on_the_gpu(),
            **system_tmpdir(),
            mem_mb=steering_memory,
            runtime=steering_time,
        params:
            run=run_of,
            track=track_of,
            sources=sources_of_job,
            generator=group_of("generator"),
            codec=by_run(codec_of),
            content_of_codec=by_run(content_of_codec_of),
            taggers=group_of("taggers"),
            own_taggers=by_run(own_taggers_of),
            content_of_own_taggers=by_run(content_of_own_taggers),
            own_sources=own_sources_of_job if PLAN.config.own_sources else {},
            steering=group_of("steering"),
            mask=group_of("mask"),
            prompted_sources=prompted_sources if PLAN.has_prompt_taggers else [],
            method=METHOD_VERSION,
            device=PLAN.config.device,
        script:
            "../scripts/steer.py"

    # What a profile sets for the rule `steer` goes for all of them.
    if number:
        set_as_for(f"steer_{number}", "steer")
