"""One language as mail clients and people write it: the row that a native speaker fills in."""

from typing import Literal, TypedDict


class Language(TypedDict, total=False):
    """What stands round a mail in one language, lower-case; phrases that mean the same are parted by ` | `.

    Phrases need not be told apart by client or country: Gmail's, Apple's,
    Thunderbird's and Outlook's stand side by side.
    """

    code: str
    name: str
    # An attribution line ("Am 4.3.2024 um 9:15 schrieb Jane Roe:"): its verb, and its first words.
    wrote: str
    opens: str
    # The same when it speaks to the reader, as The Bat!, Eudora and Notes do ("On 4 March 2024 you wrote:").
    you_wrote: str
    # Who may stand beside that verb in a letter ("I wrote:"), never in a client's line; as they are written.
    pronouns: str
    # "-----Original Message-----" and its like, and the same over mail that is passed on.
    original: str
    forwarded: str
    # The names of the header fields over a quoted mail. `sent` is said of mail only, `date` of trains too.
    from_: str
    date: str
    sent: str
    to: str
    subject: str
    # The line a telephone or an app adds: how it starts, or how it ends; {} stands for the name of a device or app.
    sent_from: str
    sent_from_ends: str
    # Before a name at the end of a mail.
    sign_offs: str
    # Legal small print: two of these in one paragraph make it one. Stems do.
    disclaimer: str
    # How a gateway's warning over mail from outside starts.
    banner: str
    # "Please reply above this line" of help desks.
    reply_above: str
    # What mailing lists say under a mail.
    list_footer: str


def phrases(text: str) -> list[str]:
    """The phrases of a field of a row."""
    return text.split(" | ") if text else []


Field = Literal[
    "wrote", "you_wrote", "opens", "pronouns", "original", "forwarded", "from_", "date", "sent", "to", "subject",
    "sent_from", "sent_from_ends", "sign_offs", "disclaimer", "banner", "reply_above", "list_footer",
]  # fmt: skip
