"""livez asks nothing; readyz asks everything and says nothing to strangers."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from aimixer_site.ops import health

pytestmark = pytest.mark.django_db


def test_the_process_says_that_it_lives(client: Client, django_assert_num_queries: pytest.FixtureRequest) -> None:
    with django_assert_num_queries(0):
        assert client.get("/livez").json() == {"status": "ok"}


def test_it_is_ready_with_database_redis_migrations_and_disk(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["checks"] == dict.fromkeys(("database", "redis", "migrations", "disk"), "ok")


@pytest.mark.parametrize("name", ["database", "redis", "migrations", "disk"])
def test_it_is_not_ready_when_one_of_them_fails(client: Client, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def fail() -> None:
        raise health.NotReady("a secret host name")

    monkeypatch.setitem(health.CHECKS, name, fail)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"][name] == "failed"
    assert "secret" not in response.text


def test_a_full_disk_is_noticed(client: Client, settings: Settings) -> None:
    settings.DISK_MIN_FREE_BYTES = 2**60
    assert client.get("/readyz").json()["checks"]["disk"] == "failed"


def test_a_missing_migration_is_noticed(client: Client) -> None:
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.recorder import MigrationRecorder

    [newest] = MigrationLoader(connection).graph.leaf_nodes("tournament")
    MigrationRecorder(connection).record_unapplied(*newest)
    assert client.get("/readyz").json()["checks"]["migrations"] == "failed"
