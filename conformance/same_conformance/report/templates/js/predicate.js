// Conditions over the parameters of a case, such as "k even and s > k": the language of same_conformance/predicate.py,
// read into closures (never evaluated as code), with "even", "odd" and "=" for those who type in a hurry.
// Names of one axis outside any(...) and all(...) ask for any axis.

const AXIS_NAMES = ["axis", "n", "k", "s", "d", "ke", "out", "before", "after", "total", "unclamped"];
const CASE_NAMES = ["op", "rank", "padding", "dtype", "batch", "channels", "groups", "compared", "calls", "inputs", "outputs",
  "equal_sizes", "equal_kernels", "equal_strides", "equal_dilations", "equal_pads"];

const caseValue = (c, name) => {
  const equal = (key) => c.axes.every((axis) => axis[key] === c.axes[0][key]);
  switch (name) {
    case "inputs": return c.channels[0];
    case "outputs": return c.channels[c.channels.length - 1];
    case "equal_sizes": return equal("n");
    case "equal_kernels": return equal("k");
    case "equal_strides": return equal("s");
    case "equal_dilations": return equal("d");
    case "equal_pads": return equal("before") && equal("after");
    default: return c[name];
  }
};

const SIGN_WORDS = ["and", "or", "not", "in", "any", "all", "even", "odd", "True", "False"];
const isWord = (word) => AXIS_NAMES.includes(word) || CASE_NAMES.includes(word) || SIGN_WORDS.includes(word);

// Whole words for the letters of an axis are as good.
const SYNONYMS = { size: "n", kernel: "k", stride: "s", strides: "s", dilation: "d" };
const wordFor = (typed) => {
  const lower = typed.toLowerCase();
  return SYNONYMS[lower] || (isWord(lower) ? lower : typed);
};

// What those type who have not read which names there are.
const MEANT = { output: "out", dims: "rank", axes: "rank", batches: "batch", group: "groups", true: "True", false: "False", mode: "padding", is: "==" };
const textsOf = () => ({ op: OPS, padding: ["same", "same_lower"], dtype: DTYPES, compared: COMPARED });

// Says what to write in place of a word that is not known.
const complaint = (word) => {
  const lower = word.toLowerCase();
  const about = Object.entries(textsOf()).find(([, values]) => values.includes(lower));
  if (about) return `“${word}” is a text, and texts stand in quotes: did you mean ${about[0]} == '${lower}'?`;
  if (lower in MEANT) return `“${word}” is not known: did you mean ${MEANT[lower]}?`;
  return `“${word}” is not known. Of each axis there are n k s d ke out before after total; of the case op rank padding dtype batch groups compared calls. Texts stand in quotes: op == 'conv'.`;
};

const tokensOf = (text) => {
  const pattern = /\s*(?:(\d+)|([A-Za-z_]\w*)|("[^"]*"|'[^']*')|(\/\/|[<>=!]=|&&|\|\||≥|≤|≠|[<>=!()+\-*%,]))/y;
  const tokens = [];
  while (pattern.lastIndex < text.trimEnd().length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (!match) throw new Error(`“${text.slice(at).trim().slice(0, 12)}” is not understood.`);
    const [, number, typed, quoted, sign] = match;
    const word = typed && !isWord(typed) ? wordFor(typed) : typed;
    if (number) tokens.push({ number: Number(number) });
    else if (quoted) tokens.push({ text: quoted.slice(1, -1) });
    else tokens.push({ sign: { "&&": "and", "||": "or", "!": "not", "=": "==", "≥": ">=", "≤": "<=", "≠": "!=" }[sign] || sign || word, word });
  }
  return tokens;
};

const COMPARE = {
  "==": (a, b) => same(a, b), "!=": (a, b) => !same(a, b), "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b,
  ">=": (a, b) => a >= b, in: (a, b) => within(a, b), "not in": (a, b) => !within(a, b),
};
const same = (a, b) => (Array.isArray(a) && Array.isArray(b) ? a.length === b.length && a.every((x, i) => same(x, b[i])) : a == b); // true is 1, as in Python
const within = (a, b) => (typeof b === "string" ? b.includes(a) : Array.isArray(b) && b.some((x) => same(a, x)));

// Returns a function from a case to true or false; throws an error that tells what to write instead.
const compilePredicate = (text) => {
  const tokens = tokensOf(text);
  if (tokens.length > 200) throw new Error("That is too long.");
  let at = 0;
  let bare = false; // whether a name of one axis stands outside any(...) and all(...)
  let inside = false;
  const peek = (sign) => tokens[at] && tokens[at].sign === sign;
  const take = (sign) => peek(sign) && ++at;
  const need = (sign) => { if (!take(sign)) throw new Error(`“${sign}” is missing.`); };

  const either = () => {
    let left = both();
    while (take("or")) { const a = left, b = both(); left = (c, x) => a(c, x) || b(c, x); }
    return left;
  };
  const both = () => {
    let left = negation();
    while (take("and")) { const a = left, b = negation(); left = (c, x) => a(c, x) && b(c, x); }
    return left;
  };
  const negation = () => {
    if (!take("not")) return comparison();
    const a = negation();
    return (c, x) => !a(c, x);
  };
  const comparison = () => {
    let left = sum();
    if (take("even")) { const a = left; return (c, x) => a(c, x) % 2 === 0; }
    if (take("odd")) { const a = left; return (c, x) => Math.abs(a(c, x) % 2) === 1; }
    const tests = [];
    for (;;) {
      let sign = tokens[at] && tokens[at].sign;
      if (sign === "not" && tokens[at + 1] && tokens[at + 1].sign === "in") { at += 1; sign = "not in"; }
      if (!(sign in COMPARE)) break;
      at += 1;
      const a = left, b = sum(), test = COMPARE[sign];
      tests.push((c, x) => test(a(c, x), b(c, x)));
      left = b;
    }
    if (!tests.length) return left;
    return (c, x) => tests.every((test) => test(c, x));
  };
  const sum = () => {
    let left = product();
    for (;;) {
      const sign = peek("+") ? 1 : peek("-") ? -1 : 0;
      if (!sign) return left;
      at += 1;
      const a = left, b = product();
      left = (c, x) => Number(a(c, x)) + sign * Number(b(c, x));
    }
  };
  const product = () => {
    let left = unary();
    for (;;) {
      const sign = ["*", "//", "%"].find(peek);
      if (!sign) return left;
      at += 1;
      const a = left, b = unary();
      left = (c, x) => {
        const p = Number(a(c, x)), q = Number(b(c, x));
        if (sign === "*") return p * q;
        if (q === 0) throw new Error("Division by zero.");
        return sign === "//" ? Math.floor(p / q) : p - q * Math.floor(p / q); // rounded down, as in Python
      };
    }
  };
  const unary = () => {
    if (!take("-")) return atom();
    const a = unary();
    return (c, x) => -a(c, x);
  };
  const atom = () => {
    const token = tokens[at++];
    if (!token) throw new Error("Something is missing at the end.");
    if ("number" in token) return () => token.number;
    if ("text" in token) return () => token.text;
    if (token.sign === "(") return group();
    if (token.sign === "any" || token.sign === "all") return overAxes(token.sign);
    if (token.sign === "True" || token.sign === "False") return () => token.sign === "True";
    if (AXIS_NAMES.includes(token.word)) {
      const name = token.word;
      if (!inside) bare = true;
      return name === "axis" ? (c, x) => x : (c, x) => c.axes[x][name];
    }
    if (CASE_NAMES.includes(token.word)) { const name = token.word; return (c) => caseValue(c, name); }
    if (token.word) throw new Error(complaint(token.word));
    throw new Error(`“${token.sign}” is not understood there.`);
  };
  const group = () => {
    const items = [either()];
    let tuple = false;
    while (take(",")) { tuple = true; if (!peek(")")) items.push(either()); }
    need(")");
    return tuple ? (c, x) => items.map((item) => item(c, x)) : items[0];
  };
  const overAxes = (word) => {
    if (inside) throw new Error("any(...) and all(...) cannot stand inside each other.");
    need("(");
    inside = true;
    const a = either();
    inside = false;
    need(")");
    return word === "any" ? (c) => c.axes.some((_, x) => a(c, x)) : (c) => c.axes.every((_, x) => a(c, x));
  };

  const whole = either();
  if (at < tokens.length) throw new Error(`“${tokens[at].sign || tokens[at].number || tokens[at].text}” is not understood there; join conditions by and, or.`);
  return bare ? (c) => c.axes.some((_, x) => whole(c, x)) : (c) => Boolean(whole(c, 0));
};
