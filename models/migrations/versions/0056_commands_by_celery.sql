-- The workers' Celery door keeps another body under a known key, as the receiver does.
GRANT INSERT ON bursar.inbox_conflict TO bursar_app;
