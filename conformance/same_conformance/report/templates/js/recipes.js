// Code to copy, per framework, for one layer. What pads by hand does so by the numbers above, so it is for this size only.

const tuple = (values) => (values.length === 1 ? String(values[0]) : `(${values.join(", ")})`);
const always = (values) => `(${values.join(", ")}${values.length === 1 ? "," : ""})`;
const list = (values) => `[${values.join(", ")}]`;
const keyword = (name, values, write = tuple) => (values.every((value) => value === 1) ? "" : `, ${name}=${write(values)}`);

const fieldsOf = (axes) => ({
  rank: axes.length, k: axes.map((a) => a.k), s: axes.map((a) => a.s), d: axes.map((a) => a.d),
  before: axes.map((a) => a.before), after: axes.map((a) => a.after), out: axes.map((a) => a.out), n: axes.map((a) => a.n),
});

const LETTERS = ["W", "HW", "DHW"];

const recipes = {
  PyTorch: (op, axes) => {
    const f = fieldsOf(axes);
    const pads = axes.slice().reverse().flatMap((a) => [a.before, a.after]);
    const none = pads.every((pad) => pad === 0);
    const lines = ["import torch.nn.functional as F", ""];
    const pad = (value) => (none ? [] : [`x = F.pad(x, ${always(pads)}${value})  # last axis first; of each, before and after`]);
    const dilation = keyword("dilation", f.d);
    if (op === "conv" || op === "depthwise_conv") {
      const groups = op === "depthwise_conv" ? ", groups=x.shape[1]" : "";
      return [...lines, ...pad(""), `y = F.conv${f.rank}d(x, weight${keyword("stride", f.s)}${dilation}${groups})`];
    }
    if (op === "max_pool") return [...lines, ...pad(', value=float("-inf")'), `y = F.max_pool${f.rank}d(x, ${tuple(f.k)}, stride=${tuple(f.s)}${dilation})`];
    if (op === "avg_pool") {
      if (f.d.some((d) => d > 1)) return ["# torch has no dilated average pooling."];
      return ["import torch", ...lines,
        ...(none ? [] : [`pads = ${always(pads)}  # last axis first; of each, before and after`, "ones = F.pad(torch.ones_like(x), pads)", "x = F.pad(x, pads)"]),
        `y = F.avg_pool${f.rank}d(x, ${tuple(f.k)}, stride=${tuple(f.s)})`,
        ...(none ? [] : [`y = y / F.avg_pool${f.rank}d(ones, ${tuple(f.k)}, stride=${tuple(f.s)})  # by the real elements only`])];
    }
    const short = axes.slice().reverse().flatMap((a) => [0, Math.max(0, a.before + a.out - ((a.n - 1) * a.s + a.ke))]);
    return [...lines, `y = F.conv_transpose${f.rank}d(x, weight${keyword("stride", f.s)}${dilation})`,
      ...(short.some(Boolean) ? [`y = F.pad(y, ${always(short)})  # zeros at the end, where the kernel is shorter than the stride`] : []),
      `y = y[..., ${axes.map((a) => `${a.before}:${a.before + a.out}`).join(", ")}]  # crops what the forward convolution pads`];
  },
  TensorFlow: (op, axes, padding) => {
    const f = fieldsOf(axes);
    if (padding === "same_lower") return ["# TensorFlow has no SAME_LOWER: pad by hand, then use padding=\"VALID\".", `x = tf.pad(x, [[0, 0], ${axes.map((a) => list([a.before, a.after])).join(", ")}, [0, 0]])${op === "max_pool" ? "  # with constant_values=x.dtype.min" : ""}`];
    const head = ["import tensorflow as tf", ""];
    const name = `${f.rank}d`;
    const strides = f.rank === 3 ? `(1, ${f.s.join(", ")}, 1)` : tuple(f.s);
    const dilations = f.d.every((d) => d === 1) ? "" : `, dilations=${f.rank === 3 ? `(1, ${f.d.join(", ")}, 1)` : tuple(f.d)}`;
    if (op === "conv") return [...head, `y = tf.nn.conv${name}(x, kernel, ${f.rank === 1 ? "stride" : "strides"}=${strides}, padding="SAME"${dilations})`];
    if (op === "depthwise_conv") {
      if (f.rank !== 2) return ["# TensorFlow's depthwise convolution is 2-D: use a grouped convolution."];
      return [...head, "# Not tf.nn.depthwise_conv2d, which is wrong where it strides and dilates.",
        "*size, channels, multiplier = kernel.shape", "kernel = tf.reshape(kernel, [*size, 1, channels * multiplier])", `y = tf.nn.conv2d(x, kernel, strides=${strides}, padding="SAME"${dilations})`];
    }
    if (op === "conv_transpose") return [...head, `y = tf.nn.conv${name}_transpose(x, kernel, output_shape=[x.shape[0], ${f.out.join(", ")}, kernel.shape[-2]], strides=${tuple(f.s)}, padding="SAME"${keyword("dilations", f.d)})`];
    if (f.d.some((d) => d > 1)) return [...head, `y = tf.nn.pool(x, ${list(f.k)}, "${op === "max_pool" ? "MAX" : "AVG"}", strides=${list(f.s)}, padding="SAME", dilations=${list(f.d)})  # either strides or dilations`];
    return [...head, `y = tf.nn.${op}${name}(x, ksize=${tuple(f.k)}, strides=${tuple(f.s)}, padding="SAME")`];
  },
  Keras: (op, axes, padding) => {
    const f = fieldsOf(axes);
    if (padding === "same_lower") return ["# Keras has no SAME_LOWER: use ZeroPadding and padding=\"valid\"."];
    const strides = keyword("strides", f.s), dilation = keyword("dilation_rate", f.d), size = tuple(f.k);
    if (op.endsWith("pool") && f.d.some((d) => d > 1)) return ["# Keras has no dilated pooling."];
    const layer = {
      conv: `Conv${f.rank}D(filters, ${size}${strides}${dilation}, padding="same")`,
      depthwise_conv: f.rank === 3 ? "" : `DepthwiseConv${f.rank}D(${size}${strides}${dilation}, padding="same")`,
      conv_transpose: `Conv${f.rank}DTranspose(filters, ${size}${strides}${dilation}, padding="same")`,
      max_pool: `MaxPooling${f.rank}D(${size}, strides=${tuple(f.s)}, padding="same")`,
      avg_pool: `AveragePooling${f.rank}D(${size}, strides=${tuple(f.s)}, padding="same")`,
    }[op];
    return layer ? ["import keras", "", `layer = keras.layers.${layer}`] : ["# Keras has no 3-D depthwise convolution."];
  },
  JAX: (op, axes, padding) => {
    const f = fieldsOf(axes);
    const word = `"${padding === "same_lower" ? "SAME_LOWER" : "SAME"}"`;
    const letters = LETTERS[f.rank - 1];
    const numbers = `("N${letters}C", "${letters}IO", "N${letters}C")`;
    const head = ["from jax import lax", ""];
    const dilation = keyword("rhs_dilation", f.d, always);
    if (op === "conv") return [...head, `y = lax.conv_general_dilated(x, kernel, ${always(f.s)}, ${word}${dilation}, dimension_numbers=${numbers})`];
    if (op === "depthwise_conv") return [...head, "*size, channels, multiplier = kernel.shape", "kernel = kernel.reshape(*size, 1, channels * multiplier)", `y = lax.conv_general_dilated(x, kernel, ${always(f.s)}, ${word}${dilation}, dimension_numbers=${numbers}, feature_group_count=channels)`];
    if (op === "conv_transpose") {
      const pads = axes.map((a) => `(${a.ke - 1 - a.before}, ${a.out - 1 + a.before - (a.n - 1) * a.s})`);
      return [...head, `kernel = lax.rev(kernel, ${always(f.k.map((_, i) => i))}).swapaxes(-1, -2)  # that of the forward convolution whose adjoint this is`,
        `y = lax.conv_general_dilated(x, kernel, ${always(f.k.map(() => 1))}, [${pads.join(", ")}], lhs_dilation=${always(f.s)}${dilation}, dimension_numbers=${numbers})`];
    }
    const window = `${always([1, ...f.k, 1])}, ${always([1, ...f.s, 1])}, ${word}${f.d.every((d) => d === 1) ? "" : `, window_dilation=${always([1, ...f.d, 1])}`}`;
    if (op === "max_pool") return ["import jax.numpy as jnp", ...head, `y = lax.reduce_window(x, -jnp.inf, lax.max, ${window})`];
    return ["import jax.numpy as jnp", ...head, `total = lax.reduce_window(x, 0.0, lax.add, ${window})`, `real = lax.reduce_window(jnp.ones_like(x), 0.0, lax.add, ${window})`, "y = total / real"];
  },
  ONNX: (op, axes, padding) => {
    const f = fieldsOf(axes);
    const auto = padding === "same_lower" ? "SAME_LOWER" : "SAME_UPPER";
    const type = { conv: "Conv", depthwise_conv: "Conv", conv_transpose: "ConvTranspose", max_pool: "MaxPool", avg_pool: "AveragePool" }[op];
    const inputs = op.endsWith("pool") ? '["x"]' : '["x", "w"]';
    const group = op === "depthwise_conv" ? ", group=channels" : "";
    const dilations = f.d.every((d) => d === 1) ? "" : `, dilations=${list(f.d)}`;
    const pads = `pads=${list([...f.before, ...f.after])}`;
    const head = ["from onnx import helper", ""];
    const node = (how) => `node = helper.make_node("${type}", ${inputs}, ["y"], kernel_shape=${list(f.k)}, strides=${list(f.s)}${dilations}${group}, ${how})`;
    if (op === "conv_transpose") return [...head, node(`output_shape=${list(f.out)}, ${pads}`), "# Runtimes disagree about auto_pad here; numbers leave nothing to them."];
    return [...head, node(`auto_pad="${auto}"`), "# Or for any runtime, with the numbers of this size:", node(pads)];
  },
};

const recipeView = (op, axes, padding) => h("div", { class: "recipes" }, Object.entries(recipes).map(([framework, write]) =>
  h("details", { class: "script", open: framework === "PyTorch" }, h("summary", {}, framework), code(write(op, axes, padding).join("\n") + "\n"))));
