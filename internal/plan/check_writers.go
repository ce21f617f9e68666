package plan

// check_writers.go answers: will the writers lose or double events? Next: routes.go.

import "github.com/hikkoshi/hikkoshi/internal/migration"

func checkWriters(facts *Facts, wanted *migration.Migration, _ []Route) []Finding {
	var findings []Finding
	for _, writer := range facts.Writers {
		findings = append(findings, writer.Findings...)
		if wanted.Cutover.Protocol == migration.ProtocolFence && !writer.Retries {
			findings = append(findings, Finding{ID: "fence-would-lose", Severity: Blocker, Subject: writer.Name,
				Message: "this writer drops what it cannot deliver, so that holding writes on the source would lose events",
				Decide:  "set cutover.protocol to switch, or make the writer retry"})
		}
	}
	if len(facts.Writers) == 0 {
		findings = append(findings, Finding{ID: "no-writers", Severity: Warning, Subject: facts.Source.Label,
			Message: "migration.yaml names no writers",
			WillDo:  "cutover waits for the source's write counters to stand still; whatever writes to it must be re-pointed by hand"})
	}
	return findings
}
