package scale

// Machine is what things cost on the machine on which the benchmarks ran.
type Machine struct {
	Master, Replica, Recorder Costs

	UserMemory       float64 // bytes of a user with one entry, with the index
	EntryMemory      float64 // bytes of each further entry
	Connections      float64 // of a recorder to each master
	ConnectionMemory float64 // bytes in Redis
	ReceivedBytes    float64 // that masters get for an entry
	ReplicatedBytes  float64 // that replicas get for an entry

	Delivery      float64 // seconds of a master's processor, to pass an entry on to an admin
	OtherEntry    float64 // seconds of an admin's processor, for an entry of nobody who is watched
	EveryoneEntry float64 // the same for each entry, with a viewer of everyone
	Row           float64 // the same for a row of one viewer
	ViewerMemory  float64 // bytes of an admin
	Line          float64 // bytes of an entry on its way to an admin
	Frame         float64 // bytes of a row on its way to a viewer, not compressed
}

// Measured is what benchmarks gave on a machine of two processors with Redis 7.0, on which other work was going on. Constants
// says which benchmarks.
func Measured() Machine {
	return Machine{
		Master:   Costs{Read: 115 * µs, Script: 25 * µs, Member: 2 * µs, Idle: 3600 * µs},
		Replica:  Costs{Read: 49 * µs, Script: 10 * µs, Member: 2 * µs, Idle: 3400 * µs},
		Recorder: Costs{Read: 415 * µs, Script: 1.8 * µs, Member: 1.5 * µs, Idle: 1900 * µs},

		UserMemory: 736, EntryMemory: 228, Connections: 2.5, ConnectionMemory: 18_600, ReceivedBytes: 668, ReplicatedBytes: 550,
		Delivery: 2 * µs, OtherEntry: 20 * µs, EveryoneEntry: 21 * µs, Row: 30 * µs, ViewerMemory: 64_000, Line: 350, Frame: 1500,
	}
}

const µs = 1e-6
