"""What a session promises of a folder, on Dovecot and on pymap."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from servers.dovecot import Dovecot
from servers.proxy import CountingProxy

from mailpoll.errors import ConfigError, ProtocolError, Unavailable
from mailpoll.imap import Session
from mailpoll.model import Candidate, RawMessage

if TYPE_CHECKING:
    from conftest import Place

HEADERS = ("Delivered-To", "To", "Cc")
MAIL = b"Delivered-To: a+x@example.com\r\nTo: You <a@example.com>\r\nSubject: hello\r\n\r\nbody\r\n"
NOW = datetime(2025, 6, 15, 12, 0, tzinfo=UTC)  # Dovecot takes no INTERNALDATE from the future


def mail(number: int) -> bytes:
    return b"To: a+%d@example.com\r\nSubject: mail %d\r\n\r\nbody %d\r\n" % (number, number, number)


def listed(session: Session, uids: tuple[int, ...]) -> list[Candidate]:
    return list(session.candidates(uids, HEADERS))


def fetched(session: Session, uids: tuple[int, ...]) -> list[RawMessage]:
    return [message for batch in session.fetch(listed(session, uids)) for message in batch]


def content(message: RawMessage) -> bytes:
    return b"".join(message.chunks)


class TestOpen:
    def test_tells_what_select_said(self, place: Place) -> None:
        uid = place.append(MAIL)
        info = place.connect().open(place.folder)
        assert (info.name, info.exists, info.uidnext, info.read_only) == (place.folder, 1, uid + 1, False)
        assert info.uidvalidity > 0
        assert "\\Seen" in info.permanent_flags

    def test_read_only_says_so(self, place: Place) -> None:
        assert place.connect().open(place.folder, read_only=True).read_only

    def test_a_missing_folder_is_named_with_those_there_are(self, place: Place) -> None:
        with pytest.raises(ConfigError, match=r"there is no folder 'Nirvana'.*INBOX"):
            place.connect().open("Nirvana")

    def test_after_a_missing_folder_another_can_be_opened(self, place: Place) -> None:
        session = place.connect()
        with pytest.raises(ConfigError):
            session.open("Nirvana")
        assert session.open(place.folder).exists == 0

    def test_a_name_with_a_line_end_is_refused(self, place: Place) -> None:
        with pytest.raises(ConfigError, match="control character"):
            place.connect().open("INBOX\r\nA1 DELETE INBOX")

    def test_folders_lists_inbox(self, place: Place) -> None:
        assert {"INBOX", place.folder} <= set(place.connect().folders())

    def test_nothing_can_be_asked_before_a_folder_is_open(self, place: Place) -> None:
        with pytest.raises(ProtocolError, match="no folder is open"):
            place.connect().search(above=0, unseen_or_above=None, upto=5)

    def test_uidvalidity_changes_with_the_uids(self, dovecot: Dovecot, dovecot_place: Place) -> None:
        dovecot_place.append(MAIL)
        before = dovecot_place.connect().open("INBOX")
        dovecot_place.close()
        dovecot.new_uidvalidity(user=dovecot_place.user)
        after = dovecot_place.connect().open("INBOX")
        assert after.uidvalidity != before.uidvalidity
        assert after.exists == 1


class TestSearch:
    def test_finds_unseen_mail_alone(self, place: Place) -> None:
        first, _, third = place.append(MAIL), place.append(MAIL, flags=["\\Seen"]), place.append(MAIL)
        assert place.open().search(above=0, unseen_or_above=None, upto=third) == (first, third)

    def test_finds_read_mail_above_the_mark(self, place: Place) -> None:
        uids = [place.append(MAIL, flags=["\\Seen"]) for _ in range(3)]
        assert place.open().search(above=0, unseen_or_above=uids[0], upto=uids[2]) == (uids[1], uids[2])

    def test_the_floor_hides_even_unseen_mail(self, place: Place) -> None:
        first, second = place.append(MAIL), place.append(MAIL)
        assert place.open().search(above=first, unseen_or_above=0, upto=second) == (second,)

    def test_stops_at_the_upper_end(self, place: Place) -> None:
        first, _ = place.append(MAIL), place.append(MAIL)
        assert place.open().search(above=0, unseen_or_above=0, upto=first) == (first,)

    def test_nothing_above_the_last_uid_is_nothing(self, place: Place) -> None:
        """`UID n:*` would name the last mail here."""
        last = place.append(MAIL)
        assert place.open().search(above=last, unseen_or_above=last, upto=last) == ()
        assert place.open().search(above=last + 5, unseen_or_above=None, upto=last + 9) == ()

    def test_an_empty_folder_has_none(self, place: Place) -> None:
        assert place.open().search(above=0, unseen_or_above=0, upto=0) == ()


class TestLastUidBefore:
    def test_is_the_last_older_mail(self, place: Place) -> None:
        ages = (timedelta(days=900), timedelta(days=3), timedelta(hours=2), timedelta(minutes=30), timedelta(0))
        uids = [place.append(MAIL, internaldate=NOW - age) for age in ages]
        session = place.open()
        assert session.last_uid_before(NOW - timedelta(hours=1), uids[-1]) == uids[2]
        assert session.last_uid_before(NOW - timedelta(days=1), uids[-1]) == uids[1]
        assert session.last_uid_before(NOW - timedelta(days=30), uids[-1]) == uids[0]
        assert session.last_uid_before(NOW - timedelta(days=1000), uids[-1]) == 0
        assert session.last_uid_before(NOW + timedelta(seconds=1), uids[-1]) == uids[4]

    def test_counts_the_uid_not_the_date(self, place: Place) -> None:
        """An old mail that was moved in lately has a high UID."""
        _, second = place.append(MAIL, internaldate=NOW), place.append(MAIL, internaldate=NOW - timedelta(days=9))
        assert place.open().last_uid_before(NOW - timedelta(hours=1), second) == second

    def test_knows_the_zone_of_an_internaldate(self, place: Place) -> None:
        far_east = NOW.astimezone(timezone(timedelta(hours=14)))  # tomorrow over there
        uid = place.append(MAIL, internaldate=far_east)
        assert place.open().last_uid_before(NOW + timedelta(minutes=1), uid) == uid
        assert place.open().last_uid_before(NOW - timedelta(minutes=1), uid) == 0

    def test_is_0_for_an_empty_folder(self, place: Place) -> None:
        assert place.open().last_uid_before(NOW, 0) == 0


class TestSince:
    def test_are_the_mails_of_the_moment_or_later_in_any_order(self, place: Place) -> None:
        ages = (timedelta(minutes=30), timedelta(days=900), timedelta(hours=30), timedelta(hours=2), timedelta(0))
        uids = [place.append(MAIL, internaldate=NOW - age) for age in ages]
        session = place.open()
        assert session.since(NOW - timedelta(hours=1), uids[-1]) == (uids[0], uids[4])
        assert session.since(NOW - timedelta(days=2), uids[-1]) == (uids[0], uids[2], uids[3], uids[4])
        assert session.since(NOW - timedelta(days=1000), uids[2]) == tuple(uids[:3])
        assert session.since(NOW + timedelta(days=3), uids[-1]) == ()

    def test_are_none_in_an_empty_folder(self, place: Place) -> None:
        assert place.open().since(NOW, 0) == ()


class TestCandidates:
    def test_have_size_date_and_the_fields_asked_for(self, place: Place) -> None:
        uid = place.append(MAIL, internaldate=NOW)
        (candidate,) = listed(place.open(), (uid,))
        assert (candidate.uid, candidate.size, candidate.internaldate) == (uid, len(MAIL), NOW)
        assert b"Delivered-To: a+x@example.com\r\n" in candidate.headers
        assert b"To: You <a@example.com>\r\n" in candidate.headers
        assert b"Subject" not in candidate.headers

    def test_a_mail_without_such_fields_is_one_too(self, place: Place) -> None:
        uid = place.append(b"Subject: no recipients\r\n\r\n.\r\n")
        (candidate,) = listed(place.open(), (uid,))
        assert candidate.headers.strip() == b""

    def test_come_in_chunks(self, place: Place) -> None:
        uids = tuple(place.append(mail(number)) for number in range(3))
        many = (*uids, *range(uids[-1] + 1, uids[-1] + 2000))
        assert [candidate.uid for candidate in listed(place.open(), many)] == list(uids)

    def test_a_vanished_mail_is_absent(self, place: Place) -> None:
        first, second = place.append(mail(1)), place.append(mail(2))
        place.expunge(first)
        session = place.open()
        assert [candidate.uid for candidate in listed(session, (first, second))] == [second]
        assert session.refused() == frozenset()

    def test_a_field_name_cannot_carry_a_command(self, place: Place) -> None:
        with pytest.raises(ConfigError):
            list(place.open().candidates((1,), ("To)]\r\nA1 LOGOUT",)))


class TestFetch:
    def test_gives_the_bytes_as_they_are(self, place: Place) -> None:
        raw = b"To: a@example.com\r\nSubject: \xe9\xff\r\n\r\n\x80 8bit )\r\n* 1 FETCH (UID 1 BODY[] {3}\r\n"
        uid = place.append(raw, internaldate=NOW)
        (message,) = fetched(place.open(), (uid,))
        assert (content(message), message.uid, message.internaldate, message.oversize_of) == (raw, uid, NOW, 0)

    def test_sets_no_flag(self, place: Place) -> None:
        uids = (place.append(mail(1)), place.append(mail(2), flags=["\\Flagged"]), place.append(bytes(2_500_000)))
        before = place.flags()
        session = place.open()
        fetched(session, uids)
        session.fetch_headers(listed(session, uids)[0])
        assert place.flags() == before

    def test_keeps_the_order_given(self, place: Place) -> None:
        uids = tuple(place.append(mail(number)) for number in range(5))
        candidates = listed(place.open(), uids)[::-1]
        messages = [message for batch in place.open().fetch(candidates) for message in batch]
        assert [message.uid for message in messages] == list(uids[::-1])

    def test_batches_are_bounded_by_count_and_octets(self, place: Place) -> None:
        uids = tuple(place.append(mail(number)) for number in range(5))
        session = place.open()
        candidates = listed(session, uids)
        assert [len(batch) for batch in session.fetch(candidates, batch_count=2)] == [2, 2, 1]
        size = candidates[0].size
        assert [len(batch) for batch in session.fetch(candidates, batch_octets=3 * size)] == [3, 2]

    def test_a_large_mail_comes_in_slices_between_the_others(self, place: Place) -> None:
        large = b"To: a@example.com\r\n\r\n" + b"0123456789abcd\r\n" * 160_000
        raws = [mail(1), large, mail(3)]
        uids = tuple(place.append(raw) for raw in raws)
        batches = list(place.open().fetch(listed(place.open(), uids)))
        assert [[content(message) for message in batch] for batch in batches] == [[raw] for raw in raws]
        assert max(map(len, batches[1][0].chunks)) == 1_048_576
        assert len(batches[1][0].chunks) == 3

    def test_a_mail_of_whole_slices_ends(self, place: Place) -> None:
        raw = b"To: a\r\n\r\n".ljust(2 * 1_048_576 - 2, b"x") + b"\r\n"
        uid = place.append(raw)
        (message,) = fetched(place.open(), (uid,))
        assert content(message) == raw

    def test_a_vanished_mail_is_absent(self, place: Place) -> None:
        uids = tuple(place.append(mail(number)) for number in range(3))
        large = place.append(bytes(1_200_000))
        candidates = listed(place.open(), (*uids, large))
        place.expunge(uids[1], large)
        session = place.open()  # pymap goes on showing it to a session that knows it
        found = [message.uid for batch in session.fetch(candidates) for message in batch]
        assert found == [uids[0], uids[2]]
        assert session.refused() == frozenset()

    def test_a_mail_that_vanishes_under_an_open_session_is_absent(self, dovecot_place: Place) -> None:
        uids = tuple(dovecot_place.append(mail(number)) for number in range(3))
        session = dovecot_place.open()
        candidates = listed(session, uids)
        dovecot_place.expunge(uids[1])
        assert [message.uid for batch in session.fetch(candidates) for message in batch] == [uids[0], uids[2]]

    def test_headers_alone_of_an_oversize_mail(self, place: Place) -> None:
        uid = place.append(b"Subject: big\r\nTo: a@example.com\r\n\r\n" + bytes(5000), internaldate=NOW)
        session = place.open()
        message = session.fetch_headers(listed(session, (uid,))[0])
        assert message is not None
        assert content(message) == b"Subject: big\r\nTo: a@example.com\r\n\r\n"
        assert (message.uid, message.internaldate, message.oversize_of) == (uid, NOW, 5000 + 35)

    def test_headers_of_a_vanished_mail_are_none(self, place: Place) -> None:
        session = place.open()
        assert session.fetch_headers(Candidate(99, 100, None, b"")) is None


class TestChanges:
    def test_mark_seen_touches_these_mails_alone(self, place: Place) -> None:
        uids = [place.append(mail(number), flags=["\\Flagged"]) for number in range(5)]
        place.open().mark_seen([uids[0], uids[1], uids[3]])
        seen = [uid for uid, flags in place.flags().items() if "\\Seen" in flags]
        assert seen == [uids[0], uids[1], uids[3]]
        assert all("\\Flagged" in flags for flags in place.flags().values())

    def test_no_uids_are_no_command(self, place: Place) -> None:
        session = place.open()
        session.mark_seen([])
        assert session.move([], "Elsewhere")
        assert session.delete([])

    def test_a_vanished_mail_is_no_trouble(self, place: Place) -> None:
        first, second = place.append(mail(1)), place.append(mail(2))
        session = place.open()
        place.expunge(first)
        session.mark_seen([first, second])
        assert place.flags()[second] == {"\\Seen"}
        session.move([first], "Processed")
        assert session.delete([first])

    def test_keyword_where_the_folder_takes_keywords(self, dovecot_place: Place) -> None:
        uid = dovecot_place.append(MAIL)
        assert dovecot_place.open().add_keyword([uid], "$mailpoll")
        assert dovecot_place.flags() == {uid: {"$mailpoll"}}

    def test_keyword_where_it_takes_none_does_nothing(self, pymap_place: Place) -> None:
        uid = pymap_place.append(MAIL)
        assert not pymap_place.open().add_keyword([uid], "$mailpoll")
        assert pymap_place.flags() == {uid: frozenset()}

    @pytest.mark.parametrize("keyword", ["a b", "\\Deleted", "a)", "a\r\nb", "", "é"])
    def test_what_is_no_keyword_is_refused(self, dovecot_place: Place, keyword: str) -> None:
        with pytest.raises(ConfigError, match="cannot be a keyword"):
            dovecot_place.open().add_keyword([1], keyword)

    def test_move_makes_the_folder(self, place: Place) -> None:
        first, second = place.append(mail(1)), place.append(mail(2))
        target = f"{place.folder} gone"
        assert place.open().move([first], target)
        assert set(place.messages()) == {second}
        assert [raw for _, raw in place.messages(target).values()] == [mail(1)]

    def test_move_to_a_folder_with_an_accent(self, place: Place) -> None:
        uid = place.append(MAIL)
        session = place.open()
        assert session.move([uid], f"Erledigt für {place.folder}")
        assert f"Erledigt für {place.folder}" in session.folders()

    def test_delete_leaves_what_others_marked(self, place: Place) -> None:
        ours, others, free = place.append(mail(1)), place.append(mail(2), flags=["\\Deleted"]), place.append(mail(3))
        assert place.open().delete([ours])
        assert place.flags() == {others: {"\\Deleted"}, free: frozenset()}

    def test_delete_without_uidplus_only_marks(self, poor_place: Place) -> None:
        ours, others = poor_place.append(mail(1)), poor_place.append(mail(2), flags=["\\Deleted"])
        session = poor_place.open()
        assert not {"UIDPLUS", "MOVE"} & session.capabilities()
        assert not session.delete([ours])
        assert poor_place.flags() == {ours: {"\\Deleted"}, others: {"\\Deleted"}}

    def test_move_without_move_copies_and_marks(self, poor_place: Place) -> None:
        uid = poor_place.append(mail(1))
        assert not poor_place.open().move([uid], "Processed")
        assert poor_place.flags() == {uid: {"\\Deleted"}}
        assert [raw for _, raw in poor_place.messages("Processed").values()] == [mail(1)]

    @pytest.mark.parametrize(
        ("cut_at", "copies"), [("+FLAGS", "copied"), ("UID COPY", "not copied"), ("LOGOUT", "only marked")]
    )
    def test_a_move_that_was_cut_off_leaves_one_copy(self, poor_place: Place, cut_at: str, copies: str) -> None:
        equal = [poor_place.append(raw) for raw in (mail(1), mail(2), mail(2), MAIL + bytes(1_200_000))]
        poor_place.append(mail(3))
        before = sorted(raw for _, raw in poor_place.messages().values() if raw != mail(3))
        poor_place.append(mail(8), flags=["\\Seen"])
        with CountingProxy(poor_place.server.imap_port) as proxy:
            proxy.drop_at = cut_at
            session = poor_place.connect(port=proxy.port, tls="none")
            session.open(poor_place.folder)
            list(session.fetch(listed(session, tuple(equal))))
            with suppress(Unavailable):
                session.move(equal, "Processed")
            session.close()

        session = poor_place.open()
        session.move(equal, "Processed")

        assert sorted(raw for _, raw in poor_place.messages("Processed").values()) == before, copies
        assert {uid for uid, flags in poor_place.flags().items() if "\\Deleted" in flags} == set(equal)

    def test_a_copy_is_the_same_octets_of_the_same_time(self, poor_place: Place) -> None:
        """Size and INTERNALDATE alone would take another mail for it."""
        there = mail(1).replace(b"body 1", b"body 9")
        poor_place.server.append(there, folder="Processed", internaldate=NOW, user=poor_place.user)
        poor_place.server.append(mail(1), folder="Processed", internaldate=NOW - timedelta(1), user=poor_place.user)
        uid = poor_place.append(mail(1), internaldate=NOW)
        poor_place.open().move([uid], "Processed")
        assert sorted(raw for _, raw in poor_place.messages("Processed").values()) == sorted([there, mail(1), mail(1)])

    def test_mails_just_fetched_are_moved_without_a_look_at_the_target(self, poor_place: Place) -> None:
        uids = tuple(poor_place.append(mail(number)) for number in range(3))
        with CountingProxy(poor_place.server.imap_port) as proxy:
            session = poor_place.connect(port=proxy.port, tls="none")
            session.open(poor_place.folder)
            list(session.fetch(listed(session, uids)))
            session.move(uids, "Processed")
            session.close()
            assert proxy.named("EXAMINE") == proxy.named("UID SEARCH") == []

    def test_a_read_only_folder_is_not_changed(self, place: Place) -> None:
        uid = place.append(MAIL)
        session = place.open(read_only=True)
        for change in (
            lambda: session.mark_seen([uid]),
            lambda: session.delete([uid]),
            lambda: session.move([uid], "Elsewhere"),
            lambda: session.add_keyword([uid], "x"),
        ):
            with pytest.raises(ProtocolError, match="read-only"):
                change()
        assert place.flags() == {uid: frozenset()}


class TestCommands:
    """What goes over the wire, seen by a proxy."""

    @pytest.fixture
    def proxied(self, dovecot_place: Place) -> Iterator[tuple[Place, CountingProxy]]:
        with CountingProxy(dovecot_place.server.imap_port) as proxy:
            dovecot_place.port, dovecot_place.tls = proxy.port, "none"
            yield dovecot_place, proxy
            dovecot_place.close()

    def test_only_the_bodies_asked_for_are_fetched(self, proxied: tuple[Place, CountingProxy]) -> None:
        place, proxy = proxied
        ours, private = place.append(mail(1)), place.append(mail(2))
        session = place.open()
        candidates = listed(session, (ours, private))
        assert proxy.fetched_bodies() == set()
        list(session.fetch(candidates[:1]))
        assert proxy.fetched_bodies() == {ours}

    def test_an_idle_poll_is_few_commands(self, proxied: tuple[Place, CountingProxy]) -> None:
        place, proxy = proxied
        last = place.append(MAIL, flags=["\\Seen"])
        session = place.open()
        session.search(above=last - 1, unseen_or_above=last, upto=last)
        session.close()
        assert [line.split()[1] for line in proxy.commands] == ["CAPABILITY", "LOGIN", "SELECT", "UID", "LOGOUT"]

    def test_flags_of_many_go_in_one_command(self, proxied: tuple[Place, CountingProxy]) -> None:
        place, proxy = proxied
        uids = [place.append(mail(number)) for number in range(4)]
        place.open().mark_seen(uids)
        assert proxy.named("UID STORE") == [f"UID STORE {uids[0]}:{uids[-1]} +FLAGS.SILENT (\\Seen)"]

    def test_criteria_carry_no_charset(self, proxied: tuple[Place, CountingProxy]) -> None:
        place, proxy = proxied
        place.append(MAIL)
        place.open().search(above=0, unseen_or_above=None, upto=1)
        assert proxy.named("UID SEARCH") == ["UID SEARCH UID 1:1 UNSEEN"]

    def test_a_cut_network_is_unavailable(self, proxied: tuple[Place, CountingProxy]) -> None:
        place, proxy = proxied
        session = place.open()
        proxy.drop()
        with pytest.raises(Unavailable):
            session.search(above=0, unseen_or_above=None, upto=9)
        session.close()
