#!/bin/bash
# The desktop's programs. There is no session manager: the session is the
# container's life, so there is nothing to log out of.
set -u

export XDG_CURRENT_DESKTOP=XFCE XDG_CONFIG_DIRS=/etc/xdg XDG_MENU_PREFIX=xfce-
# Nothing here speaks to a screen reader inside the container.
export NO_AT_BRIDGE=1

mkdir -p "$HOME/Desktop" "$HOME/Documents" "$HOME/Downloads"

keep() {
    while :; do
        "$@"
        # Killed by the person or crashed; a pause, so as not to spin.
        sleep 1
    done
}

xfsettingsd --no-daemon --replace &
keep xfwm4 &
keep xfdesktop &
keep xfce4-panel --disable-wm-check &
trap 'kill $(jobs -p) 2>/dev/null; exit 0' TERM INT
wait
