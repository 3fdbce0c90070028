"""The listening page, also over what there is when jobs failed.

Inputs: all stems and scores. Output: results/report/index.html, with its audio and pictures beside it.
"""

import subprocess

from stemsteer.files import write_json
from stemsteer.slurm_hints import hint


rule report:
    input:
        stem_files(),
        plan="results/plan.json",
        scores="results/scores.tsv",
    output:
        page="results/report/index.html",
    log:
        "logs/report.log",
    benchmark:
        "logs/report.benchmark.tsv"
    conda:
        "../envs/audio.yaml"
    resources:
        mem_mb=report_memory,
        runtime=report_time,
    script:
        "../scripts/report.py"


onerror:
    for written in map(Path, log):
        if advice := hint(written.read_text(encoding="utf-8", errors="replace")):
            print(advice, file=sys.stderr)
    # What depends on a failed job never runs, the report and the table of all scores among it: here they are written
    # over what there is.
    write_json("results/plan.json", PLAN.as_dict())
    script = Path(workflow.basedir) / "scripts/report.py"
    subprocess.run([sys.executable, script, "results/plan.json", "results/report/index.html"])
    from scores import gather

    gather([table for table in score_files() if Path(table).exists()], Path("results/scores.tsv"))
