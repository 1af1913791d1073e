"""Keys: shown once, kept as a hash, ended at once."""

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import ApiKey, User
from accounts.services import api_keys
from aimixer_site.ops.errors import DomainError


def test_a_key_is_random_and_only_its_hash_is_kept(person: User) -> None:
    row, key = api_keys.create(user=person, name="DAW")
    _other, second = api_keys.create(user=person, name="DAW")
    assert key.startswith("amx_")
    assert len(key) == 47
    assert key != second
    row.refresh_from_db()
    assert row.digest == hashlib.sha256(key.encode()).hexdigest()
    assert key not in repr(ApiKey.objects.values_list().get(pk=row.pk))
    assert row.prefix == key[:12]


def test_a_key_leads_to_its_person(person: User) -> None:
    row, key = api_keys.create(user=person, name="DAW")
    assert api_keys.holder_of(key) == row
    assert api_keys.holder_of(key[:-1]) is None
    assert api_keys.holder_of("") is None


def test_a_revoked_key_opens_nothing(person: User) -> None:
    row, key = api_keys.create(user=person, name="DAW")
    api_keys.revoke(api_key=row)
    assert api_keys.holder_of(key) is None
    row.refresh_from_db()
    first = row.revoked_at
    api_keys.revoke(api_key=row)
    row.refresh_from_db()
    assert row.revoked_at == first


def test_a_banned_person_has_no_keys(person: User) -> None:
    _row, key = api_keys.create(user=person, name="DAW")
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert api_keys.holder_of(key) is None


def test_twenty_keys_are_enough_and_a_revoked_one_makes_room(person: User) -> None:
    rows = [api_keys.create(user=person, name=f"key {i}")[0] for i in range(20)]
    with pytest.raises(DomainError) as refused:
        api_keys.create(user=person, name="one more")
    assert (refused.value.code, refused.value.status) == ("too_many_keys", 409)
    api_keys.revoke(api_key=rows[0])
    api_keys.create(user=person, name="one more")


def test_use_is_noted_once_a_minute(person: User) -> None:
    row, _key = api_keys.create(user=person, name="DAW")
    api_keys.note_use(row)
    row.refresh_from_db()
    first = row.last_used_at
    api_keys.note_use(row)
    row.refresh_from_db()
    assert row.last_used_at == first
    earlier = timezone.now() - timedelta(minutes=2)
    ApiKey.objects.filter(pk=row.pk).update(last_used_at=earlier)
    row.refresh_from_db()
    api_keys.note_use(row)
    row.refresh_from_db()
    assert row.last_used_at > earlier + timedelta(minutes=1)
