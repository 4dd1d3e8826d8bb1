"""JupyterLab behind Slipway's proxy.

Nobody reaches this server except through the proxy, which has checked who is
asking. So there is no token; what stays on is what protects a person from the
pages of others: the XSRF check, and the check that a WebSocket's Origin is
the Host it is sent to (the proxy passes the public host).
"""

import os

c = get_config()  # noqa: F821

c.ServerApp.ip = "0.0.0.0"
c.ServerApp.port = 8888
c.ServerApp.port_retries = 0
c.ServerApp.open_browser = False
c.ServerApp.root_dir = os.environ["HOME"]
c.ServerApp.default_url = "/lab"

c.IdentityProvider.token = ""
c.PasswordIdentityProvider.hashed_password = ""
c.PasswordIdentityProvider.allow_password_change = False

# The Host is the public name, which the local-address check would refuse.
c.ServerApp.allow_remote_access = True
c.ServerApp.trust_xheaders = True

# The default forbids the console to show the page in a frame. The proxy
# replaces this with the console's own origin.
c.ServerApp.tornado_settings = {
    "headers": {"Content-Security-Policy": "frame-ancestors *"},
}

# Nothing asks the network on its own.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"

c.ServerApp.terminado_settings = {"shell_command": ["/bin/bash"]}
# The server is to end within the engine's patience, kernels or not.
c.KernelManager.shutdown_wait_time = 1.0
# Sockets in the file system instead of open ports.
c.KernelManager.transport = "ipc"
