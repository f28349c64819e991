// SAME in two dimensions, over the worker protocol: node program.js REQUESTS_FD REPLIES_FD
"use strict";
const fs = require("fs");
const [requests, replies] = process.argv.slice(-2).map(Number);

// Frames: length of header (uint32), length of payload (uint64), header (JSON), payload; all little-endian.

function read(n) {
  const bytes = Buffer.alloc(n);
  for (let at = 0; at < n; ) {
    const got = fs.readSync(requests, bytes, at, n - at, null);
    if (got === 0) process.exit(0); // the end of the requests
    at += got;
  }
  return bytes;
}

function receive() {
  const prefix = read(12);
  const header = JSON.parse(read(prefix.readUInt32LE(0)).toString());
  return [header, read(Number(prefix.readBigUInt64LE(4)))];
}

function send(header, payload = Buffer.alloc(0)) {
  const text = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(12);
  prefix.writeUInt32LE(text.length, 0);
  prefix.writeBigUInt64LE(BigInt(payload.length), 4);
  const frame = Buffer.concat([prefix, text, payload]);
  for (let at = 0; at < frame.length; ) at += fs.writeSync(replies, frame, at);
}

// The rule, axis by axis.
function pads(n, k, s, d) {
  const out = Math.ceil(n / s);
  const total = Math.max((out - 1) * s + (k - 1) * d + 1 - n, 0);
  return { out, before: Math.floor(total / 2) };
}

// Visit every element that a window reads: output position, tap, input position. Padding is not visited.
function windows(p, visit) {
  const [rows, columns] = p.size.map((n, i) => pads(n, p.kernel[i], p.stride[i], p.dilation[i]));
  for (let b = 0; b < p.batch; b++)
    for (let i = 0; i < rows.out; i++)
      for (let j = 0; j < columns.out; j++)
        for (let k = 0; k < p.kernel[0]; k++)
          for (let l = 0; l < p.kernel[1]; l++) {
            const y = i * p.stride[0] + k * p.dilation[0] - rows.before;
            const x = j * p.stride[1] + l * p.dilation[1] - columns.before;
            if (y < 0 || y >= p.size[0] || x < 0 || x >= p.size[1]) continue;
            visit((b * rows.out + i) * columns.out + j, k * p.kernel[1] + l, (b * p.size[0] + y) * p.size[1] + x);
          }
}

function shapeOf(p) {
  return [p.batch, ...p.size.map((n, i) => pads(n, p.kernel[i], p.stride[i], p.dilation[i]).out)];
}

const ops = {
  // input (batch, *size, in), kernel (*kernel, in / groups, out)
  conv(p, x, kernel) {
    const [nIn, nOut] = p.channels, nRead = nIn / p.groups, nWritten = nOut / p.groups;
    const shape = [...shapeOf(p), nOut];
    const result = new Float32Array(shape.reduce((a, b) => a * b));
    windows(p, (out, tap, at) => {
      for (let o = 0; o < nOut; o++)
        for (let c = 0; c < nRead; c++)
          result[out * nOut + o] +=
            x[at * nIn + Math.floor(o / nWritten) * nRead + c] * kernel[(tap * nRead + c) * nOut + o];
    });
    return [shape, result];
  },

  max_pool(p, x) {
    const [n] = p.channels;
    const shape = [...shapeOf(p), n];
    const result = new Float32Array(shape.reduce((a, b) => a * b)).fill(-Infinity);
    windows(p, (out, tap, at) => {
      for (let c = 0; c < n; c++) result[out * n + c] = Math.max(result[out * n + c], x[at * n + c]);
    });
    return [shape, result];
  },
};

send({ type: "hello", protocol: 1, operands: true, versions: { node: process.versions.node } });
for (;;) {
  const [request, payload] = receive();
  const p = request.parameters;
  let at = 0;
  const operands = p.operands.map(({ shape }) => {
    const n = shape.reduce((a, b) => a * b);
    const bytes = payload.subarray(4 * at, 4 * (at += n));
    return new Float32Array(Uint8Array.from(bytes).buffer); // a copy, because its offset must be a multiple of 4
  });
  try {
    const [shape, result] = ops[p.op](p, ...operands);
    send({ type: "array", case: request.case, dtype: "float32", shape }, Buffer.from(result.buffer));
  } catch (error) {
    send({ type: "error", case: request.case, message: String(error) });
  }
}
