#!/bin/sh
# Names the noVNC modules in the page, so that the browser fetches them all at
# once instead of finding them import by import.
set -eu
cd /opt/slipway/www
follow() {
    # $1: a module; prints it and, in turn, what it imports.
    case " $seen " in *" $1 "*) return ;; esac
    seen="$seen $1"
    printf '  <link rel="modulepreload" href="%s">\n' "$1"
    for next in $(sed -n "s/^.*from [\"']\(\.[^\"']*\)[\"'].*/\1/p" "$1"); do
        follow "$(realpath -m --relative-to=. "$(dirname "$1")/$next")"
    done
}
seen=
follow novnc/core/rfb.js >/tmp/modules.html
sed -i -e '/<!-- modules -->/{r /tmp/modules.html
d}' index.html
rm /tmp/modules.html
