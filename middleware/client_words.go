package middleware

import (
	"slices"
	"strings"
)

// clientWords judges a browser by what it says of itself: family, system and form, as far as they are known. They are words of
// fixed lists, whatever the headers say. It is "" where a part of a browser has asked, such as a player of videos.
func clientWords(agent, brands string) string {
	if containsAny(agent, "AppleCoreMedia", "stagefright", "VLC/", "Lavf/") {
		return ""
	}
	system := firstOf(agent, clientSystems())
	family := firstOf(agent, clientApps())
	if family == "" {
		family = firstOf(brands, clientBrands())
	}
	if family == "" {
		family = firstOf(agent, clientFamilies())
	}
	switch {
	case family != "":
	case system == "":
		return "program"
	case strings.HasPrefix(agent, "Mozilla/") && system != "iOS" && system != "iPadOS":
		family = "browser"
	default:
		family = "app" // in iOS, views of apps do not say Safari
	}
	words := [...]string{family, system, clientForm(agent, system)}
	return strings.Join(slices.DeleteFunc(words[:], func(word string) bool { return word == "" }), ", ")
}

// clientForm is the form of the device that a browser runs on.
func clientForm(agent, system string) string {
	switch {
	case containsAny(agent, "SmartTV", "SMART-TV", "Web0S", "; AFT", "BRAVIA", "AppleTV"):
		return "TV"
	case system == "iPadOS", containsAny(agent, "Tablet;", "Tablet)"):
		return "tablet"
	case system == "iOS", strings.Contains(agent, "Mobile"):
		return "phone"
	case system == "Android":
		return "tablet"
	case system == "Windows", system == "macOS", system == "Linux", system == "ChromeOS":
		return "computer"
	}
	return ""
}

// mark is a part of a header, and the word for what it tells.
type mark struct{ part, word string }

// clientApps are apps that show pages inside themselves. They also say which browser they are made of.
func clientApps() []mark {
	return []mark{
		{"Instagram ", "Instagram"},
		{"FBAN/", "Facebook"},
		{"FBAV/", "Facebook"},
		{"WhatsApp/", "WhatsApp"},
		{"MicroMessenger/", "WeChat"},
		{"musical_ly", "TikTok"},
		{"BytedanceWebview", "TikTok"},
		{"LinkedInApp", "LinkedIn"},
		{"GSA/", "Google app"},
		{"; wv)", "app"},
		{"okhttp/", "app"},
		{"CFNetwork/", "app"},
		{"Dart/", "app"},
	}
}

// clientBrands are brands in Sec-CH-UA. Some browsers say in User-Agent that they are Chrome.
func clientBrands() []mark {
	return []mark{
		{`"Brave"`, "Brave"},
		{`"Microsoft Edge"`, "Edge"},
		{`"Opera`, "Opera"},
		{`"Vivaldi"`, "Vivaldi"},
		{`"Samsung Internet"`, "Samsung Internet"},
		{`"YaBrowser"`, "Yandex"},
		{`"DuckDuckGo"`, "DuckDuckGo"},
		{`"Android WebView"`, "app"},
		{`"Google Chrome"`, "Chrome"},
	}
}

// clientFamilies are parts of User-Agent. The more special ones come first: most browsers say that they are Chrome and Safari, too.
func clientFamilies() []mark {
	return []mark{
		{"Edg/", "Edge"},
		{"EdgA/", "Edge"},
		{"EdgiOS/", "Edge"},
		{"Edge/", "Edge"},
		{"OPR/", "Opera"},
		{"OPT/", "Opera"},
		{"OPiOS/", "Opera"},
		{"Opera", "Opera"},
		{"SamsungBrowser/", "Samsung Internet"},
		{"YaBrowser/", "Yandex"},
		{"DuckDuckGo/", "DuckDuckGo"},
		{"Ddg/", "DuckDuckGo"},
		{"Vivaldi/", "Vivaldi"},
		{"UCBrowser/", "UC Browser"},
		{"MiuiBrowser/", "Mi Browser"},
		{"HuaweiBrowser/", "Huawei Browser"},
		{"Whale/", "Whale"},
		{"QQBrowser/", "QQ Browser"},
		{"Silk/", "Silk"},
		{"Focus/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"Firefox/", "Firefox"},
		{"CriOS/", "Chrome"},
		{"Chrome/", "Chrome"},
		{"Chromium/", "Chrome"},
		{"MSIE ", "Internet Explorer"},
		{"Trident/", "Internet Explorer"},
		{"Safari/", "Safari"},
	}
}

// clientSystems are parts of User-Agent. Android says that it is Linux, and phones of Apple that they are like Mac OS X.
func clientSystems() []mark {
	return []mark{
		{"iPhone", "iOS"},
		{"iPod", "iOS"},
		{"iPad", "iPadOS"},
		{"HarmonyOS", "HarmonyOS"},
		{"Android", "Android"},
		{"KAIOS", "KaiOS"},
		{"CrOS", "ChromeOS"},
		{"Windows", "Windows"},
		{"Mac OS X", "macOS"},
		{"Macintosh", "macOS"},
		{"Tizen", "Tizen"},
		{"Web0S", "webOS"},
		{"Linux", "Linux"},
		{"X11", "Linux"},
	}
}

// firstOf is the word of the first mark that a text has, "" for none.
func firstOf(text string, marks []mark) (word string) {
	for _, m := range marks {
		if strings.Contains(text, m.part) {
			return m.word
		}
	}
	return ""
}

func containsAny(text string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
