// Notes about a customer, and who takes care of the customer. htmx sends the forms, and the answer says what came of it. What was
// typed stays until it is kept. Without this script, the forms are plain ones.

import { atLogout, keep, read } from "./browser_storage.js";
import { isReasonOver } from "./reason_countdown.js";

const draft = "userlog.draft"; // in sessionStorage: what was typed, about whom, and by which account

const isTeamForm = (form) => Boolean(form?.closest?.("#team, #colleagues"));

// isSaid reports whether an answer said what came of a form. Without one, nobody knows: the note may have been kept, and the answer lost.
const isSaid = () => document.getElementById("note-said").textContent.trim() !== "";

// forget takes from the field what is kept now, and leaves what was typed while it was sent.
function forget(note, sent) {
  if (note.value.startsWith(sent)) note.value = note.value.slice(sent.length);
}

// keepDraft keeps what is being typed when the reason runs out, for when another one is stated. It is in this tab only, until the next page
// that asks for no reason. A form that the browser itself has sent leaves nothing: the note is kept.
function keepDraft(note, before) {
  const { account } = document.querySelector("[data-account]").dataset;
  const user = note.form.elements.username.value;
  if (before?.account === account && before.user === user) {
    note.value = before.text;
    note.closest("details").open = true;
  }
  let sent = false;
  document.addEventListener("submit", (event) => {
    if (event.target === note.form) sent = !event.defaultPrevented; // by htmx
  });
  addEventListener("pagehide", () => {
    if (note.value && !sent && isReasonOver()) keep("sessionStorage", draft, { account, user, text: note.value });
  });
  atLogout(() => {
    note.value = "";
  });
}

export function keepNotes() {
  if (document.getElementById("reason-form")) return;
  const before = read("sessionStorage", draft);
  keep("sessionStorage", draft);
  const note = document.getElementById("note");
  const lost = document.getElementById("note-lost");
  if (!lost) return;
  if (document.querySelector(".reason")) keepDraft(note, before);
  const begin = () => {
    document.getElementById("note-said").replaceChildren();
    lost.hidden = true;
  };
  note.addEventListener("input", begin);
  document.addEventListener("htmx:before:request", ({ detail }) => {
    if (!isTeamForm(detail.ctx.sourceElement)) return;
    detail.ctx.sent = note.value;
    begin();
  });
  document.addEventListener("htmx:finally:request", ({ detail }) => {
    const { sourceElement, response, sent } = detail.ctx;
    if (!isTeamForm(sourceElement)) return;
    lost.hidden = isSaid();
    if (isSaid() && response.status < 400 && sourceElement.id === "note-form") forget(note, sent);
  });
}
