#!/usr/bin/python3
"""Serves the client page and carries its WebSocket to the VNC server.

websockify's own command starts a process for every request, which is slow
for a page of some forty modules; its threaded server is used instead. The
handler adds the headers websockify leaves out.
"""

import os
import signal
import socket
import sys

from websockify.websocketproxy import LibProxyServer, ProxyRequestHandler

# The images this origin serves may change from one session to the next, so
# nothing may be taken from the browser's cache without asking.
HEADERS = {
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; "
        "img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
        "object-src 'none'; base-uri 'none'; form-action 'none'"
    ),
}


class Handler(ProxyRequestHandler):
    server_version = "slipway"
    sys_version = ""

    def end_headers(self):
        # A request too broken to be read has no headers.
        headers = getattr(self, "headers", None)
        if headers is None or not headers.get("Upgrade"):
            for name, value in HEADERS.items():
                self.send_header(name, value)
        super().end_headers()

    # One line per request says nothing useful in a session's log.
    def log_request(self, code="-", size="-"):
        if isinstance(code, int) and code >= 400:
            super().log_request(code, size)


class Server(LibProxyServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128
    address_family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
    file_only = True
    no_parent = True

    def server_bind(self):
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    # A browser that goes away in the middle of an answer is no fault.
    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


def main():
    web, port, target = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    try:
        server = Server(
            Handler, listen_port=port, web=web, unix_target=target, heartbeat=30
        )
    except OSError:
        # No IPv6 in this container.
        Server.address_family = socket.AF_INET
        server = Server(
            Handler, listen_port=port, web=web, unix_target=target, heartbeat=30
        )
    server.serve_forever()


main()
