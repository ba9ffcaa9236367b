"""A proxy between a Modbus client and a server that lets some replies come late, or long after everybody gave up on them.

    late.py TARGET_PORT SEED [--in-order]

Listens on a free port of 127.0.0.1 and prints one JSON line `{"port": N}`, then `{"late": S, "overtaken": B}` for each reply
that it held back for S seconds; with B true the replies behind it went ahead, as on a gateway with a queue of its own.
With --in-order none goes ahead, as on a wire.
"""

import asyncio
import json
import random
import sys

TARGET, CHANCE, IN_ORDER = int(sys.argv[1]), random.Random(int(sys.argv[2])), "--in-order" in sys.argv
SHARE = 0.04  # of the replies come late
DELAYS = (0.15, 0.31, 0.45, 0.9, 1.6)  # s, on both sides of the client's time-out


async def pump(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def later(seconds, writer, data):
    await asyncio.sleep(seconds)
    if not writer.is_closing():
        writer.write(data)


async def hold_back(reader, writer):
    waiting = set()
    while data := await reader.read(65536):
        if CHANCE.random() < SHARE:
            seconds, overtaken = CHANCE.choice(DELAYS), not IN_ORDER and CHANCE.random() < 0.5
            print(json.dumps({"late": seconds, "overtaken": overtaken}), flush=True)
            sending = asyncio.ensure_future(later(seconds, writer, data))
            if overtaken:
                waiting.add(sending)
                sending.add_done_callback(waiting.discard)
            else:
                await sending
        else:
            writer.write(data)
            await writer.drain()


async def connected(reader, writer):
    to_server = None
    try:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", TARGET)
        ends = [asyncio.ensure_future(pump(reader, to_server)), asyncio.ensure_future(hold_back(from_server, writer))]
        _, running = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in running:
            end.cancel()
    except OSError:
        pass
    for end in filter(None, (writer, to_server)):
        end.close()


async def main():
    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


asyncio.run(main())
