"""A Modbus server that nobody here wrote (pymodbus), with content that says where it was read.

    server.py tcp|rtu-tcp [--silent-strangers]

Listens on a free port of 127.0.0.1, prints one JSON line `{"port": N, "expected": {address: value}}`, runs until killed.

Unit 1: holding[i] = i, input[i] = 10000 + i (i < 4000), coil[i] = i is even, discrete[i] = i is a multiple of 3.
Unit 7: holding[i] = 20000 + i, the rest as unit 1. Holding registers 4000 to 4999 do not exist. From 5000 on stand
values of every type and word order, packed by Python's `struct`: `expected` names their addresses and values.
8000 to 8099 are zeros to be written. Other units answer exception 11, or nothing with `--silent-strangers`.
"""

import asyncio
import json
import struct
import sys

from pymodbus.constants import ExcCodes
from pymodbus.framer import FramerType
from pymodbus.pdu.device import ModbusDeviceIdentification
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

LETTERS = {
    2: {"ab": "ab", "ba": "ba"},
    4: {name: name for name in ("abcd", "cdab", "badc", "dcba")},
    8: {
        "abcd": "abcdefgh", "cdab": "ghefcdab", "badc": "badcfehg", "dcba": "hgfedcba",
        "abcdefgh": "abcdefgh", "ghefcdab": "ghefcdab", "badcfehg": "badcfehg", "hgfedcba": "hgfedcba",
    },
}
NUMBERS = {
    "uint16": (">H", [0, 1, 0x1234, 65535]),
    "int16": (">h", [-1, -32768, 32767, 4660]),
    "uint32": (">I", [0, 0x0A0B0C0D, 2**32 - 1]),
    "int32": (">i", [-2, -(2**31), 2**31 - 1, 0x0A0B0C0D]),
    "uint64": (">Q", [0x0102030405060708, 2**64 - 1]),
    "int64": (">q", [-3, -(2**63), 0x0102030405060708]),
    "float32": (">f", [0.0, -1.5, 3.25e10, 6.103515625e-05]),
    "float64": (">d", [-2.5, 1e300, 4.9e-324]),
}


def ordered(raw, letters):
    """Bytes from the highest on, put into the order that the letters say."""
    return bytes(raw["abcdefgh".index(letter)] for letter in letters)


def typed(start):
    """All types and orders from `start` on: the registers, and what a reader has to find there."""
    content, expected = bytearray(), {}

    def put(suffix, raw, value):
        expected[f"holding:{start + len(content) // 2}:{suffix}"] = value
        content.extend(raw)

    for name, (form, values) in NUMBERS.items():
        for order, letters in LETTERS[struct.calcsize(form)].items():
            for value in values:
                raw = struct.pack(form, value)
                read = struct.unpack(form, raw)[0]
                big = isinstance(read, int) and abs(read) > 2**53
                put(f"{name}:{order}", ordered(raw, letters), str(read) if big else read)
    for order, letters in LETTERS[2].items():
        put(f"bcd16:{order}", ordered(bytes.fromhex("1234"), letters), 1234)
    for order, letters in LETTERS[4].items():
        put(f"bcd32:{order}", ordered(bytes.fromhex("98765432"), letters), 98765432)
    for bit in range(16):
        expected[f"holding:{start + len(content) // 2}:bit:{bit}"] = bool(0xA5C3 >> bit & 1)
    content.extend(bytes.fromhex("a5c3"))
    put("string:8", b"Pump 7\0\0", "Pump 7")
    put("string:8", b"ABCDEFGH", "ABCDEFGH")
    put("string:7", b"blanks  ", "blanks")
    put("string:6:ba", b"uPpm7 ", "Pump 7")
    return list(struct.unpack(f">{len(content) // 2}H", content)), expected


def device(unit, registers):
    base = 20000 if unit == 7 else 0
    registers_of = lambda at, values: SimData(at, values=values, datatype=DataType.REGISTERS)
    bits = lambda each: [SimData(0, values=[k % each == 0 for k in range(2000)], datatype=DataType.BITS)]
    holding = [
        registers_of(0, [base + k for k in range(4000)]),
        registers_of(5000, registers),
        registers_of(8000, [0] * 100),
    ]
    return SimDevice(id=unit, simdata=(bits(2), bits(3), holding, [registers_of(0, [10000 + k for k in range(4000)])]))


async def unreachable(*_):
    return ExcCodes.GATEWAY_NO_RESPONSE


def strangers():
    """All other units, as a gateway speaks of them."""
    nothing = lambda datatype, values: [SimData(0, count=4096, values=values, datatype=datatype)]
    bits, words = nothing(DataType.BITS, False), nothing(DataType.REGISTERS, 0)
    return SimDevice(id=0, simdata=(bits, bits, words, words), action=unreachable)


def without_strangers(unit_at):
    """Drops the answers of units that do not exist."""
    return lambda sending, packet: b"" if sending and packet[unit_at] not in (1, 7) else packet


async def main():
    registers, expected = typed(5000)
    framer, unit_at = {"tcp": (FramerType.SOCKET, 6), "rtu-tcp": (FramerType.RTU, 0)}[sys.argv[1]]
    server = ModbusTcpServer(
        [device(unit, registers) for unit in (1, 7)] + [strangers()],
        framer=framer,
        address=("127.0.0.1", 0),
        trace_packet=without_strangers(unit_at) if "--silent-strangers" in sys.argv else None,
        identity=ModbusDeviceIdentification(
            info_name={"VendorName": "pymodbus", "ProductCode": "PEER", "MajorMinorRevision": "3.16"}
        ),
    )
    await server.serve_forever(background=True)
    port = server.transport.sockets[0].getsockname()[1]
    print(json.dumps({"port": port, "expected": expected}), flush=True)
    await server.serving


asyncio.run(main())
