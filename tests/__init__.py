"""Tests: one folder a room of the package, and tests/end_to_end/ for the whole way."""
