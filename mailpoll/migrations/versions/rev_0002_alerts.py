"""What is remembered of alerts."""

import sqlalchemy as sa
from alembic import op

from mailpoll.store.schema import Moment, Words

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds to the troubles who was alerted of them, and when they ended."""
    op.add_column(
        "trouble",
        sa.Column(
            "alerted",
            Words(),
            server_default="",
            nullable=False,
            comment="kind/recipient of alerts sent, blank between",
        ),
    )
    op.add_column(
        "trouble",
        sa.Column(
            "ended_at",
            Moment(),
            nullable=True,
            comment="when it ended, while somebody is still to be alerted of that; else NULL",
        ),
    )
