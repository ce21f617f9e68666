package aws

// domainstate.go answers: how far is a domain with what it is doing? Next: domainlife.go (create, wait, delete).

import (
	"context"
	"errors"
	"fmt"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/opensearch/types"
)

// DomainProgress is what the service says of a domain's own state. It can be compared with ==.
type DomainProgress struct {
	Exists     bool
	Created    bool // the service has accepted it; it may still have no endpoint
	Deleting   bool
	Processing bool
	Upgrading  bool
	HasAddress bool
	// Phase is the service's word: Creating, Active, Modifying, UpgradingEngineVersion, Deleting, ...; "" on old stand-ins.
	Phase string `json:",omitempty"`
	// StagesDone of Stages, when the service tells; Stage is the one under way.
	StagesDone, Stages int
	Stage              string `json:",omitempty"`
	// Trouble is a change that the service gave up, in its words.
	Trouble string `json:",omitempty"`
}

// Ready says that requests can be sent to the domain and nothing is being changed.
func (p DomainProgress) Ready() bool {
	return p.Exists && p.Created && !p.Deleting && !p.Processing && !p.Upgrading && p.HasAddress
}

// String is one line for a person.
func (p DomainProgress) String() string {
	switch {
	case !p.Exists:
		return "gone"
	case p.Trouble != "":
		return p.Trouble
	case p.Deleting:
		return "being deleted"
	}
	text := "being created"
	switch {
	case p.Ready():
		return "active"
	case p.Upgrading:
		text = "being upgraded"
	case p.Created && p.HasAddress:
		text = "being changed"
	}
	if p.Stages > 0 {
		text += fmt.Sprintf(", stage %d of %d", min(p.StagesDone+1, p.Stages), p.Stages)
	}
	if p.Stage != "" {
		text += ": " + p.Stage
	}
	return text
}

func progressOf(status *types.DomainStatus) DomainProgress {
	progress := DomainProgress{
		Exists: true, Created: awssdk.ToBool(status.Created), Deleting: awssdk.ToBool(status.Deleted),
		Processing: awssdk.ToBool(status.Processing), Upgrading: awssdk.ToBool(status.UpgradeProcessing),
		HasAddress: endpointOf(status) != "", Phase: string(status.DomainProcessingStatus),
	}
	// A stopped-for-security domain answers no requests, whatever the other fields say.
	if status.DomainProcessingStatus == types.DomainProcessingStatusTypeIsolated {
		progress.Trouble = "isolated by AWS: its KMS key cannot be used"
	}
	if change := status.ChangeProgressDetails; change != nil && change.ConfigChangeStatus == types.ConfigChangeStatusValidationFailed {
		progress.Trouble = "the change did not pass the service's validation: " + clean(awssdk.ToString(change.Message))
	}
	return progress
}

// DomainStatus asks how far a domain is. A domain that is not there is no error: Exists is false.
func (s *Session) DomainStatus(ctx context.Context, name string) (DomainProgress, error) {
	status, err := s.describe(ctx, name)
	if errors.Is(err, ErrNotFound) {
		return DomainProgress{}, nil
	}
	if err != nil {
		return DomainProgress{}, err
	}
	progress := progressOf(status)
	if !progress.Ready() && !progress.Deleting {
		s.addStages(ctx, name, &progress)
	}
	return progress, nil
}

// addStages asks for the stages of a change. Not every region and right knows that call, and it only makes the progress
// nicer to read: its failure is no matter.
func (s *Session) addStages(ctx context.Context, name string, progress *DomainProgress) {
	answer, err := s.domains.DescribeDomainChangeProgress(ctx, &opensearch.DescribeDomainChangeProgressInput{DomainName: &name})
	if err != nil || answer.ChangeProgressStatus == nil {
		return
	}
	change := answer.ChangeProgressStatus
	progress.Stages = max(int(change.TotalNumberOfStages), len(change.ChangeProgressStages))
	for _, stage := range change.ChangeProgressStages {
		if awssdk.ToString(stage.Status) == "COMPLETED" {
			progress.StagesDone++
		} else if progress.Stage == "" {
			progress.Stage = awssdk.ToString(stage.Name)
		}
	}
	if change.Status == types.OverallChangeStatusFailed && progress.Trouble == "" {
		progress.Trouble = "the service gave up the change at: " + progress.Stage
	}
}
