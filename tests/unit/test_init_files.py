"""An account added to the text of a configuration: everything else in it stays."""

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailpoll import config
from mailpoll.commands.init_files import Account, with_account, written_config
from mailpoll.commands.init_server import Server
from mailpoll.errors import ConfigError
from mailpoll.settings import SecretRef

ONE = '[account.main]\nhost = "h.example"\nusername = "one@example.com"\npassword = { file = "x" }'
WORK = Account(
    "work", Server("h.example", 993, "implicit", "INBOX"), "two@example.com", SecretRef(file="y"), True, "mail"
)
DERIVED = "two+%s@example.com"


@pytest.mark.parametrize(
    ("text", "pattern", "patterns"),
    [
        (ONE, DERIVED, ("one+%s@example.com", DERIVED)),
        (ONE, "%s@d.example", ("one+%s@example.com", "%s@d.example")),
        (f'[addresses]\nseparators = "+"\n{ONE}', "%s@d.example", ("one+%s@example.com", "%s@d.example")),
        (f'[addresses]\npatterns = ["a+%s@b.example"]  # why\n{ONE}', DERIVED, ("a+%s@b.example", DERIVED)),
        (f'[addresses]\npatterns = [\n  "a+%s@b.example",\n]\n{ONE}', DERIVED, ("a+%s@b.example", DERIVED)),
        (f'[addresses]\npatterns = ["{DERIVED}"]\n{ONE}', DERIVED, (DERIVED,)),
        (f'[addresses]\r\npatterns = ["a+%s@b.example"]\r\n{ONE}\r\n', DERIVED, ("a+%s@b.example", DERIVED)),
    ],
)
def test_account_and_pattern_are_added(
    tmp_path: Path, text: str, pattern: str, patterns: tuple[str, ...]
) -> None:  # fmt: skip
    path = tmp_path / "config.toml"
    path.write_bytes(text.encode())
    path.write_bytes(with_account(path, pattern, WORK).encode())
    settings = config.load(path)
    assert config.patterns(settings) == patterns
    assert list(settings.account) == ["main", "work"]
    assert ("# why" in text) == ("# why" in path.read_text())


def test_what_cannot_be_done_to_the_text_is_said_with_the_lines_to_add(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'[addresses]\npatterns = [\n  "a+%s@b.example",  # mine\n]\n{ONE}')
    with pytest.raises(ConfigError) as caught:
        with_account(path, DERIVED, WORK)
    assert DERIVED in str(caught.value)
    assert "[account.work]" in str(caught.value)


def test_each_backup_has_a_name_of_its_own_and_the_octets_and_mode_of_what_it_keeps(tmp_path: Path) -> None:
    path, now = tmp_path / "config.toml", datetime(2026, 11, 20, tzinfo=UTC)
    path.write_bytes(b"# not UTF-8: \xfc\r\n")
    path.chmod(0o640)
    kept = []
    for _ in range(2):
        before = path.read_bytes()
        with written_config(path, ONE, now) as backup:
            assert backup
            kept.append(backup)
        assert backup.read_bytes() == before
        assert {stat.S_IMODE(file.stat().st_mode) for file in (path, backup)} == {0o640}
    assert [file.name for file in kept] == ["config.toml.20261120T000000.bak", "config.toml.20261120T000000-2.bak"]


def test_the_newest_backups_stay_and_files_of_other_names(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    mine = {"config.toml", "config.toml.bak", "config.toml.before.bak"}
    for name in mine:
        (tmp_path / name).write_text(ONE)
    for second in (1, 2, 2, 2, 3):
        with written_config(path, ONE, datetime(2026, 11, 20, 0, 0, second, tzinfo=UTC)):
            pass
    stamps = {"20261120T000002-2", "20261120T000002-3", "20261120T000003"}
    assert {each.name for each in tmp_path.iterdir()} == mine | {f"config.toml.{each}.bak" for each in stamps}
