package views

import (
	"strconv"
	"strings"

	"github.com/gin-userlog/userlog/store"
)

// Size of a sparkline, in the units of its viewBox. Each minute is a bar with a little room after it.
const (
	sparkHeight = 24
	sparkBar    = 2
	sparkStep   = 2.5
	sparkWidth  = 60 * sparkStep
)

// sparkline draws the requests of the last hour as bars, oldest on the left, those that failed at
// the foot of the bars. Its paths are values of an SVG path's d.
type sparkline struct {
	Requests, ClientErrors, ServerErrors int // in the whole hour
	Peak                                 int // requests in the busiest minute

	AllPath, ClientPath, ServerPath string
}

func newSparkline(hour [60]store.Minute) sparkline {
	var s sparkline
	for _, m := range hour {
		s.Requests += int(m.Requests)
		s.ClientErrors += int(m.ClientErrors)
		s.ServerErrors += int(m.ServerErrors)
		s.Peak = max(s.Peak, int(m.Requests))
	}
	var all, client, server strings.Builder
	for i, m := range hour {
		x := sparkStep * float64(i)
		s.bar(&all, x, 0, m.Requests)
		top := s.bar(&server, x, 0, m.ServerErrors)
		s.bar(&client, x, top, m.ClientErrors)
	}
	s.AllPath, s.ClientPath, s.ServerPath = all.String(), client.String(), server.String()
	return s
}

// bar draws n requests as a bar that begins at a height, and returns where it ends. However few they
// are beside the others, they are seen.
func (s sparkline) bar(path *strings.Builder, x, foot float64, n uint32) (top float64) {
	if n == 0 {
		return foot
	}
	height := min(max(sparkHeight*float64(n)/float64(s.Peak), 2), sparkHeight-foot)
	for _, part := range []struct {
		command string
		value   float64
	}{{"M", x}, {" ", sparkHeight - foot}, {"v", -height}, {"h", sparkBar}, {"v", height}} {
		path.WriteString(part.command)
		path.WriteString(strconv.FormatFloat(part.value, 'f', -1, 32))
	}
	path.WriteString("z")
	return foot + height
}

// Box is the viewBox of the drawing.
func (s sparkline) Box() string {
	return "0 0 " + strconv.Itoa(sparkWidth) + " " + strconv.Itoa(sparkHeight)
}
