"""Version 1 of the API of songs and mixes."""

from django.urls import path

from mixing.api.v1 import views
from mixing.views.uploads import UploadsView

urlpatterns = [
    path("songs/", views.SongsView.as_view(), name="api-songs"),
    path("songs/<uuid:uuid>/", views.SongView.as_view(), name="api-song"),
    path("songs/<uuid:uuid>/stems/", views.StemsView.as_view(), name="api-stems"),
    path("songs/<uuid:uuid>/uploads/", UploadsView.as_view(), name="api-uploads"),
    path("stems/<uuid:uuid>/", views.StemView.as_view(), name="api-stem"),
    path("songs/<uuid:uuid>/references/", views.ReferencesView.as_view(), name="api-references"),
    path("references/<uuid:uuid>/", views.ReferenceView.as_view(), name="api-reference"),
    path("mixers/", views.MixersView.as_view(), name="api-mixers"),
    path("mixers/<slug:key>/", views.MixerView.as_view(), name="api-mixer"),
    path("mixes/", views.MixesView.as_view(), name="api-mixes"),
    path("mixes/<uuid:uuid>/", views.MixView.as_view(), name="api-mix"),
    path("mixes/<uuid:uuid>/parameters/", views.MixParametersView.as_view(), name="api-mix-parameters"),
    path("mixes/<uuid:uuid>/exports/", views.ExportsView.as_view(), name="api-exports"),
    path("exports/<uuid:uuid>/", views.ExportView.as_view(), name="api-export"),
    path("jobs/<uuid:uuid>/", views.JobView.as_view(), name="api-job"),
    path("jobs/<uuid:uuid>/cancel/", views.JobCancelView.as_view(), name="api-job-cancel"),
]
