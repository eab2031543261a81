package handlers_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// loseAuditLog lets nothing be written to the audit log from now on. All else of Redis answers.
func (s *site) loseAuditLog() {
	s.logs.Client().(*redis.Client).AddHook(auditLost{s.auditKeys().Head(), s.auditKeys().AttemptsHead()})
}

// auditLost fails every script that has one of the keys.
type auditLost []string

func (auditLost) DialHook(next redis.DialHook) redis.DialHook { return next }

func (auditLost) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (l auditLost) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, c redis.Cmder) error {
		if strings.HasPrefix(c.Name(), "eval") && slices.ContainsFunc(c.Args(), func(arg any) bool { return slices.Contains(l, fmt.Sprint(arg)) }) {
			err := errors.New("the audit log can't be written")
			c.SetErr(err)
			return err
		}
		return next(ctx, c)
	}
}
