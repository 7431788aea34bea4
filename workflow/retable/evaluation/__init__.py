"""Predictions to metrics, and the checks of a finished build."""
