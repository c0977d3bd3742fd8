"""Annotation files of every format, and the in-memory form between them."""
