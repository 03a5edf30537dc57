from django.db import migrations


class Migration(migrations.Migration):
    initial = True
    operations = [migrations.RunSQL("UPDATE issues_entry SET issue_id = 999999")]
