// Package intake carries documents from files into a target: indices are made from the descriptions beside the files, by
// the same rules as any move, and every line is answered for. It is a phase of steps over a journal like any other, so that
// it may be killed and run again.
//
// Read intake.go (what is known before the start), indices.go (made and settled), documents.go (sent), aside.go (what was
// not taken).
package intake

// intake.go answers: what becomes of each described index, and what must be decided before a line is sent? Next: indices.go.

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// Phase is the name of the load in the journal.
const Phase = "load"

// Options say what is loaded, and how.
type Options struct {
	// Paths are files, folders, or load.StandardInput.
	Paths []string
	// Indices are patterns of the documents' indices, a leading - excludes. None takes everything but indices that begin
	// with a dot, which belong to a cluster or to Kibana.
	Indices []string
	// Rename gives indices other names on the target.
	Rename map[string]string
	// Choices are a person's decisions about the rules.
	Choices transform.Choices
	// SourceVersion is that of the cluster which held the indices; zero believes the descriptions.
	SourceVersion es.Version
	// Create makes the described indices; without it documents go to whatever the target holds or makes by itself.
	Create bool
	// Accept names findings that would stop the load.
	Accept []string
	// MaxRate is documents a second at the most; 0 is no limit.
	MaxRate float64
}

// Intake is one load out of files.
type Intake struct {
	options Options
	target  *cluster.Client
	dialect cluster.Dialect
	units   []load.LineUnit
	plans   map[string]*transform.IndexPlan // by index in the files
	// timed are indices that keep _timestamp or _ttl beside their documents.
	timed map[string]bool
	valve *load.Valve
	aside aside
	tally tally
	known indexCache
}

// Finding is what the rules say of an index.
type Finding struct {
	Index string `json:"index"`
	transform.Finding
}

// Plan is what is known before the start.
type Plan struct {
	Units   []load.LineUnit `json:"files"`
	Indices []PlannedIndex  `json:"indices"`
	// Findings are what a person should know; Blockers what stops the load until it is decided.
	Findings []Finding `json:"findings,omitempty"`
	Blockers []Finding `json:"blockers,omitempty"`
}

// PlannedIndex is one described index.
type PlannedIndex struct {
	Index   string             `json:"index"`
	Becomes []string           `json:"becomes"`
	Changes []transform.Change `json:"changes,omitempty"`
}

// ErrNothing says that the paths hold no documents.
var ErrNothing = errors.New("no file of documents is there")

// Open reads the descriptions and asks the rules. It changes nothing. Blockers are in the plan, and not an error.
func Open(ctx context.Context, target *cluster.Client, options Options) (*Intake, Plan, error) {
	units, folders, err := load.LineUnits(options.Paths)
	if errors.Is(err, load.ErrUnfinished) {
		return nil, Plan{}, engine.WithHint(err, "run `hikkoshi snapshot export` again, or delete the file")
	}
	if err != nil {
		return nil, Plan{}, err
	}
	if len(units) == 0 {
		return nil, Plan{}, engine.WithHint(ErrNothing, "files end with .ndjson, .jsonl or .json, and may be followed by .gz or .zst")
	}
	dialect, err := target.Dialect(ctx)
	if err != nil {
		return nil, Plan{}, err
	}
	taken := &Intake{options: options, target: target, dialect: dialect, units: units, plans: map[string]*transform.IndexPlan{}, timed: map[string]bool{},
		valve: load.NewValve(load.Limits{MaxRate: options.MaxRate}), known: indexCache{known: map[string]bool{}}}
	taken.tally.begin()
	described := map[string]export.Description{}
	for _, folder := range folders {
		found, err := export.ReadDescriptions(folder)
		if err != nil {
			return nil, Plan{}, err
		}
		maps.Copy(described, found)
	}
	plan := Plan{Units: units}
	for _, index := range slices.Sorted(maps.Keys(described)) {
		if taken.wanted(index) != chosen {
			continue
		}
		if err := taken.planIndex(described[index], &plan); err != nil {
			return nil, Plan{}, err
		}
	}
	plan.wantOneNameEach()
	return taken, plan, nil
}

// wantOneNameEach blocks where two indices would become one: documents of the same id overwrite each other.
func (p *Plan) wantOneNameEach() {
	from := map[string]string{}
	for _, index := range p.Indices {
		for _, name := range index.Becomes {
			if other, taken := from[name]; taken {
				one := Finding{index.Index, transform.Finding{Rule: "two-into-one", Severity: transform.Blocker, Where: "index", Message: other + " would become " + name + ", too, and documents of the same id overwrite each other",
					Decide: "give one of them another name: --index-rename " + index.Index + "=NAME"}}
				p.Findings, p.Blockers = append(p.Findings, one), append(p.Blockers, one)
			}
			from[name] = index.Index
		}
	}
}

func (t *Intake) planIndex(described export.Description, plan *Plan) error {
	source, created, err := described.Versions()
	if err != nil {
		return err
	}
	if !t.options.SourceVersion.IsZero() {
		source = t.options.SourceVersion
	}
	if source.IsZero() {
		source = created
	}
	if source.IsZero() {
		return engine.WithHint(fmt.Errorf("the description of %s does not tell which version it comes from", described.Index), "say --source-version, such as 2.3.2")
	}
	choices := t.options.Choices
	choices.Names = maps.Clone(choices.Names)
	if choices.Names == nil {
		choices.Names = map[string]string{}
	}
	maps.Copy(choices.Names, t.options.Rename)
	made, err := transform.Index(transform.IndexInput{Name: described.Index, Created: created, Settings: described.Settings, Mappings: described.Mappings, Aliases: described.Aliases},
		source, t.dialect.Version, choices)
	if err != nil {
		return err
	}
	t.plans[described.Index] = &made
	gjson.ParseBytes(described.Mappings).ForEach(func(_, docType gjson.Result) bool {
		if docType.Get("_timestamp.enabled").Bool() || docType.Get("_ttl.enabled").Bool() {
			t.timed[described.Index] = true
		}
		return true
	})
	planned := PlannedIndex{Index: described.Index, Changes: made.Changes}
	for i := range made.Targets {
		planned.Becomes = append(planned.Becomes, made.Targets[i].Name)
	}
	plan.Indices = append(plan.Indices, planned)
	for _, finding := range made.Findings {
		one := Finding{described.Index, finding}
		plan.Findings = append(plan.Findings, one)
		if finding.Severity == transform.Blocker && !slices.Contains(t.options.Accept, finding.Rule) {
			plan.Blockers = append(plan.Blockers, one)
		}
	}
	return nil
}

// choice is why an index's documents are sent or not.
type choice int

const (
	chosen choice = iota
	excluded
	// hidden is left out because nobody asked for it: it is told.
	hidden
)

func (t *Intake) wanted(index string) choice {
	included, any := false, false
	for _, pattern := range t.options.Indices {
		positive, negative := pattern, strings.HasPrefix(pattern, "-")
		positive = strings.TrimPrefix(positive, "-")
		matched, err := path.Match(positive, index)
		switch {
		case negative && err == nil && matched:
			return excluded
		case !negative:
			any = true
			included = included || err == nil && matched
		}
	}
	switch {
	case any && included:
		return chosen
	case any:
		return excluded
	case strings.HasPrefix(index, "."):
		return hidden
	}
	return chosen
}

// Hash identifies this load: its target, files and decisions. The same files, changed, are another load.
func (t *Intake) Hash() string {
	units := slices.Clone(t.units)
	for i := range units {
		if whole, err := filepath.Abs(units[i].File); err == nil && units[i].File != load.StandardInput {
			units[i].File = whole
		}
	}
	names := slices.Sorted(maps.Keys(t.plans))
	encoded, err := json.Marshal([]any{t.target.URL(), units, t.options.Indices, t.options.Rename, t.options.Choices, t.options.SourceVersion, t.options.Create, names})
	if err != nil {
		panic("intake: a value of ours cannot be encoded: " + err.Error()) // our own plain structs
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:8])
}

// FromStandardInput says that a part of it cannot be read twice.
func (t *Intake) FromStandardInput() bool {
	return slices.ContainsFunc(t.units, func(unit load.LineUnit) bool { return unit.File == load.StandardInput })
}

// Steps are the steps of the load. folder keeps what was not taken.
func (t *Intake) Steps(folder string) []engine.Step {
	t.aside.folder = folder
	steps := []engine.Step{&sendLines{intake: t}}
	if t.options.Create && len(t.plans) > 0 {
		steps = []engine.Step{&makeIndices{intake: t}, steps[0], &settleIndices{intake: t}}
	}
	return steps
}
