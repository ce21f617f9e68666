package steps

// kibana.go answers: how do the old Kibana's saved objects end up working in the new one? Next: catchup.go.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// moveKibana writes the source's Kibana objects into the target's Kibana index.
type moveKibana struct {
	source, target opener
	routes         []plan.Route
}

// kibanaUndo is what undoing needs: written before anything on the target changes.
type kibanaUndo struct {
	// Created says that the index itself is ours; Objects are those we add, Config the settings as they were.
	Created bool                       `json:"created"`
	Objects []string                   `json:"objects"` // type, then id, apart by a tab
	Config  map[string]json.RawMessage `json:"config"`  // by id
}

const savedKibana = "kibana"

// ID is the step's name in the journal.
func (s *moveKibana) ID() string { return "kibana" }

// Title is the step in a person's words.
func (s *moveKibana) Title() string {
	return "move Kibana's saved searches, visualizations and dashboards"
}

// kibanaObjects is the work to do on one index.
type kibanaObjects struct {
	exists  bool
	there   map[string]es.Document // by kind and id
	config  es.Document
	wanted  []es.Document // as they must be on the target
	notes   []string
	version es.Version
}

// objectKey is the same for both forms of an object: with a type for each kind, and with one for all.
func objectKey(document es.Document) string {
	kind, id := transform.KibanaIdentity(document)
	return kind + "\t" + id
}

// isConfig says that an object holds Kibana's settings.
func isConfig(document es.Document) bool {
	kind, _ := transform.KibanaIdentity(document)
	return kind == "config"
}

func (s *moveKibana) gather(ctx context.Context, route plan.Route) (kibanaObjects, error) {
	var gathered kibanaObjects
	source, err := s.source(ctx)
	if err != nil {
		return gathered, err
	}
	target, err := s.target(ctx)
	if err != nil {
		return gathered, err
	}
	info, err := target.Detect(ctx)
	if err != nil {
		return gathered, err
	}
	gathered.version, gathered.there = info.Version, map[string]es.Document{}
	if gathered.exists, err = target.IndexExists(ctx, route.Target); err != nil {
		return gathered, err
	}
	var objects []es.Document
	if gathered.exists {
		if objects, err = scanAll(ctx, target, route.Target); err != nil {
			return gathered, err
		}
	}
	for _, object := range objects {
		gathered.there[objectKey(object)] = object
	}
	if id := transform.KibanaConfigID(objects); id != "" {
		gathered.config = gathered.there["config\t"+id]
	}
	old, err := scanAll(ctx, source, route.Source)
	if err != nil {
		return gathered, err
	}
	for _, object := range old {
		moved, notes, err := transform.KibanaObject(object, info.Version, gathered.config)
		if err != nil {
			return gathered, err
		}
		moved.Index = route.Target
		gathered.wanted = append(gathered.wanted, moved)
		gathered.notes = append(gathered.notes, notes...)
	}
	return gathered, nil
}

func scanAll(ctx context.Context, client *cluster.Client, index string) ([]es.Document, error) {
	if err := client.Refresh(ctx, index); err != nil {
		return nil, err
	}
	var documents []es.Document
	_, err := client.Scan(ctx, index, cluster.ScanOptions{Shard: cluster.AllShards}, func(document es.Document) error {
		documents = append(documents, document)
		return nil
	})
	return documents, err
}

// Check counts the objects.
func (s *moveKibana) Check(ctx context.Context) (engine.Status, error) {
	count := 0
	for _, route := range s.routes {
		gathered, err := s.gather(ctx, route)
		if err != nil {
			return engine.Status{}, err
		}
		count += len(gathered.wanted)
	}
	return engine.Status{State: engine.Ready, Note: fmt.Sprintf("%d objects", count)}, nil
}

// Apply writes the objects. One that the target has with another content stays as the target has it, except the settings,
// which are merged under the target's own.
func (s *moveKibana) Apply(ctx context.Context, rec *engine.Recorder) error {
	for _, route := range s.routes {
		if err := s.apply(ctx, rec, route); err != nil {
			return fmt.Errorf("%s: %w", route.Source, err)
		}
	}
	return nil
}

func (s *moveKibana) apply(ctx context.Context, rec *engine.Recorder, route plan.Route) error {
	gathered, err := s.gather(ctx, route)
	if err != nil {
		return err
	}
	target, err := s.target(ctx)
	if err != nil {
		return err
	}
	undo := kibanaUndo{Config: map[string]json.RawMessage{}}
	before, err := rec.Load(savedKibana+route.Source, &undo)
	if err != nil {
		return err
	}
	if !before {
		undo.Created = !gathered.exists
		for _, object := range gathered.wanted {
			if old, exists := gathered.there[objectKey(object)]; !exists {
				undo.Objects = append(undo.Objects, objectKey(object))
			} else if isConfig(object) {
				undo.Config[object.ID] = old.Source
			}
		}
		if err := rec.Save(savedKibana+route.Source, undo); err != nil {
			return err
		}
	}
	if !gathered.exists {
		if err := createKibanaIndex(ctx, target, route.Target, gathered.version); err != nil {
			return err
		}
	}
	for _, note := range gathered.notes {
		rec.Note("%s", note)
	}
	return writeKibana(ctx, rec, target, gathered)
}

func createKibanaIndex(ctx context.Context, target *cluster.Client, index string, version es.Version) error {
	body := transform.KibanaMapping
	switch {
	case version.AtLeast(7, 0):
		body = `{"settings":{"number_of_shards":1}}`
	case version.AtLeast(6, 0):
		body = fmt.Sprintf(transform.KibanaMappingSingleType, "doc")
	case !version.AtLeast(5, 0):
		body = transform.KibanaMappingStrings
	}
	err := target.CreateIndex(ctx, index, []byte(body))
	if errors.Is(err, cluster.ErrIndexExists) {
		return nil // the new Kibana was faster
	}
	return err
}

func writeKibana(ctx context.Context, rec *engine.Recorder, target *cluster.Client, gathered kibanaObjects) error {
	created, err := load.NewSender(ctx, target, load.Create)
	if err != nil {
		return err
	}
	merged, err := load.NewSender(ctx, target, load.Index)
	if err != nil {
		return err
	}
	for _, object := range gathered.wanted {
		old, exists := gathered.there[objectKey(object)]
		switch {
		case !exists:
			err = created.Add(ctx, object)
		case bytes.Equal(old.Source, object.Source):
			continue
		case isConfig(object):
			err = merged.Add(ctx, object)
		default:
			rec.Note("the new Kibana has its own %s; it stays", strings.ReplaceAll(objectKey(object), "\t", " "))
		}
		if err != nil {
			return err
		}
	}
	for _, sender := range []*load.Sender{created, merged} {
		outcome, err := sender.Finish(ctx)
		if err != nil {
			return err
		}
		if len(outcome.Refused) > 0 {
			first := outcome.Refused[0]
			return fmt.Errorf("the target refuses %d objects; the first, %s/%s: %s", len(outcome.Refused), first.Type, first.ID, first.Reason)
		}
	}
	return nil
}

// Verify wants every object there.
func (s *moveKibana) Verify(ctx context.Context) error {
	for _, route := range s.routes {
		gathered, err := s.gather(ctx, route)
		if err != nil {
			return err
		}
		for _, object := range gathered.wanted {
			if _, exists := gathered.there[objectKey(object)]; !exists {
				return fmt.Errorf("%s lacks the %s", route.Target, strings.ReplaceAll(objectKey(object), "\t", " "))
			}
		}
	}
	return nil
}

// Undo removes the objects that this step added, puts the settings back, and deletes an index that it made.
func (s *moveKibana) Undo(ctx context.Context, rec *engine.Recorder) error {
	target, err := s.target(ctx)
	if errors.Is(err, ErrNoDomain) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, route := range s.routes {
		var undo kibanaUndo
		if found, err := rec.Load(savedKibana+route.Source, &undo); err != nil || !found {
			return err
		}
		if err := s.undo(ctx, target, route, undo); err != nil {
			return fmt.Errorf("%s: %w", route.Target, err)
		}
	}
	return nil
}

func (s *moveKibana) undo(ctx context.Context, target *cluster.Client, route plan.Route, undo kibanaUndo) error {
	if undo.Created {
		return target.DeleteIndex(ctx, route.Target)
	}
	exists, err := target.IndexExists(ctx, route.Target)
	if err != nil || !exists {
		return err
	}
	there, err := scanAll(ctx, target, route.Target)
	if err != nil {
		return err
	}
	ours := map[string]bool{}
	for _, key := range undo.Objects {
		ours[key] = true
	}
	remove, err := load.NewSender(ctx, target, load.Delete)
	if err != nil {
		return err
	}
	restore, err := load.NewSender(ctx, target, load.Index)
	if err != nil {
		return err
	}
	for _, object := range there {
		object.Index, object.Version = route.Target, 0
		if ours[objectKey(object)] {
			err = remove.Add(ctx, object)
		} else if old, changed := undo.Config[object.ID]; changed && isConfig(object) {
			object.Source = old
			err = restore.Add(ctx, object)
		}
		if err != nil {
			return err
		}
	}
	_, removeErr := remove.Finish(ctx)
	_, restoreErr := restore.Finish(ctx)
	return errors.Join(removeErr, restoreErr)
}
