// Package monitoring tests what deploy/ has for Prometheus and Grafana. Prometheus' own query language says when alarms fire, and whether each
// panel of the dashboard shows something of what a real program has told. It is a module of its own, outside of the workspace, so that
// what Prometheus needs changes no version there.
package monitoring
