package steps

// domain.go answers: how does the new domain come to be, modelled on the old one? Next: repository.go again, for the
// target, then things.go.

import (
	"context"
	"errors"
	"fmt"

	"github.com/hikkoshi/hikkoshi/internal/aws"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/plan"
)

// modelDomain models the target domain on the source domain.
func modelDomain(ctx context.Context, wanted *migration.Migration, sides *Sides) (aws.DomainPlan, []aws.Replacement, error) {
	session, err := sides.AWS(ctx)
	if err != nil {
		return aws.DomainPlan{}, nil, err
	}
	old, err := session.ReadDomain(ctx, wanted.Source.Domain)
	if err != nil {
		return aws.DomainPlan{}, nil, err
	}
	version, err := es.ParseVersion(wanted.Target.Version)
	if err != nil {
		return aws.DomainPlan{}, nil, fmt.Errorf("target.version: %w", err)
	}
	offers, err := session.Offers(ctx, version, old)
	if err != nil {
		return aws.DomainPlan{}, nil, err
	}
	domain, replacements := aws.Modelled(old, version, aws.Overrides{Name: wanted.Target.Domain, Migration: wanted.Name,
		InstanceType: wanted.Target.Instances.Type, InstanceCount: wanted.Target.Instances.Count, Offers: offers})
	return domain, replacements, nil
}

// lookAtDomains models the target domain, when it is to be created, so that the plan can say what will differ.
func lookAtDomains(ctx context.Context, wanted *migration.Migration, sides *Sides, facts *plan.Facts) error {
	if wanted.Target.Domain == "" || facts.Target.Exists {
		return nil
	}
	if wanted.Source.Domain == "" {
		return &migration.Error{File: migration.DefaultFile, Message: fmt.Sprintf("the target domain %s does not exist, and the source is no domain to model it on", wanted.Target.Domain),
			Hint: "create the target domain first, for example with Terraform"}
	}
	domain, replacements, err := modelDomain(ctx, wanted, sides)
	if err != nil {
		return fmt.Errorf("model the target domain: %w", err)
	}
	for _, one := range replacements {
		facts.Target.Modelled = append(facts.Target.Modelled, plan.Replacement{Setting: one.Setting, Old: one.Old, New: one.New, Reason: one.Reason})
	}
	for _, blocker := range domain.Blockers {
		facts.Target.Undecided = append(facts.Target.Undecided, plan.Undecided{Setting: blocker.Setting, Reason: blocker.Reason, Advice: blocker.Advice})
	}
	return nil
}

// createDomain creates the target domain and waits for it.
type createDomain struct {
	wanted *migration.Migration
	sides  *Sides
}

// ID is the step's name in the journal.
func (s *createDomain) ID() string { return "target-domain" }

// Title is the step in a person's words.
func (s *createDomain) Title() string {
	return fmt.Sprintf("create the domain %s (%s), modelled on %s", s.wanted.Target.Domain, s.wanted.Target.Version, s.wanted.Source.Domain)
}

// Check asks whether the domain is there.
func (s *createDomain) Check(ctx context.Context) (engine.Status, error) {
	session, err := s.sides.AWS(ctx)
	if err != nil {
		return engine.Status{}, err
	}
	progress, err := session.DomainStatus(ctx, s.wanted.Target.Domain)
	switch {
	case err != nil && !errors.Is(err, aws.ErrNotFound):
		return engine.Status{}, err
	case err == nil && progress.Ready():
		return engine.Status{State: engine.Done, Note: "the domain is there"}, nil
	case err == nil && progress.Exists && progress.Deleting:
		return engine.Status{State: engine.Blocked, Note: "a domain of that name is being deleted", Hint: "wait until it is gone, or choose another name"}, nil
	}
	return engine.Status{State: engine.Ready, Note: "takes 10 to 30 minutes on AWS"}, nil
}

// Apply asks for the domain, which carries the migration's tag, so that a second run knows it, and waits.
func (s *createDomain) Apply(ctx context.Context, rec *engine.Recorder) error {
	domain, replacements, err := modelDomain(ctx, s.wanted, s.sides)
	if err != nil {
		return err
	}
	for _, one := range replacements {
		rec.Note("%s", one)
	}
	session, err := s.sides.AWS(ctx)
	if err != nil {
		return err
	}
	if _, err := session.CreateDomain(ctx, domain, aws.Secret{}); err != nil {
		return err
	}
	_, err = session.WaitDomain(ctx, s.wanted.Target.Domain, func(progress aws.DomainProgress) {
		rec.Progress(int64(progress.StagesDone), int64(progress.Stages), "stages", progress.String())
	})
	return err
}

// Verify asks the new cluster itself for its version.
func (s *createDomain) Verify(ctx context.Context) error {
	client, err := s.sides.Target(ctx)
	if err != nil {
		return err
	}
	info, err := client.Detect(ctx)
	if err != nil {
		return err
	}
	wanted, err := es.ParseVersion(s.wanted.Target.Version)
	if err != nil {
		return fmt.Errorf("target.version: %w", err)
	}
	if info.Version.Product != wanted.Product || info.Version.Major != wanted.Major || info.Version.Minor != wanted.Minor {
		return fmt.Errorf("the new domain runs %s instead of %s", info.Version.Full(), wanted.Full())
	}
	return nil
}

// Undo deletes the domain that this migration created, and waits until the service has taken the order.
func (s *createDomain) Undo(ctx context.Context, rec *engine.Recorder) error {
	session, err := s.sides.AWS(ctx)
	if err != nil {
		return err
	}
	domain, err := session.ReadDomain(ctx, s.wanted.Target.Domain)
	if errors.Is(err, aws.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if domain.Tags[aws.MigrationTag] != s.wanted.Name {
		return engine.WithHint(fmt.Errorf("the domain %s does not carry this migration's tag, so it is not deleted: %w", s.wanted.Target.Domain, engine.ErrBlocked),
			"delete it by hand if it is the one")
	}
	progress, err := session.DeleteDomain(ctx, s.wanted.Target.Domain)
	rec.Note("%s: %s", s.wanted.Target.Domain, progress)
	return err
}
