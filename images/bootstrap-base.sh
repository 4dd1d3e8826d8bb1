#!/bin/sh
# Makes sure the engine has an image named debian:bookworm-slim, from which
# every starter image is built.
#
#   images/bootstrap-base.sh
#
# 1. The image exists: nothing to do.
# 2. A registry answers: the image is pulled.
# 3. Otherwise it is made here with mmdebstrap from the Debian mirror this
#    machine itself uses, and imported under the same name. The machine's
#    extra trust roots (/usr/local/share/ca-certificates/*.crt) go in with it,
#    because package, pip and npm downloads inside a build pass through
#    whatever those roots belong to.
#
# Where extra roots exist the pull is skipped: a pulled base would not trust
# them, and builds on it would fail at the first HTTPS download.
#
# Environment:
#   DOCKER             client to use (default: docker)
#   SLIPWAY_BASE_PULL  auto (default), always, never
#   PULL_TIMEOUT       seconds to give a pull (default: 20)
#   DEBIAN_MIRROR      mirror to use instead of the machine's own
#
# Needs root, and mmdebstrap for step 3.
set -eu

image=debian:bookworm-slim
suite=bookworm
docker=${DOCKER:-docker}
pull=${SLIPWAY_BASE_PULL:-auto}
pull_timeout=${PULL_TIMEOUT:-20}
roots=/usr/local/share/ca-certificates

say() { printf '%s\n' "bootstrap-base: $*" >&2; }

if "$docker" image inspect "$image" >/dev/null 2>&1; then
    say "$image is there"
    exit 0
fi

has_roots=no
for crt in "$roots"/*.crt; do
    [ -f "$crt" ] && has_roots=yes
done

if [ "$pull" = always ] || { [ "$pull" = auto ] && [ "$has_roots" = no ]; }; then
    if timeout "$pull_timeout" "$docker" pull -q "$image" >/dev/null 2>&1; then
        say "pulled $image"
        exit 0
    fi
    say "no registry answered within ${pull_timeout} s"
fi

if ! command -v mmdebstrap >/dev/null 2>&1; then
    say "mmdebstrap is missing: apt-get install mmdebstrap"
    exit 1
fi

# The machine's own mirrors, in either of apt's two formats. Only Debian's
# archives count; the security archive is told apart by its path.
uris() {
    # shellcheck disable=SC2046 # a list of files without blanks
    cat $(ls /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
             /etc/apt/sources.list.d/*.sources 2>/dev/null) /dev/null |
        sed -n -e 's/^URIs:[[:space:]]*//p' \
               -e 's/^deb[[:space:]]\{1,\}\(\[[^]]*\][[:space:]]*\)\{0,1\}\([^[:space:]]*\).*/\2/p' |
        tr ' ' '\n'
}
mirror=${DEBIAN_MIRROR:-$(uris | grep -E '/debian/?$' | head -n 1)}
mirror=${mirror:-http://deb.debian.org/debian}
mirror=${mirror%/}
security=$(uris | grep -E '/debian-security/?$' | head -n 1)
security=${security:-http://deb.debian.org/debian-security}
security=${security%/}

say "making $image from $mirror"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

mkdir "$work/roots"
[ "$has_roots" = yes ] && cp "$roots"/*.crt "$work/roots/"

cat >"$work/sources.list" <<LIST
deb $mirror $suite main
deb $mirror $suite-updates main
deb $security $suite-security main
LIST

# As in the published image: no documentation, manuals or translations.
cat >"$work/slim" <<'SLIM'
path-exclude=/usr/share/doc/*
path-include=/usr/share/doc/*/copyright
path-exclude=/usr/share/man/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/groff/*
path-exclude=/usr/share/lintian/*
path-exclude=/usr/share/linda/*
path-exclude=/usr/share/locale/*
path-include=/usr/share/locale/locale.alias
SLIM

cat >"$work/apt-slim" <<'APT'
Acquire::Languages "none";
Acquire::GzipIndexes "true";
APT::Install-Recommends "false";
Apt::AutoRemove::SuggestsImportant "false";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
APT

# Services must not be started by package scripts during a build.
cat >"$work/policy-rc.d" <<'RC'
#!/bin/sh
exit 101
RC

# The system bundle for the tools that would otherwise bring their own.
cat >"$work/pip.conf" <<'PIP'
[global]
cert = /etc/ssl/certs/ca-certificates.crt
PIP
cat >"$work/npmrc" <<'NPM'
cafile=/etc/ssl/certs/ca-certificates.crt
NPM

# usr-is-merged with its hook stands in for usrmerge, which would bring all of
# perl with it.
mmdebstrap --quiet --variant=minbase --include=ca-certificates,usr-is-merged \
    --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    --dpkgopt="$work/slim" \
    --setup-hook='mkdir -p "$1/etc/dpkg/dpkg.cfg.d" "$1/etc/apt/apt.conf.d"' \
    --customize-hook="copy-in $work/roots /tmp" \
    --customize-hook='mkdir -p "$1/usr/local/share/ca-certificates" && mv "$1"/tmp/roots/* "$1/usr/local/share/ca-certificates/" 2>/dev/null; rm -rf "$1/tmp/roots"' \
    --customize-hook='chroot "$1" update-ca-certificates >/dev/null' \
    --customize-hook="upload $work/apt-slim /etc/apt/apt.conf.d/slim" \
    --customize-hook="upload $work/slim /etc/dpkg/dpkg.cfg.d/slim" \
    --customize-hook="upload $work/policy-rc.d /usr/sbin/policy-rc.d" \
    --customize-hook='chmod 755 "$1/usr/sbin/policy-rc.d"' \
    --customize-hook="upload $work/pip.conf /etc/pip.conf" \
    --customize-hook="upload $work/npmrc /etc/npmrc" \
    --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/* "$1"/var/cache/debconf/*-old "$1"/var/log/*.log "$1"/var/log/apt' \
    --customize-hook='rm -f "$1/etc/hostname" "$1/etc/resolv.conf"' \
    "$suite" "$work/base.tar" "$work/sources.list"

"$docker" import \
    --change 'CMD ["bash"]' \
    --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' \
    --change 'LABEL slipway.base=bootstrapped' \
    "$work/base.tar" "$image" >/dev/null

say "made $image"
