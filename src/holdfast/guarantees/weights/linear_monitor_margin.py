"""A linear monitor of activations, and attackers who can shift these only so far."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, final

from pydantic import Field

from holdfast.claims.goal import UsePart
from holdfast.core.evidence import Trace, Training
from holdfast.core.records import Transcript
from holdfast.guarantees.declared import declared, undeclared
from holdfast.guarantees.guarantee import Bound, Derivation, Granted, Guarantee, Layers, Terms, Violation, Witness

if TYPE_CHECKING:
    from holdfast.targets.target import Target

FLAGGED, ASKED = "flagged-is-refused", "asks-what-it-looked-at"


@final
class LinearMonitorMargin(Guarantee):
    """A monitor that refuses where w.x + b exceeds its threshold flags every harmful question with margin to spare.

    Let a harmful question with activations x score at least g above the threshold, but for a share q of them, and let
    an attacker's prompt have activations x + d with |d| <= delta, but for a share r of the behaviours. Then

        w.(x + d) + b = (w.x + b) + w.d >= (w.x + b) - |w| |d|        (Cauchy and Schwarz)
                     >= threshold + g - |w| delta > threshold         where delta < g / |w|,

    so that it is flagged, and a flagged prompt is refused: at most q + r of the behaviours are won, however many
    prompts are tried on each. Where delta >= g / |w| a shift along -w may evade it, and nothing follows.
    The construction: it scores the last token of the prompt that the model is asked, refuses what it flags, and
    passes on the model's reply to all else.
    Source: the distance of a point from a hyperplane; closed-form bounds on shifts of a linear score are folklore.
    """

    derivation: ClassVar[Derivation] = "proof"
    slots: ClassVar[Mapping[str, str]] = {
        "margin": "share of harmful questions within the margin of a linear probe",
        "shift": "share of behaviours with a prompt beyond the shift of activations",
    }
    invariants: ClassVar[tuple[str, ...]] = (FLAGGED, ASKED)

    margin: UsePart = Field(default=UsePart(use="linear-margin"), description="how far inside harmful questions lie")
    shift: UsePart = Field(default=UsePart(use="bounded-shift"), description="how far an attacker moves activations")

    def bound(self, granted: Mapping[str, Granted], terms: Terms) -> Bound | str:
        """The share of questions within the margin, and that of behaviours shifted too far."""
        needed = {"margin": ("margin", "norm", "within", "depth"), "shift": ("shift", "beyond", "depth")}
        found = {(slot, name): declared(granted, slot, name) for slot, names in needed.items() for name in names}
        for (slot, name), value in found.items():
            if value is None:
                return undeclared(slot, name)
        given = {key: value for key, value in found.items() if value is not None}
        if given["margin", "depth"] != given["shift", "depth"]:
            return "the margin is of one layer and the shift of another; give both the same depth"
        margin, norm, shift = given["margin", "margin"], given["margin", "norm"], given["shift", "shift"]
        if shift * norm >= margin:
            return f"a shift of {shift:g} moves a score by up to {shift * norm:g}, and the margin is {margin:g}"
        within, beyond = given["margin", "within"], given["shift", "beyond"]
        return Bound(quantity="rate", value=min(1.0, within + beyond),
                     why=f"a shift of {shift:g} moves a score by {shift * norm:g}, less than the margin {margin:g}: "
                         f"{within:g} within it + {beyond:g} shifted farther")

    def broken_invariants(self, traces: Sequence[Trace], training: Sequence[Training]) -> tuple[Violation, ...]:
        """A reply that wins is the model's own, to the very prompt that was looked at."""
        out = []
        for trace in traces:
            if trace.won is not True:
                continue
            if not trace.inner:
                out.append(Violation(invariant=FLAGGED, why=f"{trace.behaviour} is won, and the model was not asked"))
            elif not any((c.prompt, c.reply) == (trace.prompt, trace.reply) for c in trace.inner):
                out.append(Violation(
                    invariant=ASKED, why=f"{trace.behaviour} is won by no reply of the model to that prompt"))
        return tuple(out)

    def reduce(self, granted: Mapping[str, Granted], won: Trace) -> tuple[Witness, ...]:
        """The margin, where the plain question won, which is not shifted at all; the shift, where it was measured.

        Any other prompt may have gone either way, and shows nothing without its activations.
        """
        if won.won is not True:
            return ()
        if won.prompt == Transcript.ask(won.question):
            return (Witness(slot="margin", behaviour=won.behaviour,
                            why="the plain question, which is not shifted, is not flagged"),)
        if won.behaviour in granted["shift"].result.witnesses:
            return (Witness(slot="shift", behaviour=won.behaviour, why="a prompt for it was measured farther off"),)
        return ()

    def enforce(self, slots: Collection[str], layers: Layers, granted: Mapping[str, Granted]) -> "Target | None":
        """With the shift alone: prompts farther than it from every harmful question of the world are refused."""
        shift, depth = (declared(granted, "shift", name) for name in ("shift", "depth"))
        if set(slots) != {"shift"} or shift is None or depth is None or layers.model.activations is None:
            return None
        from holdfast.guarantees.near import near  # here, so that a bound loads no torch

        return near(layers, shift, depth)
