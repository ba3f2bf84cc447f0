"""What the matrix kind promises, on a real homeserver."""

from __future__ import annotations

import itertools
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from servers import require, synapse
from support.chat import Files, a_post, files

from mailpoll.destinations import make
from mailpoll.errors import DestinationRefused, PermanentFailure, TemporaryFailure
from mailpoll.settings import MatrixSettings, SecretRef, Settings

_numbers = itertools.count(1)


@dataclass
class Site:
    """A homeserver with a room that belongs to a person, and an account for posts that is in it."""

    server: synapse.Synapse
    owner: str  # access tokens
    bot: str
    bot_name: str
    alias: str
    room_id: str

    def destination(self, token: str = "", **given: Any) -> Any:
        url = self.server.url
        section = MatrixSettings(**{"homeserver": url, "token": SecretRef(env="X"), "room": self.alias, **given})
        return make("chat", Settings(destination={"chat": section}), lambda ref, about: token or self.bot)

    def messages(self) -> list[dict[str, Any]]:
        return [event["content"] for event in self.server.messages(self.owner, self.room_id)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[synapse.Synapse]:
    require(synapse.missing() or "Synapse", not synapse.missing())
    with synapse.Synapse(tmp_path_factory.mktemp("synapse")) as running:
        yield running


@pytest.fixture
def site(server: synapse.Synapse) -> Site:
    number = next(_numbers)
    owner, bot = server.register(f"owner{number}"), server.register(f"bot{number}")
    bot_name = f"@bot{number}:{synapse.NAME}"
    room_id = server.room(owner, f"ops{number}", invite=[bot_name])
    server.call("POST", f"/_matrix/client/v3/join/{quote(room_id)}", bot, {})
    return Site(server, owner, bot, bot_name, f"#ops{number}:{synapse.NAME}", room_id)


def test_a_post_arrives_and_its_receipt_is_its_event(site: Site) -> None:
    receipt = site.destination().post(a_post(), Files())
    (event,) = site.server.messages(site.owner, site.room_id)
    assert (receipt.id, event["sender"]) == (event["event_id"], site.bot_name)
    assert event["content"]["msgtype"] == "m.notice"
    assert "<strong>Disk full</strong>" in event["content"]["formatted_body"]


def test_the_same_post_again_is_the_same_event_until_the_token_changes(site: Site) -> None:
    first = site.destination().post(a_post(), Files())
    assert site.destination().post(a_post(), Files()) == first
    assert len(site.messages()) == 1
    other = site.server.login(site.bot_name)
    assert site.destination(other).post(a_post(), Files()) != first
    assert len(site.messages()) == 2


def test_answers_are_in_the_thread(site: Site) -> None:
    root = site.destination().post(a_post(), Files())
    site.destination().post(a_post(key="k-2", body="an answer", thread=root.id), Files())
    path = f"/_matrix/client/v1/rooms/{quote(site.room_id)}/relations/{quote(root.id)}/m.thread"
    (answer,) = site.server.call("GET", path, site.owner)["chunk"]
    assert answer["content"]["body"] == "an answer"


def test_an_answer_to_an_answer_stands_beside_the_thread_that_cannot_be(site: Site) -> None:
    made = site.destination()
    root = made.post(a_post(), Files())
    answer = made.post(a_post(key="k-2", thread=root.id), Files())
    made.post(a_post(key="k-3", thread=answer.id), Files())
    assert ["m.relates_to" in content for content in site.messages()] == [False, True, False]


def test_files_can_be_had_from_the_room(site: Site) -> None:
    image = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20
    post = a_post(whole_text=True, attachments=files(len(image), type_="image/png"))
    for _ in range(2):
        site.destination().post(post, Files(b"all of it", image))
    text, whole, picture = site.messages()
    assert (text["body"], whole["body"], picture["msgtype"]) == (post.body, "whole-text.txt", "m.image")
    _, _, place = picture["url"].partition("mxc://")
    url = f"{site.server.url}/_matrix/client/v1/media/download/{place}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {site.owner}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.read() == image


def test_a_file_that_is_too_large_is_told_in_the_text(site: Site) -> None:
    large = synapse.MAX_UPLOAD + 1
    site.destination().post(a_post(attachments=files(large, 3)), Files(b"", b"x" * large, b"abc"))
    text, file = site.messages()
    assert "(1 of 2 files not passed on: too large for this server)" in text["body"]
    assert file["body"] == "2.txt"


def test_nobody_is_rung_for_whatever_the_text_says(site: Site) -> None:
    """The same text without `m.mentions` rings: what is measured can be heard."""
    name, _, _ = site.bot_name.removeprefix("@").partition(":")
    owner = name.replace("bot", "owner")
    body = f"{owner}: @room, @{owner}:{synapse.NAME}"
    other = site.server.register(f"other-{name}")
    site.server.call("POST", f"/_matrix/client/v3/rooms/{quote(site.room_id)}/invite", site.owner,
                     {"user_id": f"@other-{name}:{synapse.NAME}"})  # fmt: skip
    site.destination(other, msgtype="m.text").post(a_post(body=body), Files())
    assert _highlights(site) == 0
    path = f"/_matrix/client/v3/rooms/{quote(site.room_id)}/send/m.room.message/t"
    site.server.call("PUT", path, other, {"msgtype": "m.text", "body": body})
    assert _highlights(site) == 1


def _highlights(site: Site) -> int:
    """How many notifications the person in the room has that ring."""
    said = site.server.call("GET", "/_matrix/client/v3/notifications", site.owner)
    return sum({"set_tweak": "highlight"} in each["actions"] for each in said["notifications"])


def test_a_wrong_token_is_named(site: Site) -> None:
    with pytest.raises(DestinationRefused, match=r"M_UNKNOWN_TOKEN.*does not know the access token"):
        site.destination("syt_wrong").post(a_post(), Files())
    (finding,) = site.destination("syt_wrong").check()
    assert finding.level == "fail"


def test_an_account_that_was_deactivated_is_named(site: Site) -> None:
    path = f"/_synapse/admin/v1/deactivate/{quote(site.bot_name)}"
    site.server.call("POST", path, site.server.admin, {"erase": False})
    with pytest.raises(DestinationRefused, match="access token"):
        site.destination().post(a_post(), Files())


@pytest.mark.parametrize("place", [f"#nowhere:{synapse.NAME}", f"!nowhere:{synapse.NAME}"])
def test_an_unknown_room_is_named(site: Site, place: str) -> None:
    with pytest.raises(PermanentFailure, match=r"no such room|not in the room"):
        site.destination().post(a_post(place=place), Files())
    finding = site.destination(join=False).check_place(place)
    assert finding.level == "fail"


def test_a_room_is_joined_when_the_account_is_invited_and_named_when_not(site: Site) -> None:
    closed = site.server.room(site.owner, f"closed-{site.alias[1:].partition(':')[0]}")
    with pytest.raises(PermanentFailure, match="Invite the account"):
        site.destination().post(a_post(place=closed), Files())
    path = f"/_matrix/client/v3/rooms/{quote(closed)}/invite"
    site.server.call("POST", path, site.owner, {"user_id": site.bot_name})
    site.destination().post(a_post(place=closed), Files())
    assert len(site.server.messages(site.owner, closed)) == 1


def test_a_room_where_only_others_may_post_is_named(site: Site) -> None:
    path = f"/_matrix/client/v3/rooms/{quote(site.room_id)}/state/m.room.power_levels"
    levels = site.server.call("GET", path, site.owner)
    site.server.call("PUT", path, site.owner, {**levels, "events_default": 50})
    with pytest.raises(PermanentFailure, match="may not post there"):
        site.destination().post(a_post(), Files())
    finding = site.destination().check_place("")
    assert (finding.level, "its power level is 0, that takes 50" in finding.what) == ("warn", True)


@pytest.mark.parametrize("letter", ["x", "🙂", "\x01"])
def test_the_longest_text_is_taken(site: Site, letter: str) -> None:
    site.destination().post(a_post(body=letter * 14_000), Files())
    assert len(site.messages()) == 1


def test_too_many_posts_are_told_with_the_time_to_wait(site: Site) -> None:
    path = f"/_synapse/admin/v1/users/{quote(site.bot_name)}/override_ratelimit"
    site.server.call("POST", path, site.server.admin, {"messages_per_second": 1, "burst_count": 1})
    made = site.destination()

    def many() -> None:
        for number in range(20):
            made.post(a_post(key=f"k-{number}"), Files())

    with pytest.raises(TemporaryFailure, match="M_LIMIT_EXCEEDED") as caught:
        many()
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 60


def test_the_check_tells_who_posts_and_that_a_room_is_encrypted(site: Site) -> None:
    assert [each.level for each in site.destination().check()] == ["ok", "ok"]
    assert site.bot_name in site.destination().check()[0].what
    path = f"/_matrix/client/v3/rooms/{quote(site.room_id)}/state/m.room.encryption"
    site.server.call("PUT", path, site.owner, {"algorithm": "m.megolm.v1.aes-sha2"})
    assert site.destination().check()[1].level == "warn"
    assert site.messages() == []
