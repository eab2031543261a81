// The focus stays where it is when a refresh moves its row. A browser without moveBefore, such as Safari, takes it away from what is moved.

let focused; // what had the focus before a refresh
let wasShown; // whether the browser showed that it had

function note() {
  focused = document.activeElement;
  wasShown = focused.matches(":focus-visible");
}

function giveBack() {
  const isLost = document.activeElement === document.body && focused !== document.body;
  if (isLost && focused?.isConnected) focused.focus({ preventScroll: true, focusVisible: wasShown });
}

export function keepFocus() {
  document.addEventListener("htmx:before:swap", note);
  document.addEventListener("htmx:after:swap", giveBack);
}
