"""The files in deploy/, as the programs read them that they are for."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from negotiations import settings as plain
from negotiations.server import HEADER_SECONDS
from tests.browsing import go_without

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


def run(*command, cwd):
    if not shutil.which(command[0]):
        go_without(f"{command[0]} is not on the PATH")
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_systemd_understands_the_units(tmp_path):
    for unit in [*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")]:
        text = unit.read_text().replace("/opt/parley/.venv/bin/python", sys.executable)
        (tmp_path / unit.name).write_text(text)
    done = run(
        "systemd-analyze", "verify", *(f"./{p.name}" for p in tmp_path.iterdir()), cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_nginx_understands_its_file(tmp_path):
    run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-keyout", "privkey.pem", "-out", "fullchain.pem", "-subj", "/CN=parley.example.org"),
        cwd=tmp_path,
    )
    text = (DEPLOY / "nginx.conf").read_text()
    for place in ("/etc/ssl/parley/", "/var/log/nginx/"):
        text = text.replace(place, f"{tmp_path}/")
    (tmp_path / "parley.conf").write_text(text)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ include parley.conf; }}"
    )
    done = run("nginx", "-t", "-p", str(tmp_path), "-c", f"{tmp_path}/nginx.conf", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def number(file, pattern):
    return int(re.search(pattern, (DEPLOY / file).read_text())[1])


def test_whoever_waits_for_parley_waits_longer_than_it_takes():
    longest = plain.PARLEY_TIME_LIMIT + HEADER_SECONDS
    assert number("nginx.conf", r"proxy_read_timeout (\d+)s") > longest
    assert number("Caddyfile", r"response_header_timeout (\d+)s") > longest
    assert number("parley.service", r"TimeoutStopSec=(\d+)") > longest
    assert number("compose.yaml", r"stop_grace_period: (\d+)s") > longest


def test_a_proxy_lets_through_what_parley_takes():
    megabytes = plain.PARLEY_MAX_UPLOAD // 1_000_000
    assert number("nginx.conf", r"client_max_body_size (\d+)m") == megabytes
    assert number("Caddyfile", r"max_size (\d+)MB") == megabytes


def test_the_log_of_the_proxy_holds_no_address():
    (form,) = re.findall(r"log_format parley '([^']*)'", (DEPLOY / "nginx.conf").read_text())
    assert not re.search(r"\$(request|request_uri|uri|args|http_referer|remote_user)\b", form)


def test_every_file_is_explained():
    explained = (DEPLOY / "README.md").read_text()
    assert [path.name for path in DEPLOY.iterdir() if path.name not in explained] == []
