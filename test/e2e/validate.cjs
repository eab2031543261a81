// Reads pages from standard input, one JSON object {name, html} a line, and writes what is wrong with
// each as a line of text.
"use strict";

const { HtmlValidate } = require("html-validate");
const readline = require("node:readline");

const validator = new HtmlValidate({
  root: true,
  extends: ["html-validate:standard", "html-validate:a11y"],
  rules: {
    // The log's table says what it is, for browsers that believe its layout instead.
    "no-redundant-role": "off",
    // A button that says nothing else submits its form; that is no mistake, only short.
    "no-implicit-button-type": "off",
    // The list of suggestions follows ARIA's combobox pattern, which a <select> can't.
    "prefer-native-element": ["error", { exclude: ["listbox"] }],
  },
});

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { name, html } = JSON.parse(line);
    const report = await validator.validateString(html, name);
    for (const { messages } of report.results) {
      for (const m of messages) console.log(`${name}:${m.line}:${m.column}: ${m.ruleId}: ${m.message} (${m.selector})`);
    }
  }
})();
