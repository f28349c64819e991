// What the results of this run say of parameters that need not have run themselves: SAME works axis by axis, and its
// windows depend on the size only through the padding and the remainder n mod s, so cases that share these are alike.

const kindOf = (op, axis) =>
  [axis.k, axis.s, axis.d, axis.n % axis.s, axis.before, axis.after, op === "conv_transpose" ? axis.n * axis.s - axis.out : ""].join(",");

const evidence = (op, axes, padding) => {
  const wanted = new Set(axes.map((axis) => kindOf(op, axis)));
  const alike = new Map(); // number of the case: "all" axes are of the wanted kinds, or "some" are
  run.cases.forEach((_, number) => {
    const c = run.caseAt(number);
    if (!c || c.op !== op || c.padding !== padding) return;
    const kinds = c.axes.map((axis) => kindOf(op, axis));
    const covers = [...wanted].every((one) => kinds.includes(one));
    if (covers) alike.set(number, kinds.every((one) => wanted.has(one)) ? "all" : "some");
  });
  // The case to name is the one whose size is nearest to what was asked for.
  const distance = (number) => Math.abs(run.caseAt(number).axes[0].n - axes[0].n) + Math.abs(run.caseAt(number).rank - Math.max(axes.length, 2));
  const found = run.implementations.map((name) => ({ name, right: 0, wrong: 0, beside: 0, refused: "", excuse: "", offers: false, first: null, gradientWrong: 0, gradientRight: 0, firstGradient: null, example: null }));
  for (let i = 0; i < run.n; i += 1) {
    const how = alike.get(run.rows.case[i]);
    const one = found[run.rows.implementation[i]];
    const verdict = run.rows.verdict[i];
    const c = run.caseAt(run.rows.case[i]);
    if (c && c.op === op && c.padding === padding) {
      if (run.verdicts[verdict] !== "unsupported") one.offers = true;
      else one.excuse = one.excuse || run.texts[run.rows.message[i]];
    }
    if (!how) continue;
    const isForward = run.caseAt(run.rows.case[i]).compared === "forward";
    const number = run.rows.case[i];
    const id = run.cases[number];
    if (run.isRight[verdict]) {
      if (!isForward) one.gradientRight += 1;
      else if (how === "all") { one.right += 1; if (!one.example || distance(number) < one.near) { one.example = id; one.near = distance(number); } } else one.beside += 1;
    } else if (run.isFailure[verdict] && how === "all") {
      if (isForward) { one.wrong += 1; one.first = one.first || id; } else { one.gradientWrong += 1; one.firstGradient = one.firstGradient || id; }
    } else if (run.verdicts[verdict] === "unsupported" && how === "all") one.refused = one.refused || run.texts[run.rows.message[i]] || "unsupported";
  }
  return found;
};

// Whether the answer is yes, no or open, and the sentence with its evidence.
const answer = (one, id, apart) => {
  const n = one.right + one.wrong;
  if (one.wrong) return { state: "wrong", text: [one.right ? `wrong on ${one.wrong} of ${n} such cases, e.g. ` : n === 1 ? "wrong on the one such case, " : `wrong on all ${n} such cases, e.g. `, caseLink(one.first, one.name)] };
  if (n) return { state: "right", text: [n === 1 ? "right on the one such case, " : `right on all ${n} such cases, e.g. `, caseLink(one.example, one.name), one.beside ? `; and on ${one.beside} that have such an axis beside others` : ""] };
  if (one.beside) return { state: "right", text: [`right on ${count(one.beside, "case")} that have such an axis beside others`] };
  if (one.refused || (!one.offers && one.excuse)) return { state: "absent", text: [`not offered: ${one.refused || one.excuse}`] };
  const bad = apart.find((axis) => axis.wrong && !axis.right);
  if (bad) return { state: "wrong", text: ["wrong wherever all axes are like one of these, e.g. ", caseLink(bad.first, one.name)] };
  if (apart.length && apart.every((axis) => axis.right && !axis.wrong)) {
    return { state: "open", text: [`right on ${apart.map((axis) => axis.right).join(" and ")} cases of each axis by itself; not checked together: `, h("code", {}, `same-conformance run ${one.name} --case ${id}`)] };
  }
  return { state: "open", text: ["not checked in this run; run: ", h("code", {}, `same-conformance run ${one.name} --case ${id}`)] };
};

const SIGNS = { right: ["✓", "right"], wrong: ["≠", "wrong"], absent: ["–", "not offered"], open: ["?", "not checked"] };

const evidenceTable = (op, axes, padding) => {
  const id = caseId(op, axes.length === 1 ? [axes[0], axes[0]] : axes, padding);
  const rank = { wrong: 1, right: 0, open: 2, absent: 3 };
  const kinds = new Set(axes.map((axis) => kindOf(op, axis)));
  // Axes that are right one by one are a hint and no proof: some implementations take one axis for another.
  const apart = kinds.size > 1 ? axes.map((axis) => evidence(op, [axis], padding)) : [];
  const answers = evidence(op, axes, padding).map((one, i) => ({ one, ...answer(one, id, apart.map((of) => of[i])) })).sort((a, b) => rank[a.state] - rank[b.state]);
  const gradient = (one) => {
    const n = one.gradientRight + one.gradientWrong;
    if (one.gradientWrong) return h("small", {}, `gradients: wrong on ${one.gradientWrong} of ${n}, e.g. `, caseLink(one.firstGradient, one.name));
    return n ? h("small", {}, `gradients: right on all ${n}`) : null;
  };
  const n = (state) => answers.filter((one) => one.state === state).length;
  const summary = Object.entries(SIGNS).filter(([state]) => n(state)).map(([state, [sign, word]]) => h("span", { class: `word ${state}` }, h("span", { class: "sym", "aria-hidden": "true" }, sign), ` ${n(state)} ${word} `));
  return [h("p", { class: "tally" }, summary), h("table", { class: "answers" }, h("caption", { class: "unseen" }, "Which implementations are right for these parameters"),
    h("thead", {}, h("tr", {}, ["implementation", "answer", "evidence"].map((word) => h("th", { scope: "col" }, word)))),
    h("tbody", {}, answers.map(({ one, state, text }) => h("tr", { class: state, "data-name": one.name },
      h("th", { scope: "row" }, implementationLink(one.name)),
      h("td", {}, h("span", { class: `word ${state}` }, h("span", { class: "sym", "aria-hidden": "true" }, SIGNS[state][0]), " ", SIGNS[state][1])),
      h("td", {}, text, gradient(one))))))];
};
