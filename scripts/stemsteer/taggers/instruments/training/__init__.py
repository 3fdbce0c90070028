"""Training of the taggers of instruments (`snakemake tagger`)."""
