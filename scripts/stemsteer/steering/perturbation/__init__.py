"""Steering by perturbation: taggers hear random subsets of the parts, and a regression tells what each part does."""
