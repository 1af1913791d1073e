"""A child's card makes the child again, bit for bit."""

import dataclasses
import json

import pytest
from jsonschema import Draft202012Validator

from mixing.engine.breeding import lineage
from mixing.engine.breeding.kinship import ancestor_of, are_related
from mixing.engine.errors import MixFailed
from mixing.engine.mixers import checkpoint
from mixing.engine.mixers.card_schema import schema
from mixing.engine.mixers.interface import Intent
from tests.mixing.engine.breeding.families import ancestor, child, finder, pair
from tests.mixing.engine.mixers.sessions import session, stem

HEARD = session(stem("v", "lead_vocal"), stem("b", "bass", centroid_hz=90.0))


def hybrid(mother, father):
    parents = (mother.card.sha256, father.card.sha256)
    return lineage.Recipe(operator="average", parents=parents, numbers={"share": 0.4})


def mutation(of, seed=11):
    return lineage.Recipe(operator="mutation", parents=(of.card.sha256,), numbers={"size": 0.08}, seed=seed)


def test_two_generations_are_made_again_from_cards_to_the_same_sha256():
    mother, father = pair()
    first = lineage.breed(hybrid(mother, father), finder(mother, father))
    second = lineage.breed(mutation(first), finder(first))
    assert len({mother.card.sha256, father.card.sha256, first.card.sha256, second.card.sha256}) == 4
    assert lineage.rebuild(first.card, finder(mother, father)).card == first.card
    assert lineage.rebuild(second.card, finder(first)).card == second.card


def test_a_child_written_and_read_is_the_child_and_its_card_fits_the_schema(tmp_path):
    mother, father = pair()
    made = lineage.breed(hybrid(mother, father), finder(mother, father), title="Dusk")
    written = checkpoint.save(tmp_path, made.card, made.tensors)
    assert (written.sha256, written.bytes) == (made.card.sha256, made.card.bytes)
    Draft202012Validator(schema()).validate(json.loads(written.to_json()))
    read = checkpoint.load(tmp_path / f"{written.key}.safetensors")
    assert read.card == made.card
    one, other = (lineage.mixer_of(each).predict(HEARD, Intent()) for each in (made, read))
    assert one == other


def test_a_card_tells_parents_recipe_songs_and_ancestor():
    mother, father = pair()
    card = lineage.breed(hybrid(mother, father), finder(mother, father), title="Dusk").card
    assert card.parents == (mother.card.sha256, father.card.sha256)
    assert card.recipe["operator"] == "average"
    assert card.recipe["numbers"] == {"share": 0.4}
    assert [song["id"] for song in card.data["songs"]] == ["one", "dark", "wide"]
    assert ancestor_of(card) == mother.card.parents[0]
    assert are_related(card, mother.card)


def test_a_tower_that_one_parent_leaves_to_the_rule_is_left_to_it():
    mother, father = pair()
    ruled = dataclasses.replace(father.card, towers={**father.card.towers, "eq": "rule"})
    father = dataclasses.replace(father, card=ruled)
    card = lineage.breed(hybrid(mother, father), finder(mother, father)).card
    assert dict(card.towers) == {"level": "trained", "eq": "rule", "pan_width": "trained"}


def test_a_child_plays_its_own_style():
    mother, _ = pair()
    plain = lineage.mixer_of(ancestor()).predict(HEARD, Intent())
    assert lineage.mixer_of(lineage.breed(mutation(mother), finder(mother))).predict(HEARD, Intent()) != plain


def test_a_recipe_that_makes_another_child_is_told():
    mother, _ = pair()
    made = lineage.breed(mutation(mother, seed=11), finder(mother))
    forged = dataclasses.replace(made.card, recipe={**made.card.recipe, "seed": 12})
    with pytest.raises(MixFailed) as caught:
        lineage.rebuild(forged, finder(mother))
    assert caught.value.code == "lineage_broken"


def test_a_parent_under_a_wrong_name_is_refused():
    mother, father = pair()
    with pytest.raises(MixFailed) as caught:
        lineage.breed(mutation(mother), lambda sha256: father)
    assert (caught.value.code, caught.value.field) == ("invalid_recipe", "parents")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"operator": "cloning"}, "operator"),
        ({"parents": ["a", "b"]}, "parents"),
        ({"numbers": {"share": 0.5}}, "numbers"),
        ({"engine_version": 99}, "engine_version"),
        ({"seed": None}, "recipe"),
        ({"numbers": None}, "recipe"),
    ],
)
def test_what_is_no_recipe_is_refused(change, field):
    mother = child(ancestor(), "dark")
    with pytest.raises(MixFailed) as caught:
        lineage.Recipe.from_dict({**mutation(mother).to_dict(), **change})
    assert (caught.value.code, caught.value.field) == ("invalid_recipe", field)
