"""Songs: make, rename, delete."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from accounts.services import allowance
from aimixer_site.ops.errors import DomainError
from mixing.models import Job, Song, Upload
from mixing.services import storage


def create(*, owner: User, title: str) -> Song:
    """A song without stems. Its sample rate is fixed by the first stem that is accepted."""
    return Song.objects.create(owner=owner, title=title)


def rename(*, song: Song, title: str) -> Song:
    """Give a song another title."""
    song.title = title
    if not Song.objects.filter(pk=song.pk).update(title=title):
        raise DomainError("not_found", "The song was deleted meanwhile.", status=404)
    return song


@transaction.atomic
def delete(*, song: Song) -> None:
    """Delete a song with its stems, mixes, battles and all of their sound; runs under way find no row and stop."""
    # A run that is publishing holds its job's row and then asks for the song: the same order here, so that neither
    # waits for the other for ever.
    list(Job.objects.select_for_update().filter(song=song).order_by("pk").values_list("pk", flat=True))
    song_uuid = song.uuid
    parts = [storage.part_file(uuid) for uuid in Upload.objects.filter(song=song).values_list("uuid", flat=True)]
    battles = list(song.battles.values_list("uuid", flat=True))
    for mix in song.mixes.filter(wav_path="").values_list("uuid", flat=True):
        allowance.give_back_mix(mix)
    song.delete()

    def remove_sound() -> None:
        storage.remove_song_folder(song_uuid)
        storage.remove(*parts)
        for battle in battles:
            storage.remove_battle_folder(battle)

    transaction.on_commit(remove_sound)
