// What can be copied: the URL, the request id and the line of a request, the summary, and a secret that is shown
// once. Elements say what: by data-copy its text, by data-copy-from the element that has it, by data-copy-url the
// address that answers with it.

import { limitedFetch } from "./limited_fetch.js";

const saying = new WeakMap(); // buttons that say what came of a click: their own text, and the timer that brings it back

// say has a button say for a moment whether it has copied, also to those who listen to the page.
function say(button, came) {
  const { text, timer } = saying.get(button) ?? { text: button.textContent };
  clearTimeout(timer);
  const words = document.querySelector("[data-copied]").dataset[came]; // in the reader's language
  const said = document.getElementById("said");
  button.textContent = words;
  if (said) said.textContent = words;
  const restore = () => {
    saying.delete(button);
    button.textContent = text;
    if (said) said.textContent = "";
  };
  saying.set(button, { text, timer: setTimeout(restore, 1500) });
}

// textOf is the text in an answer. A login page is none, nor the page of a network that answers in the server's place.
async function textOf(answer) {
  const isText = answer.headers.get("Content-Type")?.startsWith("text/plain");
  if (!answer.ok || answer.redirected || !isText) throw new Error(answer.statusText);
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
function copy({ dataset }, answer) {
  if (answer) {
    const text = answer.then(textOf);
    text.catch(() => {}); // the clipboard tells of it
    return navigator.clipboard.write([new ClipboardItem({ "text/plain": text })]);
  }
  return navigator.clipboard.writeText(dataset.copy ?? document.getElementById(dataset.copyFrom).textContent);
}

// explain says why nothing was copied. A browser that keeps its clipboard to itself shows the summary at least, and a server says what is
// wrong. Without an answer there is nothing to show, and the log stays.
async function explain(button, answer) {
  const answered = await answer?.then(
    () => true,
    () => false,
  );
  if (answered && button.href) location.assign(button.href);
  else say(button, "notCopied");
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
    const { copyUrl } = button.dataset;
    const answer = copyUrl && limitedFetch(here(copyUrl));
    try {
      await copy(button, answer);
      say(button, "copied");
    } catch {
      await explain(button, answer);
    }
  });
}
