// Passkeys. A form with data-passkey is hidden until this shows it, because without a script nobody can use one. When it is sent, the
// server is asked at that address what to ask the browser for, and the browser's answer is sent with the form.

import { limitedFetch } from "./limited_fetch.js";

const supported = () => typeof window.PublicKeyCredential?.parseRequestOptionsFromJSON === "function" && navigator.credentials;

// askBrowser returns the browser's answer: a passkey that is there or, for data-passkey-new, one that it makes.
async function askBrowser(form, options) {
  if ("passkeyNew" in form.dataset) {
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
  }
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
}

async function send(form) {
  const question = await limitedFetch(form.dataset.passkey, { headers: { Accept: "application/json" } });
  if (!question.ok) throw new Error(question.statusText);
  const { options, state } = await question.json();
  const answer = await askBrowser(form, options);
  const field = form.dataset.passkeyField ?? "passkey";
  form.elements[field].value = JSON.stringify(answer);
  form.elements[`${field}_state`].value = state;
  HTMLFormElement.prototype.submit.call(form); // as it is, although fields for another way may be empty
}

export function offerPasskeys() {
  if (!supported()) return;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const failed = form.querySelector("[role=alert]");
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      failed.hidden = true;
      // The person has said no, took too long, or has no passkey for this site: browsers don't say which.
      send(form).catch(() => {
        failed.hidden = false;
      });
    });
  }
}
