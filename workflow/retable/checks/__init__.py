"""Checks that a finished build runs on itself."""
