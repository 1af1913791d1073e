"""The staff's site. Its door is the door of everybody: the same limits on tries, the same second factor."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin

admin.site.site_header = "AI Mixer: staff"
admin.site.site_title = "AI Mixer"
admin.site.index_title = "What the site holds"
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
