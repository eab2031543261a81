// htmx puts what the server answers into the page. It asks for a policy by which to do that: see trusted_html.js. This is a part of
// htmx.js, because htmx knows of extensions when it starts.

import { trust } from "./trusted_html.js";

const policy = trust("userlog-htmx");

function refuse() {
  throw new Error("an answer had a script, or an attribute with code");
}

globalThis.htmx.registerExtension("security", {
  init: (api) => api.initSecurity({ createHTML: (html) => policy.createHTML(html), createScript: refuse }, refuse, refuse),
});
