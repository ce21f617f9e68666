package plan

// check_analysis.go answers: which files and plugins do the indices use that the target must have before anything begins?
// Next: check_filters.go.

import (
	"fmt"
	"slices"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// userOf is an index or template that needs something.
type userOf struct {
	name string
	need transform.Need
}

func checkAnalysis(facts *Facts, wanted *migration.Migration, routes []Route) []Finding {
	users, findings := needsOf(facts, wanted, routes)
	for _, user := range users {
		var finding Finding
		if user.need.File != "" {
			finding = fileFinding(user, facts, wanted)
		} else {
			finding = pluginFinding(user, facts)
		}
		if finding.ID != "" {
			findings = append(findings, finding)
		}
	}
	return findings
}

// needsOf reads what indices and templates need once they are on the target.
func needsOf(facts *Facts, wanted *migration.Migration, routes []Route) (users []userOf, findings []Finding) {
	add := func(name string, in transform.IndexInput, version es.Version) {
		needs, err := transform.Needs(in, version)
		if err != nil {
			findings = append(findings, Finding{ID: "analysis-unread", Severity: Warning, Subject: name, Message: "what it needs of the target cannot be told: " + err.Error()})
		}
		for _, need := range needs {
			users = append(users, userOf{name, need})
		}
	}
	seen := map[string]bool{}
	for _, route := range routes {
		index, _ := facts.Source.Index(route.Source)
		if seen[route.Source] || route.Kind != Restore && !route.Kind.Loads() {
			continue
		}
		seen[route.Source] = true
		if route.Kind == Restore {
			add(index.Name, transform.IndexInput{Name: index.Name, Settings: index.Settings, Mappings: index.Mappings}, facts.Source.Version)
			continue
		}
		made, err := becomes(index, TargetName(index.Name, facts.Target.Version, wanted), facts, wanted)
		if err != nil {
			continue // told with the route
		}
		for _, target := range made.Targets {
			if in, err := transform.InputOf(target.Name, target.Body); err == nil {
				add(index.Name, in, facts.Target.Version)
			}
		}
	}
	for _, thing := range facts.Things(wanted) {
		if thing.Left != "" || thing.Kind != ComponentTemplate && thing.Kind != IndexTemplate && thing.Kind != LegacyTemplate {
			continue
		}
		if in, err := transform.InputOf(thing.Name, thing.After); err == nil {
			add(thing.ID(), in, facts.Target.Version)
		}
	}
	return users, findings
}

func fileFinding(user userOf, facts *Facts, wanted *migration.Migration) Finding {
	file := user.need.File
	finding := Finding{ID: "analysis-file", Severity: Blocker, Subject: user.name + " " + user.need.Where, Message: "its analysis reads " + file + ", which lies on the source's nodes and in no snapshot"}
	for _, now := range wanted.Transform.Files {
		if now == file {
			finding.Severity, finding.WillDo = Info, "it is read from there on the target, as transform.files says"
			return finding
		}
	}
	if facts.Target.Domain != "" {
		finding.Decide = fmt.Sprintf("upload the file to S3, make a package of it (TXT-DICTIONARY), associate it with the domain, and write in migration.yaml: transform: {files: {%s: analyzers/F…}} with the package's id", file)
	} else {
		finding.Decide = fmt.Sprintf("copy the file into the config folder of every node of the target, and write in migration.yaml where: transform: {files: {%s: %s}}", file, file)
	}
	return finding
}

// onDomains are the plugins that AWS's domains have, since which version.
var onDomains = map[string]es.Version{"analysis-icu": {Major: 1, Minor: 5}, "analysis-kuromoji": {Major: 1, Minor: 5}, "analysis-phonetic": {Major: 2, Minor: 3}, "analysis-seunjeon": {Major: 5, Minor: 1}, "analysis-smartcn": {Major: 5, Minor: 1}, "analysis-stempel": {Major: 5, Minor: 1},
	"analysis-ukrainian": {Major: 5, Minor: 3}, "mapper-murmur3": {Major: 5, Minor: 1}, "mapper-size": {Major: 5, Minor: 3}, "opensearch-knn": {Major: 7, Minor: 1}}

func pluginFinding(user userOf, facts *Facts) Finding {
	need, there := user.need, facts.Target.Belongings
	finding := Finding{ID: "plugin", Severity: Blocker, Subject: user.name + " " + need.Where, Message: fmt.Sprintf("%s comes from the plugin %s, which the target does not have", need.Used, need.Plugin)}
	since, onAWS := onDomains[need.Plugin]
	switch {
	case slices.Contains(there.Plugins, need.Plugin):
		return Finding{}
	case facts.Target.Domain != "" && onAWS && facts.Target.Version.AtLeast(since.Major, since.Minor):
		return Finding{}
	case facts.Target.Domain != "":
		finding.Severity, finding.Message = Warning, fmt.Sprintf("%s comes from the plugin %s, which AWS's domains have not all", need.Used, need.Plugin)
		finding.Decide = "look whether the domain offers it as an optional plugin (a package of kind ZIP-PLUGIN) and associate it, or map the field without it by a rule of your own"
	case !there.Told:
		finding.Severity, finding.Message = Warning, fmt.Sprintf("%s comes from the plugin %s; whether the target has it cannot be told", need.Used, need.Plugin)
		finding.Decide = "look whether the target has it"
	default:
		tool := "elasticsearch-plugin"
		if facts.Target.Version.Product == es.OpenSearch {
			tool = "opensearch-plugin"
		}
		finding.Decide = fmt.Sprintf("on every node of the target: bin/%s install %s, and restart it; or map the field without it by a rule of your own", tool, need.Plugin)
	}
	return finding
}

// movedFile names a file of an index's analysis whose path is another on the target: then the index cannot be restored.
func movedFile(index Index, facts *Facts, wanted *migration.Migration) string {
	if len(wanted.Transform.Files) == 0 {
		return ""
	}
	needs, err := transform.Needs(transform.IndexInput{Name: index.Name, Settings: index.Settings}, facts.Source.Version)
	if err != nil {
		return ""
	}
	for _, need := range needs {
		if now, mapped := wanted.Transform.Files[need.File]; need.File != "" && mapped && now != need.File {
			return need.File
		}
	}
	return ""
}
