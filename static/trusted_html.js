// Browsers take text for HTML, and for a script, only from a policy that the Content-Security-Policy names. So nothing that scripts do
// by mistake can run a script: it is stopped, and reported.

// trust makes a policy. What it trusts is what our own server has rendered, in which texts of others are escaped. There is none for
// scripts, nor for their addresses. Browsers that know no policies need none.
export function trust(name) {
  const policy = { createHTML: (html) => html };
  return globalThis.trustedTypes?.createPolicy(name, policy) ?? policy;
}
