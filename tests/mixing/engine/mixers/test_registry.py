from __future__ import annotations

import subprocess
import sys

import pytest

from mixing.engine.errors import MixFailed
from mixing.engine.mixers.interface import Mixer
from mixing.engine.mixers.registry import all_mixers, mixer


def test_the_three_rules_are_there_under_their_keys() -> None:
    assert [candidate.key for candidate in all_mixers()] == ["faders-up", "equal-loudness", "rough-mix"]
    for candidate in all_mixers():
        assert mixer(candidate.key) is candidate
        assert isinstance(candidate, Mixer)
        assert candidate.family == "rules"
        assert candidate.version
        assert candidate.title
        assert candidate.summary


def test_an_unknown_mixer_is_refused_with_the_names_of_those_there_are() -> None:
    with pytest.raises(MixFailed, match="faders-up, equal-loudness, rough-mix") as caught:
        mixer("magic")
    assert caught.value.code == "unknown_mixer"


def test_the_registry_loads_no_numerical_compiler() -> None:
    program = (
        "import sys, mixing.engine.mixers.registry, mixing.engine.role_names, mixing.engine.session_folder\n"
        "print([name for name in ('numba', 'torch', 'librosa', 'django') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
