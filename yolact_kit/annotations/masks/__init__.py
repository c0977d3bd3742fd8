"""Mask pictures: finding them, reading them, and learning what their colours stand for."""
