package plan

// check_templates.go answers: which templates of the target have a hand in the indices that are made there? What they say is
// added to what the source's index says, or makes the request fail. Next: check_things.go.

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/migration"
)

func checkTargetTemplates(facts *Facts, _ *migration.Migration, routes []Route) []Finding {
	var findings []Finding
	there, told := facts.Target.Belongings.Templates, map[string]bool{}
	for _, route := range routes {
		if !route.Kind.Loads() || route.Excluded || told[route.Target] {
			continue
		}
		told[route.Target] = true
		for _, kind := range []map[string]json.RawMessage{there.Composable, there.Legacy} {
			for _, name := range slices.Sorted(maps.Keys(kind)) {
				if reaches(kind[name], route.Target) {
					findings = append(findings, reached(route.Target, name, kind[name]))
				}
			}
		}
	}
	return findings
}

func reached(index, name string, template []byte) Finding {
	if gjson.GetBytes(template, "data_stream").Exists() {
		return Finding{ID: "target-template", Severity: Blocker, Subject: index, Message: fmt.Sprintf("the target's template %s makes only data streams of such names, so that the index cannot be made", name),
			Decide: "narrow the template, or give the index another name: indices.rename in migration.yaml"}
	}
	return Finding{ID: "target-template", Severity: Warning, Subject: index, Message: fmt.Sprintf("the target's template %s has a hand in the index that is made there: its settings, fields and aliases are added", name),
		Decide: "take the template away for the time of the load, if that is not wanted; where it maps a field in another way, the index cannot be made"}
}

// reaches says whether a template's patterns match an index. Patterns know only the star.
func reaches(template []byte, index string) bool {
	patterns := gjson.GetBytes(template, "index_patterns").Array()
	if one := gjson.GetBytes(template, "template"); one.Type == gjson.String { // up to 5.x
		patterns = append(patterns, one)
	}
	return slices.ContainsFunc(patterns, func(pattern gjson.Result) bool {
		matched, err := path.Match(strings.NewReplacer(`\`, `\\`, "?", `\?`, "[", `\[`).Replace(pattern.String()), index)
		return err == nil && matched
	})
}
