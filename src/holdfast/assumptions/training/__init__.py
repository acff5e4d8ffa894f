"""Assumptions about what gradients reach and what training costs."""
