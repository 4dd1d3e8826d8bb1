# Sourced by start scripts: makes sure there is a home to write to. A mounted
# home may be empty, which is fine, or belong to someone else, which is not.
if [ ! -w "$HOME" ]; then
    echo "start: $HOME is not writable by uid $(id -u); settings and files will not be kept" >&2
    export HOME=/tmp/home
    mkdir -p "$HOME"
fi
for file in /etc/skel/.bashrc /etc/skel/.profile; do
    [ -e "$HOME/${file##*/}" ] || cp "$file" "$HOME/"
done
cd "$HOME" || exit 1
