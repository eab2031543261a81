package scale

import "math"

// Limits that a layout keeps.
const (
	masterCPU    = 0.6    // processors: Redis carries commands out on one, and a replica that takes over has to catch up
	masterMemory = 16e9   // bytes of data: more takes long to copy to a replica
	mostMasters  = 100.0  // of a Cluster, which has as many replicas; Redis' own limit is about 1,000 nodes
	maxClients   = 10_000 // connections of a Redis, by default
	adminCPU     = 2.0    // processors
	adminSockets = 10_000 // of an admin, by default
)

// What is assumed of a site.
const (
	recorderRate = 200.0 // entries a second of a recorder, mostly
	logLife      = 3600  // seconds that a log is kept after the last request
	logLength    = 25.0  // entries
	rowsOfOne    = 0.2   // rows a second that a watched user makes
)

// Plan is the layout for a load.
type Plan struct {
	Load              // of one Cluster
	Parts     float64 // of the user index: four or more for each master
	Clusters  float64 // that share the site's users, each with recorders and admins of its own
	Possible  bool    // the users have made at least one request each while their logs live
	ForCPU    float64 // masters that processor time needs, of one Cluster
	ForMemory float64 // the same for memory

	Master, Replica, Recorder float64 // processors that one uses
	Index                     float64 // of Master, what the user index takes
	RecorderEntry             float64 // seconds of processor time that an entry takes there
	MasterEntry               float64 // the same in masters and replicas
	Memory                    float64 // bytes of a master
	Log                       float64 // bytes of a user, with the index
	In, Out                   float64 // bytes a second of a master
	Connections               float64 // of a master
	OfRecorder                float64 // connections of a recorder
}

// Lay returns the least layout for so many entries a second and so many users: Clusters of as few masters as keep the limits.
// rate is how many entries a second a recorder has.
func Lay(m Machine, entries, users, rate float64) Plan {
	p := Plan{}
	for clusters := 1.0; ; clusters++ {
		p = layOne(m, entries/clusters, users/clusters, rate)
		p.Clusters = clusters
		p.Possible = users <= entries*logLife
		if !p.Possible || p.Masters <= mostMasters {
			return p
		}
	}
}

// layOne is Lay for one Cluster. It gives up beyond mostMasters.
func layOne(m Machine, entries, users, rate float64) Plan {
	p := Plan{Load: Load{Entries: entries, Users: users, Recorders: math.Ceil(entries / rate)}}
	p.Log = m.UserMemory + m.EntryMemory*(min(logLength, max(1, entries*logLife/users))-1)
	p.ForMemory = max(3, math.Ceil(users*p.Log/masterMemory))
	for p.Masters = 3; p.Masters <= mostMasters; p.Masters++ {
		p.use(m)
		if p.Master <= masterCPU {
			p.ForCPU = p.Masters
			break
		}
	}
	if p.ForCPU == 0 {
		p.ForCPU = p.Masters
	}
	p.Masters = max(p.ForCPU, p.ForMemory)
	for p.Parts = 16; p.Parts < 4*p.Masters; {
		p.Parts *= 2
	}
	p.use(m)
	return p
}

// use reckons what so many masters use.
func (p *Plan) use(m Machine) {
	counts := p.Counts()
	p.Master = m.Master.CPU(counts, p.Masters) / p.Masters
	p.Index = m.Master.index(counts) / p.Masters
	p.Replica = m.Replica.CPU(counts, p.Masters) / p.Masters
	p.Recorder = m.Recorder.CPU(counts, p.Recorders) / p.Recorders
	p.RecorderEntry = p.Recorder * p.Recorders / p.Entries
	p.MasterEntry = (p.Master + p.Replica) * p.Masters / p.Entries
	p.Memory = p.Users*p.Log/p.Masters + p.Recorders*m.ConnectionMemory
	p.In = p.Entries * m.ReceivedBytes / p.Masters
	p.Out = p.Entries * m.ReplicatedBytes / p.Masters
	p.OfRecorder = m.Connections * p.Masters
	p.Connections = m.Connections * p.Recorders
}

// Watch is what viewers of users need.
type Watch struct {
	Viewers, Admins float64 // in all
	Heard           float64 // entries a second that one admin gets
	CPU             float64 // processors that one uses
	Memory          float64 // bytes that the viewers of one take
	In, Out         float64 // bytes a second of one
	Delivered       float64 // processors that passing on takes all masters
}

// heard is the share of all entries that an admin gets with so many viewers, each of another user: those of the users' slots.
func heard(viewers float64) float64 { return 1 - math.Pow(1-1/slots, viewers) }

// slots of a Redis Cluster, each of which has a channel.
const slots = 16384.0

// LayAdmins returns as few admins as keep the limits.
func LayAdmins(m Machine, entries, viewers float64) Watch {
	w := Watch{Viewers: viewers}
	for w.Admins = math.Ceil(viewers / adminSockets); ; w.Admins++ {
		each := viewers / w.Admins
		w.Heard = entries * heard(each)
		w.CPU = w.Heard*m.OtherEntry + each*rowsOfOne*m.Row
		w.Memory = each * m.ViewerMemory
		w.In, w.Out = w.Heard*m.Line, each*rowsOfOne*m.Frame
		w.Delivered = w.Heard * w.Admins * m.Delivery
		if w.CPU <= adminCPU || w.Admins > viewers {
			return w
		}
	}
}

// Everyone is what an admin with viewers of everyone does with all entries.
type Everyone struct {
	CPU, In float64 // processors, bytes a second
	Shown   float64 // the share that a page shows in rows of their own
	Gaps    bool    // more come between two frames than wait for a viewer
}

// LayEveryone returns that for so many entries a second.
func LayEveryone(m Machine, entries float64) Everyone {
	return Everyone{
		CPU: entries * m.EveryoneEntry, In: entries * m.Line,
		Shown: min(1, frameRows*framesEach/entries), Gaps: entries > framesEach*waiting,
	}
}

// What a viewer of everyone gets, as in the hub and the feed.
const (
	framesEach = 10.0   // a second
	frameRows  = 50.0   // of everyone's log, besides one that counts the rest
	waiting    = 3072.0 // entries that wait for a viewer; then there is a gap
)
