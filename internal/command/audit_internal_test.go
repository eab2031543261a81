package command

import (
	"strings"
	"testing"

	"github.com/gin-userlog/userlog/internal/audit"
)

// A checkpoint that is older than all that is kept is an error, and the newer one is told all the same.
func TestAuditVerifySaysThatACheckpointIsTooOld(t *testing.T) {
	t.Parallel()
	newest := audit.Checkpoint{Link: audit.Link{Seq: 4, Hash: strings.Repeat("0", 64)}}
	var out strings.Builder
	err := tellReport(streams{out: &out}, audit.Report{Records: 2, First: 3, Last: 4, Checkpoint: newest, SinceTooOld: true}, audit.Checkpoint{Link: audit.Link{Seq: 1}})
	if err == nil || !strings.HasPrefix(err.Error(), "record 1, which --since names, is no longer kept, ") || !strings.HasSuffix(err.Error(), " before 2 more records are written") {
		t.Errorf("got %v", err)
	}
	old := audit.Checkpoint{Link: audit.Link{Seq: 3}, Attempt: audit.Link{Seq: 7}}
	err = tellReport(streams{out: &out}, audit.Report{Records: 2, First: 3, Last: 4, Attempts: 9, Checkpoint: newest, AttemptTooOld: true}, old)
	if err == nil || !strings.HasPrefix(err.Error(), "attempt 7, which --since names, is no longer kept, ") || !strings.HasSuffix(err.Error(), " before 9 more attempts are written") {
		t.Errorf("got %v", err)
	}
	if !strings.HasSuffix(out.String(), "\n"+newest.String()+"\n") {
		t.Errorf("it prints %s", out.String())
	}
}

// A copy of which the log has nothing any more is no comfort: somebody may have pushed all of it out.
func TestAuditVerifySaysThatACopyProvesNothing(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := tellComparison(streams{out: &out}, audit.Copied{Records: 5}, audit.Comparison{}); err == nil || !strings.Contains(err.Error(), "proves nothing") || out.Len() > 0 {
		t.Errorf("got %v, and %s", err, out.String())
	}
	if err := tellComparison(streams{out: &out}, audit.Copied{Records: 5}, audit.Comparison{Same: 1}); err != nil {
		t.Error(err)
	}
}
