"""Runs snippets of Python that arrive over Node's IPC channel, in a network namespace of its own.

Each line is a JSON message: {"source": "..."} is the body of a function, whose result is answered. A socket that a
snippet gives to share() is sent along, so that the test has a descriptor of it, too.
"""

import errno
import json
import os
import socket
import subprocess
import textwrap

channel = socket.socket(fileno=int(os.environ["NODE_CHANNEL_FD"]))
lines = channel.makefile("r", encoding="utf-8")

# Objects that outlive a snippet.
kept = {}
shared = []

LOCAL = "127.0.0.1"
LOCAL6 = "::1"


def send(message, descriptor=None):
    data = (json.dumps(message) + "\n").encode()
    if descriptor is None:
        channel.sendall(data)
    else:
        socket.send_fds(channel, [data], [descriptor])


def udp(port=0, family=socket.AF_INET, **options):
    """A socket that is bound to a port of the loopback."""
    created = socket.socket(family, socket.SOCK_DGRAM)
    if options.get("share_port"):
        created.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    created.bind((LOCAL if family == socket.AF_INET else LOCAL6, port))
    return created


def settle():
    """Waits until the loopback has delivered what was sent before: it keeps the order of one processor."""
    marker.send(b"marker")
    marker.recv(100)


def received(receiver):
    """What was sent before, and has not been received; None when there is nothing."""
    settle()
    try:
        return receiver.recv(4096, socket.MSG_DONTWAIT).decode()
    except BlockingIOError:
        return None


def listening(port=0, share_port=False):
    """A TCP socket that listens at a port of the loopback; accept() does not wait."""
    created = socket.socket()
    created.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    created.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(share_port))
    created.bind((LOCAL, port))
    created.listen(64)
    created.setblocking(False)
    return created


def accepted(listener):
    """How many connections wait."""
    settle()
    connections = []
    try:
        while True:
            connections.append(listener.accept()[0])
    except BlockingIOError:
        return len(connections)


def connection():
    """Both ends of a TCP connection, where each call to send() is a packet of its own."""
    with listening() as listener:
        client = socket.create_connection(listener.getsockname())
        server = listener.accept()[0]
    for end in (client, server):
        end.settimeout(20)
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client, server


def received_until(receiver, last):
    """All that comes up to `last`."""
    data = b""
    while not data.endswith(last):
        more = receiver.recv(4096)
        if not more:
            raise EOFError(data)
        data += more
    return data.decode()


def share(given):
    """Sends the socket along with the answer."""
    shared.append(given)


def run(source):
    scope = dict(globals())
    exec("def snippet():\n" + textwrap.indent(textwrap.dedent(source), " ") + "\n", scope)
    return scope["snippet"]()


def answer(source):
    try:
        message = {"value": run(source)}
    except OSError as error:
        message = {"code": errno.errorcode.get(error.errno, str(error.errno)), "message": str(error)}
    if not shared:
        return send(message)
    # What Node itself writes to hand over a socket.
    given = shared.pop()
    send({"cmd": "NODE_HANDLE", "type": "net.Native", "msg": message}, given.fileno())
    while json.loads(lines.readline()).get("cmd") != "NODE_HANDLE_ACK":
        pass
    # Whoever holds a socket shares its flags, and Node wants it non-blocking.
    given.settimeout(given.gettimeout())


subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
# Made before anybody puts this process into a cgroup, so that no program there sees it.
marker = udp()
marker.connect(marker.getsockname())
send("ready")
for line in lines:
    answer(json.loads(line)["source"])
