package load

// rewrite.go answers: what does a document become by the rules of its index? Next: job.go.

import (
	"fmt"
	"slices"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// Becomes says what a document is on the target, by its type on the source, and of which index it is there. A target
// without rules still renames. A source that changes lies in the scratch until it is used again; without one it is the caller's.
func Becomes(scratch *transform.Scratch, made *transform.IndexPlan, document es.Document) (es.Document, *transform.TargetIndex, error) {
	target := TargetFor(made, document.Type)
	if target == nil {
		return document, nil, fmt.Errorf("%w: no index on the target takes documents of type %s", ErrQuarantine, document.Type)
	}
	document.Index = target.Name
	if target.Documents != nil {
		action, reason, err := target.Documents.Apply(scratch, &document)
		if err != nil {
			return document, target, fmt.Errorf("%w: %w", ErrQuarantine, err)
		}
		if action == transform.LeaveOut {
			return document, target, transform.ErrLeftOut
		}
		if action == transform.Quarantine {
			return document, target, fmt.Errorf("%w: %s", ErrQuarantine, reason)
		}
	}
	if target.Type != "" {
		document.Type = target.Type
	}
	return document, target, nil
}

// TargetFor finds the index that takes documents of a type; nil where none does: a type that the mapping does not know
// appeared since it was read, and its ids could be those of others.
func TargetFor(made *transform.IndexPlan, docType string) *transform.TargetIndex {
	for i := range made.Targets {
		target := &made.Targets[i]
		if len(target.Types) == 0 || docType == "" || slices.Contains(target.Types, docType) {
			return target
		}
	}
	return nil
}
