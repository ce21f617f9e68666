package steps

// phases.go answers: which steps, in which order? Next: any step.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/hikkoshi/hikkoshi/internal/cutover"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// The phases of a move, as the journal names them.
const (
	PhaseApply   = "apply"
	PhaseCutover = "cutover"
	PhaseRetire  = "retire"
	// PhaseRehearse is before all of them, and only takes a snapshot where there is none.
	PhaseRehearse = "rehearse"
)

// PreflightStep is the step that checks the documents, in the journal.
const PreflightStep = "preflight"

// tryTemplatesStep leaves nothing on the target.
const tryTemplatesStep = "try-templates"

// BeforeRules says of a step of apply that its work is the same whatever becomes of the documents.
func BeforeRules(step string) bool {
	return slices.Contains([]string{"identity", "source-repository", "open-closed-indices", "snapshot", PreflightStep, "target-domain", "target-repository", tryTemplatesStep}, step)
}

// Move is one migration with its plan, ready to give the steps of each phase.
type Move struct {
	Wanted *migration.Migration
	Sides  *Sides
	Plan   *plan.Plan
	// Fleet says who shares the work of a load.
	Fleet FleetOptions

	mutex sync.Mutex
	plans map[string]*transform.IndexPlan // by index of the source
	flow  *load.Valve

	partsMutex sync.Mutex
	parts      map[string]bool // indices of the target that are known to be parts
	aside      map[string]bool // what the quarantine holds; nil before it was read
	mended     map[string][]byte
	// inputs are how the indices look on the source; on another machine the leader gives them.
	inputs map[string]transform.IndexInput
}

// Steps gives the steps of a phase.
func (m *Move) Steps(phase string) ([]engine.Step, error) {
	switch phase {
	case PhaseApply:
		return m.applySteps(), nil
	case PhaseCutover:
		return m.cutoverSteps(), nil
	case PhaseRetire:
		return m.retireSteps(), nil
	}
	return nil, fmt.Errorf("there is no phase %s", phase)
}

func (m *Move) applySteps() []engine.Step {
	sides, wanted := m.Sides, m.Wanted
	snapshot := plan.SnapshotName(wanted)
	restored, loaded, scrolled := m.Plan.Moving(plan.Restore), m.Plan.Moving(plan.Backfill), m.Plan.Moving(plan.Scroll)
	kibana, closed := m.Plan.Moving(plan.Kibana), m.closedIndices()
	withSnapshot := wanted.Repository.Type != migration.RepositoryNone
	var list []engine.Step
	if wanted.Repository.Type == migration.RepositoryS3 && wanted.Source.Domain != "" {
		list = append(list, &backupIdentity{wanted: wanted, sides: sides})
	}
	if withSnapshot {
		list = append(list, &registerRepository{wanted: wanted, sides: sides, open: sides.Source, side: "source"})
	}
	if len(closed) > 0 {
		list = append(list, &openClosed{indices: sourcesOf(closed), open: sides.Source})
	}
	if indices := m.snapshotIndices(plan.Scroll); withSnapshot && len(indices) > 0 {
		list = append(list, &takeSnapshot{id: "snapshot", name: snapshot, wanted: wanted, open: sides.Source, indices: indices, proof: m.snapshotProof})
	}
	if len(loaded) > 0 {
		list = append(list, &checkDocuments{move: m, snapshot: snapshot, routes: loaded})
	}
	if wanted.Target.Domain != "" {
		list = append(list, &createDomain{wanted: wanted, sides: sides})
	}
	if len(restored) > 0 {
		list = append(list, &registerRepository{wanted: wanted, sides: sides, open: sides.Target, side: "target", readOnly: true, snapshot: snapshot})
	}
	list = append(list, &moveThings{id: "pipelines", title: "move ingest pipelines and stored scripts", move: m, kinds: []plan.ThingKind{plan.Script, plan.Pipeline}})
	templates := &moveThings{id: "templates", title: "move index templates", move: m, kinds: []plan.ThingKind{plan.ComponentTemplate, plan.IndexTemplate, plan.LegacyTemplate}}
	// What is made by a request gets what templates of today say to it, and they may say another thing than when the index
	// was made on the source. A restored index gets nothing.
	last := len(loaded)+len(scrolled) > 0
	if last {
		list = append(list, &tryThings{moveThings{id: tryTemplatesStep, title: "see whether the target takes the index templates", move: m, kinds: templates.kinds}})
	} else {
		list = append(list, templates)
	}
	if len(restored) > 0 {
		list = append(list, &restoreIndices{target: sides.Target, repository: wanted.Repository.Name, snapshot: snapshot, routes: restored,
			replace: wanted.Indices.Existing == migration.ExistingReplace})
	}
	if len(loaded) > 0 {
		list = append(list, &backfill{move: m, snapshot: snapshot, routes: loaded})
	}
	if len(scrolled) > 0 {
		list = append(list, &scroll{backfill: backfill{move: m, routes: scrolled}})
	}
	if last {
		list = append(list, templates)
	}
	list = append(list, &moveThings{id: "policies", title: "move lifecycle policies and cluster settings", move: m, kinds: []plan.ThingKind{plan.LifecyclePolicy, plan.StatePolicy, plan.ClusterSetting}})
	list = append(list, &moveAliases{source: sides.Source, target: sides.Target, move: m, routes: slices.Concat(restored, loaded, scrolled)})
	if len(kibana) > 0 {
		list = append(list, &moveKibana{source: sides.Source, target: sides.Target, routes: kibana})
	}
	list = append(list, &catchUp{id: CatchUpStep, title: "bring over what was written since the load began", source: sides.Source, target: sides.Target, move: m})
	if len(closed) > 0 {
		list = append(list, &closeAgain{source: sides.Source, target: sides.Target, onSource: sourcesOf(closed), onTarget: targets(closed)})
	}
	return append(list, &prove{id: "verify", move: m, lagAllowed: true})
}

func (m *Move) cutoverSteps() []engine.Step {
	sides, wanted := m.Sides, m.Wanted
	list := []engine.Step{
		&readyForCutover{move: m},
		&catchUp{id: "catch-up-before", title: "shorten the lag", source: sides.Source, target: sides.Target, move: m},
		&wayBack{source: sides.Source, target: sides.Target, move: m, counts: m.counts, quiet: wanted.Cutover.Quiet, limit: wanted.Cutover.Timeout},
	}
	if wanted.Cutover.Protocol == migration.ProtocolFence {
		list = append(list, &fence{source: sides.Source, move: m})
	}
	for i := range wanted.Writers {
		list = append(list, m.writerStep(i))
	}
	list = append(list,
		&becomeQuiet{source: sides.Source, counts: m.counts, quiet: wanted.Cutover.Quiet, limit: wanted.Cutover.Timeout},
		&catchUp{id: "catch-up-after", title: "bring over what the writers left behind", source: sides.Source, target: sides.Target, move: m, settled: true},
	)
	if kibana := m.Plan.Moving(plan.Kibana); len(kibana) > 0 {
		list = append(list, &moveKibana{source: sides.Source, target: sides.Target, routes: kibana})
	}
	list = append(list, &prove{id: "verify", move: m})
	if blocked := m.blockedRoutes(); len(blocked) > 0 {
		list = append(list, &putBlocks{target: sides.Target, move: m, routes: blocked})
	}
	return list
}

func (m *Move) retireSteps() []engine.Step {
	sides, wanted := m.Sides, m.Wanted
	list := []engine.Step{
		&mayRetire{wanted: wanted, source: sides.Source, counts: m.counts, proof: func() (Proof, error) { return LoadProof(wanted) }},
	}
	if wanted.Repository.Type == migration.RepositoryNone {
		list = append(list, &noFinalSnapshot{wanted: wanted})
	} else {
		list = append(list, &takeSnapshot{id: "final-snapshot", name: plan.FinalSnapshotName(wanted), wanted: wanted, open: sides.Source, indices: m.snapshotIndices(), proof: m.snapshotProof, keep: true})
	}
	if wanted.Source.Domain != "" && !wanted.Retire.Keep {
		list = append(list, &deleteDomain{wanted: wanted, sides: sides})
	}
	return list
}

// writerStep makes the step of one writer; its adapter is made when it is needed, since the target has no address before.
func (m *Move) writerStep(number int) engine.Step {
	writer := m.Wanted.Writers[number]
	what := map[bool]string{true: "fluentd " + writer.Fluentd}[writer.Fluentd != ""]
	switch {
	case writer.Rsyslog != "":
		what = "rsyslog " + writer.Rsyslog
	case writer.FluentBit != "":
		what = "fluent-bit " + writer.FluentBit
	case writer.Logstash != "":
		what = "logstash " + writer.Logstash
	case writer.Alias != "":
		what = "the alias " + writer.Alias
	case writer.Command != "":
		what = "a writer by a command of yours"
	}
	return &moveWriter{name: fmt.Sprintf("writer-%d", number+1), title: "re-point " + what, adapter: func(ctx context.Context) (cutover.Adapter, error) {
		list, err := adapters(ctx, m.Wanted, m.Sides, &m.Plan.Facts)
		if err != nil {
			return nil, err
		}
		return list[number], nil
	}}
}

// Pairs lists every pair of indices that rounds and proofs compare: those of the plan, and those that appeared on the
// source since and match its patterns. An index that was deleted on the source since has nothing to be compared with; its
// copy on the target stays, and Gone names it.
func (m *Move) Pairs(ctx context.Context) ([]plan.Route, error) {
	pairs := m.Plan.Moving(plan.Restore, plan.Backfill, plan.Scroll)
	source, err := m.Sides.Source(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := source.Indices(ctx)
	if err != nil {
		return nil, err
	}
	target, err := m.Sides.Target(ctx)
	if err != nil {
		return nil, err
	}
	info, err := target.Detect(ctx)
	if err != nil {
		return nil, err
	}
	open := map[string]bool{}
	for _, row := range rows {
		open[row.Name] = row.Open
		if _, known := m.Plan.Facts.Source.Index(row.Name); known || !row.Open {
			continue
		}
		route, moves := plan.LateRoute(row.Name, info.Version, m.Wanted)
		if !moves {
			continue
		}
		late, err := m.lateRoutes(ctx, route)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, late...)
	}
	added, err := m.newTypeRoutes(ctx, slices.DeleteFunc(m.Plan.Moving(plan.Backfill, plan.Scroll), func(route plan.Route) bool { return !open[route.Source] }))
	if err != nil {
		return nil, err
	}
	pairs = append(pairs, added...)
	if err := oneTargetEach(pairs); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(pairs, func(route plan.Route) bool { return !open[route.Source] }), nil
}

// oneTargetEach refuses an index that appeared since and has the name that another one has on the target: the plan could not
// know of it.
func oneTargetEach(pairs []plan.Route) error {
	for _, late := range pairs {
		if !late.Late {
			continue
		}
		for _, other := range pairs {
			if other.Target == late.Target && other.Source != late.Source {
				return engine.WithHint(fmt.Errorf("%s, which appeared since the plan was made, would become the index %s of the target, which holds what was %s: %w", late.Source, late.Target, other.Source, engine.ErrBlocked),
					"rename or delete it on the source; documents of the same id would overwrite each other")
			}
		}
	}
	return nil
}

// Gone lists the planned indices that were deleted on the source since.
func (m *Move) Gone(ctx context.Context) ([]plan.Route, error) {
	source, err := m.Sides.Source(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := source.Indices(ctx)
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, row := range rows {
		there[row.Name] = true
	}
	return slices.DeleteFunc(m.Plan.Moving(plan.Restore, plan.Backfill, plan.Scroll), func(route plan.Route) bool { return there[route.Source] }), nil
}

// counts says whether writes to an index matter: those to indices that stay behind do not.
func (m *Move) counts(index string) bool {
	for _, route := range m.Plan.Routes {
		if route.Source == index || route.Target == index {
			return route.Kind == plan.Restore || route.Kind.Loads()
		}
	}
	_, moves := plan.LateRoute(index, m.Plan.Facts.Target.Version, m.Wanted)
	return moves
}

// snapshotIndices are the indices that move, without those of some routes.
func (m *Move) snapshotIndices(without ...plan.RouteKind) []string {
	var names []string
	for _, route := range m.Plan.Routes {
		if route.Kind != plan.Skip && !slices.Contains(without, route.Kind) && !slices.Contains(names, route.Source) {
			names = append(names, route.Source)
		}
	}
	return names
}

func (m *Move) closedIndices() []plan.Route {
	var closed []plan.Route
	for _, route := range m.Plan.Routes {
		if index, _ := m.Plan.Facts.Source.Index(route.Source); index.Closed && route.Kind != plan.Skip {
			closed = append(closed, route)
		}
	}
	return closed
}

func sourcesOf(routes []plan.Route) []string {
	names := make([]string, 0, len(routes))
	for _, route := range routes {
		names = append(names, route.Source)
	}
	return names
}

// readyForCutover refuses a cutover before the load is done.
type readyForCutover struct{ move *Move }

// ID is the step's name in the journal.
func (s *readyForCutover) ID() string { return "ready" }

// Title is the step in a person's words.
func (s *readyForCutover) Title() string { return "the target is ready to take over" }

// Check wants the target's primaries started and the last proof without a changed document.
func (s *readyForCutover) Check(ctx context.Context) (engine.Status, error) {
	proof, err := LoadProof(s.move.Wanted)
	if errors.Is(err, ErrNoProof) {
		return engine.Status{State: engine.Blocked, Note: "nothing was proved yet", Hint: "finish `hikkoshi apply` first"}, nil
	}
	if err != nil {
		return engine.Status{}, err
	}
	for _, row := range proof.Rows {
		if row.Changed > 0 {
			return engine.Status{State: engine.Blocked, Note: fmt.Sprintf("%d documents of %s differ on the target", row.Changed, row.Target), Hint: "run `hikkoshi sync` and `hikkoshi verify`"}, nil
		}
		if row.OtherValues() {
			return engine.Status{State: engine.Blocked, Note: fmt.Sprintf("values of %s mean another thing on the target: %s", row.Target, row.Values.Differences[0]), Hint: "mend the field's mapping, load the index again, and run `hikkoshi verify`"}, nil
		}
	}
	if aside, err := Quarantined(s.move); err != nil {
		return engine.Status{}, err
	} else if aside > 0 {
		return engine.Status{State: engine.Blocked, Note: fmt.Sprintf("%d documents were set aside and are not on the target", aside),
			Hint: "`hikkoshi redrive --dry-run` lists them with what can be done; they lie in " + s.move.Wanted.StateFile(QuarantineFile) + ", and leave it once they arrive or their lines are deleted"}, nil
	}
	target, err := s.move.Sides.Target(ctx)
	if err != nil {
		return engine.Status{}, err
	}
	health, err := target.SettledHealth(ctx)
	if err != nil {
		return engine.Status{}, err
	}
	if health.Status == "red" {
		return engine.Status{State: engine.Blocked, Note: "the target is red", Hint: "mend the target first"}, nil
	}
	return engine.Status{State: engine.Ready, Note: "target " + health.Status}, nil
}

// Apply has nothing to change.
func (s *readyForCutover) Apply(context.Context, *engine.Recorder) error { return nil }

// Verify has nothing to prove.
func (s *readyForCutover) Verify(context.Context) error { return nil }

// Undo has nothing to take back.
func (s *readyForCutover) Undo(context.Context, *engine.Recorder) error { return nil }
