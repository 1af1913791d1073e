"""The pages of songs, stems and mixes, their sound, and the door for files."""

from django.urls import path

from mixing.views import exports, mixers, mixes, references, songs, stems, uploads

app_name = "mixing"
urlpatterns = [
    path("songs/", songs.songs, name="songs"),
    path("songs/<uuid:uuid>/", songs.song, name="song"),
    path("songs/<uuid:uuid>/rename", songs.rename, name="song_rename"),
    path("songs/<uuid:uuid>/delete", songs.delete, name="song_delete"),
    path("songs/<uuid:uuid>/mixes", mixes.create, name="mix_create"),
    path("songs/<uuid:uuid>/uploads/", uploads.UploadsView.as_view(), name="uploads"),
    path("uploads/<uuid:uuid>/", uploads.UploadView.as_view(), name="upload"),
    path("stems/<uuid:uuid>/role", stems.role, name="stem_role"),
    path("stems/<uuid:uuid>/row", stems.row, name="stem_row"),
    path("stems/<uuid:uuid>/delete", stems.delete, name="stem_delete"),
    path("references/<uuid:uuid>/delete", references.delete, name="reference_delete"),
    path("mixers/", mixers.mixers, name="mixers"),
    path("mixers/<slug:key>/", mixers.mixer, name="mixer"),
    path("mixes/<uuid:uuid>/", mixes.mix, name="mix"),
    path("mixes/<uuid:uuid>/delete", mixes.delete, name="mix_delete"),
    path("mixes/<uuid:uuid>/download.<str:extension>", mixes.download, name="mix_download"),
    path("mixes/<uuid:uuid>/exports", exports.exports, name="exports"),
    path("exports/<uuid:uuid>/download", exports.download, name="export_download"),
    path("exports/<uuid:uuid>/delete", exports.delete, name="export_delete"),
    path("jobs/<uuid:uuid>/cancel", mixes.cancel, name="job_cancel"),
    path("media/stems/<uuid:uuid>/audio.wav", stems.audio, name="stem_audio"),
    path("media/stems/<uuid:uuid>/peaks", stems.peaks, name="stem_peaks"),
    path("media/references/<uuid:uuid>/audio.wav", references.audio, name="reference_audio"),
    path("media/references/<uuid:uuid>/peaks", references.peaks, name="reference_peaks"),
    path("media/mixes/<uuid:uuid>/audio.<str:extension>", mixes.audio, name="mix_audio"),
    path("media/mixes/<uuid:uuid>/peaks", mixes.peaks, name="mix_peaks"),
]
