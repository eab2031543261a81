// Command lint checks Go code with the analyzers that are listed below, in one process that loads each package once. Findings
// on packages that have not changed come from a cache. It takes the flags of Staticcheck, whose driver it is built on.
// A finding is excluded on the line above it, with a reason:
//
//	//lint:ignore errorlint the cause itself is asked for, and not what wraps it
package main

import (
	"os"
	"slices"
	"strings"

	"codeberg.org/polyfloyd/go-errorlint/errorlint"
	"github.com/timakin/bodyclose/passes/bodyclose"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/modernize"
	"golang.org/x/tools/go/analysis/passes/nilness"
	"golang.org/x/tools/go/analysis/passes/unusedwrite"
	"golang.org/x/tools/go/analysis/suite/vet"
	"honnef.co/go/tools/lintcmd"
	"honnef.co/go/tools/simple"
	"honnef.co/go/tools/staticcheck"
	"honnef.co/go/tools/stylecheck"
	"honnef.co/go/tools/unused"
)

func main() {
	command := lintcmd.NewCommand("lint")
	command.ParseFlags(os.Args[1:])
	command.AddAnalyzers(simple.Analyzers...)
	command.AddAnalyzers(staticcheck.Analyzers...)
	command.AddAnalyzers(stylecheck.Analyzers...)
	command.AddAnalyzers(unused.Analyzer)
	for _, analyzer := range others() {
		command.AddBareAnalyzers(adapted(analyzer))
	}
	command.Run()
}

// others returns the analyzers that are not Staticcheck's.
func others() []*analysis.Analyzer {
	return slices.Concat(vet.Suite, modernize.Suite, []*analysis.Analyzer{
		nilness.Analyzer, unusedwrite.Analyzer, errorlint.NewAnalyzer(), bodyclose.Analyzer, unparam,
	})
}

// adapted makes an analyzer fit Staticcheck's driver, in two ways. The driver sets no function for reading files, which some
// of vet's analyzers call. It drops findings that have a category other than the name of their analyzer. Tests
// are spared the findings that concernsTests says no to.
func adapted(analyzer *analysis.Analyzer) *analysis.Analyzer {
	wrapped := *analyzer
	wrapped.Run = func(pass *analysis.Pass) (any, error) {
		report := pass.Report
		pass.ReadFile = os.ReadFile
		pass.Report = func(found analysis.Diagnostic) {
			found.Category = ""
			if concernsTests(analyzer) || !inTest(pass, found) {
				report(found)
			}
		}
		return analyzer.Run(pass)
	}
	return &wrapped
}

// concernsTests reports whether what an analyzer finds in tests is worth a change. Bodies of responses are closed by the cleanup
// of a test, and bodyclose does not follow that. A parameter that is the same in all tests today is there for the next test.
func concernsTests(analyzer *analysis.Analyzer) bool {
	return analyzer != bodyclose.Analyzer && analyzer != unparam
}

// inTest reports whether something was found in a test.
func inTest(pass *analysis.Pass, found analysis.Diagnostic) bool {
	return strings.HasSuffix(pass.Fset.Position(found.Pos).Filename, "_test.go")
}
