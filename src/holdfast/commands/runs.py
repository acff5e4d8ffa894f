"""Which finished runs a command line names: run folders, folders of them, or claims that were checked before."""

from pathlib import Path

from holdfast.claims.load import parse_claim, read_claim, read_mapping
from holdfast.core.errors import UsageError
from holdfast.run import claim_of, read_plan, runs_in


def runs_of(path: Path, out: Path) -> list[Path]:
    """The runs that a path stands for: folders of `check`, or a claim file whose run lies under `out`.

    Raises UsageError with the command to run where there is none, or where it is of another version of the claim.
    """
    if path.is_dir():
        return runs_in([path])
    if not path.exists():
        raise UsageError(f"{path} does not exist; give a run folder, or a claim file that was checked.")
    claim = read_claim(path)
    run = out / claim.claim
    command = f"'holdfast check {path} --out {out}'"
    if not (run / "plan.json").exists():
        raise UsageError(f"{path} has no finished run under {out}; make it with {command}, then come back.")
    plan = read_plan(run)
    if claim_of(run, plan) != parse_claim(read_mapping(path), str(path), plan.overrides):
        raise UsageError(f"{run} is of another version of {path}; run {command} again, or give the run folder.")
    return [run]
