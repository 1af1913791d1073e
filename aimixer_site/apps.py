from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "aimixer_site"
    verbose_name = "AI Mixer"
