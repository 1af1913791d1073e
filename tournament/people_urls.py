"""A person's own pages."""

from django.urls import path

from tournament import people_views as views

app_name = "people"
urlpatterns = [
    path("me/", views.person, name="person"),
    path("me/ears/", views.ears, name="ears"),
    path("me/ledger/", views.ledger, name="ledger"),
    path("account/data/", views.data, name="data"),
]
