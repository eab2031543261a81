package mask

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// costlyUnits are repeated to make addresses that are costly to mask.
var costlyUnits = []string{
	"=", ":", "eyJ-", "a=", "a/", "a:", "pi/", "pi=", "pin=&", "a=b&", "a;", "//a:1/", "/a:b/", "a:@", "a:b@ ", "//a@", "//a:1", "mail:a@", "//a%3Ab%2F",
	"[[", `[["a",`, `,"a":"b",`, `{"name":"b",`, "<a>", "reset/", "reset/ab/", "token/the/", "reset;v=1/", "new_a.", "a.", "aB", "4111-1111-1111-1112 ", "4111111111111112,",
	"é", "密", "\xef\xbc", "%25", "%2525", "%2", `\u`, `\u0070`, "name=x&value=y&", "code:a ", "bearer a ", "sk-able-", "ghp_", "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaa-",
	"507f1f77bcf86cd7994390 ", "0123456789abcdef0123456789abcdef0 ", "tokentoke", "AbCd ", "A1b2", "/%2:", ":k", `1%1=/\u/`, "id=n=@", ` k:@%3/D<k\k=_`,
	` géhp_%3Dsk-e=x@1'\=\`, ` \:~ué@bearer%x1Aid1bearer /A%id[`, `\%3Duuse&r%name2::\Auname/v%40=`, "%b\xe5\x86gh1p%2_/é-b",
}

// costlyBeginnings bring the units into different places of an address.
var costlyBeginnings = []string{"/?q=", "/?", "/", "/?q=%20", "/reset/"}

// fill repeats a unit behind a beginning.
func fill(beginning, unit string, length int) string {
	return (beginning + strings.Repeat(unit, 1+length/len(unit)))[:length]
}

// mostWork is how often each byte may be looked at, names and what is decoded counted several times.
const mostWork = 16

func workFor(m *Masker, address string) int {
	w := walk{Masker: m, raw: address}
	w.maskPath()
	w.maskQuery()
	return w.work
}

func TestMaskWorkGrowsWithTheLengthOnly(t *testing.T) {
	m := New([]string{"iban", "card-number"}, nil)
	for _, beginning := range costlyBeginnings {
		for _, unit := range costlyUnits {
			address := fill(beginning, unit, 1024)
			if work := workFor(m, address); work > mostWork*len(address) {
				t.Errorf("each byte of %q, repeated, is looked at %d times", beginning+unit, work/len(address))
			}
		}
	}
}

// FuzzMaskWork looks for an input that costs more.
func FuzzMaskWork(f *testing.F) {
	for _, unit := range costlyUnits {
		f.Add("/?q=%20", unit)
	}
	m := New([]string{"iban", "card-number"}, nil)
	f.Fuzz(func(t *testing.T, beginning, unit string) {
		if unit == "" {
			return
		}
		address := beginning + strings.Repeat(unit, 1+1024/len(unit))
		if work := workFor(m, address); work > mostWork*len(address) {
			t.Errorf("each byte of %q, repeated, is looked at %d times", beginning+unit, work/len(address))
		}
	})
}

// TestMaskGivesUpByMasking shows that what is not looked at is not shown.
func TestMaskGivesUpByMasking(t *testing.T) {
	const secret = "token=hunter2"
	m := New(nil, nil)
	for _, unit := range []string{"a=b&", "a;", "/x", "k:v,", "a=b;", `"k":"v",`} {
		for _, address := range []string{"/?" + strings.Repeat(unit, 2000) + "&" + secret, "/" + strings.Repeat(unit, 2000) + "/" + secret, "/?q=" + strings.Repeat(unit, 2000) + secret} {
			if got := m.Path(address); strings.Contains(got, "hunter2") {
				t.Errorf("behind many %q: %s", unit, got[len(got)-40:])
			}
		}
	}
}

// BenchmarkMaskRatio reports how many times longer it takes to mask a costly address than plain text of the same length. They
// are measured in turns, so that a busy machine slows both.
func BenchmarkMaskRatio(b *testing.B) {
	const longest = 4096 // as long as what store passes on
	m := New(nil, nil)
	plain := fill("/?q=", "some+words+and-more-", longest)
	seconds := func(address string) float64 {
		start := time.Now()
		m.Path(address)
		return time.Since(start).Seconds()
	}
	worst := 0.0
	b.Run("worst", func(b *testing.B) {
		for _, unit := range costlyUnits {
			for _, beginning := range costlyBeginnings {
				address := fill(beginning, unit, longest)
				ratios := make([]float64, 31)
				for i := range ratios {
					ratios[i] = seconds(address) / seconds(plain)
				}
				slices.Sort(ratios)
				worst = max(worst, ratios[len(ratios)/2])
			}
		}
		for b.Loop() {
			m.Path(plain)
		}
		b.ReportMetric(worst, "times-plain")
	})
}
