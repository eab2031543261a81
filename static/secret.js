// What pages with secrets do beyond their forms: take the code out of a one-time link, show a
// password while it is typed, copy what is shown once. Each works without this too, less comfortably.
(() => {
  "use strict";

  // takeCode moves the secret from the address to the form, so that it stays neither in the address
  // bar nor in the history. Servers never see what follows the #.
  function takeCode() {
    const code = document.getElementById("code");
    if (!code || location.hash.length < 2) return;
    code.value = location.hash.slice(1);
    history.replaceState(null, "", location.pathname + location.search);
    document.getElementById("new-password").focus();
  }
  takeCode();
  window.addEventListener("hashchange", takeCode); // the link was opened where the page was open

  const show = document.getElementById("show-password");
  if (show) {
    const password = document.getElementById("new-password");
    const words = { true: show.dataset.hide, false: show.textContent };
    show.hidden = false;
    const reveal = (shown) => {
      password.type = shown ? "text" : "password";
      show.textContent = words[shown];
    };
    show.addEventListener("click", () => reveal(password.type === "password"));
    password.form.addEventListener("submit", () => reveal(false)); // browsers remember texts
  }

  const copy = document.getElementById("copy");
  if (copy && navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById("secret").textContent);
      copy.textContent = copy.dataset.copied;
    });
  }
})();
