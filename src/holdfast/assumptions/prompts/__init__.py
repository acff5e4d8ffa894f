"""Assumptions about prompts and replies."""
