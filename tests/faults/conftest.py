from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live import LiveSite, live_site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with live_site(tmp_path_factory.mktemp("site"), AIMIXER_DEMO="no") as running:
        yield running
