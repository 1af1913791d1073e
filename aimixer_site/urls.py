"""Every address of the site, floor by floor."""

from django.contrib import admin
from django.urls import include, path

from accounts.views import join
from aimixer_site import views
from aimixer_site.ops import health

urlpatterns = [
    path("", views.home, name="home"),
    path("design/", views.design, name="design"),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("accounts/", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("join/<slug:code>/", join, name="join"),
    path("api/v1/", include("aimixer_site.api")),
    path("", include("mixing.urls")),
    path("", include("tournament.urls")),
    path("", include("tournament.people_urls")),
]

handler400 = "aimixer_site.views.bad_request"
handler403 = "aimixer_site.views.forbidden"
handler404 = "aimixer_site.views.not_found"
handler500 = "aimixer_site.views.broken"
