package steps

// templates.go answers: how do index templates come along, so that tomorrow's index looks like today's? Next: restore.go.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// moveTemplates writes the source's templates to the target, changed where its version asks for it. Templates that the
// target already has are left alone.
type moveTemplates struct {
	source, target opener
}

const (
	savedTemplates = "templates"
	savedChanges   = "changes "
)

// ID is the step's name in the journal.
func (s *moveTemplates) ID() string { return "templates" }

// Title is the step in a person's words.
func (s *moveTemplates) Title() string { return "move index templates" }

// ownedByServer are name prefixes of templates that servers and plugins make for themselves.
var ownedByServer = []string{".", "kibana_index_template", "logstash-index-template", "security", "watches", "triggered_watches", "opendistro", "opensearch", "ilm-history", "slm-history"}

// missing lists the source's templates that the target lacks, with their bodies.
func (s *moveTemplates) missing(ctx context.Context) (map[string][]byte, error) {
	source, err := s.source(ctx)
	if err != nil {
		return nil, err
	}
	target, err := s.target(ctx)
	if err != nil {
		return nil, err
	}
	from, err := source.Templates(ctx)
	if err != nil {
		return nil, err
	}
	there, err := target.Templates(ctx)
	if err != nil {
		return nil, err
	}
	bodies := map[string][]byte{}
	for name, body := range from.Legacy {
		owned := slices.ContainsFunc(ownedByServer, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		if _, exists := there.Legacy[name]; !exists && !owned {
			bodies[name] = body
		}
	}
	return bodies, nil
}

// Check names the templates that will be written.
func (s *moveTemplates) Check(ctx context.Context) (engine.Status, error) {
	missing, err := s.missing(ctx)
	if err != nil {
		return engine.Status{}, err
	}
	if len(missing) == 0 {
		return engine.Status{State: engine.Done, Note: "the target has them all"}, nil
	}
	return engine.Status{State: engine.Ready, Note: listed(sortedKeys(missing))}, nil
}

// Apply writes each.
func (s *moveTemplates) Apply(ctx context.Context, rec *engine.Recorder) error {
	missing, err := s.missing(ctx)
	if err != nil {
		return err
	}
	var names []string
	if _, err := rec.Load(savedTemplates, &names); err != nil {
		return err
	}
	for name := range missing {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if err := rec.Save(savedTemplates, names); err != nil {
		return err
	}
	target, err := s.target(ctx)
	if err != nil {
		return err
	}
	info, err := target.Detect(ctx)
	if err != nil {
		return err
	}
	for _, name := range sortedKeys(missing) {
		body, notes, err := transform.LegacyTemplate(missing[name], info.Version)
		if err != nil {
			return fmt.Errorf("template %s: %w", name, err)
		}
		if len(notes) > 0 {
			// Each change is in the journal; a person wants to know that there are some.
			if err := rec.Save(savedChanges+name, notes); err != nil {
				return err
			}
			rec.Note("template %s: %d things changed for %s", name, len(notes), info.Version.Full())
		}
		if err := target.PutTemplate(ctx, cluster.LegacyTemplate, name, body); err != nil {
			return fmt.Errorf("write template %s: %w", name, err)
		}
	}
	return nil
}

// Verify wants none missing.
func (s *moveTemplates) Verify(ctx context.Context) error {
	missing, err := s.missing(ctx)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("the target lacks %s", listed(sortedKeys(missing)))
	}
	return nil
}

// Undo deletes the templates that this step wrote.
func (s *moveTemplates) Undo(ctx context.Context, rec *engine.Recorder) error {
	var names []string
	if _, err := rec.Load(savedTemplates, &names); err != nil {
		return err
	}
	target, err := s.target(ctx)
	if errors.Is(err, ErrNoDomain) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := target.DeleteTemplate(ctx, cluster.LegacyTemplate, name); err != nil {
			return fmt.Errorf("delete template %s: %w", name, err)
		}
	}
	return nil
}

func sortedKeys[V any](values map[string]V) []string {
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// listed names up to five things and counts the rest.
func listed(names []string) string {
	const most = 5
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
