"""What the documents say exists, exists: links, commands, settings, API paths, mixers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.test import Client

from mixing.engine.console.schema import schema
from mixing.engine.export.session import schema as session_schema
from mixing.engine.mixers.interface import Intent
from mixing.engine.mixers.registry import all_mixers
from mixing.engine.roles import ROLES
from mixing.services.exports import FORMS, ON_THE_PAGE
from tournament.engine.votes_schema import schema as votes_schema

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
SETTING = re.compile(r"AIMIXER_[A-Z_]+")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_its_links_lead_to_files(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", document.read_text()):
        if not target.startswith(("http://", "https://")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_its_commands_exist(document: Path) -> None:
    text = document.read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b(?=`|\s{2,}|$)", text, re.MULTILINE)) <= targets
    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) <= set(get_commands())


def test_the_administrators_table_and_the_example_hold_every_setting() -> None:
    used = set(SETTING.findall((ROOT / "aimixer_site" / "settings.py").read_text()))
    used = {name.removesuffix("_FILE") for name in used}
    assert set(SETTING.findall((ROOT / "docs" / "administrators.md").read_text())) == used
    assert set(SETTING.findall((ROOT / ".env.example").read_text())) == used - {"AIMIXER_DEBUG"}


@pytest.mark.django_db
def test_the_integrators_paths_are_those_of_the_schema() -> None:
    schema = Client().get("/api/v1/schema/", {"format": "json"}).json()
    told = set(re.findall(r"`(/api/v1/[a-z/{}]+)`", (ROOT / "docs" / "integrators.md").read_text()))
    told -= {"/api/v1/", "/api/v1/schema/", "/api/v1/docs/"}
    assert told <= set(schema["paths"])
    assert len(told) >= 14


def test_the_musicians_table_holds_every_mixer() -> None:
    text = (ROOT / "docs" / "musicians.md").read_text()
    assert [mixer.title for mixer in all_mixers() if f"| {mixer.title} |" not in text] == []


def test_the_formats_page_holds_every_role_and_examples_that_are_read() -> None:
    text = (ROOT / "docs" / "song-json.md").read_text()
    assert [role for role in ROLES if not re.search(rf"\b{role}\b", text)] == []
    song, intent = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL))
    assert {stem["role"] for stem in song["stems"]} <= set(ROLES)
    assert Intent.from_dict(intent).of("Vox.wav").presence == "lead"


def test_the_published_schema_is_the_consoles() -> None:
    published = json.loads((ROOT / "docs" / "console-parameters.schema.json").read_text())
    assert published == schema()


def test_the_published_session_schema_is_the_exports() -> None:
    published = json.loads((ROOT / "docs" / "session.schema.json").read_text())
    assert published == session_schema()


def test_the_published_schema_of_votes_is_that_of_the_open_data() -> None:
    published = json.loads((ROOT / "docs" / "votes.schema.json").read_text())
    assert published == votes_schema()


def test_the_documents_name_every_export() -> None:
    musicians, integrators = ((ROOT / "docs" / f"{name}.md").read_text() for name in ("musicians", "integrators"))
    assert [kind.label for kind in ON_THE_PAGE if f"| {kind.label} |" not in musicians] == []
    assert [kind for kind in FORMS if f"`{kind}`" not in integrators] == []
