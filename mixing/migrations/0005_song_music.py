from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mixing", "0004_references_and_cards")]

    operations = [
        migrations.AddField(
            model_name="song",
            name="tempo_bpm",
            field=models.FloatField(
                blank=True, help_text="Heard in the stems; empty where nobody can tell.", null=True
            ),
        ),
        migrations.AddField(
            model_name="song",
            name="key",
            field=models.CharField(
                blank=True, default="", help_text="Such as “C minor”; empty where nobody can tell.", max_length=12
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="song",
            name="music_digest",
            field=models.CharField(
                blank=True, default="", help_text="Of the stems that tempo and key are those of.", max_length=64
            ),
            preserve_default=False,
        ),
    ]
