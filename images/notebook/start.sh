#!/bin/bash
# Starts JupyterLab. Arguments are passed on to it.
set -u
. /opt/slipway/home.sh
rm -rf "$JUPYTER_RUNTIME_DIR"
mkdir -m 700 -p "$JUPYTER_RUNTIME_DIR"
exec /opt/jupyter/bin/jupyter-lab "$@"
