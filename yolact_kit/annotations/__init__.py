"""Annotation files of every format, and the one in-memory form between them."""
