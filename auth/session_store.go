package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	ginsessions "github.com/gin-contrib/sessions"
	"github.com/gorilla/sessions"
	"github.com/redis/go-redis/v9"

	"github.com/gin-userlog/userlog/store"
)

// errSessionEnded is the error of saving a session that was ended while the request ran.
var errSessionEnded = errors.New("the session has ended")

// sessionStore keeps sessions in Redis, behind the interface of gin-contrib/sessions.
//
// The ID of a gorilla session is the hash under which Redis knows it. The secret itself is only
// ever in the cookie. Values must be of types that encoding/json can restore.
type sessionStore struct {
	client  redis.UniversalClient
	keys    Keys
	owned   ownedIDs
	cookies cookies
	now     func() time.Time
}

var _ ginsessions.Store = (*sessionStore)(nil)

// Options does nothing: handlers must not change how the cookie is protected. An Options.MaxAge below 0
// on one session ends that session when it is saved.
func (s *sessionStore) Options(ginsessions.Options) {}

// Get returns the request's session, loaded once per request. The error is Redis's. The session that
// comes with an error is empty and can't be saved.
func (s *sessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New loads the session that the cookie names. A cookie that names none, whatever it contains, gives an
// empty session. We choose its ID when it is saved, and until then Redis has no key.
func (s *sessionStore) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(s, name)
	session.IsNew = true
	cookie, err := r.Cookie(name)
	if err != nil {
		return session, nil
	}
	id, ok := hashSecret(cookie.Value)
	if !ok {
		return session, nil
	}
	known, ok, err := s.load(r.Context(), id)
	if err != nil {
		return session, fmt.Errorf("load session: %w", err)
	}
	if ok {
		session.ID, session.IsNew = id, false
		known.intoValues(session.Values)
	}
	return session, nil
}

// Save writes the session to Redis, and gives the browser a cookie where it is a new one.
func (s *sessionStore) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	// A session that could not be loaded must not be replaced by an empty one.
	if _, err := s.Get(r, session.Name()); err != nil {
		return err
	}
	if session.Options.MaxAge < 0 {
		_, err := s.end(r, w, session)
		return err
	}
	state, err := storedSessionOf(session.Values)
	if err != nil {
		return fmt.Errorf("save session: %w", err)
	}
	state.Seen = s.now().Unix()
	if state.Created == 0 {
		state.Created = state.Seen
	}
	if session.ID != "" {
		if err := s.update(r.Context(), session.ID, state); err != nil {
			return fmt.Errorf("save session: %w", err)
		}
	} else if err := s.begin(r, w, session, state); err != nil {
		return fmt.Errorf("save session: %w", err)
	}
	session.Values[storedKey{}] = state
	return nil
}

// begin writes a session that Redis doesn't have yet, under a new secret. The browser gets the secret
// last. Should anything fail before, nobody can reach what is left in Redis.
func (s *sessionStore) begin(r *http.Request, w http.ResponseWriter, session *sessions.Session, state storedSession) error {
	ctx, now := r.Context(), s.now()
	secret := newSecret()
	id, _ := hashSecret(secret) // a secret of our own always has one
	line, err := state.encode()
	if err != nil {
		return err
	}
	if err := s.client.Set(ctx, s.keys.session(id), line, state.left(now)).Err(); err != nil {
		return err
	}
	if state.Account != "" {
		if _, err := s.owned.add(ctx, state.Account, id, now, state.end()); err != nil {
			return err
		}
		if err := s.owned.endOldest(ctx, state.Account, id, maxSessions); err != nil {
			return err
		}
	}
	session.ID, session.IsNew = id, false
	s.cookies.set(w, r, session.Name(), secret)
	return nil
}

// update overwrites a session that Redis has. It never brings back a session that was ended meanwhile,
// but returns errSessionEnded.
func (s *sessionStore) update(ctx context.Context, id string, state storedSession) error {
	left := state.left(s.now())
	if left <= 0 {
		return errSessionEnded // to Redis, 0 would mean for ever
	}
	line, err := state.encode()
	if err != nil {
		return err
	}
	err = s.client.SetArgs(ctx, s.keys.session(id), line, redis.SetArgs{Mode: "XX", TTL: left}).Err()
	if errors.Is(err, redis.Nil) {
		return errSessionEnded
	}
	return err
}

// load reads a session and notes that it was used. It is not ok where there is none.
func (s *sessionStore) load(ctx context.Context, id string) (state storedSession, ok bool, err error) {
	states, err := s.use(ctx, []string{id})
	state, ok = states[id]
	return state, ok, err
}

// use reads the sessions that exist, and notes that they are used, unless Redis can be read only.
func (s *sessionStore) use(ctx context.Context, ids []string) (map[string]storedSession, error) {
	states, err := s.peek(ctx, ids)
	if err != nil {
		return nil, err
	}
	now := s.now()
	for id, state := range states {
		if !state.isStale(now) {
			continue
		}
		state.Seen = now.Unix()
		switch err := s.update(ctx, id, state); {
		case errors.Is(err, errSessionEnded):
			delete(states, id)
		case store.FaultOf(err).IsRefusal(): // which takes no changes: the session goes on as it was, until its end
		case err != nil:
			return nil, err
		default:
			states[id] = state
		}
	}
	return states, nil
}

// peek reads the sessions that exist.
func (s *sessionStore) peek(ctx context.Context, ids []string) (map[string]storedSession, error) {
	lines, err := readEach(ctx, s.client, s.keys.session, ids)
	if err != nil {
		return nil, err
	}
	now := s.now()
	states := make(map[string]storedSession, len(lines))
	for id, line := range lines {
		var state storedSession
		// A line that can't be read is not a session of ours. An error would shut its owner out for good.
		// The end is checked here too, because the embedded store's time may stand still.
		if json.Unmarshal([]byte(line), &state) == nil && state.left(now) > 0 {
			states[id] = state
		}
	}
	return states, nil
}

// end deletes the session and takes its cookie back. The session is empty and new afterwards. It reports whether
// this call has ended the session, and no other one before.
func (s *sessionStore) end(r *http.Request, w http.ResponseWriter, session *sessions.Session) (ended bool, err error) {
	if ended, err = s.discard(r.Context(), session); err != nil {
		return ended, err
	}
	s.cookies.expire(w, r, session.Name())
	return ended, nil
}

// discard deletes the session from Redis and empties it, so that saving it makes another one. It reports whether
// the session was there. Of several requests that end one session at the same time, one finds it.
func (s *sessionStore) discard(ctx context.Context, session *sessions.Session) (ended bool, err error) {
	if session.ID != "" {
		deleted, err := s.client.Del(ctx, s.keys.session(session.ID)).Result()
		if err != nil {
			return false, fmt.Errorf("end session: %w", err)
		}
		ended = deleted > 0
		if state, _ := session.Values[storedKey{}].(storedSession); state.Account != "" {
			if err := s.owned.end(ctx, state.Account, session.ID); err != nil {
				return ended, fmt.Errorf("end session: %w", err)
			}
		}
	}
	session.ID, session.IsNew = "", true
	clear(session.Values)
	return ended, nil
}
