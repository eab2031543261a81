package handlers

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/httpgzip"
	"github.com/gin-userlog/userlog/internal/printable"
	"github.com/gin-userlog/userlog/views"
)

// Cookies that hold a reader's choices.
const (
	languageCookie = "userlog_language"
	themeCookie    = "userlog_theme"
	logsCookie     = "userlog_logs" // the page on which the reader looked at a log last
)

// language is the language of the answer: pinned, chosen, or what the browser asks for.
func (s *site) language(c *gin.Context) string { return s.languageOr(c, "") }

// languageOr is [site.language] for a request that may say itself which language it wants.
func (s *site) languageOr(c *gin.Context, wanted string) string {
	if s.options.Language != "" {
		return s.options.Language
	}
	chosen, err := c.Cookie(languageCookie)
	if err != nil {
		chosen = ""
	}
	return s.views.Match(wanted, chosen, c.GetHeader("Accept-Language"))
}

// theme is the look that the reader chose, "" for that of the system.
func theme(c *gin.Context) string {
	chosen, err := c.Cookie(themeCookie)
	if err != nil || !slices.Contains(views.Themes(), chosen) {
		return ""
	}
	return chosen
}

// logs is the page of a log that the reader chose last, "" for none.
func logs(c *gin.Context) string {
	chosen, err := c.Cookie(logsCookie)
	if err != nil || !slices.Contains(views.LogPages(), chosen) {
		return ""
	}
	return chosen
}

// layout is the part that every page has.
func (s *site) layout(c *gin.Context, section string) views.Layout {
	return views.Layout{
		Lang:              s.language(c),
		Theme:             theme(c),
		Base:              s.base,
		Current:           s.ownPath(s.here(c)),
		Account:           accessOf(c).Account,
		IsSuperuser:       accessOf(c).Role == auth.Superuser,
		HasRules:          s.options.Destinations != nil,
		CanLogOut:         !s.options.hostLogin(),
		CanSwitchLanguage: s.options.Language == "",
		Logs:              logs(c),
		Section:           section,
		Now:               s.logs.Now,
	}
}

// timeHeader tells a page that refreshes itself what the clock of requests says, also where nothing has changed. Scripts know the admin's
// answers by it.
const timeHeader = "Userlog-Time"

// stateHeader tells such a page whether what is new can arrive, also where nothing has changed.
const stateHeader = "Userlog-State"

// tellTime writes timeHeader. It is the last that happens before an answer.
func (s *site) tellTime(c *gin.Context) {
	c.Header(timeHeader, s.logs.Now().UTC().Format("2006-01-02T15:04:05.000Z"))
}

// answer sends a rendered page or fragment, or the error of rendering it.
func (s *site) answer(c *gin.Context, status int, html []byte, err error) {
	if err != nil {
		s.fail(c, http.StatusInternalServerError, err)
		return
	}
	s.send(c, status, html)
}

// compressible is from how many bytes on compressing HTML is worth it: below, it fits into one packet.
const compressible = 1024

// send sends HTML, compressed where that is wanted and harmless.
func (s *site) send(c *gin.Context, status int, html []byte) {
	header := c.Writer.Header()
	if len(html) >= compressible && mayCompress(c.Request) && httpgzip.Wanted(c.Request, header) {
		compressed, err := s.compressor.Compress(html)
		if err == nil {
			header.Set("Content-Encoding", "gzip")
			html = compressed
		} else {
			s.log.Error("userlog: a page is sent uncompressed", "err", err)
		}
	}
	header.Set("Content-Length", strconv.Itoa(len(html)))
	c.Data(status, "text/html; charset=utf-8", html)
}

// mayCompress reports whether the length of a compressed answer tells nobody a secret (BREACH). It tells one where a stranger
// can have a page show text of his choice beside the secret, again and again. So answers to forms are not compressed, since
// these show tokens and one-time links. Nor are answers to another site's page. Browsers without Sec-Fetch-Site are old or use no
// https.
func mayCompress(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) &&
		(site == "" || site == "none" || site == "same-origin")
}

// failJSON ends a program's request with an error that it can read.
func (s *site) failJSON(c *gin.Context, status int, message string) {
	c.Abort()
	s.sendJSON(c, status, gin.H{"error": message})
}

// sendJSON sends a value as JSON, in which what is not printable is escaped: programs print it in terminals.
func (s *site) sendJSON(c *gin.Context, status int, value any) {
	line, err := json.Marshal(value)
	if err != nil { // no value of ours
		s.log.Error("userlog: an answer could not be made", "err", err)
		c.AbortWithStatus(http.StatusInternalServerError)
		return
	}
	c.Data(status, "application/json; charset=utf-8", printable.JSON(line))
}

// fail ends the request with an error page: a sentence and the next step, in the reader's language.
// The error itself goes to the log, if there is one.
func (s *site) fail(c *gin.Context, status int, err error) {
	s.failures.add("userlog: a page could not be shown", err, "status", status, "route", c.FullPath())
	if status == http.StatusServiceUnavailable {
		s.showError(c, views.Error{Status: status, Fault: s.faultBehind(c.Request.Context(), err)})
		return
	}
	s.showError(c, views.Error{Status: status})
}

func (s *site) showError(c *gin.Context, p views.Error) {
	p.Layout = s.layout(c, "")
	html, err := s.views.Error(p)
	if err != nil {
		s.log.Error("userlog: the error page could not be rendered", "err", err)
		c.AbortWithStatus(p.Status)
		return
	}
	c.Abort()
	s.send(c, p.Status, html)
}
