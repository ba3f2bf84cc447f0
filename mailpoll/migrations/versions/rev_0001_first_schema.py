"""The first schema."""

import sqlalchemy as sa
from alembic import op

from mailpoll.store.schema import Moment, Serial, Words

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes every table of the first release."""
    op.create_table(
        "channel",
        sa.Column("id", Serial, nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("topic", Words(), nullable=True, comment="NULL: the subject; empty: no topics; else fixed"),
        sa.Column("prefix", Words(), server_default="", nullable=False),
        sa.Column("options", Words(), server_default="", nullable=False, comment="option names, blank between"),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
        sa.UniqueConstraint("name", name=op.f("uq_channel_name")),
    )
    op.create_table(
        "folder",
        sa.Column("id", Serial, nullable=False),
        sa.Column("account", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column(
            "floor",
            sa.BigInteger(),
            nullable=True,
            comment="UIDs up to this one are never looked at; NULL until first contact is done",
        ),
        sa.Column(
            "mark", sa.BigInteger(), server_default="0", nullable=False, comment="every UID up to this one is decided"
        ),
        sa.Column("polled_at", Moment(), nullable=True, comment="when a run last listed it to the end"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folder")),
        sa.UniqueConstraint("account", "name", "uidvalidity", name=op.f("uq_folder_account_name_uidvalidity")),
    )
    op.create_table(
        "pause",
        sa.Column("destination", Words(), nullable=False),
        sa.Column("reason", Words(), nullable=False),
        sa.Column("settings_hash", Words(), server_default="", nullable=False, comment="a change of it ends the pause"),
        sa.Column("paused_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("destination", name=op.f("pk_pause")),
    )
    op.create_table(
        "rest",
        sa.Column("destination", Words(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False, comment="runs in a row in which it took nothing"),
        sa.Column("until", Moment(), nullable=False, comment="nothing is tried before"),
        sa.Column("settings_hash", Words(), server_default="", nullable=False, comment="a change of it ends the rest"),
        sa.PrimaryKeyConstraint("destination", name=op.f("pk_rest")),
    )
    op.create_table(
        "store_info",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "created_at",
            Moment(),
            nullable=False,
            comment="mail older than this by an hour is not new at first contact",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store_info")),
    )
    op.create_table(
        "address",
        sa.Column("id", Serial, nullable=False),
        sa.Column("channel_id", Serial, nullable=False),
        sa.Column("token", Words(), nullable=False, comment="lower-case; *: every detail no token claims (--any)"),
        sa.Column("options", Words(), server_default="", nullable=False),
        sa.Column("topic", Words(), nullable=True),
        sa.Column(
            "allow_from", Words(), server_default="", nullable=False, comment="addresses or domains, blank between"
        ),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_address_channel_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address")),
        sa.UniqueConstraint("token", name=op.f("uq_address_token")),
    )
    op.create_index(op.f("ix_address_channel_id"), "address", ["channel_id"], unique=False)
    op.create_table(
        "message",
        sa.Column("id", Serial, nullable=False),
        sa.Column("folder_id", Serial, nullable=True, comment="NULL: given to `receive`"),
        sa.Column("uid", sa.BigInteger(), nullable=True),
        sa.Column("state", Words(), nullable=False),
        sa.Column("reason", Words(), server_default="", nullable=False),
        sa.Column(
            "attempts",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="readings begun; 3 failed: quarantined",
        ),
        sa.Column(
            "after",
            Words(),
            server_default="",
            nullable=False,
            comment="due | done | empty: nothing to do on the server",
        ),
        sa.Column(
            "sent_to", Words(), server_default="", nullable=False, comment="address or channel forced by `receive --to`"
        ),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("oversize_of", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("internaldate", Moment(), nullable=True),
        sa.Column("accepted_at", Moment(), nullable=False),
        sa.Column("read_at", Moment(), nullable=True),
        sa.Column("content_key", Words(), server_default="", nullable=False),
        sa.Column("message_id", Words(), server_default="", nullable=False),
        sa.Column("sender", Words(), server_default="", nullable=False),
        sa.Column("subject", Words(), server_default="", nullable=False),
        sa.Column("date", Moment(), nullable=True),
        sa.Column("defects", Words(), server_default="", nullable=False),
        sa.Column(
            "kept", sa.Boolean(), server_default=sa.text("true"), nullable=False, comment="its bytes are still in `raw`"
        ),
        sa.ForeignKeyConstraint(["folder_id"], ["folder.id"], name=op.f("fk_message_folder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("folder_id", "uid", name=op.f("uq_message_folder_id_uid")),
    )
    op.create_index(
        "ix_message_after",
        "message",
        ["folder_id"],
        unique=False,
        sqlite_where=sa.text("\"after\" = 'due'"),
        postgresql_where=sa.text("\"after\" = 'due'"),
    )
    op.create_index(
        "ix_message_kept",
        "message",
        ["accepted_at"],
        unique=False,
        sqlite_where=sa.text("kept IS 1"),
        postgresql_where=sa.text("kept IS true"),
    )
    op.create_index(
        "ix_message_unfinished",
        "message",
        ["state"],
        unique=False,
        sqlite_where=sa.text("state != 'read'"),
        postgresql_where=sa.text("state != 'read'"),
    )
    op.create_table(
        "refusal",
        sa.Column("account", Words(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False, comment="logins refused in a row"),
        sa.Column("until", Moment(), nullable=False, comment="no login is tried before"),
        sa.Column(
            "fingerprint", Words(), nullable=False, comment="of settings and secret; a change of it ends the refusal"
        ),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_refusal")),
    )
    op.create_table(
        "trouble",
        sa.Column("about", Words(), nullable=False, comment="account.NAME, destination.NAME, a URL"),
        sa.Column("status", sa.Integer(), nullable=False, comment="the exit status it stands for"),
        sa.Column("sentence", Words(), nullable=False, comment="as it was told, or would have been"),
        sa.Column("runs", sa.Integer(), nullable=False, comment="runs in a row that met it"),
        sa.Column("began_at", Moment(), nullable=False),
        sa.Column("told_at", Moment(), nullable=True, comment="NULL: nobody was told yet"),
        sa.Column(
            "told", Words(), server_default="", nullable=False, comment="which kinds of it were told, blank between"
        ),
        sa.PrimaryKeyConstraint("about", name=op.f("pk_trouble")),
    )
    op.create_table(
        "skipped",
        sa.Column("folder_id", Serial, nullable=False),
        sa.Column("uid", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["folder_id"], ["folder.id"], name=op.f("fk_skipped_folder_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("folder_id", "uid", name=op.f("pk_skipped")),
    )
    op.create_table(
        "target",
        sa.Column("id", Serial, nullable=False),
        sa.Column("channel_id", Serial, nullable=False),
        sa.Column("destination", Words(), nullable=False),
        sa.Column("place", Words(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_target_channel_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target")),
        sa.UniqueConstraint("channel_id", "destination", "place", name=op.f("uq_target_channel_id_destination_place")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", Serial, nullable=False),
        sa.Column("message_id", Serial, nullable=False),
        sa.Column("channel", Words(), nullable=False),
        sa.Column("destination", Words(), nullable=False),
        sa.Column("place", Words(), server_default="", nullable=False),
        sa.Column("content_key", Words(), nullable=False),
        sa.Column("key", Words(), nullable=False, comment="idempotency key, the same at every attempt"),
        sa.Column("state", Words(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", Moment(), nullable=True, comment="when it may be tried next"),
        sa.Column(
            "uncertain_at", Moment(), nullable=True, comment="when it last was uncertain, kept after it was delivered"
        ),
        sa.Column(
            "run",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="of `sending`: the number of the run's lock",
        ),
        sa.Column("error", Words(), server_default="", nullable=False),
        sa.Column("receipt", Words(), server_default="", nullable=False),
        sa.Column("receipt_url", Words(), server_default="", nullable=False),
        sa.Column("topic", Words(), server_default="", nullable=False),
        sa.Column("body", Words(), server_default="", nullable=False),
        sa.Column("details", Words(), server_default="{}", nullable=False, comment="the rest of the post, JSON"),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_delivery_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    op.create_index("ix_delivery_due", "delivery", ["state", "due_at"], unique=False)
    op.create_index(
        "ix_delivery_delivered",
        "delivery",
        ["destination", "changed_at"],
        unique=False,
        sqlite_where=sa.text("state = 'delivered'"),
        postgresql_where=sa.text("state = 'delivered'"),
    )
    op.create_index(op.f("ix_delivery_message_id"), "delivery", ["message_id"], unique=False)
    op.create_index(
        "uq_delivery_once",
        "delivery",
        ["content_key", "channel", "destination", "place"],
        unique=True,
        sqlite_where=sa.text("state != 'duplicate'"),
        postgresql_where=sa.text("state != 'duplicate'"),
    )
    op.create_table(
        "raw",
        sa.Column("message_id", Serial, nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_raw_message_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message_id", "n", name=op.f("pk_raw")),
    )
