"""Exports for programs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, TestCase
from django.urls import reverse

from mixing import jobs as entry
from mixing.models import Export, Mix
from tests.factories import make_user
from tests.mixing.services.test_exports import rendered_mix

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]
JSON = "application/json"


@pytest.fixture
def mix() -> Mix:
    return rendered_mix(make_user("Alice"))


@pytest.fixture
def api(mix: Mix) -> Client:
    client = Client()
    client.force_login(mix.owner)
    return client


def ask(api: Client, mix: Mix, kind: str) -> Any:
    return api.post(reverse("api-exports", args=[mix.uuid]), {"kind": kind}, content_type=JSON)


def test_an_export_is_asked_for_watched_fetched_and_deleted(api: Client, mix: Mix) -> None:
    made = ask(api, mix, "session")
    assert made.status_code == 201
    body = made.json()
    assert (body["kind"], body["mix"], body["bytes"], body["download_url"]) == ("session", str(mix.uuid), 0, None)
    job = api.get(reverse("api-job", args=[body["job"]["uuid"]])).json()
    assert job["target"] == {
        "type": "export",
        "uuid": body["uuid"],
        "url": f"{reverse('mixing:mix', args=[mix.uuid])}#exports",
        "ready": False,
    }
    with TestCase.captureOnCommitCallbacks(execute=True):
        entry.export(job_uuid=body["job"]["uuid"], attempt=1)
    done = api.get(reverse("api-export", args=[body["uuid"]])).json()
    assert (done["job"]["state"], done["job"]["target"]["ready"]) == ("done", True)
    content = b"".join(api.get(done["download_url"]).streaming_content)  # type: ignore[attr-defined]
    assert len(content) == done["bytes"]
    assert [row["uuid"] for row in api.get(reverse("api-exports", args=[mix.uuid])).json()["results"]] == [body["uuid"]]
    assert ask(api, mix, "session").json()["uuid"] == body["uuid"]
    assert api.delete(reverse("api-export", args=[body["uuid"]])).status_code == 204
    assert not Export.objects.exists()


def test_a_kind_that_is_not_known_is_refused(api: Client, mix: Mix) -> None:
    response = ask(api, mix, "vinyl")
    assert (response.status_code, response.json()["field"]) == (400, "kind")


def test_exports_of_others_are_not_there(api: Client, mix: Mix) -> None:
    uuid = ask(api, mix, "mp3").json()["uuid"]
    api.force_login(make_user("Mallory"))
    assert ask(api, mix, "mp3").status_code == 404
    assert api.get(reverse("api-exports", args=[mix.uuid])).status_code == 404
    assert api.get(reverse("api-export", args=[uuid])).status_code == 404
    assert api.delete(reverse("api-export", args=[uuid])).status_code == 404
    assert Export.objects.count() == 1
