package steps

// pipelines.go answers: how do rounds write to an index whose final pipeline runs over everything that is written to it?
// Their documents have been through it on the other side, so it is set aside for as long as they are sent. What was set
// aside is on disk first: a run that is killed in between leaves it to the next one. Next: catchup.go.

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/load"
)

// pipelinesFile holds the final pipelines that are set aside, by the URL of their cluster and their index.
const pipelinesFile = "pipelines.json"

// finalPipeline reads an index's final pipeline; empty where it has none, or where it is set aside.
func finalPipeline(ctx context.Context, client *cluster.Client, index string) (string, error) {
	dialect, err := client.Dialect(ctx)
	if err != nil || !dialect.FinalPipeline {
		return "", err
	}
	settings, err := client.Settings(ctx, index)
	if cluster.IsMissing(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the settings of %s: %w", index, err)
	}
	if pipeline := settings[index].Text(load.FinalPipeline); pipeline != load.NoPipeline {
		return pipeline, nil
	}
	return "", nil
}

// withoutPipelines sends while no final pipeline of the indices runs.
func (m *Move) withoutPipelines(ctx context.Context, client *cluster.Client, indices []string, send func() error) error {
	aside, err := m.pipelinesAside()
	if err != nil {
		return err
	}
	for _, index := range indices {
		pipeline, err := finalPipeline(ctx, client, index)
		if err != nil {
			return err
		}
		if pipeline == "" {
			continue
		}
		if aside[client.URL()] == nil {
			aside[client.URL()] = map[string]string{}
		}
		aside[client.URL()][index] = pipeline
		if err := m.savePipelines(aside); err != nil {
			return err
		}
		if err := client.PutSettings(ctx, index, map[string]any{load.FinalPipeline: load.NoPipeline}); err != nil {
			return fmt.Errorf("set the final pipeline of %s aside: %w", index, err)
		}
	}
	// They are put back also when the person stops the run.
	return errors.Join(send(), m.putPipelinesBack(context.WithoutCancel(ctx), client))
}

// putPipelinesBack puts back what was set aside on a cluster, by this run or one that was killed.
func (m *Move) putPipelinesBack(ctx context.Context, client *cluster.Client) error {
	aside, err := m.pipelinesAside()
	if err != nil || len(aside[client.URL()]) == 0 {
		return err
	}
	for index, pipeline := range aside[client.URL()] {
		err := client.PutSettings(ctx, index, map[string]any{load.FinalPipeline: pipeline})
		if err != nil && !cluster.IsMissing(err) {
			return fmt.Errorf("put the final pipeline %s of %s back: %w", pipeline, index, err)
		}
	}
	delete(aside, client.URL())
	return m.savePipelines(aside)
}

func (m *Move) pipelinesAside() (map[string]map[string]string, error) {
	aside := map[string]map[string]string{}
	_, err := loadState(m.Wanted.StateFile(pipelinesFile), "which final pipelines are set aside", &aside)
	return aside, err
}

func (m *Move) savePipelines(aside map[string]map[string]string) error {
	if len(aside) == 0 {
		return os.Remove(m.Wanted.StateFile(pipelinesFile))
	}
	return saveState(m.Wanted.StateFile(pipelinesFile), "which final pipelines are set aside", aside)
}
