package plan

// routes.go answers: how does each index travel? Next: choice.go.

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// RouteKind is how an index travels.
type RouteKind string

// The routes. Scroll is a backfill whose documents are read through the source's search API, Kibana one through the rules
// of Kibana's own objects.
const (
	Restore  RouteKind = "restore"
	Backfill RouteKind = "backfill"
	Scroll   RouteKind = "scroll"
	Kibana   RouteKind = "kibana"
	Skip     RouteKind = "skip"
)

// Loads says whether the route sends documents by _bulk, changed by the rules.
func (k RouteKind) Loads() bool { return k == Backfill || k == Scroll }

// Route is one index's way.
type Route struct {
	Source string    `json:"source"`
	Target string    `json:"target"`
	Kind   RouteKind `json:"kind"`
	Reason string    `json:"reason"`
	// Type restricts the route to documents of one type of the source, where an index is split by types.
	Type string `json:"type,omitempty"`
	// Late says that the index appeared after the plan was made.
	Late bool `json:"late,omitempty"`
	// Changes are what rules alter in the index, Findings what they cannot.
	Changes  []transform.Change  `json:"changes,omitempty"`
	Findings []transform.Finding `json:"findings,omitempty"`
	// Blocks are the blocks of the source's index that its copy gets once the move is over: "write", "read_only".
	Blocks []string `json:"blocks,omitempty"`
	// Excluded says that the person's patterns leave the index out.
	Excluded  bool  `json:"excluded,omitempty"`
	Documents int64 `json:"documents"`
	Bytes     int64 `json:"bytes"`
}

// besideSuffix is appended to a Kibana index that is restored beside the target's own.
const besideSuffix = "-from-source"

var kibanaIndex = regexp.MustCompile(`^\.kibana(-[0-9]+|_[0-9]+)?$`)

// IsKibana says whether an index holds Kibana's objects: .kibana, .kibana-4, .kibana_1.
func IsKibana(name string) bool { return kibanaIndex.MatchString(name) }

// isInternal says whether an index belongs to a server or a plugin and must never be moved raw (rule 2-36).
func isInternal(name string) bool {
	for _, prefix := range []string{".marvel", ".monitoring", ".security", ".shield", ".watch", ".triggered_watches", ".tasks", ".opendistro", ".opensearch", ".plugins", ".ds-ilm", ".reporting", ".scripts"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// Routes decides every index's way, in the order of their names.
func Routes(facts *Facts, wanted *migration.Migration) []Route {
	routes := make([]Route, 0, len(facts.Source.Indices))
	for _, index := range facts.Source.Indices {
		route := routeOf(index, facts, wanted)
		made := []Route{route}
		if route.Kind.Loads() {
			made = backfillRoutes(route, index, facts, wanted)
		}
		routes = append(routes, withAliases(made, index, facts)...)
	}
	slices.SortFunc(routes, func(a, b Route) int { return strings.Compare(a.Source, b.Source) })
	return routes
}

func routeOf(index Index, facts *Facts, wanted *migration.Migration) Route {
	route := Route{Source: index.Name, Target: TargetName(index.Name, facts.Target.Version, wanted), Documents: index.Documents, Bytes: index.Bytes}
	_, exists := facts.Target.Index(route.Target)
	switch {
	case !selected(index.Name, wanted):
		route.Kind, route.Reason, route.Excluded = Skip, "left out by indices.include or indices.exclude", true
	case wantedSkip(index.Name, wanted):
		route.Kind, route.Reason, route.Excluded = Skip, "left out by indices.routes", true
	case isInternal(index.Name):
		route.Kind, route.Reason = Skip, "belongs to the old cluster itself, and the new one makes its own"
	case IsKibana(index.Name):
		return kibanaRoute(route, index, facts, wanted)
	case index.Closed && wanted.Indices.Closed != migration.ClosedOpen:
		route.Kind, route.Reason = Skip, "closed"
	case exists && wanted.Indices.Existing == migration.ExistingSkip:
		route.Kind, route.Reason = Skip, "the target has one already, and migration.yaml says to leave it"
	default:
		route.Kind, route.Reason = choose(index, facts, wanted)
		route.Blocks = blocksOf(index, carriedBlocks)
	}
	return route
}

// backfillRoutes asks the rules what becomes of the index: one route for each index it is split into.
func backfillRoutes(route Route, index Index, facts *Facts, wanted *migration.Migration) []Route {
	made, err := becomes(index, route.Target, facts, wanted)
	if err != nil {
		route.Findings = []transform.Finding{{Rule: "unreadable", Severity: transform.Blocker, Where: index.Name, Message: err.Error(), Decide: "exclude the index, or mend its mapping"}}
		return []Route{route}
	}
	var routes []Route
	for i, target := range made.Targets {
		one := route
		one.Target = target.Name
		if len(made.Targets) > 1 && len(target.Types) == 1 {
			one.Type = target.Types[0] // a family of several types is told apart by what each document becomes
		}
		if i == 0 {
			one.Changes, one.Findings = made.Changes, made.Findings
		} else {
			one.Documents, one.Bytes = 0, 0 // counted with the first
		}
		routes = append(routes, one)
	}
	return routes
}

// becomes asks the rules what becomes of an index.
func becomes(index Index, target string, facts *Facts, wanted *migration.Migration) (transform.IndexPlan, error) {
	choices := wanted.Transform
	choices.Names = map[string]string{index.Name: target}
	return transform.Index(transform.IndexInput{Name: index.Name, Created: index.Created, Settings: index.Settings, Mappings: index.Mappings}, facts.Source.Version, facts.Target.Version, choices)
}

// withAliases tells with the first route what becomes of the index's aliases.
func withAliases(routes []Route, index Index, facts *Facts) []Route {
	if first := &routes[0]; first.Kind == Restore || first.Kind.Loads() {
		made, err := transform.Aliases(transform.IndexInput{Name: index.Name, Created: index.Created, Aliases: index.AliasBodies}, facts.Source.Version, facts.Target.Version)
		if err != nil {
			made.Findings = []transform.Finding{{Rule: "unreadable", Severity: transform.Blocker, Where: index.Name, Message: err.Error(), Decide: "mend the alias"}}
		}
		first.Changes, first.Findings = append(first.Changes, made.Changes...), append(first.Findings, made.Findings...)
	}
	return routes
}

func kibanaRoute(route Route, index Index, facts *Facts, wanted *migration.Migration) Route {
	switch wanted.Kibana {
	case migration.KibanaKeepTarget:
		route.Kind, route.Reason = Skip, "migration.yaml keeps the target's own Kibana index"
	case migration.KibanaBeside:
		route.Kind, route.Reason = choose(index, facts, wanted)
	default:
		route.Kind, route.Reason = Kibana, "its objects are rewritten for the new Kibana"
	}
	return route
}

// TargetName is an index's name on the target.
func TargetName(name string, target es.Version, wanted *migration.Migration) string {
	if renamed, ok := wanted.Indices.Rename[name]; ok {
		return renamed
	}
	if IsKibana(name) {
		if wanted.Kibana == migration.KibanaBeside {
			return strings.TrimPrefix(name, ".") + besideSuffix
		}
		if target.Product == es.Elasticsearch && target.Major < 4 {
			return ".kibana-4" // AWS's own Kibana 4 index; there is no migration of objects before 5
		}
		return ".kibana"
	}
	return name
}

func selected(name string, wanted *migration.Migration) bool {
	return matchesAny(wanted.Indices.Include, name) && !matchesAny(wanted.Indices.Exclude, name)
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		matched, err := path.Match(pattern, name)
		return err == nil && matched
	})
}

// LateRoute says how an index that appeared after the plan was made travels, if it does: document by document, with the
// rounds.
func LateRoute(name string, target es.Version, wanted *migration.Migration) (Route, bool) {
	if !selected(name, wanted) || isInternal(name) || IsKibana(name) {
		return Route{}, false
	}
	return Route{Source: name, Target: TargetName(name, target, wanted), Kind: Backfill, Late: true, Reason: "made after the plan"}, true
}
