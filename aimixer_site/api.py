"""Version 1 of the API, its schema and its pages."""

from csp.decorators import csp_update
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

Endpoint = tuple[str, str, str, object]


def only_version_1(endpoints: list[Endpoint]) -> list[Endpoint]:
    """The schema's hook: pages may be served by the same classes, and are no part of the API."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


# Swagger's own page writes styles into its elements; nothing else on the site may.
_docs = csp_update({"style-src": ["'unsafe-inline'"]})(SpectacularSwaggerSplitView.as_view(url_name="api-schema"))

urlpatterns = [
    path("", include("mixing.api.v1.urls")),
    path("", include("tournament.api.v1.urls")),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", _docs, name="api-docs"),
]
