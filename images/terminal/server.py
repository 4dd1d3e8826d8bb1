#!/usr/bin/python3
"""A shell in the browser.

There is one shell; it belongs to the session, not to a connection. Whoever
connects again gets what was printed meanwhile and goes on where they were.
Tornado refuses a WebSocket whose Origin is not the Host it was sent to.
"""

import asyncio
import os
import signal

import tornado.web
from terminado import NamedTermManager, TermSocket

WWW = "/opt/slipway/www"
PORT = int(os.environ.get("SLIPWAY_PORT", "7681"))
SHELL = ["/bin/bash", "--rcfile", "/opt/slipway/bashrc"]

HEADERS = {
    # One origin may serve another session's image tomorrow.
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; img-src 'self' data:; "
        "style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; "
        "form-action 'none'"
    ),
}


class Page(tornado.web.StaticFileHandler):
    def set_extra_headers(self, path):
        for name, value in HEADERS.items():
            self.set_header(name, value)
        if path.endswith(".mjs"):
            self.set_header("Content-Type", "text/javascript")

    def set_default_headers(self):
        self.clear_header("Server")


class Shell(TermSocket):
    def open(self):
        super().open("main")
        self.set_nodelay(True)

    # Called also after the shell has ended, when there is nothing to leave.
    def on_close(self):
        if self.terminal and self in self.terminal.clients:
            super().on_close()


async def main():
    shells = NamedTermManager(
        shell_command=SHELL,
        term_settings={"type": "xterm-256color"},
        extra_env={"COLORTERM": "truecolor"},
    )
    app = tornado.web.Application(
        [
            (r"/ws", Shell, {"term_manager": shells}),
            (r"/(.*)", Page, {"path": WWW, "default_filename": "index.html"}),
        ],
        websocket_ping_interval=30,
        websocket_max_message_size=4 * 1024 * 1024,
        compress_response=True,
        # A request says nothing of interest; errors are still printed.
        log_function=lambda handler: None,
    )
    app.listen(PORT, address="", xheaders=True)
    print(f"listening on port {PORT}", flush=True)

    done = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, done.set)
    await done.wait()

    # A shell writes its history at a hang-up, and only then.
    for shell in list(shells.terminals.values()):
        try:
            shell.kill(signal.SIGHUP)
        except OSError:
            pass
    await asyncio.sleep(0.3)
    os._exit(0)


asyncio.run(main())
