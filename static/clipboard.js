// What can be copied: the URL, the request id and the line of a request, the summary, and a secret that is shown
// once. Elements say what: by data-copy its text, by data-copy-from the element that has it, by data-copy-url the
// address that answers with it.

import { limitedFetch } from "./limited_fetch.js";

// done says for a moment that it has copied: on the button, and to those who listen to the page.
function done(button) {
  const words = document.querySelector("[data-copied]").dataset.copied; // in the reader's language
  const said = document.getElementById("said");
  const text = button.textContent;
  if (text === words) return;
  button.textContent = words;
  if (said) said.textContent = words;
  setTimeout(() => {
    button.textContent = text;
    if (said) said.textContent = "";
  }, 1500);
}

async function fetchText(url) {
  const answer = await limitedFetch(url);
  if (!answer.ok) throw new Error(answer.statusText);
  return new Blob([await answer.text()], { type: "text/plain" });
}

// here is an address with the reader's distance from UTC in minutes, so that the answer has the time of her clock as well.
function here(url) {
  const address = new URL(url, location.href);
  address.searchParams.set("zone", String(-new Date().getTimezoneOffset()));
  return address;
}

// copy puts on the clipboard what the button offers. A text that is yet to come is promised to the clipboard
// before it is there: later, some browsers no longer believe that somebody has clicked.
function copy({ dataset }) {
  if (dataset.copyUrl) return navigator.clipboard.write([new ClipboardItem({ "text/plain": fetchText(here(dataset.copyUrl)) })]);
  return navigator.clipboard.writeText(dataset.copy ?? document.getElementById(dataset.copyFrom).textContent);
}

// show shows the buttons in a part of the page, which without a script could do nothing.
function show(part) {
  for (const hidden of part.querySelectorAll(".copies[hidden], [data-copy-from][hidden]")) hidden.hidden = false;
}

// showInNewRows shows them where a socket brings rows. To look through the whole table for each takes longer than all else.
function showInNewRows() {
  const rows = document.querySelector("#live #rows");
  if (!rows) return;
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) for (const row of addedNodes) if (row instanceof Element) show(row);
  }).observe(rows, { childList: true });
}

export function offerCopies() {
  if (!navigator.clipboard) return;
  showInNewRows();
  document.addEventListener("htmx:after:swap", () => show(document));
  show(document);
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy], [data-copy-from], [data-copy-url]");
    if (!button) return;
    event.preventDefault();
    try {
      await copy(button);
      done(button);
    } catch {
      // A browser that keeps its clipboard to itself shows the summary at least; a server says what is wrong.
      if (button.href) location.assign(button.href);
    }
  });
}
