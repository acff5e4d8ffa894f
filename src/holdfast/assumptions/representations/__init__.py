"""Assumptions about what activations hold, and how behaviours are written in them."""
