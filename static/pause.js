// How many rows a live table has, and the button that pauses it.
//
// The table is paused, and the connection is not. Rows that arrive are put into the table as ever, where the next
// connection finds the newest id, but they are not shown: rows that were there when the button was pressed are
// marked as kept, and the stylesheet hides all others.

export function offerPause() {
  const rows = document.getElementById("rows");
  const button = document.getElementById("pause");
  if (!rows || !button) return;
  const max = Number(rows.dataset.max);

  const paused = () => button.getAttribute("aria-pressed") === "true";
  const waiting = () => rows.querySelectorAll(":scope > tr:not(.kept)");

  // trim takes away the oldest of what may be taken, so that a page that is left open for a day stays
  // quick. While paused, the rows that are shown stay. Of those that wait, as many are kept as will fit into the
  // table when it goes on.
  function trim() {
    const held = paused() ? [...waiting()] : [...rows.rows];
    for (const row of held.slice(max)) row.remove();
  }

  // count says how many wait. The oldest of them may have been taken away: then it is that many or more.
  function count() {
    const n = [...waiting()].filter((row) => row.dataset.id).length;
    const full = waiting().length >= max;
    button.textContent = button.dataset.paused.replace("{waiting}", full ? `${n}+` : n);
  }

  function pause() {
    for (const row of rows.rows) row.classList.add("kept");
    rows.classList.add("paused");
    button.setAttribute("aria-pressed", "true");
    count();
  }

  function resume() {
    for (const row of rows.rows) row.classList.remove("kept");
    rows.classList.remove("paused");
    button.setAttribute("aria-pressed", "false");
    button.textContent = button.dataset.going;
    trim();
  }

  button.hidden = false;
  button.addEventListener("click", () => (paused() ? resume() : pause()));
  for (const news of ["htmx:ws:after:message:incoming", "htmx:after:swap"])
    document.addEventListener(news, () => {
      trim();
      if (paused()) count();
    });
}
