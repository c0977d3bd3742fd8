"""YOLACT and its parts, anchors, and the reading and writing of weights."""
