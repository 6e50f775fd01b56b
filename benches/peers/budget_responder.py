"""The least that answers a scheduler: one number in memory, nothing on disk. Takes the broker's port."""

import json
import sys

import paho.mqtt.client as mqtt

free = 200_000.0
leases = {}


def answer(client, _data, message):
    global free
    asked = json.loads(message.payload)["data"]
    reply = {"request_id": asked["request_id"], "client": asked["client"], "epoch": 1, "code": "retry"}
    if asked["op"] == "acquire" and asked["power"]["want_w"] <= free:
        free -= asked["power"]["want_w"]
        name = f"1-{len(leases) + 1}"
        leases[name] = asked["power"]["want_w"]
        reply |= {"code": "granted", "lease_id": name, "lease": {"lease_id": name}}
    elif asked["op"] == "release" and asked["lease_id"] in leases:
        free += leases[asked["lease_id"]]
        leases[asked["lease_id"]] = 0.0
        reply |= {"code": "granted", "lease_id": asked["lease_id"]}
    topic = message.topic.removesuffix("request") + "response"
    client.publish(topic, json.dumps({"type": "wattloop.budget.response.v1", "data": reply}), qos=1)


client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="responder")
client.on_message = answer
client.on_connect = lambda client, *_: client.subscribe("wattloop/v1/+/budget/+/request", qos=1)
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_forever()
