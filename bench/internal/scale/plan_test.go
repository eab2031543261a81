package scale

import "testing"

// Layouts keep the limits, and no smaller one does.
func TestLayouts(t *testing.T) {
	m := Measured()
	each(func(entries, users float64) {
		p := Lay(m, entries, users, recorderRate)
		if !p.Possible {
			if users <= entries*logLife {
				t.Errorf("%g users, each with a request in the hour, are possible with %g entries a second", users, entries)
			}
			return
		}
		if p.Master > masterCPU || p.Masters > mostMasters || p.Users*p.Log/p.Masters > masterMemory {
			t.Errorf("%g entries, %g users: beyond a limit: %+v", entries, users, p)
		}
		near(t, "users of all Clusters", p.Users*p.Clusters, users)
		if p.Masters > 3 {
			p.Masters--
			if p.use(m); p.Master <= masterCPU && p.Users*p.Log/p.Masters <= masterMemory {
				t.Errorf("%g entries, %g users: %g masters are enough", entries, users, p.Masters)
			}
		}
	})
}

func TestMemoryDecidesWhereUsersAreMany(t *testing.T) {
	p := Lay(Measured(), 50_000, 100e6, 50_000)
	if p.ForMemory <= p.ForCPU || p.Masters != p.ForMemory || p.first() != "memory of masters" {
		t.Errorf("%g masters for memory, %g for CPU: %s breaks first", p.ForMemory, p.ForCPU, p.first())
	}
}

func TestConnectionsAreTold(t *testing.T) {
	if p := Lay(Measured(), 100_000, 10e6, 20); p.first() != "CPU of masters, then `maxclients`" {
		t.Errorf("with %g connections: %s breaks first", p.Connections, p.first())
	}
}

func TestHeard(t *testing.T) {
	near(t, "with a viewer", heard(1), 1./slots)
	near(t, "with a viewer in each slot, more or less", heard(slots), 0.632)
}

func TestAdminsShareViewers(t *testing.T) {
	one, more := LayAdmins(Measured(), 1000, 10_000), LayAdmins(Measured(), 1000, 30_000)
	if one.Admins != 1 || more.Admins != 3 {
		t.Errorf("%g and %g admins, want 1 and 3, since each has 10,000 sockets", one.Admins, more.Admins)
	}
	if busy := LayAdmins(Measured(), 1e6, 10_000); busy.Admins < 2 || busy.CPU > adminCPU {
		t.Errorf("%+v: want as many admins as keep the limit", busy)
	}
}

func TestEveryone(t *testing.T) {
	few, many := LayEveryone(Measured(), 100), LayEveryone(Measured(), 100_000)
	if few.Gaps || few.Shown != 1 || !many.Gaps || many.Shown != 0.005 {
		t.Errorf("%+v, %+v", few, many)
	}
}

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		whole(1234567): "1,234,567", whole(999): "999", number(0): "0", number(0.0123): "0.012", number(4.04): "4", number(41.3): "41",
		amount(1500, "B"): "1.5 kB", amount(36e6, ""): "36 million", micros(1.1e-4): "110 µs", percent(0.125): "12 %",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
