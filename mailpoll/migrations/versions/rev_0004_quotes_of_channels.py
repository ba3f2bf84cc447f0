"""Who finds the new text of a channel's mails."""

import sqlalchemy as sa
from alembic import op

from mailpoll.store.schema import Words

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds to the channels their own quotes; those that are there go on with the setting."""
    comment = "who finds its new text; NULL: as [reader] says"
    op.add_column("channel", sa.Column("quotes", Words(), nullable=True, comment=comment))
