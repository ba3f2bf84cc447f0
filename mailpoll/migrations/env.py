"""Runs the migrations on the connection that mailpoll.store hands over; there is no ini file."""

from alembic import context

from mailpoll.store.schema import partial

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=partial(),
    render_as_batch=True,
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
