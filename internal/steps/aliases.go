package steps

// aliases.go answers: how do aliases come along, filters and routing too? Next: kibana.go.

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// moveAliases gives the moved indices on the target the aliases that they have on the source.
type moveAliases struct {
	source, target opener
	move           *Move
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
	streams, err := source.DataStreams(ctx)
	if err != nil {
		return nil, err
	}
	for index, names := range plan.StreamAliases(streams) {
		if from[index] == nil {
			from[index] = map[string]json.RawMessage{}
		}
		maps.Copy(from[index], names)
	}
	facts := s.move.Plan.Facts
	var missing []cluster.Alias
	taken := map[string]bool{} // aliases that have their one index to write to
	added, err := s.move.newTypeRoutes(ctx, s.routes)
	if err != nil {
		return nil, err
	}
	for _, route := range slices.Concat(s.routes, added) {
		if _, exists := there[route.Target]; route.Late && !exists {
			continue // the rounds make it, with its aliases
		}
		parts, err := s.move.partsOfRoute(ctx, route)
		if err != nil {
			return nil, err
		}
		wanted, err := transform.Aliases(transform.IndexInput{Name: route.Source, Aliases: from[route.Source]}, facts.Source.Version, facts.Target.Version)
		if err != nil {
			return nil, err
		}
		for _, index := range append([]string{route.Target}, parts...) {
			for _, name := range sortedKeys(wanted.Aliases) {
				alias := aliasOf(index, name, wanted.Aliases[name])
				if alias.IsWriteIndex != nil && *alias.IsWriteIndex {
					// An index that became several can be the one to write to only once; what is there already goes before.
					first := !taken[name] && (!route.Late || !writtenElsewhere(there, index, name))
					alias.IsWriteIndex, taken[name] = &first, true
				}
				if existing, ok := there[index][name]; !ok || !sameAlias(existing, alias) {
					missing = append(missing, alias)
				}
			}
		}
	}
	return missing, nil
}

// writtenElsewhere says whether an alias has its index to write to on the target, and it is another.
func writtenElsewhere(there map[string]map[string]json.RawMessage, index, name string) bool {
	for other, names := range there {
		if other != index && gjson.GetBytes(names[name], "is_write_index").Bool() {
			return true
		}
	}
	return false
}

func aliasOf(index, name string, body json.RawMessage) cluster.Alias {
	alias := cluster.Alias{Index: index, Alias: name, IndexRouting: gjson.GetBytes(body, "index_routing").String(), SearchRouting: gjson.GetBytes(body, "search_routing").String()}
	if filter := gjson.GetBytes(body, "filter"); filter.Exists() {
		alias.Filter = json.RawMessage(filter.Raw)
	}
	if write := gjson.GetBytes(body, "is_write_index"); write.Exists() {
		value := write.Bool()
		alias.IsWriteIndex = &value
	}
	return alias
}

// sameAlias compares what can be compared: a newer version spells a filter out with defaults (boost and the like), so
// only its presence counts.
func sameAlias(there json.RawMessage, wanted cluster.Alias) bool {
	write := wanted.IsWriteIndex != nil && *wanted.IsWriteIndex
	return gjson.GetBytes(there, "index_routing").String() == wanted.IndexRouting && gjson.GetBytes(there, "search_routing").String() == wanted.SearchRouting &&
		gjson.GetBytes(there, "is_write_index").Bool() == write && gjson.GetBytes(there, "filter").Exists() == (wanted.Filter != nil)
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
