package main

import (
	"testing"
)

func TestChoose(t *testing.T) {
	all, err := choose("")
	if err != nil || len(all) != len(rows()) {
		t.Errorf("all: got %d, %v", len(all), err)
	}
	one, err := choose("cpu")
	if err != nil || len(one) != 1 || one[0].name != "cpu" {
		t.Errorf("one: got %v, %v", one, err)
	}
	if _, err := choose("speed"); err == nil {
		t.Error("an unknown row: no error")
	}
}
