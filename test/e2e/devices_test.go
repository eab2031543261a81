package e2e

import (
	"testing"

	"github.com/gin-userlog/userlog/store"
)

// A customer has a phone and a laptop open, and reads a code from the phone: the agent sees which is which, looks at one alone, and
// gets to the line of the code.
func TestTwoDevicesAndACode(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	const phone, laptop = "Firefox, Android, phone", "Chrome, Windows, computer"
	code := store.NewReference()
	b := site.enter(t)
	b.visit("/live?username=delia")
	b.isConnected("live")
	logs.Record(store.Entry{Username: "delia", Method: "GET", Path: "/help", Code: 200, Kind: store.KindPage, Page: "Help", Client: laptop})
	b.hasURLs("/help")
	b.eventually("with one device, nothing is marked", "getComputedStyle(document.querySelector('.device')).display === 'none'")
	logs.Record(store.Entry{Username: "delia", Method: "POST", Path: "/invoice", Code: 500, Kind: store.KindPage, Page: "Invoice", Client: phone, Reference: code})
	b.hasURLs("/invoice", "/help")
	b.shows("#rows > tr:first-child .device", "Firefox, phone")
	b.shows("#rows > tr:first-child .visit", "Another device")
	b.shows("#now p .problem .device", "Firefox, phone")
	b.eventually("each device has its line", "document.querySelectorAll('#now .devices > li').length === 2")
	b.eventually("rows are marked", "getComputedStyle(document.querySelector('#rows .device.computer')).display !== 'none'")
	b.isAccessible(readAxe(t), "light", everyRule)
	b.click("#now .devices > li:first-child a")
	b.hasURLs("/invoice")
	b.click(".controls a[href$='username=delia'].unfold")
	b.hasURLs("/invoice", "/help")

	b.visit("/live?username=" + code[:3] + "%20" + code[3:])
	b.eventually("the line is pointed out, and open", "location.pathname.endsWith('/static') && document.querySelector('#rows > tr[aria-current] details').open")
	b.shows("#rows > tr[aria-current] dd", code)
	b.isAccessible(readAxe(t), "dark", everyRule)
}
