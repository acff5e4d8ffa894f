"""The rounds that take a stack of defences apart: every attack, searched anew, on what is left of it."""

from collections.abc import Container, Generator, Sequence
from dataclasses import replace
from typing import get_args

from holdfast.claims.claim import Claim
from holdfast.core.evidence import Altered, Evidence, Fault, Purpose, Role
from holdfast.engine.attack_list import AttackEntry
from holdfast.engine.cells import BuildCell, FaultCell, PlayCell, Request, address
from holdfast.engine.context import Context
from holdfast.engine.layers import in_file
from holdfast.engine.requests import Round
from holdfast.engine.rounds import rounds

FAULTS: tuple[Fault, ...] = get_args(Fault)


def alterations(claim: Claim) -> tuple[Altered, ...]:
    """What is done to the stack of a claim: each layer taken away, each left alone, all gone, and each failing.

    Each alone, since what would have to be true of the whole if they failed independently is a product over them.
    """
    if claim.goal.game != "elicit":
        return ()
    numbers = tuple(range(len(claim.system.defences)))
    out: list[tuple[int, ...]] = []
    if claim.layers == "measured" and len(numbers) > 1:
        out += [(i,) for i in numbers]
        out += [tuple(j for j in numbers if j != i) for i in numbers]
        out.append(numbers)
    taken = [Altered(without=gone) for gone in dict.fromkeys(out)]
    if claim.goal.fails is None:
        return tuple(taken)
    outer = [i for i, defence in enumerate(claim.system.defences) if not in_file(defence)]
    return (*taken, *(Altered(failing=i, fault=fault) for i in outer for fault in FAULTS))


def layer_rounds(c: Context, seen: Evidence) -> Generator[Round, Evidence, None]:
    """Yield the rounds that a stacked system needs besides; each `send` gives all evidence so far."""
    for altered in alterations(c.claim):
        seen = yield from _attacked_anew(c, altered, seen)


def _attacked_anew(c: Context, altered: Altered, seen: Evidence) -> Generator[Round, Evidence, Evidence]:
    """The claim's own rounds with one seed, as if the altered stack were the system."""
    plan = rounds(_altered(c, altered))
    done = {(p.cell, p.role, p.purpose) for p in seen.plays}
    asked = next(plan)
    while True:
        new = [request for each in asked if (request := _request(each, altered)) and not _among(request, done)]
        if any(r.purpose == "sealed" for r in new) and not _met(seen, altered):
            return seen             # nothing in the layer can fail so: sealed need not be opened for that
        if new:
            seen = yield new
        try:
            asked = plan.send(_view(seen, altered))
        except StopIteration:
            return seen


def _met(seen: Evidence, altered: Altered) -> bool:
    """Whether anything that was put to the altered stack met what was altered."""
    return any(p.met for p in seen.altered if p.altered == altered and p.role == "system")


def one_seed(claim: Claim) -> Claim:
    """The claim with one seed and one build, as an altered stack is attacked."""
    return claim.model_copy(update={"statistics": claim.statistics.model_copy(update={"seeds": 1, "builds": 1})})


def meeting(altered: Altered, attacks: Sequence[AttackEntry]) -> tuple[AttackEntry, ...]:
    """The attacks to which the alteration makes a difference: who holds the file does not meet a layer that fails."""
    return tuple(e for e in attacks if altered.failing is None or not e.on_file)


def _altered(c: Context, altered: Altered) -> Context:
    """The context of what is left."""
    kept = tuple(d for i, d in enumerate(c.system.defences) if i not in altered.without)
    return replace(c, claim=one_seed(c.claim), system=c.on(c.system, kept), attacks=meeting(altered, c.attacks))


def _request(request: Request, altered: Altered) -> Request | None:
    """The request as it is for the altered stack; None for what says nothing about it."""
    cell = request.cell
    if isinstance(cell, BuildCell):
        return request.model_copy(update={"defence": ""})       # its training is not that of the system
    if not isinstance(cell, PlayCell):
        return None
    if request.role == "system" and altered.failing is not None and altered.fault is not None:
        cell = FaultCell(play=cell, layer=altered.failing, fault=altered.fault)
    return request.model_copy(update={"cell": cell, "altered": altered})


def _among(request: Request, done: Container[tuple[str, Role, Purpose]]) -> bool:
    """Whether a play against another model than the stack has been made for the claim itself."""
    return request.role != "system" and (address(request.cell), request.role, request.purpose) in done


def _view(seen: Evidence, altered: Altered) -> Evidence:
    """What was found on the altered stack, beside what the claim's other models did."""
    others = tuple(p for p in seen.plays if p.role not in ("system", "hybrid"))
    return Evidence(plays=others + tuple(p for p in seen.altered if p.altered == altered))
