// Arrow keys go from line to line of a picture and from cell to cell of a table; Escape closes what is open.

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

// The next thing to go to in a table, from a cell of it: cells that lead nowhere are passed over.
const nextCell = (cell, [down, across]) => {
  const rows = [...cell.closest("table").tBodies].flatMap((body) => [...body.rows]);
  let r = rows.indexOf(cell.parentElement), c = cell.cellIndex;
  for (;;) {
    r += down; c += across;
    const there = rows[r] && rows[r].cells[c];
    if (!there) return null;
    const found = there.querySelector("a, button");
    if (found) return found;
  }
};

const nextLine = (line, [down]) => {
  const lines = [...line.closest("svg").querySelectorAll(".tap")];
  return lines[lines.indexOf(line) + down] || null;
};

const arrowed = (target, step) => {
  const line = target.closest("svg.strip .tap");
  if (line) return step[0] ? nextLine(line, step) : null;
  const cell = target.closest("table.keys tbody :is(td, th)");
  return cell && target.closest("a, button") ? nextCell(cell, step) : null;
};

// What Escape does: empty the field of a filter, close the part that was unfolded, or let go of the line that is lit.
const escaped = (target) => {
  if (target.matches("[role=search] input") && target.value) {
    target.value = "";
    target.dispatchEvent(new Event("input", { bubbles: true }));
    return true;
  }
  const part = target.closest("details[open]");
  if (part) {
    part.open = false;
    part.querySelector("summary").focus();
    return true;
  }
  if (!target.closest("svg.strip .tap")) return false;
  target.blur();
  return true;
};

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !(event.target instanceof Element)) return;
  if (event.key === "Escape") {
    if (escaped(event.target)) event.preventDefault();
  } else if (event.key in STEPS) {
    const next = arrowed(event.target, STEPS[event.key]);
    if (!next) return;
    event.preventDefault(); // or the page would scroll as well
    next.focus();
  }
});
