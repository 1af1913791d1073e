"""Rules that every template keeps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

ROOT = Path(settings.BASE_DIR) / "templates"
TEMPLATES = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*.html"))


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_compiles_and_carries_no_inline_script_or_style(name: str) -> None:
    get_template(name)
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert "<style" not in text
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=", text)


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_form_that_changes_something_has_a_token(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for form in re.findall(r'<form[^>]*method="post".*?</form>', text, flags=re.DOTALL):
        assert "{% csrf_token %}" in form


def test_every_stylesheet_and_module_that_a_page_names_is_there() -> None:
    static = Path(settings.BASE_DIR) / "static"
    named = {
        path for name in TEMPLATES for path in re.findall(r"{% static '([^']+)' %}", (ROOT / name).read_text("utf-8"))
    }
    assert named
    assert [path for path in sorted(named) if not (static / path).is_file()] == []
