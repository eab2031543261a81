// What can be copied of a log: the URL, the request id and the line of a request, and the summary.
(() => {
  "use strict";

  // offer shows the buttons, which without a script, or without a clipboard, could do nothing.
  function offer() {
    if (!navigator.clipboard) return;
    for (const copies of document.querySelectorAll(".copies[hidden]")) copies.hidden = false;
  }
  document.addEventListener("htmx:ws:after:message:incoming", offer);
  document.addEventListener("htmx:after:swap", offer);
  offer();

  async function textOf(url) {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(answer.statusText);
    return new Blob([await answer.text()], { type: "text/plain" });
  }

  // copySummary promises the text to the clipboard before it has come: later, some browsers no longer
  // believe that somebody has clicked.
  const copySummary = (url) => navigator.clipboard.write([new ClipboardItem({ "text/plain": textOf(url) })]);

  // done says for a moment that it has copied: on the button, and to those who listen to the page.
  function done(button) {
    const words = document.getElementById("summary").dataset.copied;
    const said = document.getElementById("said");
    const text = button.textContent;
    if (text === words) return;
    button.textContent = words;
    said.textContent = words;
    setTimeout(() => {
      button.textContent = text;
      said.textContent = "";
    }, 1500);
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    const summary = event.target.closest("#summary");
    if (!navigator.clipboard || (!button && !summary)) return;
    event.preventDefault();
    try {
      await (button ? navigator.clipboard.writeText(button.dataset.copy) : copySummary(summary.href));
      done(button ?? summary);
    } catch {
      // A browser that keeps its clipboard to itself shows the summary at least; a server says what is wrong.
      if (summary) location.assign(summary.href);
    }
  });
})();
