import accounts.models
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


def give_codes(apps, schema_editor):
    for person in apps.get_model('accounts', 'User').objects.filter(referral_code=None).iterator():
        person.referral_code = accounts.models.new_code()
        person.save(update_fields=['referral_code'])


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        # Each person's own code: a default is asked once for all rows, so they are written one by one in between.
        migrations.AddField(
            model_name='user',
            name='referral_code',
            field=models.CharField(editable=False, max_length=10, null=True),
        ),
        migrations.RunPython(give_codes, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='user',
            name='referral_code',
            field=models.CharField(default=accounts.models.new_code, editable=False, max_length=10, unique=True),
        ),
        migrations.CreateModel(
            name='Award',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=30)),
                ('evidence', models.JSONField(default=dict)),
                ('achieved_at', models.DateTimeField(help_text='When the facts first held.')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='awards', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-achieved_at', '-id'],
                'constraints': [models.UniqueConstraint(fields=('user', 'key'), name='an_award_once')],
            },
        ),
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('amount', models.IntegerField(help_text='Credits: more than 0 came in, less went out. A free mix is 0.')),
                ('reason', models.CharField(choices=[('vote', 'A vote that counts'), ('trial', 'A hidden trial'), ('referral', 'Somebody you brought'), ('mix', 'A mix'), ('mix_back', 'Back for a mix that was not made'), ('held', 'Votes held back'), ('let_in', 'Votes let in again'), ('staff', 'From the house')], max_length=10)),
                ('key', models.CharField(help_text='Names what this is for, such as mix:UUID.', max_length=80, unique=True)),
                ('about', models.UUIDField(blank=True, db_index=True, help_text='The vote, mix or person it is about.', null=True)),
                ('note', models.CharField(blank=True, help_text='In words, for the person.', max_length=200)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='ledger', to=settings.AUTH_USER_MODEL)),
                ('written_by', models.ForeignKey(blank=True, help_text='Empty where the site wrote it by itself.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'ledger entries',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['user', 'reason', '-created_at'], name='accounts_le_user_id_de75e6_idx')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('amount__gt', 0), ('reason__in', ['vote', 'trial', 'referral'])), models.Q(('amount__lte', 0), ('reason__in', ['mix', 'held'])), models.Q(('amount__gte', 0), ('reason__in', ['mix_back', 'let_in'])), models.Q(('reason', 'staff'), models.Q(('amount', 0), _negated=True)), _connector='OR'), name='credits_go_the_way_their_reason_says')],
            },
        ),
        migrations.CreateModel(
            name='Referral',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='referral', to=settings.AUTH_USER_MODEL)),
                ('referrer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='referrals', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at', '-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('person', models.F('referrer')), _negated=True), name='nobody_brings_themselves')],
            },
        ),
    ]
