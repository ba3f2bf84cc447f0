"""The tables, and the column types that make SQLite and PostgreSQL agree."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

# The newest revision under migrations/versions: a store at this one needs no Alembic (0.3 s to import).
HEAD = "0006"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware datetime in UTC; SQLite keeps no zone, so it is taken off on the way in and put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value  # type: ignore[no-any-return]
        return value.replace(tzinfo=UTC)  # type: ignore[no-any-return]


class Words(TypeDecorator[str]):
    """Text from mails: lone surrogates raise on insert in both databases and NUL does in PostgreSQL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or (value.isascii() and "\0" not in value):
            return value
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


# SQLite gives out row numbers only for INTEGER PRIMARY KEY.
Serial = BigInteger().with_variant(Integer, "sqlite")

channel = Table(
    "channel",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("name", Words, nullable=False, unique=True),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("topic", Words, comment="NULL: the subject; empty: no topics; else fixed"),
    Column("prefix", Words, nullable=False, server_default=""),
    Column("options", Words, nullable=False, server_default="", comment="option names, blank between"),
    Column("quotes", Words, comment="who finds its new text; NULL: as [reader] says"),
    Column(
        "policy",
        Words,
        nullable=False,
        server_default="",
        comment="what it has of its own, JSON; empty: as [policy] says",
    ),
    Column("rate", Words, comment="posts in a time to one destination; NULL: as [policy] says"),
    Column("created_at", Moment, nullable=False),
)

target = Table(
    "target",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("channel_id", ForeignKey("channel.id", ondelete="CASCADE"), nullable=False),
    Column("destination", Words, nullable=False),
    Column("place", Words, nullable=False, server_default=""),
    UniqueConstraint("channel_id", "destination", "place"),
)

address = Table(
    "address",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("channel_id", ForeignKey("channel.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("token", Words, nullable=False, unique=True, comment="lower-case; *: every detail no token claims (--any)"),
    Column("options", Words, nullable=False, server_default=""),
    Column("topic", Words),
    Column("allow_from", Words, nullable=False, server_default="", comment="addresses or domains, blank between"),
    Column(
        "conversation",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="made for the answers of people: automatic mail to it is ignored",
    ),
    Column(
        "answers",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="number of the post whose answers come here; 0: of none",
    ),
    Column(
        "shown_as",
        Words,
        nullable=False,
        server_default="",
        comment="who is shown as the sender; empty: who the mail says",
    ),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("expires_at", Moment),
    Column("created_at", Moment, nullable=False),
)
folder = Table(
    "folder",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("account", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("floor", BigInteger, comment="UIDs up to this one are never looked at; NULL until first contact is done"),
    Column("mark", BigInteger, nullable=False, server_default="0", comment="every UID up to this one is decided"),
    Column("polled_at", Moment, comment="when a run last listed it to the end"),
    UniqueConstraint("account", "name", "uidvalidity"),
)

# With message.uid the ledger: what of a folder is decided. Mail that is not ours leaves its UID here and nothing else.
skipped = Table(
    "skipped",
    metadata,
    Column("folder_id", ForeignKey("folder.id", ondelete="CASCADE"), primary_key=True),
    Column("uid", BigInteger, primary_key=True, autoincrement=False),
)

message = Table(
    "message",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("folder_id", ForeignKey("folder.id"), comment="NULL: given to `receive`"),
    Column("uid", BigInteger),
    Column("state", Words, nullable=False),
    Column("reason", Words, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="0", comment="readings begun; 3 failed: quarantined"),
    Column(
        "after", Words, nullable=False, server_default="", comment="due | done | empty: nothing to do on the server"
    ),
    Column("sent_to", Words, nullable=False, server_default="", comment="address or channel forced by `receive --to`"),
    Column("size", BigInteger, nullable=False),
    Column("oversize_of", BigInteger, nullable=False, server_default="0"),
    Column("internaldate", Moment),
    Column("accepted_at", Moment, nullable=False),
    Column("read_at", Moment),
    Column("content_key", Words, nullable=False, server_default=""),
    Column("message_id", Words, nullable=False, server_default=""),
    Column("sender", Words, nullable=False, server_default=""),
    Column("subject", Words, nullable=False, server_default=""),
    Column("date", Moment),
    Column("defects", Words, nullable=False, server_default=""),
    Column("kept", Boolean, nullable=False, server_default=text("true"), comment="its bytes are still in `raw`"),
    UniqueConstraint("folder_id", "uid"),
)
Index("ix_message_unfinished", message.c.state)
Index("ix_message_after", message.c.folder_id)
Index("ix_message_kept", message.c.accepted_at)

raw = Table(
    "raw",
    metadata,
    Column("message_id", ForeignKey("message.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("message_id", ForeignKey("message.id"), nullable=False, index=True),
    Column("channel", Words, nullable=False),
    Column("destination", Words, nullable=False),
    Column("place", Words, nullable=False, server_default=""),
    Column("content_key", Words, nullable=False),
    Column("key", Words, nullable=False, comment="idempotency key, the same at every attempt"),
    Column("state", Words, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at", Moment, comment="when it may be tried next"),
    Column("uncertain_at", Moment, comment="when it last was uncertain, kept after it was delivered"),
    Column("claimed_at", Moment, comment="when it was last on its way"),
    Column("run", BigInteger, nullable=False, server_default="0", comment="of `sending`: the number of the run's lock"),
    Column("error", Words, nullable=False, server_default=""),
    Column("receipt", Words, nullable=False, server_default=""),
    Column("receipt_url", Words, nullable=False, server_default=""),
    Column(
        "mail_key",
        Words,
        nullable=False,
        server_default="",
        comment="of channel, destination, place and Message-ID; empty: has none",
    ),
    Column(
        "subject_key",
        Words,
        nullable=False,
        server_default="",
        comment="the same of the subject; empty: says too little",
    ),
    Column("thread", Words, nullable=False, server_default="", comment="receipt of the post that it was posted under"),
    Column("topic", Words, nullable=False, server_default=""),
    Column("body", Words, nullable=False, server_default=""),
    Column("details", Words, nullable=False, server_default="{}", comment="the rest of the post, JSON"),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
)
# What makes one post of the same mail in two folders, two accounts or two copies.
Index(
    "uq_delivery_once",
    delivery.c.content_key,
    delivery.c.channel,
    delivery.c.destination,
    delivery.c.place,
    unique=True,
)
Index("ix_delivery_due", delivery.c.state, delivery.c.due_at)
# How many posts of a channel left in the last minutes.
Index("ix_delivery_claimed", delivery.c.channel, delivery.c.destination, delivery.c.claimed_at)
Index("ix_delivery_left", delivery.c.claimed_at)
# What waits, channel by channel: what is next, whichever of them a flood fills.
Index(
    "ix_delivery_waiting",
    delivery.c.destination,
    delivery.c.channel,
    delivery.c.id,
    delivery.c.due_at,
    delivery.c.state,
)
# When a destination last took a post, among a million that were delivered.
Index("ix_delivery_delivered", delivery.c.destination, delivery.c.changed_at)
# What may be the beginning of a thread: the first post of a mail, the newest under a subject.
Index("ix_delivery_mail", delivery.c.mail_key, delivery.c.id)
Index("ix_delivery_subject", delivery.c.subject_key, delivery.c.id)

pause = Table(
    "pause",
    metadata,
    Column("destination", Words, primary_key=True),
    Column("reason", Words, nullable=False),
    Column("settings_hash", Words, nullable=False, server_default="", comment="a change of it ends the pause"),
    Column("paused_at", Moment, nullable=False),
)

rest = Table(
    "rest",
    metadata,
    Column("destination", Words, primary_key=True),
    Column("failures", Integer, nullable=False, comment="runs in a row in which it took nothing"),
    Column("until", Moment, nullable=False, comment="nothing is tried before"),
    Column("settings_hash", Words, nullable=False, server_default="", comment="a change of it ends the rest"),
)

refusal = Table(
    "refusal",
    metadata,
    Column("account", Words, primary_key=True),
    Column("failures", Integer, nullable=False, comment="logins refused in a row"),
    Column("until", Moment, nullable=False, comment="no login is tried before"),
    Column("fingerprint", Words, nullable=False, comment="of settings and secret; a change of it ends the refusal"),
    Column(
        "status", Integer, nullable=False, server_default="0", comment="the exit status it stands for; 0: of a login"
    ),
    Column("sentence", Words, nullable=False, server_default="", comment="as it was told; empty: of a login"),
)

trouble = Table(
    "trouble",
    metadata,
    Column("about", Words, primary_key=True, comment="account.NAME, destination.NAME, a URL"),
    Column("status", Integer, nullable=False, comment="the exit status it stands for"),
    Column("sentence", Words, nullable=False, comment="as it was told, or would have been"),
    Column("runs", Integer, nullable=False, comment="runs in a row that met it"),
    Column("began_at", Moment, nullable=False),
    Column("told_at", Moment, comment="NULL: nobody was told yet"),
    Column("told", Words, nullable=False, server_default="", comment="which kinds of it were told, blank between"),
    Column("alerted", Words, nullable=False, server_default="", comment="kind/recipient of alerts sent, blank between"),
    Column("ended_at", Moment, comment="when it ended, while somebody is still to be alerted of that; else NULL"),
)

store_info = Table(
    "store_info",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("created_at", Moment, nullable=False, comment="mail older than this by an hour is not new at first contact"),
)

_THERE = (delivery.c.state == "delivered") & (delivery.c.receipt != "")

# The rows that partial indexes hold. Told to SQLAlchemy by partial() only where tables are made: an index with
# `postgresql_where` imports all drivers of PostgreSQL, a fifth of the time that a run with one mail takes.
PARTIAL = {
    "ix_message_unfinished": message.c.state != "read",
    "ix_message_after": message.c.after == "due",
    "ix_message_kept": message.c.kept.is_(True),
    "uq_delivery_once": delivery.c.state != "duplicate",
    "ix_delivery_delivered": delivery.c.state == "delivered",
    "ix_delivery_claimed": delivery.c.claimed_at.is_not(None),
    "ix_delivery_left": delivery.c.claimed_at.is_not(None),
    "ix_delivery_waiting": delivery.c.due_at.is_not(None),
    "ix_delivery_mail": (delivery.c.mail_key != "") & _THERE,
    "ix_delivery_subject": (delivery.c.subject_key != "") & _THERE,
}


def partial() -> MetaData:
    """The tables, with what their partial indexes hold."""
    for table in (message, delivery):
        for index in table.indexes:
            if index.name in PARTIAL:
                for dialect in ("sqlite", "postgresql"):
                    index.dialect_kwargs[f"{dialect}_where"] = PARTIAL[str(index.name)]
    return metadata
