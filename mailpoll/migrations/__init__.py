"""The schema's history (Alembic); imported only when a store is behind."""
