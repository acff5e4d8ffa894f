"""`holdfast export`: verdicts in the formats of other tools."""

from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

from holdfast.core.errors import UsageError, nearest
from holdfast.core.files import write_whole
from holdfast.reports.cyclonedx import cyclonedx
from holdfast.reports.gsn import gsn_yaml
from holdfast.reports.gsn_svg import gsn_svg
from holdfast.reports.junit import junit_xml
from holdfast.reports.sarif import sarif
from holdfast.reports.subject import Subject
from holdfast.run import claim_of, read_plan, runs_in
from holdfast.verdicts.verdict import read_verdict


def _junit(subjects: Sequence[Subject]) -> str:
    return junit_xml([subject.verdict for subject in subjects])


FORMATS: dict[str, Callable[[Sequence[Subject]], str]] = {
    "sarif": sarif,
    "cyclonedx": cyclonedx,
    "gsn": gsn_yaml,
    "gsn-svg": gsn_svg,
    "junit": _junit,
}


def export(paths: Sequence[Path], form: str, out: Path | None) -> bytes | str:
    """The export as UTF-8 bytes; with `out` it is written there, and a sentence says so. Raises UsageError."""
    if form not in FORMATS:
        raise UsageError(f"unknown format {form!r}; {nearest(form, FORMATS)}")
    if out is not None and (out.is_dir() or not out.parent.is_dir()):
        raise UsageError(f"cannot write {out}; give --out the name of a file in a folder that exists.")
    subjects = [_subject(run) for run in runs_in(paths)]
    text = FORMATS[form](subjects)
    if out is None:
        return text.encode()
    write_whole(out, text)
    return f"wrote {out} about {len(subjects)} claim{'s' if len(subjects) > 1 else ''}."


def _subject(run: Path) -> Subject:
    claim, where = claim_of(run, read_plan(run)), _uri(run / "claim.yaml")
    return Subject(read_verdict(run / "verdict.json"), claim.system.target, claim.tags, where, claim.risk)


def _uri(path: Path) -> str:
    """Where a claim lies, as other tools want it: relative to where the command runs, else to its run's folder."""
    whole = path.resolve()
    near = whole.relative_to(Path.cwd()) if whole.is_relative_to(Path.cwd()) else Path(whole.parent.name, whole.name)
    return quote(near.as_posix())
