"""`python -m bench [NAME...] [--quick]`: what each part is compared with stands in its own docstring."""

import argparse
import platform
import sys
from collections.abc import Callable

from bench.measure import Note, Row
from holdfast.engine.threads import set_environment, settle_worker

Part = Callable[[bool], list[Row | Note]]

ON_REQUEST = ("plan", "scale", "defence-cost", "scaling", "editing-by-size", "regularities", "rare-model")
"""Parts that take minutes each."""


def parts() -> dict[str, Part]:
    """Name -> what measures it; imported only when the environment is set."""
    from bench import (
        bank,
        command,
        defence_cost,
        endpoint,
        generation,
        inspect_provider,
        overhead,
        planning,
        rare_events,
        rare_model,
        regularities,
        scaling,
        statistics,
        tuning,
    )

    return {
        "fine-tune": tuning.fine_tune,
        "lora": tuning.lora,
        "bank": bank.bank,
        "defence-cost": defence_cost.defence_cost,
        "generation": generation.generation,
        "prefixes": generation.prefixes,
        "inspect": inspect_provider.inspect,
        "overhead": overhead.overhead,
        "endpoint": endpoint.endpoint,
        "resume": command.resume,
        "startup": command.startup,
        "statistics": statistics.statistics,
        "rare-events": rare_events.rare_events,
        "rare-model": rare_model.rare_model,
        "plan": planning.plan,
        "scale": planning.scale,
        "scaling": scaling.scaling,
        "editing-by-size": scaling.editing_by_size,
        "regularities": regularities.regularities,
    }


def main() -> None:
    """Measure what is named, or all that needs no whole claims, and print a line each."""
    set_environment()
    settle_worker()
    from bench.table import lines

    known = parts()
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--quick", action="store_true", help="a smoke test: its numbers mean nothing")
    options = parser.parse_args()
    for name in options.names:
        if name not in known:
            parser.error(f"unknown part {name!r}; there are {', '.join(known)}")
    print(f"{platform.machine()}, Python {platform.python_version()}, one thread; ratio = other / ours of medians, "
          "with 95 % bootstrap intervals over interleaved repetitions")
    for name in options.names or [name for name in known if name not in ON_REQUEST]:
        for line in lines(known[name](options.quick)):
            print(line, flush=True)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
