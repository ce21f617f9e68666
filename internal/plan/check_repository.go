package plan

// check_repository.go answers: can both sides meet in the repository? Next: check_indices.go.

import (
	"fmt"
	"slices"

	"github.com/hikkoshi/hikkoshi/internal/migration"
)

func checkRepository(facts *Facts, wanted *migration.Migration, _ []Route) []Finding {
	repository := facts.Repository
	var findings []Finding
	if repository.Trouble != "" {
		findings = append(findings, Finding{ID: "repository-trouble", Severity: Blocker, Subject: repository.Place, Message: repository.Trouble, Decide: repository.TroubleHint})
	}
	for _, side := range []struct{ label, elsewhere string }{
		{facts.Source.Label, repository.ElsewhereOnSource}, {facts.Target.Label, repository.ElsewhereOnTarget},
	} {
		if side.elsewhere != "" {
			findings = append(findings, Finding{ID: "repository-elsewhere", Severity: Blocker, Subject: side.label,
				Message: fmt.Sprintf("a repository named %s is registered there, but at %s instead of %s", repository.Name, side.elsewhere, repository.Place),
				Decide:  "set repository.name in migration.yaml to a name of its own"})
		}
	}
	if repository.BucketRegion != "" && repository.WantedRegion != "" && repository.BucketRegion != repository.WantedRegion {
		findings = append(findings, Finding{ID: "bucket-region", Severity: Blocker, Subject: repository.Place,
			Message: fmt.Sprintf("the bucket lies in %s, the domain in %s", repository.BucketRegion, repository.WantedRegion),
			Decide:  "the service needs a bucket in the domain's own region: name another one in repository.bucket"})
	}
	if repository.Type == migration.RepositoryS3 && !repository.BucketExists && repository.Trouble == "" {
		findings = append(findings, Finding{ID: "bucket-missing", Severity: Info, Subject: repository.Place,
			Message: "the bucket does not exist", WillDo: "it is created, private and encrypted"})
	}
	return findings
}

func checkSnapshotName(facts *Facts, wanted *migration.Migration, _ []Route) []Finding {
	if name := SnapshotName(wanted); slices.Contains(facts.Repository.Snapshots, name) {
		return []Finding{{ID: "snapshot-name-taken", Severity: Blocker, Subject: facts.Repository.Place,
			Message: fmt.Sprintf("a snapshot named %s lies there already, and not by this run", name),
			Decide:  "set name in migration.yaml to another one, or delete that snapshot"}}
	}
	return nil
}

// SnapshotName is the name of the migration's first snapshot. The journal says whether it is ours.
func SnapshotName(wanted *migration.Migration) string { return "hikkoshi-" + wanted.Name + "-1" }

// RehearsalSnapshotName is the name of the snapshot that a rehearsal takes where there is none to read.
func RehearsalSnapshotName(wanted *migration.Migration) string {
	return "hikkoshi-" + wanted.Name + "-rehearsal"
}

// FinalSnapshotName is the name of the snapshot that outlives the source.
func FinalSnapshotName(wanted *migration.Migration) string {
	return "hikkoshi-" + wanted.Name + "-final"
}
