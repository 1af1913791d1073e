"""The arena's pages and the sound of its battles."""

from django.urls import include, path, re_path

from tournament import song_views, views

_UUID = "(?P<uuid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"

app_name = "tournament"
urlpatterns = [
    path("arena/", views.arena, name="arena"),
    path("arena/", include("tournament.board_urls")),
    path("tournaments/", include("tournament.tournament_urls")),
    path("arena/battles", views.battle_create, name="battle_create"),
    path("arena/next", views.battle_next, name="battle_next"),
    path("battles/<uuid:uuid>/", views.battle, name="battle"),
    path("battles/<uuid:uuid>/heard", views.heard, name="heard"),
    path("battles/<uuid:uuid>/vote", views.vote, name="vote"),
    path("battles/<uuid:uuid>/reasons", views.reasons, name="reasons"),
    path("songs/<uuid:uuid>/arena", song_views.song_arena, name="song_arena"),
    path("songs/<uuid:uuid>/arena/withdraw", song_views.withdraw, name="song_withdraw"),
    re_path(rf"^media/battles/{_UUID}/(?P<side>[ab])\.wav$", views.clip, name="clip"),
    path("media/battles/<uuid:uuid>/peaks", views.clip_peaks, name="clip_peaks"),
]
