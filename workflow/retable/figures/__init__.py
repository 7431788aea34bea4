"""Figures, each drawn from the files that its kind in `retable.spec.figure` names."""
