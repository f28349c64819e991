// Code for PyTorch that finds the padding from the input it is given, for networks that see images of any size.

const samePad = (isSame) => [
  "def same_pad(x, kernel, stride, dilation, value=0.0):",
  `    """Pad the spatial axes of x as ${isSame ? "SAME" : "SAME_LOWER"} asks, whatever their size; F.pad wants the last axis first."""`,
  "    pads = []",
  "    for n, k, s, d in reversed(list(zip(x.shape[2:], kernel, stride, dilation))):",
  "        total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)",
  `        pads += ${isSame ? "[total // 2, total - total // 2]" : "[total - total // 2, total // 2]"}`,
  "    return F.pad(x, pads, value=value)", "", "",
];

const everySize = (op, axes, padding) => {
  const f = layerOf(op, axes, padding);
  const { rank, letters } = f;
  const stride = unlessOnes("stride", f.s), dilation = unlessOnes("dilation", f.d);
  const window = `${tuple(f.k)}, stride=${tuple(f.s)}`;
  const pad = (x, value) => `same_pad(${x}, ${always(f.k)}, ${always(f.s)}, ${always(f.d)}${value || ""})`;
  const head = ["import torch.nn.functional as F", "", "", ...samePad(f.isSame)];
  switch (op) {
    case "conv": return [...head, ...torchOperands(f), `y = F.conv${rank}d(${pad("x")}, kernel${stride}${dilation})`];
    case "depthwise_conv": return [...head, ...torchOperands(f), `y = F.conv${rank}d(${pad("x")}, kernel${stride}${dilation}, groups=x.shape[1])`];
    case "max_pool": return [...head, `# x is NC${letters}`, `y = F.max_pool${rank}d(${pad("x", ', value=float("-inf")')}, ${window}${dilation})`];
    case "avg_pool": {
      const sum = (x) => (f.dilated ? `F.conv${rank}d(${pad(x)}, ones${stride}${dilation}, groups=x.shape[1])` : `F.avg_pool${rank}d(${pad(x)}, ${window})`);
      return ["import torch", ...head, `# x is NC${letters}`, ...(f.dilated ? [`ones = x.new_ones((x.shape[1], 1, ${f.k.join(", ")}))`] : []),
        `total = ${sum("x")}`, `real = ${sum("torch.ones_like(x)")}`, `y = total / real${REAL_ONLY}`];
    }
    default: { // what a transposed convolution crops does not depend on the size
      const native = torchTransposed(f);
      if (native) return ["import torch.nn.functional as F", "", ...torchOperands(f), native];
      const crop = axes.map((a, i) => `${a.before}:${a.before} + x.shape[${i + 2}] * ${a.s}`).join(", ");
      const zeros = always(f.lacking.slice().reverse().flatMap((lack) => [0, lack]));
      return ["import torch.nn.functional as F", "", ...torchOperands(f), `y = F.conv_transpose${rank}d(x, kernel${stride}${dilation})`,
        ...(f.lacking.some(Boolean) ? [`y = F.pad(y, ${zeros})  # zeros at the end, where the kernel is shorter than the stride`] : []), `y = y[..., ${crop}]`];
    }
  }
};

// Whether the code of a framework is another one at other sizes. Among the sizes the padding is least where n mod s is 0
// and most where it is 1, so that these two and the next size say it of all.
const isForOneSize = (framework, op, axes, padding) => {
  const written = (sizes) => writers[framework](layerOf(op, sizes, padding)).join("\n");
  const grown = (size) => axes.map((axis) => axisOf(op, size(axis), axis.k, axis.s, axis.d, padding));
  const multiple = ({ n, s: stride }) => n + stride - (n % stride);
  const others = [({ n }) => n + 1, multiple, (axis) => multiple(axis) + 1];
  return others.some((size) => written(grown(size)) !== written(axes));
};
