// All results: filtered, sorted, a page at a time, so that a hundred thousand are no more work than a hundred.

const PAGE = 100;

const COLUMNS = [
  ["case", "case", (i) => run.rows.case[i]],
  ["impl", "implementation", (i) => run.rows.implementation[i]],
  ["verdict", "verdict", (i) => run.rows.verdict[i]],
  ["shape", "its shape", (i) => run.texts[run.rows.shape[i]]],
  ["n", "different", (i) => run.rows.n[i]],
  ["most", "at most by", (i) => Number(run.texts[run.rows.most[i]] || 0)],
  ["said", "what was said", (i) => run.texts[run.rows.message[i]]],
];

// Several verdicts at once: what they are called, and which they are.
const VERDICT_GROUPS = {
  wrong: ["any failure", (verdict) => run.failures.includes(verdict)],
  offered: ["any but not offered", (verdict) => verdict !== "unsupported"],
  lacking: ["any failure or not offered", (verdict) => verdict === "unsupported" || run.failures.includes(verdict)],
};

// Returns the numbers of the rows that pass all filters; throws what is wrong with the condition.
const filterRows = (state) => {
  const holds = state.where ? compilePredicate(state.where) : null;
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  const rank = Number(state.rank);
  const asksOfCases = state.op || rank || holds;
  const fits = new Int8Array(run.cases.length).fill(asksOfCases ? -1 : 1); // of each case, asked once
  const caseFits = (number) => {
    const c = run.caseAt(number);
    return c && (!state.op || c.op === state.op) && (!rank || c.rank === rank) && (!holds || Boolean(holds(c)));
  };
  const { rows } = run;
  const isAsked = VERDICT_GROUPS[state.verdict] ? run.verdicts.map(VERDICT_GROUPS[state.verdict][1]) : run.verdicts.map((verdict) => !state.verdict || verdict === state.verdict);
  const ofNetwork = state.network ? new Set(run.networks[state.network]) : null;
  const name = state.impl ? run.implementations.indexOf(state.impl) : -1;
  const standing = state.standing ? run.standings.indexOf(state.standing) : -1;
  const found = [];
  for (let i = 0; i < run.n; i += 1) {
    if (!isAsked[rows.verdict[i]] || (ofNetwork && !ofNetwork.has(rows.case[i]))) continue;
    if (state.impl && rows.implementation[i] !== name) continue;
    if (state.standing && rows.standing[i] !== standing) continue;
    const number = rows.case[i];
    if (fits[number] < 0) fits[number] = caseFits(number) ? 1 : 0;
    if (!fits[number]) continue;
    if (words.length) {
      const text = `${run.wordsOf(number)} ${run.implementations[rows.implementation[i]]} ${run.texts[rows.message[i]]} ${run.texts[rows.why[i]]}`.toLowerCase();
      if (!words.every((word) => text.includes(word))) continue;
    }
    found.push(i);
  }
  return found;
};

const sortRows = (found, sort) => {
  const key = sort.replace(/^-/, "");
  const column = COLUMNS.find(([name]) => name === key);
  if (!column || (key === "case" && sort === "case")) return found; // the order of the data
  const down = sort.startsWith("-") ? -1 : 1;
  const of = column[2];
  const keyed = found.map((i) => [of(i), i]);
  keyed.sort(([a, i], [b, j]) => (a < b ? -down : a > b ? down : i - j));
  return keyed.map(([, i]) => i);
};

// Nothing was found: whether such cases ran at all, and what became of them.
const nothingFound = (state) => {
  const others = state.verdict ? filterRows({ ...state, verdict: "" }) : [];
  if (!others.length) return h("p", { class: "note" }, "Nothing matches all filters.");
  const verdicts = run.verdicts.map((verdict, v) => [verdict, others.filter((i) => run.rows.verdict[i] === v).length]).filter(([, n]) => n);
  return h("p", { class: "note" }, "Such cases ran, with other verdicts: ", verdicts.map(([verdict, n], i) => [i ? ", " : "", n.toLocaleString("en"), " ", mark(verdict)]), ". ",
    h("a", { href: address("/explorer", { ...state, verdict: "", page: "" }) }, "Show them"));
};

const explorerPage = (parameters, section) => {
  const plain = (values) => values.map((value) => [value, value]);
  const choices = {
    op: ["op", plain(run.ops)], rank: ["axes", [["1", "1-D"], ["2", "2-D"], ["3", "3-D"]]],
    verdict: ["verdict", [...Object.entries(VERDICT_GROUPS).map(([key, [word]]) => [key, word]), ...run.verdicts.map((verdict) => [verdict, run.counted[verdict]])]],
    impl: ["implementation", plain(run.implementations)], standing: ["standing", plain(run.standings)], network: ["network", plain(Object.keys(run.networks))],
  };
  const keys = [...Object.keys(choices), "where", "q", "sort", "page"];
  const state = Object.fromEntries(keys.map((key) => [key, parameters.get(key) || ""]));
  const unknown = Object.keys(choices).filter((key) => state[key] && !choices[key][1].some(([value]) => value === state[key]));
  const note = unknown.length ? h("p", { class: "note" }, `This run has no ${unknown.map((key) => `${choices[key][0]} “${state[key].slice(0, 100)}”`).join(" and no ")}: any is shown.`) : null;
  for (const key of unknown) state[key] = "";
  const go = (move, change) => {
    if (section.hidden || !results.isConnected) return; // the reader left before what was typed took effect
    Object.assign(state, { page: "" }, change);
    move(address("/explorer", state));
    draw();
  };
  const results = h("div", { class: "results" });
  const hint = h("p", { class: "hint", id: "where-hint" }, "Of each axis: n k s d ke out before after total; of the case: op rank padding dtype batch groups compared calls. ",
    "Without any(...) or all(...) it is enough that one axis has it all: ", h("code", {}, "k even and s > k"), " finds a case one axis of which has both. Or: ", h("code", {}, "all(n % s == 0) and dtype == 'float16'"), ".");
  const wrong = h("p", { class: "bad complaint", id: "where-wrong", role: "alert", hidden: true });
  const option = ([key, [word, values]]) => (values.length ? field(word, select([["", "any"], ...values], state[key], { onchange: (event) => go(step, { [key]: event.target.value }), name: key })) : null);
  let later = 0;
  const typed = (key) => (event) => {
    clearTimeout(later);
    later = setTimeout(() => go(amend, { [key]: event.target.value.trim() }), 150);
  };
  const controls = h("form", { class: "controls", role: "search", "aria-label": "Filters", onsubmit: (event) => event.preventDefault() },
    Object.entries(choices).map(option),
    h("div", { class: "grow where" }, field("where", h("input", { type: "text", name: "where", value: state.where, placeholder: "k even and s > k", spellcheck: "false", autocapitalize: "off", "aria-describedby": "where-wrong where-hint", oninput: typed("where") }), { class: "field grow" }), wrong),
    field("text", h("input", { type: "search", name: "q", value: state.q, placeholder: "id, layer or message", oninput: typed("q") }), { class: "field grow" }),
    field("order", select(COLUMNS.flatMap(([key, word]) => (key === "case" ? [["case", "case, smallest first"], ["-case", "case, largest first"]] : [[key, word], [`-${key}`, `${word}, falling`]])), state.sort || "case", { name: "sort", onchange: (event) => go(step, { sort: event.target.value }) }), { class: "field order" }),
    h("button", { type: "button", onclick: () => { location.hash = "#/explorer"; } }, "Clear"));
  const draw = () => {
    let found;
    try {
      found = sortRows(filterRows(state), state.sort);
    } catch (error) {
      // Somebody is still writing: what was found before stays to be looked at.
      wrong.textContent = `${error.message}${results.childElementCount ? " Below is what was found before." : ""}`;
      wrong.hidden = false;
      results.classList.toggle("stale", results.childElementCount > 0);
      return;
    }
    wrong.hidden = true;
    results.classList.remove("stale");
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    const page = Math.min(Math.max(1, Number(state.page) || 1), pages);
    const text = `${count(found.length, "result")}${found.length < run.n ? ` of ${run.n.toLocaleString("en")}` : ""}`;
    const turn = (to, word) => h("button", { type: "button", disabled: to < 1 || to > pages, onclick: () => { go(step, { page: String(to) }); results.querySelector("h2").focus(); } }, word);
    const ascending = state.sort || "case";
    const head = COLUMNS.map(([key, word]) => {
      const now = ascending === key ? "ascending" : ascending === `-${key}` ? "descending" : "none";
      return h("th", { scope: "col", "aria-sort": now }, h("button", { type: "button", class: "sorter", title: key === "case" ? "smallest first, or largest" : null, onclick: () => { go(step, { sort: now === "ascending" ? `-${key}` : key }); results.querySelector(`[data-sort="${key}"]`).focus(); }, "data-sort": key },
        word, h("span", { "aria-hidden": "true" }, now === "ascending" ? " ↑" : now === "descending" ? " ↓" : " ↕")));
    });
    const body = found.slice((page - 1) * PAGE, page * PAGE).map((i) => {
      const one = run.result(i);
      const layers = state.network ? run.layersOf(run.rows.case[i]).filter(([network]) => network === state.network).flatMap(([, names]) => names) : [];
      return h("tr", {}, h("td", {}, caseLink(one.case, one.name), layers.length ? h("small", {}, broken(layers.length > 6 ? `${layers.slice(0, 6).join(", ")} and ${layers.length - 6} more` : layers.join(", "))) : null), h("td", {}, implementationLink(one.name)),
        h("td", {}, mark(one.verdict), one.standing === "as expected" ? null : h("small", {}, one.standing)),
        h("td", { "data-label": "its shape" }, one.shape), h("td", { class: "n", "data-label": "different" }, one.n || ""), h("td", { class: "n", "data-label": "at most by" }, amount(one.most)), h("td", {}, broken(one.message), one.why ? h("small", {}, broken(one.why)) : null));
    });
    // Paper has no form to show what was chosen.
    const chosen = Object.entries(choices).filter(([key]) => state[key]).map(([key, [word, values]]) => `${word}: ${values.find(([value]) => value === state[key])[1]}`);
    const written = [["where", state.where], ["text", state.q], ["order", state.sort.replace(/^-(.*)/, "$1, falling")]].filter(([, value]) => value).map(([word, value]) => `${word}: ${value}`);
    results.replaceChildren(
      h("h2", { tabindex: -1, class: "count" }, text),
      h("p", { class: "small print-only" }, [...chosen, ...written].join("; ")),
      found.length ? scroller("Results", h("table", { class: "grid rows stack keys" }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, body))) : nothingFound(state),
      pages > 1 ? h("div", { class: "pager" }, turn(page - 1, "Previous"), h("span", {}, `page ${page} of ${pages.toLocaleString("en")}`), turn(page + 1, "Next")) : "");
    controls.querySelector("[name=sort]").value = state.sort || "case";
    say(text);
  };
  draw();
  section.replaceChildren(h("h1", { id: "h-explorer" }, "Explorer"), note || "", controls, hint, h("div", { class: "beside" }, wordsLink(), linkCopier()), results);
};
