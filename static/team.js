// Notes about a customer, and who takes care of the customer. htmx sends the forms, and the answer says what came of it. What was typed stays
// until it is kept. Without this script, the forms are plain ones.

const isTeamForm = (form) => Boolean(form?.closest?.("#team, #colleagues"));

// fail says that there was no answer, or one that says nothing of the note.
function fail(lost) {
  lost.hidden = document.getElementById("note-said").textContent.trim() !== "";
}

export function keepNotes() {
  const lost = document.getElementById("note-lost");
  if (!lost) return;
  const begin = () => {
    document.getElementById("note-said").replaceChildren();
    lost.hidden = true;
  };
  document.getElementById("note").addEventListener("input", begin);
  document.addEventListener("htmx:before:request", ({ detail }) => isTeamForm(detail.ctx.sourceElement) && begin());
  document.addEventListener("htmx:finally:request", ({ detail }) => {
    const { sourceElement, response } = detail.ctx;
    if (!isTeamForm(sourceElement)) return;
    if (!response || response.status >= 400) fail(lost);
    else if (sourceElement.id === "note-form") sourceElement.reset();
  });
}
