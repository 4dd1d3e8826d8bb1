#!/bin/bash
set -u
. /opt/slipway/home.sh
exec /usr/bin/python3 /opt/slipway/server.py
