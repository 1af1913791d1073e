from django.urls import URLPattern

app_name = "mixing"
urlpatterns: list[URLPattern] = []
