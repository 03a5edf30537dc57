"""What a drill starts and stops: a PostgreSQL of its own, web servers, nginx in front of them."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NGINX = """
worker_processes 1;
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream parley {{
        {servers}
        keepalive 16;
    }}
    server {{
        listen 127.0.0.1:{port};
        client_max_body_size 25m;
        location / {{
            proxy_pass http://parley;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_connect_timeout 2s;
            # What only reads is asked of the next server; what writes goes back to the person,
            # whose form has a token and may be sent again.
            proxy_next_upstream error timeout http_502 http_503;
            proxy_next_upstream_tries 3;
        }}
    }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, seconds=60, path="/healthz"):
    """Returns how long it took until this port answered well."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return time.monotonic() - begun
        time.sleep(0.1)
    raise SystemExit(f"Nothing answers on port {port} after {seconds} s.")


class Cluster:
    """A PostgreSQL of one's own in a folder, with the settings it comes with."""

    def __init__(self, folder):
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        initdb = shutil.which("initdb") or (found and str(found[-1]))
        if not initdb:
            raise SystemExit("This drill needs PostgreSQL: apt-get install postgresql.")
        self.bin = Path(initdb).resolve().parent
        self.folder = folder / "postgres"
        self.folder.mkdir(exist_ok=True)
        self.owner = []
        if os.getuid() == 0:  # it refuses to run as root
            shutil.chown(self.folder, "postgres")
            folder.chmod(folder.stat().st_mode | 0o011)
            self.owner = ["runuser", "-u", "postgres", "--"]
        self.port = free_port()
        self.url = f"postgresql://parley@127.0.0.1:{self.port}/postgres"
        if not (self.folder / "data").exists():
            self._run("initdb", "--username=parley", "--auth=trust", "--encoding=UTF8", "--no-sync")
        self.start()

    def start(self):
        listen = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        self._run("pg_ctl", "start", "-w", "-s", "-l", f"{self.folder}/server.log", "-o", listen)

    def stop(self, mode="immediate"):
        """At once, as when its machine loses power; or "fast", in good order."""
        self._run("pg_ctl", "stop", "-m", mode, "-s")

    def _run(self, command, *arguments):
        program = [*self.owner, str(self.bin / command), "-D", str(self.folder / "data")]
        subprocess.run([*program, *arguments], check=True, stdout=subprocess.DEVNULL, cwd="/")


class Web:
    """One `manage.py serve`, with its workers."""

    def __init__(self, folder, environment, port=None):
        self.port = port or free_port()
        self.log = folder / f"web-{self.port}.log"
        self.environment = environment | {"PORT": str(self.port)}
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log.open("a"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def stop(self, sign=signal.SIGTERM):
        """The server and its workers, which are a group of their own; True where they obeyed."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=20)
            return True
        self.kill()
        return False

    def kill(self):
        self.stop(signal.SIGKILL)


class Nginx:
    """In front of the web servers."""

    def __init__(self, folder, port, webs):
        if not shutil.which("nginx"):
            raise SystemExit("This drill needs nginx: apt-get install nginx-light.")
        servers = [f"server 127.0.0.1:{web.port} max_fails=1 fail_timeout=1s;" for web in webs]
        user = "user root;" if os.getuid() == 0 else ""
        values = {"user": user, "folder": folder, "port": port}
        file = folder / "nginx.conf"
        file.write_text(NGINX.format(servers="\n        ".join(servers), **values))
        self.process = subprocess.Popen(["nginx", "-c", str(file), "-p", str(folder)])

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)
