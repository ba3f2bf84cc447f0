"""Answers that servers give although they should not, or that no real server gives on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from servers.scripted_imap import OK, ScriptedImap

from mailpoll.errors import AccessDenied, ConfigError, ProtocolError, RunError, Unavailable
from mailpoll.imap import Session, connect
from mailpoll.model import Candidate

SETTINGS: dict[str, Any] = {"ca_file": None, "timeout": 10, "allow_plaintext": False}
NOW = datetime(2025, 6, 15, 12, 0, tzinfo=UTC)


@contextmanager
def session_with(answers: Mapping[str, bytes | tuple[bytes, ...]], *, opened: bool = True) -> Iterator[Session]:
    with ScriptedImap(answers) as server:
        session = connect(server.host, server.port, "none", "me", "secret", **SETTINGS)
        if opened:
            session.open("INBOX")
        yield session
        session.close()


def body(uid: int, text: bytes, *, sequence: int = 1) -> bytes:
    return b"* %d FETCH (UID %d BODY[] {%d}\r\n%s)\r\n" % (sequence, uid, len(text), text)


def candidates(*uids: int, size: int = 10) -> list[Candidate]:
    return [Candidate(uid, size, NOW, b"") for uid in uids]


def bodies(session: Session, *uids: int, size: int = 10) -> dict[int | None, bytes]:
    batches = session.fetch(candidates(*uids, size=size))
    return {message.uid: b"".join(message.chunks) for batch in batches for message in batch}


class TestFetch:
    def test_an_answer_without_uid_is_nobodys_mail(self) -> None:
        """Filed under its sequence number it would become the mail with UID 5."""
        stray = b"* 5 FETCH (BODY[] {5}\r\nstray)\r\n"
        with session_with({"UID FETCH": stray + body(4, b"four") + OK}) as session:
            assert bodies(session, 4, 5) == {4: b"four"}

    @pytest.mark.parametrize("answer", [OK, b"* 1 FETCH (UID 5 BODY[] NIL)\r\n" + OK], ids=["nothing", "NIL"])
    def test_mail_that_is_there_but_is_not_given_out_is_not_decided(self, answer: bytes) -> None:
        """Taken for gone, the mark would pass it, and it would be lost once somebody reads it."""
        there = {"UID FETCH": answer, "UID SEARCH": b"* SEARCH 5\r\n" + OK}
        with session_with(there) as session:
            assert bodies(session, 4, 5) == {}
            assert session.refused() == {5}
            assert list(session.candidates([5], ("To",))) == []
            assert session.refused() == {5}
        with session_with({**there, "UID SEARCH": b"* SEARCH\r\n" + OK}) as session:
            assert bodies(session, 5) == {}
            assert session.refused() == frozenset(), "it was removed"

    def test_mail_nobody_asked_for_is_passed_over(self) -> None:
        with session_with({"UID FETCH": body(9, b"nine") + body(4, b"four", sequence=2) + OK}) as session:
            assert bodies(session, 4) == {4: b"four"}

    def test_two_mails_with_one_uid_are_none(self) -> None:
        """The last one would be taken for both, and the others be lost."""
        answer = body(4, b"four") + body(4, b"another") + body(5, b"five") + body(5, b"five") + OK
        with session_with({"UID FETCH": answer, "UID SEARCH": b"* SEARCH 4\r\n" + OK}) as session:
            assert bodies(session, 4, 5) == {5: b"five"}
            assert session.refused() == {4}

    def test_nothing_at_all_is_no_mail_that_has_a_size(self) -> None:
        answers = {"UID FETCH": b'* 1 FETCH (UID 4 BODY[] "")\r\n' + OK, "UID SEARCH": b"* SEARCH 4\r\n" + OK}
        with session_with(answers) as session:
            assert bodies(session, 4) == {}
            assert session.refused() == {4}
            assert bodies(session, 4, size=0) == {4: b""}

    def test_of_an_answer_that_cannot_be_understood_no_word_is_repeated(self) -> None:
        """It may be the text of a mail; and what follows on that connection may be answers to anything."""
        lying = b"* 1 FETCH (UID 4 BODY[] {4}\r\nfour secret)\r\nTo: private\r\n" + OK
        with session_with({"UID FETCH": lying}) as session:
            with pytest.raises(ProtocolError, match="FETCH cannot be understood") as caught:
                bodies(session, 4)
            assert "secret" not in f"{caught.value} {caught.value.__cause__}"
            assert "private" not in f"{caught.value} {caught.value.__cause__}"
            with pytest.raises(Unavailable):
                session.search(above=0, unseen_or_above=None, upto=9)

    def test_sequence_numbers_may_be_used_again_within_an_answer(self) -> None:
        answer = body(4, b"four") + b"* 1 EXPUNGE\r\n" + body(5, b"five") + OK
        with session_with({"UID FETCH": answer}) as session:
            assert bodies(session, 4, 5) == {4: b"four", 5: b"five"}

    def test_flags_that_come_in_between_do_no_harm(self) -> None:
        answer = b"* 1 FETCH (FLAGS (\\Seen))\r\n" + body(4, b"four") + b"* 1 FETCH (UID 4 FLAGS (\\Seen))\r\n" + OK
        with session_with({"UID FETCH": answer}) as session:
            assert bodies(session, 4) == {4: b"four"}

    def test_nil_is_a_vanished_mail(self) -> None:
        with session_with({"UID FETCH": b"* 1 FETCH (UID 4 BODY[] NIL)\r\n" + body(5, b"five") + OK}) as session:
            assert bodies(session, 4, 5) == {5: b"five"}

    def test_a_quoted_body_is_one_too(self) -> None:
        with session_with({"UID FETCH": b'* 1 FETCH (UID 4 BODY[] "short")\r\n' + OK}) as session:
            assert bodies(session, 4) == {4: b"short"}

    def test_one_unreadable_mail_does_not_keep_the_others_back(self) -> None:
        no = b"%s NO [SERVERBUG] Internal error occurred\r\n"
        answers = (body(4, b"four") + no, no, body(6, b"six") + OK)
        with session_with({"UID FETCH": answers}) as session:
            assert bodies(session, 4, 5, 6) == {4: b"four", 6: b"six"}
            assert session.refused() == {5}

    def test_one_mail_that_is_never_available_does_not_keep_the_others_back(self) -> None:
        """Yahoo, of mails that it cannot read any more."""
        no = b"%s NO [UNAVAILABLE] UID FETCH Server error while fetching messages\r\n"
        answers = (no, body(4, b"four") + OK, no, body(6, b"six") + OK)
        with session_with({"UID FETCH": answers}) as session:
            assert bodies(session, 4, 5, 6) == {4: b"four", 6: b"six"}
            assert session.refused() == {5}
        with session_with({"UID FETCH": no}) as session, pytest.raises(Unavailable):
            bodies(session, 4, 5)

    def test_expunged_meanwhile_is_not_unreadable(self) -> None:
        no = b"%s NO [EXPUNGEISSUED] Some messages were removed\r\n"
        with session_with({"UID FETCH": body(4, b"four") + no}) as session:
            assert bodies(session, 4, 5) == {4: b"four"}
            assert session.refused() == frozenset()

    def test_a_throttled_fetch_is_unavailable(self) -> None:
        with session_with({"UID FETCH": b"%s NO [THROTTLED] slow down\r\n"}) as session, pytest.raises(Unavailable):
            bodies(session, 4, 5)

    def test_a_size_that_was_too_small_is_no_harm(self) -> None:
        text = b"x" * 2_500_000
        with session_with({"UID FETCH": body(4, text) + OK}) as session:
            ((message,),) = session.fetch(candidates(4))
            assert [len(chunk) for chunk in message.chunks] == [1_048_576, 1_048_576, 402_848]

    def test_slices_end_where_the_mail_does_not_where_its_size_says(self) -> None:
        first = b"* 1 FETCH (UID 4 BODY[]<0> {3}\r\nabc)\r\n" + OK
        last = b'* 1 FETCH (UID 4 BODY[]<3> "")\r\n' + OK
        with session_with({"UID FETCH": (first, last)}) as session:
            assert bodies(session, 4, size=2_000_000) == {4: b"abc"}

    def test_a_server_that_knows_no_slices(self) -> None:
        with session_with({"UID FETCH": body(4, b"all of it") + OK}) as session:
            assert bodies(session, 4, size=2_000_000) == {4: b"all of it"}

    def test_a_mail_that_vanishes_between_two_slices_is_absent(self) -> None:
        first = b"* 1 FETCH (UID 4 BODY[]<0> {3}\r\nabc)\r\n" + OK
        with session_with({"UID FETCH": (first, OK)}) as session:
            assert bodies(session, 4, size=2_000_000) == {}

    def test_a_mail_without_end_is_ended(self) -> None:
        def piece(offset: int) -> bytes:
            return b"* 1 FETCH (UID 4 BODY[]<%d> {1048576}\r\n" % offset + bytes(1_048_576) + b")\r\n" + OK

        answers = tuple(piece(number * 1_048_576) for number in range(6))
        with session_with({"UID FETCH": answers}) as session, pytest.raises(ProtocolError, match="does not end"):
            bodies(session, 4, size=1_048_577)

    def test_an_internaldate_that_is_none_is_left_out(self) -> None:
        answer = b'* 1 FETCH (UID 4 RFC822.SIZE 9 INTERNALDATE "yesterday" BODY[HEADER.FIELDS (TO)] {2}\r\n\r\n)\r\n'
        with session_with({"UID FETCH": answer + OK}) as session:
            assert list(session.candidates([4], ["To"])) == [Candidate(4, 9, None, b"\r\n")]

    def test_section_names_come_back_in_the_servers_spelling(self) -> None:
        answer = b'* 1 FETCH (RFC822.SIZE 9 uid 4 body[header.fields ("Cc" "To")] {2}\r\n\r\n)\r\n'
        with session_with({"UID FETCH": answer + OK}) as session:
            assert list(session.candidates([4], ["To", "Cc"])) == [Candidate(4, 9, None, b"\r\n")]

    @pytest.mark.parametrize(
        "answer",
        [
            b"* 1 FETCH (UID 4 BODY[]\r\n",
            b"* 1 FETCH " + b"(" * 3000 + b"\r\n",
            b"* 1 FETCH (UID x BODY[] y)\r\n",
            b"* 1 FETCH (UID 4 BODY[] {99999999999999999999999}\r\n",
            b"* x FETCH\r\n",
            b"* 1 FETCH\r\n",
            b"%s BAD no such command\r\n",
            b"garbage\r\n",
            b"x" * 1_100_000,
        ],
    )
    def test_an_answer_that_no_rfc_allows_is_a_protocol_error(self, answer: bytes) -> None:
        with session_with({"UID FETCH": answer + OK}) as session, pytest.raises(ProtocolError):
            bodies(session, 4)


class TestSearch:
    @pytest.mark.parametrize(
        ("answer", "found"),
        [
            (b"", ()),  # Exchange, when there are none
            (b"* SEARCH\r\n", ()),
            (b"* SEARCH 4 5\r\n* SEARCH 6\r\n", (4, 5, 6)),
            (b"* SEARCH 6 4 4\r\n", (4, 6)),
            (b"* SEARCH 4 (MODSEQ 917)\r\n", (4,)),
            (b"* SEARCH 3 4 99\r\n", (4,)),  # outside of what was asked
        ],
    )
    def test_finds(self, answer: bytes, found: tuple[int, ...]) -> None:
        with session_with({"UID SEARCH": answer + OK}) as session:
            assert session.search(above=3, unseen_or_above=None, upto=9) == found

    def test_a_search_that_fails_finds_not_nothing(self) -> None:
        with session_with({"UID SEARCH": b"%s NO cannot\r\n"}) as session, pytest.raises(ProtocolError, match="cannot"):
            session.search(above=0, unseen_or_above=None, upto=9)


class TestOpen:
    def test_a_server_does_not_write_to_the_terminal(self) -> None:
        answers = {"SELECT": b"%s NO [NONEXISTENT] no\r\n", "LIST": b'* LIST () "/" "evil&ABs-]0;title"\r\n' + OK}
        with session_with(answers, opened=False) as session, pytest.raises(ConfigError) as caught:
            session.open("Lists")
        assert str(caught.value).endswith("There are: evil ]0;title.")

    def test_read_only_by_the_servers_will_is_flagged(self) -> None:
        select = b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT 2] .\r\n%s OK [READ-ONLY] .\r\n"
        with session_with({"SELECT": select}, opened=False) as session:
            assert session.open("INBOX").read_only
            with pytest.raises(ProtocolError, match="read-only"):
                session.mark_seen([1])

    def test_without_uidvalidity_nothing_can_be_remembered(self) -> None:
        select = b"* 1 EXISTS\r\n" + OK
        with (
            session_with({"SELECT": select}, opened=False) as session,
            pytest.raises(ProtocolError, match="UIDVALIDITY"),
        ):
            session.open("INBOX")

    def test_without_uidnext_the_mails_are_asked(self) -> None:
        answers = {"SELECT": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n" + OK, "UID SEARCH": b"* SEARCH 4 41\r\n" + OK}
        with session_with(answers, opened=False) as session:
            assert session.open("INBOX").uidnext == 42

    def test_without_permanentflags_all_known_flags_last(self) -> None:
        with session_with({}, opened=False) as session:
            assert session.open("INBOX").permanent_flags == ("\\Seen",)

    @pytest.mark.parametrize(
        ("words", "error"),
        [
            (b"[UNAVAILABLE] storage is away", Unavailable),
            (b"[NOPERM] not yours", AccessDenied),
            (b"something else", ProtocolError),
        ],
    )
    def test_a_folder_that_is_there_but_cannot_be_opened(self, words: bytes, error: type[RunError]) -> None:
        answers = dict.fromkeys(("SELECT", "EXAMINE"), b"%s NO " + words + b"\r\n")
        said = words.decode().split("] ")[-1]
        with session_with(answers, opened=False) as session, pytest.raises(error, match=said):
            session.open("INBOX")

    @pytest.mark.parametrize("words", [b"[NOPERM] Permission denied", b"Mailbox is read-only"])
    def test_a_folder_that_can_only_be_examined_is(self, words: bytes) -> None:
        with session_with({"SELECT": b"%s NO " + words + b"\r\n"}, opened=False) as session:
            assert session.open("INBOX").read_only

    @pytest.mark.parametrize(
        "change", [lambda s: s.delete([4]), lambda s: s.move([4], "There")], ids=["delete", "move"]
    )
    def test_a_flag_that_may_not_be_set_is_not_said_to_be(self, change: Callable[[Session], bool]) -> None:
        r"""Dovecot answers OK to \Deleted where an access list forbids it."""
        answers = {
            "SELECT": b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT 10] .\r\n"
            b"* OK [PERMANENTFLAGS (\\Seen)] .\r\n%s OK [READ-WRITE] .\r\n",
            "CAPABILITY": b"* CAPABILITY IMAP4rev1 UIDPLUS\r\n" + OK,
        }
        with ScriptedImap(answers) as server:
            session = connect(server.host, server.port, "none", "me", "x", **SETTINGS)
            session.open("INBOX")
            with pytest.raises(AccessDenied, match=r'\\Deleted be set in INBOX.*after = "leave"'):
                change(session)
            session.close()
            assert not {"UID COPY", "UID STORE", "UID EXPUNGE"} & {line[:8] for line in server.commands}

    def test_a_name_the_server_does_not_take_is_said_with_what_parts_names(self) -> None:
        answers = {
            "UID MOVE": b"%s NO [TRYCREATE] no\r\n",
            "CREATE": b"%s NO [CANNOT] Character not allowed in mailbox name: '/'\r\n",
            "LIST": b'* LIST (\\Noselect) "." ""\r\n' + OK,
        }
        sentence = r"the folder 'a/b' cannot be made: .*Character not allowed.* On this server '\.' parts the levels"
        with session_with(answers) as session, pytest.raises(ConfigError, match=sentence):
            session.move([4], "a/b")

    def test_folders_that_cannot_be_opened_are_not_listed(self) -> None:
        listed = b'* LIST (\\Noselect) "/" "[Gmail]"\r\n* LIST () "/" "[Gmail]/Alle"\r\n* LIST () "/" 2026\r\n' + OK
        with session_with({"LIST": listed}, opened=False) as session:
            assert session.folders() == ("2026", "[Gmail]/Alle")


def test_bye_in_the_middle_is_unavailable() -> None:
    """Microsoft 365, when an access token runs out."""
    bye = b"* BYE Session invalidated - AccessTokenExpired\r\n"
    with session_with({"UID SEARCH": bye}) as session, pytest.raises(Unavailable, match="AccessTokenExpired"):
        session.search(above=0, unseen_or_above=None, upto=9)
