package steps

// things.go answers: how do pipelines, templates, policies, scripts and settings come along? Package plan decides about
// each; a step writes those of some kinds, in an order in which each finds what it names. Next: things_try.go.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// moveThings writes to the target what it lacks of some kinds. What the target already has is left alone.
type moveThings struct {
	id, title string
	move      *Move
	kinds     []plan.ThingKind
}

const (
	savedThings  = "written"
	savedChanges = "changes "
)

// ID is the step's name in the journal.
func (s *moveThings) ID() string { return s.id }

// Title is the step in a person's words.
func (s *moveThings) Title() string { return s.title }

// things decides anew, from what both sides hold now.
func (s *moveThings) things(ctx context.Context) ([]plan.Thing, error) {
	source, err := s.move.Sides.Source(ctx)
	if err != nil {
		return nil, err
	}
	target, err := s.move.Sides.Target(ctx)
	if err != nil {
		return nil, err
	}
	from, err := source.Belongings(ctx)
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	there, err := target.Belongings(ctx)
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	info, err := target.Detect(ctx)
	if err != nil {
		return nil, err
	}
	all := plan.Things(&from, &there, s.move.Plan.Facts.Source.Version, info.Version, s.move.Wanted)
	return slices.DeleteFunc(all, func(thing plan.Thing) bool { return !slices.Contains(s.kinds, thing.Kind) }), nil
}

// missing are the things that come along and are not there yet.
func (s *moveThings) missing(ctx context.Context) ([]plan.Thing, error) {
	all, err := s.things(ctx)
	return slices.DeleteFunc(all, func(thing plan.Thing) bool { return thing.Left != "" }), err
}

// Check names what will be written.
func (s *moveThings) Check(ctx context.Context) (engine.Status, error) {
	missing, err := s.missing(ctx)
	if err != nil {
		return engine.Status{}, err
	}
	if len(missing) == 0 {
		return engine.Status{State: engine.Done, Note: "nothing is missing on the target"}, nil
	}
	return engine.Status{State: engine.Ready, Note: listed(idsOf(missing))}, nil
}

func idsOf(things []plan.Thing) []string {
	ids := make([]string, 0, len(things))
	for _, thing := range things {
		ids = append(ids, string(thing.Becomes)+"/"+thing.Name)
	}
	return ids
}

// Apply writes each, its name first into the journal.
func (s *moveThings) Apply(ctx context.Context, rec *engine.Recorder) error {
	all, err := s.things(ctx)
	if err != nil {
		return err
	}
	missing := slices.Clone(all)
	missing = slices.DeleteFunc(missing, func(thing plan.Thing) bool { return thing.Left != "" })
	var written []string
	if _, err := rec.Load(savedThings, &written); err != nil {
		return err
	}
	for _, id := range idsOf(missing) {
		if !slices.Contains(written, id) {
			written = append(written, id)
		}
	}
	if err := rec.Save(savedThings, written); err != nil {
		return err
	}
	target, err := s.move.Sides.Target(ctx)
	if err != nil {
		return err
	}
	for _, thing := range missing {
		if len(thing.Changes) > 0 {
			// Each change is in the journal; a person wants to know that there are some.
			if err := rec.Save(savedChanges+thing.ID(), changesInWords(thing)); err != nil {
				return err
			}
			rec.Note("%s: %d things changed for the target", thing.ID(), len(thing.Changes))
		}
		if err := put(ctx, target, thing.Becomes, thing.Name, thing.After); err != nil {
			return engine.WithHint(fmt.Errorf("write %s: %w", thing.ID(), err), "mend it on the source, or plan again with it left behind: leave: ["+thing.ID()+"] in migration.yaml")
		}
	}
	for _, thing := range all {
		if thing.Left != "" && !thing.There {
			rec.Note("%s stays behind: %s", thing.ID(), thing.Left)
		}
	}
	return nil
}

func changesInWords(thing plan.Thing) []string {
	var words []string
	for _, change := range thing.Changes {
		words = append(words, transform.InWords(change))
	}
	return words
}

// put writes a thing of a kind.
func put(ctx context.Context, target *cluster.Client, kind plan.ThingKind, name string, body json.RawMessage) error {
	switch kind {
	case plan.Script:
		return target.PutScript(ctx, name, body)
	case plan.Pipeline:
		return target.PutPipeline(ctx, name, body)
	case plan.ComponentTemplate:
		return target.PutTemplate(ctx, cluster.ComponentTemplate, name, body)
	case plan.IndexTemplate:
		return target.PutTemplate(ctx, cluster.IndexTemplate, name, body)
	case plan.LegacyTemplate:
		return target.PutTemplate(ctx, cluster.LegacyTemplate, name, body)
	case plan.LifecyclePolicy:
		return target.PutLifecycle(ctx, name, body)
	case plan.StatePolicy:
		return target.PutState(ctx, name, body)
	case plan.ClusterSetting:
		return target.PutClusterSettings(ctx, map[string]any{name: body})
	}
	return fmt.Errorf("nothing of the kind %s can be written", kind)
}

// drop removes a thing of a kind; one that is not there is no error.
func drop(ctx context.Context, target *cluster.Client, kind plan.ThingKind, name string) error {
	switch kind {
	case plan.Script:
		return target.DeleteScript(ctx, name)
	case plan.Pipeline:
		return target.DeletePipeline(ctx, name)
	case plan.ComponentTemplate:
		return target.DeleteTemplate(ctx, cluster.ComponentTemplate, name)
	case plan.IndexTemplate:
		return target.DeleteTemplate(ctx, cluster.IndexTemplate, name)
	case plan.LegacyTemplate:
		return target.DeleteTemplate(ctx, cluster.LegacyTemplate, name)
	case plan.LifecyclePolicy:
		return target.DeleteLifecycle(ctx, name)
	case plan.StatePolicy:
		return target.DeleteState(ctx, name)
	case plan.ClusterSetting:
		return target.PutClusterSettings(ctx, map[string]any{name: nil})
	}
	return fmt.Errorf("nothing of the kind %s can be removed", kind)
}

// Verify wants none missing.
func (s *moveThings) Verify(ctx context.Context) error {
	missing, err := s.missing(ctx)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("the target lacks %s", listed(idsOf(missing)))
	}
	return nil
}

// Undo removes what this step wrote, the last first: nothing that another still names can be removed.
func (s *moveThings) Undo(ctx context.Context, rec *engine.Recorder) error {
	var written []string
	if _, err := rec.Load(savedThings, &written); err != nil {
		return err
	}
	target, err := s.move.Sides.Target(ctx)
	if errors.Is(err, ErrNoDomain) {
		return nil
	}
	if err != nil {
		return err
	}
	slices.Reverse(written)
	for _, id := range written {
		kind, name, _ := strings.Cut(id, "/")
		if err := drop(ctx, target, plan.ThingKind(kind), name); err != nil {
			return fmt.Errorf("remove %s: %w", id, err)
		}
	}
	return nil
}
