// Package bench measures what userlog costs and how fast it is, next to something to compare it
// with, in the same run. Benchmarks are Go's own, in the form that benchstat reads:
//
//	go test -run '^$' -bench . -benchmem -count 5 .
//
// Program cmd/report runs them, measures what takes several processes, and prints all of it as a
// table. This is a module of its own, so that hosts do not inherit what it needs.
package bench
