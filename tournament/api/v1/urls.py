from django.urls import path

from tournament.api.v1.boards import BoardListView, BoardView
from tournament.api.v1.people import AchievementsView, FeedbackView, LedgerView, MeView
from tournament.api.v1.queue import NextBattleView
from tournament.api.v1.songs import SongArenaView
from tournament.api.v1.tournaments import (
    TournamentLeaveView,
    TournamentListView,
    TournamentNextView,
    TournamentShareView,
    TournamentView,
)
from tournament.api.v1.views import (
    BallotView,
    BattleListView,
    BattleView,
    HeardView,
    ReasonsView,
    VoteView,
)

urlpatterns = [
    path("battles/", BattleListView.as_view(), name="api-battles"),
    path("battles/next/", NextBattleView.as_view(), name="api-battle-next"),
    path("battles/<uuid:uuid>/", BattleView.as_view(), name="api-battle"),
    path("battles/<uuid:uuid>/ballot/", BallotView.as_view(), name="api-ballot"),
    path("battles/<uuid:uuid>/heard/", HeardView.as_view(), name="api-heard"),
    path("battles/<uuid:uuid>/vote/", VoteView.as_view(), name="api-vote"),
    path("battles/<uuid:uuid>/reasons/", ReasonsView.as_view(), name="api-reasons"),
    path("battles/<uuid:uuid>/feedback/", FeedbackView.as_view(), name="api-feedback"),
    path("me/", MeView.as_view(), name="api-me"),
    path("me/ledger/", LedgerView.as_view(), name="api-me-ledger"),
    path("me/achievements/", AchievementsView.as_view(), name="api-me-achievements"),
    path("songs/<uuid:uuid>/arena/", SongArenaView.as_view(), name="api-song-arena"),
    path("tournaments/", TournamentListView.as_view(), name="api-tournaments"),
    path("tournaments/<uuid:uuid>/", TournamentView.as_view(), name="api-tournament"),
    path("tournaments/<uuid:uuid>/next/", TournamentNextView.as_view(), name="api-tournament-next"),
    path("tournaments/<uuid:uuid>/leave/", TournamentLeaveView.as_view(), name="api-tournament-leave"),
    path("tournaments/<uuid:uuid>/share/", TournamentShareView.as_view(), name="api-tournament-share"),
    path("boards/", BoardListView.as_view(), name="api-boards"),
    path("boards/<path:board>/", BoardView.as_view(), name="api-board"),
]
