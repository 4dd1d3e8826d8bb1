#!/bin/sh
# The VNC layer shared by the desktop and the browser image. Both Dockerfiles
# run it in the same way before anything of their own, so an engine stores the
# layer once.
set -eu
export DEBIAN_FRONTEND=noninteractive

apt-get update
apt-get install -y --no-install-recommends \
    ca-certificates curl dbus-x11 fonts-dejavu-core fonts-inter gtk2-engines-murrine \
    arc-theme procps psmisc tigervnc-standalone-server tini tzdata websockify \
    xclip

# Of noVNC only the protocol library is used. The package itself depends on
# node, so its files are taken out of it instead.
work=$(mktemp -d)
cd "$work"
chmod 755 .
apt-get -o APT::Sandbox::User=root download novnc
dpkg-deb -x novnc_*.deb .
mkdir -p /opt/slipway/www/novnc
cp -r usr/share/novnc/core usr/share/novnc/vendor /opt/slipway/www/novnc/
cp usr/share/doc/novnc/copyright /opt/slipway/www/novnc/copyright
cd /
rm -rf "$work"

# The X server makes its socket here; as an unprivileged user it could not
# give the directory the owner and mode it insists on.
install -d -m 1777 /tmp/.X11-unix

useradd --create-home --uid 1000 --user-group --shell /bin/bash user

apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old \
    /var/log/*.log /var/log/apt /usr/share/doc/*/changelog* /usr/share/man/*
