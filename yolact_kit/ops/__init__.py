"""Pure tensor functions: boxes, non-maximum suppression, mask assembly."""
