package e2e

import (
	"testing"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

func TestFrenchForThoseWhoAskForIt(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	record(logs, "colette", "/panier")
	b := openTab(t, site.origin+"/userlog")
	b.prefers("fr-CA,fr;q=0.9,en;q=0.5")
	b.visit("/login")
	b.shows("h1", "Connexion")
	b.holdSession(site, site.superuser)
	b.visit("/live?username=colette")
	b.shows("#connection[data-state=live]", "En direct")
	b.shows("#messages [role=status]", "Journaux trouvés pour colette.")
	b.shows("#rows .type", "Lecture (GET)")
	b.shows("#rows td.result", "Succès (200)")
	b.eventually("the time since is said in French",
		"/^il y a \\d+ (s|min)$/.test(document.querySelector('#rows time-ago').shadowRoot?.textContent)")
	b.visit("/static?username=nadine")
	b.shows("#messages [role=status]", "Aucun journal pour nadine. Demandez à la personne son nom d’utilisateur, exactement comme elle le saisit à la connexion. Si c’est celui-ci, une page qu’elle ouvre maintenant apparaît ici.")
}

func TestLanguageSwitchIsRemembered(t *testing.T) {
	t.Parallel()
	site, _ := shareSite(t)
	b := site.enter(t)
	b.visit("/static?username=lena")
	b.click("footer button[lang=fr]")
	b.shows("#messages [role=status]", "Aucun journal pour lena. Demandez à la personne son nom d’utilisateur, exactement comme elle le saisit à la connexion. Si c’est celui-ci, une page qu’elle ouvre maintenant apparaît ici.") // the page that it was switched on
	b.visit("/")
	b.shows("h1", "Journaux des utilisateurs")
	b.click("footer button[lang=en]")
	b.shows("h1", "User logs")
}

func TestLanguageCanBePinned(t *testing.T) {
	t.Parallel()
	site := serve(t, redistest.Start(t), "--language", "fr")
	b := openTab(t, site.origin+"/userlog")
	b.visit("/login")
	b.shows("h1", "Connexion")
	if switches := evaluate[int](b, "document.querySelectorAll('footer button[lang]').length"); switches != 0 {
		t.Errorf("there are %d buttons to switch a language that is pinned", switches)
	}
}

// In a page from right to left a name in another script stands where the others do.
func TestNamesKeepToTheSideOfThePage(t *testing.T) {
	t.Parallel()
	site, logs := shareSite(t)
	b := site.openLog(t, logs, "samira", "/static")
	logs.Record(store.Entry{Username: "samira", Method: "GET", Path: "/cart", Code: 200, Kind: store.KindPage, Page: "Cart"})
	b.prefers("ar")
	b.visit("/static?username=samira")
	b.hasURLs("/cart", "/before")
	// A box is as wide as its column; where the text in it begins, says a range.
	off := evaluate[[2]float64](b, `['.page', 'td.url > code'].map((part) => {
		const text = document.querySelector('#rows ' + part), cell = text.closest('td'), range = document.createRange();
		range.selectNodeContents(text);
		return cell.getBoundingClientRect().right - parseFloat(getComputedStyle(cell).paddingRight) - range.getBoundingClientRect().right;
	})`)
	if off != [2]float64{} {
		t.Errorf("the name of the page is %v pixels off the beginning of its column, its address %v", off[0], off[1])
	}
}
