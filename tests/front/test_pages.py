"""The pictures of songs that pages carry: what a visitor gets, and what only those who are signed in may fetch."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mixing.engine.audio.peaks import read
from mixing.models import Stem
from tests.factories import make_song, make_user, mixable_song, ready_stem

pytestmark = pytest.mark.django_db


def test_the_first_page_draws_the_house_song_for_everyone(media: Path, client: Client) -> None:
    song = make_song(None, title="House tune")
    ready_stem(song, "Keys.wav", role="keys", duration_s=20.0)
    page = client.get("/").content.decode()
    (lane,) = re.findall(r'data-peaks="([^"]+)"', page)
    pyramid = read(base64.b64decode(lane))
    assert pyramid.frames == 20 * 44_100
    assert max(level.minimum.size for level in pyramid.levels) <= 2048
    assert "House tune" in page


def test_the_first_page_leaves_a_lane_out_whose_peaks_are_gone(media: Path, client: Client) -> None:
    song = mixable_song(None)
    lost = song.stems.earliest("position")
    (media / lost.peaks_path).unlink()
    response = client.get("/")
    assert response.status_code == 200
    assert response.content.count(b"data-peaks=") == 1


def test_the_first_page_shows_no_song_of_a_person(media: Path, client: Client) -> None:
    mixable_song(make_user("Alice"), title="Alice's secret")
    page = client.get("/").content
    assert b"data-peaks=" not in page
    assert b"secret" not in page


def test_a_card_is_drawn_from_coarse_peaks(media: Path, client: Client) -> None:
    alice = make_user("Alice")
    song = make_song(alice)
    stem = ready_stem(song, duration_s=30.0)
    client.force_login(alice)
    page = client.get(reverse("mixing:songs")).content.decode()
    url = f"{reverse('mixing:stem_peaks', args=[stem.uuid])}?detail=coarse"
    assert url in page
    coarse = client.get(url)
    assert "private" in coarse["Cache-Control"]
    whole = (media / stem.peaks_path).read_bytes()
    assert len(coarse.content) < len(whole) / 3
    assert max(level.minimum.size for level in read(coarse.content).levels) <= 1024


def test_coarse_peaks_are_as_private_as_whole_ones(media: Path, client: Client) -> None:
    stem = ready_stem(make_song(make_user("Alice")))
    url = f"{reverse('mixing:stem_peaks', args=[stem.uuid])}?detail=coarse"
    assert client.get(url).status_code == 302
    client.force_login(make_user("Charlie"))
    assert client.get(url).status_code == 404


def test_a_stem_without_peaks_has_no_coarse_ones(media: Path, client: Client) -> None:
    alice = make_user("Alice")
    stem = Stem.objects.create(song=make_song(alice), name="Soon.wav")
    client.force_login(alice)
    assert client.get(f"{reverse('mixing:stem_peaks', args=[stem.uuid])}?detail=coarse").status_code == 404


def test_the_list_of_songs_asks_no_more_for_more_songs(media: Path, client: Client, django_assert_num_queries) -> None:
    alice = make_user("Alice")
    client.force_login(alice)
    ready_stem(make_song(alice))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("mixing:songs"))
    for _ in range(3):
        ready_stem(make_song(alice))
    with django_assert_num_queries(len(few)):
        client.get(reverse("mixing:songs"))


def test_a_missing_page_speaks_plainly(client: Client) -> None:
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert b"Silence at this address" in response.content
