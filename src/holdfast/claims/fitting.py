"""Which threat models a game can be played under."""

from holdfast.claims.goal import ATTACKED, Completeness, Game, Goal
from holdfast.claims.threat_model import ThreatModel

ON_WEIGHTS: tuple[Game, ...] = ("joint", "relearn", "erase", "train")
BESIDE_NEVER: tuple[Game, ...] = ("relearn", "erase")
BENIGN_TOO: tuple[Game, ...] = ("joint", "stability", "live")


def check_game(game: Game, threat_model: ThreatModel, completeness: Completeness | None) -> None:
    """Raise ValueError, with what to change, where the claim's game cannot be played."""
    if game in ON_WEIGHTS and threat_model.access != ("weights",):
        raise ValueError(f"the game {game!r} is played on the weights alone; set threat_model.access to [weights].")
    if game in BESIDE_NEVER and threat_model.knowledge.data != "same-domain":
        raise ValueError(f"the game {game!r} trains on attack_train; set threat_model.knowledge.data to same-domain.")
    if game not in ATTACKED and game != "train" and "weights" in threat_model.access:
        raise ValueError(f"the game {game!r} only asks the model; set threat_model.access to [query].")
    if game == "train" and threat_model.behaviours.benign is None:
        raise ValueError(
            "the game 'train' also looks at what training destroys; name a benign split outside the task as "
            "threat_model.behaviours.benign."
        )
    if game in BENIGN_TOO and completeness is None:
        raise ValueError(f"the game {game!r} looks at benign answers too; name a split as completeness.utility.")


def check_fails(goal: Goal, threat_model: ThreatModel, defences: int) -> None:
    """Raise ValueError, with what to change, where nobody could see whether a layer fails closed."""
    if goal.fails is None:
        return
    if goal.game != "elicit":
        raise ValueError(f"'fails: closed' is for the game 'elicit'; the game is {goal.game!r}, so leave it out.")
    if not defences:
        raise ValueError("'fails: closed' is about the defences around the model; list them in system.defences.")
    if "query" not in threat_model.access:
        raise ValueError(
            "'fails: closed' is about defences that an attacker meets by asking; add 'query' to threat_model.access."
        )
