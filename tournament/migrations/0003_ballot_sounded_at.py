from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tournament", "0002_arena")]

    operations = [
        migrations.AddField(
            model_name="ballot",
            name="sounded_at",
            field=models.DateTimeField(blank=True, help_text="When the first sound was heard.", null=True),
        ),
    ]
