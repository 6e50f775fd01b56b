// The least that answers a scheduler: one number in memory, nothing on disk. Takes the broker's port. MQTT 3.1.1 by hand, as far as this needs it.
"use strict";
const net = require("node:net");

let free = 200000, count = 0, packet = 1;
const leases = new Map();
const socket = net.connect(Number(process.argv[2]), "127.0.0.1");
socket.setNoDelay(true);

const text = (of) => { const bytes = Buffer.from(of); return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]); };
const number = (of) => Buffer.from([of >> 8, of & 255]);
function say(kind, ...parts) {
  const body = Buffer.concat(parts), length = [];
  let left = body.length;
  do { const low = left % 128; left = Math.floor(left / 128); length.push(left > 0 ? low | 128 : low); } while (left > 0);
  socket.write(Buffer.concat([Buffer.from([kind, ...length]), body]));
}

function answer(topic, payload) {
  const asked = JSON.parse(payload).data;
  const reply = { request_id: asked.request_id, client: asked.client, epoch: 1, code: "retry" };
  if (asked.op === "acquire" && asked.power.want_w <= free) {
    free -= asked.power.want_w;
    const name = `1-${++count}`;
    leases.set(name, asked.power.want_w);
    Object.assign(reply, { code: "granted", lease_id: name, lease: { lease_id: name } });
  } else if (asked.op === "release" && leases.has(asked.lease_id)) {
    free += leases.get(asked.lease_id);
    leases.delete(asked.lease_id);
    Object.assign(reply, { code: "granted", lease_id: asked.lease_id });
  }
  packet = packet % 65535 + 1;
  const data = JSON.stringify({ type: "wattloop.budget.response.v1", data: reply });
  say(0x32, text(topic.replace(/request$/, "response")), number(packet), Buffer.from(data));
}

function take(kind, body) {
  if (kind >> 4 === 2) {
    say(0x82, number(1), text("wattloop/v1/+/budget/+/request"), Buffer.from([1]));
  } else if (kind >> 4 === 3) {
    const end = 2 + body.readUInt16BE(0), reliable = (kind & 6) !== 0;
    if (reliable) say(0x40, body.subarray(end, end + 2));
    answer(body.toString("utf8", 2, end), body.toString("utf8", end + (reliable ? 2 : 0)));
  }
}

let buffer = Buffer.alloc(0);
socket.on("connect", () => say(0x10, text("MQTT"), Buffer.from([4, 2]), number(0), text("responder")));
socket.on("data", (more) => {
  buffer = Buffer.concat([buffer, more]);
  for (;;) {
    let length = 0, at = 1, shift = 1;
    do { if (at >= buffer.length) return; length += (buffer[at] & 127) * shift; shift *= 128; } while (buffer[at++] & 128);
    if (buffer.length < at + length) return;
    take(buffer[0], buffer.subarray(at, at + length));
    buffer = buffer.subarray(at + length);
  }
});
