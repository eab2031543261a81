// Package cgroup tells how much memory Linux lets this process use, as a container or a service.
package cgroup

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// MemoryLimit is the smallest limit, in bytes, of the control groups that the process is in; 0 where there is none. root is the root of the
// file system, as os.DirFS("/"). It reads some small files.
func MemoryLimit(root fs.FS) int64 {
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0 // not Linux
	}
	smallest := int64(0)
	for line := range strings.Lines(string(groups)) {
		// 0::/system.slice/userlog.service, or of the first version 9:memory:/docker/…
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, found := strings.Cut(rest, ":")
		mount, file := "sys/fs/cgroup", "memory.max"
		switch {
		case !found:
			continue
		case hasMemory(controllers):
			mount, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		case controllers != "":
			continue
		}
		// A container sees its own group as the root, and the name of a group outside.
		for at := path.Clean("/" + group); ; at = path.Dir(at) {
			if limit := limitIn(root, path.Join(mount, at, file)); limit > 0 && (smallest == 0 || limit < smallest) {
				smallest = limit
			}
			if at == "/" {
				break
			}
		}
	}
	return smallest
}

// hasMemory reports whether a list of controllers has that of memory.
func hasMemory(controllers string) bool {
	for one := range strings.SplitSeq(controllers, ",") {
		if one == "memory" {
			return true
		}
	}
	return false
}

// unlimited is more than any machine has: the first version says so where there is no limit.
const unlimited = 1 << 50

// limitIn is the limit that a file has, or 0.
func limitIn(root fs.FS, name string) int64 {
	content, err := fs.ReadFile(root, name)
	if err != nil {
		return 0
	}
	limit, err := strconv.ParseInt(strings.TrimSpace(string(content)), 10, 64)
	if err != nil || limit >= unlimited { // "max"
		return 0
	}
	return limit
}
