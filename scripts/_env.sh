# Sourced by the scripts beside it: makes .venv and puts mailpoll into it, on machines where `python3 -m venv` may not
# work. Needs bash and Python >= 3.11; everything else it finds or fetches.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
unset PYTHONPATH PYTHONHOME PIP_REQUIRE_VIRTUALENV PIP_USER PIP_TARGET PIP_CONSTRAINT
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
VENV=.venv

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
die() {
  say "$*"
  exit 1
}

# --- becoming root, where that needs no person -------------------------------------------------------------------

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

can_apt() {
  command -v apt-get >/dev/null || return 1
  [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }
}

apt_install() { # apt_install PACKAGE...: with the package lists as they are, else after an update
  local install=(as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@")
  "${install[@]}" </dev/null >/dev/null 2>&1 && return
  as_root apt-get update -q </dev/null >/dev/null 2>&1 || true
  "${install[@]}" </dev/null 2>&1 >/dev/null | tail -n 3 >&2
}

# --- the interpreter and the virtual environment -----------------------------------------------------------------

find_python() {
  local candidate
  for candidate in ${PYTHON:+"$PYTHON"} python3 python3.11 python3.12 python3.13 python3.14; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  die "no Python 3.11 or newer found; install one, or name it: PYTHON=/path/to/python3 $0"
}

venv_works() { "$VENV/bin/python" -m pip --version >/dev/null 2>&1; }

# Each way_* makes $VENV with pip in it; what one leaves half done is removed before the next is tried.

way_venv() { "$1" -m venv "$VENV"; }

way_ensurepip() { # Debian's venv refuses to start without ensurepip; elsewhere only its child fails
  "$1" -m venv --without-pip "$VENV" && "$VENV/bin/python" -m ensurepip
}

way_uv() { command -v uv && uv venv --quiet --seed --python "$1" "$VENV"; }

way_virtualenv() { "$1" -m virtualenv --version && "$1" -m virtualenv "$VENV"; }

way_pip_of_the_system() {
  bare_venv "$1" && "$1" -m pip --python "$VENV/bin/python" install pip
}

way_pip_wheel() { # Debian keeps one for its own venv module
  local wheel
  wheel=$(pip_wheel_in /usr/share/python-wheels) && bare_venv "$1" && pip_from_wheel "$wheel"
}

way_apt() { can_apt && apt_install python3-venv && way_venv "$1"; }

way_apt_wheel() { # `apt-get download` needs no root
  command -v apt-get && command -v dpkg-deb || return 1
  local folder wheel status=1
  folder=$(mktemp -d)
  if (cd "$folder" && apt-get download -q python3-pip-whl && dpkg-deb -x python3-pip-whl_*.deb .) </dev/null &&
    wheel=$(pip_wheel_in "$folder/usr/share/python-wheels") && bare_venv "$1" && pip_from_wheel "$wheel"; then
    status=0
  fi
  rm -rf "$folder"
  return $status
}

bare_venv() { # by hand where even the venv module is missing: a venv is a link, a folder and a line of text (PEP 405)
  "$1" -m venv --without-pip "$VENV" && return
  rm -rf "$VENV"
  local real version
  real=$("$1" -c 'import os, sys; print(os.path.realpath(sys.executable))')
  version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  mkdir -p "$VENV/bin" "$VENV/lib/python$version/site-packages"
  ln -s "$real" "$VENV/bin/python3"
  ln -s python3 "$VENV/bin/python"
  printf 'home = %s\ninclude-system-site-packages = false\n' "$(dirname "$real")" >"$VENV/pyvenv.cfg"
}

pip_wheel_in() { find "$1" -name 'pip-*.whl' 2>/dev/null | sort -V | tail -n 1 | grep .; }

pip_from_wheel() { PYTHONPATH=$1 "$VENV/bin/python" -m pip install --no-index "$1"; }

make_venv() {
  venv_works && return
  local python way log
  python=$(find_python)
  if ! [ -w "$(dirname "$VENV")" ] || { [ -e "$VENV" ] && ! [ -w "$VENV" ]; }; then
    die "cannot make $VENV here, the folder belongs to somebody else; use a clone of your own"
  fi
  log=$(mktemp)
  for way in venv ensurepip uv virtualenv pip_of_the_system pip_wheel apt apt_wheel; do
    rm -rf "$VENV"
    if "way_$way" "$python" >>"$log" 2>&1 </dev/null && venv_works; then
      [ "$way" = venv ] || say "made $VENV another way than 'python3 -m venv', which does not work here ($way)"
      rm -f "$log"
      return
    fi
  done
  rm -rf "$VENV"
  tail -n 20 "$log" >&2
  rm -f "$log"
  die "could not make a virtual environment with $python; on Debian or Ubuntu: apt-get install python3-venv"
}

# --- what goes into it -------------------------------------------------------------------------------------------

pip_install() { "$VENV/bin/python" -m pip install --quiet "$@" </dev/null; }

# install_set NAME EXTRAS [GROUP...]: the dependencies (only when pyproject or constraints changed), then mailpoll itself
# (always, as the wheel that users get, so that what runs is what the tree says).
install_set() {
  local name=$1 extras=$2 group groups=() stamp="$VENV/.installed-$1" now
  shift 2
  [ -w "$VENV" ] || die "$VENV belongs to somebody else; use a clone of your own"
  for group in "$@"; do groups+=(--group "$group"); done
  now=$({ "$VENV/bin/python" -VV; cat pyproject.toml constraints.txt scripts/_env.sh; } | cksum)
  if [ "$(cat "$stamp" 2>/dev/null)" != "$now" ]; then
    say "installing what mailpoll needs ($name) into $VENV ..."
    rm -f "$stamp"
    # --group came with pip 25.1: the environment's own pip is renewed first. hatchling is here so that building the
    # wheel needs no second environment.
    pip_install --upgrade -c constraints.txt pip hatchling
    pip_install -c constraints.txt --no-build-isolation ".${extras:+[$extras]}" ${groups[@]+"${groups[@]}"}
    printf '%s\n' "$now" >"$stamp"
  fi
  pip_install --no-deps --force-reinstall --no-build-isolation .
}

# environment NAME EXTRAS [GROUP...]: all of the above; two scripts at once wait for each other where flock exists.
environment() {
  exec 9<scripts
  if command -v flock >/dev/null; then flock 9; fi
  make_venv
  install_set "$@"
  exec 9<&-
}

# --- servers the tests run against -------------------------------------------------------------------------------

program_found() { PATH=$PATH:/usr/sbin:/usr/local/sbin command -v "$1" >/dev/null; }

dovecot_found() { program_found dovecot; }
postgres_found() { program_found postgres || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; }
pgbouncer_found() { program_found pgbouncer; }
postfix_found() { [ -x /usr/lib/postfix/sbin/master ]; }

# need_environment NAME TITLE CODE PACKAGE...: .venv-NAME for a receiver from PyPI, pinned by a file of its own, since
# what it needs is nothing that mailpoll needs; CODE runs in it when it is there.
need_environment() {
  local name=$1 title=$2 code=$3 place=.venv-$1 pins=tests/servers/$1-constraints.txt then=skipped
  shift 3
  if cmp -s "$pins" "$place/.installed" && "$place/bin/python" -c "$code" 2>/dev/null; then return; fi
  say "making $place for the tests ($title) ..."
  if (VENV=$place && make_venv) && "$place/bin/python" -m pip install --quiet -c "$pins" "$@" </dev/null &&
    "$place/bin/python" -c "$code"; then
    cp "$pins" "$place/.installed"
    return
  fi
  if [ -n "${MAILPOLL_REQUIRE_SERVERS:-}" ]; then then='going to fail'; fi
  say "no $title: it could not be installed. What needs it is $then."
}

need_anymail() { need_environment anymail django-anymail 'import anymail, django' django-anymail; }
need_synapse() { need_environment synapse Synapse 'import synapse.app.homeserver' matrix-synapse; }

need_dovecot() { need dovecot Dovecot dovecot-imapd dovecot.service dovecot.socket; }
need_postgres() { need postgres PostgreSQL postgresql postgresql.service; }
need_pgbouncer() { need pgbouncer PgBouncer pgbouncer pgbouncer.service; }

# Debian has one mail server on a machine, and removes the one that is there: installed in CI only. And root alone can
# start it. Without a configuration of its own it has nothing to serve.
need_postfix() {
  postfix_found && return
  if [ -z "${MAILPOLL_REQUIRE_SERVERS:-}" ] || [ "$(id -u)" != 0 ]; then
    say "no Postfix (Debian: postfix), which is installed in CI only, by root. What needs a real one is skipped."
    return
  fi
  if command -v debconf-set-selections >/dev/null; then
    debconf-set-selections <<<'postfix postfix/main_mailer_type select No configuration' || true
  fi
  need postfix Postfix postfix postfix.service
}

# need PROGRAM NAME PACKAGE UNIT...: there afterwards, or a sentence about what will be skipped. The tests start a private
# one, from a configuration of their own; the service that Debian's package starts is stopped again.
need() {
  local program=$1 name=$2 package=$3
  shift 3
  "${program}_found" && return
  local why="apt-get is missing, or may not be used (it takes root, or a sudo that asks no password)"
  local then=skipped
  if can_apt; then
    say "installing $name for the tests ($package) ..."
    why="apt-get could not install $package"
    if apt_install "$package" && "${program}_found"; then
      stop_debians "$@"
      return
    fi
  fi
  if [ -n "${MAILPOLL_REQUIRE_SERVERS:-}" ]; then then='going to fail'; fi
  say "no $name: $why. What needs a real one is $then."
}

stop_debians() {
  if [ -d /run/systemd/system ]; then
    as_root systemctl disable --now "$@" >/dev/null 2>&1 || true
    return
  fi
  local unit
  for unit in "$@"; do as_root service "${unit%%.*}" stop >/dev/null 2>&1 || true; done
}

# need_program PROGRAM PACKAGE: a program of Debian that some tests ask for its opinion; without it they are skipped.
need_program() {
  command -v "$1" >/dev/null && return
  if can_apt; then
    say "installing $1 for the tests ($2) ..."
    apt_install "$2" && command -v "$1" >/dev/null && return
  fi
  local then=skipped
  if [ -n "${MAILPOLL_REQUIRE_SERVERS:-}" ]; then then='going to fail'; fi
  say "no $1 (Debian: $2). What needs it is $then."
}
