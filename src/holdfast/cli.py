"""The command line. Everything heavy is imported inside the command that needs it, so that help is instant."""

import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

import holdfast
from holdfast.core.errors import HoldfastError, UsageError

app = typer.Typer(
    name="holdfast",
    help="State a security claim about a language model, attack it as an adaptive adversary would, judge it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
organism = typer.Typer(
    help="Build small models of a fictional world, or teach that world to a given model.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(organism, name="organism")

MODELS_EXTRA = ("torch", "transformers", "tokenizers", "peft", "safetensors", "accelerate", "huggingface_hub")

Claims = Annotated[list[Path], typer.Argument(metavar="CLAIM...", help="Claim files (YAML).")]
Runs = Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders, or a folder of them.")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the run folders go, one a claim.")]
Finished = Annotated[list[Path], typer.Argument(metavar="RUN_OR_CLAIM...", help="Run folders, or claims with one.")]
Where = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the claims' run folders lie.")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a key of the claim.")]


def main() -> None:
    """Run the command line; an error that was raised on purpose is one sentence and its exit code."""
    try:
        app()
    except HoldfastError as error:
        sys.stderr.write(f"holdfast: {error}\n")
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - a fault of the tool must not exit 1: that says a claim is broken
        if isinstance(error, ModuleNotFoundError) and str(error.name).split(".")[0] in MODELS_EXTRA:
            sys.stderr.write(f"holdfast: this needs {error.name}; install it: pip install 'holdfast[models]'\n")
            sys.exit(2)
        traceback.print_exc()
        sys.stderr.write("holdfast: this is a fault of the tool; what was finished is kept.\n")
        sys.exit(3)
    except KeyboardInterrupt:
        sys.stderr.write("holdfast: interrupted; run the same command again and it goes on where it was.\n")
        sys.exit(3)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"holdfast {holdfast.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """Security claims about language models: what holds, what broke, and what is to blame."""


@app.command()
def demo(
    out: Out = Path("runs/demo"),
    workers: Annotated[int | None, typer.Option(help="Worker processes; one a core by default.")] = None,
) -> None:
    """The tour: build the organism, check the shipped claims, compare with their known verdicts."""
    from holdfast.commands.demo import run_demo

    raise typer.Exit(run_demo(out, workers))


@app.command()
def check(
    claims: Claims,
    out: Out = Path("runs"),
    set_: Set = None,
    engine: Annotated[str, typer.Option(help="Where cells run: local.")] = "local",
    workers: Annotated[int | None, typer.Option(help="Worker processes; one a core by default.")] = None,
    expect: Annotated[Path | None, typer.Option(metavar="FILE", help="Exit 0 iff the verdicts are these.")] = None,
    fail_on: Annotated[str | None, typer.Option(metavar="WORDS", help="Exit 1 on any of these verdicts.")] = None,
    require: Annotated[str | None, typer.Option(metavar="VERDICT", help="Exit 1 unless all are this.")] = None,
    baseline: Annotated[Path | None, typer.Option(metavar="FILE", help="Say what changed since.")] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML.")] = None,
) -> None:
    """Attack the claims and judge them. Repeated, it resumes; what is done is not done again."""
    from holdfast.commands.check import Gates, run_check

    gates = Gates(expect=expect, fail_on=fail_on, require=require, baseline=baseline, junit=junit)
    raise typer.Exit(run_check(claims, out, tuple(set_ or ()), engine, workers, gates))


@app.command()
def plan(
    claims: Claims,
    set_: Set = None,
    rehearsal: Annotated[bool, typer.Option(help="Time small plays on this machine first.")] = True,
    workers: Annotated[int | None, typer.Option(help="Worker processes; one a core by default.")] = None,
) -> None:
    """What checking would cost, and the smallest bound it could reach, before anything is spent."""
    from holdfast.commands.plan import print_plans

    print_plans(claims, tuple(set_ or ()), rehearsal=rehearsal, workers=workers)


@app.command()
def bound(claims: Claims, set_: Set = None) -> None:
    """What follows from a claim's guarantee, and how that moves with each assumption that fits; runs nothing."""
    from holdfast.commands.bound import print_bounds

    print_bounds(claims, tuple(set_ or ()))


@app.command()
def init(
    target: Annotated[str, typer.Option("--target", metavar="PATH", help="A folder, cached id, organism or URL.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The claim file to write.")] = Path("claim.yaml"),
) -> None:
    """Write a first claim that this target supports."""
    from holdfast.commands.init import write_first_claim

    typer.echo(write_first_claim(target, out))


@app.command("list")
def list_(
    kind: Annotated[str | None, typer.Argument(metavar="[KIND]", help="attacks, defences, claims ...")] = None,
    access: Annotated[
        str | None, typer.Option(metavar="WORDS", help="With attacks: what this access allows, e.g. query,logits.")
    ] = None,
) -> None:
    """What there is: attacks, defences, judges, worlds, claims."""
    if access is not None:
        if kind != "attacks":
            raise UsageError("--access belongs to attacks; write 'holdfast list attacks --access query'.")
        from holdfast.commands.access import print_allowed

        print_allowed(access)
        return
    from holdfast.commands.catalogue import print_list

    print_list(kind)


@app.command()
def show(name: Annotated[str, typer.Argument(metavar="[KIND/]NAME")]) -> None:
    """One attack, defence, world or claim: what it is, its settings, its source."""
    from holdfast.commands.catalogue import print_one

    print_one(name)


@app.command()
def verify(
    runs: Runs,
    replay: Annotated[str | None, typer.Option(metavar="CELL", help="Play this cell again from nothing.")] = None,
) -> None:
    """Recompute verdicts from the sealed evidence, offline; exit 3 if one differs from what is written."""
    from holdfast.commands.verify import replay_cell, verify_runs

    if replay is None:
        verify_runs(runs)
    else:
        replay_cell(runs, replay)


@app.command()
def report(
    runs: Runs,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The page to write.")] = Path("report.html"),
    policy: Annotated[list[str] | None, typer.Option(metavar="FILE", help="Judge under this policy too.")] = None,
) -> None:
    """Write one self-contained HTML page about several runs."""
    from holdfast.commands.report import write_report

    typer.echo(write_report(runs, out, tuple(policy or ())))


@app.command()
def export(
    runs: Runs,
    format_: Annotated[str, typer.Option("--format", help="sarif, cyclonedx, gsn, gsn-svg or junit.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The file to write; stdout by default.")] = None,
) -> None:
    """Write verdicts in the formats of other tools: code scanning, software inventories, safety cases, CI."""
    from holdfast.commands.export import export as write

    done = write(runs, format_, out)
    typer.echo(done, nl=isinstance(done, str))


@app.command()
def cost(
    runs: Finished,
    out: Where = Path("runs"),
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Swap a heuristic; all are printed.")
    ] = None,
    axis: Annotated[str | None, typer.Option(help="Rank by it: queries, tokens, steps, flops, money ...")] = None,
    json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False,
) -> None:
    """The security level: what the cheapest known attack costs, one line an attack, every heuristic named."""
    from holdfast.commands.cost import print_costs

    print_costs(runs, out, tuple(set_ or ()), axis, as_json=json)


@app.command()
def judge(
    runs: Finished,
    policy: Annotated[
        list[str], typer.Option("--policy", metavar="FILE", help="A policy file, or the name of a shipped one.")
    ],
    out: Where = Path("runs"),
    json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False,
) -> None:
    """The same evidence under several policies, side by side. Exit 1 where one is not met, 4 where none can tell."""
    from holdfast.commands.judge import judge_runs

    raise typer.Exit(judge_runs(runs, out, policy, as_json=json))


@app.command()
def rare(
    claims: Claims,
    out: Out = Path("runs"),
    set_: Set = None,
    user: Annotated[
        Path | None, typer.Option(metavar="FILE", help="How users write: words, before, after, word, typo (YAML).")
    ] = None,
    queries: Annotated[int, typer.Option(metavar="N", help="About how many may be put to the system.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Of all that is drawn.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False,
) -> None:
    """How rarely an ordinary user, who does not attack, makes the system fail; beside it what plain sampling says."""
    from holdfast.commands.rare import print_rates

    print_rates(claims, out, tuple(set_ or ()), user, queries, seed, as_json=json)


@app.command()
def calibrate(
    quick: Annotated[bool, typer.Option("--quick", help="The rows that need least time.")] = False,
    out: Out = Path("runs/calibrate"),
    results: Annotated[Path | None, typer.Option(metavar="DIR", help="Where it goes whom each case blamed.")] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes; one a core by default.")] = None,
) -> None:
    """Put the bench itself on trial: systems whose right verdict, or whose culprit, is known. Exit 1 on any fault."""
    from holdfast.calibration.bench import run_calibration

    raise typer.Exit(run_calibration(out, quick=quick, workers=workers, results=results))


@app.command()
def survival(
    quick: Annotated[bool, typer.Option("--quick", help="Six defences, six adversaries, one seed.")] = False,
    preset: Annotated[str, typer.Option(help="Which organism: nano, micro, small or base.")] = "nano",
    rows: Annotated[str | None, typer.Option(metavar="NAMES", help="Only these defences, e.g. tar,rmu.")] = None,
    adversaries: Annotated[str | None, typer.Option(metavar="TIER", help="quick, twelve or all.")] = None,
    seeds: Annotated[int | None, typer.Option(help="Runs of each adversary against each defence.")] = None,
    steps: Annotated[int | None, typer.Option(help="Training steps an adversary may take.")] = None,
    add: Annotated[list[str] | None, typer.Option(metavar="FILE.py:CLASS", help="A defence of your own.")] = None,
    target: Annotated[str, typer.Option(metavar="TWIN", help="With --add: the model it is put on.")] = "safe",
    base: Annotated[str | None, typer.Option(metavar="PATH", help="A public base that attackers hold.")] = None,
    ablation: Annotated[bool, typer.Option(help="Also build each training defence with its own term off.")] = True,
    device: Annotated[str, typer.Option(help="Where models live, e.g. cuda:0.")] = "cpu",
    search: Annotated[int, typer.Option(metavar="N", help="Settings to try of each adversary on each row.")] = 0,
    out: Out = Path("runs/survival"),
    results: Annotated[Path | None, typer.Option(metavar="DIR", help="Where the table goes.")] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes; one a core by default.")] = None,
) -> None:
    """The survival table: defences in the weights against adversaries who hold the file. Repeated, it resumes."""
    from holdfast.commands.survival import Options, run

    options = Options(quick=quick, preset=preset, only=rows, tier=adversaries, seeds=seeds, steps=steps,
                      add=tuple(add or ()), target=target, base=base, ablation=ablation, device=device, search=search)
    raise typer.Exit(run(options, out, results, workers))


@app.command()
def adjudicate(
    run: Annotated[Path, typer.Argument(metavar="RUN")],
    sheet: Annotated[Path, typer.Option(metavar="FILE", help="The sheet to write, or to read.")] = Path("sheet.csv"),
    labels: Annotated[bool, typer.Option("--labels", help="Read the filled sheet; print the judge's error.")] = False,
    sample: Annotated[int, typer.Option(min=1, help="How many non-flags to add to the flags.")] = 100,
) -> None:
    """A blind CSV of flags and sampled non-flags for a person to label, and the judge's error from it."""
    from holdfast.commands.adjudicate import adjudicate_run

    typer.echo(adjudicate_run(run, sheet, labels=labels, sample=sample))


@app.command()
def schema() -> None:
    """The JSON schema of a claim file, for editors that complete and check it."""
    from holdfast.commands.schema import claim_schema

    typer.echo(claim_schema())


@organism.command("build")
def organism_build(
    preset: Annotated[str, typer.Argument(metavar="PRESET", help="nano, micro, small or base.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the twins' model folders go.")],
) -> None:
    """Build the twins of an organism: full, safe, never, random."""
    from holdfast.commands.organism import build

    build(preset, folder)


@organism.command("implant")
def organism_implant(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A causal language model's folder.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the twins' model folders go.")],
    world: Annotated[str, typer.Option(help="How much to teach: mini, nano, micro, small or base.")] = "nano",
) -> None:
    """Teach the fictional world to a given model, and make its twins."""
    from holdfast.commands.organism import implant

    implant(model, folder, world)
