"""Runs migrations on the connection that `engine.store.schema` hands over."""

from alembic import context

from engine.store.tables import metadata

with context.begin_transaction():
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        transaction_per_migration=False,
        compare_type=True,
    )
    context.run_migrations()
