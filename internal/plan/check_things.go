package plan

// check_things.go answers: which pipelines, templates, policies, scripts and settings need a decision, and which stay
// behind? Next: check_writers.go.

import (
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/migration"
)

func checkThings(facts *Facts, wanted *migration.Migration, _ []Route) []Finding {
	var findings []Finding
	for _, hidden := range facts.Source.Belongings.Hidden {
		findings = append(findings, Finding{ID: "hidden", Severity: Warning, Subject: facts.Source.Label, Message: "this user may not see the " + hidden + ", so they do not come along",
			Decide: "let the user read them, or carry them over by hand"})
	}
	for _, thing := range facts.Things(wanted) {
		if thing.Left != "" && !thing.There && !strings.HasPrefix(thing.Left, "made by the server") && len(thing.Findings) == 0 {
			findings = append(findings, Finding{ID: "left-behind", Severity: leftSeverity(thing), Subject: thing.ID(), Message: "it stays behind: " + thing.Left})
		}
		for _, one := range thing.Findings {
			finding := Finding{ID: one.Rule, Severity: Severity(one.Severity), Subject: thing.ID(), Message: one.Message, Decide: one.Decide}
			if finding.Severity == Blocker && !strings.Contains(finding.Decide, "leave") {
				finding.Decide = strings.TrimPrefix(finding.Decide+"; or leave it behind: leave: ["+thing.ID()+"]", "; ")
			}
			findings = append(findings, finding)
		}
	}
	return findings
}

// leftSeverity: a setting of the old nodes is worth a note, a script or policy that stops working a warning.
func leftSeverity(thing Thing) Severity {
	if thing.Kind == ClusterSetting || thing.Left == leftByPerson {
		return Info
	}
	return Warning
}

// Things decides about everything that the source holds beside its indices.
func (f *Facts) Things(wanted *migration.Migration) []Thing {
	return Things(&f.Source.Belongings, &f.Target.Belongings, f.Source.Version, f.Target.Version, wanted)
}
