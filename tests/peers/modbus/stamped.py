"""Modbus servers that nobody here wrote (pymodbus), whose values say where and when they were read, and who lie on command.

    stamped.py NUMBER tcp|rtu-tcp [NUMBER tcp|rtu-tcp]…

One server per NUMBER, each on a free port of 127.0.0.1. Prints one JSON line `{"ports": [N, …], "control": N}` and runs until
killed. A line `NUMBER LIE` on the control port says how that server behaves from now on, and is answered by the clock of the stamps.

Unit 1: holding registers 0, 4, 8 and 100 begin *stamps* of four registers: 0x5A00 + NUMBER, the address, and CLOCK_MONOTONIC in
ms modulo 2^32 when the request was answered. 200 is a float32 between NUMBER and NUMBER + 1.

LIE is `truth`, or
    stuck        the stamps stay as they are; the answers are well formed
    nan, huge, code   the float is not a number, 1e30, -9999 (a fail code)
    refuse       exception 4
    slow         answers after 0.3 s
    silent       no answer
    half         the answer ends in its middle
    short        the answer carries two bytes less than asked, and says so honestly
    count        its byte count is wrong
    function, unit, transaction   another one's answer
    noise        random bytes
    again        the answer before this one, once more
"""

import asyncio
import json
import random
import struct
import sys
import time

from pymodbus.constants import ExcCodes
from pymodbus.framer import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

STAMPS, FLOAT, REGISTERS = (0, 4, 8, 100), 200, 202
FLOATS = {"nan": float("nan"), "huge": 1e30, "code": -9999.0}
NOISE = random.Random(1)


def millis():
    return time.monotonic_ns() // 1_000_000 % 2**32


class Stamped:
    def __init__(self, number, framing):
        self.number, self.framing, self.lie, self.last = number, framing, "truth", b""

    async def now(self, _function, start, _address, _count, registers, _values):
        """Brings the registers up to date before each answer."""
        if self.lie == "refuse":
            return ExcCodes.DEVICE_FAILURE
        if self.lie == "slow":
            await asyncio.sleep(0.3)
        now = millis()
        if self.lie != "stuck":
            for at in STAMPS:
                registers[at - start : at - start + 4] = (0x5A00 + self.number, at, now >> 16, now & 0xFFFF)
        level = FLOATS.get(self.lie, self.number + now % 1000 / 1000)
        registers[FLOAT - start : FLOAT - start + 2] = struct.unpack(">HH", struct.pack(">f", level))
        return None

    def trace(self, sending, packet):
        """Spoils answers on their way out. Only TCP's frames are taken apart."""
        if not sending or self.lie == "silent":
            return b"" if sending else packet
        again, self.last = self.last, packet
        if self.framing != "tcp" or len(packet) < 11:
            return packet
        transaction, protocol, length, unit, function = struct.unpack(">HHHBB", packet[:8])
        head = lambda transaction=transaction, length=length, unit=unit, function=function: struct.pack(
            ">HHHBB", transaction, protocol, length, unit, function
        )
        match self.lie:
            case "half":
                return packet[: len(packet) // 2]
            case "short":
                return head(length=length - 2) + bytes([packet[8] - 2]) + packet[9:-2]
            case "count":
                return packet[:8] + bytes([packet[8] ^ 2]) + packet[9:]
            case "function":
                return head(function=function ^ 7) + packet[8:]
            case "unit":
                return head(unit=unit + 1) + packet[8:]
            case "transaction":
                return head(transaction=(transaction + 1) % 65536) + packet[8:]
            case "noise":
                return NOISE.randbytes(len(packet))
            case "again":
                return again or packet
        return packet

    async def serve(self):
        everything = [SimData(0, values=[0] * REGISTERS, datatype=DataType.REGISTERS)]
        framer = {"tcp": FramerType.SOCKET, "rtu-tcp": FramerType.RTU}[self.framing]
        device = SimDevice(id=1, simdata=everything, action=self.now)
        server = ModbusTcpServer(device, framer=framer, address=("127.0.0.1", 0), trace_packet=self.trace)
        await server.serve_forever(background=True)
        self.server = server
        return server.transport.sockets[0].getsockname()[1]


async def main():
    numbers, framings = sys.argv[1::2], sys.argv[2::2]
    servers = {int(number): Stamped(int(number), framing) for number, framing in zip(numbers, framings)}

    async def told(reader, writer):
        while line := await reader.readline():
            number, lie = line.decode().split()
            servers[int(number)].lie = lie
            writer.write(f"{millis()}\n".encode())
            await writer.drain()

    ports = [await server.serve() for server in servers.values()]
    control = await asyncio.start_server(told, "127.0.0.1", 0)
    print(json.dumps({"ports": ports, "control": control.sockets[0].getsockname()[1]}), flush=True)
    await control.serve_forever()


asyncio.run(main())
