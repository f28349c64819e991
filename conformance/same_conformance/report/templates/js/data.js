// Read the data that the page holds, and answer questions about them.

const readData = async () => {
  const element = document.getElementById("data");
  const text = element.textContent;
  if (element.dataset.packed !== "gzip") return JSON.parse(text);
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
};

// Windows that a picture holds as numbers: how many, what the first tap of the first reads, the steps from window to
// window and from tap to tap, and what there is to read.
const spelled = (axis, [many, start, stride, dilation, long]) =>
  windowsBy(many, axis.k, (o) => tapsFrom(start + o * stride, dilation, axis.k, long));

let run = null; // everything below is about this run

const makeRun = (data) => {
  const rows = data.rows;
  let last = 0;
  rows.case = Int32Array.from(rows.case, (difference) => (last += difference));
  const parsed = new Array(data.cases.length);
  const numberOf = new Map(data.cases.map((id, i) => [id, i]));
  const firstRow = new Int32Array(data.cases.length + 1).fill(rows.case.length); // rows are ordered by case
  for (let i = rows.case.length - 1; i >= 0; i -= 1) firstRow[rows.case[i]] = i;
  for (let i = data.cases.length - 1; i >= 0; i -= 1) firstRow[i] = Math.min(firstRow[i], firstRow[i + 1]);
  const words = new Array(data.cases.length);
  const pictures = new Map(data.pictures.map((picture) => [`${picture.implementation} ${picture.case}`, picture]));
  const isFailure = data.verdicts.map((verdict) => data.failures.includes(verdict));
  const isRight = data.verdicts.map((verdict) => verdict === "pass" || verdict === "unspecified");
  return {
    ...data,
    n: rows.case.length,
    isFailure,
    isRight,
    contested: new Set(data.contested),
    // The parsed case of a number; null for what is no case, which only a damaged record holds.
    caseAt(number) {
      if (parsed[number] === undefined) {
        try { parsed[number] = parseCase(data.cases[number]); } catch { parsed[number] = null; }
      }
      return parsed[number];
    },
    hasCase: (id) => numberOf.has(id),
    numberOf: (id) => numberOf.get(id),
    rowsOfCase(id) {
      const number = numberOf.get(id);
      return number === undefined ? [] : Array.from({ length: firstRow[number + 1] - firstRow[number] }, (_, i) => firstRow[number] + i);
    },
    // One result, unpacked.
    result(i) {
      const verdict = rows.verdict[i];
      return {
        case: data.cases[rows.case[i]],
        parsed: this.caseAt(rows.case[i]),
        name: data.implementations[rows.implementation[i]],
        verdict: data.verdicts[verdict],
        failed: isFailure[verdict],
        right: isRight[verdict],
        standing: data.standings[rows.standing[i]],
        shape: data.texts[rows.shape[i]],
        n: rows.n[i],
        most: data.texts[rows.most[i]],
        why: data.texts[rows.why[i]],
        message: data.texts[rows.message[i]],
      };
    },
    // The layers of networks that are a case: of each network their names.
    layersOf(number) {
      if (number === undefined) return [];
      return Object.entries(data.networks).flatMap(([network, cases]) => {
        const at = cases.indexOf(number);
        return at < 0 ? [] : [[network, data.layers[network][at]]];
      });
    },
    // The words by which a case is found: its id, and the layers that it is.
    wordsOf(number) {
      words[number] ??= `${data.cases[number]} ${this.layersOf(number).flat(2).join(" ")}`.toLowerCase();
      return words[number];
    },
    picture(name, c) {
      const found = pictures.get(`${name} ${c.id}`);
      return found && found.steps ? { ...found, windows: c.axes.map((axis, a) => spelled(axis, found.steps[a])) } : found;
    },
  };
};

// A verdict in the words of who has not read the list of them.
const markInWords = (verdict) => h("span", { class: `v v-${verdict}`, title: `verdict: ${verdict}` }, h("span", { class: "sym", "aria-hidden": "true" }, run.symbols[verdict] || "?"), " ", run.said[verdict] || verdict);

const mark = (verdict) => h("span", { class: `v v-${verdict}`, title: `verdict: ${verdict}` }, h("span", { class: "sym", "aria-hidden": "true" }, run.symbols[verdict] || "?"), " ", run.counted[verdict] || verdict);

// Where the words are explained, for pages that are full of them.
const wordsLink = () => h("p", { class: "small screen-only" }, h("a", { href: "#/rule" }, "What the words mean"));
