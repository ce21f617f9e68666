package transform

// alias.go answers: what must an index's aliases say so that the target takes them? Next: template.go.

import (
	"encoding/json"
	"fmt"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// AliasPlan is what becomes of the aliases of one index.
type AliasPlan struct {
	Aliases  map[string]json.RawMessage
	Changes  []Change
	Findings []Finding
}

// Aliases rewrites the aliases of one index for the target, whatever way the index itself travels.
func Aliases(in IndexInput, source, target es.Version) (AliasPlan, error) {
	d, err := newDraft(IndexInput{Name: in.Name, Created: in.Created, Aliases: in.Aliases}, source, target, Choices{})
	if err != nil {
		return AliasPlan{}, fmt.Errorf("aliases of %s: %w", in.Name, err)
	}
	for _, rule := range Rules() {
		if rule.alias == nil || !rule.reaches(target) {
			continue
		}
		d.rule = &rule
		d.aliases.each(func(name string, v value) {
			if body, ok := v.(*object); ok {
				rule.alias(d, name, body)
			}
		})
	}
	plan := AliasPlan{Aliases: map[string]json.RawMessage{}, Changes: d.changes, Findings: d.findings}
	d.aliases.each(func(name string, v value) { plan.Aliases[name] = appendValue(nil, v) })
	return plan, nil
}
