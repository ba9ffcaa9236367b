"""The units of a serial line, by a server that nobody here wrote (pymodbus).

    line_units.py COUNT SILENT

Units 1 to COUNT with holding registers 0 to 199, of which the last SILENT never answer. Serial frames in a TCP stream on a
free port of 127.0.0.1; prints one line of JSON with it, runs until killed.
"""

import asyncio
import json
import sys

from pymodbus.framer import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

count, silent = int(sys.argv[1]), int(sys.argv[2])


def device(unit):
    nothing = [SimData(0, count=16, values=False, datatype=DataType.BITS)]
    holding = [SimData(0, values=[unit * 256 + at for at in range(200)], datatype=DataType.REGISTERS)]
    return SimDevice(id=unit, simdata=(nothing, nothing, holding, [SimData(0, count=8, values=0, datatype=DataType.REGISTERS)]))


async def main():
    server = ModbusTcpServer(
        [device(unit) for unit in range(1, count + 1)],
        framer=FramerType.RTU,
        address=("127.0.0.1", 0),
        trace_packet=lambda sending, packet: b"" if sending and packet[0] > count - silent else packet,
    )
    await server.serve_forever(background=True)
    print(json.dumps({"port": server.transport.sockets[0].getsockname()[1]}), flush=True)
    await server.serving


asyncio.run(main())
