// What the rows of a log can do: a step that has changed takes the place of its old row, new rows are
// announced, days are told apart, and parts of a row can be copied.
(() => {
  "use strict";

  // place puts a row that the table has already where it was, as open as it was.
  function place(row, old) {
    const details = row.querySelector("details");
    const focused = old.contains(document.activeElement);
    if (details) details.open = old.querySelector("details").open;
    row.classList.toggle("kept", old.classList.contains("kept")); // see pause.js
    old.replaceWith(row);
    if (focused) details?.querySelector("summary").focus();
  }

  // settle finds the rows that came again: the newer one is above.
  function settle() {
    const newer = new Map();
    for (const row of document.querySelectorAll("#rows > tr[id]")) {
      if (newer.has(row.id)) place(newer.get(row.id), row);
      else newer.set(row.id, row);
    }
  }

  // announce says what is new in few words, the newest three at most: more could not be listened to.
  function announce(rows) {
    const news = document.getElementById("news");
    if (!news || !document.documentElement.classList.contains("settled")) return;
    const words = rows.slice(0, 3).map((row) => {
      const what = row.querySelector(".page") ?? row.querySelector("td.url > code");
      return `${what.textContent}: ${row.querySelector("td.result").textContent}`;
    });
    if (words.length > 0) news.textContent = words.join(". ");
  }

  let known = new Set();
  document.addEventListener("htmx:ws:after:message:incoming", () => {
    settle();
    const rows = [...document.querySelectorAll("#rows > tr[data-id]")];
    announce(rows.filter((row) => !known.has(row.id)));
    known = new Set(rows.map((row) => row.id));
    offer();
    separate();
  });
  document.addEventListener("htmx:after:swap", () => {
    offer();
    separate();
  });

  const day = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "full" });

  // separate writes a day above the newest of its rows, from the second day on: the reader's days, which
  // the server doesn't know.
  function separate() {
    let above;
    for (const row of document.querySelectorAll("#rows > tr[data-id]")) {
      const date = day.format(new Date(row.querySelector("relative-time").getAttribute("datetime")));
      if (above && date !== above) row.dataset.day = date;
      else delete row.dataset.day;
      above = date;
    }
  }

  // offer shows the buttons that copy, which without a script, or without a clipboard, could do nothing.
  function offer() {
    if (!navigator.clipboard) return;
    for (const copies of document.querySelectorAll(".copies[hidden]")) copies.hidden = false;
  }
  offer();
  separate();

  async function textOf(url) {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.text();
  }

  // done says on a button, for a moment, that it has copied.
  function done(button) {
    const words = document.getElementById("summary").dataset.copied;
    const text = button.textContent;
    if (text === words) return;
    button.textContent = words;
    setTimeout(() => (button.textContent = text), 1500);
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    const summary = event.target.closest("#summary");
    if (!navigator.clipboard || (!button && !summary)) return;
    event.preventDefault();
    try {
      await navigator.clipboard.writeText(button ? button.dataset.copy : await textOf(summary.href));
      done(button ?? summary);
    } catch {
      // A browser that keeps its clipboard to itself shows the summary at least; a server says what is wrong.
      if (summary) location.assign(summary.href);
    }
  });
})();
