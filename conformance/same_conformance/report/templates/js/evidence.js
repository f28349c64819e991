// What the results of this run say of parameters that need not have run themselves: SAME works axis by axis, and its
// windows depend on the size only through the padding and the remainder n mod s, so cases that share these are alike.

const kindOf = (op, axis) =>
  [axis.k, axis.s, axis.d, axis.n % axis.s, axis.before, axis.after, op === "conv_transpose" ? axis.n * axis.s - axis.out : ""].join(",");

// Numbers given once mean an image, which is what nearly everyone asks about.
const imageOf = (axes) => (axes.length === 1 ? [axes[0], axes[0]] : axes);

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
  const itself = run.numberOf(caseId(op, imageOf(axes), padding));
  // The case to name is the one whose size is nearest to what was asked for.
  const distance = (number) => Math.abs(run.caseAt(number).axes[0].n - axes[0].n) + Math.abs(run.caseAt(number).rank - Math.max(axes.length, 2));
  const found = run.implementations.map((name) => ({ name, itself: "", right: 0, wrong: 0, beside: 0, refused: "", excuse: "", offers: false, has: false, first: null, gradientWrong: 0, gradientRight: 0, firstGradient: null, example: null }));
  for (let i = 0; i < run.n; i += 1) {
    const number = run.rows.case[i];
    const how = alike.get(number);
    const one = found[run.rows.implementation[i]];
    const verdict = run.rows.verdict[i];
    const c = run.caseAt(number);
    if (c && c.op === op) {
      const isOffered = run.verdicts[verdict] !== "unsupported";
      one.has ||= isOffered;
      if (c.padding === padding) {
        if (isOffered) one.offers = true;
        else one.excuse = one.excuse || run.texts[run.rows.message[i]];
      }
    }
    if (!how) continue;
    const isForward = c.compared === "forward";
    const id = run.cases[number];
    if (number === itself) one.itself = run.isRight[verdict] ? "right" : run.isFailure[verdict] ? "wrong" : "";
    if (run.isRight[verdict]) {
      if (!isForward) one.gradientRight += 1;
      else if (how === "all") { one.right += 1; if (!one.example || distance(number) < one.near) { one.example = id; one.near = distance(number); } } else one.beside += 1;
    } else if (run.isFailure[verdict] && how === "all") {
      if (isForward) { one.wrong += 1; one.first = one.first || id; } else { one.gradientWrong += 1; one.firstGradient = one.firstGradient || id; }
    } else if (run.verdicts[verdict] === "unsupported" && how === "all") one.refused = one.refused || run.texts[run.rows.message[i]] || "unsupported";
  }
  return found;
};

// Whether the answer is yes, no or open, and what makes the sentence with its evidence, each time anew.
const answer = (one, id, apart) => {
  const n = one.right + one.wrong;
  if (one.wrong) {
    const shown = one.itself === "wrong" ? id : one.first;
    return { state: "wrong", text: () => [caseLink(shown, one.name), shown === id ? " itself fails" : " fails", n > 1 ? `; wrong on ${one.wrong} of ${n} cases like it` : ""] };
  }
  if (one.itself === "right") return { state: "right", text: () => [caseLink(id, one.name), " itself passes", n > 1 ? `, and so ${n === 2 ? "does the other" : `do the other ${n - 1}`} like it` : ""] };
  if (n) return { state: "right", text: () => [n === 1 ? "passes on the one case like it, " : `passes on all ${n} cases like it, e.g. `, caseLink(one.example, one.name)] };
  if (one.beside) return { state: "right", text: () => [`passes on ${count(one.beside, "case")} that have such an axis beside others`] };
  if (one.refused || (!one.offers && one.excuse)) return { state: "absent", text: () => [one.refused || one.excuse] };
  const bad = apart.find((axis) => axis.wrong && !axis.right);
  if (bad) return { state: "wrong", text: () => ["wrong wherever all axes are like one of these, e.g. ", caseLink(bad.first, one.name)] };
  const check = () => h("code", {}, broken(`same-conformance run ${run.callees[one.name]} --case ${id}`));
  if (apart.length && apart.every((axis) => axis.right && !axis.wrong)) {
    return { state: "open", text: () => [`passes on ${apart.map((axis) => axis.right).join(" and ")} cases of each axis by itself; not checked together: `, check()] };
  }
  return { state: "open", text: () => ["no case like it ran; to check: ", check()] };
};

const SIGNS = { right: ["✓", "right"], wrong: ["≠", "wrong"], absent: ["–", "not offered"], open: ["?", "not checked"] };
const signed = (state) => h("span", { class: `word ${state}` }, h("span", { class: "sym", "aria-hidden": "true" }, SIGNS[state][0]), " ", SIGNS[state][1]);

// The same layer at the next sizes, until n mod s has taken every value: what is right here may be wrong there.
const MOST_NEIGHBOURS = 8;
const neighbours = (op, axes, padding) => {
  if (op === "conv_transpose") return []; // crops the same at every size
  const most = Math.min(Math.max(...axes.map((axis) => axis.s)), MOST_NEIGHBOURS + 1);
  const down = axes.every((axis) => axis.n >= most);
  return Array.from({ length: most - 1 }, (_, i) => axes.map((axis) => axisOf(op, down ? axis.n - i - 1 : axis.n + i + 1, axis.k, axis.s, axis.d, padding)));
};

// Everyone's answer, those first that can be used and have nothing against them.
const answersFor = (state, axes, padding) => {
  const { op } = state;
  const id = caseId(op, imageOf(axes), padding);
  const kinds = new Set(axes.map((axis) => kindOf(op, axis)));
  // Axes that are right one by one are a hint and no proof: some implementations take one axis for another.
  const apart = kinds.size > 1 ? axes.map((axis) => evidence(op, [axis], padding)) : [];
  const elsewhere = neighbours(op, axes, padding).map((there) => [there, evidence(op, there, padding)]);
  const order = { wrong: 0, right: 2, open: 3, absent: 4 }; // what is wrong is what a reader has to know of
  const rank = (one) => order[one.state] - (one.state === "right" && (one.traps.length || one.one.name in run.rules) ? 1 : 0);
  return evidence(op, axes, padding)
    .map((one, i) => ({ one, ...answer(one, id, apart.map((of) => of[i])), traps: elsewhere.filter(([, found]) => found[i].wrong).map(([there]) => there) }))
    .sort((a, b) => rank(a) - rank(b));
};

const trapNote = ({ state, traps }, asked) => {
  if (state !== "right" || !traps.length) return null;
  const links = traps.map((there, i) => {
    const n = there.map((axis) => axis.n).join("x");
    return [i === 0 ? "" : i === traps.length - 1 ? " and " : ", ", h("a", { href: address("/calculator", { ...asked, n }) }, n)];
  });
  return h("span", { class: "flag" }, h("span", { class: "sym", "aria-hidden": "true" }, "≠"), " but wrong at size ", links);
};

const gradientNote = (one) => {
  const n = one.gradientRight + one.gradientWrong;
  if (one.gradientWrong) return h("small", {}, `gradients: wrong on ${one.gradientWrong} of ${n}, e.g. `, caseLink(one.firstGradient, one.name));
  return n ? h("small", {}, `gradients: right on all ${n}`) : null;
};

// What the chosen implementation does, in one line above everything else.
const headline = (chosen, asked) => h("div", { class: `headline ${chosen.state}` },
  h("p", { class: "answer" }, implementationLink(chosen.one.name), ": ", signed(chosen.state)),
  h("p", {}, chosen.text()), trapNote(chosen, asked), gradientNote(chosen.one),
  chosen.one.name in run.rules ? h("p", { class: "small" }, `It is known to be wrong: ${run.rules[chosen.one.name]}.`) : null);

// Who is right, a line for each answer, in the order in which a reader can use them. Who is right here and wrong by rule or
// at the next sizes is told apart.
const inShort = (answers) => {
  const isLucky = ({ state, one, traps }) => state === "right" && (traps.length > 0 || one.name in run.rules);
  const lines = [
    ["right", "right", (each) => each.state === "right" && !isLucky(each)], ["right", "right here, but wrong elsewhere", isLucky],
    ...["wrong", "open", "absent"].map((state) => [state, SIGNS[state][1], (each) => each.state === state]),
  ];
  return h("div", { class: "short", role: "group", "aria-label": "Who is right, in short" }, lines.map(([state, words, holds]) => {
    const of = answers.filter(holds).map(({ one }) => one.name).sort();
    return of.length ? h("p", { class: "names" }, h("span", { class: `word ${state}` }, h("span", { class: "sym", "aria-hidden": "true" }, SIGNS[state][0]), ` ${of.length} ${words}`), ": ",
      of.map((name, i) => [i ? ", " : "", implementationLink(name)])) : null;
  }));
};

const evidenceTable = (answers, asked) => {
  // Who has nothing of the op at all is told in one line.
  const without = answers.filter(({ one, state }) => state === "absent" && !one.has);
  const shown = answers.filter((each) => !without.includes(each));
  const n = (state) => answers.filter((each) => each.state === state).length;
  const summary = Object.entries(SIGNS).filter(([state]) => n(state)).map(([state, [sign, word]]) => h("span", { class: `word ${state}` }, h("span", { class: "sym", "aria-hidden": "true" }, sign), ` ${n(state)} ${word} `));
  return [h("p", { class: "tally" }, summary), h("table", { class: "answers" }, h("caption", { class: "unseen" }, "Which implementations are right for these parameters"),
    h("thead", {}, h("tr", {}, ["implementation", "answer", "evidence"].map((word) => h("th", { scope: "col" }, word)))),
    h("tbody", {}, shown.map((each) => h("tr", { class: each.one.name === asked.with ? `${each.state} chosen` : each.state, "data-name": each.one.name },
      h("th", { scope: "row" }, implementationLink(each.one.name), each.one.name in run.rules ? [" ", h("span", { class: "tag" }, "known to be wrong")] : null),
      h("td", {}, signed(each.state)),
      h("td", {}, each.text(), trapNote(each, asked), gradientNote(each.one)))))),
    without.length ? h("p", { class: "small" }, `No ${asked.op} at all: `, without.map(({ one }, i) => [i ? ", " : "", implementationLink(one.name)]), ".") : null];
};
