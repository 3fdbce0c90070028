"""What to set for Slurm where `sbatch` refuses a job, which it says in words of its own."""

PLACE = "in profiles/slurm/config.yaml, or in your copy of it"

# What `sbatch` says (Slurm's slurm_errno.c), and what to set.
HINTS = {
    "invalid partition specified": (
        "set slurm_partition to one of this cluster's partitions (sinfo --format='%P %G' lists them with their GPUs)"
    ),
    "Invalid account or account/partition combination": (
        "set slurm_account (sacctmgr show associations user=$USER lists yours)"
    ),
    "Invalid generic resource (gres) specification": (
        "this cluster names its GPUs otherwise: set gpu, or gres and gpu_model (sinfo --format='%P %G' lists them)"
    ),
    "Invalid qos specification": "set qos to one that your account may use (sacctmgr show associations user=$USER)",
    "Requested node configuration is not available": (
        "no node has what a job asks for: look at slurm_partition, gpu, gres, constraint, its memory and its cores"
    ),
    "Requested time limit is invalid": "the partition's longest time is shorter: set runtime for that rule",
}


def hint(log: str) -> str | None:
    """One sentence for a log of Snakemake's in which `sbatch` refused a job, or nothing."""
    for refusal, advice in HINTS.items():
        if refusal.lower() in log.lower():
            return f"hint: Slurm refused a job ({refusal}): {PLACE}, {advice}"
    return None
