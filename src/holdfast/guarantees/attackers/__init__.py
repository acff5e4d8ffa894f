"""Guarantees about what an attack costs, whatever the defence."""
