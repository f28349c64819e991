// Code to copy, per framework, for one layer: the text that same_conformance/explain/snippets.py writes, which a test
// compares and another runs. What a framework cannot do is a comment that says so, and no code.

const tuple = (values) => (values.length === 1 ? String(values[0]) : `(${values.join(", ")})`);
const always = (values) => `(${values.join(", ")}${values.length === 1 ? "," : ""})`;
const list = (values) => `[${values.join(", ")}]`;
const isOnes = (values) => values.every((value) => value === 1);
const unlessOnes = (name, values) => (isOnes(values) ? "" : `, ${name}=${tuple(values)}`);
const LAST_FIRST = "  # last axis first; of each, before and after";
const REAL_ONLY = "  # divided by the real elements only";

const layerOf = (op, axes, padding) => ({
  op, axes, padding, rank: axes.length, letters: "DHW".slice(-axes.length), isSame: padding !== "same_lower", isPool: op.endsWith("pool"),
  k: axes.map((a) => a.k), s: axes.map((a) => a.s), d: axes.map((a) => a.d), out: axes.map((a) => a.out),
  dilated: axes.some((a) => a.d > 1),
  // Elements that the full result of a transposed convolution lacks at the end.
  lacking: axes.map((a) => Math.max(0, a.before + a.out - (a.n - 1) * a.s - a.ke)),
  crop: axes.map((a) => `${a.before}:${a.before + a.out}`).join(", "),
});

// Layouts, and how to get the kernel of a network that is ported; nothing is flipped.
const torchOperands = ({ op, rank, letters }) => {
  const spatial = Array.from({ length: rank }, (_, i) => i);
  const permuted = (...first) => `.permute(${[...first, ...spatial].join(", ")})`;
  const [ours, theirs, how] = op === "depthwise_conv" ? [`channels, 1, ${letters}`, `${letters}, channels, multiplier`, `${permuted(rank, rank + 1)}.flatten(0, 1).unsqueeze(1)`]
    : [op === "conv_transpose" ? `IO${letters}` : `OI${letters}`, op === "conv_transpose" ? `${letters}OI` : `${letters}IO`, permuted(rank + 1, rank)];
  return [`# x is NC${letters}, kernel ${ours}`, `# kernel from TensorFlow's ${theirs}: kernel${how}`];
};

// What torch's own padding and output_padding can do, or nothing where they cannot.
const torchTransposed = (f) => {
  const longer = f.axes.map((a) => a.out - ((a.n - 1) * a.s + a.ke - 2 * a.before));
  if (!f.axes.every((a, i) => longer[i] >= 0 && longer[i] < Math.max(a.s, a.d))) return "";
  const padding = f.axes.some((a) => a.before) ? `, padding=${tuple(f.axes.map((a) => a.before))}` : "";
  return `y = F.conv_transpose${f.rank}d(x, kernel${unlessOnes("stride", f.s)}${unlessOnes("dilation", f.d)}${padding}${longer.some(Boolean) ? `, output_padding=${tuple(longer)}` : ""})`;
};

const torchCode = (f) => {
  const { rank, letters } = f;
  const pads = always(f.axes.slice().reverse().flatMap((a) => [a.before, a.after]));
  const isPadded = f.axes.some((a) => a.before || a.after);
  // Both sides alike: torch's own padding can that; in pooling by half a window at most.
  const isEven = isPadded && f.axes.every((a) => a.before === a.after) && !(f.isPool && f.axes.some((a) => a.before > Math.floor(a.k / 2)));
  const padding = isEven ? `, padding=${tuple(f.axes.map((a) => a.before))}` : "";
  const stride = unlessOnes("stride", f.s), dilation = unlessOnes("dilation", f.d);
  const head = ["import torch.nn.functional as F", ""];
  if (f.op === "conv" || f.op === "depthwise_conv") {
    const groups = f.op === "depthwise_conv" ? ", groups=x.shape[1]" : "";
    return [...head, ...torchOperands(f), ...(isPadded && !isEven ? [`x = F.pad(x, ${pads})${LAST_FIRST}`] : []), `y = F.conv${rank}d(x, kernel${stride}${dilation}${padding}${groups})`];
  }
  if (f.op === "conv_transpose") {
    const native = torchTransposed(f);
    if (native) return [...head, ...torchOperands(f), native];
    const zeros = always(f.lacking.slice().reverse().flatMap((lack) => [0, lack]));
    return [...head, ...torchOperands(f), `y = F.conv_transpose${rank}d(x, kernel${stride}${dilation})`,
      ...(f.lacking.some(Boolean) ? [`y = F.pad(y, ${zeros})  # zeros at the end, where the kernel is shorter than the stride`] : []),
      `y = y[..., ${f.crop}]  # crops what the forward convolution pads`];
  }
  const window = `${tuple(f.k)}, stride=${tuple(f.s)}`;
  if (f.op === "max_pool") {
    return [...head, `# x is NC${letters}`, ...(isPadded && !isEven ? [`x = F.pad(x, ${pads}, value=float("-inf"))${LAST_FIRST}`] : []), `y = F.max_pool${rank}d(x, ${window}${padding}${dilation})`];
  }
  if (dilation) {
    const sum = (x) => `F.conv${rank}d(F.pad(${x}, pads), ones${stride}${dilation}, groups=channels)`;
    return ["import torch", ...head, `# x is NC${letters}; torch's average pooling has no dilation, so sums are a convolution`, "channels = x.shape[1]",
      `ones = x.new_ones((channels, 1, ${f.k.join(", ")}))`, `pads = ${pads}${LAST_FIRST}`, `total = ${sum("x")}`, `real = ${sum("torch.ones_like(x)")}`, "y = total / real"];
  }
  if (!isPadded || isEven) return [...head, `# x is NC${letters}`, `y = F.avg_pool${rank}d(x, ${window}${padding}${isEven ? ", count_include_pad=False" : ""})`];
  return ["import torch", ...head, `# x is NC${letters}`, `pads = ${pads}${LAST_FIRST}`, `total = F.avg_pool${rank}d(F.pad(x, pads), ${window})`,
    `real = F.avg_pool${rank}d(F.pad(torch.ones_like(x), pads), ${window})`, `y = total / real${REAL_ONLY}`];
};

const tensorflowCode = (f) => {
  const { rank, letters, isSame } = f;
  const mode = isSame ? '"SAME"' : '"VALID"';
  if (f.isPool && f.dilated) return ["# TensorFlow has no dilated pooling with SAME: tf.nn.pool refuses it."];
  const hint = f.dilated && (rank === 3 || f.op === "conv_transpose") ? ["# On a CPU only oneDNN can dilate this: set TF_ENABLE_ONEDNN_OPTS=1 before the import."] : [];
  const head = [...hint, "import tensorflow as tf", ""];
  const pads = `[[0, 0], ${f.axes.map((a) => list([a.before, a.after])).join(", ")}, [0, 0]]`;
  const lower = isSame ? [] : ["# TensorFlow has no SAME_LOWER, so this pads for this size; tf.pad takes the first axis first"];
  if (f.op === "conv_transpose") {
    const call = (out, how) => `y = tf.nn.conv${rank}d_transpose(x, kernel, output_shape=(x.shape[0], ${out.join(", ")}, kernel.shape[-2]), strides=${tuple(f.s)}, padding=${how}${unlessOnes("dilations", f.d)})`;
    const what = `# x is N${letters}C, kernel ${letters}OI`;
    if (isSame) return [...head, what, call(f.out, mode)];
    const full = f.axes.map((a) => Math.max((a.n - 1) * a.s + a.ke, a.before + a.out));
    return [...head, what, "# TensorFlow has no SAME_LOWER, so this crops for this size", call(full, mode), `y = y[:, ${f.crop}]`];
  }
  if (f.isPool) {
    const call = (x) => `tf.nn.${f.op}${rank}d(${x}, ksize=${tuple(f.k)}, strides=${tuple(f.s)}, padding=${mode})`;
    const what = `# x is N${letters}C`;
    if (isSame) return [...head, what, `y = ${call("x")}`];
    if (f.op === "max_pool") return [...head, what, ...lower, `x = tf.pad(x, ${pads}, constant_values=x.dtype.min)`, `y = ${call("x")}`];
    return [...head, what, ...lower, `pads = ${pads}`, `total = ${call("tf.pad(x, pads)")}`, `real = ${call("tf.pad(tf.ones_like(x), pads)")}`, `y = total / real${REAL_ONLY}`];
  }
  const pad = isSame ? [] : [...lower, `x = tf.pad(x, ${pads})`];
  const spread = (values) => (rank === 3 ? `(1, ${values.join(", ")}, 1)` : tuple(values)); // conv3d alone wants batch and channels too
  const call = (x, kernel) => `tf.nn.conv${rank}d(${x}, ${kernel}, ${rank === 1 ? "stride" : "strides"}=${spread(f.s)}, padding=${mode}${f.dilated ? `, dilations=${spread(f.d)}` : ""})`;
  if (f.op === "conv") return [...head, `# x is N${letters}C, kernel ${letters}IO`, ...pad, `y = ${call("x", "kernel")}`];
  const grouped = [`# x is N${letters}C, kernel ${letters}, channels, multiplier; not tf.nn.depthwise_conv2d, which is wrong where it strides and dilates`, ...pad];
  if (rank < 3) return [...head, ...grouped, `kernel = tf.reshape(kernel, (*kernel.shape[:${rank}], 1, -1))`, `y = ${call("x", "kernel")}`];
  return [...head, ...grouped, "# tf.nn.conv3d has no groups: channel by channel",
    "pairs = zip(tf.split(x, x.shape[-1], axis=-1), tf.split(kernel, x.shape[-1], axis=-2))", `y = tf.concat([${call("a", "b")} for a, b in pairs], axis=-1)`];
};

const LAYERS = {
  conv: (rank) => `Conv${rank}D(filters, `, depthwise_conv: (rank) => `DepthwiseConv${rank}D(`, conv_transpose: (rank) => `Conv${rank}DTranspose(filters, `,
  max_pool: (rank) => `MaxPooling${rank}D(`, avg_pool: (rank) => `AveragePooling${rank}D(`,
};

const kerasCode = (f) => {
  const { rank } = f;
  if (f.isPool && f.dilated) return ["# Keras has no dilated pooling."];
  if (f.op === "depthwise_conv" && rank === 3) return ["# Keras has no 3-D depthwise convolution."];
  if (f.dilated && f.s.some((stride) => stride > 1)) return ["# Keras refuses strides and dilations that both exceed 1."];
  if (f.op === "depthwise_conv" && f.s.some((stride) => stride !== f.s[0])) return ["# Keras on TensorFlow refuses a depthwise convolution with unequal strides."];
  if (f.op === "conv_transpose" && f.axes.some((a) => a.out !== a.n * a.s)) return ['# Keras has no output size with padding="same": it gives size * stride.'];
  if (!f.isSame && f.op !== "conv" && f.op !== "depthwise_conv") return [`# Keras has no SAME_LOWER for ${f.op}.`];
  const strides = f.isPool ? `, strides=${tuple(f.s)}` : unlessOnes("strides", f.s);
  const call = `keras.layers.${LAYERS[f.op](rank)}${tuple(f.k)}${strides}${unlessOnes("dilation_rate", f.d)}`;
  const note = f.op === "avg_pool" && f.axes.some((a) => a.before !== a.after) ? ["# Keras 3.15 on torch is wrong here: it repeats the edge (keras-team/keras#23233)"] : [];
  if (f.isSame) return ["import keras", "", ...note, `layer = ${call}, padding="same")`];
  return ["import keras", "", "# Keras has no SAME_LOWER, so this pads for this size", "layer = keras.Sequential([",
    `    keras.layers.ZeroPadding${rank}D(${tuple(f.axes.map((a) => always([a.before, a.after])))}),`, `    ${call}),`, "])"];
};

const jaxCode = (f) => {
  const { letters } = f;
  const mode = f.isSame ? '"SAME"' : '"SAME_LOWER"';
  const numbers = `("N${letters}C", "${letters}IO", "N${letters}C")`;
  const dilation = f.dilated ? `, rhs_dilation=${always(f.d)}` : "";
  if (f.isPool) {
    const window = `${always([1, ...f.k, 1])}, ${always([1, ...f.s, 1])}, ${mode}${f.dilated ? `, window_dilation=${always([1, ...f.d, 1])}` : ""}`;
    const head = ["import jax.numpy as jnp", "from jax import lax", "", `# x is N${letters}C`];
    if (f.op === "max_pool") return [...head, `y = lax.reduce_window(x, -jnp.inf, lax.max, ${window})`];
    return [...head, `total = lax.reduce_window(x, 0.0, lax.add, ${window})`, `real = lax.reduce_window(jnp.ones_like(x), 0.0, lax.add, ${window})`, `y = total / real${REAL_ONLY}`];
  }
  const head = ["from jax import lax", ""];
  const stride = always(f.s);
  if (f.op === "conv") return [...head, `# x is N${letters}C, kernel ${letters}IO`, `y = lax.conv_general_dilated(x, kernel, ${stride}, ${mode}${dilation}, dimension_numbers=${numbers})`];
  if (f.op === "depthwise_conv") {
    return [...head, `# x is N${letters}C, kernel ${letters}, 1, channels * multiplier`,
      `y = lax.conv_general_dilated(x, kernel, ${stride}, ${mode}${dilation}, dimension_numbers=${numbers}, feature_group_count=x.shape[-1])`];
  }
  const what = `# x is N${letters}C, kernel ${letters}OI, that of the forward convolution whose adjoint this is`;
  if (f.isSame && f.axes.every((a) => a.out === a.n * a.s)) {
    return [...head, what, `y = lax.conv_transpose(x, kernel, ${stride}, ${mode}${dilation}, dimension_numbers=${numbers}, transpose_kernel=True)`];
  }
  const pads = f.axes.map((a) => `(${a.ke - 1 - a.before}, ${a.out - 1 + a.before - (a.n - 1) * a.s})`).join(", ");
  return [...head, what, "# lax.conv_transpose has neither an output size nor SAME_LOWER, so this pads for this size",
    `kernel = lax.rev(kernel, ${always(f.k.map((_, i) => i))}).swapaxes(-1, -2)`,
    `y = lax.conv_general_dilated(x, kernel, ${always(f.k.map(() => 1))}, [${pads}], lhs_dilation=${stride}${dilation}, dimension_numbers=${numbers})`];
};

const NODES = { conv: "Conv", depthwise_conv: "Conv", conv_transpose: "ConvTranspose", max_pool: "MaxPool", avg_pool: "AveragePool" };

const onnxCode = (f) => {
  const { letters } = f;
  if (f.isPool && f.axes.some((a) => Math.max(a.before, a.after) >= a.k)) return ["# ONNX Runtime refuses pads as long as the window in pooling: put a Pad node before it."];
  const kernel = { conv: `, kernel OI${letters}`, depthwise_conv: `, kernel channels, 1, ${letters}`, conv_transpose: `, kernel IO${letters}` }[f.op] || "";
  const attributes = [`kernel_shape=${list(f.k)}`, `strides=${list(f.s)}`];
  const notes = [];
  if (f.dilated) {
    attributes.push(`dilations=${list(f.d)}`);
    if (f.op === "avg_pool") notes.push("# dilations of AveragePool need opset 19");
  }
  if (f.op === "depthwise_conv") attributes.push("group=channels");
  attributes.push(`pads=${list([...f.axes.map((a) => a.before), ...f.axes.map((a) => a.after)])}`);
  if (f.op === "conv_transpose" && f.lacking.some(Boolean)) attributes.push(`output_padding=${list(f.lacking)}`);
  const auto = f.isSame ? "SAME_UPPER" : "SAME_LOWER";
  if (f.op === "conv_transpose") notes.push("# runtimes disagree about auto_pad here; numbers leave nothing to them");
  else if (f.dilated) notes.push(`# not auto_pad=${auto}: with a dilation ONNX Runtime refuses it or gets it wrong`);
  else if (f.isPool && f.axes.some((a) => a.s > a.k)) notes.push(`# not auto_pad=${auto}: at stride > kernel ONNX Runtime gets it wrong for some sizes`);
  else notes.push(`# or auto_pad="${auto}" in place of pads, for every size`);
  return ["from onnx import helper", "", `# x is NC${letters}${kernel}`, `node = helper.make_node("${NODES[f.op]}", ${f.isPool ? '["x"]' : '["x", "kernel"]'}, ["y"], ${attributes.join(", ")})`, ...notes];
};

const writers = { PyTorch: torchCode, TensorFlow: tensorflowCode, Keras: kerasCode, JAX: jaxCode, ONNX: onnxCode };
const recipes = (op, axes, padding) => Object.fromEntries(Object.entries(writers).map(([framework, write]) => [framework, write(layerOf(op, axes, padding))]));

const recipeView = (op, axes, padding) => {
  const sizes = axes.map((axis) => axis.n).join("x");
  const part = (title, lines, note, open) => h("details", { class: "script", "data-code": title, open }, h("summary", {}, title, lines.every((line) => line.startsWith("#")) ? h("span", { class: "absent" }, " – not offered") : note),
    code(lines.join("\n") + "\n"));
  const [[first, lines], ...others] = Object.entries(recipes(op, axes, padding));
  const note = (framework, written) => (written.every((line) => line.startsWith("#")) ? null : isForOneSize(framework, op, axes, padding) ? h("strong", { class: "only" }, ` for inputs of ${sizes} only`) : " for every size");
  // What is right for one size only comes after what can be copied without care.
  const isOnly = isForOneSize(first, op, axes, padding);
  const own = [part(first, lines, note(first, lines), !isOnly), part(`${first}, for every size`, everySize(op, axes, padding), null, isOnly)];
  return h("div", { class: "recipes" }, isOnly ? own.reverse() : own,
    others.map(([framework, written]) => part(framework, written, note(framework, written), false)));
};
