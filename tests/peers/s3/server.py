"""An S3 that nobody here wrote (moto), with one empty bucket `samples`.

    server.py

Listens on a free port of 127.0.0.1, prints one JSON line `{"port": N}`, runs until killed. It keeps everything in memory and
takes any key.
"""

import json
import logging
import urllib.request

from moto.server import ThreadedMotoServer


def main():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/samples", method="PUT")
    urllib.request.urlopen(request, timeout=10).close()
    print(json.dumps({"port": port}), flush=True)
    server._thread.join()


main()
