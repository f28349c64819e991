// What the results of this run say of parameters that need not have run themselves: SAME works axis by axis, and its
// windows depend on the size only through the padding and the remainder n mod s, so cases that share these are alike.

const kindOf = (op, axis) =>
  [axis.k, axis.s, axis.d, axis.n % axis.s, axis.before, axis.after, op === "conv_transpose" ? axis.n * axis.s - axis.out : ""].join(",");

// Numbers given once mean an image, which is what nearly everyone asks about.
const imageOf = (axes) => (axes.length === 1 ? [axes[0], axes[0]] : axes);

// What an implementation offers or refuses whatever the sizes: a case refused is like others of its kind.
const featuresOf = (op, axes) => {
  const unequal = (key) => axes.some((axis) => axis[key] !== axes[0][key]);
  return [axes.some((axis) => axis.d > 1), axes.some((axis) => axis.s > 1), unequal("s"), unequal("d"), op === "conv_transpose" && axes.some((axis) => axis.out !== axis.n * axis.s)].join();
};
const isPlain = (c) => c.compared === "forward" && c.groups === 1 && c.calls === 1;

// Of other dtypes is told apart what they say, because who is right in float32 can be wrong in float16.
const evidence = (op, axes, padding, dtype) => {
  const rank = imageOf(axes).length, features = featuresOf(op, axes);
  const wanted = new Set(axes.map((axis) => kindOf(op, axis)));
  const alike = new Map(); // number of the case: "all" axes are of the wanted kinds, or "some" are
  run.cases.forEach((_, number) => {
    const c = run.caseAt(number);
    if (!c || c.op !== op || c.padding !== padding) return;
    const kinds = c.axes.map((axis) => kindOf(op, axis));
    const covers = [...wanted].every((one) => kinds.includes(one));
    if (covers) alike.set(number, kinds.every((one) => wanted.has(one)) ? "all" : "some");
  });
  const itself = run.numberOf(caseId(op, imageOf(axes), padding, dtype));
  // The case to name is the one whose size is nearest to what was asked for.
  const distance = (number) => Math.abs(run.caseAt(number).axes[0].n - axes[0].n) + Math.abs(run.caseAt(number).rank - Math.max(axes.length, 2));
  const found = run.implementations.map((name) => ({ name, itself: "", right: 0, wrong: 0, beside: 0, refused: "", excuse: "", offers: false, has: false, hasRank: false, why: "", elsewhere: new Map(), alikeOffered: 0, alikeRefused: 0, alikeExcuse: "", first: null, gradientWrong: 0, gradientRight: 0, firstGradient: null, example: null, inOthers: new Map() }));
  for (let i = 0; i < run.n; i += 1) {
    const number = run.rows.case[i];
    const how = alike.get(number);
    const one = found[run.rows.implementation[i]];
    const verdict = run.rows.verdict[i];
    const c = run.caseAt(number);
    if (c && c.op === op) {
      const isOffered = run.verdicts[verdict] !== "unsupported";
      one.has ||= isOffered;
      // A reason that was given in another rank or dtype says nothing here.
      if (c.padding === padding && c.rank === rank && c.dtype === dtype) {
        const said = isOffered ? "" : run.texts[run.rows.message[i]];
        if (isOffered) one.offers = true;
        else one.excuse = one.excuse || said;
        if (isPlain(c) && featuresOf(op, c.axes) === features) {
          if (isOffered) one.alikeOffered += 1;
          else { one.alikeRefused += 1; one.alikeExcuse = one.alikeExcuse || said; }
        }
        if (run.isFailure[verdict] && c.compared === "forward") one.elsewhere.set(run.texts[run.rows.why[i]], number);
      }
    }
    if (!how) continue;
    const isForward = c.compared === "forward";
    const id = run.cases[number];
    if (c.dtype !== dtype) {
      if (isForward && how === "all" && (run.isRight[verdict] || run.isFailure[verdict])) {
        const there = one.inOthers.get(c.dtype) || { right: 0, wrong: 0, first: id };
        if (run.isFailure[verdict] && !there.wrong) there.first = id;
        there[run.isFailure[verdict] ? "wrong" : "right"] += 1;
        one.inOthers.set(c.dtype, there);
      }
      continue;
    }
    if (number === itself) one.itself = run.isRight[verdict] ? "right" : run.isFailure[verdict] ? "wrong" : "";
    if (run.isRight[verdict]) {
      if (!isForward) one.gradientRight += 1;
      else if (how === "all") { one.right += 1; one.hasRank ||= c.rank === rank; if (!one.example || distance(number) < one.near) { one.example = id; one.near = distance(number); } } else one.beside += 1;
    } else if (run.isFailure[verdict] && how === "all") {
      if (isForward) { one.wrong += 1; one.first = one.first || id; one.why = one.why || run.texts[run.rows.why[i]]; } else { one.gradientWrong += 1; one.firstGradient = one.firstGradient || id; }
    } else if (run.verdicts[verdict] === "unsupported" && how === "all" && c.rank === rank && isPlain(c)) one.refused = one.refused || run.texts[run.rows.message[i]] || "unsupported";
  }
  return found;
};

// Whether the answer is yes, no or open, and what makes the sentence with its evidence, each time anew.
const answer = (one, id, apart) => {
  const n = one.right + one.wrong;
  if (one.wrong) {
    const shown = one.itself === "wrong" ? id : one.first;
    return { state: "wrong", text: () => [caseLink(shown, one.name), shown === id ? " itself fails" : " fails", n > 1 ? `; wrong on ${one.wrong} of ${n} cases like it${one.right ? ", which SAME treats alike and it does not" : ""}` : ""] };
  }
  // What passes in another rank and is refused in this one is not offered.
  if (one.refused && !one.hasRank) return { state: "absent", text: () => [one.refused] };
  if (one.itself === "right") return { state: "right", text: () => [caseLink(id, one.name), " itself passes", n > 1 ? `, and so ${n === 2 ? "does the other" : `do the other ${n - 1}`} like it` : ""] };
  if (n) return { state: "right", text: () => [n === 1 ? "passes on the one case like it, " : `passes on all ${n} cases like it, e.g. `, caseLink(one.example, one.name)] };
  if (one.beside) return { state: "right", text: () => [`passes on ${count(one.beside, "case")} that have such an axis beside others`] };
  if (one.refused || (!one.offers && one.excuse)) return { state: "absent", text: () => [one.refused || one.excuse] };
  if (!one.alikeOffered && one.alikeRefused > 1) return { state: "absent", text: () => [one.alikeExcuse || "no reason given", `: so it says of all ${one.alikeRefused} cases that stride and dilate alike`] };
  const bad = apart.find((axis) => axis.wrong && !axis.right);
  if (bad) return { state: "wrong", text: () => ["wrong wherever all axes are like one of these, e.g. ", caseLink(bad.first, one.name)] };
  if (apart.length && apart.every((axis) => axis.right && !axis.wrong)) {
    return { state: "open", text: () => [`passes on ${apart.map((axis) => axis.right).join(" and ")} cases of each axis by itself; not checked together`] };
  }
  return { state: "open", text: () => ["no case like it ran", one.inOthers.size ? " in this dtype" : ""] };
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
  const dtype = state.dtype || "float32";
  const id = caseId(op, imageOf(axes), padding, dtype);
  const kinds = new Set(axes.map((axis) => kindOf(op, axis)));
  // Axes that are right one by one are a hint and no proof: some implementations take one axis for another.
  const apart = kinds.size > 1 ? axes.map((axis) => evidence(op, [axis], padding, dtype)) : [];
  const elsewhere = neighbours(op, axes, padding).map((there) => [there, evidence(op, there, padding, dtype)]);
  const order = { wrong: 0, right: 2, open: 3, absent: 4 }; // what is wrong is what a reader has to know of
  const isLucky = isLuckyFor(op);
  const rank = (one) => order[one.state] - (isLucky(one) ? 1 : 0);
  return evidence(op, axes, padding, dtype)
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

// Why those are wrong that are: what is listed of it, with where it is reported, or what was found out.
const cardFor = (name, op, why) => run.cards.find((card) => card.implementation === name && card.ops.includes(op) && (why ? card.why === why : card.standing === "unexpected"));
const reasonNote = ({ state, one }, op) => {
  if (state !== "wrong" || !(one.wrong || one.why)) return null;
  const card = cardFor(one.name, op, one.why);
  const told = one.why || (card && card.title) || "";
  if (!told) return null;
  const report = card && card.report && !told.includes(card.report) ? ["; ", linked(reported(card.report))] : null;
  return h("small", { class: "reason" }, linked(told), report);
};

// What is known against one who is right here: by its rule, or by failures elsewhere in the same op and rank.
const knownElsewhere = ({ state, one }, op) => {
  if (state !== "right") return [];
  if (one.name in run.rules) return [[run.rules[one.name], null, ""]];
  return [...one.elsewhere.entries()].map(([why, number]) => {
    const card = cardFor(one.name, op, why);
    return [card ? card.title : why || "fails", card ? card.case : run.cases[number], card ? card.report : ""];
  });
};
const elsewhereNote = (each, op) => {
  const known = knownElsewhere(each, op);
  if (!known.length) return null;
  return h("span", { class: "flag" }, h("span", { class: "sym", "aria-hidden": "true" }, "≠"), " but wrong elsewhere: ",
    known.slice(0, 3).map(([title, example, report], i) => [i ? "; " : "", linked(title), example ? [" (", caseLink(example, each.one.name), report ? ["; ", linked(reported(report))] : null, ")"] : null]),
    known.length > 3 ? ["; ", h("a", { href: address("/impl/" + encodeURIComponent(each.one.name), { op }) }, `${known.length - 3} more`)] : null);
};

// What it gives in other dtypes: each that is wrong by itself, with a case, the right ones in a few words.
const dtypeNote = (one) => {
  const found = DTYPES.filter((dtype) => one.inOthers.has(dtype)).map((dtype) => [dtype, one.inOthers.get(dtype)]);
  const right = found.filter(([, { wrong }]) => !wrong).map(([dtype]) => dtype);
  return [
    found.filter(([, { wrong }]) => wrong).map(([dtype, there]) => h("span", { class: "flag" }, h("span", { class: "sym", "aria-hidden": "true" }, "≠"),
      ` wrong in ${dtype}`, there.right ? ` on ${there.wrong} of ${there.wrong + there.right}` : "", ", e.g. ", caseLink(there.first, one.name))),
    right.length ? h("small", {}, `right in ${right.join(", ")}, too`) : null,
  ];
};

const gradientNote = (one) => {
  const n = one.gradientRight + one.gradientWrong;
  if (one.gradientWrong) return h("small", {}, `gradients: wrong on ${one.gradientWrong} of ${n}, e.g. `, caseLink(one.firstGradient, one.name));
  return n ? h("small", {}, n === 1 ? "gradients: right on the one case like it" : `gradients: right on all ${n}`) : null;
};

// What the chosen implementation does, in one line above everything else.
const headline = (chosen, asked, id) => h("div", { class: `headline ${chosen.state}` },
  h("p", { class: "answer" }, implementationLink(chosen.one.name), ": ", signed(chosen.state)),
  h("p", {}, chosen.text()), reasonNote(chosen, asked.op), trapNote(chosen, asked), elsewhereNote(chosen, asked.op), dtypeNote(chosen.one), gradientNote(chosen.one),
  chosen.state === "open" ? command(`same-conformance run ${run.callees[chosen.one.name]} --case ${id}`) : null,
  chosen.state !== "right" && chosen.one.name in run.rules ? h("p", { class: "small" }, `It is known to be wrong: ${run.rules[chosen.one.name]}.`) : null);

// Who is right, a line for each answer, in the order in which a reader can use them. Who is right here and wrong by rule or
// at the next sizes is told apart.
const isLuckyFor = (op) => (each) => each.state === "right" && (each.traps.length > 0 || knownElsewhere(each, op).length > 0);
const inShort = (answers, op, rank, id) => {
  const isLucky = isLuckyFor(op);
  const isMixed = Object.keys(run.frameworks).length > 1;
  const open = answers.filter(({ state }) => state === "open").map(({ one }) => run.callees[one.name]);
  const lines = [
    ["right", "right", (each) => each.state === "right" && !isLucky(each)], ["lucky", `right here, but wrong in other ${rank}-D cases of ${op}`, isLucky],
    ...["wrong", "open"].map((state) => [state, SIGNS[state][1], (each) => each.state === state]),
    ["absent", "refused by", ({ one, state }) => state === "absent" && one.has], ["absent", `without ${op}`, ({ one, state }) => state === "absent" && !one.has],
  ];
  return h("div", { class: "short", role: "group", "aria-label": "Who is right, in short" }, lines.map(([state, words, holds]) => {
    const of = answers.filter(holds).map(({ one }) => one.name);
    return of.length ? h("p", { class: "names" }, h("span", { class: `word ${state}` }, h("span", { class: "sym", "aria-hidden": "true" }, SIGNS[state === "lucky" ? "right" : state][0]), words === "refused by" ? ` ${words} ${of.length}` : ` ${of.length} ${words}`), ": ",
      byFramework(of).map(([title, names], i) => [i ? "; " : "", isMixed ? [h("b", {}, title), " "] : null, series(names.map(implementationLink))])) : null;
  }), open.length ? [h("p", { class: "small label" }, open.length > 1 ? "To check all that are not checked:" : "To check it:"), command(`same-conformance run ${open.join(" ")} --case ${id}`)] : null);
};

const evidenceTable = (answers, asked) => {
  const { op } = asked;
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
      h("td", {}, each.text(), reasonNote(each, op), trapNote(each, asked), elsewhereNote(each, op), dtypeNote(each.one), gradientNote(each.one)))))),
    without.length ? h("p", { class: "small" }, `No ${asked.op} at all: `, series(without.map(({ one }) => implementationLink(one.name))), ".") : null];
};
