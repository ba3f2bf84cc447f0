"""`mailpoll install` as it is typed: what lands where, and that cron's shell can start it from there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import dovecot as dovecot_server
from servers import require
from support.site import CRON, MAILPOLL, Site, mail

# A file system of its own where cron and systemd look, seen by one command only.
ELSEWHERE = """\
mount -t tmpfs -o mode={mode},gid={gid} none {place} && "$@"
"""
# What stands in for cron's own program where the tests may not touch a real crontab.
FAKE_CRONTAB = """\
#!/bin/sh
case $1 in
-l) [ -f "$0.kept" ] && exec /bin/cat "$0.kept"; echo "no crontab for you" >&2; exit 1 ;;
-) exec /bin/cat >"$0.kept" ;;
esac
"""


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dovecot_server.Dovecot]:
    require(dovecot_server.missing() or "Dovecot", not dovecot_server.missing())
    with dovecot_server.Dovecot(tmp_path_factory.mktemp("dovecot")) as server:
        yield server


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site", None)


def private(place: str, mode: str = "755", group: str = "root") -> list[str]:
    """What to put before a command for it to see an empty `place`; skips where that is not allowed."""
    require("unshare", shutil.which("unshare") is not None)
    if os.geteuid() or subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("only root can give a command a folder of its own")
    return ["unshare", "-m", "/bin/sh", "-c", ELSEWHERE.format(mode=mode, gid=_group(group), place=place), "sh"]


def _group(name: str) -> int:
    import grp

    return grp.getgrnam(name).gr_gid


def shell(script: str, *words: object) -> list[str]:
    """A script of sh with its arguments."""
    return ["/bin/sh", "-c", script, "sh", *map(str, words)]


def said(command: list[str], **more: object) -> str:
    """What a command that must go well prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**CRON, **more.pop("env", {})}, **more)  # type: ignore[call-overload, dict-item] # fmt: skip # noqa: E501
    assert (done.returncode, done.stderr) == (0, ""), done
    return str(done.stdout)


# --- cron --------------------------------------------------------------------------------------------------------


def test_the_line_of_cron_starts_a_run_from_any_path(dovecot: dovecot_server.Dovecot, tmp_path: Path) -> None:
    site = Site(tmp_path / "my mail, 100% o'hara", dovecot, "install@example.com")
    site.channel("dev")
    site.append(mail())
    program = site.folder / "mailpoll"
    program.symlink_to(MAILPOLL)
    shown = said([str(program), "--config", str(site.config), "install", "cron", "--print"])
    command = shown.splitlines()[-1].split(None, 6 if os.geteuid() == 0 else 5)[-1]
    # As cron does it: \% is a %, and sh gets the rest.
    assert said(["/bin/sh", "-c", command.replace("\\%", "%")], cwd="/") == ""
    assert [delivery.state for delivery in site.deliveries()] == ["delivered"]


def test_root_writes_a_file_for_cron(site: Site) -> None:
    script = '"$@" install cron && ls -l /etc/cron.d && cat /etc/cron.d/mailpoll && "$@" install cron'
    shown = said([*private("/etc/cron.d"), *shell(script, MAILPOLL, "--config", site.config)])
    assert "Written: /etc/cron.d/mailpoll\ncron runs it every minute as root." in shown
    assert re.search(r"^-rw-r--r-- +1 root +root .* mailpoll$", shown, re.MULTILINE)
    assert f"\n* * * * * root {MAILPOLL} --config {site.config} fetch\n" in shown
    assert "/etc/cron.d/mailpoll is there already, and right." in shown


def test_the_file_runs_as_the_owner_of_the_store(site: Site) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a store away")
    shutil.chown(site.folder / "mailpoll.db", "nobody")
    shown = said([str(MAILPOLL), "--config", str(site.config), "install", "cron", "--print"])
    assert shown.splitlines()[-1].startswith("* * * * * nobody /")


def test_a_user_that_is_not_there_is_refused(site: Site) -> None:
    command = [str(MAILPOLL), "--config", str(site.config), "install", "cron", "--user", "noone-here"]
    done = subprocess.run([*private("/etc/cron.d"), *command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (78, "")
    assert "there is no user noone-here. Make one: adduser" in done.stderr
    printed = subprocess.run([*command, "--print"], capture_output=True, text=True, check=False)
    assert (printed.returncode, printed.stdout) == (78, "")


def test_a_crontab_gets_one_line(site: Site) -> None:
    require("crontab", shutil.which("crontab") is not None)
    before = private("/var/spool/cron/crontabs", "1730", "crontab")
    script = 'printf "# mine\\n0 5 * * * /bin/true\\n" | crontab -; "$@"; "$@"; crontab -l'
    command = shell(script, MAILPOLL, "--config", site.config, "install", "cron")
    shown = said([*before, *ordinary(), *command])
    line = f"* * * * * {MAILPOLL} --config {site.config} fetch"
    assert shown.endswith(f"\n# mine\n0 5 * * * /bin/true\n{line}\n")
    assert f"In your crontab now:\n\n    {line}\n" in shown
    assert f"Your crontab has it already; nothing changed:\n\n    {line}\n" in shown


def test_an_ordinary_user_needs_no_root_for_a_line(site: Site) -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest's folders are for their owner alone
        Path(folder).chmod(0o777)
        fake, kept = Path(folder, "crontab"), Path(folder, "crontab.kept")
        fake.write_text(FAKE_CRONTAB)
        fake.chmod(0o755)
        command = [*ordinary(), str(MAILPOLL), "--config", str(site.config), "install", "cron"]
        env = {"PATH": folder}  # no other crontab may be found
        assert "In your crontab now:" in said(command, env=env)
        assert kept.read_text() == f"* * * * * {MAILPOLL} --config {site.config} fetch\n"
        assert "nothing changed" in said(command, env=env)
        assert kept.read_text() == f"* * * * * {MAILPOLL} --config {site.config} fetch\n"


def test_the_octets_of_a_crontab_stay(site: Site, tmp_path: Path) -> None:
    fake, kept = tmp_path / "crontab", tmp_path / "crontab.kept"
    fake.write_text(FAKE_CRONTAB)
    fake.chmod(0o755)
    before = b"# caf\xe9\r\n@daily /old/mailpoll --config %b fetch # \xff\n0 5 * * * \xc3\xa9 \xf0\x9f\x90\x8c\n"
    kept.write_bytes(before.replace(b"%b", bytes(site.config)))
    command = [*ordinary(), str(MAILPOLL), "--config", str(site.config), "install", "cron"]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        for path in (fake, kept):
            shutil.copy(path, folder)
            Path(folder, path.name).chmod(0o777)
        shown = said(command, env={"PATH": folder, "LC_ALL": "C"})
        after = Path(folder, kept.name).read_bytes()
    assert "Taken out of your crontab:\n\n    @daily /old/mailpoll" in shown
    line = b"@daily %b --config %b fetch" % (bytes(MAILPOLL), bytes(site.config))
    assert after == b"# caf\xe9\r\n" + line + b"\n0 5 * * * \xc3\xa9 \xf0\x9f\x90\x8c\n"


def ordinary(user: str = "nobody") -> list[str]:
    """What to put before a command for it not to be root's, though it may read what the tests of root hold."""
    if os.geteuid() != 0:
        return []
    require("setpriv", shutil.which("setpriv") is not None)
    may_read = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return [str(shutil.which("setpriv")), f"--reuid={user}", "--clear-groups", *may_read]


def test_a_store_that_only_the_environment_names_is_written_out_first(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[addresses]\npatterns = ["username+%s@example.com"]\n')
    env = {**CRON, "XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}
    done = subprocess.run([MAILPOLL, "--config", path, "install", "cron", "--print"],
                          env=env, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 78
    assert f'[store] url = "sqlite:///{tmp_path}/state/mailpoll/mailpoll.db"' in done.stderr


# --- systemd -----------------------------------------------------------------------------------------------------


def test_root_writes_units_and_says_what_to_type(site: Site) -> None:
    if Path("/run/systemd/system").is_dir():
        pytest.skip("systemd is running here, and would be told to start them")
    script = '"$@" install systemd && cat /etc/systemd/system/mailpoll.service && "$@" install systemd'
    shown = said([*private("/etc/systemd/system"), *shell(script, MAILPOLL, "--config", site.config)])
    assert "Written: /etc/systemd/system/mailpoll.service\nWritten: /etc/systemd/system/mailpoll.timer\n" in shown
    assert "    systemctl daemon-reload\n    systemctl enable --now mailpoll.timer\n" in shown
    assert f"\nExecStart={MAILPOLL} --config {site.config} fetch\n" in shown
    assert shown.count("is there already, and right.") == 2


def test_root_makes_the_folder_that_a_run_could_not_make(site: Site) -> None:
    if Path("/run/systemd/system").is_dir():
        pytest.skip("systemd is running here, and would be told to start them")
    before = private("/etc/systemd/system")
    site.config.write_text(f'[store]\nurl = "sqlite:///{site.folder}/new/deep/mailpoll.db"\n')
    site.config.chmod(0o640)
    shutil.chown(site.config, "nobody")
    shown = said([*before, str(MAILPOLL), "--config", str(site.config), "install", "systemd"])
    for folder in (site.folder / "new", site.folder / "new" / "deep"):
        assert f"Made for nobody: {folder}\n" in shown
        assert (folder.owner(), folder.stat().st_mode & 0o777) == ("nobody", 0o700)
    assert shown.count("Made for nobody") == 2, "a user without a home gets none"


def test_root_makes_the_state_folder_in_the_home_of_the_user(tmp_path: Path) -> None:
    if Path("/run/systemd/system").is_dir():
        pytest.skip("systemd is running here, and would be told to start them")
    before, home, passwd = private("/etc/systemd/system"), tmp_path / "home", tmp_path / "passwd"
    passwd.write_text(f"{Path('/etc/passwd').read_text()}mailpoll-test:x:54321:54321::{home}:/bin/sh\n")
    config = tmp_path / "config.toml"
    config.touch(0o600)
    home.mkdir()
    for path in (home, config):
        os.chown(path, 54321, 54321)
    script = 'mount --bind "$1" /etc/passwd; shift; "$@" install systemd && cat /etc/systemd/system/mailpoll.service'
    command = [*before, *shell(script, passwd, MAILPOLL, "--config", config)]
    shown = said(command, env={"HOME": str(home)})
    state = home / ".local" / "state" / "mailpoll"
    assert f"Made for mailpoll-test: {state}\n" in shown
    assert f"\nReadWritePaths=-{state}" in shown
    for folder in (state, state.parent, state.parent.parent):
        assert (folder.stat().st_uid, folder.stat().st_mode & 0o777) == (54321, 0o700)


def test_a_secret_that_a_unit_does_not_get_is_said(site: Site) -> None:
    site.config.write_text(
        site.config.read_text() + '[account.main]\nhost = "imap.example.com"\nusername = "username@example.com"\n'
        'password = { env = "WORD" }\n'
    )
    command = [MAILPOLL, "--config", site.config, "install", "systemd", "--user", "--print"]
    done = subprocess.run(command, env=CRON, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "mailpoll: account.main.password: the service does not get WORD from this shell. Put it" in done.stderr


def test_units_of_a_user_are_in_the_home(site: Site, tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    shown = said([str(MAILPOLL), "--config", str(site.config), "install", "systemd", "--user"], env=home)
    units = tmp_path / ".config/systemd/user"
    assert {path.name for path in units.iterdir()} == {"mailpoll.service", "mailpoll.timer"}
    assert "    systemctl --user enable --now mailpoll.timer\n" in shown
    assert "loginctl enable-linger" in shown


def test_printing_units_changes_nothing(site: Site, tmp_path: Path) -> None:
    shown = said([str(MAILPOLL), "--config", str(site.config), "install", "systemd", "--user", "--print"],
                 env={"HOME": str(tmp_path)})  # fmt: skip
    assert shown.startswith("# mailpoll.service\n")
    assert not (tmp_path / ".config").exists()


@pytest.mark.skipif(sys.platform == "darwin", reason="there is no systemd on macOS")
def test_an_ordinary_user_is_told_to_use_sudo_for_the_machine(site: Site) -> None:
    command = [*ordinary(), MAILPOLL, "--config", site.config, "install", "systemd"]
    done = subprocess.run(command, env=CRON, capture_output=True, text=True, check=False)
    assert done.returncode == 77
    assert "only root may write that. Type it with sudo, or look at it: mailpoll install systemd --print" in done.stderr


# --- without a home ----------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be a user that passwd does not know")
@pytest.mark.parametrize("words", [["fetch"], ["status"], ["doctor"], ["doctor", "--as-cron"], ["install", "cron"]])
def test_a_user_whom_passwd_does_not_know_is_told_what_is_missing(words: list[str]) -> None:
    done = subprocess.run([*ordinary("54321"), MAILPOLL, *words], env={"PATH": CRON["PATH"]}, cwd="/",
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert "bug" not in done.stdout + done.stderr
    assert (
        "there is no configuration, neither /nonexistent/.config/mailpoll/config.toml nor" in done.stdout + done.stderr
    )
    assert done.returncode == 78


@pytest.mark.parametrize("words", [["fetch"], ["fetch", "-v"], ["status"], ["install", "cron", "--print"]])
def test_the_home_of_somebody_who_is_not_there_is_told(words: list[str], tmp_path: Path) -> None:
    done = subprocess.run([MAILPOLL, "--config", "~nosuchuser/x.toml", *words], cwd="/",
                          env={**CRON, "HOME": str(tmp_path)},
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert (done.returncode, done.stdout) == (78, "")
    assert "there is no home folder for ~nosuchuser/x.toml. Write the absolute path of the file" in done.stderr
