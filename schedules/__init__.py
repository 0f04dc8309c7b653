"""The clock's door: every scheduled run is a row of table.py; PostgreSQL decides which slots exist and who runs them."""
