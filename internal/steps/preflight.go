package steps

// preflight.go answers: will the target take every document of the snapshot? Package preflight reads them all once; here
// it is told what each index becomes, and what its findings stop. Next: backfill.go.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/preflight"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

// preflightFile is the name of the last report in the state folder.
const preflightFile = "preflight.json"

// checkDocuments is the step that lets nothing be sent before every document was looked at.
type checkDocuments struct {
	move     *Move
	snapshot string
	routes   []plan.Route
}

// ID is the step's name in the journal.
func (s *checkDocuments) ID() string { return PreflightStep }

// Title is the step in a person's words.
func (s *checkDocuments) Title() string {
	return fmt.Sprintf("check every document of %d indices against the target's rules", len(sources(s.routes)))
}

// Check says how much will be read.
func (s *checkDocuments) Check(context.Context) (engine.Status, error) {
	return engine.Status{State: engine.Ready, Note: "read out of the snapshot; nothing is written"}, nil
}

// Apply looks at all documents, keeps the report, and refuses to go on while a person must decide.
func (s *checkDocuments) Apply(ctx context.Context, rec *engine.Recorder) error {
	report, err := s.move.Preflight(ctx, PreflightOptions{Snapshot: s.snapshot}, rec.Progress)
	if err != nil {
		return err
	}
	rec.Note("%d documents checked in %s: %d are mended by rules, %d would be refused", report.Documents, report.Took.Round(1e8), report.Repaired, report.Refused)
	for _, index := range report.Indices {
		for _, row := range index.Rows {
			if row.Outcome != preflight.Undecided {
				rec.Note("%s: %s in %s, %d documents: %s", index.Index, row.Kind, cmp.Or(row.Field, "the document"), row.Documents, row.WillDo)
			}
		}
	}
	undecided := report.Undecided()
	if len(undecided) == 0 {
		return nil
	}
	for _, line := range undecided {
		rec.Note("%s", line)
	}
	return engine.WithHint(fmt.Errorf("%d things must be decided before anything is sent; the first: %s: %w", len(undecided), undecided[0], engine.ErrBlocked),
		"`hikkoshi preflight` shows each with its documents and the lines for migration.yaml. An `accept` takes effect with the next `hikkoshi apply`, a change of `transform` with `hikkoshi plan` and `hikkoshi apply`: the snapshot stands, and nothing has to be taken back")
}

// Verify is what Apply did.
func (s *checkDocuments) Verify(context.Context) error { return nil }

// Undo has nothing to take back.
func (s *checkDocuments) Undo(context.Context, *engine.Recorder) error { return nil }

// PreflightOptions say what is looked at.
type PreflightOptions struct {
	// Snapshot names one; empty is the migration's own, or else the newest that holds the indices.
	Snapshot string
	// Restored looks at the indices that will be restored too: what they hold is not read by the target's parser then, but
	// would be when it is written again.
	Restored bool
}

// Preflight checks the documents of a snapshot and keeps the report. It writes nothing to either cluster.
func (m *Move) Preflight(ctx context.Context, options PreflightOptions, progress progressOf) (*preflight.Report, error) {
	routes := m.Plan.Moving(plan.Backfill)
	if options.Restored {
		routes = append(routes, m.Plan.Moving(plan.Restore)...)
	}
	repository, info, err := m.readable(ctx, options.Snapshot, sources(routes))
	if err != nil {
		return nil, err
	}
	run := preflight.Options{Repository: repository, Snapshot: info, Accept: preflight.Accepts(m.Wanted.Accept)}
	if target, err := m.Sides.Target(ctx); err == nil {
		run.Largest = target.MaxRequest(ctx)
	} else if !errors.Is(err, ErrNoDomain) {
		return nil, err
	}
	var total int64
	for _, name := range sources(routes) {
		if !slices.Contains(info.Indices, name) {
			continue // made after the snapshot; the rounds bring it
		}
		index, err := m.preflightIndex(ctx, name)
		if err != nil {
			return nil, err
		}
		run.Indices = append(run.Indices, index)
		total += documentsOf(routes, name)
	}
	run.Progress = func(documents, _ int64) { progress(documents, max(total, documents), "documents", info.Name) }
	report, err := preflight.Run(ctx, run)
	if err != nil {
		return nil, err
	}
	return report, saveState(m.Wanted.StateFile(preflightFile), "the pre-flight's report", report)
}

// preflightIndex says what one index becomes, and how its documents change.
func (m *Move) preflightIndex(ctx context.Context, name string) (preflight.Index, error) {
	made, err := m.indexPlan(ctx, name)
	if err != nil {
		return preflight.Index{}, err
	}
	source, err := m.Sides.Source(ctx)
	if err != nil {
		return preflight.Index{}, err
	}
	mappings, err := source.Mappings(ctx, name)
	if err != nil {
		return preflight.Index{}, fmt.Errorf("read the mapping of %s: %w", name, err)
	}
	makeRewrite, err := m.rewriteFor(ctx, name)
	if err != nil {
		return preflight.Index{}, err
	}
	index := preflight.Index{Name: name, First: made.Targets[0].Name, Schemas: map[string]preflight.SchemaInput{}}
	for _, target := range made.Targets {
		index.Schemas[target.Name] = preflight.SchemaInput{Index: target.Name, Source: m.Plan.Facts.Source.Version, Target: m.Plan.Facts.Target.Version,
			Body: target.Body, SourceMappings: mappings[name], Types: target.Types}
	}
	index.NewRewrite = func() func(es.Document) (es.Document, error) {
		var rewrite load.Rewrite = makeRewrite()
		return rewrite
	}
	return index, nil
}

// readable opens the repository and finds a snapshot that holds the indices.
func (m *Move) readable(ctx context.Context, name string, indices []string) (*snapshot.Repository, *snapshot.Info, error) {
	if m.Wanted.Repository.Type == migration.RepositoryNone {
		return nil, nil, engine.WithHint(fmt.Errorf("there is no repository, so there is no snapshot to read: %w", engine.ErrBlocked), "documents that come through the search API are looked at by the target itself; what it refuses is set aside")
	}
	repository, ok, err := OpenRepository(ctx, m.Wanted, m.Sides)
	if err != nil {
		return nil, nil, fmt.Errorf("open the repository: %w", err)
	}
	if !ok {
		return nil, nil, engine.WithHint(errors.New("the repository's folder is not visible on this machine, so its documents cannot be read"),
			"run hikkoshi where that folder is mounted, or use an S3 repository")
	}
	if name != "" {
		info, err := repository.Snapshot(ctx, name)
		return repository, info, err
	}
	infos, err := repository.Snapshots(ctx)
	var newest *snapshot.Info
	for _, info := range infos {
		if info.State != snapshot.Success || !holdsOne(info, indices) {
			continue
		}
		if info.Name == plan.SnapshotName(m.Wanted) {
			return repository, info, nil
		}
		if newest == nil || info.Start.After(newest.Start) {
			newest = info
		}
	}
	if newest == nil {
		return nil, nil, engine.WithHint(errors.Join(fmt.Errorf("the repository holds no whole snapshot of these indices: %w", engine.ErrBlocked), err),
			"`hikkoshi apply` takes one and checks it before anything is sent; or take one by hand and run this again")
	}
	return repository, newest, nil
}

func holdsOne(info *snapshot.Info, indices []string) bool {
	return slices.ContainsFunc(indices, func(name string) bool { return slices.Contains(info.Indices, name) })
}

// sources are the indices of the source that routes begin at; several routes may come from one.
func sources(routes []plan.Route) []string {
	var names []string
	for _, route := range routes {
		if !slices.Contains(names, route.Source) {
			names = append(names, route.Source)
		}
	}
	return names
}

// documentsOf counts the documents of one source index.
func documentsOf(routes []plan.Route, source string) int64 {
	for _, route := range routes {
		if route.Source == source {
			return route.Documents
		}
	}
	return 0
}

// LoadPreflight reads the last report; nil when there is none.
func LoadPreflight(wanted *migration.Migration) (*preflight.Report, error) {
	var report preflight.Report
	if found, err := loadState(wanted.StateFile(preflightFile), "the pre-flight's report", &report); err != nil || !found {
		return nil, err
	}
	return &report, nil
}
