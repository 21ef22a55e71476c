"""The same job for pyinfra: see site.yml."""

import json
import shlex

from pyinfra import host
from pyinfra.facts.deb import DebPackages
from pyinfra.operations import apt, files, server, systemd

data = host.data
server.user(user="peer", system=True, home="/var/lib/peer", ensure_home=False, shell="/usr/sbin/nologin", _sudo=True)
for folder in ("/etc/peer", "/var/lib/peer", "/var/lib/peer/models", "/var/lib/peer/runtime"):
    files.directory(path=folder, mode="755", _sudo=True)
if "libgomp1" not in host.get_fact(DebPackages):
    apt.update(_sudo=True)
apt.packages(packages=["libgomp1"], _sudo=True)
archive = files.put(src=data.archive, dest="/var/lib/peer/llama.tar.gz", mode="644", _sudo=True)
server.shell(
    commands=["tar -x --no-same-owner -f /var/lib/peer/llama.tar.gz -C /var/lib/peer/runtime"],
    _sudo=True,
    _if=archive.did_change,
)
files.put(src=data.model, dest="/var/lib/peer/models/model.gguf", mode="644", _sudo=True)
files.put(src=data.key, dest="/etc/peer/api-key", mode="600", user="peer", _sudo=True)
arguments = files.put(src=data.arguments, dest="/etc/peer/arguments", mode="644", _sudo=True)
unit = files.put(src=data.unit, dest="/etc/systemd/system/peer.service", mode="644", _sudo=True)
systemd.daemon_reload(_sudo=True, _if=unit.did_change)
systemd.service(
    service="peer.service", restarted=True, _sudo=True, _if=lambda: arguments.did_change() or unit.did_change()
)
systemd.service(service="peer.service", enabled=True, running=True, _sudo=True)
ask = (
    "exec 3<>/dev/tcp/127.0.0.1/8099 && printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3 && "
    "read -r line <&3 && [[ $line == *' 200 '* ]]"
)
server.shell(
    commands=[f"for i in $(seq 600); do ( {ask} ) 2>/dev/null && exit; sleep 0.1; done; exit 1"],
    _shell_executable="bash",
    _sudo=True,
)
# As agi-provision after a start: an answer, and a prompt with an answer whose speeds the server tells.
for question in json.load(open(data.questions))["questions"]:
    path, body = question["path"], question["body"]
    request = (
        f"POST {path} HTTP/1.0\\r\\nAuthorization: Bearer $(cat /etc/peer/api-key)\\r\\n"
        f"Content-Type: application/json\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n"
    )
    server.shell(
        commands=[
            f"exec 3<>/dev/tcp/127.0.0.1/8099 && printf \"{request}\" >&3 && printf %s {shlex.quote(body)} >&3 && "
            "grep -q predicted_per_second <&3"
        ],
        _shell_executable="bash",
        _sudo=True,
        _if=lambda: arguments.did_change() or unit.did_change(),
    )
