// Package bson stands for that of mongo-driver in releases. Gin imports it for Context.BSON and for binding BSON, which userlog does not.
package bson

import "errors"

var errNone = errors.New("bson: built without BSON")

// Marshal returns an error: releases write no BSON.
func Marshal(any) ([]byte, error) { return nil, errNone }

// Unmarshal returns an error: releases read no BSON.
func Unmarshal([]byte, any) error { return errNone }
