"""The listening page, also over what there is when jobs failed.

Inputs: all stems and scores. Output: results/report/index.html, with its audio and pictures beside it.
"""

import subprocess

from stemsteer.files import write_json


def report_what_exists() -> None:
    """Write the page when jobs failed: their dependants never run, the report's own job among them."""
    plan, page = Path("results/plan.json"), Path("results/report/index.html")
    write_json(plan, PLAN.as_dict())
    script = Path(workflow.basedir) / "scripts/report.py"
    subprocess.run([sys.executable, script, plan, page])


rule plan:
    output:
        "results/plan.json",
    log:
        "logs/plan.log",
    benchmark:
        "logs/plan.benchmark.tsv"
    params:
        plan=PLAN.as_dict(),
    localrule: True
    conda:
        "../envs/audio.yaml"
    script:
        "../scripts/plan.py"


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
    resources:
        mem_mb=megabytes(2000),
    localrule: True
    conda:
        "../envs/audio.yaml"
    script:
        "../scripts/report.py"


onerror:
    report_what_exists()
