package main

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseTests(t *testing.T) {
	results := parseTests(strings.NewReader(strings.Join([]string{
		`{"Action":"run","Test":"TestResume"}`,
		`{"Action":"output","Test":"TestResume/one","Output":"    feed_test.go:60: USERLOG_SEED=7\n"}`,
		`{"Action":"output","Test":"TestResume/one","Output":"    feed_test.go:70: one: lost 0\n"}`,
		`{"Action":"output","Test":"TestResume/two","Output":"    feed_test.go:69: viewers did not see what was there\n"}`,
		`{"Action":"output","Test":"TestResume/two","Output":"    feed_test.go:70: two: lost 3\n"}`,
		`{"Action":"output","Test":"TestResume/two","Output":"    --- FAIL: TestResume/two (0.1s)\n"}`,
		`{"Action":"fail","Test":"TestResume/two"}`,
		`{"Action":"pass","Test":"TestResume/one"}`,
		`{"Action":"fail","Test":"TestResume"}`,
		`{"Action":"fail"}`,
	}, "\n")))
	want := []testResult{
		{"TestResume/one", []string{"one: lost 0"}, true},
		{"TestResume/two", []string{"viewers did not see what was there", "two: lost 3"}, false},
	}
	if !reflect.DeepEqual(results, want) {
		t.Errorf("got %+v", results)
	}
	if got := parseTests(strings.NewReader("no JSON")); got != nil {
		t.Errorf("of nothing: %+v", got)
	}
}
