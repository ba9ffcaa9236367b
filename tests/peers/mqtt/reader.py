"""An MQTT client that nobody here wrote (paho), which reads what we publish.

    reader.py PORT TOPIC [CA_FILE]

Subscribes to TOPIC at 127.0.0.1:PORT with QoS 1 (over TLS when a CA file is given), prints `{"subscribed": true}`, then one
JSON line `{"topic", "payload", "qos", "retain"}` per message until killed. It comes back when the broker does, and says
`{"subscribed": true}` again.
"""

import json
import sys

import paho.mqtt.client as mqtt


def say(line):
    print(json.dumps(line), flush=True)


def main():
    port, topic = int(sys.argv[1]), sys.argv[2]
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="reader", clean_session=False)
    if len(sys.argv) > 3:
        client.tls_set(ca_certs=sys.argv[3])
    client.reconnect_delay_set(min_delay=1, max_delay=1)
    client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
    client.on_subscribe = lambda *_: say({"subscribed": True})
    client.on_message = lambda _client, _data, message: say(
        {
            "topic": message.topic,
            "payload": message.payload.decode(),
            "qos": message.qos,
            "retain": message.retain,
        }
    )
    client.connect("127.0.0.1", port)
    client.loop_forever(retry_first_connection=True)


main()
