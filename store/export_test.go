package store

import "time"

// LookingAtLayout returns options of a store that looks at the layout of the user index that often.
func LookingAtLayout(interval time.Duration) Options { return Options{layoutInterval: interval} }

// SetSupportCodes has a store take its support codes from next.
func SetSupportCodes(s *Store, next func() string) { s.supports.next = next }
