"""Boards and appeals, under /arena/."""

from django.urls import path

from tournament import board_views

urlpatterns = [
    path("boards/", board_views.boards, name="boards"),
    path("boards/votes.json", board_views.votes_file, name="votes_file"),
    path("boards/mine/", board_views.own_board, name="own_board"),
    path("boards/<path:board>/", board_views.board, name="board"),
    path("appeal/", board_views.appeal, name="appeal"),
]
