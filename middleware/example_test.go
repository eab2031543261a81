package middleware_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-userlog/userlog/middleware"
	"github.com/gin-userlog/userlog/store"
)

// printer stands in for a *store.Store, which is what an application passes.
type printer struct{}

func (printer) Record(e store.Entry) {
	fmt.Println(e.Username, e.Method, e.Path, e.Code, e.Route, e.Extra)
}

func ExampleTrack() {
	gin.SetMode(gin.TestMode)
	r := gin.New()
	r.Use(middleware.Track(printer{}, func(c *gin.Context) string { return c.GetString("user") }, middleware.Options{
		Ignore:   []string{`^/assets/`},
		Annotate: func(_ *gin.Context, e *store.Entry) { e.Extra = map[string]string{"plan": "pro"} },
	}))
	r.Use(func(c *gin.Context) { c.Set("user", "ada") }) // your login
	r.GET("/orders/:id", func(c *gin.Context) { c.String(http.StatusOK, "order") })

	r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/orders/7", nil))
	r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/assets/app.css", nil))
	// Output: ada GET /orders/7 200 /orders/:id map[plan:pro]
}

func ExampleTrackHTTP() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	track := middleware.TrackHTTP(printer{}, func(r *http.Request) string { return r.Header.Get("X-User") }, middleware.HTTPOptions{})

	request := httptest.NewRequest(http.MethodGet, "/orders/7", nil)
	request.Header.Set("X-User", "ada")
	track(mux).ServeHTTP(httptest.NewRecorder(), request)
	// Output: ada GET /orders/7 404 /orders/{id} map[]
}

func ExampleSkip() {
	gin.SetMode(gin.TestMode)
	r := gin.New()
	r.Use(middleware.Track(printer{}, func(*gin.Context) string { return "ada" }, middleware.Options{}))
	r.GET("/poll", func(c *gin.Context) { middleware.Skip(c) })
	r.GET("/page", func(*gin.Context) {})
	r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/poll", nil))
	r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/page", nil))
	// Output: ada GET /page 200 /page map[]
}

func ExampleSetUser() {
	gin.SetMode(gin.TestMode)
	r := gin.New()
	r.Use(middleware.Track(printer{}, func(*gin.Context) string { return "" }, middleware.Options{}))
	check := func(c *gin.Context) (name string, err error) { return c.Query("name"), nil } // yours
	r.POST("/api/login", func(c *gin.Context) {
		name, err := check(c)
		middleware.SetUser(c, name)
		if err != nil {
			middleware.Problem(c, "wrong password")
			c.JSON(http.StatusOK, gin.H{"success": false})
			return
		}
		c.JSON(http.StatusOK, gin.H{"success": true})
	})
	r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/api/login?name=ada", nil))
	// Output: ada POST /api/login?name=ada 200 /api/login map[]
}

// problems prints what went wrong.
type problems struct{}

func (problems) Record(e store.Entry) {
	fmt.Printf("%d %q by %q, as %s: failed is %t\n", e.Code, e.Problem, e.Actor, e.Username, e.Failed())
}

func ExampleProblem() {
	gin.SetMode(gin.TestMode)
	r := gin.New()
	r.Use(middleware.Track(problems{}, func(*gin.Context) string { return "ada" }, middleware.Options{}))
	r.Use(func(c *gin.Context) {
		c.Next()
		switch last := c.Errors.Last(); {
		case last == nil, c.Writer.Status() < http.StatusBadRequest: // nothing went wrong, or it was only noted
		case last.IsType(gin.ErrorTypeBind):
			middleware.Invalid(c, last.Err)
		default:
			middleware.Problem(c, last.Error())
		}
	})
	r.POST("/pay", func(c *gin.Context) {
		middleware.Problem(c, "card declined")
		c.JSON(http.StatusOK, gin.H{"success": false})
	})
	r.POST("/ship", func(c *gin.Context) { _ = c.AbortWithError(http.StatusBadGateway, errors.New("the depot is closed")) })
	r.POST("/look", func(c *gin.Context) { _ = c.Error(errors.New("the cache is cold")) })
	for _, path := range []string{"/pay", "/ship", "/look"} {
		r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, path, nil))
	}
	// Output:
	// 200 "card declined" by "", as ada: failed is true
	// 502 "the depot is closed" by "", as ada: failed is true
	// 200 "" by "", as ada: failed is false
}

func ExampleInvalid() {
	gin.SetMode(gin.TestMode)
	r := gin.New()
	r.Use(middleware.Track(problems{}, func(*gin.Context) string { return "ada" }, middleware.Options{}))
	type payment struct {
		CardNumber string `form:"card_number" binding:"required,credit_card"`
		Expiry     string `form:"expiry" binding:"datetime=01/06"`
	}
	r.POST("/pay", func(c *gin.Context) {
		var form payment
		if err := c.ShouldBind(&form); err != nil {
			middleware.Invalid(c, err)
			c.String(http.StatusUnprocessableEntity, "Please check the card.")
			return
		}
		c.String(http.StatusOK, "Thank you.")
	})
	r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/pay", nil))
	// Output: 422 "card number: required; expiry: datetime" by "", as ada: failed is true
}

func ExampleProblemHTTP() {
	pay := func(w http.ResponseWriter, r *http.Request) {
		middleware.ProblemHTTP(r, "card declined")
		fmt.Fprintln(w, `{"success": false}`)
	}
	track := middleware.TrackHTTP(problems{}, func(*http.Request) string { return "ada" }, middleware.HTTPOptions{})
	track(http.HandlerFunc(pay)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/pay", nil))
	// Output: 200 "card declined" by "", as ada: failed is true
}

func ExampleInvalidHTTP() {
	pay := func(w http.ResponseWriter, r *http.Request) {
		var form struct{ Amount int }
		if err := json.NewDecoder(r.Body).Decode(&form); err != nil {
			middleware.InvalidHTTP(r, err)
			http.Error(w, "Please check the amount.", http.StatusUnprocessableEntity)
		}
	}
	track := middleware.TrackHTTP(problems{}, func(*http.Request) string { return "ada" }, middleware.HTTPOptions{})
	body := strings.NewReader(`{"Amount": "much"}`)
	track(http.HandlerFunc(pay)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/pay", body))
	// Output: 422 "amount: not a number" by "", as ada: failed is true
}

func ExampleReferenceHTTP() {
	recovered := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				if recover() != nil {
					http.Error(w, "Something broke. If you call us, say this code: "+middleware.ReferenceHTTP(r), http.StatusInternalServerError)
				}
			}()
			next.ServeHTTP(w, r)
		})
	}
	broken := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("the printer is on fire") })
	track := middleware.TrackHTTP(printer{}, func(*http.Request) string { return "ada" }, middleware.HTTPOptions{})
	track(recovered(broken)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/invoice", nil))
	// Output: ada GET /invoice 500  map[]
}

func ExampleSetVisitHTTP() {
	withSession := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if session, err := r.Cookie("session"); err == nil {
				middleware.SetVisitHTTP(r, session.Value)
			}
			next.ServeHTTP(w, r)
		})
	}
	orders := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	track := middleware.TrackHTTP(visits{}, func(*http.Request) string { return "ada" }, middleware.HTTPOptions{})
	request := httptest.NewRequest(http.MethodGet, "/orders", nil)
	request.AddCookie(&http.Cookie{Name: "session", Value: "d1c1a0f5b2"})
	track(withSession(orders)).ServeHTTP(httptest.NewRecorder(), request)
	// Output: visit 3ze9vrwt of ada
}

func ExampleReference() {
	gin.SetMode(gin.TestMode)
	r := gin.New()
	r.Use(middleware.Track(printer{}, func(*gin.Context) string { return "ada" }, middleware.Options{}))
	r.Use(gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) {
		c.String(http.StatusInternalServerError, "Something broke. If you call us, say this code: %s", middleware.Reference(c))
	}))
	r.GET("/invoice", func(*gin.Context) { panic("the printer is on fire") })
	r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/invoice", nil))
	// Output: ada GET /invoice 500 /invoice map[]
}

func ExampleSupportCode() {
	gin.SetMode(gin.TestMode)
	logs := &desk{joined: map[string]bool{}} // in a program, what store.Open returned
	currentUser := func(*gin.Context) string { return "" }
	r := gin.New()
	r.Use(middleware.Track(logs, currentUser, middleware.Options{
		Visitors: middleware.Visitors{From: middleware.VisitorsAsked},
	}))
	r.GET("/help", func(c *gin.Context) {
		support, err := middleware.SupportCode(c)
		switch {
		case err != nil:
			c.String(http.StatusServiceUnavailable, "We can't give you a code right now. Please tell us on the phone what you see.")
		case support.Agent != "":
			c.String(http.StatusOK, "You are speaking with %s: %s", support.Agent, support.Word)
		default:
			c.String(http.StatusOK, "Say this code on the phone: %s. Our support then sees which pages you open.", support.Code)
		}
	})
	answer := httptest.NewRecorder()
	r.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/help", nil))
	fmt.Println(answer.Body)
	// Output: Say this code on the phone: 111111. Our support then sees which pages you open.
}

func ExampleSetVisit() {
	gin.SetMode(gin.TestMode)
	r := gin.New()
	r.Use(middleware.Track(visits{}, func(*gin.Context) string { return "ada" }, middleware.Options{}))
	r.Use(func(c *gin.Context) {
		id, _ := c.Cookie("session")
		middleware.SetVisit(c, id)
	})
	r.GET("/orders", func(*gin.Context) {})
	request := httptest.NewRequest(http.MethodGet, "/orders", nil)
	request.AddCookie(&http.Cookie{Name: "session", Value: "d1c1a0f5b2"})
	r.ServeHTTP(httptest.NewRecorder(), request)
	// Output: visit 3ze9vrwt of ada
}

// visits prints in which session a request was.
type visits struct{}

func (visits) Record(e store.Entry) { fmt.Println("visit", e.Visit, "of", e.Username) }

func ExampleSetActor() {
	gin.SetMode(gin.TestMode)
	r := gin.New()
	r.Use(middleware.Track(problems{}, func(*gin.Context) string { return "ada" }, middleware.Options{}))
	r.GET("/orders", func(c *gin.Context) { middleware.SetActor(c, "bob") })
	r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/orders", nil))
	// Output: 200 "" by "bob", as ada: failed is false
}

func ExampleCheckPageNames() {
	gin.SetMode(gin.TestMode)
	setUp := func(r *gin.Engine) error {
		options := middleware.Options{ExternalPrefix: "/app"}
		options.PageNames = map[string]string{"/order/:id": "Order details"}
		r.Use(middleware.Track(printer{}, func(*gin.Context) string { return "ada" }, options))
		r.GET("/orders/:id", func(c *gin.Context) { c.String(http.StatusOK, "order") })
		if err := middleware.CheckPageNames(r, options.PageNames); err != nil {
			return err
		}
		return nil
	}
	fmt.Println(setUp(gin.New()))
	// Output: middleware: "/order/:id" in PageNames matches no route: write it as Gin lists the route, such as /orders/:id or POST /orders/:id
}
