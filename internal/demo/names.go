package demo

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// maxNumbered bounds the numbers that are put after a name, and with it how many customers there are.
const maxNumbered = 1000

// names returns the shop's customers in the order in which they come to browse.
func names() []string {
	return []string{
		"ada", "grace", "linus", "margaret", "ken", "barbara",
		"dennis", "radia", "alan", "hedy", "tim", "katherine",
	}
}

// maxCustomers is how many different names CustomerName has.
func maxCustomers() int { return len(names()) * maxNumbered }

// CustomerName returns the name of the i-th customer, counted from 0: the names, then the names
// with the number 2, and so on.
func CustomerName(i int) string {
	all := names()
	name, round := all[i%len(all)], i/len(all)+1
	if round == 1 {
		return name
	}
	return name + strconv.Itoa(round)
}

// isCustomer says whether CustomerName gives this name to anybody.
func isCustomer(name string) bool {
	base := strings.TrimRight(name, "0123456789")
	if !slices.Contains(names(), base) {
		return false
	}
	digits := name[len(base):]
	if digits == "" {
		return true
	}
	round, err := strconv.Atoi(digits)
	return err == nil && round >= 2 && round <= maxNumbered && digits == strconv.Itoa(round)
}

// Exists says whether the shop has a customer of this name. It asks nobody and never fails; its
// form is the one in which a real site would answer.
func (s *Shop) Exists(_ context.Context, name string) (bool, error) {
	return isCustomer(name), nil
}
