"""Guarantees of defences around the model, and of several models together."""
