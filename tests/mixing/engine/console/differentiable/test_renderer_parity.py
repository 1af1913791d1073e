"""The desk that renders against the one that trains: fifty random sessions."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from mixing.engine.console.desk import Desk
from mixing.engine.console.differentiable.console import master_input, master_output
from mixing.engine.console.differentiable.tensors import ConsoleTensors
from tests.mixing.engine.console.differentiable.consoles import RATE, residual_db, session, tensors

FRAMES = 12_000


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("seed", range(50))
def test_what_trains_sounds_as_what_renders(seed: int) -> None:
    stems, console = session(seed, frames=FRAMES)

    total = master_input(tensors(stems), ConsoleTensors.of(console), sample_rate=RATE)
    trained = master_output(total, ConsoleTensors.of(console), sample_rate=RATE, limited=False)

    desk = Desk(console, {name: len(audio) for name, audio in stems.items()}, sample_rate=RATE)
    rendered = desk.process({name: audio.astype(np.float32) for name, audio in stems.items()}, FRAMES)
    assert residual_db(trained, rendered.astype(np.float64)) < -60.0
