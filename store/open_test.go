//go:build unix

package store_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

// openAt opens a store, and records and reads an entry.
func openAt(t *testing.T, url string, options store.Options) *store.Store {
	t.Helper()
	logs, err := store.Open(url, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = logs.Close(context.Background()) })
	if err := logs.PingWrite(t.Context()); err != nil {
		t.Fatalf("%s: %v", logs.Address(), err)
	}
	for n := range 10 {
		logs.Record(store.Entry{Username: fmt.Sprintf("user-%d", n), Method: "GET", Path: "/", Code: 200})
	}
	redistest.Eventually(t, "everything is written", func() bool { return logs.Stats().Written == 10 })
	for n := range 10 {
		if log, err := logs.Log(t.Context(), fmt.Sprintf("user-%d", n)); err != nil || len(log.Entries) != 1 {
			t.Errorf("user-%d has %d entries, %v", n, len(log.Entries), err)
		}
	}
	return logs
}

// clusterURL is the URL of a cluster.
func clusterURL(c *redistest.Cluster) string {
	addresses := c.Addresses()
	return "redis://" + addresses[0] + "?addr=" + strings.Join(addresses[1:3], "&addr=")
}

func TestOpenACluster(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 3)
	logs := openAt(t, clusterURL(c), store.Options{})
	if got := logs.Address(); got != strings.Join(c.Addresses()[:3], ",") {
		t.Errorf("it is called %q", got)
	}
	// Also of the node that has all that the admin needs.
	for _, slot := range []int{c.Slot("userlog:{audit}:ping"), c.Slot("userlog:{userlog:accounts}:ping")} {
		c.Move(c.Nodes[0], slot)
	}
	for _, node := range c.Nodes {
		single, err := store.Open("redis://"+node.Address, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer single.Close(context.Background())
		if fault := store.FaultOf(single.PingWrite(t.Context())); fault != "cluster" {
			t.Errorf("a node as a server of its own: %q", fault)
		}
	}
	database, err := store.Open("redis://"+c.Nodes[0].Address+"/4", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer database.Close(context.Background())
	if fault := store.FaultOf(database.PingWrite(t.Context())); fault != "cluster" {
		t.Errorf("a database of a node: %q", fault)
	}
}

func TestOpenBySentinels(t *testing.T) {
	t.Parallel()
	s := redistest.StartSentinels(t)
	for _, server := range s.Servers {
		if err := server.Client(t).Do(t.Context(), "acl", "setuser", "ada", "on", ">s3cret", "~*", "&*", "+@all").Err(); err != nil {
			t.Fatal(err)
		}
	}
	addresses := s.Addresses()
	url := "redis://" + addresses[0] + "/2?master_name=" + redistest.SentinelName + "&addr=" + addresses[1] + "&username=ada&password="
	logs := openAt(t, url+"s3cret", store.Options{})
	wrong, err := store.Open(url+"wrong", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer wrong.Close(context.Background())
	if err := wrong.PingWrite(t.Context()); store.FaultOf(err) != "credentials" {
		t.Errorf("with a wrong password: %v", err)
	}
	if got := logs.Address(); got != redistest.SentinelName+" (by the Sentinels "+addresses[0]+","+addresses[1]+")" {
		t.Errorf("it is called %q", got)
	}
	direct, err := store.Open("redis://"+addresses[0], store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close(context.Background())
	if fault := store.FaultOf(direct.PingWrite(t.Context())); fault != "sentinel" {
		t.Errorf("a Sentinel as a server: %q", fault)
	}
	unknown, err := store.Open("redis://"+addresses[0]+"?master_name=nobody", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer unknown.Close(context.Background())
	if fault := store.FaultOf(unknown.PingWrite(t.Context())); fault != "unreachable" {
		t.Errorf("a master that nobody knows: %q", fault)
	}
	if read, err := unknown.Log(t.Context(), "ada"); err == nil {
		t.Errorf("a master that nobody knows has a log: %+v", read)
	}
	host, port, err := net.SplitHostPort(s.Servers[0].Address)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Sentinels[0].Client(t).Do(t.Context(), "sentinel", "monitor", "nobody", host, port, 1).Err(); err != nil {
		t.Fatal(err)
	}
	redistest.Eventually(t, "the master is found that the Sentinel has learnt of", func() bool { return unknown.PingWrite(t.Context()) == nil })
}

func TestOpenWithTLS(t *testing.T) {
	t.Parallel()
	certificates := redistest.NewCertificates(t)
	server := redistest.StartTLS(t, certificates)
	authority, err := os.ReadFile(certificates.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	pair, err := tls.LoadX509KeyPair(certificates.Cert, certificates.Key)
	if err != nil {
		t.Fatal(err)
	}
	openAt(t, "rediss://"+server.Address, store.Options{TLS: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}}})
	for what, config := range map[string]*tls.Config{
		"the system's authorities": nil,
		"another name":             {RootCAs: roots, Certificates: []tls.Certificate{pair}, ServerName: "redis.example"},
		"no certificate of ours":   {RootCAs: roots},
	} {
		logs, err := store.Open("rediss://"+server.Address, store.Options{TLS: config})
		if err != nil {
			t.Fatal(err)
		}
		defer logs.Close(context.Background())
		if err := logs.PingWrite(t.Context()); err == nil {
			t.Errorf("%s: it is reached", what)
		}
	}
}

// A URL that can't be used is explained, and nothing of it is repeated.
func TestOpenRefusesURLs(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"":                                                  "the Redis URL is empty",
		"http://hunter2@h":                                  "does not begin with",
		"redis://u:hunter2@h/x":                             "can't be read",
		"redis://u:hunt?er2@h":                              "can't be read",
		"redis://u:hunt#er2%zz@h":                           "can't be read",
		"redis://u:hunter2@h:x":                             "can't be read",
		"redis://u:hunter2@h?a=b":                           "can't be read",
		"redis://hunter2@h?addr=h2":                         "can't be read",
		"redis://hunter2@h/4?addr=h2:1":                     "names a database of a Cluster",
		"redis://hunter2@h?db=4&addr=h2:1":                  "can't be read",
		"unix://u:hunter2@/s?addr=h2:1":                     "names a unix socket, and hosts",
		"unix://u:hunter2@/s?master_name=m":                 "names a unix socket, and hosts",
		"redis://u:hunter2@h?master_name=":                  "master_name in the Redis URL is empty",
		"redis://u:hunter2@h?master_name=m&addr=h2":         "can't be read",
		"redis://h?master_name=m&password=hunter2&db=x":     "can't be read",
		"redis://h?master_name=m&route_randomly=1":          "route_randomly",
		"redis://h?master_name=m&route_by_latency=true":     "route_by_latency",
		"redis://h?master_name=m&replica_only=1":            "replica_only",
		"redis://h?addr=h2:1&read_only=true":                "read_only",
		"redis://u:hunter2@[::1?addr=h2:1":                  "can't be read",
		"rediss://u:hunter2@h?addr=h2:1&skip_verify=banana": "can't be read",
	} {
		logs, err := store.Open(url, store.Options{})
		if err == nil {
			logs.Close(context.Background())
			t.Errorf("%s is taken", url)
			continue
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunt") {
			t.Errorf("%s: %v", url, err)
		}
	}
	if _, err := store.Open("redis://h", store.Options{TLS: &tls.Config{}}); err == nil || !strings.Contains(err.Error(), "write rediss://") {
		t.Errorf("TLS without rediss: %v", err)
	}
	client := redis.NewClient(&redis.Options{})
	defer client.Close()
	if _, err := store.New(client, store.Options{TLS: &tls.Config{}}); err == nil || !strings.Contains(err.Error(), "TLS is for Open") {
		t.Errorf("TLS with a client: %v", err)
	}
}
