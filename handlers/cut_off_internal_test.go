package handlers

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
)

// A program that loads an export which breaks off must not take it for the whole.
func TestAnIncompleteAnswerDoesNotEndWell(t *testing.T) {
	t.Parallel()
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			engine := gin.New()
			engine.GET("/", func(c *gin.Context) {
				_, _ = c.Writer.WriteString("some records\n")
				c.Writer.Flush()
				cutOff(c.Writer)
			})
			server := httptest.NewUnstartedServer(engine)
			if server.EnableHTTP2 = http2; http2 {
				server.StartTLS()
			} else {
				server.Start()
			}
			defer server.Close()
			response, err := server.Client().Get(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err == nil || response.StatusCode != http.StatusOK || response.Proto[:6] != name[:6] {
				t.Errorf("%s %d: %q ended with %v", response.Proto, response.StatusCode, body, err)
			}
			if !http2 && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("got %v", err)
			}
		})
	}
}
