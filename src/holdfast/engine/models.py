"""The models that a claim names: checked before anything is spent, then found, and built where they must be."""

from collections.abc import Callable
from typing import NamedTuple

from holdfast.claims.claim import Claim
from holdfast.claims.endpoint import Endpoint, is_url
from holdfast.core.errors import UsageError
from holdfast.core.plugins import make
from holdfast.core.records import digest
from holdfast.defences.defence import WeightDefence
from holdfast.engine.cells import ModelSpec
from holdfast.engine.layers import in_file
from holdfast.engine.resolve import ORGANISM, Known, Located, locate, peek
from holdfast.targets.endpoint.client import import_httpx
from holdfast.targets.endpoint.secret import key_of


class Models(NamedTuple):
    """Specifications, not loaded models; None where there is none."""

    system: ModelSpec
    control: ModelSpec | None
    safe: ModelSpec | None
    full: ModelSpec | None
    never: ModelSpec | None
    base: ModelSpec | None
    attacker: ModelSpec | None


def home(claim: Claim) -> str | None:
    """The model at hand whose world is asked and whose twins are used: the target, or an endpoint's control."""
    named = claim.system.target if claim.system.endpoint is None else claim.system.control
    return None if named is None or is_url(named) else named


def check_models(claim: Claim) -> Known | None:
    """Refuse models and defences that cannot be had, or do not fit; what is known of the world otherwise.

    Builds nothing and asks no server; raises UsageError.
    """
    holds = claim.threat_model.holds
    named = [claim.system.control, holds.base, holds.attacker]
    known = peek(at_hand) if (at_hand := home(claim)) else None
    for name in named:
        if name is not None and not is_url(name):
            peek(name)
    check_defences(claim, known is not None and known.preset is not None)
    return known


def check_access(claim: Claim) -> None:
    """Refuse endpoints that this process has no key to, or no way to ask; raises UsageError."""
    for endpoint in (claim.system.endpoint, claim.threat_model.holds.attacker_endpoint):
        if endpoint is not None:
            import_httpx()
            key_of(endpoint)


def find_models(claim: Claim, say: Callable[[str], None]) -> Models:
    """Find every model that the claim names; organisms are built."""
    at_hand, holds = home(claim), claim.threat_model.holds
    # `safe` may become the positive control, `full` says which behaviours are reachable, `never` is the oracle.
    twins = ("full", "safe", "never") if at_hand and at_hand.startswith(ORGANISM) else ()
    located = locate(at_hand, twins, say) if at_hand else None
    served = claim.system.endpoint
    return Models(
        system=_spec(claim, claim.system.target, served, located),
        control=_control(claim, located, say),
        safe=_twin(claim, located, "safe"),
        full=_twin(claim, located, "full"),
        never=_twin(claim, located, "never"),
        base=_spec(claim, holds.base, None, locate(holds.base, (), say)) if holds.base else None,
        attacker=_attacker(claim, say),
    )


def _spec(claim: Claim, name: str, endpoint: Endpoint | None, located: Located | None) -> ModelSpec:
    if endpoint is not None:
        url = name.rstrip("/")
        return ModelSpec(source=url, sha=digest([url, endpoint.model]), endpoint=endpoint)
    if located is None:
        raise AssertionError("a model is served or at hand")
    return ModelSpec(
        source=str(located.folder), sha=located.sha, dtype=claim.system.dtype, device_map=claim.system.device_map
    )


def _control(claim: Claim, located: Located | None, say: Callable[[str], None]) -> ModelSpec | None:
    named, target = claim.system.control, claim.system.target
    if claim.system.endpoint is not None:
        if named is None:
            return None
        return _spec(claim, target, claim.system.endpoint if named == target else None, located)
    if named is not None:
        return _spec(claim, named, None, locate(named, (), say))
    full = _twin(claim, located, "full")
    if not claim.system.defences and located and located.manifest and located.manifest.twin == "never" and full:
        return full
    return _spec(claim, target, None, located)


def _twin(claim: Claim, located: Located | None, twin: str) -> ModelSpec | None:
    folder = located.sibling(twin) if located else None
    return _spec(claim, str(folder), None, locate(str(folder), (), lambda _: None)) if folder else None


def _attacker(claim: Claim, say: Callable[[str], None]) -> ModelSpec | None:
    holds = claim.threat_model.holds
    if holds.attacker is None:
        return None
    located = None if holds.attacker_endpoint else locate(holds.attacker, (), say)
    return _spec(claim, holds.attacker, holds.attacker_endpoint, located)


def check_defences(claim: Claim, organism: bool) -> None:
    """Refuse a defence that does not exist, is set wrongly, or cannot be put on this target; raises UsageError."""
    for defence in claim.system.defences:
        made = make("defences", defence)
        if isinstance(made, WeightDefence) and claim.system.endpoint is not None:
            raise UsageError(
                f"the defence {defence.use} edits weights, and {claim.system.target} gives none; use defences that "
                "stand around a model ('holdfast list defences')."
            )
        if isinstance(made, WeightDefence) and made.needs_recipe and not organism:
            raise UsageError(
                f"the defence {defence.use} builds an organism again from its recipe, and {claim.system.target} is "
                "none; use a target such as organism:nano/full, or leave this defence out."
            )
    if claim.goal.fails and all(in_file(defence) for defence in claim.system.defences):
        raise UsageError(
            "'fails: closed' is about defences around the model, and all that are listed are in its weights; list "
            "one that stands around it ('holdfast list defences'), or leave goal.fails out."
        )
