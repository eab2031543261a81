// What forms with a new password do beyond what a browser does: take the code out of a one-time link, and show
// the password while it is typed. Both forms work without this, less comfortably.

// takeCode moves the secret from the address to the form, so that it stays neither in the address
// bar nor in the history. Servers never see what follows the #.
function takeCode() {
  const code = document.getElementById("code");
  if (!code || location.hash.length < 2) return;
  code.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname + location.search);
  document.getElementById("new-password").focus();
}

function offerToShow() {
  const button = document.getElementById("show-password");
  if (!button) return;
  const password = document.getElementById("new-password");
  const words = { true: button.dataset.hide, false: button.textContent };
  const reveal = (shown) => {
    password.type = shown ? "text" : "password";
    button.textContent = words[shown];
  };
  button.hidden = false;
  button.addEventListener("click", () => reveal(password.type === "password"));
  password.form.addEventListener("submit", () => reveal(false)); // browsers remember texts
}

export function helpWithPasswords() {
  takeCode();
  window.addEventListener("hashchange", takeCode); // the link was opened where the page was open
  offerToShow();
}
