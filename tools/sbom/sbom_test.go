package main

import (
	"encoding/json"
	"os"
	"testing"
)

func TestVendoredWorkIsListed(t *testing.T) {
	t.Parallel()
	versions, err := os.ReadFile("../../static/vendor/VERSIONS")
	if err != nil {
		t.Fatal(err)
	}
	bill, err := withVendored([]byte(`{"bomFormat":"CycloneDX","components":[{"name":"a"}]}`), string(versions))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		BOMFormat  string
		Components []struct {
			Name, PURL string
			Licenses   []struct{ License struct{ ID string } }
		}
	}
	if err := json.Unmarshal(bill, &got); err != nil {
		t.Fatal(err)
	}
	names := map[string]int{}
	for _, c := range got.Components {
		names[c.Name]++
	}
	if got.BOMFormat != "CycloneDX" || names["a"] != 1 || names["htmx.org"] != 1 || names["@knadh/oat"] != 1 {
		t.Errorf("listed: %v", names)
	}
	if last := got.Components[len(got.Components)-1]; last.PURL[:8] != "pkg:npm/" || last.Licenses[0].License.ID == "" {
		t.Errorf("the last one is %+v", last)
	}
	if _, err := withVendored([]byte(`{}`), string(versions)); err == nil {
		t.Error("a bill without modules is written")
	}
}
