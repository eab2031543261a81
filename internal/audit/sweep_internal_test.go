package audit

import "context"

// Sweep is what happens every five seconds.
func (v *Viewings) Sweep(ctx context.Context) error { return v.sweep(ctx) }
