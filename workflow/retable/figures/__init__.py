"""Figures drawn from confusion matrices and training histories."""
