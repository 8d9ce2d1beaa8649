"""Runs a command that has what Node cannot make: an AF_XDP socket, as the descriptor that XDP_SOCKET says.

The socket is that of the only queue of the interface `two`, the other end of `one`, in the network namespace of this
process. Each line that the command writes is a JSON message: {"send": "text"} sends a frame from one end to the other,
{"receive": 2} waits until the socket has got so many. What it got is the answer, a line of JSON.
"""

import ctypes
import json
import mmap
import os
import socket
import struct
import subprocess
import sys
import time

AF_XDP = 44
SOL_XDP = 283
# Of linux/if_xdp.h.
XDP_MMAP_OFFSETS = 1
XDP_RX_RING = 2
XDP_UMEM_REG = 4
XDP_UMEM_FILL_RING = 5
XDP_UMEM_COMPLETION_RING = 6
XDP_UMEM_PGOFF_FILL_RING = 0x100000000
XDP_COPY = 1 << 1

FRAMES = 16
FRAME_SIZE = 4096
# Of linux/if_ether.h: for experiments, so that nobody else takes it.
ETHERTYPE = 0x88B5
HEADER = struct.pack("!6s6sH", b"\xff" * 6, b"\x02" + b"\0" * 5, ETHERTYPE)


class Receiver:
    """A socket with its memory and the two rings that receiving takes."""

    def __init__(self, interface):
        self.socket = socket.socket(AF_XDP, socket.SOCK_RAW)
        self.memory = mmap.mmap(-1, FRAMES * FRAME_SIZE)
        address = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        registration = struct.pack("QQIIII", address, FRAMES * FRAME_SIZE, FRAME_SIZE, 0, 0, 0)
        self.socket.setsockopt(SOL_XDP, XDP_UMEM_REG, registration)
        for ring in (XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_RX_RING):
            self.socket.setsockopt(SOL_XDP, ring, FRAMES)
        # Where the producer, the consumer, the descriptors and the flags are, of rx, tx, fill and completion.
        offsets = struct.unpack("16Q", self.socket.getsockopt(SOL_XDP, XDP_MMAP_OFFSETS, 128))
        (self.producer, _, self.descriptors, _), (filled, _, addresses, _) = offsets[0:4], offsets[8:12]
        self.ring = mmap.mmap(self.socket.fileno(), self.descriptors + FRAMES * 16)
        fill = mmap.mmap(self.socket.fileno(), addresses + FRAMES * 8, offset=XDP_UMEM_PGOFF_FILL_RING)
        for index in range(FRAMES):
            struct.pack_into("Q", fill, addresses + index * 8, index * FRAME_SIZE)
        struct.pack_into("I", fill, filled, FRAMES)
        name = struct.pack("HHIII", AF_XDP, XDP_COPY, socket.if_nametoindex(interface), 0, 0)
        if ctypes.CDLL(None, use_errno=True).bind(self.socket.fileno(), name, len(name)) != 0:
            raise OSError(ctypes.get_errno(), "bind")

    def frames(self):
        """What has come until now."""
        (count,) = struct.unpack_from("I", self.ring, self.producer)
        texts = []
        for index in range(count):
            address, length, _ = struct.unpack_from("QII", self.ring, self.descriptors + index * 16)
            texts.append(self.memory[address + len(HEADER) : address + length].decode().rstrip("\0"))
        return texts

    def wait(self, count):
        deadline = time.monotonic() + 30
        while len(self.frames()) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"only {self.frames()} came")
            time.sleep(0.002)


queues = ["numtxqueues", "1", "numrxqueues", "1"]
subprocess.run(["ip", "link", "add", "one", *queues, "type", "veth", "peer", "two", *queues], check=True)
for name in ("one", "two"):
    subprocess.run(["ip", "link", "set", name, "up"], check=True)
receiver = Receiver("two")
sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sender.bind(("one", 0))
given = receiver.socket.fileno()
command = subprocess.Popen(
    sys.argv[1:],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    text=True,
    pass_fds=[given],
    env={**os.environ, "XDP_SOCKET": str(given)},
)
try:
    for line in command.stdout:
        message = json.loads(line)
        if "send" in message:
            sender.send(HEADER + message["send"].encode().ljust(64, b"\0"))
        elif "receive" in message:
            receiver.wait(message["receive"])
        print(json.dumps(receiver.frames()), file=command.stdin, flush=True)
finally:
    command.stdin.close()
sys.exit(command.wait())
