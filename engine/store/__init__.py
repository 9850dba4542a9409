"""Tables, transactions and dialect differences of SQLite and PostgreSQL."""
