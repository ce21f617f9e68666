package steps

// look.go answers: what do both clusters look like now? It reads only. Next: look_repository.go.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/plan"
)

// Look gathers the facts that a plan is made of.
func Look(ctx context.Context, wanted *migration.Migration, sides *Sides) (*plan.Facts, error) {
	facts := &plan.Facts{Taken: time.Now().UTC()}
	source, err := sides.Source(ctx)
	if err != nil {
		return nil, err
	}
	if facts.Source, err = lookAtSide(ctx, source, wanted.Source); err != nil {
		return nil, fmt.Errorf("look at the source: %w", err)
	}
	target, err := sides.Target(ctx)
	switch {
	case errors.Is(err, ErrNoDomain):
		if facts.Target, err = lookAtMissing(wanted.Target); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	default:
		if facts.Target, err = lookAtSide(ctx, target, wanted.Target); err != nil {
			return nil, fmt.Errorf("look at the target: %w", err)
		}
	}
	if err := lookAtDomains(ctx, wanted, sides, facts); err != nil {
		return nil, err
	}
	if facts.Repository, err = lookAtRepository(ctx, wanted, sides, facts); err != nil {
		return nil, err
	}
	if facts.Writers, err = lookAtWriters(ctx, wanted, sides, facts); err != nil {
		return nil, err
	}
	return facts, nil
}

// lookAtMissing describes a target domain that will be created.
func lookAtMissing(side migration.Side) (plan.Side, error) {
	if side.Version == "" {
		return plan.Side{}, &migration.Error{File: migration.DefaultFile, Message: fmt.Sprintf("target.version is missing, and the domain %s does not exist yet", side.Domain),
			Hint: "say which version to create, such as 5.5 or OpenSearch_2.19"}
	}
	version, err := es.ParseVersion(side.Version)
	if err != nil {
		return plan.Side{}, fmt.Errorf("target.version: %w", err)
	}
	return plan.Side{Label: side.Label(), Domain: side.Domain, Version: version}, nil
}

func lookAtSide(ctx context.Context, client *cluster.Client, side migration.Side) (plan.Side, error) {
	info, err := client.Detect(ctx)
	if err != nil {
		return plan.Side{}, err
	}
	seen := plan.Side{Label: side.Label(), Domain: side.Domain, Exists: true, Endpoint: client.URL(), Version: info.Version, ClusterUUID: info.ClusterUUID}
	health, err := client.SettledHealth(ctx)
	if err != nil {
		return plan.Side{}, err
	}
	seen.Health = health.Status
	if seen.Indices, err = lookAtIndices(ctx, client); err != nil {
		return plan.Side{}, whyBlocked(ctx, client, err)
	}
	if seen.Belongings, err = client.Belongings(ctx); err != nil {
		return plan.Side{}, err
	}
	for name := range seen.Belongings.Legacy {
		seen.Templates = append(seen.Templates, name)
	}
	for name := range seen.Belongings.Composable {
		seen.Templates = append(seen.Templates, name)
	}
	slices.Sort(seen.Templates)
	disk, err := client.Disk(ctx)
	if err != nil {
		return plan.Side{}, err
	}
	if disk.Known {
		seen.DiskFree, seen.DiskTotal = disk.Available, disk.Total
	}
	if seen.SnapshotsRunning, err = runningSnapshots(ctx, client); err != nil {
		return plan.Side{}, err
	}
	return seen, nil
}

func lookAtIndices(ctx context.Context, client *cluster.Client) ([]plan.Index, error) {
	rows, err := client.Indices(ctx)
	if err != nil {
		return nil, err
	}
	settings, err := client.Settings(ctx)
	if err != nil {
		return nil, err
	}
	mappings, err := client.Mappings(ctx)
	if err != nil {
		return nil, err
	}
	aliases, err := client.Aliases(ctx)
	if err != nil {
		return nil, err
	}
	stats, err := client.Stats(ctx)
	if err != nil {
		return nil, err
	}
	dialect, err := client.Dialect(ctx)
	if err != nil {
		return nil, err
	}
	indices := make([]plan.Index, 0, len(rows))
	for _, row := range rows {
		index := plan.Index{Name: row.Name, UUID: settings[row.Name].UUID, Created: settings[row.Name].Created, Health: row.Health, Closed: !row.Open,
			Settings: settings[row.Name].Flat, Mappings: mappings[row.Name], AliasBodies: aliases[row.Name], Bytes: row.PrimaryBytes, Shards: row.Primaries, Replicas: row.Replicas,
			Written: stats[row.Name].Writes.Indexed + stats[row.Name].Writes.Deleted}
		if row.Open && row.Health != "red" {
			// Rows count Lucene documents, nested ones too; people count what they wrote.
			if index.Documents, err = client.Count(ctx, row.Name, nil); err != nil && !errors.Is(err, cluster.ErrBlocked) { // package plan tells of the block
				return nil, err
			}
		}
		if dialect.TypesInURL {
			gjson.ParseBytes(mappings[row.Name]).ForEach(func(name, _ gjson.Result) bool {
				index.Types = append(index.Types, name.String())
				return true
			})
			slices.Sort(index.Types)
		}
		for alias := range aliases[row.Name] {
			index.Aliases = append(index.Aliases, alias)
		}
		slices.Sort(index.Aliases)
		indices = append(indices, index)
	}
	slices.SortFunc(indices, func(a, b plan.Index) int { return strings.Compare(a.Name, b.Name) })
	return indices, nil
}
