// New rows wait while the reader has paused the table, or reads it. So rows never move under the reader's hand.
//
// The table stops, and the connection does not. Rows that arrive are put into the table as ever, where the next connection
// finds the newest id. Those that wait have data-waiting, which the stylesheet hides.

const table = () => document.getElementById("rows");
const pauseButton = () => document.getElementById("pause");
const newButton = () => document.getElementById("new");

// keyOf is what a row is known by. A refresh may put another element in its place, but only of one that has an id.
const keyOf = (row) => row.id || row;

let shown; // keys of the rows that are shown while new ones wait; undefined = no row has to wait
let arrange; // a function of rows.js that has the rows look right after a change
let looking; // timer, while rows are held
let anchor; // the row that must not move, and where it was

const isPaused = () => pauseButton()?.getAttribute("aria-pressed") === "true";
const waiting = () => [...(table()?.rows ?? [])].filter((row) => row.hasAttribute("data-waiting"));

// isSelected reports whether text of the rows is selected.
function isSelected(rows) {
  const selection = getSelection();
  return !selection.isCollapsed && rows.contains(selection.anchorNode);
}

// isRead reports whether the reader reads the rows: she has scrolled down, points at a row, or has something open or selected.
function isRead() {
  const rows = table();
  return (
    rows?.rows.length > 0 &&
    (rows.getBoundingClientRect().top < 0 ||
      (!matchMedia("(pointer: coarse)").matches && rows.matches(":hover")) ||
      rows.querySelector(":focus-visible, details[open], .times[aria-expanded=true]") !== null ||
      isSelected(rows))
  );
}

function stop() {
  shown ??= new Set([...table().rows].map(keyOf));
}

// goOn shows the rows that wait.
function goOn() {
  clearInterval(looking);
  looking = undefined;
  shown = undefined;
  for (const row of waiting()) row.removeAttribute("data-waiting");
  trim();
  arrange();
  count();
}

// count says how many rows wait. If the oldest of them have been taken away, it says "500+", for example.
function count() {
  const rows = waiting();
  const max = Number(table()?.dataset.max);
  const n = rows.filter((row) => row.dataset.id).length;
  const text = max && rows.length >= max ? `${n}+` : `${n}`;
  const pause = pauseButton();
  if (pause) pause.textContent = isPaused() ? pause.dataset.paused.replace("{waiting}", text) : pause.dataset.going;
  const news = newButton();
  if (!news) return;
  news.hidden = isPaused() || n === 0;
  news.textContent = news.dataset.new.replace("{waiting}", text);
}

// trim takes the oldest rows out of a live table, so that a page that is left open for a day stays quick. While rows wait, those that
// are shown stay. Of the rows that wait, the newest are kept, as many as a table may have.
function trim() {
  const max = Number(table()?.dataset.max);
  if (!max) return;
  const held = shown ? waiting() : [...table().rows];
  for (const row of held.slice(max)) row.remove();
}

// holdRows is called before rows come. While somebody reads, new rows wait. A change above the table must not move the rows either, so
// holdRows notes where the first row is.
export function holdRows() {
  anchor = undefined;
  if (isRead()) {
    stop();
    looking ??= setInterval(() => isRead() || isPaused() || goOn(), 250);
  }
  if (!shown || isPaused()) return;
  const row = [...table().rows].find((row) => row.getBoundingClientRect().bottom > 0 && row.offsetHeight > 0);
  if (row) anchor = { key: keyOf(row), top: row.getBoundingClientRect().top };
}

// markWaiting is called when rows have come, and before they are looked at.
export function markWaiting() {
  if (!shown) return;
  for (const row of table()?.rows ?? []) row.toggleAttribute("data-waiting", !shown.has(keyOf(row)));
}

// keepPlace is called when the rows look as they should.
export function keepPlace() {
  trim();
  count();
  if (!anchor) return;
  const row = typeof anchor.key === "string" ? document.getElementById(anchor.key) : anchor.key;
  const moved = row?.isConnected ? row.getBoundingClientRect().top - anchor.top : 0;
  if (moved) scrollBy(0, moved);
  anchor = undefined;
}

function togglePause({ currentTarget: button }) {
  const paused = !isPaused();
  button.setAttribute("aria-pressed", String(paused));
  if (paused) stop();
  else goOn();
  count();
}

// showNew shows what is new, and the top of the table, where it stands.
function showNew() {
  goOn();
  if (table().getBoundingClientRect().top < 0) document.getElementById("log").scrollIntoView();
  if (!document.activeElement || document.activeElement === document.body) pauseButton()?.focus();
}

// offerPause is told how to have the rows look right.
export function offerPause(arrangeRows) {
  arrange = arrangeRows;
  const button = pauseButton();
  if (button) button.hidden = false;
  button?.addEventListener("click", togglePause);
  document.addEventListener("click", ({ target }) => target.closest("#new") && showNew());
}
