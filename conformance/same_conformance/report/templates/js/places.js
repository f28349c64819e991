// Where a reader was in each entry of the history, so that Back and Forward lead there and links to the top.

// What outlives this document, for who comes back to it; some browsers allow a file no storage.
const kept = (() => { try { return JSON.parse(sessionStorage.getItem("places")) || []; } catch { return []; } })();
const places = new Map(kept); // from the key of an entry to how far it was scrolled
let here = null;

// The browser would scroll before the page is there.
history.scrollRestoration = "manual";
addEventListener("scroll", () => places.set(here, scrollY), { passive: true });
addEventListener("pagehide", () => { try { sessionStorage.setItem("places", JSON.stringify([...places].slice(-50))); } catch { /* then the top it is */ } });

const freshKey = () => crypto.getRandomValues(new Uint32Array(2)).join("-");

// Two ways to say in the address what is shown now. A step is one that Back takes back: a choice, another order, the next
// page. What is typed amends the entry that there is, or Back would go through it letter by letter.
const step = (there) => {
  if (there === location.hash) return;
  places.set(here, scrollY);
  here = freshKey();
  history.pushState({ key: here }, "", there);
};
const amend = (there) => history.replaceState(history.state, "", there);

// The card that an address asks for on the page of an implementation: the first of an op, or that with a smallest case.
const cardOf = (section, op, smallest) => (op && [...section.querySelectorAll(".card[data-ops]")]
  .find((card) => card.dataset.ops.split(" ").includes(op) && (!smallest || card.dataset.smallest === smallest))) || null;

// Go to where this entry of the history was left; if it is new, to the card that the address asks for, else to the top.
const arrive = (section, parameters, first) => {
  const known = history.state && history.state.key;
  here = known || freshKey();
  if (!known) history.replaceState({ key: here }, "");
  const card = cardOf(section, parameters.get("op"), parameters.get("smallest"));
  const script = card && parameters.get("script") ? card.querySelector("details.script") : null;
  if (script) script.open = true;
  const goal = script ? script.querySelector("summary") : card ? card.querySelector("h3") : document.getElementById("content");
  if (!first || card) goal.focus({ preventScroll: true });
  if (places.has(here)) scrollTo(0, places.get(here));
  else if (card) (script || card).scrollIntoView();
  else if (!first) scrollTo(0, 0);
};
