// What a browser keeps for pages. Storage may be forbidden, and is not needed: then nothing is kept.

export function read(storage, key) {
  try {
    return JSON.parse(window[storage].getItem(key));
  } catch {
    return null;
  }
}

// keep takes away what was kept where there is no value.
export function keep(storage, key, value) {
  try {
    if (value) window[storage].setItem(key, JSON.stringify(value));
    else window[storage].removeItem(key);
  } catch {
    // Then nothing is kept.
  }
}

// atLogout calls a function when the reader logs out.
export function atLogout(forget) {
  document.addEventListener("submit", ({ target }) => {
    if (target.getAttribute("action")?.endsWith("/logout")) forget();
  });
}
