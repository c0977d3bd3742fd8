"""Geometry on arrays: rings, run lengths, crops, outlines and measures; it knows no file and no tensor."""
