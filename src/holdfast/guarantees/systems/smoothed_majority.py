"""A vote over changed copies is not won by suffixes that do not survive changes."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, final

from pydantic import Field

from holdfast.assumptions.adding import appended
from holdfast.claims.goal import UsePart
from holdfast.core.evidence import Trace, Training
from holdfast.guarantees.asked import question_in, questions_of, single_text
from holdfast.guarantees.declared import declared, undeclared
from holdfast.guarantees.guarantee import Bound, Derivation, Granted, Guarantee, Layers, Terms, Violation, Witness
from holdfast.guarantees.smoothed import INVARIANTS, Declared, broken, differences
from holdfast.guarantees.tries import over_tries
from holdfast.stats.smoothing import changed, most_on_average, won_by_any, won_by_majority

if TYPE_CHECKING:
    from holdfast.core.records import Transcript
    from holdfast.targets.target import Target


@final
class SmoothedMajority(Guarantee):
    """SmoothLLM answers by a majority of N copies with q percent of their characters changed.

    A copy in which k or more characters of the attack's suffix changed loses, except with chance eps; it has as many
    with chance alpha or more, so that it wins with chance at most p = 1 - alpha (1 - eps), and copies are drawn
    independently. With W of N copies winning the vote is won

        with Pr[W > N/2] at most, if every copy that loses refuses (`losing: refused`, as published: at eps = 0 it is
        one minus sum over t >= ceil(N/2) of C(N, t) alpha^t (1 - alpha)^(N - t)); as eps is a mean over texts, the
        worst spread of it is taken, for the majority's chance is not concave in p;

        with E[min(1, W / ceil(N/2))] at most, whatever copies reply (`losing: any`): garbage that is no refusal votes
        with the winners, and the answer is drawn from the whole side that has the majority.

    alpha is the least over the declared lengths of questions and suffixes. A budget of queries buys tries. Neither
    inserted characters nor a question that is rewritten is covered. Sources: Robey et al. 2023
    (https://arxiv.org/abs/2310.03684), its proposition on swapped characters; with eps,
    https://arxiv.org/abs/2511.18721, for each text by itself. A sketch: that changes in the
    question itself rescue no losing copy is taken for granted, and log-probabilities are not the vote's.
    """

    derivation: ClassVar[Derivation] = "sketch"
    slots: ClassVar[Mapping[str, str]] = {
        "unstable": "chance that a copy with k added characters changed still wins",
        "added": "characters that an attack puts behind a question",
    }
    invariants: ClassVar[tuple[str, ...]] = INVARIANTS

    unstable: UsePart = Field(default=UsePart(use="k-unstable"), description="what winning suffixes do not survive")
    added: UsePart = Field(default=UsePart(use="added-suffix"), description="how long they are")
    copies: int = Field(default=10, gt=0, description="copies of each prompt")
    percent: float = Field(default=10.0, ge=0, le=100, description="characters to change, in percent of the text")
    perturbation: Literal["swap", "patch"] = Field(default="swap", description="how characters are chosen")
    losing: Literal["any", "refused"] = Field(
        default="any", description="what copies that lose may reply: anything, or refusals only as in the paper")
    shortest: int = Field(default=10, gt=0, description="characters of the shortest plain question")
    longest: int = Field(default=120, gt=0, description="characters of the longest plain question")
    behaviours: int = Field(default=160, gt=0, description="how many behaviours share the budget's queries")

    def bound(self, granted: Mapping[str, Granted], terms: Terms) -> Bound | str:
        """The share of behaviours won by all the queries that the budget allows."""
        k, least = declared(granted, "unstable", "k"), declared(granted, "added", "least")
        eps = declared(granted, "unstable", "eps")
        if k is None or eps is None:
            return undeclared("unstable", "k" if k is None else "eps")
        if least is None:
            return undeclared("added", "least")
        alpha = min(self._alphas(int(k), int(least)))
        copy = 1 - alpha * (1 - eps)
        one = self._vote(1 - alpha, copy, eps)
        tries = over_tries(one, terms.budget, self.behaviours)
        if isinstance(tries, str):
            return tries
        value, why = tries
        return Bound(quantity="rate", value=value, why=(
            f"alpha = {alpha:.3g}, so a copy wins with chance {copy:.3g}, the vote of {self.copies} with {one:.3g}; "
            f"{why}"))

    def _alphas(self, k: int, suffix: int) -> Iterator[float]:
        """The chance of k changes in the shortest suffix, in which it is least, at every length of the question."""
        for question in range(self.shortest, max(self.shortest, self.longest) + 1):
            length = question + suffix
            yield changed(k, length, suffix, int(length * self.percent / 100), self.perturbation)

    def _vote(self, least: float, copy: float, eps: float) -> float:
        if self.losing == "any":
            return won_by_any(copy, self.copies)
        return most_on_average(least, copy, self.copies) if eps else won_by_majority(copy, self.copies)

    def broken_invariants(self, traces: Sequence[Trace], training: Sequence[Training]) -> tuple[Violation, ...]:
        """What the copies in the traces, and the vote over them, are not as derived."""
        return broken(traces, Declared(self.copies, self.percent, self.perturbation, self.shortest, self.longest))

    def reduce(self, granted: Mapping[str, Granted], won: Trace) -> tuple[Witness, ...]:
        """Copies with k or more changes in the suffix, and how many of them won; or that it is no such suffix."""
        text = single_text(won.prompt)
        suffix = None if text is None else appended(won.question, text)
        least, most = declared(granted, "added", "least"), declared(granted, "added", "most")
        if suffix is None or not (least or 0) <= len(suffix) <= (math.inf if most is None else most):
            what = "is no question with a suffix" if suffix is None else f"has a suffix of {len(suffix)} characters"
            return (Witness(slot="added", behaviour=won.behaviour, why=f"the prompt {what}"),)
        k = declared(granted, "unstable", "k")
        if k is None:
            return ()
        changed_enough = [call for call in won.inner
                          if _in_suffix(text or "", len(suffix), call.prompt) >= k and call.won is not None]
        if not changed_enough:
            return ()
        wins = sum(bool(call.won) for call in changed_enough)
        return (Witness(
            slot="unstable", behaviour=won.behaviour, tried=len(changed_enough), violated=wins,
            why=f"{wins} of {len(changed_enough)} copies with {k:g} or more characters of the suffix changed won"),)

    def enforce(
        self, slots: Collection[str], layers: Layers, granted: Mapping[str, Granted]
    ) -> "Target | None":
        """`unstable`: copies with k changes in the suffix are refused. `added`: so is any other prompt.

        What the attack added is what stands behind the longest plain question of the world that the prompt begins
        with; all of it, where it begins with none.
        """
        from holdfast.defences.apply import surround
        from holdfast.guarantees.enforcing import one_at_a_time, refusing

        world = layers.material.world
        questions = questions_of(world)
        model, about = layers.model, [""]
        if "unstable" in slots:
            k = declared(granted, "unstable", "k")
            if k is None:
                return None

            def changed_enough(copy: "Transcript") -> bool:
                suffix = len(about[0]) - len(question_in(about[0], questions))
                return _in_suffix(about[0], suffix, copy) >= k

            model = refusing(model, changed_enough, world)
        target = surround(model, layers.defences, layers.material)
        if "unstable" in slots:
            target = one_at_a_time(target, lambda prompt: about.__setitem__(0, _said(prompt)))
        if "added" in slots:
            least, most = declared(granted, "added", "least"), declared(granted, "added", "most")
            if least is None or most is None:
                return None

            def outside(prompt: "Transcript") -> bool:
                text = single_text(prompt)
                question = question_in(text or "", questions)
                return text is None or not question or not least <= len(text) - len(question) <= most

            target = refusing(target, outside, world)
        return target


def _said(prompt: "Transcript") -> str:
    return next((turn.content for turn in reversed(prompt.turns) if turn.role == "user"), "")


def _in_suffix(text: str, suffix: int, copy: "Transcript") -> int:
    """How many of the last `suffix` characters of a text differ in a copy of it; 0 where that cannot be told."""
    said = _said(copy)
    places = differences(text, said) or ()
    return sum(place >= len(text) - suffix for place in places)
