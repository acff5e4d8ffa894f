"""Stable regularities, one file each: what is measured, how it is checked, and from where on it is refuted."""
