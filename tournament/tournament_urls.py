"""Tournaments, under /tournaments/."""

from django.urls import path

from tournament import tournament_views as views

urlpatterns = [
    path("", views.tournaments, name="tournaments"),
    path("<uuid:uuid>/", views.tournament, name="tournament"),
    path("<uuid:uuid>/next", views.go_on, name="tournament_next"),
    path("<uuid:uuid>/leave", views.leave, name="tournament_leave"),
    path("<uuid:uuid>/share", views.share, name="tournament_share"),
    path("<uuid:uuid>/story", views.shared, name="tournament_shared"),
]
