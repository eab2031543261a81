//go:build unix

package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/internal/redistest"
	"github.com/gin-userlog/userlog/store"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	redistest.VerifyNoLeaks(m)
}

func TestRecord(t *testing.T) {
	logs, err := store.Open(redistest.Start(t).URL, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/orders/7", nil)
	r.SetBasicAuth("ada", "countess")
	w := httptest.NewRecorder()
	site(logs).ServeHTTP(w, r)
	if w.Code != http.StatusOK || w.Body.String() != "Order 7" {
		t.Errorf("GET /orders/7: %d, %q", w.Code, w.Body)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := logs.Close(ctx); err != nil {
		t.Error(err)
	}
	if s := logs.Stats(); s.Written != 1 {
		t.Errorf("%d requests were written, want 1", s.Written)
	}
}
