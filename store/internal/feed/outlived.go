package feed

import "slices"

// withOutlived puts outlived failures, by their time, before or between the entries that are shown of a log. The oldest entry
// that is not one of these failures says how many other requests newer ones have pushed out.
func (t *topic) withOutlived(kept, ring []*Line) []*Line {
	if t.everyone() || len(t.ring) < t.limit {
		return slices.Concat(kept, ring) // nothing was pushed out
	}
	shown := slices.Concat(kept, ring)
	known := idsOf(shown)
	outlived, missing := t.failed.Outlived(func(e *Line) bool { return known[e.ID] || t.ids[e.ID] }, func(oldest *Line) int {
		newer := 0
		for i, e := range shown {
			if e.Mark.Counts && (i >= len(kept) || !e.Time.Before(oldest.Time)) {
				newer++
			}
		}
		return newer
	})
	if missing > 0 && len(shown) > 0 {
		first := *shown[0]
		first.NotKept = missing
		shown[0] = &first
	}
	return slices.Concat(mergeByTime(outlived, shown[:len(kept)]), shown[len(kept):])
}

// mergeByTime merges two lists, the oldest first. Both keep their order.
func mergeByTime(outlived, kept []*Line) []*Line {
	merged := make([]*Line, 0, len(outlived)+len(kept))
	for _, e := range kept {
		for len(outlived) > 0 && !outlived[0].Time.After(e.Time) {
			merged, outlived = append(merged, outlived[0]), outlived[1:]
		}
		merged = append(merged, e)
	}
	return append(merged, outlived...)
}

// idsOf are the ids of several lists.
func idsOf(lists ...[]*Line) map[string]bool {
	ids := map[string]bool{}
	for _, list := range lists {
		for _, e := range list {
			ids[e.ID] = true
		}
	}
	return ids
}

// noteFailures notes entries that follow what the list of failures has seen.
func (t *topic) noteFailures(entries []*Line) {
	if t.everyone() {
		return
	}
	for _, e := range entries {
		t.failed.Add(e.Mark, e)
	}
}

// behind is what a snapshot has that is older than its list: what was kept, and failures. entries are the list, and what was heard.
func (r *snapshot) behind(entries []*Line) []*Line {
	known := idsOf(r.kept, entries)
	outlived, _ := r.failed.Outlived(func(e *Line) bool { return known[e.ID] }, func(*Line) int { return 0 })
	return mergeByTime(outlived, r.kept)
}

// afterListed returns the entries that were heard after the last one that a list has.
func afterListed(heard []*Line, listed map[string]bool) []*Line {
	for i, e := range slices.Backward(heard) {
		if listed[e.ID] {
			return heard[i+1:]
		}
	}
	return heard
}
