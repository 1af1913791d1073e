"""The list of exports on a mix's page: shown, asked for, fetched, deleted, and nobody else's business."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client, TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mixing import jobs as entry
from mixing.models import Export, Job, Mix
from mixing.services import exports
from tests.factories import finished_mix, make_user, mixable_song
from tests.mixing.services.test_exports import rendered_mix
from tests.mixing.views.test_pages import page_data

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media")]


@pytest.fixture
def mix() -> Mix:
    return rendered_mix(make_user("Alice"), title="Dawn/Dusk")


@pytest.fixture
def browser(mix: Mix) -> Client:
    client = Client()
    client.force_login(mix.owner)
    return client


def ask(browser: Client, mix: Mix, kind: str, **headers: Any) -> Any:
    return browser.post(reverse("mixing:exports", args=[mix.uuid]), {"kind": kind}, headers=headers)


def finished(mix: Mix, kind: str) -> Export:
    export = exports.create(mix=mix, owner=mix.owner, kind=kind)
    with TestCase.captureOnCommitCallbacks(execute=True):
        entry.export(job_uuid=str(export.job.uuid), attempt=1)
    export.refresh_from_db()
    return export


def test_the_page_offers_each_kind_and_shows_the_one_that_is_written_live(browser: Client, mix: Mix) -> None:
    page = browser.get(reverse("mixing:mix", args=[mix.uuid])).content.decode()
    for title in ("MP3", "WAV, 16 bit", "Stems as ZIP", "DAWproject", "Session"):
        assert f"Make {title}" in page
    response = ask(browser, mix, "stems")
    assert response.url == f"{reverse('mixing:mix', args=[mix.uuid])}#exports"
    job = Export.objects.get().job
    response = browser.get(reverse("mixing:mix", args=[mix.uuid]))
    assert f'<aim-progress class="progress" job="{job.uuid}"' in response.content.decode()
    (payload,) = page_data(response)["jobs"]
    assert (payload["uuid"], payload["target"]["type"]) == (str(job.uuid), "export")
    assert payload["target"]["ready"] is False


def test_the_list_alone_can_be_asked_for_and_says_what_went_wrong(browser: Client, mix: Mix) -> None:
    assert ask(browser, mix, "mp3", accept="application/json").status_code == 204
    Job.objects.filter(kind="export").update(state=Job.State.FAILED, error_code="x", error_message="The disk is full.")
    html = browser.get(reverse("mixing:exports", args=[mix.uuid])).content.decode()
    assert html.lstrip().startswith("<section")
    assert "The disk is full." in html
    assert "Try MP3 again" in html


def test_what_cannot_be_exported_is_said_on_the_page_and_to_scripts(browser: Client, mix: Mix) -> None:
    mix.stems.get(name="Lead.wav").delete()
    page = ask(browser, mix, "stems")
    assert page.status_code == 409
    assert "was deleted after this mix was made" in page.content.decode()
    told = ask(browser, mix, "stems", accept="application/json")
    assert (told.status_code, told.json()["code"]) == (409, "stem_gone")


@pytest.mark.parametrize(
    ("kind", "content_type", "name", "begins"),
    [
        ("mp3", "audio/mpeg", "Dawn_Dusk - Rough mix.mp3", b""),
        ("wav16", "audio/wav", "Dawn_Dusk - Rough mix - 16 bit.wav", b"RIFF"),
        ("stems", "application/zip", "Dawn_Dusk - Rough mix - stems.zip", b"PK"),
        ("dawproject", "application/octet-stream", "Dawn_Dusk - Rough mix.dawproject", b"PK"),
        ("session", "application/json", "Dawn_Dusk - Rough mix - session.json", b"{"),
    ],
)
def test_it_is_fetched_under_a_name_that_says_what_it_is(
    browser: Client, mix: Mix, kind: str, content_type: str, name: str, begins: bytes
) -> None:
    export = finished(mix, kind)
    url = reverse("mixing:export_download", args=[export.uuid])
    assert url in browser.get(reverse("mixing:mix", args=[mix.uuid])).content.decode()
    response = browser.get(url)
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert response["Content-Type"] == content_type
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert content.startswith(begins)
    assert len(content) == export.stored_bytes
    part = browser.get(url, headers={"range": "bytes=2-5"})
    assert part.status_code == 206
    assert b"".join(part.streaming_content) == content[2:6]  # type: ignore[attr-defined]


def test_one_that_is_not_written_yet_cannot_be_fetched(browser: Client, mix: Mix) -> None:
    export = exports.create(mix=mix, owner=mix.owner, kind="mp3")
    assert browser.get(reverse("mixing:export_download", args=[export.uuid])).status_code == 404


def test_deleting_leads_back_to_the_list(browser: Client, mix: Mix) -> None:
    export = finished(mix, "session")
    response = browser.post(reverse("mixing:export_delete", args=[export.uuid]))
    assert response.url == f"{reverse('mixing:mix', args=[mix.uuid])}#exports"
    assert not Export.objects.exists()


def test_a_cancelled_export_can_be_asked_for_again(browser: Client, mix: Mix) -> None:
    ask(browser, mix, "mp3")
    job = Export.objects.get().job
    response = browser.post(reverse("mixing:job_cancel", args=[job.uuid]))
    assert response.url == f"{reverse('mixing:mix', args=[mix.uuid])}#exports"
    ask(browser, mix, "mp3")
    assert Export.objects.get().job.state == Job.State.QUEUED


def test_strangers_and_visitors_find_nothing(mix: Mix) -> None:
    export = finished(mix, "session")
    stranger = Client()
    stranger.force_login(make_user("Mallory"))
    for client, status in ((stranger, 404), (Client(), 302)):
        assert ask(client, mix, "mp3").status_code == status
        assert client.get(reverse("mixing:exports", args=[mix.uuid])).status_code == status
        assert client.get(reverse("mixing:export_download", args=[export.uuid])).status_code == status
        assert client.post(reverse("mixing:export_delete", args=[export.uuid])).status_code == status
    assert Export.objects.get() == export


def test_the_page_asks_the_database_no_more_for_five_exports_than_for_one(browser: Client) -> None:
    owner = make_user()
    browser.force_login(owner)
    mix = finished_mix(mixable_song(owner), owner)
    url = reverse("mixing:mix", args=[mix.uuid])

    def queries() -> int:
        browser.get(url)
        with CaptureQueriesContext(connection) as caught:
            assert browser.get(url).status_code == 200
        return len(caught)

    exports.create(mix=mix, owner=owner, kind="mp3")
    few = queries()
    for kind in ("preview", "wav16", "wav32f"):
        exports.create(mix=mix, owner=owner, kind=kind)
    assert queries() == few
