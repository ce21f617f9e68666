package steps

// newtypes.go answers: where do documents of a type go that an index got after the plan was made, when the target holds one
// type in an index? What was planned stays as it is, since documents lie there already; each new type gets an index of its
// own, by the name that it would have had in the plan. Next: late.go.

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// splitsTypes says whether types of the source can share an index no longer.
func (m *Move) splitsTypes() bool {
	return !m.Plan.Facts.Source.Version.AtLeast(7, 0) && m.Plan.Facts.Target.Version.AtLeast(6, 0)
}

// plannedTargets are what the plan says that an index becomes; none where its documents are not loaded one by one.
func (m *Move) plannedTargets(index string) []string {
	var names []string
	for _, route := range m.Plan.Routes {
		if route.Source == index && route.Kind.Loads() {
			names = append(names, route.Target)
		}
	}
	return names
}

// withNewTypes gives an index's plan with what the saved plan knew of, and an index for each type that came since.
func (m *Move) withNewTypes(input transform.IndexInput, made transform.IndexPlan) (transform.IndexPlan, error) {
	planned := m.plannedTargets(input.Name)
	if len(planned) == 0 || !m.splitsTypes() {
		return made, nil
	}
	facts, _ := m.Plan.Facts.Source.Index(input.Name)
	mappings, added := withoutNewTypes(input.Mappings, facts.Types)
	if len(added) == 0 {
		return made, nil
	}
	isNew := func(docType string) bool { return slices.Contains(added, docType) }
	isOld := func(docType string) bool { return !isNew(docType) }
	var extra []transform.TargetIndex
	for _, target := range made.Targets {
		if !slices.ContainsFunc(target.Types, isNew) {
			continue
		}
		if slices.ContainsFunc(target.Types, isOld) || slices.Contains(planned, target.Name) && len(facts.Types) > 0 {
			return made, engine.WithHint(fmt.Errorf("%w: %s got the type %s since, whose documents would share the index %s with others that are loaded by other rules", plan.ErrStale, input.Name, strings.Join(added, ", "), target.Name),
				"`hikkoshi rollback` and plan again, so that all of its types are moved by the same rules")
		}
		if slices.Contains(planned, target.Name) {
			continue
		}
		var err error
		if target.Body, err = withoutAliases(target.Body, planned); err != nil {
			return made, err
		}
		extra = append(extra, target)
	}
	input.Mappings = mappings
	kept, err := transformed(input, m.Plan.Facts.Source.Version, m.Plan.Facts.Target.Version, m.Wanted)
	if err != nil {
		return made, err
	}
	kept.Targets = append(extra, kept.Targets...) // a target of an index that had no type at all takes every other one
	return kept, nil
}

// withoutNewTypes cuts out of mappings the types that are not known, and names them.
func withoutNewTypes(mappings []byte, known []string) (left []byte, added []string) {
	var kept []string
	gjson.ParseBytes(mappings).ForEach(func(name, mapping gjson.Result) bool {
		if slices.Contains(known, name.String()) || name.String() == "_default_" {
			kept = append(kept, name.Raw+":"+mapping.Raw)
		} else {
			added = append(added, name.String())
		}
		return true
	})
	return []byte("{" + strings.Join(kept, ",") + "}"), added
}

// withoutAliases takes aliases out of the body that creates an index, where indices have their names: one that was planned for
// a single type is called as it was, where those of several types have that name for an alias.
func withoutAliases(body []byte, indices []string) ([]byte, error) {
	var parsed, aliases map[string]json.RawMessage
	if err := json.Unmarshal(body, &parsed); err != nil {
		return nil, fmt.Errorf("read the body of an index: %w", err)
	}
	if parsed["aliases"] == nil {
		return body, nil
	}
	if err := json.Unmarshal(parsed["aliases"], &aliases); err != nil {
		return nil, fmt.Errorf("read the aliases of an index: %w", err)
	}
	for _, name := range indices {
		delete(aliases, name)
	}
	var err error
	if parsed["aliases"], err = json.Marshal(aliases); err != nil {
		return nil, fmt.Errorf("write the aliases of an index: %w", err)
	}
	return json.Marshal(parsed)
}

// newTypeRoutes are the routes of documents whose type an index got after the plan was made.
func (m *Move) newTypeRoutes(ctx context.Context, routes []plan.Route) ([]plan.Route, error) {
	if !m.splitsTypes() {
		return nil, nil
	}
	var added []plan.Route
	for _, index := range sources(routes) {
		planned := m.plannedTargets(index)
		if len(planned) == 0 {
			continue
		}
		made, err := m.indexPlan(ctx, index)
		if err != nil {
			return nil, err
		}
		for _, target := range made.Targets {
			if slices.Contains(planned, target.Name) {
				continue
			}
			route := plan.Route{Source: index, Target: target.Name, Kind: plan.Backfill, Late: true, Reason: "its type appeared after the plan was made"}
			if len(target.Types) == 1 {
				route.Type = target.Types[0]
			}
			added = append(added, route)
		}
	}
	return added, nil
}

// lookAgain forgets how the indices of the source looked: types and fields come while a load runs.
func (m *Move) lookAgain() {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.plans, m.inputs = nil, nil
}
