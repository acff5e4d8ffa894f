"""Attribution on trial: faults planted where nobody can see them, and whom the verdicts blame."""
