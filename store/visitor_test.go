package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/internal/storetest"
)

func TestVisitorNames(t *testing.T) {
	name := store.VisitorName("secret")
	if !store.IsVisitor(name) || name != store.VisitorName("secret") || name == store.VisitorName("Secret") || strings.Contains(name, "secret") {
		t.Errorf("the name is %q", name)
	}
	if err := store.CheckUsername(name); err != nil {
		t.Errorf("%q: %v", name, err)
	}
	for _, username := range []string{"", "visitor:", "ada", name + "a", name[:len(name)-1], strings.ToUpper(name), " " + name, name[:len(name)-1] + "1", name[:len(name)-1] + "é", "visitor:" + strings.Repeat(" ", 24)} {
		if store.IsVisitor(username) {
			t.Errorf("%q is a visitor", username)
		}
	}
}

// On a Cluster the logs of a visitor and of the user are at different masters, as is a code.
func TestVisitorsOfACluster(t *testing.T) {
	t.Parallel()
	logs := storetest.Open(t, redistest.StartCluster(t, 3).Client(t), store.Options{})
	storetest.JoinsAVisitor(t, logs)
	storetest.GivesSupportCodes(t, logs)
}

// Where Redis hangs, nobody waits for long: requests are recorded when it answers again, and the login says where the rest is.
func TestAVisitorLogsInWhileRedisHangs(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	logs := storetest.Open(t, server.Client(t), store.Options{})
	visitor := store.VisitorName("hers")
	storetest.Record(logs, visitor, 1, 2)
	storetest.Written(t, logs)
	server.Pause()
	if code, err := logs.SupportCode(t.Context(), visitor, false); err == nil {
		t.Errorf("without Redis the code is %+v", code)
	}
	logs.Join(visitor, store.Entry{Username: "ada", Method: "POST", Path: "/login", Code: 303})
	storetest.Record(logs, "ada", 2, 3)
	redistest.Eventually(t, "all waits for Redis", func() bool { return logs.Stats().Accepted >= 4 })
	server.Resume()
	redistest.Eventually(t, "all is written", func() bool {
		log, err := logs.Log(t.Context(), "ada")
		return err == nil && storetest.Paths(log.Entries) == "2 login" && log.Entries[1].Visitor == visitor
	})
}

// A store that is closed meanwhile writes what waits.
func TestAStoreIsClosedWhileAVisitorLogsIn(t *testing.T) {
	t.Parallel()
	client := redistest.Patient(t, redistest.Start(t).Client(t))
	logs, reader := storetest.Open(t, client, store.Options{}), storetest.Open(t, client, store.Options{})
	for n := range 20 {
		logs.Join(store.VisitorName(fmt.Sprint(n)), store.Entry{Username: fmt.Sprint("user", n), Path: "/login"})
		logs.Record(store.Entry{Username: fmt.Sprint("user", n), Path: "/after"})
	}
	if err := logs.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	logs.Join(store.VisitorName("late"), store.Entry{Username: "ada", Path: "/login"})
	for n := range 20 {
		log, err := reader.Log(t.Context(), fmt.Sprint("user", n))
		if err != nil || storetest.Paths(log.Entries) != "after login" {
			t.Errorf("%d has %q, %v", n, storetest.Paths(log.Entries), err)
		}
	}
}

// A code that is a user's name, or another's code, is not given: whoever types it gets to one person.
func TestASupportCodeIsNobodyElses(t *testing.T) {
	t.Parallel()
	logs := storetest.Open(t, redistest.Patient(t, redistest.Start(t).Client(t)), store.Options{})
	logs.Record(store.Entry{Username: "000001", Path: "/"})
	storetest.Written(t, logs)
	next := 0
	store.SetSupportCodes(logs, func() string {
		next++
		return fmt.Sprintf("%06d", next)
	})
	ada, err := logs.SupportCode(t.Context(), "ada", false)
	if err != nil || ada.Code != "000002" {
		t.Errorf("ada's is %+v, %v", ada, err)
	}
	store.SetSupportCodes(logs, func() string { return "000002" })
	if bob, err := logs.SupportCode(t.Context(), "bob", false); !errors.Is(err, store.ErrSupportBusy) {
		t.Errorf("bob's is %+v, %v", bob, err)
	}
	if whose, err := logs.SupportOwner(t.Context(), "000001"); !errors.Is(err, store.ErrSupportCode) {
		t.Errorf("the user's name leads to %q, %v", whose, err)
	}
	for n := range 400 {
		if _, err = logs.SupportCode(t.Context(), fmt.Sprint("user", n), false); err != nil {
			break
		}
	}
	if !errors.Is(err, store.ErrSupportBusy) {
		t.Errorf("codes are given without end: %v", err)
	}
}

// A customer who asks for new codes without end gets few, and denies them to nobody.
func TestOneCustomerCannotUseUpTheSupportCodes(t *testing.T) {
	t.Parallel()
	logs := storetest.Open(t, redistest.Patient(t, redistest.Start(t).Client(t)), store.Options{})
	first, err := logs.SupportCode(t.Context(), "mallory", false)
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]bool{}
	for range 400 {
		code, err := logs.SupportCode(t.Context(), "mallory", true)
		if err != nil {
			t.Fatalf("after %d codes: %v", len(given), err)
		}
		given[code.Code] = true
		if len(given) > 10 {
			t.Fatal("one customer gets more than 10 codes")
		}
	}
	if given[first.Code] {
		t.Error("the first one has not been renewed")
	}
	if ada, err := logs.SupportCode(t.Context(), "ada", true); err != nil || ada.Code == "" {
		t.Errorf("ada gets %+v, %v", ada, err)
	}
	held := map[string]string{} // code by customer, of those that still open something
	for code := range given {
		if whose, err := logs.SupportOwner(t.Context(), code); err == nil {
			held[code] = whose
		}
	}
	if len(held) != 1 {
		t.Errorf("these open something: %v", held)
	}
}

// Two requests of one customer at the same time get one code.
func TestOneCustomerHasOneSupportCode(t *testing.T) {
	t.Parallel()
	logs := storetest.Open(t, redistest.Patient(t, redistest.Start(t).Client(t)), store.Options{})
	codes := make(chan string)
	for range 8 {
		go func() {
			code, err := logs.SupportCode(context.Background(), "ada", false)
			if err != nil {
				t.Error(err)
			}
			codes <- code.Code
		}()
	}
	given := map[string]bool{}
	for range 8 {
		given[<-codes] = true
	}
	if len(given) != 1 {
		t.Errorf("the codes are %v", given)
	}
}

// The rules of docs/hardening.md are enough for applications that record visitors.
func TestTheACLOfTheDocsForVisitors(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/hardening.md")
	if err != nil {
		t.Fatal(err)
	}
	rules := regexp.MustCompile("(?m)^user userlog-application (.*)$").FindSubmatch(page)
	more := regexp.MustCompile("may also do `([^`]*support[^`]*)`").FindSubmatch(page)
	if rules == nil || more == nil {
		t.Fatal("docs/hardening.md does not say what applications with visitors may do")
	}
	for _, visitors := range []bool{true, false} {
		server := redistest.Start(t)
		command := []any{"acl", "setuser", "default", "reset"}
		for rule := range strings.FieldsSeq(string(rules[1])) {
			command = append(command, rule)
		}
		if visitors {
			for rule := range strings.FieldsSeq(string(more[1])) {
				command = append(command, rule)
			}
		}
		admin := server.Client(t)
		if err := admin.Do(t.Context(), "acl", "setuser", "reader", "on", ">reader", "~*", "&*", "+@all").Err(); err != nil {
			t.Fatal(err)
		}
		as := func(username, password string) *redis.Client {
			options := *admin.Options()
			options.Username, options.Password = username, password
			client := redis.NewClient(&options)
			t.Cleanup(func() { client.Close() })
			return redistest.Patient(t, client)
		}
		reader := storetest.Open(t, as("reader", "reader"), store.Options{})
		if err := admin.Do(t.Context(), command...).Err(); err != nil {
			t.Fatal(err)
		}
		logs, visitor := storetest.Open(t, as("default", "change-me"), store.Options{}), store.VisitorName("hers")
		_, err := logs.SupportCode(t.Context(), visitor, false)
		if (err == nil) != visitors {
			t.Errorf("visitors are allowed: %t, and the code fails with %v", visitors, err)
		}
		storetest.Record(logs, visitor, 1, 2)
		logs.Join(visitor, store.Entry{Username: "ada", Path: "/login"})
		want := "login"
		if visitors {
			want = "login 1"
		}
		redistest.Eventually(t, "the login is recorded", func() bool {
			log, err := reader.Log(t.Context(), "ada")
			return err == nil && storetest.Paths(log.Entries) == want && (log.Entries[0].Visitor == visitor) != visitors
		})
	}
}
