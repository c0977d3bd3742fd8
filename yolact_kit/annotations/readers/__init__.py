"""Readers of label files, one file per format."""
