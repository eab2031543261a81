// Repeats of the same step are one row with their number: "Pay ×3". A button in that row shows each of them.
//
// Rows that repeat each other have the same data-same. The newest of a run stays, and the stylesheet hides the others, which
// have data-folded. Where they are about several addresses, the row says after its own how many others there are.

const unfolded = new Set(); // ids of rows in runs that the reader has unfolded

// isRead reports whether a row that would vanish is being read: it is open, or has the focus.
const isRead = (row) => row.contains(document.activeElement) || row.querySelector("details[open]");

const addressOf = (row) => row.querySelector("td.url > code").textContent;

// othersOf is how many addresses rows have besides that of the first.
const othersOf = (run) => new Set(run.map(addressOf)).size - 1;

function foldRun(run, { each, others }) {
  const open = run.some((row) => unfolded.has(row.id));
  if (open) for (const row of run) unfolded.add(row.id);
  const folded = !open && run.length > 1 && !run.slice(1).some(isRead);
  run.forEach((row, i) => {
    if (row.hasAttribute("data-folded") !== (folded && i > 0)) row.toggleAttribute("data-folded");
    show(row.querySelector(".times"), i === 0 && run.length > 1 && (folded || open) ? run.length : 0, open, each);
    tellOthers(row.querySelector("td.url"), folded && i === 0 ? othersOf(run) : 0, others);
  });
}

// tellOthers has a cell say how many other addresses there are; 0 takes that away.
function tellOthers({ dataset }, count, others) {
  const said = count > 0 ? others.replace("{count}", count) : undefined;
  if (dataset.others === said) return;
  if (said) dataset.others = said;
  else delete dataset.others;
}

// show has the button say how many rows there are; 0 hides it.
function show(button, count, open, each) {
  if (!button || (button.hidden && count === 0)) return;
  const text = `×${count}`;
  button.hidden = count === 0;
  if (button.textContent === text && button.getAttribute("aria-expanded") === String(open)) return;
  button.textContent = text;
  button.setAttribute("aria-expanded", String(open)); // Firefox has properties for these since 119 only
  button.setAttribute("aria-label", `${text}, ${each}`);
}

// foldRepeats folds rows, the newest first. Another day, or anything between them, ends a run.
export function foldRepeats(rows) {
  const words = document.getElementById("rows")?.dataset;
  let run = [];
  for (const row of rows) {
    const same = row.getAttribute("data-same");
    if (run.length > 0 && (!same || row.hasAttribute("data-day") || same !== run[0].getAttribute("data-same"))) {
      foldRun(run, words);
      run = [];
    }
    if (same) run.push(row);
  }
  if (run.length > 0) foldRun(run, words);
}

// offerRepeats unfolds the run of a button, or folds it again. fold is called to show it.
export function offerRepeats(fold) {
  document.addEventListener("click", ({ target }) => {
    const row = target.closest("#rows .times")?.closest("tr");
    if (!row) return;
    const open = unfolded.has(row.id);
    for (let other = row; other?.getAttribute("data-same") === row.getAttribute("data-same"); other = other.nextElementSibling) {
      if (open) unfolded.delete(other.id);
      else unfolded.add(other.id);
    }
    fold();
  });
}
