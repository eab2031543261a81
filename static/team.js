// Notes about a customer, and who takes care of the customer. htmx sends the forms, and the answer says what came of it. What was
// typed stays until it is kept. Without this script, the forms are plain ones.

const isTeamForm = (form) => Boolean(form?.closest?.("#team, #colleagues"));

// isSaid reports whether an answer said what came of a form. Without one, nobody knows: the note may have been kept, and the answer lost.
const isSaid = () => document.getElementById("note-said").textContent.trim() !== "";

// forget takes from the field what is kept now, and leaves what was typed while it was sent.
function forget(note, sent) {
  if (note.value.startsWith(sent)) note.value = note.value.slice(sent.length);
}

export function keepNotes() {
  const note = document.getElementById("note");
  const lost = document.getElementById("note-lost");
  if (!lost) return;
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
