#!/bin/bash
# Chromium, maximised, started again whenever it is closed.
#
# Environment:
#   LAUNCH_URL    page to open at the start
#   BROWSER_ARGS  further switches for Chromium, divided by blanks
set -u

export NO_AT_BRIDGE=1
url=${LAUNCH_URL:-file:///opt/slipway/start.html}
profile=$HOME/.config/chromium
nssdb=$HOME/.pki/nssdb

mkdir -p "$profile" "$HOME/Downloads"

# Chromium takes roots of its own from the person's certificate store, not
# from the system bundle.
roots=(/usr/local/share/ca-certificates/*.crt)
if [ -e "${roots[0]}" ]; then
    if [ ! -e "$nssdb/cert9.db" ]; then
        mkdir -p "$nssdb"
        certutil -d "sql:$nssdb" -N --empty-password
    fi
    for root in "${roots[@]}"; do
        certutil -d "sql:$nssdb" -A -t C,, -n "$(basename "$root" .crt)" -i "$root"
    done
fi

# dbus-run-session ends with this script, so the browser must have ended first.
browser=
trap '[ -n "$browser" ] && kill -TERM "$browser" 2>/dev/null && wait "$browser"; exit 0' TERM INT

openbox --config-file /opt/slipway/openbox.xml &

while :; do
    # Left by a browser that was killed, or that ran in another container:
    # with them Chromium refuses the profile.
    rm -f "$profile"/Singleton*

    # --no-sandbox: see the README. --test-type hides the bar that warns of it.
    # shellcheck disable=SC2086 # switches are to be split
    chromium --no-sandbox --test-type --no-first-run --no-default-browser-check \
        --disable-background-networking --disable-component-update --disable-sync \
        --disable-breakpad --disable-crash-reporter --hide-crash-restore-bubble \
        --disable-features=Translate,MediaRouter,OptimizationHints,GlobalMediaControls \
        --disable-gpu --enable-unsafe-swiftshader --password-store=basic \
        --start-maximized --log-level=3 ${BROWSER_ARGS:-} -- "$url" &
    browser=$!
    wait "$browser"
    browser=
    sleep 0.5
done
