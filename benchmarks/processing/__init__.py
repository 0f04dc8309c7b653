"""How many events a second two worker processes can take through, and what one costs, against raw psycopg and Celery."""
