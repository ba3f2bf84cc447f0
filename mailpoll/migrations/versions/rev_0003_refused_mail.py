"""What is remembered of mail that a server did not take."""

import sqlalchemy as sa
from alembic import op

from mailpoll.store.schema import Words

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds to the refusals as what they were told: a run that leaves something alone says it again."""
    status = "the exit status it stands for; 0: of a login"
    op.add_column("refusal", sa.Column("status", sa.Integer, server_default="0", nullable=False, comment=status))
    sentence = "as it was told; empty: of a login"
    op.add_column("refusal", sa.Column("sentence", Words(), server_default="", nullable=False, comment=sentence))
