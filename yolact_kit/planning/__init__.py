"""Fills a configuration from a data set and a machine."""
