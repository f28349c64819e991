// Draw one axis: the elements with their padding in a row, and under them a line per window with the elements it reads.

// On a phone all is narrower, so that the whole of a small case can be seen at once.
const isNarrow = matchMedia("(max-width: 37rem)").matches;
const CELL = isNarrow ? 22 : 30, GUTTER = isNarrow ? 58 : 84, LINE = 26, TOP = 52;
const MOST_LINES = 12, MOST_COLUMNS = 34, MOST_PADS = 12, MOST_TAPS_SAID = 20;
const MOST_FITTED = 460; // wide enough for a phone to show all of it, a little smaller

// Where each tap of a window lies: padding has no index, so it is told from the taps beside it, and a window of padding
// only from the windows beside it.
const placed = (windows) => {
  const guess = guessStep(windows);
  const found = windows.map((taps) => {
    if (taps.spread) return taps.spread;
    const real = taps.map((index, j) => [index, j]).filter(([index]) => index !== null);
    if (!real.length) return null;
    const [[first, i], [last, j]] = [real[0], real[real.length - 1]];
    const step = j > i ? (last - first) / (j - i) : guess;
    return { start: first - i * step, step };
  });
  const known = found.map((one, o) => [one, o]).filter(([one]) => one);
  const [a, b] = [known[0], known[known.length - 1]];
  const stride = known.length > 1 ? (b[0].start - a[0].start) / (b[1] - a[1]) : null;
  return windows.map((taps, o) => {
    let one = found[o];
    if (!one && stride !== null) one = { start: a[0].start + (o - a[1]) * stride, step: guess };
    return { taps, at: taps.map((index, t) => (index !== null ? index : one ? Math.round(one.start + (taps.spread ? taps.spread.numbers[t] : t) * one.step) : null)) };
  });
};

// Whether a window of very many taps, of which only the ends are held, has one at this place.
const isTapOf = ({ start, step, k }, at) => (at - start) % step === 0 && (at - start) / step >= 0 && (at - start) / step < k;

const guessStep = (windows) => {
  for (const taps of windows) {
    if (!taps) continue; // a hole
    if (taps.spread) return taps.spread.step;
    for (let j = 1; j < taps.length; j += 1) if (taps[j] !== null && taps[j - 1] !== null) return taps[j] - taps[j - 1];
  }
  return 1;
};

const extent = (windows, long) => {
  let before = 0, after = 0;
  placed(windows).forEach(({ at }) => {
    for (const one of at) if (one !== null) { before = Math.max(before, -one); after = Math.max(after, one - long + 1); }
  });
  return { before, after };
};

const sameTaps = (a, b) => a && b && a.length === b.length && a.every((index, j) => index === b[j]);
const differsAt = (a, b, i) => !isHole(a, i) && !isHole(b, i) && !sameTaps(a[i], b[i]);

// A pooling window is a set of elements: which tap reads one does not matter, as it does where each has a weight.
const isPool = (op) => op.endsWith("_pool");

// The lines worth showing: all, or the first and the last, and some that differ if none of these do.
const shownLines = (n, differs) => {
  if (n <= MOST_LINES) return Array.from({ length: n }, (_, i) => i);
  const wanted = new Set([0, 1, 2, n - 3, n - 2, n - 1]);
  if (![...wanted].some(differs)) for (let i = 0; i < n && wanted.size < 9; i += 1) if (differs(i)) wanted.add(i);
  return [...wanted].sort((a, b) => a - b);
};

// What is shown of a long run: all of a short one, or both ends.
const ends = (values, most) => (values.length <= most ? values : [...values.slice(0, 3), ...values.slice(-3)]);

const shownColumns = (from, to, needed, long) => {
  const run = (first, end) => Array.from({ length: Math.max(end - first, 0) }, (_, i) => first + i);
  const bothEnds = (first, end) => (end - first <= MOST_PADS ? run(first, end) : [...run(first, first + 3), ...run(end - 3, end)]);
  if (to - from <= MOST_COLUMNS) return run(from, to);
  const wanted = new Set([...needed, 0, 1, long - 2, long - 1, ...bothEnds(from, 0), ...bothEnds(long, to)]);
  return [...wanted].filter((at) => at >= from && at < to).sort((a, b) => a - b).slice(0, 2 * MOST_COLUMNS);
};

// What to show of one axis, for all pictures of it alike, so that they can be compared line by line.
const frameOf = (axis, long, all) => {
  const spans = all.map((windows) => extent(windows, long));
  const differs = (i) => all.some((windows) => differsAt(windows, all[0], i));
  const lines = shownLines(Math.max(...all.map((windows) => windows.length)), differs);
  const needed = all.flatMap((windows) => { const at = placed(windows); return lines.flatMap((i) => (at[i] ? ends(at[i].at, MOST_LINES) : [])); });
  const room = (side) => Math.max(axis[side], Math.min(40, Math.max(...spans.map((one) => one[side]))));
  return { lines, columns: shownColumns(-room("before"), long + room("after"), needed, long) };
};

// options: op, axis, windows, reference (SAME's windows, or null if these are they), and what to show of them.
const strip = ({ op, axis, windows, reference, frame, label, made }) => {
  const transposed = op === "conv_transpose";
  const long = transposed ? axis.out : axis.n;
  const lines = placed(windows);
  const asked = reference && isPool(op) ? placed(reference).map((one) => one && new Set(one.at)) : null;
  const differs = (i) => reference && differsAt(windows, reference, i);
  const shown = frame.lines.filter((i) => i < Math.max(windows.length, reference ? reference.length : 0));
  const { columns } = frame;
  const wide = Math.max(CELL, Math.ceil(String(long - 1).length * (isNarrow ? 6.1 : 7.3)) + 6);
  const x = new Map();
  let width = GUTTER, previous = null;
  const gaps = [];
  for (const at of columns) {
    if (previous !== null && at > previous + 1) { gaps.push(width + 9); width += 22; }
    x.set(at, width);
    width += wide;
    previous = at;
  }
  width = Math.max(width + 76, GUTTER + 250);
  let y = TOP + CELL + 14;
  const rows = [], pieces = [];
  const cellOf = new Map();
  const real = (at) => at >= 0 && at < long;
  const lacks = (at) => transposed && reference && made !== null && real(at) && at >= made;
  const own = extent(windows, long);
  const given = reference ? own : { before: axis.before, after: axis.after };
  for (const at of columns) {
    if (at < -given.before || at >= long + given.after) continue; // room for the picture beside this one
    const name = lacks(at) ? "none" : real(at) ? at : transposed ? "cut" : "pad";
    const cell = s("g", { class: real(at) && !lacks(at) ? "cell" : "cell pad" },
      s("rect", { x: x.get(at) + 1, y: TOP, width: wide - 2, height: CELL - 4 }),
      s("text", { x: x.get(at) + wide / 2, y: TOP + CELL / 2 + 2 }, name));
    cellOf.set(at, cell);
    pieces.push(cell);
  }
  for (const gap of gaps) pieces.push(s("text", { class: "gap", x: gap + 2, y: TOP + CELL / 2 + 2 }, "…"));
  // Of an implementation only that padding is known which some window reads.
  const word = transposed ? "crops" : reference ? "reads padding:" : "pads";
  const length = transposed && reference && made !== null && made !== long ? `; ${count(made, "output")}, SAME ${long}` : "";
  const title = windows.length ? `${word} ${given.before} before, ${given.after} after${length}` : "has no window";
  pieces.push(s("text", { class: "title", x: GUTTER, y: 16 }, title));
  const bracket = (at0, at1, text) => {
    const left = x.get(at0), right = x.get(at1);
    if (left === undefined || right === undefined) return;
    pieces.push(s("path", { class: "bracket", d: `M${left + 3} ${TOP - 4}v-5H${right + wide - 3}v5` }));
    pieces.push(s("text", { class: "tiny", x: (left + right + wide) / 2, y: TOP - 12 }, text));
  };
  if (given.before > 0) bracket(-given.before, -1, `before ${given.before}`);
  if (given.after > 0) bracket(long, long + given.after - 1, `after ${given.after}`);
  pieces.push(s("text", { class: "side", x: GUTTER - 8, y: TOP + CELL / 2 + 2 }, transposed ? "output" : "input"));

  let previousLine = -1;
  for (const i of shown) {
    if (i > previousLine + 1) { pieces.push(s("text", { class: "gap", x: GUTTER - 20, y: y + 6 }, "⋮")); y += 18; }
    previousLine = i;
    const line = lines[i];
    const wrong = differs(i);
    const what = `${transposed ? "input" : "output"} ${i}`;
    const shortWhat = isNarrow ? `${transposed ? "in" : "out"} ${i}` : what;
    const group = s("g", { class: wrong ? "tap wrong" : "tap", tabindex: i === shown[0] ? 0 : -1, role: "img", "data-line": i });
    group.append(s("rect", { class: "hit", x: 0, y: y - 1, width: width, height: LINE - 1 }));
    group.append(s("text", { class: "side", x: GUTTER - 8, y: y + CELL / 2 }, shortWhat));
    const spread = line && line.taps.spread;
    const at = !line ? [] : spread ? columns.filter((a) => isTapOf(spread, a)) : line.at.filter((a) => x.has(a));
    let said = `${what}: `;
    if (!line) {
      group.append(s("text", { class: "remark", x: GUTTER + 4, y: y + CELL / 2 }, "missing"));
      said += "missing";
    } else {
      if (at.length > 1) group.append(s("path", { d: `M${x.get(Math.min(...at)) + wide / 2} ${y + CELL / 2 - 4}H${x.get(Math.max(...at)) + wide / 2}` }));
      const expected = reference && reference[i] ? reference[i] : null;
      (spread ? at : line.at).forEach((a, j) => {
        if (!x.has(a)) return;
        const other = reference && (!expected || (spread ? wrong : asked && asked[i] ? !asked[i].has(a) : expected[j] !== line.taps[j]));
        group.append(s("rect", { class: `${(spread ? real(a) : line.taps[j] !== null) ? "" : "in-pad"}${other ? " other" : ""}`, x: x.get(a) + 5, y: y + 1, width: wide - 10, height: CELL - 10 }));
      });
      // An element that one window reads more than once, says how often.
      for (const a of new Set(spread ? [] : line.at)) {
        const n = x.has(a) && line.taps.filter((index) => index !== null && index === a).length;
        if (n > 1) group.append(s("text", { class: "times", x: x.get(a) + wide / 2, y: y + CELL / 2 - 1 }, `×${n}`));
      }
      for (const a of asked && asked[i] && !spread ? asked[i] : []) {
        if (!real(a) || line.at.includes(a) || !x.has(a)) continue;
        group.append(s("rect", { class: "missed", x: x.get(a) + 5, y: y + 1, width: wide - 10, height: CELL - 10 }));
        group.append(s("text", { class: "tiny", x: x.get(a) + wide / 2, y: y + CELL / 2 }, "–"));
      }
      const words = line.taps.map((index) => (index === null ? (transposed ? "cut" : "padding") : index));
      said += `reads ${ends(words, MOST_TAPS_SAID).join(", ")}${spread || words.length > MOST_TAPS_SAID ? ` and what is between these, ${spread ? spread.k : words.length} in all` : ""}`;
      if (transposed) said = said.replace("reads", "adds to");
      if (!at.length && line.taps.every((index) => index === null)) group.append(s("text", { class: "remark", x: GUTTER + 4, y: y + CELL / 2 }, "padding only"));
      if (wrong) {
        const remark = reference[i] ? "≠ SAME" : "too many";
        group.append(s("text", { class: "remark", x: width - 70, y: y + CELL / 2 }, remark));
        said += `; ${remark}`;
      }
    }
    group.setAttribute("aria-label", said);
    const light = (on) => () => {
      for (const a of at) if (cellOf.has(a)) cellOf.get(a).classList.toggle("on", on);
    };
    for (const [event, on] of [["pointerenter", true], ["focus", true], ["pointerleave", false], ["blur", false]]) group.addEventListener(event, light(on));
    rows.push(group);
    y += LINE;
  }
  return s("svg", { class: `strip${isNarrow ? " narrow" : ""}${width <= MOST_FITTED ? " fitted" : ""}`, width, height: y + 4, viewBox: `0 0 ${width} ${y + 4}`, role: "group", "aria-label": label }, pieces, rows);
};

// One axis as SAME asks for it and, beside it, as an implementation does it.
const axisPicture = (op, axis, name, theirs, made = null) => {
  const ours = windowsOf(op, axis);
  const long = op === "conv_transpose" ? axis.out : axis.n;
  const frame = frameOf(axis, long, theirs ? [ours, theirs] : [ours]);
  const side = (title, windows, reference) =>
    h("figure", { class: "side-by" }, h("figcaption", {}, title),
      scroller(title, strip({ op, axis, windows, reference, frame, label: title, made })));
  return h("div", { class: "pair" }, side(theirs ? "SAME asks" : "What SAME asks for", ours, null), theirs ? side(`${name} does`, theirs, ours) : null);
};
