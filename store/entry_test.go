package store

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestEntryWireFormat(t *testing.T) {
	at := time.Date(2026, 11, 23, 10, 30, 0, 123456000, time.UTC)
	tests := []struct {
		name  string
		entry Entry
		want  string
	}{
		{
			"everything",
			Entry{
				ID: "p-1", Username: "ada", Actor: "bob", Method: "GET", Path: "/orders/7?page=2", Code: 200, Time: at,
				Ended: EndBrokeOff, Problem: "card declined", Reference: "K7W3XF",
				Duration: 1500 * time.Microsecond, Route: "/orders/:id", RequestID: "r1",
				Page: "Order details", Kind: KindFragment, Scripted: true, From: "/orders?page=2", Location: "/orders/7", Client: "Firefox, Android, phone", Visit: "k3fz9x2ab0", Application: "shop",
				Extra: map[string]string{"plan": "pro"}, Truncated: true, Repeats: 28, Since: at.Add(-27 * time.Second), aside: true,
			},
			`{"id":"p-1","username":"ada","actor":"bob","method":"GET","path":"/orders/7?page=2","code":200,` +
				`"time":1795429800.123456,"duration":0.001500,"ended":"broke_off","problem":"card declined","reference":"K7W3XF","route":"/orders/:id","request_id":"r1",` +
				`"page":"Order details","kind":"fragment","scripted":true,"from":"/orders?page=2","location":"/orders/7","client":"Firefox, Android, phone","visit":"k3fz9x2ab0","app":"shop",` +
				`"extra":{"plan":"pro"},"truncated":true,"repeats":28,"over":27,"aside":true}`,
		},
		{
			"as little as django-userlog writes",
			Entry{Method: "GET", Path: "/", Code: 404, Time: at},
			`{"method":"GET","path":"/","code":404,"time":1795429800.123456}`,
		},
		{
			"text that needs escapes",
			Entry{Method: "GET", Path: "/\"\\\n\x00<b>é🙂\xff", Code: 0, Time: time.UnixMicro(-1)},
			`{"method":"GET","path":"/\"\\\u000a\u0000<b>é🙂` + "\ufffd" + `","code":0,"time":-0.000001}`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := json.Marshal(test.entry)
			if err != nil {
				t.Fatal(err)
			}
			line := string(test.entry.appendJSON(nil))
			if line != test.want {
				t.Errorf("line:\n got %s\nwant %s", line, test.want)
			}
			if !sameJSON(t, string(got), test.want) {
				t.Errorf("json.Marshal:\n got %s\nwant %s", got, test.want)
			}
			var back Entry
			if err := json.Unmarshal([]byte(line), &back); err != nil {
				t.Fatal(err)
			}
			want := test.entry
			want.Time, want.Path = want.Time.UTC(), strings.ToValidUTF8(want.Path, "\ufffd")
			if !reflect.DeepEqual(back, want) {
				t.Errorf("decoded:\n got %+v\nwant %+v", back, want)
			}
		})
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Fatalf("%v in %s", err, a)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return reflect.DeepEqual(x, y)
}

func TestDecodeLine(t *testing.T) {
	django := `{"method": "POST", "path": "/pay", "code": 302, "time": 1795429800.5}`
	e, err := decodeLine("ada", django)
	if err != nil {
		t.Fatal(err)
	}
	if e.Username != "ada" || e.Method != "POST" || e.Path != "/pay" || e.Code != 302 || e.Time.UnixMilli() != 1795429800500 {
		t.Errorf("django-userlog's entry: got %+v", e)
	}
	again, _ := decodeLine("ada", django)
	other, _ := decodeLine("ada", strings.Replace(django, ".5", ".6", 1))
	if e.ID == "" || e.ID != again.ID || e.ID == other.ID {
		t.Errorf("ids of lines without one: %q, again %q, another line %q", e.ID, again.ID, other.ID)
	}
	if e, err := decodeLine("ada", `{"method":"GET","path":"/","code":200,"kind":"hologram"}`); err != nil || e.Kind != KindUnknown {
		t.Errorf("a kind of tomorrow is read as %q: %v", e.Kind, err)
	}
	if e, err := decodeLine("ada", `{"method":"GET","path":"/","code":0,"ended":"abducted"}`); err != nil || e.Ended != EndOrdinary || e.Code != 0 {
		t.Errorf("an end of tomorrow is read as %q with %d: %v", e.Ended, e.Code, err)
	}
	if e, _ := decodeLine("ada", `{"id":"1","username":"bob","method":"GET","path":"/","code":200}`); e.Username != "ada" {
		t.Errorf("an entry of bob in ada's log is shown as %q's", e.Username)
	}
}

func TestDecodeLineRefusesWhatIsForeign(t *testing.T) {
	for _, line := range []string{
		"", "null", "[]", "7", "text", `{"path":"/","code":200}`, `{"method":"GET","code":200}`,
		`{"method":"GET","path":"/"}`, `{"method":"GET","path":"/","code":"200"}`, `{"method":"GET","path":"/","code":-1}`,
		`{"method":"GET","path":"/","code":1e9}`, `{"method":"GET","path":"/","code":200,"time":1e300}`,
		`{"method":"GET","path":"/","code":200,"time":"x"}`, `{"method":"GET","path":"/","code":200,"extra":["x"]}`,
		`{"method":"GET","path":"/","code":200`,
	} {
		if e, err := decodeLine("ada", line); err == nil {
			t.Errorf("%s was read as %+v", line, e)
		}
	}
}

func FuzzDecodeLine(f *testing.F) {
	f.Add(`{"id":"1","method":"GET","path":"/a?b=c","code":200,"time":1795429800.5,"duration":0.1,"extra":{"a":"b"}}`)
	f.Add(`{"method":"GET","path":"/","code":200,"time":-1e-9}`)
	f.Add(`{"method":"POST","path":"/pay","code":303,"page":"Pay","kind":"page","from":"/cart","location":"/orders/7"}`)
	f.Fuzz(func(t *testing.T, line string) {
		e, err := decodeLine("ada", line)
		if err != nil {
			return
		}
		again, err := decodeLine("ada", string(e.appendJSON(nil)))
		if err != nil {
			t.Fatalf("%q became %q: %v", line, e.appendJSON(nil), err)
		}
		if !reflect.DeepEqual(again, e) && len(e.Extra) > 0 {
			t.Fatalf("%+v became %+v", e, again)
		}
	})
}
