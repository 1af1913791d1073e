"""The average of two relatives lies halfway; strangers have no children."""

import dataclasses

import numpy as np
import pytest

from mixing.engine.breeding import lineage
from mixing.engine.breeding.blend import average
from mixing.engine.errors import MixFailed
from mixing.engine.mixers.checkpoint import STYLE_TABLE, STYLE_VECTOR
from mixing.engine.mixers.interface import Intent
from mixing.engine.mixers.style_table import COLUMNS
from tests.mixing.engine.breeding.families import ancestor, child, finder, pair
from tests.mixing.engine.mixers.sessions import session, stem


def bred(mother, father, share=0.5):
    recipe = lineage.Recipe(
        operator="average", parents=(mother.card.sha256, father.card.sha256), numbers={"share": share}
    )
    return lineage.breed(recipe, finder(mother, father))


def test_the_midpoint_of_two_style_tables_is_the_childs():
    mother, father = pair()
    table = average(mother, father, share=0.5)[STYLE_TABLE]
    column = COLUMNS.index("tilt.music.high_db")
    assert (mother.tensors[STYLE_TABLE][column], father.tensors[STYLE_TABLE][column]) == (-4.0, 3.0)
    assert table[column] == -0.5
    np.testing.assert_allclose(table, (mother.tensors[STYLE_TABLE] + father.tensors[STYLE_TABLE]) / 2, rtol=1e-6)


def test_a_quarter_leans_towards_the_mother():
    mother, father = pair()
    vector = average(mother, father, share=0.25)[STYLE_VECTOR]
    np.testing.assert_allclose(vector, [0.0, -0.25, 0.0, 0.125])


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_an_end_of_the_way_is_a_parent(share):
    mother, father = pair()
    for name, tensor in average(mother, father, share=share).items():
        np.testing.assert_array_equal(tensor, (father if share else mother).tensors[name])


def test_the_childs_balance_and_tone_are_halfway_between_its_parents():
    mother, father = pair()
    heard = session(
        stem("v", "lead_vocal", centroid_hz=2_000.0),
        stem("b", "bass", centroid_hz=100.0),
        stem("p", "pad", centroid_hz=800.0),
        stem("h", "hihat", centroid_hz=9_000.0),
    )
    one, other, between = (
        lineage.mixer_of(each).predict(heard, Intent()) for each in (mother, father, bred(mother, father))
    )

    def levels(console):
        faders = np.array([strip.trim_db + strip.fader_db for strip in console.strips])
        return faders - faders.mean()

    def highs(console):
        buses = console.groups
        return np.array([bus.eq.high_shelf.gain_db for bus in (buses.drums, buses.music, buses.vocals)])

    assert np.abs(levels(one) - levels(other)).max() > 1.0
    np.testing.assert_allclose(levels(between), (levels(one) + levels(other)) / 2, atol=0.35)
    assert np.abs(highs(one) - highs(other)).min() > 4.0
    np.testing.assert_allclose(highs(between), (highs(one) + highs(other)) / 2, atol=0.05)


def test_strangers_are_refused():
    mother = child(ancestor(seed=1), "dark")
    father = child(ancestor(seed=2), "wide")
    with pytest.raises(MixFailed) as caught:
        average(mother, father, share=0.5)
    assert (caught.value.code, caught.value.field) == ("not_related", "parents")


@pytest.mark.parametrize("change", [{"architecture": {"hidden": 9, "style": 4}}, {"family": "deep-sets"}])
def test_relatives_of_another_shape_are_refused(change):
    mother, father = pair()
    other = dataclasses.replace(father, card=dataclasses.replace(father.card, **change))
    with pytest.raises(MixFailed) as caught:
        average(mother, other, share=0.5)
    assert caught.value.code == "not_related"


def test_a_tensor_that_one_parent_lacks_is_named():
    mother, father = pair()
    name = sorted(father.tensors)[0]
    tensors = {key: value for key, value in father.tensors.items() if key != name}
    with pytest.raises(MixFailed) as caught:
        average(mother, dataclasses.replace(father, tensors=tensors), share=0.5)
    assert (caught.value.code, caught.value.field) == ("not_related", name)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_beyond_both_parents_is_refused(share):
    mother, father = pair()
    with pytest.raises(MixFailed, match="0 to 1"):
        average(mother, father, share=share)
