package main

import (
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/buildssa"
	"golang.org/x/tools/go/packages"
	"mvdan.cc/unparam/check"
)

// unparam finds parameters that nothing reads or that always get the same, and results that nobody reads. Its own command
// loads all packages by itself, so it is made an analyzer here.
var unparam = &analysis.Analyzer{
	Name:     "unparam",
	Doc:      "finds parameters and results of functions that are not needed",
	Requires: []*analysis.Analyzer{buildssa.Analyzer},
	Run:      findUnneeded,
}

func findUnneeded(pass *analysis.Pass) (any, error) {
	var checker check.Checker
	checker.Packages([]*packages.Package{{Fset: pass.Fset, Syntax: pass.Files, Types: pass.Pkg, TypesInfo: pass.TypesInfo}})
	checker.ProgramSSA(pass.ResultOf[buildssa.Analyzer].(*buildssa.SSA).Pkg.Prog)
	issues, err := checker.Check()
	for _, issue := range issues {
		pass.Reportf(issue.Pos(), "%s", issue.Message())
	}
	return nil, err
}
