package handlers

import (
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/internal/audit"
	"github.com/gin-userlog/userlog/views"
)

// auditRows is how many records a page of the audit log has.
const auditRows = 50

// auditLog shows the audit log, newest first. Reading it is recorded in it.
func (s *site) auditLog(c *gin.Context) {
	page := views.Audit{Layout: s.layout(c, views.SectionAudit), Filter: auditFilter(c)}
	filter, err := parseAuditFilter(page.Filter)
	if err != nil {
		page.Message = views.AuditPeriod()
		html, err := s.views.Audit(page)
		s.answer(c, http.StatusUnprocessableEntity, html, err)
		return
	}
	look := s.lookOf(c, "")
	if !s.allows(c, look, s.gate.ReadAuditLog(c.Request.Context(), look)) {
		return
	}
	page.Before = audit.ParsePlace(c.Query("before"))
	found, err := s.audit.Read(c.Request.Context(), filter, page.Before, auditRows)
	if err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	page.Records, page.Older = found.Records, found.Next
	html, err := s.views.Audit(page)
	s.answer(c, http.StatusOK, html, err)
}

// auditExport sends the audit log as a file, oldest first. That is recorded first, and refused
// where it can't be.
func (s *site) auditExport(c *gin.Context) {
	format, known := auditFormats[c.Query("format")]
	filter, err := parseAuditFilter(auditFilter(c))
	if !known || err != nil {
		s.fail(c, http.StatusNotFound, nil)
		return
	}
	exported := s.actor(c).Record(audit.AuditExported, filter.Subject)
	exported.Detail = c.Query("format")
	if err := s.record(c, exported); err != nil {
		s.fail(c, http.StatusServiceUnavailable, err)
		return
	}
	c.Header("Content-Type", format.contentType)
	c.Header("Connection", "close") // its deadline must not hold for what would come after
	c.Header("Content-Disposition", `attachment; filename="userlog-audit-`+time.Now().UTC().Format("20060102T150405Z")+format.extension+`"`)
	if err := format.write(patientWriter{c.Writer}, s.audit.All(c.Request.Context(), filter)); err != nil {
		if c.Request.Context().Err() == nil { // or else the reader has had enough
			s.log.Error("userlog: an export of the audit log is incomplete", "err", err)
		}
		cutOff(c.Writer)
	}
}

// auditFormat is a form in which the audit log is exported.
type auditFormat struct {
	contentType, extension string
	write                  func(io.Writer, iter.Seq2[audit.Record, error]) error
}

// auditFormats are all forms, by the name that a URL has for them.
var auditFormats = map[string]auditFormat{
	"csv":  {"text/csv; charset=utf-8", ".csv", audit.WriteCSV},
	"json": {"application/x-ndjson", ".jsonl", audit.WriteJSON},
}

// cutOff has the client notice that an answer is incomplete whose status has been sent long ago. Nothing
// more can be written, so that the connection breaks instead of ending well.
func cutOff(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Unix(1, 0)) // a writer without deadlines is a test's
}

// auditFilter is the filter of the request, as it was typed.
func auditFilter(c *gin.Context) views.AuditFilter {
	return views.AuditFilter{
		Actor: c.Query("actor"), User: c.Query("user"), Action: c.Query("action"), From: c.Query("from"), To: c.Query("to"),
	}
}

// parseAuditFilter reads a filter. An unknown action matches nothing.
func parseAuditFilter(f views.AuditFilter) (audit.Filter, error) {
	from, err := audit.ParseFrom(f.From)
	if err != nil {
		return audit.Filter{}, err
	}
	to, err := audit.ParseTo(f.To)
	if err != nil {
		return audit.Filter{}, err
	}
	return audit.Filter{Actor: f.Actor, Subject: f.User, Action: audit.Action(f.Action), From: from, To: to}, nil
}

// exportTimeout is how long a client may take for each part of an export.
const exportTimeout = 30 * time.Second

// patientWriter gives the client time for each part that is written. All of an export may take longer than the server gives an answer.
type patientWriter struct{ gin.ResponseWriter }

func (w patientWriter) Write(p []byte) (int, error) {
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(exportTimeout)) // a writer without deadlines is a test's
	return w.ResponseWriter.Write(p)
}
