// Show arrays, and of two and three axes which elements the window of one output cell reads.

const MOST_CELLS = 20; // per axis; more cannot be told apart
const MOST_UNITS = 10; // of the input around one window

const product = (values) => values.reduce((a, b) => a * b, 1);

// Returns the values of one plane of a channel-last array as rows of cells; `fixed` chooses batch, leading axes and channel.
const planeOf = (array, fixed) => {
  const shape = array.shape;
  const strides = shape.map((_, i) => product(shape.slice(i + 1)));
  const spatial = shape.length - 2;
  const [rowAxis, columnAxis] = spatial >= 2 ? [shape.length - 3, shape.length - 2] : [null, shape.length - 2];
  const base = fixed.reduce((sum, index, axis) => sum + Math.min(index, shape[axis] - 1) * strides[axis], 0);
  const nRows = rowAxis === null ? 1 : shape[rowAxis];
  return Array.from({ length: Math.min(nRows, MOST_CELLS) }, (_, r) =>
    Array.from({ length: Math.min(shape[columnAxis], MOST_CELLS) }, (_, c) =>
      array.values[base + (rowAxis === null ? 0 : r * strides[rowAxis]) + c * strides[columnAxis]]));
};

// A table of one plane; cells that differ from `other` are marked by a sign, not by colour alone.
const planeTable = (caption, rows, other, cut) => {
  const differs = (r, c) => other && (!other[r] || other[r][c] === undefined || other[r][c] !== rows[r][c]);
  return h("figure", { class: "side-by" }, h("figcaption", {}, caption),
    scroller(caption, h("table", { class: "plane" }, h("tbody", {}, rows.map((row, r) =>
      h("tr", {}, row.map((value, c) => h("td", { class: differs(r, c) ? "differs" : "", "data-cell": `${r},${c}` },
        differs(r, c) ? h("span", { class: "sym", "aria-label": "differs:" }, "≠") : null, value === undefined ? "" : amount(value)))))))),
    cut ? h("p", { class: "small" }, `The first ${MOST_CELLS} of each axis.`) : null);
};

const byX = (shape) => shape.join("×");

// The gradient by a kernel, with the channels as other arrays have batch and channels: from (kernel, in, out) to (in, kernel, out).
const kernelTurned = ({ shape, values }) => {
  const [inputs, outputs] = shape.slice(-2), long = product(shape.slice(0, -2));
  const turned = [];
  for (let i = 0; i < inputs; i += 1) for (let k = 0; k < long; k += 1) for (let o = 0; o < outputs; o += 1) turned.push(values[(k * inputs + i) * outputs + o]);
  return { shape: [inputs, ...shape.slice(0, -2), outputs], values: turned };
};

// The first plane that differs, by what chooses it; that of all zeros if none does, or if there is nothing to compare.
const firstPlane = (expected, observed, choices) => {
  const at = observed && byX(observed.shape) === byX(expected.shape) ? expected.values.findIndex((value, i) => value !== observed.values[i]) : -1;
  if (at < 0) return choices.map(() => 0);
  const { shape } = expected;
  const index = shape.map((n, i) => Math.floor(at / product(shape.slice(i + 1))) % n);
  return choices.map((_, i) => (i === choices.length - 1 ? index[index.length - 1] : index[i]));
};

const arraysView = (name, picture, { op, compared }) => {
  const isKernel = compared === "kernel_gradient";
  const [expected, observed] = [picture.expected, picture.observed].map((array) => (array && isKernel && array.shape.length > 2 ? kernelTurned(array) : array));
  const what = compared === "forward" ? "" : `${compared.replace("_", " ")} of `;
  const holder = h("div", {});
  const leading = expected.shape.length > 3 ? expected.shape.slice(1, -3) : []; // slices of 3-D results
  const choices = [[isKernel ? "input channel" : "batch", expected.shape[0]], ...leading.map((n) => ["slice", n]), [isKernel ? "output channel" : "channel", expected.shape[expected.shape.length - 1]]];
  const chosen = firstPlane(expected, observed, choices);
  const draw = () => {
    const fixed = (array) => {
      const values = array.shape.map(() => 0);
      chosen.forEach((index, i) => { values[i === choices.length - 1 ? array.shape.length - 1 : i] = index; });
      return values;
    };
    const same = observed && observed.shape.length === expected.shape.length;
    const ours = planeOf(expected, fixed(expected));
    const theirs = same ? planeOf(observed, fixed(observed)) : null;
    const cut = Math.max(...expected.shape.slice(1, -1)) > MOST_CELLS;
    holder.replaceChildren(h("div", { class: "pair" },
      planeTable(`Expected: ${what}shape ${byX(picture.expected.shape)}, as SAME asks`, ours, null, cut),
      observed ? theirs ? planeTable(`Observed: ${what}shape ${byX(picture.observed.shape)}, from ${name}`, theirs, ours, cut) : h("p", {}, `Observed: ${name} gives ${what}shape ${byX(picture.observed.shape)}.`)
        : h("p", {}, `${name} gives no array.`)),
    isLaidDeep ? h("p", { class: "small" }, "On purpose all of the last channel are integers times 2¹⁰⁰: so a fill shows there that is finite, as -1e9 is. It is where the largest differences are. ", h("a", { href: "#/rule" }, "The operands")) : "");
  };
  const isLaidDeep = op === "max_pool" && compared === "forward" && expected.values.some(isDeep);
  const controls = choices.map(([word, n], i) => (n > 1
    ? field(word, select(Array.from({ length: n }, (_, v) => [v, v]), chosen[i], { onchange: (event) => { chosen[i] = Number(event.target.value); draw(); } }))
    : null));
  draw();
  return h("div", {}, h("div", { class: "controls" }, controls), holder);
};

// Which elements of the input one output cell reads, per axis: of a transposed convolution, which inputs add to it.
const readsOf = (op, windows) => {
  if (op !== "conv_transpose") return (o) => windows[o] || null;
  return (o) => windows.map((taps, i) => (taps.includes(o) ? i : null)).filter((i) => i !== null);
};

// Per axis where the taps of one output cell lie, padding as negative positions or such beyond the end.
const positionsOf = (c, windows, chosen) => c.axes.map((axis, a) => {
  if (c.op === "conv_transpose") return readsOf(c.op, windows[a])(chosen[a]);
  const window = placed(windows[a])[chosen[a]];
  return window ? window.at.filter((at) => at !== null) : null;
});

// Which tap of the window of an output cell reads what lies at a place: -1 if none does, null if that is not told.
const tapAt = (op, windows, o, at) => {
  if (op === "conv_transpose") return windows[at] ? windows[at].indexOf(o) : -1;
  const one = placed(windows)[o];
  return !one || (windows[o] && windows[o].spread) ? null : one.at.indexOf(at);
};

const atWord = (axis, at) => (at < 0 || at >= axis.n ? "padding" : at);

// The input in two dimensions, with the window of the chosen output cell; three dimensions are drawn slice by slice.
const windowGrid = (c, allWindows, chosen, reference, title) => {
  const reads = positionsOf(c, allWindows, chosen);
  const asked = reference && positionsOf(c, reference, chosen);
  const head = h("figcaption", {}, title);
  if (reads.some((taps) => !taps)) return h("figure", { class: "side-by" }, head, h("p", { class: "note" }, "It has no such output cell."));
  const spans = c.axes.map((axis, a) => {
    const transposed = c.op === "conv_transpose";
    const own = transposed ? { before: 0, after: 0 } : reference ? extent(allWindows[a], axis.n) : axis;
    const [first, end] = [-own.before, axis.n + own.after];
    const taps = reads[a].concat(asked && asked[a] ? asked[a] : []);
    const middle = taps.length ? (Math.min(...taps) + Math.max(...taps)) / 2 : 0;
    const from = Math.max(first, Math.min(end - MOST_UNITS, Math.round(middle - MOST_UNITS / 2)));
    const to = Math.min(end, from + MOST_UNITS);
    return { from, to, isCut: from > first || to < end };
  });
  const [rowAxis, columnAxis] = c.rank === 3 ? [1, 2] : [0, 1];
  const slices = c.rank === 3 ? [...new Set(reads[0])] : [null];
  const size = Math.max(26, 7 * Math.max(...spans.map(({ to }) => String(to).length)) + 4);
  const grid = (slice) => {
    const pieces = [];
    const [down, across] = [spans[rowAxis], spans[columnAxis]];
    const isReal = (axis, at) => at >= 0 && at < axis.n;
    const x = (q) => 52 + (q - across.from) * size, y = (r) => 24 + (r - down.from) * size;
    for (let r = down.from; r < down.to; r += 1) {
      for (let q = across.from; q < across.to; q += 1) {
        const on = reads[rowAxis].includes(r) && reads[columnAxis].includes(q);
        const real = isReal(c.axes[rowAxis], r) && isReal(c.axes[columnAxis], q) && (slice === null || isReal(c.axes[0], slice));
        const isAsked = asked && asked.every(Boolean) ? asked[rowAxis].includes(r) && asked[columnAxis].includes(q) && (slice === null || asked[0].includes(slice)) : on;
        const place = slice === null ? [r, q] : [slice, r, q];
        const moved = asked && !isPool(c.op) && c.axes.some((_, a) => tapAt(c.op, allWindows[a], chosen[a], place[a]) !== tapAt(c.op, reference[a], chosen[a], place[a]));
        const other = on && (!isAsked || moved), missed = real && !on && isAsked;
        pieces.push(s("rect", { class: `unit${real ? "" : " pad"}${on ? " on" : ""}${other ? " other" : ""}${missed ? " missed" : ""}`, x: x(q) + 1, y: y(r) + 1, width: size - 2, height: size - 2 }));
        if (other || missed) pieces.push(s("text", { class: "tiny", x: x(q) + size / 2, y: y(r) + 17 }, other ? "≠" : "–"));
      }
    }
    for (let r = down.from; r < down.to; r += 1) pieces.push(s("text", { class: "side", x: 46, y: y(r) + 17 }, isReal(c.axes[rowAxis], r) ? r : "pad"));
    for (let q = across.from; q < across.to; q += 1) pieces.push(s("text", { class: "tiny", x: x(q) + size / 2, y: 17 }, isReal(c.axes[columnAxis], q) ? q : "pad"));
    const width = 60 + (across.to - across.from) * size, height = 30 + (down.to - down.from) * size;
    const said = [rowAxis, columnAxis].map((a) => reads[a].map((at) => atWord(c.axes[a], at)).join(", "));
    return h("div", {}, slice === null ? null : h("p", { class: "small" }, isReal(c.axes[0], slice) ? `slice ${slice}` : "a slice of padding"),
      s("svg", { class: "units", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title}: rows ${said[0]}; columns ${said[1]}` }, pieces));
  };
  const listed = (axis, taps) => (taps.length > MOST_TAPS_SAID ? `${ends(taps, MOST_TAPS_SAID).map((at) => atWord(axis, at)).join(", ")} and what is between these` : taps.map((at) => atWord(axis, at)).join(", "));
  const lists = c.axes.map((axis, a) => `axis ${a}: ${listed(axis, reads[a]) || "nothing"}`);
  return h("figure", { class: "side-by" }, head, scroller(title, h("div", { class: "slices" }, slices.slice(0, 6).map(grid))), h("p", { class: "small" }, lists.join("; "),
    spans.some((span) => span.isCut) ? `. Drawn is what lies about the window; of the input there is more: ${byX(c.axes.map((axis) => axis.n))}` : null));
};

// What the marks of pictures mean, the same in one axis and in all together.
const legend = (marks) => h("p", { class: "small legend" }, marks.map(([kind, sign, words]) => h("span", {},
  s("svg", { width: 18, height: 18, "aria-hidden": "true" }, s("rect", { class: `unit ${kind}`, x: 1, y: 1, width: 16, height: 16 }), s("text", { class: "tiny", x: 9, y: 13 }, sign)), words)));
const READ = ["on", "", "read, as SAME asks"], PADDING = ["pad", "", "padding"], WRONG = ["on other", "≠", "read, though SAME does not"], MOVED = ["on other", "≠", "a tap that does not read what SAME asks of it"], MISSED = ["missed", "–", "not read, though SAME does"];

// The chooser of an output cell, with the windows that belong to it, as SAME asks and as the implementation does.
const windowView = (c, name, theirs, first) => {
  const ours = c.axes.map((axis) => windowsOf(c.op, axis));
  const chosen = first.slice(0, c.rank);
  const pair = h("div", { class: "pair" });
  const draw = () => pair.replaceChildren(
    windowGrid(c, ours, chosen, null, theirs ? "SAME asks" : "What SAME asks for"),
    ...(theirs ? [windowGrid(c, theirs, chosen, ours, `${name} does`)] : []));
  const inputs = c.axes.map((axis, a) => field(`axis ${a}`, h("input", {
    type: "number", min: 0, max: axis.out - 1, value: chosen[a],
    oninput: (event) => { chosen[a] = Math.max(0, Math.min(axis.out - 1, Number(event.target.value) || 0)); draw(); },
  })));
  draw();
  const show = (cell) => {
    cell.forEach((index, a) => { chosen[a] = index; inputs[a].querySelector("input").value = index; });
    draw();
  };
  const verb = c.op === "conv_transpose" ? "Which inputs add to output cell" : "Which elements are read for output cell";
  return { show, element: h("div", {}, h("div", { class: "controls" }, h("p", {}, verb), inputs), pair, legend(theirs ? [READ, isPool(c.op) ? WRONG : MOVED, MISSED, PADDING] : [READ, PADDING])) };
};
