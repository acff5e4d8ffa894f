"""Speed, measured side by side, and statistics tried by simulation: `python -m bench [NAME...] [--quick]`."""
