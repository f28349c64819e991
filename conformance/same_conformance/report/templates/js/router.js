// Show the page that the address names. The sections of static pages have their path as id, so that links work without
// this code as well.

const TITLES = { "/": "Overview", "/explorer": "Explorer", "/calculator": "Calculator", "/networks": "Networks", "/contested": "Contested", "/coverage": "Coverage", "/environment": "Environment", "/rule": "How to read this" };

const readAddress = () => {
  const text = location.hash.slice(1) || "/";
  const cut = text.indexOf("?");
  const path = cut < 0 ? text : text.slice(0, cut);
  return { path, parameters: new URLSearchParams(cut < 0 ? "" : text.slice(cut + 1)) };
};

const decoded = (text) => { try { return decodeURIComponent(text); } catch { return text; } };

// Returns the section that the address names, the only one that is shown; null for a link within the page.
// Sections lose their ids first, or the browser would scroll past the head of the page to the one that is named.
const pages = [...document.querySelectorAll("main > .page")];
const pageOf = new Map(pages.map((page) => [page.id, page]));

const showSection = () => {
  const { path, parameters } = readAddress();
  if (!path.startsWith("/")) return null;
  const whole = decoded(path);
  const known = whole.startsWith("/case/") ? "/case" : whole;
  const name = pageOf.has(known) ? known : "/nowhere";
  const section = pageOf.get(name);
  for (const page of pages) page.hidden = page !== section;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#${path}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  return { section, name, whole, parameters };
};

// Whether those known to be wrong are shown is in the address of each page that can leave them out.
const rememberKnown = () => {
  const { path, parameters } = readAddress();
  parameters.delete("known");
  amend(address(path, { ...Object.fromEntries(parameters), known: hidesKnown() ? "hidden" : "" }));
};

const fill = ({ section, name, whole, parameters }) => {
  if (name === "/case") section.replaceChildren(...casePage(whole.slice("/case/".length), parameters).filter(Boolean));
  else if (name === "/explorer") explorerPage(parameters, section);
  else if (name === "/calculator") calculatorPage(parameters, section);
  else if (name === "/nowhere") section.replaceChildren(...sayError("No such page", whole.startsWith("/impl/") ? `This run has no implementation ${whole.slice(6, 200)}.` : `This report has no page ${whole.slice(0, 200)}.`),
    h("p", {}, "There are: ", series(Object.entries(TITLES).map(([path, title]) => h("a", { href: `#${path}` }, title))), "."));
  else if (name.startsWith("/impl/")) fillCards(section, parameters);
};

const route = (first) => {
  const shown = showSection();
  if (!shown) return;
  const { section, whole, parameters } = shown;
  if (parameters.has("known")) hideKnown(parameters.get("known") === "hidden");
  try {
    fill(shown);
  } catch (error) { // of this page; the others still have theirs
    section.replaceChildren(...sayError("This cannot be shown", error.message));
  }
  const title = TITLES[whole] || decoded(whole.replace(/^\/(case|impl)\//, "")).slice(0, 200);
  document.title = `${title} · SAME conformance`;
  arrive(section, parameters, first);
  document.documentElement.dataset.ready = "true"; // what waits for a page need not guess when it is there
};

const start = async () => {
  document.documentElement.dataset.js = "on";
  for (const page of pages) page.removeAttribute("id");
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault(); // the address says which page is shown
    document.getElementById("content").focus();
  });
  document.getElementById("to-top").addEventListener("click", (event) => {
    event.preventDefault();
    scrollTo(0, 0);
    document.getElementById("content").focus({ preventScroll: true });
  });
  showSection(); // at once, so that nobody sees all pages on end while the data are unpacked
  run = makeRun(await readData());
  for (const element of document.querySelectorAll("[data-live]:not(.page)")) element.hidden = false;
  for (const holder of document.querySelectorAll(".known-switch")) holder.append(knownSwitch(rememberKnown));
  askForms(document.getElementById("ask"));
  for (const source of document.querySelectorAll(".copy")) copyable(source);
  route(true);
  addEventListener("hashchange", () => route(false));
};

start().catch((error) => {
  const note = h("p", { class: "note bad", role: "alert" }, `The data of this page cannot be read (${error.message}). Everything that needs none is below.`);
  document.getElementById("content").prepend(note);
});

// What the tests of this package compare with its Python.
window.sameConformance = { axisOf, windowsOf, parseCase, caseId, compilePredicate, recipes, isForOneSize, spelled };
