package plan

// check_filters.go answers: do filters of aliases still find something after a person's own rules? Next: check_templates.go.

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// checkFilters warns of filters by a field that a rule renames or drops: such an alias finds nothing and gives no error.
func checkFilters(facts *Facts, wanted *migration.Migration, routes []Route) []Finding {
	if len(wanted.Transform.Rules) == 0 {
		return nil
	}
	var findings []Finding
	told := map[string]bool{}
	for _, route := range routes {
		index, known := facts.Source.Index(route.Source)
		if !known || route.Excluded || !route.Kind.Loads() || told[route.Source] {
			continue
		}
		told[route.Source] = true
		gone := goneFields(wanted.Transform.Rules, route.Source)
		for _, name := range sortedNames(index.AliasBodies) {
			filter := gjson.GetBytes(index.AliasBodies[name], "filter")
			for _, field := range gone {
				if filter.Exists() && strings.Contains(filter.Raw, fmt.Sprintf("%q", field)) {
					findings = append(findings, Finding{ID: "filter-of-alias", Severity: Warning, Subject: route.Source,
						Message: fmt.Sprintf("the filter of its alias %s names %s, which a rule of migration.yaml renames or drops: it would find nothing", name, field),
						Decide:  "set the alias anew on the target after apply, or leave the field as it is"})
				}
			}
		}
	}
	return findings
}

// goneFields are those that a person's rules rename or drop in an index.
func goneFields(rules []transform.UserRule, index string) []string {
	var gone []string
	for _, rule := range rules {
		if rule.Matches(index) {
			gone = append(gone, rule.Drop...)
			for from := range rule.Rename {
				gone = append(gone, from)
			}
		}
	}
	slices.Sort(gone)
	return slices.Compact(gone)
}
