package steps

// aliases.go answers: how do aliases come along, filters and routing too? Next: kibana.go.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/plan"
)

// moveAliases gives the moved indices on the target the aliases that they have on the source.
type moveAliases struct {
	source, target opener
	routes         []plan.Route
}

// ID is the step's name in the journal.
func (s *moveAliases) ID() string { return "aliases" }

// Title is the step in a person's words.
func (s *moveAliases) Title() string { return "set the aliases" }

// missing lists what the target lacks, in the order of the indices.
func (s *moveAliases) missing(ctx context.Context) ([]cluster.Alias, error) {
	source, err := s.source(ctx)
	if err != nil {
		return nil, err
	}
	target, err := s.target(ctx)
	if err != nil {
		return nil, err
	}
	from, err := source.Aliases(ctx)
	if err != nil {
		return nil, err
	}
	there, err := target.Aliases(ctx)
	if err != nil {
		return nil, err
	}
	var missing []cluster.Alias
	for _, route := range s.routes {
		for _, name := range sortedKeys(from[route.Source]) {
			wanted := from[route.Source][name]
			if existing, ok := there[route.Target][name]; ok && sameAlias(existing, wanted) {
				continue
			}
			alias := cluster.Alias{Index: route.Target, Alias: name}
			if filter := gjson.GetBytes(wanted, "filter"); filter.Exists() {
				alias.Filter = json.RawMessage(filter.Raw)
			}
			alias.IndexRouting = gjson.GetBytes(wanted, "index_routing").String()
			alias.SearchRouting = gjson.GetBytes(wanted, "search_routing").String()
			if write := gjson.GetBytes(wanted, "is_write_index"); write.Exists() {
				value := write.Bool()
				alias.IsWriteIndex = &value
			}
			missing = append(missing, alias)
		}
	}
	return missing, nil
}

// sameAlias compares what can be compared: a newer version spells a filter out with defaults (boost and the like), so
// only its presence counts.
func sameAlias(a, b json.RawMessage) bool {
	for _, key := range []string{"index_routing", "search_routing", "is_write_index"} {
		if gjson.GetBytes(a, key).String() != gjson.GetBytes(b, key).String() {
			return false
		}
	}
	return gjson.GetBytes(a, "filter").Exists() == gjson.GetBytes(b, "filter").Exists() || bytes.Equal(a, b)
}

// Check counts what the target lacks.
func (s *moveAliases) Check(ctx context.Context) (engine.Status, error) {
	missing, err := s.missing(ctx)
	if err != nil {
		return engine.Status{}, err
	}
	if len(missing) == 0 {
		return engine.Status{State: engine.Done, Note: "the target has them all"}, nil
	}
	return engine.Status{State: engine.Ready, Note: fmt.Sprintf("%d to set", len(missing))}, nil
}

// Apply sets them in one atomic step.
func (s *moveAliases) Apply(ctx context.Context, _ *engine.Recorder) error {
	missing, err := s.missing(ctx)
	if err != nil || len(missing) == 0 {
		return err
	}
	target, err := s.target(ctx)
	if err != nil {
		return err
	}
	actions := make([]cluster.AliasAction, len(missing))
	for i := range missing {
		actions[i].Add = &missing[i]
	}
	return target.UpdateAliases(ctx, actions...)
}

// Verify wants none missing.
func (s *moveAliases) Verify(ctx context.Context) error {
	missing, err := s.missing(ctx)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("the alias %s of %s is not as on the source", missing[0].Alias, missing[0].Index)
	}
	return nil
}

// Undo has nothing to do: aliases go with the indices that the restore's undo deletes.
func (s *moveAliases) Undo(context.Context, *engine.Recorder) error { return nil }
