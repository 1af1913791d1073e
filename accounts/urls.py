"""Pages of a person's own; signing up, in and out is allauth's."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("settings/", views.settings, name="settings"),
    path("settings/keys", views.api_key_create, name="api_key_create"),
    path("settings/keys/<uuid:uuid>/revoke", views.api_key_revoke, name="api_key_revoke"),
]
