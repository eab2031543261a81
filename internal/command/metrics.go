package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/internal/tracing"
	"github.com/gin-userlog/userlog/store"
	"github.com/gin-userlog/userlog/store/metrics"
)

// metricsFlags say what else the program tells of its work.
type metricsFlags struct {
	AccessLog   bool            `help:"Log a line for each request, without its query, headers and body."`
	MetricsAddr optionalAddress `placeholder:"HOST:PORT" help:"Where to serve metrics for Prometheus at /metrics, and profiles at /debug/pprof/: an address that strangers can't reach, such as 127.0.0.1:9090. By default they are not served."`
}

// optionalAddress is an [address], or empty.
type optionalAddress address

// Validate is called by kong for an address that was typed or is in the environment.
func (a optionalAddress) Validate() error {
	if a == "" {
		return nil
	}
	return address(a).Validate()
}

// meters are the metrics of a program.
type meters struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec // seconds
	redis    *prometheus.HistogramVec // seconds
	faults   *prometheus.CounterVec
}

// measure begins to measure p, if there is an address for metrics. It must be called before the engine is made.
func (p *program) measure(at optionalAddress) error {
	if at == "" {
		return nil
	}
	m := &meters{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "userlog_http_request_seconds", Help: "Time to answer a request, by its route. Live sockets are not among them.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"method", "route", "code"}),
		redis: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "userlog_redis_seconds", Help: "Time of a round trip to Redis: of a command, or of several at once.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}, []string{"kind"}),
		faults: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "userlog_redis_faults_total", Help: "Round trips that failed, by what was wrong with Redis.",
		}, []string{"fault"}),
	}
	for _, c := range []prometheus.Collector{
		m.requests, m.redis, m.faults,
		adminCollector{p, newAdminDescs()},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector(),
	} {
		if err := m.registry.Register(c); err != nil {
			return fmt.Errorf("set up metrics: %w", err)
		}
	}
	if p.webhooks != nil {
		if err := m.registry.Register(newWebhookCollector(p.webhooks.dispatcher)); err != nil {
			return fmt.Errorf("set up metrics: %w", err)
		}
	}
	if err := metrics.RegisterApplications(m.registry, p.logs); err != nil {
		return err
	}
	p.logs.Client().AddHook(roundTrips{m})
	p.meters = m
	return nil
}

// count is the middleware that measures requests.
func (m *meters) count(c *gin.Context) {
	begun := time.Now()
	c.Next()
	if status := c.Writer.Status(); status != http.StatusSwitchingProtocols {
		observe(c.Request.Context(), m.requests.WithLabelValues(methodOf(c.Request), c.FullPath(), strconv.Itoa(status)), begun)
	}
}

// observe notes how long something took, with the trace that it is an example of, if there is one.
func observe(ctx context.Context, times prometheus.Observer, begun time.Time) {
	took := time.Since(begun).Seconds()
	if examples, ok := times.(prometheus.ExemplarObserver); ok {
		if trace := tracing.ID(ctx); trace != "" {
			examples.ObserveWithExemplar(took, prometheus.Labels{"trace_id": trace})
			return
		}
	}
	times.Observe(took)
}

// methodOf is the method of a request, of those that there are: a stranger can send any text.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
		return r.Method
	}
	return "other"
}

// roundTrips is the hook that measures the way to Redis and back.
type roundTrips struct{ *meters }

// DialHook is called by go-redis.
func (r roundTrips) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook is called by go-redis.
func (r roundTrips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, command redis.Cmder) error {
		begun := time.Now()
		err := next(ctx, command)
		r.note(ctx, "command", begun, err)
		return err
	}
}

// ProcessPipelineHook is called by go-redis.
func (r roundTrips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		begun := time.Now()
		err := next(ctx, commands)
		r.note(ctx, "pipeline", begun, err)
		return err
	}
}

func (r roundTrips) note(ctx context.Context, kind string, begun time.Time, err error) {
	observe(ctx, r.redis.WithLabelValues(kind), begun)
	if fault := store.FaultOf(err); fault != "" {
		r.faults.WithLabelValues(string(fault)).Inc()
	}
}

// metricsSite is what the address of the metrics serves. It leaves out the command line, which may have secrets.
func (p *program) metricsSite(where endpoint) http.Handler {
	site := http.NewServeMux()
	site.Handle("GET /metrics", promhttp.HandlerFor(p.meters.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError,
		EnableOpenMetrics: p.tracer != nil, // the only format with exemplars; it writes the bounds of histograms in another way
	}))
	site.HandleFunc("GET /debug/pprof/", pprof.Index)
	site.HandleFunc("GET /debug/pprof/cmdline", http.NotFound)
	site.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	site.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	site.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return onlyOwnHosts(hostFlags{}.checkLoopback(where), where, isolated(onlyMeant(site)))
}

// onlyMeant refuses requests that another site's page makes without a click, such as for a profile of five minutes as the source of an
// image. A browser on the program's own machine or network reaches the metrics, although strangers can't.
func onlyMeant(site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if from := r.Header.Get("Sec-Fetch-Site"); (from == "cross-site" || from == "same-site") && r.Header.Get("Sec-Fetch-User") != "?1" {
			http.Error(w, "Another site's page has asked for this.", http.StatusForbidden)
			return
		}
		site.ServeHTTP(w, r)
	})
}

// profileTimeout is how long a profile may take.
const profileTimeout = 5 * time.Minute

// serveMetrics serves the metrics until the returned function is called.
func (p *program) serveMetrics(ctx context.Context, at optionalAddress) (end func(), err error) {
	if at == "" {
		return func() {}, nil
	}
	where, err := listenFor(ctx, address(at), nil, "metrics-addr")
	if err != nil {
		return nil, err
	}
	p.log.Info("metrics are served", "at", where.origin()+"/metrics")
	server := &http.Server{
		Handler: p.metricsSite(where), ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: bodyTimeout, WriteTimeout: profileTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelWarn),
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.Serve(where); !errors.Is(err, http.ErrServerClosed) {
			p.log.Error("metrics are not served any more", "err", err)
		}
	}()
	return func() {
		if err := server.Close(); err != nil {
			p.log.Warn("the server of the metrics did not close", "err", err)
		}
		<-ended
	}, nil
}
