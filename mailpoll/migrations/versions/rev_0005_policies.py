"""Policies and rates of channels, addresses made for one conversation, and when each post last left."""

import sqlalchemy as sa
from alembic import op

from mailpoll.store.schema import Moment, Words

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the columns; channels that are there go on with the settings, addresses are for everything."""
    own = "what it has of its own, JSON; empty: as [policy] says"
    op.add_column("channel", sa.Column("policy", Words(), nullable=False, server_default="", comment=own))
    rate = "posts in a time to one destination; NULL: as [policy] says"
    op.add_column("channel", sa.Column("rate", Words(), nullable=True, comment=rate))
    answers = "made for the answers of people: automatic mail to it is ignored"
    op.add_column(
        "address",
        sa.Column("conversation", sa.Boolean(), nullable=False, server_default=sa.text("false"), comment=answers),
    )
    op.add_column("delivery", sa.Column("claimed_at", Moment(), nullable=True, comment="when it was last on its way"))
    left = sa.text("claimed_at IS NOT NULL")
    waits = sa.text("due_at IS NOT NULL")
    for name, columns, rows in (
        ("ix_delivery_claimed", ["channel", "destination", "claimed_at"], left),
        ("ix_delivery_left", ["claimed_at"], left),
        ("ix_delivery_waiting", ["destination", "channel", "id", "due_at", "state"], waits),
    ):
        op.create_index(name, "delivery", columns, sqlite_where=rows, postgresql_where=rows)
