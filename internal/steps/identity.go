package steps

// identity.go answers: how do bucket, role and the right to pass it come to be? Next: repository.go.

import (
	"context"
	"fmt"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/aws"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/migration"
)

// backupOf names the parts as migration.yaml does.
func backupOf(wanted *migration.Migration) aws.Backup {
	backup := aws.Backup{Migration: wanted.Name, Bucket: wanted.Repository.Bucket, Prefix: wanted.Repository.BasePath, Role: wanted.Repository.Role, User: wanted.Repository.User}
	for _, side := range []migration.Side{wanted.Source, wanted.Target} {
		if side.Domain != "" {
			backup.Domains = append(backup.Domains, side.Domain)
		}
	}
	return backup
}

// backupIdentity makes bucket, role and, where the caller may not pass the role, a user who may.
type backupIdentity struct {
	wanted *migration.Migration
	sides  *Sides
}

const savedPart = "part"

// ID is the step's name in the journal.
func (s *backupIdentity) ID() string { return "identity" }

// Title is the step in a person's words.
func (s *backupIdentity) Title() string {
	return fmt.Sprintf("bucket %s and role %s for snapshots", s.wanted.Repository.Bucket, s.wanted.Repository.Role)
}

// Check looks at each part.
func (s *backupIdentity) Check(ctx context.Context) (engine.Status, error) {
	session, err := s.sides.AWS(ctx)
	if err != nil {
		return engine.Status{}, err
	}
	report, err := session.CheckBackup(ctx, backupOf(s.wanted))
	if err != nil {
		return engine.Status{}, err
	}
	var missing []string
	for _, part := range report.Parts {
		if part.Blocks {
			return engine.Status{State: engine.Blocked, Note: fmt.Sprintf("%s %s: %s", part.Kind, part.Name, strings.Join(part.Remarks, "; ")), Hint: part.Advice}, nil
		}
		if part.State == aws.Missing {
			missing = append(missing, string(part.Kind))
		}
	}
	if len(missing) == 0 {
		return engine.Status{State: engine.Done, Note: "all there"}, nil
	}
	return engine.Status{State: engine.Ready, Note: "missing: " + strings.Join(missing, ", ")}, nil
}

// Apply makes what is missing and leaves alone what is there.
func (s *backupIdentity) Apply(ctx context.Context, rec *engine.Recorder) error {
	session, err := s.sides.AWS(ctx)
	if err != nil {
		return err
	}
	report, err := session.EnsureBackup(ctx, backupOf(s.wanted), func(part aws.Part) error { return rec.Save(savedPart, part) })
	for _, part := range report.Parts {
		rec.Note("%s %s: %s", part.Kind, part.Name, part.State)
	}
	if err != nil {
		return err
	}
	if !report.UseCaller {
		identity, err := session.Identity(ctx)
		if err != nil {
			return err
		}
		if !strings.HasSuffix(identity.ARN, ":user/"+s.wanted.Repository.User) {
			return engine.WithHint(fmt.Errorf("%s may not pass the role %s, but the user %s may: %w", identity.ARN, s.wanted.Repository.Role, s.wanted.Repository.User, engine.ErrBlocked),
				"get that user's access key once with `hikkoshi access-key`, put it into a profile, and run the same command with --profile")
		}
	}
	return nil
}

// Verify wants every part there.
func (s *backupIdentity) Verify(ctx context.Context) error {
	session, err := s.sides.AWS(ctx)
	if err != nil {
		return err
	}
	report, err := session.CheckBackup(ctx, backupOf(s.wanted))
	if err != nil {
		return err
	}
	if !report.Complete() {
		return fmt.Errorf("bucket, role and user are not complete")
	}
	return nil
}

// Undo takes away what this migration made; a bucket that still holds snapshots stays.
func (s *backupIdentity) Undo(ctx context.Context, rec *engine.Recorder) error {
	session, err := s.sides.AWS(ctx)
	if err != nil {
		return err
	}
	report, err := session.RemoveBackup(ctx, backupOf(s.wanted), func(part aws.Part) error { return rec.Save(savedPart, part) })
	for _, part := range report.Parts {
		rec.Note("%s %s: %s %s", part.Kind, part.Name, part.State, strings.Join(part.Remarks, "; "))
	}
	return err
}

// AccessKey makes an access key for the user that may pass the role. It is kept nowhere.
func AccessKey(ctx context.Context, wanted *migration.Migration, sides *Sides) (aws.AccessKey, error) {
	session, err := sides.AWS(ctx)
	if err != nil {
		return aws.AccessKey{}, err
	}
	return session.CreateAccessKey(ctx, wanted.Repository.User)
}

// DomainState is one domain as the service describes it.
type DomainState struct {
	Name  string `json:"name"`
	State string `json:"state"`
}

// Domains asks for the states of both domains.
func Domains(ctx context.Context, wanted *migration.Migration, sides *Sides) ([]DomainState, error) {
	var states []DomainState
	for _, side := range []migration.Side{wanted.Source, wanted.Target} {
		if side.Domain == "" {
			continue
		}
		session, err := sides.AWS(ctx)
		if err != nil {
			return nil, err
		}
		progress, err := session.DomainStatus(ctx, side.Domain)
		if err != nil {
			return nil, err
		}
		states = append(states, DomainState{Name: side.Domain, State: progress.String()})
	}
	return states, nil
}
