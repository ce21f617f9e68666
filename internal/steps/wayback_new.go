package steps

// wayback_new.go answers: what of indices that were made on the target after the cutover, as each day makes one? The source
// makes them anew, by its own templates, when their documents come. Next: prove.go.

import (
	"context"
	"fmt"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/plan"
)

// bringNew takes indices back that only the target has. From one whose nearest relative has no way back, nothing is taken.
func (s *wayBack) bringNew(ctx context.Context, source, target *cluster.Client, progress progressOf) (roundResult, error) {
	var total roundResult
	born, err := s.move.bornOnTarget(ctx, source, target)
	if err != nil {
		return total, err
	}
	back := &round{from: target, to: source, reversed: true, move: s.move}
	for i, index := range born {
		route, hasWay, err := s.move.relative(ctx, index)
		if err != nil {
			return total, err
		}
		if !hasWay {
			total.NoWayBack = append(total.NoWayBack, index)
			continue
		}
		// From now on it is on both sides, as one that a round made.
		if err := s.move.aboutToMake(index); err != nil {
			return total, err
		}
		result, err := back.run(ctx, route)
		if err != nil {
			return total, fmt.Errorf("%s: %w", index, err)
		}
		total.add(result)
		progress(int64(i+1), int64(len(born)), "indices made since", index)
	}
	return total, nil
}

// bornOnTarget lists open indices of the target that were not there when the plan was made, that no step made, and that
// would move if the source had them.
func (m *Move) bornOnTarget(ctx context.Context, source, target *cluster.Client) ([]string, error) {
	here, err := source.Indices(ctx)
	if err != nil {
		return nil, err
	}
	there, err := target.Indices(ctx)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, row := range here {
		known[row.Name] = true
	}
	for _, index := range m.Plan.Facts.Target.Indices {
		known[index.Name] = true
	}
	for _, route := range m.Plan.Routes {
		known[route.Target] = true
		parts, err := m.partsOfRoute(ctx, route)
		if err != nil {
			return nil, err
		}
		for _, part := range parts {
			known[part] = true
		}
	}
	late, err := m.late()
	if err != nil {
		return nil, err
	}
	for _, index := range late {
		known[index] = true
	}
	var born []string
	for _, row := range there {
		own := strings.HasPrefix(row.Name, ".") // as servers and plugins name what they make for themselves
		if _, moves := plan.LateRoute(row.Name, m.Plan.Facts.Target.Version, m.Wanted); moves && row.Open && !own && !known[row.Name] {
			born = append(born, row.Name)
		}
	}
	return born, nil
}

// relative says as what an index goes back: like the planned one whose name has the longest beginning in common with it. Its
// type is what the documents get where only the source has types.
func (m *Move) relative(ctx context.Context, index string) (route plan.Route, hasWay bool, err error) {
	route = plan.Route{Source: index, Target: index, Kind: plan.Restore, Type: "doc"}
	var nearest *plan.Route
	longest := -1
	for i := range m.Plan.Routes {
		one := &m.Plan.Routes[i]
		if common := inCommon(one.Source, index); common > longest && (one.Kind == plan.Restore || one.Kind.Loads()) {
			nearest, longest = one, common
		}
	}
	if nearest == nil {
		return route, true, nil
	}
	if known, ok := m.Plan.Facts.Source.Index(nearest.Source); ok && len(known.Types) > 0 {
		route.Type = known.Types[0]
	}
	if !nearest.Kind.Loads() {
		return route, true, nil
	}
	made, err := m.indexPlan(ctx, nearest.Source)
	if err != nil {
		return route, false, err
	}
	target := targetNamed(made, nearest.Target)
	return route, target == nil || target.Documents == nil || target.Documents.KeepsIdentity(), nil
}

// inCommon is how many bytes two names begin with alike.
func inCommon(one, other string) int {
	length := 0
	for length < len(one) && length < len(other) && one[length] == other[length] {
		length++
	}
	return length
}
