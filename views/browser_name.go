package views

import "strings"

// browserName makes a short name, such as "Firefox · Windows", of what a browser calls itself; "" of
// what is none that people have. Browsers name each other for the sake of old sites, so the order
// counts: Edge says Chrome and Safari too.
func browserName(agent string) string {
	name := firstNamed(agent, []named{
		{"Edg", "Edge"},
		{"OPR/", "Opera"},
		{"SamsungBrowser/", "Samsung Internet"},
		{"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"Chrome/", "Chrome"},
		{"CriOS/", "Chrome"},
		{"Safari/", "Safari"},
	})
	system := firstNamed(agent, []named{
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Android", "Android"},
		{"Windows", "Windows"},
		{"CrOS", "ChromeOS"},
		{"Mac OS X", "macOS"},
		{"Linux", "Linux"},
	})
	if name == "" || system == "" {
		return name
	}
	return name + " · " + system
}

// named is a part of a User-Agent header and what it stands for.
type named struct{ part, name string }

func firstNamed(agent string, names []named) string {
	for _, n := range names {
		if strings.Contains(agent, n.part) {
			return n.name
		}
	}
	return ""
}
