"""store.outbox.thread_of: which post a post belongs under, on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from mailpoll.model import Delivery, Facts, Post, RawMessage, Reading, Receipt, Thread
from mailpoll.store import Store

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def deliver(store: Store, *posts: Post, receipt: str = "", now: datetime = NOW) -> Delivery:
    """The first delivery of a mail with these posts; delivered with `receipt`, when it has one, where its thread is."""
    [message_id] = store.ledger.accept([RawMessage(None, None, (b"x",))], now)
    store.ledger.record([(message_id, Reading("posted", "", Facts(f"k{message_id}"), posts))], now)
    first, *_ = store.outbox.list(message_id=message_id)
    if receipt:
        assert store.outbox.claim(first, now)
        post = Post(
            **{name: getattr(first.post, name) for name in Post.__slots__} | {"thread": thread(store, first, now)}
        )
        store.outbox.delivered(
            Delivery(first.id, message_id, "sending", 1, post, None, now, now), Receipt(receipt), now
        )
    return store.outbox.get(first.id)


def under(delivery: Delivery, root: str) -> Delivery:
    return replace(delivery, post=replace(delivery.post, thread=root))


def post(id_: str = "", *references: str, **more: object) -> Post:
    facts = {
        "channel": "dev",
        "destination": "chat",
        "place": "",
        "topic": "",
        "body": "b",
        "subject": "Lunch on Friday",
    }
    return Post(**facts | {"message_id": id_, "references": references} | more)  # type: ignore[arg-type]


def thread(store: Store, delivery: Delivery, now: datetime = NOW) -> str:
    return store.outbox.thread_of(delivery, now).receipt


def test_an_answer_belongs_under_the_post_that_it_answers(store: Store) -> None:
    deliver(store, post("a@x"), receipt="r1")
    assert thread(store, deliver(store, post("b@x", "a@x", subject="Re: Other"))) == "r1"
    assert thread(store, deliver(store, post("c@x", in_reply_to=("<a@x>",), subject=""))) == "r1"


def test_an_answer_to_an_answer_belongs_under_the_root(store: Store) -> None:
    deliver(store, post("a@x"), receipt="r1")
    assert deliver(store, post("b@x", "a@x", subject="Re: 1"), receipt="r2").post.thread == "r1"
    assert thread(store, deliver(store, post("c@x", "b@x", subject="Re: 2"))) == "r1"


def test_a_thread_that_is_gone_goes_on_under_the_answer_that_found_it_so(store: Store) -> None:
    deliver(store, post("a@x"), receipt="r1")
    deliver(store, post("b@x", "a@x"), receipt="r2")
    third = deliver(store, post("c@x", "b@x"))
    store.outbox.delivered(under(third, "r1"), Receipt("r3", alone=True), NOW)
    assert store.outbox.get(third.id).post.thread == ""
    assert {thread(store, deliver(store, post(f"{each}d@x", f"{each}@x"))) for each in "abc"} == {"r3"}


def test_a_thread_is_told_with_the_title_that_stands_over_it(store: Store) -> None:
    deliver(store, post("a@x", title="**Lunch**"), receipt="r1")
    assert store.outbox.thread_of(deliver(store, post("b@x", "a@x")), NOW) == Thread("r1", "**Lunch**")


def test_of_several_that_are_named_the_earliest_counts(store: Store) -> None:
    deliver(store, post("a@x", subject="first"), receipt="r1")
    deliver(store, post("b@x", subject="second"), receipt="r2")
    assert thread(store, deliver(store, post("c@x", "b@x", "a@x", subject="third"))) == "r1"


@pytest.mark.parametrize("elsewhere", [{"channel": "ops"}, {"destination": "other"}, {"place": "general"}])
def test_never_under_a_post_of_another_channel_destination_or_place(store: Store, elsewhere: dict[str, str]) -> None:
    deliver(store, post("a@x", **elsewhere), receipt="r1")
    assert thread(store, deliver(store, post("b@x", "a@x", subject="Re: Lunch on Friday"))) == ""


def test_only_under_a_post_that_is_there(store: Store) -> None:
    deliver(store, post("a@x"))
    deliver(store, post("b@x", subject="no receipt"))
    assert thread(store, deliver(store, post("c@x", "a@x", "b@x", subject="Re: Lunch on Friday"))) == ""


def test_a_mail_that_names_itself_begins_a_thread(store: Store) -> None:
    mail = deliver(store, post("a@x", "a@x"), receipt="r1")
    assert mail.post.thread == ""
    assert thread(store, mail) == ""


@pytest.mark.parametrize(
    ("subject", "answers", "days", "found"),
    [
        ("Re: Lunch on Friday", {}, 13, "r1"),
        ("AW: lunch  on FRIDAY", {}, 1, "r1"),
        ("Lunch on Friday", {"in_reply_to": ("unknown@x",)}, 1, "r1"),
        ("Lunch on Friday", {}, 1, ""),
        ("Fwd: Lunch on Friday", {}, 1, ""),
        ("Re: Lunch on Friday", {}, 15, ""),
        ("Re: Lunch on Monday", {}, 1, ""),
    ],
)
def test_without_a_mail_that_is_known_the_subject_of_an_answer_counts(
    store: Store, subject: str, answers: dict[str, object], days: int, found: str
) -> None:
    deliver(store, post("a@x"), receipt="r1")
    later = NOW + timedelta(days=days)
    assert thread(store, deliver(store, post("b@x", subject=subject, **answers), now=later), later) == found


@pytest.mark.parametrize("subject", ["Hello", "Question?", "Re:", "", "12345678", "Hi!", "Invoice", "FYI"])
def test_a_subject_that_says_nothing_makes_no_thread(store: Store, subject: str) -> None:
    deliver(store, post("a@x", subject=subject), receipt="r1")
    assert thread(store, deliver(store, post("b@x", subject=f"Re: {subject}"))) == ""


def test_of_several_with_its_subject_the_newest_counts(store: Store) -> None:
    deliver(store, post("a@x"), receipt="r1")
    deliver(store, post("b@x"), receipt="r2")
    assert thread(store, deliver(store, post("c@x", subject="Re: Lunch on Friday"))) == "r2"


def test_an_address_for_the_answers_to_a_post_wins_over_what_the_mail_refers_to(store: Store) -> None:
    about = deliver(store, post("a@x"), receipt="r1")
    deliver(store, post("b@x", subject="Something else"), receipt="r2")
    answer = post("c@x", "b@x", subject="Re: Something else", answers=about.id)
    assert thread(store, deliver(store, answer)) == "r1"


def test_the_answers_to_a_post_go_to_the_same_mails_post_at_each_destination(store: Store) -> None:
    chat = deliver(store, post("a@x"), post("a@x", destination="other"), receipt="r1")
    other = store.outbox.list(message_id=chat.message_id)[1]
    assert store.outbox.claim(other, NOW)
    store.outbox.delivered(other, Receipt("o1"), NOW)
    assert thread(store, deliver(store, post("b@x", destination="other", answers=chat.id))) == "o1"


def test_the_answers_to_a_post_of_another_channel_begin_a_thread(store: Store) -> None:
    about = deliver(store, post("a@x", channel="ops"), receipt="r1")
    assert thread(store, deliver(store, post("b@x", answers=about.id))) == ""


def test_what_may_be_posted_already_stays_where_it_is(store: Store) -> None:
    deliver(store, post("a@x"), receipt="r1")
    answer = deliver(store, post("b@x", "a@x"))
    assert store.outbox.claim(answer, NOW)
    store.outbox.uncertain(under(answer, "r1"), NOW, "no answer", NOW)
    again = store.outbox.get(answer.id)
    assert (again.post.thread, thread(store, again)) == ("r1", "r1")


def test_long_and_strange_ids_cost_no_more_than_others(store: Store) -> None:
    long = "x" * 100_000 + "\0é@x"
    deliver(store, post(long, subject="s" * 100_000), receipt="r1")
    assert thread(store, deliver(store, post("b@x", *(f"{n}@x" for n in range(1_000)), long))) == "r1"
    assert thread(store, deliver(store, post("c@x", subject="Re: " + "s" * 100_000))) == "r1"


def test_among_many_posts_an_index_is_asked_for_each_mail_that_is_named(store: Store, url: str) -> None:
    if not url.startswith("sqlite"):
        return  # PostgreSQL chooses by what the tables hold
    asked: list[tuple[str, object]] = []
    answer = deliver(store, post("b@x", "a@x", "z@x", subject="Re: Lunch on Friday"))
    engine = store._engine
    sa.event.listen(engine, "before_cursor_execute", lambda *a: asked.append((a[2], a[3])))
    assert thread(store, answer) == ""
    with engine.connect() as connection:
        statements = [(text, values) for text, values in asked if text.lstrip().upper().startswith("SELECT")]
        plans = [
            str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all())  # type: ignore[arg-type]
            for text, values in statements
        ]
    assert [plan.count("USING INDEX ix_delivery_mail") for plan in plans] == [2, 0]
    assert "USING INDEX ix_delivery_subject" in plans[1]
    assert "SCAN delivery" not in "".join(plans)
