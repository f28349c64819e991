// How often an implementation is wrong, by kernel and stride. A number, a sign and a pattern say what the colour says.

const heatRows = (card) => {
  const verdicts = new Set(card.verdicts);
  const name = run.implementations.indexOf(card.implementation);
  const found = [];
  for (let i = 0; i < run.n; i += 1) {
    if (run.rows.implementation[i] !== name) continue;
    const c = run.caseAt(run.rows.case[i]);
    if (!c || !card.ops.includes(c.op) || run.verdicts[run.rows.verdict[i]] === "unsupported") continue;
    const mine = run.standings[run.rows.standing[i]] === card.standing && verdicts.has(run.verdicts[run.rows.verdict[i]])
      && (!card.why || run.texts[run.rows.why[i]] === card.why);
    found.push({ c, wrong: mine, other: run.isFailure[run.rows.verdict[i]] && !mine });
  }
  return found;
};

// The filter of the explorer that leaves just what a cell counts.
const counted = (card, state, k, stride) => {
  const axis = [`k == ${k}`, `s == ${stride}`, state.d === "" ? "" : `d == ${state.d}`, state.r === "" ? "" : `n % s == ${state.r}`].filter(Boolean).join(" and ");
  const ops = state.op ? [state.op] : card.ops;
  const among = ops.length > 1 ? `op in (${ops.map((op) => `'${op}'`).join(", ")}) and ` : "";
  return { impl: card.implementation, verdict: "offered", op: ops.length === 1 ? ops[0] : "", where: `${among}${state.mixed ? "any" : "all"}(${axis})` };
};

// What a map leaves out is in the address: `chosen` has what it says of this card, if it is about it.
const heatMap = (card, chosen) => {
  const rows = heatRows(card);
  const asked = (key, options) => (chosen && options.map(String).includes(chosen.get(key)) ? chosen.get(key) : "");
  const holder = h("div", {});
  const values = (of) => [...new Set(rows.flatMap((row) => row.c.axes.map(of)))].sort((a, b) => a - b);
  const options = { only: card.ops, d: values((axis) => axis.d), r: values((axis) => axis.n % axis.s) };
  const state = { op: asked("only", options.only), d: asked("d", options.d), r: asked("r", options.r), mixed: Boolean(chosen && chosen.get("mixed")) };
  const change = (key, value) => {
    state[key] = value;
    amend(address("/impl/" + encodeURIComponent(card.implementation), {
      op: card.ops[0], smallest: card.case, only: state.op || (card.ops.length > 1 ? "any" : ""), d: state.d, r: state.r, mixed: state.mixed ? 1 : "",
    }));
    draw();
  };
  const draw = () => {
    const cells = new Map();
    const kernels = new Set(), strides = new Set();
    let left = 0;
    for (const { c, wrong, other } of rows) {
      if (state.op && c.op !== state.op) continue;
      const fits = c.axes.filter((axis) => (state.d === "" || axis.d === Number(state.d)) && (state.r === "" || axis.n % axis.s === Number(state.r)));
      const kinds = new Set(c.axes.map((axis) => `${axis.k},${axis.s}`));
      // Of a case whose axes differ nobody knows which axis is to blame.
      if (!state.mixed && (kinds.size > 1 || fits.length < c.axes.length)) { left += fits.length > 0 ? 1 : 0; continue; }
      for (const key of new Set(fits.map((axis) => `${axis.k},${axis.s}`))) {
        const [k, stride] = key.split(",").map(Number);
        kernels.add(k); strides.add(stride);
        const cell = cells.get(key) || [0, 0, 0];
        cells.set(key, [cell[0] + wrong, cell[1] + 1, cell[2] + other]);
      }
    }
    const ks = [...kernels].sort((a, b) => a - b), ss = [...strides].sort((a, b) => a - b);
    const cellOf = (k, stride) => {
      const cell = cells.get(`${k},${stride}`);
      if (!cell) return h("td", { class: "heat-none" }, h("span", { class: "unseen" }, "not run"));
      const [wrong, ran, others] = cell;
      const kind = wrong === 0 ? others ? "heat-other" : "heat-0" : wrong === ran ? "heat-3" : wrong * 2 > ran ? "heat-2" : "heat-1";
      return h("td", { class: kind }, h("a", { href: address("/explorer", counted(card, state, k, stride)), title: `kernel ${k}, stride ${stride}: ${wrong} of ${ran} wrong in this way${others ? `, ${others} in another` : ""}` },
        h("span", { class: "sym", "aria-hidden": "true" }, wrong ? "≠" : others ? "⋯" : "✓"), ` ${wrong}/${ran}`));
    };
    holder.replaceChildren(
      ks.length ? scroller("Wrong of run, by kernel and stride", h("table", { class: "heat-table keys" },
        h("caption", {}, "Wrong in this way, of all that were offered, by kernel (down) and stride (across)"),
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "k \\ s"), ss.map((stride) => h("th", { scope: "col" }, stride)))),
        h("tbody", {}, ks.map((k) => h("tr", {}, h("th", { scope: "row" }, k), ss.map((stride) => cellOf(k, stride)))))))
        : h("p", { class: "note" }, "No such case whose axes are alike."),
      ks.length ? h("p", { class: "small" }, h("span", { class: "heat-key heat-0" }, "✓ 0/n"), " none wrong in this way; ", h("span", { class: "heat-key heat-1" }, "≠"), " up to half; ", h("span", { class: "heat-key heat-2" }, "≠"), " more; ",
        h("span", { class: "heat-key heat-3" }, "≠"), " all; ", h("span", { class: "heat-key heat-other" }, "⋯ 0/n"), " wrong in another way; empty: not run. A number leads to its cases.") : "",
      left ? h("p", { class: "small" }, `${count(left, "case")} whose axes differ left out.`) : "");
  };
  const pick = (key, word, among) => (among.length > 1
    ? field(word, select([["", "any"], ...among.map((value) => [value, value])], state[key], { onchange: (event) => change(key, event.target.value) })) : null);
  draw();
  return h("div", {}, h("div", { class: "controls" },
    pick("op", "op", options.only), pick("d", "dilation", options.d), pick("r", "n mod s", options.r),
    h("label", { class: "field check" }, h("input", { type: "checkbox", checked: state.mixed, onchange: (event) => change("mixed", event.target.checked) }), h("span", {}, "cases whose axes differ, too"))), holder);
};

// The smallest case, drawn as SAME asks and as the implementation does; nothing if it is not known what that reads.
const smallestPicture = (card) => {
  let c;
  try { c = parseCase(card.case); } catch { return null; }
  const picture = run.picture(card.implementation, c);
  if (!picture || !picture.windows || picture.windows.length !== c.rank || !picture.windows.every(Array.isArray)) return null;
  const kinds = distinctAxes(c, picture.windows);
  const wrong = kinds.find(([axis]) => faultOf(c.op, c.axes[axis], picture.windows[axis]));
  if (!wrong) return null; // it reads what SAME asks for, and gets it wrong afterwards
  const [a, word] = wrong;
  return h("div", { class: "smallest" }, h("p", { class: "small" }, caseLink(c.id, card.implementation), word ? `, ${word}` : "", ", drawn: ", h("b", { class: "fault" }, faultOf(c.op, c.axes[a], picture.windows[a]))),
    axisPicture(c.op, c.axes[a], card.implementation, picture.windows[a]));
};

// What concerns the op that a reader comes for goes before the rest, among those that stand alike.
const opFirst = (section, op) => {
  const isOther = (card) => (op && !card.dataset.ops.split(" ").includes(op) ? 1 : 0);
  for (const title of section.querySelectorAll(":scope > h2")) {
    const group = [];
    for (let at = title.nextElementSibling; at && at.matches(".card"); at = at.nextElementSibling) group.push(at);
    title.after(...group.sort((a, b) => isOther(a) - isOther(b) || a.dataset.number - b.dataset.number));
  }
};

// Filled when the page of the implementation is first looked at.
const fillCards = (section, parameters) => {
  const op = parameters.get("op") || "";
  opFirst(section, op);
  const asked = cardOf(section, parameters.get("op"), parameters.get("smallest"));
  const layer = section.querySelector("[data-layer]");
  if (!layer.childElementCount) layer.append(layerForm({ op: layer.dataset.op, with: layer.dataset.layer }));
  for (const holder of section.querySelectorAll(".look[data-card]")) {
    const card = run.cards[Number(holder.dataset.card)];
    const isAbout = holder.closest(".card") === asked && ["only", "d", "r", "mixed"].some((key) => parameters.has(key));
    // Who comes for one op sees it alone in the map of what concerns several.
    const chosen = isAbout ? parameters : card.ops.includes(op) ? new URLSearchParams({ only: op }) : null;
    if (holder.childElementCount && !chosen && holder.dataset.op === op) continue;
    holder.dataset.op = op;
    holder.replaceChildren(heatMap(card, chosen), smallestPicture(card) || "");
  }
};
