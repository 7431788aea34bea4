"""Baselines: classical classifiers fitted by scikit-learn."""
