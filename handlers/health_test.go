package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/handlers"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// warnings are those of a page, without the one that Redis answers late: on a busy machine it does.
func warnings(page *answer, selector string) (texts []string) {
	for _, text := range page.texts(selector) {
		if text = strings.Join(strings.Fields(text), " "); !strings.HasPrefix(text, "Redis takes ") {
			texts = append(texts, text)
		}
	}
	return texts
}

// Superusers read what is wrong and what to do, with what has to be mended in front.
func TestHealthSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes")
	client := server.Client(t)
	s := newSite(t, client, handlers.Options{})
	b := s.superuser()
	s.record("ada", "/") // so that there is an application
	page := b.get(base + "/health")
	nothing := page.text("[role=status]") == "Nothing is wrong."
	if page.StatusCode != http.StatusOK || len(warnings(page, ".warning")) != 0 || nothing != (page.find(".warning").Length() == 0) {
		t.Errorf("answered %d, %q", page.StatusCode, page.text("main"))
	}
	if err := s.logs.SetSwitches(t.Context(), store.Switches{NoRecord: true}); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]any{{"config", "set", "maxmemory-policy", "allkeys-lru"}, {"del", "userlog:users"}, {"set", "userlog:users", "<b>"}} {
		if err := client.Do(t.Context(), command...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	page = b.get(base + "/health")
	if n := page.find("#grave .warning").Length(); n != 2 || page.find("#grave .warning").Last().Find("bdi").First().Text() != "userlog:users" {
		t.Errorf("to be mended: %d, %q", n, page.text("#grave"))
	}
	if got := warnings(page, "#others .warning"); len(got) != 1 || got[0] != "Recording is switched off: nothing is recorded of anybody. Switch it on on the page Recording, or with userlog recording set --recording on." {
		t.Errorf("to be looked at: %q", got)
	}
}

// It is there on every Redis, and says what is wrong with it in every language.
func TestHealthOnEachRedis(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		s := newSite(t, client, handlers.Options{})
		b := s.superuser()
		if err := s.logs.SetSwitches(t.Context(), store.Switches{WatchOnly: true}); err != nil {
			t.Fatal(err)
		}
		for _, language := range []string{"en", "de", "fr", "es", "ar"} {
			b.post(base+"/language", form("lang", language))
			if page := b.get(base + "/health"); page.StatusCode != http.StatusOK || page.find("html[lang="+language+"] #others").Length() != 1 {
				t.Errorf("%s: answered %d, %q", language, page.StatusCode, page.text("main"))
			}
		}
	})
}
