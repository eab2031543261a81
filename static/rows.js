// What the rows of a log can do. A step that has changed takes the place of its old row, new rows shine and are
// announced, and days are told apart. A click anywhere on a row opens its details.

import { holdRows, keepPlace, markWaiting, offerPause } from "./pause.js";
import { foldRepeats, offerRepeats } from "./repeats.js";

const stops = (row) => [...row.querySelectorAll("a, summary, button")];

// place puts a row that the table has already where it was. It stays as open as it was, and the focus stays on
// what had it.
function place(row, old) {
  const details = row.querySelector("details");
  const focused = stops(old).indexOf(document.activeElement);
  if (details) details.open = old.querySelector("details").open;
  markOpen(row);
  row.classList.toggle("new", old.classList.contains("new"));
  old.replaceWith(row);
  stops(row)[focused]?.focus();
}

// markOpen says of a row whether its details are open, for which it needs more than a line. A refresh leaves both as they are: see layout.html.
const markOpen = (row) => row.toggleAttribute("data-open", row.querySelector("details.more[open]") !== null);

// tableRows are all rows. A selector would look at everything that is in them.
const tableRows = () => [...(document.getElementById("rows")?.children ?? [])];

// placeChanged finds rows that came again. The newer one is above.
function placeChanged() {
  const newer = new Map();
  for (const row of tableRows().filter((row) => row.id)) {
    if (newer.has(row.id)) place(newer.get(row.id), row);
    else newer.set(row.id, row);
  }
}

const failed = (row) => row.matches(".client-error, .server-error, .non-standard");

// summaryOf is a row in few words. In everyone's log they begin with the user.
function summaryOf(row) {
  const user = row.querySelector("td.user");
  const what = row.querySelector(".page") ?? row.querySelector("td.url > code");
  return `${user ? `${user.textContent}, ` : ""}${what.textContent}: ${row.querySelector("td.result").textContent}`;
}

// highlight lets rows shine for a moment.
function highlight(rows) {
  for (const row of rows) row.classList.add("new");
  const ids = rows.map((row) => row.id); // other rows may have come in their place
  setTimeout(() => {
    for (const id of ids) document.getElementById(id)?.classList.remove("new");
  }, 2500);
}

// announce says what is new, the newest three rows at most: nobody could listen to more. While the table is
// paused nothing is new.
function announce(rows) {
  const news = document.getElementById("news");
  const paused = document.querySelector("#pause[aria-pressed=true]");
  if (!news || paused) return;
  if (news.dataset.summary) gather(rows, news);
  else news.textContent = rows.slice(0, 3).map(summaryOf).join(". ");
}

const gathering = 10_000; // milliseconds between two summaries
const named = 5; // users at most, in a summary
let gathered; // what is new since the last summary; undefined = nothing

// gather says of everyone's log in a sentence what is new, now and then: nobody could listen to each row.
function gather(rows, news) {
  if (!gathered) {
    gathered = { count: 0, failed: 0, users: new Set() };
    setTimeout(() => tellSummary(news), gathering);
  }
  gathered.count += rows.length;
  gathered.failed += rows.filter(failed).length;
  for (const row of rows) if (gathered.users.size < named) gathered.users.add(row.querySelector("td.user > a").textContent);
}

function tellSummary(news) {
  const said = { ...gathered, users: [...gathered.users].join(`${news.dataset.comma} `) };
  news.textContent = news.dataset.summary.replace(/{(\w+)}/g, (_, name) => said[name]);
  gathered = undefined;
}

const entryRows = () => tableRows().filter((row) => row.hasAttribute("data-id"));
const failures = (rows) => new Map(rows.map((row) => [row.id, failed(row)])); // whether a row has failed, by its id

let known; // failures of the rows that were there before

// compare finds what has come. A row that was there may have failed since.
function compare() {
  placeChanged();
  markWaiting();
  const rows = entryRows();
  const news = rows.filter((row) => !known.has(row.id) || (failed(row) && !known.get(row.id)));
  known = failures(rows);
  arrange();
  keepPlace();
  if (news.length === 0 || !document.documentElement.classList.contains("settled")) return;
  highlight(news);
  announce(news);
}

const lang = document.documentElement.lang;
const day = new Intl.DateTimeFormat(lang, { dateStyle: "full" });
const dayAndZone = new Intl.DateTimeFormat(lang, { month: "short", day: "numeric", timeZoneName: "short" });
const dateAndZone = new Intl.DateTimeFormat(lang, { year: "numeric", month: "short", day: "numeric", timeZoneName: "short" });
const clock = new Intl.DateTimeFormat(lang, { timeStyle: "medium", hourCycle: "h23" });

const dates = new Map(); // of times, as they are written in rows: to compute one takes long

function dateOf(row) {
  const time = row.querySelector("relative-time").getAttribute("datetime");
  if (!dates.has(time)) {
    if (dates.size >= 2000) dates.clear(); // more than a table has rows
    dates.set(time, new Date(time).toDateString());
  }
  return [time, dates.get(time)];
}

// separateDays writes the day of the newest row, and the zone of all times, in the head. It writes a day above the newest of
// its rows, from the second day on. The days are the reader's, which the server doesn't know.
function separateDays(rows) {
  let above;
  for (const row of rows) {
    const [time, date] = dateOf(row);
    if (!above) tellHead(document.querySelector("#log th.time"), new Date(time));
    tell(row, above && date !== above ? day.format(new Date(time)) : undefined);
    above = date;
  }
}

// tellHead says the day of the newest row. Paper has the year, too.
function tellHead(head, time) {
  const said = dayAndZone.format(time);
  if (head.dataset.day !== said) Object.assign(head.dataset, { day: said, date: dateAndZone.format(time) });
}

function tell(element, said) {
  if (element.dataset.day === said) return;
  if (said) element.dataset.day = said;
  else delete element.dataset.day;
}

// nameDetails says in the name of what opens a row the time by the reader's clock, where the server has its own.
function nameDetails(rows) {
  for (const row of rows) {
    const summary = row.lastElementChild.querySelector("summary");
    const name = summary?.getAttribute("aria-label"); // Firefox has ariaLabel since 119 only
    if (!name?.endsWith("UTC")) continue;
    summary.setAttribute("aria-label", name.replace(/[\d:]+ UTC$/, clock.format(new Date(dateOf(row)[0]))));
  }
}

// tellEmptiness says in classes what the table is without, which decides what is shown instead.
function tellEmptiness() {
  const section = document.getElementById("rows")?.closest("section");
  section?.classList.toggle("without-rows", tableRows().length === 0);
  section?.classList.toggle("without-requests", entryRows().length === 0);
}

// arrange has the rows that do not wait look as the reader wants them, after any change.
function arrange() {
  tellEmptiness();
  const rows = tableRows().filter((row) => !row.hasAttribute("data-waiting"));
  const entries = rows.filter((row) => row.hasAttribute("data-id"));
  separateDays(entries);
  nameDetails(entries);
  foldRepeats(rows);
}

// openRows opens the details of a row, or closes them, by a click anywhere on it that does nothing else.
function openRows() {
  document.addEventListener("click", (event) => {
    const row = event.target.closest("#rows > tr");
    if (!row || event.defaultPrevented || event.target.closest("a, button, details") || !getSelection().isCollapsed) return;
    const details = row.querySelector("details.more");
    if (details) details.open = !details.open;
  });
  const mark = ({ target }) => target.matches("details.more") && markOpen(target.closest("tr"));
  document.addEventListener("toggle", mark, { capture: true }); // which does not bubble
  for (const row of entryRows()) markOpen(row);
}

export function keepRows() {
  document.documentElement.classList.add("holds-rows");
  const live = document.getElementById("live");
  if (live) {
    document.addEventListener("htmx:ws:before:message:incoming", holdRows);
    document.addEventListener("htmx:ws:after:message:incoming", compare);
  }
  document.addEventListener("htmx:before:swap", holdRows); // also of a live page that can't have its socket
  document.addEventListener("htmx:after:swap", compare);
  known = failures(entryRows());
  arrange();
  offerRepeats(arrange);
  openRows();
  offerPause(arrange);
}
