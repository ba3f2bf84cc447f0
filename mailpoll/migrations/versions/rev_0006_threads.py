"""What posts are found by as the beginning of threads, and addresses for the answers to one post."""

import sqlalchemy as sa
from alembic import op

from mailpoll.store.schema import Words

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the columns. Posts that are there begin no thread: what they would be found by is not in the store."""
    for name, comment in (
        ("mail_key", "of channel, destination, place and Message-ID; empty: has none"),
        ("subject_key", "the same of the subject; empty: says too little"),
        ("thread", "receipt of the post that it was posted under"),
    ):
        op.add_column("delivery", sa.Column(name, Words(), nullable=False, server_default="", comment=comment))
    there = sa.text("state = 'delivered' AND receipt != ''")
    for name, column in (("ix_delivery_mail", "mail_key"), ("ix_delivery_subject", "subject_key")):
        rows = sa.text(f"{column} != '' AND {there.text}")
        op.create_index(name, "delivery", [column, "id"], sqlite_where=rows, postgresql_where=rows)
    post = "number of the post whose answers come here; 0: of none"
    op.add_column("address", sa.Column("answers", sa.BigInteger(), nullable=False, server_default="0", comment=post))
    name = "who is shown as the sender; empty: who the mail says"
    op.add_column("address", sa.Column("shown_as", Words(), nullable=False, server_default="", comment=name))
