package plan

// plan.go answers: what will be done, what will it cost, what cannot be undone, and is it still true?

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// format is the version of the saved plan.
const format = 1

// ErrStale says that the world is no longer the one that the plan was made for.
var ErrStale = errors.New("the plan is stale")

// Plan is the saved decision.
type Plan struct {
	Format int       `json:"format"`
	Name   string    `json:"name"`
	Made   time.Time `json:"made"`
	Wanted string    `json:"wanted"` // hash of migration.yaml's content
	// WantedBesideRules is the hash without the rules for documents, which may be mended for those that were set aside.
	WantedBesideRules string `json:"wanted_beside_rules,omitempty"`
	// Replaces is the hash of the plan that this one takes the place of while it is under way.
	Replaces string  `json:"replaces,omitempty"`
	Facts    Facts   `json:"facts"`
	Routes   []Route `json:"routes"`
	// Things are what comes along beside the indices, and what does not.
	Things []Thing `json:"things,omitempty"`
	// Findings are those of the moment of planning.
	Findings []Finding `json:"findings"`
	Steps    []Step    `json:"steps"`
}

// Step is one line of the plan.
type Step struct {
	Phase    string `json:"phase"`
	ID       string `json:"id"`
	Title    string `json:"title"`
	Note     string `json:"note,omitempty"`
	Undoable bool   `json:"undoable"`
}

// Make decides routes and findings.
func Make(facts *Facts, wanted *migration.Migration) *Plan {
	routes := Routes(facts, wanted)
	return &Plan{Format: format, Name: wanted.Name, Made: facts.Taken, Wanted: HashWanted(wanted), WantedBesideRules: HashBesideRules(wanted), Facts: *facts, Routes: routes, Things: facts.Things(wanted),
		Findings: Diagnose(facts, wanted, routes)}
}

// HashWanted identifies the content of migration.yaml, defaults included. How fast to load is no part of what was planned,
// nor is what a person accepts: it changes neither routes nor steps, and the pre-flight of a running move may ask for it.
func HashWanted(wanted *migration.Migration) string {
	planned := *wanted
	planned.Load, planned.Accept = migration.LoadLimits{}, nil
	return hashJSON(planned)
}

// HashBesideRules is HashWanted without what stands below transform.
func HashBesideRules(wanted *migration.Migration) string {
	planned := *wanted
	planned.Transform = transform.Choices{}
	return HashWanted(&planned)
}

func hashJSON(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("plan: a value of ours cannot be encoded: %v", err)) // our own plain structs
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:16])
}

// Hash identifies the plan in the journal: what was decided, not when.
func (p *Plan) Hash() string {
	return hashJSON([]any{p.Wanted, p.Routes, p.Facts.Source.ClusterUUID, p.Facts.Source.Version, p.Facts.Target.Version})
}

// Decisions identify what the plan decides, whatever was written to the source since.
func (p *Plan) Decisions() string {
	routes := slices.Clone(p.Routes)
	for i := range routes {
		routes[i].Documents, routes[i].Bytes = 0, 0
	}
	return hashJSON([]any{p.Wanted, routes, p.Facts.Source.ClusterUUID, p.Facts.Source.Version, p.Facts.Target.Version})
}

// PointOfNoReturn is the first step that cannot be undone, if there is one.
func (p *Plan) PointOfNoReturn() (Step, bool) {
	for _, step := range p.Steps {
		if !step.Undoable {
			return step, true
		}
	}
	return Step{}, false
}

// Moving lists the routes of some kinds.
func (p *Plan) Moving(kinds ...RouteKind) []Route {
	var routes []Route
	for _, route := range p.Routes {
		if slices.Contains(kinds, route.Kind) {
			routes = append(routes, route)
		}
	}
	return routes
}

// CheckFresh compares the plan with facts of now. Documents may have been added: writers never stop. But indices that
// came, went, were recreated, opened or closed, or got a type, and other versions, make the plan stale.
func (p *Plan) CheckFresh(now *Facts, wanted *migration.Migration) error {
	var changes []string
	note := func(format string, arguments ...any) { changes = append(changes, fmt.Sprintf(format, arguments...)) }
	if HashWanted(wanted) != p.Wanted {
		note("migration.yaml was edited")
	}
	if now.Source.ClusterUUID != p.Facts.Source.ClusterUUID {
		note("the source is another cluster")
	}
	if now.Source.Version != p.Facts.Source.Version {
		note("the source is now %s", now.Source.Version.Full())
	}
	if p.Facts.Target.Exists && now.Target.Version != p.Facts.Target.Version {
		note("the target is now %s", now.Target.Version.Full())
	}
	for _, old := range p.Facts.Source.Indices {
		current, exists := now.Source.Index(old.Name)
		switch {
		case !exists:
			note("index %s is gone", old.Name)
		case current.UUID != old.UUID:
			note("index %s was recreated", old.Name)
		case current.Closed != old.Closed:
			note("index %s was opened or closed", old.Name)
		}
	}
	for _, route := range p.Routes {
		if current, exists := now.Source.Index(route.Source); exists && route.Kind.Loads() && p.Facts.Target.Version.AtLeast(6, 0) {
			for _, appeared := range current.Types {
				if old, _ := p.Facts.Source.Index(route.Source); !slices.Contains(old.Types, appeared) {
					note("index %s got the type %s", route.Source, appeared)
				}
			}
		}
	}
	for _, current := range now.Source.Indices {
		if _, known := p.Facts.Source.Index(current.Name); !known {
			note("index %s is new", current.Name)
		}
	}
	if len(changes) > 0 {
		slices.Sort(changes)
		changes = slices.Compact(changes) // several routes may come from one index
		return fmt.Errorf("%w: %s", ErrStale, strings.Join(changes, "; "))
	}
	return nil
}

// Save writes the plan to a file, whole or not at all.
func (p *Plan) Save(file string) error {
	encoded, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the plan: %w", err)
	}
	return WriteFile(file, append(encoded, '\n'))
}

// WriteFile replaces a file of the migration's state whole or not at all, readable by its owner only.
func WriteFile(file string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(file), err)
	}
	_, err = temporary.Write(content)
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), file)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", filepath.Base(file), err), os.Remove(temporary.Name()))
	}
	return nil
}

// Load reads a saved plan. A missing file gives an error that wraps os.ErrNotExist.
func Load(file string) (*Plan, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	var plan Plan
	if err := json.Unmarshal(content, &plan); err != nil {
		return nil, fmt.Errorf("read the plan %s: %w", file, err)
	}
	if plan.Format != format {
		return nil, fmt.Errorf("read the plan %s: its format %d is not the %d of this version: %w", file, plan.Format, format, ErrStale)
	}
	return &plan, nil
}
