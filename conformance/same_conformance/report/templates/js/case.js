// The page of one case: who is right, what the windows read, and both results.

const sayError = (title, message) => [h("h1", {}, title), h("p", { class: "note bad" }, message)];

// Addresses in a text become links; nothing else does.
const linked = (text) => text.split(/(https:\/\/[\w.~:/?#@!$&'*+,;=%-]+[\w/])/).map((part, i) => (i % 2 ? h("a", { href: part, rel: "noreferrer" }, broken(part)) : broken(part)));

// Axes that are alike in all that is drawn of them, each kind once: [number of the first, what they are called].
const distinctAxes = (c, theirs) => {
  const kinds = new Map();
  c.axes.forEach((axis, a) => {
    const key = JSON.stringify([axis, theirs ? theirs[a] : null]);
    kinds.set(key, [...(kinds.get(key) || []), a]);
  });
  return [...kinds.values()].map((group) => [group[0], c.rank === 1 ? "" : group.length === 1 ? `axis ${group[0]}` : `axes ${group.join(" and ")}`]);
};

// What an implementation reads more than once in one window, in words; empty if there is nothing.
const repeated = (windows) => {
  for (const taps of windows) {
    if (!taps) continue; // a hole
    const again = taps.find((index, j) => index !== null && taps.indexOf(index) < j);
    if (again === undefined) continue;
    const n = taps.filter((index) => index === again).length;
    return `counts element ${again} ${n === 2 ? "twice" : `${n} times`}`;
  }
  return "";
};

// What an implementation does with one axis, beside SAME, in a few words; empty if that is the same.
const faultOf = (op, axis, theirs, made) => {
  const transposed = op === "conv_transpose";
  const ours = windowsOf(op, axis);
  const faults = [];
  // Where taps repeat an element, those of padding cannot be placed beside them.
  if (!transposed && repeated(theirs)) return repeated(theirs);
  if (!transposed && theirs.length !== ours.length) faults.push(`${count(theirs.length, "window")} where SAME has ${ours.length}`);
  const [mine, asked] = [placed(theirs)[0], placed(ours)[0]].map((window) => (window ? window.at[0] : null));
  if (mine !== null && asked !== null && mine !== asked) {
    const by = Math.abs(mine - asked);
    faults.push(transposed ? `crops ${-mine} before, SAME ${-asked}: all is shifted by ${by}` : `begins ${mine < 0 ? `${-mine} before the input` : `at element ${mine}`}, SAME ${asked < 0 ? `${-asked} before it` : `at element ${asked}`}: every window is shifted by ${by}`);
  }
  // Which outputs there are at all, windows of inputs do not tell.
  if (transposed && made !== null && made !== axis.out) faults.push(`${count(made, "output")}, SAME ${axis.out}`);
  if (!faults.length && theirs.some((taps, i) => !sameTaps(taps, ours[i]))) faults.push("reads other elements than SAME asks for");
  return faults.join("; ");
};

// How many elements a result has along each spatial axis; null where that cannot be said.
const madeBy = (c, result) => {
  const sizes = result && result.shape ? result.shape.split("x").map(Number) : [];
  return c.axes.map((_, a) => (c.compared === "forward" && sizes.length === c.rank + 2 ? sizes[a + 1] : null));
};

// What is said of where a failure is reported, if its reason does not say it already; null if nothing is.
const reportOf = (c, result) => {
  const card = cardsOf(c, result).find((one) => one.report && !result.why.includes(one.report));
  return card ? h("p", { class: "small" }, linked(reported(card.report).replace(/^./, (first) => first.toUpperCase()))) : null;
};
const reported = (text) => (text.startsWith("not reported") ? text : `reported: ${text}`);

// Where a script lies that shows the same mistake without this package; null if there is none.
const cardsOf = (c, result) => run.cards.filter((one) => one.implementation === result.name && one.standing === result.standing && one.ops.includes(c.op)
    && one.verdicts.includes(result.verdict) && (!one.why || one.why === result.why));
const scriptLink = (c, result) => {
  const card = cardsOf(c, result).find((one) => one.script);
  return card ? h("p", { class: "small" }, "Without same-conformance: ", h("a", { href: address("/impl/" + encodeURIComponent(result.name), { op: c.op, smallest: card.case, script: 1 }) }, "a script to copy"),
    card.case === result.case ? "." : [" that shows it for ", h("span", { class: "case" }, broken(card.case)), "."]) : null;
};

// The verdict, what was asked for, what is done instead, and how to see it: all that who follows a link came for.
const verdictOf = (c, name, result, theirs) => {
  const verb = c.op === "conv_transpose" ? "crops" : "pads";
  const kinds = distinctAxes(c, theirs), made = madeBy(c, result);
  const asked = kinds.map(([a, word]) => h("span", { class: "axis-line" }, word ? `${word}: ` : "", `SAME ${verb} `,
    h("b", {}, `${c.axes[a].before} before, ${c.axes[a].after} after`), `, ${count(c.axes[a].out, "output")}`,
    theirs && faultOf(c.op, c.axes[a], theirs[a], made[a]) ? ["; ", implementationLink(name), ": ", h("b", { class: "fault" }, faultOf(c.op, c.axes[a], theirs[a], made[a]))] : null));
  const isElsewhere = theirs && result && result.failed && c.compared === "forward" && !c.axes.some((axis, a) => faultOf(c.op, axis, theirs[a], made[a]));
  if (!result) return [h("p", {}, asked)];
  return [
    h("div", { class: `headline ${result.failed ? "wrong" : result.right ? "right" : "absent"}` },
      h("p", { class: "answer" }, implementationLink(name), ": ", markInWords(result.verdict)),
      result.message ? h("p", {}, broken(result.message)) : null,
      h("p", {}, asked),
      isElsewhere ? h("p", {}, "It reads the elements that SAME asks for; what it makes of them is wrong.") : null,
      result.why ? h("p", { class: "small" }, `${result.standing === "expected failure" ? "known, listed failure" : result.standing}: `, linked(result.why)) : null,
      reportOf(c, result),
      result.failed ? [h("p", { class: "small label" }, "To reproduce it:"), command(`same-conformance repro ${result.case} --with ${run.callees[name]}`), run.files[name] ? h("p", { class: "small" }, broken(run.files[name])) : null, scriptLink(c, result)] : null),
  ];
};

// Of which networks the case is a layer, the one first from whose page a reader comes.
const layersView = (number, chosen) => {
  const found = run.layersOf(number);
  const named = (names) => h("code", {}, broken(names.length > 8 ? `${names.slice(0, 8).join(", ")} and ${names.length - 8} more` : names.join(", ")));
  const [mine, others] = [found.filter(([network]) => network === chosen), found.filter(([network]) => network !== chosen)];
  return [
    mine.map(([network, names]) => h("p", { class: "layer-names" }, `${names.length > 1 ? "Layers" : "Layer"} of ${network}: `, named(names), ". ", h("a", { href: "#/networks" }, "Networks"))),
    others.length ? h("details", { open: !mine.length && others.length < 3 }, h("summary", {}, mine.length ? `Layers of ${count(others.length, "other network")}, too` : `Layers of ${count(others.length, "network")} are this case`),
      h("ul", { class: "plain" }, others.map(([network, names]) => h("li", {}, network, ": ", named(names))))) : null,
  ].flat();
};

// The id by which a run knows the case: fields in their order, those at their default left out.
const canonicalId = (c) => {
  const each = (key) => c.axes.map((axis) => axis[key]);
  const full = c.axes.every((axis) => axis.out === axis.n * axis.s);
  const fields = [
    ["n", each("n")], ["k", each("k")], ["s", each("s"), c.axes.map(() => 1)], ["d", each("d"), c.axes.map(() => 1)], ["b", [c.batch], [1]],
    ["c", c.channels, POOLS.includes(c.op) ? [2] : [1, 1]], ["g", [c.groups], [1]], ["o", each("out"), c.op === "conv_transpose" && !full ? [] : each("out")],
  ];
  const numbers = fields.filter(([, values, usual]) => String(values) !== String(usual)).map(([letter, values]) => letter + values.join("-"));
  const words = [[c.padding, "same"], [c.dtype, "float32"], [c.compared, "forward"]].filter(([word, usual]) => word !== usual).map(([word]) => word);
  return [c.op, ...numbers, ...words, ...(c.calls > 1 ? [`calls${c.calls}`] : [])].join(".");
};

const casePage = (asked, parameters) => {
  let c;
  try { c = parseCase(asked); } catch (error) { return [...sayError("No such case", `${asked.slice(0, 200)} is not the id of a case. ${error.message}`), h("p", {}, idInWords())]; }
  const id = canonicalId(c);
  if (id !== asked) {
    c = parseCase(id);
    amend(address("/case/" + encodeURIComponent(id), Object.fromEntries(parameters)));
  }
  const results = run.rowsOfCase(id).map((i) => run.result(i));
  const failing = results.find((result) => result.failed);
  const name = parameters.get("with") || (failing ? failing.name : "");
  const result = results.find((one) => one.name === name);
  const picture = name ? run.picture(name, c) : null;
  let theirs = picture && picture.windows && picture.windows.length === c.rank && picture.windows.every(Array.isArray) ? picture.windows : null;
  if (result && result.right && c.compared === "forward") theirs = null;
  const parts = [
    h("p", { class: "crumb" }, h("a", { href: "#/" }, "Overview"), " / case"),
    h("h1", { class: "id" }, broken(id)),
    h("p", { class: "lead" }, inWords(c), "."),
    run.contested.has(run.numberOf(id)) ? h("p", { class: "note" }, "Contested: TensorFlow or JAX differ from the rule here. ", h("a", { href: "#/contested" }, "See which")) : null,
    ...verdictOf(c, name, result, theirs),
    ...layersView(run.numberOf(id), parameters.get("network")),
    name && !run.implementations.includes(name) ? h("p", { class: "note" }, `This run knows no implementation ${name.slice(0, 200)}.`)
      : name && !result && results.length ? h("p", { class: "note" }, `${name.slice(0, 200)} has no result for it in this run.`) : null,
  ];
  if (!results.length) parts.push(h("p", { class: "note" }, "Not in this run. What SAME asks for is drawn below; to check it: "), command(`same-conformance run --case ${id}`));
  if (result) parts.push(h("div", { class: "ask one" }, layerForm({ ...calculatorState(c), with: name })));
  parts.push(...casePicture(c, name, result, picture, theirs));
  if (results.length) parts.push(h("h2", {}, "What everyone does with it"), wordsLink(), ...verdictTable(id, results, name), onRecord(run.numberOf(id)));
  const known = run.notes[id];
  parts.push(h("p", { class: "small" }, known ? ["Why this case is there: ", linked(known), ". "] : null,
    h("a", { href: address("/calculator", { ...calculatorState(c), with: result ? name : "" }) }, "These parameters in the calculator")), linkCopier());
  return parts.flat();
};

const casePicture = (c, name, result, picture, theirs) => {
  const parts = [h("h2", {}, result ? result.right ? `The picture: ${name} does as SAME asks` : `The picture: SAME and ${name}` : "The picture")];
  if (result && !result.right && !theirs) parts.push(unknownWindows(c.id, name, result));
  for (const [a, word] of distinctAxes(c, theirs)) {
    if (word) parts.push(h("h3", {}, word[0].toUpperCase() + word.slice(1)));
    parts.push(axisPicture(c.op, c.axes[a], name, theirs ? theirs[a] : null, madeBy(c, result)[a]));
  }
  parts.push(legend(theirs ? (isPool(c.op) ? [READ, WRONG, MISSED, PADDING] : [READ, MOVED, PADDING]) : [READ, PADDING]), h("p", { class: "small screen-only" }, "Point at a line, tap it, or go to it with the Tab and arrow keys, to see its elements."));
  const view = c.rank > 1 && c.axes.every((axis) => axis.k <= MOST_KEPT) ? windowView(c, name, theirs, theirs ? firstDiffering(c, theirs) : c.axes.map(() => 0)) : null;
  if (view) parts.push(h("h3", {}, "All axes together"), view.element);
  if (picture && picture.expected) {
    const arrays = arraysView(name, picture, c);
    // Pointing at a value shows its window.
    arrays.addEventListener("pointerover", (event) => {
      const cell = event.target.closest("td[data-cell]");
      if (!cell || c.compared !== "forward" || c.op === "conv_transpose") return;
      const at = cell.dataset.cell.split(",").map(Number);
      if (c.rank === 2) view.show(at);
      else if (c.rank === 1) for (const line of document.querySelectorAll("svg.strip .tap")) line.classList.toggle("hot", Number(line.dataset.line) === at[1]);
    });
    parts.push(h("h2", {}, "The results"), picture.by_rule ? h("p", { class: "small" }, `Computed from the rule that ${name} follows; its verdict in this run is the one that the rule predicts.`) : null, arrays);
  }
  return parts;
};

// The output cell whose window is worth showing first: one that both have and that differs, if there is one.
const firstDiffering = (c, theirs) => c.axes.map((axis, a) => {
  const [asked, given] = [readsOf(c.op, windowsOf(c.op, axis)), readsOf(c.op, theirs[a])];
  for (let o = 0; o < axis.out; o += 1) {
    const there = given(o);
    if (there && !sameTaps(there, asked(o))) return o;
  }
  return 0;
});

const unknownWindows = (id, name, result) => {
  if (result.verdict === "unsupported") return h("p", { class: "note" }, `${name} does not offer this case, so there is nothing of it to draw.`);
  return h("div", {}, h("p", { class: "small label" }, "What it reads was not recorded in this run; to see it drawn:"), command(`same-conformance show ${id} --with ${run.callees[name]}`));
};

// What witnesses that did not run said of the case when they were recorded.
const onRecord = (number) => {
  const heard = run.recorded.map(({ who, said }) => [who, said[number]]).filter(([, verdict]) => verdict >= 0);
  return heard.length ? h("p", { class: "names" }, "On record, not run here: ", heard.map(([who, verdict], i) => [i ? ", " : "", who, " ", mark(run.verdicts[verdict])]), ".") : null;
};

const verdictTable = (id, results, name) => {
  const failing = results.filter((one) => one.failed);
  const row = (one) => h("tr", { class: one.name === name ? "chosen" : null, "aria-current": one.name === name ? "true" : null },
    h("th", { scope: "row" }, h("a", { href: caseAddress(id, one.name) }, broken(one.name)), one.name === name ? h("span", { class: "unseen" }, " (shown above)") : null),
    h("td", {}, mark(one.verdict), one.standing === "as expected" ? null : h("small", {}, one.standing)),
    h("td", { "data-label": "its shape" }, one.shape), h("td", { class: "n", "data-label": "different" }, one.n || ""), h("td", { class: "n", "data-label": "at most by" }, amount(one.most)),
    h("td", {}, broken(one.message), one.why ? h("small", {}, linked(one.why)) : null));
  const heads = ["implementation", "verdict", "its shape", "different", "at most by", "what was said"];
  // Who does not fail is told in a line for each verdict.
  const lines = ["pass", "unspecified", "unsupported"].map((verdict) => [verdict, results.filter((one) => one.verdict === verdict)]).filter(([, of]) => of.length);
  return [
    failing.length ? scroller("Failures", h("table", { class: "grid stack keys" },
      h("thead", {}, h("tr", {}, heads.map((word, i) => h("th", { scope: "col", class: i === 3 || i === 4 ? "n" : null }, word)))), h("tbody", {}, failing.map(row)))) : null,
    ...lines.map(([verdict, of]) => h("p", { class: "names" }, mark(verdict), ` (${of.length}): `,
      series(of.map((one) => h("a", { href: caseAddress(id, one.name), title: one.message || null, "aria-current": one.name === name ? "true" : null }, broken(one.name)))), ".")),
  ];
};
