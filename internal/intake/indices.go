package intake

// indices.go answers: how do the described indices come to be on the target, loosened for the load and as they were meant
// behind it? Next: documents.go.

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// targets lists what the described indices become, in the order of their names.
func (t *Intake) targets() []*transform.TargetIndex {
	var targets []*transform.TargetIndex
	for _, index := range slices.Sorted(maps.Keys(t.plans)) {
		for i := range t.plans[index].Targets {
			targets = append(targets, &t.plans[index].Targets[i])
		}
	}
	return targets
}

// makeIndices creates the described indices.
type makeIndices struct{ intake *Intake }

// savedMade is the list of indices that this load is about to make or made.
const savedMade = "made"

// ID is the step's name in the journal.
func (s *makeIndices) ID() string { return "make-indices" }

// Title is the step in a person's words.
func (s *makeIndices) Title() string {
	return fmt.Sprintf("create %d indices from their descriptions", len(s.intake.targets()))
}

// Check says what will be made; whether an index is ours is known to the journal, in Apply.
func (s *makeIndices) Check(context.Context) (engine.Status, error) {
	return engine.Status{State: engine.Ready}, nil
}

// Apply creates each with loose settings. An index that is there already and not by this load is refused.
func (s *makeIndices) Apply(ctx context.Context, rec *engine.Recorder) error {
	target := s.intake.target
	var made []string
	if _, err := rec.Load(savedMade, &made); err != nil {
		return err
	}
	for _, wanted := range s.intake.targets() {
		exists, err := target.IndexExists(ctx, wanted.Name)
		if err != nil {
			return err
		}
		if exists && !slices.Contains(made, wanted.Name) {
			return engine.WithHint(fmt.Errorf("the target holds an index %s already: %w", wanted.Name, engine.ErrBlocked),
				"delete it, give the new one another name with --index-rename, or say --create=false to load into what is there")
		}
		if !exists {
			if !slices.Contains(made, wanted.Name) {
				made = append(made, wanted.Name)
			}
			if err := rec.Save(savedMade, made); err != nil {
				return err
			}
			if err := target.CreateIndex(ctx, wanted.Name, wanted.Body); err != nil && !errors.Is(err, cluster.ErrIndexExists) {
				return fmt.Errorf("create %s: %w", wanted.Name, err)
			}
		}
		if err := target.PutSettings(ctx, wanted.Name, load.LooseSettings(wanted.Body)); err != nil {
			return fmt.Errorf("loosen the settings of %s: %w", wanted.Name, err)
		}
	}
	return nil
}

// Verify wants each index there.
func (s *makeIndices) Verify(ctx context.Context) error {
	for _, wanted := range s.intake.targets() {
		exists, err := s.intake.target.IndexExists(ctx, wanted.Name)
		if err != nil {
			return err
		}
		if !exists {
			return fmt.Errorf("%s is not there", wanted.Name)
		}
	}
	return nil
}

// settleIndices puts back what was loosened.
type settleIndices struct{ intake *Intake }

// ID is the step's name in the journal.
func (s *settleIndices) ID() string { return "settle-indices" }

// Title is the step in a person's words.
func (s *settleIndices) Title() string { return "put the indices' own settings in force" }

// Check has nothing to ask.
func (s *settleIndices) Check(context.Context) (engine.Status, error) {
	return engine.Status{State: engine.Ready}, nil
}

// Apply puts refresh and replicas as the descriptions have them, and makes everything visible.
func (s *settleIndices) Apply(ctx context.Context, _ *engine.Recorder) error {
	target := s.intake.target
	for _, made := range s.intake.targets() {
		if err := target.PutSettings(ctx, made.Name, load.OwnSettings(made.Body)); err != nil {
			return fmt.Errorf("put the settings of %s back: %w", made.Name, err)
		}
		if err := errors.Join(target.Flush(ctx, made.Name), target.Refresh(ctx, made.Name)); err != nil {
			return err
		}
	}
	return nil
}

// Verify wants none of them loosened any more, unless it was meant so.
func (s *settleIndices) Verify(ctx context.Context) error {
	for _, made := range s.intake.targets() {
		settings, err := s.intake.target.Settings(ctx, made.Name)
		if err != nil {
			return err
		}
		const key = "index.refresh_interval"
		if one := settings[made.Name]; one.Text(key) == "-1" && load.OwnSettings(made.Body)[key] == nil {
			return fmt.Errorf("%s is still set for loading", made.Name)
		}
	}
	return nil
}

// indexCache knows which indices the target holds.
type indexCache struct {
	mutex sync.Mutex
	known map[string]bool
}

// there says whether the target holds an index, asking once.
func (c *indexCache) there(ctx context.Context, target *cluster.Client, index string) (bool, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if exists, asked := c.known[index]; asked {
		return exists, nil
	}
	exists, err := target.IndexExists(ctx, index)
	if err == nil {
		c.known[index] = exists
	}
	return exists, err
}

// part makes the index of a value, where a rule splits one by it.
func (c *indexCache) part(ctx context.Context, target *cluster.Client, wanted *transform.TargetIndex, name string) error {
	exists, err := c.there(ctx, target, name)
	if err != nil || exists {
		return err
	}
	if err := target.CreateIndex(ctx, name, wanted.Body); err != nil && !errors.Is(err, cluster.ErrIndexExists) {
		return fmt.Errorf("create %s: %w", name, err)
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.known[name] = true
	return nil
}
