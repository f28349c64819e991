// Make elements. Texts become text nodes, so that nothing in them can ever be markup.

const SVG = "http://www.w3.org/2000/svg";

const filled = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
};

const h = (name, attributes, ...children) => filled(document.createElement(name), attributes, children);
const s = (name, attributes, ...children) => filled(document.createElementNS(SVG, name), attributes, children);

// A text whose long names may be broken between their parts, and whose options nowhere; as report/text.py does it.
const isHyphened = (word) => word.length <= 24 && word.slice(0, -1).includes("-");
const whole = (part) => (isHyphened(part) ? h("span", { class: "nb" }, part) : part);
const broken = (text) => String(text).split(/(\s+)/).map((word) => (word.length <= 12 || isHyphened(word) ? whole(word)
  : word.split(/(?<=[a-z0-9])(?=[A-Z])|(?<=[._/=,#:])(?=\w|--)/).map((part, i) => (i ? [h("wbr"), whole(part)] : whole(part)))));

// Things one after the other, each with the comma that follows it.
const series = (items) => items.map((item, i) => (i < items.length - 1 ? [h("span", { class: "item" }, item, ","), " "] : item));

// Max pooling's last plane lies deep: its integers are times 2 to the 100th, so that any finite fill shows among them.
const DEEP = 2 ** 100;
const isDeep = (value) => Number.isFinite(value) && Math.abs(value) >= DEEP;
const amount = (value) => (isDeep(Number(value)) ? `${Number((Number(value) / DEEP).toPrecision(6))}·2¹⁰⁰` : String(value));

const count = (n, one, many) => `${n.toLocaleString("en")} ${n === 1 ? one : many || one + "s"}`;

// Say something to those who do not see the page change.
const say = (text) => {
  document.getElementById("said").textContent = text;
};

// file: pages have no clipboard in some browsers; selecting the text is what is left there.
const copyText = async (text, source) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const range = document.createRange();
    range.selectNodeContents(source);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    return document.execCommand("copy");
  }
};

const copyable = (source) => {
  const button = h("button", { type: "button", class: "copier", "aria-label": "Copy" }, "Copy");
  button.addEventListener("click", async () => {
    const done = await copyText(source.textContent, source);
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    say(done ? "Copied" : "Selected; press Ctrl+C to copy");
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  const frame = h("div", { class: "copy-frame" });
  source.replaceWith(frame);
  frame.append(source, button);
  return frame;
};

// What is shown is all in the address; not everybody looks there.
const linkCopier = () => {
  const source = h("span", { class: "unseen" });
  const button = h("button", { type: "button", class: "link-copier" }, "Copy link");
  button.addEventListener("click", async () => {
    source.textContent = location.href;
    const done = await copyText(location.href, source);
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    say(done ? "Copied" : "Selected; press Ctrl+C to copy");
    setTimeout(() => { button.textContent = "Copy link"; source.textContent = ""; }, 2000);
  });
  return h("p", { class: "screen-only" }, button, source);
};

const code = (text) => {
  const source = h("pre", { class: "copy", tabindex: 0 }, text);
  const holder = h("div", {}, source);
  copyable(source);
  return holder;
};

const command = (text) => {
  const source = h("code", {}, broken(text));
  const holder = h("p", { class: "command" }, source);
  copyable(source);
  return holder;
};

const field = (label, control, attributes) => h("label", { class: "field", ...attributes }, h("span", {}, label), control);

const select = (options, chosen, attributes) =>
  h("select", attributes, options.map(([value, text]) => h("option", { value, selected: String(value) === String(chosen) }, text)));

const scroller = (label, ...children) => h("div", { class: "scroll", role: "region", "aria-label": label, tabindex: 0 }, ...children);

// Addresses of this page: what is shown is all in them.
const address = (path, parameters) => {
  const query = Object.entries(parameters || {}).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const text = query.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&");
  return `#${path}${text ? "?" + text : ""}`;
};
const caseAddress = (id, name) => address("/case/" + encodeURIComponent(id), { with: name });
const caseLink = (id, name) => h("a", { class: "case", href: caseAddress(id, name) }, broken(id));
const implementationLink = (name) => h("a", { href: address("/impl/" + encodeURIComponent(name)) }, broken(name));
