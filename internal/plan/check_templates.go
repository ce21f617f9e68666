package plan

// check_templates.go answers: which templates of the target have a hand in the indices that are made there? What they say is
// added to what the source's index says, or makes the request fail. Next: check_things.go.

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/migration"
)

func checkTargetTemplates(facts *Facts, _ *migration.Migration, routes []Route) []Finding {
	type template struct {
		name     string
		body     []byte
		patterns []string
	}
	var templates []template
	for _, kind := range []map[string]json.RawMessage{facts.Target.Belongings.Composable, facts.Target.Belongings.Legacy} {
		for _, name := range sortedNames(kind) {
			templates = append(templates, template{name, kind[name], patternsOf(kind[name])})
		}
	}
	var findings []Finding
	told := map[string]bool{}
	for _, route := range routes {
		if !route.Kind.Loads() || route.Excluded || told[route.Target] {
			continue
		}
		told[route.Target] = true
		for _, one := range templates {
			if slices.ContainsFunc(one.patterns, func(pattern string) bool { return es.MatchStar(pattern, route.Target) }) {
				findings = append(findings, reached(route.Target, one.name, one.body))
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

// patternsOf gives the patterns of a template of either form.
func patternsOf(template []byte) []string {
	var patterns []string
	for _, pattern := range gjson.GetBytes(template, "index_patterns").Array() {
		patterns = append(patterns, pattern.String())
	}
	if one := gjson.GetBytes(template, "template"); one.Type == gjson.String { // up to 5.x
		patterns = append(patterns, one.String())
	}
	return patterns
}
