// The page of one case: who is right, what the windows read, and both results.

const sayError = (title, message) => [h("h1", {}, title), h("p", { class: "note bad" }, message)];

const casePage = (id, parameters) => {
  let c;
  try { c = parseCase(id); } catch (error) { return sayError("No such case", `${id.slice(0, 200)} is not the id of a case. ${error.message}`); }
  const results = run.rowsOfCase(id).map((i) => run.result(i));
  const failing = results.find((result) => result.failed);
  const name = parameters.get("with") || (failing ? failing.name : "");
  const result = results.find((one) => one.name === name);
  const picture = name ? run.picture(name, id) : null;
  const known = run.notes[id];
  const parts = [
    h("p", { class: "crumb" }, h("a", { href: "#/" }, "Overview"), " / case"),
    h("h1", { class: "id" }, id),
    h("p", { class: "lead" }, inWords(c), "."),
    known ? h("p", { class: "small" }, "Why it is there: ", known) : null,
    run.contested.has(run.numberOf(id)) ? h("p", { class: "note" }, "Contested: TensorFlow or JAX differ from the rule here. ", h("a", { href: "#/contested" }, "See which")) : null,
    h("p", {}, c.axes.map((axis, a) => h("span", { class: "axis-line" }, c.rank > 1 ? `axis ${a}: ` : "", `SAME ${c.op === "conv_transpose" ? "crops" : "pads"} `,
      h("b", {}, `${axis.before} before, ${axis.after} after`), `, ${count(axis.out, "output")}`))),
  ];
  if (result) {
    parts.push(h("p", { class: "answer" }, implementationLink(name), ": ", mark(result.verdict)),
      result.message && result.failed ? h("p", {}, result.message) : null,
      result.why ? h("p", { class: "small" }, `${result.standing}: ${result.why}`) : null);
  } else if (!results.length) parts.push(h("p", { class: "note" }, "Not in this run. What SAME asks for is drawn below; to check it: "), command(`same-conformance run --case ${id}`));

  let theirs = picture && picture.windows && picture.windows.length === c.rank && picture.windows.every(Array.isArray) ? picture.windows : null;
  if (result && result.right && c.compared === "forward") theirs = null;
  parts.push(h("h2", {}, result ? result.right ? `The picture: ${name} does as SAME asks` : `The picture: SAME and ${name}` : "The picture"));
  if (result && !result.right && !theirs) parts.push(unknownWindows(id, name, result));
  const view = c.rank > 1 ? windowView(c, name, theirs, theirs ? firstDiffering(c, theirs) : c.axes.map(() => 0)) : null;
  if (view) parts.push(view.element);
  c.axes.forEach((axis, a) => {
    if (c.rank > 1) parts.push(h("h3", {}, `Axis ${a}`));
    parts.push(axisPicture(c.op, axis, name, theirs ? theirs[a] : null));
  });
  parts.push(h("p", { class: "small" }, "Dashed: padding. Filled: what a window reads; outlined or marked ≠: not as SAME asks. Point at a line, or go to it with the Tab key, to see its elements."));
  if (picture && picture.expected) {
    const arrays = arraysView(name, picture);
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
  if (results.length) parts.push(h("h2", {}, "What everyone does with it"), ...verdictTable(id, results, name));
  if (name && result && result.failed) {
    parts.push(h("h2", {}, "Reproduce it"), command(`same-conformance repro ${id} --with ${name}`));
  }
  parts.push(h("p", { class: "small" }, h("a", { href: address("/calculator", calculatorState(c)) }, "These parameters in the calculator")));
  return parts.flat();
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
  if (result.verdict === "unsupported") return h("p", { class: "note" }, `${name} does not offer this case${result.message ? ": " + result.message : ""}.`);
  return h("div", {}, h("p", { class: "note" }, `${result.message || result.verdict}. What it reads was not recorded in this run; to see it:`), command(`same-conformance show ${id} --with ${name}`));
};

const verdictTable = (id, results, name) => {
  const offered = results.filter((one) => one.verdict !== "unsupported" || one.name === name);
  const others = results.filter((one) => !offered.includes(one));
  const row = (one) => h("tr", { class: one.name === name ? "chosen" : null, "aria-current": one.name === name ? "true" : null },
    h("th", { scope: "row" }, h("a", { href: caseAddress(id, one.name) }, one.name), one.name === name ? h("span", { class: "unseen" }, " (shown above)") : null),
    h("td", {}, mark(one.verdict), one.standing === "as expected" ? null : h("small", {}, one.standing)),
    h("td", {}, one.shape), h("td", { class: "n" }, one.n || ""), h("td", { class: "n" }, one.most),
    h("td", {}, one.message, one.why ? h("small", {}, one.why) : null));
  const heads = ["implementation", "verdict", "its shape", "different", "at most by", "what was said"];
  return [
    scroller("Verdicts", h("table", { class: "grid" },
      h("thead", {}, h("tr", {}, heads.map((word, i) => h("th", { scope: "col", class: i === 3 || i === 4 ? "n" : null }, word)))), h("tbody", {}, offered.map(row)))),
    others.length ? h("p", { class: "small" }, "Not offered by ", others.map((one, i) => [i ? ", " : "", h("a", { href: caseAddress(id, one.name), title: one.message }, one.name)]), ".") : null,
  ];
};
