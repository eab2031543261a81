package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"

	"github.com/gin-userlog/userlog/internal/redistest"
)

// A customer can't log in, and calls. The agent types the code from the help page, sees what the customer sees, and both know the same
// word. When the customer has got in, her log has what came before.
func TestACustomerWhoCantLogIn(t *testing.T) {
	t.Parallel()
	site := demo(t, redistest.Start(t))
	caller, agent := openTab(t, site.origin), site.enter(t)
	caller.visit("/login")
	caller.click("#call-link")
	caller.expect(unavailable) // of a shop that waits for a code half a second
	caller.eventually("a code", "location.pathname === '/call' && (document.querySelector('#support-code') || (location.reload(), false))")
	code := evaluate[string](caller, "document.querySelector('#support-code').textContent")
	agent.visit("/live")
	agent.search(code)
	agent.eventually("the visitor's log", "location.pathname.endsWith('/live') && location.search.startsWith('?username=visitor')")
	agent.isConnected("live")
	agent.eventually("the log has the call, and nothing else", "(urls => urls.length > 0 && urls.every(url => url.textContent === '/call'))([...document.querySelectorAll('#rows > tr[data-id] > td.url > code')])")
	agent.reads("h1", "not logged in")
	axe := readAxe(t)
	agent.isAccessible(axe, "light", everyRule)
	agent.isAccessible(axe, "dark", everyRule)

	caller.click("#who")
	caller.reads("#speaking", "You are speaking with "+superuser+": ")
	_, word, _ := strings.Cut(evaluate[string](caller, "document.querySelector('#speaking').textContent"), ": ")
	agent.reads("#support", "You are speaking with "+superuser+": "+word)
	caller.visit("/login")
	for range 3 {
		caller.enter("#username", "adda")
		evaluate[bool](caller, "window.waits = true")
		caller.click("main button")
		caller.eventually("another page", "!window.waits")
		caller.reads("#username-problem", "No customer has this name.")
	}
	caller.expect("422")
	agent.eventually("the sentence to say", `/^Log in was rejected 3 times in \d+\s(s|min): no customer has this name\./.test(document.querySelector('#now').innerText.trim())`)

	caller.enter("#username", "ada")
	caller.click("main button")
	caller.shows("#customer", "ada")
	agent.shows("#rows .became", "has logged in as ada")
	agent.reads("#now", "Has logged in as ada")
	agent.click("#rows .became a")
	agent.eventually("ada's log", "location.search === '?username=ada'")
	agent.isConnected("live")
	agent.shows("#rows .visitor", "not logged in yet")
	agent.reads("#now", "On Front page")
	caller.visit("/cart")
	agent.reads("#rows > tr:first-child .url", "/cart")
	agent.isAccessible(axe, "light", everyRule)
}

// When a code has ended, the customer's page shows no word any longer. Nor does that of the agent, which is open all the time.
func TestTheWordGoesWithItsCode(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	site, logs := serve(t, redis), openStore(t, redis)
	record(logs, "ada", "/help")
	written(t, logs)
	support, err := logs.SupportCode(t.Context(), "ada", false)
	if err == nil {
		_, err = logs.OpenSupport(t.Context(), support.Code, superuser)
	}
	if err != nil {
		t.Fatal(err)
	}
	agent := site.enter(t)
	call(agent, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `document.addEventListener("readystatechange", () => {
			const support = document.getElementById("support");
			if (support) support.dataset.left -= 898; // of its 900 seconds
		}, { once: true });`,
	})
	for _, path := range []string{"/static", "/live"} {
		agent.visit(path + "?username=ada")
		agent.eventually("the word has been there, and is gone",
			"(support => support?.textContent.includes('You are speaking') && !support.checkVisibility())(document.querySelector('#support'))")
	}
}

// reads waits until an element has a text among others.
func (b *tab) reads(selector, text string) {
	b.t.Helper()
	b.eventually(fmt.Sprintf("%s reads %q", selector, text), fmt.Sprintf("document.querySelector(%q)?.textContent.includes(%q)", selector, text))
}
