"""Who takes part in a musician's tournament: mixers as they are, the own rough mix, and children bred on the way.

A child is a row with a recipe here; the worker that prepares its round makes it. All draws follow from the tournament's
seed and from what was chosen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from typing import Any, Final

from aimixer_site.ops.errors import DomainError
from mixing.engine.breeding.lineage import Operator, Recipe
from mixing.engine.breeding.mutate import LARGEST_SIZE, LEAST_SIZE
from mixing.models import Mixer
from tournament.engine import rounds
from tournament.engine.rounds import Record
from tournament.models import Competitor, RatingSnapshot, Round, Tournament
from tournament.services.contenders import contenders

Kind = Competitor.Kind
HOME_FAMILY: Final = "console-net"
BASELINE: Final = "rough-mix"
_ANCHORS: Final = frozenset({"faders-up", "equal-loudness"})
"""They stand on the boards to measure by; nobody's song needs them."""
BREEDABLE: Final = frozenset({"console-net", "deep-sets", "spectrogram-cnn"})
_NAME_MAX: Final = 80
OWN_ROUGH_MIX: Final = "Own rough mix"


def opening_pair(tournament: Tournament, style: str | None) -> tuple[Competitor, Competitor]:
    """Whom the first round is between: the own rough mix where it takes part, and the style that the owner's last
    tournament spoke for, before others of the home family or the rough mix by rule.

    Raises
    ------
    DomainError
        ``too_few_mixers`` (409).
    """
    # The family's ancestor without a style is often no further from the rough mix than anybody could hear.
    drawn = [mixer for mixer in unseen(tournament) if mixer.key == BASELINE or _is_styled(mixer)]
    drawn.sort(key=lambda mixer: style is None or _style(mixer) != style)
    names = [own_rough_mix(tournament)] if tournament.with_rough_mix else []
    names += [as_it_is(tournament, mixer) for mixer in drawn[: 2 - len(names)]]
    if len(names) < 2:
        names += [as_it_is(tournament, mixer) for mixer in unseen(tournament)[: 2 - len(names)]]
    if len(names) < 2:
        raise DomainError("too_few_mixers", "A tournament needs two mixers, and this site has fewer.", status=409)
    return names[0], names[1]


def challenger(tournament: Tournament, number: int, champion: Competitor, loser: Competitor | None) -> Competitor:
    """Who meets the champion in this round.

    Raises
    ------
    DomainError
        ``no_challenger`` (409), where nobody is left.
    """
    kind = rounds.kind_of(number, tournament.rounds)
    found: Competitor | None = None
    if kind == "hybrid":
        found = _hybrid(tournament)
    elif kind == "finale":
        found = _boss(tournament, champion)
    elif number % 2:
        found = _mutant_of_one(tournament, number, loser, champion)
    found = found or _next_unseen(tournament) or _mutant_of_one(tournament, number, loser, champion)
    found = found or _best(tournament, without={champion.pk})
    if found is None:
        raise DomainError(
            "no_challenger", "Nobody is left who could challenge the winner. The tournament ends here.", status=409
        )
    return found


def unseen(tournament: Tournament) -> list[Mixer]:
    """The mixers that have not entered, in the order in which this tournament draws them."""
    entered = set(tournament.competitors.filter(kind=Kind.MIXER).values_list("mixer_id", flat=True))
    pool = contenders().exclude(key__in=_ANCHORS).order_by("key")
    found = list(pool)
    rounds.randomness(tournament.seed, "order").shuffle(found)
    return [mixer for mixer in found if mixer.pk not in entered]


def as_it_is(tournament: Tournament, mixer: Mixer) -> Competitor:
    """A mixer enters."""
    return Competitor.objects.create(tournament=tournament, kind=Kind.MIXER, name=mixer.title[:_NAME_MAX], mixer=mixer)


def own_rough_mix(tournament: Tournament) -> Competitor:
    """The musician's own rough mix enters."""
    return Competitor.objects.create(tournament=tournament, kind=Kind.ROUGH_MIX, name=OWN_ROUGH_MIX)


def withdraw(competitor: Competitor) -> None:
    """Take somebody out whose round could not be prepared; it is not drawn again."""
    competitor.recipe = {**competitor.recipe, "withdrawn": True}
    competitor.save(update_fields=["recipe"])


def records(tournament: Tournament) -> dict[int, Record]:
    """Rounds won and lost, by the competitor's primary key."""
    return rounds.records([(row.winner_id, loser_of(row).pk) for row in decided_rounds(tournament) if row.winner_id])


def decided_rounds(tournament: Tournament) -> list[Round]:
    """In order, with their competitors."""
    rows = tournament.round_rows.exclude(winner=None).order_by("number")
    return list(rows.select_related("on_a", "on_b", "winner", "battle"))


def loser_of(row: Round) -> Competitor:
    """Who did not stay."""
    return row.on_b if row.winner_id == row.on_a_id else row.on_a


def best_with_console(tournament: Tournament, champion: Competitor) -> Competitor | None:
    """The champion, or where that is a recording, whoever did best with a console."""
    if champion.parameters:
        return champion
    done = records(tournament)
    rest = [each for each in tournament.competitors.select_related("mixer") if each.parameters]
    return max(rest, key=lambda each: (done.get(each.pk, Record()).score, -each.pk), default=None)


# ---- children --------------------------------------------------------------------------------------------------------


def sha256_of(competitor: Competitor) -> str:
    """Of its weights, as far as they are known: a child has them once it was prepared. Empty for what has none."""
    if competitor.kind == Kind.MIXER and competitor.mixer is not None:
        return competitor.mixer.sha256
    return str(competitor.recipe.get("sha256", ""))


def kinship(mixer: Mixer) -> tuple[str, ...]:
    """What two mixers must share to have a child, read off the card; empty for one without weights to cross."""
    card: Mapping[str, Any] = mixer.card
    if not mixer.sha256 or mixer.family not in BREEDABLE:
        return ()
    parents = card.get("parents") or [mixer.sha256]
    ancestor = (card.get("recipe") or {}).get("ancestor") or parents[0]
    sizes = json.dumps(card.get("architecture"), sort_keys=True)
    return mixer.family, str(ancestor), sizes, str(card.get("engine_version"))


def _can_breed(competitor: Competitor | None) -> bool:
    if competitor is None or competitor.mixer is None or competitor.recipe.get("withdrawn"):
        return False
    return bool(sha256_of(competitor) and kinship(competitor.mixer))


def _related(one: Competitor, other: Competitor) -> bool:
    if one.mixer is None or other.mixer is None:
        return False
    if {one.pk, other.pk} & {one.mother_id, one.father_id, other.mother_id, other.father_id}:
        return False  # A child of parent and child is hardly anything new.
    return kinship(one.mixer) == kinship(other.mixer) != () and sha256_of(one) != sha256_of(other)


def _mutant_of_one(
    tournament: Tournament, number: int, loser: Competitor | None, champion: Competitor
) -> Competitor | None:
    """The loser's child challenges; where the loser cannot have one, the winner's."""
    parent = next((each for each in (loser, champion) if each is not None and _can_breed(each)), None)
    if parent is None:
        return None
    draw = rounds.randomness(tournament.seed, "mutant", number, tournament.competitors.count())
    # The upper half of what stays musical: a challenger that nobody can tell from its parent is none.
    size = round(draw.uniform((LEAST_SIZE + LARGEST_SIZE) / 2, LARGEST_SIZE), 4)
    return _child(
        tournament,
        Kind.MUTANT,
        f"Variation of {parent.name}",
        [parent],
        "mutation",
        {"size": size},
        draw.getrandbits(32),
    )


def _hybrid(tournament: Tournament) -> Competitor | None:
    if tournament.competitors.filter(kind=Kind.HYBRID).exists():
        return None
    done = records(tournament)
    entered = [each for each in tournament.competitors.select_related("mixer") if _can_breed(each)]
    pair = rounds.best_pair(entered, {each: done.get(each.pk, Record()) for each in entered}, _related)
    best = max(entered, key=lambda each: done.get(each.pk, Record()).score, default=None)
    if pair is None or best not in pair:
        pair = _with_a_relative(tournament, entered, done) or pair
    if pair is None:
        return None
    mother, father = pair
    share = round(rounds.share_of_father(done.get(mother.pk, Record()), done.get(father.pk, Record())), 4)
    return _child(tournament, Kind.HYBRID, f"{mother.name} × {father.name}", pair, "average", {"share": share})


def _with_a_relative(
    tournament: Tournament, entered: Sequence[Competitor], done: Mapping[int, Record]
) -> tuple[Competitor, Competitor] | None:
    """The best who can breed, and a relative that enters for it."""
    for one in sorted(entered, key=lambda each: done.get(each.pk, Record()).score, reverse=True):
        for mixer in unseen(tournament):
            if one.mixer is not None and mixer.sha256 and kinship(mixer) == kinship(one.mixer):
                return one, as_it_is(tournament, mixer)
    return None


def _child(
    tournament: Tournament,
    kind: Competitor.Kind,
    name: str,
    parents: Sequence[Competitor],
    operator: Operator,
    numbers: Mapping[str, float],
    seed: int = 0,
) -> Competitor:
    recipe = Recipe(
        operator=operator, parents=tuple(sha256_of(parent) for parent in parents), numbers=numbers, seed=seed
    )
    return Competitor.objects.create(
        tournament=tournament,
        kind=kind,
        name=name if len(name) <= _NAME_MAX else f"{name[: _NAME_MAX - 1]}…",
        mixer=parents[0].mixer,
        mother=parents[0],
        father=parents[1] if len(parents) > 1 else None,
        recipe=recipe.to_dict(),
    )


# ---- others ----------------------------------------------------------------------------------------------------------


def _next_unseen(tournament: Tournament) -> Competitor | None:
    left = unseen(tournament)
    return as_it_is(tournament, left[0]) if left else None


def _boss(tournament: Tournament, champion: Competitor) -> Competitor | None:
    """The strongest on the public board, or else of those who won a round here, whom the champion has not beaten yet.

    Nobody cares for a finale that was heard a round before.
    """
    decided = decided_rounds(tournament)
    done = {champion.pk} | {loser_of(row).pk for row in decided if row.winner_id == champion.pk}
    entered = {each.mixer_id: each for each in tournament.competitors.filter(kind=Kind.MIXER)}
    for key in _board_keys():
        mixer = contenders().filter(key=key).first()
        if mixer is None or key in _ANCHORS:
            continue
        known = entered.get(mixer.pk)
        if known is None:
            return as_it_is(tournament, mixer)
        if known.pk not in done and not known.recipe.get("withdrawn"):
            return known
    return _best(tournament, without=done, least_wins=1)


def _best(tournament: Tournament, *, without: Set[int], least_wins: int = 0) -> Competitor | None:
    """Who did best here, of those who have not withdrawn."""
    done = records(tournament)
    rest = [
        each
        for each in tournament.competitors.exclude(pk__in=without)
        if each.pk in done and done[each.pk].wins >= least_wins and not each.recipe.get("withdrawn")
    ]
    return max(rest, key=lambda each: (done[each.pk].score, -each.pk), default=None)


def _board_keys() -> list[str]:
    """The mixers on the public board that have a rank, the first first."""
    snapshot = RatingSnapshot.objects.filter(board="public").order_by("-id").first()
    rows = snapshot.result.get("rows", []) if snapshot else []
    return [str(row["contender"]).split("@")[0] for row in rows if row.get("status") != "unranked"]


def _is_styled(mixer: Mixer) -> bool:
    return mixer.family == HOME_FAMILY and _style(mixer) is not None


def _style(mixer: Mixer) -> str | None:
    return (mixer.card.get("style") or {}).get("name")
