package auth_test

import (
	"encoding/base32"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/auth"
	"github.com/gin-userlog/userlog/internal/eachredis"
	"github.com/gin-userlog/userlog/internal/redistest"
)

// phone is an authenticator app, whose clock the test moves.
type phone struct {
	t    *testing.T
	seed string
	now  time.Time
}

// code is what the app shows.
func (p *phone) code() string {
	p.t.Helper()
	code, err := totp.GenerateCode(p.seed, p.now)
	if err != nil {
		p.t.Fatal(err)
	}
	return code
}

// factory makes accounts that have a second factor, at a clock that the test moves.
type factory struct {
	*auth.Accounts
	now *time.Time
}

func newFactory(t *testing.T, client redis.UniversalClient, seedKeys ...[]byte) factory {
	t.Helper()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	return factory{auth.NewAccounts(client, keys, auth.AccountOptions{
		Now: func() time.Time { return now }, SeedKeys: seedKeys, Cost: cheap.Cost,
	}), &now}
}

// create makes an account with an app, and returns it as it is after a right password.
func (f factory) create(t *testing.T, name string) (account auth.Account, app *phone, recovery []string) {
	t.Helper()
	if err := f.Create(t.Context(), name, auth.Superuser, password); err != nil {
		t.Fatal(err)
	}
	app, recovery = f.enrol(t, name)
	return f.verified(t, name), app, recovery
}

// enrol gives an account an app.
func (f factory) enrol(t *testing.T, name string) (app *phone, recovery []string) {
	t.Helper()
	begun, err := f.BeginApp(t.Context(), name, "userlog example.com")
	if err != nil {
		t.Fatal(err)
	}
	app = &phone{t, begun.Seed, *f.now}
	if _, recovery, err = f.AddApp(t.Context(), name, begun.Sealed, app.code()); err != nil {
		t.Fatal(err)
	}
	*f.now = f.now.Add(time.Minute) // so that the next code is another one
	app.now = *f.now
	return app, recovery
}

func (f factory) verified(t *testing.T, name string) auth.Account {
	t.Helper()
	account, err := f.Verify(t.Context(), name, password)
	if err != nil {
		t.Fatal(err)
	}
	return account
}

func TestAnAppIsTheSecondFactor(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		f := newFactory(t, client)
		account, app, recovery := f.create(t, "ada")
		if !account.SecondFactor || account.AppSince.IsZero() || account.RecoveryLeft != auth.RecoveryCodes || len(recovery) != auth.RecoveryCodes {
			t.Fatalf("got %+v, %q", account, recovery)
		}
		stored := client.HGet(t.Context(), keys.Accounts(), "ada").Val()
		if strings.Contains(stored, app.seed) || strings.Contains(stored, recovery[0]) || strings.Contains(stored, strings.ReplaceAll(recovery[0], "-", "")) {
			t.Errorf("a secret is in Redis: %s", stored)
		}
		verified, factor, err := f.VerifyCode(t.Context(), account, " "+app.code()[:3]+" "+app.code()[3:])
		if err != nil || factor != auth.FactorApp || verified != account {
			t.Errorf("%+v, %q, %v", verified, factor, err)
		}
		if _, _, err := f.VerifyCode(t.Context(), account, app.code()); !errors.Is(err, auth.ErrCode) {
			t.Errorf("the same code again: %v", err)
		}
	})
}

// The codes are those of RFC 6238, appendix B, whose seed is the ASCII text 12345678901234567890.
func TestCodesAreThoseOfTheStandard(t *testing.T) {
	t.Parallel()
	seed := base32.StdEncoding.EncodeToString([]byte("12345678901234567890"))
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"} {
		if _, ok := auth.CodeStepOf(seed, want, time.Unix(at, 0)); !ok {
			t.Errorf("at %d the code %s is wrong", at, want)
		}
	}
}

// A phone may be half a minute off, in either direction. Older codes don't work, nor does one that comes before one that was taken.
func TestClocksMayDifferALittle(t *testing.T) {
	t.Parallel()
	f := newFactory(t, redistest.Start(t).Client(t))
	account, app, _ := f.create(t, "ada")
	for _, c := range []struct {
		off   time.Duration
		taken bool
	}{{-90 * time.Second, false}, {-30 * time.Second, true}, {90 * time.Second, false}, {30 * time.Second, true}, {0, false}, {30 * time.Second, false}} {
		app.now = f.now.Add(c.off)
		if _, _, err := f.VerifyCode(t.Context(), account, app.code()); err == nil != c.taken || err != nil && !errors.Is(err, auth.ErrCode) {
			t.Errorf("%s: %v", c.off, err)
		}
	}
}

// However many processes get a code at the same time, one takes it.
func TestACodeIsTakenOnce(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	f := newFactory(t, client)
	account, app, recovery := f.create(t, "ada")
	for what, code := range map[string]string{"of the app": app.code(), "for recovery": recovery[3]} {
		var taken, refused atomic.Int32
		var requests sync.WaitGroup
		for range 8 {
			other := newFactory(t, client)
			*other.now = *f.now
			requests.Go(func() {
				switch _, _, err := other.VerifyCode(t.Context(), account, code); {
				case err == nil:
					taken.Add(1)
				case errors.Is(err, auth.ErrCode):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		requests.Wait()
		if taken.Load() != 1 || refused.Load() != 7 {
			t.Errorf("a code %s was taken %d times, and refused %d times", what, taken.Load(), refused.Load())
		}
	}
}

func TestRecoveryCodes(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		f := newFactory(t, client)
		account, _, recovery := f.create(t, "ada")
		other, _, _ := f.create(t, "eve")
		if _, _, err := f.VerifyCode(t.Context(), other, recovery[0]); !errors.Is(err, auth.ErrCode) {
			t.Errorf("another account's: %v", err)
		}
		typed := strings.ToUpper(strings.ReplaceAll(recovery[0], "-", " ")) + " "
		after, factor, err := f.VerifyCode(t.Context(), account, typed)
		if err != nil || factor != auth.FactorRecovery || after.RecoveryLeft != auth.RecoveryCodes-1 {
			t.Fatalf("%+v, %q, %v", after, factor, err)
		}
		if _, _, err := f.VerifyCode(t.Context(), account, recovery[0]); !errors.Is(err, auth.ErrCode) {
			t.Errorf("used again: %v", err)
		}
		fresh, err := f.MakeRecoveryCodes(t.Context(), "ada")
		if err != nil || slices.Contains(fresh, recovery[1]) {
			t.Fatal(fresh, err)
		}
		if _, _, err := f.VerifyCode(t.Context(), account, recovery[1]); !errors.Is(err, auth.ErrCode) {
			t.Errorf("an old one: %v", err)
		}
		if _, _, err := f.VerifyCode(t.Context(), account, fresh[9]); err != nil {
			t.Errorf("a new one: %v", err)
		}
	})
}

// What lies between password and second factor ends the login: a disabled account, another password, a reset.
func TestAnAccountThatChangesInBetweenIsNotLetIn(t *testing.T) {
	t.Parallel()
	f := newFactory(t, redistest.Start(t).Client(t))
	f.create(t, "root")
	for what, change := range map[string]func(name string) error{
		"disabled":     func(name string) error { return f.Disable(t.Context(), name) },
		"new password": func(name string) error { _, err := f.SetPassword(t.Context(), name, password); return err },
		"role":         func(name string) error { return f.SetRole(t.Context(), name, auth.Viewer) },
		"reset":        func(name string) error { return f.ResetFactors(t.Context(), name) },
		"sessions":     func(name string) error { return f.EndSessions(t.Context(), name) },
	} {
		name := "vera " + what
		account, app, recovery := f.create(t, name)
		app.now = *f.now
		if err := change(name); err != nil {
			t.Fatal(err)
		}
		for _, code := range []string{app.code(), recovery[0], ""} {
			if _, _, err := f.VerifyCode(t.Context(), account, code); !errors.Is(err, auth.ErrCode) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
}

// Of two apps that are set up at the same time one wins, and the other one changes nothing.
func TestOneOfTwoEnrolmentsWins(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	f := newFactory(t, client)
	if err := f.Create(t.Context(), "ada", auth.Viewer, password); err != nil {
		t.Fatal(err)
	}
	var added atomic.Int32
	var winner atomic.Value
	var begun []auth.Enrolment
	for range 4 {
		app, err := f.BeginApp(t.Context(), "ada", "x")
		if err != nil {
			t.Fatal(err)
		}
		begun = append(begun, app)
	}
	var requests sync.WaitGroup
	for _, begun := range begun {
		other := newFactory(t, client)
		app := &phone{t, begun.Seed, *other.now}
		requests.Go(func() {
			_, codes, err := other.AddApp(t.Context(), "ada", begun.Sealed, app.code())
			switch {
			case err == nil:
				added.Add(1)
				winner.Store([]any{app, codes})
			case !errors.Is(err, auth.ErrFactorExists) && !errors.Is(err, auth.ErrEnrolment):
				t.Error(err)
			}
		})
	}
	requests.Wait()
	if added.Load() != 1 {
		t.Fatalf("%d apps were added", added.Load())
	}
	won := winner.Load().([]any)
	*f.now = f.now.Add(time.Minute)
	app := won[0].(*phone)
	app.now = *f.now
	for _, code := range []string{app.code(), won[1].([]string)[0]} {
		if _, _, err := f.VerifyCode(t.Context(), f.verified(t, "ada"), code); err != nil {
			t.Errorf("of the one that won: %v", err)
		}
	}
}

// An enrolment is one account's, for a while, and as it was begun.
func TestEnrolmentsCantBeForged(t *testing.T) {
	t.Parallel()
	f := newFactory(t, redistest.Start(t).Client(t))
	for _, name := range []string{"ada", "eve"} {
		if err := f.Create(t.Context(), name, auth.Viewer, password); err != nil {
			t.Fatal(err)
		}
	}
	begun, err := f.BeginApp(t.Context(), "ada", "userlog: example.com")
	if err != nil {
		t.Fatal(err)
	}
	app := &phone{t, begun.Seed, *f.now}
	if u, err := url.Parse(begun.URL); err != nil || u.Scheme != "otpauth" || u.Query().Get("secret") != begun.Seed || u.Path != "/userlog  example.com:ada" {
		t.Errorf("the URL is %q, %v", begun.URL, err)
	}
	last := begun.Sealed[:len(begun.Sealed)-2] + flip(begun.Sealed[len(begun.Sealed)-2:])
	for what, c := range map[string]struct {
		name, sealed, code string
		want               error
	}{
		"another account": {"eve", begun.Sealed, app.code(), auth.ErrEnrolment},
		"changed":         {"ada", last, app.code(), auth.ErrEnrolment},
		"nothing":         {"ada", "", app.code(), auth.ErrEnrolment},
		"no code":         {"ada", begun.Sealed, "", auth.ErrCode},
		"a wrong code":    {"ada", begun.Sealed, "000000x", auth.ErrCode},
		"nobody":          {"nobody", begun.Sealed, app.code(), auth.ErrNoAccount},
	} {
		if _, _, err := f.AddApp(t.Context(), c.name, c.sealed, c.code); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
	}
	*f.now = f.now.Add(16 * time.Minute)
	app.now = *f.now
	if _, _, err := f.AddApp(t.Context(), "ada", begun.Sealed, app.code()); !errors.Is(err, auth.ErrEnrolment) {
		t.Errorf("too late: %v", err)
	}
}

// An attacker who has read Redis, or can write to it, has no seed: a key that is given elsewhere seals it. Keys can be replaced.
func TestSeedsAreSealedByTheKeysThatAreGiven(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	first, second := []byte(strings.Repeat("a", auth.MinSeedKey)), []byte(strings.Repeat("b", auth.MinSeedKey))
	f := newFactory(t, client)
	_, app, recovery := f.create(t, "ada")
	seed := func() string { return client.HGet(t.Context(), keys.Accounts(), "ada").Val() }
	for _, c := range []struct {
		what  string
		given [][]byte
		want  error
		moved bool
	}{
		{"without a key", nil, nil, false},
		{"the first key is given", [][]byte{first}, nil, true},
		{"the key is kept from us", nil, auth.ErrSeedKey, false},
		{"another key", [][]byte{second}, auth.ErrSeedKey, false},
		{"another key, and the old one", [][]byte{second, first}, nil, true},
		{"the old one is not needed any more", [][]byte{second}, nil, false},
	} {
		before := seedOf(t, seed())
		at := newFactory(t, client, c.given...)
		*f.now = f.now.Add(time.Minute)
		*at.now, app.now = *f.now, *f.now
		account, err := at.Get(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := at.VerifyCode(t.Context(), account, app.code()); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.what, err)
		}
		if moved := seedOf(t, seed()) != before; moved != c.moved {
			t.Errorf("%s: sealed anew is %t", c.what, moved)
		}
	}
	account, err := newFactory(t, client).Get(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := newFactory(t, client).VerifyCode(t.Context(), account, recovery[0]); err != nil {
		t.Errorf("a recovery code needs no key: %v", err)
	}
}

// seedOf is the sealed seed of a stored account.
func seedOf(t *testing.T, line string) string {
	t.Helper()
	_, rest, ok := strings.Cut(line, `"seed":"`)
	if !ok {
		t.Fatal("there is no seed")
	}
	seed, _, _ := strings.Cut(rest, `"`)
	return seed
}

// The first second factor ends what was begun by the password alone, and removing the last one ends what it has let in.
func TestSecondFactorsEndSessionsAndTokens(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	f, tokens := newFactory(t, client), auth.NewTokens(client, keys)
	if err := f.Create(t.Context(), "ada", auth.Viewer, password); err != nil {
		t.Fatal(err)
	}
	token := func() string {
		secret, err := tokens.Create(t.Context(), "ada", "x", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	ended := func(what, secret string) {
		t.Helper()
		if who, err := tokens.Access(t.Context(), secret); err != nil || who.Account != "" {
			t.Errorf("%s: the token is of %+v, %v", what, who, err)
		}
	}
	secret := token()
	f.enrol(t, "ada")
	ended("the first factor", secret)
	secret = token()
	if account, err := f.RemoveApp(t.Context(), "ada"); err != nil || account.SecondFactor || account.RecoveryLeft != 0 {
		t.Errorf("%+v, %v", account, err)
	}
	ended("removed", secret)
	f.enrol(t, "ada")
	secret = token()
	if err := f.ResetFactors(t.Context(), "ada"); err != nil {
		t.Error(err)
	}
	ended("reset", secret)
	_, removed := f.RemoveApp(t.Context(), "ada")
	_, made := f.MakeRecoveryCodes(t.Context(), "ada")
	for _, err := range []error{removed, made, f.ResetFactors(t.Context(), "ada")} {
		if !errors.Is(err, auth.ErrNoFactor) {
			t.Errorf("without one: %v", err)
		}
	}
}

// Codes are counted for an account as a whole, from however many addresses they are tried, and each lane by itself.
func TestCodesAreCountedPerAccount(t *testing.T) {
	t.Parallel()
	eachredis.Run(t, func(t *testing.T, client redis.UniversalClient) {
		throttle := auth.NewThrottle(client, keys)
		var allowed, refused atomic.Int32
		var requests sync.WaitGroup
		for range 3 * auth.CodesAtOnce {
			requests.Go(func() {
				wait, err := throttle.AllowCode(t.Context(), "ada", auth.LaneStranger)
				switch {
				case err != nil:
					t.Error(err)
				case wait > 0:
					refused.Add(1)
				default:
					allowed.Add(1)
				}
			})
		}
		requests.Wait()
		if allowed.Load() != auth.CodesAtOnce || refused.Load() != 2*auth.CodesAtOnce {
			t.Errorf("%d codes were allowed, and %d refused", allowed.Load(), refused.Load())
		}
		for _, lane := range []auth.Lane{auth.LaneKnown, auth.LaneSession} {
			if wait, err := throttle.AllowCode(t.Context(), "ada", lane); wait != 0 || err != nil {
				t.Errorf("%s: %s, %v", lane, wait, err)
			}
		}
		if err := throttle.CodeSucceeded(t.Context(), "ada", auth.LaneStranger); err != nil {
			t.Error(err)
		}
		if wait, err := throttle.AllowCode(t.Context(), "ada", auth.LaneStranger); wait != 0 || err != nil {
			t.Errorf("after the right one: %s, %v", wait, err)
		}
	})
}

func FuzzCodes(f *testing.F) {
	f.Add("GEZDGNBVGY3TQOJQ", "123456")
	f.Add("", "")
	f.Fuzz(func(_ *testing.T, seed, code string) { _, _ = auth.CodeStepOf(seed, code, time.Unix(59, 0)) })
}
