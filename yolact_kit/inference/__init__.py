"""Prediction: sources, the predictor, drawing, and a writer for every output format."""
