package scale

import (
	"fmt"
	"math"
	"strings"
)

// Tables returns the tables of docs/scale.md, by name.
func Tables(m Machine) map[string]string {
	return map[string]string{
		"constants": constants(m), "layouts": layouts(m), "use": use(m), "recorders": recorders(m), "connections": connections(m),
		"admins": admins(m), "everyone": everyone(m),
	}
}

// table writes lines, the first of which is the head.
func table(lines ...[]string) string {
	var b strings.Builder
	for i, line := range lines {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(line, " | "))
		if i == 0 {
			fmt.Fprintf(&b, "|%s\n", strings.Repeat(" --- |", len(line)))
		}
	}
	return b.String()
}

func constants(m Machine) string {
	scaleRow := "`scale`"
	lines := [][]string{{"constant", "value", "row of `make bench`"}}
	for _, c := range []struct {
		what string
		of   func(Costs) float64
	}{
		{"a batch", func(c Costs) float64 { return c.Read }},
		{"an entry in it", func(c Costs) float64 { return c.Script }},
		{"a user who is added to a set of the index", func(c Costs) float64 { return c.Member }},
		{"a second in which nothing happens", func(c Costs) float64 { return c.Idle }},
	} {
		lines = append(lines, []string{
			"CPU for " + c.what + ": master, replica, recorder",
			fmt.Sprintf("%s, %s, %s", micros(c.of(m.Master)), micros(c.of(m.Replica)), micros(c.of(m.Recorder))), scaleRow,
		})
	}
	return table(append(lines,
		[]string{"Memory of a user with one entry, with the index", amount(m.UserMemory, "B"), scaleRow},
		[]string{"Memory of each further entry", amount(m.EntryMemory, "B"), scaleRow},
		[]string{"Connections of a recorder to each master", number(m.Connections), scaleRow},
		[]string{"Memory of a connection in Redis", amount(m.ConnectionMemory, "B"), scaleRow},
		[]string{"Network for an entry: to masters, to replicas", amount(m.ReceivedBytes, "B") + ", " + amount(m.ReplicatedBytes, "B"), scaleRow},
		[]string{"CPU of a master to pass an entry on to an admin", micros(m.Delivery), scaleRow},
		[]string{"CPU of an admin for an entry of nobody who is watched there", micros(m.OtherEntry), scaleRow},
		[]string{"CPU of an admin for an entry, with a viewer of everyone", micros(m.EveryoneEntry), scaleRow},
		[]string{"CPU of an admin for a row of one viewer", micros(m.Row), "`fanout`"},
		[]string{"Memory of a viewer in an admin", amount(m.ViewerMemory, "B"), "`idle`"},
		[]string{"Network of an admin for an entry, and for a row", amount(m.Line, "B") + ", " + amount(m.Frame, "B"), "assumed"},
	)...)
}

// each calls do for the loads of the tables.
func each(do func(entries, users float64)) {
	for _, entries := range []float64{1e4, 1e5, 1e6} {
		for _, users := range []float64{1e6, 1e7, 1e8} {
			do(entries, users)
		}
	}
}

func layouts(m Machine) string {
	lines := [][]string{{"entries/s", "users", "masters for CPU", "masters for memory", "what breaks first", "layout"}}
	each(func(entries, users float64) {
		p := Lay(m, entries, users, recorderRate)
		line := []string{whole(entries), whole(users)}
		if !p.Possible {
			lines = append(lines, append(line, "", "", "nothing: at most "+amount(entries*logLife, "")+" users make a request in an hour", "as for fewer users"))
			return
		}
		lines = append(lines, append(line, whole(p.ForCPU*p.Clusters), whole(p.ForMemory*p.Clusters), p.first(), p.layout()))
	})
	return table(lines...)
}

// first says what breaks first.
func (p Plan) first() string {
	what := "CPU of masters"
	if p.ForMemory > p.ForCPU {
		what = "memory of masters"
	}
	if p.Clusters > 1 {
		what = "the size of a Cluster"
	}
	if p.Connections > maxClients {
		what += ", then `maxclients`"
	}
	return what
}

func (p Plan) layout() string {
	of := fmt.Sprintf("%s masters, %s replicas, %s parts", whole(p.Masters), whole(p.Masters), whole(p.Parts))
	if p.Clusters == 1 {
		return of
	}
	return fmt.Sprintf("%s Clusters, each %s", whole(p.Clusters), of)
}

func use(m Machine) string {
	lines := [][]string{{
		"entries/s", "users", "recorders: CPU for an entry", "of all", "Redis: CPU for an entry", "of all", "of a master", "of that the user index",
		"memory of a user", "of a master", "network into a master", "out of it to its replica",
	}}
	each(func(entries, users float64) {
		p := Lay(m, entries, users, recorderRate)
		if !p.Possible {
			return
		}
		lines = append(lines, []string{
			whole(entries), whole(users), micros(p.RecorderEntry), number(p.RecorderEntry * entries), micros(p.MasterEntry),
			number(p.MasterEntry * entries), percent(p.Master), percent(p.Index / p.Master),
			amount(p.Log, "B"), amount(p.Memory, "B"), amount(p.In, "B/s"), amount(p.Out, "B/s"),
		})
	})
	return table(lines...)
}

// recorders shows how much depends on how many processes there are.
func recorders(m Machine) string {
	lines := [][]string{{"entries/s of a recorder", "recorders", "masters for CPU", "masters for memory", "recorders: CPU for an entry", "Redis: CPU for an entry", "recorders, where nobody watches", "Redis, where nobody watches", "connections of a master"}}
	for _, rate := range []float64{50, 200, 1000, 5000} {
		const entries, users = 1e5, 1e8
		p := Lay(m, entries, users, rate)
		u := p
		u.Unwatched = true
		u.use(m)
		lines = append(lines, []string{
			whole(rate), whole(p.Recorders * p.Clusters), whole(p.ForCPU * p.Clusters), whole(p.ForMemory * p.Clusters), micros(p.RecorderEntry),
			micros(p.MasterEntry), micros(u.RecorderEntry), micros(u.MasterEntry), whole(p.Connections),
		})
	}
	return table(lines...)
}

func connections(m Machine) string {
	lines := [][]string{{"entries/s", "users", "recorders", "of a recorder", "of a master", "of all", "memory for them in a master"}}
	each(func(entries, users float64) {
		p := Lay(m, entries, users, recorderRate)
		if !p.Possible {
			return
		}
		lines = append(lines, []string{
			whole(entries), whole(users), whole(p.Recorders * p.Clusters), whole(p.OfRecorder), whole(p.Connections),
			amount(p.Connections*p.Masters*p.Clusters, ""), amount(p.Connections*m.ConnectionMemory, "B"),
		})
	})
	return table(lines...)
}

func admins(m Machine) string {
	lines := [][]string{{
		"entries/s of a Cluster", "viewers", "admins", "of all entries one hears", "CPU of one", "memory of its viewers", "network in", "out",
		"CPU of all masters for it",
	}}
	for _, entries := range []float64{1e4, 1e5} {
		for _, viewers := range []float64{100, 1000, 10_000} {
			w := LayAdmins(m, entries, viewers)
			lines = append(lines, []string{
				whole(entries), whole(viewers), whole(w.Admins), percent(w.Heard / entries), percent(w.CPU), amount(w.Memory, "B"),
				amount(w.In, "B/s"), amount(w.Out, "B/s"), percent(w.Delivered),
			})
		}
	}
	return table(lines...)
}

func everyone(m Machine) string {
	lines := [][]string{{"entries/s of a Cluster", "CPU of an admin", "network in", "a page shows as rows", "gaps"}}
	for _, entries := range []float64{1000, 1e4, 1e5, 1e6} {
		e := LayEveryone(m, entries)
		gaps := "none"
		if e.Gaps {
			gaps = "always"
		}
		if e.CPU > adminCPU {
			gaps += ", and the admin falls behind"
		}
		lines = append(lines, []string{whole(entries), percent(e.CPU), amount(e.In, "B/s"), percent(e.Shown), gaps})
	}
	return table(lines...)
}

// whole writes a number with commas.
func whole(n float64) string {
	digits := fmt.Sprintf("%.0f", max(0, math.Ceil(n-1e-9)))
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// number writes two digits.
func number(n float64) string {
	if n >= 100 || n < 1e-9 {
		return whole(n)
	}
	return strings.TrimSuffix(fmt.Sprintf("%.*f", max(0, 1-int(math.Floor(math.Log10(n)))), n), ".0")
}

func micros(seconds float64) string { return number(seconds/µs) + " µs" }

func percent(share float64) string { return number(100*share) + " %" }

// amount writes a number with a prefix for its size.
func amount(n float64, unit string) string {
	prefixes := []string{"", "k", "M", "G", "T"}
	if unit == "" {
		prefixes = []string{"", " thousand", " million", " thousand million"}
	}
	i := 0
	for ; n >= 1000 && i < len(prefixes)-1; i++ {
		n /= 1000
	}
	text := number(n)
	if unit == "" {
		return text + prefixes[i]
	}
	return text + " " + prefixes[i] + unit
}
