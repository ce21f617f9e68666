package steps

// repository.go answers: how does a cluster come to know the repository? On the target it is read-only, since a newer
// cluster rewrites a repository's format (CHANGES R5). Next: closed.go.

import (
	"context"
	"errors"
	"fmt"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/migration"
)

// opener opens one of the two clusters.
type opener func(ctx context.Context) (*cluster.Client, error)

// registerRepository makes one side know the repository.
type registerRepository struct {
	wanted   *migration.Migration
	sides    *Sides
	open     opener
	side     string // source or target
	readOnly bool
	// snapshot, when set, must be seen by the cluster afterwards.
	snapshot string
}

// ID is the step's name in the journal.
func (s *registerRepository) ID() string { return s.side + "-repository" }

// Title is the step in a person's words.
func (s *registerRepository) Title() string {
	access := ""
	if s.readOnly {
		access = ", read-only"
	}
	return fmt.Sprintf("register the repository %s on the %s%s", s.wanted.Repository.Name, s.side, access)
}

// Check looks whether the name is free or already stands for our place.
func (s *registerRepository) Check(ctx context.Context) (engine.Status, error) {
	client, err := s.open(ctx)
	if err != nil {
		return engine.Status{}, err
	}
	ours, elsewhere, err := registered(ctx, client, s.wanted)
	switch {
	case err != nil:
		return engine.Status{}, err
	case elsewhere != "":
		return engine.Status{State: engine.Blocked, Note: fmt.Sprintf("the name %s stands for %s there", s.wanted.Repository.Name, elsewhere), Hint: "set repository.name in migration.yaml to a name of its own"}, nil
	case ours && !s.readOnly:
		return engine.Status{State: engine.Done, Note: "registered already"}, nil
	}
	return engine.Status{State: engine.Ready, Note: repositoryPlace(s.wanted)}, nil
}

// Apply registers the repository; the cluster verifies a writable one by writing to it.
func (s *registerRepository) Apply(ctx context.Context, _ *engine.Recorder) error {
	client, err := s.open(ctx)
	if err != nil {
		return err
	}
	body, err := s.body(ctx)
	if err != nil {
		return err
	}
	return client.RegisterRepository(ctx, s.wanted.Repository.Name, body, !s.readOnly)
}

func (s *registerRepository) body(ctx context.Context) (cluster.Repository, error) {
	wanted := s.wanted.Repository
	if wanted.Type == migration.RepositoryFS {
		return cluster.FSRepository(wanted.Location, s.readOnly), nil
	}
	session, err := s.sides.AWS(ctx)
	if err != nil {
		return cluster.Repository{}, err
	}
	body := cluster.S3{Bucket: wanted.Bucket, BasePath: wanted.BasePath, Region: wanted.Region, ReadOnly: s.readOnly}
	if body.Region == "" {
		body.Region = session.Region()
	}
	if s.wanted.Source.Domain != "" || s.wanted.Target.Domain != "" {
		identity, err := session.Identity(ctx)
		if err != nil {
			return cluster.Repository{}, err
		}
		body.RoleARN = fmt.Sprintf("arn:%s:iam::%s:role/%s", identity.Partition, identity.Account, wanted.Role)
	}
	if body.Region == regionOfOldEndpoint && body.RoleARN != "" {
		// The service wants the endpoint instead of the region there: aws documentation, "Registering a manual snapshot repository".
		body.Endpoint = "s3.amazonaws.com"
	}
	return body.Repository(), nil
}

const regionOfOldEndpoint = "us-east-1"

// Verify asks the cluster for the repository, and for the snapshot that must be visible through it.
func (s *registerRepository) Verify(ctx context.Context) error {
	client, err := s.open(ctx)
	if err != nil {
		return err
	}
	ours, _, err := registered(ctx, client, s.wanted)
	if err != nil {
		return err
	}
	if !ours {
		return errors.New("the cluster does not list the repository")
	}
	if s.snapshot == "" {
		return nil
	}
	_, err = client.ExpectSnapshot(ctx, s.wanted.Repository.Name, s.snapshot)
	return err
}

// Undo makes the cluster forget the repository; its files stay.
func (s *registerRepository) Undo(ctx context.Context, _ *engine.Recorder) error {
	client, err := s.open(ctx)
	if errors.Is(err, ErrNoDomain) {
		return nil
	}
	if err != nil {
		return err
	}
	return client.UnregisterRepository(ctx, s.wanted.Repository.Name)
}
