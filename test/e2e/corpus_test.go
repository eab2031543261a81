package e2e

// hostile are texts that would do something if a page took them for HTML, a URL, a script, a template
// or an instruction to htmx. They would open a dialog, set window.pwned, or ask for something that
// the policy forbids. Each can be a path and a username. There are as many as a log has entries.
var hostile = []string{
	`/<img src=x onerror=alert(1)>`,
	`/"><script>alert(1)</script>`,
	`/' onmouseover='alert(1)`,
	`javascript:alert(1)`,
	`/</code></td></tr></table><svg onload=alert(1)>`,
	`/</hx-partial><hx-partial hx-target="body" hx-swap="innerHTML"><p>gone</p></hx-partial>`,
	`/{{.}}${alert(1)}#{alert(1)}<%= alert(1) %>`,
	`/&lt;b&gt;&amp;`,
	`/"><svg><script>window.pwned=1</script></svg>`,
	`/" autofocus onfocus=window.pwned=1 x="`,
	`/</template><script>window.pwned=1</script><template>`,
	`/</title></textarea></noscript></style><script>window.pwned=1</script>`,
	`/<div hx-get="/userlog/live/everyone" hx-trigger="load" hx-target="body"></div>`,
	`/<div hx-on:load="window.pwned=1" hx-on::after-init="window.pwned=1" data-hx-on-load="window.pwned=1"></div>`,
	`/<form hx-post="/userlog/logout" hx-trigger="load"></form>`,
	`/<div hx-ws:connect="wss://evil.example/"></div>`,
	`/<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
	`/<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">`,
	`/<noscript><p title="</noscript><img src=x onerror=alert(1)>">`,
	"/\u2028alert(1)\u2029//<script>\u2028window.pwned=1</script>",
	`/<a href="data:text/html,<script>alert(1)</script>" autofocus>x</a><iframe srcdoc="<script>parent.pwned=1</script>">`,
	`/<details open ontoggle=alert(1)><marquee onstart=alert(1)><video><source onerror=alert(1)>`,
	`/<base href="https://evil.example/"><link rel=stylesheet href=//evil.example/x><meta http-equiv=refresh content="0;url=//evil.example">`,
	`/--><!--><img src=x onerror=alert(1)>--!><script>alert(1)</script>`,
	"/`-alert(1)-`'-alert(1)-'\";alert(1)//\\\";alert(1)//]]>",
}

// foreign finds elements that no page of ours has. A text that was taken for HTML would have made them.
const foreign = `[...document.querySelectorAll(
	'iframe, object, embed, math, base, marquee, video, svg:not(.sparkline), hx-partial, main template, main style, main meta, main link, ' +
	'script:not([src]), img:not(.brand img), main p:not([class], [id]) b, [srcdoc], [contenteditable]')]
	.concat([...document.querySelectorAll('*')].filter(e =>
		[...e.attributes].some(a => /^(data-)?(on|hx-on|hx-vals|hx-live)/.test(a.name)) ||
		/^(javascript|data):/i.test(e.getAttribute('href') || e.getAttribute('action') || e.getAttribute('formaction') || '') && e.localName !== 'link' ||
		new URL(e.getAttribute('hx-ws:connect') || '', location).host !== location.host))
	.map(e => e.outerHTML).join('\n')`

// hasNothingForeign checks that nothing on the page was made by somebody's text, and that none of it
// has been run. What the policy has prevented is a complaint, which fails the test by itself.
func (b *tab) hasNothingForeign() {
	b.t.Helper()
	if made := evaluate[string](b, foreign); made != "" {
		b.t.Errorf("%s: somebody's text became part of the page: %s", b.location(), made)
	}
	if evaluate[bool](b, "window.pwned !== undefined") {
		b.t.Errorf("%s: somebody's text was run", b.location())
	}
}
