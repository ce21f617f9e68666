package plan

// check_names.go answers: does each name on the target stand for one thing? Two indices that became one would overwrite each
// other's documents where they have ids in common, and an alias cannot have the name of an index. Next: check_writers.go.

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/migration"
)

const renameIt = "give one of them another name: indices.rename in migration.yaml"

func checkNames(facts *Facts, _ *migration.Migration, routes []Route) []Finding {
	var findings []Finding
	sources := map[string][]string{} // by index of the target
	targets := map[string][]string{} // by index of the source
	for _, route := range routes {
		if route.Excluded || route.Kind == Skip || route.Kind == Kibana {
			continue
		}
		if !slices.Contains(sources[route.Target], route.Source) {
			sources[route.Target] = append(sources[route.Target], route.Source)
		}
		targets[route.Source] = append(targets[route.Source], route.Target)
	}
	told := map[string]bool{}
	for _, route := range routes {
		if from := sources[route.Target]; len(from) > 1 && !told[route.Target] {
			told[route.Target] = true
			findings = append(findings, Finding{ID: "two-into-one", Severity: Blocker, Subject: route.Target,
				Message: strings.Join(from, " and ") + " would become the same index, and documents of the same id overwrite each other", Decide: renameIt})
		}
	}
	for _, index := range facts.Source.Indices {
		if len(targets[index.Name]) == 0 {
			continue
		}
		for _, alias := range index.Aliases {
			if from := sources[alias]; len(from) > 0 {
				findings = append(findings, Finding{ID: "alias-named-as-index", Severity: Blocker, Subject: index.Name,
					Message: fmt.Sprintf("its alias %s has the name that %s gets on the target, where no alias may have an index's name", alias, strings.Join(from, " and ")), Decide: renameIt})
			}
		}
	}
	return findings
}
