package steps

// look_repository.go answers: is the repository known to both sides, and is its place fit for use? Next: phases.go.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/aws"
	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/snapshot/s3store"
)

func runningSnapshots(ctx context.Context, client *cluster.Client) ([]string, error) {
	running, err := client.RunningSnapshots(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, one := range running {
		names = append(names, one.Name)
	}
	return names, nil
}

func lookAtRepository(ctx context.Context, wanted *migration.Migration, sides *Sides, facts *plan.Facts) (plan.Repository, error) {
	repository := plan.Repository{Type: wanted.Repository.Type, Name: wanted.Repository.Name, Place: repositoryPlace(wanted)}
	if wanted.Repository.Type == migration.RepositoryNone {
		return repository, nil
	}
	if wanted.Repository.Type == migration.RepositoryS3 {
		if err := lookAtBucket(ctx, wanted, sides, &repository); err != nil {
			return repository, err
		}
	}
	source, err := sides.Source(ctx)
	if err != nil {
		return repository, err
	}
	if repository.OnSource, repository.ElsewhereOnSource, err = registered(ctx, source, wanted); err != nil {
		return repository, fmt.Errorf("look at the source's repositories: %w", err)
	}
	if wanted.Repository.Type == migration.RepositoryFS && !repository.OnSource {
		covered, known, missing, err := source.CoversFolder(ctx, wanted.Repository.Location)
		if err != nil {
			return repository, fmt.Errorf("look at the source's path.repo: %w", err)
		}
		if known && !covered {
			repository.Trouble = fmt.Sprintf("path.repo of the source's node %s does not allow a repository there, so that no snapshot can be taken", missing)
			repository.TroubleHint = "add the folder to path.repo on every node and restart them, choose one below it, or set repository: {type: none}, which reads the documents through the source's search API"
		}
	}
	if repository.OnSource {
		snapshots, err := source.Snapshots(ctx, wanted.Repository.Name)
		if err != nil {
			// A repository that is there and cannot be read stops the plan, not the look.
			repository.Trouble, repository.TroubleHint = err.Error(), Hint(err)
		}
		for _, one := range snapshots {
			repository.Snapshots = append(repository.Snapshots, one.Name)
		}
	}
	if !facts.Target.Exists {
		return repository, nil
	}
	target, err := sides.Target(ctx)
	if err != nil {
		return repository, err
	}
	if repository.OnTarget, repository.ElsewhereOnTarget, err = registered(ctx, target, wanted); err != nil {
		return repository, fmt.Errorf("look at the target's repositories: %w", err)
	}
	return repository, nil
}

// repositoryPlace is where the snapshots lie, for a person.
func repositoryPlace(wanted *migration.Migration) string {
	switch wanted.Repository.Type {
	case migration.RepositoryFS:
		return wanted.Repository.Location
	case migration.RepositoryNone:
		return "no repository"
	}
	return strings.TrimSuffix("s3://"+wanted.Repository.Bucket+"/"+wanted.Repository.BasePath, "/")
}

// registered says whether a cluster knows the repository under its name, or which other place the name stands for.
func registered(ctx context.Context, client *cluster.Client, wanted *migration.Migration) (ours bool, elsewhere string, err error) {
	repositories, err := client.Repositories(ctx)
	if err != nil {
		return false, "", err
	}
	found, exists := repositories[wanted.Repository.Name]
	if !exists {
		return false, "", nil
	}
	place := found.Settings["location"]
	if found.Type == migration.RepositoryS3 {
		place = strings.TrimSuffix("s3://"+found.Settings["bucket"]+"/"+strings.Trim(found.Settings["base_path"], "/"), "/")
	}
	if found.Type != wanted.Repository.Type || place != repositoryPlace(wanted) {
		return false, found.Type + " " + place, nil
	}
	return true, "", nil
}

// lookAtBucket looks at the bucket, and for a domain at the role and the right to pass it, too. What is missing is
// created later; what is in the way is told now.
func lookAtBucket(ctx context.Context, wanted *migration.Migration, sides *Sides, repository *plan.Repository) error {
	session, err := sides.AWS(ctx)
	if err != nil {
		return err
	}
	if wanted.Source.Domain == "" {
		config := session.Config()
		store, err := s3store.Open(ctx, wanted.Repository.Bucket, s3store.Options{Config: &config, Endpoint: wanted.AWS.S3Endpoint})
		if err != nil {
			repository.Trouble, repository.TroubleHint = err.Error(), Hint(err)
			return nil
		}
		repository.BucketExists, repository.BucketRegion, repository.WantedRegion = true, store.Region(), cmp.Or(wanted.Repository.Region, session.Region())
		return nil
	}
	report, err := session.CheckBackup(ctx, backupOf(wanted))
	if errors.Is(err, aws.ErrWrongRegion) || errors.Is(err, aws.ErrAccessDenied) {
		repository.Trouble, repository.TroubleHint = err.Error(), Hint(err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the bucket and the role: %w", err)
	}
	for _, part := range report.Parts {
		if part.Kind == aws.PartBucket {
			repository.BucketExists = part.State != aws.Missing
		}
		if part.Blocks && repository.Trouble == "" {
			repository.Trouble = fmt.Sprintf("%s %s: %s", part.Kind, part.Name, strings.Join(part.Remarks, "; "))
			repository.TroubleHint = part.Advice
		}
	}
	return nil
}
