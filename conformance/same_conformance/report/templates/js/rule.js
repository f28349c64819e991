// The rule, in integers, as in same_conformance/padding.py; and the text of a case, as in same_conformance/case.py.

const POOLS = ["max_pool", "avg_pool"];
const ceilDiv = (a, b) => Math.floor((a + b - 1) / b);

const split = (total, mode) => {
  const smaller = Math.floor(total / 2);
  return mode === "same_lower" ? [total - smaller, smaller] : [smaller, total - smaller];
};

// One axis: n, k, s, d and the output size; a transposed convolution crops what the forward one would pad.
const axisOf = (op, n, k, stride, d, mode, out) => {
  const transposed = op === "conv_transpose";
  const ke = (k - 1) * d + 1;
  const o = transposed ? out || n * stride : ceilDiv(n, stride);
  const unclamped = ((transposed ? n : o) - 1) * stride + ke - (transposed ? o : n);
  const total = Math.max(unclamped, 0);
  const [before, after] = split(total, mode);
  return { n, k, s: stride, d, ke, out: o, before, after, total, unclamped };
};

const MOST_TAPS = 100000, MOST_WINDOWS = 1000000, ENDS = 8;

// Windows by their number. Where they are too many to hold, those at both ends alone are there, with holes between them,
// where all windows are alike: padding is at the ends.
const windowsBy = (n, taps, make) => {
  if (n > MOST_WINDOWS) throw new Error(`An axis of ${n} windows is not drawn; up to ${MOST_WINDOWS} are.`);
  if (n * Math.min(taps, MOST_KEPT) <= MOST_TAPS || n <= 2 * ENDS) return Array.from({ length: n }, (_, o) => make(o));
  const found = new Array(n);
  for (let i = 0; i < ENDS; i += 1) for (const o of [i, n - 1 - i]) found[o] = make(o);
  return found;
};
const isHole = (windows, i) => i < windows.length && !(i in windows);

// The taps of one window from `start` on, null where they lie in padding. Of a window of very many only those at its ends
// are there, and how the others lie between them.
const MOST_KEPT = 1000, KEPT_ENDS = 6;
const tapsFrom = (start, step, k, long) => {
  const tap = (j) => {
    const at = start + j * step;
    return at >= 0 && at < long ? at : null;
  };
  if (k <= MOST_KEPT) return Array.from({ length: k }, (_, j) => tap(j));
  const numbers = Array.from({ length: 2 * KEPT_ENDS }, (_, i) => (i < KEPT_ENDS ? i : k - 2 * KEPT_ENDS + i));
  return Object.assign(numbers.map(tap), { spread: { start, step, k, numbers } });
};

// Which element each window reads; null is padding. Of a transposed convolution: which outputs each input adds to.
const windowsOf = (op, axis) => {
  const transposed = op === "conv_transpose";
  const [positions, long] = transposed ? [axis.n, axis.out] : [axis.out, axis.n];
  return windowsBy(positions, axis.k, (o) => tapsFrom(o * axis.s - axis.before, axis.d, axis.k, long));
};

const OPS = ["conv", "depthwise_conv", "conv_transpose", "max_pool", "avg_pool"];
const DTYPES = ["float32", "float64", "float16", "bfloat16"];
const COMPARED = ["forward", "input_gradient", "kernel_gradient"];
const TOKEN = /^(calls|[nksdbcgo])([1-9][0-9]{0,7}(?:-[1-9][0-9]{0,7})*)$/;

// Returns the case that a text names; throws an error whose message a reader can use.
const parseCase = (id) => {
  const [op, ...tokens] = id.split(".");
  if (!OPS.includes(op)) throw new Error(`It begins with ${OPS.join(", ")}, as in conv.n5.k3.s2.`);
  const found = { padding: "same", dtype: "float32", compared: "forward" };
  for (const token of tokens) {
    const match = TOKEN.exec(token);
    if (match) found[match[1]] = match[2].split("-").map(Number);
    else if (token === "same_lower") found.padding = token;
    else if (DTYPES.includes(token)) found.dtype = token;
    else if (COMPARED.includes(token)) found.compared = token;
    else throw new Error(`“${token}” is no field of a case; an id looks like conv.n5-5.k3-3.s2-2.`);
  }
  if (!found.n || !found.k) throw new Error("It needs a size and a kernel, as in conv.n5-5.k3-3.");
  const rank = found.n.length;
  const ones = found.n.map(() => 1);
  const { n, k, s: stride = ones, d = ones } = found;
  if (rank > 3 || [k, stride, d, found.o || n].some((values) => values.length !== rank)) {
    throw new Error("Size, kernel, stride and dilation need a number for each of one to three axes.");
  }
  const axes = n.map((_, a) => axisOf(op, n[a], k[a], stride[a], d[a], found.padding, found.o && found.o[a]));
  const channels = found.c || (POOLS.includes(op) ? [2] : [1, 1]);
  return {
    id, op, rank, axes, channels, padding: found.padding, dtype: found.dtype, compared: found.compared,
    batch: (found.b || [1])[0], groups: (found.g || [1])[0], calls: (found.calls || [1])[0],
  };
};

// The id of a case of these axes, everything else at its default.
const caseId = (op, axes, padding, dtype) => {
  const part = (letter, key, always) => {
    const values = axes.map((axis) => axis[key]);
    return always || values.some((value) => value !== 1) ? `.${letter}${values.join("-")}` : "";
  };
  const shorter = op === "conv_transpose" && axes.some((axis) => axis.out !== axis.n * axis.s);
  return op + part("n", "n", true) + part("k", "k", true) + part("s", "s") + part("d", "d")
    + (shorter ? part("o", "out", true) : "") + (padding === "same_lower" ? ".same_lower" : "") + (dtype && dtype !== "float32" ? `.${dtype}` : "");
};

const times = (values) => values.join(" × ");

// A case in words, for who does not read ids.
const inWords = (c) => {
  const names = { conv: "convolution", depthwise_conv: "depthwise convolution", conv_transpose: "transposed convolution", max_pool: "max pooling", avg_pool: "average pooling" };
  const each = (key) => times(c.axes.map((axis) => axis[key]));
  const parts = [`${c.rank}-D ${names[c.op]}`, `input ${each("n")}`, `kernel ${each("k")}`, `stride ${each("s")}`];
  if (c.axes.some((axis) => axis.d > 1)) parts.push(`dilation ${each("d")}`);
  if (c.op === "conv_transpose" && c.axes.some((axis) => axis.out !== axis.n * axis.s)) parts.push(`output size ${each("out")}`);
  if (c.padding === "same_lower") parts.push("SAME_LOWER");
  if (c.groups > 1) parts.push(`${c.groups} groups`);
  if (c.batch > 1) parts.push(`batch ${c.batch}`);
  parts.push(c.dtype);
  if (c.compared !== "forward") parts.push(c.compared.replace("_", " "));
  if (c.calls > 1) parts.push("called with another size first");
  return parts.join(", ");
};
