"""People who were there before they had links."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


@pytest.mark.django_db(transaction=True)
def test_everybody_who_was_there_gets_a_code_of_their_own() -> None:
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        executor = MigrationExecutor(connection)
        executor.migrate([("accounts", "0001_initial")])
        people = executor.loader.project_state([("accounts", "0001_initial")]).apps.get_model("accounts", "User")
        for name in ("ada", "bob", "eve"):
            people.objects.create(email=f"{name}@example.org")
        executor = MigrationExecutor(connection)
        executor.migrate([("accounts", "0002_people")])
        after = executor.loader.project_state([("accounts", "0002_people")]).apps.get_model("accounts", "User")
        codes = list(after.objects.values_list("referral_code", flat=True))
        assert len(codes) == len(set(codes)) == 3
        assert all(len(code) == 10 for code in codes)
    finally:
        MigrationExecutor(connection).migrate(latest)
