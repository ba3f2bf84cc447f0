"""The frozen values that travel between the modules; no behaviour beyond what a value knows of itself.

Annotations are no strings here: msgspec would compile those of all that goes to the reader and into the store.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

MessageState = Literal["accepted", "read", "ignored", "held", "unrouted", "quarantined"]
DeliveryState = Literal["pending", "sending", "delivered", "delayed", "uncertain", "failed", "held", "duplicate"]
ReadOutcome = Literal["posted", "ignored", "held", "unrouted", "quarantined"]
Quotes = Literal["mailpoll", "email-reply-parser", "keep"]
Method = Literal["dmarc", "dkim", "spf"]
Refused = Literal["hold", "mark", "ignore"]
Disposition = Literal["post", "hold", "ignore"]
CutKind = Literal["quote", "attribution", "signature", "disclaimer", "banner", "footer", "forward header"]

# The name of the file that the whole new text of a post is, where its body was cut.
WHOLE_TEXT = "whole-text.txt"

# Every option an address may carry after its token (DESIGN.md §5).
OPTION_NAMES = frozenset(
    {
        "show-sender",
        "hide-sender",
        "include-quotes",
        "include-footer",
        "prefer-text",
        "prefer-html",
        "no-attachments",
        "no-thread",
        "full",
    }
)


class Options(Struct, frozen=True):
    """How a mail becomes a post, for one route. Made by laying option names over the defaults, in order."""

    show_sender: bool = False
    include_quotes: bool = False
    include_footer: bool = False
    prefer_html: bool = False
    attachments: bool = True
    thread: bool = True

    def with_names(self, names: tuple[str, ...]) -> "Options":
        """These options with `names` (from OPTION_NAMES; others are passed over) laid over them, later ones winning."""
        changed = self
        for name in names:
            changed = replace(changed, **_OPTION_EFFECTS.get(name, {}))
        return changed


_OPTION_EFFECTS: dict[str, dict[str, bool]] = {
    "show-sender": {"show_sender": True},
    "hide-sender": {"show_sender": False},
    "include-quotes": {"include_quotes": True},
    "include-footer": {"include_footer": True},
    "full": {"include_quotes": True, "include_footer": True},
    "prefer-text": {"prefer_html": False},
    "prefer-html": {"prefer_html": True},
    "no-attachments": {"attachments": False},
    "no-thread": {"thread": False},
}


class Policy(Struct, frozen=True):
    """Whose mail a channel takes, and what becomes of mail that no person wrote.

    `require` names what the receiving server must have found to pass (RFC 8601); `allow_from` (empty: everybody) and
    `deny_from` hold addresses and domains; `refused` says what follows when any of these fails. `auto_replies`,
    `bounces`, `notifications`, `verification_mail` and `loops` are what is done with mail of that kind. `authserv_ids`
    are the names of the server whose findings count.
    """

    require: tuple[Method, ...] = ()
    allow_from: tuple[str, ...] = ()
    deny_from: tuple[str, ...] = ()
    refused: Refused = "hold"
    auto_replies: Disposition = "hold"
    bounces: Disposition = "hold"
    notifications: Disposition = "post"
    verification_mail: Disposition = "post"
    loops: Disposition = "ignore"
    authserv_ids: tuple[str, ...] = ()


class FolderInfo(Struct, frozen=True):
    """What SELECT or EXAMINE said of a folder (RFC 9051 §6.3.2)."""

    name: str
    uidvalidity: int
    uidnext: int
    exists: int
    read_only: bool
    permanent_flags: tuple[str, ...]


class Candidate(Struct, frozen=True):
    """A mail on the server of which only size (octets), INTERNALDATE and recipient header fields were fetched."""

    uid: int
    size: int
    internaldate: datetime | None
    headers: bytes


class RawMessage(Struct, frozen=True):
    """The bytes of a mail as the server gave them, in slices of at most 1 MB so that nothing need join them.

    `oversize_of` is 0, or the size in octets of a mail of which only the headers were taken.
    """

    uid: int | None
    internaldate: datetime | None
    chunks: tuple[bytes, ...]
    oversize_of: int = 0

    @property
    def size(self) -> int:
        """Octets held here."""
        return sum(map(len, self.chunks))


class NamedAddress(Struct, frozen=True):
    """One address of a header field (RFC 5322 §3.4): decoded display name (may be empty) and `local-part@domain`."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


class Recipient(Struct, frozen=True):
    """An address of ours found in a mail: which header field named it, and its detail (RFC 5233), case kept."""

    header: str
    address: str
    detail: str


class Limits(Struct, frozen=True):
    """What one destination takes. Lengths in code points; with `octets` that of `body` in octets of UTF-8. `file_size`
    is octets of one file. None means no limit. `no_files` is why no files go there, where `files` does not say enough.

    `topic`: 0 says that there are none; then the subject, or the channel's fixed topic, is the first line in bold,
    unless the channel says `--topic none`. `mentions` names the dialect whose mentions compose must neutralise ("none",
    "zulip", "slack", "discord", "mattermost", "matrix"), `markup` the one that it writes: "markdown" (text as it was
    typed: the store, web hooks), "zulip" (the same, without escapes, of which Zulip knows none), "commonmark" (typed
    text escaped, so that it is shown as it was typed: ntfy with Markdown, what markup.to_html() is given for Matrix),
    "mattermost" (the same, as its parser has it), "slack", "discord", "plain". `overflow`: text that does not fit goes
    along whole as a file, or is only cut. `threads`: a post that answers one of the same channel is to be put into its
    thread (Post.thread).
    """

    topic: int | None = None
    body: int | None = None
    files: bool = True
    mentions: str = "none"
    markup: str = "markdown"
    file_size: int | None = None
    overflow: Literal["file", "cut"] = "file"
    threads: bool = False
    octets: bool = False
    no_files: str = ""


class Target(Struct, frozen=True):
    """One destination of a channel: its configured name (or an http URL), the place inside it, what it takes."""

    destination: str
    place: str = ""
    limits: Limits = Limits()


class Route(Struct, frozen=True):
    """Where a mail goes for one of its recipients.

    `topic`: None takes the subject, "" means the channel has no topics, anything else is fixed. `allow_from` is the
    address's own, beside that of the policy. `conversation`: the address was made for the answers of people; `answers`:
    to the post of this number (0: to none). `shown_as`: who is shown as the sender, if not who the mail says.
    """

    channel: str
    targets: tuple[Target, ...]
    header: str = ""
    address: str = ""
    token: str = ""
    tag: str = ""
    options: Options = Options()
    topic: str | None = None
    prefix: str = ""
    quotes: Quotes = "mailpoll"
    allow_from: tuple[str, ...] = ()
    policy: Policy = Policy()
    conversation: bool = False
    answers: int = 0
    shown_as: str = ""


class Attachment(Struct, frozen=True):
    """A part of a mail that travels as a file. `part` is its number in document order, the key for fetching its
    bytes; `name` is display text, cleaned, never a path; `size` in octets after decoding; `content_id` without <>.
    `withheld` is why it does not go along with posts, if it does not."""

    part: int
    name: str
    type: str
    size: int
    content_id: str = ""
    withheld: str = ""


class FileRules(Struct, frozen=True):
    """Which files go along with posts: octets of one and of all together, globs of names or media types (`allow` empty:
    all)."""

    max_size: int
    max_total: int
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


class Message(Struct, frozen=True):
    """What message.parse found in a mail; header values decoded, line ends "\\n". Empty means absent."""

    from_: tuple[NamedAddress, ...]
    subject: str
    date: datetime | None
    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    automatic: str
    content_key: str
    defects: tuple[str, ...]
    sender_problem: str = ""
    authentication: str | None = None
    loop_addresses: tuple[str, ...] = ()
    automatic_why: str = ""


class Original(Struct, frozen=True):
    """What a mail says of itself beside its posts, for hooks that hand on the mail.

    `headers` are (name as written, value unfolded, encoded words kept) in order, without control characters; fields
    that belong in a mail once (RFC 5322 §3.6) come once. `date` as RFC 5322 has it, or "". `text` and `html` as in
    Message; `plain` is the text, or what the HTML says as Markdown; `new_text` and `signature` are what is new in it
    and what was cut off below. "" means absent.
    """

    headers: tuple[tuple[str, str], ...] = ()
    from_: tuple[NamedAddress, ...] = ()
    to: tuple[NamedAddress, ...] = ()
    cc: tuple[NamedAddress, ...] = ()
    bcc: tuple[NamedAddress, ...] = ()
    reply_to: tuple[NamedAddress, ...] = ()
    subject: str = ""
    date: str = ""
    text: str = ""
    html: str = ""
    plain: str = ""
    new_text: str = ""
    signature: str = ""

    def first(self, name: str) -> str:
        """The value of the first field called `name` (lower case), or ""."""
        return next((value for field, value in self.headers if field.lower() == name), "")


class Cut(Struct, frozen=True):
    """A piece that was left out of the post, and why."""

    kind: CutKind
    text: str


class Post(Struct, frozen=True):
    """What goes out to one destination of one channel. `key` is the delivery's idempotency key, empty until stored.

    `whole_text` says that the body was cut and that part 0 (the whole new text) goes along as a file; `options` and
    `quotes` are the route's, by which that text is found again. `held` is why it waits for a person, if it does.
    `thread` is the receipt of the post whose thread it belongs to, empty for one that begins a thread; `answers` is the
    number of the post that its address was made for (0: none), whatever the mail refers to. `prefix` is the channel's
    own, as the body begins with it, `title` the line of the body that says the subject, where one does: what a thread
    has said already (threads.answering).
    """

    channel: str
    destination: str
    place: str
    topic: str
    body: str
    attachments: tuple[Attachment, ...] = ()
    whole_text: bool = False
    subject: str = ""
    sender: str = ""
    date: datetime | None = None
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    address: str = ""
    tag: str = ""
    automatic: str = ""
    options: Options = Options()
    quotes: Quotes = "mailpoll"
    held: str = ""
    thread: str = ""
    answers: int = 0
    key: str = ""
    prefix: str = ""
    title: str = ""


class Facts(Struct, frozen=True):
    """What the store keeps of a message beside its bytes, for people to find it by."""

    content_key: str = ""
    message_id: str = ""
    sender: str = ""
    subject: str = ""
    date: datetime | None = None
    defects: tuple[str, ...] = ()


class Reading(Struct, frozen=True):
    """What reading one mail led to: the outcome, why, and the posts to deliver (none unless outcome is "posted"
    or "held")."""

    outcome: ReadOutcome
    reason: str
    facts: Facts
    posts: tuple[Post, ...] = ()


class Receipt(Struct, frozen=True):
    """A destination's proof that it took a post: its own id for it, and a link for people where there is one. `alone`:
    its thread was gone, and it stands where one begins."""

    id: str = ""
    url: str = ""
    alone: bool = False


class Thread(Struct, frozen=True):
    """The thread that a post belongs to: the receipt of the post that began it, "" where there is none, and the title
    (Post.title) of one that is in it."""

    receipt: str = ""
    title: str = ""


class Finding(Struct, frozen=True):
    """The result of one check; `status` is the exit status of the error that a failure was told by, 0 without one."""

    level: Literal["ok", "warn", "fail"]
    what: str
    advice: str = ""
    status: int = 0


class Position(Struct, frozen=True):
    """Where a folder stands: its row, floor (None before first contact is done), mark, the moment before which mail is
    not new at first contact, and whether the folder was known under another UIDVALIDITY."""

    folder_id: int
    floor: int | None
    mark: int
    new_since: datetime
    renumbered: bool = False


class Unread(Struct, frozen=True):
    """A message accepted but not read: how many readings were begun, its octets, and where `receive --to` sends it.
    `account` is empty for a message that did not come from a server."""

    id: int
    account: str
    attempts: int
    size: int
    oversize_of: int
    sent_to: str


class Job(Struct, frozen=True):
    """A mail for the reader: `chunks` gives its bytes anew at each call, `size` octets in all.

    `safe` reads only headers and first text part; `oversize_of` is as in RawMessage; `reference` names the message in
    notes to people ("message 17"); `patterns` are those of our addresses, as they are configured.
    """

    chunks: Callable[[], Iterable[bytes]]
    size: int
    routes: tuple[Route, ...]
    safe: bool = False
    oversize_of: int = 0
    reference: str = ""
    patterns: tuple[str, ...] = ()


class KnownAddress(Struct, frozen=True):
    """What the store knows of a token: the channel it names, whether it is in use, and how its mail becomes posts.

    `token` is "*" for the address that takes every detail no token claims. `channel_options` are defaults,
    `options` win over them. `topic` as in Route. `allow_from` holds addresses and domains; empty allows everyone.
    `quotes` are the channel's own; None: those of the settings. `policy` holds the fields of Policy that the channel
    has of its own. `conversation`, `answers` and `shown_as` as in Route.
    """

    token: str
    channel: str
    enabled: bool
    channel_enabled: bool
    expires_at: datetime | None
    allow_from: tuple[str, ...]
    channel_options: tuple[str, ...]
    options: tuple[str, ...]
    topic: str | None
    prefix: str
    targets: tuple[tuple[str, str], ...]
    quotes: Quotes | None = None
    policy: Mapping[str, Any] = field(default_factory=dict)
    conversation: bool = False
    answers: int = 0
    shown_as: str = ""


class Delivery(Struct, frozen=True):
    """A post on its way: its row, the message it came from, its state, and what is known of its attempts."""

    id: int
    message_id: int
    state: DeliveryState
    attempts: int
    post: Post
    due_at: datetime | None
    created_at: datetime
    changed_at: datetime
    uncertain_at: datetime | None = None
    error: str = ""
    receipt: str = ""
    receipt_url: str = ""


class Rest(Struct, frozen=True):
    """A destination that gave no answer in so many runs in a row, and the moment before which it is left alone; a
    change of its settings ends that."""

    destination: str
    failures: int
    until: datetime
    settings_hash: str = ""


class Pause(Struct, frozen=True):
    """A destination that is closed to us until a person acts or its settings change."""

    destination: str
    reason: str
    paused_at: datetime
    settings_hash: str = ""


class Refusal(Struct, frozen=True):
    """An account whose login was refused so many times in a row, and the moment before which none is tried; a change of
    its `fingerprint`, which is that of settings and password, ends that. Of mail that a server did not take also as
    what that was told: with which exit status, in which words."""

    account: str
    failures: int
    until: datetime
    fingerprint: str
    status: int = 0
    sentence: str = ""


class Trouble(Struct, frozen=True):
    """What does not work: since when, in how many runs in a row, and when somebody was told last (None: never).

    `about` is account.NAME, destination.NAME, what is shown of a destination's URL, "the store" or "the configuration";
    `told` are the kinds of it (alarm.kind_of) that were told since it began, or since it was last told anew. `alerted`
    says to whom which kind was told by an alert since it began (news.mark_of). One with `ended_at` is over, and kept
    only until all of them were told of that; `sentence` tells it then.
    """

    about: str
    status: int
    sentence: str
    runs: int
    began_at: datetime
    told_at: datetime | None = None
    told: tuple[str, ...] = ()
    alerted: tuple[str, ...] = ()
    ended_at: datetime | None = None
