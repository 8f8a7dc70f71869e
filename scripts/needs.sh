# What a script asks of the system: sourced from the checkout's folder, in any shell.
# shellcheck shell=sh

fail() {
    echo "earshot: $1" >&2
    exit 1
}

# need WHAT DEBIAN_PACKAGES TEST…: run TEST; when it fails, install the packages or say how.
need() {
    what=$1 packages=$2
    shift 2
    "$@" >/dev/null 2>&1 && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "earshot: $what is missing; installing $packages" >&2
        # shellcheck disable=SC2086 # a list of packages
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages; } \
            >/tmp/earshot-apt.log 2>&1 || { tail -n 5 /tmp/earshot-apt.log >&2; fail "apt-get install $packages failed"; }
        "$@" >/dev/null 2>&1 && return
    fi
    fail "$what is missing. Get it with: sudo apt-get install $packages"
}
