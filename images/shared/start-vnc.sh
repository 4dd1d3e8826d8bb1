#!/bin/bash
# Starts the X server, its web page and the session program given as
# arguments, and ends when one of the servers does.
#
# Environment:
#   SLIPWAY_RESOLUTION  size of the screen until a browser asks for its own
#   SLIPWAY_PORT        port of the page
#   KASM_SVC_ACCEPT_CUT_TEXT="-AcceptCutText 0"  nothing can be pasted into it
#   KASM_SVC_SEND_CUT_TEXT="-SendCutText 0"      nothing can be copied out of it
set -u

export DISPLAY=:1
export XDG_RUNTIME_DIR=/tmp/runtime-$(id -u)
resolution=${SLIPWAY_RESOLUTION:-1280x800}
port=${SLIPWAY_PORT:-6080}
socket=$XDG_RUNTIME_DIR/vnc.sock

. /opt/slipway/home.sh

# After a kill, or in a copy made from a running container, the files of the
# earlier run are still there and would keep this one from starting.
rm -rf /tmp/.X*-lock /tmp/.X11-unix/* /tmp/.ICE-unix "$XDG_RUNTIME_DIR" \
    /tmp/dbus-* "$HOME"/.vnc/*.pid 2>/dev/null
mkdir -m 700 -p "$XDG_RUNTIME_DIR"

pids=()
stop() {
    trap - TERM INT
    # The session program first: a browser wants to write its profile.
    if [ -n "${session:-}" ] && kill -TERM "$session" 2>/dev/null; then
        for _ in {1..15}; do
            kill -0 "$session" 2>/dev/null || break
            sleep 0.1
        done
    fi
    kill -TERM "${pids[@]}" 2>/dev/null
    exit "${1:-0}"
}
trap 'stop 0' TERM INT

# Named and written as the Kasm images have them, so that one definition serves
# both. Compared and not passed on: a variable adds no other option.
cut_text=()
[ "${KASM_SVC_ACCEPT_CUT_TEXT:-}" = "-AcceptCutText 0" ] && cut_text+=(-AcceptCutText=0)
[ "${KASM_SVC_SEND_CUT_TEXT:-}" = "-SendCutText 0" ] && cut_text+=(-SendCutText=0)
# Programs inside must not switch it on again, as the server lets them otherwise.
[ ${#cut_text[@]} -gt 0 ] && cut_text+=(-AllowOverride=desktop)

# SendPrimary off: merely selecting text inside must not overwrite the
# clipboard of the person's own machine.
Xvnc "$DISPLAY" -geometry "$resolution" -depth 24 -dpi 96 \
    -rfbport -1 -rfbunixpath "$socket" -rfbunixmode 0600 \
    -SecurityTypes None -AlwaysShared -AcceptSetDesktopSize=1 \
    -SendPrimary=0 -SetPrimary=1 -MaxCutText 1048576 "${cut_text[@]}" \
    -nolisten tcp -Log '*:stderr:10' -desktop "${SLIPWAY_TITLE:-Desktop}" &
xserver=$!
pids+=("$xserver")

# Bound before the screen is up, so that the proxy finds the port early; the
# page retries by itself.
/usr/bin/python3 /opt/slipway/vnc-web.py /opt/slipway/www "$port" "$socket" &
pids+=("$!")
web=$!

for _ in {1..100}; do
    [ -S "/tmp/.X11-unix/X${DISPLAY#:}" ] && [ -S "$socket" ] && break
    kill -0 "$xserver" 2>/dev/null || { echo "start-vnc: the X server ended" >&2; stop 1; }
    sleep 0.05
done

"$@" &
session=$!

while :; do
    wait -n -p ended "${pids[@]}" "$session"
    if [ "${ended:-}" = "$session" ]; then
        echo "start-vnc: the session program ended; starting it again" >&2
        sleep 1
        "$@" &
        session=$!
    else
        echo "start-vnc: $([ "${ended:-}" = "$web" ] && echo the page server || echo the X server) ended" >&2
        stop 1
    fi
done
