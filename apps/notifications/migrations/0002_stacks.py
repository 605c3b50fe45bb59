from django.db import migrations, models

KINDS = [
    ('follower', 'Somebody follows you'),
    ('point_vote', 'Others agree with a pro or con of yours'),
    ('stack', 'A repository was read for you, or is shown to be yours'),
]


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0001_initial'),
    ]

    operations = [
        migrations.AlterField(
            model_name='notification',
            name='kind',
            field=models.CharField(choices=KINDS, max_length=20),
        ),
        migrations.AlterField(
            model_name='preference',
            name='kind',
            field=models.CharField(choices=KINDS, max_length=20),
        ),
    ]
