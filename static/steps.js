// What the rows of a log can do: a step that has changed takes the place of its old row, new rows shine
// and are announced, and days are told apart. What can be copied of them is in copy.js.
(() => {
  "use strict";

  const stops = (row) => [...row.querySelectorAll("a, summary, button")];

  // place puts a row that the table has already where it was, as open as it was, with the focus on what had
  // it.
  function place(row, old) {
    const details = row.querySelector("details");
    const focused = stops(old).indexOf(document.activeElement);
    if (details) details.open = old.querySelector("details").open;
    for (const state of ["new", "kept"]) row.classList.toggle(state, old.classList.contains(state)); // kept: see pause.js
    old.replaceWith(row);
    stops(row)[focused]?.focus();
  }

  // settle finds the rows that came again: the newer one is above.
  function settle() {
    const newer = new Map();
    for (const row of document.querySelectorAll("#rows > tr[id]")) {
      if (newer.has(row.id)) place(newer.get(row.id), row);
      else newer.set(row.id, row);
    }
  }

  const failed = (row) => row.matches(".client-error, .server-error, .non-standard");

  // words are a row in few of them: of everyone's log, with whose it is.
  function words(row) {
    const who = row.querySelector("td.user");
    const what = row.querySelector(".page") ?? row.querySelector("td.url > code");
    return `${who ? `${who.textContent}, ` : ""}${what.textContent}: ${row.querySelector("td.result").textContent}`;
  }

  // highlight lets rows shine for a moment.
  function highlight(rows) {
    for (const row of rows) row.classList.add("new");
    const ids = rows.map((row) => row.id); // in whose place others may have come
    setTimeout(() => {
      for (const id of ids) document.getElementById(id)?.classList.remove("new");
    }, 2500);
  }

  // announce says what is new, the newest three rows at most: more could not be listened to. While the
  // table is stopped nothing is new.
  function announce(rows) {
    const news = document.getElementById("news");
    const paused = document.querySelector("#pause[aria-pressed=true]");
    if (news && !paused) news.textContent = rows.slice(0, 3).map(words).join(". ");
  }

  const all = () => [...document.querySelectorAll("#rows > tr[data-id]")];
  const failures = (rows) => new Map(rows.map((row) => [row.id, failed(row)])); // whether it has failed, by its id

  let known = failures(all());

  // compare finds what has come. What a row was led to may have failed after it was there.
  function compare() {
    settle();
    const rows = all();
    const news = rows.filter((row) => !known.has(row.id) || (failed(row) && !known.get(row.id)));
    known = failures(rows);
    separate(rows);
    if (news.length === 0 || !document.documentElement.classList.contains("settled")) return;
    highlight(news);
    announce(news);
  }
  document.addEventListener(document.getElementById("live") ? "htmx:ws:after:message:incoming" : "htmx:after:swap", compare);

  const day = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "full" });

  // separate writes a day above the newest of its rows, from the second day on: the reader's days, which
  // the server doesn't know.
  function separate(rows) {
    let above;
    for (const row of rows) {
      const time = new Date(row.querySelector("relative-time").getAttribute("datetime"));
      const date = time.toDateString();
      if (above && date !== above) row.dataset.day = day.format(time);
      else delete row.dataset.day;
      above = date;
    }
  }
  separate(all());
})();
