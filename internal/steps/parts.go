package steps

// parts.go answers: over which indices of the target are the documents of one index spread, where a rule of migration.yaml
// splits it by a value? They are made when the first document of a value comes by. Next: backfill.go.

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// partsOf lists the indices that were made for values, by the mark in their mappings: nobody else's index counts.
func partsOf(ctx context.Context, target *cluster.Client, name string) ([]string, error) {
	mappings, err := target.Mappings(ctx, name+"-*")
	if err != nil && !errors.Is(err, cluster.ErrNotFound) {
		return nil, fmt.Errorf("look for the parts of %s: %w", name, err)
	}
	var parts []string
	for index, mapping := range mappings {
		if index != name && transform.SplitOf(mapping) == name {
			parts = append(parts, index)
		}
	}
	slices.Sort(parts)
	return parts, nil
}

// partsOfRoute gives the parts of a route's index; none where no rule splits it.
func (m *Move) partsOfRoute(ctx context.Context, route plan.Route) ([]string, error) {
	if !route.Kind.Loads() || route.Late {
		return nil, nil
	}
	made, err := m.indexPlan(ctx, route.Source)
	if err != nil {
		return nil, err
	}
	wanted := targetNamed(made, route.Target)
	if wanted == nil || !wanted.Split {
		return nil, nil
	}
	target, err := m.Sides.Target(ctx)
	if err != nil {
		return nil, err
	}
	return partsOf(ctx, target, route.Target)
}

// makePart makes the index of a value, unless it is there already.
func (m *Move) makePart(ctx context.Context, wanted *transform.TargetIndex, name string) error {
	m.partsMutex.Lock()
	defer m.partsMutex.Unlock()
	if m.parts[name] {
		return nil
	}
	target, err := m.Sides.Target(ctx)
	if err != nil {
		return err
	}
	if err := target.CreateIndex(ctx, name, wanted.Body); errors.Is(err, cluster.ErrIndexExists) {
		parts, err := partsOf(ctx, target, wanted.Name)
		if err != nil {
			return err
		}
		if !slices.Contains(parts, name) {
			return engine.WithHint(fmt.Errorf("the target holds an index %s that this migration did not make: %w", name, engine.ErrBlocked), "delete it, or split by another name (indices.rename in migration.yaml)")
		}
	} else if err != nil {
		return fmt.Errorf("create %s: %w", name, err)
	}
	if m.parts == nil {
		m.parts = map[string]bool{}
	}
	m.parts[name] = true
	return nil
}

// deleteParts takes back what makePart made.
func deleteParts(ctx context.Context, target *cluster.Client, name string) error {
	parts, err := partsOf(ctx, target, name)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err := target.DeleteIndex(ctx, part); err != nil {
			return fmt.Errorf("delete %s on the target: %w", part, err)
		}
	}
	return nil
}
