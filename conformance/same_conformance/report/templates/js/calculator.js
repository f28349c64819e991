// The calculator: parameters in, padding, picture, who is right, and code out.

// One number stands for both axes of an image.
const calculatorState = (c) => {
  const given = (key) => (c.rank === 2 && c.axes[0][key] === c.axes[1][key] ? `${c.axes[0][key]}` : c.axes.map((axis) => axis[key]).join("x"));
  return { op: c.op, n: given("n"), k: given("k"), s: given("s"), d: given("d"), padding: c.padding === "same" ? "" : c.padding, dtype: c.dtype === "float32" ? "" : c.dtype };
};

// Names by what their framework is called: who works with one framework looks for its names alone.
const byFramework = (names) => Object.entries(run.frameworks).map(([title, of]) => [title, of.filter((name) => names.includes(name))]).filter(([, of]) => of.length);

// Everyone of the run, to ask about one.
const implementationField = (chosen) => {
  const option = (name) => h("option", { value: name, selected: name === chosen }, name);
  return field("implementation", h("select", { name: "with" }, h("option", { value: "" }, "all of them"),
    byFramework(run.implementations).map(([title, names]) => h("optgroup", { label: title }, names.map(option)))), { class: "field chooser" });
};

const LARGEST = 1000000;
const numbersOf = (text, word) => {
  // A minus sign parts two numbers, as in a case id, and is otherwise what it says.
  const values = (text || "").trim().split(/\s*[x×,;]\s*|\s+|(?<=\d)-(?=\d)/).map((part) => (part ? Number(part) : NaN));
  if (values.length > 3 || values.some((value) => !Number.isInteger(value) || value < 1 || value > LARGEST)) {
    const got = text ? `; got “${text.slice(0, 40)}”` : "";
    throw new Error(`${word}: write a whole number from 1 to ${LARGEST}, or one for each of up to three axes, as in 225 or 224x160${got}.`);
  }
  return values;
};

// One number stands for every axis.
const axesOf = (state) => {
  const given = { n: numbersOf(state.n, "Size"), k: numbersOf(state.k, "Kernel"), s: numbersOf(state.s || "1", "Stride"), d: numbersOf(state.d || "1", "Dilation") };
  const rank = Math.max(...Object.values(given).map((values) => values.length));
  for (const [key, values] of Object.entries(given)) {
    if (values.length !== 1 && values.length !== rank) throw new Error(`${{ n: "Size", k: "Kernel", s: "Stride", d: "Dilation" }[key]} has ${values.length} numbers, but there are ${rank} axes.`);
  }
  const at = (values, a) => (values.length === 1 ? values[0] : values[a]);
  const axes = Array.from({ length: rank }, (_, a) => axisOf(state.op, at(given.n, a), at(given.k, a), at(given.s, a), at(given.d, a), state.padding || "same"));
  return axes;
};

// Where it leads to the calculator, who wants another dtype chooses that there.
const calculatorForm = (state, submitted, changed) => {
  const input = (key, word, fallback) => field(word, h("input", { name: key, value: state[key] || fallback, inputmode: "text", size: 8, autocomplete: "off" }));
  const form = h("form", { class: "controls calc", "aria-label": "Parameters" },
    implementationField(state.with),
    field("op", select(OPS.map((op) => [op, op]), state.op, { name: "op" }), { class: "field chooser" }),
    input("n", "input size", "225"), input("k", "kernel", "3"), input("s", "stride", "2"), input("d", "dilation", "1"),
    field("mode", select([["same", "SAME"], ["same_lower", "SAME_LOWER"]], state.padding || "same", { name: "padding" }), { class: "field chooser" }),
    changed || state.dtype ? field("dtype", select(DTYPES.map((dtype) => [dtype, dtype]), state.dtype || "float32", { name: "dtype" }), { class: "field chooser" }) : null,
    h("button", { type: "submit", class: "primary" }, "Check"));
  const read = () => {
    const values = Object.fromEntries(new FormData(form));
    return { op: values.op, n: values.n.trim(), k: values.k.trim(), s: values.s.trim(), d: values.d.trim(), padding: values.padding === "same" ? "" : values.padding, dtype: !values.dtype || values.dtype === "float32" ? "" : values.dtype, with: values.with };
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); submitted(read()); });
  if (changed) form.addEventListener("input", (event) => changed(read(), event.target));
  return form;
};

// Those that are run because they are wrong can be left out, in the table of the front page and in the calculator.
const hidesKnown = () => document.documentElement.dataset.known === "hidden";
const hideKnown = (isHidden) => {
  document.documentElement.dataset.known = isHidden ? "hidden" : "";
  for (const box of document.querySelectorAll("input[name=known]")) box.checked = isHidden;
};
const knownSwitch = (changed) => (Object.keys(run.rules).length ? h("label", { class: "field check" },
  h("input", { type: "checkbox", name: "known", checked: hidesKnown(), onchange: (event) => { hideKnown(event.target.checked); changed(); } }), h("span", {}, "without those that are run because they are known to be wrong")) : "");

const calculatorPage = (parameters, section) => {
  const get = (key, fallback) => parameters.get(key) || fallback;
  const state = { op: OPS.includes(get("op")) ? get("op") : "conv", n: get("n", "225"), k: get("k", "3"), s: get("s", "2"), d: get("d", "1"), padding: get("padding") === "same_lower" ? "same_lower" : "", dtype: DTYPES.slice(1).includes(get("dtype")) ? get("dtype") : "", with: run.implementations.includes(get("with")) ? get("with") : "" };
  const taken = [["op", OPS.includes(get("op", "conv")), state.op], ["padding", ["", "same", "same_lower"].includes(get("padding", "")), "same"], ["dtype", DTYPES.includes(get("dtype", "float32")), "float32"], ["with", run.implementations.includes(get("with", "")) || !get("with"), "all of them"]];
  const refused = taken.filter(([, isKnown]) => !isKnown).map(([key, , instead]) => `${key} “${get(key).slice(0, 100)}”; ${instead} is taken instead`);
  const note = refused.length ? h("p", { class: "note", role: "status" }, `This report knows no ${refused.join(", and no ")}.`) : "";
  const result = h("div", { id: "answer" });
  let latest = state;
  const draw = (now, move) => {
    latest = now;
    move(address("/calculator", { ...now, known: hidesKnown() ? "hidden" : "" }));
    try {
      result.replaceChildren(...calculated(now));
      const told = result.querySelector(".headline .answer");
      if (told) say(told.textContent);
    } catch (error) {
      result.replaceChildren(h("p", { class: "note bad" }, error.message));
    }
  };
  const form = calculatorForm(state, (now) => draw(now, step), (now, from) => draw(now, from.matches("select") ? step : amend));
  section.replaceChildren(h("h1", { id: "h-calculator" }, "Calculator"), h("p", { class: "lead" }, "What SAME does for a layer, who is right for it, and the code. One number stands for every axis; 224x160 for two."), note, form, knownSwitch(() => draw(latest, amend)), result);
  draw(state, amend);
};

const explainCommand = (state, axes, padding) => {
  const of = (field) => axes.map((axis) => axis[field]).join("x");
  const extra = [["op", state.op, "conv"], ["padding", padding, "same"]].filter(([, value, usual]) => value !== usual).map(([name, value]) => ` --${name} ${value}`).join("");
  return `same-conformance explain --size ${of("n")} --kernel ${of("k")} --stride ${of("s")} --dilation ${of("d")}${extra}`;
};

const calculated = (state) => {
  const axes = axesOf(state);
  const padding = state.padding || "same";
  const image = imageOf(axes);
  const id = caseId(state.op, image, padding, state.dtype);
  const word = state.op === "conv_transpose" ? "crops" : "pads";
  const summary = axes.map((axis, a) => h("p", { class: "answer" }, axes.length > 1 ? h("span", { class: "small" }, `axis ${a}: `) : null, `SAME ${word} `,
    h("b", {}, `${axis.before} before`), " and ", h("b", {}, `${axis.after} after`), "; output ", h("b", {}, axis.out), "."));
  const remark = axes.some((axis) => axis.unclamped < 0) ? h("p", { class: "small" }, state.op === "conv_transpose" ? "The kernel is shorter than the stride: some outputs are 0, and what is missing is at the end." : "The stride leaves elements out at the end; SAME does not crop for that.") : null;
  const distinct = axes.filter((axis, a) => axes.findIndex((other) => kindOf(state.op, other) === kindOf(state.op, axis) && other.n === axis.n) === a);
  const answers = answersFor(state, axes, padding).filter(({ one }) => !hidesKnown() || !(one.name in run.rules) || one.name === state.with);
  const chosen = answers.find(({ one }) => one.name === state.with);
  return [
    h("p", { class: "print-only" }, inWords(parseCase(id)), "."),
    chosen ? headline(chosen, state, id) : null,
    ...summary, remark,
    chosen ? null : inShort(answers, state.op, image.length, id),
    chosen ? null : h("p", { class: "screen-only" }, h("button", { type: "button", class: "leader", onclick: () => document.getElementById("who").scrollIntoView() }, "The evidence for each")),
    h("h2", {}, "Code"),
    recipeView(state.op, image, padding),
    linkCopier(),
    h("p", { class: "small" }, "In the terminal: ", h("code", {}, broken(explainCommand(state, axes, padding)))),
    h("h2", {}, "The picture"),
    ...distinct.map((axis) => axisPicture(state.op, axis, "", null)),
    h("h2", { id: "who" }, "Who is right for this"),
    ...evidenceTable(answers, state),
    h("p", { class: "small" }, `Like it are the ${state.dtype || "float32"} cases whose axes have this kernel, stride and dilation, and the same padding and n mod s: by the rule they are alike. `,
      caseLink(id), run.hasCase(id) ? " itself ran." : " itself did not run."),
  ].filter(Boolean);
};

// The form that leads to the calculator, for who has a layer in mind.
const layerForm = (state) => h("section", { class: "layer", "aria-label": "Ask about a layer" }, h("h2", {}, "Is it right for my layer?"),
  calculatorForm(state, (asked) => { location.hash = address("/calculator", asked); }));

// What an id looks like, for who wrote something else.
const idInWords = () => ["An id looks like ", h("code", { class: "nb" }, "conv.n225-225.k3-3.s2-2"), ": the op, then size n, kernel k, stride s and dilation d, with a number for each axis. ",
  h("a", { href: "#/rule" }, "All of its fields")];

// Find a case by its id, or results by their words; what is neither is said where it was written.
const finderForm = () => {
  const example = run.cases.find((id) => /^conv\.n\d\.k[2-9]$/.test(id)) || "conv.n5.k4";
  const find = h("input", { type: "search", name: "id", placeholder: example, spellcheck: "false", autocapitalize: "off", size: 12, "aria-describedby": "find-wrong" });
  const wrong = h("p", { class: "complaint", id: "find-wrong", role: "alert", hidden: true });
  const look = (event) => {
    event.preventDefault();
    const text = find.value.trim();
    let why = "";
    try {
      location.hash = caseAddress(parseCase(text.toLowerCase()).id);
      return;
    } catch (error) { why = error.message; }
    const words = { op: "", rank: "", verdict: "", impl: "", standing: "", network: "", where: "", q: text };
    wrong.replaceChildren();
    if (text && filterRows(words).length) location.hash = address("/explorer", { q: text });
    else wrong.replaceChildren(h("strong", { class: "bad" }, text ? `“${text.slice(0, 100)}” is no case id, and no result has such words. ` : "Write a case id, or words. "), text ? `${why} ` : "", ...idInWords());
    wrong.hidden = !wrong.childElementCount;
  };
  find.addEventListener("input", () => { wrong.hidden = true; });
  return h("form", { role: "search", "aria-label": "Find a case", onsubmit: look },
    h("div", { class: "controls" }, field("case id, or any words", find, { class: "field grow" }), h("button", { type: "submit" }, "Find")), wrong);
};

// The two questions that people come with, at the top of the front page.
const askForms = (holder) => holder.replaceChildren(layerForm({ op: "conv" }), h("section", { "aria-label": "Find" }, h("h2", {}, "Find a case"), finderForm()));
