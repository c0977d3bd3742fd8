"""Exporting a model for other programs, and for `predict` without torch's network."""
