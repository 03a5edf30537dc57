from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel("Late", [("id", models.BigAutoField(primary_key=True))]),
        migrations.RunSQL("ALTER TABLE issues_entry ADD COLUMN late integer"),
        migrations.RunSQL("UPDATE issues_entry SET late = 1"),
    ]
