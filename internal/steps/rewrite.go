package steps

// rewrite.go answers: what becomes of an index and its documents that the target does not take as they are? Package
// transform decides; here its answer is asked for once per index and handed to load, rounds and proof alike, so that
// all three see the same document. Next: parts.go.

import (
	"context"
	"errors"
	"fmt"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/transform"
	"github.com/hikkoshi/hikkoshi/internal/verify"
)

// indexPlan asks once what becomes of an index of the source.
func (m *Move) indexPlan(ctx context.Context, index string) (*transform.IndexPlan, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if known := m.plans[index]; known != nil {
		return known, nil
	}
	input, given := m.inputs[index]
	if !given {
		var err error
		if input, err = readIndex(ctx, m.Sides.Source, index); err != nil {
			return nil, fmt.Errorf("read %s on the source: %w", index, err)
		}
		if m.inputs == nil {
			m.inputs = map[string]transform.IndexInput{}
		}
		m.inputs[index] = input
	}
	made, err := transformed(input, m.Plan.Facts.Source.Version, m.Plan.Facts.Target.Version, m.Wanted)
	if err == nil {
		made, err = m.withNewTypes(input, made)
	}
	if err != nil {
		return nil, err
	}
	if m.plans == nil {
		m.plans = map[string]*transform.IndexPlan{}
	}
	m.plans[index] = &made
	return &made, nil
}

func readIndex(ctx context.Context, open opener, index string) (transform.IndexInput, error) {
	client, err := open(ctx)
	if err != nil {
		return transform.IndexInput{}, err
	}
	settings, err := client.Settings(ctx, index)
	if err != nil {
		return transform.IndexInput{}, err
	}
	mappings, err := client.Mappings(ctx, index)
	if err != nil {
		return transform.IndexInput{}, err
	}
	aliases, err := client.Aliases(ctx, index)
	if err != nil {
		return transform.IndexInput{}, err
	}
	return transform.IndexInput{Name: index, Created: settings[index].Created, Settings: settings[index].Flat, Mappings: mappings[index], Aliases: aliases[index]}, nil
}

// rewriteFor makes the rewriting of one index's documents for whoever sends them: by the source's type, into the target's
// index, type and source. An index that a document is the first of is made.
func (m *Move) rewriteFor(ctx context.Context, index string) (func() load.Rewrite, error) {
	made, err := m.indexPlan(ctx, index)
	if err != nil {
		return nil, err
	}
	mended, err := m.mendedSources()
	if err != nil {
		return nil, err
	}
	return func() load.Rewrite {
		var scratch transform.Scratch // a rewriting is of one worker, and what it gives is packed before the next
		return func(document es.Document) (es.Document, error) {
			document = asMended(mended, document)
			rewritten, target, err := load.Becomes(&scratch, made, document)
			if err == nil && target.Split && rewritten.Index != target.Name {
				err = m.makePart(ctx, target, rewritten.Index)
			}
			return rewritten, err
		}
	}, nil
}

// targetNamed finds the target index of a name.
func targetNamed(made *transform.IndexPlan, name string) *transform.TargetIndex {
	for i := range made.Targets {
		if made.Targets[i].Name == name {
			return &made.Targets[i]
		}
	}
	return nil
}

// asMended gives a document with the source that a person gave it, where they did.
func asMended(mended map[string][]byte, document es.Document) es.Document {
	if len(mended) == 0 {
		return document
	}
	if source, known := mended[versionKey(&document)]; known {
		document.Source = source
	}
	return document
}

// compared gives the rewriting as rounds and proofs need it: keep is false for documents of another index than the
// route's (or of its parts). A document that no rule can send gives load.ErrQuarantine, one that a rule leaves out
// transform.ErrLeftOut. nil means that nothing changes.
func (m *Move) compared(ctx context.Context, route plan.Route) (func(es.Document) (es.Document, bool, error), error) {
	mended, err := m.mendedSources()
	if err != nil {
		return nil, err
	}
	if !route.Kind.Loads() {
		if len(mended) == 0 {
			return nil, nil
		}
		return func(document es.Document) (es.Document, bool, error) { return asMended(mended, document), true, nil }, nil
	}
	made, err := m.indexPlan(ctx, route.Source)
	if err != nil {
		return nil, err
	}
	return func(document es.Document) (es.Document, bool, error) {
		rewritten, target, err := load.Becomes(nil, made, asMended(mended, document))
		if target != nil && target.Name != route.Target {
			return document, false, nil
		}
		return rewritten, err == nil, err
	}, nil
}

// Why documents take no part in a proof.
const (
	setAside verify.Withhold = "set aside"
	leftOut  verify.Withhold = "left out"
)

// comparable is compared for who reads both sides: documents that no rule can send, or that one leaves out, are withheld.
func (m *Move) comparable(ctx context.Context, route plan.Route) (verify.Transform, error) {
	becomes, err := m.compared(ctx, route)
	if becomes == nil || err != nil {
		return nil, err
	}
	return func(document es.Document) (es.Document, bool, error) {
		rewritten, keep, err := becomes(document)
		switch {
		case errors.Is(err, load.ErrQuarantine):
			return document, false, setAside
		case errors.Is(err, transform.ErrLeftOut):
			return document, false, leftOut
		}
		return rewritten, keep, err
	}, nil
}

// lateRoutes asks the rules what becomes of an index that appeared after the plan was made, as the plan did for the others.
func (m *Move) lateRoutes(ctx context.Context, route plan.Route) ([]plan.Route, error) {
	made, err := m.indexPlan(ctx, route.Source)
	if err != nil {
		return nil, err
	}
	var routes []plan.Route
	for _, target := range made.Targets {
		one := route
		if one.Target = target.Name; len(made.Targets) > 1 && len(target.Types) == 1 {
			one.Type = target.Types[0]
		}
		routes = append(routes, one)
	}
	return routes, nil
}

// losesTypes says that the target has one type, or none, for the documents of a route.
func (m *Move) losesTypes(ctx context.Context, route plan.Route) (bool, error) {
	made, err := m.indexPlan(ctx, route.Source)
	if err != nil {
		return false, err
	}
	target := targetNamed(made, route.Target)
	return target == nil || target.Type != "", nil
}

// transformed asks the rules what becomes of an index.
func transformed(input transform.IndexInput, source, target es.Version, wanted *migration.Migration) (transform.IndexPlan, error) {
	choices := wanted.Transform
	choices.Names = map[string]string{input.Name: plan.TargetName(input.Name, target, wanted)}
	input.Aliases = nil // set by a step of their own, once the index is loaded
	return transform.Index(input, source, target, choices)
}
