"""Situations that users of labelling and training programs reported, each rebuilt as a small folder from nothing."""
