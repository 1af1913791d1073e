"""The embedded Valkey: private, and it remembers."""

import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from aimixer_site.ops import valkey


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short enough for a socket, which pytest's own folders are not."""
    with tempfile.TemporaryDirectory(prefix="amx-") as path:
        yield Path(path)


def test_only_its_owner_can_open_its_socket_and_it_has_no_port(folder: Path) -> None:
    server = valkey.start(data=folder / "data", socket=folder / "run" / "v.sock")
    try:
        assert stat.S_IMODE((folder / "run" / "v.sock").stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / "run").stat().st_mode) == 0o700
        with Redis(unix_socket_path=str(folder / "run" / "v.sock")) as client:
            assert client.config_get("port") == {"port": "0"}
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    finally:
        server.kill()
        server.wait()


def test_what_it_was_told_a_second_before_a_kill_is_still_there(folder: Path) -> None:
    for round_ in range(2):
        server = valkey.start(data=folder / "data", socket=folder / "v.sock")
        with Redis(unix_socket_path=str(folder / "v.sock")) as client:
            if round_:
                assert client.get("job") == b"queued"
            client.set("job", "queued")
            client.execute_command("WAITAOF", 1, 0, 3000)
        server.kill()
        server.wait()


def test_a_path_too_long_for_a_socket_gets_a_short_private_folder(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    path = valkey.socket_for(deep)
    assert len(str(path)) <= valkey.SOCKET_PATH_MAX
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    valkey.forget_socket(path, deep)
    assert not path.parent.exists()


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    data = folder / "data" / "appendonlydir"
    data.mkdir(parents=True)
    (data / "appendonly.aof.manifest").write_text("nonsense\n")
    with pytest.raises(RuntimeError, match="Valkey did not start"):
        valkey.start(data=folder / "data", socket=folder / "v.sock")
