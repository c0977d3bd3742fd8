"""Predictions: sources, the predictor, drawing and the writers of every output format."""
