"""The checks that gsn2x documents, for what we write: no modules, no assurance claim points.

https://jonasthewolf.github.io/gsn2x/checks.html and yaml_syntax.html; the names of the checks are gsn2x's.
"""

# element -> what it is, by the start of its id; the first that fits, so CG before C and Sn before S
PREFIXES = {
    "CG": "CounterGoal", "G": "Goal", "CSn": "CounterSolution", "Sn": "Solution", "S": "Strategy", "C": "Context",
    "A": "Assumption", "J": "Justification",
}
ATTRIBUTES = {
    "text": str, "supportedBy": list, "inContextOf": list, "challenges": str, "undeveloped": bool, "defeated": bool,
    "defeatedRelation": list,
}
CONTEXTS = dict.fromkeys(("Goal", "Strategy"), ("Justification", "Assumption", "Context"))
SUPPORT = {
    "Goal": ("Goal", "CounterGoal", "Solution", "CounterSolution", "Strategy"),
    "Strategy": ("Goal", "CounterGoal", "Solution", "CounterSolution", "Strategy"),
    "CounterGoal": ("CounterGoal", "CounterSolution"),
}


def kind(name):
    """What an element is; None where gsn2x would not know."""
    return next((what for prefix, what in PREFIXES.items() if name.startswith(prefix)), None)


def faults(elements):
    """What gsn2x would complain about, as (check, element)."""
    out = []
    challenged = {element.get("challenges") for element in elements.values()}
    for name, element in elements.items():
        mine = kind(name)
        out += [("V01", name)] if mine is None else []
        for key, value in element.items():
            out += [] if isinstance(value, ATTRIBUTES.get(key, ())) else [("syntax", name)]
        support, context = element.get("supportedBy", []), element.get("inContextOf", [])
        if mine in ("Goal", "Strategy") and not support and not element.get("undeveloped"):
            out.append(("V02", name))
        if support and element.get("undeveloped"):
            out.append(("V03", name))
        for listed, allowed in ((support, SUPPORT.get(mine, ())), (context, CONTEXTS.get(mine, ()))):
            out += [("V04", name) for other in listed if other in elements and kind(other) not in allowed]
            out += [("V05", name)] if len(listed) != len(set(listed)) else []
            out += [("V06", name)] if name in listed else []
            out += [("C03", name) for other in listed if other not in elements]
        if element.get("defeated") and name not in challenged:
            out.append(("V10", name))
        if "challenges" in element:
            target = element["challenges"]
            out += [] if mine in ("CounterGoal", "CounterSolution") else [("V12", name)]
            out += [("C13", name)] if target == name else []
            out += [] if target in elements else [("C14", name)]
        related = {*support, *context, element.get("challenges")}
        out += [("V13", name) for other in element.get("defeatedRelation", []) if other not in related]
    return out + _whole(elements)


def _whole(elements):
    """The checks on the graph: one top goal, no circles, everything reachable from it or from a challenge."""
    listed = {o for e in elements.values() for o in (*e.get("supportedBy", []), *e.get("inContextOf", []))}
    tops = [name for name, element in elements.items() if name not in listed and "challenges" not in element]
    out = [] if len(tops) == 1 else [("C01", name) for name in tops or ["-"]]
    out += [("C02", name) for name in tops if kind(name) != "Goal"]
    seen, path = set(), []

    def visit(name):
        if name in path:
            out.append(("C04", name))
            return
        if name in seen:
            return
        seen.add(name)
        path.append(name)
        element = elements.get(name, {})
        for other in (*element.get("supportedBy", []), *element.get("inContextOf", [])):
            visit(other)
        path.pop()

    for name in (*tops, *(n for n, e in elements.items() if "challenges" in e)):
        visit(name)
    loose = [name for name in elements if name not in seen]
    for name in loose:
        visit(name)
    return out + [("C08", name) for name in loose]
