"""The workflow, run from the command line with one live view in the place of Snakemake's pages of text."""
